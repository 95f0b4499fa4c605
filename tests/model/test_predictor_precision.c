/* Predictors in fewer bits than float32: near float32 for networks of any layers, and the same bits
 * for a row whatever is around it.
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

#include "dlcore/predictor.h"
#include "model/predictor_low.h"
#include "support/any_network.h"
#include "support/failing_allocator.h"
#include "support/predictor_models.h"
#include "support/random_numbers.h"
#include "support/sparse_data.h"
#include "support/tensors.h"

enum { ROWS = 24 };

/* How far the outputs of a precision may be from float32's, of their size: in networks of dense
 * layers, and in any, which may enlarge differences, as normalizing rows of like numbers does. */
enum { DENSE = 0, ANY = 1 };
static double tolerance(const dlcore_predictor_precision_t *precision, size_t kind)
{
    return (strcmp(precision->name, "int8") == 0 ? 0.01 : 0.005) * (kind == ANY ? 10.0 : 1.0);
}

static float *room(size_t floats)
{
    float *memory = malloc(floats * sizeof *memory);

    assert_non_null(memory);
    for (size_t i = 0; i < floats; i++)
        memory[i] = 1e30f;
    return memory;
}

static void run(dlcore_predictor_t *predictor, const float *x, size_t rows, float *y)
{
    if (dlcore_predictor_run(predictor, x, rows, y) != DLCORE_OK)
        fail_msg("%s", dlcore_predictor_error(predictor));
}

/* y of all rows in runs of `batch` rows. */
static void run_in_batches(dlcore_predictor_t *predictor, const float *x, size_t batch, float *y)
{
    size_t n = dlcore_predictor_input_width(predictor);
    size_t units = dlcore_predictor_output_width(predictor), count;

    for (size_t row = 0; row < ROWS; row += count) {
        count = batch < ROWS - row ? batch : ROWS - row;
        run(predictor, x + row * n, count, y + row * units);
    }
}

/* The root of the mean square of the differences, to that of the outputs; and the largest. */
static void assert_near(const float *y, const float *expected, size_t n, double most, size_t number)
{
    double difference = 0.0, size = 1e-3;

    for (size_t i = 0; i < n; i++) {
        assert_true(isfinite(y[i]));
        difference += ((double)y[i] - (double)expected[i]) * ((double)y[i] - (double)expected[i]);
        size += (double)expected[i] * (double)expected[i];
    }
    if (!(sqrt(difference / size) <= most))
        fail_msg("network %zu: %.4f of the outputs' size, more than %.4f", number,
                 sqrt(difference / size), most);
}

/* ---- any network ---- */

static void check_network(const dlcore_model_t *model, const float *x, size_t kind, size_t number,
                          const dlcore_predictor_precision_t *precision)
{
    size_t units = dlcore_model_output_width(model);
    dlcore_predictor_t *exact = predictor_of(model, ROWS);
    dlcore_predictor_t *rounded = precise_predictor_of(model, ROWS, precision);
    float *y = room(ROWS * units), *expected = room(ROWS * units);

    run(exact, x, ROWS, y);
    run(rounded, x, ROWS, expected);
    assert_near(expected, y, ROWS * units, tolerance(precision, kind), number);
    for (size_t batch = 1; batch < ROWS; batch++) {
        run_in_batches(rounded, x, batch, y);
        assert_memory_equal(y, expected, ROWS * units * sizeof *y);
    }
    dlcore_predictor_free(exact);
    dlcore_predictor_free(rounded);
    free(y);
    free(expected);
}

static void test_predictor_precision_of_any_network_is_near_and_rows_do_not_matter(void **state)
{
    (void)state;
    for (size_t i = 0; i < 40; i++) {
        dlcore_model_t *model = any_network(i, NULL);
        float *x = room(ROWS * dlcore_model_input_width(model));

        any_network_samples(model, ROWS, x);
        for (size_t k = 1; k < PREDICTOR_PRECISIONS; k++)
            check_network(model, x, ANY, i, predictor_precision(k));
        free(x);
        dlcore_model_free(model);
    }
}

static void test_predictor_precision_of_wide_layers_is_near_for_dense_and_sparse_rows(void **state)
{
    (void)state;
    random_seed(41);
    for (size_t i = 0; i < 8; i++) {
        dlcore_model_t *model =
            dense_model(predictor_engines[i % 2], i % 4 < 2 ? 784 : 1200, i % 4 < 2 ? 512 : 200,
                        DLCORE_ACTIVATION_RELU, 37, DLCORE_ACTIVATION_LINEAR);
        draw_inputs(i < 4 ? 1 : 9);
        for (size_t k = 1; k < PREDICTOR_PRECISIONS; k++)
            check_network(model, inputs, DENSE, i, predictor_precision(k));
        dlcore_model_free(model);
    }
}

/* Kernels lie otherwise in models of another engine; their numbers are the same. */
static void test_predictor_precision_is_the_same_for_every_engine(void **state)
{
    (void)state;
    random_seed(42);
    for (size_t k = 1; k < PREDICTOR_PRECISIONS; k++) {
        float *y[2] = {room(ROWS * 45), room(ROWS * 45)};
        static float values[300 * 130 + 130 + 130 * 130 + 130 + 130 * 45 + 45];
        draw_inputs(2);
        for (size_t e = 0; e < 2; e++) {
            dlcore_model_t *model =
                dense_model(predictor_engines[e], 300, 130, DLCORE_ACTIVATION_RELU, 45,
                            DLCORE_ACTIVATION_LINEAR);
            dlcore_predictor_t *predictor;
            size_t count = sizeof values / sizeof *values;

            if (e == 0)
                assert_int_equal(dlcore_model_get_weights(model, values, count), DLCORE_OK);
            else
                assert_int_equal(dlcore_model_set_weights(model, values, count), DLCORE_OK);
            predictor = precise_predictor_of(model, ROWS, predictor_precision(k));
            run(predictor, inputs, ROWS, y[e]);
            dlcore_predictor_free(predictor);
            dlcore_model_free(model);
        }
        assert_memory_equal(y[0], y[1], ROWS * 45 * sizeof *y[0]);
        free(y[0]);
        free(y[1]);
    }
}

/* ---- other forms of rows ---- */

static void test_predictor_precision_of_bytes_is_that_of_the_same_floats(void **state)
{
    (void)state;
    random_seed(43);
    for (size_t i = 0; i < 4; i++) {
        size_t n = i < 2 ? 20 : 150;
        dlcore_model_t *model = empty_model(predictor_engines[i % 2], NULL);
        float *y = room(ROWS * 30), *expected = room(ROWS * 30), *x = room(ROWS * n);

        dlcore_model_add(model, dlcore_layer_rescaling(1 / 255.0, -0.5));
        dlcore_model_add(model, dlcore_layer_dense(40, DLCORE_ACTIVATION_TANH));
        dlcore_model_add(model, dlcore_layer_dense(30, DLCORE_ACTIVATION_SOFTMAX));
        assert_int_equal(dlcore_model_build(model, n), DLCORE_OK);
        draw_weights(model);
        draw_inputs(1 + i);
        for (size_t j = 0; j < ROWS * n; j++)
            x[j] = pixels[j];
        for (size_t k = 1; k < PREDICTOR_PRECISIONS; k++) {
            dlcore_predictor_t *predictor =
                precise_predictor_of(model, ROWS, predictor_precision(k));
            run(predictor, x, ROWS, expected);
            assert_int_equal(dlcore_predictor_run_uint8(predictor, pixels, ROWS, y), DLCORE_OK);
            assert_memory_equal(y, expected, ROWS * 30 * sizeof *y);
            dlcore_predictor_free(predictor);
        }
        free(x);
        free(y);
        free(expected);
        dlcore_model_free(model);
    }
}

static void test_predictor_precision_of_sparse_rows_is_that_of_the_same_dense_rows(void **state)
{
    (void)state;
    random_seed(44);
    for (size_t i = 0; i < 8; i++) {
        size_t n = i < 4 ? 30 : 700;
        dlcore_model_t *model = dense_model(predictor_engines[i % 2], n, 33, DLCORE_ACTIVATION_TANH,
                                            9, DLCORE_ACTIVATION_SIGMOID);
        sparse_data_t data = sparse_data(ROWS, n, 0.1, i % 4 < 2, 1);
        float *y = room(ROWS * 9), *expected = room(ROWS * 9);

        for (size_t k = 1; k < PREDICTOR_PRECISIONS; k++) {
            dlcore_predictor_t *predictor =
                precise_predictor_of(model, ROWS, predictor_precision(k));
            run(predictor, dlcore_tensor_data_const(data.dense), ROWS, expected);
            assert_int_equal(
                dlcore_predictor_run_sparse(predictor, dlcore_sparse_of(data.sparse), y),
                DLCORE_OK);
            assert_memory_equal(y, expected, ROWS * 9 * sizeof *y);
            dlcore_predictor_free(predictor);
        }
        sparse_data_free(&data);
        free(y);
        free(expected);
        dlcore_model_free(model);
    }
}

static void test_predictor_precision_keeps_what_is_not_finite_in_its_row(void **state)
{
    static const float odd[] = {NAN, INFINITY, -INFINITY};

    (void)state;
    random_seed(45);
    for (size_t i = 0; i < 12; i++) {
        dlcore_model_t *model = dense_model(predictor_engines[i % 2], 100, 40,
                                            DLCORE_ACTIVATION_RELU, 12, DLCORE_ACTIVATION_SOFTMAX);
        dlcore_predictor_t *predictor = precise_predictor_of(
            model, ROWS, predictor_precision(1 + i % (PREDICTOR_PRECISIONS - 1)));
        float *y = room(ROWS * 12), *expected = room(ROWS * 12);

        draw_inputs(1 + i % 3);
        run(predictor, inputs, ROWS, expected);
        inputs[5 * 100 + i] = odd[i % 3];
        run(predictor, inputs, ROWS, y);
        for (size_t r = 0; r < ROWS; r++)
            for (size_t u = 0; u < 12; u++)
                assert_true(r == 5 ? isnan(y[r * 12 + u]) : y[r * 12 + u] == expected[r * 12 + u]);
        dlcore_predictor_free(predictor);
        dlcore_model_free(model);
        free(y);
        free(expected);
    }
}

/* ---- life ---- */

static void test_predictor_precision_follows_its_model_by_refresh(void **state)
{
    (void)state;
    random_seed(46);
    draw_inputs(1);
    for (size_t i = 0; i < 4; i++) {
        dlcore_model_t *model = dense_model(predictor_engines[i % 2], 90, 70,
                                            DLCORE_ACTIVATION_RELU, 20, DLCORE_ACTIVATION_LINEAR);
        const dlcore_predictor_precision_t *precision =
            predictor_precision(1 + i % (PREDICTOR_PRECISIONS - 1));
        dlcore_predictor_t *predictor = precise_predictor_of(model, ROWS, precision), *fresh;
        float *y = room(ROWS * 20), *expected = room(ROWS * 20);

        draw_weights(model);
        assert_int_equal(dlcore_predictor_run(predictor, inputs, ROWS, y), DLCORE_ERROR_STATE);
        assert_int_equal(dlcore_predictor_refresh(predictor), DLCORE_OK);
        fresh = precise_predictor_of(model, ROWS, precision);
        run(predictor, inputs, ROWS, y);
        run(fresh, inputs, ROWS, expected);
        assert_memory_equal(y, expected, ROWS * 20 * sizeof *y);
        dlcore_predictor_free(predictor);
        dlcore_predictor_free(fresh);
        dlcore_model_free(model);
        free(y);
        free(expected);
    }
}

static void test_predictor_int8_of_too_many_inputs_is_refused_with_the_numbers(void **state)
{
    dlcore_model_t *model = empty_model(DLCORE_ENGINE_AUTO, NULL);
    dlcore_predictor_options_t options = dlcore_predictor_options_default();
    dlcore_error_record_t error = {0};
    dlcore_predictor_t *predictor = NULL;

    (void)state;
    dlcore_model_add(model, dlcore_layer_dense(1, DLCORE_ACTIVATION_LINEAR));
    assert_int_equal(dlcore_model_build(model, 66312), DLCORE_OK);
    options.precision = dlcore_predictor_int8();
    options.error = &error;
    assert_failed(dlcore_predictor_create(model, &options, &predictor), DLCORE_ERROR_UNSUPPORTED,
                  &error, "dense has 66312 inputs; in int8 a sum has at most 66311");
    assert_null(predictor);
    dlcore_model_free(model);
}

static void test_predictor_precision_without_dense_layers_changes_nothing(void **state)
{
    (void)state;
    for (size_t k = 1; k < PREDICTOR_PRECISIONS; k++) {
        dlcore_model_t *model = empty_model(DLCORE_ENGINE_AUTO, NULL);
        dlcore_predictor_t *predictor;
        float y[4];

        dlcore_model_add(model, dlcore_layer_activation(DLCORE_ACTIVATION_RELU));
        assert_int_equal(dlcore_model_build(model, 4), DLCORE_OK);
        predictor = precise_predictor_of(model, 1, predictor_precision(k));
        run(predictor, (float[]){-1.25f, 0.1f, 3.0f, 1e9f}, 1, y);
        assert_memory_equal(y, ((float[]){0.0f, 0.1f, 3.0f, 1e9f}), sizeof y);
        dlcore_predictor_free(predictor);
        dlcore_model_free(model);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_predictor_precision_of_any_network_is_near_and_rows_do_not_matter),
        cmocka_unit_test(test_predictor_precision_of_wide_layers_is_near_for_dense_and_sparse_rows),
        cmocka_unit_test(test_predictor_precision_is_the_same_for_every_engine),
        cmocka_unit_test(test_predictor_precision_of_bytes_is_that_of_the_same_floats),
        cmocka_unit_test(test_predictor_precision_of_sparse_rows_is_that_of_the_same_dense_rows),
        cmocka_unit_test(test_predictor_precision_keeps_what_is_not_finite_in_its_row),
        cmocka_unit_test(test_predictor_precision_follows_its_model_by_refresh),
        cmocka_unit_test(test_predictor_int8_of_too_many_inputs_is_refused_with_the_numbers),
        cmocka_unit_test(test_predictor_precision_without_dense_layers_changes_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
