/* Gaussian and alpha dropout: the mean and variance that they keep, gradients by the same draw, and
 * that a draw does not depend on workers.
 *
 * SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "base/random.h"
#include "nn/layer.h"

enum { ROWS = 2000, COLUMNS = 20, PANEL = 32, FLOATS = ROWS * PANEL };

static float x[FLOATS], y[FLOATS], dy[FLOATS], dx[FLOATS];

static dlcore_matrix_t over(float *data)
{
    return (dlcore_matrix_t){
        .data = data, .rows = ROWS, .columns = COLUMNS, .panel = PANEL, .panel_stride = FLOATS};
}

/* y of x and dx of dy, by that many workers. */
static void run(const dlcore_layer_t *layer, uint64_t key, size_t workers)
{
    const dlcore_layer_training_t *training = dlcore_layer_training(layer->kind);
    dlcore_matrix_t of_x = over(x), of_y = over(y), of_dy = over(dy), of_dx = over(dx);

    for (size_t worker = 0; worker < workers; worker++) {
        dlcore_layer_pass_t pass = {.layer = layer,
                                    .kernels = dlcore_kernels(),
                                    .training_kernels = dlcore_training_kernels(dlcore_kernels()),
                                    .input_width = COLUMNS,
                                    .output_width = COLUMNS,
                                    .worker = worker,
                                    .workers = workers,
                                    .training = true,
                                    .key = key,
                                    .x = &of_x,
                                    .y = &of_y,
                                    .dy = &of_dy,
                                    .dx = &of_dx};

        training->forward(&pass);
        training->input_gradient(&pass);
    }
}

/* Normal numbers, of mean 0 and variance 1; dy all 1. */
static void draw_inputs(void)
{
    dlcore_random_t random = dlcore_random_stream(3, DLCORE_RANDOM_SELF_TEST, 0, 0);

    for (size_t i = 0; i < FLOATS; i++) {
        x[i] = i % PANEL < COLUMNS ? (float)dlcore_random_normal(&random) : 0.0f;
        dy[i] = i % PANEL < COLUMNS ? 1.0f : 0.0f;
    }
}

static void measure(const float *values, double *mean, double *variance)
{
    double sum = 0.0, squares = 0.0, count = (double)ROWS * COLUMNS;

    for (size_t i = 0; i < FLOATS; i++) {
        if (i % PANEL >= COLUMNS)
            continue;
        sum += (double)values[i];
        squares += (double)values[i] * (double)values[i];
    }
    *mean = sum / count;
    *variance = squares / count - *mean * *mean;
}

static void test_layer_gaussian_dropout_multiplies_by_noise_of_mean_1(void **state)
{
    const dlcore_layer_t layer = dlcore_layer_gaussian_dropout(0.2);
    double mean, variance;

    (void)state;
    draw_inputs();
    run(&layer, 77, 1);
    measure(dx, &mean, &variance); /* dy is 1: the noise itself */
    assert_true(fabs(mean - 1.0) < 0.01);
    assert_true(fabs(variance - 0.25) < 0.01); /* rate / (1 - rate) */
    for (size_t i = 0; i < FLOATS; i++) {
        if (i % PANEL < COLUMNS)
            assert_true(fabsf(y[i] - x[i] * dx[i]) <= 1e-6f * fabsf(y[i]));
    }
}

static void test_layer_alpha_dropout_keeps_mean_and_variance(void **state)
{
    const dlcore_layer_t layer = dlcore_layer_alpha_dropout(0.3);
    const double p = -1.6732632423543772 * 1.0507009873554805;
    const double a = pow(0.7 * (1.0 + 0.3 * p * p), -0.5), b = -a * p * 0.3;
    double mean, variance, dropped = 0.0;

    (void)state;
    draw_inputs();
    run(&layer, 78, 1);
    measure(y, &mean, &variance);
    assert_true(fabs(mean) < 0.02);
    assert_true(fabs(variance - 1.0) < 0.03);
    for (size_t i = 0; i < FLOATS; i++) {
        double expected = dx[i] != 0.0f ? a * (double)x[i] + b : a * p + b;

        if (i % PANEL >= COLUMNS)
            continue;
        dropped += dx[i] != 0.0f ? 0.0 : 1.0;
        assert_true(fabs((double)y[i] - expected) < 1e-6 * (1.0 + fabs(expected)));
        assert_true(dx[i] == 0.0f || fabs((double)dx[i] - a) < 1e-6);
    }
    assert_true(fabs(dropped / ((double)ROWS * COLUMNS) - 0.3) < 0.01);
}

static void test_layer_noisy_dropouts_do_not_depend_on_workers(void **state)
{
    const dlcore_layer_t layers[] = {dlcore_layer_gaussian_dropout(0.4),
                                     dlcore_layer_alpha_dropout(0.4)};
    static float first[FLOATS];

    (void)state;
    draw_inputs();
    for (size_t i = 0; i < 2; i++) {
        run(&layers[i], 5, 1);
        memcpy(first, y, sizeof first);
        run(&layers[i], 5, 3);
        assert_memory_equal(first, y, sizeof first);
        run(&layers[i], 6, 1);
        assert_memory_not_equal(first, y, sizeof first);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_layer_gaussian_dropout_multiplies_by_noise_of_mean_1),
        cmocka_unit_test(test_layer_alpha_dropout_keeps_mean_and_variance),
        cmocka_unit_test(test_layer_noisy_dropouts_do_not_depend_on_workers),
    };
    return cmocka_run_group_tests_name("layer_noisy_dropout", tests, NULL, NULL);
}
