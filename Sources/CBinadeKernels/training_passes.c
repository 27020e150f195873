// Passes over feature maps, compiled for each instruction set. Channels are lanes; every row gives the same bits, because
// multiplication and addition are never contracted and each lane adds its rows up in order.
#include "choose.h"
#include "binade_training.h"
#include "tile.h"

#pragma STDC FP_CONTRACT OFF

#define INLINE static inline __attribute__((always_inline))

#define VECTOR(LANES)                                                     \
  typedef float Vector __attribute__((vector_size(LANES * 4)));           \
  typedef uint32_t Words __attribute__((vector_size(LANES * 4), unused)); \
  typedef uint16_t Halves __attribute__((vector_size(LANES * 2), unused))
#define LOAD(TO, FROM) __builtin_memcpy(&(TO), (FROM), sizeof(TO))
#define STORE(TO, FROM) __builtin_memcpy((TO), &(FROM), sizeof(FROM))

// Elements of maps, float32 or bfloat16. A value that is stored becomes what a reader will find.
#define READ_f32(TO, MAP, PLACE) LOAD(TO, (const float *)(MAP) + (PLACE))
#define WRITE_f32(MAP, PLACE, VALUE) STORE((float *)(MAP) + (PLACE), VALUE)
#define READ_bf16(TO, MAP, PLACE)                                 \
  {                                                               \
    Halves halves;                                                \
    LOAD(halves, (const uint16_t *)(MAP) + (PLACE));              \
    TO = (Vector)(__builtin_convertvector(halves, Words) << 16);  \
  }
#define WRITE_bf16(MAP, PLACE, VALUE)                                                 \
  {                                                                                   \
    Words words = (Words)(VALUE);                                                     \
    /* To the nearest, ties to even; a NaN must not round to infinity. */             \
    const Words is_nan = (Words)((words & 0x7FFFFFFF) > 0x7F800000);                  \
    const Words nearest = words + 0x7FFF + (words >> 16 & 1);                         \
    words = ((nearest & ~is_nan) | ((words | 0x400000) & is_nan)) & 0xFFFF0000;       \
    VALUE = (Vector)words;                                                            \
    const Halves halves = __builtin_convertvector(words >> 16, Halves);               \
    STORE((uint16_t *)(MAP) + (PLACE), halves);                                       \
  }

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

#define DEFINE_WIDTH(NAME, TARGET, LANES, MAP)                                                                      \
  TARGET INLINE void NAME##_moments(const binade_moments *job, const float *sums, size_t j) {                       \
    VECTOR(LANES);                                                                                                  \
    Vector center, deviations = {0}, squares = {0};                                                                 \
    LOAD(center, job->center + j);                                                                                  \
    const float *source = sums + j;                                                                                 \
    for (size_t i = 0; i < job->row_count; i++) {                                                                   \
      Vector value;                                                                                                 \
      LOAD(value, source);                                                                                          \
      WRITE_##MAP(job->output, i * job->channels + j, value);                                                       \
      const Vector deviation = value - center;                                                                      \
      deviations = deviations + deviation;                                                                          \
      squares = squares + deviation * deviation;                                                                    \
      source += job->row_stride;                                                                                    \
    }                                                                                                               \
    ADD_UP(LANES, deviations, job->deviations)                                                                      \
    ADD_UP(LANES, squares, job->squares)                                                                            \
  }                                                                                                                 \
  TARGET INLINE void NAME##_finish(const binade_gradient_finish *job, const float *sums, size_t j,                  \
                            const bool adds, const bool has_mask, const bool has_z, const bool rectifies) {         \
    VECTOR(LANES);                                                                                                  \
    Vector center = {0}, scale = {0}, bias = {0}, gradients = {0}, products = {0};                                  \
    if (has_z) LOAD(center, job->center + j);                                                                       \
    if (rectifies) {                                                                                                \
      LOAD(scale, job->scales + j);                                                                                 \
      LOAD(bias, job->bias + j);                                                                                    \
    }                                                                                                               \
    for (size_t i = 0; i < job->row_count; i++) {                                                                   \
      const size_t place = i * job->pixel_stride + j;                                                               \
      Vector g;                                                                                                     \
      LOAD(g, sums + i * job->row_stride + j);                                                                      \
      if (adds) {                                                                                                   \
        Vector addend;                                                                                              \
        READ_##MAP(addend, job->addend, place);                                                                     \
        g = g + addend;                                                                                             \
      }                                                                                                             \
      Vector z = {0};                                                                                               \
      if (has_z || rectifies) READ_##MAP(z, job->z, place);                                                         \
      if (rectifies) {                                                                                              \
        Vector y = z * scale;                                                                                       \
        y = y + bias;                                                                                               \
        g = RECTIFY(g, y);                                                                                          \
      } else if (has_mask) {                                                                                        \
        Vector y;                                                                                                   \
        READ_##MAP(y, job->mask, place);                                                                            \
        g = RECTIFY(g, y);                                                                                          \
      }                                                                                                             \
      WRITE_##MAP(job->output, place, g);                                                                           \
      gradients = gradients + g;                                                                                    \
      if (has_z) products = products + g * (z - center);                                                            \
    }                                                                                                               \
    ADD_UP(LANES, gradients, job->gradients)                                                                        \
    if (has_z) ADD_UP(LANES, products, job->products)                                                               \
  }                                                                                                                 \
  TARGET INLINE void NAME##_fill(const binade_gradient_fill *job, size_t j) {                                       \
    VECTOR(LANES);                                                                                                  \
    Vector a, c = {0}, d;                                                                                           \
    LOAD(a, job->a + j);                                                                                            \
    LOAD(d, job->d + j);                                                                                            \
    if (job->z) LOAD(c, job->c + j);                                                                                \
    for (size_t i = 0; i < job->row_count; i++) {                                                                   \
      const size_t place = i * job->channels + j;                                                                   \
      Vector value;                                                                                                 \
      READ_##MAP(value, job->g, place);                                                                             \
      value = a * value;                                                                                            \
      if (job->z) {                                                                                                 \
        Vector z;                                                                                                   \
        READ_##MAP(z, job->z, place);                                                                               \
        value = value + c * z;                                                                                      \
      }                                                                                                             \
      value = value + d;                                                                                            \
      STORE(job->output + place, value);                                                                            \
    }                                                                                                               \
  }

#define DEFINE_FINISH(ISA, TARGET, WIDE, MAP, SUFFIX, ADDS, MASK, Z, RECTIFIES)                                     \
  TARGET static void finish_##MAP##_##ISA##_##SUFFIX(const binade_gradient_finish *job, const float *sums) {        \
    size_t j = 0;                                                                                                   \
    for (; j + WIDE <= job->channels; j += WIDE)                                                                    \
      wide_##MAP##_##ISA##_finish(job, sums, j, ADDS, MASK, Z, RECTIFIES);                                          \
    for (; j < job->channels; j++) one_##MAP##_##ISA##_finish(job, sums, j, ADDS, MASK, Z, RECTIFIES);              \
  }

#define DEFINE_MAP(ISA, TARGET, WIDE, MAP)                                                                          \
  DEFINE_WIDTH(wide_##MAP##_##ISA, TARGET, WIDE, MAP)                                                               \
  DEFINE_WIDTH(one_##MAP##_##ISA, TARGET, 1, MAP)                                                                   \
  TARGET static void moments_##MAP##_##ISA(const binade_moments *job, const float *sums) {                          \
    size_t j = 0;                                                                                                   \
    for (; j + WIDE <= job->channels; j += WIDE) wide_##MAP##_##ISA##_moments(job, sums, j);                        \
    for (; j < job->channels; j++) one_##MAP##_##ISA##_moments(job, sums, j);                                       \
  }                                                                                                                 \
  TARGET static void fill_##MAP##_##ISA(const binade_gradient_fill *job) {                                          \
    size_t j = 0;                                                                                                   \
    for (; j + WIDE <= job->channels; j += WIDE) wide_##MAP##_##ISA##_fill(job, j);                                 \
    for (; j < job->channels; j++) one_##MAP##_##ISA##_fill(job, j);                                                \
  }                                                                                                                 \
  DEFINE_FINISH(ISA, TARGET, WIDE, MAP, plain, false, false, false, false)                                          \
  DEFINE_FINISH(ISA, TARGET, WIDE, MAP, masked, false, true, false, false)                                          \
  DEFINE_FINISH(ISA, TARGET, WIDE, MAP, rectified, false, false, false, true)                                       \
  DEFINE_FINISH(ISA, TARGET, WIDE, MAP, plain_z, false, false, true, false)                                         \
  DEFINE_FINISH(ISA, TARGET, WIDE, MAP, masked_z, false, true, true, false)                                         \
  DEFINE_FINISH(ISA, TARGET, WIDE, MAP, rectified_z, false, false, true, true)                                      \
  DEFINE_FINISH(ISA, TARGET, WIDE, MAP, plain_added, true, false, false, false)                                     \
  DEFINE_FINISH(ISA, TARGET, WIDE, MAP, masked_added, true, true, false, false)                                     \
  DEFINE_FINISH(ISA, TARGET, WIDE, MAP, rectified_added, true, false, false, true)                                  \
  DEFINE_FINISH(ISA, TARGET, WIDE, MAP, plain_z_added, true, false, true, false)                                    \
  DEFINE_FINISH(ISA, TARGET, WIDE, MAP, masked_z_added, true, true, true, false)                                    \
  DEFINE_FINISH(ISA, TARGET, WIDE, MAP, rectified_z_added, true, false, true, true)                                 \
  static void finish_##MAP##_##ISA(const binade_gradient_finish *job, const float *sums) {                          \
    static void (*const loops[2][2][3])(const binade_gradient_finish *, const float *) = {                          \
        {{finish_##MAP##_##ISA##_plain, finish_##MAP##_##ISA##_masked, finish_##MAP##_##ISA##_rectified},           \
         {finish_##MAP##_##ISA##_plain_z, finish_##MAP##_##ISA##_masked_z, finish_##MAP##_##ISA##_rectified_z}},    \
        {{finish_##MAP##_##ISA##_plain_added, finish_##MAP##_##ISA##_masked_added,                                  \
          finish_##MAP##_##ISA##_rectified_added},                                                                  \
         {finish_##MAP##_##ISA##_plain_z_added, finish_##MAP##_##ISA##_masked_z_added,                              \
          finish_##MAP##_##ISA##_rectified_z_added}}};                                                              \
    loops[job->addend != NULL][job->products != NULL][job->scales ? 2 : job->mask ? 1 : 0](job, sums);              \
  }

#define DEFINE_NORMALIZE(NAME, TARGET, LANES, OUTPUT)                                                               \
  TARGET INLINE void NAME(const binade_normalize *job, size_t j, const bool adds, const bool relu) {                \
    VECTOR(LANES);                                                                                                  \
    Vector scale, bias;                                                                                             \
    LOAD(scale, job->scales + j);                                                                                   \
    LOAD(bias, job->bias + j);                                                                                      \
    for (size_t i = 0; i < job->row_count; i++) {                                                                   \
      const size_t place = i * job->channels + j;                                                                   \
      Vector value;                                                                                                 \
      READ_bf16(value, job->z, place);                                                                              \
      value = value * scale;                                                                                        \
      value = value + bias;                                                                                         \
      if (adds) {                                                                                                   \
        Vector addend;                                                                                              \
        READ_bf16(addend, job->addend, place);                                                                      \
        value = value + addend;                                                                                     \
      }                                                                                                             \
      /* NaN compares false and stays. */                                                                           \
      if (relu) value = (Vector)((__typeof__(value < 0.0f))value & ~(value < 0.0f));                                \
      WRITE_##OUTPUT(job->output, place, value);                                                                    \
    }                                                                                                               \
  }

#define DEFINE_NORMALIZES(ISA, TARGET, WIDE, OUTPUT)                                                                \
  DEFINE_NORMALIZE(wide_normalize_##OUTPUT##_##ISA, TARGET, WIDE, OUTPUT)                                           \
  DEFINE_NORMALIZE(one_normalize_##OUTPUT##_##ISA, TARGET, 1, OUTPUT)                                               \
  TARGET INLINE void normalize_##OUTPUT##_##ISA##_loop(const binade_normalize *job, const bool adds, const bool relu) { \
    size_t j = 0;                                                                                                   \
    for (; j + WIDE <= job->channels; j += WIDE) wide_normalize_##OUTPUT##_##ISA(job, j, adds, relu);               \
    for (; j < job->channels; j++) one_normalize_##OUTPUT##_##ISA(job, j, adds, relu);                              \
  }                                                                                                                 \
  TARGET static void normalize_##OUTPUT##_##ISA(const binade_normalize *job) {                                      \
    if (job->addend)                                                                                                \
      job->applies_relu ? normalize_##OUTPUT##_##ISA##_loop(job, true, true)                                        \
                        : normalize_##OUTPUT##_##ISA##_loop(job, true, false);                                      \
    else                                                                                                            \
      job->applies_relu ? normalize_##OUTPUT##_##ISA##_loop(job, false, true)                                       \
                        : normalize_##OUTPUT##_##ISA##_loop(job, false, false);                                     \
  }

#define DEFINE(ISA, TARGET, WIDE)                                                                                   \
  DEFINE_MAP(ISA, TARGET, WIDE, f32)                                                                                \
  DEFINE_MAP(ISA, TARGET, WIDE, bf16)                                                                               \
  DEFINE_NORMALIZES(ISA, TARGET, WIDE, f32)                                                                         \
  DEFINE_NORMALIZES(ISA, TARGET, WIDE, bf16)

DEFINE(portable, , 4)

#if defined(__x86_64__)
DEFINE(avx2, __attribute__((target("avx2"))), 8)
DEFINE(avx512, __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl"))), 16)
#endif

void binade_moments_f32(const binade_moments *job, const float *sums) { CHOOSE(job->features, moments_f32, job, sums) }
void binade_moments_bf16(const binade_moments *job, const float *sums) { CHOOSE(job->features, moments_bf16, job, sums) }

void binade_gradient_finish_f32(const binade_gradient_finish *job, const float *sums) {
  CHOOSE(job->features, finish_f32, job, sums)
}
void binade_gradient_finish_bf16(const binade_gradient_finish *job, const float *sums) {
  CHOOSE(job->features, finish_bf16, job, sums)
}

void binade_gradient_fill_f32(const binade_gradient_fill *job) { CHOOSE(job->features, fill_f32, job) }
void binade_gradient_fill_bf16(const binade_gradient_fill *job) { CHOOSE(job->features, fill_bf16, job) }

void binade_normalize_line(const binade_normalize *job) { CHOOSE(job->features, normalize_f32, job) }
void binade_normalize_map(const binade_normalize *job) { CHOOSE(job->features, normalize_bf16, job) }
