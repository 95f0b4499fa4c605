/* Metrics: names, what accuracy stands for, messages, and results by name.
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

#include "nn/metric.h"
#include "support/tensors.h"

static void test_metric_names_round_trip(void **state)
{
    static const char *const names[] = {"unknown",
                                        "accuracy",
                                        "categorical_accuracy",
                                        "sparse_categorical_accuracy",
                                        "binary_accuracy",
                                        "mean_absolute_error",
                                        "mean_squared_error",
                                        "mean_absolute_percentage_error",
                                        "mean_squared_logarithmic_error",
                                        "logcosh",
                                        "kl_divergence",
                                        "poisson",
                                        "hinge",
                                        "squared_hinge",
                                        "categorical_hinge",
                                        "categorical_crossentropy",
                                        "sparse_categorical_crossentropy",
                                        "binary_crossentropy",
                                        "top_k_categorical_accuracy",
                                        "sparse_top_k_categorical_accuracy",
                                        "cosine_similarity",
                                        "root_mean_squared_error",
                                        "r2_score",
                                        "precision",
                                        "recall",
                                        "f1_score",
                                        "auc",
                                        "equal_accuracy",
                                        "true_positives",
                                        "true_negatives",
                                        "false_positives",
                                        "false_negatives",
                                        "sensitivity_at_specificity",
                                        "specificity_at_sensitivity",
                                        "precision_at_recall",
                                        "recall_at_precision",
                                        "fbeta_score",
                                        "pearson_correlation",
                                        "concordance_correlation"};

    (void)state;
    for (int kind = 1; kind <= (int)DLCORE_METRIC_CONCORDANCE_CORRELATION; kind++) {
        dlcore_metric_t metric = dlcore_metric_from_name(names[kind]);
        assert_string_equal(dlcore_metric_name((dlcore_metric_kind_t)kind), names[kind]);
        assert_int_equal(metric.kind, kind);
        assert_true(metric.threshold == ((kind >= (int)DLCORE_METRIC_PRECISION &&
                                          kind <= (int)DLCORE_METRIC_F1_SCORE) ||
                                                 (kind >= (int)DLCORE_METRIC_TRUE_POSITIVES &&
                                                  kind <= (int)DLCORE_METRIC_FALSE_NEGATIVES) ||
                                                 kind == (int)DLCORE_METRIC_FBETA_SCORE
                                             ? -1.0
                                             : 0.5));
        assert_int_equal(metric.top_k, strstr(names[kind], "top_k") != NULL ? 5 : 0);
        assert_int_equal(metric.num_thresholds, 200);
        assert_int_equal(metric.class_id, -1);
        assert_true(metric.at == -1.0 && metric.beta == 1.0 && !metric.multi_label);
    }
    assert_int_equal(dlcore_metric_from_name("acc").kind, DLCORE_METRIC_ACCURACY);
    assert_int_equal(dlcore_metric_from_name("MAE").kind, DLCORE_METRIC_MEAN_ABSOLUTE_ERROR);
    assert_int_equal(dlcore_metric_from_name("mse").kind, DLCORE_METRIC_MEAN_SQUARED_ERROR);
    assert_int_equal(dlcore_metric_from_name("unknown").kind, DLCORE_METRIC_UNKNOWN);
    assert_int_equal(dlcore_metric_from_name("accurac").kind, DLCORE_METRIC_UNKNOWN);
    assert_int_equal(dlcore_metric_from_name(NULL).kind, DLCORE_METRIC_UNKNOWN);
    assert_string_equal(dlcore_metric_name(DLCORE_METRIC_UNKNOWN), "unknown");
    assert_string_equal(dlcore_metric_name((dlcore_metric_kind_t)40), "unknown");
    assert_string_equal(dlcore_metric_name((dlcore_metric_kind_t)-1), "unknown");
}

static void test_metric_accuracy_resolves_as_keras_chooses(void **state)
{
    const dlcore_metric_kind_t accuracy = DLCORE_METRIC_ACCURACY;

    (void)state;
    assert_int_equal(dlcore_metric_resolve(accuracy, DLCORE_LABELS_VALUES, 1),
                     DLCORE_METRIC_BINARY_ACCURACY);
    assert_int_equal(dlcore_metric_resolve(accuracy, DLCORE_LABELS_CLASSES, 1),
                     DLCORE_METRIC_BINARY_ACCURACY);
    assert_int_equal(dlcore_metric_resolve(accuracy, DLCORE_LABELS_CLASSES, 2),
                     DLCORE_METRIC_SPARSE_CATEGORICAL_ACCURACY);
    assert_int_equal(dlcore_metric_resolve(accuracy, DLCORE_LABELS_ONE_HOT, 2),
                     DLCORE_METRIC_CATEGORICAL_ACCURACY);
    assert_int_equal(dlcore_metric_resolve(accuracy, DLCORE_LABELS_VALUES, 10),
                     DLCORE_METRIC_CATEGORICAL_ACCURACY);
    assert_int_equal(
        dlcore_metric_resolve(DLCORE_METRIC_MEAN_SQUARED_ERROR, DLCORE_LABELS_CLASSES, 1),
        DLCORE_METRIC_MEAN_SQUARED_ERROR);
}

static void assert_refused(dlcore_metric_t metric, dlcore_label_form_t labels, const char *message)
{
    dlcore_error_record_t error = {0};
    dlcore_status status = dlcore_metric_validate(&metric, labels, 10, &error);

    assert_failed(status, DLCORE_ERROR_ARGUMENT, &error, message);
}

static void test_metric_validate_names_the_metric_and_the_numbers(void **state)
{
    dlcore_metric_t binary = dlcore_metric_default(DLCORE_METRIC_BINARY_ACCURACY);
    dlcore_metric_t sparse = dlcore_metric_default(DLCORE_METRIC_SPARSE_CATEGORICAL_ACCURACY);

    (void)state;
    assert_refused(dlcore_metric_from_name("none"), DLCORE_LABELS_VALUES,
                   "metric: kind -1 is unknown (a name that was not found?): known are accuracy, ");
    assert_refused(dlcore_metric_default(DLCORE_METRIC_NONE), DLCORE_LABELS_VALUES,
                   "kind 0 is unknown");
    assert_refused(dlcore_metric_default((dlcore_metric_kind_t)40), DLCORE_LABELS_VALUES,
                   "kind 40 is unknown");
    assert_refused(sparse, DLCORE_LABELS_ONE_HOT,
                   "sparse_categorical_accuracy needs integer labels");
    assert_refused(dlcore_metric_from_name("mae"), DLCORE_LABELS_CLASSES,
                   "mean_absolute_error needs a label for each of the 10 units");
    assert_refused(binary, DLCORE_LABELS_CLASSES, "binary_accuracy needs a label for each");
    assert_int_equal(dlcore_metric_validate(&binary, DLCORE_LABELS_CLASSES, 1, NULL), DLCORE_OK);
    assert_int_equal(dlcore_metric_validate(&sparse, DLCORE_LABELS_CLASSES, 10, NULL), DLCORE_OK);
    binary.threshold = 1.5;
    assert_refused(binary, DLCORE_LABELS_VALUES,
                   "binary_accuracy: threshold must lie in 0 .. 1, got 1.5");
    binary.threshold = (double)NAN;
    assert_refused(binary, DLCORE_LABELS_VALUES, "got nan");
}

static void test_metric_validate_names_settings_and_ranges(void **state)
{
    const dlcore_label_form_t values = DLCORE_LABELS_VALUES;
    dlcore_metric_t metric = dlcore_metric_default(DLCORE_METRIC_PRECISION);

    (void)state;
    assert_int_equal(dlcore_metric_validate(&metric, values, 10, NULL), DLCORE_OK);
    metric.threshold = -0.5;
    assert_refused(metric, values, "precision: threshold must lie in 0 .. 1, or be -1, got -0.5");
    metric = dlcore_metric_default(DLCORE_METRIC_RECALL);
    metric.top_k = 11;
    assert_refused(metric, values,
                   "recall: top_k must lie in 0 .. 10, the number of units, got 11");
    metric.top_k = 10;
    metric.class_id = 10;
    assert_refused(metric, values, "recall: class_id must lie in 0 .. 9, or be -1, got 10");
    metric.class_id = -2;
    assert_refused(metric, values, "got -2");
    metric = dlcore_metric_default(DLCORE_METRIC_TOP_K_CATEGORICAL_ACCURACY);
    metric.top_k = 0;
    assert_refused(metric, values, "top_k_categorical_accuracy: top_k must be 1 or more, got 0");
    metric = dlcore_metric_default(DLCORE_METRIC_AUC);
    metric.num_thresholds = 1;
    assert_refused(metric, values, "auc: num_thresholds must lie in 2 .. 10000, got 1");
    metric.num_thresholds = 10001;
    assert_refused(metric, values, "got 10001");
    metric.num_thresholds = 2;
    metric.curve = (dlcore_curve_t)2;
    assert_refused(metric, values, "auc: curve 2 is unknown: known are ROC, PR");
    metric.curve = dlcore_curve_from_name(NULL);
    assert_refused(metric, values, "curve -1 is unknown");
    metric = dlcore_metric_default(DLCORE_METRIC_F1_SCORE);
    metric.average = (dlcore_average_t)3;
    assert_refused(metric, values,
                   "f1_score: average 3 is unknown: known are macro, micro, weighted");
    metric.average = dlcore_average_from_name("none");
    assert_refused(metric, values, "average -1 is unknown");
    metric = dlcore_metric_default(DLCORE_METRIC_F1_SCORE);
    metric.threshold = 0.0;
    assert_refused(metric, values,
                   "f1_score: threshold must be above 0 and at most 1, or be -1, got 0");
    metric = dlcore_metric_default(DLCORE_METRIC_SENSITIVITY_AT_SPECIFICITY);
    assert_refused(metric, values, "sensitivity_at_specificity: at must lie in 0 .. 1, got -1");
    metric.at = 0.5;
    metric.class_id = 10;
    assert_refused(metric, values, "class_id must lie in 0 .. 9, or be -1, got 10");
    metric.class_id = 9;
    metric.top_k = 11; /* which it does not have */
    assert_int_equal(dlcore_metric_validate(&metric, values, 10, NULL), DLCORE_OK);
    metric.num_thresholds = 0;
    assert_refused(metric, values, "num_thresholds must lie in 1 .. 10000, got 0");
    metric = dlcore_metric_default(DLCORE_METRIC_TRUE_POSITIVES);
    metric.top_k = 11;
    assert_refused(metric, values, "true_positives: top_k must lie in 0 .. 10");
    metric = dlcore_metric_default(DLCORE_METRIC_FBETA_SCORE);
    metric.beta = 0.0;
    assert_refused(metric, values, "fbeta_score: beta must lie in 1.17549e-38 .. ");
    metric = dlcore_metric_default(DLCORE_METRIC_R2_SCORE);
    metric.aggregation = (dlcore_aggregation_t)2;
    assert_refused(metric, values, "r2_score: class_aggregation 2 is unknown: known are uniform_");
    metric = dlcore_metric_default(DLCORE_METRIC_BINARY_CROSSENTROPY);
    metric.label_smoothing = 2.0;
    assert_refused(metric, values,
                   "binary_crossentropy: label_smoothing must lie in 0 .. 1, got 2");
    metric = dlcore_metric_default(DLCORE_METRIC_MEAN_ABSOLUTE_ERROR);
    memset(metric.name, 'a', sizeof metric.name);
    assert_refused(metric, values, "its name has more than 47 bytes");
    memcpy(metric.name, "loss", 5);
    assert_refused(metric, values, "its name is \"loss\"");
    memcpy(metric.name, "Val_mine", 9);
    assert_refused(metric, values, "its name is \"Val_mine\", but \"val_\" begins names of");
    memcpy(metric.name, "a\xC0", 3);
    assert_refused(metric, values, "mean_absolute_error: its name is not UTF-8");
    memcpy(metric.name, "a\nb", 4);
    assert_refused(metric, values, "mean_absolute_error: its name has a control character");
}

static void test_metric_evaluation_value_finds_loss_and_metrics(void **state)
{
    dlcore_evaluation_t evaluation = {.loss = 0.25, .metric_count = 1};

    (void)state;
    evaluation.metrics[0].name[0] = 'a';
    evaluation.metrics[0].value = 0.75;
    evaluation.metrics[1].name[0] = 'b';
    assert_true(dlcore_evaluation_value(&evaluation, "loss") == 0.25);
    assert_true(dlcore_evaluation_value(&evaluation, "a") == 0.75);
    assert_true(isnan(dlcore_evaluation_value(&evaluation, "b"))); /* beyond the count */
    memcpy(evaluation.metrics[0].name, "accuracy", 9);
    evaluation.metric_count = 2;
    memcpy(evaluation.metrics[1].name, "mean_absolute_error", 20);
    evaluation.metrics[1].value = 3.0;
    assert_true(dlcore_evaluation_value(&evaluation, "acc") == 0.75);
    assert_true(dlcore_evaluation_value(&evaluation, "MAE") == 3.0);
    assert_true(isnan(dlcore_evaluation_value(&evaluation, "mse")));
    assert_true(isnan(dlcore_evaluation_value(&evaluation, NULL)));
    assert_true(isnan(dlcore_evaluation_value(NULL, "loss")));
}

static void test_metric_evaluation_value_finds_the_last_of_as_many_as_there_can_be(void **state)
{
    dlcore_evaluation_t evaluation = {.loss = 0.5, .metric_count = DLCORE_METRICS_MAX};

    (void)state;
    for (size_t i = 0; i < DLCORE_METRICS_MAX; i++) {
        snprintf(evaluation.metrics[i].name, sizeof evaluation.metrics[i].name, "m%zu", i);
        evaluation.metrics[i].value = (double)i;
    }
    for (size_t i = 0; i < DLCORE_METRICS_MAX; i++)
        assert_true(dlcore_evaluation_value(&evaluation, evaluation.metrics[i].name) == (double)i);
    assert_true(dlcore_evaluation_value(&evaluation, "loss") == 0.5);
    assert_true(isnan(dlcore_evaluation_value(&evaluation, "m16")));
}

/* `name`: a choice's of a number; `number`: back. */
static void check_choices(const char *(*name)(int), int (*number)(const char *),
                          const char *const *names, int count)
{
    for (int i = 0; i < count; i++) {
        assert_string_equal(name(i), names[i]);
        assert_int_equal(number(names[i]), i);
    }
    assert_int_equal(number("unknown"), -1);
    assert_int_equal(number(NULL), -1);
    assert_string_equal(name(-1), "unknown");
    assert_string_equal(name(count), "unknown");
}

#define NAMED_CHOICE(choice)                                        \
    static const char *choice##_word(int number)                    \
    {                                                               \
        return dlcore_##choice##_name((dlcore_##choice##_t)number); \
    }                                                               \
    static int choice##_number(const char *name)                    \
    {                                                               \
        return (int)dlcore_##choice##_from_name(name);              \
    }

NAMED_CHOICE(average)
NAMED_CHOICE(curve)
NAMED_CHOICE(summation)
NAMED_CHOICE(aggregation)

static void test_metric_choices_round_trip_by_name(void **state)
{
    static const char *const averages[] = {"macro", "micro", "weighted"};
    static const char *const curves[] = {"ROC", "PR"};
    static const char *const summations[] = {"interpolation", "minoring", "majoring"};
    static const char *const aggregations[] = {"uniform_average", "variance_weighted_average"};

    (void)state;
    check_choices(average_word, average_number, averages, 3);
    check_choices(curve_word, curve_number, curves, 2);
    check_choices(summation_word, summation_number, summations, 3);
    check_choices(aggregation_word, aggregation_number, aggregations, 2);
}

/* What mode auto of callbacks goes by. Of Keras's metrics those that it counts up, and counts of
 * what was right. */
static void test_metric_that_is_no_error_rises(void **state)
{
    static const dlcore_metric_kind_t falls[] = {DLCORE_METRIC_MEAN_ABSOLUTE_ERROR,
                                                 DLCORE_METRIC_MEAN_SQUARED_ERROR,
                                                 DLCORE_METRIC_MEAN_ABSOLUTE_PERCENTAGE_ERROR,
                                                 DLCORE_METRIC_MEAN_SQUARED_LOGARITHMIC_ERROR,
                                                 DLCORE_METRIC_LOG_COSH,
                                                 DLCORE_METRIC_KL_DIVERGENCE,
                                                 DLCORE_METRIC_POISSON,
                                                 DLCORE_METRIC_HINGE,
                                                 DLCORE_METRIC_SQUARED_HINGE,
                                                 DLCORE_METRIC_CATEGORICAL_HINGE,
                                                 DLCORE_METRIC_CATEGORICAL_CROSSENTROPY,
                                                 DLCORE_METRIC_SPARSE_CATEGORICAL_CROSSENTROPY,
                                                 DLCORE_METRIC_BINARY_CROSSENTROPY,
                                                 DLCORE_METRIC_ROOT_MEAN_SQUARED_ERROR,
                                                 DLCORE_METRIC_FALSE_POSITIVES,
                                                 DLCORE_METRIC_FALSE_NEGATIVES};
    size_t count = 0;

    (void)state;
    for (int kind = DLCORE_METRIC_ACCURACY; kind <= DLCORE_METRIC_CONCORDANCE_CORRELATION; kind++) {
        bool is_error = count < sizeof falls / sizeof *falls && (int)falls[count] == kind;

        count += is_error;
        if (dlcore_metric_type((dlcore_metric_kind_t)kind)->rises == is_error)
            fail_msg("%s %s", dlcore_metric_name((dlcore_metric_kind_t)kind),
                     is_error ? "rises" : "falls");
    }
    assert_int_equal(count, sizeof falls / sizeof *falls);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_metric_that_is_no_error_rises),
        cmocka_unit_test(test_metric_choices_round_trip_by_name),
        cmocka_unit_test(test_metric_names_round_trip),
        cmocka_unit_test(test_metric_accuracy_resolves_as_keras_chooses),
        cmocka_unit_test(test_metric_validate_names_the_metric_and_the_numbers),
        cmocka_unit_test(test_metric_validate_names_settings_and_ranges),
        cmocka_unit_test(test_metric_evaluation_value_finds_loss_and_metrics),
        cmocka_unit_test(test_metric_evaluation_value_finds_the_last_of_as_many_as_there_can_be),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
