// Loops for the compiler to vectorise, compiled for each instruction set: integers alone, so every row gives the same bits.
#include "choose.h"
#include "binade_training.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#define INLINE static inline __attribute__((always_inline))

// The upper half of the nearest bfloat16, ties to even; a NaN must not round to infinity.
INLINE uint32_t rounded(uint32_t bits) {
  const uint32_t nearest = bits + 0x7FFF + (bits >> 16 & 1);
  return (bits & 0x7FFFFFFF) > 0x7F800000 ? (bits | 0x400000) & 0xFFFF0000 : nearest & 0xFFFF0000;
}

INLINE uint32_t bits_of(const float *values, size_t i) {
  uint32_t bits;
  __builtin_memcpy(&bits, values + i, sizeof bits);
  return bits;
}

#define DEFINE(ISA, TARGET)                                                                                     \
  TARGET static void round_##ISA(float *values, size_t count) {                                                 \
    for (size_t i = 0; i < count; i++) {                                                                        \
      const uint32_t bits = rounded(bits_of(values, i));                                                        \
      __builtin_memcpy(values + i, &bits, sizeof bits);                                                         \
    }                                                                                                           \
  }                                                                                                             \
  TARGET static void pairs_##ISA(const float *restrict values, size_t count, uint32_t *restrict pairs) {        \
    for (size_t i = 0; i < count / 2; i++)                                                                      \
      pairs[i] = rounded(bits_of(values, 2 * i)) | rounded(bits_of(values, 2 * i + 1)) >> 16;                   \
  }                                                                                                             \
  TARGET static void interleave_##ISA(const float *restrict first, const float *restrict second, size_t count,  \
                                      uint32_t *restrict pairs) {                                               \
    for (size_t i = 0; i < count; i++) pairs[i] = rounded(bits_of(first, i)) | rounded(bits_of(second, i)) >> 16; \
  }                                                                                                             \
  TARGET static void widen_##ISA(const uint16_t *restrict values, size_t count, float *restrict output) {       \
    for (size_t i = 0; i < count; i++) {                                                                        \
      const uint32_t bits = (uint32_t)values[i] << 16;                                                          \
      __builtin_memcpy(output + i, &bits, sizeof bits);                                                         \
    }                                                                                                           \
  }                                                                                                             \
  TARGET static void narrow_##ISA(const float *restrict values, size_t count, uint16_t *restrict output) {      \
    for (size_t i = 0; i < count; i++) output[i] = (uint16_t)(rounded(bits_of(values, i)) >> 16);               \
  }                                                                                                             \
  TARGET static void swap_##ISA(const uint16_t *restrict values, size_t count, uint32_t *restrict pairs) {      \
    for (size_t i = 0; i < count / 2; i++) pairs[i] = (uint32_t)values[2 * i] << 16 | values[2 * i + 1];        \
  }

DEFINE(portable, )

#if defined(__x86_64__)
DEFINE(avx2, __attribute__((target("avx2"))))
DEFINE(avx512, __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,prefer-256-bit"))))
#endif

void binade_round_bf16(uint32_t features, float *values, size_t count) {
  CHOOSE(features, round, values, count)
}

void binade_pairs_bf16(uint32_t features, const float *values, size_t count, uint32_t *pairs) {
  CHOOSE(features, pairs, values, count, pairs)
}

void binade_interleave_bf16(uint32_t features, const float *first, const float *second, size_t count, uint32_t *pairs) {
  CHOOSE(features, interleave, first, second, count, pairs)
}

void binade_widen_bf16(uint32_t features, const uint16_t *values, size_t count, float *output) {
  CHOOSE(features, widen, values, count, output)
}

void binade_narrow_bf16(uint32_t features, const float *values, size_t count, uint16_t *output) {
  CHOOSE(features, narrow, values, count, output)
}

void binade_pairs_of_bf16(uint32_t features, const uint16_t *values, size_t count, uint32_t *pairs) {
  CHOOSE(features, swap, values, count, pairs)
}

#if defined(__x86_64__)
// Flush to zero and denormals are zero.
uint64_t binade_flush_begin(void) {
  const unsigned before = _mm_getcsr();
  _mm_setcsr(before | 0x8040);
  return before;
}
void binade_flush_end(uint64_t before) { _mm_setcsr((unsigned)before); }
#elif defined(__aarch64__)
uint64_t binade_flush_begin(void) {
  uint64_t before;
  __asm__ volatile("mrs %0, fpcr" : "=r"(before));
  __asm__ volatile("msr fpcr, %0" : : "r"(before | UINT64_C(1) << 24) : "memory");
  return before;
}
void binade_flush_end(uint64_t before) { __asm__ volatile("msr fpcr, %0" : : "r"(before) : "memory"); }
#else
uint64_t binade_flush_begin(void) { return 0; }
void binade_flush_end(uint64_t before) { (void)before; }
#endif
