/* Row products and chains of every target that this CPU runs, against double precision.
 *
 * SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/float_mode.h"
#include "base/size.h"
#include "products/chain.h"
#include "products/gemv.h"
#include "products/products_native.h"
#include "support/aligned.h"
#include "support/random_numbers.h"
#include "support/sanitizers.h"

enum { WIDTH_MAX = 300, ROWS = 3 };

static const dlcore_gemv_functions_t *gemvs[4];
static const dlcore_chain_functions_t *chains[4];
static size_t targets;

static int find_targets(void **state)
{
    (void)state;
    gemvs[targets] = dlcore_gemv_portable();
    chains[targets++] = dlcore_chain_portable();
    for (size_t i = 0; dlcore_products_native(i) != NULL; i++) {
        gemvs[targets] = dlcore_gemv_of(dlcore_products_native(i));
        chains[targets++] = dlcore_chain_functions(i == 0); /* of AVX-512 only those that flush */
    }
    return 0;
}

static float uniform(void)
{
    return (float)random_below(1u << 20) / (float)(1u << 19) - 1.0f;
}

static float x[ROWS * WIDTH_MAX], kernel[WIDTH_MAX * WIDTH_MAX], bias[WIDTH_MAX + 16];
static _Alignas(64) float panels[WIDTH_MAX * (WIDTH_MAX + 32)];

static void draw(size_t inputs, size_t units, size_t keep)
{
    for (size_t i = 0; i < ROWS * inputs; i++)
        x[i] = keep > 0 && random_below(keep) == 0 ? uniform() : 0.0f;
    for (size_t i = 0; i < inputs * units; i++)
        kernel[i] = uniform();
    for (size_t c = 0; c < WIDTH_MAX + 16; c++)
        bias[c] = c < units ? uniform() : 0.0f;
}

static void assert_near(const char *target, double value, double expected, double scale)
{
    if (!(fabs(value - expected) <= 1e-6 * (scale + fabs(expected))))
        fail_msg("%s: %.9g, not %.9g", target, value, expected);
}

/* ---- row products ---- */

/* y in panels, or each row whole. */
static void check_gemv(const dlcore_gemv_functions_t *gemv, size_t inputs, size_t units, bool all,
                       bool with_bias)
{
    size_t width = gemv->panel(units), row_floats = dlcore_size_round_up(units, width);
    float *memory = aligned_alloc(64, ROWS * row_floats * sizeof *memory);
    uint32_t index[ROWS][WIDTH_MAX + DLCORE_GEMV_SPARE];
    float value[ROWS][WIDTH_MAX + DLCORE_GEMV_SPARE];
    dlcore_matrix_t from = {.data = x, .rows = ROWS, .columns = inputs, .panel = inputs};
    dlcore_matrix_t to = {.data = memory,
                          .rows = ROWS,
                          .columns = units,
                          .panel = all ? row_floats : width,
                          .panel_stride = ROWS * (all ? row_floats : width)};
    dlcore_gemv_t product = {.inputs = inputs,
                             .units = units,
                             .kernel = panels,
                             .bias = with_bias ? bias : NULL,
                             .relu = inputs % 2 == 0};
    dlcore_list_t lists[ROWS];

    assert_non_null(memory);
    dlcore_native_pack(inputs, units, width, kernel, panels);
    for (size_t r = 0; r < ROWS; r++) {
        lists[r] = (dlcore_list_t){.index = index[r], .value = value[r]};
        gemv->list(&from, r, all, &lists[r]);
        assert_int_equal(lists[r].count, all ? inputs : gemv->nonzeros(&from, r));
        for (size_t i = 0; i < lists[r].count; i++)
            assert_true(value[r][i] == x[r * inputs + index[r][i]]);
    }
    gemv->multiply(&product, lists, 0, ROWS, &to);
    for (size_t r = 0; r < ROWS; r++) {
        for (size_t c = 0; c < row_floats; c++) {
            double sum = c < units && with_bias ? (double)bias[c] : 0.0;
            for (size_t i = 0; c < units && i < inputs; i++)
                sum += (double)x[r * inputs + i] * (double)kernel[i * units + c];
            if (product.relu && sum < 0.0)
                sum = 0.0;
            assert_near(gemv->name, (double)dlcore_matrix_at(&to, r, c / to.panel)[c % to.panel],
                        sum, sqrt((double)inputs));
        }
    }
    free(memory);
}

static void test_gemv_of_any_shape_agrees_with_double(void **state)
{
    static const size_t widths[] = {1, 2, 8, 9, 15, 16, 17, 31, 32, 33, 63, 65, 96, 128, 130, 300};
    enum { COUNT = sizeof widths / sizeof *widths };

    (void)state;
    random_seed(21);
    for (size_t i = 0; i < COUNT * COUNT; i++) {
        size_t inputs = widths[i % COUNT], units = widths[i / COUNT];
        draw(inputs, units, i % 4);
        for (size_t t = 0; t < targets; t++)
            check_gemv(gemvs[t], inputs, units, i % 5 == 0, i % 3 != 0);
    }
}

static void test_gemv_list_keeps_nan_and_reads_panels(void **state)
{
    (void)state;
    for (size_t t = 0; t < targets; t++) {
        float data[2][2][16] = {{{0}}};
        uint32_t index[64];
        float value[64];
        dlcore_list_t list = {.index = index, .value = value};
        dlcore_matrix_t m = {
            .data = &data[0][0][0], .rows = 2, .columns = 20, .panel = 16, .panel_stride = 32};

        data[0][1][3] = NAN;
        data[1][1][2] = -1.0f;
        data[1][1][4] = 5.0f; /* padding */
        gemvs[t]->list(&m, 1, false, &list);
        assert_int_equal(list.count, 2);
        assert_int_equal(gemvs[t]->nonzeros(&m, 1), 2);
        assert_int_equal(index[0], 3);
        assert_true(isnan(value[0]));
        assert_int_equal(index[1], 18);
        assert_true(value[1] == -1.0f);
    }
}

/* Leaves ones where the next call puts what it has no register for: what relies on memory that it
 * never wrote then counts too much. */
static __attribute__((noinline)) void dirty_stack(void)
{
    volatile unsigned char bytes[4096];

    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = 0xff;
}

/* A row of some columns, one bit of the pattern each, over and over. */
static void check_list(const dlcore_gemv_functions_t *gemv, size_t columns, unsigned pattern)
{
    float row[3 * 16];
    uint32_t index[3 * 16 + DLCORE_GEMV_SPARE];
    float value[3 * 16 + DLCORE_GEMV_SPARE];
    dlcore_list_t list = {.index = index, .value = value};
    dlcore_matrix_t m = {.data = row, .rows = 1, .columns = columns, .panel = columns};
    size_t count = 0;

    for (size_t i = 0; i < columns; i++)
        row[i] = pattern >> i % 16 & 1 ? (float)i - 20.5f : 0.0f;
    dirty_stack();
    gemv->list(&m, 0, false, &list);
    for (size_t i = 0; i < columns; i++) {
        if (row[i] == 0.0f)
            continue;
        if (count >= list.count || index[count] != i || value[count] != row[i])
            fail_msg("%s: %zu columns of pattern %#x: element %zu is not the one of column %zu",
                     gemv->name, columns, pattern, count, i);
        count++;
    }
    if (list.count != count)
        fail_msg("%s: %zu columns of pattern %#x: %zu in the list, not %zu", gemv->name, columns,
                 pattern, list.count, count);
    dirty_stack();
    assert_int_equal(gemv->nonzeros(&m, 0), count);
}

static void test_gemv_list_of_any_pattern_is_that_of_a_plain_loop(void **state)
{
    const unsigned steps[] = {EMULATED ? 7 : 1, EMULATED ? 977 : 97};

    (void)state;
    for (size_t t = 0; t < targets; t++) {
        for (size_t columns = 1; columns <= 3 * 16; columns++) {
            for (unsigned pattern = 0; pattern < 1u << 16; pattern += steps[columns % 16 != 15])
                check_list(gemvs[t], columns, pattern);
        }
    }
}

/* ---- chains ---- */

static double activated(dlcore_activation_t activation, double z)
{
    if (activation == DLCORE_ACTIVATION_RELU)
        return z < 0.0 ? 0.0 : z;
    if (activation == DLCORE_ACTIVATION_SIGMOID)
        return 1.0 / (1.0 + exp(-z));
    return activation == DLCORE_ACTIVATION_TANH ? tanh(z) : z;
}

/* y = activation(row kernel + bias), in double. Answers the largest of what the sums' rounding
 * errors go by: |bias| + |row| |column of the kernel|. */
static double reference_layer(dlcore_activation_t activation, size_t inputs, size_t units,
                              double *y)
{
    double result[DLCORE_CHAIN_WIDTH], total = 0.0, row = 0.0, scale = 0.0;

    for (size_t i = 0; i < inputs; i++)
        row += y[i] * y[i];

    for (size_t c = 0; c < units; c++) {
        double sum = (double)bias[c], column = 0.0;
        for (size_t i = 0; i < inputs; i++) {
            double weight = (double)kernel[i * units + c];
            sum += y[i] * weight;
            column += weight * weight;
        }
        scale = fmax(scale, fabs((double)bias[c]) + sqrt(row * column));
        result[c] = activation == DLCORE_ACTIVATION_SOFTMAX ? exp(sum) : activated(activation, sum);
        total += result[c];
    }
    for (size_t c = 0; c < units; c++)
        y[c] = activation == DLCORE_ACTIVATION_SOFTMAX ? result[c] / total : result[c];
    return scale;
}

/* Two layers of random widths, with one row. */
static void check_chain(const dlcore_chain_functions_t *functions, const size_t widths[3],
                        const dlcore_activation_t activations[2])
{
    static _Alignas(64) float weights[2][(DLCORE_CHAIN_WIDTH + 1) * DLCORE_CHAIN_WIDTH];
    dlcore_chain_layer_t layers[2];
    dlcore_chain_t chain = {.layers = layers,
                            .layer_count = 2,
                            .inputs = widths[0],
                            .units = widths[2],
                            .scale = 1.0f,
                            .widest = dlcore_size_max(widths[1], widths[2])};
    float outputs[DLCORE_CHAIN_WIDTH + 1];
    double expected[DLCORE_CHAIN_WIDTH], scale = 0.0;

    for (size_t l = 0; l < 2; l++) {
        draw(widths[l], widths[l + 1], 1);
        if (l == 0) {
            for (size_t i = 0; i < widths[0]; i++)
                expected[i] = (double)(outputs[i] = x[i]);
        }
        assert_true(dlcore_chain_floats(widths[l], widths[l + 1]) <=
                    sizeof weights[l] / sizeof *weights[l]);
        dlcore_chain_pack(widths[l], widths[l + 1], kernel, bias, true, weights[l]);
        layers[l] = (dlcore_chain_layer_t){.weights = weights[l],
                                           .inputs = widths[l],
                                           .units = widths[l + 1],
                                           .activation = activations[l]};
        scale = reference_layer(activations[l], widths[l], widths[l + 1], expected);
    }
    memcpy(x, outputs, widths[0] * sizeof *x);
    outputs[widths[2]] = 42.0f;
    functions->run(&chain, x, 1, outputs);
    for (size_t c = 0; c < widths[2]; c++)
        assert_near("chain", (double)outputs[c], expected[c], 1.0 + 0.25 * scale);
    assert_true(outputs[widths[2]] == 42.0f);
}

static void test_chain_of_any_widths_agrees_with_double(void **state)
{
    (void)state;
    random_seed(22);
    for (size_t i = 0; i < 600; i++) {
        dlcore_activation_t activations[2];
        size_t widths[3], most = i % 3 == 0 ? 8 : i % 3 == 1 ? 16 : DLCORE_CHAIN_WIDTH;
        for (size_t k = 0; k < 3; k++)
            widths[k] = 1 + random_below(most);
        for (size_t k = 0; k < 2; k++)
            activations[k] = (dlcore_activation_t)(DLCORE_ACTIVATION_LINEAR + (int)random_below(5));
        for (size_t t = 0; t < targets; t++)
            check_chain(chains[t], widths, activations);
    }
}

/* Where a layer has fewer units than a vector has lanes, infinity makes NaN of the padding, which
 * is zero; the next layer minds none of it. */
static void test_chain_of_an_infinite_input_keeps_nan_out_of_other_units(void **state)
{
    static const float row[2] = {-INFINITY, 1.0f}, ones[6] = {1, 1, 1, 1, 1, 1};
    static const float ends[2] = {0.25f, -3.0f};
    static _Alignas(64) float weights[2][5 * 16];
    dlcore_chain_layer_t layers[2] = {
        {.weights = weights[0], .inputs = 2, .units = 3, .activation = DLCORE_ACTIVATION_RELU},
        {.weights = weights[1], .inputs = 3, .units = 2, .activation = DLCORE_ACTIVATION_LINEAR}};
    const dlcore_chain_t chain = {
        .layers = layers, .layer_count = 2, .inputs = 2, .units = 2, .scale = 1.0f, .widest = 3};

    (void)state;
    dlcore_chain_pack(2, 3, ones, NULL, true, weights[0]);
    dlcore_chain_pack(3, 2, ones, ends, true, weights[1]);
    for (size_t t = 0; t < targets; t++) {
        float y[2];

        chains[t]->run(&chain, row, 1, y);
        assert_memory_equal(y, ends, sizeof y);
    }
}

static void test_chain_activations_are_exact_at_the_ends(void **state)
{
    static const float inputs[] = {-INFINITY, -200.0f, -1e-6f, 0.0f, 1e-6f, 30.0f, INFINITY};

    (void)state;
    for (size_t t = 0; t < targets; t++) {
        for (size_t i = 0; i < sizeof inputs / sizeof *inputs; i++) {
            for (int a = 0; a < 2; a++) {
                static _Alignas(64) float weights[5 * 16];
                float one = 1.0f, y;
                dlcore_chain_layer_t layer = {.weights = weights,
                                              .inputs = 1,
                                              .units = 1,
                                              .activation = a ? DLCORE_ACTIVATION_TANH
                                                              : DLCORE_ACTIVATION_SIGMOID};
                dlcore_chain_t chain = {.layers = &layer,
                                        .layer_count = 1,
                                        .inputs = 1,
                                        .units = 1,
                                        .scale = 1.0f,
                                        .widest = 1};
                double exact = activated(layer.activation, (double)inputs[i]);
                dlcore_float_mode_t mode = dlcore_float_mode_enter(true);

                dlcore_chain_pack(1, 1, &one, NULL, true, weights);
                chains[t]->run(&chain, &inputs[i], 1, &y);
                dlcore_float_mode_leave(mode);
                assert_true(fabs((double)y - exact) <= 3e-7 * fabs(exact) + 1e-38);
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gemv_of_any_shape_agrees_with_double),
        cmocka_unit_test(test_gemv_list_keeps_nan_and_reads_panels),
        cmocka_unit_test(test_gemv_list_of_any_pattern_is_that_of_a_plain_loop),
        cmocka_unit_test(test_chain_of_any_widths_agrees_with_double),
        cmocka_unit_test(test_chain_of_an_infinite_input_keeps_nan_out_of_other_units),
        cmocka_unit_test(test_chain_activations_are_exact_at_the_ends),
    };

    return cmocka_run_group_tests(tests, find_targets, NULL);
}
