// Shared by the files of micro-kernels.
#ifndef BINADE_TILE_H
#define BINADE_TILE_H

#include <stddef.h>
#include <stdint.h>

#define UNROLL _Pragma("clang loop unroll(full)")

// A row of the left operand, moved to a tap.
static inline __attribute__((always_inline)) const char *tap(const void *row, ptrdiff_t offset) {
  return (const char *)row + offset;
}

static inline __attribute__((always_inline)) int32_t load_group(const char *group) {
  int32_t bits;
  __builtin_memcpy(&bits, group, sizeof bits);
  return bits;
}

#endif
