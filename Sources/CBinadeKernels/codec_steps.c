// Formats without a closed form: one table lookup and one comparison for each element. Scalar loads beat gathers on
// the processors measured.
#define TARGET
#include "codec_scaling.h"

INLINE uint32_t key_of(float x) {
  return bits_of(x) ^ ((uint32_t)((int32_t)bits_of(x) >> 31) | 0x80000000u);
}

static __attribute__((noinline)) uint32_t searched(uint32_t key, const binade_step_table *t) {
  uint32_t low = 0;
  uint32_t count = t->step_count;
  while (count > 1) {
    const uint32_t half = count / 2;
    if (t->starts[low + half] <= key) low += half;
    count -= half;
  }
  return t->codes[low];
}

/// The code is loaded by the outcome of the comparison: compilers make a branch of a choice, and half of these would be
/// mispredicted.
INLINE uint32_t code_in_bucket(float x, const binade_step_table *t) {
  const binade_bucket *bucket = t->buckets + (bits_of(x) >> t->shift);
  return bucket->codes[bits_of(x) >= bucket->threshold];
}

INLINE uint32_t code_in_bucket_or_searched(float x, const binade_step_table *t) {
  const uint32_t code = code_in_bucket(x, t);
  return __builtin_expect(code == 0xFFFF, 0) ? searched(key_of(x), t) : code;
}

INLINE uint32_t code_on_line(float x, const binade_step_table *t) {
  const uint32_t key = key_of(x);
  const int64_t *line = t->lines + 2 * (key >> t->shift);
  if (__builtin_expect(line[1] < 0, 0)) return searched(key, t);
  const int64_t place = line[0] + (int64_t)(key & ((1u << t->shift) - 1)) * line[1];
  const uint32_t guess = (uint32_t)(place >> 31);
  return t->codes[guess + (key >= t->starts[guess + 1])];
}

// The table is copied: stores of bytes could otherwise change its fields, for all the compiler knows.
#define STEPS(FINISH, RESULT)                                                                             \
  const binade_step_table t = *table;                                                                          \
  float quotients[CHUNK];                                                                                      \
  for (size_t start = 0; start < count; start += CHUNK) {                                                      \
    const size_t length = count - start < CHUNK ? count - start : CHUNK;                                       \
    const float *x = divided(input + start, length, scaling, quotients);                                       \
    if (t.buckets && t.search_count == 0) {                                                                    \
      for (size_t i = 0; i < length; i++) RESULT(code_in_bucket(x[i], &t));                                    \
    } else if (t.buckets) {                                                                                    \
      for (size_t i = 0; i < length; i++) RESULT(code_in_bucket_or_searched(x[i], &t));                        \
    } else {                                                                                                   \
      for (size_t i = 0; i < length; i++) RESULT(code_on_line(x[i], &t));                                      \
    }                                                                                                          \
    FINISH                                                                                                \
    scaling = advanced(scaling, length);                                                                       \
  }

#define STORE_CODE(CODE) codes[start + i] = CODE
#define STORE_VALUE(CODE) output[start + i] = values[CODE]

// On a cache line of their own: these loops are so short that where a linker puts them decides a fifth of their speed.
#define AT_CACHE_LINE __attribute__((aligned(64)))

AT_CACHE_LINE
void binade_encode_steps_8(const float *input, size_t count, const binade_step_table *table, binade_scaling scaling,
                           uint8_t *codes) {
  STEPS(, STORE_CODE)
}

AT_CACHE_LINE
void binade_encode_steps_16(const float *input, size_t count, const binade_step_table *table,
                            binade_scaling scaling, uint16_t *codes) {
  STEPS(, STORE_CODE)
}

AT_CACHE_LINE
void binade_round_steps(const float *input, size_t count, const binade_step_table *table, binade_scaling scaling,
                        const float *values, float *output) {
  STEPS(multiply(output + start, length, scaling);, STORE_VALUE)
}

void binade_scale_values(float *values, size_t count, binade_scaling scaling) {
  for (size_t start = 0; start < count; start += CHUNK) {
    const size_t length = count - start < CHUNK ? count - start : CHUNK;
    multiply(values + start, length, scaling);
    scaling = advanced(scaling, length);
  }
}

void binade_divide(const float *input, size_t count, binade_scaling scaling, float *quotients) {
  for (size_t start = 0; start < count; start += CHUNK) {
    const size_t length = count - start < CHUNK ? count - start : CHUNK;
    const float *x = divided(input + start, length, scaling, quotients + start);
    if (x != quotients + start) memcpy(quotients + start, x, length * sizeof *x);
    scaling = advanced(scaling, length);
  }
}
