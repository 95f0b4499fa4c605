/* The small model of the file tests.
 *
 * SPDX-License-Identifier: MIT */
#include "support/small_model.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#define SAMPLES 20

dlcore_model_t *small_model(const dlcore_model_options_t *options,
                            const dlcore_optimizer_t *optimizer)
{
    dlcore_layer_t hidden = dlcore_layer_dense(17, DLCORE_ACTIVATION_RELU);
    dlcore_layer_t scale = dlcore_layer_rescaling(1 / 255.0, -0.25);
    dlcore_compile_options_t settings = dlcore_compile_options_default();
    dlcore_model_t *model = NULL;

    if (dlcore_model_create(options, &model) != DLCORE_OK)
        return NULL;
    scale.input_width = 3;
    hidden.use_bias = false;
    hidden.kernel_initializer = dlcore_initializer_he_normal();
    settings.optimizer = *optimizer;
    settings.loss = dlcore_loss_sparse_categorical_crossentropy();
    settings.metrics[0] = dlcore_metric_default(DLCORE_METRIC_ACCURACY);
    settings.metrics[1] = dlcore_metric_default(DLCORE_METRIC_SPARSE_CATEGORICAL_ACCURACY);
    settings.metric_count = 2;
    dlcore_model_add(model, scale);
    dlcore_model_add(model, dlcore_layer_flatten());
    dlcore_model_add(model, hidden);
    dlcore_model_add(model, dlcore_layer_activation(DLCORE_ACTIVATION_TANH));
    dlcore_model_add(model, dlcore_layer_dense(2, DLCORE_ACTIVATION_SOFTMAX));
    if (dlcore_model_compile_with(model, &settings) == DLCORE_OK)
        return model;
    dlcore_model_free(model);
    return NULL;
}

dlcore_status small_model_fit(dlcore_model_t *model, size_t first, size_t end)
{
    const size_t x_shape[2] = {SAMPLES, 3}, y_shape[1] = {SAMPLES};
    dlcore_fit_options_t how = dlcore_fit_options_default();
    dlcore_tensor_t *x = NULL, *y = NULL;
    dlcore_status status;
    float values[SAMPLES * 3];
    int32_t labels[SAMPLES];

    for (int i = 0; i < SAMPLES; i++) {
        labels[i] = i % 3 == 0;
        for (int j = 0; j < 3; j++)
            values[3 * i + j] = (float)((i * 7 + j * 5) % 13) * 10.0f + (float)labels[i] * 90.0f;
    }
    how.batch_size = 8;
    how.initial_epoch = first;
    how.epochs = end;
    status =
        dlcore_tensor_borrow_const(NULL, DLCORE_DTYPE_FLOAT32, 2, x_shape, values, 0, &x, NULL);
    if (status == DLCORE_OK)
        status =
            dlcore_tensor_borrow_const(NULL, DLCORE_DTYPE_INT32, 1, y_shape, labels, 0, &y, NULL);
    if (status == DLCORE_OK)
        status = dlcore_model_fit(model, x, y, &how, NULL);
    dlcore_tensor_free(y);
    dlcore_tensor_free(x);
    return status;
}

unsigned char *small_model_file(size_t *size)
{
    dlcore_optimizer_t rmsprop = dlcore_optimizer_rmsprop();
    dlcore_model_t *model = small_model(NULL, &rmsprop);
    void *bytes = NULL;

    assert_non_null(model);
    assert_int_equal(small_model_fit(model, 0, 1), DLCORE_OK);
    assert_int_equal(dlcore_model_save_memory(model, NULL, &bytes, size), DLCORE_OK);
    dlcore_model_free(model);
    return bytes;
}
