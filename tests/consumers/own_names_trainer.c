/* The other file of the host with names of its own: here model_fit is dlcore's.
 *
 * SPDX-License-Identifier: MIT */
#include <dlcore.h>

#include <stdio.h>

int own_names_train(void);

int own_names_train(void)
{
    const float values[2] = {0, 1};
    const size_t shape[1] = {2};
    optimizer_t sgd = optimizer_sgd();
    fit_options_t how = fit_options_default();
    model_t *network = NULL;
    tensor_t *x = NULL;
    int failed;

    how.epochs = 2;
    failed = model_create(NULL, &network) != DLCORE_OK ||
             tensor_borrow_const(NULL, DTYPE_FLOAT32, 1, shape, values, 0, &x, NULL) != DLCORE_OK ||
             model_add(network, layer_dense(1, ACTIVATION_LINEAR)) != DLCORE_OK ||
             model_compile(network, &sgd, LOSS_MEAN_SQUARED_ERROR, METRIC_NONE) != DLCORE_OK ||
             model_fit(network, x, x, &how, NULL) != DLCORE_OK;
    if (failed)
        fprintf(stderr, "%s\n", model_error(network));
    tensor_free(x);
    model_free(network);
    return failed;
}
