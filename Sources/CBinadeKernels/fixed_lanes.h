// The bodies of the fixed-point kernels, written once for vectors of any width.
//
// The including file defines ISA, TARGET, LANES (float64 lanes of a vector), PASS (vectors per row that are summed at
// once) and WIDTH (columns of a tile).
#include <string.h>

#include "binade_fixed.h"

// Whether a product and a sum are fused makes no difference: the product is exact. Other sums must stay as they are.
#pragma STDC FP_CONTRACT OFF

#define ROWS BINADE_FIXED_ROWS
#define INLINE static inline __attribute__((always_inline)) TARGET

typedef double D __attribute__((vector_size(8 * LANES)));
typedef int64_t I __attribute__((vector_size(8 * LANES)));
typedef float F __attribute__((vector_size(4 * LANES)));

INLINE D d_load(const double *x) {
  D value;
  memcpy(&value, x, sizeof value);
  return value;
}

INLINE void d_store(double *x, D value) { memcpy(x, &value, sizeof value); }

INLINE D d_widened(const float *x) {
  F value;
  memcpy(&value, x, sizeof value);
  return __builtin_convertvector(value, D);
}

INLINE D d_set(double x) { return x - (D){0}; }
INLINE I i_set(int64_t x) { return x - (I){0}; }
INLINE D d_select(I mask, D yes, D no) { return (D)((mask & (I)yes) | (~mask & (I)no)); }
INLINE I i_select(I mask, I yes, I no) { return (mask & yes) | (~mask & no); }
INLINE D d_size(D x) { return (D)((I)x & i_set(INT64_MAX)); }
INLINE D d_min(D x, D y) { return d_select((I)(x < y), x, y); }
INLINE D d_max(D x, D y) { return d_select((I)(x > y), x, y); }

INLINE D multiply_add(D x, D y, D z) {
#pragma STDC FP_CONTRACT ON
  return x * y + z;
}

// A sum on the grid. `near`: to nearest; `lost`: what that left out, exactly; `below_zero`: whether the sum is, all ones
// where true, for the rules that ask.
INLINE D on_grid(D near, D lost, I below_zero, const binade_fixed *f, const uint32_t rule) {
  if (rule == BINADE_FIXED_NEAREST_EVEN) return near;
  const D zero = d_set(0);
  // Of positive numbers in one binade the neighbours are the neighbouring integers.
  const I down = (I)near + (I)(lost < zero);
  if (rule == BINADE_FIXED_DOWN) return (D)down;
  if (rule == BINADE_FIXED_UP) return (D)((I)near - (I)(lost > zero));
  const I is_inexact = (I)(lost != zero);
  if (rule == BINADE_FIXED_TO_ODD) return (D)(down | (is_inexact & i_set(1)));
  if (rule == BINADE_FIXED_TOWARD_ZERO) return (D)(down - (below_zero & is_inexact));
  if (rule == BINADE_FIXED_AWAY_FROM_ZERO) return (D)(down - (~below_zero & is_inexact));
  // A tie on the side away from zero moves there; half a step twice is the step.
  const D half = (D)((I)d_set(f->half_step) | (below_zero & i_set(INT64_MIN)));
  return near + (D)((I)(lost == half) & (I)(half + half));
}

// Whether a sum is below zero, of terms without whole turns.
INLINE I is_below_zero(D near, D lost, const binade_fixed *f, const uint32_t rule) {
  if (rule == BINADE_FIXED_NEAREST_AWAY) return (I)((near - d_set(f->zero)) + lost < d_set(0));
  return (I)((D)((I)near + (I)(lost < d_set(0))) < d_set(f->zero));
}

// A rounded sum within the accumulator's range.
INLINE D in_range(D value, const binade_fixed *f, const uint32_t overflow) {
  if (overflow == BINADE_FIXED_SATURATE) return d_max(d_set(f->least), d_min(d_set(f->greatest), value));
  const I least = (I)d_set(f->least);
  return (D)((((I)value - least) & i_set(f->code_mask)) + least);
}

INLINE D without_turns(D term, const binade_fixed *f) {
  const D turns = d_set(f->turns);
  const D rest = term - ((term + turns) - turns);
  return d_select((I)(d_size(term) < d_set(f->only_turns)), rest, d_set(0));
}

// lane + term. The term is finite unless `is_special`.
INLINE D added(D lane, D term, const binade_fixed *f, const uint32_t rule, const uint32_t overflow,
               const bool is_special) {
  const D rest = overflow == BINADE_FIXED_WRAP_WIDE ? without_turns(term, f) : term;
  const D near = lane + rest, lost = rest - (near - lane);
  const I below_zero = overflow == BINADE_FIXED_WRAP_WIDE ? (I)((lane - d_set(f->zero)) + term < d_set(0))
                                                          : is_below_zero(near, lost, f, rule);
  const D sum = in_range(on_grid(near, lost, below_zero, f, rule), f, overflow);
  if (!is_special) return sum;
  const D extreme = d_select((I)(term > d_set(0)), d_set(f->greatest), d_set(f->least));
  const D other = d_select((I)(term == term), extreme, d_set(f->zero));
  return d_select((I)(d_size(term) < d_set(__builtin_inf())), sum, other);
}

// lane + left * right on the grid.
INLINE D product_on_grid(D lane, D left, D right, const binade_fixed *f, const uint32_t rule) {
  const D near = multiply_add(left, right, lane);
  if (rule == BINADE_FIXED_NEAREST_EVEN) return near;
#ifdef DOWN_MULTIPLY_ADD
  if (rule != BINADE_FIXED_NEAREST_AWAY) {
    const D down = DOWN_MULTIPLY_ADD(left, right, lane), up = UP_MULTIPLY_ADD(left, right, lane);
    if (rule == BINADE_FIXED_DOWN) return down;
    if (rule == BINADE_FIXED_UP) return up;
    if (rule == BINADE_FIXED_TO_ODD) return (D)((I)down | ((I)up & i_set(1)));
    const I below_zero = (I)(down < d_set(f->zero));
    return rule == BINADE_FIXED_TOWARD_ZERO ? d_select(below_zero, up, down) : d_select(below_zero, down, up);
  }
#endif
  const D lost = multiply_add(left, right, lane - near);
  return on_grid(near, lost, is_below_zero(near, lost, f, rule), f, rule);
}

// Whole turns are taken off the product itself.
INLINE D multiplied_and_added(D lane, D left, D right, const binade_fixed *f, const uint32_t rule,
                              const uint32_t overflow) {
  if (overflow == BINADE_FIXED_WRAP_WIDE) return added(lane, left * right, f, rule, overflow, false);
  return in_range(product_on_grid(lane, left, right, f, rule), f, overflow);
}

// The sum of the upper and the lower parts of products, rounded to odd: on the same side of every number of 52 bits.
INLINE D joined(D high, D low) {
  const D sum = high + low, low_part = sum - high;
  const D lost = (high - (sum - low_part)) + (low - low_part);
  const I is_even_and_inexact = (I)(lost != d_set(0)) & (((I)sum & i_set(1)) - i_set(1));
  // Outward where what was lost has the sign of the sum.
  const I outward = ((I)((sum < d_set(0))) ^ (I)(lost > d_set(0))) | i_set(1);
  return (D)((I)sum + (is_even_and_inexact & -outward));
}

INLINE void accumulate(size_t depth, size_t interval, const float *a, const float *b, double *lanes,
                       const binade_fixed *fixed, const uint32_t rule, const uint32_t overflow) {
  const binade_fixed f = *fixed;
  for (int first = 0; first < WIDTH; first += PASS * LANES) {
    const float *x = a, *y = b + first;
    D sum[ROWS][PASS];
    for (int i = 0; i < ROWS; i++)
      for (int j = 0; j < PASS; j++) sum[i][j] = d_load(lanes + i * WIDTH + first + j * LANES);
    if (interval == 1) {
      for (size_t p = 0; p < depth; p++, x += ROWS, y += WIDTH) {
        D right[PASS];
        for (int j = 0; j < PASS; j++) right[j] = d_widened(y + j * LANES);
#pragma clang loop unroll(full)
        for (int i = 0; i < ROWS; i++) {
          const D left = d_set(x[i]);
#pragma clang loop unroll(full)
          for (int j = 0; j < PASS; j++)
            sum[i][j] = multiplied_and_added(sum[i][j], left, right[j], &f, rule, overflow);
        }
      }
    } else {
      for (size_t p = 0; p < depth; p += interval) {
        const size_t count = depth - p < interval ? depth - p : interval;
        D group[ROWS][PASS], rest[ROWS][PASS];
        for (int i = 0; i < ROWS; i++)
          for (int j = 0; j < PASS; j++) group[i][j] = rest[i][j] = d_set(0);
        for (size_t q = 0; q < count; q++, x += ROWS, y += WIDTH) {
          D right[PASS];
          for (int j = 0; j < PASS; j++) right[j] = d_widened(y + j * LANES);
#pragma clang loop unroll(full)
          for (int i = 0; i < ROWS; i++) {
            const D left = d_set(x[i]);
#pragma clang loop unroll(full)
            for (int j = 0; j < PASS; j++) {
              if (f.split == 0) {
                group[i][j] = multiply_add(left, right[j], group[i][j]);
              } else {
                const D product = left * right[j], high = (product + d_set(f.split)) - d_set(f.split);
                group[i][j] += high;
                rest[i][j] += product - high;
              }
            }
          }
        }
        if (f.split != 0)
          for (int i = 0; i < ROWS; i++)
            for (int j = 0; j < PASS; j++) group[i][j] = joined(group[i][j], rest[i][j]);
#pragma clang loop unroll(full)
        for (int i = 0; i < ROWS; i++)
#pragma clang loop unroll(full)
          for (int j = 0; j < PASS; j++) sum[i][j] = added(sum[i][j], group[i][j], &f, rule, overflow, false);
      }
    }
    for (int i = 0; i < ROWS; i++)
      for (int j = 0; j < PASS; j++) d_store(lanes + i * WIDTH + first + j * LANES, sum[i][j]);
  }
}

INLINE bool has_special(size_t count, const float *x) {
  uint32_t greatest = 0;
  for (size_t i = 0; i < count; i++) {
    uint32_t bits;
    memcpy(&bits, x + i, sizeof bits);
    bits &= 0x7fffffffu;
    greatest = bits > greatest ? bits : greatest;
  }
  return greatest >= 0x7f800000u;
}

#define NAMED_(name, isa) binade_fixed_##name##_##isa
#define NAMED__(name, isa) NAMED_(name, isa)
#define NAMED(name) NAMED__(name, ISA)

// Infinities and NaNs are rare, and may be slow: one loop that decides inside.
__attribute__((noinline)) TARGET static void NAMED(accumulate_special)(size_t depth, size_t interval, const float *a,
                                                                       const float *b, double *lanes,
                                                                       const binade_fixed *f) {
  for (size_t p = 0; p < depth; p += interval) {
    const size_t count = depth - p < interval ? depth - p : interval;
    double terms[ROWS * WIDTH];
    for (int i = 0; i < ROWS; i++)
      for (int j = 0; j < WIDTH; j += LANES) {
        D sum = d_set(0), upper = d_set(0), lower = d_set(0);
        for (size_t q = p; q < p + count; q++) {
          const D product = d_set(a[q * ROWS + i]) * d_widened(b + q * WIDTH + j);
          const D high = (product + d_set(f->split)) - d_set(f->split);
          sum += product;
          upper += high;
          lower += product - high;
        }
        if (f->split != 0) sum = d_select((I)(d_size(sum) < d_set(__builtin_inf())), joined(upper, lower), sum);
        d_store(terms + i * WIDTH + j, sum);
      }
    NAMED(add)(terms, lanes, f);
  }
}

// One compiled loop per combination: nothing is decided inside.
#define RULES_OF(u)                        \
  CASE(BINADE_FIXED_NEAREST_EVEN, u)       \
  CASE(BINADE_FIXED_NEAREST_AWAY, u)       \
  CASE(BINADE_FIXED_TOWARD_ZERO, u)        \
  CASE(BINADE_FIXED_AWAY_FROM_ZERO, u)     \
  CASE(BINADE_FIXED_UP, u)                 \
  CASE(BINADE_FIXED_DOWN, u)               \
  CASE(BINADE_FIXED_TO_ODD, u)
#define ALL_CASES                          \
  RULES_OF(BINADE_FIXED_SATURATE)          \
  RULES_OF(BINADE_FIXED_WRAP)              \
  RULES_OF(BINADE_FIXED_WRAP_WIDE)

TARGET void NAMED(accumulate)(size_t depth, size_t interval, const float *a, const float *b, double *lanes,
                              const binade_fixed *f) {
  if (f->may_be_special && (has_special(depth * ROWS, a) || has_special(depth * WIDTH, b))) {
    NAMED(accumulate_special)(depth, interval, a, b, lanes, f);
    return;
  }
#define CASE(r, u)                                                   \
  if (f->rule == (r) && f->overflow == (u)) {                        \
    accumulate(depth, interval, a, b, lanes, f, r, u);               \
    return;                                                          \
  }
  ALL_CASES
#undef CASE
  __builtin_trap();  // FixedPointLanes offers no other combination.
}

TARGET void NAMED(add)(const double *terms, double *lanes, const binade_fixed *fixed) {
  const binade_fixed f = *fixed;
#define CASE(r, u)                                                                               \
  if (f.rule == (r) && f.overflow == (u)) {                                                      \
    for (int i = 0; i < ROWS * WIDTH; i += LANES)                                                \
      d_store(lanes + i, added(d_load(lanes + i), d_load(terms + i), &f, r, u, true));           \
    return;                                                                                      \
  }
  ALL_CASES
#undef CASE
  __builtin_trap();
}
