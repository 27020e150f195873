// Groups of products aligned to the greatest exponent among them, as matrix units do it, in lanes of float64.
//
// This is not an API: BinadeKernels is. Products of two float32 are float64, and so are sums of terms of at most
// `fraction_bits` + 2 bits, 52 bits in all. A few terms of up to 30 bits in all are faster as 32-bit integers:
// binade_align in binade_accumulate.h.
#ifndef BINADE_ALIGNED_H
#define BINADE_ALIGNED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct {
  int32_t fraction_bits;        // kept below the greatest exponent, 0 to 48
  bool adds_operand_exponents;  // an exponent is that of a plus that of b; otherwise that of the product
  double least_a, least_b;      // operands below this power of two count as of its binade
} binade_aligned;

/// Tiles are row-major, ROWS x COLUMNS, as in binade_fixed.h.
#define BINADE_ALIGNED_DECLARE(isa)                                                                                 \
  /* sums[i][j] = sums[i][j] and `count` products a[p][i] * b[p][j], each cut toward zero, summed exactly; where        \
     there are infinities or NaNs, their plain sum. */                                                              \
  void binade_aligned_add_##isa(size_t count, const float *a, const float *b, double *sums,                         \
                                const binade_aligned *aligned);                                                     \
  /* out = sums as float32, rounded as a BINADE_LANE of binade_accumulate.h says. */                                \
  void binade_aligned_narrow_##isa(const double *sums, float *out, uint32_t lane);

BINADE_ALIGNED_DECLARE(portable)
BINADE_ALIGNED_DECLARE(avx2)
BINADE_ALIGNED_DECLARE(avx512)

#endif
