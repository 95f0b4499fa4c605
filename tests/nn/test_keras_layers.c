/* dlcore against Keras: twenty steps of networks with the normalizations and prelu, moving
 * statistics included. tests/fixtures/layer_fixtures.py has the same networks.
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

enum { ROWS = 16, INPUTS = 10, OUTPUTS = 3, STEPS = 20, LAYERS_MAX = 8 };

#define LIMIT 1e-5

static layer_t batch(double momentum, double epsilon, bool center, bool use_scale)
{
    layer_t layer = layer_batch_normalization();

    layer.momentum = momentum;
    layer.epsilon = epsilon;
    layer.center = center;
    layer.use_scale = use_scale;
    return layer;
}

static layer_t rows(double epsilon, bool center, bool use_scale)
{
    layer_t layer = layer_layer_normalization();

    layer.epsilon = epsilon;
    layer.center = center;
    layer.use_scale = use_scale;
    return layer;
}

static layer_t dense(size_t units, activation_t activation)
{
    return layer_dense(units, activation);
}

static layer_t frozen(layer_t layer)
{
    layer.trainable = false;
    return layer;
}

/* The layers of a case; answers their number. */
static size_t layers_of(const char *name, layer_t layers[LAYERS_MAX])
{
    const layer_t last = dense(OUTPUTS, ACTIVATION_LINEAR);
    const layer_t batch_layers[] = {dense(40, ACTIVATION_TANH),
                                    batch(0.9, 0.01, true, true),
                                    dense(20, ACTIVATION_RELU),
                                    batch(0.99, 1e-3, false, true),
                                    dense(18, ACTIVATION_LINEAR),
                                    batch(0.5, 1e-3, true, false),
                                    last};
    const layer_t batch_first[] = {batch(0.8, 1e-3, true, true), dense(24, ACTIVATION_SIGMOID),
                                   last};
    const layer_t batch_frozen[] = {dense(24, ACTIVATION_TANH),
                                    frozen(batch(0.99, 1e-3, true, true)), last};
    const layer_t layer_layers[] = {dense(40, ACTIVATION_LINEAR),
                                    rows(0.01, true, true),
                                    layer_prelu(),
                                    dense(20, ACTIVATION_GELU),
                                    rows(1e-3, true, false),
                                    dense(17, ACTIVATION_LINEAR),
                                    rows(1e-3, false, true),
                                    last};
    const layer_t layer_first[] = {rows(1e-3, true, true), dense(24, ACTIVATION_TANH), last};
    const layer_t prelu_first[] = {layer_prelu(), dense(24, ACTIVATION_TANH), last};
    const struct {
        const char *name;
        const layer_t *layers;
        size_t count;
    } cases[] = {{"batch", batch_layers, 7},        {"batch_first", batch_first, 3},
                 {"batch_frozen", batch_frozen, 3}, {"layer", layer_layers, 8},
                 {"layer_first", layer_first, 3},   {"prelu_first", prelu_first, 3}};

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        if (strcmp(cases[i].name, name) != 0)
            continue;
        memcpy(layers, cases[i].layers, cases[i].count * sizeof *layers);
        return cases[i].count;
    }
    return 0;
}

static model_t *model_of(const fixture_t *fixture, const char *name, size_t threads,
                         engine_t engine)
{
    model_options_t options = model_options_default();
    optimizer_t sgd = optimizer_sgd();
    const fixture_array_t *weights = fixture_array(fixture, name, "weights");
    layer_t layers[LAYERS_MAX];
    size_t count = layers_of(name, layers);
    model_t *model = NULL;

    options.threads = threads;
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

static tensor_t *slice(const fixture_array_t *array, size_t step, size_t width)
{
    tensor_t *tensor = NULL;

    assert_int_equal(tensor_borrow_const(NULL, DTYPE_FLOAT32, 2, (size_t[]){ROWS, width},
                                         fixture_floats(array) + step * ROWS * width, 0, &tensor,
                                         NULL),
                     DLCORE_OK);
    return tensor;
}

/* The model's outputs for the first batch, and those of a predictor, against Keras's. */
static void check_outputs(const fixture_t *fixture, const char *name, const char *which,
                          const model_t *model, agreement_t *table)
{
    const fixture_array_t *expected = fixture_array(fixture, name, which);
    tensor_t *x = slice(fixture_array(fixture, NULL, "x"), 0, INPUTS), *y = NULL;
    float predicted[ROWS * OUTPUTS];
    predictor_options_t how = predictor_options_default();
    predictor_t *predictor = NULL;
    const float *outputs;

    assert_int_equal(tensor_create(NULL, DTYPE_FLOAT32, 2, (size_t[]){ROWS, OUTPUTS}, &y, NULL),
                     DLCORE_OK);
    assert_int_equal(model_predict(model, x, y), DLCORE_OK);
    outputs = tensor_data(y);
    agreement_add(table, name, which,
                  agreement_norm(outputs, fixture_floats(expected), ROWS * OUTPUTS), LIMIT);
    how.batch_size = ROWS;
    assert_int_equal(predictor_create(model, &how, &predictor), DLCORE_OK);
    assert_int_equal(predictor_run(predictor, tensor_data_const(x), ROWS, predicted), DLCORE_OK);
    assert_true(agreement_norm(predicted, outputs, ROWS * OUTPUTS) < 1e-6);
    predictor_free(predictor);
    tensor_free(x);
    tensor_free(y);
}

static void train(const fixture_t *fixture, model_t *model)
{
    for (size_t step = 0; step < STEPS; step++) {
        tensor_t *x = slice(fixture_array(fixture, NULL, "x"), step, INPUTS);
        tensor_t *y = slice(fixture_array(fixture, NULL, "y"), step, OUTPUTS);

        assert_accepted(model, model_train_on_batch(model, x, y, NULL));
        tensor_free(x);
        tensor_free(y);
    }
}

static const char *const names[] = {"batch", "batch_first", "batch_frozen",
                                    "layer", "layer_first", "prelu_first"};

static void check_engine(engine_t engine, agreement_t *table)
{
    fixture_t *fixture = fixture_load("layers.txt");

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const fixture_array_t *after = fixture_array(fixture, names[i], "weights_after");
        model_t *model = model_of(fixture, names[i], 1, engine), *again;
        float *weights = calloc(after->size, sizeof *weights);
        float *others = calloc(after->size, sizeof *others);

        check_outputs(fixture, names[i], "y_before", model, table);
        train(fixture, model);
        assert_accepted(model, model_get_weights(model, weights, after->size));
        agreement_add(table, names[i], "weights after 20 steps",
                      agreement_norm(weights, fixture_floats(after), after->size), LIMIT);
        check_outputs(fixture, names[i], "y_after", model, table);
        for (size_t threads = 2; threads <= 4; threads++) {
            again = model_of(fixture, names[i], threads, engine);
            train(fixture, again);
            assert_accepted(again, model_get_weights(again, others, after->size));
            assert_memory_equal(weights, others, after->size * sizeof *weights);
            model_free(again);
        }
        free(weights);
        free(others);
        model_free(model);
    }
    fixture_free(fixture);
}

static void test_keras_layers_train_and_predict_alike(void **state)
{
    agreement_t table =
        agreement_begin("layers: before and after twenty steps", "norm of the difference / norm");

    (void)state;
    check_engine(ENGINE_AUTO, &table);
    check_engine(ENGINE_BLAS, &table);
    agreement_end(&table);
}

static void test_keras_normalization_adapts_alike(void **state)
{
    fixture_t *fixture = fixture_load("layers.txt");
    const fixture_array_t *x = fixture_array(fixture, NULL, "x");
    agreement_t table = agreement_begin("layers: adapt", "norm of the difference / norm");
    tensor_t *all = NULL, *first = slice(x, 0, INPUTS), *y = NULL;
    float statistics[2 * INPUTS];
    model_t *model = NULL;

    (void)state;
    assert_int_equal(tensor_borrow_const(NULL, DTYPE_FLOAT32, 2, (size_t[]){STEPS * ROWS, INPUTS},
                                         fixture_floats(x), 0, &all, NULL),
                     DLCORE_OK);
    assert_int_equal(tensor_create(NULL, DTYPE_FLOAT32, 2, (size_t[]){ROWS, INPUTS}, &y, NULL),
                     DLCORE_OK);
    assert_int_equal(model_create(NULL, &model), DLCORE_OK);
    assert_accepted(model, model_add(model, layer_normalization()));
    assert_accepted(model, model_adapt(model, 0, all));
    assert_accepted(model, model_get_weights(model, statistics, 2 * INPUTS));
    agreement_add(&table, "normalization", "mean",
                  agreement_norm(statistics,
                                 fixture_floats(fixture_array(fixture, "normalization", "mean")),
                                 INPUTS),
                  1e-6);
    agreement_add(
        &table, "normalization", "variance",
        agreement_norm(statistics + INPUTS,
                       fixture_floats(fixture_array(fixture, "normalization", "variance")), INPUTS),
        1e-6);
    assert_int_equal(model_predict(model, first, y), DLCORE_OK);
    agreement_add(&table, "normalization", "y",
                  agreement_norm(tensor_data(y),
                                 fixture_floats(fixture_array(fixture, "normalization", "y")),
                                 ROWS * INPUTS),
                  1e-6);
    agreement_end(&table);
    model_free(model);
    tensor_free(all);
    tensor_free(first);
    tensor_free(y);
    fixture_free(fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keras_layers_train_and_predict_alike),
        cmocka_unit_test(test_keras_normalization_adapts_alike),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
