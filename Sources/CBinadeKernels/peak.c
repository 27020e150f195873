#include "binade_peak.h"

#include "binade_kernels.h"

// Two units with a latency of four or five cycles need ten chains; sixteen registers hold twelve and the operands.
#define CHAINS 12

// x := x * factor + addend stays near 1, so no step is slowed down by subnormal numbers.
static const float FACTOR = 0.75f;
static const float ADDEND = 0.25f;

// The step is a loop over the chains that the compiler unrolls: every chain has a register of its own.
#define DEFINE_PEAK(name, attributes, vector, lanes, splat, step)                                 \
  attributes static uint64_t name(size_t rounds, float *sink) {                                   \
    vector chain[CHAINS];                                                                         \
    const vector factor = splat(FACTOR), addend = splat(ADDEND);                                  \
    for (int i = 0; i < CHAINS; i++) chain[i] = splat(1.0f + 0.01f * (float)i);                   \
    for (size_t round = 0; round < rounds; round++) {                                             \
      _Pragma("clang loop unroll(full)") for (int i = 0; i < CHAINS; i++) chain[i] =              \
          step(chain[i], factor, addend);                                                         \
    }                                                                                             \
    float sum = 0;                                                                                \
    for (int i = 0; i < CHAINS; i++) {                                                            \
      float lane[lanes];                                                                          \
      __builtin_memcpy(lane, &chain[i], sizeof lane);                                             \
      for (int j = 0; j < lanes; j++) sum += lane[j];                                             \
    }                                                                                             \
    *sink = sum;                                                                                  \
    return (uint64_t)rounds * CHAINS * lanes;                                                     \
  }

typedef float Float4 __attribute__((vector_size(16)));

static inline Float4 splat4(float value) { return (Float4){value, value, value, value}; }

#if defined(__aarch64__)
#include <arm_neon.h>

static inline Float4 step4(Float4 x, Float4 factor, Float4 addend) {
  return (Float4)vfmaq_f32((float32x4_t)addend, (float32x4_t)x, (float32x4_t)factor);
}
#else
static inline Float4 step4(Float4 x, Float4 factor, Float4 addend) { return x * factor + addend; }
#endif

DEFINE_PEAK(peak_128, , Float4, 4, splat4, step4)

#if defined(__x86_64__)
#include <immintrin.h>

#define AVX2 __attribute__((target("avx2,fma")))
#define AVX512 __attribute__((target("avx512f")))

DEFINE_PEAK(peak_avx2, AVX2, __m256, 8, _mm256_set1_ps, _mm256_fmadd_ps)
DEFINE_PEAK(peak_avx512, AVX512, __m512, 16, _mm512_set1_ps, _mm512_fmadd_ps)
#endif

uint64_t binade_peak_multiply_adds(uint32_t features, size_t rounds, float *sink) {
#if defined(__x86_64__)
  if (features & BINADE_CPU_AVX512) return peak_avx512(rounds, sink);
  if (features & BINADE_CPU_AVX2) return peak_avx2(rounds, sink);
#endif
  return peak_128(rounds, sink);
}

const char *binade_peak_name(uint32_t features) {
  if (features & BINADE_CPU_AVX512) return "avx512";
  if (features & BINADE_CPU_AVX2) return "avx2";
#if defined(__aarch64__)
  return "neon";
#else
  return "portable";
#endif
}
