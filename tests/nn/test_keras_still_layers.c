/* dlcore against Keras: layers that training leaves as they are. Dropout and noise do nothing when
 * predicting and evaluating; networks train through normalizations, of data with a constant column
 * and of what is within, and keep them in files. tests/fixtures/layer_fixtures.py has the same
 * networks.
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

enum { ROWS = 16, INPUTS = 10, OUTPUTS = 3, STEPS = 20, LAYERS_MAX = 6 };

#define LIMIT 1e-5

/* The layers of a case; answers their number. */
static size_t layers_of(const char *name, layer_t layers[LAYERS_MAX])
{
    size_t count = 0;

    if (strcmp(name, "random") == 0) {
        layers[count++] = layer_dropout(0.4);
        layers[count++] = layer_dense(24, ACTIVATION_TANH);
        layers[count++] = layer_gaussian_noise(0.5);
        layers[count++] = layer_dense(17, ACTIVATION_RELU);
        layers[count++] = layer_dropout(0.9);
    } else if (strcmp(name, "normalization") == 0) {
        layers[count++] = layer_normalization();
        layers[count++] = layer_dense(24, ACTIVATION_TANH);
    } else {
        layers[count++] = layer_dense(24, ACTIVATION_SIGMOID);
        layers[count++] = layer_normalization();
    }
    layers[count++] = layer_dense(OUTPUTS, ACTIVATION_LINEAR);
    return count;
}

static tensor_t *slice(const fixture_array_t *array, size_t step, size_t steps, size_t width)
{
    tensor_t *tensor = NULL;

    assert_int_equal(tensor_borrow_const(NULL, DTYPE_FLOAT32, 2, (size_t[]){steps * ROWS, width},
                                         fixture_floats(array) + step * ROWS * width, 0, &tensor,
                                         NULL),
                     DLCORE_OK);
    return tensor;
}

static model_t *model_of(const fixture_t *fixture, const char *name, engine_t engine)
{
    model_options_t options = model_options_default();
    optimizer_t sgd = optimizer_sgd();
    const fixture_array_t *weights = fixture_array(fixture, name, "weights");
    layer_t layers[LAYERS_MAX];
    size_t count = layers_of(name, layers);
    model_t *model = NULL;

    options.engine = engine;
    assert_int_equal(model_create(&options, &model), DLCORE_OK);
    for (size_t i = 0; i < count; i++)
        assert_accepted(model, model_add(model, layers[i]));
    sgd.learning_rate = 0.02;
    sgd.momentum = 0.5;
    assert_accepted(model, model_build(model, INPUTS));
    assert_accepted(model, model_compile(model, &sgd, LOSS_MEAN_SQUARED_ERROR, METRIC_NONE));
    assert_accepted(model, model_set_weights(model, fixture_floats(weights), weights->size));
    return model;
}

/* What predict, a predictor and evaluate make of the first batch. */
static void check_outputs(const fixture_t *fixture, const char *name, const char *which,
                          const model_t *model, agreement_t *table)
{
    const fixture_array_t *expected = fixture_array(fixture, name, which);
    tensor_t *x = slice(fixture_array(fixture, NULL, "x"), 0, 1, INPUTS), *y = NULL;
    float predicted[ROWS * OUTPUTS], *outputs;
    predictor_t *predictor = NULL;

    assert_int_equal(tensor_create(NULL, DTYPE_FLOAT32, 2, (size_t[]){ROWS, OUTPUTS}, &y, NULL),
                     DLCORE_OK);
    assert_int_equal(model_predict(model, x, y), DLCORE_OK);
    outputs = tensor_data(y);
    agreement_add(table, name, which,
                  agreement_norm(outputs, fixture_floats(expected), ROWS * OUTPUTS), LIMIT);
    assert_int_equal(predictor_create(model, NULL, &predictor), DLCORE_OK);
    for (size_t row = 0; row < ROWS; row++)
        assert_int_equal(predictor_run(predictor,
                                       (const float *)tensor_data_const(x) + row * INPUTS, 1,
                                       predicted + row * OUTPUTS),
                         DLCORE_OK);
    agreement_add(table, name, "of a predictor",
                  agreement_norm(predicted, fixture_floats(expected), ROWS * OUTPUTS), LIMIT);
    predictor_free(predictor);
    tensor_free(x);
    tensor_free(y);
}

static void check_loss(const fixture_t *fixture, const char *name, const model_t *model,
                       agreement_t *table)
{
    double expected = (double)fixture_floats(fixture_array(fixture, name, "loss_before"))[0];
    tensor_t *x = slice(fixture_array(fixture, NULL, "x"), 0, 1, INPUTS);
    tensor_t *y = slice(fixture_array(fixture, NULL, "y"), 0, 1, OUTPUTS);
    evaluation_t result;

    assert_int_equal(model_evaluate(model, x, y, NULL, &result), DLCORE_OK);
    agreement_add(table, name, "loss", fabs(result.loss - expected) / expected, LIMIT);
    tensor_free(x);
    tensor_free(y);
}

static void train(const fixture_t *fixture, model_t *model, size_t begin, size_t end)
{
    for (size_t step = begin; step < end; step++) {
        tensor_t *x = slice(fixture_array(fixture, NULL, "x"), step, 1, INPUTS);
        tensor_t *y = slice(fixture_array(fixture, NULL, "y"), step, 1, OUTPUTS);

        assert_accepted(model, model_train_on_batch(model, x, y, NULL));
        tensor_free(x);
        tensor_free(y);
    }
}

/* The model after a file, which takes its place. */
static model_t *through_a_file(model_t *model)
{
    model_t *loaded = NULL;
    void *bytes = NULL;
    size_t size = 0;

    assert_int_equal(model_save_memory(model, NULL, &bytes, &size), DLCORE_OK);
    assert_int_equal(model_load_memory(bytes, size, NULL, &loaded), DLCORE_OK);
    free(bytes);
    model_free(model);
    return loaded;
}

/* ---- the tests ---- */

static agreement_t table;
static fixture_t *fixture;

static void check_random(engine_t engine)
{
    model_t *model = model_of(fixture, "random", engine);

    check_outputs(fixture, "random", "y_before", model, &table);
    check_loss(fixture, "random", model, &table);
    model_free(model);
}

static void test_keras_dropout_and_noise_do_nothing_when_predicting(void **state)
{
    (void)state;
    fixture = fixture_load("more_layers.txt");
    table = agreement_begin("layers: dropout and noise when predicting",
                            "norm of the difference / norm");
    with_every_engine(check_random);
    agreement_end(&table);
    fixture_free(fixture);
}

static void check_normalizations(engine_t engine)
{
    static const char *const names[] = {"normalization", "normalization_within"};

    for (size_t i = 0; i < 2; i++) {
        const fixture_array_t *after = fixture_array(fixture, names[i], "weights_after");
        model_t *model = model_of(fixture, names[i], engine);
        float *weights = calloc(after->size, sizeof *weights);

        assert_non_null(weights);
        check_outputs(fixture, names[i], "y_before", model, &table);
        check_loss(fixture, names[i], model, &table);
        train(fixture, model, 0, STEPS / 2);
        model = through_a_file(model);
        train(fixture, model, STEPS / 2, STEPS);
        assert_accepted(model, model_get_weights(model, weights, after->size));
        agreement_add(&table, names[i], "weights after 20 steps",
                      agreement_norm(weights, fixture_floats(after), after->size), LIMIT);
        check_outputs(fixture, names[i], "y_after", model, &table);
        free(weights);
        model_free(model);
    }
}

static void test_keras_networks_train_through_normalizations(void **state)
{
    (void)state;
    fixture = fixture_load("more_layers.txt");
    table =
        agreement_begin("layers: training through normalizations", "norm of the difference / norm");
    with_every_engine(check_normalizations);
    agreement_end(&table);
    fixture_free(fixture);
}

static void test_keras_normalization_adapts_alike_with_a_constant_column(void **state)
{
    model_t *model = NULL;
    tensor_t *x;
    float statistics[2 * INPUTS];
    const float *expected;

    (void)state;
    fixture = fixture_load("more_layers.txt");
    table = agreement_begin("layers: adapt, one column constant", "norm of the difference / norm");
    expected = fixture_floats(fixture_array(fixture, "normalization", "weights"));
    x = slice(fixture_array(fixture, NULL, "x"), 0, STEPS, INPUTS);
    assert_int_equal(model_create(NULL, &model), DLCORE_OK);
    assert_accepted(model, model_add(model, layer_normalization()));
    assert_accepted(model, model_adapt(model, 0, x));
    assert_accepted(model, model_get_weights(model, statistics, 2 * INPUTS));
    assert_true(statistics[4] == 2.5F && statistics[INPUTS + 4] == 0.0F);
    agreement_add(&table, "normalization", "mean", agreement_norm(statistics, expected, INPUTS),
                  1e-6);
    agreement_add(&table, "normalization", "variance",
                  agreement_norm(statistics + INPUTS, expected + INPUTS, INPUTS), 1e-6);
    agreement_end(&table);
    tensor_free(x);
    model_free(model);
    fixture_free(fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keras_dropout_and_noise_do_nothing_when_predicting),
        cmocka_unit_test(test_keras_networks_train_through_normalizations),
        cmocka_unit_test(test_keras_normalization_adapts_alike_with_a_constant_column),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
