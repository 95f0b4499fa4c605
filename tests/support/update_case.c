/* Models of two layers, their optimizers and data.
 *
 * SPDX-License-Identifier: MIT */
#include "support/update_case.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/classifier.h"

dlcore_optimizer_t update_way(size_t index)
{
    dlcore_optimizer_t o = dlcore_optimizer_adam();

    switch (index) {
    case 0: /* the rule alone */
        break;
    case 1: /* at once, with more */
        o = dlcore_optimizer_adagrad();
        o.clipvalue = 0.001;
        o.weight_decay = 0.01;
        o.weight_decay_excludes_bias = true;
        o.use_ema = true;
        o.ema_overwrite_frequency = 2;
        break;
    case 2:
        o.clipnorm = 0.01;
        o.weight_decay = 0.01;
        break;
    case 3:
        o = dlcore_optimizer_nadam();
        o.global_clipnorm = 0.05;
        o.gradient_accumulation_steps = 2;
        o.use_ema = true;
        o.schedule = dlcore_schedule_cosine_decay(0.01, 100);
        break;
    case 4:
        o = dlcore_optimizer_sgd();
        o.gradient_accumulation_steps = 3;
        o.clipvalue = 0.01;
        break;
    case 5:
        o = dlcore_optimizer_adafactor();
        o.weight_decay = 0.01;
        break;
    case 6:
        o = dlcore_optimizer_adafactor();
        o.clipnorm = 0.01;
        o.gradient_accumulation_steps = 2;
        o.use_ema = true;
        o.ema_overwrite_frequency = 2;
        break;
    case 7:
        o = dlcore_optimizer_lion();
        break;
    default:
        o = dlcore_optimizer_ftrl();
        o.clipvalue = 0.01;
        break;
    }
    return o;
}

static void accept(const dlcore_model_t *model, dlcore_status status)
{
    if (status != DLCORE_OK)
        fail_msg("%s: %s", dlcore_status_name(status), dlcore_model_error(model));
}

dlcore_model_t *update_model(const dlcore_model_options_t *options, bool small, bool trained,
                             const dlcore_optimizer_t *optimizer)
{
    dlcore_layer_t hidden = dlcore_layer_dense(small ? 6 : 400, DLCORE_ACTIVATION_RELU);
    dlcore_layer_t last = dlcore_layer_dense(CLASSES, DLCORE_ACTIVATION_SOFTMAX);
    dlcore_model_t *model = NULL;

    if (trained) {
        hidden.kernel_regularizer = dlcore_regularizer_l1_l2(1e-4, 1e-3);
        last.bias_regularizer = dlcore_regularizer_l2(1e-2);
        hidden.kernel_constraint = dlcore_constraint_max_norm(1.0);
        hidden.bias_constraint = dlcore_constraint_non_neg();
        last.kernel_constraint = dlcore_constraint_min_max_norm(0.5, 1.5);
        last.bias_constraint = dlcore_constraint_unit_norm();
    }
    if (dlcore_model_create(options, &model) != DLCORE_OK)
        return NULL;
    accept(model, dlcore_model_add(model, hidden));
    accept(model, dlcore_model_add(model, last));
    accept(model, dlcore_model_build(model, small ? SMALL : INPUTS));
    accept(model,
           dlcore_model_compile(model, optimizer, DLCORE_LOSS_SPARSE_CATEGORICAL_CROSSENTROPY,
                                DLCORE_METRIC_NONE));
    return model;
}

update_data_t update_data(size_t rows, size_t inputs)
{
    update_data_t data = {NULL, NULL};
    float *x;
    int32_t *y;

    assert_int_equal(dlcore_tensor_create(NULL, DLCORE_DTYPE_FLOAT32, 2, (size_t[]){rows, inputs},
                                          &data.x, NULL),
                     DLCORE_OK);
    assert_int_equal(
        dlcore_tensor_create(NULL, DLCORE_DTYPE_INT32, 1, (size_t[]){rows}, &data.y, NULL),
        DLCORE_OK);
    x = dlcore_tensor_data(data.x);
    y = dlcore_tensor_data(data.y);
    for (size_t i = 0; i < rows * inputs; i++)
        x[i] = (float)((i * 7919) % 1009) / 504.0f - 1.0f;
    for (size_t i = 0; i < rows; i++)
        y[i] = (int32_t)(i * 31 % CLASSES);
    return data;
}

void update_data_free(update_data_t *data)
{
    dlcore_tensor_free(data->x);
    dlcore_tensor_free(data->y);
}

void update_fit(dlcore_model_t *model, const update_data_t *data, size_t epochs)
{
    dlcore_fit_options_t how = dlcore_fit_options_default();

    how.epochs = epochs;
    how.shuffle = false;
    how.batch_size = ROWS / 2;
    accept(model, dlcore_model_fit(model, data->x, data->y, &how, NULL));
}

void assert_same_weights(const dlcore_model_t *a, const dlcore_model_t *b)
{
    assert_true(same_weights(a, b));
}

void assert_other_weights(const dlcore_model_t *a, const dlcore_model_t *b)
{
    assert_false(same_weights(a, b));
}
