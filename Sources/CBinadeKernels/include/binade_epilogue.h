// What happens to the sums of a convolution before they leave the cache.
#ifndef BINADE_EPILOGUE_H
#define BINADE_EPILOGUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// output[i][j] = relu(sums[i * row_stride + j] * scales[j] + bias[j] + addend[i][j]), rounded after each operation.
typedef struct {
  uint32_t features;  // what binade_probe_cpu said
  bool applies_relu;
  size_t row_count;
  size_t row_stride;
  size_t channels;
  const float *scales;
  const float *bias;
  const float *addend;  // NULL: none
  float *output;
} binade_finish;

void binade_finish_f32(const binade_finish *job, const float *sums);

/// Sums are converted to float32 first, rounded to nearest.
void binade_finish_s32(const binade_finish *job, const int32_t *sums);

#endif
