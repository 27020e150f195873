// Micro-kernels that need an instruction set of their own, and the probe that tells which ones run here.
//
// This is not an API: BinadeKernels is. The contract of every micro-kernel:
//
//   c[i * row_stride + j] = (accumulate ? c[...] : 0) + sum over p of a[p][i] * b[p][j]
//
// for a tile of BINADE_TILE_ROWS x BINADE_TILE_COLUMNS. The panel `a` holds TILE_ROWS values per step of p, the
// panel `b` TILE_COLUMNS; both are contiguous. Sums run in the order of p.
#ifndef BINADE_KERNELS_H
#define BINADE_KERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BINADE_TILE_ROWS 4
#define BINADE_TILE_COLUMNS 24

/// Instruction sets, as bits of what `binade_probe_cpu` returns.
#define BINADE_CPU_AVX2 1u         // with FMA
#define BINADE_CPU_AVX_VNNI 2u     // 256-bit VPDPBUSD
#define BINADE_CPU_AVX512 4u       // F, BW, DQ, VL
#define BINADE_CPU_AVX512_VNNI 8u  // VPDPBUSD, VPDPWSSD
#define BINADE_CPU_AVX512_BF16 16u
#define BINADE_CPU_NEON 32u

/// What this processor and operating system offer, within the environment variable BINADE_MAX_ISA if it is set to
/// portable, avx2 or avx512.
uint32_t binade_probe_cpu(void);

/// float32 operands, float32 sums, one fused multiply-add per product.
void binade_gemm_f32_avx2(size_t depth, const float *a, const float *b, float *c, size_t row_stride,
                          bool accumulate);

/// int16 operands in pairs along the depth, exact int32 sums. `depth_pairs` pairs: a[p][i][2], b[p][j][2].
/// The caller guarantees that no sum leaves int32.
void binade_gemm_s16_avx2(size_t depth_pairs, const int16_t *a, const int16_t *b, int32_t *c,
                          size_t row_stride, bool accumulate);

#endif
