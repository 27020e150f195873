#if defined(__x86_64__)
#include <immintrin.h>

#include "block_lanes.h"

#define ROW(name) name##_avx512
#define TARGET __attribute__((target("avx2,fma,avx512f,avx512bw,avx512dq,avx512vl"), min_vector_width(512)))
#define LANES 16

/// The place found so far, raised by `step` where the element reaches the key in the middle of what is left.
TARGET INLINE __m512i raised(__m512i place, __m512i element, __m512i keys, int step) {
  const __m512i key = _mm512_permutexvar_epi32(_mm512_or_si512(place, _mm512_set1_epi32(step - 1)), keys);
  return _mm512_mask_or_epi32(place, _mm512_cmpge_epi32_mask(element, key), place, _mm512_set1_epi32(step));
}

TARGET INLINE void select_levels(const float *input, const int32_t *keys, const uint32_t *levels,
                                 uint32_t *output) {
  const __m512i bits = _mm512_loadu_si512(input);
  const __m512i flip = _mm512_and_si512(_mm512_srai_epi32(bits, 31), _mm512_set1_epi32(0x7FFFFFFF));
  const __m512i element = _mm512_xor_si512(bits, flip);
  const __m512i all = _mm512_loadu_si512(keys);
  __m512i place = raised(_mm512_setzero_si512(), element, all, 8);
  place = raised(place, element, all, 4);
  place = raised(place, element, all, 2);
  place = raised(place, element, all, 1);
  _mm512_storeu_si512(output, _mm512_permutexvar_epi32(place, _mm512_loadu_si512(levels)));
}

TARGET INLINE void select_magnitudes(const float *input, const int32_t *keys, const uint32_t *levels,
                                     uint32_t sign, uint32_t *output) {
  const __m512i bits = _mm512_loadu_si512(input);
  const __m512i element = _mm512_and_si512(bits, _mm512_set1_epi32(0x7FFFFFFF));
  const __m512i signs = _mm512_and_si512(bits, _mm512_set1_epi32((int32_t)sign));
  const __m512i all = _mm512_castsi256_si512(_mm256_loadu_si256((const __m256i *)keys));
  __m512i place = raised(_mm512_setzero_si512(), element, all, 4);
  place = raised(place, element, all, 2);
  place = raised(place, element, all, 1);
  const __m512i table = _mm512_castsi256_si512(_mm256_loadu_si256((const __m256i *)levels));
  _mm512_storeu_si512(output, _mm512_or_si512(_mm512_permutexvar_epi32(place, table), signs));
}

#include "block_rows.h"
#endif
