/* The order of Keras's list of an optimizer's variables, which has no names: as
 * keras/src/optimizers makes them.
 *
 * SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "exchange/keras_state.h"
#include "nn/optimizer.h"

/* "momentum kernel, velocity kernel, ..." of a dense layer that trains behind one that does not. */
static void list_state(const dlcore_optimizer_t *optimizer, char *text, size_t room)
{
    dlcore_layer_t frozen = dlcore_layer_dense(3, DLCORE_ACTIVATION_RELU);
    dlcore_model_t *model = NULL;
    dlcore_keras_state_t state;
    size_t used = 0;

    frozen.trainable = false;
    assert_int_equal(dlcore_model_create(NULL, &model), DLCORE_OK);
    dlcore_model_add(model, frozen);
    dlcore_model_add(model, dlcore_layer_dense(2, DLCORE_ACTIVATION_LINEAR));
    assert_int_equal(
        dlcore_model_compile(model, optimizer, DLCORE_LOSS_MEAN_SQUARED_ERROR, DLCORE_METRIC_NONE),
        DLCORE_OK);
    assert_int_equal(dlcore_model_build(model, 4), DLCORE_OK);
    state = dlcore_keras_state(model);
    assert_int_equal(state.trainable, 2);
    for (size_t k = 0; k < state.vectors; k++) {
        size_t slot;
        dlcore_parameter_t parameter = dlcore_keras_state_vector(&state, k, &slot);

        used += (size_t)snprintf(text + used, room - used, "%s%s %s", k > 0 ? ", " : "",
                                 dlcore_optimizer_slot_name(optimizer, slot), parameter.name);
    }
    dlcore_model_free(model);
}

static void check_order(dlcore_optimizer_t optimizer, const char *wanted)
{
    char text[512] = "";

    list_state(&optimizer, text, sizeof text);
    assert_string_equal(text, wanted);
}

static void test_keras_state_order_is_that_of_keras(void **state)
{
    dlcore_optimizer_t adam = dlcore_optimizer_adam(), rmsprop = dlcore_optimizer_rmsprop();
    dlcore_optimizer_t sgd = dlcore_optimizer_sgd();

    (void)state;
    check_order(sgd, "");
    check_order(adam, "momentum kernel, velocity kernel, momentum bias, velocity bias");
    adam.amsgrad = true;
    check_order(adam, "momentum kernel, velocity kernel, momentum bias, velocity bias, "
                      "velocity_hat kernel, velocity_hat bias");
    rmsprop.momentum = 0.5;
    rmsprop.centered = true;
    check_order(rmsprop, "velocity kernel, velocity bias, momentum kernel, momentum bias, "
                         "average_gradient kernel, average_gradient bias");
    sgd.momentum = 0.9;
    sgd.use_ema = true;
    sgd.gradient_accumulation_steps = 2;
    check_order(sgd, "average kernel, average bias, gradient_accumulator kernel, "
                     "gradient_accumulator bias, momentum kernel, momentum bias");
    check_order(dlcore_optimizer_lion(), "momentum kernel, momentum bias");
    check_order(dlcore_optimizer_ftrl(),
                "accumulator kernel, linear kernel, accumulator bias, linear bias");
    check_order(dlcore_optimizer_adafactor(), "r kernel, c kernel, velocity kernel, r bias, "
                                              "c bias, velocity bias");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keras_state_order_is_that_of_keras),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
