/* The floating-point control: rounding and denormals within a scope, the host's own after it.
 *
 * SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fenv.h>
#include <float.h>

#include "base/float_mode.h"
#include "support/denormals.h"

#if defined(__SSE2__) || (defined(__aarch64__) && defined(__GNUC__))
#    define CAN_FLUSH 1
#else
#    define CAN_FLUSH 0
#endif

static volatile float smallest = FLT_MIN, half = 0.5f, one = 1.0f, three = 3.0f;
static volatile float denormal = 1e-40f;

static void test_float_mode_flush_zeroes_denormals(void **state)
{
    dlcore_float_mode_t before = dlcore_float_mode_enter(true);
    volatile float result = smallest * half;
    volatile float operand = denormal * 1e30f;

    dlcore_float_mode_leave(before);
    (void)state;
    if (process_flushes_denormals())
        skip();
    if (!CAN_FLUSH)
        skip();
    assert_true(result == 0.0f);
    assert_true(operand == 0.0f);
    assert_true(smallest * half > 0.0f);
    assert_true(denormal * 1e30f > 0.0f);
}

static void test_float_mode_without_flush_keeps_denormals_in_flushing_host(void **state)
{
    dlcore_float_mode_t host = dlcore_float_mode_enter(true);
    dlcore_float_mode_t before = dlcore_float_mode_enter(false);
    volatile float result = smallest * half;
    volatile float operand = denormal * 1e30f;
    volatile float after;

    dlcore_float_mode_leave(before);
    after = smallest * half;
    dlcore_float_mode_leave(host);
    (void)state;
    if (process_flushes_denormals())
        skip();
    assert_true(result > 0.0f);
    assert_true(operand > 0.0f);
    if (CAN_FLUSH)
        assert_true(after == 0.0f);
}

static void test_float_mode_enter_rounds_to_nearest(void **state)
{
    float nearest = one / three;
    volatile float inside, after;
    dlcore_float_mode_t before;

    (void)state;
    fesetround(FE_UPWARD);
    before = dlcore_float_mode_enter(false);
    inside = -one / three;
    dlcore_float_mode_leave(before);
    after = -one / three;
    fesetround(FE_TONEAREST);
    assert_true(inside == -nearest);
    if (CAN_FLUSH)
        assert_true(after > -nearest); /* upward again */
}

/* Long doubles are x87's, which is looked at where C libraries compute with it. */
static void test_float_mode_enter_sets_x87_to_nearest(void **state)
{
#if defined(__GNUC__) && (defined(__i386__) || (defined(__x86_64__) && !defined(__GLIBC__)))
    static volatile long double numerator = 1.0L, denominator = 3.0L;
    long double nearest = numerator / denominator, inside, after;
    dlcore_float_mode_t before;

    (void)state;
    fesetround(FE_UPWARD);
    before = dlcore_float_mode_enter(false);
    inside = -numerator / denominator;
    dlcore_float_mode_leave(before);
    after = -numerator / denominator;
    fesetround(FE_TONEAREST);
    assert_true(inside == -nearest);
    assert_true(after > -nearest);
#else
    (void)state;
    skip();
#endif
}

static void test_float_mode_leave_restores_everything(void **state)
{
    dlcore_float_mode_t host, before;
    volatile float zero;

    (void)state;
    feclearexcept(FE_ALL_EXCEPT);
    fesetround(FE_DOWNWARD);
    host = dlcore_float_mode_get();
    before = dlcore_float_mode_enter(true);
    assert_true(before == host);
    zero = smallest * smallest; /* raises underflow */
    dlcore_float_mode_leave(before);
    assert_true(dlcore_float_mode_get() == host);
    if (CAN_FLUSH)
        assert_int_equal(fetestexcept(FE_UNDERFLOW), 0);
    assert_true(zero == 0.0f);
    fesetround(FE_TONEAREST);
}

static void test_float_mode_enter_keeps_earlier_flags(void **state)
{
    dlcore_float_mode_t before;
    int inside;

    (void)state;
    feclearexcept(FE_ALL_EXCEPT);
    feraiseexcept(FE_DIVBYZERO);
    before = dlcore_float_mode_enter(true);
    inside = fetestexcept(FE_DIVBYZERO);
    dlcore_float_mode_leave(before);
    assert_int_equal(inside, FE_DIVBYZERO);
    assert_int_equal(fetestexcept(FE_DIVBYZERO), FE_DIVBYZERO);
    feclearexcept(FE_ALL_EXCEPT);
}

static void test_float_mode_enter_masks_traps(void **state)
{
#if defined(__SSE2__)
    dlcore_float_mode_t host = dlcore_float_mode_get();
    dlcore_float_mode_t before;
    volatile float quotient;

    (void)state;
    dlcore_float_mode_set(host & ~(dlcore_float_mode_t)0x0200); /* division by zero traps */
    before = dlcore_float_mode_enter(true);
    quotient = one / (smallest * 0.0f);
    dlcore_float_mode_leave(before);
    assert_true((dlcore_float_mode_get() & 0x0200) == 0);
    dlcore_float_mode_set(host);
    assert_true(quotient > FLT_MAX);
#else
    (void)state;
    skip();
#endif
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_float_mode_flush_zeroes_denormals),
        cmocka_unit_test(test_float_mode_without_flush_keeps_denormals_in_flushing_host),
        cmocka_unit_test(test_float_mode_enter_rounds_to_nearest),
        cmocka_unit_test(test_float_mode_enter_sets_x87_to_nearest),
        cmocka_unit_test(test_float_mode_leave_restores_everything),
        cmocka_unit_test(test_float_mode_enter_keeps_earlier_flags),
        cmocka_unit_test(test_float_mode_enter_masks_traps),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
