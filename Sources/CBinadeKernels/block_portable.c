#define ROW(name) name##_portable
#define TARGET
#define LANES 4
#include "block_rows.h"
