/* Transfer from an inner layer: a network learns a task with many samples; what its inner layer
 * makes of the inputs then serves another task that has 24.
 *
 * Shows model_predict_layer: features for a small network of their own. The same small network on
 * the plain inputs is shown beside it.
 *
 *     transfer [FOLDER]    FOLDER: where to write data and weights
 *
 * SPDX-License-Identifier: MIT */
#include "support/record.h"

#include <math.h>
#include <stdio.h>

enum { MANY = 2000, FEW = 24, TEST = 500, INPUTS = 2, FEATURES = 16, STEPS = 300 };

/* Points of a square: in which of the rings about the middle each lies, and in the second task
 * whether the ring is an even one. */
static void make_data(size_t rows, float *x, float *ring, float *even)
{
    for (size_t row = 0; row < rows; row++) {
        float a = 2 * next_random() - 1, b = 2 * next_random() - 1, far = sqrtf(a * a + b * b);
        int which = far < 0.45F ? 0 : far < 0.8F ? 1 : 2;

        x[row * INPUTS] = a;
        x[row * INPUTS + 1] = b;
        for (int i = 0; i < 3; i++)
            ring[row * 3 + (size_t)i] = i == which ? 1 : 0;
        even[row] = which % 2 == 0 ? 1 : 0;
    }
}

static model_t *network_of(size_t inputs, size_t hidden, size_t units, loss_kind_t loss)
{
    optimizer_t sgd = optimizer_sgd();
    model_t *network = NULL;

    sgd.learning_rate = 0.3;
    sgd.momentum = 0.9;
    require(model_create(NULL, &network), "create");
    if (hidden > 0) {
        model_add(network, layer_dense(hidden, ACTIVATION_TANH));
        model_add(network, layer_dense(FEATURES, ACTIVATION_TANH));
    }
    model_add(network, layer_dense(units, units > 1 ? ACTIVATION_SOFTMAX : ACTIVATION_SIGMOID));
    require(model_compile(network, &sgd, loss, METRIC_ACCURACY), model_error(network));
    require(model_build(network, inputs), model_error(network));
    return network;
}

static double train_and_test(model_t *network, const tensor_t *x, const tensor_t *y,
                             const tensor_t *test_x, const tensor_t *test_y)
{
    evaluation_t found;

    for (size_t step = 0; step < STEPS; step++)
        require(model_train_on_batch(network, x, y, NULL), model_error(network));
    require(model_evaluate(network, test_x, test_y, NULL, &found), "evaluate");
    return 100 * evaluation_value(&found, "accuracy");
}

int main(int argc, char **argv)
{
    static float x[MANY * INPUTS], ring[MANY * 3], even[MANY], few[FEW * FEATURES];
    static float x_test[TEST * INPUTS], ring_test[TEST * 3], even_test[TEST], test[TEST * FEATURES];
    const char *folder = argc > 1 ? argv[1] : NULL;
    tensor_t *all = matrix_of(x, MANY, INPUTS), *rings = matrix_of(ring, MANY, 3);
    tensor_t *some = matrix_of(x, FEW, INPUTS), *evens = matrix_of(even, FEW, 1);
    tensor_t *features = matrix_of(few, FEW, FEATURES), *inputs = matrix_of(x_test, TEST, INPUTS);
    tensor_t *of_test = matrix_of(test, TEST, FEATURES), *answers = matrix_of(even_test, TEST, 1);
    tensor_t *answer_rings = matrix_of(ring_test, TEST, 3);
    model_t *body = network_of(INPUTS, 32, 3, LOSS_CATEGORICAL_CROSSENTROPY);
    model_t *head = network_of(FEATURES, 0, 1, LOSS_BINARY_CROSSENTROPY);
    model_t *alone = network_of(INPUTS, 0, 1, LOSS_BINARY_CROSSENTROPY);
    double first, with, without;
    error_record_t error;

    make_data(MANY, x, ring, even);
    make_data(TEST, x_test, ring_test, even_test);
    first = train_and_test(body, all, rings, inputs, answer_rings);
    require(model_predict_layer(body, 1, some, features, &error), error.message);
    require(model_predict_layer(body, 1, inputs, of_test, &error), error.message);
    record_weights(folder, "body", body);
    record_weights(folder, "start", head);
    with = train_and_test(head, features, evens, of_test, answers);
    without = train_and_test(alone, some, evens, inputs, answers);
    record_weights(folder, "end", head);
    record_matrix(folder, "x", some);
    record_matrix(folder, "labels", evens);
    record_matrix(folder, "features", features);
    printf("first task %.1f %%; second, of %d samples: %.1f %% from the inner layer, %.1f %% "
           "without\n",
           first, FEW, with, without);
    for (size_t i = 0; i < 3; i++)
        model_free((model_t *[]){body, head, alone}[i]);
    for (size_t i = 0; i < 9; i++)
        tensor_free((tensor_t *[]){all, rings, some, evens, features, inputs, of_test, answers,
                                   answer_rings}[i]);
    return with > without + 5 ? 0 : 1;
}
