/* Trains networks that take each way through the library, and prints their weights to the last bit:
 * the same line from every build of the same kernels.
 *
 * SPDX-License-Identifier: MIT */
#include <dlcore.h>

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS = 300, WEIGHTS_MAX = 60000 };

static uint64_t state = 1;

static float random_number(void)
{
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (float)(state >> 40) / 16777216.0F - 0.5F;
}

static void check(dlcore_status status, const char *message)
{
    if (status == DLCORE_OK)
        return;
    fprintf(stderr, "bits: %s\n", message);
    exit(EXIT_FAILURE);
}

/* A hash of the weights after some epochs, and of what the network then predicts. */
static void train(size_t inputs, size_t hidden, bool noisy, const optimizer_t *optimizer)
{
    static float data[ROWS][64], labels[ROWS], weights[WEIGHTS_MAX], answers[ROWS];
    const size_t shape[2] = {ROWS, inputs};
    fit_options_t how = fit_options_default();
    error_record_t error;
    model_t *network = NULL;
    tensor_t *x = NULL, *y_true = NULL, *y_pred = NULL;
    uint64_t hash = 14695981039346656037u;
    size_t count;

    for (size_t r = 0; r < ROWS; r++)
        for (size_t i = 0; i < inputs; i++)
            ((float *)data)[r * inputs + i] = random_number();
    for (size_t r = 0; r < ROWS; r++)
        labels[r] = ((float *)data)[r * inputs] > 0;
    check(tensor_borrow_const(NULL, DTYPE_FLOAT32, 2, shape, data, 0, &x, &error), error.message);
    check(tensor_borrow_const(NULL, DTYPE_FLOAT32, 1, shape, labels, 0, &y_true, &error),
          error.message);
    check(tensor_borrow(NULL, DTYPE_FLOAT32, 1, shape, answers, 0, &y_pred, &error), error.message);
    check(model_create(NULL, &network), "no memory");
    model_add(network, layer_dense(hidden, ACTIVATION_TANH));
    if (noisy) {
        model_add(network, layer_batch_normalization());
        model_add(network, layer_dropout(0.25));
        model_add(network, layer_dense(hidden / 2, ACTIVATION_GELU));
    }
    model_add(network, layer_dense(1, ACTIVATION_SIGMOID));
    check(model_compile(network, optimizer, LOSS_BINARY_CROSSENTROPY, METRIC_ACCURACY),
          model_error(network));
    how.epochs = 3;
    how.batch_size = 32;
    check(model_fit(network, x, y_true, &how, NULL), model_error(network));
    check(model_predict(network, x, y_pred), model_error(network));
    count = model_parameter_count(network);
    check(count <= WEIGHTS_MAX ? model_get_weights(network, weights, count) : DLCORE_ERROR_RANGE,
          "too many weights");
    for (size_t i = 0; i < count + ROWS; i++) {
        uint32_t bits;
        memcpy(&bits, i < count ? &weights[i] : &answers[i - count], sizeof bits);
        hash = (hash ^ bits) * 1099511628211u;
    }
    printf("%zu inputs, %zu units: %zu weights %08x%08x\n", inputs, hidden, count,
           (unsigned)(hash >> 32), (unsigned)hash);
    tensor_free(y_pred);
    tensor_free(y_true);
    tensor_free(x);
    model_free(network);
}

int main(void)
{
    optimizer_t adam = optimizer_adam(), sgd = optimizer_sgd();

    train(7, 8, false, &sgd);
    train(64, 200, false, &adam);
    train(20, 96, true, &adam);
    return 0;
}
