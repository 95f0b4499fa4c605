/* What a predictor says of itself: memory, and how far it is from float32 on rows of the caller's.
 *
 * SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "dlcore/predictor.h"
#include "support/failing_allocator.h"
#include "support/predictor_models.h"
#include "support/random_numbers.h"
#include "support/sparse_data.h"
#include "support/tensors.h"

enum { ROWS = 30, INPUTS = 200, UNITS = 7 };

static dlcore_model_t *classifier(const dlcore_allocator_t *allocator)
{
    dlcore_model_t *model = empty_model(DLCORE_ENGINE_AUTO, allocator);

    dlcore_model_add(model, dlcore_layer_dense(96, DLCORE_ACTIVATION_RELU));
    dlcore_model_add(model, dlcore_layer_dense(UNITS, DLCORE_ACTIVATION_SOFTMAX));
    assert_int_equal(dlcore_model_build(model, INPUTS), DLCORE_OK);
    draw_weights(model);
    return model;
}

static dlcore_predictor_report_t report_of(const dlcore_predictor_t *predictor,
                                           const dlcore_tensor_t *x)
{
    dlcore_predictor_report_t report;
    dlcore_error_record_t error = {0};

    if (dlcore_predictor_report(predictor, x, &report, &error) != DLCORE_OK)
        fail_msg("%s", error.message);
    return report;
}

static size_t largest_of(const float *y)
{
    size_t best = 0;

    for (size_t i = 1; i < UNITS; i++)
        best = y[i] > y[best] ? i : best;
    return best;
}

/* Found by hand from the outputs of both; the predictor takes fewer rows than there are. */
static void test_predictor_report_compares_with_float32_on_the_given_rows(void **state)
{
    (void)state;
    random_seed(51);
    draw_inputs(1);
    for (size_t k = 0; k < PREDICTOR_PRECISIONS; k++) {
        dlcore_model_t *model = classifier(NULL);
        dlcore_predictor_t *given = precise_predictor_of(model, 8, predictor_precision(k));
        dlcore_predictor_t *exact = predictor_of(model, 8);
        dlcore_tensor_t *x = tensor_of_floats(SHAPE(ROWS, INPUTS), inputs);
        dlcore_predictor_report_t report = report_of(given, x);
        double difference = 0.0;
        size_t same = 0;

        for (size_t r = 0; r < ROWS; r += 6) {
            float y[6 * UNITS], expected[6 * UNITS];
            assert_int_equal(dlcore_predictor_run(given, inputs + r * INPUTS, 6, y), DLCORE_OK);
            assert_int_equal(dlcore_predictor_run(exact, inputs + r * INPUTS, 6, expected),
                             DLCORE_OK);
            for (size_t i = 0; i < 6 * UNITS; i++)
                difference = fmax(difference, fabs((double)y[i] - (double)expected[i]));
            for (size_t i = 0; i < 6; i++)
                same += largest_of(y + i * UNITS) == largest_of(expected + i * UNITS);
        }
        assert_int_equal(report.rows, ROWS);
        assert_true(fabs(report.difference - difference) <= 1e-6);
        assert_int_equal(report.same_class_rows, same);
        if (k == 0)
            assert_true(report.difference == 0.0 && same == ROWS);
        else
            assert_true(report.difference > 1e-6 && report.difference < 0.05);
        dlcore_tensor_free(x);
        dlcore_predictor_free(given);
        dlcore_predictor_free(exact);
        dlcore_model_free(model);
    }
}

static void test_predictor_report_counts_the_memory_of_the_predictor(void **state)
{
    static const char *const names[] = {"float32", "int8", "bfloat16"};
    static const size_t bytes_of_weight[] = {4, 1, 2};

    (void)state;
    random_seed(52);
    for (size_t k = 0; k < PREDICTOR_PRECISIONS; k++) {
        failing_allocator_t memory;
        dlcore_allocator_t allocator;
        dlcore_model_t *model;
        dlcore_predictor_t *predictor;
        dlcore_predictor_report_t report;
        size_t before, held, weights;

        failing_allocator_init(&memory);
        allocator = failing_allocator(&memory);
        model = classifier(&allocator);
        before = memory.live_bytes;
        predictor = precise_predictor_of(model, 5, predictor_precision(k));
        held = memory.live_bytes;
        report = report_of(predictor, NULL);
        assert_string_equal(report.precision, names[k]);
        assert_int_equal(report.bytes, held - before);
        assert_int_equal(memory.live_bytes, held);
        assert_int_equal(report.rows, 0);
        weights = INPUTS * 96 + 96 * 16;
        assert_in_range(report.weight_bytes, weights * bytes_of_weight[k],
                        weights * bytes_of_weight[k] + 2048);
        dlcore_predictor_free(predictor);
        dlcore_model_free(model);
        failing_allocator_assert_clean(&memory);
    }
}

/* Bytes, whole numbers and sparse rows are the numbers that they stand for; of one output, a class
 * is a side of 0.5. */
static void test_predictor_report_takes_rows_of_every_kind(void **state)
{
    sparse_data_t data;
    dlcore_model_t *model = empty_model(DLCORE_ENGINE_AUTO, NULL);
    dlcore_predictor_t *predictor;
    dlcore_predictor_report_t report, other;

    (void)state;
    random_seed(53);
    data = sparse_data(ROWS, 80, 0.2, true, 1);
    dlcore_model_add(model, dlcore_layer_dense(33, DLCORE_ACTIVATION_RELU));
    dlcore_model_add(model, dlcore_layer_dense(1, DLCORE_ACTIVATION_SIGMOID));
    assert_int_equal(dlcore_model_build(model, 80), DLCORE_OK);
    draw_weights(model);
    predictor = precise_predictor_of(model, 3, predictor_precision(1));
    report = report_of(predictor, data.sparse);
    other = report_of(predictor, data.dense);
    assert_true(report.difference == other.difference && report.difference > 0.0);
    assert_int_equal(report.same_class_rows, other.same_class_rows);
    assert_in_range(report.same_class_rows, ROWS - 3, ROWS);
    dlcore_predictor_free(predictor);
    dlcore_model_free(model);
    sparse_data_free(&data);
}

static void test_predictor_report_that_is_refused_names_why_and_changes_nothing(void **state)
{
    dlcore_model_t *model;
    dlcore_predictor_t *predictor;
    dlcore_predictor_report_t report = {.rows = 42};
    dlcore_error_record_t error = {0};
    dlcore_tensor_t *x;

    (void)state;
    random_seed(54);
    draw_inputs(1);
    model = classifier(NULL);
    predictor = precise_predictor_of(model, 2, predictor_precision(1));
    x = tensor_of_floats(SHAPE(3, 5), inputs);
    assert_failed(dlcore_predictor_report(NULL, NULL, &report, &error), DLCORE_ERROR_ARGUMENT,
                  &error, "predictor is NULL");
    assert_failed(dlcore_predictor_report(predictor, NULL, NULL, &error), DLCORE_ERROR_ARGUMENT,
                  &error, "report is NULL");
    assert_failed(dlcore_predictor_report(predictor, x, &report, &error), DLCORE_ERROR_SHAPE,
                  &error, "expects 200 inputs, got 5");
    draw_weights(model);
    assert_failed(dlcore_predictor_report(predictor, NULL, &report, &error), DLCORE_ERROR_STATE,
                  &error, "weights have changed");
    assert_int_equal(dlcore_predictor_report(predictor, NULL, &report, NULL), DLCORE_ERROR_STATE);
    assert_int_equal(report.rows, 42);
    dlcore_tensor_free(x);
    dlcore_predictor_free(predictor);
    dlcore_model_free(model);
}

static dlcore_status report_with(const dlcore_allocator_t *allocator, void *context)
{
    dlcore_model_options_t options = dlcore_model_options_default();
    dlcore_predictor_options_t how = dlcore_predictor_options_default();
    dlcore_predictor_t *predictor = NULL;
    dlcore_predictor_report_t report;
    dlcore_model_t *model = NULL;
    dlcore_status status;

    options.allocator = *allocator;
    how.precision = predictor_precision(1);
    status = dlcore_model_create(&options, &model);
    if (status == DLCORE_OK)
        status = dlcore_model_add(model, dlcore_layer_dense(20, DLCORE_ACTIVATION_RELU));
    if (status == DLCORE_OK)
        status = dlcore_model_build(model, INPUTS);
    if (status == DLCORE_OK)
        status = dlcore_predictor_create(model, &how, &predictor);
    if (status == DLCORE_OK)
        status = dlcore_predictor_report(predictor, context, &report, NULL);
    dlcore_predictor_free(predictor);
    dlcore_model_free(model);
    return status;
}

static void test_predictor_report_out_of_memory_fails_cleanly(void **state)
{
    dlcore_tensor_t *x;

    (void)state;
    draw_inputs(1);
    x = tensor_of_floats(SHAPE(3, INPUTS), inputs);
    assert_true(failing_allocator_sweep(report_with, x) > 10);
    dlcore_tensor_free(x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_predictor_report_compares_with_float32_on_the_given_rows),
        cmocka_unit_test(test_predictor_report_counts_the_memory_of_the_predictor),
        cmocka_unit_test(test_predictor_report_takes_rows_of_every_kind),
        cmocka_unit_test(test_predictor_report_that_is_refused_names_why_and_changes_nothing),
        cmocka_unit_test(test_predictor_report_out_of_memory_fails_cleanly),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
