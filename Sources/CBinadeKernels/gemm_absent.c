// Kernels of other processors, so that every name links; KernelTable never selects what the probe does not offer.
#include "binade_kernels.h"

#define ABSENT_F32(name)                                                                               \
  void name(const binade_tile_rows *a, const float *b, float *c, size_t row_stride, size_t columns,    \
            bool accumulate) {                                                                         \
    __builtin_trap();                                                                                  \
  }
#define ABSENT_S16(name)                                                                               \
  void name(const binade_tile_rows *a, const int16_t *b, int32_t *c, size_t row_stride, size_t columns, \
            bool accumulate) {                                                                         \
    __builtin_trap();                                                                                  \
  }
#define ABSENT_BF16(name)                                                                              \
  void name(const binade_tile_rows *a, const uint16_t *b, float *c, size_t row_stride, size_t columns, \
            bool accumulate) {                                                                         \
    __builtin_trap();                                                                                  \
  }
#define ABSENT_U8S8(name)                                                                              \
  void name(const binade_tile_rows *a, const int8_t *b, const int32_t *start, int32_t *c,              \
            size_t row_stride, size_t columns, size_t safe_groups, bool accumulate) {                  \
    __builtin_trap();                                                                                  \
  }

#if !defined(__x86_64__)
ABSENT_F32(binade_gemm_f32_avx2)
ABSENT_F32(binade_gemm_f32_avx512)
ABSENT_S16(binade_gemm_s16_avx2)
ABSENT_S16(binade_gemm_s16_avx512)
ABSENT_S16(binade_gemm_s16_vnni)
ABSENT_BF16(binade_gemm_bf16_avx512)
ABSENT_U8S8(binade_gemm_u8s8_avx2)
ABSENT_U8S8(binade_gemm_u8s8_avxvnni)
ABSENT_U8S8(binade_gemm_u8s8_vnni)
#endif

#if !defined(__aarch64__)
ABSENT_F32(binade_gemm_f32_neon)
ABSENT_S16(binade_gemm_s16_neon)
#endif
