// The gradient rule of a quantizer, compiled for each instruction set: one loop for all of them. Channels are lanes; every row gives
// the same bits, because multiplication and addition are never contracted and each lane adds its rows up in order.
#include "choose.h"
#include "binade_training.h"

#pragma STDC FP_CONTRACT OFF

#define INLINE static inline __attribute__((always_inline))
// Added and taken away it rounds to the nearest whole number, halves to even, up to 2^22.
#define WHOLE 0x1.8p23f
#define LOAD(TO, FROM) __builtin_memcpy(&(TO), (FROM), sizeof(TO))
#define STORE(TO, FROM) __builtin_memcpy((TO), &(FROM), sizeof(FROM))
// The value where a comparison holds, +0 elsewhere.
#define WHERE(CONDITION, VALUE) (Vector)((__typeof__(CONDITION))(VALUE) & (CONDITION))
// Adds lanes of float32 to sums in float64.
#define ADD_UP(LANES, SUM, TO)                               \
  {                                                          \
    float lanes[LANES];                                      \
    STORE(lanes, SUM);                                       \
    for (int l = 0; l < LANES; l++) (TO)[j + l] += lanes[l]; \
  }

#define DEFINE_WIDTH(NAME, TARGET, LANES)                                                                            \
  TARGET INLINE void NAME(const binade_quantizer_gradient *job, size_t j, const bool learns, const bool is_whole,     \
                          const bool halves_ends) {                                                                  \
    typedef float Vector __attribute__((vector_size(LANES * 4)));                                                    \
    Vector inside = {0}, above = {0}, below = {0};                                                                   \
    for (size_t i = 0; i < job->row_count; i++) {                                                                    \
      const size_t place = i * job->channels + j;                                                                    \
      Vector g, v;                                                                                                   \
      LOAD(g, job->gradients + i * job->gradient_stride + j);                                                        \
      LOAD(v, job->values + place);                                                                                  \
      g = g * job->factor;                                                                                           \
      v = v * job->inverse_scale;                                                                                    \
      const __typeof__(v > v) is_above = v >= job->greatest, is_below = v <= job->least;                             \
      const __typeof__(v > v) is_inside = ~(is_above | is_below);                                                    \
      if (learns) {                                                                                                  \
        Vector q;                                                                                                    \
        if (is_whole) {                                                                                              \
          q = (v + WHOLE) - WHOLE;                                                                                   \
        } else {                                                                                                     \
          LOAD(q, job->rounded + place);                                                                             \
          q = q * job->unit;                                                                                         \
        }                                                                                                            \
        const Vector error = q - v;                                                                                  \
        inside = inside + WHERE(is_inside, g * error);                                                               \
        above = above + WHERE(is_above, g);                                                                          \
        below = below + WHERE(is_below, g);                                                                          \
      }                                                                                                              \
      if (halves_ends) {                                                                                             \
        Vector q;                                                                                                    \
        LOAD(q, job->rounded + place);                                                                               \
        q = q * job->unit;                                                                                           \
        const __typeof__(v > v) is_end = (q <= job->least_value) | (q >= job->greatest_value);                       \
        g = WHERE(~is_end, g) + WHERE(is_end, g * 0.5f);                                                             \
      }                                                                                                              \
      if (job->clips) g = WHERE(is_inside, g);                                                                       \
      STORE(job->output + place, g);                                                                                 \
    }                                                                                                                \
    if (learns) {                                                                                                    \
      ADD_UP(LANES, inside, job->inside)                                                                             \
      ADD_UP(LANES, above, job->above)                                                                               \
      ADD_UP(LANES, below, job->below)                                                                               \
    }                                                                                                                \
  }

#define DEFINE(ISA, TARGET, WIDE)                                                                       \
  DEFINE_WIDTH(wide_##ISA, TARGET, WIDE)                                                                \
  DEFINE_WIDTH(one_##ISA, TARGET, 1)                                                                    \
  TARGET INLINE void loop_##ISA(const binade_quantizer_gradient *job, const bool learns, const bool is_whole, \
                                const bool halves_ends) {                                               \
    size_t j = 0;                                                                                       \
    for (; j + WIDE <= job->channels; j += WIDE) wide_##ISA(job, j, learns, is_whole, halves_ends);     \
    for (; j < job->channels; j++) one_##ISA(job, j, learns, is_whole, halves_ends);                    \
  }                                                                                                     \
  TARGET static void quantizer_gradient_##ISA(const binade_quantizer_gradient *job) {                   \
    if (job->halves_ends) loop_##ISA(job, false, false, true);                                          \
    else if (!job->inside) loop_##ISA(job, false, false, false);                                        \
    else if (job->is_whole) loop_##ISA(job, true, true, false);                                         \
    else loop_##ISA(job, true, false, false);                                                           \
  }

DEFINE(portable, , 4)

#if defined(__x86_64__)
DEFINE(avx2, __attribute__((target("avx2"))), 8)
DEFINE(avx512, __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl"))), 16)
#endif

void binade_quantizer_gradient_f32(const binade_quantizer_gradient *job) {
  CHOOSE(job->features, quantizer_gradient, job)
}
