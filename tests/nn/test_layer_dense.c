/* The dense layer's bias gradient in every layout of a batch.
 *
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "kernels/kernels.h"
#include "nn/layer.h"
#include "products/products.h"

enum { ROWS = 5, UNITS_MAX = 100 };

/* What a sink got. */
typedef struct taken {
    dlcore_gradient_sink_t sink;
    float gradients[2 * UNITS_MAX];
} taken_t;

static void take(const dlcore_gradient_sink_t *sink, size_t offset, const float *gradient,
                 size_t count)
{
    taken_t *taken = (taken_t *)(void *)sink;

    assert_true(offset + count <= sizeof taken->gradients / sizeof(float));
    memcpy(taken->gradients + offset, gradient, count * sizeof *gradient);
}

static size_t no_tiles(size_t rows, size_t inputs, size_t units, size_t workers)
{
    (void)workers;
    (void)rows;
    (void)inputs;
    (void)units;
    return 0;
}

static void no_gradient(const dlcore_kernel_gradient_t *product, size_t begin, size_t end,
                        float *scratch)
{
    (void)product;
    (void)scratch;
    assert_true(begin == 0 && end == 0);
}

/* Units of a batch whose columns lie in panels that wide. */
static void check_bias(size_t units, size_t panel, size_t workers)
{
    float data[ROWS * (UNITS_MAX + 64)] = {0};
    dlcore_layer_t layer = dlcore_layer_dense(units, DLCORE_ACTIVATION_LINEAR);
    dlcore_parameter_t parameters[2] = {{.offset = 0}, {.offset = 16}};
    dlcore_products_training_t products = {.kernel_gradient_tiles = no_tiles,
                                           .kernel_gradient = no_gradient};
    taken_t taken = {.sink = {.take = take}};
    dlcore_matrix_t dy = {
        .data = data, .rows = ROWS, .columns = units, .panel = panel, .panel_stride = panel * ROWS};

    for (size_t r = 0; r < ROWS; r++)
        for (size_t u = 0; u < units; u++)
            dlcore_matrix_at(&dy, r, u / panel)[u % panel] = (float)(100 * r + u);
    for (size_t worker = 0; worker < workers; worker++) {
        dlcore_layer_pass_t pass = {.layer = &layer,
                                    .kernels = dlcore_kernels(),
                                    .training_kernels = dlcore_training_kernels(dlcore_kernels()),
                                    .training_products = &products,
                                    .input_width = 1,
                                    .output_width = units,
                                    .parameters = parameters,
                                    .x = &dy,
                                    .dy = &dy,
                                    .sink = &taken.sink,
                                    .worker = worker,
                                    .workers = workers};

        dlcore_layer_training_dense.parameter_gradient(&pass);
    }
    for (size_t u = 0; u < units; u++) {
        size_t sum = 100 * (ROWS * (ROWS - 1) / 2) + ROWS * u;
        float expected = (float)sum;

        if (taken.gradients[16 + u] != expected)
            fail_msg("%zu units in panels of %zu: unit %zu has %g, not %g", units, panel, u,
                     (double)taken.gradients[16 + u], (double)expected);
    }
}

static void test_layer_dense_bias_gradient_is_the_sum_in_every_layout(void **state)
{
    (void)state;
    for (size_t units = 1; units <= UNITS_MAX; units++) {
        for (size_t workers = 1; workers <= 3; workers++) {
            check_bias(units, 16, workers);
            check_bias(units, 32, workers);
            check_bias(units, (units + 15) / 16 * 16, workers);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_layer_dense_bias_gradient_is_the_sum_in_every_layout),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
