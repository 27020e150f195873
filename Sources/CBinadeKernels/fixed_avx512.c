#if defined(__x86_64__)
#include <immintrin.h>

#define ISA avx512
#define TARGET __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma")))
#define LANES 8
#define PASS 4  // sixteen sums hide the latency of a rounding
#define WIDTH BINADE_FIXED_COLUMNS_AVX512
#define DOWN_MULTIPLY_ADD(x, y, z) _mm512_fmadd_round_pd(x, y, z, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC)
#define UP_MULTIPLY_ADD(x, y, z) _mm512_fmadd_round_pd(x, y, z, _MM_FROUND_TO_POS_INF | _MM_FROUND_NO_EXC)
#include "fixed_lanes.h"
#include "long_lanes.h"
#define TRUNCATED(x) __builtin_elementwise_trunc(x)
#include "aligned_lanes.h"
#else
#include "fixed_absent.h"
BINADE_FIXED_ABSENT(avx512)
#endif
