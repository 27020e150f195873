// NEON of 64-bit ARM: tiles of 6 x 16, twenty-four sums of four lanes.
#include "binade_kernels.h"

#if defined(__aarch64__)
#include <arm_neon.h>

#include "tile.h"

#define INLINE static inline __attribute__((always_inline))
#define ROWS BINADE_NEON_ROWS

_Static_assert(ROWS == 6 && BINADE_NEON_COLUMNS == 16, "the kernels below compute 6 x 16");

INLINE void f32_tile(const binade_tile_rows *a, const float *b, float *c, size_t row_stride,
                     const int vectors, bool accumulate) {
  float32x4_t sum[ROWS][4];
  UNROLL for (int i = 0; i < ROWS; i++) UNROLL for (int j = 0; j < vectors; j++) sum[i][j] =
      accumulate ? vld1q_f32(c + i * row_stride + 4 * j) : vdupq_n_f32(0);
  for (size_t t = 0; t < a->tap_count; t++) {
    const float *row[ROWS];
    UNROLL for (int i = 0; i < ROWS; i++) row[i] = (const float *)tap(a->rows[i], a->offsets[t]);
    for (size_t p = 0; p < a->group_count; p++) {
      float32x4_t right[4];
      UNROLL for (int j = 0; j < vectors; j++) right[j] = vld1q_f32(b + 4 * j);
      UNROLL for (int i = 0; i < ROWS; i++) {
        const float32x4_t left = vld1q_dup_f32(row[i] + p);
        UNROLL for (int j = 0; j < vectors; j++) sum[i][j] = vfmaq_f32(sum[i][j], left, right[j]);
      }
      b += 4 * vectors;
    }
  }
  UNROLL for (int i = 0; i < ROWS; i++) UNROLL for (int j = 0; j < vectors; j++)
      vst1q_f32(c + i * row_stride + 4 * j, sum[i][j]);
}

void binade_gemm_f32_neon(const binade_tile_rows *a, const float *b, float *c, size_t row_stride,
                          size_t columns, bool accumulate) {
  if (columns == 16)
    f32_tile(a, b, c, row_stride, 4, accumulate);
  else
    f32_tile(a, b, c, row_stride, 2, accumulate);
}

INLINE void s16_tile(const binade_tile_rows *a, const int16_t *b, int32_t *c, size_t row_stride,
                     const int vectors, bool accumulate) {
  int32x4_t sum[ROWS][4];
  UNROLL for (int i = 0; i < ROWS; i++) UNROLL for (int j = 0; j < vectors; j++) sum[i][j] =
      accumulate ? vld1q_s32(c + i * row_stride + 4 * j) : vdupq_n_s32(0);
  for (size_t t = 0; t < a->tap_count; t++) {
    const int16_t *row[ROWS];
    UNROLL for (int i = 0; i < ROWS; i++) row[i] = (const int16_t *)tap(a->rows[i], a->offsets[t]);
    for (size_t p = 0; p < a->group_count; p++) {
      // The two steps of a group apart: four columns each.
      int16x4x2_t right[4];
      UNROLL for (int j = 0; j < vectors; j++) right[j] = vld2_s16(b + 8 * j);
      UNROLL for (int i = 0; i < ROWS; i++) {
        const int16x4_t first = vld1_dup_s16(row[i] + 2 * p);
        const int16x4_t second = vld1_dup_s16(row[i] + 2 * p + 1);
        UNROLL for (int j = 0; j < vectors; j++) {
          sum[i][j] = vmlal_s16(sum[i][j], first, right[j].val[0]);
          sum[i][j] = vmlal_s16(sum[i][j], second, right[j].val[1]);
        }
      }
      b += 8 * vectors;
    }
  }
  UNROLL for (int i = 0; i < ROWS; i++) UNROLL for (int j = 0; j < vectors; j++)
      vst1q_s32(c + i * row_stride + 4 * j, sum[i][j]);
}

void binade_gemm_s16_neon(const binade_tile_rows *a, const int16_t *b, int32_t *c, size_t row_stride,
                          size_t columns, bool accumulate) {
  if (columns == 16)
    s16_tile(a, b, c, row_stride, 4, accumulate);
  else
    s16_tile(a, b, c, row_stride, 2, accumulate);
}

#endif
