/* Exclusive or: the smallest problem that one layer cannot solve and two can.
 *
 * Shows the whole way from two arrays of numbers to predictions: borrow data, add layers, compile,
 * fit, predict.
 *
 * SPDX-License-Identifier: MIT */
#include <dlcore.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static model_t *network;
static error_record_t error; /* of all calls that do not change the model */

static void check(dlcore_status status)
{
    if (status == DLCORE_OK)
        return;
    fprintf(stderr, "xor: %s: %s\n", dlcore_status_name(status),
            error.status == status ? error.message : model_error(network));
    exit(EXIT_FAILURE);
}

int main(void)
{
    const float inputs[4][2] = {{0, 0}, {0, 1}, {1, 0}, {1, 1}};
    const float answers[4] = {0, 1, 1, 0};
    const size_t shape[2] = {4, 2};
    float said[4] = {0};
    tensor_t *x = NULL;
    tensor_t *y_true = NULL;
    tensor_t *y_pred = NULL;
    optimizer_t rmsprop = optimizer_rmsprop();
    fit_options_t how = fit_options_default();
    predict_options_t asked = predict_options_default();
    int wrong = 0;
    int i;

    /* Tensors over the arrays above, nothing is copied. */
    check(tensor_borrow_const(NULL, DTYPE_FLOAT32, 2, shape, inputs, 0, &x, &error));
    check(tensor_borrow_const(NULL, DTYPE_FLOAT32, 1, shape, answers, 0, &y_true, &error));
    check(tensor_borrow(NULL, DTYPE_FLOAT32, 1, shape, said, 0, &y_pred, &error));

    check(model_create(NULL, &network));
    check(model_add(network, layer_dense(8, ACTIVATION_TANH)));
    check(model_add(network, layer_dense(1, ACTIVATION_SIGMOID)));
    rmsprop.learning_rate = 0.05;
    check(model_compile(network, &rmsprop, LOSS_BINARY_CROSSENTROPY, METRIC_ACCURACY));

    how.epochs = 200;
    how.batch_size = 4;
    check(model_fit(network, x, y_true, &how, NULL));
    asked.error = &error;
    check(model_predict_with(network, x, y_pred, &asked));

    for (i = 0; i < 4; i++) {
        printf("%.0f xor %.0f = %.0f, the network says %.3f\n", (double)inputs[i][0],
               (double)inputs[i][1], (double)answers[i], (double)said[i]);
        wrong += fabsf(said[i] - answers[i]) > 0.2F;
    }

    tensor_free(y_pred);
    tensor_free(y_true);
    tensor_free(x);
    model_free(network);
    if (wrong > 0) {
        fprintf(stderr, "xor: %d of 4 answers are wrong\n", wrong);
        return EXIT_FAILURE;
    }
    return EXIT_SUCCESS;
}
