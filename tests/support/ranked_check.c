/* Ranks of a loopback against a model alone, and against each other.
 *
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "support/ranked_check.h"

/* Rounding differs where sums are cut otherwise; 6 to 30 steps are made. */
#define WEIGHTS_LIMIT 1e-5
#define VALUES_LIMIT 2e-5

static void assert_value(const char *what, double value, double expected)
{
    if (!(fabs(value - expected) < VALUES_LIMIT * (1.0 + fabs(expected))) &&
        !(isnan(value) && isnan(expected)))
        fail_msg("%s: %.9g, not %.9g", what, value, expected);
}

void ranked_assert_agree(const char *what, const ranked_result_t *results, size_t size,
                         const ranked_result_t *expected)
{
    for (size_t rank = 0; rank < size; rank++) {
        const ranked_result_t *result = &results[rank];
        double weights = ranked_weights_error(result, expected);
        double values = ranked_history_error(result, expected);

        if (result->status != DLCORE_OK)
            fail_msg("%s on %zu ranks: rank %zu: %s", what, size, rank, result->message);
        if (!(weights < WEIGHTS_LIMIT) || !(values < VALUES_LIMIT))
            fail_msg("%s on %zu ranks: rank %zu: weights differ by %g, values by %g", what, size,
                     rank, weights, values);
        assert_memory_equal(result->weights, results[0].weights, sizeof result->weights);
        assert_memory_equal(&result->loss, &results[0].loss, sizeof result->loss);
        assert_memory_equal(&result->metric, &results[0].metric, sizeof result->metric);
        assert_value(what, result->loss, expected->loss);
        assert_value(what, result->metric, expected->metric);
    }
}

static ranked_result_t alone, results[8];

void ranked_check(const char *what, const ranked_case_t *ranked_case)
{
    static const size_t sizes[] = {2, 3, 4, 8};

    ranked_run_alone(ranked_case, &alone);
    if (alone.status != DLCORE_OK)
        fail_msg("%s: %s", what, alone.message);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        ranked_run(ranked_case, sizes[i], NULL, results);
        ranked_assert_agree(what, results, sizes[i], &alone);
    }
}

void ranked_check_bits(const char *what, const ranked_case_t *ranked_case)
{
    static const size_t sizes[] = {1, 2, 4, 8};
    const dlcore_collective_t settings = {.deterministic = true};
    ranked_case_t threaded = *ranked_case;

    ranked_run(ranked_case, 1, &settings, &alone);
    if (alone.status != DLCORE_OK)
        fail_msg("%s: %s", what, alone.message);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        threaded.options.threads = 1 + i % 2;
        ranked_run(&threaded, sizes[i], &settings, results);
        for (size_t rank = 0; rank < sizes[i]; rank++) {
            if (results[rank].status != DLCORE_OK)
                fail_msg("%s on %zu ranks: %s", what, sizes[i], results[rank].message);
            if (memcmp((const unsigned char *)results[rank].weights,
                       (const unsigned char *)alone.weights, sizeof alone.weights) != 0)
                fail_msg("%s: weights of %zu ranks have other bits than those of 1", what,
                         sizes[i]);
            assert_memory_equal(results[rank].history, alone.history, sizeof alone.history);
            assert_true(results[rank].loss == alone.loss);
        }
    }
}
