/* loss_check: right gradients pass, and each way to be wrong is named.
 *
 * SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "dlcore.h"
#include "support/tensors.h"

/* What is wrong with the loss below; 0: nothing. */
enum fault {
    NONE,
    GRADIENT_OF_ONE, /* row 1, unit 2 has half of its gradient */
    NO_GRADIENT,     /* none is written */
    ROW_NOT_SET,     /* row `left_out` is */
    ANOTHER_WITHOUT, /* other losses where no gradient is wanted */
    ROWS_DEPEND,     /* the loss is of the batch */
    GRADIENT_IS_NAN
};

static size_t left_out;

/* exp(p - t) - p, summed over units. */
static void exponential(const function_batch_t *batch, void *user)
{
    enum fault fault = *(const enum fault *)user;

    for (size_t row = 0; row < batch->rows; row++) {
        float sum = 0.0f;

        for (size_t u = 0; u < batch->units; u++) {
            size_t at = row * batch->units + u;
            float grown = expf(batch->y_pred[at] - batch->y_true[at]);

            sum += grown - batch->y_pred[at];
            if (batch->gradient == NULL || fault == NO_GRADIENT)
                continue;
            batch->gradient[at] = grown - 1.0f;
            if (fault == GRADIENT_OF_ONE && batch->first + row == 1 && u == 2)
                batch->gradient[at] *= 0.5f;
            if (fault == GRADIENT_IS_NAN && row == 0 && u == 1)
                batch->gradient[at] = NAN;
        }
        if (fault == ROWS_DEPEND)
            sum += batch->y_pred[0];
        if (fault == ANOTHER_WITHOUT && batch->gradient == NULL)
            sum *= 2.0f;
        if (fault != ROW_NOT_SET || row != left_out)
            batch->row_values[row] = sum;
    }
}

static const float outputs[] = {0.5f, -1, 3, 0, 0.25f, 2, -0.5f, 1, 1.5f};
static const float labels[] = {1, -1, 2, 0.5f, 0, 1, 0, 0, 2};

static dlcore_status check(enum fault fault, function_calls_t calls, loss_difference_t *report,
                           error_record_t *error)
{
    tensor_t *y_true = tensor_of_floats(SHAPE(3, 3), labels);
    tensor_t *y_pred = tensor_of_floats(SHAPE(3, 3), outputs);
    loss_t loss = loss_function(exponential, &fault);
    dlcore_status status;

    loss.function.calls = calls;
    *error = (error_record_t){.status = DLCORE_OK};
    status = loss_check(&loss, y_true, y_pred, report, error);
    tensor_free(y_true);
    tensor_free(y_pred);
    return status;
}

static void test_loss_check_right_gradient_passes(void **state)
{
    loss_difference_t report;
    error_record_t error;

    (void)state;
    assert_int_equal(check(NONE, FUNCTION_CALLS_BATCH, &report, &error), DLCORE_OK);
    assert_true(report.difference >= 0.0 && report.difference < 2e-4);
    assert_int_equal(check(NONE, FUNCTION_CALLS_ROWS, NULL, &error), DLCORE_OK);
}

static void test_loss_check_wrong_gradient_is_named_by_row_and_unit(void **state)
{
    loss_difference_t report;
    error_record_t error;
    double right = exp(1.0) - 1.0;

    (void)state;
    assert_failed(check(GRADIENT_OF_ONE, FUNCTION_CALLS_BATCH, &report, &error), DLCORE_ERROR_RANGE,
                  &error, "the gradient of row 1, unit 2 is 0.859141");
    assert_true(report.row == 1 && report.unit == 2);
    assert_true(fabs(report.gradient - right / 2) < 1e-6 && fabs(report.slope - right) < 1e-3);
    assert_failed(check(NO_GRADIENT, FUNCTION_CALLS_BATCH, &report, &error), DLCORE_ERROR_RANGE,
                  &error, "is 0, but differences of the loss give");
    assert_failed(check(GRADIENT_IS_NAN, FUNCTION_CALLS_BATCH, &report, &error), DLCORE_ERROR_RANGE,
                  &error, "the gradient of row 0, unit 1 is");
}

static void test_loss_check_other_faults_are_named(void **state)
{
    error_record_t error;

    (void)state;
    for (left_out = 0; left_out < 3; left_out++) {
        char text[64];

        snprintf(text, sizeof text, "the loss of row %zu is NaN, or was not set", left_out);
        assert_failed(check(ROW_NOT_SET, FUNCTION_CALLS_BATCH, NULL, &error),
                      DLCORE_ERROR_NOT_FINITE, &error, text);
    }
    assert_failed(check(ANOTHER_WITHOUT, FUNCTION_CALLS_BATCH, NULL, &error), DLCORE_ERROR_RANGE,
                  &error, "with a gradient and");
    assert_failed(check(ROWS_DEPEND, FUNCTION_CALLS_ROWS, NULL, &error), DLCORE_ERROR_RANGE, &error,
                  "row 1 has loss");
    /* the gradient lacks what the other rows add: 2 to that of row 0, unit 0 */
    assert_failed(check(ROWS_DEPEND, FUNCTION_CALLS_BATCH, NULL, &error), DLCORE_ERROR_RANGE,
                  &error, "the gradient of row 0, unit 0");
}

static void test_loss_check_arguments_that_do_not_fit_are_refused(void **state)
{
    static const int32_t classes[] = {0, 1, 2};
    enum fault fault = NONE;
    tensor_t *y = tensor_of_floats(SHAPE(3, 3), labels),
             *short_y = tensor_of_floats(SHAPE(2, 3), labels);
    tensor_t *of_classes = tensor_of_ints(SHAPE(3), classes), *sparse = NULL;
    loss_t loss = loss_function(exponential, &fault), plain = loss_huber();
    error_record_t error;

    (void)state;
    assert_failed(loss_check(NULL, y, y, NULL, &error), DLCORE_ERROR_ARGUMENT, &error,
                  "loss is NULL");
    assert_failed(loss_check(&loss, NULL, y, NULL, &error), DLCORE_ERROR_ARGUMENT, &error,
                  "y_true is NULL");
    assert_failed(loss_check(&plain, y, y, NULL, &error), DLCORE_ERROR_ARGUMENT, &error,
                  "checks losses of your own, got huber");
    assert_failed(loss_check(&loss, short_y, y, NULL, &error), DLCORE_ERROR_SHAPE, &error,
                  "y_pred has 3 rows of 3, so y_true must have as many of 3, got 2 rows of 3");
    assert_failed(loss_check(&loss, of_classes, y, NULL, &error), DLCORE_ERROR_DTYPE, &error,
                  "y_true float32, got float32 and int32");
    assert_int_equal(sparse_from_dense(y, &sparse, NULL), DLCORE_OK);
    assert_failed(loss_check(&loss, y, sparse, NULL, &error), DLCORE_ERROR_UNSUPPORTED, &error,
                  "loss_check: y_pred is sparse");
    assert_failed(loss_check(&loss, sparse, y, NULL, &error), DLCORE_ERROR_UNSUPPORTED, &error,
                  "loss_check: y_true is sparse");
    loss.label_width = 2;
    assert_failed(loss_check(&loss, y, y, NULL, &error), DLCORE_ERROR_SHAPE, &error,
                  "as many of 2, got 3 rows of 3");
    tensor_free(y);
    tensor_free(short_y);
    tensor_free(of_classes);
    tensor_free(sparse);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_loss_check_right_gradient_passes),
        cmocka_unit_test(test_loss_check_wrong_gradient_is_named_by_row_and_unit),
        cmocka_unit_test(test_loss_check_other_faults_are_named),
        cmocka_unit_test(test_loss_check_arguments_that_do_not_fit_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
