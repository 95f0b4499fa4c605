/* Models that change between calls: what is kept from one call to the next is only used for what it
 * was made for. Each test makes the change after a call that fills a cache, and compares with what
 * a model says that never saw that call.
 *
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <dlcore.h>

#include "support/models.h"

enum { ROWS = 6, INPUTS = 3, UNITS = 2, WEIGHTS_MAX = 4096 };

static const engine_t engines[] = {ENGINE_AUTO, ENGINE_BLAS};

/* hidden wide enough, or not, for the way of small networks */
static model_t *model_of(engine_t engine, size_t hidden, const optimizer_t *optimizer, loss_t loss)
{
    model_options_t options = model_options_default();
    compile_options_t settings = compile_options_default();
    model_t *model = NULL;

    options.engine = engine;
    settings.optimizer = *optimizer;
    settings.loss = loss;
    assert_int_equal(model_create(&options, &model), DLCORE_OK);
    assert_accepted(model, model_add(model, layer_dense(hidden, ACTIVATION_TANH)));
    assert_accepted(model, model_add(model, layer_dense(UNITS, ACTIVATION_LINEAR)));
    assert_accepted(model, model_build(model, INPUTS));
    assert_accepted(model, model_compile_with(model, &settings));
    return model;
}

typedef struct data {
    float x[ROWS * INPUTS], y[ROWS * UNITS], weights[ROWS];
    tensor_t *x_tensor, *y_tensor, *weights_tensor;
} data_t;

static void make_data(data_t *data)
{
    const size_t count = ROWS;

    for (size_t i = 0; i < ROWS * INPUTS; i++)
        data->x[i] = (float)((i * 7) % 11) / 5.0f - 1.0f;
    for (size_t i = 0; i < ROWS * UNITS; i++)
        data->y[i] = (float)((i * 5) % 7) / 6.0f; /* that every loss takes */
    for (size_t i = 0; i < ROWS; i++)
        data->weights[i] = (float)(i % 3);
    data->x_tensor = borrow_floats(data->x, ROWS, INPUTS);
    data->y_tensor = borrow_floats(data->y, ROWS, UNITS);
    assert_int_equal(tensor_borrow_const(NULL, DTYPE_FLOAT32, 1, &count, data->weights, 0,
                                         &data->weights_tensor, NULL),
                     DLCORE_OK);
}

static void free_data(data_t *data)
{
    tensor_free(data->x_tensor);
    tensor_free(data->y_tensor);
    tensor_free(data->weights_tensor);
}

/* ---- calls that fill caches ---- */

static void by_fit(model_t *model, const data_t *data)
{
    fit_options_t how = fit_options_default();

    how.batch_size = 4;
    assert_accepted(model, model_fit(model, data->x_tensor, data->y_tensor, &how, NULL));
}

static void by_step(model_t *model, const data_t *data)
{
    assert_accepted(model, model_train_on_batch(model, data->x_tensor, data->y_tensor, NULL));
}

static void by_gradients(model_t *model, const data_t *data)
{
    float gradients[WEIGHTS_MAX];

    assert_accepted(model, model_gradients(model, data->x_tensor, data->y_tensor, gradients,
                                           model_parameter_count(model), NULL));
}

static void by_nothing(model_t *model, const data_t *data)
{
    (void)model;
    (void)data;
}

static void (*const before[])(model_t *model, const data_t *data) = {by_nothing, by_fit, by_step,
                                                                     by_gradients};
enum { WAYS = sizeof before / sizeof *before };

static size_t get(const model_t *model, float weights[WEIGHTS_MAX])
{
    size_t count = model_parameter_count(model);

    assert_in_range(count, 1, WEIGHTS_MAX);
    assert_int_equal(model_get_weights(model, weights, count), DLCORE_OK);
    return count;
}

/* ---- which layers train ---- */

/* dense(1) of one input without bias, mean squared error: by hand. x = 2, y = 1, w = 3: y_pred 6,
 * gradient 2 (6 - 1) 2 = 20. */
static void test_mid_life_frozen_after_a_step_stays_where_it_is(void **state)
{
    const float x = 2, y = 1;
    optimizer_t sgd = optimizer_sgd();
    tensor_t *x_tensor = borrow_floats(&x, 1, 1), *y_tensor = borrow_floats(&y, 1, 1);

    (void)state;
    for (size_t e = 0; e < sizeof engines / sizeof *engines; e++) {
        model_options_t options = model_options_default();
        layer_t dense = layer_dense(1, ACTIVATION_LINEAR);
        model_t *model = NULL;
        float w = 3, gradient = -1;

        options.engine = engines[e];
        dense.use_bias = false;
        assert_int_equal(model_create(&options, &model), DLCORE_OK);
        assert_accepted(model, model_add(model, dense));
        assert_accepted(model, model_build(model, 1));
        assert_accepted(model, model_compile(model, &sgd, LOSS_MEAN_SQUARED_ERROR, METRIC_NONE));
        assert_accepted(model, model_set_weights(model, &w, 1));
        assert_accepted(model, model_train_on_batch(model, x_tensor, y_tensor, NULL));
        assert_int_equal(model_get_weights(model, &w, 1), DLCORE_OK);
        assert_float_equal(w, 2.8f, 1e-6f);
        assert_accepted(model, model_set_trainable(model, 0, false));
        assert_accepted(model, model_train_on_batch(model, x_tensor, y_tensor, NULL));
        assert_int_equal(model_get_weights(model, &w, 1), DLCORE_OK);
        assert_float_equal(w, 2.8f, 1e-6f);
        assert_accepted(model, model_gradients(model, x_tensor, y_tensor, &gradient, 1, NULL));
        assert_true(gradient == 0.0f);
        assert_accepted(model, model_set_trainable(model, 0, true));
        assert_accepted(model, model_gradients(model, x_tensor, y_tensor, &gradient, 1, NULL));
        assert_float_equal(gradient, 18.4f, 1e-5f); /* 2 (5.6 - 1) 2 */
        model_free(model);
    }
    tensor_free(x_tensor);
    tensor_free(y_tensor);
}

/* Freezes the first of two layers after a call, and trains in every way. */
static void check_frozen(engine_t engine, size_t hidden, const optimizer_t *optimizer,
                         size_t first_way, size_t way, const data_t *data)
{
    const size_t frozen = INPUTS * hidden + hidden;
    model_t *model = model_of(engine, hidden, optimizer, loss_mean_squared_error());
    float old[WEIGHTS_MAX], new[WEIGHTS_MAX], gradients[WEIGHTS_MAX];
    size_t count;

    before[first_way](model, data);
    assert_accepted(model, model_set_trainable(model, 0, false));
    count = get(model, old);
    before[way](model, data);
    get(model, new);
    assert_memory_equal(old, new, frozen * sizeof *old);
    if (way == 1 || way == 2)
        assert_memory_not_equal(old + frozen, new + frozen, (count - frozen) * sizeof *old);
    assert_accepted(model,
                    model_gradients(model, data->x_tensor, data->y_tensor, gradients, count, NULL));
    for (size_t i = 0; i < frozen; i++)
        assert_true(gradients[i] == 0.0f);
    assert_accepted(model, model_set_trainable(model, 0, true));
    before[2](model, data);
    get(model, old);
    assert_memory_not_equal(old, new, frozen * sizeof *old);
    model_free(model);
}

static void test_mid_life_frozen_after_any_call_stays_in_every_way(void **state)
{
    optimizer_t optimizers[] = {optimizer_sgd(), optimizer_adam(), optimizer_sgd()};
    data_t data;

    (void)state;
    make_data(&data);
    optimizers[1].clipvalue = 0.5;
    optimizers[1].weight_decay = 0.01;
    optimizers[2].global_clipnorm = 0.5;
    for (size_t e = 0; e < sizeof engines / sizeof *engines; e++)
        for (size_t hidden = 5; hidden <= 40; hidden += 35)
            for (size_t o = 0; o < sizeof optimizers / sizeof *optimizers; o++)
                for (size_t way = 0; way < WAYS * WAYS; way++)
                    check_frozen(engines[e], hidden, &optimizers[o], way / WAYS, way % WAYS, &data);
    free_data(&data);
}

/* ---- settings ---- */

/* Compiled anew for another loss and optimizer, a model goes on as one that was never compiled for
 * the first. */
static void test_mid_life_compiled_anew_trains_as_if_never_compiled_before(void **state)
{
    loss_t losses[] = {loss_mean_squared_error(), loss_huber(), loss_binary_crossentropy(),
                       loss_categorical_crossentropy()};
    enum { LOSSES = sizeof losses / sizeof *losses };
    optimizer_t first = optimizer_sgd(), second = optimizer_adam();
    data_t data;

    (void)state;
    make_data(&data);
    losses[2].from_logits = losses[3].from_logits = true;
    first.clipnorm = 0.1;
    second.use_ema = true;
    for (size_t i = 0; i < LOSSES * LOSSES * 2 * 2; i++) {
        size_t hidden = i % 2 == 0 ? 5 : 40;
        engine_t engine = engines[i / 2 % 2];
        loss_t before_loss = losses[i / 4 % LOSSES], loss = losses[i / 4 / LOSSES];
        model_t *model = model_of(engine, hidden, &first, before_loss);
        model_t *fresh = model_of(engine, hidden, &second, loss);
        compile_options_t settings = compile_options_default();
        float weights[WEIGHTS_MAX], expected[WEIGHTS_MAX];
        size_t count = get(fresh, expected);

        by_step(model, &data);
        settings.optimizer = second;
        settings.loss = loss;
        assert_accepted(model, model_compile_with(model, &settings));
        assert_accepted(model, model_set_weights(model, expected, count));
        for (int step = 0; step < 3; step++) {
            by_step(model, &data);
            by_step(fresh, &data);
        }
        get(model, weights);
        get(fresh, expected);
        assert_memory_equal(weights, expected, count * sizeof *weights);
        model_free(model);
        model_free(fresh);
    }
    free_data(&data);
}

/* ---- weights of samples, rows ---- */

/* Batches of other sizes, with weights and without, in turn: gradients of one model that lives on
 * and of one made for each. */
static void test_mid_life_batches_in_turn_train_as_alone(void **state)
{
    optimizer_t sgd = optimizer_sgd();
    data_t data;

    (void)state;
    make_data(&data);
    for (size_t e = 0; e < sizeof engines / sizeof *engines; e++) {
        for (size_t hidden = 5; hidden <= 40; hidden += 35) {
            model_t *model = model_of(engines[e], hidden, &sgd, loss_mean_squared_error());

            for (size_t turn = 0; turn < 12; turn++) {
                static const size_t rows[] = {1, 4, 2, 6, 3, 6};
                model_t *fresh = NULL;
                float weights[WEIGHTS_MAX], expected[WEIGHTS_MAX];
                tensor_t *x = borrow_floats(data.x, rows[turn % 6], INPUTS);
                tensor_t *y = borrow_floats(data.y, rows[turn % 6], UNITS);
                tensor_t *sample_weight = NULL;

                assert_int_equal(tensor_borrow_const(NULL, DTYPE_FLOAT32, 1, &rows[turn % 6],
                                                     data.weights, 0, &sample_weight, NULL),
                                 DLCORE_OK);
                assert_int_equal(model_clone(model, &fresh), DLCORE_OK);
                for (int k = 0; k < 2; k++)
                    assert_accepted(k == 0 ? model : fresh,
                                    model_train_on_batch_weighted(
                                        k == 0 ? model : fresh, x, y,
                                        turn % 5 < 2 ? sample_weight : NULL, NULL, 0, NULL));
                get(fresh, expected);
                assert_memory_equal(weights, expected, get(model, weights) * sizeof *weights);
                model_free(fresh);
                tensor_free(x);
                tensor_free(y);
                tensor_free(sample_weight);
            }
            model_free(model);
        }
    }
    free_data(&data);
}

/* ---- weights ---- */

/* A predictor is stale after everything that writes weights, and after nothing else. */
static void test_mid_life_predictor_is_stale_after_what_writes_weights(void **state)
{
    optimizer_t sgd = optimizer_sgd();
    data_t data;

    (void)state;
    make_data(&data);
    for (size_t i = 0; i < 8 * 2 * 2; i++) {
        model_t *model =
            model_of(engines[i / 8 % 2], i < 16 ? 5 : 80, &sgd, loss_mean_squared_error());
        predictor_t *predictor = NULL;
        float weights[WEIGHTS_MAX], y[UNITS];
        size_t count = get(model, weights), size;
        evaluation_t result;
        void *bytes = NULL;

        by_step(model, &data);
        assert_int_equal(predictor_create(model, NULL, &predictor), DLCORE_OK);
        assert_int_equal(predictor_run(predictor, data.x, 1, y), DLCORE_OK);
        assert_accepted(model, model_set_trainable(model, 0, false));
        by_gradients(model, &data);
        assert_accepted(model, model_compile(model, &sgd, LOSS_MEAN_SQUARED_ERROR, METRIC_NONE));
        assert_int_equal(model_evaluate(model, data.x_tensor, data.y_tensor, NULL, &result),
                         DLCORE_OK);
        assert_accepted(model, model_set_learning_rate(model, 0.5));
        assert_int_equal(predictor_run(predictor, data.x, 1, y), DLCORE_OK);
        if (i % 8 == 0)
            assert_accepted(model, model_set_weights(model, weights, count));
        else if (i % 8 == 1)
            assert_accepted(model, model_set_weight(model, 1, weights, i < 16 ? 5 : 80));
        else if (i % 8 == 2 || i % 8 == 3)
            before[i % 8 - 1](model, &data);
        if (i % 8 >= 4) {
            assert_int_equal(model_save_memory(model, NULL, &bytes, &size), DLCORE_OK);
            assert_accepted(model, model_load_weights_memory(model, bytes, size));
            free(bytes);
        }
        assert_int_equal(predictor_run(predictor, data.x, 1, y), DLCORE_ERROR_STATE);
        predictor_free(predictor);
        model_free(model);
    }
    free_data(&data);
}

enum { BLANK_ROWS = 16, BLANK_INPUTS = 40 }; /* enough for zeros to be left out */

/* A weight that is infinite keeps zeros from being left out, and no longer when it is set to a
 * number: in calls of one model, one after the other. */
static void test_mid_life_zeros_times_infinity_are_seen_in_every_call(void **state)
{
    optimizer_t sgd = optimizer_sgd();
    static float x[BLANK_ROWS * BLANK_INPUTS], y[BLANK_ROWS * UNITS];
    tensor_t *x_tensor = borrow_floats(x, BLANK_ROWS, BLANK_INPUTS);
    tensor_t *y_tensor = borrow_floats(y, BLANK_ROWS, UNITS);
    model_t *model = NULL;
    float weights[BLANK_INPUTS * 32 + 32 + 32 * UNITS + UNITS];
    const size_t count = sizeof weights / sizeof *weights;

    (void)state;
    assert_int_equal(model_create(NULL, &model), DLCORE_OK);
    assert_accepted(model, model_add(model, layer_dense(32, ACTIVATION_LINEAR)));
    assert_accepted(model, model_add(model, layer_dense(UNITS, ACTIVATION_LINEAR)));
    assert_accepted(model, model_build(model, BLANK_INPUTS));
    assert_accepted(model, model_compile(model, &sgd, LOSS_MEAN_SQUARED_ERROR, METRIC_NONE));
    assert_int_equal(model_get_weights(model, weights, count), DLCORE_OK);
    for (int turn = 0; turn < 6; turn++) {
        weights[3] = turn % 2 == 0 ? 1.0f : INFINITY;
        assert_accepted(model, model_set_weight(model, 0, weights, BLANK_INPUTS * 32));
        assert_int_equal(model_train_on_batch(model, x_tensor, y_tensor, NULL),
                         turn % 2 == 0 ? DLCORE_OK : DLCORE_ERROR_NOT_FINITE);
    }
    model_free(model);
    tensor_free(x_tensor);
    tensor_free(y_tensor);
}

/* The same where nobody sets it: a step with a huge learning rate moves the weight of input 3 to
 * infinity. In the next call that input is zero. */
static void test_mid_life_zeros_times_what_a_step_made_infinite_are_seen(void **state)
{
    optimizer_t sgd = optimizer_sgd();
    float x[BLANK_ROWS * BLANK_INPUTS] = {0}, y[BLANK_ROWS * UNITS];
    tensor_t *x_tensor = borrow_floats(x, BLANK_ROWS, BLANK_INPUTS);
    tensor_t *y_tensor = borrow_floats(y, BLANK_ROWS, UNITS);
    layer_t dense = layer_dense(UNITS, ACTIVATION_LINEAR);
    float weights[BLANK_INPUTS * UNITS];
    model_t *model = NULL;

    (void)state;
    dense.use_bias = false;
    sgd.learning_rate = 1e38;
    for (size_t i = 0; i < BLANK_ROWS * UNITS; i++)
        y[i] = 100.0f;
    for (size_t row = 0; row < BLANK_ROWS; row++)
        x[row * BLANK_INPUTS + 3] = 1.0f;
    assert_int_equal(model_create(NULL, &model), DLCORE_OK);
    assert_accepted(model, model_add(model, dense));
    assert_accepted(model, model_compile(model, &sgd, LOSS_MEAN_SQUARED_ERROR, METRIC_NONE));
    assert_accepted(model, model_train_on_batch(model, x_tensor, y_tensor, NULL));
    assert_int_equal(model_get_weights(model, weights, BLANK_INPUTS * UNITS), DLCORE_OK);
    assert_true(isinf(weights[3 * UNITS]));
    memset(x, 0, sizeof x);
    assert_int_equal(model_train_on_batch(model, x_tensor, y_tensor, NULL),
                     DLCORE_ERROR_NOT_FINITE);
    model_free(model);
    tensor_free(x_tensor);
    tensor_free(y_tensor);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mid_life_frozen_after_a_step_stays_where_it_is),
        cmocka_unit_test(test_mid_life_frozen_after_any_call_stays_in_every_way),
        cmocka_unit_test(test_mid_life_compiled_anew_trains_as_if_never_compiled_before),
        cmocka_unit_test(test_mid_life_batches_in_turn_train_as_alone),
        cmocka_unit_test(test_mid_life_predictor_is_stale_after_what_writes_weights),
        cmocka_unit_test(test_mid_life_zeros_times_infinity_are_seen_in_every_call),
        cmocka_unit_test(test_mid_life_zeros_times_what_a_step_made_infinite_are_seen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
