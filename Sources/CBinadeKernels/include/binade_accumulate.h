// Sums whose accumulator is itself a format, in lanes of float32. Fixed point of more bits: binade_fixed.h.
//
// This is not an API: BinadeKernels is. A lane holds a value of the accumulator's format. One step makes the exact sum
// of the lane and some products a float32 (`lane`) and then a value of the format (`grid`, `rule`, `overflow`).
//
// Why two roundings can give the result of one. Let q be the precision of the format, x the lane (q bits), y the exact
// product, and s = x + y.
//
// 1. BINADE_LANE_NEAREST: s is rounded to the nearest float32 first. This is innocuous when s is a float32, or when y
//    has at most q bits and 24 >= 2q + 2. Proof of the second: suppose fl(s) is a midpoint m of the format and s is
//    not; d = s - m is not zero and |d| <= 2^(e-24) for s in binade e, while m is an odd multiple of h = 2^(e-q).
//    If |x| >= |y|: x lies at most one binade below s and has at most q bits, so it is a multiple of h; it is not m,
//    which needs q + 1 bits. So y = (m - x) + d has bits from h/2 or above down to 2^(e-24) or below: at least
//    24 - q > q of them, a contradiction. If |y| > |x|: the same with x and y exchanged. Where the step of the format is
//    constant (subnormals), h is half that step and greater than above; x is a multiple of 2h: if y is m then x = d is
//    smaller than the step, hence 0, and s is exact; otherwise y = (m - x) + d has even more bits than above.
//    When y may have more than q bits it can be the midpoint itself: with q = 8, x = 2^-60 and y = 1 + 2^-8 the exact
//    sum lies above the midpoint of 1 and 1 + 2^-7 and rounds to 1 + 2^-7; fl(s) = y is a tie, which goes to 1.
//    Rounding toward zero after rounding to nearest is never innocuous unless s is a float32: x = 1, y = -2^-30.
// 2. BINADE_LANE_ODD: s is rounded to odd, which keeps it on its side of every number of 23 bits (Boldo and Melquiond,
//    IEEE Transactions on Computers 57(4), 2008): right for every rule and q <= 22.
// 3. BINADE_LANE_ZERO: s is rounded toward zero, which is right before rounding toward zero.
//
// Operands: NaNs are 0x7fc00000 (adding to the bits of another NaN could carry into its sign); products are exact in
// float32. Formats without NaN need finite operands in `binade_accumulate`.
#ifndef BINADE_ACCUMULATE_H
#define BINADE_ACCUMULATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { BINADE_LANE_NEAREST, BINADE_LANE_ODD, BINADE_LANE_ZERO };

enum {
  BINADE_GRID_FLOAT,   // float32 itself: no second rounding
  BINADE_GRID_BITS,    // IEEE floats with the exponent field of float32: low bits go
  BINADE_GRID_NARROW,  // floats of narrower range, subnormals included
  BINADE_GRID_FIXED,   // multiples of one step, clamped
};

enum { BINADE_RULE_NEAREST_EVEN, BINADE_RULE_TOWARD_ZERO };

enum {
  BINADE_OVERFLOW_CARRY,    // what carries out of the greatest binade is infinity (bits only)
  BINADE_OVERFLOW_CLAMP,    // the greatest value, for infinities too
  BINADE_OVERFLOW_REPLACE,  // `overflow_value` with the sign of the number
};

typedef struct {
  uint32_t lane, grid, rule, overflow;
  bool keeps_negative_zero;
  uint32_t nan_bits;         // what NaN leaves as
  uint32_t discarded_bits;   // bits: float32 significand bits that the format does not have
  float least_normal;        // narrow: below it the step is constant
  float binade_beyond;       // narrow: the power of two above the greatest value
  float steps_to_magic;      // narrow: times the power of two of a binade: 1.5 * 2^23 steps of that binade
  float step_of_binade;      // narrow: times the power of two of a binade: one step
  float magic;               // fixed: 1.5 * 2^23 steps
  float step;                // fixed: one step
  float least, greatest;     // finite ends of the range
  float overflow_value;
} binade_sum_rounding;

/// A group of products aligned to the greatest exponent, each cut to `fraction_bits` below it.
typedef struct {
  uint32_t lane;               // how the sum becomes a float32
  int32_t fraction_bits;
  bool adds_operand_exponents; // an exponent is that of a plus that of b; otherwise that of the product
  float least_a, least_b;      // operands below this power of two count as of its binade
} binade_alignment;

#define BINADE_ACCUMULATE_ROWS 4
#define BINADE_ACCUMULATE_COLUMNS_AVX2 16
#define BINADE_ACCUMULATE_COLUMNS_AVX512 32

/// c[i][j] = (accumulate ? c[i][j] : 0), then for each `interval` steps of p in turn: the exact sum of c[i][j] and
/// their products a[p][i] * b[p][j], rounded. Sums of `interval` products are exact in float32.
#define BINADE_ACCUMULATE_DECLARE(isa)                                                                              \
  void binade_accumulate_##isa(size_t depth, size_t interval, const float *a, const float *b, float *c,             \
                               size_t row_stride, bool accumulate, const binade_sum_rounding *rounding);                \
  /* int32 lanes: every product times `scale` is an integer below 2^31. `bits`: of the result, sign included.      \
     Wrapping keeps the low bits; saturating clamps each sum to [least, greatest]. The result is times `step`. */   \
  void binade_accumulate_int_##isa(size_t depth, size_t interval, const float *a, const float *b, float *c,         \
                                   size_t row_stride, float scale, float step, bool wraps, bool is_signed,          \
                                   int32_t bits, int32_t least, int32_t greatest);                                  \
  /* out[i][j]: the exact sum of `count` products, for a whole tile. */                                             \
  void binade_products_##isa(size_t count, const float *a, const float *b, float *out);                             \
  /* out[i][j]: c[i][j] and `count` products, summed in float64, as a float32: to nearest or to odd. Sums of         \
     products are exact in float64; every number is a multiple of 2^-149. */                                        \
  void binade_add_wide_##isa(size_t count, const float *a, const float *b, const float *c, float *out,              \
                             bool to_odd);                                                                          \
  /* out = x + y rounded to odd; `count` is a multiple of 16. */                                                    \
  void binade_add_odd_##isa(size_t count, const float *x, const float *y, float *out);                              \
  /* out = x rounded; `count` is a multiple of 16. */                                                               \
  void binade_round_sums_##isa(size_t count, const float *x, float *out, const binade_sum_rounding *rounding);               \
  /* out[i][j]: c[i][j] and `count` aligned products, summed, as a float32. */                                      \
  void binade_align_##isa(size_t count, const float *a, const float *b, const float *c, float *out,                 \
                          const binade_alignment *alignment);

BINADE_ACCUMULATE_DECLARE(avx2)
BINADE_ACCUMULATE_DECLARE(avx512)

#endif
