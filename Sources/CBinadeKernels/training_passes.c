// Passes over feature maps, compiled for each instruction set. Channels are lanes; every row gives the same bits, because
// multiplication and addition are never contracted and each lane adds its rows up in order.
#include "choose.h"
#include "binade_training.h"
#include "tile.h"

#pragma STDC FP_CONTRACT OFF

#define INLINE static inline __attribute__((always_inline))

#define VECTOR(LANES) typedef float Vector __attribute__((vector_size(LANES * sizeof(float))))
#define LOAD(TO, FROM) __builtin_memcpy(&(TO), (FROM), sizeof(TO))
#define STORE(TO, FROM) __builtin_memcpy((TO), &(FROM), sizeof(FROM))

// The value where the mask is above 0, +0 elsewhere.
#define RECTIFY(VALUE, MASK) \
  (Vector)((__typeof__((MASK) > 0.0f))(VALUE) & ((MASK) > 0.0f))

// Adds lanes of float32 to sums in float64.
#define ADD_UP(LANES, SUM, TO)                              \
  {                                                         \
    float lanes[LANES];                                     \
    STORE(lanes, SUM);                                      \
    for (int l = 0; l < LANES; l++) (TO)[j + l] += lanes[l]; \
  }

#define DEFINE_WIDTH(NAME, TARGET, LANES)                                                                         \
  TARGET INLINE void NAME##_moments(const binade_moments *job, const float *sums, size_t j) {                     \
    VECTOR(LANES);                                                                                                \
    Vector center, deviations = {0}, squares = {0};                                                               \
    LOAD(center, job->center + j);                                                                                \
    const float *source = sums + j;                                                                               \
    float *target = job->output + j;                                                                              \
    for (size_t i = 0; i < job->row_count; i++) {                                                                 \
      Vector value;                                                                                               \
      LOAD(value, source);                                                                                        \
      STORE(target, value);                                                                                       \
      const Vector deviation = value - center;                                                                    \
      deviations = deviations + deviation;                                                                        \
      squares = squares + deviation * deviation;                                                                  \
      source += job->row_stride, target += job->channels;                                                         \
    }                                                                                                             \
    ADD_UP(LANES, deviations, job->deviations)                                                                    \
    ADD_UP(LANES, squares, job->squares)                                                                          \
  }                                                                                                               \
  TARGET INLINE void NAME##_finish(const binade_gradient_finish *job, const float *sums, size_t j,                \
                                   const bool adds, const bool has_mask, const bool has_z, const bool rectifies) { \
    VECTOR(LANES);                                                                                                \
    Vector center = {0}, scale = {0}, bias = {0}, gradients = {0}, products = {0};                                \
    if (has_z) LOAD(center, job->center + j);                                                                     \
    if (rectifies) {                                                                                              \
      LOAD(scale, job->scales + j);                                                                               \
      LOAD(bias, job->bias + j);                                                                                  \
    }                                                                                                             \
    for (size_t i = 0; i < job->row_count; i++) {                                                                 \
      const size_t place = i * job->pixel_stride + j;                                                             \
      Vector g;                                                                                                   \
      LOAD(g, sums + i * job->row_stride + j);                                                                    \
      if (adds) {                                                                                                 \
        Vector addend;                                                                                            \
        LOAD(addend, job->addend + place);                                                                        \
        g = g + addend;                                                                                           \
      }                                                                                                           \
      Vector z = {0};                                                                                             \
      if (has_z || rectifies) LOAD(z, job->z + place);                                                            \
      if (rectifies) {                                                                                            \
        Vector y = z * scale;                                                                                     \
        y = y + bias;                                                                                             \
        g = RECTIFY(g, y);                                                                                        \
      } else if (has_mask) {                                                                                      \
        Vector y;                                                                                                 \
        LOAD(y, job->mask + place);                                                                               \
        g = RECTIFY(g, y);                                                                                        \
      }                                                                                                           \
      STORE(job->output + place, g);                                                                              \
      gradients = gradients + g;                                                                                  \
      if (has_z) products = products + g * (z - center);                                                          \
    }                                                                                                             \
    ADD_UP(LANES, gradients, job->gradients)                                                                      \
    if (has_z) ADD_UP(LANES, products, job->products)                                                             \
  }                                                                                                               \
  TARGET INLINE void NAME##_fill(const binade_gradient_fill *job, size_t j) {                                     \
    VECTOR(LANES);                                                                                                \
    Vector a, c = {0}, d;                                                                                         \
    LOAD(a, job->a + j);                                                                                          \
    LOAD(d, job->d + j);                                                                                          \
    if (job->z) LOAD(c, job->c + j);                                                                              \
    for (size_t i = 0; i < job->row_count; i++) {                                                                 \
      const size_t place = i * job->channels + j;                                                                 \
      Vector value;                                                                                               \
      LOAD(value, job->g + place);                                                                                \
      value = a * value;                                                                                          \
      if (job->z) {                                                                                               \
        Vector z;                                                                                                 \
        LOAD(z, job->z + place);                                                                                  \
        value = value + c * z;                                                                                    \
      }                                                                                                           \
      value = value + d;                                                                                          \
      STORE(job->output + place, value);                                                                          \
    }                                                                                                             \
  }

#define DEFINE_FINISH(ISA, TARGET, WIDE, SUFFIX, ADDS, MASK, Z, RECTIFIES)                                 \
  TARGET static void finish_##ISA##_##SUFFIX(const binade_gradient_finish *job, const float *sums) {       \
    size_t j = 0;                                                                                          \
    for (; j + WIDE <= job->channels; j += WIDE) wide_##ISA##_finish(job, sums, j, ADDS, MASK, Z, RECTIFIES); \
    for (; j < job->channels; j++) one_##ISA##_finish(job, sums, j, ADDS, MASK, Z, RECTIFIES);             \
  }

#define DEFINE(ISA, TARGET, WIDE)                                                                        \
  DEFINE_WIDTH(wide_##ISA, TARGET, WIDE)                                                                 \
  DEFINE_WIDTH(one_##ISA, TARGET, 1)                                                                     \
  TARGET static void moments_##ISA(const binade_moments *job, const float *sums) {                       \
    size_t j = 0;                                                                                        \
    for (; j + WIDE <= job->channels; j += WIDE) wide_##ISA##_moments(job, sums, j);                     \
    for (; j < job->channels; j++) one_##ISA##_moments(job, sums, j);                                    \
  }                                                                                                      \
  TARGET static void fill_##ISA(const binade_gradient_fill *job) {                                       \
    size_t j = 0;                                                                                        \
    for (; j + WIDE <= job->channels; j += WIDE) wide_##ISA##_fill(job, j);                              \
    for (; j < job->channels; j++) one_##ISA##_fill(job, j);                                             \
  }                                                                                                      \
  DEFINE_FINISH(ISA, TARGET, WIDE, plain, false, false, false, false)                                    \
  DEFINE_FINISH(ISA, TARGET, WIDE, masked, false, true, false, false)                                    \
  DEFINE_FINISH(ISA, TARGET, WIDE, rectified, false, false, false, true)                                 \
  DEFINE_FINISH(ISA, TARGET, WIDE, plain_z, false, false, true, false)                                   \
  DEFINE_FINISH(ISA, TARGET, WIDE, masked_z, false, true, true, false)                                   \
  DEFINE_FINISH(ISA, TARGET, WIDE, rectified_z, false, false, true, true)                                \
  DEFINE_FINISH(ISA, TARGET, WIDE, plain_added, true, false, false, false)                               \
  DEFINE_FINISH(ISA, TARGET, WIDE, masked_added, true, true, false, false)                               \
  DEFINE_FINISH(ISA, TARGET, WIDE, rectified_added, true, false, false, true)                            \
  DEFINE_FINISH(ISA, TARGET, WIDE, plain_z_added, true, false, true, false)                              \
  DEFINE_FINISH(ISA, TARGET, WIDE, masked_z_added, true, true, true, false)                              \
  DEFINE_FINISH(ISA, TARGET, WIDE, rectified_z_added, true, false, true, true)                           \
  static void finish_##ISA(const binade_gradient_finish *job, const float *sums) {                       \
    static void (*const loops[2][2][3])(const binade_gradient_finish *, const float *) = {               \
        {{finish_##ISA##_plain, finish_##ISA##_masked, finish_##ISA##_rectified},                        \
         {finish_##ISA##_plain_z, finish_##ISA##_masked_z, finish_##ISA##_rectified_z}},                 \
        {{finish_##ISA##_plain_added, finish_##ISA##_masked_added, finish_##ISA##_rectified_added},      \
         {finish_##ISA##_plain_z_added, finish_##ISA##_masked_z_added, finish_##ISA##_rectified_z_added}}}; \
    loops[job->addend != NULL][job->products != NULL][job->scales ? 2 : job->mask ? 1 : 0](job, sums);   \
  }

DEFINE(portable, , 4)

#if defined(__x86_64__)
DEFINE(avx2, __attribute__((target("avx2"))), 8)
DEFINE(avx512, __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl"))), 16)
#endif

void binade_moments_f32(const binade_moments *job, const float *sums) { CHOOSE(job->features, moments, job, sums) }

void binade_gradient_finish_f32(const binade_gradient_finish *job, const float *sums) { CHOOSE(job->features, finish, job, sums) }

void binade_gradient_fill_f32(const binade_gradient_fill *job) { CHOOSE(job->features, fill, job) }
