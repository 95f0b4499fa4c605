/* Ranks against one model alone: losses, weights and metrics are those of the whole batch, also
 * where they are functions of the user's.
 *
 * SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "support/ranked_check.h"

static ranked_result_t alone, results[2];

static void test_fit_ranks_losses_and_weights_are_those_of_the_batch(void **state)
{
    static const dlcore_loss_kind_t kinds[] = {DLCORE_LOSS_MEAN_SQUARED_ERROR,
                                               DLCORE_LOSS_HUBER,
                                               DLCORE_LOSS_DICE,
                                               DLCORE_LOSS_TVERSKY,
                                               DLCORE_LOSS_QUANTILE,
                                               DLCORE_LOSS_LOG_COSH,
                                               DLCORE_LOSS_COSINE_SIMILARITY,
                                               DLCORE_LOSS_HINGE, /* labels that are no bits */
                                               DLCORE_LOSS_SQUARED_HINGE};
    static const dlcore_reduction_t reductions[] = {DLCORE_REDUCTION_SUM_OVER_BATCH_SIZE,
                                                    DLCORE_REDUCTION_SUM,
                                                    DLCORE_REDUCTION_MEAN_WITH_SAMPLE_WEIGHT};
    ranked_case_t ranked_case = ranked_case_default();

    (void)state;
    ranked_case.regression = true;
    ranked_case.compile.metrics[0] = dlcore_metric_default(DLCORE_METRIC_MEAN_ABSOLUTE_ERROR);
    ranked_case.compile.optimizer.learning_rate = 0.002;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        ranked_case.compile.loss = dlcore_loss_default(kinds[i]);
        for (size_t r = 0; r < 3; r++) {
            char what[64];

            ranked_case.compile.loss.reduction = reductions[r];
            ranked_case.sample_weights = r != 0 || i % 2 == 0;
            snprintf(what, sizeof what, "%s, %s", dlcore_loss_name(kinds[i]),
                     dlcore_reduction_name(reductions[r]));
            ranked_check(what, &ranked_case);
        }
    }
}

static void test_fit_ranks_class_weights_count(void **state)
{
    static const float weights[] = {0.5f, 1.0f, 3.0f};
    ranked_case_t ranked_case = ranked_case_default();

    (void)state;
    ranked_case.fit.class_weight = weights;
    ranked_case.fit.class_count = 3;
    ranked_case.compile.weighted_metrics[0] = dlcore_metric_default(DLCORE_METRIC_ACCURACY);
    ranked_case.compile.weighted_metric_count = 1;
    ranked_check("class_weight", &ranked_case);
    ranked_case.sample_weights = true;
    ranked_check("class_weight and sample_weight", &ranked_case);
}

static void test_fit_ranks_metrics_are_those_of_all_samples(void **state)
{
    static const dlcore_metric_kind_t kinds[] = {
        DLCORE_METRIC_R2_SCORE, DLCORE_METRIC_ROOT_MEAN_SQUARED_ERROR,
        DLCORE_METRIC_PEARSON_CORRELATION, DLCORE_METRIC_MEAN_ABSOLUTE_ERROR};
    ranked_case_t ranked_case = ranked_case_default();

    (void)state;
    ranked_case.regression = true;
    ranked_case.compile.loss = dlcore_loss_mean_squared_error();
    ranked_case.compile.optimizer.learning_rate = 0.01;
    for (size_t i = 0; i < 4; i++)
        ranked_case.compile.metrics[i] = dlcore_metric_default(kinds[i]);
    ranked_case.compile.metric_count = 4;
    ranked_case.validation = 21;
    ranked_case.fit.validation_batch_size = 4;
    ranked_check("metrics of numbers", &ranked_case);
}

/* One metric after the other; those that do not go with the loss are passed over. Answers how many
 * there were. */
static size_t check_each_metric(ranked_case_t ranked_case)
{
    size_t checked = 0;

    ranked_case.validation = 21;
    ranked_case.compile.metric_count = 1;
    for (int kind = DLCORE_METRIC_ACCURACY; kind < DLCORE_METRIC_FUNCTION; kind++) {
        dlcore_metric_t metric = dlcore_metric_default((dlcore_metric_kind_t)kind);

        metric.num_thresholds = 20; /* few: no score is as near to one as rounding */
        metric.at = 0.6;
        metric.top_k = kind == DLCORE_METRIC_TOP_K_CATEGORICAL_ACCURACY ||
                               kind == DLCORE_METRIC_SPARSE_TOP_K_CATEGORICAL_ACCURACY
                           ? 2
                           : metric.top_k;
        ranked_case.compile.metrics[0] = metric;
        ranked_run_alone(&ranked_case, &alone);
        if (alone.status != DLCORE_OK)
            continue;
        ranked_check(dlcore_metric_name((dlcore_metric_kind_t)kind), &ranked_case);
        checked++;
    }
    return checked;
}

static void test_fit_ranks_every_metric_is_that_of_all_samples(void **state)
{
    ranked_case_t classes = ranked_case_default(), numbers = ranked_case_default();

    (void)state;
    numbers.regression = numbers.binary = true;
    numbers.compile.loss = dlcore_loss_binary_crossentropy();
    assert_in_range(check_each_metric(classes), 4, DLCORE_METRIC_FUNCTION);
    assert_in_range(check_each_metric(numbers), 35, DLCORE_METRIC_FUNCTION);
}

/* The squared error of a row, and a metric, as functions of the user's. */
static void square_rows(const dlcore_function_batch_t *batch, void *user)
{
    (void)user;
    for (size_t row = 0; row < batch->rows; row++) {
        float sum = 0.0f;

        for (size_t i = 0; i < batch->units; i++) {
            float error =
                batch->y_pred[row * batch->units + i] - batch->y_true[row * batch->label_width + i];

            sum += error * error;
            if (batch->gradient != NULL)
                batch->gradient[row * batch->units + i] = 2.0f * error;
        }
        batch->row_values[row] = sum;
    }
}

static void test_fit_ranks_functions_of_rows_are_those_of_the_batch(void **state)
{
    ranked_case_t ranked_case = ranked_case_default();

    (void)state;
    ranked_case.regression = true;
    ranked_case.sample_weights = true;
    ranked_case.compile.optimizer.learning_rate = 0.01;
    ranked_case.compile.loss = dlcore_loss_function(square_rows, NULL);
    ranked_case.compile.loss.function.calls = DLCORE_FUNCTION_CALLS_ROWS;
    ranked_case.compile.metrics[0] = dlcore_metric_function(square_rows, NULL);
    ranked_case.compile.metrics[0].function.calls = DLCORE_FUNCTION_CALLS_ROWS;
    ranked_check("functions of rows", &ranked_case);
    ranked_case.options.threads = 3;
    ranked_check_bits("functions of rows", &ranked_case);
    ranked_case.compile.loss.function.calls = DLCORE_FUNCTION_CALLS_BATCH;
    ranked_run(&ranked_case, 2, NULL, results);
    for (size_t rank = 0; rank < 2; rank++) {
        assert_int_equal(results[rank].status, DLCORE_ERROR_UNSUPPORTED);
        assert_non_null(strstr(results[rank].message, "no rank has all rows of a batch"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fit_ranks_losses_and_weights_are_those_of_the_batch),
        cmocka_unit_test(test_fit_ranks_class_weights_count),
        cmocka_unit_test(test_fit_ranks_metrics_are_those_of_all_samples),
        cmocka_unit_test(test_fit_ranks_every_metric_is_that_of_all_samples),
        cmocka_unit_test(test_fit_ranks_functions_of_rows_are_those_of_the_batch),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
