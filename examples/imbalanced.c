/* An imbalanced problem: one machine in twenty fails, and the sensors overlap.
 *
 * Shows class weights: without them the network leaves most failures out, because there are few;
 * with them it finds most, at the price of more false alarms. And batch normalization, dropout,
 * precision, recall and AUC, a classification report.
 *
 * SPDX-License-Identifier: MIT */
#include <dlcore.h>

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum { SENSORS = 8, TRAIN = 6000, TEST = 3000 };

static const char *const classes[] = {"works", "fails"};
static model_t *network;

static void check(dlcore_status status)
{
    if (status == DLCORE_OK)
        return;
    fprintf(stderr, "imbalanced: %s: %s\n", dlcore_status_name(status), model_error(network));
    exit(EXIT_FAILURE);
}

/* Roughly normal, standard deviation 1: the sum of twelve uniform numbers in -0.5 .. 0.5. */
static float noise(uint64_t *state)
{
    float sum = -6;

    for (int i = 0; i < 12; i++) {
        *state = *state * 6364136223846793005U + 1442695040888963407U;
        sum += (float)(*state >> 40) / 16777216.0F;
    }
    return sum;
}

/* A machine that fails runs warmer, and shakes more, by less than the sensors' noise. */
static void measure(uint64_t seed, size_t count, float (*sensors)[SENSORS], int32_t *fails)
{
    for (size_t i = 0; i < count; i++) {
        fails[i] = i % 20 == 0;
        for (int s = 0; s < SENSORS; s++)
            sensors[i][s] = 20 + 3 * noise(&seed) + (fails[i] && s < 5 ? 2.6F : 0);
    }
}

static void create(void)
{
    compile_options_t options = compile_options_default();

    check(model_create(NULL, &network));
    model_add(network, layer_batch_normalization());
    model_add(network, layer_dense(32, ACTIVATION_RELU));
    model_add(network, layer_dropout(0.2));
    model_add(network, layer_dense(1, ACTIVATION_SIGMOID));
    options.optimizer = optimizer_adam();
    options.loss = loss_binary_crossentropy();
    options.metrics[0] = metric_default(METRIC_ACCURACY);
    options.metrics[1] = metric_default(METRIC_PRECISION);
    options.metrics[2] = metric_default(METRIC_RECALL);
    options.metrics[3] = metric_default(METRIC_AUC);
    options.metric_count = 4;
    check(model_compile_with(network, &options));
}

/* Trains with those weights and answers the recall on the test data. */
static double train(const tensor_t *x, const tensor_t *y, const tensor_t *test_x,
                    const tensor_t *test_y, const float *class_weight)
{
    fit_options_t how = fit_options_default();
    evaluation_t result;

    create();
    how.epochs = 20;
    how.class_weight = class_weight;
    how.class_count = class_weight != NULL ? 2 : 0;
    check(model_fit(network, x, y, &how, NULL));
    check(model_evaluate(network, test_x, test_y, NULL, &result));
    printf("%s weights: accuracy %.3f, precision %.3f, recall %.3f, AUC %.3f\n",
           class_weight != NULL ? "with" : "without", evaluation_value(&result, "accuracy"),
           evaluation_value(&result, "precision"), evaluation_value(&result, "recall"),
           evaluation_value(&result, "auc"));
    return evaluation_value(&result, "recall");
}

/* Precision and recall of both classes. */
static void report(const tensor_t *test_x, const int32_t *fails)
{
    static float probabilities[TEST];
    static int32_t guesses[TEST];
    size_t counts[2 * 2];
    tensor_t *y = NULL, *labels = NULL, *predicted = NULL;

    check(tensor_borrow(NULL, DTYPE_FLOAT32, 1, (size_t[]){TEST}, probabilities, 0, &y, NULL));
    check(model_predict(network, test_x, y));
    for (size_t i = 0; i < TEST; i++)
        guesses[i] = probabilities[i] > 0.5F;
    check(tensor_borrow_const(NULL, DTYPE_INT32, 1, (size_t[]){TEST}, fails, 0, &labels, NULL));
    check(
        tensor_borrow_const(NULL, DTYPE_INT32, 1, (size_t[]){TEST}, guesses, 0, &predicted, NULL));
    check(confusion_matrix(labels, predicted, 2, counts, NULL));
    check(report_classification(counts, 2, classes, stdout, NULL));
    tensor_free(y);
    tensor_free(labels);
    tensor_free(predicted);
}

int main(void)
{
    static float inputs[TRAIN][SENSORS], test_inputs[TEST][SENSORS];
    static int32_t fails[TRAIN], test_fails[TEST];
    static const float weights[2] = {1, 19}; /* as many times as there are more of the others */
    tensor_t *x = NULL, *y = NULL, *test_x = NULL, *test_y = NULL;
    double without, with;

    measure(1, TRAIN, inputs, fails);
    measure(2, TEST, test_inputs, test_fails);
    check(tensor_borrow_const(NULL, DTYPE_FLOAT32, 2, (size_t[]){TRAIN, SENSORS}, inputs, 0, &x,
                              NULL));
    check(tensor_borrow_const(NULL, DTYPE_INT32, 1, (size_t[]){TRAIN}, fails, 0, &y, NULL));
    check(tensor_borrow_const(NULL, DTYPE_FLOAT32, 2, (size_t[]){TEST, SENSORS}, test_inputs, 0,
                              &test_x, NULL));
    check(
        tensor_borrow_const(NULL, DTYPE_INT32, 1, (size_t[]){TEST}, test_fails, 0, &test_y, NULL));

    without = train(x, y, test_x, test_y, NULL);
    model_free(network);
    with = train(x, y, test_x, test_y, weights);
    report(test_x, test_fails);

    model_free(network);
    tensor_free(x);
    tensor_free(y);
    tensor_free(test_x);
    tensor_free(test_y);
    return with > without + 0.1 ? EXIT_SUCCESS : EXIT_FAILURE;
}
