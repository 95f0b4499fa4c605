/* Streaming: training on data that never exists as a whole.
 *
 * Shows model_train_on_batch, one step for each batch as it arrives. Here points of a square come
 * in and the network learns which of them lie within a ring. Each batch overwrites the one before.
 *
 * SPDX-License-Identifier: MIT */
#include <dlcore.h>

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define BATCH 64
#define BATCHES 1500

static model_t *network;
static error_record_t error; /* of all calls that do not change the model */

static void check(dlcore_status status)
{
    if (status == DLCORE_OK)
        return;
    fprintf(stderr, "streaming: %s: %s\n", dlcore_status_name(status),
            error.status == status ? error.message : model_error(network));
    exit(EXIT_FAILURE);
}

static float next_number(uint64_t *state)
{
    *state = *state * 6364136223846793005U + 1442695040888963407U;
    return (float)(*state >> 40) / 8388608.0F - 1.0F;
}

/* The stream: points of a square, and whether each lies within a ring. */
static void receive(uint64_t *state, float (*points)[2], uint8_t *inside)
{
    int i;

    for (i = 0; i < BATCH; i++) {
        float x = points[i][0] = next_number(state);
        float y = points[i][1] = next_number(state);
        float square = x * x + y * y;

        inside[i] = square > 0.2F && square < 0.7F;
    }
}

int main(void)
{
    static float points[BATCH][2];
    static uint8_t inside[BATCH];
    const size_t shape[2] = {BATCH, 2};
    uint64_t state = 7;
    tensor_t *x = NULL;
    tensor_t *y_true = NULL;
    optimizer_t rmsprop = optimizer_rmsprop();
    evaluation_t result;
    double accuracy = 0.5; /* a running mean over about the last 50 batches */
    int batch;

    /* Made once, over memory that changes. */
    check(tensor_borrow_const(NULL, DTYPE_FLOAT32, 2, shape, points, 0, &x, &error));
    check(tensor_borrow_const(NULL, DTYPE_UINT8, 1, shape, inside, 0, &y_true, &error));

    check(model_create(NULL, &network));
    check(model_add(network, layer_dense(32, ACTIVATION_RELU)));
    check(model_add(network, layer_dense(32, ACTIVATION_RELU)));
    check(model_add(network, layer_dense(1, ACTIVATION_SIGMOID)));
    rmsprop.learning_rate = 0.003;
    check(model_compile(network, &rmsprop, LOSS_BINARY_CROSSENTROPY, METRIC_ACCURACY));

    for (batch = 1; batch <= BATCHES; batch++) {
        receive(&state, points, inside);
        check(model_train_on_batch(network, x, y_true, &result));
        accuracy += 0.02 * (evaluation_value(&result, "accuracy") - accuracy);
        if (batch % 250 == 0)
            printf("batch %4d: loss %.4f, accuracy of late %.4f\n", batch, result.loss, accuracy);
    }

    tensor_free(y_true);
    tensor_free(x);
    model_free(network);
    if (!(accuracy > 0.93)) {
        fprintf(stderr, "streaming: the accuracy should be above 0.93\n");
        return EXIT_FAILURE;
    }
    return EXIT_SUCCESS;
}
