#include <stdlib.h>
#include <string.h>

#include "binade_kernels.h"

// The greatest set that the variable allows; all of them when it is absent or names none.
static uint32_t allowed_features(void) {
  const char *limit = getenv("BINADE_MAX_ISA");
  if (limit == NULL) return UINT32_MAX;
  if (strcmp(limit, "portable") == 0) return 0;
  if (strcmp(limit, "avx2") == 0) return BINADE_CPU_AVX2 | BINADE_CPU_NEON;
  return UINT32_MAX;
}

uint32_t binade_probe_cpu(void) {
  uint32_t features = 0;
#if defined(__x86_64__)
  // The builtin also asks the operating system whether it saves the wide registers.
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) features |= BINADE_CPU_AVX2;
  if (features & BINADE_CPU_AVX2 && __builtin_cpu_supports("avxvnni")) features |= BINADE_CPU_AVX_VNNI;
  if (features & BINADE_CPU_AVX2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl"))
    features |= BINADE_CPU_AVX512;
  if (features & BINADE_CPU_AVX512 && __builtin_cpu_supports("avx512vnni")) features |= BINADE_CPU_AVX512_VNNI;
  if (features & BINADE_CPU_AVX512 && __builtin_cpu_supports("avx512bf16")) features |= BINADE_CPU_AVX512_BF16;
#elif defined(__aarch64__)
  features |= BINADE_CPU_NEON;
#endif
  return features & allowed_features();
}
