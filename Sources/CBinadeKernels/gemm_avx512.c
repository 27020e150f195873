// AVX-512 (F, BW, DQ, VL), with VNNI or BF16 where the name says so: tiles of 12 x 32, twenty-four sums.
#include "binade_kernels.h"

#if defined(__x86_64__)
#include <immintrin.h>

#include "tile.h"

#define AVX512 __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma")))
#define VNNI __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,avx2,fma")))
#define BF16 __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512bf16,avx2,fma")))
#define INLINE static inline __attribute__((always_inline))
#define ROWS BINADE_AVX512_ROWS

_Static_assert(ROWS == 12 && BINADE_AVX512_COLUMNS == 32, "the kernels below compute 12 x 32");

INLINE AVX512 void f32_tile(const binade_tile_rows *a, const float *b, float *c, size_t row_stride,
                            const int vectors, bool accumulate) {
  __m512 sum[ROWS][2];
  UNROLL for (int i = 0; i < ROWS; i++) UNROLL for (int j = 0; j < vectors; j++) sum[i][j] =
      _mm512_setzero_ps();
  if (accumulate)
    UNROLL for (int i = 0; i < ROWS; i++) UNROLL for (int j = 0; j < vectors; j++) sum[i][j] =
        _mm512_loadu_ps(c + i * row_stride + 16 * j);
  for (size_t t = 0; t < a->tap_count; t++) {
    const float *row[ROWS];
    UNROLL for (int i = 0; i < ROWS; i++) row[i] = (const float *)tap(a->rows[i], a->offsets[t]);
    for (size_t p = 0; p < a->group_count; p++) {
      __m512 right[2];
      UNROLL for (int j = 0; j < vectors; j++) right[j] = _mm512_loadu_ps(b + 16 * j);
      UNROLL for (int i = 0; i < ROWS; i++) {
        const __m512 left = _mm512_set1_ps(row[i][p]);
        UNROLL for (int j = 0; j < vectors; j++) sum[i][j] = _mm512_fmadd_ps(left, right[j], sum[i][j]);
      }
      b += 16 * vectors;
    }
  }
  UNROLL for (int i = 0; i < ROWS; i++) UNROLL for (int j = 0; j < vectors; j++)
      _mm512_storeu_ps(c + i * row_stride + 16 * j, sum[i][j]);
}

AVX512 void binade_gemm_f32_avx512(const binade_tile_rows *a, const float *b, float *c, size_t row_stride,
                                   size_t columns, bool accumulate) {
  if (columns == 32)
    f32_tile(a, b, c, row_stride, 2, accumulate);
  else
    f32_tile(a, b, c, row_stride, 1, accumulate);
}

// One tile of 32-bit groups; ADD(sum, left, right) adds the products of a vector of groups.
#define GROUP_TILE(NAME, TARGET, ADD)                                                                       \
  INLINE TARGET void NAME(const binade_tile_rows *a, const void *panel, const int32_t *start, int32_t *c,   \
                          size_t row_stride, const int vectors, bool accumulate) {                          \
    const char *b = (const char *)panel;                                                                    \
    __m512i sum[ROWS][2];                                                                                   \
    UNROLL for (int i = 0; i < ROWS; i++) UNROLL for (int j = 0; j < vectors; j++) sum[i][j] =              \
        start != NULL ? _mm512_loadu_si512(start + 16 * j) : _mm512_setzero_si512();                        \
    if (accumulate)                                                                                         \
      UNROLL for (int i = 0; i < ROWS; i++) UNROLL for (int j = 0; j < vectors; j++) sum[i][j] =            \
          _mm512_loadu_si512(c + i * row_stride + 16 * j);                                                  \
    for (size_t t = 0; t < a->tap_count; t++) {                                                             \
      const char *row[ROWS];                                                                                \
      UNROLL for (int i = 0; i < ROWS; i++) row[i] = tap(a->rows[i], a->offsets[t]);                        \
      for (size_t p = 0; p < a->group_count; p++) {                                                         \
        __m512i right[2];                                                                                   \
        UNROLL for (int j = 0; j < vectors; j++) right[j] = _mm512_loadu_si512(b + 64 * j);                 \
        UNROLL for (int i = 0; i < ROWS; i++) {                                                             \
          const __m512i left = _mm512_set1_epi32(load_group(row[i] + 4 * p));                               \
          UNROLL for (int j = 0; j < vectors; j++) sum[i][j] = ADD(sum[i][j], left, right[j]);              \
        }                                                                                                   \
        b += 64 * vectors;                                                                                  \
      }                                                                                                     \
    }                                                                                                       \
    UNROLL for (int i = 0; i < ROWS; i++) UNROLL for (int j = 0; j < vectors; j++)                          \
        _mm512_storeu_si512(c + i * row_stride + 16 * j, sum[i][j]);                                        \
  }

#define ADD_PAIRS(sum, left, right) _mm512_add_epi32(sum, _mm512_madd_epi16(left, right))

GROUP_TILE(s16_tile, AVX512, ADD_PAIRS)
GROUP_TILE(s16_vnni_tile, VNNI, _mm512_dpwssd_epi32)
GROUP_TILE(u8s8_vnni_tile, VNNI, _mm512_dpbusd_epi32)

// Sums of floats in vectors of integers. The instruction adds the product of the upper halves first.
#define ADD_BF16(sum, left, right) \
  _mm512_castps_si512(_mm512_dpbf16_ps(_mm512_castsi512_ps(sum), (__m512bh)(left), (__m512bh)(right)))

GROUP_TILE(bf16_tile, BF16, ADD_BF16)

AVX512 void binade_gemm_s16_avx512(const binade_tile_rows *a, const int16_t *b, int32_t *c,
                                   size_t row_stride, size_t columns, bool accumulate) {
  if (columns == 32)
    s16_tile(a, b, NULL, c, row_stride, 2, accumulate);
  else
    s16_tile(a, b, NULL, c, row_stride, 1, accumulate);
}

VNNI void binade_gemm_s16_vnni(const binade_tile_rows *a, const int16_t *b, int32_t *c, size_t row_stride,
                               size_t columns, bool accumulate) {
  if (columns == 32)
    s16_vnni_tile(a, b, NULL, c, row_stride, 2, accumulate);
  else
    s16_vnni_tile(a, b, NULL, c, row_stride, 1, accumulate);
}

BF16 void binade_gemm_bf16_avx512(const binade_tile_rows *a, const uint16_t *b, float *c, size_t row_stride,
                                  size_t columns, bool accumulate) {
  if (columns == 32)
    bf16_tile(a, b, NULL, (int32_t *)c, row_stride, 2, accumulate);
  else
    bf16_tile(a, b, NULL, (int32_t *)c, row_stride, 1, accumulate);
}

VNNI void binade_gemm_u8s8_vnni(const binade_tile_rows *a, const int8_t *b, const int32_t *start, int32_t *c,
                                size_t row_stride, size_t columns, size_t safe_groups, bool accumulate) {
  (void)safe_groups;
  if (columns == 32)
    u8s8_vnni_tile(a, b, start, c, row_stride, 2, accumulate);
  else
    u8s8_vnni_tile(a, b, start, c, row_stride, 1, accumulate);
}

#endif
