// One loop over vectors of the compiler's, compiled for each instruction set; every row gives the same bits.
#include "choose.h"
#include "binade_training.h"
#include "tile.h"

#pragma STDC FP_CONTRACT OFF

#define INLINE static inline __attribute__((always_inline))

// What is multiplied after the product of the first image, pixel by pixel.
typedef struct {
  const float *inputs, *gradients;
} second_image;

// NAME_tile: rows x vectors sums of LANES columns, over all lines and pixels, of two images at a time if `pairs` says so.
// NAME_rows: `vectors` vectors of columns for all rows, in tiles of TALL rows, then half as many, down to one.
#define DEFINE_WIDTH(NAME, TARGET, LANES)                                                                           \
  TARGET INLINE void NAME##_tile(const binade_outer *job, const second_image *pairs, size_t i, size_t j,            \
                                 const int rows, const int vectors, float *sums) {                                  \
    typedef float Sums __attribute__((vector_size(LANES * sizeof(float))));                                         \
    Sums sum[24][2];                                                                                                \
    UNROLL for (int r = 0; r < rows; r++) UNROLL for (int v = 0; v < vectors; v++)                                  \
        __builtin_memcpy(&sum[r][v], sums + (i + r) * job->row_stride + j + v * LANES, sizeof(Sums));               \
    const size_t input_step = job->input_step, gradient_step = job->gradient_step;                                  \
    for (size_t line = 0; line < job->line_count; line++) {                                                         \
      const float *left = job->inputs + line * job->input_line + i;                                                 \
      const float *right = job->gradients + line * job->gradient_line + j;                                          \
      const float *left2 = pairs ? pairs->inputs + line * job->input_line + i : left;                               \
      const float *right2 = pairs ? pairs->gradients + line * job->gradient_line + j : right;                       \
      for (size_t pixel = 0; pixel < job->pixel_count; pixel++) {                                                   \
        Sums gradient[2];                                                                                           \
        UNROLL for (int v = 0; v < vectors; v++) __builtin_memcpy(&gradient[v], right + v * LANES, sizeof(Sums));   \
        UNROLL for (int r = 0; r < rows; r++) {                                                                     \
          const Sums input = left[r] - (Sums){0};                                                                   \
          UNROLL for (int v = 0; v < vectors; v++)                                                                  \
              sum[r][v] = __builtin_elementwise_fma(input, gradient[v], sum[r][v]);                                 \
        }                                                                                                           \
        left += input_step, right += gradient_step;                                                                 \
        if (pairs) {                                                                                                \
          UNROLL for (int v = 0; v < vectors; v++) __builtin_memcpy(&gradient[v], right2 + v * LANES, sizeof(Sums)); \
          UNROLL for (int r = 0; r < rows; r++) {                                                                   \
            const Sums input = left2[r] - (Sums){0};                                                                \
            UNROLL for (int v = 0; v < vectors; v++)                                                                \
                sum[r][v] = __builtin_elementwise_fma(input, gradient[v], sum[r][v]);                               \
          }                                                                                                         \
          left2 += input_step, right2 += gradient_step;                                                             \
        }                                                                                                           \
      }                                                                                                             \
    }                                                                                                               \
    UNROLL for (int r = 0; r < rows; r++) UNROLL for (int v = 0; v < vectors; v++)                                  \
        __builtin_memcpy(sums + (i + r) * job->row_stride + j + v * LANES, &sum[r][v], sizeof(Sums));               \
  }                                                                                                                 \
  TARGET INLINE void NAME##_rows(const binade_outer *job, const second_image *pairs, size_t j, const int tall,      \
                                 const int vectors, float *sums) {                                                  \
    size_t i = 0;                                                                                                   \
    for (; i + tall <= job->rows; i += tall) NAME##_tile(job, pairs, i, j, tall, vectors, sums);                           \
    for (; i + 8 <= job->rows && tall > 8; i += 8) NAME##_tile(job, pairs, i, j, 8, vectors, sums);                        \
    for (; i + 4 <= job->rows; i += 4) NAME##_tile(job, pairs, i, j, 4, vectors, sums);                                    \
    for (; i < job->rows; i++) NAME##_tile(job, pairs, i, j, 1, vectors, sums);                                            \
  }                                                                                                                 \
  TARGET INLINE void NAME##_diagonal(const binade_outer *job, size_t j, float *sums) {                              \
    typedef float Sums __attribute__((vector_size(LANES * sizeof(float))));                                         \
    Sums sum;                                                                                                       \
    __builtin_memcpy(&sum, sums + j, sizeof sum);                                                                   \
    for (size_t line = 0; line < job->line_count; line++) {                                                         \
      const float *left = job->inputs + line * job->input_line + j;                                                 \
      const float *right = job->gradients + line * job->gradient_line + j;                                          \
      for (size_t pixel = 0; pixel < job->pixel_count; pixel++) {                                                   \
        Sums input, gradient;                                                                                       \
        __builtin_memcpy(&input, left, sizeof input);                                                               \
        __builtin_memcpy(&gradient, right, sizeof gradient);                                                        \
        sum = __builtin_elementwise_fma(input, gradient, sum);                                                      \
        left += job->input_step, right += job->gradient_step;                                                       \
      }                                                                                                             \
    }                                                                                                               \
    __builtin_memcpy(sums + j, &sum, sizeof sum);                                                                   \
  }

// Two vectors of WIDE columns while there are so many, one, then four columns, then one.
// TALL and SHORT: rows of a tile of one and of two vectors, so many that the registers hold all of its sums.
#define DEFINE_OUTER(NAME, ISA, TARGET, WIDE, TALL, SHORT, PAIRS)                                         \
  TARGET static void NAME##_##ISA(const binade_outer *job, const second_image *pairs, float *sums) {      \
    (void)pairs;                                                                                          \
    size_t j = 0;                                                                                         \
    for (; j + 2 * WIDE <= job->columns; j += 2 * WIDE) wide_##ISA##_rows(job, PAIRS, j, SHORT, 2, sums); \
    for (; j + WIDE <= job->columns; j += WIDE) wide_##ISA##_rows(job, PAIRS, j, TALL, 1, sums);          \
    for (; j + 4 <= job->columns; j += 4) four_##ISA##_rows(job, PAIRS, j, 8, 1, sums);                   \
    for (; j < job->columns; j++) one_##ISA##_rows(job, PAIRS, j, 8, 1, sums);                            \
  }

#define DEFINE(ISA, TARGET, WIDE, TALL, SHORT)                                                     \
  DEFINE_WIDTH(wide_##ISA, TARGET, WIDE)                                                           \
  DEFINE_WIDTH(four_##ISA, TARGET, 4)                                                              \
  DEFINE_WIDTH(one_##ISA, TARGET, 1)                                                               \
  DEFINE_OUTER(outer, ISA, TARGET, WIDE, TALL, SHORT, NULL)                                        \
  DEFINE_OUTER(pairs, ISA, TARGET, WIDE, TALL, SHORT, pairs)                                       \
  TARGET static void diagonal_##ISA(const binade_outer *job, float *sums) {                        \
    size_t j = 0;                                                                                  \
    for (; j + WIDE <= job->rows; j += WIDE) wide_##ISA##_diagonal(job, j, sums);                  \
    for (; j + 4 <= job->rows; j += 4) four_##ISA##_diagonal(job, j, sums);                        \
    for (; j < job->rows; j++) one_##ISA##_diagonal(job, j, sums);                                 \
  }

DEFINE(portable, , 4, 8, 4)

#if defined(__x86_64__)
DEFINE(avx2, __attribute__((target("avx2,fma"))), 8, 12, 6)
DEFINE(avx512, __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl"))), 16, 24, 12)
#endif

void binade_outer_f32(const binade_outer *job, float *sums) { CHOOSE(job->features, outer, job, NULL, sums) }

void binade_outer_pairs_f32(const binade_outer *job, const float *second_inputs, const float *second_gradients,
                            float *sums) {
  const second_image second = {second_inputs, second_gradients};
  CHOOSE(job->features, pairs, job, &second, sums)
}

void binade_diagonal_f32(const binade_outer *job, float *sums) { CHOOSE(job->features, diagonal, job, sums) }
