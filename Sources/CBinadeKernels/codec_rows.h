// The closed-form codec rows, compiled once per instruction set: the including file defines ROW(name) and TARGET.
// Plain loops over plain functions; the compiler makes vectors of them.
#include "codec_scaling.h"

#define INFINITY_BITS 0x7F800000u
#define HIDDEN_BIT 0x00800000u
#define SIGN_BIT 0x80000000u

// Numbers below 2^31 are compared as signed ones: SSE2 has no other comparison.
INLINE int exceeds(uint32_t a, uint32_t b) { return (int32_t)a > (int32_t)b; }
INLINE uint32_t greater(uint32_t a, uint32_t b) { return exceeds(a, b) ? a : b; }
INLINE uint32_t lesser(uint32_t a, uint32_t b) { return exceeds(b, a) ? a : b; }
/// The first for positive numbers, the second where `negative` is all ones.
INLINE uint32_t of_sign(const uint32_t pair[2], uint32_t negative) {
  return pair[0] ^ (negative & (pair[0] ^ pair[1]));
}

/// The magnitude index of Float32 magnitude bits, overflow not looked at.
INLINE uint32_t index_of(uint32_t magnitude, uint32_t negative, const binade_closed_form *f, uint32_t rule) {
  const uint32_t exponent = greater(magnitude >> 23, 1);
  const uint32_t significand = magnitude - ((exponent - 1) << 23);
  const uint32_t unit = greater(exponent, f->least_exponent);
  // All 24 bits are below half of the last place from 26 on.
  const uint32_t discarded = lesser(23 - f->significand_bits + (unit - exponent), 26);
  const uint32_t binades = (unit - f->least_exponent) << f->significand_bits;
  if (rule == BINADE_ROUND_TOWARD_ZERO) return binades + (significand >> discarded);
  const uint32_t rest = (1u << discarded) - 1;
  const uint32_t even = (((binades + (significand >> discarded)) ^ f->parity) & 1) - 1;
  uint32_t carry;
  if (rule == BINADE_ROUND_NEAREST_EVEN) {
    carry = (rest >> 1) + 1 + even;
  } else {
    const binade_rounding r = f->rounding;
    const uint32_t all = r.all ^ (negative & r.flip_negative) ^ (even & r.flip_even);
    carry = (((rest >> 1) + 1) & r.half) + (even & r.less_when_even) + (rest & all);
  }
  return binades + ((significand + carry) >> discarded);
}

/// The binade that a finite magnitude's last place is counted in.
INLINE uint32_t unit_of(uint32_t magnitude, const binade_closed_form *f) {
  return greater(magnitude & INFINITY_BITS, f->least_exponent << 23);
}

/// What to add to a magnitude of this unit: 2^(23 - M) times the unit leaves the last place of the format in the last
/// place of the sum, and the hardware rounds to nearest even.
INLINE float addend_of(uint32_t unit, const binade_closed_form *f) {
  return float_of(unit + ((23 - f->significand_bits) << 23));
}

/// The magnitude index to nearest even, by addition.
INLINE uint32_t added_index_of(uint32_t magnitude, const binade_closed_form *f) {
  const uint32_t unit = unit_of(magnitude, f);
  const float addend = addend_of(unit, f);
  const uint32_t steps = bits_of(float_of(magnitude) + addend) - bits_of(addend);
  return steps + ((unit - (f->least_exponent << 23)) >> (23 - f->significand_bits));
}

/// The magnitude to nearest even, by addition.
INLINE float added_value_of(uint32_t magnitude, const binade_closed_form *f) {
  const float addend = addend_of(unit_of(magnitude, f), f);
  return (float_of(magnitude) + addend) - addend;
}

INLINE uint32_t code_of_index(uint32_t k, uint32_t negative, const binade_closed_form *f) {
  const uint32_t flip = negative & f->flip_negative;
  const uint32_t code = ((k ^ flip) - flip + of_sign(f->base, negative)) & f->code_mask;
  return k == 0 ? (negative ? f->negative_zero : f->base[0]) : code;
}

INLINE uint32_t code_of(float x, const binade_closed_form *f, uint32_t rule) {
  const uint32_t magnitude = bits_of(x) & ~SIGN_BIT;
  const uint32_t negative = (uint32_t)((int32_t)bits_of(x) >> 31);
  const uint32_t k = rule == BINADE_ROUND_BY_ADDITION ? added_index_of(lesser(magnitude, f->addition_cap), f)
                                                      : index_of(magnitude, negative, f, rule);
  uint32_t code = code_of_index(k, negative, f);
  code = exceeds(k, of_sign(f->greatest, negative)) ? of_sign(f->beyond, negative) : code;
  code = magnitude == INFINITY_BITS ? of_sign(f->infinity, negative) : code;
  return exceeds(magnitude, INFINITY_BITS) ? of_sign(f->nan, negative) : code;
}

INLINE uint32_t plain_code_of(float x, const binade_closed_form *f) {
  const uint32_t negative = (uint32_t)((int32_t)bits_of(x) >> 31);
  return code_of_index(added_index_of(bits_of(x) & ~SIGN_BIT, f), negative, f);
}

/// The value of a magnitude index, exact.
INLINE float value_of_index(uint32_t k, const binade_closed_form *f) {
  const uint32_t least = f->least_exponent << 23;
  const uint32_t fields = k << (23 - f->significand_bits);
  // A subnormal is a significand above the least normal number, less that number.
  const float subnormal = float_of(fields | least) - float_of(least);
  return (k >> f->significand_bits) == 0 ? subnormal : float_of(fields + least - HIDDEN_BIT);
}

/// The value past the extremes, of infinity and of NaN where the number is one of those, else the value given.
INLINE float with_specials(float value, int is_beyond, uint32_t magnitude, uint32_t negative,
                           const binade_closed_form *f) {
  uint32_t bits = is_beyond ? of_sign(f->beyond_value, negative) : bits_of(value);
  bits = magnitude == INFINITY_BITS ? of_sign(f->infinity_value, negative) : bits;
  return float_of(exceeds(magnitude, INFINITY_BITS) ? of_sign(f->nan_value, negative) : bits);
}

INLINE float rounded(float x, const binade_closed_form *f, uint32_t rule) {
  const uint32_t magnitude = bits_of(x) & ~SIGN_BIT;
  const uint32_t negative = (uint32_t)((int32_t)bits_of(x) >> 31);
  const uint32_t k = index_of(magnitude, negative, f, rule);
  const uint32_t keeps_sign = k != 0 || f->negative_zero != f->base[0] ? SIGN_BIT : 0;
  const float value = float_of(bits_of(value_of_index(k, f)) | (bits_of(x) & keeps_sign));
  return with_specials(value, exceeds(k, of_sign(f->greatest, negative)), magnitude, negative, f);
}

/// `zero`: +0 where the format has no -0, so that -0 + 0 is 0; otherwise -0, which changes nothing.
INLINE float plain_rounded(float x, const binade_closed_form *f, float zero) {
  const float value = added_value_of(bits_of(x) & ~SIGN_BIT, f);
  return float_of(bits_of(value) | (bits_of(x) & SIGN_BIT)) + zero;
}

INLINE float capped_rounded(float x, const binade_closed_form *f, float zero) {
  const uint32_t magnitude = bits_of(x) & ~SIGN_BIT;
  const uint32_t negative = (uint32_t)((int32_t)bits_of(x) >> 31);
  const uint32_t value = bits_of(added_value_of(lesser(magnitude, f->addition_cap), f));
  const float number = float_of(value | (bits_of(x) & SIGN_BIT)) + zero;
  return with_specials(number, exceeds(value, of_sign(f->greatest_value, negative)), magnitude, negative, f);
}

INLINE float decoded(uint32_t code, const binade_closed_form *f) {
  // Two's complement: the distance from the code of zero, its sign extended.
  const uint32_t top = f->code_mask ^ (f->code_mask >> 1);
  const uint32_t distance = (((code - f->base[0]) & f->code_mask) ^ top) - top;
  const uint32_t is_below = f->sign_bit ? code & f->sign_bit : distance & SIGN_BIT;
  const uint32_t negative = is_below ? UINT32_MAX : 0;
  const uint32_t k = f->sign_bit || !f->flip_negative ? code & ~f->sign_bit : (distance ^ negative) - negative;
  float value = float_of(bits_of(value_of_index(k, f)) | (negative & SIGN_BIT));
  value = k > of_sign(f->decodable, negative) || code == f->nan_code ? float_of(0x7FC00000) : value;
  value = code == f->infinity_code[0] ? float_of(INFINITY_BITS) : value;
  return code == f->infinity_code[1] ? float_of(INFINITY_BITS | SIGN_BIT) : value;
}

/// Whether all numbers are below the plain limit.
TARGET static int are_plain(const float *x, size_t count, const binade_closed_form *form) {
  if (form->plain_limit == 0) return 0;
  const uint32_t greatest = form->plain_limit - 1;
  const uint32_t refused = form->plain_refused;
  // The sign bit of a difference of magnitudes tells which is greater.
  uint32_t signs = 0;
  ELEMENTWISE for (size_t i = 0; i < count; i++) {
    signs |= (greatest - (bits_of(x[i]) & ~SIGN_BIT)) | (bits_of(x[i]) & refused);
  }
  return signs >> 31 == 0;
}

#define ENCODE_CHUNK(NAME, CODE)                                                                               \
  TARGET static void NAME(const float *x, size_t count, const binade_closed_form *form, CODE *codes) {         \
    const binade_closed_form f = *form;                                                                        \
    if (are_plain(x, count, form)) {                                                                           \
      ELEMENTWISE for (size_t i = 0; i < count; i++) codes[i] = (CODE)plain_code_of(x[i], &f);                 \
    } else if (f.rule == BINADE_ROUND_BY_ADDITION) {                                                           \
      ELEMENTWISE for (size_t i = 0; i < count; i++)                                                           \
        codes[i] = (CODE)code_of(x[i], &f, BINADE_ROUND_BY_ADDITION);                                          \
    } else if (f.rule == BINADE_ROUND_NEAREST_EVEN) {                                                          \
      ELEMENTWISE for (size_t i = 0; i < count; i++)                                                           \
        codes[i] = (CODE)code_of(x[i], &f, BINADE_ROUND_NEAREST_EVEN);                                         \
    } else if (f.rule == BINADE_ROUND_TOWARD_ZERO) {                                                           \
      ELEMENTWISE for (size_t i = 0; i < count; i++)                                                           \
        codes[i] = (CODE)code_of(x[i], &f, BINADE_ROUND_TOWARD_ZERO);                                          \
    } else {                                                                                                   \
      ELEMENTWISE for (size_t i = 0; i < count; i++) codes[i] = (CODE)code_of(x[i], &f, BINADE_ROUND_OTHER);   \
    }                                                                                                          \
  }

ENCODE_CHUNK(encode_chunk_8, uint8_t)
ENCODE_CHUNK(encode_chunk_16, uint16_t)
ENCODE_CHUNK(encode_chunk_32, uint32_t)

TARGET void ROW(binade_encode)(const float *input, size_t count, const binade_closed_form *form,
                               binade_scaling scaling, uint32_t bytes_per_code, void *codes) {
  float quotients[CHUNK];
  for (size_t start = 0; start < count; start += CHUNK) {
    const size_t length = count - start < CHUNK ? count - start : CHUNK;
    const float *x = divided(input + start, length, scaling, quotients);
    switch (bytes_per_code) {
    case 1: encode_chunk_8(x, length, form, (uint8_t *)codes + start); break;
    case 2: encode_chunk_16(x, length, form, (uint16_t *)codes + start); break;
    default: encode_chunk_32(x, length, form, (uint32_t *)codes + start); break;
    }
    scaling = advanced(scaling, length);
  }
}

TARGET static void round_chunk(const float *x, size_t count, const binade_closed_form *form, float *output) {
  const binade_closed_form f = *form;
  const float zero = f.negative_zero != f.base[0] ? -0.0f : 0.0f;
  if (are_plain(x, count, form)) {
    ELEMENTWISE for (size_t i = 0; i < count; i++) output[i] = plain_rounded(x[i], &f, zero);
  } else if (f.rule == BINADE_ROUND_BY_ADDITION) {
    ELEMENTWISE for (size_t i = 0; i < count; i++) output[i] = capped_rounded(x[i], &f, zero);
  } else if (f.rule == BINADE_ROUND_NEAREST_EVEN) {
    ELEMENTWISE for (size_t i = 0; i < count; i++) output[i] = rounded(x[i], &f, BINADE_ROUND_NEAREST_EVEN);
  } else if (f.rule == BINADE_ROUND_TOWARD_ZERO) {
    ELEMENTWISE for (size_t i = 0; i < count; i++) output[i] = rounded(x[i], &f, BINADE_ROUND_TOWARD_ZERO);
  } else {
    ELEMENTWISE for (size_t i = 0; i < count; i++) output[i] = rounded(x[i], &f, BINADE_ROUND_OTHER);
  }
}

TARGET void ROW(binade_round)(const float *input, size_t count, const binade_closed_form *form,
                              binade_scaling scaling, float *output) {
  float quotients[CHUNK];
  for (size_t start = 0; start < count; start += CHUNK) {
    const size_t length = count - start < CHUNK ? count - start : CHUNK;
    const float *x = divided(input + start, length, scaling, quotients);
    float *values = output + start;
    round_chunk(x, length, form, values);
    multiply(values, length, scaling);
    scaling = advanced(scaling, length);
  }
}

#define DECODE(CODE)                                                                                           \
  {                                                                                                            \
    const CODE *typed = (const CODE *)codes + start;                                                           \
    ELEMENTWISE for (size_t i = 0; i < length; i++) values[i] = decoded(typed[i], &f);                         \
    break;                                                                                                     \
  }

TARGET void ROW(binade_decode)(const void *codes, uint32_t bytes_per_code, size_t count,
                               const binade_closed_form *form, binade_scaling scaling, float *output) {
  const binade_closed_form f = *form;
  for (size_t start = 0; start < count; start += CHUNK) {
    const size_t length = count - start < CHUNK ? count - start : CHUNK;
    float *values = output + start;
    switch (bytes_per_code) {
    case 1: DECODE(uint8_t)
    case 2: DECODE(uint16_t)
    default: DECODE(uint32_t)
    }
    multiply(values, length, scaling);
    scaling = advanced(scaling, length);
  }
}
