#define ROW(name) name##_portable
#define TARGET
#include "codec_rows.h"
