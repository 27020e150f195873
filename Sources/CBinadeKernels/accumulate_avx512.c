#include "binade_accumulate.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define ISA avx512
#define TARGET __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma")))
#define LANES 16
#define VECTORS 2  // 4 x 32: eight sums hide the latency of a rounding
#define OPERATION static inline __attribute__((always_inline)) TARGET

typedef __m512 V;
typedef __m512i VI;
typedef __mmask16 M;

OPERATION V f_set(float x) { return _mm512_set1_ps(x); }
OPERATION VI i_set(int32_t x) { return _mm512_set1_epi32(x); }
OPERATION V i_as_float(VI x) { return _mm512_castsi512_ps(x); }
OPERATION VI f_as_int(V x) { return _mm512_castps_si512(x); }
OPERATION V f_bits(uint32_t x) { return i_as_float(i_set((int32_t)x)); }
OPERATION V f_load(const float *x) { return _mm512_loadu_ps(x); }
OPERATION void f_store(float *x, V value) { _mm512_storeu_ps(x, value); }
OPERATION V f_add(V x, V y) { return _mm512_add_ps(x, y); }
OPERATION V f_sub(V x, V y) { return _mm512_sub_ps(x, y); }
OPERATION V f_multiply(V x, V y) { return _mm512_mul_ps(x, y); }
OPERATION V f_multiply_add(V x, V y, V z) { return _mm512_fmadd_ps(x, y, z); }
OPERATION V f_negative_multiply_add(V x, V y, V z) { return _mm512_fnmadd_ps(x, y, z); }
OPERATION V f_min(V x, V y) { return _mm512_min_ps(x, y); }
OPERATION V f_max(V x, V y) { return _mm512_max_ps(x, y); }
OPERATION V f_and(V x, V y) { return _mm512_and_ps(x, y); }
OPERATION V f_or(V x, V y) { return _mm512_or_ps(x, y); }
OPERATION V f_and_mask(M mask, V x) { return _mm512_maskz_mov_ps(mask, x); }
OPERATION V f_andnot_mask(M mask, V x) { return _mm512_maskz_mov_ps((M)~mask, x); }
OPERATION V f_select(M mask, V yes, V no) { return _mm512_mask_blend_ps(mask, no, yes); }
OPERATION M f_greater(V x, V y) { return _mm512_cmp_ps_mask(x, y, _CMP_GT_OQ); }
OPERATION M f_equal(V x, V y) { return _mm512_cmp_ps_mask(x, y, _CMP_EQ_OQ); }
OPERATION M f_not_less(V x, V y) { return _mm512_cmp_ps_mask(x, y, _CMP_NLT_UQ); }
OPERATION M f_unordered(V x) { return _mm512_cmp_ps_mask(x, x, _CMP_UNORD_Q); }
OPERATION VI f_to_int(V x) { return _mm512_cvtps_epi32(x); }
OPERATION VI f_to_int_zero(V x) { return _mm512_cvttps_epi32(x); }
OPERATION V i_to_float(VI x) { return _mm512_cvtepi32_ps(x); }
OPERATION VI i_add(VI x, VI y) { return _mm512_add_epi32(x, y); }
OPERATION VI i_sub(VI x, VI y) { return _mm512_sub_epi32(x, y); }
OPERATION VI i_and(VI x, VI y) { return _mm512_and_si512(x, y); }
OPERATION VI i_min(VI x, VI y) { return _mm512_min_epi32(x, y); }
OPERATION VI i_max(VI x, VI y) { return _mm512_max_epi32(x, y); }
OPERATION VI i_shift_left(VI x, int n) { return _mm512_sll_epi32(x, _mm_cvtsi32_si128(n)); }
OPERATION VI i_shift_right(VI x, int n) { return _mm512_srl_epi32(x, _mm_cvtsi32_si128(n)); }
OPERATION VI i_shift_right_signed(VI x, int n) { return _mm512_sra_epi32(x, _mm_cvtsi32_si128(n)); }

#define DOWN (_MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC)
#define UP (_MM_FROUND_TO_POS_INF | _MM_FROUND_NO_EXC)
#define ZERO (_MM_FROUND_TO_ZERO | _MM_FROUND_NO_EXC)

// Rounded down and rounded up: the same when exact, else neighbours, one of which is odd. This holds beyond the range
// too: the greatest float32 is odd and infinity is even. An exact zero takes the second, which is +0.
OPERATION V odd_of(V down, V up) {
  return f_select(_mm512_test_epi32_mask(f_as_int(down), i_set(1)), down, up);
}

OPERATION V add_odd(V x, V y, bool full_range) {
  return odd_of(_mm512_add_round_ps(x, y, DOWN), _mm512_add_round_ps(x, y, UP));
}
OPERATION V add_zero(V x, V y, bool full_range) { return _mm512_add_round_ps(x, y, ZERO); }
OPERATION V multiply_add_odd(V a, V b, V c, bool full_range) {
  return odd_of(_mm512_fmadd_round_ps(a, b, c, DOWN), _mm512_fmadd_round_ps(a, b, c, UP));
}
OPERATION V multiply_add_zero(V a, V b, V c, bool full_range) { return _mm512_fmadd_round_ps(a, b, c, ZERO); }

// Float64: a vector of float32 is a low and a high half.
typedef __m512d W;
OPERATION W w_set(double x) { return _mm512_set1_pd(x); }
OPERATION W w_low(V x) { return _mm512_cvtps_pd(_mm512_castps512_ps256(x)); }
OPERATION W w_high(V x) { return _mm512_cvtps_pd(_mm512_extractf32x8_ps(x, 1)); }
OPERATION W w_multiply_add(W x, W y, W z) { return _mm512_fmadd_pd(x, y, z); }
OPERATION V joined(__m256 low, __m256 high) { return _mm512_insertf32x8(_mm512_castps256_ps512(low), high, 1); }
OPERATION V w_narrow(W low, W high) { return joined(_mm512_cvtpd_ps(low), _mm512_cvtpd_ps(high)); }

OPERATION W w_add_odd(W x, W y) {
  const W down = _mm512_add_round_pd(x, y, DOWN), up = _mm512_add_round_pd(x, y, UP);
  return _mm512_mask_blend_pd(_mm512_test_epi64_mask(_mm512_castpd_si512(down), _mm512_set1_epi64(1)), up, down);
}

OPERATION V w_narrow_odd(W low, W high) {
  return odd_of(joined(_mm512_cvt_roundpd_ps(low, DOWN), _mm512_cvt_roundpd_ps(high, DOWN)),
                joined(_mm512_cvt_roundpd_ps(low, UP), _mm512_cvt_roundpd_ps(high, UP)));
}

OPERATION V int_lane(VI x, uint32_t lane) {
  if (lane == 0) return i_to_float(x);
  if (lane == 2) return _mm512_cvt_roundepi32_ps(x, ZERO);
  return odd_of(_mm512_cvt_roundepi32_ps(x, DOWN), _mm512_cvt_roundepi32_ps(x, UP));
}

#include "accumulate_lanes.h"

_Static_assert(WIDTH == BINADE_ACCUMULATE_COLUMNS_AVX512, "the tile of the header");

#else
#include "accumulate_absent.h"
BINADE_ACCUMULATE_ABSENT(avx512)
#endif
