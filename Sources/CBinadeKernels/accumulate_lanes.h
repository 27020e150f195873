// The bodies of the rounded-accumulator kernels, written once for vectors of any width.
//
// The including file defines the vector type and its operations (V, VI, LANES, f_*, i_*, lane_odd ...), ISA and TARGET.
#include "binade_accumulate.h"

// A sum and its error must not be fused into something else.
#pragma STDC FP_CONTRACT OFF

#define ROWS BINADE_ACCUMULATE_ROWS
#define WIDTH (VECTORS * LANES)
#define INLINE static inline __attribute__((always_inline)) TARGET

INLINE V sign_of(V x) { return f_and(x, f_bits(0x80000000u)); }
INLINE V magnitude(V x) { return f_and(x, f_bits(0x7fffffffu)); }

// A float32 that lies on the same side of every value and boundary as the sum, made a value of the format.
INLINE V round_lane(V s, const binade_sum_rounding *r, const uint32_t grid, const uint32_t rule,
                    const uint32_t overflow) {
  if (grid == BINADE_GRID_FLOAT) return s;
  if (grid == BINADE_GRID_BITS) {
    const uint32_t mask = ~((1u << r->discarded_bits) - 1);
    VI bits = f_as_int(s);
    if (rule == BINADE_RULE_NEAREST_EVEN) {
      // Half a step less one, plus the last bit kept: ties go to even, and a carry into the exponent is right.
      const VI last = i_and(i_shift_right(bits, (int)r->discarded_bits), i_set(1));
      bits = i_add(i_add(bits, i_set((int32_t)((1u << (r->discarded_bits - 1)) - 1))), last);
    }
    V value = i_as_float(i_and(bits, i_set((int32_t)mask)));
    // The constant comes first: of a NaN and a number these instructions return the second.
    if (overflow == BINADE_OVERFLOW_CLAMP) value = f_max(f_set(r->least), f_min(f_set(r->greatest), value));
    return value;
  }
  if (grid == BINADE_GRID_FIXED) {
    s = f_max(f_set(r->least), f_min(f_set(r->greatest), s));
    const V magic = f_set(r->magic);
    if (rule == BINADE_RULE_NEAREST_EVEN) return f_sub(f_add(s, magic), magic);
    const V size = magnitude(s);
    const V near = f_sub(f_add(size, magic), magic);
    const V back = f_and_mask(f_greater(near, size), f_set(r->step));
    return f_or(f_sub(near, back), sign_of(s));
  }
  // Narrow: adding 1.5 * 2^23 steps of the binade makes the hardware round at that step; one multiply-add each way.
  if (overflow == BINADE_OVERFLOW_CLAMP) s = f_max(f_set(r->least), f_min(f_set(r->greatest), s));
  V binade = f_max(f_set(r->least_normal), f_and(s, f_bits(0x7f800000u)));
  if (overflow != BINADE_OVERFLOW_CLAMP) binade = f_min(f_set(r->binade_beyond), binade);
  const V scale = f_set(r->steps_to_magic);
  const V sign = sign_of(s);
  V size;
  if (rule == BINADE_RULE_NEAREST_EVEN) {
    const V lifted = f_multiply_add(binade, scale, s);
    size = f_negative_multiply_add(binade, scale, lifted);
    if (overflow == BINADE_OVERFLOW_CLAMP) return f_or(size, sign);  // the sign of a zero
    size = magnitude(size);
  } else {
    const V exact = magnitude(s);
    const V lifted = f_multiply_add(binade, scale, exact);
    const V near = f_negative_multiply_add(binade, scale, lifted);
    const V back = f_and_mask(f_greater(near, exact), f_multiply(binade, f_set(r->step_of_binade)));
    size = f_sub(near, back);
    if (overflow == BINADE_OVERFLOW_CLAMP) return f_or(size, sign);
    // Finite numbers beyond the range stop at its end; infinities do not.
    const M is_infinite = f_equal(exact, f_bits(0x7f800000u));
    size = f_select(is_infinite, f_set(r->overflow_value), f_min(f_set(r->greatest), size));
    return f_or(size, sign);
  }
  size = f_select(f_greater(size, f_set(r->greatest)), f_set(r->overflow_value), size);
  return f_or(size, sign);
}

// x + y as a float32. `full_range`: whether the sum may overflow float32.
INLINE V add_lane(V x, V y, const uint32_t lane, const bool full_range) {
  if (lane == BINADE_LANE_NEAREST) return f_add(x, y);
  return lane == BINADE_LANE_ODD ? add_odd(x, y, full_range) : add_zero(x, y, full_range);
}

// a * b + c as a float32.
INLINE V multiply_add_lane(V a, V b, V c, const uint32_t lane, const bool full_range) {
  if (lane == BINADE_LANE_NEAREST) return f_multiply_add(a, b, c);
  return lane == BINADE_LANE_ODD ? multiply_add_odd(a, b, c, full_range)
                                 : multiply_add_zero(a, b, c, full_range);
}

// What leaves: one NaN, or what it becomes in formats without it; +0 in formats without -0.
INLINE V finished(V value, const binade_sum_rounding *r) {
  if (!r->keeps_negative_zero) value = f_add(value, f_set(0));
  return f_select(f_unordered(value), f_bits(r->nan_bits), value);
}

INLINE void accumulate(size_t depth, size_t interval, const float *a, const float *b, float *c, size_t row_stride,
                       bool accumulates, const binade_sum_rounding *rounding, const uint32_t lane,
                       const uint32_t grid, const uint32_t rule, const uint32_t overflow) {
  const binade_sum_rounding r = *rounding;
  // To nearest, a sum beyond float32 is beyond the format too, and an infinity says so.
  const bool full_range =
      (grid == BINADE_GRID_BITS || grid == BINADE_GRID_FLOAT) && rule == BINADE_RULE_TOWARD_ZERO;
  V sum[ROWS][VECTORS];
  for (int i = 0; i < ROWS; i++)
    for (int j = 0; j < VECTORS; j++)
      sum[i][j] = accumulates ? f_load(c + i * row_stride + j * LANES) : f_set(0);
  if (interval == 1) {
    for (size_t p = 0; p < depth; p++, a += ROWS, b += WIDTH) {
      V right[VECTORS];
      for (int j = 0; j < VECTORS; j++) right[j] = f_load(b + j * LANES);
#pragma clang loop unroll(full)
      for (int i = 0; i < ROWS; i++) {
        const V left = f_set(a[i]);
#pragma clang loop unroll(full)
        for (int j = 0; j < VECTORS; j++)
          sum[i][j] = round_lane(multiply_add_lane(left, right[j], sum[i][j], lane, full_range), &r, grid, rule,
                                 overflow);
      }
    }
  } else {
    for (size_t p = 0; p < depth; p += interval) {
      const size_t count = depth - p < interval ? depth - p : interval;
      V group[ROWS][VECTORS];
#pragma clang loop unroll(full)
      for (int i = 0; i < ROWS; i++)
#pragma clang loop unroll(full)
        for (int j = 0; j < VECTORS; j++) group[i][j] = f_multiply(f_set(a[i]), f_load(b + j * LANES));
      a += ROWS, b += WIDTH;
      for (size_t step = 1; step < count; step++, a += ROWS, b += WIDTH) {
        V right[VECTORS];
        for (int j = 0; j < VECTORS; j++) right[j] = f_load(b + j * LANES);
#pragma clang loop unroll(full)
        for (int i = 0; i < ROWS; i++) {
          const V left = f_set(a[i]);
#pragma clang loop unroll(full)
          for (int j = 0; j < VECTORS; j++) group[i][j] = f_multiply_add(left, right[j], group[i][j]);
        }
      }
#pragma clang loop unroll(full)
      for (int i = 0; i < ROWS; i++)
#pragma clang loop unroll(full)
        for (int j = 0; j < VECTORS; j++)
          sum[i][j] = round_lane(add_lane(sum[i][j], group[i][j], lane, full_range), &r, grid, rule, overflow);
    }
  }
  for (int i = 0; i < ROWS; i++)
    for (int j = 0; j < VECTORS; j++) f_store(c + i * row_stride + j * LANES, finished(sum[i][j], &r));
}

// One compiled loop per combination: nothing is decided inside.
#define CASE(l, g, u, o)                                                                                   \
  if (r->lane == (l) && r->grid == (g) && r->rule == (u) && r->overflow == (o)) {                           \
    accumulate(depth, interval, a, b, c, row_stride, accumulates, r, l, g, u, o);                           \
    return;                                                                                                 \
  }
#define CASES_OF_LANE(l, u)                                         \
  CASE(l, BINADE_GRID_BITS, u, BINADE_OVERFLOW_CARRY)               \
  CASE(l, BINADE_GRID_BITS, u, BINADE_OVERFLOW_CLAMP)               \
  CASE(l, BINADE_GRID_NARROW, u, BINADE_OVERFLOW_REPLACE)           \
  CASE(l, BINADE_GRID_NARROW, u, BINADE_OVERFLOW_CLAMP)             \
  CASE(l, BINADE_GRID_FIXED, u, BINADE_OVERFLOW_CLAMP)

#define NAMED_(name, isa) binade_##name##_##isa
#define NAMED__(name, isa) NAMED_(name, isa)
#define NAMED(name) NAMED__(name, ISA)

TARGET void NAMED(accumulate)(size_t depth, size_t interval, const float *a, const float *b, float *c,
                              size_t row_stride, bool accumulates, const binade_sum_rounding *r) {
  CASES_OF_LANE(BINADE_LANE_NEAREST, BINADE_RULE_NEAREST_EVEN)
  CASES_OF_LANE(BINADE_LANE_ODD, BINADE_RULE_NEAREST_EVEN)
  CASES_OF_LANE(BINADE_LANE_ZERO, BINADE_RULE_TOWARD_ZERO)
  CASE(BINADE_LANE_NEAREST, BINADE_GRID_FLOAT, BINADE_RULE_NEAREST_EVEN, BINADE_OVERFLOW_CARRY)
  CASE(BINADE_LANE_ZERO, BINADE_GRID_FLOAT, BINADE_RULE_TOWARD_ZERO, BINADE_OVERFLOW_CARRY)
  __builtin_trap();  // AccumulatorPlan offers no other combination.
}

TARGET void NAMED(round_sums)(size_t count, const float *x, float *out, const binade_sum_rounding *r) {
  const binade_sum_rounding k = *r;
#define ROUND_CASE(g, u, o)                                                                                       \
  if (k.grid == (g) && k.rule == (u) && k.overflow == (o)) {                                                      \
    for (size_t i = 0; i < count; i += LANES)                                                                     \
      f_store(out + i, finished(round_lane(f_load(x + i), &k, g, u, o), &k));                                     \
    return;                                                                                                       \
  }
#define ROUND_CASES(u)                                              \
  ROUND_CASE(BINADE_GRID_BITS, u, BINADE_OVERFLOW_CARRY)            \
  ROUND_CASE(BINADE_GRID_BITS, u, BINADE_OVERFLOW_CLAMP)            \
  ROUND_CASE(BINADE_GRID_NARROW, u, BINADE_OVERFLOW_REPLACE)        \
  ROUND_CASE(BINADE_GRID_NARROW, u, BINADE_OVERFLOW_CLAMP)          \
  ROUND_CASE(BINADE_GRID_FIXED, u, BINADE_OVERFLOW_CLAMP)
  ROUND_CASES(BINADE_RULE_NEAREST_EVEN)
  ROUND_CASES(BINADE_RULE_TOWARD_ZERO)
  ROUND_CASE(BINADE_GRID_FLOAT, BINADE_RULE_NEAREST_EVEN, BINADE_OVERFLOW_CARRY)
  ROUND_CASE(BINADE_GRID_FLOAT, BINADE_RULE_TOWARD_ZERO, BINADE_OVERFLOW_CARRY)
  __builtin_trap();
}

TARGET void NAMED(add_odd)(size_t count, const float *x, const float *y, float *out) {
  for (size_t i = 0; i < count; i += LANES) f_store(out + i, add_odd(f_load(x + i), f_load(y + i), true));
}

TARGET void NAMED(products)(size_t count, const float *a, const float *b, float *out) {
  for (int i = 0; i < ROWS; i++)
    for (int j = 0; j < VECTORS; j++) {
      V sum = f_multiply(f_set(a[i]), f_load(b + j * LANES));
      for (size_t p = 1; p < count; p++)
        sum = f_multiply_add(f_set(a[p * ROWS + i]), f_load(b + p * WIDTH + j * LANES), sum);
      f_store(out + i * WIDTH + j * LANES, sum);
    }
}

// The sum of an accumulator and a group in float64 is rounded to odd, so that rounding it again, to odd or to the nearest
// of 24 bits, is rounding once. Below 2^-126 float32 holds every multiple of 2^-149.
TARGET void NAMED(add_wide)(size_t count, const float *a, const float *b, const float *c, float *out,
                            bool to_odd) {
  for (int j = 0; j < VECTORS; j++) {
    W low[ROWS], high[ROWS];
    for (int i = 0; i < ROWS; i++) low[i] = high[i] = w_set(-0.0);
    for (size_t p = 0; p < count; p++) {
      const V right = f_load(b + p * WIDTH + j * LANES);
      const W right_low = w_low(right), right_high = w_high(right);
#pragma clang loop unroll(full)
      for (int i = 0; i < ROWS; i++) {
        const W left = w_set(a[p * ROWS + i]);
        low[i] = w_multiply_add(left, right_low, low[i]);
        high[i] = w_multiply_add(left, right_high, high[i]);
      }
    }
    for (int i = 0; i < ROWS; i++) {
      const V total = f_load(c + i * WIDTH + j * LANES);
      const W sum_low = w_add_odd(w_low(total), low[i]), sum_high = w_add_odd(w_high(total), high[i]);
      f_store(out + i * WIDTH + j * LANES, to_odd ? w_narrow_odd(sum_low, sum_high) : w_narrow(sum_low, sum_high));
    }
  }
}

TARGET void NAMED(accumulate_int)(size_t depth, size_t interval, const float *a, const float *b, float *c,
                                  size_t row_stride, float scale, float step, bool wraps, bool is_signed,
                                  int32_t bits, int32_t least, int32_t greatest) {
  VI sum[ROWS][VECTORS];
  for (int i = 0; i < ROWS; i++)
    for (int j = 0; j < VECTORS; j++) sum[i][j] = i_set(0);
  for (size_t p = 0; p < depth; p += interval) {
    const size_t count = depth - p < interval ? depth - p : interval;
    for (size_t q = 0; q < count; q++, a += ROWS, b += WIDTH) {
      V right[VECTORS];
      for (int j = 0; j < VECTORS; j++) right[j] = f_load(b + j * LANES);
#pragma clang loop unroll(full)
      for (int i = 0; i < ROWS; i++) {
        const V left = f_multiply(f_set(a[i]), f_set(scale));
#pragma clang loop unroll(full)
        for (int j = 0; j < VECTORS; j++)
          sum[i][j] = i_add(sum[i][j], f_to_int(f_multiply(left, right[j])));
      }
    }
    if (!wraps)
      for (int i = 0; i < ROWS; i++)
        for (int j = 0; j < VECTORS; j++)
          sum[i][j] = i_max(i_set(least), i_min(i_set(greatest), sum[i][j]));
  }
  for (int i = 0; i < ROWS; i++)
    for (int j = 0; j < VECTORS; j++) {
      VI value = sum[i][j];
      if (wraps) {
        // Reduction commutes with addition, so that once, at the end, is enough.
        value = i_shift_left(value, 32 - bits);
        value = is_signed ? i_shift_right_signed(value, 32 - bits) : i_shift_right(value, 32 - bits);
      }
      f_store(c + i * row_stride + j * LANES, f_multiply(i_to_float(value), f_set(step)));
    }
}

// The power of two of an operand's binade; 0 for zero, infinity for NaN and infinity.
INLINE V binade_of(V x, V least) {
  return f_andnot_mask(f_equal(x, f_set(0)), f_max(least, f_and(x, f_bits(0x7f800000u))));
}

TARGET void NAMED(align)(size_t count, const float *a, const float *b, const float *c, float *out,
                         const binade_alignment *alignment) {
  const V exponents = f_bits(0x7f800000u);
  const V least_a = f_set(alignment->least_a), least_b = f_set(alignment->least_b);
  const VI bias = i_set((254 + alignment->fraction_bits) << 23);
  for (int i = 0; i < ROWS; i++) {
    V greatest[VECTORS], plain[VECTORS];
    for (int j = 0; j < VECTORS; j++) {
      plain[j] = f_load(c + i * WIDTH + j * LANES);
      greatest[j] = magnitude(plain[j]);
    }
    // The greatest exponent: of numbers without significand bits, the greatest number has it.
    for (size_t p = 0; p < count; p++) {
      const V left = f_set(a[p * ROWS + i]);
      const V left_binade = binade_of(left, least_a);
      for (int j = 0; j < VECTORS; j++) {
        const V right = f_load(b + p * WIDTH + j * LANES);
        const V size = alignment->adds_operand_exponents ? f_multiply(left_binade, binade_of(right, least_b))
                                                         : magnitude(f_multiply(left, right));
        greatest[j] = f_max(size, greatest[j]);
        plain[j] = f_multiply_add(left, right, plain[j]);
      }
    }
    for (int j = 0; j < VECTORS; j++) {
      const V top = f_and(greatest[j], exponents);
      const V scale = i_as_float(i_sub(bias, f_as_int(top)));  // 2^(fraction_bits - exponent)
      const V term = f_load(c + i * WIDTH + j * LANES);
      VI sum = f_to_int_zero(f_multiply(term, scale));
      for (size_t p = 0; p < count; p++) {
        const V product = f_multiply(f_set(a[p * ROWS + i]), f_load(b + p * WIDTH + j * LANES));
        sum = i_add(sum, f_to_int_zero(f_multiply(product, scale)));
      }
      V value = int_lane(sum, alignment->lane);
      value = f_multiply(value, f_multiply(top, f_bits((uint32_t)(127 - alignment->fraction_bits) << 23)));
      value = f_andnot_mask(f_equal(top, f_set(0)), value);  // nothing but zeros
      // Sums of finite products stay finite: a plain sum that is not tells what infinities and NaNs make.
      const M is_special = f_not_less(magnitude(plain[j]), exponents);
      f_store(out + i * WIDTH + j * LANES, f_select(is_special, plain[j], value));
    }
  }
}
