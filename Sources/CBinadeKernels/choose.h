// Shared by the files whose loops are compiled for each instruction set.
#ifndef BINADE_CHOOSE_H
#define BINADE_CHOOSE_H

#include "binade_kernels.h"

// Calls NAME_avx512, NAME_avx2 or NAME_portable, the first that FEATURES allow.
#if defined(__x86_64__)
#define CHOOSE(FEATURES, NAME, ...)           \
  if ((FEATURES) & BINADE_CPU_AVX512)         \
    NAME##_avx512(__VA_ARGS__);               \
  else if ((FEATURES) & BINADE_CPU_AVX2)      \
    NAME##_avx2(__VA_ARGS__);                 \
  else                                        \
    NAME##_portable(__VA_ARGS__);
#else
#define CHOOSE(FEATURES, NAME, ...) ((void)(FEATURES), NAME##_portable(__VA_ARGS__));
#endif

#endif
