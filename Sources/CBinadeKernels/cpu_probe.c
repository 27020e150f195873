#include "binade_kernels.h"

binade_cpu_features binade_probe_cpu(void) {
  binade_cpu_features features = {false, false};
#if defined(__x86_64__)
  // The builtin also asks the operating system whether it saves the wide registers.
  __builtin_cpu_init();
  features.avx2 = __builtin_cpu_supports("avx2");
  features.fma = __builtin_cpu_supports("fma");
#endif
  return features;
}
