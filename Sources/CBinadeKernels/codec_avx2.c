#if defined(__x86_64__)
#define ROW(name) name##_avx2
#define TARGET __attribute__((target("avx2,fma")))
#include "codec_rows.h"
#endif
