/* Products in fewer bits, of every target that this CPU runs: against plain loops over the rounded
 * numbers, and bit for bit against each other.
 *
 * SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/half.h"
#include "base/size.h"
#include "products/low_int8.h"
#include "support/aligned.h"
#include "support/random_numbers.h"

enum { INPUTS_MAX = 530, UNITS_MAX = 300, ROWS = 27, TARGETS_MAX = 4 };

static const dlcore_low_functions_t *targets[TARGETS_MAX];
static size_t target_count;

typedef const dlcore_low_functions_t *kind_function(size_t index);

static void find_targets(kind_function *kind)
{
    for (target_count = 0; kind(target_count) != NULL; target_count++)
        targets[target_count] = kind(target_count);
}

static float uniform(void)
{
    return (float)random_below(1u << 20) / (float)(1u << 19) - 1.0f;
}

static float x[ROWS * INPUTS_MAX], kernel[INPUTS_MAX * UNITS_MAX], bias[UNITS_MAX + 16];

/* One input in `keep` is not zero; 0: none is. `low`: the smallest. */
static void draw(size_t inputs, size_t units, size_t keep, float low)
{
    for (size_t i = 0; i < ROWS * inputs; i++)
        x[i] = keep == 0 || random_below(keep) == 0 ? (1.0f - low) * fabsf(uniform()) + low : 0.0f;
    for (size_t i = 0; i < inputs * units; i++)
        kernel[i] = uniform();
    for (size_t c = 0; c < UNITS_MAX + 16; c++)
        bias[c] = c < units ? uniform() : 0.0f;
}

/* ---- what a target makes of it ---- */

typedef struct low_case {
    const dlcore_low_functions_t *low;
    void *memory;
    dlcore_low_kernel_t kernel;
    dlcore_low_rows_t rows;
    dlcore_low_product_t product;
    dlcore_matrix_t x, y;
    float *data; /* of y; NaN before */
    size_t floats;
} low_case_t;

static low_case_t low_case(const dlcore_low_functions_t *low, size_t inputs, size_t units,
                           size_t y_panel)
{
    size_t bytes = dlcore_low_kernel_bytes(low, inputs, units);
    size_t stride = dlcore_low_stride(low, inputs), columns = dlcore_size_round_up(units, y_panel);
    low_case_t c = {.low = low, .memory = aligned_alloc(64, bytes), .floats = ROWS * columns};

    assert_true(bytes > 0 && bytes % 64 == 0);
    assert_non_null(c.memory);
    memset(c.memory, 0xee, bytes);
    c.kernel = dlcore_low_kernel_at(low, inputs, units, c.memory);
    low->pack(&(dlcore_low_source_t){inputs, units, units, kernel}, &c.kernel);
    c.rows = (dlcore_low_rows_t){.words = aligned_alloc(64, ROWS * stride * sizeof(uint32_t)),
                                 .stride = stride,
                                 .scales = malloc(ROWS * sizeof(dlcore_low_scale_t))};
    memset(c.rows.words, 0xee, ROWS * stride * sizeof(uint32_t));
    c.x = (dlcore_matrix_t){.data = x, .rows = ROWS, .columns = inputs, .panel = inputs};
    low->encode(&c.x, &c.rows);
    c.data = aligned_alloc(64, c.floats * sizeof *c.data);
    c.y = (dlcore_matrix_t){.data = c.data,
                            .rows = ROWS,
                            .columns = units,
                            .panel = y_panel,
                            .panel_stride = ROWS * y_panel};
    return c;
}

static void low_case_free(low_case_t *c)
{
    free(c->memory);
    free(c->rows.words);
    free(c->rows.scales);
    free(c->data);
}

static dlcore_low_product_t product_of(low_case_t *c, bool with_bias, bool relu)
{
    for (size_t i = 0; i < c->floats; i++)
        c->data[i] = NAN;
    return (dlcore_low_product_t){.kernel = &c->kernel,
                                  .bias = with_bias ? bias : NULL,
                                  .relu = relu,
                                  .x = &c->rows,
                                  .y = &c->y};
}

static void run_tiles(low_case_t *c, bool with_bias, bool relu, size_t step)
{
    dlcore_low_product_t product = product_of(c, with_bias, relu);

    for (size_t r = 0; r < ROWS; r += step)
        c->low->multiply(&product, r, dlcore_size_min(step, ROWS - r));
}

static void run_lists(low_case_t *c, bool with_bias, bool relu, bool all)
{
    dlcore_low_product_t product = product_of(c, with_bias, relu);
    static uint32_t index[DLCORE_LOW_LISTS][INPUTS_MAX], word[DLCORE_LOW_LISTS][INPUTS_MAX];
    dlcore_low_list_t lists[DLCORE_LOW_LISTS];

    for (size_t r = 0; r < ROWS; r += 5) {
        size_t count = dlcore_size_min(5, ROWS - r);
        for (size_t i = 0; i < count; i++) {
            lists[i] = (dlcore_low_list_t){.index = index[i], .word = word[i]};
            dlcore_low_make_list(&c->kernel, &c->rows, r + i, all, &lists[i]);
            assert_int_equal(lists[i].count,
                             all ? c->kernel.words
                                 : dlcore_low_nonzeros(&c->kernel, &c->rows, r + i));
        }
        c->low->multiply_lists(&product, lists, count);
    }
}

static float y_at(const low_case_t *c, size_t row, size_t unit)
{
    return dlcore_matrix_at(&c->y, row, unit / c->y.panel)[unit % c->y.panel];
}

/* ---- the rounded numbers ---- */

static unsigned input_of(const low_case_t *c, size_t row, size_t i)
{
    return ((const uint8_t *)(c->rows.words + row * c->rows.stride))[i];
}

static int weight_of(const low_case_t *c, size_t i, size_t unit)
{
    size_t panel = c->kernel.panel, first = unit - unit % panel;
    const int8_t *bytes = (const int8_t *)(c->kernel.elements + first * c->kernel.words);

    return bytes[(i / 4 * panel + unit % panel) * 4 + i % 4];
}

static void check_rows(const low_case_t *c)
{
    for (size_t r = 0; r < ROWS; r++) {
        double scale = (double)c->rows.scales[r].scale, least = (double)c->rows.scales[r].least;
        for (size_t i = 0; i < c->x.columns; i++) {
            double number = (double)x[r * c->x.columns + i];
            double back = scale * input_of(c, r, i) + least;
            if (!(fabs(back - number) <= 0.5001 * scale + 1e-6 * fabs(number)))
                fail_msg("%s: row %zu, input %zu: %.9g became %.9g (%.9g q + %.9g)", c->low->name,
                         r, i, number, back, scale, least);
        }
    }
}

static void check_weights(const low_case_t *c)
{
    for (size_t u = 0; u < c->kernel.units; u++) {
        double scale = (double)c->kernel.factors[u], largest = 0.0;
        long sum = 0;
        for (size_t i = 0; i < c->kernel.inputs; i++) {
            double number = (double)kernel[i * c->kernel.units + u];
            int q = weight_of(c, i, u);
            assert_true(q >= -127);
            assert_true(fabs(scale * q - number) <= 0.5001 * scale);
            largest = fmax(largest, fabs(number));
            sum += q;
        }
        assert_true(fabs(scale * 127.0 - largest) <= 1e-6 * largest);
        assert_true((double)c->kernel.factors[c->kernel.width + u] ==
                    (double)((float)scale * (float)sum));
    }
}

/* The formula of low_int8.h, in double. */
static void check_product(const low_case_t *c, bool with_bias, bool relu)
{
    for (size_t r = 0; r < ROWS; r++) {
        for (size_t u = 0; u < c->kernel.units; u++) {
            double unit = (double)c->kernel.factors[u], value, size;
            long sum = 0, total = 0;
            for (size_t i = 0; i < c->kernel.inputs; i++) {
                sum += weight_of(c, i, u) * (long)input_of(c, r, i);
                total += weight_of(c, i, u);
            }
            value = unit * ((double)c->rows.scales[r].scale * (double)sum);
            size = fabs(value) + fabs(unit * (double)c->rows.scales[r].least * (double)total);
            value += unit * ((double)c->rows.scales[r].least * (double)total);
            value += with_bias ? (double)bias[u] : 0.0;
            value = relu && value < 0.0 ? 0.0 : value;
            if (!(fabs((double)y_at(c, r, u) - value) <= 1e-6 * (size + 1.0)))
                fail_msg("%s: row %zu, unit %zu of %zu: %.9g, not %.9g", c->low->name, r, u,
                         c->kernel.units, (double)y_at(c, r, u), value);
        }
    }
}

/* ---- tests ---- */

static const size_t widths[] = {1, 3, 4, 5, 8, 15, 16, 17, 31, 33, 64, 65, 96, 130, 300};
enum { WIDTHS = sizeof widths / sizeof *widths };

static void test_low_int8_of_any_shape_agrees_with_plain_loops(void **state)
{
    (void)state;
    random_seed(31);
    find_targets(dlcore_low_int8_kind);
    for (size_t i = 0; i < WIDTHS * WIDTHS; i += 2) {
        size_t inputs = widths[i % WIDTHS], units = widths[i / WIDTHS];
        low_case_t c;
        draw(inputs, units, i % 4, i % 3 == 0 ? 0.0f : i % 3 == 1 ? -1.0f : 0.75f);
        c = low_case(targets[target_count - 1], inputs, units, 16);
        run_tiles(&c, i % 2, i % 5 == 0, ROWS);
        check_rows(&c);
        check_weights(&c);
        check_product(&c, i % 2, i % 5 == 0);
        low_case_free(&c);
    }
}

static void assert_same_outputs(const low_case_t *c, const low_case_t *expected, const char *how)
{
    for (size_t r = 0; r < ROWS; r++) {
        for (size_t u = 0; u < dlcore_size_round_up(c->kernel.units, 16); u++) {
            float y = y_at(c, r, u), right = y_at(expected, r, u);
            if (dlcore_float_bits(y) != dlcore_float_bits(right))
                fail_msg("%s, %s: row %zu, unit %zu of %zu, %zu inputs: %.9g, not %.9g",
                         c->low->name, how, r, u, c->kernel.units, c->kernel.inputs, (double)y,
                         (double)right);
        }
    }
}

static void check_against(const low_case_t *expected, low_case_t *c, bool with_bias, bool relu)
{
    static const size_t steps[] = {1, 2, 3, 7, 13, ROWS};

    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        run_tiles(c, with_bias, relu, steps[i]);
        assert_same_outputs(c, expected, "tiles");
    }
    run_lists(c, with_bias, relu, false);
    assert_same_outputs(c, expected, "lists");
    run_lists(c, with_bias, relu, true);
    assert_same_outputs(c, expected, "lists of all");
}

static void check_all_targets(size_t i)
{
    size_t inputs = widths[i % WIDTHS], units = widths[i / WIDTHS];
    size_t panel = i % 3 == 0 ? 16 : i % 3 == 1 ? 32 : dlcore_size_round_up(units, 16);
    bool with_bias = i % 2, relu = i % 5 == 0;
    low_case_t expected;

    draw(inputs, units, i % 4, i % 3 == 0 ? 0.0f : i % 3 == 1 ? -1.0f : 0.75f);
    expected = low_case(targets[target_count - 1], inputs, units, 16);
    run_tiles(&expected, with_bias, relu, ROWS);
    for (size_t t = 0; t < target_count; t++) {
        low_case_t c = low_case(targets[t], inputs, units, panel);
        check_against(&expected, &c, with_bias, relu);
        low_case_free(&c);
    }
    low_case_free(&expected);
}

static void test_low_of_every_target_and_way_gives_the_same_bits(void **state)
{
    (void)state;
    random_seed(32);
    find_targets(dlcore_low_int8_kind);
    for (size_t i = 0; i < WIDTHS * WIDTHS; i++)
        check_all_targets(i);
    find_targets(dlcore_low_bfloat16_kind);
    for (size_t i = 0; i < WIDTHS * WIDTHS; i++)
        check_all_targets(i);
}

/* Row 0 is odd; the others show that it stays alone. */
static void check_odd_row(const float row[4], const float expected[2])
{
    for (size_t t = 0; t < target_count; t++) {
        low_case_t c;
        draw(4, 2, 0, -1.0f);
        memcpy(x, row, 4 * sizeof *x);
        for (size_t i = 0; i < 4; i++) {
            kernel[2 * i] = 1.0f; /* their sum */
            kernel[2 * i + 1] = i == 0 ? 1.0f : 0.0f;
        }
        c = low_case(targets[t], 4, 2, 16);
        run_tiles(&c, false, false, ROWS);
        for (size_t u = 0; u < 2; u++) {
            double y = (double)y_at(&c, 0, u), right = (double)expected[u];
            if (isnan(right) ? !isnan(y)
                : y == right ? false
                             : !(fabs(y - right) <= 0.01 * fabs(right)))
                fail_msg("%s: (%g %g %g %g), unit %zu: %.9g, not %.9g", c.low->name, (double)row[0],
                         (double)row[1], (double)row[2], (double)row[3], u, y, right);
        }
        for (size_t r = 1; r < ROWS; r++)
            assert_true(isfinite(y_at(&c, r, 0)) && isfinite(y_at(&c, r, 1)));
        assert_true(y_at(&c, 0, 2) == 0.0f); /* padding */
        low_case_free(&c);
    }
}

static void test_low_int8_of_odd_rows_gives_what_the_header_says(void **state)
{
    (void)state;
    random_seed(33);
    find_targets(dlcore_low_int8_kind);
    check_odd_row((float[]){0, 0, 0, 0}, (float[]){0, 0});
    check_odd_row((float[]){3, 3, 3, 3}, (float[]){12, 3});
    check_odd_row((float[]){-3, -3, -3, -3}, (float[]){-12, -3});
    check_odd_row((float[]){1e30f, 1e30f, 1e30f, 1e30f}, (float[]){4e30f, 1e30f});
    check_odd_row((float[]){1e-30f, 2e-30f, 1e-30f, 1e-30f}, (float[]){5e-30f, 1e-30f});
    check_odd_row((float[]){1e-36f, 2e-36f, 1e-36f, 1e-36f}, (float[]){5e-36f, 1e-36f});
    check_odd_row((float[]){2e-38f, 4e-38f, 2e-38f, 2e-38f}, (float[]){1e-37f, 2e-38f});
    check_odd_row((float[]){1e6f, 1e6f + 0.5f, 1e6f, 1e6f}, (float[]){4e6f, 1e6f});
    /* parts of the sums leave float32 */
    check_odd_row((float[]){3e38f, 0, -3e38f, 0}, (float[]){NAN, INFINITY});
    check_odd_row((float[]){FLT_MAX, -FLT_MAX, 0, 0}, (float[]){NAN, INFINITY});
    check_odd_row((float[]){1.5e38f, -1.5e38f, 0, 0}, (float[]){NAN, 1.5e38f});
    check_odd_row((float[]){1e38f, 0, 1e37f, 0}, (float[]){1.1e38f, 1e38f});
    check_odd_row((float[]){1, NAN, 2, 3}, (float[]){NAN, NAN});
    check_odd_row((float[]){1, INFINITY, 2, 3}, (float[]){NAN, NAN});
    check_odd_row((float[]){-INFINITY, 1, 2, 3}, (float[]){NAN, NAN});
}

static void test_low_int8_zero_is_exact_in_rows_that_have_both_signs(void **state)
{
    (void)state;
    random_seed(34);
    find_targets(dlcore_low_int8_kind);
    for (size_t i = 0; i < 2000; i++) {
        float low = -ldexpf((float)random_unit() + 0.01f, (int)random_below(20) - 10);
        float high = ldexpf((float)random_unit() + 0.01f, (int)random_below(20) - 10);
        dlcore_low_scale_t scale;
        dlcore_int8_range_t range = dlcore_int8_range(low, high, true, &scale);
        float q = rintf((0.0f - range.least) * range.inverse);
        assert_true(fabsf(q * scale.scale + scale.least) <= 1e-4f * scale.scale);
        assert_true(rintf((low - range.least) * range.inverse) >= 0.0f);
        assert_true(rintf((high - range.least) * range.inverse) <= 255.0f);
    }
}

static void test_low_int8_of_odd_weights_keeps_them_in_their_unit(void **state)
{
    static const float odd[] = {NAN, INFINITY, -INFINITY, 1e-40f};

    (void)state;
    random_seed(35);
    find_targets(dlcore_low_int8_kind);
    for (size_t t = 0; t < target_count; t++) {
        low_case_t c;
        draw(40, 6, 0, -1.0f);
        for (size_t k = 0; k < 4; k++)
            kernel[(3 + k) * 6 + k] = odd[k];
        for (size_t i = 0; i < 40; i++)
            kernel[i * 6 + 3] = 1e-40f; /* as good as nothing */
        bias[3] = 0.0f;
        c = low_case(targets[t], 40, 6, 16);
        run_tiles(&c, true, false, ROWS);
        for (size_t r = 0; r < ROWS; r++) {
            for (size_t u = 0; u < 3; u++)
                assert_true(isnan(y_at(&c, r, u)));
            assert_true(y_at(&c, r, 3) == bias[3]);
            assert_true(isfinite(y_at(&c, r, 4)) && isfinite(y_at(&c, r, 5)));
            assert_true(y_at(&c, r, 6) == 0.0f);
        }
        low_case_free(&c);
    }
}

/* An engine's panels hold the same kernel as rows do. */
static void test_low_pack_reads_any_layout_of_a_kernel(void **state)
{
    enum { INPUTS = 37, UNITS = 50 };
    static float panels[INPUTS * 64];

    (void)state;
    random_seed(36);
    find_targets(dlcore_low_int8_kind);
    for (size_t t = 0; t < target_count; t++) {
        low_case_t c;
        size_t bytes = dlcore_low_kernel_bytes(targets[t], INPUTS, UNITS);
        dlcore_low_kernel_t other;
        void *memory = aligned_alloc(64, bytes);
        draw(INPUTS, UNITS, 0, 0.0f);
        for (size_t i = 0; i < INPUTS; i++)
            for (size_t u = 0; u < UNITS; u++)
                panels[u / 32 * 32 * INPUTS + i * 32 + u % 32] = kernel[i * UNITS + u];
        c = low_case(targets[t], INPUTS, UNITS, 16);
        assert_non_null(memory);
        other = dlcore_low_kernel_at(targets[t], INPUTS, UNITS, memory);
        targets[t]->pack(&(dlcore_low_source_t){INPUTS, UNITS, 32, panels}, &other);
        assert_memory_equal(memory, c.memory, bytes);
        free(memory);
        low_case_free(&c);
    }
}

static void test_low_encode_reads_panels_and_ignores_their_padding(void **state)
{
    enum { INPUTS = 37 };
    static float panels[ROWS * 48];

    (void)state;
    random_seed(37);
    find_targets(dlcore_low_int8_kind);
    for (size_t t = 0; t < target_count; t++) {
        low_case_t c;
        dlcore_matrix_t from = {.data = panels,
                                .rows = ROWS,
                                .columns = INPUTS,
                                .panel = 16,
                                .panel_stride = 16 * ROWS};
        uint32_t words[ROWS][48] = {{0}};
        dlcore_low_scale_t scales[ROWS];
        dlcore_low_rows_t rows = {.words = words[0], .stride = 48, .scales = scales};
        draw(INPUTS, 3, 0, -1.0f);
        for (size_t i = 0; i < ROWS * 48; i++)
            panels[i] = 1e30f;
        for (size_t r = 0; r < ROWS; r++)
            for (size_t i = 0; i < INPUTS; i++)
                dlcore_matrix_at(&from, r, i / 16)[i % 16] = x[r * INPUTS + i];
        c = low_case(targets[t], INPUTS, 3, 16);
        targets[t]->encode(&from, &rows);
        for (size_t r = 0; r < ROWS; r++)
            assert_memory_equal(words[r], c.rows.words + r * c.rows.stride,
                                c.kernel.words * sizeof(uint32_t));
        low_case_free(&c);
    }
}

/* ---- bfloat16 ---- */

static float bfloat16_of(const uint32_t *words, size_t i)
{
    return dlcore_float_of_bits(i % 2 == 0 ? words[i / 2] << 16 : words[i / 2] & 0xffff0000u);
}

static float rounded(float number)
{
    return dlcore_float_from_bfloat16(dlcore_bfloat16_from_float(number));
}

/* Sums in the order of pairs, the odd one of a pair first. */
static void test_low_bfloat16_rounds_to_nearest_and_adds_pairs_in_order(void **state)
{
    (void)state;
    random_seed(38);
    find_targets(dlcore_low_bfloat16_kind);
    for (size_t i = 0; i < WIDTHS * WIDTHS; i += 7) {
        size_t inputs_of = widths[i % WIDTHS], units = widths[i / WIDTHS];
        low_case_t c;
        draw(inputs_of, units, i % 4, -1.0f);
        c = low_case(targets[i % target_count], inputs_of, units, 16);
        run_tiles(&c, true, false, ROWS);
        for (size_t r = 0; r < ROWS; r++) {
            const uint32_t *words = c.rows.words + r * c.rows.stride;
            for (size_t k = 0; k < inputs_of; k++)
                assert_true(bfloat16_of(words, k) == rounded(x[r * inputs_of + k]));
            for (size_t u = 0; u < units; u++) {
                float sum = bias[u];
                for (size_t k = 0; k < 2 * c.kernel.words; k++) {
                    size_t at = k ^ 1;
                    if (at < inputs_of)
                        sum += rounded(x[r * inputs_of + at]) * rounded(kernel[at * units + u]);
                }
                assert_true(y_at(&c, r, u) == sum);
            }
        }
        low_case_free(&c);
    }
}

static void test_low_bfloat16_of_odd_numbers_gives_what_float32_gives(void **state)
{
    (void)state;
    random_seed(39);
    find_targets(dlcore_low_bfloat16_kind);
    for (size_t t = 0; t < target_count; t++) {
        low_case_t c;
        draw(40, 6, 2, -1.0f);
        x[3] = NAN;
        x[40 + 3] = INFINITY;
        x[80 + 3] = -INFINITY;
        for (size_t i = 0; i < 40; i++)
            x[120 + i] = 0.0f;
        for (size_t u = 0; u < 6; u++)
            kernel[18 + u] = 1.0f;
        kernel[5 * 6 + 2] = INFINITY; /* times 0: NaN */
        kernel[7 * 6 + 4] = FLT_MAX;  /* rounds to infinity */
        c = low_case(targets[t], 40, 6, 16);
        assert_false(c.kernel.skips_zeros);
        run_tiles(&c, true, false, ROWS);
        for (size_t u = 0; u < 6; u++) {
            bool odd = u == 2 || u == 4;
            assert_true(isnan(y_at(&c, 0, u)));
            assert_true(odd || y_at(&c, 1, u) == INFINITY);
            assert_true(odd || y_at(&c, 2, u) == -INFINITY);
            assert_true(odd ? isnan(y_at(&c, 3, u)) : y_at(&c, 3, u) == bias[u]);
        }
        assert_true(y_at(&c, 0, 6) == 0.0f); /* padding */
        low_case_free(&c);
    }
}

static void test_low_bfloat16_skips_zeros_only_where_all_weights_are_finite(void **state)
{
    (void)state;
    random_seed(40);
    find_targets(dlcore_low_bfloat16_kind);
    for (size_t i = 0; i < 40; i++) {
        low_case_t c;
        draw(40, 6, 0, -1.0f);
        if (i > 0)
            kernel[i * 6 + i % 6] = i % 3 == 0 ? NAN : i % 3 == 1 ? -INFINITY : FLT_MAX;
        c = low_case(targets[i % target_count], 40, 6, 16);
        assert_int_equal(c.kernel.skips_zeros, i == 0);
        low_case_free(&c);
    }
}

/* ---- whole numbers ---- */

/* The most that a sum can be does not leave 32 bits. */
static void test_low_int8_of_the_most_inputs_does_not_overflow(void **state)
{
    size_t n = DLCORE_INT8_INPUTS_MOST;
    float *wide = malloc(n * sizeof *wide), *weights = malloc(n * sizeof *weights), y[16];

    (void)state;
    find_targets(dlcore_low_int8_kind);
    assert_non_null(wide);
    assert_non_null(weights);
    for (size_t i = 0; i < n; i++) {
        wide[i] = i == 0 ? 0.0f : 1.0f;
        weights[i] = -1.0f;
    }
    for (size_t t = 0; t < target_count; t++) {
        const dlcore_low_functions_t *low = targets[t];
        void *memory = aligned_alloc(64, dlcore_low_kernel_bytes(low, n, 1));
        uint32_t *words = aligned_alloc(64, dlcore_low_stride(low, n) * sizeof *words);
        dlcore_low_kernel_t packed = dlcore_low_kernel_at(low, n, 1, memory);
        dlcore_low_scale_t scale;
        dlcore_low_rows_t rows = {.words = words, .stride = 0, .scales = &scale};
        dlcore_matrix_t from = {.data = wide, .rows = 1, .columns = n, .panel = n};
        dlcore_matrix_t to = {.data = y, .rows = 1, .columns = 1, .panel = 16};
        dlcore_low_product_t product = {.kernel = &packed, .x = &rows, .y = &to};

        low->pack(&(dlcore_low_source_t){n, 1, 1, weights}, &packed);
        low->encode(&from, &rows);
        low->multiply(&product, 0, 1);
        assert_true(fabsf(y[0] + (float)(n - 1)) <= 1.0f);
        free(memory);
        free(words);
    }
    free(wide);
    free(weights);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_low_int8_of_any_shape_agrees_with_plain_loops),
        cmocka_unit_test(test_low_of_every_target_and_way_gives_the_same_bits),
        cmocka_unit_test(test_low_int8_of_odd_rows_gives_what_the_header_says),
        cmocka_unit_test(test_low_int8_zero_is_exact_in_rows_that_have_both_signs),
        cmocka_unit_test(test_low_int8_of_odd_weights_keeps_them_in_their_unit),
        cmocka_unit_test(test_low_pack_reads_any_layout_of_a_kernel),
        cmocka_unit_test(test_low_encode_reads_panels_and_ignores_their_padding),
        cmocka_unit_test(test_low_bfloat16_rounds_to_nearest_and_adds_pairs_in_order),
        cmocka_unit_test(test_low_bfloat16_of_odd_numbers_gives_what_float32_gives),
        cmocka_unit_test(test_low_bfloat16_skips_zeros_only_where_all_weights_are_finite),
        cmocka_unit_test(test_low_int8_of_the_most_inputs_does_not_overflow),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
