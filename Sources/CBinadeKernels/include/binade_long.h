// Sums whose accumulator is fixed point of 51 to 62 bits, in lanes of int64 that count steps.
//
// This is not an API: BinadeKernels is. A term in steps is cut at 2^31: both parts are float64, and adding 1.5 * 2^52 to
// one leaves it, rounded to nearest, in the low bits of the sum. Ties go to an even accumulator because the parity of the
// lane is added to that constant before and taken off after.
#ifndef BINADE_LONG_H
#define BINADE_LONG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct {
  uint32_t rule;          // BINADE_FIXED_... of binade_fixed.h
  bool wraps;             // else saturates
  bool is_short;          // terms have less than 2^50 steps
  bool may_be_special;    // operands may be infinities or NaNs
  double scale;           // steps in 1
  int64_t least, greatest;
  int64_t code_mask;      // wrap: the low bits that stay
  double turns;           // wrap: 1.5 * 2^52 times 2^bits
  double only_turns;      // wrap: terms of so many steps are multiples of 2^bits
} binade_long;

/// Tiles are row-major, as those of binade_fixed.h.
#define BINADE_LONG_DECLARE(isa)                                                                                      \
  /* For each `interval` steps of p in turn: lanes[i][j] = lanes[i][j] + their products a[p][i] * b[p][j], rounded.  \
     Sums of `interval` products are exact in float64. */                                                             \
  void binade_long_accumulate_##isa(size_t depth, size_t interval, const float *a, const float *b, int64_t *lanes,    \
                                    const binade_long *form);                                                         \
  /* lanes[i][j] = lanes[i][j] + terms[i][j], rounded; terms may be infinities or NaNs. */                           \
  void binade_long_add_##isa(const double *terms, int64_t *lanes, const binade_long *form);

BINADE_LONG_DECLARE(portable)
BINADE_LONG_DECLARE(avx2)
BINADE_LONG_DECLARE(avx512)

#endif
