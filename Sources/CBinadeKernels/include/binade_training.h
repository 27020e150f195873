// What training needs beside the forward products: gradients of weights, and passes over feature maps.
//
// This is not an API: BinadeKernels is. Channels are innermost everywhere. Every instruction set gives the same bits:
// channels are the lanes of vectors, so no sum is cut in pieces, and nothing is contracted but where it says so.
#ifndef BINADE_TRAINING_H
#define BINADE_TRAINING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// sums[i * columns + j] += sum over lines and pixels, in this order, of
///
///   inputs[line * input_line + pixel * input_step + i] * gradients[line * gradient_line + pixel * gradient_step + j]
///
/// with one fused multiply-add per product.
typedef struct {
  uint32_t features;  // bits of binade_kernels.h
  const float *inputs;
  const float *gradients;
  size_t line_count, pixel_count;
  size_t input_line, input_step;  // in elements
  size_t gradient_line, gradient_step;
  size_t rows, columns;
  size_t row_stride;  // between the sums of two rows
} binade_outer;

void binade_outer_f32(const binade_outer *job, float *sums);

/// The same over two images at a time: at every pixel the product of the first, then that of the second.
void binade_outer_pairs_f32(const binade_outer *job, const float *second_inputs, const float *second_gradients,
                            float *sums);

/// The same of bfloat16 operands on AVX-512 with BF16: each element of `inputs` and `gradients` is a pair of them, the first
/// image's in the upper half.
void binade_outer_bf16_avx512(const binade_outer *job, float *sums);

/// sums[i] += the same sum with j = i, for `rows` channels: a tap of a depthwise convolution. `columns` is not used.
void binade_diagonal_f32(const binade_outer *job, float *sums);

/// Copies raw sums and adds up, per channel, deviations d = sum - center and their squares: in float32 over the rows, each
/// operation rounded, then in float64.
///
/// Maps hold float32 (`_f32`) or bfloat16 (`_bf16`): what is written is rounded to nearest even first, and sums are of what
/// was written.
typedef struct {
  uint32_t features;
  size_t row_count, row_stride, channels;
  const float *center;
  void *output;  // a map: row_count x channels
  double *deviations, *squares;
} binade_moments;

void binade_moments_f32(const binade_moments *job, const float *sums);
void binade_moments_bf16(const binade_moments *job, const float *sums);

/// Finishes the gradient of a feature map: g = sums + addend, 0 where the ReLU behind it gave none, and adds up, per
/// channel, g and g * (z - center): in float32 over the rows, then in float64.
///
/// The ReLU passes what `mask`, or z * scales + bias, has above 0; with neither there is no ReLU.
typedef struct {
  uint32_t features;
  size_t row_count, row_stride, channels;
  size_t pixel_stride;            // elements from one pixel to the next in all maps but the sums
  const void *addend;             // a map; NULL: none
  const void *mask;               // a map; NULL: none
  const void *z;                  // a map; NULL: no sums of g * (z - center)
  const float *scales, *bias;     // NULL: no ReLU that is seen from z
  const float *center;            // with z
  void *output;                   // a map
  double *gradients, *products;   // `products` with z
} binade_gradient_finish;

void binade_gradient_finish_f32(const binade_gradient_finish *job, const float *sums);
void binade_gradient_finish_bf16(const binade_gradient_finish *job, const float *sums);

/// output = a * g + c * z + d per channel, each operation rounded in this order; a * g + d where z is NULL.
typedef struct {
  uint32_t features;
  size_t row_count, channels;
  const void *g, *z;  // maps
  const float *a, *c, *d;
  float *output;
} binade_gradient_fill;

void binade_gradient_fill_f32(const binade_gradient_fill *job);
void binade_gradient_fill_bf16(const binade_gradient_fill *job);

/// output = max(z * scale + bias + addend, 0) per channel, each operation rounded in this order, from bfloat16 maps to
/// float32 (`_line`) or to a bfloat16 map.
typedef struct {
  uint32_t features;
  bool applies_relu;
  size_t row_count, channels;
  const float *scales, *bias;
  const void *z, *addend;  // maps; addend NULL: none
  void *output;
} binade_normalize;

void binade_normalize_line(const binade_normalize *job);
void binade_normalize_map(const binade_normalize *job);

/// The gradient behind a quantizer becomes the one before it: g * factor where the value is not clipped, v = value *
/// inverse_scale between least and greatest, or everywhere; with sums per channel for scales that are learned:
/// inside: sum of g * factor * (rounded * unit - v), above and below: of g * factor where v is clipped. Each operation is rounded.
/// With `halves_ends`, and without sums, values that became the least or the greatest value of the format pass half of it.
typedef struct {
  uint32_t features;
  bool clips;
  size_t row_count, channels, gradient_stride;
  const float *gradients;  // row_count x gradient_stride
  const float *values;     // row_count x channels, before rounding
  const float *rounded;    // the same after it, in units of the kernel; NULL without sums and halves
  float factor, inverse_scale, unit, least, greatest;
  float least_value, greatest_value;  // of the format, with `halves_ends`
  bool halves_ends;
  bool is_whole;                   // values are whole numbers, to the nearest: `rounded` is not read
  float *output;                   // row_count x channels
  double *inside, *above, *below;  // one for each channel; NULL: none
} binade_quantizer_gradient;

void binade_quantizer_gradient_f32(const binade_quantizer_gradient *job);

/// bfloat16 as float32, and float32 rounded to bfloat16, to nearest even; NaN stays NaN.
void binade_widen_bf16(uint32_t features, const uint16_t *values, size_t count, float *output);
void binade_narrow_bf16(uint32_t features, const float *values, size_t count, uint16_t *output);

/// bfloat16 in pairs, as `binade_pairs_bf16` has them.
void binade_pairs_of_bf16(uint32_t features, const uint16_t *values, size_t count, uint32_t *pairs);

/// Rounds to bfloat16, to nearest even; NaN stays NaN.
void binade_round_bf16(uint32_t features, float *values, size_t count);

/// bfloat16 operands in pairs, the earlier of two in the upper half; `count` is even.
void binade_pairs_bf16(uint32_t features, const float *values, size_t count, uint32_t *pairs);

/// Pairs of one operand of each; the first in the upper half.
void binade_interleave_bf16(uint32_t features, const float *first, const float *second, size_t count, uint32_t *pairs);

/// From `begin` to `end` subnormal operands and results of this thread count as 0, where the processor can do that.
uint64_t binade_flush_begin(void);
void binade_flush_end(uint64_t before);

#endif
