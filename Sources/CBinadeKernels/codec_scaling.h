// Division by scales that cover runs of numbers, for codec rows: the including file defines TARGET.
#include <string.h>

#include "binade_codec.h"

#define INLINE static inline __attribute__((always_inline))
// Elements do not depend on each other, also where input and output are the same.
#define ELEMENTWISE _Pragma("clang loop vectorize(assume_safety) interleave_count(1)")

// Elements converted at a time; they stay in the first-level cache.
enum { CHUNK = BINADE_CODEC_CHUNK };

INLINE uint32_t bits_of(float x) {
  uint32_t bits;
  memcpy(&bits, &x, sizeof bits);
  return bits;
}

INLINE float float_of(uint32_t bits) {
  float x;
  memcpy(&x, &bits, sizeof x);
  return x;
}

/// The reciprocal of a power of two, by which multiplying is dividing; 0 for other scales.
INLINE float exact_reciprocal(float scale) {
  const uint32_t bits = bits_of(scale);
  const uint32_t exponent = bits >> 23;
  return (bits & 0x7FFFFF) == 0 && exponent < 254 ? float_of((254 - exponent) << 23) : 0;
}

/// Goes on by so many numbers.
INLINE binade_scaling advanced(binade_scaling s, size_t count) {
  s.place += count;
  if (s.channels) {
    s.place %= s.channels;
    return s;
  }
  if (s.place < s.block_length) return s;
  s.scales += s.place / s.block_length;
  s.place %= s.block_length;
  return s;
}

/// Whether the next `count` numbers have one scale.
INLINE int has_one_scale(binade_scaling s, size_t count) { return !s.channels && s.block_length - s.place >= count; }

/// Divides up to a chunk by the scales of its channels.
TARGET static void divide_channels(const float *input, size_t count, binade_scaling s, float *quotients) {
  for (size_t start = 0; start < count; s.place = 0) {
    const size_t run = s.channels - s.place < count - start ? s.channels - s.place : count - start;
    const float *x = input + start, *scales = s.scales + s.place;
    float *q = quotients + start;
    if (s.least) {
      const float *least = s.least + s.place, *greatest = s.greatest + s.place;
      ELEMENTWISE for (size_t i = 0; i < run; i++) {
        const float quotient = x[i] / scales[i];
        const float raised = quotient < least[i] ? least[i] : quotient;
        q[i] = raised > greatest[i] ? greatest[i] : raised;
      }
    } else {
      ELEMENTWISE for (size_t i = 0; i < run; i++) q[i] = x[i] / scales[i];
    }
    start += run;
  }
}

/// Multiplies up to a chunk in place by the scales of its channels.
TARGET static void multiply_channels(float *values, size_t count, binade_scaling s) {
  for (size_t start = 0; start < count; s.place = 0) {
    const size_t run = s.channels - s.place < count - start ? s.channels - s.place : count - start;
    const float *scales = s.scales + s.place;
    float *x = values + start;
    ELEMENTWISE for (size_t i = 0; i < run; i++) x[i] *= scales[i];
    start += run;
  }
}

INLINE void divide(const float *input, size_t start, size_t end, float scale, float *quotients) {
  const float reciprocal = exact_reciprocal(scale);
  if (reciprocal != 0) {
    ELEMENTWISE for (size_t i = start; i < end; i++) quotients[i] = input[i] * reciprocal;
  } else {
    ELEMENTWISE for (size_t i = start; i < end; i++) quotients[i] = input[i] / scale;
  }
}

/// Divides up to a chunk by several scales.
TARGET static void divide_runs(const float *input, size_t count, binade_scaling s, float *quotients) {
  if (s.channels) {
    divide_channels(input, count, s, quotients);
    return;
  }
  for (size_t start = 0; start < count;) {
    const size_t rest = s.block_length - s.place;
    const size_t end = rest < count - start ? start + rest : count;
    divide(input, start, end, *s.scales, quotients);
    s.scales++;
    s.place = 0;
    start = end;
  }
}

/// Divides up to a chunk; returns where the quotients are.
///
/// One scale is common and chunks are short: what it needs is in line with the loop.
INLINE const float *divided(const float *input, size_t count, binade_scaling s, float *quotients) {
  if (!has_one_scale(s, count)) {
    divide_runs(input, count, s, quotients);
    return quotients;
  }
  if (*s.scales == 1) return input;
  divide(input, 0, count, *s.scales, quotients);
  return quotients;
}

/// Multiplies up to a chunk in place by several scales.
TARGET static void multiply_runs(float *values, size_t count, binade_scaling s) {
  if (s.channels) {
    multiply_channels(values, count, s);
    return;
  }
  for (size_t start = 0; start < count;) {
    const size_t rest = s.block_length - s.place;
    const size_t end = rest < count - start ? start + rest : count;
    const float scale = *s.scales;
    ELEMENTWISE for (size_t i = start; i < end; i++) values[i] *= scale;
    s.scales++;
    s.place = 0;
    start = end;
  }
}

/// Multiplies up to a chunk in place.
INLINE void multiply(float *values, size_t count, binade_scaling s) {
  if (s.factor == 0 && !has_one_scale(s, count)) {
    multiply_runs(values, count, s);
    return;
  }
  const float factor = s.factor == 0 ? *s.scales : s.factor;
  if (factor == 1) return;
  ELEMENTWISE for (size_t i = 0; i < count; i++) values[i] *= factor;
}
