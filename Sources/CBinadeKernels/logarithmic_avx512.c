#include "binade_logarithmic.h"

#if defined(__x86_64__)
#include <immintrin.h>

_Static_assert(BINADE_LOGARITHMIC_ROWS_AVX512 == 8 && BINADE_LOGARITHMIC_COLUMNS_AVX512 == 48, "the kernel below computes 8 x 48");

#define AVX512 __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl")))

// The AVX2 kernel with vectors of sixteen: 24 sums of the 32 registers.
AVX512 void binade_gemm_logarithmic_avx512(size_t depth, size_t planes, const binade_logarithmic_factor *a, const float *b,
                                           float *c, size_t row_stride, bool accumulate) {
  __m512 sum[8][3];
  for (int i = 0; i < 8; i++)
    for (int j = 0; j < 3; j++)
      sum[i][j] = accumulate ? _mm512_loadu_ps(c + i * row_stride + 16 * j) : _mm512_setzero_ps();
  const size_t step = planes * BINADE_LOGARITHMIC_COLUMNS_AVX512;
  for (size_t p = 0; p < depth; p++) {
#pragma clang loop unroll(full)
    for (int i = 0; i < 8; i++) {
      const __m512 power = _mm512_set1_ps(a[i].power);
      const float *plane = b + a[i].plane_offset;
      sum[i][0] = _mm512_fmadd_ps(power, _mm512_loadu_ps(plane), sum[i][0]);
      sum[i][1] = _mm512_fmadd_ps(power, _mm512_loadu_ps(plane + 16), sum[i][1]);
      sum[i][2] = _mm512_fmadd_ps(power, _mm512_loadu_ps(plane + 32), sum[i][2]);
    }
    a += 8;
    b += step;
  }
  for (int i = 0; i < 8; i++)
    for (int j = 0; j < 3; j++) _mm512_storeu_ps(c + i * row_stride + 16 * j, sum[i][j]);
}

#else

void binade_gemm_logarithmic_avx512(size_t depth, size_t planes, const binade_logarithmic_factor *a, const float *b,
                                    float *c, size_t row_stride, bool accumulate) {
  __builtin_trap();  // KernelTable never selects what the probe does not offer.
}

#endif
