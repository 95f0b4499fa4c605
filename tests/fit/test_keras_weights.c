/* dlcore against Keras: fits of three epochs, the last batch of each short, with weights of samples
 * and classes, plain and weighted metrics, validation with weights, and metrics that keep a state
 * through an epoch. tests/fixtures/weight_fixtures.py has the cases.
 *
 * SPDX-License-Identifier: MIT */
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

#include <dlcore.h>

#include "support/agreement.h"
#include "support/fixture.h"
#include "support/models.h"
#include "support/network.h"

#define LIMIT 1e-5
#define CLASSES 3

/* ---- a case ---- */

static size_t metrics_of(const fixture_t *fixture, const char *name, const char *list,
                         dlcore_metric_t *metrics)
{
    char key[32];
    const char *line;
    size_t count = 0;

    for (;; count++) {
        snprintf(key, sizeof key, "%s%zu", list, count);
        if ((line = fixture_text(fixture, name, key)) == NULL)
            return count;
        metrics[count] = network_metric(line);
    }
}

static dlcore_model_t *model_of(const fixture_t *fixture, const char *name)
{
    dlcore_compile_options_t options = network_compile_options(fixture, name);
    size_t inputs = fixture_array(fixture, "train", "x")->shape[1];
    dlcore_model_t *model = network_model(fixture, name, inputs);

    options.optimizer = network_optimizer(fixture, name);
    options.metric_count = metrics_of(fixture, name, "plain", options.metrics);
    options.weighted_metric_count = metrics_of(fixture, name, "weighted", options.weighted_metrics);
    assert_accepted(model, dlcore_model_compile_with(model, &options));
    return model;
}

static bool has(const fixture_t *fixture, const char *name, const char *key, const char *word)
{
    return strstr(fixture_text(fixture, name, key), word) != NULL;
}

typedef struct rows {
    dlcore_tensor_t *x, *y, *weights;
} rows_t;

static rows_t rows_of(const fixture_t *fixture, const char *name, const char *part)
{
    const char *target = fixture_text(fixture, name, "target");

    return (rows_t){fixture_tensor(fixture_array(fixture, part, "x")),
                    fixture_tensor(fixture_array(fixture, part, target)),
                    fixture_tensor(fixture_array(fixture, part, "weights"))};
}

static void free_rows(rows_t *rows)
{
    dlcore_tensor_free(rows->x);
    dlcore_tensor_free(rows->y);
    dlcore_tensor_free(rows->weights);
}

static dlcore_history_t *fit_case(const fixture_t *fixture, const char *name, dlcore_model_t *model)
{
    rows_t train = rows_of(fixture, name, "train"), held = rows_of(fixture, name, "held");
    dlcore_fit_options_t how = dlcore_fit_options_default();
    dlcore_history_t *history = NULL;

    how.epochs = fixture_array(fixture, name, "expected_history")->shape[0];
    how.batch_size = fixture_count(fixture, NULL, "batch_size");
    how.shuffle = false;
    if (has(fixture, name, "weighted_by", "samples"))
        how.sample_weight = train.weights;
    if (has(fixture, name, "weighted_by", "classes")) {
        how.class_weight = fixture_floats(fixture_array(fixture, NULL, "class_weight"));
        how.class_count = CLASSES;
    }
    if (!has(fixture, name, "validation", "none")) {
        how.validation_x = held.x;
        how.validation_y = held.y;
    }
    if (has(fixture, name, "validation", "weighted"))
        how.validation_sample_weight = held.weights;
    assert_accepted(model, dlcore_model_fit(model, train.x, train.y, &how, &history));
    free_rows(&train);
    free_rows(&held);
    return history;
}

/* ---- what is compared ---- */

static double column_error(const dlcore_history_t *history, const char *column,
                           const fixture_array_t *expected, size_t index)
{
    double worst = 0;

    for (size_t epoch = 0; epoch < expected->shape[0]; epoch++) {
        double wanted = (double)fixture_floats(expected)[epoch * expected->shape[1] + index];
        double error =
            fabs(dlcore_history_value(history, column, epoch) - wanted) / fmax(fabs(wanted), 0.1);
        if (!(error <= worst))
            worst = error;
    }
    return worst;
}

static void add_fit(agreement_t *table, const fixture_t *fixture, const char *name)
{
    dlcore_model_t *model = model_of(fixture, name);
    dlcore_history_t *history = fit_case(fixture, name, model);
    const fixture_array_t *expected = fixture_array(fixture, name, "expected_history");
    const fixture_array_t *reference = fixture_array(fixture, name, "expected_weights");
    const char *line = fixture_text(fixture, name, "columns");
    float *weights = calloc(reference->size, sizeof *weights);
    char column[64];
    size_t count = 0;

    for (int used; sscanf(line, "%63s%n", column, &used) == 1; line += used, count++)
        agreement_add(table, name, column, column_error(history, column, expected, count), LIMIT);
    assert_int_equal(count, expected->shape[1]);
    assert_int_equal(dlcore_history_value_count(history), count);
    assert_non_null(weights);
    assert_accepted(model, dlcore_model_get_weights(model, weights, reference->size));
    agreement_add(table, name, "weights",
                  agreement_norm(weights, fixture_floats(reference), reference->size), LIMIT);
    free(weights);
    dlcore_history_free(history);
    dlcore_model_free(model);
}

static void test_keras_weighted_fits_report_and_leave_the_same(void **state)
{
    fixture_t *fixture = fixture_load("weighted_fits.txt");
    agreement_t table = agreement_begin("networks: fit with weights", "relative, 0.1 at least");
    size_t position = 0, cases = 0;
    const char *name = NULL;

    (void)state;
    for (; (name = fixture_next(fixture, "columns", &position)) != NULL; cases++)
        add_fit(&table, fixture, name);
    assert_int_equal(cases, 10);
    agreement_end(&table);
    fixture_free(fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keras_weighted_fits_report_and_leave_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
