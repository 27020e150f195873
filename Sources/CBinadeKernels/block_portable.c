#include "block_lanes.h"

#define ROW(name) name##_portable
#define TARGET
#define LANES 4
#define ELEMENTWISE _Pragma("clang loop vectorize(assume_safety) interleave_count(1)")
#define UNROLLED _Pragma("clang loop unroll(full)")

INLINE void select_levels(const float *input, const int32_t *keys, const uint32_t *levels, uint32_t *output) {
  ELEMENTWISE for (size_t i = 0; i < LANES; i++) {
    const int32_t bits = (int32_t)bits_of(input[i]);
    const int32_t key = bits ^ ((bits >> 31) & 0x7FFFFFFF);
    uint32_t chosen = levels[0];
    UNROLLED for (size_t level = 1; level < BINADE_BLOCK_LEVELS; level++) {
      chosen = key >= keys[level - 1] ? levels[level] : chosen;
    }
    output[i] = chosen;
  }
}

INLINE void select_magnitudes(const float *input, const int32_t *keys, const uint32_t *levels, uint32_t sign,
                              uint32_t *output) {
  ELEMENTWISE for (size_t i = 0; i < LANES; i++) {
    const uint32_t bits = bits_of(input[i]);
    const int32_t magnitude = (int32_t)(bits & 0x7FFFFFFF);
    uint32_t chosen = levels[0];
    UNROLLED for (size_t level = 1; level < BINADE_BLOCK_MAGNITUDES; level++) {
      chosen = magnitude >= keys[level - 1] ? levels[level] : chosen;
    }
    output[i] = chosen | (bits & sign);
  }
}

#include "block_rows.h"
