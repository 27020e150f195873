// AVX2 with FMA: tiles of 6 x 16. Twelve sums, two vectors of b, one broadcast and one product fill the sixteen
// registers.
#include "binade_kernels.h"

#if defined(__x86_64__)
#include <immintrin.h>

#include "tile.h"

#define AVX2 __attribute__((target("avx2,fma")))
#define INLINE static inline __attribute__((always_inline))
#define ROWS BINADE_AVX2_ROWS

_Static_assert(ROWS == 6 && BINADE_AVX2_COLUMNS == 16, "the kernels below compute 6 x 16");

INLINE AVX2 void f32_tile(const binade_tile_rows *a, const float *b, float *c, size_t row_stride,
                          const int vectors, bool accumulate) {
  __m256 sum[ROWS][2];
  UNROLL for (int i = 0; i < ROWS; i++) UNROLL for (int j = 0; j < vectors; j++) sum[i][j] =
      accumulate ? _mm256_loadu_ps(c + i * row_stride + 8 * j) : _mm256_setzero_ps();
  for (size_t t = 0; t < a->tap_count; t++) {
    const float *row[ROWS];
    UNROLL for (int i = 0; i < ROWS; i++) row[i] = (const float *)tap(a->rows[i], a->offsets[t]);
    for (size_t p = 0; p < a->group_count; p++) {
      __m256 right[2];
      UNROLL for (int j = 0; j < vectors; j++) right[j] = _mm256_loadu_ps(b + 8 * j);
      UNROLL for (int i = 0; i < ROWS; i++) {
        const __m256 left = _mm256_broadcast_ss(row[i] + p);
        UNROLL for (int j = 0; j < vectors; j++) sum[i][j] = _mm256_fmadd_ps(left, right[j], sum[i][j]);
      }
      b += 8 * vectors;
    }
  }
  UNROLL for (int i = 0; i < ROWS; i++) UNROLL for (int j = 0; j < vectors; j++)
      _mm256_storeu_ps(c + i * row_stride + 8 * j, sum[i][j]);
}

AVX2 void binade_gemm_f32_avx2(const binade_tile_rows *a, const float *b, float *c, size_t row_stride,
                               size_t columns, bool accumulate) {
  if (columns == 16)
    f32_tile(a, b, c, row_stride, 2, accumulate);
  else
    f32_tile(a, b, c, row_stride, 1, accumulate);
}

INLINE AVX2 __m256i load(const void *from) { return _mm256_loadu_si256((const __m256i *)from); }
INLINE AVX2 void store(void *to, __m256i value) { _mm256_storeu_si256((__m256i *)to, value); }

INLINE AVX2 void s16_tile(const binade_tile_rows *a, const int16_t *b, int32_t *c, size_t row_stride,
                          const int vectors, bool accumulate) {
  __m256i sum[ROWS][2];
  UNROLL for (int i = 0; i < ROWS; i++) UNROLL for (int j = 0; j < vectors; j++) sum[i][j] =
      accumulate ? load(c + i * row_stride + 8 * j) : _mm256_setzero_si256();
  for (size_t t = 0; t < a->tap_count; t++) {
    const char *row[ROWS];
    UNROLL for (int i = 0; i < ROWS; i++) row[i] = tap(a->rows[i], a->offsets[t]);
    // Two at a time: the sums keep all four vector pipes busy, and the loop's own instructions get in their way.
    _Pragma("clang loop unroll_count(2)") for (size_t p = 0; p < a->group_count; p++) {
      __m256i right[2];
      UNROLL for (int j = 0; j < vectors; j++) right[j] = load(b + 16 * j);
      UNROLL for (int i = 0; i < ROWS; i++) {
        const __m256i left = _mm256_set1_epi32(load_group(row[i] + 4 * p));
        UNROLL for (int j = 0; j < vectors; j++) sum[i][j] =
            _mm256_add_epi32(sum[i][j], _mm256_madd_epi16(left, right[j]));
      }
      b += 16 * vectors;
    }
  }
  UNROLL for (int i = 0; i < ROWS; i++) UNROLL for (int j = 0; j < vectors; j++)
      store(c + i * row_stride + 8 * j, sum[i][j]);
}

AVX2 void binade_gemm_s16_avx2(const binade_tile_rows *a, const int16_t *b, int32_t *c, size_t row_stride,
                               size_t columns, bool accumulate) {
  if (columns == 16)
    s16_tile(a, b, c, row_stride, 2, accumulate);
  else
    s16_tile(a, b, c, row_stride, 1, accumulate);
}

// Where sums begin when the caller does not say.
static const int32_t zero_start[BINADE_AVX2_COLUMNS];

// Adds the 16-bit sums of pairs to c and clears them.
INLINE AVX2 void widen(__m256i sum[ROWS][2], const int32_t *start, int32_t *c, size_t row_stride,
                       const int vectors) {
  const __m256i ones = _mm256_set1_epi16(1);
  UNROLL for (int i = 0; i < ROWS; i++) UNROLL for (int j = 0; j < vectors; j++) {
    int32_t *target = c + i * row_stride + 8 * j;
    const __m256i before = start != NULL ? load(start + 8 * j) : load(target);
    store(target, _mm256_add_epi32(before, _mm256_madd_epi16(sum[i][j], ones)));
    sum[i][j] = _mm256_setzero_si256();
  }
}

// VPMADDUBSW adds pairs of products in 16 bits and saturates: safe only while the bound in the header holds.
INLINE AVX2 void u8s8_tile(const binade_tile_rows *a, const int8_t *b, const int32_t *start, int32_t *c,
                           size_t row_stride, const int vectors, size_t safe_groups, bool accumulate) {
  __m256i sum[ROWS][2];
  UNROLL for (int i = 0; i < ROWS; i++) UNROLL for (int j = 0; j < vectors; j++) sum[i][j] =
      _mm256_setzero_si256();
  const int32_t *pending_start = accumulate ? NULL : start;
  size_t room = safe_groups;
  for (size_t t = 0; t < a->tap_count; t++) {
    const char *row[ROWS];
    UNROLL for (int i = 0; i < ROWS; i++) row[i] = tap(a->rows[i], a->offsets[t]);
    for (size_t first = 0; first < a->group_count;) {
      if (room == 0) {
        widen(sum, pending_start, c, row_stride, vectors);
        pending_start = NULL;
        room = safe_groups;
      }
      const size_t left_over = a->group_count - first;
      const size_t end = first + (left_over < room ? left_over : room);
      room -= end - first;
      for (size_t p = first; p < end; p++) {
        __m256i right[2];
        UNROLL for (int j = 0; j < vectors; j++) right[j] = load(b + 32 * j);
        UNROLL for (int i = 0; i < ROWS; i++) {
          const __m256i left = _mm256_set1_epi32(load_group(row[i] + 4 * p));
          UNROLL for (int j = 0; j < vectors; j++) sum[i][j] =
              _mm256_add_epi16(sum[i][j], _mm256_maddubs_epi16(left, right[j]));
        }
        b += 32 * vectors;
      }
      first = end;
    }
  }
  widen(sum, pending_start, c, row_stride, vectors);
}

AVX2 void binade_gemm_u8s8_avx2(const binade_tile_rows *a, const int8_t *b, const int32_t *start, int32_t *c,
                                size_t row_stride, size_t columns, size_t safe_groups, bool accumulate) {
  if (start == NULL) start = zero_start;
  if (columns == 16)
    u8s8_tile(a, b, start, c, row_stride, 2, safe_groups, accumulate);
  else
    u8s8_tile(a, b, start, c, row_stride, 1, safe_groups, accumulate);
}

#define AVXVNNI __attribute__((target("avx2,fma,avxvnni")))

INLINE AVXVNNI void vnni_tile(const binade_tile_rows *a, const int8_t *b, const int32_t *start, int32_t *c,
                              size_t row_stride, const int vectors, bool accumulate) {
  __m256i sum[ROWS][2];
  UNROLL for (int i = 0; i < ROWS; i++) UNROLL for (int j = 0; j < vectors; j++) sum[i][j] =
      _mm256_loadu_si256((const __m256i *)(accumulate ? c + i * row_stride + 8 * j : start + 8 * j));
  for (size_t t = 0; t < a->tap_count; t++) {
    const char *row[ROWS];
    UNROLL for (int i = 0; i < ROWS; i++) row[i] = tap(a->rows[i], a->offsets[t]);
    for (size_t p = 0; p < a->group_count; p++) {
      __m256i right[2];
      UNROLL for (int j = 0; j < vectors; j++) right[j] = _mm256_loadu_si256((const __m256i *)(b + 32 * j));
      UNROLL for (int i = 0; i < ROWS; i++) {
        const __m256i left = _mm256_set1_epi32(load_group(row[i] + 4 * p));
        UNROLL for (int j = 0; j < vectors; j++) sum[i][j] =
            _mm256_dpbusd_avx_epi32(sum[i][j], left, right[j]);
      }
      b += 32 * vectors;
    }
  }
  UNROLL for (int i = 0; i < ROWS; i++) UNROLL for (int j = 0; j < vectors; j++)
      _mm256_storeu_si256((__m256i *)(c + i * row_stride + 8 * j), sum[i][j]);
}

AVXVNNI void binade_gemm_u8s8_avxvnni(const binade_tile_rows *a, const int8_t *b, const int32_t *start,
                                      int32_t *c, size_t row_stride, size_t columns, size_t safe_groups,
                                      bool accumulate) {
  (void)safe_groups;
  if (start == NULL) start = zero_start;
  if (columns == 16)
    vnni_tile(a, b, start, c, row_stride, 2, accumulate);
  else
    vnni_tile(a, b, start, c, row_stride, 1, accumulate);
}

#endif
