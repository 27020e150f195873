#include <png.h>

// Macros that Swift does not see.
static const unsigned int binade_png_gray = PNG_FORMAT_GRAY, binade_png_rgb = PNG_FORMAT_RGB;
static inline int binade_png_is_colour(const png_image *image) { return (image->format & PNG_FORMAT_FLAG_COLOR) != 0; }
