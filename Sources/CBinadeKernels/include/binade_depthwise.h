// Depthwise convolution: every channel has a kernel of its own, so vectors run across the channels.
//
// This is not an API: BinadeKernels is. The contract of every function:
//
//   sums[i * row_stride + j] = start[j] + sum over t of rows[i][offsets[t] + j] * weights[t * channels + j]
//
// in the order of the taps. Nothing beyond the channels is read or written.
#ifndef BINADE_DEPTHWISE_H
#define BINADE_DEPTHWISE_H

#include <stddef.h>
#include <stdint.h>

typedef struct {
  uint32_t features;         // bits of binade_kernels.h
  const void *const *rows;   // per output pixel, the first channel under the first tap
  size_t row_count;
  const ptrdiff_t *offsets;  // per tap, in bytes
  size_t tap_count;
  size_t channels;
  size_t row_stride;
} binade_depthwise;

/// One fused multiply-add per product; sums begin with 0.
void binade_depthwise_f32(const binade_depthwise *job, const float *weights, float *sums);

/// Exact sums, which begin with 0. The caller guarantees that none leaves int32.
void binade_depthwise_s16(const binade_depthwise *job, const int16_t *weights, int32_t *sums);

/// Exact sums, which begin with `start`, or with 0 where that is NULL. The caller guarantees that none leaves int32.
void binade_depthwise_u8s8(const binade_depthwise *job, const int8_t *weights, const int32_t *start, int32_t *sums);

/// The instruction set that these functions use for `features`.
const char *binade_depthwise_name(uint32_t features);

#endif
