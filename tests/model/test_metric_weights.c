/* Plain metrics leave weights of samples out, weighted ones count them, in fit, in its validation,
 * in evaluate and in train_on_batch: against sums over a handful of samples.
 *
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include <dlcore.h>

#include "support/models.h"

enum { ROWS = 10, METRICS = 3 };

/* Outputs, which are the inputs, labels and weights. */
static const float outputs[ROWS] = {.9F, .2F, .7F, .4F, .6F, .1F, .8F, .3F, .55F, .45F};
static const float labels[ROWS] = {1, 0, 0, 1, 1, 0, 1, 1, 0, 0};
static const float weights[ROWS] = {1, 2, .5F, 0, 3, 1, .25F, 4, 2, .125F};

static const metric_kind_t kinds[METRICS] = {METRIC_MEAN_ABSOLUTE_ERROR, METRIC_BINARY_ACCURACY,
                                             METRIC_PRECISION};

/* ---- what they must be ---- */

static double mean_squared_error(bool weighted)
{
    double sum = 0;

    for (size_t i = 0; i < ROWS; i++)
        sum += (weighted ? (double)weights[i] : 1) * pow((double)(outputs[i] - labels[i]), 2);
    return sum / ROWS;
}

static double expected(size_t metric, bool weighted)
{
    double sum = 0, all = 0;

    for (size_t i = 0; i < ROWS; i++) {
        double weight = weighted ? (double)weights[i] : 1;
        bool positive = outputs[i] > 0.5F, label = labels[i] != 0;
        if (metric == 2 && !positive)
            continue;
        all += weight;
        if (metric == 0)
            sum += weight * fabs((double)(outputs[i] - labels[i]));
        else
            sum += positive == label ? weight : 0;
    }
    return sum / all;
}

/* ---- a model that answers its input ---- */

static model_t *model_of(bool plain, bool weighted)
{
    compile_options_t how = compile_options_default();
    layer_t layer = layer_dense(1, ACTIVATION_LINEAR);
    model_t *model = NULL;

    how.loss = loss_mean_squared_error();
    how.optimizer = optimizer_sgd();
    how.optimizer.learning_rate = 0;
    for (size_t i = 0; plain && i < METRICS; i++)
        how.metrics[how.metric_count++] = metric_default(kinds[i]);
    for (size_t i = 0; weighted && i < METRICS; i++)
        how.weighted_metrics[how.weighted_metric_count++] = metric_default(kinds[i]);
    layer.use_bias = false;
    layer.kernel_initializer = initializer_ones();
    assert_int_equal(model_create(NULL, &model), DLCORE_OK);
    assert_accepted(model, model_add(model, layer));
    assert_accepted(model, model_build(model, 1));
    assert_accepted(model, model_compile_with(model, &how));
    return model;
}

static tensor_t *borrow(const float *values, size_t rank)
{
    tensor_t *tensor = NULL;
    size_t shape[2] = {ROWS, 1};

    assert_int_equal(
        tensor_borrow_const(NULL, DTYPE_FLOAT32, rank, shape, values, 0, &tensor, NULL), DLCORE_OK);
    return tensor;
}

/* ---- what is reported ---- */

typedef struct report {
    const evaluation_t *evaluation; /* or */
    const history_t *history;
    const char *prefix; /* "val_" */
} report_t;

static double reported(const report_t *report, const char *weighted, const char *name)
{
    char key[64];

    snprintf(key, sizeof key, "%s%s%s", report->history != NULL ? report->prefix : "", weighted,
             name);
    return report->history != NULL ? history_value(report->history, key, 0)
                                   : evaluation_value(report->evaluation, key);
}

/* `given`: with weights of samples. */
static void check(report_t report, bool plain, bool weighted, bool given)
{
    double loss = mean_squared_error(given);

    assert_true(fabs(reported(&report, "", "loss") - loss) < 1e-6 * loss);
    for (size_t i = 0; i < METRICS; i++) {
        const char *name = metric_name(kinds[i]);
        /* alone, weighted metrics have the plain names */
        double with = reported(&report, plain ? "weighted_" : "", name);
        double without = reported(&report, "", name);

        if (plain && !(fabs(without - expected(i, false)) < 1e-6))
            fail_msg("%s%s: %g, not %g", report.prefix, name, without, expected(i, false));
        if (weighted && !(fabs(with - expected(i, given)) < 1e-6))
            fail_msg("%sweighted %s: %g, not %g", report.prefix, name, with, expected(i, given));
        assert_true(fabs(expected(i, true) - expected(i, false)) > 0.01);
    }
}

static void check_lists(bool plain, bool weighted, bool given)
{
    model_t *model = model_of(plain, weighted);
    tensor_t *x = borrow(outputs, 2), *y = borrow(labels, 2), *w = borrow(weights, 1);
    fit_options_t how = fit_options_default();
    evaluate_options_t options = evaluate_options_default();
    history_t *history = NULL;
    evaluation_t result;

    how.batch_size = 4; /* 4, 4 and 2 */
    how.sample_weight = how.validation_sample_weight = given ? w : NULL;
    how.validation_x = x;
    how.validation_y = y;
    assert_accepted(model, model_fit(model, x, y, &how, &history));
    check((report_t){.history = history, .prefix = ""}, plain, weighted, given);
    check((report_t){.history = history, .prefix = "val_"}, plain, weighted, given);
    options.sample_weight = given ? w : NULL;
    options.batch_size = 3;
    assert_accepted(model, model_evaluate(model, x, y, &options, &result));
    check((report_t){.evaluation = &result, .prefix = "evaluate "}, plain, weighted, given);
    assert_accepted(model,
                    model_train_on_batch_weighted(model, x, y, given ? w : NULL, NULL, 0, &result));
    check((report_t){.evaluation = &result, .prefix = "batch "}, plain, weighted, given);
    history_free(history);
    tensor_free(x);
    tensor_free(y);
    tensor_free(w);
    model_free(model);
}

static void test_metric_weights_count_in_weighted_metrics_alone(void **state)
{
    (void)state;
    check_lists(true, true, true);
    check_lists(true, false, true);
    check_lists(false, true, true);
}

static void test_metric_weights_that_are_not_given_are_one(void **state)
{
    (void)state;
    check_lists(true, true, false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_metric_weights_count_in_weighted_metrics_alone),
        cmocka_unit_test(test_metric_weights_that_are_not_given_are_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
