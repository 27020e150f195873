#include "binade_kernels.h"

#if defined(__x86_64__)
#include <immintrin.h>

_Static_assert(BINADE_TILE_ROWS == 4 && BINADE_TILE_COLUMNS == 24, "the kernels below compute 4 x 24");

#define AVX2 __attribute__((target("avx2,fma")))

// 4 x 24: twelve accumulators, three vectors of b, one broadcast of a: all sixteen registers.
AVX2 void binade_gemm_f32_avx2(size_t depth, const float *a, const float *b, float *c,
                               size_t row_stride, bool accumulate) {
  __m256 sum[4][3];
  for (int i = 0; i < 4; i++)
    for (int j = 0; j < 3; j++)
      sum[i][j] = accumulate ? _mm256_loadu_ps(c + i * row_stride + 8 * j) : _mm256_setzero_ps();
  for (size_t p = 0; p < depth; p++) {
    const __m256 b0 = _mm256_loadu_ps(b);
    const __m256 b1 = _mm256_loadu_ps(b + 8);
    const __m256 b2 = _mm256_loadu_ps(b + 16);
#pragma clang loop unroll(full)
    for (int i = 0; i < 4; i++) {
      const __m256 value = _mm256_broadcast_ss(a + i);
      sum[i][0] = _mm256_fmadd_ps(value, b0, sum[i][0]);
      sum[i][1] = _mm256_fmadd_ps(value, b1, sum[i][1]);
      sum[i][2] = _mm256_fmadd_ps(value, b2, sum[i][2]);
    }
    a += 4;
    b += 24;
  }
  for (int i = 0; i < 4; i++)
    for (int j = 0; j < 3; j++) _mm256_storeu_ps(c + i * row_stride + 8 * j, sum[i][j]);
}

static inline AVX2 __m256i broadcast_pair(const int16_t *pair) {
  int32_t bits;
  __builtin_memcpy(&bits, pair, sizeof bits);
  return _mm256_set1_epi32(bits);
}

AVX2 void binade_gemm_s16_avx2(size_t depth_pairs, const int16_t *a, const int16_t *b, int32_t *c,
                               size_t row_stride, bool accumulate) {
  __m256i sum[4][3];
  for (int i = 0; i < 4; i++)
    for (int j = 0; j < 3; j++)
      sum[i][j] = accumulate ? _mm256_loadu_si256((const __m256i *)(c + i * row_stride + 8 * j))
                             : _mm256_setzero_si256();
  for (size_t p = 0; p < depth_pairs; p++) {
    const __m256i b0 = _mm256_loadu_si256((const __m256i *)b);
    const __m256i b1 = _mm256_loadu_si256((const __m256i *)(b + 16));
    const __m256i b2 = _mm256_loadu_si256((const __m256i *)(b + 32));
#pragma clang loop unroll(full)
    for (int i = 0; i < 4; i++) {
      const __m256i value = broadcast_pair(a + 2 * i);
      sum[i][0] = _mm256_add_epi32(sum[i][0], _mm256_madd_epi16(value, b0));
      sum[i][1] = _mm256_add_epi32(sum[i][1], _mm256_madd_epi16(value, b1));
      sum[i][2] = _mm256_add_epi32(sum[i][2], _mm256_madd_epi16(value, b2));
    }
    a += 8;
    b += 48;
  }
  for (int i = 0; i < 4; i++)
    for (int j = 0; j < 3; j++)
      _mm256_storeu_si256((__m256i *)(c + i * row_stride + 8 * j), sum[i][j]);
}

#else

void binade_gemm_f32_avx2(size_t depth, const float *a, const float *b, float *c, size_t row_stride,
                          bool accumulate) {
  __builtin_trap();  // KernelTable never selects what the probe does not offer.
}

void binade_gemm_s16_avx2(size_t depth_pairs, const int16_t *a, const int16_t *b, int32_t *c,
                          size_t row_stride, bool accumulate) {
  __builtin_trap();
}

#endif
