/* Frozen layers, in every way of updating.
 *
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "dlcore.h"
#include "support/classifier.h"
#include "support/models.h"
#include "support/update_case.h"

/* Whatever an update does besides the rule, it leaves a frozen layer alone. */
static void test_update_frozen_layer_stays_in_every_way(void **state)
{
    update_data_t data = update_data(ROWS, INPUTS);
    const size_t kernel = INPUTS * 400, frozen = kernel + 400;

    (void)state;
    for (size_t i = 0; i < WAYS; i++) {
        dlcore_optimizer_t optimizer = update_way(i);
        dlcore_model_t *model = update_model(NULL, false, true, &optimizer);
        float *before = weights_of(model), *after;
        dlcore_evaluation_t result;
        double loss;

        assert_accepted(model, dlcore_model_set_trainable(model, 0, false));
        update_fit(model, &data, 3);
        after = weights_of(model);
        assert_memory_equal(before, after, frozen * sizeof *before);
        assert_memory_not_equal(before + frozen, after + frozen, 400 * CLASSES * sizeof *before);
        assert_int_equal(dlcore_model_evaluate(model, data.x, data.y, NULL, &result), DLCORE_OK);
        assert_accepted(model, dlcore_model_gradients(model, data.x, data.y, before,
                                                      dlcore_model_parameter_count(model), &loss));
        assert_true(fabs(result.loss - loss) < 1e-6 * loss);
        for (size_t j = 0; j < frozen; j++)
            assert_true(before[j] == 0.0f);
        free(before);
        free(after);
        dlcore_model_free(model);
    }
    update_data_free(&data);
}

/* With a learning rate of 0, so that an average can only be the weights. */
static void test_update_average_of_a_layer_begins_when_it_is_no_longer_frozen(void **state)
{
    update_data_t data = update_data(ROWS, INPUTS);
    dlcore_optimizer_t sgd = dlcore_optimizer_sgd();
    dlcore_model_t *model;
    float *before, *after;

    (void)state;
    sgd.learning_rate = 0.0;
    sgd.use_ema = true;
    model = update_model(NULL, false, false, &sgd);
    before = weights_of(model);
    assert_accepted(model, dlcore_model_set_trainable(model, 0, false));
    update_fit(model, &data, 1);
    for (size_t i = 0; i < dlcore_model_parameter_count(model); i++)
        before[i] += 1.0f;
    assert_accepted(model,
                    dlcore_model_set_weights(model, before, dlcore_model_parameter_count(model)));
    assert_accepted(model, dlcore_model_set_trainable(model, 0, true));
    update_fit(model, &data, 1);
    after = weights_of(model);
    for (size_t i = 0; i < (INPUTS + 1) * 400; i++)
        assert_true(fabsf(after[i] - before[i]) < 1e-5f);
    free(before);
    free(after);
    dlcore_model_free(model);
    update_data_free(&data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_update_frozen_layer_stays_in_every_way),
        cmocka_unit_test(test_update_average_of_a_layer_begins_when_it_is_no_longer_frozen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
