// Runs kernels in C against loops that read like the formulas; exits 1 at the first difference.
//
// It is meant for an emulator of a processor that the machine at hand is not: Scripts/test-emulated.sh. Compiled with
// PLANT_BUG every check gets one wrong number and must report it.
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "binade_codec.h"
#include "binade_depthwise.h"
#include "binade_epilogue.h"
#include "binade_kernels.h"
#include "binade_peak.h"
#include "binade_training.h"

#pragma STDC FP_CONTRACT OFF

static int failures;

#define CHECK(condition, ...)                    \
  if (!(condition)) {                            \
    printf("%s: ", __func__), printf(__VA_ARGS__); \
    printf("\n");                                \
    failures++;                                  \
    return;                                      \
  }

// What a planted bug changes: the last bit of one number of each check.
static void plant(void *bytes) {
#ifdef PLANT_BUG
  *(uint8_t *)bytes ^= 1;
#else
  (void)bytes;
#endif
}

// xorshift64*; the seed is fixed, so that failures repeat.
static uint64_t state = 0x9E3779B97F4A7C15u;
static uint32_t next_bits(void) {
  state ^= state >> 12, state ^= state << 25, state ^= state >> 27;
  return (uint32_t)((state * 0x2545F4914F6CDD1Du) >> 32);
}

// Numbers of many magnitudes, so that every rounding of a sum shows.
static float next_float(void) {
  return ldexpf((float)(int32_t)next_bits(), (int)(next_bits() % 16) - 39);
}
static int16_t next_s16(void) { return (int16_t)(next_bits() % 2001) - 1000; }

static float float_of(uint32_t bits) {
  float x;
  memcpy(&x, &bits, sizeof x);
  return x;
}

// The bits are the same, or both are NaN.
static bool same(float x, float y) { return (isnan(x) && isnan(y)) || memcmp(&x, &y, sizeof x) == 0; }

enum { MOST = 8192 };
static float a_f32[MOST], b_f32[MOST], c_f32[MOST], d_f32[MOST];
static int16_t a_s16[MOST], b_s16[MOST];
static uint8_t a_u8[MOST];
static int8_t b_s8[MOST];
static int32_t c_s32[MOST], d_s32[MOST];

static void fill(void) {
  for (int i = 0; i < MOST; i++) {
    a_f32[i] = next_float(), b_f32[i] = next_float(), c_f32[i] = d_f32[i] = next_float();
    a_s16[i] = next_s16(), b_s16[i] = next_s16(), c_s32[i] = d_s32[i] = (int32_t)next_bits() >> 4;
    a_u8[i] = (uint8_t)next_bits(), b_s8[i] = (int8_t)next_bits();
  }
}

#if defined(__aarch64__)
#define F32 binade_gemm_f32_neon
#define S16 binade_gemm_s16_neon
enum { ROWS = BINADE_NEON_ROWS, COLUMNS = BINADE_NEON_COLUMNS };
#else
#define F32 binade_gemm_f32_avx2
#define S16 binade_gemm_s16_avx2
enum { ROWS = BINADE_AVX2_ROWS, COLUMNS = BINADE_AVX2_COLUMNS };
#endif

// A tile whose rows overlap as those of a convolution do: row i begins at element 11 i, tap t 37 t after that.
typedef struct {
  size_t columns, taps, groups;
  bool accumulate;
} tile_case;

enum { ROW_STEP = 11, TAP_STEP = 37, STRIDE = 21 };

static void check_f32_tile(tile_case k) {
  fill();
  const void *rows[ROWS];
  ptrdiff_t offsets[16];
  for (int i = 0; i < ROWS; i++) rows[i] = a_f32 + ROW_STEP * i;
  for (size_t t = 0; t < k.taps; t++) offsets[t] = (ptrdiff_t)(TAP_STEP * t * sizeof(float));
  const binade_tile_rows a = {rows, offsets, k.taps, k.groups};
  for (int i = 0; i < ROWS; i++)
    for (size_t j = 0; j < k.columns; j++) {
      float sum = k.accumulate ? d_f32[i * STRIDE + j] : 0;
      for (size_t t = 0; t < k.taps; t++)
        for (size_t p = 0; p < k.groups; p++)
          sum = fmaf(a_f32[ROW_STEP * i + TAP_STEP * t + p], b_f32[(t * k.groups + p) * k.columns + j], sum);
      d_f32[i * STRIDE + j] = sum;
    }
  F32(&a, b_f32, c_f32, STRIDE, k.columns, k.accumulate);
  plant(&c_f32[STRIDE + 3]);
  // All of the array: what is beside the tile must stay.
  for (int i = 0; i < MOST; i++)
    CHECK(same(c_f32[i], d_f32[i]), "%zu columns, %zu taps of %zu, accumulate %d: element %d is %a, not %a",
          k.columns, k.taps, k.groups, k.accumulate, i, c_f32[i], d_f32[i])
}

static void check_s16_tile(tile_case k) {
  fill();
  const void *rows[ROWS];
  ptrdiff_t offsets[16];
  for (int i = 0; i < ROWS; i++) rows[i] = a_s16 + ROW_STEP * i;
  for (size_t t = 0; t < k.taps; t++) offsets[t] = (ptrdiff_t)(TAP_STEP * t * sizeof(int16_t));
  const binade_tile_rows a = {rows, offsets, k.taps, k.groups};
  for (int i = 0; i < ROWS; i++)
    for (size_t j = 0; j < k.columns; j++) {
      int32_t sum = k.accumulate ? d_s32[i * STRIDE + j] : 0;
      for (size_t t = 0; t < k.taps; t++)
        for (size_t p = 0; p < 2 * k.groups; p++)
          sum += a_s16[ROW_STEP * i + TAP_STEP * t + p] *
                 b_s16[((t * k.groups + p / 2) * k.columns + j) * 2 + p % 2];
      d_s32[i * STRIDE + j] = sum;
    }
  S16(&a, b_s16, c_s32, STRIDE, k.columns, k.accumulate);
  plant(&c_s32[STRIDE + 3]);
  for (int i = 0; i < MOST; i++)
    CHECK(c_s32[i] == d_s32[i], "%zu columns, %zu taps of %zu, accumulate %d: element %d is %d, not %d", k.columns,
          k.taps, k.groups, k.accumulate, i, c_s32[i], d_s32[i])
}

// Both widths, one tap and several, odd and even depths.
static void check_tiles(void (*check)(tile_case)) {
  const size_t taps[] = {1, 2, 9}, groups[] = {1, 2, 3, 7, 16, 25};
  for (size_t columns = COLUMNS / 2; columns <= COLUMNS; columns += COLUMNS / 2)
    for (int accumulate = 0; accumulate < 2; accumulate++)
      for (int t = 0; t < 3; t++)
        for (int g = 0; g < 6; g++) check((tile_case){columns, taps[t], groups[g], accumulate});
}

static void check_f32_tiles(void) { check_tiles(check_f32_tile); }
static void check_s16_tiles(void) { check_tiles(check_s16_tile); }

// Pixels begin 13 elements apart, so that loads are not aligned.
static void check_depthwise(size_t channels, size_t pixels, uint32_t features) {
  enum { TAPS = 9, PIXEL_STEP = 13, TAP = 53 };
  fill();
  const void *rows[16];
  ptrdiff_t offsets[TAPS];
  const size_t stride = channels + 3;
  binade_depthwise job = {features, rows, pixels, offsets, TAPS, channels, stride};

  for (size_t i = 0; i < pixels; i++) rows[i] = a_f32 + PIXEL_STEP * i;
  for (int t = 0; t < TAPS; t++) offsets[t] = (ptrdiff_t)(TAP * t * sizeof(float));
  for (size_t i = 0; i < pixels; i++)
    for (size_t j = 0; j < channels; j++) {
      float sum = 0;
      for (int t = 0; t < TAPS; t++)
        sum = fmaf(a_f32[PIXEL_STEP * i + TAP * t + j], b_f32[t * channels + j], sum);
      d_f32[i * stride + j] = sum;
    }
  binade_depthwise_f32(&job, b_f32, c_f32);
  plant(&c_f32[0]);
  for (int i = 0; i < MOST; i++)
    CHECK(same(c_f32[i], d_f32[i]), "float32, %zu channels, %zu pixels: element %d is %a, not %a", channels, pixels,
          i, c_f32[i], d_f32[i])

  for (size_t i = 0; i < pixels; i++) rows[i] = a_s16 + PIXEL_STEP * i;
  for (int t = 0; t < TAPS; t++) offsets[t] = (ptrdiff_t)(TAP * t * sizeof(int16_t));
  for (size_t i = 0; i < pixels; i++)
    for (size_t j = 0; j < channels; j++) {
      int32_t sum = 0;
      for (int t = 0; t < TAPS; t++) sum += a_s16[PIXEL_STEP * i + TAP * t + j] * b_s16[t * channels + j];
      d_s32[i * stride + j] = sum;
    }
  binade_depthwise_s16(&job, b_s16, c_s32);
  for (int i = 0; i < MOST; i++)
    CHECK(c_s32[i] == d_s32[i], "int16, %zu channels, %zu pixels: element %d", channels, pixels, i)

  for (size_t i = 0; i < pixels; i++) rows[i] = a_u8 + PIXEL_STEP * i;
  for (int t = 0; t < TAPS; t++) offsets[t] = TAP * t;
  const int32_t *start = pixels % 2 ? c_s32 + MOST / 2 : NULL;
  for (size_t i = 0; i < pixels; i++)
    for (size_t j = 0; j < channels; j++) {
      int32_t sum = start ? start[j] : 0;
      for (int t = 0; t < TAPS; t++) sum += a_u8[PIXEL_STEP * i + TAP * t + j] * b_s8[t * channels + j];
      d_s32[i * stride + j] = sum;
    }
  binade_depthwise_u8s8(&job, b_s8, start, c_s32);
  for (int i = 0; i < MOST; i++)
    CHECK(c_s32[i] == d_s32[i], "bytes, %zu channels, %zu pixels: element %d", channels, pixels, i)
}

static void check_epilogue(uint32_t features, bool relu, bool adds) {
  enum { PIXELS = 5, CHANNELS = 37, SUMS = 41 };
  fill();
  a_f32[5] = NAN;
  const float *scales = b_f32, *bias = b_f32 + 100, *addend = b_f32 + 200;
  const binade_finish job = {features, relu, PIXELS, SUMS, CHANNELS, scales, bias, adds ? addend : NULL, c_f32};
  for (int whole = 0; whole < 2; whole++) {
    for (int i = 0; i < PIXELS; i++)
      for (int j = 0; j < CHANNELS; j++) {
        // volatile: every operation is rounded by itself.
        volatile float value = whole ? (float)d_s32[i * SUMS + j] : a_f32[i * SUMS + j];
        value = value * scales[j];
        value = value + bias[j];
        if (adds) value = value + addend[i * CHANNELS + j];
        d_f32[i * CHANNELS + j] = relu && value < 0 ? 0 : value;
      }
    whole ? binade_finish_s32(&job, d_s32) : binade_finish_f32(&job, a_f32);
    plant(&c_f32[0]);
    for (int i = 0; i < MOST; i++)
      CHECK(same(c_f32[i], d_f32[i]), "%s sums, ReLU %d, addend %d: element %d is %a, not %a",
            whole ? "int32" : "float32", relu, adds, i, c_f32[i], d_f32[i])
  }
}

// binary16 under IEEE rules, and the compiler's own conversion, which the processor does.
static void check_codec(float scale, uint32_t rule) {
  const binade_closed_form form = {
      .significand_bits = 10,
      .least_exponent = 127 - 14,
      .code_mask = 0xFFFF,
      .base = {0, 0x8000},
      .sign_bit = 0x8000,
      .negative_zero = 0x8000,
      .greatest = {0x7BFF, 0x7BFF},
      .beyond = {0x7C00, 0xFC00},
      .infinity = {0x7C00, 0xFC00},
      .nan = {0x7E00, 0x7E00},
      .greatest_value = {0x477FE000, 0x477FE000}, // 65504
      .beyond_value = {0x7F800000, 0xFF800000},
      .infinity_value = {0x7F800000, 0xFF800000},
      .nan_value = {0x7FC00000, 0x7FC00000},
      .addition_cap = 0x47800000, // 65536
      .decodable = {0x7BFF, 0x7BFF},
      .infinity_code = {0x7C00, 0xFC00},
      .nan_code = 0x7E00,
      .rule = rule,
  };
  const float scales[] = {scale};
  const binade_scaling scaling = {scales, SIZE_MAX, 0, 0, NULL, NULL, 0};
  static uint16_t codes[65536];
  static float values[65536], back[65536];

  for (uint32_t i = 0; i < 65536; i++) codes[i] = (uint16_t)i;
  binade_decode_portable(codes, 2, 65536, &form, scaling, values);
  plant(&values[99]);
  for (uint32_t i = 0; i < 65536; i++) {
    _Float16 half;
    memcpy(&half, &codes[i], sizeof half);
    CHECK(same(values[i], (float)half * scale), "code %#x decodes to %a", i, values[i])
  }
  // Every float32 with these upper bits, and around every midpoint.
  for (uint32_t low = 0; low < 8; low++) {
    const uint32_t lows[] = {0, 1, 0xFFF, 0x1000, 0x1001, 0x2FFF, 0x7FFF, 0xFFFF};
    for (uint32_t i = 0; i < 65536; i++) values[i] = float_of(i << 16 | lows[low]);
    binade_encode_portable(values, 65536, &form, scaling, 2, codes);
    binade_round_portable(values, 65536, &form, scaling, back);
    plant(&back[77]);
    for (uint32_t i = 0; i < 65536; i++) {
      const _Float16 half = (_Float16)(values[i] / scale);
      uint16_t expected;
      memcpy(&expected, &half, sizeof expected);
      if (isnan(values[i])) expected = 0x7E00;
      CHECK(codes[i] == expected, "%a encodes to %#x, not %#x", values[i], codes[i], expected)
      CHECK(same(back[i], (float)half * scale), "%a rounds to %a", values[i], back[i])
    }
  }
}

// Steps of the key without buckets whose lines tell nothing: the starts are searched.
static void check_steps(void) {
  enum { STEPS = 15, COUNT = 1000 };
  static uint32_t starts[STEPS + 1];
  static uint16_t codes[STEPS];
  static int64_t lines[512];
  static float input[COUNT], values[STEPS], rounded[COUNT];
  static uint8_t found[COUNT];
  for (int i = 0; i < 512; i += 2) lines[i + 1] = -1;
  for (int i = 0; i < STEPS; i++) {
    // Keys in the order of the numbers: -7, -6, ... 7, the first from the very beginning.
    const float x = (float)(i - 7);
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    starts[i] = i == 0 ? 0 : bits >> 31 ? ~bits : bits | 0x80000000u;
    codes[i] = (uint16_t)(14 - i);
    values[14 - i] = x;
  }
  starts[STEPS] = UINT32_MAX;
  const binade_step_table table = {24, STEPS, 256, NULL, lines, starts, codes};
  const float one[] = {1};
  const binade_scaling scaling = {one, SIZE_MAX, 0, 0, NULL, NULL, 0};
  for (int i = 0; i < COUNT; i++) input[i] = (float)(int32_t)next_bits() * 0x1p-27f;
  binade_encode_steps_8(input, COUNT, &table, scaling, found);
  binade_round_steps(input, COUNT, &table, scaling, values, rounded);
  plant(&found[9]);
  for (int i = 0; i < COUNT; i++) {
    const float value = fmaxf(-7, fminf(7, floorf(input[i])));
    CHECK(found[i] == 7 - (int)value, "%a is step of code %d", input[i], found[i])
    CHECK(rounded[i] == value, "%a rounds to %a", input[i], rounded[i])
  }
}

enum { OUTER_LINES = 3, OUTER_PIXELS = 5, OUTER_ROWS = 13, OUTER_COLUMNS = 22 };

// The gradients of weights: sums over lines and pixels in their order, of one image or of two in turn.
static void check_outer(uint32_t features, bool pairs) {
  static float inputs[2][OUTER_LINES * OUTER_PIXELS * OUTER_ROWS], gradients[2][OUTER_LINES * OUTER_PIXELS * OUTER_COLUMNS];
  float found[OUTER_ROWS * OUTER_COLUMNS], expected[OUTER_ROWS * OUTER_COLUMNS];
  for (int image = 0; image < 2; image++) {
    for (int i = 0; i < OUTER_LINES * OUTER_PIXELS * OUTER_ROWS; i++) inputs[image][i] = next_float();
    for (int i = 0; i < OUTER_LINES * OUTER_PIXELS * OUTER_COLUMNS; i++) gradients[image][i] = next_float();
  }
  for (int i = 0; i < OUTER_ROWS * OUTER_COLUMNS; i++) found[i] = expected[i] = next_float();
  const binade_outer job = {.features = features, .inputs = inputs[0], .gradients = gradients[0], .line_count = OUTER_LINES,
                            .pixel_count = OUTER_PIXELS, .input_line = OUTER_PIXELS * OUTER_ROWS, .input_step = OUTER_ROWS,
                            .gradient_line = OUTER_PIXELS * OUTER_COLUMNS, .gradient_step = OUTER_COLUMNS, .rows = OUTER_ROWS,
                            .columns = OUTER_COLUMNS, .row_stride = OUTER_COLUMNS};
  if (pairs)
    binade_outer_pairs_f32(&job, inputs[1], gradients[1], found);
  else
    binade_outer_f32(&job, found);
  for (int p = 0; p < OUTER_LINES * OUTER_PIXELS; p++)
    for (int i = 0; i < OUTER_ROWS; i++)
      for (int j = 0; j < OUTER_COLUMNS; j++)
        for (int image = 0; image < (pairs ? 2 : 1); image++)
          expected[i * OUTER_COLUMNS + j] = fmaf(inputs[image][p * OUTER_ROWS + i], gradients[image][p * OUTER_COLUMNS + j],
                                           expected[i * OUTER_COLUMNS + j]);
  plant(&expected[7]);
  for (int i = 0; i < OUTER_ROWS * OUTER_COLUMNS; i++) CHECK(same(found[i], expected[i]), "sum %d: %a, not %a", i, found[i], expected[i])
}

// The passes around the products: moments, the gradient of a map, the gradient of raw sums.
static void check_passes(uint32_t features, bool adds, bool rectifies) {
  enum { COUNT = 7, CHANNELS = 19 };
  float sums[COUNT * CHANNELS], z[COUNT * CHANNELS], addend[COUNT * CHANNELS], output[COUNT * CHANNELS];
  float center[CHANNELS], scales[CHANNELS], bias[CHANNELS];
  double first[CHANNELS] = {0}, second[CHANNELS] = {0};
  for (int i = 0; i < COUNT * CHANNELS; i++) sums[i] = next_float(), z[i] = next_float(), addend[i] = next_float();
  for (int j = 0; j < CHANNELS; j++) center[j] = next_float(), scales[j] = next_float(), bias[j] = next_float();
  const binade_moments moments = {features, COUNT, CHANNELS, CHANNELS, center, output, first, second};
  binade_moments_f32(&moments, sums);
  for (int j = 0; j < CHANNELS; j++) {
    float deviations = 0, squares = 0;
    for (int i = 0; i < COUNT; i++) {
      const float deviation = sums[i * CHANNELS + j] - center[j];
      const float square = deviation * deviation;
      deviations = deviations + deviation, squares = squares + square;
    }
    double expected[2] = {deviations, squares};
    if (j == 3) plant(expected);
    CHECK(first[j] == expected[0] && second[j] == expected[1] && output[j] == sums[j], "moments of channel %d", j)
  }
  memset(first, 0, sizeof first), memset(second, 0, sizeof second);
  const binade_gradient_finish finish = {.features = features, .row_count = COUNT, .row_stride = CHANNELS,
                                         .channels = CHANNELS, .pixel_stride = CHANNELS,
                                         .addend = adds ? addend : NULL, .z = z, .scales = rectifies ? scales : NULL,
                                         .bias = rectifies ? bias : NULL, .center = center, .output = output,
                                         .gradients = first, .products = second};
  binade_gradient_finish_f32(&finish, sums);
  for (int j = 0; j < CHANNELS; j++) {
    float gradients = 0, products = 0;
    for (int i = 0; i < COUNT; i++) {
      const int place = i * CHANNELS + j;
      float g = sums[place];
      if (adds) g = g + addend[place];
      const float scaled = z[place] * scales[j];
      if (rectifies && !(scaled + bias[j] > 0)) g = 0;
      CHECK(same(output[place], g), "gradient %d: %a, not %a", place, output[place], g)
      const float product = g * (z[place] - center[j]);
      gradients = gradients + g, products = products + product;
    }
    CHECK(first[j] == gradients && second[j] == products, "sums of gradients of channel %d", j)
  }
  const binade_gradient_fill fill = {features, COUNT, CHANNELS, sums, z, scales, bias, center, output};
  binade_gradient_fill_f32(&fill);
  for (int i = 0; i < COUNT * CHANNELS; i++) {
    const int j = i % CHANNELS;
    const float a = scales[j] * sums[i], c = bias[j] * z[i];
    const float value = a + c;
    CHECK(same(output[i], value + center[j]), "fill %d", i)
  }
}

static float value_of(uint16_t half) { return float_of((uint32_t)half << 16); }

// The nearest bfloat16, ties to even.
static uint16_t half_of(float value) {
  const float unit = ldexpf(1, ilogbf(value) - 7);
  const float nearest = value == 0 ? value : rintf(value / unit) * unit;
  uint32_t bits;
  memcpy(&bits, &nearest, sizeof bits);
  return (uint16_t)(bits >> 16);
}

// The same over maps of bfloat16: what is stored is rounded first; what is read is its value.
static void check_half_passes(uint32_t features, bool adds, bool relu) {
  enum { COUNT = 7, CHANNELS = 19, ALL = COUNT * CHANNELS };
  float sums[ALL], z[ALL], addend[ALL], line[ALL], scales[CHANNELS], bias[CHANNELS], center[CHANNELS];
  uint16_t half_z[ALL], half_addend[ALL], output[ALL];
  double first[CHANNELS] = {0}, second[CHANNELS] = {0};
  for (int i = 0; i < ALL; i++) {
    sums[i] = next_float();
    half_z[i] = half_of(next_float()), half_addend[i] = half_of(next_float());
    z[i] = value_of(half_z[i]), addend[i] = value_of(half_addend[i]);
  }
  for (int j = 0; j < CHANNELS; j++) center[j] = next_float(), scales[j] = next_float(), bias[j] = next_float();
  const binade_moments moments = {features, COUNT, CHANNELS, CHANNELS, center, output, first, second};
  binade_moments_bf16(&moments, sums);
  for (int j = 0; j < CHANNELS; j++) {
    float deviations = 0, squares = 0;
    for (int i = 0; i < COUNT; i++) {
      const float stored = value_of(half_of(sums[i * CHANNELS + j]));
      const float deviation = stored - center[j];
      const float square = deviation * deviation;
      deviations = deviations + deviation, squares = squares + square;
      CHECK(value_of(output[i * CHANNELS + j]) == stored, "stored sum of channel %d", j)
    }
    double expected[2] = {deviations, squares};
    if (j == 3) plant(expected);
    CHECK(first[j] == expected[0] && second[j] == expected[1], "moments of stored sums of channel %d", j)
  }
  memset(first, 0, sizeof first), memset(second, 0, sizeof second);
  const binade_gradient_finish finish = {.features = features, .row_count = COUNT, .row_stride = CHANNELS,
                                         .channels = CHANNELS, .pixel_stride = CHANNELS,
                                         .addend = adds ? half_addend : NULL, .mask = relu ? half_addend : NULL,
                                         .z = half_z, .center = center, .output = output, .gradients = first,
                                         .products = second};
  binade_gradient_finish_bf16(&finish, sums);
  for (int j = 0; j < CHANNELS; j++) {
    float gradients = 0, products = 0;
    for (int i = 0; i < COUNT; i++) {
      const int place = i * CHANNELS + j;
      float g = sums[place];
      if (adds) g = g + addend[place];
      if (relu && !(addend[place] > 0)) g = 0;
      g = value_of(half_of(g));
      CHECK(same(value_of(output[place]), g), "stored gradient %d", place)
      const float product = g * (z[place] - center[j]);
      gradients = gradients + g, products = products + product;
    }
    CHECK(first[j] == gradients && second[j] == products, "sums of stored gradients of channel %d", j)
  }
  const binade_gradient_fill fill = {features, COUNT, CHANNELS, half_addend, half_z, scales, bias, center, line};
  binade_gradient_fill_bf16(&fill);
  for (int i = 0; i < ALL; i++) {
    const int j = i % CHANNELS;
    const float a = scales[j] * addend[i], c = bias[j] * z[i];
    const float value = a + c;
    CHECK(same(line[i], value + center[j]), "fill from bfloat16 %d", i)
  }
  binade_normalize job = {features, relu, COUNT, CHANNELS, scales, bias, half_z, adds ? half_addend : NULL, line};
  binade_normalize_line(&job);
  job.output = output;
  binade_normalize_map(&job);
  for (int i = 0; i < ALL; i++) {
    const int j = i % CHANNELS;
    float value = z[i] * scales[j];
    value = value + bias[j];
    if (adds) value = value + addend[i];
    if (relu && value < 0) value = 0;
    CHECK(same(line[i], value) && output[i] == half_of(value), "normalized %d", i)
  }
}

// Operands of bfloat16: to nearest even on the significand, earlier operands in the upper half.
static void check_bfloat16(uint32_t features) {
  enum { COUNT = 38 };
  float values[COUNT], others[COUNT], rounded[COUNT];
  uint32_t pairs[COUNT], both[COUNT];
  for (int i = 0; i < COUNT; i++) values[i] = next_float(), others[i] = next_float();
  values[3] = float_of(0x3F808000), values[4] = float_of(0x3F818000), values[5] = float_of(0x7F7FFFFF);
  memcpy(rounded, values, sizeof values);
  binade_round_bf16(features, rounded, COUNT);
  binade_pairs_bf16(features, values, COUNT, pairs);
  binade_interleave_bf16(features, values, others, COUNT, both);
  for (int i = 0; i < COUNT; i++) {
    // The ulp of a bfloat16 is 2^16 float32 ulps.
    const float unit = ldexpf(1, ilogbf(values[i]) - 7);
    float expected = rintf(values[i] / unit) * unit;
    if (i == 5) expected = float_of(0x7F800000);
    if (i == 2) plant(&expected);
    CHECK(same(rounded[i], expected), "operand %d: %a, not %a", i, rounded[i], expected)
    const uint32_t half = i % 2 ? pairs[i / 2] << 16 : pairs[i / 2] & 0xFFFF0000;
    CHECK(same(float_of(half), rounded[i]) && same(float_of(both[i] & 0xFFFF0000), rounded[i]), "pair of operand %d", i)
  }
}

static void check_flush(void) {
  volatile float least = float_of(1), one = 1;
  const uint64_t before = binade_flush_begin();
  const float flushed = least * one;
  binade_flush_end(before);
  float found[2] = {flushed, least * one}, expected[2] = {0, float_of(1)};
  plant(&expected[1]);
  CHECK(same(found[0], expected[0]) && same(found[1], expected[1]), "%a and %a", found[0], found[1])
}

static void check_probe(void) {
  unsetenv("BINADE_MAX_ISA");
  const uint32_t features = binade_probe_cpu();
#if defined(__aarch64__)
  CHECK(features == BINADE_CPU_NEON, "the probe found %u", features)
  CHECK(strcmp(binade_peak_name(features), "neon") == 0, "the peak is named %s", binade_peak_name(features))
  CHECK(strcmp(binade_depthwise_name(features), "neon") == 0, "%s", binade_depthwise_name(features))
#endif
  float sink = 0;
  uint64_t count = binade_peak_multiply_adds(0, 1000, &sink);
  plant(&count);
  CHECK(count == 1000 * 12 * 4 && sink > 47 && sink < 49, "%llu multiply-adds, sum %g", (unsigned long long)count,
        (double)sink)
  setenv("BINADE_MAX_ISA", "portable", 1);
  CHECK(binade_probe_cpu() == 0, "BINADE_MAX_ISA=portable leaves %u", binade_probe_cpu())
  setenv("BINADE_MAX_ISA", "avx2", 1);
  CHECK(binade_probe_cpu() == (features & (BINADE_CPU_AVX2 | BINADE_CPU_NEON)), "%u", binade_probe_cpu())
  unsetenv("BINADE_MAX_ISA");
}

#ifdef PLANT_BUG
enum { PLANTED = 1 };
#else
enum { PLANTED = 0 };
#endif

static int checks, silent;

// Counts a check, and those that find nothing.
#define RUN(call)                                     \
  {                                                   \
    const int before = failures;                      \
    call;                                             \
    checks++;                                         \
    if (failures == before) {                         \
      silent++;                                       \
      if (PLANTED) printf("not caught: %s\n", #call); \
    }                                                 \
  }

int main(void) {
  const uint32_t features = binade_probe_cpu();
  const size_t channels[] = {1, 3, 4, 7, 8, 9, 15, 16, 31, 32, 37, 64};
  RUN(check_f32_tiles())
  RUN(check_s16_tiles())
  for (int i = 0; i < 12; i++)
    for (size_t pixels = 1; pixels < 8; pixels++) RUN(check_depthwise(channels[i], pixels, features))
  for (int i = 0; i < 4; i++) RUN(check_epilogue(features, i & 1, i & 2))
  RUN(check_codec(1, BINADE_ROUND_NEAREST_EVEN))
  RUN(check_codec(1, BINADE_ROUND_BY_ADDITION))
  RUN(check_codec(0.25f, BINADE_ROUND_BY_ADDITION))
  RUN(check_steps())
  for (int i = 0; i < 2; i++) RUN(check_outer(features, i))
  for (int i = 0; i < 4; i++) RUN(check_passes(features, i & 1, i & 2))
  for (int i = 0; i < 4; i++) RUN(check_half_passes(features, i & 1, i & 2))
  RUN(check_bfloat16(features))
  RUN(check_flush())
  RUN(check_probe())
  if (PLANTED)
    printf("%d of %d checks caught the planted bug\n", checks - silent, checks);
  else
    printf("%d checks, %d failures\n", checks, failures);
  return PLANTED ? silent == 0 : failures != 0;
}
