/* What files keep of optimizers and schedules.
 *
 * SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "dlcore.h"
#include "support/models.h"
#include "support/update_case.h"

static void save(const dlcore_model_t *model, void **bytes, size_t *size)
{
    dlcore_save_options_t how = dlcore_save_options_default();
    dlcore_error_record_t error = {0};

    how.error = &error;
    if (dlcore_model_save_memory(model, &how, bytes, size) != DLCORE_OK)
        fail_msg("%s", error.message);
}

static dlcore_schedule_t schedule_of(size_t index)
{
    dlcore_schedule_t s = {.kind = DLCORE_SCHEDULE_NONE};

    switch (index % 8) {
    case 1:
        s = dlcore_schedule_exponential_decay(0.01, 10, 0.9);
        s.staircase = true;
        break;
    case 2:
        s = dlcore_schedule_piecewise_constant_decay((uint64_t[]){1, 70}, (double[]){0.1, 0.2, 0.3},
                                                     2);
        break;
    case 3:
        s = dlcore_schedule_polynomial_decay(0.01, 10);
        s.cycle = true;
        s.power = 0.5;
        s.end_learning_rate = 0.002;
        break;
    case 4:
        s = dlcore_schedule_inverse_time_decay(0.01, 10, 0.7);
        break;
    case 5:
        s = dlcore_schedule_cosine_decay(0.01, 10);
        s.alpha = 0.1;
        s.has_warmup = true;
        s.warmup_target = 0.05;
        s.warmup_steps = 3;
        break;
    case 6:
        s = dlcore_schedule_cosine_decay_restarts(0.01, 10);
        s.t_mul = 1.5;
        s.m_mul = 0.9;
        s.alpha = 0.01;
        break;
    case 7:
        s = dlcore_schedule_one_cycle(0.01, 20);
        s.warmup_share = 0.4;
        s.div_factor = 10;
        s.final_div_factor = 100;
        s.three_phase = true;
        s.linear = true;
        break;
    default:
        break;
    }
    return s;
}

static void check_file(const dlcore_optimizer_t *optimizer, const update_data_t *data)
{
    dlcore_model_t *model = update_model(NULL, true, true, optimizer), *loaded = NULL;
    void *bytes, *again;
    size_t size, size_again;

    for (size_t i = 0; i < 3; i++)
        assert_accepted(model, dlcore_model_train_on_batch(model, data->x, data->y, NULL));
    save(model, &bytes, &size);
    assert_int_equal(dlcore_model_load_memory(bytes, size, NULL, &loaded), DLCORE_OK);
    save(loaded, &again, &size_again);
    assert_int_equal(size, size_again);
    assert_memory_equal(bytes, again, size);
    assert_true(dlcore_model_learning_rate(model) == dlcore_model_learning_rate(loaded));
    for (size_t i = 0; i < 3; i++) {
        assert_accepted(model, dlcore_model_train_on_batch(model, data->x, data->y, NULL));
        assert_accepted(loaded, dlcore_model_train_on_batch(loaded, data->x, data->y, NULL));
        assert_same_weights(model, loaded);
    }
    free(bytes);
    free(again);
    dlcore_model_free(loaded);
    dlcore_model_free(model);
}

static void test_update_saved_and_loaded_goes_on_with_the_same_bits(void **state)
{
    update_data_t data = update_data(ROWS, SMALL);

    (void)state;
    for (int kind = DLCORE_OPTIMIZER_SGD; kind <= DLCORE_OPTIMIZER_FTRL; kind++) {
        dlcore_optimizer_t o =
            dlcore_optimizer_from_name(dlcore_optimizer_name((dlcore_optimizer_kind_t)kind));

        o.schedule = schedule_of((size_t)kind);
        o.amsgrad = o.centered = o.nesterov = true;
        o.momentum = 0.5;
        check_file(&o, &data);
        o.schedule = schedule_of((size_t)kind + 3);
        o.beta_1 = 0.8;
        o.beta_2 = 0.9;
        o.rho = 0.7;
        o.epsilon = 1e-3;
        o.initial_accumulator_value = 0.3;
        o.clipvalue = 0.5;
        o.weight_decay = 0.01;
        o.weight_decay_excludes_bias = true;
        o.use_ema = true;
        o.ema_momentum = 0.9;
        o.ema_overwrite_frequency = 2;
        o.gradient_accumulation_steps = 2;
        check_file(&o, &data);
    }
    for (size_t i = 0; i < WAYS; i++) {
        dlcore_optimizer_t o = update_way(i);
        check_file(&o, &data);
    }
    update_data_free(&data);
}

static double half(void *user, uint64_t step)
{
    (void)user;
    return step == 2 ? 0.5 : 0.25;
}

static void test_update_function_is_saved_as_the_learning_rate_of_the_moment(void **state)
{
    update_data_t data = update_data(ROWS, SMALL);
    dlcore_optimizer_t sgd = dlcore_optimizer_sgd();
    dlcore_model_t *model, *loaded = NULL;
    void *bytes;
    size_t size;

    (void)state;
    sgd.schedule = dlcore_schedule_function(half, NULL);
    model = update_model(NULL, true, false, &sgd);
    update_fit(model, &data, 1);
    save(model, &bytes, &size);
    assert_int_equal(dlcore_model_load_memory(bytes, size, NULL, &loaded), DLCORE_OK);
    assert_accepted(loaded, dlcore_model_train_on_batch(loaded, data.x, data.y, NULL));
    assert_true(dlcore_model_learning_rate(loaded) == 0.5);
    free(bytes);
    dlcore_model_free(loaded);
    dlcore_model_free(model);
    update_data_free(&data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_update_saved_and_loaded_goes_on_with_the_same_bits),
        cmocka_unit_test(test_update_function_is_saved_as_the_learning_rate_of_the_moment),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
