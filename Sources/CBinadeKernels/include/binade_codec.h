// Bulk conversion of Float32 to and from codes in closed form. Not an API: BulkCodec of BinadeKernels is.
//
// A magnitude index k counts the values of a format from zero: k = 0 is zero, k = 1 the least magnitude. With M
// significand bits, k is exponent field and significand of a binary float with subnormals, the exponent unbounded.
// Integers and fixed point are such floats of so many significand bits that the least binade holds all their values.
//
// Rows assume the default floating-point environment: round to nearest even, subnormals kept.
#ifndef BINADE_CODEC_H
#define BINADE_CODEC_H

#include <stddef.h>
#include <stdint.h>

/// Numbers converted at a time: where all of them are below the plain limit, the whole chunk is rounded by additions.
#define BINADE_CODEC_CHUNK 256

/// Rounding rules with a formula of their own; the others are made of `binade_rounding`.
#define BINADE_ROUND_NEAREST_EVEN 0
#define BINADE_ROUND_TOWARD_ZERO 1
#define BINADE_ROUND_OTHER 2
/// To nearest even where a floating-point addition does it for every number of the format.
#define BINADE_ROUND_BY_ADDITION 3

/// What is added to the discarded bits before they are cut off, as selectors of all ones or zero.
typedef struct {
  uint32_t half;           // half of the last place
  uint32_t less_when_even; // 1 less where the kept code is even
  uint32_t all;            // all discarded bits set
  uint32_t flip_negative;  // `all` inverted for negative numbers
  uint32_t flip_even;      // `all` inverted where the kept code is even
} binade_rounding;

/// A format under one policy. Pairs are of positive and negative numbers.
typedef struct {
  uint32_t significand_bits; // M, at most 22
  uint32_t least_exponent;   // Float32's exponent field of the least normal number, at least 1
  uint32_t parity;           // of the code of zero
  uint32_t code_mask;
  uint32_t base[2];          // code = base +- k
  uint32_t flip_negative;    // all ones: negative codes descend (two's complement)
  uint32_t sign_bit;         // of sign-magnitude codes, else 0
  uint32_t negative_zero;    // code of -0, or of zero
  uint32_t greatest[2];      // k of the extreme values
  uint32_t beyond[2];        // codes of finite overflow, infinity and NaN
  uint32_t infinity[2];
  uint32_t nan[2];
  uint32_t greatest_value[2]; // bits of Float32 values: of the extremes, without their signs,
  uint32_t beyond_value[2];   // and what overflow, infinity and NaN become
  uint32_t infinity_value[2];
  uint32_t nan_value[2];
  uint32_t addition_cap;     // bits of the magnitude after both extremes: what lies beyond is rounded as this
  uint32_t decodable[2];     // k up to here decode to numbers by the formula, others to NaN
  uint32_t infinity_code[2]; // what decodes to an infinity, or UINT32_MAX
  uint32_t nan_code;         // what decodes to NaN within the magnitudes, or UINT32_MAX
  uint32_t plain_limit;      // chunks below are rounded by an addition, with no special case
  uint32_t plain_refused;    // bits that none of them has: the sign where the format has no negative numbers
  uint32_t rule;             // BINADE_ROUND_...
  binade_rounding rounding;
} binade_closed_form;

/// What numbers are divided by before they are rounded, positive and normal: one for `block_length` of them each. The
/// first number is number `place` of its block.
///
/// With `channels` each number has the scale of its channel instead, channels innermost; the first number is of channel
/// `place`. Quotients are then kept from `least` to `greatest`, one each per channel, unless these are null; NaN stays.
typedef struct {
  const float *scales;
  size_t block_length;
  size_t place;
  size_t channels;
  const float *least;
  const float *greatest;
  /// What values are multiplied by in the end; 0: by what they were divided by.
  float factor;
} binade_scaling;

/// A conversion as steps of the key: the bits of a Float32, in the order of the numbers. Step i begins at starts[i]; there
/// is an entry more than there are steps.
///
/// With `buckets`, the bits of a number shifted right find one. Otherwise the key shifted right finds a line, which
/// guesses the number of the step or the one before it. Buckets of code 0xFFFF and lines of negative slope tell
/// nothing, and the starts are searched.
typedef struct {
  uint32_t threshold; // bits from which on the second code holds
  uint16_t codes[2];
} binade_bucket;

typedef struct {
  uint32_t shift;
  uint32_t step_count;
  uint32_t search_count; // buckets or lines that tell nothing
  const binade_bucket *buckets;
  const int64_t *lines; // pairs: intercept and slope of each bucket, in units of 2^-31 steps
  const uint32_t *starts;
  const uint16_t *codes; // of each step
} binade_step_table;

typedef void binade_encode_row(const float *input, size_t count, const binade_closed_form *form,
                               binade_scaling scaling, uint32_t bytes_per_code, void *codes);
typedef void binade_round_row(const float *input, size_t count, const binade_closed_form *form,
                              binade_scaling scaling, float *output);
typedef void binade_decode_row(const void *codes, uint32_t bytes_per_code, size_t count,
                               const binade_closed_form *form, binade_scaling scaling, float *output);

/// Codes of 1, 2 or 4 bytes. `codes` does not overlap `input`.
binade_encode_row binade_encode_portable, binade_encode_avx2, binade_encode_avx512;
/// Values, times the scale again. `output` may be `input`.
binade_round_row binade_round_portable, binade_round_avx2, binade_round_avx512;
/// Values of codes, times the scale.
binade_decode_row binade_decode_portable, binade_decode_avx2, binade_decode_avx512;

/// Codes of 1 or 2 bytes.
void binade_encode_steps_8(const float *input, size_t count, const binade_step_table *table, binade_scaling scaling,
                           uint8_t *codes);
void binade_encode_steps_16(const float *input, size_t count, const binade_step_table *table,
                            binade_scaling scaling, uint16_t *codes);
/// The value of each input's code, times the scale.
void binade_round_steps(const float *input, size_t count, const binade_step_table *table, binade_scaling scaling,
                        const float *values, float *output);

/// The two halves of a conversion at a scale, for formats without a row: quotients, and products in place.
void binade_divide(const float *input, size_t count, binade_scaling scaling, float *quotients);
void binade_scale_values(float *values, size_t count, binade_scaling scaling);

#endif
