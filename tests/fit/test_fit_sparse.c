/* Training on sparse rows, and using the model: the same numbers as a dense tensor are the oracle,
 * to the bit with the native engine, at any number of threads.
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

#include "dlcore.h"
#include "support/failing_allocator.h"
#include "support/random_numbers.h"
#include "support/sparse_data.h"
#include "support/tensors.h"

/* What is trained, but for its data. */
typedef struct recipe {
    dlcore_layer_t layers[5];
    size_t layer_count;
    dlcore_optimizer_t optimizer;
    dlcore_loss_t loss;
    dlcore_engine_t engine;
    size_t threads;
    const dlcore_allocator_t *allocator;
} recipe_t;

static dlcore_engine_t engines[2] = {DLCORE_ENGINE_AUTO, DLCORE_ENGINE_BLAS};

static bool is_native(const dlcore_model_t *model)
{
    return strncmp(dlcore_model_engine(model), "native", 6) == 0;
}

/* first, `units` wide, and sigmoid units behind it. */
static recipe_t recipe(size_t units, dlcore_activation_t activation, dlcore_optimizer_t optimizer)
{
    recipe_t made = {
        .optimizer = optimizer, .loss = dlcore_loss_binary_crossentropy(), .threads = 1};

    made.layers[made.layer_count++] = dlcore_layer_dense(units, activation);
    made.layers[made.layer_count++] = dlcore_layer_dense(3, DLCORE_ACTIVATION_SIGMOID);
    return made;
}

static void put_first(recipe_t *how, dlcore_layer_t layer)
{
    memmove(how->layers + 1, how->layers, how->layer_count * sizeof *how->layers);
    how->layers[0] = layer;
    how->layer_count++;
}

static dlcore_model_t *compiled(const recipe_t *how)
{
    dlcore_model_options_t options = dlcore_model_options_default();
    dlcore_compile_options_t compile = dlcore_compile_options_default();
    dlcore_model_t *model = NULL;

    options.engine = how->engine;
    options.threads = how->threads;
    if (how->allocator != NULL)
        options.allocator = *how->allocator;
    assert_int_equal(dlcore_model_create(&options, &model), DLCORE_OK);
    for (size_t i = 0; i < how->layer_count; i++)
        assert_int_equal(dlcore_model_add(model, how->layers[i]), DLCORE_OK);
    compile.optimizer = how->optimizer;
    compile.loss = how->loss;
    compile.metrics[compile.metric_count++] = dlcore_metric_default(DLCORE_METRIC_BINARY_ACCURACY);
    if (dlcore_model_compile_with(model, &compile) != DLCORE_OK)
        fail_msg("%s", dlcore_model_error(model));
    return model;
}

static float *weights_of(const dlcore_model_t *model)
{
    size_t count = dlcore_model_parameter_count(model);
    float *weights = malloc((count + 1) * sizeof *weights);

    assert_non_null(weights);
    assert_int_equal(dlcore_model_get_weights(model, weights, count), DLCORE_OK);
    return weights;
}

/* Equal numbers (a zero's sign is free); with `rounded`, nearly. */
static void assert_same_numbers(const float *got, const float *expected, size_t count, bool rounded)
{
    for (size_t i = 0; i < count; i++) {
        float size = fmaxf(fabsf(expected[i]), 1.0f);

        if (got[i] == expected[i] || (rounded && fabsf(got[i] - expected[i]) <= 2e-5f * size))
            continue;
        fail_msg("number %zu of %zu is %.9g, not %.9g", i, count, (double)got[i],
                 (double)expected[i]);
    }
}

static void assert_same_weights(const dlcore_model_t *got, const dlcore_model_t *expected)
{
    float *a = weights_of(got), *b = weights_of(expected);

    assert_same_numbers(a, b, dlcore_model_parameter_count(got), !is_native(got));
    free(a);
    free(b);
}

static dlcore_fit_options_t fit_options(void)
{
    dlcore_fit_options_t options = dlcore_fit_options_default();

    options.batch_size = 24;
    options.epochs = 3;
    return options;
}

static dlcore_history_t *fit(dlcore_model_t *model, const dlcore_tensor_t *x,
                             const dlcore_tensor_t *y, const dlcore_fit_options_t *options)
{
    dlcore_history_t *history = NULL;

    if (dlcore_model_fit(model, x, y, options, &history) != DLCORE_OK)
        fail_msg("%s", dlcore_model_error(model));
    return history;
}

static void assert_same_history(dlcore_history_t *got, dlcore_history_t *expected, bool rounded)
{
    for (size_t v = 0; v < dlcore_history_value_count(expected); v++) {
        const char *name = dlcore_history_name(expected, v);

        for (size_t e = 0; e < dlcore_history_epoch_count(expected); e++)
            assert_same_numbers((float[]){(float)dlcore_history_value(got, name, e)},
                                (float[]){(float)dlcore_history_value(expected, name, e)}, 1,
                                rounded);
    }
    dlcore_history_free(got);
    dlcore_history_free(expected);
}

/* Fits, evaluates and predicts, sparse and dense; answers the one that was trained on sparse rows.
 */
static dlcore_model_t *check_recipe(const recipe_t *how, const sparse_data_t *data,
                                    const dlcore_fit_options_t *options)
{
    dlcore_model_t *sparse = compiled(how), *dense = compiled(how);
    size_t rows = dlcore_tensor_length(data->y, 0), units = dlcore_tensor_length(data->y, 1);
    dlcore_evaluation_t a, b;
    dlcore_tensor_t *p = NULL, *q = NULL;
    bool rounded = !is_native(dense);

    assert_same_history(fit(sparse, data->sparse, data->y, options),
                        fit(dense, data->dense, data->y, options), rounded);
    assert_same_weights(sparse, dense);
    assert_int_equal(dlcore_model_evaluate(sparse, data->sparse, data->y, NULL, &a), DLCORE_OK);
    assert_int_equal(dlcore_model_evaluate(dense, data->dense, data->y, NULL, &b), DLCORE_OK);
    assert_same_numbers((float[]){(float)a.loss}, (float[]){(float)b.loss}, 1, rounded);
    dlcore_tensor_create(NULL, DLCORE_DTYPE_FLOAT32, 2, (size_t[]){rows, units}, &p, NULL);
    dlcore_tensor_create(NULL, DLCORE_DTYPE_FLOAT32, 2, (size_t[]){rows, units}, &q, NULL);
    assert_int_equal(dlcore_model_predict(sparse, data->sparse, p), DLCORE_OK);
    assert_int_equal(dlcore_model_predict(dense, data->dense, q), DLCORE_OK);
    assert_same_numbers(dlcore_tensor_data(p), dlcore_tensor_data(q), rows * units, rounded);
    dlcore_tensor_free(p);
    dlcore_tensor_free(q);
    dlcore_model_free(dense);
    return sparse;
}

/* ---- the same numbers ---- */

static void test_fit_sparse_of_any_width_gives_what_dense_gives(void **state)
{
    static const size_t widths[] = {1, 15, 16, 17, 32, 33, 48, 70};
    static const dlcore_activation_t activations[] = {
        DLCORE_ACTIVATION_RELU, DLCORE_ACTIVATION_LINEAR, DLCORE_ACTIVATION_SOFTMAX,
        DLCORE_ACTIVATION_GELU, DLCORE_ACTIVATION_TANH};
    dlcore_fit_options_t options = fit_options();

    (void)state;
    for (size_t e = 0; e < 2; e++) {
        for (size_t i = 0; i < 8; i++) {
            recipe_t how = recipe(widths[i], activations[i % 5], dlcore_optimizer_rmsprop());
            sparse_data_t data = sparse_data(61, 20 + 117 * i, 0.1, i % 2 != 0, 3);

            how.engine = engines[e];
            how.layers[0].use_bias = i % 3 != 0;
            dlcore_model_free(check_recipe(&how, &data, &options));
            sparse_data_free(&data);
        }
    }
}

static void test_fit_sparse_with_any_optimizer_gives_what_dense_gives(void **state)
{
    dlcore_optimizer_t optimizers[] = {
        dlcore_optimizer_sgd(),     dlcore_optimizer_sgd(),       dlcore_optimizer_adam(),
        dlcore_optimizer_adagrad(), dlcore_optimizer_adadelta(),  dlcore_optimizer_adamax(),
        dlcore_optimizer_nadam(),   dlcore_optimizer_adamw(),     dlcore_optimizer_lion(),
        dlcore_optimizer_ftrl(),    dlcore_optimizer_adafactor(), dlcore_optimizer_sgd(),
        dlcore_optimizer_sgd(),     dlcore_optimizer_sgd()};
    const size_t count = sizeof optimizers / sizeof *optimizers;
    sparse_data_t data = sparse_data(50, 600, 0.02, true, 3);
    dlcore_fit_options_t options = fit_options();

    (void)state;
    optimizers[1].momentum = 0.9;
    optimizers[count - 1].clipnorm = 0.1;
    optimizers[count - 2].gradient_accumulation_steps = 2;
    optimizers[count - 3].use_ema = true;
    for (size_t i = 0; i < count; i++) {
        recipe_t how = recipe(20, DLCORE_ACTIVATION_RELU, optimizers[i]);

        dlcore_model_free(check_recipe(&how, &data, &options));
    }
    sparse_data_free(&data);
}

static void test_fit_sparse_with_regularizers_and_constraints_gives_what_dense_gives(void **state)
{
    recipe_t how = recipe(24, DLCORE_ACTIVATION_RELU, dlcore_optimizer_sgd());
    sparse_data_t data = sparse_data(50, 500, 0.02, false, 3);
    dlcore_fit_options_t options = fit_options();

    (void)state;
    how.layers[0].kernel_regularizer = dlcore_regularizer_l2(0.01);
    how.layers[0].activity_regularizer = dlcore_regularizer_l1(0.001);
    dlcore_model_free(check_recipe(&how, &data, &options));
    how.layers[0].kernel_regularizer = (dlcore_regularizer_t){0};
    how.layers[0].kernel_constraint = dlcore_constraint_max_norm(0.5);
    dlcore_model_free(check_recipe(&how, &data, &options));
    sparse_data_free(&data);
}

/* Rescaling before the dense layer, with and without an offset; layers that take dense rows. */
static void test_fit_sparse_behind_other_layers_gives_what_dense_gives(void **state)
{
    dlcore_layer_t first[] = {dlcore_layer_rescaling(0.5, 0.0),
                              dlcore_layer_rescaling(0.5, -1.0),
                              dlcore_layer_flatten(),
                              dlcore_layer_dropout(0.3),
                              dlcore_layer_gaussian_noise(0.1),
                              dlcore_layer_batch_normalization(),
                              dlcore_layer_layer_normalization(),
                              dlcore_layer_unit_normalization(),
                              dlcore_layer_prelu(),
                              dlcore_layer_activation(DLCORE_ACTIVATION_TANH)};
    sparse_data_t data = sparse_data(50, 150, 0.05, true, 3);
    dlcore_fit_options_t options = fit_options();

    (void)state;
    for (size_t i = 0; i < sizeof first / sizeof *first; i++) {
        recipe_t how = recipe(20, DLCORE_ACTIVATION_RELU, dlcore_optimizer_adam());

        put_first(&how, first[i]);
        dlcore_model_free(check_recipe(&how, &data, &options));
    }
    sparse_data_free(&data);
}

/* All layers at once, in lanes: samples, or units of one sample. */
static void test_fit_sparse_of_a_small_network_gives_what_dense_gives(void **state)
{
    recipe_t how = recipe(8, DLCORE_ACTIVATION_TANH, dlcore_optimizer_rmsprop());
    sparse_data_t data = sparse_data(50, 12, 0.3, true, 3);
    dlcore_fit_options_t options = fit_options();

    (void)state;
    dlcore_model_free(check_recipe(&how, &data, &options));
    put_first(&how, dlcore_layer_rescaling(2.0, 0.5));
    dlcore_model_free(check_recipe(&how, &data, &options));
    options.batch_size = 1;
    dlcore_model_free(check_recipe(&how, &data, &options));
    sparse_data_free(&data);
}

static void test_fit_sparse_with_weights_steps_and_validation_gives_what_dense_gives(void **state)
{
    recipe_t how = recipe(20, DLCORE_ACTIVATION_RELU, dlcore_optimizer_adam());
    sparse_data_t data = sparse_data(70, 300, 0.05, false, 3);
    dlcore_fit_options_t options = fit_options();
    dlcore_tensor_t *weights = NULL;

    (void)state;
    dlcore_tensor_create(NULL, DLCORE_DTYPE_FLOAT32, 1, (size_t[]){70}, &weights, NULL);
    for (size_t i = 0; i < 70; i++)
        dlcore_tensor_set(weights, &i, 0.25 * (double)(i % 5), NULL);
    options.sample_weight = weights;
    options.validation_split = 0.3;
    options.shuffle_before_split = true;
    options.steps_per_epoch = 3;
    dlcore_model_free(check_recipe(&how, &data, &options));
    options = fit_options();
    options.shuffle = false;
    options.validation_x = data.sparse; /* beside dense rows, too */
    options.validation_y = data.y;
    dlcore_model_free(check_recipe(&how, &data, &options));
    dlcore_tensor_free(weights);
    sparse_data_free(&data);
}

/* A slice's starts do not begin at 0. */
static void test_fit_sparse_slice_gives_what_the_dense_slice_gives(void **state)
{
    recipe_t how = recipe(20, DLCORE_ACTIVATION_RELU, dlcore_optimizer_adam());
    sparse_data_t data = sparse_data(70, 300, 0.05, true, 3), part = {.y = NULL};
    dlcore_fit_options_t options = fit_options();

    (void)state;
    dlcore_tensor_slice(data.sparse, 13, 60, &part.sparse, NULL);
    dlcore_tensor_slice(data.dense, 13, 60, &part.dense, NULL);
    dlcore_tensor_slice(data.y, 13, 60, &part.y, NULL);
    dlcore_model_free(check_recipe(&how, &part, &options));
    sparse_data_free(&part);
    sparse_data_free(&data);
}

/* The native engine leaves zeros of the dense rows out register tile by register tile here. */
static void test_fit_sparse_of_a_wide_layer_gives_what_dense_rows_do(void **state)
{
    recipe_t how = recipe(200, DLCORE_ACTIVATION_RELU, dlcore_optimizer_rmsprop());
    sparse_data_t data = sparse_data(200, 300, 0.06, true, 3);
    dlcore_fit_options_t options = fit_options();

    (void)state;
    options.batch_size = 64;
    for (how.threads = 1; how.threads <= 3; how.threads += 2)
        dlcore_model_free(check_recipe(&how, &data, &options));
    sparse_data_free(&data);
}

static void test_fit_sparse_gives_the_same_bits_at_any_number_of_threads(void **state)
{
    sparse_data_t data = sparse_data(300, 3000, 0.02, true, 3);
    dlcore_fit_options_t options = fit_options();

    (void)state;
    options.batch_size = 128;
    for (size_t e = 0; e < 2; e++) {
        recipe_t how = recipe(70, DLCORE_ACTIVATION_RELU,
                              e == 0 ? dlcore_optimizer_rmsprop() : dlcore_optimizer_sgd());
        float *expected = NULL;

        how.engine = engines[e];
        for (size_t threads = 1; threads <= 7; threads++) {
            dlcore_model_t *model;
            float *weights;

            how.threads = threads;
            model = compiled(&how);
            dlcore_history_free(fit(model, data.sparse, data.y, &options));
            weights = weights_of(model);
            if (expected == NULL)
                expected = weights;
            else
                assert_memory_equal(weights, expected,
                                    dlcore_model_parameter_count(model) * sizeof *weights);
            if (weights != expected)
                free(weights);
            dlcore_model_free(model);
        }
        free(expected);
    }
    sparse_data_free(&data);
}

static void test_gradients_of_sparse_rows_are_those_of_dense_rows(void **state)
{
    sparse_data_t data = sparse_data(40, 300, 0.05, true, 3);

    (void)state;
    for (size_t e = 0; e < 2; e++) {
        recipe_t how = recipe(33, DLCORE_ACTIVATION_TANH, dlcore_optimizer_sgd());
        dlcore_model_t *model;
        float *a, *b;
        size_t count;

        how.engine = engines[e];
        model = compiled(&how);
        assert_int_equal(dlcore_model_build(model, 300), DLCORE_OK);
        count = dlcore_model_parameter_count(model);
        a = weights_of(model);
        b = weights_of(model);
        assert_int_equal(dlcore_model_gradients(model, data.sparse, data.y, a, count, NULL),
                         DLCORE_OK);
        assert_int_equal(dlcore_model_gradients(model, data.dense, data.y, b, count, NULL),
                         DLCORE_OK);
        assert_same_numbers(a, b, count, !is_native(model));
        free(a);
        free(b);
        dlcore_model_free(model);
    }
    sparse_data_free(&data);
}

/* The calls of dlcore/steps.h. */
static void test_steps_take_sparse_rows_as_dense_ones(void **state)
{
    recipe_t how = recipe(20, DLCORE_ACTIVATION_TANH, dlcore_optimizer_adam());
    sparse_data_t data = sparse_data(40, 300, 0.05, true, 3);
    dlcore_model_t *models[2] = {compiled(&how), compiled(&how)};
    const dlcore_tensor_t *x[2] = {data.sparse, data.dense};
    dlcore_tensor_t *dx[2] = {NULL, NULL}, *inner[2] = {NULL, NULL}, *dy = NULL;
    dlcore_error_record_t error;

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        dlcore_tensor_create(NULL, DLCORE_DTYPE_FLOAT32, SHAPE(40, 300), &dx[i], NULL);
        dlcore_tensor_create(NULL, DLCORE_DTYPE_FLOAT32, SHAPE(40, 20), &inner[i], NULL);
        assert_int_equal(dlcore_model_train_on_batch(models[i], x[i], data.y, NULL), DLCORE_OK);
        assert_int_equal(dlcore_model_train_on_gradient(models[i], x[i], data.y), DLCORE_OK);
        assert_int_equal(dlcore_model_input_gradients(models[i], x[i], data.y, dx[i], NULL, &error),
                         DLCORE_OK);
        assert_int_equal(dlcore_model_predict_layer(models[i], 0, x[i], inner[i], &error),
                         DLCORE_OK);
    }
    assert_same_weights(models[0], models[1]);
    assert_same_numbers(dlcore_tensor_data(dx[0]), dlcore_tensor_data(dx[1]), 40 * 300,
                        !is_native(models[0]));
    assert_same_numbers(dlcore_tensor_data(inner[0]), dlcore_tensor_data(inner[1]), 40 * 20,
                        !is_native(models[0]));
    dlcore_sparse_from_dense(data.y, &dy, NULL);
    assert_int_equal(dlcore_model_train_on_gradient(models[0], data.sparse, dy),
                     DLCORE_ERROR_UNSUPPORTED);
    assert_failed(dlcore_model_input_gradients_of(models[0], data.sparse, dy, dx[0], &error),
                  DLCORE_ERROR_UNSUPPORTED, &error, "dy is sparse");
    assert_failed(
        dlcore_model_input_gradients(models[0], data.dense, data.y, data.sparse, NULL, &error),
        DLCORE_ERROR_ARGUMENT, &error, "read-only");
    for (size_t i = 0; i < 2; i++) {
        dlcore_tensor_free(dx[i]);
        dlcore_tensor_free(inner[i]);
        dlcore_model_free(models[i]);
    }
    dlcore_tensor_free(dy);
    sparse_data_free(&data);
}

static void test_train_on_batch_takes_sparse_and_dense_rows_in_turn(void **state)
{
    recipe_t how = recipe(20, DLCORE_ACTIVATION_RELU, dlcore_optimizer_adam());
    sparse_data_t data = sparse_data(40, 300, 0.05, true, 3);
    dlcore_model_t *mixed = compiled(&how), *dense = compiled(&how);

    (void)state;
    for (int i = 0; i < 6; i++) {
        assert_int_equal(
            dlcore_model_train_on_batch(mixed, i % 3 == 1 ? data.dense : data.sparse, data.y, NULL),
            DLCORE_OK);
        assert_int_equal(dlcore_model_train_on_batch(dense, data.dense, data.y, NULL), DLCORE_OK);
    }
    assert_same_weights(mixed, dense);
    dlcore_model_free(mixed);
    dlcore_model_free(dense);
    sparse_data_free(&data);
}

/* ---- stopping and going on ---- */

static dlcore_callback_action_t stop_in_the_middle(void *user, const dlcore_training_event_t *event)
{
    (void)user;
    return event->epoch == 1 && event->batch == 1 ? DLCORE_CALLBACK_STOP : DLCORE_CALLBACK_CONTINUE;
}

static void test_fit_sparse_resumed_in_the_middle_of_an_epoch_gives_the_same_bits(void **state)
{
    recipe_t how = recipe(20, DLCORE_ACTIVATION_RELU, dlcore_optimizer_adam());
    sparse_data_t data = sparse_data(100, 300, 0.05, false, 3);
    dlcore_model_t *stopped = compiled(&how), *whole = compiled(&how);
    dlcore_callback_t stop = {.on_batch_end = stop_in_the_middle};
    dlcore_fit_options_t options = fit_options();
    float *a, *b;

    (void)state;
    dlcore_history_free(fit(whole, data.sparse, data.y, &options));
    options.callbacks = &stop;
    options.callback_count = 1;
    dlcore_history_free(fit(stopped, data.sparse, data.y, &options));
    options.callbacks = NULL;
    options.callback_count = 0;
    options.resume = true;
    dlcore_history_free(fit(stopped, data.sparse, data.y, &options));
    a = weights_of(stopped);
    b = weights_of(whole);
    assert_memory_equal(a, b, dlcore_model_parameter_count(whole) * sizeof *a);
    free(a);
    free(b);
    dlcore_model_free(stopped);
    dlcore_model_free(whole);
    sparse_data_free(&data);
}

/* ---- datasets ---- */

enum { PIECE = 16 };

typedef struct pieces {
    const sparse_data_t *data;
    size_t next, rows;
    int kind; /* 0 sparse, 1 dense, 2 in turn */
    dlcore_tensor_t *x, *y;
} pieces_t;

static void drop_piece(pieces_t *pieces)
{
    dlcore_tensor_free(pieces->x);
    dlcore_tensor_free(pieces->y);
    pieces->x = pieces->y = NULL;
}

static dlcore_status begin_pieces(void *user, size_t pass, size_t batch,
                                  dlcore_error_record_t *error)
{
    (void)pass;
    (void)error;
    ((pieces_t *)user)->next = batch;
    return DLCORE_OK;
}

static dlcore_status next_piece(void *user, dlcore_dataset_batch_t *batch,
                                dlcore_error_record_t *error)
{
    pieces_t *pieces = user;
    size_t begin = pieces->next * PIECE, end = begin + PIECE + pieces->next % 2;
    bool sparse = pieces->kind == 0 || (pieces->kind == 2 && pieces->next % 2 == 1);
    const dlcore_tensor_t *x = sparse ? pieces->data->sparse : pieces->data->dense;

    drop_piece(pieces);
    if (end > pieces->rows)
        return DLCORE_OK;
    pieces->next++;
    dlcore_tensor_slice_const(x, begin, end, &pieces->x, error);
    dlcore_tensor_slice_const(pieces->data->y, begin, end, &pieces->y, error);
    *batch = (dlcore_dataset_batch_t){.x = pieces->x, .y = pieces->y};
    return DLCORE_OK;
}

static void test_fit_dataset_of_sparse_batches_gives_what_dense_ones_give(void **state)
{
    recipe_t how = recipe(20, DLCORE_ACTIVATION_RELU, dlcore_optimizer_adam());
    sparse_data_t data = sparse_data(100, 300, 0.05, true, 3);
    dlcore_fit_options_t options = fit_options();
    dlcore_model_t *expected = NULL;

    (void)state;
    for (int kind = 1; kind < 7; kind++) {
        pieces_t pieces = {.data = &data, .rows = 100, .kind = kind % 3};
        dlcore_dataset_t dataset = {
            .user = &pieces, .begin = begin_pieces, .next = next_piece, .prefetch = kind > 3};
        dlcore_model_t *model = compiled(&how);
        dlcore_evaluation_t result;

        if (dlcore_model_fit_dataset(model, &dataset, &options, NULL) != DLCORE_OK)
            fail_msg("%s", dlcore_model_error(model));
        assert_int_equal(dlcore_model_evaluate_dataset(model, &dataset, NULL, &result), DLCORE_OK);
        drop_piece(&pieces);
        if (expected != NULL)
            assert_same_weights(model, expected);
        if (expected != NULL)
            dlcore_model_free(model);
        else
            expected = model;
    }
    dlcore_model_free(expected);
    sparse_data_free(&data);
}

/* ---- memory ---- */

/* Batches of sparse rows take no matrix: weights, their state, activations and a little more. */
static void test_fit_sparse_takes_no_memory_for_dense_batches(void **state)
{
    enum { ROWS = 512, COLUMNS = 20000 };
    failing_allocator_t memory;
    dlcore_allocator_t allocator = failing_allocator(&memory);
    recipe_t how = recipe(16, DLCORE_ACTIVATION_RELU, dlcore_optimizer_rmsprop());
    const size_t weights = (size_t)COLUMNS * 16 * sizeof(float);
    dlcore_fit_options_t options = fit_options();
    size_t starts[ROWS + 1];
    int32_t indices[ROWS];
    dlcore_sparse_t arrays = {ROWS, COLUMNS, starts, indices, NULL};
    dlcore_tensor_t *x = NULL, *y = NULL;
    dlcore_model_t *model;

    (void)state;
    for (size_t i = 0; i < ROWS; i++) {
        starts[i] = i;
        indices[i] = (int32_t)(i * 39);
    }
    starts[ROWS] = ROWS;
    dlcore_sparse_borrow(NULL, &arrays, &x, NULL);
    dlcore_tensor_create(NULL, DLCORE_DTYPE_FLOAT32, 2, (size_t[]){ROWS, 3}, &y, NULL);
    failing_allocator_init(&memory);
    how.allocator = &allocator;
    model = compiled(&how);
    options.batch_size = ROWS;
    dlcore_history_free(fit(model, x, y, &options));
    if (memory.peak_bytes > 2 * weights + 700000)
        fail_msg("%zu bytes, of which weights and state are %zu", memory.peak_bytes, 2 * weights);
    dlcore_model_free(model);
    failing_allocator_assert_clean(&memory);
    dlcore_tensor_free(x);
    dlcore_tensor_free(y);
}

/* ---- misuse ---- */

static void test_calls_with_what_cannot_be_sparse_refuse_it(void **state)
{
    recipe_t how = recipe(4, DLCORE_ACTIVATION_RELU, dlcore_optimizer_adam());
    sparse_data_t data = sparse_data(10, 20, 0.3, false, 3);
    dlcore_model_t *model = compiled(&how);
    dlcore_tensor_t *y = NULL, *weights = NULL;
    dlcore_fit_options_t options = fit_options();

    (void)state;
    dlcore_sparse_from_dense(data.y, &y, NULL);
    assert_int_equal(dlcore_model_fit(model, data.sparse, y, NULL, NULL), DLCORE_ERROR_UNSUPPORTED);
    assert_non_null(strstr(dlcore_model_error(model), "y is sparse, (10, 3)"));
    dlcore_sparse_create(NULL,
                         &(dlcore_sparse_t){.rows = 10, .columns = 1, .starts = (size_t[11]){0}},
                         &weights, NULL);
    options.sample_weight = weights;
    assert_int_equal(dlcore_model_fit(model, data.sparse, data.y, &options, NULL),
                     DLCORE_ERROR_UNSUPPORTED);
    assert_non_null(strstr(dlcore_model_error(model), "sample_weight is sparse"));
    assert_int_equal(dlcore_model_fit(model, data.sparse, data.y, NULL, NULL), DLCORE_OK);
    assert_int_equal(dlcore_model_predict(model, data.sparse, y), DLCORE_ERROR_ARGUMENT);
    assert_int_equal(dlcore_model_train_on_batch(model, y, data.y, NULL), DLCORE_ERROR_SHAPE);
    assert_non_null(strstr(dlcore_model_error(model), "expects 20 inputs, got 3"));
    dlcore_tensor_free(y);
    dlcore_tensor_free(weights);
    dlcore_model_free(model);
    sparse_data_free(&data);
}

/* The entries that are not there add nothing, as the header says. */
static void
test_predict_sparse_with_an_infinite_weight_leaves_it_out_where_no_entry_is(void **state)
{
    recipe_t how = recipe(20, DLCORE_ACTIVATION_LINEAR, dlcore_optimizer_sgd());
    dlcore_model_t *model = compiled(&how);
    float kernel[3 * 20] = {0}, y[2 * 3];
    size_t starts[3] = {0, 1, 2};
    int32_t indices[2] = {0, 2};
    dlcore_sparse_t arrays = {2, 3, starts, indices, NULL};
    dlcore_tensor_t *x = NULL, *y_pred = NULL;

    (void)state;
    assert_int_equal(dlcore_model_build(model, 3), DLCORE_OK);
    kernel[2 * 20] = INFINITY;
    assert_int_equal(dlcore_model_set_weight(model, 0, kernel, 60), DLCORE_OK);
    dlcore_sparse_borrow(NULL, &arrays, &x, NULL);
    dlcore_tensor_borrow(NULL, DLCORE_DTYPE_FLOAT32, SHAPE(2, 3), y, 0, &y_pred, NULL);
    assert_int_equal(dlcore_model_predict(model, x, y_pred), DLCORE_OK);
    assert_true(y[0] == 0.5f);
    assert_true(y[3] == 0.0f || y[3] == 1.0f);
    dlcore_tensor_free(x);
    dlcore_tensor_free(y_pred);
    dlcore_model_free(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fit_sparse_of_any_width_gives_what_dense_gives),
        cmocka_unit_test(test_fit_sparse_with_any_optimizer_gives_what_dense_gives),
        cmocka_unit_test(test_fit_sparse_with_regularizers_and_constraints_gives_what_dense_gives),
        cmocka_unit_test(test_fit_sparse_behind_other_layers_gives_what_dense_gives),
        cmocka_unit_test(test_fit_sparse_of_a_small_network_gives_what_dense_gives),
        cmocka_unit_test(test_fit_sparse_with_weights_steps_and_validation_gives_what_dense_gives),
        cmocka_unit_test(test_fit_sparse_slice_gives_what_the_dense_slice_gives),
        cmocka_unit_test(test_fit_sparse_of_a_wide_layer_gives_what_dense_rows_do),
        cmocka_unit_test(test_fit_sparse_gives_the_same_bits_at_any_number_of_threads),
        cmocka_unit_test(test_gradients_of_sparse_rows_are_those_of_dense_rows),
        cmocka_unit_test(test_steps_take_sparse_rows_as_dense_ones),
        cmocka_unit_test(test_train_on_batch_takes_sparse_and_dense_rows_in_turn),
        cmocka_unit_test(test_fit_sparse_resumed_in_the_middle_of_an_epoch_gives_the_same_bits),
        cmocka_unit_test(test_fit_dataset_of_sparse_batches_gives_what_dense_ones_give),
        cmocka_unit_test(test_fit_sparse_takes_no_memory_for_dense_batches),
        cmocka_unit_test(test_calls_with_what_cannot_be_sparse_refuse_it),
        cmocka_unit_test(
            test_predict_sparse_with_an_infinite_weight_leaves_it_out_where_no_entry_is),
    };

    random_seed(20240229);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
