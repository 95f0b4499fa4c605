/* Random numbers: Random123's published vector, ranges, orders, and streams apart.
 *
 * SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdbool.h>

#include "base/random.h"

static dlcore_random_t stream(uint64_t seed)
{
    return dlcore_random_stream(seed, DLCORE_RANDOM_SHUFFLE, 0, 0);
}

/* kat_vectors of Random123: philox4x32, 10 rounds */
static void test_random_philox_gives_the_published_blocks(void **state)
{
    static const uint32_t zeros[4] = {0x6627e8d5u, 0xe169c58du, 0xbc57ac4cu, 0x9b00dbd8u};
    static const uint32_t ones[4] = {0x408f276du, 0x41c83b0eu, 0xa20bc7c6u, 0x6d5451fdu};
    static const uint32_t pi[4] = {0xd16cfe09u, 0x94fdccebu, 0x5001e420u, 0x24126ea1u};
    dlcore_random_t random = {.used = 4};

    (void)state;
    for (int i = 0; i < 4; i++)
        assert_int_equal(dlcore_random_next(&random), zeros[i]);
    random = (dlcore_random_t){.key = {~0u, ~0u}, .counter = {~0u, ~0u, ~0u, ~0u}, .used = 4};
    for (int i = 0; i < 4; i++)
        assert_int_equal(dlcore_random_next(&random), ones[i]);
    random = (dlcore_random_t){.key = {0xa4093822u, 0x299f31d0u},
                               .counter = {0x243f6a88u, 0x85a308d3u, 0x13198a2eu, 0x03707344u},
                               .used = 4};
    for (int i = 0; i < 4; i++)
        assert_int_equal(dlcore_random_next(&random), pi[i]);
}

static void test_random_counter_carries_into_its_second_word(void **state)
{
    dlcore_random_t random = {.counter = {UINT32_MAX, 0, 7, 9}, .used = 4};

    (void)state;
    dlcore_random_next(&random);
    assert_int_equal(random.counter[0], 0);
    assert_int_equal(random.counter[1], 1);
    assert_int_equal(random.counter[2], 7);
    assert_int_equal(random.counter[3], 9);
}

static void test_random_below_stays_below_and_reaches_everything_evenly(void **state)
{
    static const uint64_t large[] = {65536, 65537, UINT64_C(1) << 40, UINT64_MAX};
    dlcore_random_t random = stream(1);
    unsigned seen[7] = {0};

    (void)state;
    for (int i = 0; i < 70000; i++) {
        uint64_t drawn = dlcore_random_below(&random, 7);
        assert_true(drawn < 7);
        seen[drawn]++;
    }
    for (int i = 0; i < 7; i++) /* 10000 expected, standard deviation 93 */
        assert_in_range(seen[i], 9500, 10500);
    for (size_t k = 0; k < sizeof large / sizeof large[0]; k++) {
        bool upper_half = false;
        for (int i = 0; i < 100; i++) {
            uint64_t drawn = dlcore_random_below(&random, large[k]);
            assert_true(drawn < large[k]);
            upper_half = upper_half || drawn >= large[k] / 2;
        }
        assert_true(upper_half);
    }
    for (int i = 0; i < 10; i++)
        assert_int_equal(dlcore_random_below(&random, 1), 0);
}

/* Mean and variance of `count` numbers within five standard errors. */
static void assert_moments(const double *sums, int count, double variance)
{
    double mean = sums[0] / count;

    assert_true(fabs(mean) < 5.0 * sqrt(variance / count));
    assert_true(fabs(sums[1] / count - mean * mean - variance) < 0.03 * variance);
}

static void test_random_uniform_lies_in_0_to_1_with_its_moments(void **state)
{
    enum { COUNT = 50000 };
    dlcore_random_t random = stream(2);
    double sums[2] = {0.0, 0.0};

    (void)state;
    for (int i = 0; i < COUNT; i++) {
        double x = dlcore_random_uniform(&random);
        assert_true(x >= 0.0 && x < 1.0);
        sums[0] += x - 0.5;
        sums[1] += (x - 0.5) * (x - 0.5);
    }
    assert_moments(sums, COUNT, 1.0 / 12.0);
}

static void test_random_truncated_normal_lies_within_two_with_its_moments(void **state)
{
    enum { COUNT = 50000 };
    dlcore_random_t random = stream(3);
    double sums[2] = {0.0, 0.0}, largest = 0.0;

    (void)state;
    for (int i = 0; i < COUNT; i++) {
        double x = dlcore_random_truncated_normal(&random);
        sums[0] += x;
        sums[1] += x * x;
        largest = fmax(largest, fabs(x));
    }
    assert_true(largest <= 2.0 && largest > 1.99);
    assert_moments(sums, COUNT, 0.87962566103423978 * 0.87962566103423978);
}

static void test_random_permutation_holds_every_index_once(void **state)
{
    dlcore_random_t random = stream(4);
    size_t order[100], all_kept = 0;

    (void)state;
    for (size_t n = 0; n <= 100; n++) {
        bool seen[100] = {false};
        size_t kept = 0;

        dlcore_random_permutation(&random, order, n);
        for (size_t i = 0; i < n; i++) {
            assert_true(order[i] < n && !seen[order[i]]);
            seen[order[i]] = true;
            kept += order[i] == i;
        }
        assert_true(n < 10 || kept < n / 2);
        all_kept += n > 1 ? kept : 0;
    }
    assert_in_range(all_kept, 60, 140); /* one index of each order stays, on average */
}

static void test_random_streams_differ_and_repeat(void **state)
{
    const dlcore_random_purpose_t a = DLCORE_RANDOM_INITIALIZE, b = DLCORE_RANDOM_SHUFFLE;
    dlcore_random_t streams[] = {
        dlcore_random_stream(1, a, 0, 0), dlcore_random_stream(1, b, 0, 0),
        dlcore_random_stream(1, a, 1, 0), dlcore_random_stream(1, a, 0, 1),
        dlcore_random_stream(2, a, 0, 0), dlcore_random_stream(1 + (UINT64_C(1) << 32), a, 0, 0)};
    enum { STREAMS = sizeof streams / sizeof streams[0] };
    dlcore_random_t again = dlcore_random_stream(1, a, 0, 0);
    uint32_t first[STREAMS];

    (void)state;
    for (int i = 0; i < STREAMS; i++) {
        first[i] = dlcore_random_next(&streams[i]);
        for (int j = 0; j < i; j++)
            assert_int_not_equal(first[i], first[j]);
    }
    assert_int_equal(dlcore_random_next(&again), first[0]);
}

/* Part of "same seed, same weights": how many numbers of the stream each result takes. */
static void test_random_below_65536_takes_one_number_and_beyond_two(void **state)
{
    dlcore_random_t small = stream(5), large = stream(5), plain = stream(5);

    (void)state;
    for (int i = 0; i < 100; i++) {
        uint64_t first = dlcore_random_next(&plain), second = dlcore_random_next(&plain);

        assert_int_equal(dlcore_random_below(&small, 65536), first % 65536);
        assert_int_equal(dlcore_random_below(&small, 65536), second % 65536);
        assert_int_equal(dlcore_random_below(&large, 65537), (first << 32 | second) % 65537);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_philox_gives_the_published_blocks),
        cmocka_unit_test(test_random_counter_carries_into_its_second_word),
        cmocka_unit_test(test_random_below_stays_below_and_reaches_everything_evenly),
        cmocka_unit_test(test_random_uniform_lies_in_0_to_1_with_its_moments),
        cmocka_unit_test(test_random_truncated_normal_lies_within_two_with_its_moments),
        cmocka_unit_test(test_random_permutation_holds_every_index_once),
        cmocka_unit_test(test_random_streams_differ_and_repeat),
        cmocka_unit_test(test_random_below_65536_takes_one_number_and_beyond_two),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
