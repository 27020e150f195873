// Micro-kernels for products of signed powers of 2^(1/2^f).
//
// A factor of A is a power of two with a sign (0 for zero, NaN for NaN) and a class: its exponent modulo one, which is
// one of 2^f fractions. Factors of B come as planes, one for each class: what the B value is when 2^(class / 2^f) is
// added to its exponent, rounded to float32. So the product is `power * plane`, exact because the power of two only
// moves the exponent, and
//
//   c[i * row_stride + j] = (accumulate ? c[...] : 0) + sum over p of a[p][i].power * b[p][class of a[p][i]][j]
//
// in the order of p, with one rounding per sum. Each kernel has its own tile of ROWS x COLUMNS.
#ifndef BINADE_LOGARITHMIC_H
#define BINADE_LOGARITHMIC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BINADE_LOGARITHMIC_ROWS 4
#define BINADE_LOGARITHMIC_COLUMNS 24
#define BINADE_LOGARITHMIC_ROWS_AVX512 8
#define BINADE_LOGARITHMIC_COLUMNS_AVX512 48

/// One factor of A.
typedef struct {
  float power;            // ±2^whole, 0 or NaN
  uint32_t plane_offset;  // class times COLUMNS
} binade_logarithmic_factor;

/// `planes`: classes, so that b[p][class][j] is b[(p * planes + class) * COLUMNS + j].
void binade_gemm_logarithmic_avx2(size_t depth, size_t planes, const binade_logarithmic_factor *a, const float *b,
                                  float *c, size_t row_stride, bool accumulate);

/// The same with 512-bit vectors.
void binade_gemm_logarithmic_avx512(size_t depth, size_t planes, const binade_logarithmic_factor *a, const float *b,
                                    float *c, size_t row_stride, bool accumulate);

#endif
