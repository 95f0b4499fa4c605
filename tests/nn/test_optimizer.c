/* Optimizers: names, defaults, settings out of range, and state vectors.
 *
 * SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include "nn/optimizer.h"
#include "support/tensors.h"

static void test_optimizer_names_round_trip_with_defaults(void **state)
{
    dlcore_optimizer_t sgd = dlcore_optimizer_from_name("SGD");
    dlcore_optimizer_t rmsprop = dlcore_optimizer_from_name("RMSprop");

    (void)state;
    assert_int_equal(sgd.kind, DLCORE_OPTIMIZER_SGD);
    assert_true(sgd.learning_rate == 0.01 && sgd.momentum == 0.0 && !sgd.nesterov);
    assert_int_equal(rmsprop.kind, DLCORE_OPTIMIZER_RMSPROP);
    assert_true(rmsprop.learning_rate == 0.001 && rmsprop.rho == 0.9 && rmsprop.momentum == 0.0);
    assert_true(rmsprop.epsilon == 1e-7 && !rmsprop.centered);
    assert_string_equal(dlcore_optimizer_name(DLCORE_OPTIMIZER_SGD), "sgd");
    assert_string_equal(dlcore_optimizer_name(DLCORE_OPTIMIZER_RMSPROP), "rmsprop");
    assert_int_equal(dlcore_optimizer_from_name("adams").kind, DLCORE_OPTIMIZER_UNKNOWN);
    assert_int_equal(dlcore_optimizer_from_name(NULL).kind, DLCORE_OPTIMIZER_UNKNOWN);
    assert_string_equal(dlcore_optimizer_name(DLCORE_OPTIMIZER_UNKNOWN), "unknown");
    assert_string_equal(dlcore_optimizer_name((dlcore_optimizer_kind_t)12), "unknown");
    assert_string_equal(dlcore_optimizer_name((dlcore_optimizer_kind_t)-1), "unknown");
}

static void assert_refused(dlcore_optimizer_t optimizer, const char *message)
{
    dlcore_error_record_t error = {0};
    dlcore_status status = dlcore_optimizer_validate(&optimizer, &error);

    assert_failed(status, DLCORE_ERROR_ARGUMENT, &error, message);
}

/* Sets one field to a value and expects the message. */
#define ASSERT_FIELD(kind, field, value, message)               \
    do {                                                        \
        dlcore_optimizer_t changed = dlcore_optimizer_##kind(); \
        changed.field = (value);                                \
        assert_refused(changed, message);                       \
    } while (0)

static void test_optimizer_bad_settings_are_named_with_range_and_value(void **state)
{
    dlcore_optimizer_t fine = dlcore_optimizer_rmsprop();

    (void)state;
    fine.learning_rate = 0.0;
    fine.rho = fine.momentum = 1.0;
    assert_int_equal(dlcore_optimizer_validate(&fine, NULL), DLCORE_OK);
    ASSERT_FIELD(sgd, learning_rate, -0.5, "sgd: learning_rate must lie in 0 .. ");
    ASSERT_FIELD(sgd, learning_rate, -0.5, "got -0.5");
    ASSERT_FIELD(sgd, learning_rate, 1e39, "got 1e+39");
    ASSERT_FIELD(sgd, momentum, 1.5, "sgd: momentum must lie in 0 .. 1, got 1.5");
    ASSERT_FIELD(sgd, momentum, (double)NAN, "sgd: momentum must lie in 0 .. 1, got nan");
    ASSERT_FIELD(rmsprop, learning_rate, (double)INFINITY, "rmsprop: learning_rate");
    ASSERT_FIELD(rmsprop, rho, -0.25, "rmsprop: rho must lie in 0 .. 1, got -0.25");
    ASSERT_FIELD(rmsprop, momentum, 2.0, "rmsprop: momentum must lie in 0 .. 1, got 2");
    ASSERT_FIELD(rmsprop, epsilon, 0.0, "rmsprop: epsilon must lie in ");
    ASSERT_FIELD(rmsprop, epsilon, 1e-40, "got 1e-40");
    ASSERT_FIELD(adam, beta_1, 1.0, "adam: beta_1 must be at least 0 and below 1, got 1");
    ASSERT_FIELD(adam, beta_1, 1.0 - 1e-9, "below 1, got 0.999999999"); /* 1 as a float */
    ASSERT_FIELD(adamw, beta_2, -0.5, "adamw: beta_2 must be at least 0 and below 1, got -0.5");
    ASSERT_FIELD(adam, epsilon, 0.0, "adam: epsilon must lie in ");
    ASSERT_FIELD(adagrad, initial_accumulator_value, -1.0,
                 "adagrad: initial_accumulator_value must lie in 0 .. ");
    ASSERT_FIELD(adagrad, epsilon, 0.0, "adagrad: epsilon");
    ASSERT_FIELD(adadelta, rho, 1.5, "adadelta: rho must lie in 0 .. 1, got 1.5");
    ASSERT_FIELD(adamax, beta_2, 1.0, "adamax: beta_2");
    ASSERT_FIELD(nadam, beta_1, (double)NAN, "nadam: beta_1");
    ASSERT_FIELD(lion, beta_1, 0.0, "lion: beta_1 must be above 0 and at most 1, got 0");
    ASSERT_FIELD(lion, beta_2, 1.5, "lion: beta_2 must lie in 0 .. 1, got 1.5");
    ASSERT_FIELD(ftrl, learning_rate_power, 0.5, "ftrl: learning_rate_power must lie in ");
    ASSERT_FIELD(ftrl, l1_regularization_strength, -1.0, "ftrl: l1_regularization_strength must");
    ASSERT_FIELD(ftrl, beta, -1.0, "ftrl: beta must lie in 0 .. ");
    ASSERT_FIELD(adafactor, beta_2_decay, 0.5, "adafactor: beta_2_decay must lie in ");
    ASSERT_FIELD(adafactor, epsilon_1, 0.0, "adafactor: epsilon_1 must lie in ");
    ASSERT_FIELD(adafactor, clip_threshold, 0.0, "adafactor: clip_threshold must lie in ");
}

static void test_optimizer_bad_options_of_all_kinds_are_named(void **state)
{
    dlcore_optimizer_t two = dlcore_optimizer_sgd();

    (void)state;
    two.clipnorm = 1.0;
    two.clipvalue = 2.0;
    assert_refused(two, "sgd: only one of clipnorm, global_clipnorm and clipvalue can be set, got "
                        "1, 0 and 2");
    ASSERT_FIELD(sgd, clipnorm, -1.0, "sgd: clipnorm must lie in 0 .. ");
    ASSERT_FIELD(sgd, global_clipnorm, (double)INFINITY, "sgd: global_clipnorm must lie in");
    ASSERT_FIELD(sgd, clipvalue, (double)NAN, "sgd: clipvalue must lie in");
    ASSERT_FIELD(adamw, weight_decay, -0.1, "adamw: weight_decay must lie in");
    ASSERT_FIELD(sgd, gradient_accumulation_steps, 1,
                 "gradient_accumulation_steps must be 0 (none), or 2 or more, got 1");
    ASSERT_FIELD(sgd, schedule, dlcore_schedule_cosine_decay(0.1, 0),
                 "CosineDecay: decay_steps must be 1 or more, got 0");
    two = dlcore_optimizer_sgd();
    two.ema_momentum = 1.5; /* not used, but saved */
    assert_refused(two, "sgd: ema_momentum must lie in 0 .. 1, got 1.5");
}

static void test_optimizer_slots_follow_momentum_and_centered(void **state)
{
    dlcore_optimizer_t sgd = dlcore_optimizer_sgd(), rmsprop = dlcore_optimizer_rmsprop();

    (void)state;
    assert_int_equal(dlcore_optimizer_type_sgd.slots(&sgd), 0);
    sgd.momentum = 0.9;
    assert_int_equal(dlcore_optimizer_type_sgd.slots(&sgd), 1);
    assert_int_equal(dlcore_optimizer_type_rmsprop.slots(&rmsprop), 1);
    rmsprop.momentum = 0.9;
    assert_int_equal(dlcore_optimizer_type_rmsprop.slots(&rmsprop), 2);
    rmsprop.centered = true;
    assert_int_equal(dlcore_optimizer_type_rmsprop.slots(&rmsprop), 3);
}

static void test_optimizer_defaults_are_those_of_keras(void **state)
{
    (void)state;
    for (int kind = DLCORE_OPTIMIZER_SGD; kind <= DLCORE_OPTIMIZER_FTRL; kind++) {
        const char *name = dlcore_optimizer_name((dlcore_optimizer_kind_t)kind);
        dlcore_optimizer_t o = dlcore_optimizer_from_name(name);

        assert_int_equal(o.kind, kind);
        assert_int_equal(dlcore_optimizer_validate(&o, NULL), DLCORE_OK);
        assert_true(o.learning_rate == (kind == DLCORE_OPTIMIZER_SGD ? 0.01 : 0.001));
        assert_true(o.beta_1 == 0.9 && o.beta_2 == (kind == DLCORE_OPTIMIZER_LION ? 0.99 : 0.999) &&
                    o.epsilon == 1e-7 && !o.amsgrad);
        assert_true(o.rho == (kind == DLCORE_OPTIMIZER_ADADELTA ? 0.95 : 0.9));
        assert_true(o.weight_decay == (kind == DLCORE_OPTIMIZER_ADAMW ? 0.004 : 0.0));
        assert_true(o.initial_accumulator_value == 0.1 && o.ema_momentum == 0.99 && !o.use_ema);
        assert_true(o.beta_2_decay == -0.8 && o.epsilon_1 == 1e-30 && o.epsilon_2 == 1e-3);
        assert_true(o.clip_threshold == 1.0 && o.learning_rate_power == -0.5 && o.beta == 0.0);
        assert_true(o.clipnorm == 0.0 && o.global_clipnorm == 0.0 && o.clipvalue == 0.0);
        assert_true(o.schedule.kind == DLCORE_SCHEDULE_NONE && !o.gradient_accumulation_steps);
    }
}

static void test_optimizer_state_vectors_have_the_names_of_keras(void **state)
{
    static const struct {
        const char *optimizer, *slots[4];
    } expected[] = {
        {"adam", {"momentum", "velocity", NULL}},
        {"adamax", {"momentum", "norm", NULL}},
        {"nadam", {"momentum", "velocity", NULL}},
        {"adagrad", {"accumulator", NULL, NULL}},
        {"adadelta", {"accumulated_grad", "accumulated_delta_var", NULL}},
        {"lion", {"momentum", NULL, NULL}},
        {"adafactor", {"r", "c", "velocity"}},
        {"ftrl", {"accumulator", "linear", NULL}},
    };
    dlcore_optimizer_t amsgrad = dlcore_optimizer_adam(), adagrad = dlcore_optimizer_adagrad();

    (void)state;
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++) {
        dlcore_optimizer_t o = dlcore_optimizer_from_name(expected[i].optimizer);
        size_t own = 0;

        o.use_ema = true;
        o.gradient_accumulation_steps = 2;
        for (; expected[i].slots[own] != NULL; own++)
            assert_string_equal(dlcore_optimizer_slot_name(&o, own), expected[i].slots[own]);
        assert_int_equal(dlcore_optimizer_slots(&o), own + 2);
        assert_string_equal(dlcore_optimizer_slot_name(&o, own), "average");
        assert_string_equal(dlcore_optimizer_slot_name(&o, own + 1), "gradient_accumulator");
        assert_true(dlcore_optimizer_slot_value(&o, own) == 0.0f);
    }
    amsgrad.amsgrad = true;
    assert_int_equal(dlcore_optimizer_slots(&amsgrad), 3);
    assert_string_equal(dlcore_optimizer_slot_name(&amsgrad, 2), "velocity_hat");
    adagrad.initial_accumulator_value = 0.25;
    assert_true(dlcore_optimizer_slot_value(&adagrad, 0) == 0.25f);
}

/* 1 - 0.9 in double, then rounded, is another float than 1 - 0.9f. */
static void test_optimizer_prepare_rounds_one_minus_rho_from_double(void **state)
{
    dlcore_optimizer_t rmsprop = dlcore_optimizer_rmsprop();
    dlcore_optimizer_clock_t clock = dlcore_optimizer_clock_start();
    dlcore_optimizer_step_t step = dlcore_optimizer_run_rmsprop.prepare(&rmsprop, &clock, 0.001f);

    (void)state;
    assert_true(step.settings.rmsprop.one_minus_rho == 0.1f);
    assert_true(step.settings.rmsprop.one_minus_rho != 1.0f - 0.9f);
}

/* A momentum so small that it is zero in float still has the slot that slots() counted. */
static void test_optimizer_vanishing_momentum_updates_as_without(void **state)
{
    dlcore_optimizer_t rmsprop = dlcore_optimizer_rmsprop();
    float w = 1.0f, g = 2.0f, v = 0.0f, m = 0.0f, expected = 1.0f, velocity = 0.0f;
    float *const slots[] = {&v, &m};
    dlcore_optimizer_clock_t clock = dlcore_optimizer_clock_start();
    dlcore_optimizer_step_t step;

    (void)state;
    rmsprop.momentum = 1e-60;
    step = dlcore_optimizer_run_rmsprop.prepare(&rmsprop, &clock, 0.001f);
    dlcore_optimizer_run_rmsprop.update(dlcore_training_kernels(dlcore_kernels()), &step, 1, &w, &g,
                                        slots);
    dlcore_training_kernels(dlcore_kernels())
        ->rmsprop(1, &expected, &g, &velocity, &step.settings.rmsprop);
    assert_true(w == expected && w < 1.0f && m == 0.0f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_optimizer_names_round_trip_with_defaults),
        cmocka_unit_test(test_optimizer_bad_settings_are_named_with_range_and_value),
        cmocka_unit_test(test_optimizer_bad_options_of_all_kinds_are_named),
        cmocka_unit_test(test_optimizer_defaults_are_those_of_keras),
        cmocka_unit_test(test_optimizer_state_vectors_have_the_names_of_keras),
        cmocka_unit_test(test_optimizer_slots_follow_momentum_and_centered),
        cmocka_unit_test(test_optimizer_prepare_rounds_one_minus_rho_from_double),
        cmocka_unit_test(test_optimizer_vanishing_momentum_updates_as_without),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
