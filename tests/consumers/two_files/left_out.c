/* A host without threads and without files: a network learns exclusive or, its weights go from one
 * model to another through memory, and what would need a thread or a file says so, and which option
 * it is.
 *
 * SPDX-License-Identifier: MIT */
#include <dlcore.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static error_record_t error;

static void expect(int holds, const char *what, const char *message)
{
    if (holds)
        return;
    printf("left out: %s: %s\n", what, message);
    exit(EXIT_FAILURE);
}

/* A status with a message that names the option. */
static void refused(const char *what, dlcore_status status, dlcore_status wanted,
                    const char *message, const char *option)
{
    expect(status == wanted && strstr(message, option) != NULL, what, message);
    printf("%s\n", message);
}

static dlcore_status begin(void *user, size_t pass, size_t batch, error_record_t *record)
{
    (void)user;
    (void)pass;
    (void)batch;
    (void)record;
    return DLCORE_OK;
}

static dlcore_status next(void *user, dataset_batch_t *batch, error_record_t *record)
{
    (void)user;
    (void)batch;
    (void)record;
    return DLCORE_OK;
}

static model_t *network_made(void)
{
    optimizer_t rmsprop = optimizer_rmsprop();
    model_t *network = NULL;

    expect(model_create(NULL, &network) == DLCORE_OK, "model_create", "failed");
    rmsprop.learning_rate = 0.05;
    model_add(network, layer_dense(8, ACTIVATION_TANH));
    model_add(network, layer_dense(1, ACTIVATION_SIGMOID));
    expect(model_compile(network, &rmsprop, LOSS_BINARY_CROSSENTROPY, METRIC_ACCURACY) == DLCORE_OK,
           "model_compile", model_error(network));
    return network;
}

int main(void)
{
    const float inputs[4][2] = {{0, 0}, {0, 1}, {1, 0}, {1, 1}};
    const float answers[4] = {0, 1, 1, 0};
    const size_t shape[2] = {4, 2};
    float said[4] = {0}, weights[33];
    dataset_t dataset = {.begin = begin, .next = next, .prefetch = true};
    model_options_t threaded = model_options_default();
    fit_options_t how = fit_options_default();
    save_options_t how_saved = save_options_default();
    model_t *network = network_made(), *copy = network_made(), *none = NULL;
    tensor_t *x = NULL, *y_true = NULL, *y_pred = NULL, *read = NULL;
    dlcore_status status;

    expect(tensor_borrow_const(NULL, DTYPE_FLOAT32, 2, shape, inputs, 0, &x, &error) == DLCORE_OK &&
               tensor_borrow_const(NULL, DTYPE_FLOAT32, 1, shape, answers, 0, &y_true, &error) ==
                   DLCORE_OK &&
               tensor_borrow(NULL, DTYPE_FLOAT32, 1, shape, said, 0, &y_pred, &error) == DLCORE_OK,
           "tensors", error.message);
    how.epochs = 200;
    how.batch_size = 4;
    expect(model_fit(network, x, y_true, &how, NULL) == DLCORE_OK, "fit", model_error(network));
    expect(model_build(copy, 2) == DLCORE_OK &&
               model_get_weights(network, weights, 33) == DLCORE_OK &&
               model_set_weights(copy, weights, 33) == DLCORE_OK,
           "weights", model_error(copy));
    expect(model_predict(copy, x, y_pred) == DLCORE_OK, "predict", model_error(copy));
    for (int i = 0; i < 4; i++)
        expect(fabsf(said[i] - answers[i]) < 0.2F, "learning", "the answers are wrong");

    threaded.threads = 4;
    threaded.error = &error;
    refused("threads", model_create(&threaded, &none), DLCORE_ERROR_UNSUPPORTED, error.message,
            "DLCORE_THREADS");
    status = model_fit_dataset(network, &dataset, &how, NULL);
    refused("prefetch", status, DLCORE_ERROR_UNSUPPORTED, model_error(network), "DLCORE_THREADS");
    how_saved.error = &error;
    status = model_save(network, "network.safetensors", &how_saved);
    refused("model_save", status, DLCORE_ERROR_IO, error.message, "DLCORE_FILES");
    status = npy_load("data.npy", NULL, &read, &error);
    refused("npy_load", status, DLCORE_ERROR_IO, error.message, "DLCORE_FILES");

    tensor_free(y_pred);
    tensor_free(y_true);
    tensor_free(x);
    model_free(copy);
    model_free(network);
    printf("left out: passed\n");
    return 0;
}
