// The kernels on processors without their instructions: never called, as the probe does not offer them.
#include "binade_accumulate.h"

#define BINADE_ACCUMULATE_ABSENT(isa)                                                                               \
  void binade_accumulate_##isa(size_t depth, size_t interval, const float *a, const float *b, float *c,             \
                               size_t row_stride, bool accumulate, const binade_sum_rounding *rounding) {               \
    __builtin_trap();                                                                                               \
  }                                                                                                                 \
  void binade_accumulate_int_##isa(size_t depth, size_t interval, const float *a, const float *b, float *c,         \
                                   size_t row_stride, float scale, float step, bool wraps, bool is_signed,          \
                                   int32_t bits, int32_t least, int32_t greatest) {                                 \
    __builtin_trap();                                                                                               \
  }                                                                                                                 \
  void binade_products_##isa(size_t count, const float *a, const float *b, float *out) { __builtin_trap(); }        \
  void binade_add_wide_##isa(size_t count, const float *a, const float *b, const float *c, float *out,              \
                             bool to_odd) {                                                                         \
    __builtin_trap();                                                                                               \
  }                                                                                                                 \
  void binade_add_odd_##isa(size_t count, const float *x, const float *y, float *out) { __builtin_trap(); }         \
  void binade_round_sums_##isa(size_t count, const float *x, float *out, const binade_sum_rounding *rounding) {              \
    __builtin_trap();                                                                                               \
  }                                                                                                                 \
  void binade_align_##isa(size_t count, const float *a, const float *b, const float *c, float *out,                 \
                          const binade_alignment *alignment) {                                                      \
    __builtin_trap();                                                                                               \
  }
