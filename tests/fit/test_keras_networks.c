/* dlcore against Keras on TensorFlow: networks under regularizers, constraints and all ways of
 * updating, twenty steps and a fit, with either engine. The cases lie in tests/fixtures;
 * training_fixtures.py makes them.
 *
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <dlcore.h>

#include "support/agreement.h"
#include "support/classifier.h"
#include "support/fixture.h"
#include "support/models.h"
#include "support/training.h"

#define LIMIT 1e-5

typedef struct run {
    const fixture_t *fixture;
    const char *name, *network;
    const fixture_array_t *x, *y;
    size_t batches, rows, inputs, classes;
    dlcore_model_t *model;
} run_t;

static run_t begin_run(const fixture_t *fixture, const char *name, dlcore_engine_t engine)
{
    run_t run = {.fixture = fixture, .name = name};
    run.network = fixture_text(fixture, name, "network");
    run.x = fixture_array(fixture, run.network, "x");
    run.y = fixture_array(fixture, run.network, "y");
    run.batches = run.x->shape[0];
    run.rows = run.x->shape[1];
    run.inputs = run.x->shape[2];
    run.classes = run.y->shape[2];
    dlcore_model_options_t options = dlcore_model_options_default();
    options.engine = engine;
    assert_int_equal(dlcore_model_create(&options, &run.model), DLCORE_OK);
    for (size_t i = 0; i < 2; i++) {
        char key[16], activation[16];
        size_t units = 0;
        snprintf(key, sizeof key, "layer%zu", i);
        assert_int_equal(
            sscanf(fixture_text(fixture, run.network, key), "dense %zu %15s", &units, activation),
            2);
        dlcore_layer_t layer = dlcore_layer_dense(units, dlcore_activation_from_name(activation));
        training_layer(fixture, name, i, &layer);
        assert_accepted(run.model, dlcore_model_add(run.model, layer));
    }
    assert_accepted(run.model, dlcore_model_build(run.model, run.inputs));
    const fixture_array_t *start = fixture_array(fixture, run.network, "weights");
    assert_accepted(run.model,
                    dlcore_model_set_weights(run.model, fixture_floats(start), start->size));
    dlcore_optimizer_t optimizer = training_optimizer(fixture, name);
    assert_accepted(run.model,
                    dlcore_model_compile(run.model, &optimizer,
                                         DLCORE_LOSS_CATEGORICAL_CROSSENTROPY, DLCORE_METRIC_NONE));
    return run;
}

static double loss_error(double loss, float expected)
{
    return isnan(loss) ? (double)INFINITY : fabs(loss - (double)expected) / fabs((double)expected);
}

static void add_steps(agreement_t *table, const run_t *run)
{
    const float *history =
        fixture_floats(fixture_array(run->fixture, run->name, "expected_history"));
    double worst = 0;
    for (size_t step = 0; step < 20; step++) {
        size_t at = step % run->batches * run->rows;
        dlcore_evaluation_t result;
        dlcore_tensor_t *x =
            borrow_floats(fixture_floats(run->x) + at * run->inputs, run->rows, run->inputs);
        dlcore_tensor_t *y =
            borrow_floats(fixture_floats(run->y) + at * run->classes, run->rows, run->classes);
        assert_accepted(run->model, dlcore_model_train_on_batch(run->model, x, y, &result));
        worst = fmax(worst, loss_error(result.loss, history[step]));
        dlcore_tensor_free(x);
        dlcore_tensor_free(y);
    }
    agreement_add(table, run->name, "losses", worst, LIMIT);
    agreement_add(
        table, run->name, "weights",
        weights_error(run->model, fixture_array(run->fixture, run->name, "expected_weights")),
        LIMIT);
}

static void add_fit(agreement_t *table, const run_t *run)
{
    const float *losses =
        fixture_floats(fixture_array(run->fixture, run->name, "expected_fit_losses"));
    const float *evaluation =
        fixture_floats(fixture_array(run->fixture, run->name, "expected_evaluation"));
    size_t count = run->batches * run->rows;
    dlcore_tensor_t *x = borrow_floats(fixture_floats(run->x), count, run->inputs);
    dlcore_tensor_t *y = borrow_floats(fixture_floats(run->y), count, run->classes);
    dlcore_fit_options_t how = dlcore_fit_options_default();
    dlcore_history_t *history = NULL;
    dlcore_evaluation_t result;
    double worst = 0;
    how.batch_size = run->rows;
    how.epochs = 2;
    how.shuffle = false;
    assert_accepted(run->model, dlcore_model_fit(run->model, x, y, &how, &history));
    for (size_t i = 0; i < 2; i++)
        worst = fmax(worst, loss_error(dlcore_history_value(history, "loss", i), losses[i]));
    agreement_add(table, run->name, "losses of fit", worst, LIMIT);
    agreement_add(
        table, run->name, "weights after fit",
        weights_error(run->model, fixture_array(run->fixture, run->name, "expected_fit_weights")),
        LIMIT);
    assert_int_equal(dlcore_model_evaluate(run->model, x, y, NULL, &result), DLCORE_OK);
    agreement_add(table, run->name, "evaluation", loss_error(result.loss, evaluation[0]), LIMIT);
    dlcore_history_free(history);
    dlcore_tensor_free(x);
    dlcore_tensor_free(y);
}

static void check_networks(const char *file, const char *title, size_t expected,
                           dlcore_engine_t engine)
{
    fixture_t *fixture = fixture_load(file);
    agreement_t table = agreement_begin(title, "norm of difference / norm");
    size_t position = 0, cases = 0;
    const char *name = NULL;
    for (; (name = fixture_next(fixture, "network", &position)) != NULL; cases++) {
        run_t run = begin_run(fixture, name, engine);
        add_steps(&table, &run);
        add_fit(&table, &run);
        dlcore_model_free(run.model);
    }
    assert_int_equal(cases, expected);
    agreement_end(&table);
    fixture_free(fixture);
}

static void check_ways(dlcore_engine_t engine)
{
    check_networks("update_steps.txt", "networks: every way of updating", 46, engine);
}

static void check_options(dlcore_engine_t engine)
{
    check_networks("update_options.txt", "networks: other settings of optimizers", 42, engine);
}

static void check_later(dlcore_engine_t engine)
{
    check_networks("more_updates.txt", "networks: optimizers that came later", 16, engine);
}

static void test_keras_networks_agree_with_optimizers_that_came_later(void **state)
{
    (void)state;
    with_every_engine(check_later);
}

static void test_keras_networks_agree_in_every_way_of_updating(void **state)
{
    (void)state;
    with_every_engine(check_ways);
}

static void test_keras_networks_agree_with_other_settings(void **state)
{
    (void)state;
    with_every_engine(check_options);
}

/* ---- changed settings must be seen in a network, too ---- */

static void test_keras_networks_of_changed_settings_do_not_agree(void **state)
{
    static const char *const names[] = {"wide_sgd_excludes_bias", "small_adagrad_excludes_bias",
                                        "small_adamw_excludes_bias"};
    fixture_t *fixture = fixture_load("update_options.txt");

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        run_t run = begin_run(fixture, names[i], DLCORE_ENGINE_AUTO);
        dlcore_optimizer_t optimizer = training_optimizer(fixture, names[i]);
        agreement_t table = {.is_private = true};

        assert_true(optimizer.weight_decay_excludes_bias);
        optimizer.weight_decay_excludes_bias = false;
        assert_accepted(run.model, dlcore_model_compile(run.model, &optimizer,
                                                        DLCORE_LOSS_CATEGORICAL_CROSSENTROPY,
                                                        DLCORE_METRIC_NONE));
        add_steps(&table, &run);
        assert_true(table.failures > 0);
        dlcore_model_free(run.model);
    }
    fixture_free(fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keras_networks_agree_in_every_way_of_updating),
        cmocka_unit_test(test_keras_networks_agree_with_other_settings),
        cmocka_unit_test(test_keras_networks_agree_with_optimizers_that_came_later),
        cmocka_unit_test(test_keras_networks_of_changed_settings_do_not_agree),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
