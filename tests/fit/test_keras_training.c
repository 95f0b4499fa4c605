/* dlcore against Keras on TensorFlow over many steps: optimizers on prescribed gradients, twenty
 * steps of a network, and what fit reports and leaves. The cases lie in tests/fixtures.
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
#include "support/fixture.h"
#include "support/models.h"
#include "support/network.h"

#define LIMIT 1e-5

/* ---- prescribed gradients ---- */

/* A model whose gradient is what x says: one linear unit without bias, mean squared error, one
 * sample, y = -2^23. The loss's derivative by the output, 2 (x w + 2^23), is 2^24 exactly as long
 * as |x w| < 1/4, and x = g 2^-24 turns it into g. */
static dlcore_model_t *gradient_follower(const dlcore_optimizer_t *optimizer,
                                         const fixture_array_t *weights)
{
    dlcore_model_t *model = NULL;
    dlcore_layer_t layer = dlcore_layer_dense(1, DLCORE_ACTIVATION_LINEAR);
    layer.use_bias = false;
    assert_int_equal(dlcore_model_create(NULL, &model), DLCORE_OK);
    assert_accepted(model, dlcore_model_add(model, layer));
    assert_accepted(model, dlcore_model_build(model, weights->size));
    assert_accepted(model, dlcore_model_set_weights(model, fixture_floats(weights), weights->size));
    assert_accepted(model, dlcore_model_compile(model, optimizer, DLCORE_LOSS_MEAN_SQUARED_ERROR,
                                                DLCORE_METRIC_NONE));
    return model;
}

static void follow(dlcore_model_t *model, const float *gradient, size_t count)
{
    static const float far_away[1] = {-8388608.0f};
    float *scaled = calloc(2 * count, sizeof *scaled);
    assert_non_null(scaled);
    for (size_t i = 0; i < count; i++)
        scaled[i] = gradient[i] * 0x1p-24f;
    dlcore_tensor_t *x = borrow_floats(scaled, 1, count), *y = borrow_floats(far_away, 1, 1);
    assert_accepted(model, dlcore_model_gradients(model, x, y, scaled + count, count, NULL));
    assert_memory_equal(scaled + count, gradient, count * sizeof *gradient);
    assert_accepted(model, dlcore_model_train_on_batch(model, x, y, NULL));
    dlcore_tensor_free(x);
    dlcore_tensor_free(y);
    free(scaled);
}

static void test_keras_optimizers_agree_on_prescribed_gradients(void **state)
{
    (void)state;
    fixture_t *fixture = fixture_load("optimizers.txt");
    agreement_t table =
        agreement_begin("optimizers: prescribed gradients", "norm of difference / norm");
    const fixture_array_t *gradients = fixture_array(fixture, NULL, "gradients");
    const fixture_array_t *marks = fixture_array(fixture, NULL, "marks");
    const fixture_array_t *start = fixture_array(fixture, NULL, "weights");
    size_t position = 0, count = gradients->shape[1];
    const char *name = NULL;
    while ((name = fixture_next(fixture, "optimizer", &position)) != NULL) {
        dlcore_optimizer_t optimizer = network_optimizer(fixture, name);
        dlcore_model_t *model = gradient_follower(&optimizer, start);
        for (size_t step = 0, mark = 0; step < gradients->shape[0]; step++) {
            follow(model, fixture_floats(gradients) + step * count, count);
            if (mark == marks->size || step + 1 != (size_t)((int32_t *)marks->data)[mark])
                continue;
            char key[48], what[48];
            snprintf(key, sizeof key, "expected_weights%zu", step + 1);
            snprintf(what, sizeof what, "step %zu:", step + 1);
            agreement_add(&table, name, what,
                          weights_error(model, fixture_array(fixture, name, key)), LIMIT);
            mark++;
        }
        dlcore_model_free(model);
    }
    agreement_end(&table);
    fixture_free(fixture);
}

static void test_keras_published_rmsprop_step_agrees_to_its_digits(void **state)
{
    (void)state;
    static float start[4] = {1, 2, 3, 4}, weights[4];
    static const float gradient[4] = {1, 6, 7, 2};
    static const double expected[4] = {-0.5811, 0.4189, 1.4189, 2.4189};
    const fixture_array_t first = {.size = 4, .rank = 1, .shape = {4}, .data = start};
    dlcore_optimizer_t optimizer = dlcore_optimizer_rmsprop();
    optimizer.learning_rate = 0.5;
    dlcore_model_t *model = gradient_follower(&optimizer, &first);
    follow(model, gradient, 4);
    assert_accepted(model, dlcore_model_get_weights(model, weights, 4));
    for (size_t i = 0; i < 4; i++)
        assert_true(fabs((double)weights[i] - expected[i]) < 1e-4);
    dlcore_model_free(model);
}

/* ---- twenty steps of a network ---- */

/* Trains on the fixture's batches in turn; adds the worst loss error and counts' errors. */
static void add_steps(agreement_t *table, const fixture_t *fixture, const char *name)
{
    const fixture_array_t *x = fixture_array(fixture, "network", "x");
    const fixture_array_t *y = fixture_array(fixture, "network", "y");
    const float *history = fixture_floats(fixture_array(fixture, name, "expected_history"));
    size_t rows = x->shape[1], inputs = x->shape[2], classes = y->shape[2];
    dlcore_model_t *model = network_model(fixture, "network", inputs);
    dlcore_compile_options_t options = network_compile_options(fixture, "network");
    options.optimizer = network_optimizer(fixture, name);
    assert_accepted(model, dlcore_model_compile_with(model, &options));
    double loss_error = 0, count_error = 0;
    for (size_t step = 0; step < fixture_count(fixture, "network", "steps"); step++) {
        size_t batch = step % x->shape[0];
        dlcore_tensor_t *bx =
            borrow_floats(fixture_floats(x) + batch * rows * inputs, rows, inputs);
        dlcore_tensor_t *by =
            borrow_floats(fixture_floats(y) + batch * rows * classes, rows, classes);
        dlcore_evaluation_t result;
        assert_accepted(model, dlcore_model_train_on_batch(model, bx, by, &result));
        double loss = (double)history[2 * step], accuracy = (double)history[2 * step + 1];
        loss_error = fmax(loss_error, fabs(result.loss - loss) / fabs(loss));
        double value = dlcore_evaluation_value(&result, "accuracy");
        count_error = fmax(count_error, fabs((double)(float)value - accuracy) * (double)rows);
        assert_false(isnan(result.loss) || isnan(value));
        dlcore_tensor_free(bx);
        dlcore_tensor_free(by);
    }
    agreement_add(table, name, "losses", loss_error, LIMIT);
    agreement_add(table, name, "counts off by", count_error, 1e-9);
    double error = weights_error(model, fixture_array(fixture, name, "expected_weights"));
    agreement_add(table, name, "weights", error, LIMIT);
    dlcore_model_free(model);
}

static void test_keras_twenty_steps_agree_for_every_optimizer(void **state)
{
    (void)state;
    fixture_t *fixture = fixture_load("steps.txt");
    agreement_t table =
        agreement_begin("optimizers: twenty steps of a network", "norm of difference / norm");
    size_t position = 0;
    const char *name = NULL;
    while ((name = fixture_next(fixture, "optimizer", &position)) != NULL)
        add_steps(&table, fixture, name);
    agreement_end(&table);
    fixture_free(fixture);
}

/* ---- fit ---- */

static dlcore_history_t *fit_case(const fixture_t *fixture, const char *name, dlcore_model_t *model)
{
    const fixture_array_t *x = fixture_array(fixture, name, "x");
    const fixture_array_t *y = fixture_array(fixture, name, "y");
    const fixture_array_t *history = fixture_array(fixture, name, "expected_history");
    size_t own = fixture_count(fixture, name, "own_validation_rows"), kept = x->shape[0] - own;
    dlcore_tensor_t *train_x = fixture_rows(x, 0, kept), *train_y = fixture_rows(y, 0, kept);
    dlcore_tensor_t *own_x = fixture_rows(x, kept, own), *own_y = fixture_rows(y, kept, own);
    dlcore_fit_options_t how = dlcore_fit_options_default();
    dlcore_history_t *result = NULL;
    how.epochs = history->shape[0];
    how.batch_size = fixture_count(fixture, name, "batch_size");
    how.shuffle = false;
    how.validation_split = *(double *)fixture_array(fixture, name, "validation_split")->data;
    how.validation_x = own > 0 ? own_x : NULL;
    how.validation_y = own > 0 ? own_y : NULL;
    assert_accepted(model, dlcore_model_fit(model, train_x, train_y, &how, &result));
    dlcore_tensor_free(train_x);
    dlcore_tensor_free(train_y);
    dlcore_tensor_free(own_x);
    dlcore_tensor_free(own_y);
    return result;
}

/* Columns of the fixture: loss, the metrics, and both again with val_. */
static void column_name(const fixture_t *fixture, const char *name, size_t column, size_t metrics,
                        char *key, size_t size)
{
    size_t index = column % (metrics + 1);
    snprintf(key, size, "%s%s", column > metrics ? "val_" : "",
             index == 0 ? "loss" : network_metric_name(fixture, name, index - 1));
}

static void add_fit(agreement_t *table, const fixture_t *fixture, const char *name)
{
    const fixture_array_t *expected = fixture_array(fixture, name, "expected_history");
    size_t epochs = expected->shape[0], columns = expected->shape[1];
    dlcore_compile_options_t options = network_compile_options(fixture, name);
    options.optimizer = network_optimizer(fixture, name);
    dlcore_model_t *model =
        network_model(fixture, name, fixture_array(fixture, name, "x")->shape[1]);
    assert_accepted(model, dlcore_model_compile_with(model, &options));
    dlcore_history_t *history = fit_case(fixture, name, model);
    assert_int_equal(dlcore_history_epoch_count(history), epochs);
    assert_int_equal(dlcore_history_value_count(history), columns);
    double worst[2] = {0, 0};
    for (size_t i = 0; i < epochs * columns; i++) {
        char key[80];
        column_name(fixture, name, i % columns, options.metric_count, key, sizeof key);
        double value = dlcore_history_value(history, key, i / columns);
        double wanted = (double)fixture_floats(expected)[i];
        bool exact = strstr(key, "accuracy") != NULL;
        double error =
            exact ? fabs((double)(float)value - wanted) : fabs(value - wanted) / fabs(wanted);
        if (!(error <= worst[exact]))
            worst[exact] = error;
    }
    agreement_add(table, name, "history", worst[0], LIMIT);
    agreement_add(table, name, "accuracies", worst[1], 1e-12);
    double error = weights_error(model, fixture_array(fixture, name, "expected_weights"));
    agreement_add(table, name, "weights", error, LIMIT);
    dlcore_history_free(history);
    dlcore_model_free(model);
}

static void test_keras_fit_reports_and_leaves_the_same(void **state)
{
    (void)state;
    fixture_t *fixture = fixture_load("fits.txt");
    agreement_t table = agreement_begin("networks: fit, three epochs", "norm of difference / norm");
    size_t position = 0;
    const char *name = NULL;
    while ((name = fixture_next(fixture, "optimizer", &position)) != NULL)
        add_fit(&table, fixture, name);
    agreement_end(&table);
    fixture_free(fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keras_optimizers_agree_on_prescribed_gradients),
        cmocka_unit_test(test_keras_published_rmsprop_step_agrees_to_its_digits),
        cmocka_unit_test(test_keras_twenty_steps_agree_for_every_optimizer),
        cmocka_unit_test(test_keras_fit_reports_and_leaves_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
