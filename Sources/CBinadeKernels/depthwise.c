// One loop over vectors of the compiler's, compiled for each instruction set and type of operand; every row gives the
// same bits.
#include "binade_depthwise.h"

#include "choose.h"

#pragma STDC FP_CONTRACT OFF

#define INLINE static inline __attribute__((always_inline))
#define UNROLL _Pragma("clang loop unroll(full)")

// Pixels that share the loads of weights, and vectors of channels side by side.
enum { PIXELS = 4, VECTORS = 2 };

#define FUSED(x, y, sum) __builtin_elementwise_fma(x, y, sum)
#define SEPARATE(x, y, sum) ((sum) + (x) * (y))

// NAME_tile: PIXELS or 1 pixels, VECTORS or 1 vectors of LANES channels. NAME_line: all channels of some pixels.
#define DEFINE_WIDTH(NAME, TARGET, LANES, X, W, SUM, MULTIPLY_ADD)                                                  \
  TARGET INLINE void NAME##_tile(const binade_depthwise *job, size_t first, size_t channel, const int pixels,       \
                                 const int vectors, const W *weights, const SUM *start, SUM *sums) {                \
    typedef X Inputs __attribute__((vector_size(LANES * sizeof(X))));                                               \
    typedef W Weights __attribute__((vector_size(LANES * sizeof(W))));                                              \
    typedef SUM Sums __attribute__((vector_size(LANES * sizeof(SUM))));                                             \
    Sums sum[PIXELS][VECTORS];                                                                                      \
    UNROLL for (int v = 0; v < vectors; v++) {                                                                      \
      Sums begin = {0};                                                                                             \
      if (start) __builtin_memcpy(&begin, start + channel + v * LANES, sizeof begin);                               \
      UNROLL for (int i = 0; i < pixels; i++) sum[i][v] = begin;                                                    \
    }                                                                                                               \
    for (size_t t = 0; t < job->tap_count; t++) {                                                                   \
      Sums right[VECTORS];                                                                                          \
      UNROLL for (int v = 0; v < vectors; v++) {                                                                    \
        Weights narrow;                                                                                             \
        __builtin_memcpy(&narrow, weights + t * job->channels + channel + v * LANES, sizeof narrow);                \
        right[v] = __builtin_convertvector(narrow, Sums);                                                           \
      }                                                                                                             \
      UNROLL for (int i = 0; i < pixels; i++) {                                                                     \
        const X *row = (const X *)((const char *)job->rows[first + i] + job->offsets[t]) + channel;                 \
        UNROLL for (int v = 0; v < vectors; v++) {                                                                  \
          Inputs left;                                                                                              \
          __builtin_memcpy(&left, row + v * LANES, sizeof left);                                                    \
          sum[i][v] = MULTIPLY_ADD(__builtin_convertvector(left, Sums), right[v], sum[i][v]);                       \
        }                                                                                                           \
      }                                                                                                             \
    }                                                                                                               \
    UNROLL for (int i = 0; i < pixels; i++) UNROLL for (int v = 0; v < vectors; v++)                                \
        __builtin_memcpy(sums + (first + i) * job->row_stride + channel + v * LANES, &sum[i][v], sizeof(Sums));     \
  }                                                                                                                 \
  TARGET INLINE size_t NAME##_line(const binade_depthwise *job, size_t first, size_t channel, const int pixels,     \
                                   const W *weights, const SUM *start, SUM *sums) {                                 \
    for (; channel + VECTORS * LANES <= job->channels; channel += VECTORS * LANES)                                  \
      NAME##_tile(job, first, channel, pixels, VECTORS, weights, start, sums);                                      \
    for (; channel + LANES <= job->channels; channel += LANES)                                                      \
      NAME##_tile(job, first, channel, pixels, 1, weights, start, sums);                                            \
    return channel;                                                                                                 \
  }

// WIDE lanes while there are so many channels, four lanes after that, then one.
#define DEFINE(NAME, TARGET, WIDE, X, W, SUM, MULTIPLY_ADD)                                                         \
  DEFINE_WIDTH(NAME##_wide, TARGET, WIDE, X, W, SUM, MULTIPLY_ADD)                                                  \
  DEFINE_WIDTH(NAME##_four, TARGET, 4, X, W, SUM, MULTIPLY_ADD)                                                     \
  DEFINE_WIDTH(NAME##_one, TARGET, 1, X, W, SUM, MULTIPLY_ADD)                                                      \
  TARGET INLINE void NAME##_pixels(const binade_depthwise *job, size_t first, const int pixels, const W *weights,   \
                                   const SUM *start, SUM *sums) {                                                   \
    size_t channel = NAME##_wide_line(job, first, 0, pixels, weights, start, sums);                                 \
    channel = NAME##_four_line(job, first, channel, pixels, weights, start, sums);                                  \
    NAME##_one_line(job, first, channel, pixels, weights, start, sums);                                             \
  }                                                                                                                 \
  TARGET static void NAME(const binade_depthwise *job, const W *weights, const SUM *start, SUM *sums) {             \
    size_t first = 0;                                                                                               \
    for (; first + PIXELS <= job->row_count; first += PIXELS)                                                       \
      NAME##_pixels(job, first, PIXELS, weights, start, sums);                                                      \
    for (; first < job->row_count; first++) NAME##_pixels(job, first, 1, weights, start, sums);                     \
  }

#define DEFINE_ROW(ISA, TARGET, WIDE)                                                                               \
  DEFINE(f32_##ISA, TARGET, WIDE, float, float, float, FUSED)                                                       \
  DEFINE(s16_##ISA, TARGET, WIDE, int16_t, int16_t, int32_t, SEPARATE)                                              \
  DEFINE(u8s8_##ISA, TARGET, WIDE, uint8_t, int8_t, int32_t, SEPARATE)

DEFINE_ROW(portable, , 4)

#if defined(__x86_64__)
DEFINE_ROW(avx2, __attribute__((target("avx2,fma"))), 8)
DEFINE_ROW(avx512, __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl"))), 16)
#endif

void binade_depthwise_f32(const binade_depthwise *job, const float *weights, float *sums) {
  CHOOSE(job->features, f32, job, weights, NULL, sums)
}

void binade_depthwise_s16(const binade_depthwise *job, const int16_t *weights, int32_t *sums) {
  CHOOSE(job->features, s16, job, weights, NULL, sums)
}

void binade_depthwise_u8s8(const binade_depthwise *job, const int8_t *weights, const int32_t *start, int32_t *sums) {
  CHOOSE(job->features, u8s8, job, weights, start, sums)
}

const char *binade_depthwise_name(uint32_t features) {
  if (features & BINADE_CPU_AVX512) return "avx512";
  if (features & BINADE_CPU_AVX2) return "avx2";
#if defined(__aarch64__)
  return "neon";
#else
  return "portable";
#endif
}
