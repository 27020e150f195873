#if defined(__x86_64__)
#define ROW(name) name##_avx2
#define TARGET __attribute__((target("avx2,fma")))
#define LANES 8
#include "block_rows.h"
#endif
