/* The smallest host: trains one unit on y = 2 x + 1 and checks what it learnt.
 *
 * SPDX-License-Identifier: MIT */
#include <dlcore.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

static dlcore_status train(model_t *network, const tensor_t *x, const tensor_t *y)
{
    optimizer_t sgd = optimizer_sgd();
    fit_options_t how = fit_options_default();

    sgd.learning_rate = 0.2;
    how.epochs = 200;
    how.batch_size = 4;
    model_add(network, layer_dense(1, ACTIVATION_LINEAR));
    model_compile(network, &sgd, LOSS_MEAN_SQUARED_ERROR, METRIC_NONE);
    return model_fit(network, x, y, &how, NULL);
}

int main(void)
{
    const float inputs[4] = {-1, 0, 1, 2};
    const float outputs[4] = {-1, 1, 3, 5};
    const size_t shape[2] = {4, 1};
    float learnt[2] = {0, 0};
    model_t *network = NULL;
    tensor_t *x = NULL;
    tensor_t *y = NULL;
    int failed = 1;

    if (strcmp(dlcore_version_string(), DLCORE_VERSION) != 0) {
        fprintf(stderr, "headers are %s, the archive is %s\n", DLCORE_VERSION,
                dlcore_version_string());
        return 1;
    }
    /* Draws in the part of the archive that needs zlib. */
    if (idx_load("no such file", NULL, &x, NULL) != DLCORE_ERROR_IO)
        return 1;
    if (model_create(NULL, &network) == DLCORE_OK &&
        tensor_borrow_const(NULL, DTYPE_FLOAT32, 2, shape, inputs, 0, &x, NULL) == DLCORE_OK &&
        tensor_borrow_const(NULL, DTYPE_FLOAT32, 2, shape, outputs, 0, &y, NULL) == DLCORE_OK &&
        train(network, x, y) == DLCORE_OK && model_get_weights(network, learnt, 2) == DLCORE_OK) {
        printf("y = %.4f x + %.4f\n", (double)learnt[0], (double)learnt[1]);
        failed = fabsf(learnt[0] - 2) > 1e-3F || fabsf(learnt[1] - 1) > 1e-3F;
    } else {
        fprintf(stderr, "%s\n", model_error(network));
    }
    tensor_free(y);
    tensor_free(x);
    model_free(network);
    return failed;
}
