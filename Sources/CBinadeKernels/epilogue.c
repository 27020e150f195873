// One loop for the compiler to vectorise, compiled for each instruction set; every row gives the same bits, because
// multiplication and addition are never contracted.
#include "binade_epilogue.h"

#include "binade_kernels.h"

#pragma STDC FP_CONTRACT OFF

#define INLINE static inline __attribute__((always_inline))

#define FINISH(NAME, SUM)                                                                                   \
  INLINE void NAME(const binade_finish *job, const SUM *restrict sums, const bool adds, const bool relu) { \
    const size_t channels = job->channels;                                                                 \
    const float *restrict scales = job->scales, *restrict bias = job->bias;                                \
    for (size_t i = 0; i < job->row_count; i++) {                                                          \
      const SUM *restrict row = sums + i * job->row_stride;                                                \
      const float *addend = adds ? job->addend + i * channels : NULL;                                      \
      float *output = job->output + i * channels;                                                          \
      /* The addend may be the output itself: element by element that is safe. */                          \
      _Pragma("clang loop vectorize(assume_safety)") for (size_t j = 0; j < channels; j++) {               \
        float value = (float)row[j] * scales[j];                                                           \
        value = value + bias[j];                                                                           \
        if (adds) value = value + addend[j];                                                               \
        /* NaN compares false and stays. */                                                                \
        output[j] = relu && value < 0 ? 0 : value;                                                         \
      }                                                                                                    \
    }                                                                                                      \
  }                                                                                                        \
  INLINE void NAME##_choose(const binade_finish *job, const SUM *sums) {                                   \
    if (job->addend != NULL)                                                                               \
      job->applies_relu ? NAME(job, sums, true, true) : NAME(job, sums, true, false);                      \
    else                                                                                                   \
      job->applies_relu ? NAME(job, sums, false, true) : NAME(job, sums, false, false);                    \
  }

FINISH(finish_f32, float)
FINISH(finish_s32, int32_t)

#if defined(__x86_64__)
#define AVX2 __attribute__((target("avx2")))

AVX2 static void finish_f32_avx2(const binade_finish *job, const float *sums) {
  finish_f32_choose(job, sums);
}
AVX2 static void finish_s32_avx2(const binade_finish *job, const int32_t *sums) {
  finish_s32_choose(job, sums);
}
#endif

void binade_finish_f32(const binade_finish *job, const float *sums) {
#if defined(__x86_64__)
  if (job->features & BINADE_CPU_AVX2) {
    finish_f32_avx2(job, sums);
    return;
  }
#endif
  finish_f32_choose(job, sums);
}

void binade_finish_s32(const binade_finish *job, const int32_t *sums) {
#if defined(__x86_64__)
  if (job->features & BINADE_CPU_AVX2) {
    finish_s32_avx2(job, sums);
    return;
  }
#endif
  finish_s32_choose(job, sums);
}
