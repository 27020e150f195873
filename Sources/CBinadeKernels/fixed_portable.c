#define ISA portable
#define TARGET
#define LANES 2
#define PASS 2
#define WIDTH BINADE_FIXED_COLUMNS_PORTABLE
#include "fixed_lanes.h"
#include "long_lanes.h"
#include "aligned_lanes.h"
