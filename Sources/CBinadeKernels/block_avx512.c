#if defined(__x86_64__)
#define ROW(name) name##_avx512
#define TARGET __attribute__((target("avx2,fma,avx512f,avx512bw,avx512dq,avx512vl"), min_vector_width(512)))
#define LANES 16
#include "block_rows.h"
#endif
