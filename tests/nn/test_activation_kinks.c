/* Slopes of activations and prelu where they bend, which are Keras's on TensorFlow
 * (tests/fixtures/kink_fixtures.py): by the kernels of every target, and through models on every
 * path that a training step can take.
 *
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dlcore/model.h"
#include "kernels/activate.h"
#include "kernels/activate_gradient.h"
#include "kernels/cpu.h"
#include "nn/layer.h"
#include "support/fixture.h"
#include "support/models.h"

enum { POINTS_MAX = 32, UNITS_MAX = 40 };

static bool same(float value, float expected)
{
    return fabs((double)value - (double)expected) <= 2e-6 * fmax(1.0, fabs((double)expected));
}

/* "leaky_relu 0.3"; "relu_general 6 0.25 0" */
static dlcore_layer_t layer_of(const char *line)
{
    char name[32] = "", parameter[32] = "";
    dlcore_layer_t layer;
    double most = 0, slope = 0, threshold = 0;
    int words = sscanf(line, "%31s %31s", name, parameter);

    if (sscanf(line, "relu_general %lf %lf %lf", &most, &slope, &threshold) == 3)
        return dlcore_layer_relu(most, slope, threshold);

    layer = dlcore_layer_activation(dlcore_activation_from_name(name));
    assert_int_not_equal(layer.activation, DLCORE_ACTIVATION_UNKNOWN);
    if (words == 2 && layer.activation == DLCORE_ACTIVATION_LEAKY_RELU)
        layer.negative_slope = strtod(parameter, NULL);
    else if (words == 2)
        layer.alpha = strtod(parameter, NULL);
    return layer;
}

/* ---- kernels ---- */

static size_t find_kernels(const dlcore_kernels_t *tables[3])
{
    size_t count = 0;

    tables[count++] = dlcore_kernels_portable();
    if (dlcore_cpu_has_avx2() && dlcore_kernels_avx2() != NULL)
        tables[count++] = dlcore_kernels_avx2();
    if (dlcore_cpu_has_avx512() && dlcore_kernels_avx512() != NULL)
        tables[count++] = dlcore_kernels_avx512();
    return count;
}

static size_t check_kernels(const dlcore_kernels_t *kernels, const char *line,
                            const fixture_array_t *points, const float *expected)
{
    dlcore_layer_t layer = layer_of(line);
    dlcore_activate_t activate = dlcore_layer_activate(&layer);
    float y[POINTS_MAX], slopes[POINTS_MAX];
    const float *x = fixture_floats(points);
    size_t differing = 0;

    assert_in_range(points->size, 1, POINTS_MAX);
    memcpy(y, x, points->size * sizeof *y);
    for (size_t i = 0; i < points->size; i++)
        slopes[i] = 1.0f;
    dlcore_activate(kernels, activate, y, points->size);
    dlcore_activate_gradient(dlcore_training_kernels(kernels), activate,
                             dlcore_activate_needs_input(activate.kind) ? x : y, slopes,
                             points->size);
    for (size_t i = 0; i < points->size; i++) {
        if (same(slopes[i], expected[i]))
            continue;
        differing++;
        print_message("%s of %s at %.9g: %.9g, expected %.9g\n", line, kernels->name, (double)x[i],
                      (double)slopes[i], (double)expected[i]);
    }
    return differing;
}

static void test_activation_kinks_of_all_kernels_are_those_of_keras(void **state)
{
    fixture_t *fixture = fixture_load("kinks.txt");
    const dlcore_kernels_t *tables[3];
    size_t count = find_kernels(tables), position = 0, differing = 0, cases = 0;
    const char *name = NULL;

    (void)state;
    for (; (name = fixture_next(fixture, "activation", &position)) != NULL; cases++) {
        for (size_t t = 0; t < count; t++)
            differing += check_kernels(tables[t], fixture_text(fixture, name, "activation"),
                                       fixture_array(fixture, name, "points"),
                                       fixture_floats(fixture_array(fixture, name, "slopes")));
    }
    assert_int_equal(differing, 0);
    assert_int_equal(cases, 32);
    fixture_free(fixture);
}

/* ---- models ---- */

/* Where the point comes out of: a dense layer's own activation, or a layer after it. */
typedef enum place { INSIDE, BEHIND, PLACES } place_t;

/* The slope at x in a network of that width: one input of 1, kernel 0, bias x, so that the gradient
 * by a bias is the slope times that of the mean squared error, which is 1 with a label one half of
 * the units below. The layer above, where there is one, hands outputs and gradients through. */
static float slope_of(const dlcore_layer_t *activation, place_t place, size_t units, bool inner,
                      dlcore_engine_t engine, float x)
{
    static const float one = 1.0f;
    dlcore_model_options_t options = dlcore_model_options_default();
    dlcore_optimizer_t sgd = dlcore_optimizer_sgd();
    dlcore_layer_t dense = dlcore_layer_dense(units, DLCORE_ACTIVATION_LINEAR), last;
    float weights[2 * UNITS_MAX + UNITS_MAX * UNITS_MAX] = {0}, labels[UNITS_MAX];
    float gradients[2 * UNITS_MAX + UNITS_MAX * UNITS_MAX], outputs[UNITS_MAX];
    dlcore_tensor_t *input = borrow_floats(&one, 1, 1), *output = NULL, *label;
    dlcore_model_t *model = NULL;
    size_t count;

    options.engine = engine;
    assert_int_equal(dlcore_model_create(&options, &model), DLCORE_OK);
    if (place == INSIDE) {
        dense.activation = activation->activation;
        dense.negative_slope = activation->negative_slope;
        dense.alpha = activation->alpha;
        dense.max_value = activation->max_value;
        dense.threshold = activation->threshold;
    }
    dlcore_model_add(model, dense);
    if (place == BEHIND)
        dlcore_model_add(model, *activation);
    last = dlcore_layer_dense(units, DLCORE_ACTIVATION_LINEAR);
    last.use_bias = false;
    if (inner)
        dlcore_model_add(model, last);
    assert_accepted(model, dlcore_model_build(model, 1));
    assert_accepted(model, dlcore_model_compile(model, &sgd, DLCORE_LOSS_MEAN_SQUARED_ERROR,
                                                DLCORE_METRIC_NONE));
    for (size_t u = 0; u < units; u++) {
        weights[units + u] = x;
        weights[2 * units + u * units + u] = 1.0f;
    }
    count = dlcore_model_parameter_count(model);
    assert_accepted(model, dlcore_model_set_weights(model, weights, count));
    assert_int_equal(
        dlcore_tensor_create(NULL, DLCORE_DTYPE_FLOAT32, 2, (size_t[]){1, units}, &output, NULL),
        DLCORE_OK);
    assert_accepted(model, dlcore_model_predict(model, input, output));
    memcpy(outputs, dlcore_tensor_data_const(output), units * sizeof *outputs);
    for (size_t u = 0; u < units; u++)
        labels[u] = outputs[u] - 0.5f * (float)units;
    label = borrow_floats(labels, 1, units);
    assert_accepted(model, dlcore_model_gradients(model, input, label, gradients, count, NULL));
    for (size_t u = 1; u < units; u++)
        assert_true(same(gradients[units + u], gradients[units]));
    dlcore_tensor_free(input);
    dlcore_tensor_free(output);
    dlcore_tensor_free(label);
    dlcore_model_free(model);
    return gradients[units];
}

static void test_activation_kinks_of_models_are_those_of_keras(void **state)
{
    static const size_t widths[] = {1, 16, 17, 40};
    fixture_t *fixture = fixture_load("kinks.txt");
    size_t position = 0, differing = 0;
    const char *name = NULL;

    (void)state;
    while ((name = fixture_next(fixture, "activation", &position)) != NULL) {
        const char *line = fixture_text(fixture, name, "activation");
        const fixture_array_t *points = fixture_array(fixture, name, "points");
        const float *expected = fixture_floats(fixture_array(fixture, name, "slopes"));
        dlcore_layer_t layer = layer_of(line);

        for (size_t k = 0; k < points->size * 4 * 2 * 2 * PLACES; k++) {
            size_t i = k / (4 * 2 * 2 * PLACES), units = widths[k % 4];
            bool inner = k / 4 % 2 == 1, blas = k / 8 % 2 == 1;
            place_t place = (place_t)(k / 16 % PLACES);
            float x = fixture_floats(points)[i];
            float slope = slope_of(&layer, place, units, inner,
                                   blas ? DLCORE_ENGINE_BLAS : DLCORE_ENGINE_AUTO, x);

            /* labels are rounded */
            if (fabs((double)slope - (double)expected[i]) <=
                1e-5 * fmax(1.0, fabs((double)expected[i])))
                continue;
            differing++;
            print_message("%s at %.9g, %zu units%s%s%s: %.9g, expected %.9g\n", line, (double)x,
                          units, inner ? ", inner" : "", blas ? ", BLAS" : "",
                          place == BEHIND ? ", a layer of its own" : "", (double)slope,
                          (double)expected[i]);
        }
    }
    assert_int_equal(differing, 0);
    fixture_free(fixture);
}

static void test_activation_kinks_of_prelu_are_those_of_keras(void **state)
{
    fixture_t *fixture = fixture_load("kinks.txt");
    const fixture_array_t *points = fixture_array(fixture, "prelu", "points");
    const float *x = fixture_floats(points);
    const float *expected = fixture_floats(fixture_array(fixture, "prelu", "slopes"));
    const float *by_alpha = fixture_floats(fixture_array(fixture, "prelu", "alpha_slopes"));
    const dlcore_kernels_t *tables[3];
    size_t count = find_kernels(tables);

    (void)state;
    for (size_t t = 0; t < count; t++) {
        float alpha[POINTS_MAX], dy[POINTS_MAX], dx[POINTS_MAX], sums[POINTS_MAX];

        for (size_t i = 0; i < points->size; i++) {
            alpha[i] = 0.25f;
            dy[i] = 1.0f;
        }
        dlcore_training_kernels(tables[t])->prelu_gradient(x, dy, dx, points->size, alpha);
        dlcore_training_kernels(tables[t])->prelu_columns(x, dy, 1, points->size, points->size,
                                                          sums);
        for (size_t i = 0; i < points->size; i++) {
            assert_true(same(dx[i], expected[i]));
            assert_true(same(sums[i], by_alpha[i]));
        }
    }
    fixture_free(fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_activation_kinks_of_all_kernels_are_those_of_keras),
        cmocka_unit_test(test_activation_kinks_of_models_are_those_of_keras),
        cmocka_unit_test(test_activation_kinks_of_prelu_are_those_of_keras),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
