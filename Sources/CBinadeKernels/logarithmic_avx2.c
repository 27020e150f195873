#include "binade_logarithmic.h"

#if defined(__x86_64__)
#include <immintrin.h>

_Static_assert(BINADE_LOGARITHMIC_ROWS == 4 && BINADE_LOGARITHMIC_COLUMNS == 24, "the kernel below computes 4 x 24");

#define AVX2 __attribute__((target("avx2,fma")))

// As the float32 kernel, but every row of the tile takes its vectors of b from the plane of its own class: loads that
// fused multiply-adds take as memory operands.
AVX2 void binade_gemm_logarithmic_avx2(size_t depth, size_t planes, const binade_logarithmic_factor *a, const float *b,
                                       float *c, size_t row_stride, bool accumulate) {
  __m256 sum[4][3];
  for (int i = 0; i < 4; i++)
    for (int j = 0; j < 3; j++)
      sum[i][j] = accumulate ? _mm256_loadu_ps(c + i * row_stride + 8 * j) : _mm256_setzero_ps();
  const size_t step = planes * BINADE_LOGARITHMIC_COLUMNS;
  for (size_t p = 0; p < depth; p++) {
#pragma clang loop unroll(full)
    for (int i = 0; i < 4; i++) {
      const __m256 power = _mm256_broadcast_ss(&a[i].power);
      const float *plane = b + a[i].plane_offset;
      sum[i][0] = _mm256_fmadd_ps(power, _mm256_loadu_ps(plane), sum[i][0]);
      sum[i][1] = _mm256_fmadd_ps(power, _mm256_loadu_ps(plane + 8), sum[i][1]);
      sum[i][2] = _mm256_fmadd_ps(power, _mm256_loadu_ps(plane + 16), sum[i][2]);
    }
    a += 4;
    b += step;
  }
  for (int i = 0; i < 4; i++)
    for (int j = 0; j < 3; j++) _mm256_storeu_ps(c + i * row_stride + 8 * j, sum[i][j]);
}

#else

void binade_gemm_logarithmic_avx2(size_t depth, size_t planes, const binade_logarithmic_factor *a, const float *b,
                                  float *c, size_t row_stride, bool accumulate) {
  __builtin_trap();  // KernelTable never selects what the probe does not offer.
}

#endif
