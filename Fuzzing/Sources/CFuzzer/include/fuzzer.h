// libFuzzer's driver: runs `run` on inputs made from the corpus until the arguments say stop.
#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerRunDriver(int *argc, char ***argv, int (*run)(const uint8_t *data, size_t size));
