/* Dropout and noise, number by number: what they draw in each step, and that they do nothing when
 * predicting.
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

#include "support/classifier.h"
#include "support/models.h"

enum { ROWS = 64, WIDTH = 100, COUNT = ROWS * WIDTH, STEPS = 4 };

static tensor_t *tensor_of(size_t width, const float *values)
{
    tensor_t *tensor = NULL;

    assert_int_equal(tensor_create(NULL, DTYPE_FLOAT32, 2, (size_t[]){ROWS, width}, &tensor, NULL),
                     DLCORE_OK);
    if (values != NULL)
        memcpy(tensor_data(tensor), values, ROWS * width * sizeof *values);
    return tensor;
}

/* ---- what is drawn ---- */

/* What a layer at place 1 or 2 makes of a batch of `input` in STEPS steps. Behind it stands a dense
 * layer of zeros with a unit for each row, whose labels are such that the slope of the loss is -1
 * for a row's own unit: a step with rate 1 leaves the batch in its kernel, turned. */
static void draw(layer_t layer, size_t place, float input, uint64_t seed, float drawn[][COUNT])
{
    static float weights[WIDTH * ROWS];
    layer_t last = layer_dense(ROWS, ACTIVATION_LINEAR);
    model_options_t options = model_options_default();
    compile_options_t how = compile_options_default();
    tensor_t *x = tensor_of(WIDTH, NULL), *y = tensor_of(ROWS, NULL);
    model_t *model = NULL;

    options.seed = seed;
    last.use_bias = false;
    last.kernel_initializer = initializer_zeros();
    how.loss = loss_mean_squared_error();
    how.loss.reduction = REDUCTION_SUM;
    how.optimizer = optimizer_sgd();
    how.optimizer.learning_rate = 1;
    assert_int_equal(model_create(&options, &model), DLCORE_OK);
    for (size_t i = 0; i < place; i++)
        assert_accepted(model, model_add(model, layer_activation(ACTIVATION_LINEAR)));
    assert_accepted(model, model_add(model, layer));
    assert_accepted(model, model_add(model, last));
    assert_accepted(model, model_build(model, WIDTH));
    assert_accepted(model, model_compile_with(model, &how));
    tensor_fill(x, (double)input, NULL);
    for (size_t row = 0; row < ROWS; row++)
        ((float *)tensor_data(y))[row * ROWS + row] = 0.5F * ROWS;
    for (size_t step = 0; step < STEPS; step++) {
        memset(weights, 0, sizeof weights);
        assert_accepted(model, model_set_weights(model, weights, WIDTH * ROWS));
        assert_accepted(model, model_train_on_batch(model, x, y, NULL));
        assert_accepted(model, model_get_weights(model, weights, WIDTH * ROWS));
        for (size_t i = 0; i < COUNT; i++)
            drawn[step][i] = weights[i % WIDTH * ROWS + i / WIDTH];
    }
    model_free(model);
    tensor_free(x);
    tensor_free(y);
}

static float drawn[STEPS][COUNT], others[STEPS][COUNT];

/* Five deviations of a share of n. */
static double spread(double share, double n)
{
    return 5 * sqrt(share * (1 - share) / n);
}

static double kept_in_both(const float *a, const float *b)
{
    size_t count = 0;

    for (size_t i = 0; i < COUNT; i++)
        count += a[i] != 0 && b[i] != 0;
    return (double)count / COUNT;
}

/* Every row and every column keeps its share, too. */
static void check_shares(const float *mask, double kept)
{
    for (size_t row = 0; row < ROWS; row++) {
        size_t count = 0;
        for (size_t c = 0; c < WIDTH; c++)
            count += mask[row * WIDTH + c] != 0;
        assert_true(fabs((double)count / WIDTH - kept) < spread(kept, WIDTH));
    }
    for (size_t c = 0; c < WIDTH; c++) {
        size_t count = 0;
        for (size_t row = 0; row < ROWS; row++)
            count += mask[row * WIDTH + c] != 0;
        assert_true(fabs((double)count / ROWS - kept) < spread(kept, ROWS));
    }
}

static void test_layers_random_dropout_is_zero_or_scaled_and_new_in_each_step(void **state)
{
    static const double rates[] = {0.2, 0.5, 0.75};

    (void)state;
    for (size_t r = 0; r < 3; r++) {
        double kept = 1 - rates[r];
        float scaled = (float)(1 / kept) * 3;

        draw(layer_dropout(rates[r]), 1, 3, 5, drawn);
        draw(layer_dropout(rates[r]), 2, 3, 5, others);
        for (size_t step = 0; step < STEPS; step++) {
            for (size_t i = 0; i < COUNT; i++)
                assert_true(drawn[step][i] == 0 || fabsf(drawn[step][i] - scaled) < 1e-6F * scaled);
            assert_true(fabs(kept_in_both(drawn[step], drawn[step]) - kept) < spread(kept, COUNT));
            check_shares(drawn[step], kept);
            /* independent of the layer in another place, and of the steps before */
            assert_true(fabs(kept_in_both(drawn[step], others[step]) - kept * kept) <
                        spread(kept * kept, COUNT));
            for (size_t before = 0; before < step; before++)
                assert_true(fabs(kept_in_both(drawn[step], drawn[before]) - kept * kept) <
                            spread(kept * kept, COUNT));
        }
        draw(layer_dropout(rates[r]), 1, 3, 5, others);
        assert_memory_equal(drawn, others, sizeof drawn);
        draw(layer_dropout(rates[r]), 1, 3, 6, others);
        assert_true(fabs(kept_in_both(drawn[0], others[0]) - kept * kept) <
                    spread(kept * kept, COUNT));
    }
}

/* Mean, deviation, share beyond one deviation, and products with another step's. */
static void check_noise(const float *noise, const float *other, double deviation)
{
    double sum = 0, squares = 0, products = 0;
    size_t beyond = 0;

    for (size_t i = 0; i < COUNT; i++) {
        double n = (double)noise[i] / deviation;
        sum += n / COUNT;
        squares += n * n / COUNT;
        products += n * (double)other[i] / deviation / COUNT;
        beyond += fabs(n) > 1;
    }
    assert_true(fabs(sum) < 5 / sqrt(COUNT));
    assert_true(fabs(squares - 1) < 5 * sqrt(2.0 / COUNT));
    assert_true(fabs((double)beyond / COUNT - 0.31731) < spread(0.31731, COUNT));
    assert_true(noise == other || fabs(products) < 5 / sqrt(COUNT));
}

static void test_layers_random_noise_is_normal_and_new_in_each_step(void **state)
{
    (void)state;
    draw(layer_gaussian_noise(0.5), 1, 0, 5, drawn);
    for (size_t step = 0; step < STEPS; step++)
        for (size_t before = 0; before <= step; before++)
            check_noise(drawn[step], drawn[before], 0.5);
    draw(layer_gaussian_noise(0.5), 1, 0, 5, others);
    assert_memory_equal(drawn, others, sizeof drawn);
    draw(layer_gaussian_noise(0.5), 2, 0, 5, others);
    check_noise(drawn[0], others[0], 0.5);
}

/* ---- predicting ---- */

static void fill(tensor_t *x)
{
    for (size_t i = 0; i < COUNT; i++)
        ((float *)tensor_data(x))[i] = (float)((i * 7919) % 1009) / 504 - 1;
}

static model_t *model_around(const layer_t *layers, size_t count, engine_t engine)
{
    model_options_t options = model_options_default();
    optimizer_t sgd = optimizer_sgd();
    model_t *model = NULL;

    options.engine = engine;
    sgd.learning_rate = 0;
    assert_int_equal(model_create(&options, &model), DLCORE_OK);
    for (size_t i = 0; i < count; i++)
        assert_accepted(model, model_add(model, layers[i]));
    assert_accepted(model, model_build(model, WIDTH));
    assert_accepted(model, model_compile(model, &sgd, LOSS_MEAN_SQUARED_ERROR, METRIC_NONE));
    return model;
}

/* Predictions are the inputs, bit by bit, and a loss against them is 0. */
static void check_alone(layer_t layer, engine_t engine)
{
    model_t *model = model_around(&layer, 1, engine);
    tensor_t *x = tensor_of(WIDTH, NULL), *y = tensor_of(WIDTH, NULL);
    predictor_t *predictor = NULL;
    evaluation_t result;
    float row[WIDTH];

    fill(x);
    assert_accepted(model, model_predict(model, x, y));
    assert_memory_equal(tensor_data_const(x), tensor_data_const(y), COUNT * sizeof(float));
    assert_accepted(model, model_evaluate(model, x, x, NULL, &result));
    assert_true(result.loss == 0);
    assert_accepted(model, model_test_on_batch(model, x, x, &result));
    assert_true(result.loss == 0);
    assert_int_equal(predictor_create(model, NULL, &predictor), DLCORE_OK);
    assert_int_equal(predictor_run(predictor, tensor_data_const(x), 1, row), DLCORE_OK);
    assert_memory_equal(row, tensor_data_const(x), sizeof row);
    predictor_free(predictor);
    model_free(model);
    tensor_free(x);
    tensor_free(y);
}

static void check_all_alone(engine_t engine)
{
    check_alone(layer_dropout(0.5), engine);
    check_alone(layer_dropout(1), engine);
    check_alone(layer_gaussian_noise(2), engine);
}

static void test_layers_random_alone_predict_their_inputs(void **state)
{
    (void)state;
    with_every_engine(check_all_alone);
}

/* A network predicts and validates in a fit as the same without them does, while its own loss,
 * of training, is another. */
static void check_within(engine_t engine)
{
    layer_t with[] = {layer_dropout(0.3),      layer_dense(20, ACTIVATION_TANH),
                      layer_gaussian_noise(1), layer_dense(10, ACTIVATION_RELU),
                      layer_dropout(0.5),      layer_dense(WIDTH, ACTIVATION_LINEAR)};
    layer_t without[] = {with[1], with[3], with[5]};
    model_t *a = model_around(with, 6, engine), *b = model_around(without, 3, engine);
    size_t count = model_parameter_count(a);
    tensor_t *x = tensor_of(WIDTH, NULL), *of_a, *of_b;
    fit_options_t how = batches_of(ROWS);
    history_t *history = NULL;
    evaluation_t result;
    samples_t samples;
    float *weights = weights_of(a);

    fill(x);
    samples = (samples_t){x, x};
    assert_non_null(weights);
    assert_accepted(b, model_set_weights(b, weights, count));
    how.validation_x = how.validation_y = x;
    assert_accepted(a, model_fit(a, x, x, &how, &history));
    assert_accepted(b, model_evaluate(b, x, x, NULL, &result));
    assert_true(fabs(history_value(history, "val_loss", 0) - result.loss) < 1e-6 * result.loss);
    assert_true(fabs(history_value(history, "loss", 0) - result.loss) > 1e-3 * result.loss);
    of_a = predictions(a, samples);
    of_b = predictions(b, samples);
    assert_memory_equal(tensor_data_const(of_a), tensor_data_const(of_b), COUNT * sizeof(float));
    history_free(history);
    tensor_free(x);
    tensor_free(of_a);
    tensor_free(of_b);
    model_free(a);
    model_free(b);
    free(weights);
}

static void test_layers_random_within_a_network_do_nothing_when_predicting(void **state)
{
    (void)state;
    with_every_engine(check_within);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_layers_random_dropout_is_zero_or_scaled_and_new_in_each_step),
        cmocka_unit_test(test_layers_random_noise_is_normal_and_new_in_each_step),
        cmocka_unit_test(test_layers_random_alone_predict_their_inputs),
        cmocka_unit_test(test_layers_random_within_a_network_do_nothing_when_predicting),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
