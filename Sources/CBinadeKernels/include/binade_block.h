// Rounding of whole rows to block formats whose elements have at most 16 codes. Not an API: BulkBlockCodec of
// BinadeKernels is.
//
// A row is cut into blocks, the last one may be short, and every row begins a new block. Which Float becomes which
// element is a table for each code of the scale: the least Float from which on an element is taken. No quotient is
// computed, so none is rounded.
#ifndef BINADE_BLOCK_H
#define BINADE_BLOCK_H

#include <stddef.h>
#include <stdint.h>

/// Codes of an element at most.
#define BINADE_BLOCK_LEVELS 16
/// Levels of numbers that are not negative, where the negative ones mirror them.
#define BINADE_BLOCK_MAGNITUDES 8

/// Rows of blocks, one after the other.
typedef struct {
  size_t row_count;
  size_t row_length;
  size_t block_length;
} binade_block_rows;

/// What elements become under one code of the scale.
///
/// Floats are compared by keys: their bits as signed numbers, those of negative ones below the sign inverted, which puts
/// -0 below +0. Level 0 holds below keys[0], level i + 1 from keys[i] on; what is unused repeats the last level.
typedef struct {
  int32_t keys[BINADE_BLOCK_LEVELS - 1];
  int32_t padding;
  uint32_t values[BINADE_BLOCK_LEVELS];  // the bits of Floats
  uint32_t codes[BINADE_BLOCK_LEVELS];
  // Levels of magnitudes, where negative numbers mirror the others.
  int32_t magnitude_keys[BINADE_BLOCK_MAGNITUDES - 1];
  uint32_t sign;  // the bit that a value takes from its number: none where every value is NaN
  uint32_t magnitude_values[BINADE_BLOCK_MAGNITUDES];
} binade_block_levels;

/// The bits of the greatest magnitude of every block; 0x7F800000 or more where it holds an infinity or NaN.
typedef void binade_block_magnitudes(const float *input, binade_block_rows rows, uint32_t *magnitudes);
/// Rounds to the values of codes; `scales` has the code of every block, `levels` an entry for every code.
typedef void binade_block_round(const float *input, binade_block_rows rows, const uint16_t *scales,
                                const binade_block_levels *levels, float *output);
/// The same, to the codes of the elements.
typedef void binade_block_encode(const float *input, binade_block_rows rows, const uint16_t *scales,
                                 const binade_block_levels *levels, uint8_t *codes);

/// Rounding where x and -x become values of opposite sign, zeros too.
typedef binade_block_round binade_block_mirror;

binade_block_magnitudes binade_block_magnitudes_portable;
binade_block_round binade_block_round_portable;
binade_block_mirror binade_block_mirror_portable;
binade_block_encode binade_block_encode_portable;
#if defined(__x86_64__)
binade_block_magnitudes binade_block_magnitudes_avx2, binade_block_magnitudes_avx512;
binade_block_round binade_block_round_avx2, binade_block_round_avx512;
binade_block_mirror binade_block_mirror_avx2, binade_block_mirror_avx512;
binade_block_encode binade_block_encode_avx2, binade_block_encode_avx512;
#endif

#endif
