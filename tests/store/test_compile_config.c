/* Losses and metrics of model files: every kind comes back with its settings.
 *
 * SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dlcore/file.h"
#include "model/model.h"

static dlcore_model_t *saved_and_loaded(const dlcore_model_t *model)
{
    dlcore_model_t *loaded = NULL;
    dlcore_error_record_t error = {0};
    dlcore_save_options_t how = dlcore_save_options_default();
    void *bytes = NULL;
    size_t size = 0;

    how.error = &error;
    if (dlcore_model_save_memory(model, &how, &bytes, &size) != DLCORE_OK)
        fail_msg("%s", error.message);
    assert_int_equal(dlcore_model_load_memory(bytes, size, NULL, &loaded), DLCORE_OK);
    free(bytes);
    return loaded;
}

static void test_compile_config_round_trip_keeps_every_loss_and_its_settings(void **state)
{
    (void)state;
    for (int kind = 1; kind <= (int)DLCORE_LOSS_QUANTILE; kind++) {
        dlcore_compile_options_t settings = dlcore_compile_options_default();
        dlcore_model_t *model = NULL, *loaded;
        dlcore_loss_t *loss = &settings.loss;

        *loss = dlcore_loss_default((dlcore_loss_kind_t)kind);
        loss->reduction = (dlcore_reduction_t)(kind % 3);
        if (kind == (int)DLCORE_LOSS_HUBER)
            loss->delta = 1 / 3.0;
        if (kind == (int)DLCORE_LOSS_QUANTILE)
            loss->quantile = 0.9;
        if (kind == (int)DLCORE_LOSS_BINARY_CROSSENTROPY ||
            kind == (int)DLCORE_LOSS_CATEGORICAL_CROSSENTROPY)
            loss->label_smoothing = 0.1;
        loss->from_logits = kind <= (int)DLCORE_LOSS_BINARY_CROSSENTROPY ||
                            kind == (int)DLCORE_LOSS_BINARY_FOCAL_CROSSENTROPY ||
                            kind == (int)DLCORE_LOSS_CATEGORICAL_FOCAL_CROSSENTROPY;
        if (kind == (int)DLCORE_LOSS_BINARY_FOCAL_CROSSENTROPY ||
            kind == (int)DLCORE_LOSS_CATEGORICAL_FOCAL_CROSSENTROPY)
            loss->gamma = 1.5;
        loss->apply_class_balancing = kind == (int)DLCORE_LOSS_BINARY_FOCAL_CROSSENTROPY;
        loss->per_sample = kind == (int)DLCORE_LOSS_TVERSKY;
        if (kind == (int)DLCORE_LOSS_TVERSKY) {
            loss->alpha = 0.3;
            loss->beta = 1 / 7.0;
        }
        assert_int_equal(dlcore_model_create(NULL, &model), DLCORE_OK);
        dlcore_model_add(model, dlcore_layer_dense(3, DLCORE_ACTIVATION_LINEAR));
        assert_int_equal(dlcore_model_build(model, 2), DLCORE_OK);
        assert_int_equal(dlcore_model_compile_with(model, &settings), DLCORE_OK);
        loaded = saved_and_loaded(model);
        assert_int_equal(loaded->settings.loss.kind, kind);
        assert_int_equal(loaded->settings.loss.reduction, loss->reduction);
        assert_int_equal(loaded->settings.loss.from_logits, loss->from_logits);
        assert_true(loaded->settings.loss.delta == loss->delta);
        assert_true(loaded->settings.loss.gamma == loss->gamma);
        assert_true(loaded->settings.loss.alpha == loss->alpha);
        assert_true(loaded->settings.loss.beta == loss->beta);
        assert_true(loaded->settings.loss.apply_class_balancing == loss->apply_class_balancing);
        assert_true(loaded->settings.loss.per_sample == loss->per_sample);
        assert_true(loaded->settings.loss.label_smoothing == loss->label_smoothing);
        dlcore_model_free(loaded);
        dlcore_model_free(model);
    }
}

static bool has(const dlcore_metric_type_t *type, size_t place)
{
    return dlcore_setting_has(type->settings, place);
}

static dlcore_metric_t odd_metric(int kind)
{
    dlcore_metric_t metric = dlcore_metric_default((dlcore_metric_kind_t)kind);
    const dlcore_metric_type_t *type = dlcore_metric_type(metric.kind);

    snprintf(metric.name, sizeof metric.name, "own%d", kind);
    if (has(type, offsetof(dlcore_metric_t, threshold)))
        metric.threshold = 1 / 3.0;
    if (has(type, offsetof(dlcore_metric_t, top_k)))
        metric.top_k = 3;
    if (has(type, offsetof(dlcore_metric_t, class_id)))
        metric.class_id = 2;
    metric.from_logits = has(type, offsetof(dlcore_metric_t, from_logits));
    metric.label_smoothing = has(type, offsetof(dlcore_metric_t, label_smoothing)) ? 0.1 : 0.0;
    if (metric.kind == DLCORE_METRIC_F1_SCORE)
        metric.average = DLCORE_AVERAGE_WEIGHTED;
    if (metric.kind == DLCORE_METRIC_AUC) {
        metric.curve = DLCORE_CURVE_PR;
        metric.num_thresholds = 50;
        metric.summation = DLCORE_SUMMATION_MAJORING;
        metric.multi_label = true;
    }
    if (metric.kind == DLCORE_METRIC_R2_SCORE) {
        metric.aggregation = DLCORE_AGGREGATION_VARIANCE_WEIGHTED_AVERAGE;
        metric.num_regressors = 2;
    }
    if (has(type, offsetof(dlcore_metric_t, at)))
        metric.at = 0.3;
    if (has(type, offsetof(dlcore_metric_t, beta)))
        metric.beta = 2.0;
    return metric;
}

static void assert_same_metric(const dlcore_metric_t *a, const dlcore_metric_t *b)
{
    assert_int_equal(a->kind, b->kind);
    assert_string_equal(a->name, b->name);
    assert_true(a->threshold == b->threshold && a->label_smoothing == b->label_smoothing);
    assert_true(a->top_k == b->top_k && a->num_thresholds == b->num_thresholds);
    assert_int_equal(a->class_id, b->class_id);
    assert_int_equal(a->average, b->average);
    assert_int_equal(a->curve, b->curve);
    assert_int_equal(a->summation, b->summation);
    assert_int_equal(a->multi_label, b->multi_label);
    assert_true(a->at == b->at && a->beta == b->beta);
    assert_int_equal(a->aggregation, b->aggregation);
    assert_int_equal(a->num_regressors, b->num_regressors);
    assert_int_equal(a->from_logits, b->from_logits);
}

/* Twice, with defaults and without, in both lists. */
static void test_compile_config_round_trip_keeps_every_metric_and_its_settings(void **state)
{
    (void)state;
    for (int kind = 1; kind <= (int)DLCORE_METRIC_CONCORDANCE_CORRELATION; kind++) {
        dlcore_compile_options_t settings = dlcore_compile_options_default();
        bool sparse =
            dlcore_metric_type((dlcore_metric_kind_t)kind)->labels == DLCORE_METRIC_LABELS_CLASSES;
        dlcore_model_t *model = NULL, *loaded;

        settings.loss = sparse ? dlcore_loss_sparse_categorical_crossentropy()
                               : dlcore_loss_mean_squared_error();
        settings.metrics[0] = dlcore_metric_default((dlcore_metric_kind_t)kind);
        settings.metrics[0].at = odd_metric(kind).at;
        settings.metrics[1] = odd_metric(kind);
        settings.metric_count = 2;
        settings.weighted_metrics[0] = odd_metric(kind);
        settings.weighted_metric_count = 1;
        assert_int_equal(dlcore_model_create(NULL, &model), DLCORE_OK);
        dlcore_model_add(model, dlcore_layer_dense(4, DLCORE_ACTIVATION_LINEAR));
        assert_int_equal(dlcore_model_build(model, 2), DLCORE_OK);
        if (dlcore_model_compile_with(model, &settings) != DLCORE_OK)
            fail_msg("%s", dlcore_model_error(model));
        loaded = saved_and_loaded(model);
        assert_int_equal(loaded->settings.metric_count, 2);
        assert_int_equal(loaded->settings.weighted_metric_count, 1);
        assert_same_metric(&loaded->settings.metrics[0], &settings.metrics[0]);
        assert_same_metric(&loaded->settings.metrics[1], &settings.metrics[1]);
        assert_same_metric(&loaded->settings.weighted_metrics[0], &settings.weighted_metrics[0]);
        dlcore_model_free(loaded);
        dlcore_model_free(model);
    }
}

/* As many as compile takes, or nearly: what was compiled can be loaded. */
static void test_compile_config_round_trip_keeps_long_lists_of_numbers(void **state)
{
    enum { LISTS = 3, COUNT = 7000 };

    dlcore_compile_options_t settings = dlcore_compile_options_default();
    dlcore_model_t *model = NULL, *loaded;
    static float numbers[COUNT];

    (void)state;
    settings.loss = dlcore_loss_mean_squared_error();
    for (size_t i = 0; i < COUNT; i++)
        numbers[i] = (float)i / COUNT;
    for (size_t i = 0; i < LISTS; i++) {
        settings.metrics[i] = dlcore_metric_default(DLCORE_METRIC_AUC);
        settings.metrics[i].thresholds = (dlcore_metric_list_t){.count = COUNT, .values = numbers};
    }
    settings.metric_count = LISTS;
    assert_int_equal(dlcore_model_create(NULL, &model), DLCORE_OK);
    dlcore_model_add(model, dlcore_layer_dense(1, DLCORE_ACTIVATION_SIGMOID));
    assert_int_equal(dlcore_model_build(model, 2), DLCORE_OK);
    if (dlcore_model_compile_with(model, &settings) != DLCORE_OK)
        fail_msg("%s", dlcore_model_error(model));
    loaded = saved_and_loaded(model);
    assert_int_equal(loaded->settings.metric_count, LISTS);
    for (size_t i = 0; i < LISTS; i++) {
        assert_int_equal(loaded->settings.metrics[i].thresholds.count, COUNT);
        assert_memory_equal(loaded->settings.metrics[i].thresholds.values, numbers, sizeof numbers);
    }
    dlcore_model_free(loaded);
    dlcore_model_free(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_compile_config_round_trip_keeps_every_loss_and_its_settings),
        cmocka_unit_test(test_compile_config_round_trip_keeps_every_metric_and_its_settings),
        cmocka_unit_test(test_compile_config_round_trip_keeps_long_lists_of_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
