#if defined(__x86_64__)
#define ISA avx2
#define TARGET __attribute__((target("avx2,fma")))
#define LANES 4
#define PASS 2  // eight sums leave eight registers for operands and bounds
#define WIDTH BINADE_FIXED_COLUMNS_AVX2
#include "fixed_lanes.h"
#include "long_lanes.h"
#define TRUNCATED(x) __builtin_elementwise_trunc(x)
#include "aligned_lanes.h"
#else
#include "fixed_absent.h"
BINADE_FIXED_ABSENT(avx2)
#endif
