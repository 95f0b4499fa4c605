/* Schedules: values at the ends, defaults, settings out of range, user functions.
 *
 * SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "nn/schedule.h"
#include "support/fixture.h"
#include "support/tensors.h"

static void assert_refused(dlcore_schedule_t schedule, const char *message)
{
    dlcore_error_record_t error = {0};
    dlcore_status status = dlcore_schedule_validate(&schedule, &error);

    assert_failed(status, DLCORE_ERROR_ARGUMENT, &error, message);
    assert_true(isnan(dlcore_schedule_value(&schedule, 3)));
}

#define ASSERT_FIELD(constructor, field, value, message) \
    do {                                                 \
        dlcore_schedule_t changed = constructor;         \
        changed.field = (value);                         \
        assert_refused(changed, message);                \
    } while (0)

static void test_schedule_bad_settings_are_named_with_range_and_value(void **state)
{
    const uint64_t boundaries[2] = {5, 5};
    const double values[3] = {1, 2, 3};
    dlcore_schedule_t exponential = dlcore_schedule_exponential_decay(0.1, 10, 0.5);
    dlcore_schedule_t cosine = dlcore_schedule_cosine_decay(0.1, 10);

    (void)state;
    ASSERT_FIELD(exponential, decay_steps, 0,
                 "ExponentialDecay: decay_steps must be 1 or more, got 0");
    ASSERT_FIELD(exponential, initial_learning_rate, -1.0,
                 "ExponentialDecay: initial_learning_rate must lie in 0 .. ");
    ASSERT_FIELD(exponential, decay_rate, (double)NAN, "decay_rate must lie in -3.40282e+38 .. ");
    ASSERT_FIELD(exponential, kind, (dlcore_schedule_kind_t)99,
                 "kind 99 is unknown: known are none, ");
    ASSERT_FIELD(exponential, kind, dlcore_schedule_from_name("?").kind, "kind -1 is unknown");
    ASSERT_FIELD(dlcore_schedule_inverse_time_decay(0.1, 10, 0.5), decay_rate, -1e39, "got -1e+39");
    ASSERT_FIELD(dlcore_schedule_polynomial_decay(0.1, 10), power, -1.0,
                 "PolynomialDecay: power must lie in 0 .. ");
    ASSERT_FIELD(dlcore_schedule_polynomial_decay(0.1, 10), end_learning_rate, -1.0,
                 "end_learning_rate must lie in");
    ASSERT_FIELD(cosine, alpha, 1.5, "CosineDecay: alpha must lie in 0 .. 1, got 1.5");
    cosine.has_warmup = true;
    ASSERT_FIELD(cosine, warmup_target, -1.0, "warmup_target must lie in");
    ASSERT_FIELD(dlcore_schedule_cosine_decay_restarts(0.1, 10), decay_steps, 0,
                 "first_decay_steps must be 1 or more, got 0");
    ASSERT_FIELD(dlcore_schedule_cosine_decay_restarts(0.1, 10), t_mul, 0.0,
                 "t_mul must lie in 1.17549e-38 .. ");
    ASSERT_FIELD(dlcore_schedule_cosine_decay_restarts(0.1, 10), m_mul, (double)NAN, "m_mul");
    assert_refused(dlcore_schedule_piecewise_constant_decay(boundaries, values, 2),
                   "boundaries must rise, got 5 after 5");
    assert_refused(dlcore_schedule_piecewise_constant_decay(boundaries, values, 17),
                   "boundary_count must lie in 1 .. 16, got 17");
    assert_refused(dlcore_schedule_piecewise_constant_decay(NULL, values, 1), "got 0");
    ASSERT_FIELD(dlcore_schedule_piecewise_constant_decay(boundaries, values, 1), values[1], -1.0,
                 "values must lie in 0 .. ");
    assert_refused(dlcore_schedule_function(NULL, NULL), "function is NULL");
}

static void test_schedule_warm_up_that_is_not_switched_on_is_refused(void **state)
{
    dlcore_schedule_t cosine = dlcore_schedule_cosine_decay(0.0, 10);

    (void)state;
    cosine.warmup_steps = 20;
    cosine.warmup_target = 0.5;
    assert_refused(cosine, "CosineDecay: has_warmup is false, but warmup_steps is 20 and "
                           "warmup_target is 0.5");
    ASSERT_FIELD(cosine, warmup_steps, 0, "warmup_steps is 0 and warmup_target is 0.5");
    ASSERT_FIELD(cosine, warmup_target, 0.0, "warmup_steps is 20 and warmup_target is 0");
    cosine.has_warmup = true;
    assert_int_equal(dlcore_schedule_validate(&cosine, NULL), DLCORE_OK);
    cosine = dlcore_schedule_cosine_decay_restarts(0.0, 10); /* which does not look at them */
    cosine.warmup_steps = 20;
    assert_int_equal(dlcore_schedule_validate(&cosine, NULL), DLCORE_OK);
}

static void test_schedule_defaults_are_those_of_keras(void **state)
{
    dlcore_schedule_t polynomial = dlcore_schedule_polynomial_decay(0.1, 10);
    dlcore_schedule_t restarts = dlcore_schedule_cosine_decay_restarts(0.1, 10);

    (void)state;
    assert_true(polynomial.end_learning_rate == 0.0001 && polynomial.power == 1.0);
    assert_true(!polynomial.cycle && !polynomial.staircase && !polynomial.has_warmup);
    assert_true(restarts.t_mul == 2.0 && restarts.m_mul == 1.0 && restarts.alpha == 0.0);
    assert_true(isnan(dlcore_schedule_value(NULL, 0)));
    assert_string_equal(dlcore_schedule_name(DLCORE_SCHEDULE_COSINE_DECAY), "CosineDecay");
    assert_string_equal(dlcore_schedule_name(DLCORE_SCHEDULE_FUNCTION), "unknown");
    assert_string_equal(dlcore_schedule_name((dlcore_schedule_kind_t)-1), "unknown");
    assert_int_equal(dlcore_schedule_from_name("inversetimedecay").kind,
                     DLCORE_SCHEDULE_INVERSE_TIME_DECAY);
    assert_int_equal(dlcore_schedule_from_name("none").kind, DLCORE_SCHEDULE_UNKNOWN);
    assert_int_equal(dlcore_schedule_from_name("cosine_decay_restarts").kind,
                     DLCORE_SCHEDULE_COSINE_DECAY_RESTARTS);
    assert_int_equal(dlcore_schedule_from_name(NULL).kind, DLCORE_SCHEDULE_UNKNOWN);
}

/* Numbers of keras.optimizers.schedules 3 on TensorFlow. */
static void test_schedule_unusual_settings_give_what_keras_computes(void **state)
{
    dlcore_schedule_t shrinking = dlcore_schedule_cosine_decay_restarts(0.1, 10);
    dlcore_schedule_t fading = dlcore_schedule_cosine_decay_restarts(0.1, 10);
    dlcore_schedule_t alternating = dlcore_schedule_exponential_decay(0.1, 10, -0.5);
    dlcore_schedule_t growing = dlcore_schedule_inverse_time_decay(0.1, 10, -0.5);
    static const uint64_t steps[] = {0, 3, 10, 14, 15, 17, 19};
    static const double rates[] = {0.10000000149011612,  0.07938926666975021, 0.10000000149011612,
                                   0.009549155831336975, 0.10000000149011612, 0.009549126029014587,
                                   0.06545090675354004};
    static const uint64_t fading_steps[] = {3, 14, 25, 40, 60, 80};
    static const double fading_rates[] = {0.08145033568143845,  0.03640708327293396,
                                          0.013529784046113491, 0.010286593809723854,
                                          0.01006901916116476,  0.010002228431403637};

    (void)state;
    shrinking.t_mul = 0.5;
    for (size_t i = 0; i < 7; i++)
        assert_true(fabs(dlcore_schedule_value(&shrinking, steps[i]) - rates[i]) < 1e-6);
    assert_true(isnan(dlcore_schedule_value(&shrinking, 20))); /* all periods are over */
    fading.t_mul = 0.9;
    fading.m_mul = 0.5;
    fading.alpha = 0.1;
    for (size_t i = 0; i < 6; i++)
        assert_true(fabs(dlcore_schedule_value(&fading, fading_steps[i]) - fading_rates[i]) < 1e-6);
    alternating.staircase = true;
    assert_true(fabs(dlcore_schedule_value(&alternating, 10) + 0.05) < 1e-8);
    assert_true(fabs(dlcore_schedule_value(&alternating, 20) - 0.025) < 1e-8);
    assert_true(fabs(dlcore_schedule_value(&growing, 9) - 0.1818181872367859) < 1e-7);
}

/* Numbers of PyTorch's OneCycleLR, as one_cycle_fixtures.py writes them. */
static void test_schedule_one_cycle_has_the_rates_of_pytorch(void **state)
{
    fixture_t *fixture = fixture_load("one_cycle.txt");
    size_t position = 0, cases = 0;
    const char *name;

    (void)state;
    while ((name = fixture_next(fixture, "settings", &position)) != NULL) {
        const fixture_array_t *rates = fixture_array(fixture, name, "rates");
        const double *expected = rates->data;
        dlcore_schedule_t s = dlcore_schedule_one_cycle(0.0, rates->size);
        char linear[8], three[8];

        assert_int_equal(sscanf(fixture_text(fixture, name, "settings"), "%lf %lf %lf %lf %7s %7s",
                                &s.max_learning_rate, &s.warmup_share, &s.div_factor,
                                &s.final_div_factor, linear, three),
                         6);
        s.linear = strcmp(linear, "linear") == 0;
        s.three_phase = strcmp(three, "three") == 0;
        for (size_t i = 0; i < rates->size; i++)
            if (!(fabs(dlcore_schedule_value(&s, i) - expected[i]) <= 1e-12 * s.max_learning_rate))
                fail_msg("%s: step %zu has %.17g, not %.17g", name, i, dlcore_schedule_value(&s, i),
                         expected[i]);
        assert_true(dlcore_schedule_value(&s, rates->size + 5) ==
                    dlcore_schedule_value(&s, rates->size - 1));
        cases++;
    }
    assert_int_equal(cases, 8);
    fixture_free(fixture);
}

static void test_schedule_one_cycle_of_one_step_and_bad_settings(void **state)
{
    dlcore_schedule_t s = dlcore_schedule_one_cycle(0.1, 1);

    (void)state;
    assert_true(dlcore_schedule_value(&s, 0) >= 0.0);
    s.warmup_share = 1.0; /* where PyTorch divides by zero */
    assert_true(dlcore_schedule_value(&s, 0) >= 0.0);
    ASSERT_FIELD(s, decay_steps, 0, "OneCycle: decay_steps must be 1 or more, got 0");
    ASSERT_FIELD(s, warmup_share, 1.5, "OneCycle: warmup_share must lie in 0 .. 1, got 1.5");
    ASSERT_FIELD(s, div_factor, 0.0, "OneCycle: div_factor must lie in 1.17549e-38 .. ");
    ASSERT_FIELD(s, max_learning_rate, -1.0, "OneCycle: max_learning_rate must lie in 0 .. ");
}

/* A boundary's own step still has the value before it. */
static void test_schedule_piecewise_changes_after_its_boundary(void **state)
{
    const uint64_t boundaries[2] = {5, UINT64_C(1) << 60};
    const double values[3] = {1, 2, 3};
    dlcore_schedule_t s = dlcore_schedule_piecewise_constant_decay(boundaries, values, 2);

    (void)state;
    assert_true(dlcore_schedule_value(&s, 0) == 1.0 && dlcore_schedule_value(&s, 5) == 1.0);
    assert_true(dlcore_schedule_value(&s, 6) == 2.0);
    assert_true(dlcore_schedule_value(&s, boundaries[1]) == 2.0);
    assert_true(dlcore_schedule_value(&s, boundaries[1] + 1) == 3.0);
}

static double of_step(void *user, uint64_t step)
{
    return *(double *)user * (double)step;
}

static void test_schedule_function_gets_its_user_and_the_step(void **state)
{
    double factor = 0.25;
    dlcore_schedule_t s = dlcore_schedule_function(of_step, &factor);

    (void)state;
    assert_int_equal(dlcore_schedule_validate(&s, NULL), DLCORE_OK);
    assert_true(dlcore_schedule_value(&s, 6) == 1.5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_schedule_bad_settings_are_named_with_range_and_value),
        cmocka_unit_test(test_schedule_warm_up_that_is_not_switched_on_is_refused),
        cmocka_unit_test(test_schedule_defaults_are_those_of_keras),
        cmocka_unit_test(test_schedule_unusual_settings_give_what_keras_computes),
        cmocka_unit_test(test_schedule_one_cycle_has_the_rates_of_pytorch),
        cmocka_unit_test(test_schedule_one_cycle_of_one_step_and_bad_settings),
        cmocka_unit_test(test_schedule_piecewise_changes_after_its_boundary),
        cmocka_unit_test(test_schedule_function_gets_its_user_and_the_step),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
