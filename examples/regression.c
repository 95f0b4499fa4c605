/* Regression: what a flat costs, from its size, age, place and so on.
 *
 *     regression [CURVES.svg]
 *
 * Shows features of quite different sizes, which a normalization layer brings to one; a part of the
 * data kept for the test; the mean absolute error in euros, next to that of an answer which needs
 * no network; early stopping with the best weights; and the learning curves as a picture. The
 * flats are made up here, with what makes real ones hard: sizes are skewed, features hang together,
 * prices multiply, and one sale in fifty is an odd one.
 *
 * SPDX-License-Identifier: MIT */
#include <dlcore.h>

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum { AREA, ROOMS, AGE, DISTANCE, ENERGY, FLOOR, BALCONY, FEATURES, FLATS = 3000 };

#define UNIT \
    100000.0 /* euros: prices of some units are as large as what networks answer at first */

static model_t *network;
static error_record_t error; /* of all calls that do not change the model */

static void check(dlcore_status status)
{
    if (status == DLCORE_OK)
        return;
    fprintf(stderr, "regression: %s: %s\n", dlcore_status_name(status),
            error.status == status ? error.message : model_error(network));
    exit(EXIT_FAILURE);
}

/* ---- the data ---- */

/* In 0 .. 1, the same on every machine. */
static double uniform(uint64_t *state)
{
    *state = *state * 6364136223846793005U + 1442695040888963407U;
    return (double)(*state >> 40) / 16777216.0;
}

/* Roughly normal, standard deviation 1. */
static double normal(uint64_t *state)
{
    double sum = -6;

    for (int i = 0; i < 12; i++)
        sum += uniform(state);
    return sum;
}

static void build(uint64_t *state, float flat[FEATURES])
{
    double area = exp(4.3 + 0.4 * normal(state));        /* m2: half of them below 74, a few 200 */
    double age = 110 * pow(uniform(state), 1.3);         /* years */
    double distance = -5 * log(1 - uniform(state));      /* km to the centre */
    double energy = 60 + 1.4 * age + 25 * normal(state); /* kWh per m2 and year: old ones leak */

    flat[AREA] = (float)area;
    flat[ROOMS] = (float)fmax(1, floor(area / 26 + 0.6 * normal(state) + 0.5));
    flat[AGE] = (float)floor(age);
    flat[DISTANCE] = (float)distance;
    flat[ENERGY] = (float)fmax(15, energy);
    flat[FLOOR] = (float)floor(7 * pow(uniform(state), 1.5));
    flat[BALCONY] = uniform(state) < 0.3 + 0.004 * (110 - age);
}

/* Euros. A place in the centre is worth more than the distance tells further out; houses from
 * before 1930 are sought after again; every floor is one more to climb. */
static double sell(uint64_t *state, const float flat[FEATURES])
{
    double value = log(8000) + 0.93 * log((double)flat[AREA]);

    value -= 0.35 * (1 - exp(-(double)flat[DISTANCE] / 4)) + 0.012 * (double)flat[DISTANCE];
    value -= 0.005 * (double)flat[AGE];
    value += flat[AGE] > 90 && flat[DISTANCE] < 5 ? 0.35 : 0;
    value -= 0.0008 * ((double)flat[ENERGY] - 60) + 0.015 * (double)flat[FLOOR];
    value += flat[BALCONY] > 0 ? 0.04 : 0;
    value += 0.08 * normal(state);
    if (uniform(state) < 0.02) /* to a cousin, or in a hurry */
        value -= 0.5 * uniform(state);
    return exp(value);
}

/* ---- the answer without a network ---- */

/* How far off it is, in the mean, to answer `guess` for every flat. */
static double error_of(double guess, const tensor_t *prices)
{
    const float *price = tensor_data_const(prices);
    size_t count = tensor_length(prices, 0);
    double sum = 0;

    for (size_t i = 0; i < count; i++)
        sum += fabs((double)price[i] - guess);
    return sum / (double)count;
}

/* ---- the network ---- */

static void create(const tensor_t *x)
{
    optimizer_t adam = optimizer_adam();

    adam.learning_rate = 0.003;
    check(model_create(NULL, &network));
    check(model_add(network, layer_normalization()));
    check(model_add(network, layer_dense(32, ACTIVATION_RELU)));
    check(model_add(network, layer_dense(32, ACTIVATION_RELU)));
    check(model_add(network, layer_dense(1, ACTIVATION_LINEAR)));
    check(model_adapt(network, 0, x)); /* means and deviations, of the training data alone */
    check(model_compile(network, &adam, LOSS_MEAN_ABSOLUTE_ERROR, METRIC_R2_SCORE));
}

/* Until 15 epochs in a row were no better on the fifth that is held back. */
static void train(const split_t *data, const char *picture)
{
    early_stopping_t stopping = early_stopping_default();
    fit_options_t how = fit_options_default();
    callback_t callback;
    history_t *history = NULL;

    stopping.patience = 15;
    stopping.restore_best_weights = true;
    callback = early_stopping_callback(&stopping);
    how.epochs = 150;
    how.validation_split = 0.2;
    how.callbacks = &callback;
    how.callback_count = 1;
    check(model_fit(network, data->train_x, data->train_y, &how, &history));
    printf(
        "trained for %zu epochs; epoch %zu was best, with %.0f euros off on the validation data\n",
        history_epoch_count(history), stopping.best_epoch + 1, stopping.best * UNIT);
    if (picture != NULL) {
        check(history_save_svg(history, picture, NULL, &error));
        printf("learning curves: %s\n", picture);
    }
    history_free(history);
}

static void show_some(const split_t *data)
{
    const float *flat = tensor_data_const(data->test_x), *price = tensor_data_const(data->test_y);
    const size_t shape[2] = {4, FEATURES}, answers_shape[1] = {4};
    predict_options_t asked = predict_options_default();
    tensor_t *some = NULL, *answers = NULL;
    float guess[4];

    check(tensor_borrow_const(NULL, DTYPE_FLOAT32, 2, shape, flat, 0, &some, &error));
    check(tensor_borrow(NULL, DTYPE_FLOAT32, 1, answers_shape, guess, 0, &answers, &error));
    asked.error = &error;
    check(model_predict_with(network, some, answers, &asked));
    for (int i = 0; i < 4; i++, flat += FEATURES)
        printf("  %4.0f m2, %.0f room%s, %3.0f years old, %4.1f km out:  %7.0f euros, sold for "
               "%7.0f\n",
               (double)flat[AREA], (double)flat[ROOMS], flat[ROOMS] > 1 ? "s" : " ",
               (double)flat[AGE], (double)flat[DISTANCE], (double)guess[i] * UNIT,
               (double)price[i] * UNIT);
    tensor_free(answers);
    tensor_free(some);
}

int main(int argc, char **argv)
{
    static float flats[FLATS][FEATURES], prices[FLATS];
    const size_t shape[2] = {FLATS, FEATURES};
    split_options_t fifth = split_options_default();
    evaluate_options_t tested = evaluate_options_default();
    tensor_t *x = NULL, *y = NULL;
    evaluation_t result;
    uint64_t state = 1;
    double mean, baseline, off;
    split_t data;

    for (size_t i = 0; i < FLATS; i++) {
        build(&state, flats[i]);
        prices[i] = (float)(sell(&state, flats[i]) / UNIT);
    }
    check(tensor_borrow_const(NULL, DTYPE_FLOAT32, 2, shape, flats, 0, &x, &error));
    check(tensor_borrow_const(NULL, DTYPE_FLOAT32, 1, shape, prices, 0, &y, &error));
    fifth.test_fraction = 0.2;
    check(train_test_split(x, y, &fifth, &data, &error));

    create(data.train_x);
    train(&data, argc > 1 ? argv[1] : NULL);
    tested.error = &error;
    check(model_evaluate(network, data.test_x, data.test_y, &tested, &result));
    mean = error_of(0, data.train_y); /* no price is below 0 */
    baseline = error_of(mean, data.test_y) * UNIT;
    off = result.loss * UNIT;
    printf("on %zu flats that it has not seen, it is %.0f euros off, R2 %.3f;\n"
           "to answer the mean price, whatever the flat, is %.0f euros off\n",
           tensor_length(data.test_x, 0), off, evaluation_value(&result, "r2_score"), baseline);
    show_some(&data);

    split_free(&data);
    tensor_free(y);
    tensor_free(x);
    model_free(network);
    if (!(off < baseline / 3)) { /* NaN, too */
        fprintf(stderr, "regression: less than a third of the mean's error was expected\n");
        return EXIT_FAILURE;
    }
    return EXIT_SUCCESS;
}
