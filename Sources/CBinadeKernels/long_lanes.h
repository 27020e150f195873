// The bodies of the long fixed-point kernels; the including file has included fixed_lanes.h.
#include "binade_long.h"

INLINE I i_load(const int64_t *x) {
  I value;
  memcpy(&value, x, sizeof value);
  return value;
}

INLINE void i_store(int64_t *x, I value) { memcpy(x, &value, sizeof value); }
INLINE I i_min(I x, I y) { return i_select((I)(x < y), x, y); }
INLINE I i_max(I x, I y) { return i_select((I)(x > y), x, y); }

// Adding this leaves the nearest integer of what is below 2^51 in the low bits.
#define INTEGER_AT 0x1.8p52

// lane + left * right, rounded; the product has less than 2^51 steps, exactly.
INLINE I long_sum(I lane, D left, D right, const uint32_t rule) {
  const D at = d_set(INTEGER_AT);
  if (rule == BINADE_FIXED_NEAREST_EVEN) {
    const I parity = lane & i_set(1);
    const D near = multiply_add(left, right, (D)((I)at | parity));
    return (lane - parity) + ((I)near - (I)at);
  }
  const D near = multiply_add(left, right, at);
  const D lost = multiply_add(left, right, at - near);
  const D zero = d_set(0);
  const I sum = lane + ((I)near - (I)at), down = sum + (I)(lost < zero);
  const I is_inexact = (I)(lost != zero), below_zero = (I)(down < i_set(0));
  switch (rule) {
  case BINADE_FIXED_DOWN: return down;
  case BINADE_FIXED_UP: return down - is_inexact;
  case BINADE_FIXED_TO_ODD: return down | (is_inexact & i_set(1));
  case BINADE_FIXED_TOWARD_ZERO: return down - (below_zero & is_inexact);
  case BINADE_FIXED_AWAY_FROM_ZERO: return down - (~below_zero & is_inexact);
  default: {
    const I is_tie = (I)(d_size(lost) == d_set(0.5));
    return i_select(is_tie, down - ~below_zero, sum);
  }
  }
}

// lane + left * right, rounded, within the range.
INLINE I long_added(I lane, D left, D right, const binade_long *f, const uint32_t rule, const bool wraps,
                    const bool is_short) {
  I sum;
  if (is_short) {
    sum = long_sum(lane, left, right, rule);
  } else {
    D term = left * right;
    if (wraps) {
      const D rest = term - ((term + d_set(f->turns)) - d_set(f->turns));
      const D kept = d_select((I)(d_size(term) < d_set(f->only_turns)), rest, d_set(0));
      // What is this great has no fraction: its sign decides nothing.
      term = d_select((I)(d_size(term) < d_set(0x1p62)), term, kept);
    } else {
      term = d_max(d_set(-0x1p62), d_min(d_set(0x1p62), term));
    }
    const D at = d_set(INTEGER_AT);
    const D upper = multiply_add(term, d_set(0x1p-31), at);
    const D rest = term - (upper - at) * d_set(0x1p31);
    sum = long_sum(lane + (((I)upper - (I)at) << 31), rest, d_set(1), rule);
  }
  if (!wraps) return i_max(i_set(f->least), i_min(i_set(f->greatest), sum));
  return ((sum - i_set(f->least)) & i_set(f->code_mask)) + i_set(f->least);
}

INLINE void long_accumulate(size_t depth, size_t interval, const float *a, const float *b, int64_t *lanes,
                            const binade_long *form, const uint32_t rule, const bool wraps, const bool is_short) {
  const binade_long f = *form;
  const D scale = d_set(f.scale);
  for (int first = 0; first < WIDTH; first += PASS * LANES) {
    const float *x = a, *y = b + first;
    I sum[ROWS][PASS];
    for (int i = 0; i < ROWS; i++)
      for (int j = 0; j < PASS; j++) sum[i][j] = i_load(lanes + i * WIDTH + first + j * LANES);
    if (interval == 1) {
      for (size_t p = 0; p < depth; p++, x += ROWS, y += WIDTH) {
        D right[PASS];
        for (int j = 0; j < PASS; j++) right[j] = d_widened(y + j * LANES) * scale;
#pragma clang loop unroll(full)
        for (int i = 0; i < ROWS; i++) {
          const D left = d_set(x[i]);
#pragma clang loop unroll(full)
          for (int j = 0; j < PASS; j++) sum[i][j] = long_added(sum[i][j], left, right[j], &f, rule, wraps, is_short);
        }
      }
    } else {
      for (size_t p = 0; p < depth; p += interval) {
        const size_t count = depth - p < interval ? depth - p : interval;
        D group[ROWS][PASS];
        for (int i = 0; i < ROWS; i++)
          for (int j = 0; j < PASS; j++) group[i][j] = d_set(0);
        for (size_t q = 0; q < count; q++, x += ROWS, y += WIDTH) {
          D right[PASS];
          for (int j = 0; j < PASS; j++) right[j] = d_widened(y + j * LANES);
#pragma clang loop unroll(full)
          for (int i = 0; i < ROWS; i++) {
            const D left = d_set(x[i]);
#pragma clang loop unroll(full)
            for (int j = 0; j < PASS; j++) group[i][j] = multiply_add(left, right[j], group[i][j]);
          }
        }
#pragma clang loop unroll(full)
        for (int i = 0; i < ROWS; i++)
#pragma clang loop unroll(full)
          for (int j = 0; j < PASS; j++)
            sum[i][j] = long_added(sum[i][j], group[i][j], scale, &f, rule, wraps, is_short);
      }
    }
    for (int i = 0; i < ROWS; i++)
      for (int j = 0; j < PASS; j++) i_store(lanes + i * WIDTH + first + j * LANES, sum[i][j]);
  }
}

#define LONG_NAMED_(name, isa) binade_long_##name##_##isa
#define LONG_NAMED__(name, isa) LONG_NAMED_(name, isa)
#define LONG_NAMED(name) LONG_NAMED__(name, ISA)

// Infinities and NaNs are rare, and may be slow.
__attribute__((noinline)) TARGET static void LONG_NAMED(accumulate_special)(size_t depth, size_t interval,
                                                                            const float *a, const float *b,
                                                                            int64_t *lanes, const binade_long *f) {
  for (size_t p = 0; p < depth; p += interval) {
    const size_t count = depth - p < interval ? depth - p : interval;
    double terms[ROWS * WIDTH];
    for (int i = 0; i < ROWS; i++)
      for (int j = 0; j < WIDTH; j++) {
        double sum = 0;
        for (size_t q = p; q < p + count; q++) sum += (double)a[q * ROWS + i] * (double)b[q * WIDTH + j];
        terms[i * WIDTH + j] = sum;
      }
    LONG_NAMED(add)(terms, lanes, f);
  }
}

#define LONG_RULES(w, s)                   \
  CASE(BINADE_FIXED_NEAREST_EVEN, w, s)    \
  CASE(BINADE_FIXED_NEAREST_AWAY, w, s)    \
  CASE(BINADE_FIXED_TOWARD_ZERO, w, s)     \
  CASE(BINADE_FIXED_AWAY_FROM_ZERO, w, s)  \
  CASE(BINADE_FIXED_UP, w, s)              \
  CASE(BINADE_FIXED_DOWN, w, s)            \
  CASE(BINADE_FIXED_TO_ODD, w, s)
#define LONG_CASES         \
  LONG_RULES(false, true)  \
  LONG_RULES(true, true)   \
  LONG_RULES(false, false) \
  LONG_RULES(true, false)

TARGET void LONG_NAMED(accumulate)(size_t depth, size_t interval, const float *a, const float *b, int64_t *lanes,
                                   const binade_long *f) {
  if (f->may_be_special && (has_special(depth * ROWS, a) || has_special(depth * WIDTH, b))) {
    LONG_NAMED(accumulate_special)(depth, interval, a, b, lanes, f);
    return;
  }
#define CASE(r, w, s)                                                \
  if (f->rule == (r) && f->wraps == (w) && f->is_short == (s)) {     \
    long_accumulate(depth, interval, a, b, lanes, f, r, w, s);       \
    return;                                                          \
  }
  LONG_CASES
#undef CASE
  __builtin_trap();  // LongFixedPointLanes offers no other combination.
}

TARGET void LONG_NAMED(add)(const double *terms, int64_t *lanes, const binade_long *form) {
  const binade_long f = *form;
#define CASE(r, w, s)                                                                                        \
  if (!(s) && f.rule == (r) && f.wraps == (w)) {                                                             \
    for (int i = 0; i < ROWS * WIDTH; i += LANES) {                                                          \
      const D term = d_load(terms + i);                                                                      \
      const I is_finite = (I)(d_size(term) < d_set(__builtin_inf()));                                        \
      const D number = d_select(is_finite, term, d_set(0));                                                  \
      const I sum = long_added(i_load(lanes + i), number, d_set(f.scale), &f, r, w, false);                  \
      const I extreme = i_select((I)(term > d_set(0)), i_set(f.greatest), i_set(f.least));                   \
      const I other = i_select((I)(term == term), extreme, i_set(0));                                        \
      i_store(lanes + i, i_select(is_finite, sum, other));                                                   \
    }                                                                                                        \
    return;                                                                                                  \
  }
  LONG_CASES
#undef CASE
  __builtin_trap();
}
