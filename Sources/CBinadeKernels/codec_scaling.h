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
  if (s.place < s.block_length) return s;
  s.scales += s.place / s.block_length;
  s.place %= s.block_length;
  return s;
}

/// Whether the next `count` numbers are divided by 1.
INLINE int is_unscaled(binade_scaling s, size_t count) {
  return s.block_length - s.place >= count && *s.scales == 1;
}

/// Divides up to a chunk; returns where the quotients are.
TARGET static const float *divided(const float *input, size_t count, binade_scaling s, float *quotients) {
  if (is_unscaled(s, count)) return input;
  for (size_t start = 0; start < count;) {
    const size_t rest = s.block_length - s.place;
    const size_t end = rest < count - start ? start + rest : count;
    const float scale = *s.scales;
    const float reciprocal = exact_reciprocal(scale);
    if (reciprocal != 0) {
      ELEMENTWISE for (size_t i = start; i < end; i++) quotients[i] = input[i] * reciprocal;
    } else {
      ELEMENTWISE for (size_t i = start; i < end; i++) quotients[i] = input[i] / scale;
    }
    s.scales++;
    s.place = 0;
    start = end;
  }
  return quotients;
}

/// Multiplies up to a chunk in place.
TARGET static void multiply(float *values, size_t count, binade_scaling s) {
  if (is_unscaled(s, count)) return;
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
