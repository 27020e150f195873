// The kernels on processors without their instructions: never called, as the probe does not offer them.
#include "binade_aligned.h"
#include "binade_fixed.h"
#include "binade_long.h"

#define BINADE_FIXED_ABSENT(isa)                                                                                    \
  void binade_fixed_accumulate_##isa(size_t depth, size_t interval, const float *a, const float *b, double *lanes,  \
                                     const binade_fixed *fixed) {                                                   \
    __builtin_trap();                                                                                               \
  }                                                                                                                 \
  void binade_fixed_add_##isa(const double *terms, double *lanes, const binade_fixed *fixed) { __builtin_trap(); }    \
  void binade_long_accumulate_##isa(size_t depth, size_t interval, const float *a, const float *b, int64_t *lanes,  \
                                    const binade_long *form) {                                                      \
    __builtin_trap();                                                                                               \
  }                                                                                                                 \
  void binade_long_add_##isa(const double *terms, int64_t *lanes, const binade_long *form) { __builtin_trap(); }    \
  void binade_aligned_add_##isa(size_t count, const float *a, const float *b, double *sums,                         \
                                const binade_aligned *aligned) {                                                    \
    __builtin_trap();                                                                                               \
  }                                                                                                                 \
  void binade_aligned_narrow_##isa(const double *sums, float *out, uint32_t lane) { __builtin_trap(); }
