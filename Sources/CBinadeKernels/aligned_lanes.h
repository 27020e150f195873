// The bodies of the aligning kernels, written once for vectors of any width; after fixed_lanes.h, whose vectors these
// are. The including file may define TRUNCATED(x) where an instruction does it.
#include "binade_accumulate.h"
#include "binade_aligned.h"

#define ALIGNED_(name, isa) binade_aligned_##name##_##isa
#define ALIGNED__(name, isa) ALIGNED_(name, isa)
#define ALIGNED(name) ALIGNED__(name, ISA)

typedef int32_t I32 __attribute__((vector_size(4 * LANES)));

#ifdef TRUNCATED
INLINE D truncated(D x) { return TRUNCATED(x); }
#else
// Below 2^52 adding and subtracting 2^52 rounds to an integer, which may be one too great.
INLINE D truncated(D x) {
  const D size = d_size(x), magic = d_set(0x1p52);
  const D near = (size + magic) - magic;
  const D inner = near - (D)((I)(near > size) & (I)d_set(1));
  return (D)((I)inner | ((I)x & i_set(INT64_MIN)));
}
#endif

// The power of two of an operand's binade; 0 for zero, infinity for NaN and infinity.
INLINE D binade_of(D x, D least) {
  const D binade = d_max(least, (D)((I)x & i_set(0x7ff0000000000000)));
  return (D)((I)binade & (I)(x != d_set(0)));
}

TARGET void ALIGNED(add)(size_t count, const float *a, const float *b, double *sums, const binade_aligned *aligned) {
  const binade_aligned k = *aligned;
  const D least_a = d_set(k.least_a), least_b = d_set(k.least_b);
  const I exponents = i_set(0x7ff0000000000000), fraction = i_set((int64_t)k.fraction_bits << 52);
  for (int i = 0; i < ROWS; i++) {
    for (int first = 0; first < WIDTH; first += PASS * LANES) {
      double *row = sums + i * WIDTH + first;
      D greatest[PASS], plain[PASS], sum[PASS], scale[PASS], unit[PASS];
      for (int j = 0; j < PASS; j++) {
        plain[j] = d_load(row + j * LANES);
        greatest[j] = d_size(plain[j]);
      }
      // The greatest exponent: of numbers without significand bits, the greatest number has it.
      for (size_t p = 0; p < count; p++) {
        const D left = d_set(a[p * ROWS + i]);
        const D left_binade = binade_of(left, least_a);
        for (int j = 0; j < PASS; j++) {
          const D right = d_widened(b + p * WIDTH + first + j * LANES);
          const D product = left * right;
          const D size = k.adds_operand_exponents ? left_binade * binade_of(right, least_b) : d_size(product);
          greatest[j] = d_max(size, greatest[j]);
          plain[j] += product;
        }
      }
      for (int j = 0; j < PASS; j++) {
        const I top = (I)greatest[j] & exponents;
        scale[j] = (D)(i_set((int64_t)2046 << 52) + fraction - top);  // 2^(fraction_bits - exponent)
        unit[j] = (D)(top - fraction);
        sum[j] = truncated(d_load(row + j * LANES) * scale[j]);
      }
      for (size_t p = 0; p < count; p++) {
        const D left = d_set(a[p * ROWS + i]);
        for (int j = 0; j < PASS; j++) {
          const D right = d_widened(b + p * WIDTH + first + j * LANES);
          sum[j] += truncated(left * right * scale[j]);
        }
      }
      for (int j = 0; j < PASS; j++) {
        // Terms that are nothing but zeros have no exponent, and no sum is -0.
        D value = sum[j] * unit[j] + d_set(0);
        value = d_select((I)(greatest[j] == d_set(0)), d_set(0), value);
        // Sums of finite products stay finite: a plain sum that is not tells what infinities and NaNs make.
        d_store(row + j * LANES, d_select((I)(d_size(plain[j]) < d_set(__builtin_inf())), value, plain[j]));
      }
    }
  }
}

TARGET void ALIGNED(narrow)(const double *sums, float *out, uint32_t lane) {
  for (int i = 0; i < ROWS * WIDTH; i += LANES) {
    const D exact = d_load(sums + i);
    F near = __builtin_convertvector(exact, F);
    if (lane != BINADE_LANE_NEAREST) {
      const D back = __builtin_convertvector(near, D);
      const I beyond = (I)(d_size(back) > d_size(exact)), within = (I)(d_size(back) < d_size(exact));
      I32 bits = (I32)near;
      const I32 toward_zero = __builtin_convertvector(beyond, I32);
      if (lane == BINADE_LANE_ZERO) {
        bits += toward_zero;
      } else {
        // The odd one of the two neighbours; beyond the range that is the greatest float32.
        const I32 is_even = (bits & 1) - 1;
        bits += is_even & (toward_zero - __builtin_convertvector(within, I32));
      }
      near = (F)bits;
    }
    memcpy(out + i, &near, sizeof near);
  }
}
