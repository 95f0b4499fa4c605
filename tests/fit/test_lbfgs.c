/* L-BFGS against closed forms and known minima, and its limits.
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

#include "dlcore.h"
#include "support/classifier.h"
#include "support/models.h"
#include "support/tensors.h"

enum { ROWS = 60, INPUTS = 3 };

static float x_values[ROWS * INPUTS], y_values[ROWS];

static int fill(void **state)
{
    unsigned seed = 9;

    (void)state;
    for (size_t i = 0; i < ROWS * INPUTS; i++)
        x_values[i] = (float)((seed = seed * 1103515245u + 12345u) >> 16 & 1023) / 512.0f - 1.0f;
    for (size_t row = 0; row < ROWS; row++)
        y_values[row] = sinf(3.0f * x_values[row * INPUTS]) +
                        x_values[row * INPUTS + 1] * x_values[row * INPUTS + 2];
    return 0;
}

static model_t *model_of(engine_t engine, size_t hidden, const loss_t *loss, size_t units)
{
    model_options_t options = engine_options(engine, 1);
    compile_options_t how = compile_options_default();
    model_t *model = NULL;

    assert_int_equal(model_create(&options, &model), DLCORE_OK);
    if (hidden > 0)
        assert_accepted(model, model_add(model, layer_dense(hidden, ACTIVATION_TANH)));
    assert_accepted(model, model_add(model, layer_dense(units, ACTIVATION_LINEAR)));
    how.loss = *loss;
    assert_accepted(model, model_compile_with(model, &how));
    assert_accepted(model, model_build(model, INPUTS));
    return model;
}

/* The normal equations of (x, 1) in double, by elimination. */
static void least_squares(double solution[INPUTS + 1])
{
    enum { N = INPUTS + 1 };
    double a[N][N + 1] = {{0}};

    for (size_t row = 0; row < ROWS; row++) {
        double z[N] = {1, 1, 1, 1};
        for (size_t i = 0; i < INPUTS; i++)
            z[i] = (double)x_values[row * INPUTS + i];
        for (size_t i = 0; i < N; i++) {
            for (size_t k = 0; k < N; k++)
                a[i][k] += z[i] * z[k];
            a[i][N] += z[i] * (double)y_values[row];
        }
    }
    for (size_t i = 0; i < N; i++)
        for (size_t r = 0; r < N; r++) {
            double by = a[r][i] / a[i][i];
            for (size_t k = 0; r != i && k <= N; k++)
                a[r][k] -= by * a[i][k];
        }
    for (size_t i = 0; i < N; i++)
        solution[i] = a[i][N] / a[i][i];
}

static void check_linear(engine_t engine)
{
    loss_t loss = loss_mean_squared_error();
    model_t *model = model_of(engine, 0, &loss, 1);
    tensor_t *x = borrow_floats(x_values, ROWS, INPUTS), *y = borrow_floats(y_values, ROWS, 1);
    double expected[INPUTS + 1];
    lbfgs_report_t report;
    float *weights;

    least_squares(expected);
    assert_accepted(model, model_fit_lbfgs(model, x, y, NULL, &report));
    assert_true(report.converged && report.iterations < 30 && report.loss < report.first_loss);
    weights = weights_of(model);
    for (size_t i = 0; i <= INPUTS; i++)
        assert_true(fabs((double)weights[i] - expected[i]) < 1e-4);
    free(weights);
    model_free(model);
    tensor_free(x);
    tensor_free(y);
}

static void test_lbfgs_of_a_linear_model_is_least_squares(void **state)
{
    (void)state;
    with_every_engine(check_linear);
}

/* Of the biases of two outputs, at inputs of 0. */
static void rosenbrock(const function_batch_t *batch, void *user)
{
    size_t *calls = user;

    ++*calls;
    for (size_t row = 0; row < batch->rows; row++) {
        float a = batch->y_pred[row * 2], b = batch->y_pred[row * 2 + 1], valley = b - a * a;

        batch->row_values[row] = 100 * valley * valley + (1 - a) * (1 - a);
        if (batch->gradient == NULL)
            continue;
        batch->gradient[row * 2] = -400 * a * valley - 2 * (1 - a);
        batch->gradient[row * 2 + 1] = 200 * valley;
    }
}

static void test_lbfgs_finds_the_minimum_of_rosenbrocks_valley(void **state)
{
    static const float zeros[INPUTS] = {0}, start[] = {0, 0, 0, 0, 0, 0, -1.2f, 1};
    size_t calls = 0;
    loss_t loss = loss_function(rosenbrock, &calls);
    model_t *model = model_of(DLCORE_ENGINE_AUTO, 0, &loss, 2);
    tensor_t *x = borrow_floats(zeros, 1, INPUTS), *y = borrow_floats(zeros, 1, 2);
    lbfgs_report_t report;
    float *weights;

    (void)state;
    assert_accepted(model, model_set_weights(model, start, 8));
    assert_accepted(model, model_fit_lbfgs(model, x, y, NULL, &report));
    weights = weights_of(model);
    assert_true(fabsf(weights[6] - 1) < 1e-3f && fabsf(weights[7] - 1) < 2e-3f);
    assert_true(report.converged && report.iterations < 60);
    assert_int_equal(report.evaluations, calls);
    assert_true(fabs(report.first_loss - 24.2) < 1e-4);
    free(weights);
    model_free(model);
    tensor_free(x);
    tensor_free(y);
}

/* A loss by its distance from the minimum, and its slope. */
typedef float (*valley_curve_t)(float from, float *slope);

static float gentle_parabola(float from, float *slope)
{
    *slope = 0.125f * from;
    return 0.0625f * from * from;
}

static float steep_parabola(float from, float *slope)
{
    *slope = 200 * from;
    return 100 * from * from;
}

static float hyperbola(float from, float *slope)
{
    float loss = sqrtf(1 + 16 * from * from);

    *slope = 16 * from / loss;
    return loss;
}

/* Steeper to the right; no place of it has a small slope, so that the search settles for the best.
 */
static float kink(float from, float *slope)
{
    *slope = from < 0 ? -4 : 5;
    return from * *slope;
}

/* Of the bias of one output, at inputs of 0: a curve, and from `wall` on no number. */
typedef struct valley {
    valley_curve_t curve;
    float at, wall;
    size_t calls;
} valley_t;

static void valley_loss(const function_batch_t *batch, void *user)
{
    valley_t *valley = user;

    valley->calls++;
    for (size_t row = 0; row < batch->rows; row++) {
        float bias = batch->y_pred[row], slope, loss = valley->curve(bias - valley->at, &slope);

        batch->row_values[row] = bias < valley->wall ? loss : INFINITY;
        if (batch->gradient != NULL)
            batch->gradient[row] = slope;
    }
}

static void check_valley(valley_curve_t curve, float at, float wall, size_t evaluations)
{
    static const float zeros[INPUTS] = {0};
    valley_t valley = {.curve = curve, .at = at, .wall = wall};
    loss_t loss = loss_function(valley_loss, &valley);
    model_t *model = model_of(DLCORE_ENGINE_AUTO, 0, &loss, 1);
    tensor_t *x = borrow_floats(zeros, 1, INPUTS), *y = borrow_floats(zeros, 1, 1);
    lbfgs_report_t report;
    float *weights;

    assert_accepted(model, model_fit_lbfgs(model, x, y, NULL, &report));
    weights = weights_of(model);
    assert_true(report.converged && fabsf(weights[INPUTS] - at) < 1e-3f * at);
    assert_int_equal(report.evaluations, valley.calls);
    if (valley.calls > evaluations)
        fail_msg("minimum at %g: %zu evaluations, more than %zu", (double)at, valley.calls,
                 evaluations);
    free(weights);
    model_free(model);
    tensor_free(x);
    tensor_free(y);
}

/* The first step is one of 1 at most. The search doubles it while the loss falls, and goes back
 * into a bracket by cubics, which are exact of a parabola; its next direction ends in the minimum.
 */
static void test_lbfgs_finds_a_minimum_at_any_distance_in_few_evaluations(void **state)
{
    (void)state;
    check_valley(gentle_parabola, 5.0f, 1e30f, 3);
    check_valley(gentle_parabola, 100.0f, 1e30f, 7);
    check_valley(steep_parabola, 0.015625f, 1e30f, 4);
    check_valley(steep_parabola, 0.015625f, 0.25f, 6);
    check_valley(hyperbola, 5.0f, 1e30f, 24);
    check_valley(hyperbola, 5.0f, 7.0f, 24);
    check_valley(hyperbola, 0.25f, 1e30f, 24);
    check_valley(kink, 5.3f, 1e30f, 40);
    check_valley(kink, 0.3f, 1e30f, 40);
}

static void test_lbfgs_trains_a_network_further_than_adam(void **state)
{
    loss_t loss = loss_mean_squared_error();
    model_t *model = model_of(DLCORE_ENGINE_AUTO, 8, &loss, 1), *other = NULL;
    tensor_t *x = borrow_floats(x_values, ROWS, INPUTS), *y = borrow_floats(y_values, ROWS, 1);
    optimizer_t adam = optimizer_adam();
    lbfgs_options_t how = lbfgs_options_default();
    lbfgs_report_t report;
    evaluation_t found;
    double before;

    (void)state;
    assert_int_equal(model_clone(model, &other), DLCORE_OK);
    adam.learning_rate = 0.01;
    assert_accepted(other, model_compile(other, &adam, LOSS_MEAN_SQUARED_ERROR, METRIC_NONE));
    how.iterations = 1;
    how.loss_tolerance = 0;
    for (before = HUGE_VAL; how.iterations < 5; how.iterations++) {
        assert_accepted(model, model_fit_lbfgs(model, x, y, &how, &report));
        assert_true(report.loss < report.first_loss && report.loss < before);
        before = report.loss;
    }
    how.iterations = 200;
    assert_accepted(model, model_fit_lbfgs(model, x, y, &how, &report));
    for (size_t step = 0; step < report.evaluations; step++)
        assert_accepted(other, model_train_on_batch(other, x, y, &found));
    assert_true(report.loss < 0.5 * found.loss);
    assert_int_equal(model_evaluate(model, x, y, NULL, &found), DLCORE_OK);
    assert_true(fabs(found.loss - report.loss) < 1e-6);
    model_free(model);
    model_free(other);
    tensor_free(x);
    tensor_free(y);
}

static void test_lbfgs_leaves_frozen_layers_alone(void **state)
{
    loss_t loss = loss_mean_squared_error();
    model_t *model = model_of(DLCORE_ENGINE_AUTO, 8, &loss, 1);
    tensor_t *x = borrow_floats(x_values, ROWS, INPUTS), *y = borrow_floats(y_values, ROWS, 1);
    float before[INPUTS * 8], after[INPUTS * 8];
    lbfgs_report_t report;

    (void)state;
    assert_accepted(model, model_set_trainable(model, 0, false));
    assert_int_equal(model_get_weight(model, 0, before, INPUTS * 8), DLCORE_OK);
    assert_accepted(model, model_fit_lbfgs(model, x, y, NULL, &report));
    assert_int_equal(model_get_weight(model, 0, after, INPUTS * 8), DLCORE_OK);
    assert_memory_equal(before, after, sizeof before);
    assert_true(report.loss < report.first_loss);
    model_free(model);
    tensor_free(x);
    tensor_free(y);
}

static void assert_layer_refused(layer_t layer, const char *message)
{
    model_t *model = NULL;
    optimizer_t adam = optimizer_adam();
    tensor_t *x = borrow_floats(x_values, ROWS, INPUTS), *y = borrow_floats(y_values, ROWS, 1);

    assert_int_equal(model_create(NULL, &model), DLCORE_OK);
    assert_accepted(model, model_add(model, layer));
    assert_accepted(model, model_add(model, layer_dense(1, ACTIVATION_LINEAR)));
    assert_accepted(model, model_compile(model, &adam, LOSS_MEAN_SQUARED_ERROR, METRIC_NONE));
    assert_accepted(model, model_build(model, INPUTS));
    assert_int_equal(model_fit_lbfgs(model, x, y, NULL, NULL), DLCORE_ERROR_UNSUPPORTED);
    assert_string_equal(model_error(model), message);
    model_free(model);
    tensor_free(x);
    tensor_free(y);
}

static void test_lbfgs_refuses_what_it_cannot_follow(void **state)
{
    layer_t constrained = layer_dense(2, ACTIVATION_TANH);
    loss_t loss = loss_mean_squared_error();
    model_t *model = model_of(DLCORE_ENGINE_AUTO, 0, &loss, 1), *fresh = NULL;
    tensor_t *x = borrow_floats(x_values, ROWS, INPUTS), *y = borrow_floats(y_values, ROWS, 1);
    lbfgs_options_t how = lbfgs_options_default(), zeroed = {0};

    (void)state;
    assert_layer_refused(layer_dropout(0.5), "lbfgs: dropout is random in training, which a line "
                                             "search cannot follow");
    assert_layer_refused(layer_batch_normalization(),
                         "lbfgs: batch_normalization has statistics that move step by step: freeze "
                         "it, or use layer_normalization");
    constrained.kernel_constraint = constraint_max_norm(1.0);
    assert_layer_refused(constrained, "lbfgs: dense has a constraint of kernel");
    assert_int_equal(model_fit_lbfgs(model, x, y, &zeroed, NULL), DLCORE_ERROR_ARGUMENT);
    how.memory = 0;
    assert_int_equal(model_fit_lbfgs(model, x, y, &how, NULL), DLCORE_ERROR_ARGUMENT);
    assert_string_equal(model_error(model), "lbfgs: memory must lie in 1 .. 100, got 0");
    assert_int_equal(model_fit_lbfgs(model, x, NULL, NULL, NULL), DLCORE_ERROR_ARGUMENT);
    assert_int_equal(model_create(NULL, &fresh), DLCORE_OK);
    assert_int_equal(model_fit_lbfgs(fresh, x, y, NULL, NULL), DLCORE_ERROR_STATE);
    assert_int_equal(model_fit_lbfgs(NULL, x, y, NULL, NULL), DLCORE_ERROR_ARGUMENT);
    model_free(fresh);
    model_free(model);
    tensor_free(x);
    tensor_free(y);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lbfgs_of_a_linear_model_is_least_squares),
        cmocka_unit_test(test_lbfgs_finds_the_minimum_of_rosenbrocks_valley),
        cmocka_unit_test(test_lbfgs_finds_a_minimum_at_any_distance_in_few_evaluations),
        cmocka_unit_test(test_lbfgs_trains_a_network_further_than_adam),
        cmocka_unit_test(test_lbfgs_leaves_frozen_layers_alone),
        cmocka_unit_test(test_lbfgs_refuses_what_it_cannot_follow),
    };
    return cmocka_run_group_tests(tests, fill, NULL);
}
