// AVX-512 with BF16: products of pairs of images, two multiply-adds per sum and instruction.
#include "binade_kernels.h"
#include "binade_training.h"

#if defined(__x86_64__)
#include <immintrin.h>

#include "tile.h"

#define BF16 __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512bf16,avx2,fma")))
#define INLINE static inline __attribute__((always_inline))

// `mask`: the columns of the last vector.
INLINE BF16 void tile(const binade_outer *job, size_t i, size_t j, const int rows, const int vectors,
                      const __mmask16 mask, float *sums) {
  __m512 sum[24][2];
  UNROLL for (int r = 0; r < rows; r++) UNROLL for (int v = 0; v < vectors; v++)
      sum[r][v] = _mm512_maskz_loadu_ps(v + 1 == vectors ? mask : 0xFFFF, sums + (i + r) * job->row_stride + j + 16 * v);
  for (size_t line = 0; line < job->line_count; line++) {
    const uint32_t *left = (const uint32_t *)job->inputs + line * job->input_line + i;
    const uint32_t *right = (const uint32_t *)job->gradients + line * job->gradient_line + j;
    for (size_t pixel = 0; pixel < job->pixel_count; pixel++) {
      __m512i gradient[2];
      UNROLL for (int v = 0; v < vectors; v++)
          gradient[v] = _mm512_maskz_loadu_epi32(v + 1 == vectors ? mask : 0xFFFF, right + 16 * v);
      UNROLL for (int r = 0; r < rows; r++) {
        const __m512i input = _mm512_set1_epi32((int)left[r]);
        UNROLL for (int v = 0; v < vectors; v++)
            sum[r][v] = _mm512_dpbf16_ps(sum[r][v], (__m512bh)input, (__m512bh)gradient[v]);
      }
      left += job->input_step, right += job->gradient_step;
    }
  }
  UNROLL for (int r = 0; r < rows; r++) UNROLL for (int v = 0; v < vectors; v++)
      _mm512_mask_storeu_ps(sums + (i + r) * job->row_stride + j + 16 * v, v + 1 == vectors ? mask : 0xFFFF, sum[r][v]);
}

INLINE BF16 void rows(const binade_outer *job, size_t j, const int tall, const int vectors, const __mmask16 mask,
                      float *sums) {
  size_t i = 0;
  for (; i + tall <= job->rows; i += tall) tile(job, i, j, tall, vectors, mask, sums);
  for (; i + 4 <= job->rows; i += 4) tile(job, i, j, 4, vectors, mask, sums);
  for (; i < job->rows; i++) tile(job, i, j, 1, vectors, mask, sums);
}

BF16 void binade_outer_bf16_avx512(const binade_outer *job, float *sums) {
  size_t j = 0;
  for (; j + 32 <= job->columns; j += 32) rows(job, j, 12, 2, 0xFFFF, sums);
  for (; j + 16 <= job->columns; j += 16) rows(job, j, 24, 1, 0xFFFF, sums);
  if (j < job->columns) rows(job, j, 24, 1, (__mmask16)((1u << (job->columns - j)) - 1), sums);
}

#else
void binade_outer_bf16_avx512(const binade_outer *job, float *sums) {
  (void)job, (void)sums;
  __builtin_trap();
}
#endif
