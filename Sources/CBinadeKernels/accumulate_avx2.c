#include "binade_accumulate.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define ISA avx2
#define TARGET __attribute__((target("avx2,fma")))
#define LANES 8
#define VECTORS 2  // 4 x 16: eight sums leave eight registers for the rounding
#define OPERATION static inline __attribute__((always_inline)) TARGET

typedef __m256 V;
typedef __m256i VI;
typedef __m256 M;  // all ones where true

OPERATION V f_set(float x) { return _mm256_set1_ps(x); }
OPERATION VI i_set(int32_t x) { return _mm256_set1_epi32(x); }
OPERATION V i_as_float(VI x) { return _mm256_castsi256_ps(x); }
OPERATION VI f_as_int(V x) { return _mm256_castps_si256(x); }
OPERATION V f_bits(uint32_t x) { return i_as_float(i_set((int32_t)x)); }
OPERATION V f_load(const float *x) { return _mm256_loadu_ps(x); }
OPERATION void f_store(float *x, V value) { _mm256_storeu_ps(x, value); }
OPERATION V f_add(V x, V y) { return _mm256_add_ps(x, y); }
OPERATION V f_sub(V x, V y) { return _mm256_sub_ps(x, y); }
OPERATION V f_multiply(V x, V y) { return _mm256_mul_ps(x, y); }
OPERATION V f_multiply_add(V x, V y, V z) { return _mm256_fmadd_ps(x, y, z); }
OPERATION V f_negative_multiply_add(V x, V y, V z) { return _mm256_fnmadd_ps(x, y, z); }
OPERATION V f_min(V x, V y) { return _mm256_min_ps(x, y); }
OPERATION V f_max(V x, V y) { return _mm256_max_ps(x, y); }
OPERATION V f_and(V x, V y) { return _mm256_and_ps(x, y); }
OPERATION V f_or(V x, V y) { return _mm256_or_ps(x, y); }
OPERATION V f_and_mask(M mask, V x) { return _mm256_and_ps(mask, x); }
OPERATION V f_andnot_mask(M mask, V x) { return _mm256_andnot_ps(mask, x); }
OPERATION V f_select(M mask, V yes, V no) { return _mm256_blendv_ps(no, yes, mask); }
OPERATION M f_greater(V x, V y) { return _mm256_cmp_ps(x, y, _CMP_GT_OQ); }
OPERATION M f_equal(V x, V y) { return _mm256_cmp_ps(x, y, _CMP_EQ_OQ); }
OPERATION M f_not_less(V x, V y) { return _mm256_cmp_ps(x, y, _CMP_NLT_UQ); }
OPERATION M f_unordered(V x) { return _mm256_cmp_ps(x, x, _CMP_UNORD_Q); }
OPERATION VI f_to_int(V x) { return _mm256_cvtps_epi32(x); }
OPERATION VI f_to_int_zero(V x) { return _mm256_cvttps_epi32(x); }
OPERATION V i_to_float(VI x) { return _mm256_cvtepi32_ps(x); }
OPERATION VI i_add(VI x, VI y) { return _mm256_add_epi32(x, y); }
OPERATION VI i_sub(VI x, VI y) { return _mm256_sub_epi32(x, y); }
OPERATION VI i_and(VI x, VI y) { return _mm256_and_si256(x, y); }
OPERATION VI i_min(VI x, VI y) { return _mm256_min_epi32(x, y); }
OPERATION VI i_max(VI x, VI y) { return _mm256_max_epi32(x, y); }
OPERATION VI i_shift_left(VI x, int n) { return _mm256_sll_epi32(x, _mm_cvtsi32_si128(n)); }
OPERATION VI i_shift_right(VI x, int n) { return _mm256_srl_epi32(x, _mm_cvtsi32_si128(n)); }
OPERATION VI i_shift_right_signed(VI x, int n) { return _mm256_sra_epi32(x, _mm_cvtsi32_si128(n)); }

// A float32 nearest to `sum + error`, moved to the float32 next to it toward zero where the error has the other sign;
// with `sticky` its last bit set where there is an error.
OPERATION V adjusted(V sum, VI signs_differ, VI has_error, bool sticky) {
  VI bits = f_as_int(sum);
  bits = i_add(bits, i_and(has_error, _mm256_srai_epi32(signs_differ, 31)));
  if (sticky) bits = _mm256_or_si256(bits, _mm256_srli_epi32(has_error, 31));
  return i_as_float(bits);
}

OPERATION V add_adjusted(V x, V y, bool full_range, bool sticky) {
  // Knuth's TwoSum: sum + error = x + y, exactly (TAOCP 2, 4.2.2).
  const V sum = f_add(x, y);
  const V y_part = f_sub(sum, x);
  const V error = f_add(f_sub(x, f_sub(sum, y_part)), f_sub(y, y_part));
  const VI has_error = f_as_int(_mm256_cmp_ps(error, f_set(0), _CMP_NEQ_OQ));
  V result = adjusted(sum, f_as_int(_mm256_xor_ps(sum, error)), has_error, sticky);
  if (full_range) {
    // Where two numbers overflow float32 the answer is the greatest float32, not an infinity.
    const V absolute = f_bits(0x7fffffffu), infinity = f_bits(0x7f800000u);
    const M overflowed = _mm256_cmp_ps(f_and(sum, absolute), infinity, _CMP_EQ_OQ);
    const M are_finite = _mm256_and_ps(_mm256_cmp_ps(f_and(x, absolute), infinity, _CMP_LT_OQ),
                                       _mm256_cmp_ps(f_and(y, absolute), infinity, _CMP_LT_OQ));
    const V greatest = f_or(f_bits(0x7f7fffffu), f_and(sum, f_bits(0x80000000u)));
    result = f_select(_mm256_and_ps(overflowed, are_finite), greatest, result);
  }
  return result;
}

OPERATION V add_odd(V x, V y, bool full_range) { return add_adjusted(x, y, full_range, true); }
OPERATION V add_zero(V x, V y, bool full_range) { return add_adjusted(x, y, full_range, false); }
OPERATION V multiply_add_odd(V a, V b, V c, bool full_range) { return add_odd(c, f_multiply(a, b), full_range); }
OPERATION V multiply_add_zero(V a, V b, V c, bool full_range) { return add_zero(c, f_multiply(a, b), full_range); }

// Float64: a vector of float32 is a low and a high half.
typedef __m256d W;
OPERATION W w_set(double x) { return _mm256_set1_pd(x); }
OPERATION W w_low(V x) { return _mm256_cvtps_pd(_mm256_castps256_ps128(x)); }
OPERATION W w_high(V x) { return _mm256_cvtps_pd(_mm256_extractf128_ps(x, 1)); }
OPERATION W w_multiply_add(W x, W y, W z) { return _mm256_fmadd_pd(x, y, z); }
OPERATION V w_narrow(W low, W high) { return _mm256_set_m128(_mm256_cvtpd_ps(high), _mm256_cvtpd_ps(low)); }

OPERATION W w_add_odd(W x, W y) {
  const W sum = _mm256_add_pd(x, y);
  const W y_part = _mm256_sub_pd(sum, x);
  const W error = _mm256_add_pd(_mm256_sub_pd(x, _mm256_sub_pd(sum, y_part)), _mm256_sub_pd(y, y_part));
  const VI has_error = _mm256_castpd_si256(_mm256_cmp_pd(error, w_set(0), _CMP_NEQ_OQ));
  const VI signs_differ = _mm256_castpd_si256(_mm256_xor_pd(sum, error));
  VI bits = _mm256_castpd_si256(sum);
  bits = _mm256_add_epi64(bits, i_and(has_error, _mm256_cmpgt_epi64(_mm256_setzero_si256(), signs_differ)));
  return _mm256_castsi256_pd(_mm256_or_si256(bits, _mm256_srli_epi64(has_error, 63)));
}

// What float32 cannot hold is kept as an odd last bit; beyond its range that is the greatest float32.
OPERATION W w_cut_odd(W x) {
  const VI cut = _mm256_set1_epi64x((1 << 29) - 1);
  const VI bits = _mm256_castpd_si256(x);
  const VI is_exact = _mm256_cmpeq_epi64(i_and(bits, cut), _mm256_setzero_si256());
  const VI last = _mm256_andnot_si256(is_exact, _mm256_set1_epi64x(1 << 29));
  const W odd = _mm256_castsi256_pd(_mm256_or_si256(_mm256_andnot_si256(cut, bits), last));
  const W greatest = w_set(0x1.fffffep127);
  const W inside = _mm256_max_pd(w_set(-0x1.fffffep127), _mm256_min_pd(greatest, odd));
  const W size = _mm256_andnot_pd(w_set(-0.0), x);
  return _mm256_blendv_pd(inside, x, _mm256_cmp_pd(size, w_set(__builtin_inf()), _CMP_EQ_OQ));
}

OPERATION V w_narrow_odd(W low, W high) { return w_narrow(w_cut_odd(low), w_cut_odd(high)); }

// An integer below 2^30 as a float32.
OPERATION V int_lane(VI x, uint32_t lane) {
  const V value = i_to_float(x);
  if (lane == 0) return value;
  const VI error = i_sub(x, f_to_int(value));
  const VI has_error = _mm256_xor_si256(_mm256_cmpeq_epi32(error, i_set(0)), i_set(-1));
  return adjusted(value, _mm256_xor_si256(x, error), has_error, lane == 1);
}

#include "accumulate_lanes.h"

_Static_assert(WIDTH == BINADE_ACCUMULATE_COLUMNS_AVX2, "the tile of the header");
_Static_assert(BINADE_LANE_NEAREST == 0 && BINADE_LANE_ODD == 1 && BINADE_LANE_ZERO == 2, "as int_lane reads them");

#else
#include "accumulate_absent.h"
BINADE_ACCUMULATE_ABSENT(avx2)
#endif
