/* Embeddings: outputs by hand, training against Keras (tests/fixtures/embedding_fixtures.py has the
 * same networks), and the gradient by the inputs.
 *
 * SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dlcore.h"
#include "support/agreement.h"
#include "support/classifier.h"
#include "support/fixture.h"
#include "support/models.h"
#include "support/tensors.h"

/* ---- by hand ---- */

enum { COLUMNS = 4, WIDTH = 2 + 3 + 40, WEIGHTS = 2 * 3 + 4 * 40 };

/* Columns 0 and 2, of which the second has more units than a panel. */
static layer_t two_tables(void)
{
    static const embedding_t tables[] = {{.column = 0, .count = 2, .units = 3},
                                         {.column = 2, .count = 4, .units = 40}};

    return layer_embedding(tables, 2);
}

/* Alone, and weight i is i. */
static model_t *model_by_hand(engine_t engine)
{
    model_options_t options = engine_options(engine, 1);
    model_t *model = NULL;
    float weights[WEIGHTS];

    assert_int_equal(model_create(&options, &model), DLCORE_OK);
    assert_accepted(model, model_add(model, two_tables()));
    assert_accepted(model, model_build(model, COLUMNS));
    assert_int_equal(model_parameter_count(model), WEIGHTS);
    assert_int_equal(model_output_width(model), WIDTH);
    for (size_t i = 0; i < WEIGHTS; i++)
        weights[i] = (float)i;
    assert_accepted(model, model_set_weights(model, weights, WEIGHTS));
    return model;
}

/* The row of each index, and the other columns in their places. */
static void fill_expected(const uint8_t x[3][COLUMNS], float y[3][WIDTH])
{
    for (size_t row = 0; row < 3; row++) {
        for (size_t c = 0; c < 3; c++)
            y[row][c] = (float)(x[row][0] * 3 + c);
        y[row][3] = x[row][1];
        for (size_t c = 0; c < 40; c++)
            y[row][4 + c] = (float)(6 + (size_t)x[row][2] * 40 + c);
        y[row][44] = x[row][3];
    }
}

static void assert_predicts(const model_t *model, tensor_t *x, const float *expected)
{
    tensor_t *y = NULL;

    assert_int_equal(tensor_create(NULL, DTYPE_FLOAT32, SHAPE(3, WIDTH), &y, NULL), DLCORE_OK);
    assert_int_equal(model_predict(model, x, y), DLCORE_OK);
    assert_floats(y, SHAPE(3, WIDTH), expected);
    tensor_free(y);
    tensor_free(x);
}

static void check_rows_of_tables(engine_t engine)
{
    static const uint8_t bytes[3][COLUMNS] = {{1, 7, 3, 9}, {0, 0, 0, 200}, {1, 5, 2, 0}};
    model_t *model = model_by_hand(engine);
    float floats[3][COLUMNS], expected[3][WIDTH], predicted[3 * WIDTH];
    int32_t ints[3][COLUMNS];
    predictor_options_t how = predictor_options_default();
    predictor_t *predictor = NULL;
    tensor_t *dense, *sparse = NULL;

    for (size_t row = 0; row < 3; row++) {
        for (size_t c = 0; c < COLUMNS; c++) {
            ints[row][c] = bytes[row][c];
            floats[row][c] = bytes[row][c];
        }
    }
    fill_expected(bytes, expected);
    assert_predicts(model, tensor_of_floats(SHAPE(3, COLUMNS), floats[0]), expected[0]);
    assert_predicts(model, tensor_of_bytes(SHAPE(3, COLUMNS), bytes[0]), expected[0]);
    assert_predicts(model, tensor_of_ints(SHAPE(3, COLUMNS), ints[0]), expected[0]);
    dense = tensor_of_floats(SHAPE(3, COLUMNS), floats[0]);
    assert_int_equal(sparse_from_dense(dense, &sparse, NULL), DLCORE_OK);
    tensor_free(dense);
    how.batch_size = 3;
    assert_int_equal(predictor_create(model, &how, &predictor), DLCORE_OK);
    assert_int_equal(predictor_run(predictor, floats[0], 3, predicted), DLCORE_OK);
    assert_memory_equal(predicted, expected, sizeof predicted);
    assert_int_equal(predictor_run_uint8(predictor, bytes[0], 3, predicted), DLCORE_OK);
    assert_memory_equal(predicted, expected, sizeof predicted);
    assert_int_equal(predictor_run_sparse(predictor, sparse_of(sparse), predicted), DLCORE_OK);
    assert_memory_equal(predicted, expected, sizeof predicted);
    predictor_free(predictor);
    assert_predicts(model, sparse, expected[0]);
    model_free(model);
}

static void test_layer_embedding_puts_rows_of_tables_in_their_places(void **state)
{
    (void)state;
    with_every_engine(check_rows_of_tables);
}

/* Sum of weighted outputs: the gradient is the weight, and 0 for an index. */
static void check_input_gradients(engine_t engine)
{
    static const float x[2][COLUMNS] = {{1, 0.5f, 3, -2}, {0, 1.5f, 1, 4}};
    model_t *model = model_by_hand(engine);
    float slopes[2][WIDTH] = {{0}}, found[2][COLUMNS];
    tensor_t *rows = tensor_of_floats(SHAPE(2, COLUMNS), x[0]), *dy, *dx = NULL;

    for (size_t i = 0; i < (size_t)2 * WIDTH; i++)
        slopes[i / WIDTH][i % WIDTH] = (float)i + 0.25f;
    dy = tensor_of_floats(SHAPE(2, WIDTH), slopes[0]);
    assert_int_equal(tensor_create(NULL, DTYPE_FLOAT32, SHAPE(2, COLUMNS), &dx, NULL), DLCORE_OK);
    assert_int_equal(model_input_gradients_of(model, rows, dy, dx, NULL), DLCORE_OK);
    memcpy(found, tensor_data_const(dx), sizeof found);
    for (size_t row = 0; row < 2; row++) {
        assert_true(found[row][0] == 0.0f && found[row][2] == 0.0f);
        assert_true(found[row][1] == slopes[row][3] && found[row][3] == slopes[row][44]);
    }
    tensor_free(rows);
    tensor_free(dy);
    tensor_free(dx);
    model_free(model);
}

static void test_layer_embedding_has_no_gradient_by_an_index(void **state)
{
    (void)state;
    with_every_engine(check_input_gradients);
}

/* ---- against Keras ---- */

enum { ROWS = 16, INPUTS = 7, OUTPUTS = 3, STEPS = 20 };

#define LIMIT 1e-5

static const char *const cases[] = {"sgd", "adam", "adam_l2", "clipped"};

static optimizer_t optimizer_of(const char *name)
{
    optimizer_t optimizer = optimizer_adam();

    if (strcmp(name, "clipped") == 0)
        optimizer = optimizer_rmsprop();
    optimizer.learning_rate = 0.01;
    if (strcmp(name, "clipped") == 0)
        optimizer.global_clipnorm = 0.5;
    if (strcmp(name, "sgd") != 0)
        return optimizer;
    optimizer = optimizer_sgd();
    optimizer.learning_rate = 0.05;
    optimizer.momentum = 0.5;
    return optimizer;
}

static model_t *model_of(const fixture_t *fixture, const char *name, size_t threads,
                         engine_t engine)
{
    const embedding_t tables[] = {{.column = 1, .count = 5, .units = 3},
                                  {.column = 2, .count = 90, .units = 20},
                                  {.column = 6, .count = 3, .units = 2}};
    const fixture_array_t *weights = fixture_array(fixture, name, "weights");
    model_options_t options = engine_options(engine, threads);
    optimizer_t optimizer = optimizer_of(name);
    layer_t first = layer_embedding(tables, 3);
    model_t *model = NULL;

    if (strcmp(name, "adam_l2") == 0)
        first.embeddings_regularizer = regularizer_l2(0.01);
    assert_int_equal(model_create(&options, &model), DLCORE_OK);
    assert_accepted(model, model_add(model, first));
    assert_accepted(model, model_add(model, layer_dense(24, ACTIVATION_TANH)));
    assert_accepted(model, model_add(model, layer_dense(OUTPUTS, ACTIVATION_LINEAR)));
    assert_accepted(model, model_build(model, INPUTS));
    assert_accepted(model, model_compile(model, &optimizer, LOSS_MEAN_SQUARED_ERROR, METRIC_NONE));
    assert_accepted(model, model_set_weights(model, fixture_floats(weights), weights->size));
    return model;
}

static void train(const fixture_t *fixture, model_t *model)
{
    const float *x = fixture_floats(fixture_array(fixture, NULL, "x"));
    const float *y = fixture_floats(fixture_array(fixture, NULL, "y"));

    for (size_t step = 0; step < STEPS; step++) {
        tensor_t *inputs = borrow_floats(x + step * ROWS * INPUTS, ROWS, INPUTS);
        tensor_t *labels = borrow_floats(y + step * ROWS * OUTPUTS, ROWS, OUTPUTS);

        assert_accepted(model, model_train_on_batch(model, inputs, labels, NULL));
        tensor_free(inputs);
        tensor_free(labels);
    }
}

static void check_outputs(const fixture_t *fixture, const char *name, const model_t *model,
                          agreement_t *table)
{
    const fixture_array_t *expected = fixture_array(fixture, name, "y_after");
    tensor_t *x = borrow_floats(fixture_floats(fixture_array(fixture, NULL, "x")), ROWS, INPUTS);
    tensor_t *y = NULL;

    assert_int_equal(tensor_create(NULL, DTYPE_FLOAT32, SHAPE(ROWS, OUTPUTS), &y, NULL), DLCORE_OK);
    assert_int_equal(model_predict(model, x, y), DLCORE_OK);
    agreement_add(table, name, "y_after",
                  agreement_norm(tensor_data_const(y), fixture_floats(expected), expected->size),
                  LIMIT);
    tensor_free(x);
    tensor_free(y);
}

static void check_case(const fixture_t *fixture, const char *name, engine_t engine,
                       agreement_t *table)
{
    const fixture_array_t *after = fixture_array(fixture, name, "weights_after");
    model_t *model = model_of(fixture, name, 1, engine), *again;

    train(fixture, model);
    agreement_add(table, name, "weights after 20 steps", weights_error(model, after), LIMIT);
    check_outputs(fixture, name, model, table);
    for (size_t threads = 2; threads <= 5; threads++) {
        again = model_of(fixture, name, threads, engine);
        train(fixture, again);
        assert_true(same_weights(model, again));
        model_free(again);
    }
    model_free(model);
}

static void test_layer_embedding_trains_as_in_keras(void **state)
{
    fixture_t *fixture = fixture_load("embeddings.txt");
    agreement_t table =
        agreement_begin("embeddings: after twenty steps", "norm of the difference / norm");

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        check_case(fixture, cases[i], ENGINE_AUTO, &table);
        check_case(fixture, cases[i], ENGINE_BLAS, &table);
    }
    agreement_end(&table);
    fixture_free(fixture);
}

/* What no row of the batch names stays, to the bit, where a gradient of 0 moves nothing; what is
 * frozen stays, too. */
static void check_rest(engine_t engine)
{
    static const float x[2][COLUMNS] = {{1, 0.5f, 3, -2}, {1, 1.5f, 1, 4}};
    float before[WEIGHTS], after[WEIGHTS], slopes[2 * WIDTH] = {0};
    model_t *model = model_by_hand(engine);
    optimizer_t sgd = optimizer_sgd();
    tensor_t *rows = tensor_of_floats(SHAPE(2, COLUMNS), x[0]), *dy;

    for (size_t i = 0; i < (size_t)2 * WIDTH; i++)
        slopes[i] = 1;
    dy = tensor_of_floats(SHAPE(2, WIDTH), slopes);
    assert_accepted(model, model_compile(model, &sgd, LOSS_MEAN_SQUARED_ERROR, METRIC_NONE));
    assert_accepted(model, model_get_weights(model, before, WEIGHTS));
    assert_accepted(model, model_train_on_gradient(model, rows, dy));
    assert_accepted(model, model_get_weights(model, after, WEIGHTS));
    for (size_t i = 0; i < WEIGHTS; i++) {
        size_t row = i < 6 ? i / 3 : (i - 6) / 40;
        bool named = i < 6 ? row == 1 : row == 1 || row == 3;

        assert_true(named ? after[i] < before[i] : after[i] == before[i]);
    }
    assert_accepted(model, model_set_trainable(model, 0, false));
    assert_accepted(model, model_train_on_gradient(model, rows, dy));
    assert_accepted(model, model_get_weights(model, before, WEIGHTS));
    assert_memory_equal(before, after, sizeof after);
    tensor_free(rows);
    tensor_free(dy);
    model_free(model);
}

static void test_layer_embedding_moves_only_rows_that_are_named(void **state)
{
    (void)state;
    with_every_engine(check_rest);
}

/* What is multiplied behind it is rounded, the tables are not. */
static void test_layer_embedding_trains_in_bfloat16(void **state)
{
    const embedding_t table = {.column = 1, .count = 30};
    model_options_t options = engine_options(ENGINE_AUTO, 2);
    optimizer_t adam = optimizer_adam();
    float x[ROWS][2] = {{0}}, y[ROWS] = {0};
    tensor_t *inputs = borrow_floats(x[0], ROWS, 2), *labels = borrow_floats(y, ROWS, 1);
    model_t *model = NULL;
    evaluation_t before = {.loss = 0}, after = {.loss = 0};

    (void)state;
    for (size_t row = 0; row < ROWS; row++) {
        x[row][0] = (float)row / ROWS;
        x[row][1] = (float)(row * 13 % 30);
        y[row] = (float)(row * 13 % 30 % 3) - 1;
    }
    options.precision = model_bfloat16();
    adam.learning_rate = 0.02;
    assert_int_equal(model_create(&options, &model), DLCORE_OK);
    assert_accepted(model, model_add(model, layer_embedding(&table, 1)));
    assert_accepted(model, model_add(model, layer_dense(32, ACTIVATION_TANH)));
    assert_accepted(model, model_add(model, layer_dense(1, ACTIVATION_LINEAR)));
    assert_accepted(model, model_compile(model, &adam, LOSS_MEAN_SQUARED_ERROR, METRIC_NONE));
    assert_accepted(model, model_build(model, 2));
    assert_int_equal(model_evaluate(model, inputs, labels, NULL, &before), DLCORE_OK);
    for (size_t step = 0; step < 60; step++)
        assert_accepted(model, model_train_on_batch(model, inputs, labels, NULL));
    assert_int_equal(model_evaluate(model, inputs, labels, NULL, &after), DLCORE_OK);
    assert_true(after.loss < 0.05 * before.loss);
    tensor_free(inputs);
    tensor_free(labels);
    model_free(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_layer_embedding_puts_rows_of_tables_in_their_places),
        cmocka_unit_test(test_layer_embedding_has_no_gradient_by_an_index),
        cmocka_unit_test(test_layer_embedding_trains_as_in_keras),
        cmocka_unit_test(test_layer_embedding_trains_in_bfloat16),
        cmocka_unit_test(test_layer_embedding_moves_only_rows_that_are_named),
    };

    return cmocka_run_group_tests_name("layer_embedding", tests, NULL, NULL);
}
