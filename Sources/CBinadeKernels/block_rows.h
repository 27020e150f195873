// The rows of block formats, compiled once per instruction set: the including file defines ROW(name), TARGET and
// LANES, the elements of a vector. Plain loops over plain functions; the compiler makes vectors of them.
#include <string.h>

#include "binade_block.h"

#define INLINE static inline __attribute__((always_inline))
#define ELEMENTWISE _Pragma("clang loop vectorize(assume_safety) interleave_count(1)")
#define UNROLLED _Pragma("clang loop unroll(full)")

INLINE uint32_t bits_of(float x) {
  uint32_t bits;
  memcpy(&bits, &x, sizeof bits);
  return bits;
}

INLINE int32_t key_of(float x) {
  const int32_t bits = (int32_t)bits_of(x);
  return bits ^ ((bits >> 31) & 0x7FFFFFFF);
}

INLINE size_t lesser(size_t a, size_t b) { return a < b ? a : b; }

TARGET static uint32_t greatest_of(const float *input, size_t count) {
  uint32_t greatest = 0;
  for (size_t i = 0; i < count; i++) {
    const uint32_t magnitude = bits_of(input[i]) & 0x7FFFFFFF;
    greatest = magnitude > greatest ? magnitude : greatest;
  }
  return greatest;
}

TARGET void ROW(binade_block_magnitudes)(const float *input, binade_block_rows rows, uint32_t *magnitudes) {
  for (size_t row = 0; row < rows.row_count; row++) {
    for (size_t start = 0; start < rows.row_length; start += rows.block_length) {
      const size_t count = lesser(rows.block_length, rows.row_length - start);
      *magnitudes++ = greatest_of(input + start, count);
    }
    input += rows.row_length;
  }
}

/// What a vector of elements becomes: the last level whose key they reach.
INLINE void select_levels(const float *input, const int32_t *keys, const uint32_t *levels, uint32_t *output) {
  ELEMENTWISE for (size_t i = 0; i < LANES; i++) {
    const int32_t key = key_of(input[i]);
    uint32_t chosen = levels[0];
    UNROLLED for (size_t level = 1; level < BINADE_BLOCK_LEVELS; level++) {
      chosen = key >= keys[level - 1] ? levels[level] : chosen;
    }
    output[i] = chosen;
  }
}

INLINE void round_lanes(const float *input, const binade_block_levels *levels, float *output) {
  uint32_t results[LANES];
  select_levels(input, levels->keys, levels->values, results);
  memcpy(output, results, sizeof results);
}

INLINE void encode_lanes(const float *input, const binade_block_levels *levels, uint8_t *output) {
  uint32_t results[LANES];
  select_levels(input, levels->keys, levels->codes, results);
  for (size_t i = 0; i < LANES; i++) output[i] = (uint8_t)results[i];
}

/// Calls `body` for every vector of every block; ends of blocks are copied to one of their own.
#define EACH_LANES(body, Element, output)                                                    \
  for (size_t row = 0; row < rows.row_count; row++) {                                        \
    for (size_t start = 0; start < rows.row_length; start += rows.block_length) {            \
      const size_t end = start + lesser(rows.block_length, rows.row_length - start);         \
      const binade_block_levels *chosen = levels + *scales++;                                \
      size_t i = start;                                                                      \
      for (; i + LANES <= end; i += LANES) body(input + i, chosen, output + i);              \
      if (i < end) {                                                                         \
        float rest[LANES] = {0};                                                             \
        Element results[LANES];                                                              \
        memcpy(rest, input + i, (end - i) * sizeof(float));                                  \
        body(rest, chosen, results);                                                         \
        memcpy(output + i, results, (end - i) * sizeof(Element));                            \
      }                                                                                      \
    }                                                                                        \
    input += rows.row_length;                                                                \
    output += rows.row_length;                                                               \
  }

TARGET void ROW(binade_block_round)(const float *input, binade_block_rows rows, const uint16_t *scales,
                                    const binade_block_levels *levels, float *output) {
  EACH_LANES(round_lanes, float, output)
}

TARGET void ROW(binade_block_encode)(const float *input, binade_block_rows rows, const uint16_t *scales,
                                     const binade_block_levels *levels, uint8_t *codes) {
  EACH_LANES(encode_lanes, uint8_t, codes)
}
