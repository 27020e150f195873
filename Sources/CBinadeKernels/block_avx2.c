#if defined(__x86_64__)
#include <immintrin.h>

#include "block_lanes.h"

#define ROW(name) name##_avx2
#define TARGET __attribute__((target("avx2,fma")))
#define LANES 8

/// Which of 8 levels each element reaches, by halving: the keys of a half are looked up by the place found so far.
TARGET INLINE __m256i place_of(__m256i element, __m256i keys, __m256i middle) {
  const __m256i four = _mm256_set1_epi32(4), two = _mm256_set1_epi32(2), one = _mm256_set1_epi32(1);
  __m256i place = _mm256_andnot_si256(_mm256_cmpgt_epi32(middle, element), four);
  __m256i key = _mm256_permutevar8x32_epi32(keys, _mm256_or_si256(place, one));
  place = _mm256_or_si256(place, _mm256_andnot_si256(_mm256_cmpgt_epi32(key, element), two));
  key = _mm256_permutevar8x32_epi32(keys, place);
  return _mm256_or_si256(place, _mm256_andnot_si256(_mm256_cmpgt_epi32(key, element), one));
}

TARGET INLINE void select_levels(const float *input, const int32_t *keys, const uint32_t *levels,
                                 uint32_t *output) {
  const __m256i bits = _mm256_loadu_si256((const __m256i *)input);
  const __m256i flip = _mm256_and_si256(_mm256_srai_epi32(bits, 31), _mm256_set1_epi32(0x7FFFFFFF));
  const __m256i element = _mm256_xor_si256(bits, flip);
  const __m256i low = _mm256_cmpgt_epi32(_mm256_set1_epi32(keys[7]), element);
  const __m256i low_place = place_of(element, _mm256_loadu_si256((const __m256i *)keys), _mm256_set1_epi32(keys[3]));
  const __m256i high_place =
      place_of(element, _mm256_loadu_si256((const __m256i *)(keys + 8)), _mm256_set1_epi32(keys[11]));
  const __m256i low_level = _mm256_permutevar8x32_epi32(_mm256_loadu_si256((const __m256i *)levels), low_place);
  const __m256i high_level =
      _mm256_permutevar8x32_epi32(_mm256_loadu_si256((const __m256i *)(levels + 8)), high_place);
  _mm256_storeu_si256((__m256i *)output, _mm256_blendv_epi8(high_level, low_level, low));
}

TARGET INLINE void select_magnitudes(const float *input, const int32_t *keys, const uint32_t *levels,
                                     uint32_t sign, uint32_t *output) {
  const __m256i bits = _mm256_loadu_si256((const __m256i *)input);
  const __m256i magnitude = _mm256_and_si256(bits, _mm256_set1_epi32(0x7FFFFFFF));
  const __m256i place =
      place_of(magnitude, _mm256_loadu_si256((const __m256i *)keys), _mm256_set1_epi32(keys[3]));
  const __m256i level = _mm256_permutevar8x32_epi32(_mm256_loadu_si256((const __m256i *)levels), place);
  const __m256i signs = _mm256_and_si256(bits, _mm256_set1_epi32((int32_t)sign));
  _mm256_storeu_si256((__m256i *)output, _mm256_or_si256(level, signs));
}

#include "block_rows.h"
#endif
