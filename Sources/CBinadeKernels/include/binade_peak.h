// What a core can do at most: independent chains of fused multiply-adds on registers, no memory.
#ifndef BINADE_PEAK_H
#define BINADE_PEAK_H

#include <stddef.h>
#include <stdint.h>

/// Runs `rounds` rounds of float32 multiply-adds with the widest instruction set among `features` (the bits of
/// binade_kernels.h) and returns how many were done, counted per element. `sink` gets a value that depends on all.
///
/// A compiler's baseline without fused multiply-add multiplies and adds; that counts as one too.
uint64_t binade_peak_multiply_adds(uint32_t features, size_t rounds, float *sink);

/// The instruction set that `binade_peak_multiply_adds` uses for `features`.
const char *binade_peak_name(uint32_t features);

#endif
