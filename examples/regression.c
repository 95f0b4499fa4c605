/* Regression: learns the formula z = sin(2 x) cos(y) from samples of it.
 *
 * Shows a linear output with the mean squared error, the mean absolute error as a metric, a share
 * of the samples held back for validation, and the history of a fit.
 *
 * SPDX-License-Identifier: MIT */
#include <dlcore.h>

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define SAMPLES 2000

static model_t *network;

static void check(dlcore_status status)
{
    if (status == DLCORE_OK)
        return;
    fprintf(stderr, "regression: %s: %s\n", dlcore_status_name(status), model_error(network));
    exit(EXIT_FAILURE);
}

/* The same numbers in -1 .. 1 on every machine (a linear congruential generator, upper bits). */
static float next_number(uint64_t *state)
{
    *state = *state * 6364136223846793005U + 1442695040888963407U;
    return (float)(*state >> 40) / 8388608.0F - 1.0F;
}

static float formula(float x, float y)
{
    return sinf(2 * x) * cosf(y);
}

int main(void)
{
    static float inputs[SAMPLES][2];
    static float outputs[SAMPLES];
    const size_t shape[2] = {SAMPLES, 2};
    uint64_t state = 1;
    tensor_t *x = NULL;
    tensor_t *y_true = NULL;
    history_t *history = NULL;
    optimizer_t rmsprop = optimizer_rmsprop();
    fit_options_t how = fit_options_default();
    double after;
    size_t epoch;
    int i;

    for (i = 0; i < SAMPLES; i++) {
        inputs[i][0] = next_number(&state);
        inputs[i][1] = next_number(&state);
        outputs[i] = formula(inputs[i][0], inputs[i][1]);
    }
    check(tensor_borrow_const(NULL, DTYPE_FLOAT32, 2, shape, inputs, 0, &x, NULL));
    check(tensor_borrow_const(NULL, DTYPE_FLOAT32, 1, shape, outputs, 0, &y_true, NULL));

    check(model_create(NULL, &network));
    check(model_add(network, layer_dense(32, ACTIVATION_TANH)));
    check(model_add(network, layer_dense(32, ACTIVATION_TANH)));
    check(model_add(network, layer_dense(1, ACTIVATION_LINEAR)));
    check(model_compile(network, &rmsprop, LOSS_MEAN_SQUARED_ERROR, METRIC_MEAN_ABSOLUTE_ERROR));

    how.epochs = 40;
    how.validation_split = 0.2;
    check(model_fit(network, x, y_true, &how, &history));

    printf("epoch    loss  val_loss  val_mean_absolute_error\n");
    for (epoch = 0; epoch < history_epoch_count(history); epoch += 13)
        printf("%5zu  %.4f    %.4f                   %.4f\n", epoch + 1,
               history_value(history, "loss", epoch), history_value(history, "val_loss", epoch),
               history_value(history, "val_mean_absolute_error", epoch));
    after = history_value(history, "val_mean_absolute_error", how.epochs - 1);

    history_free(history);
    tensor_free(y_true);
    tensor_free(x);
    model_free(network);
    if (!(after < 0.05)) { /* NaN, too */
        fprintf(stderr, "regression: an absolute error of %.4f, but below 0.05 was expected\n",
                after);
        return EXIT_FAILURE;
    }
    return EXIT_SUCCESS;
}
