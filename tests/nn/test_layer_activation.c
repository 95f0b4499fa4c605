/* The activation of a layer and the gradient through it, over matrices in panels: what they read,
 * and that padding of gradients stays zero whatever lies beside it.
 *
 * SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "nn/layer.h"

/* Two panels, of which the second has 5 columns and 11 of padding. */
enum { ROWS = 3, COLUMNS = 21, PANEL = 16, FLOATS = 2 * PANEL * ROWS };

static dlcore_matrix_t matrix_over(float *data)
{
    return (dlcore_matrix_t){.data = data,
                             .rows = ROWS,
                             .columns = COLUMNS,
                             .panel = PANEL,
                             .panel_stride = PANEL * ROWS};
}

static bool is_padding(size_t i)
{
    return i >= PANEL * ROWS && i % PANEL >= COLUMNS - PANEL;
}

/* Numbers in -1.5 .. 1.5, and infinities beside them. */
static void fill(float *values, float padding)
{
    for (size_t i = 0; i < FLOATS; i++)
        values[i] = is_padding(i) ? padding : 3.0f * (float)(i * 37 % 101) / 101.0f - 1.5f;
}

static dlcore_layer_pass_t pass_of(const dlcore_layer_t *layer, const dlcore_matrix_t *x,
                                   dlcore_matrix_t *y, dlcore_matrix_t *dy)
{
    return (dlcore_layer_pass_t){.layer = layer,
                                 .kernels = dlcore_kernels(),
                                 .training_kernels = dlcore_training_kernels(dlcore_kernels()),
                                 .activation = dlcore_layer_activate(layer),
                                 .workers = 1,
                                 .x = x,
                                 .y = y,
                                 .dy = dy};
}

static void test_layer_activation_gradients_keep_zero_padding(void **state)
{
    static const float paddings[] = {INFINITY, -INFINITY, NAN, 1e30f};

    (void)state;
    for (int kind = 1; kind < DLCORE_ACTIVATION_COUNT; kind++) {
        for (size_t i = 0; i < sizeof paddings / sizeof paddings[0]; i++) {
            float x[FLOATS], y[FLOATS], dy[FLOATS];
            dlcore_matrix_t mx = matrix_over(x), my = matrix_over(y), mdy = matrix_over(dy);
            dlcore_layer_t layer = dlcore_layer_activation((dlcore_activation_t)kind);
            dlcore_layer_pass_t pass = pass_of(&layer, &mx, &my, &mdy);

            fill(x, paddings[i]);
            memset(y, 0, sizeof y);
            fill(dy, 0.0f);
            dlcore_layer_type_activation.forward(&pass);
            for (size_t k = 0; k < FLOATS; k++)
                y[k] = is_padding(k) ? paddings[i] : y[k];
            pass.z = &mx;
            dlcore_layer_training_activation.activation_gradient(&pass);
            for (size_t k = 0; k < FLOATS; k++) {
                if (is_padding(k) ? dy[k] != 0.0f : !isfinite(dy[k]))
                    fail_msg("%s: %g at %zu", dlcore_activation_name(layer.activation),
                             (double)dy[k], k);
            }
        }
    }
}

/* gelu has the same output at two inputs, with slopes of opposite sign. */
static void test_layer_activation_slope_is_told_from_the_input_where_it_must(void **state)
{
    static const struct {
        dlcore_activation_t kind;
        float low, high; /* the slope at -2.5 lies between */
    } cases[] = {
        {DLCORE_ACTIVATION_GELU, -0.5f, -0.02f},
        {DLCORE_ACTIVATION_GELU_TANH, -0.5f, -0.02f},
        {DLCORE_ACTIVATION_SILU, -0.5f, -0.02f},
        {DLCORE_ACTIVATION_SOFTSIGN, 0.0816325f, 0.0816328f}, /* 1 / 12.25 */
        {DLCORE_ACTIVATION_HARD_SILU, -0.5f, -0.02f},
        {DLCORE_ACTIVATION_MISH, -0.5f, -0.02f},
        {DLCORE_ACTIVATION_HARD_TANH, -1e-9f, 1e-9f},
        {DLCORE_ACTIVATION_TANH_SHRINK, 0.973f, 0.974f},
        {DLCORE_ACTIVATION_SPARSE_SIGMOID, -1e-9f, 1e-9f},
        {DLCORE_ACTIVATION_RELU_GENERAL, 0.1999f, 0.2001f},
        {DLCORE_ACTIVATION_SPARSEMAX_KERAS, -(float)FLOATS, 1e-6f}, /* 0 down to 1 - units */
    };

    (void)state;
    for (int kind = 1; kind < DLCORE_ACTIVATION_COUNT; kind++) {
        bool listed = false;
        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
            listed |= (int)cases[i].kind == kind;
        assert_int_equal(dlcore_activate_needs_input((dlcore_activation_t)kind), listed);
    }
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        float x[FLOATS], y[FLOATS], dy[FLOATS];
        dlcore_matrix_t mx = matrix_over(x), my = matrix_over(y), mdy = matrix_over(dy);
        dlcore_layer_t layer = dlcore_layer_activation(cases[i].kind);
        dlcore_layer_pass_t pass = pass_of(&layer, NULL, &my, &mdy);

        for (size_t k = 0; k < FLOATS; k++) {
            x[k] = -2.5f;
            y[k] = NAN; /* not read */
            dy[k] = 1.0f;
        }
        pass.z = &mx;
        dlcore_layer_activation_gradient(&pass);
        for (size_t k = 0; k < FLOATS; k++) {
            if (!is_padding(k))
                assert_true(dy[k] > cases[i].low && dy[k] < cases[i].high);
        }
    }
}

/* Their slopes at the kinks are others: leaky_relu's at 0 is the negative slope, relu6's at 6 is 0.
 */
static void test_layer_activation_relu_with_settings_is_the_simplest_kind(void **state)
{
    static const struct {
        double max_value, negative_slope, threshold;
        dlcore_activation_t kind;
    } cases[] = {
        {INFINITY, 0, 0, DLCORE_ACTIVATION_RELU},
        {6, 0, 0, DLCORE_ACTIVATION_RELU6},
        {INFINITY, 0.125, 0, DLCORE_ACTIVATION_LEAKY_RELU},
        {6, 0.125, 0, DLCORE_ACTIVATION_RELU_GENERAL},
        {5, 0, 0, DLCORE_ACTIVATION_RELU_GENERAL},
        {INFINITY, 0, 0.5, DLCORE_ACTIVATION_RELU_GENERAL},
        {6, 0, 0.5, DLCORE_ACTIVATION_RELU_GENERAL},
        {0, 0, 0, DLCORE_ACTIVATION_RELU_GENERAL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        dlcore_layer_t layer = dlcore_layer_relu(cases[i].max_value, cases[i].negative_slope,
                                                 cases[i].threshold),
                       settled;

        dlcore_layer_settle(&layer, &settled);
        assert_int_equal(settled.activation, cases[i].kind);
        assert_true(settled.negative_slope == cases[i].negative_slope);
    }
}

static void test_layer_activation_takes_the_layers_parameter(void **state)
{
    dlcore_layer_t layer = dlcore_layer_dense(2, DLCORE_ACTIVATION_LEAKY_RELU);

    (void)state;
    layer.negative_slope = 0.25;
    layer.alpha = 0.75;
    assert_true(dlcore_layer_activate(&layer).parameter == 0.25f);
    layer.activation = DLCORE_ACTIVATION_ELU;
    assert_true(dlcore_layer_activate(&layer).parameter == 0.75f);
    layer.activation = DLCORE_ACTIVATION_GELU;
    assert_true(dlcore_layer_activate(&layer).parameter == 0.0f);
    layer = dlcore_layer_relu(4.0, 0.5, 0.25);
    assert_true(dlcore_layer_activate(&layer).relu.max_value == 4.0f);
    assert_true(dlcore_layer_activate(&layer).relu.negative_slope == 0.5f);
    assert_true(dlcore_layer_activate(&layer).relu.threshold == 0.25f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_layer_activation_gradients_keep_zero_padding),
        cmocka_unit_test(test_layer_activation_slope_is_told_from_the_input_where_it_must),
        cmocka_unit_test(test_layer_activation_relu_with_settings_is_the_simplest_kind),
        cmocka_unit_test(test_layer_activation_takes_the_layers_parameter),
    };
    return cmocka_run_group_tests_name("layer_activation", tests, NULL, NULL);
}
