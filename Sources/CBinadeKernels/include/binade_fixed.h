// Sums whose accumulator is fixed point of up to 50 bits, in lanes of float64.
//
// This is not an API: BinadeKernels is. A lane holds `zero` + s, where s is the accumulator's value and `zero` is
// 1.5 * 2^52 of its steps: in that binade the spacing of float64 is one step, so that one addition of an exact term
// rounds to the accumulator's grid once, ties to the even step, whatever the term's magnitude; what leaves the binade lies
// beyond the accumulator's range, because addition is monotone. Other rules look at what the addition lost, which
// is a float64 again (Sterbenz; TAOCP 2, 4.2.2). Products of two float32 are float64.
#ifndef BINADE_FIXED_H
#define BINADE_FIXED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
  BINADE_FIXED_NEAREST_EVEN,
  BINADE_FIXED_NEAREST_AWAY,
  BINADE_FIXED_TOWARD_ZERO,
  BINADE_FIXED_AWAY_FROM_ZERO,
  BINADE_FIXED_UP,
  BINADE_FIXED_DOWN,
  BINADE_FIXED_TO_ODD,
};

enum {
  BINADE_FIXED_SATURATE,
  BINADE_FIXED_WRAP,         // terms of less than 2^50 steps
  BINADE_FIXED_WRAP_WIDE,    // terms of any magnitude and up to 52 bits; whole turns are taken off first
};

typedef struct {
  uint32_t rule, overflow;
  bool may_be_special;    // whether operands may be infinities or NaNs
  double zero;            // the lane that stands for 0
  double least, greatest; // the lanes that stand for the ends of the range
  double half_step;
  int64_t code_mask;      // wrap: the low bits that stay
  double turns;           // wrap, wide: 1.5 * 2^52 times 2^bits steps
  double only_turns;      // wrap, wide: terms this great are multiples of 2^bits steps
  double split;           // 0, or 1.5 * 2^52 times the place where products are cut in two; not for wide terms
} binade_fixed;

#define BINADE_FIXED_ROWS 4
#define BINADE_FIXED_COLUMNS_PORTABLE 16
#define BINADE_FIXED_COLUMNS_AVX2 16
#define BINADE_FIXED_COLUMNS_AVX512 32

/// Tiles are row-major, ROWS x COLUMNS.
#define BINADE_FIXED_DECLARE(isa)                                                                                   \
  /* For each `interval` steps of p in turn: lanes[i][j] = lanes[i][j] + their products a[p][i] * b[p][j], rounded.  \
     Sums of `interval` products, or of their upper and of their lower parts, are exact in float64. */                                                           \
  void binade_fixed_accumulate_##isa(size_t depth, size_t interval, const float *a, const float *b, double *lanes,  \
                                     const binade_fixed *fixed);                                                    \
  /* lanes[i][j] = lanes[i][j] + terms[i][j], rounded; terms may be infinities or NaNs. */                          \
  void binade_fixed_add_##isa(const double *terms, double *lanes, const binade_fixed *fixed);

BINADE_FIXED_DECLARE(portable)
BINADE_FIXED_DECLARE(avx2)
BINADE_FIXED_DECLARE(avx512)

#endif
