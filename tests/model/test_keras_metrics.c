/* Metrics against Keras's, over batches of unequal size, with weights of samples and every option;
 * and the names of results.
 *
 * Sums are exact where Keras counts in whole numbers; else errors are measured as in test_keras.c,
 * with the sums that Keras rounds to float32 in mind.
 *
 * SPDX-License-Identifier: MIT */
#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "model/model.h"
#include "support/agreement.h"
#include "support/fixture.h"
#include "support/network.h"

#define LIMIT 4.0
#define EPSILON ((double)FLT_EPSILON)
#define BATCH 7

/* A model that answers its input, compiled for labels of that type. */
static dlcore_model_t *model_of(const dlcore_metric_t *metric, size_t units, bool classes,
                                size_t threads)
{
    dlcore_compile_options_t options = dlcore_compile_options_default();
    dlcore_model_options_t model_options = dlcore_model_options_default();
    dlcore_model_t *model = NULL;
    options.loss = classes && units > 1 ? dlcore_loss_sparse_categorical_crossentropy()
                                        : dlcore_loss_mean_squared_error();
    options.metrics[options.metric_count++] = dlcore_metric_default(DLCORE_METRIC_ACCURACY);
    options.weighted_metrics[options.weighted_metric_count++] = *metric;
    model_options.threads = threads;
    assert_int_equal(dlcore_model_create(&model_options, &model), DLCORE_OK);
    dlcore_model_add(model, dlcore_layer_activation(DLCORE_ACTIVATION_LINEAR));
    assert_int_equal(dlcore_model_build(model, units), DLCORE_OK);
    if (dlcore_model_compile_with(model, &options) != DLCORE_OK)
        fail_msg("%s", dlcore_model_error(model));
    return model;
}

/* The metric over batches of `block` rows. */
static double measured(const fixture_t *fixture, const char *name, size_t block, size_t threads)
{
    const fixture_array_t *y_pred = fixture_array(fixture, name, "y_pred");
    const fixture_array_t *y = fixture_array(fixture, name, "y");
    const fixture_array_t *weights = fixture_find(fixture, name, "weights");
    dlcore_metric_t metric = network_metric(fixture_text(fixture, name, "metric_options"));
    dlcore_model_t *model = model_of(&metric, y_pred->shape[1], y->type == FIXTURE_I32, threads);
    dlcore_tensor_t *x = fixture_tensor(y_pred), *labels = fixture_tensor(y);
    dlcore_tensor_t *w = weights != NULL ? fixture_tensor(weights) : NULL;
    dlcore_objective_t objective;
    dlcore_sums_t sums;
    double value;
    assert_int_equal(dlcore_model_objective(model, &objective, NULL), DLCORE_OK);
    objective.weighted = w != NULL;
    assert_int_equal(dlcore_sums_create(&model->allocator, &objective, &sums, NULL), DLCORE_OK);
    dlcore_run_t run = {.model = model,
                        .objective = &objective,
                        .source = {.x = x, .y = labels, .weights = w, .rows = y_pred->shape[0]},
                        .block = block};
    run.team = dlcore_model_acquire_team(model, 1e12);
    assert_int_equal(dlcore_run_evaluate(&run, &sums, NULL), DLCORE_OK);
    dlcore_model_release_team(model, run.team);
    assert_int_equal(sums.samples, y_pred->shape[0]);
    value = dlcore_sums_metric(&objective, &sums, 1);
    dlcore_sums_free(&model->allocator, &sums);
    dlcore_tensor_free(x);
    dlcore_tensor_free(labels);
    dlcore_tensor_free(w);
    dlcore_model_free(model);
    return value;
}

static bool is_count(const char *metric)
{
    return (strstr(metric, "categorical_accuracy") != NULL) ||
           strncmp(metric, "precision", 9) == 0 || strncmp(metric, "recall", 6) == 0 ||
           strstr(metric, "_positives") != NULL || strstr(metric, "_negatives") != NULL ||
           strncmp(metric, "sensitivity", 11) == 0 || strncmp(metric, "specificity", 11) == 0;
}

/* Metrics of which a difference of large sums is left. */
static double terms_of(const char *metric, size_t rows, size_t units)
{
    if (strncmp(metric, "auc", 3) == 0)
        return 200;
    return strncmp(metric, "r2_score", 8) == 0 ? (double)rows * 4 : (double)units;
}

static void check_all(const char *file, const char *title, size_t least)
{
    size_t position = 0, cases = 0;
    fixture_t *fixture = fixture_load(file);
    agreement_t table = agreement_begin(title, "error / (K eps norm), counts: 0 is equal");
    const char *name = NULL;
    while ((name = fixture_next(fixture, "metric_options", &position)) != NULL) {
        const char *metric = fixture_text(fixture, name, "metric_options");
        const fixture_array_t *y_pred = fixture_array(fixture, name, "y_pred");
        float reference = fixture_floats(fixture_array(fixture, name, "expected"))[0];
        double expected = (double)reference, value = measured(fixture, name, BATCH, 1);
        double terms = terms_of(metric, y_pred->shape[0], y_pred->shape[1]);
        bool weighted = fixture_find(fixture, name, "weights") != NULL;
        cases++;
        assert_true(measured(fixture, name, BATCH, 2) == value);
        if (is_count(metric) && !weighted)
            agreement_add(&table, name, "off by", (float)value == reference ? 0 : 1, 1e-9);
        else
            agreement_add(&table, name, "error",
                          fabs(value - expected) / (EPSILON * terms * fmax(1, fabs(expected))),
                          LIMIT);
    }
    agreement_end(&table);
    assert_true(cases >= least);
    fixture_free(fixture);
}

static void test_keras_metrics_agree_with_every_option(void **state)
{
    (void)state;
    check_all("metric_options.txt", "metrics: every option", 151);
}

static void test_keras_metrics_that_came_later_agree_with_every_option(void **state)
{
    (void)state;
    check_all("more_metrics.txt", "more metrics: every option", 200);
}

static void test_keras_metrics_of_lists_agree(void **state)
{
    (void)state;
    check_all("auc_lists.txt", "areas by lists of numbers", 108);
}

/* ---- names ---- */

static size_t metrics_of(const char *line, dlcore_metric_t *metrics)
{
    char word[64];
    int used;
    size_t count = 0;
    for (; sscanf(line, "%63s%n", word, &used) == 1 && strcmp(word, "-") != 0; line += used)
        metrics[count++] = dlcore_metric_from_name(word);
    return count;
}

static void test_keras_metric_names_agree(void **state)
{
    (void)state;
    fixture_t *fixture = fixture_load("metric_options.txt");
    size_t position = 0, lists = 0;
    const char *scope = NULL;
    while ((scope = fixture_next(fixture, "plain", &position)) != NULL) {
        static dlcore_compile_options_t settings;
        char names[DLCORE_METRICS_MAX][DLCORE_RESULT_NAME_SIZE], all[1024], word[64];
        const char *line = fixture_text(fixture, scope, "expected");
        size_t count, found = 0;
        int used;
        snprintf(all, sizeof all, " ");
        settings.metric_count = metrics_of(fixture_text(fixture, scope, "plain"), settings.metrics);
        settings.weighted_metric_count =
            metrics_of(fixture_text(fixture, scope, "weighted"), settings.weighted_metrics);
        count = dlcore_result_names(&settings, names);
        for (; sscanf(line, "%63s%n", word, &used) == 1; line += used, found++) {
            bool is_there = false;
            for (size_t i = 0; i < count; i++)
                is_there |= strcmp(names[i], word) == 0;
            if (!is_there)
                fail_msg("%s: no result \"%s\"", scope, word);
        }
        assert_int_equal(found, count);
        lists++;
    }
    assert_int_equal(lists, 4);
    fixture_free(fixture);
}

static void test_keras_metric_names_of_ones_own_win(void **state)
{
    static dlcore_compile_options_t settings;
    char names[DLCORE_METRICS_MAX][DLCORE_RESULT_NAME_SIZE];
    (void)state;
    settings.metrics[0] = dlcore_metric_default(DLCORE_METRIC_PRECISION);
    settings.metrics[1] = settings.metrics[0];
    memcpy(settings.metrics[0].name, "strict", 7);
    settings.metric_count = 2;
    settings.weighted_metrics[0] = settings.metrics[0];
    memset(settings.weighted_metrics[1].name, 'n', DLCORE_METRIC_NAME_SIZE - 1);
    settings.weighted_metrics[2] = settings.weighted_metrics[3] = settings.weighted_metrics[1];
    settings.weighted_metric_count = 4;
    assert_int_equal(dlcore_result_names(&settings, names), 6);
    assert_string_equal(names[0], "strict");
    assert_string_equal(names[1], "precision");
    assert_string_equal(names[2], "weighted_strict");
    assert_int_equal(strlen(names[3]), DLCORE_METRIC_NAME_SIZE - 1);
    assert_string_equal(names[5] + strlen(names[5]) - 2, "_1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keras_metrics_agree_with_every_option),
        cmocka_unit_test(test_keras_metrics_that_came_later_agree_with_every_option),
        cmocka_unit_test(test_keras_metrics_of_lists_agree),
        cmocka_unit_test(test_keras_metric_names_agree),
        cmocka_unit_test(test_keras_metric_names_of_ones_own_win),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
