// Micro-kernels that need an instruction set of their own, and the probe that tells which ones run here.
//
// This is not an API: BinadeKernels is. The contract of every micro-kernel of a matrix product:
//
//   c[i * row_stride + j] = (accumulate ? c[...] : 0) + sum over t, p of rows[i][offsets[t] + p] * b[t][p][j]
//
// for the rows of a tile and for `columns` columns, which is the tile's full or half width. The left operand is not
// packed: a row is read where it lies, at one offset per tap (a convolution's kernel position; a plain matrix has
// one tap). The panel b is contiguous: for each step of depth, `columns` values. Steps come in groups of 1 (f32),
// 2 (s16, bf16) or 4 (u8s8) consecutive elements that lie next to each other in b too: b[t][group][j][element]. Sums
// run in the order of depth. The steps of a group of bf16 lie in memory in descending order, in rows too.
#ifndef BINADE_KERNELS_H
#define BINADE_KERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// Instruction sets, as bits of what `binade_probe_cpu` returns.
#define BINADE_CPU_AVX2 1u         // with FMA
#define BINADE_CPU_AVX_VNNI 2u     // 256-bit VPDPBUSD
#define BINADE_CPU_AVX512 4u       // F, BW, DQ, VL
#define BINADE_CPU_AVX512_VNNI 8u  // VPDPBUSD, VPDPWSSD
#define BINADE_CPU_AVX512_BF16 16u  // VDPBF16PS
#define BINADE_CPU_NEON 32u

/// What this processor and operating system offer, within the environment variable BINADE_MAX_ISA if it is set to
/// portable, avx2 or avx512.
uint32_t binade_probe_cpu(void);

/// The left operand of a tile and the depth to sum over.
typedef struct {
  const void *const *rows;   // one address per row of the tile
  const ptrdiff_t *offsets;  // per tap, in bytes
  size_t tap_count;
  size_t group_count;  // per tap
} binade_tile_rows;

#define BINADE_AVX2_ROWS 6
#define BINADE_AVX2_COLUMNS 16
#define BINADE_AVX512_ROWS 12
#define BINADE_AVX512_COLUMNS 32
#define BINADE_NEON_ROWS 6
#define BINADE_NEON_COLUMNS 16

/// float32 operands, float32 sums, one fused multiply-add per product.
typedef void binade_gemm_f32(const binade_tile_rows *a, const float *b, float *c, size_t row_stride,
                             size_t columns, bool accumulate);

/// int16 operands, exact int32 sums. The caller guarantees that no sum leaves int32.
typedef void binade_gemm_s16(const binade_tile_rows *a, const int16_t *b, int32_t *c, size_t row_stride,
                             size_t columns, bool accumulate);

/// bfloat16 operands, float32 sums, one fused multiply-add per product. Subnormal operands, sums and results count as 0.
typedef void binade_gemm_bf16(const binade_tile_rows *a, const uint16_t *b, float *c, size_t row_stride,
                              size_t columns, bool accumulate);

/// uint8 rows, int8 columns, exact int32 sums that begin with start[j]; NULL for 0.
/// `safe_groups`: how many groups may be summed in 16 bits before they are widened, where the kernel does that:
/// 2 * greatest product * safe_groups <= 32767. The caller guarantees that no sum leaves int32.
typedef void binade_gemm_u8s8(const binade_tile_rows *a, const int8_t *b, const int32_t *start, int32_t *c,
                              size_t row_stride, size_t columns, size_t safe_groups, bool accumulate);

binade_gemm_f32 binade_gemm_f32_avx2, binade_gemm_f32_avx512, binade_gemm_f32_neon;
binade_gemm_s16 binade_gemm_s16_avx2, binade_gemm_s16_avx512, binade_gemm_s16_vnni, binade_gemm_s16_neon;
binade_gemm_bf16 binade_gemm_bf16_avx512;
binade_gemm_u8s8 binade_gemm_u8s8_avx2;     // through 16-bit sums
binade_gemm_u8s8 binade_gemm_u8s8_avxvnni;  // 256 bits
binade_gemm_u8s8 binade_gemm_u8s8_vnni;     // 512 bits

#endif
