// The rows of block formats, compiled once per instruction set: the including file defines ROW(name), TARGET, LANES, the
// elements of a vector, and
//
//   select_levels      what a vector of elements becomes: the last of 16 levels whose key they reach
//   select_magnitudes  the same of 8 levels of the magnitude, with the sign of the element
//
// from (const float *input, const int32_t *keys, const uint32_t *levels, uint32_t *output), the second with the bits that
// are the sign before the output.
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

TARGET INLINE void round_lanes(const float *input, const binade_block_levels *levels, float *output) {
  uint32_t results[LANES];
  select_levels(input, levels->keys, levels->values, results);
  memcpy(output, results, sizeof results);
}

TARGET INLINE void mirror_lanes(const float *input, const binade_block_levels *levels, float *output) {
  uint32_t results[LANES];
  select_magnitudes(input, levels->magnitude_keys, levels->magnitude_values, levels->sign, results);
  memcpy(output, results, sizeof results);
}

TARGET INLINE void encode_lanes(const float *input, const binade_block_levels *levels, uint8_t *output) {
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

TARGET void ROW(binade_block_mirror)(const float *input, binade_block_rows rows, const uint16_t *scales,
                                     const binade_block_levels *levels, float *output) {
  EACH_LANES(mirror_lanes, float, output)
}

TARGET void ROW(binade_block_encode)(const float *input, binade_block_rows rows, const uint16_t *scales,
                                     const binade_block_levels *levels, uint8_t *codes) {
  EACH_LANES(encode_lanes, uint8_t, codes)
}
