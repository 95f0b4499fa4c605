/* r2_score, against two passes in long double, at offsets and counts where sums of squares have no
 * digits left.
 *
 * SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "nn/metric.h"
#include "support/random_numbers.h"

enum { UNITS_MAX = 3, STATE_MAX = 4 * UNITS_MAX + 1 };

typedef struct samples {
    size_t rows, units;
    float *labels, *predictions, *weights; /* weights NULL: all 1 */
} samples_t;

static samples_t samples_create(size_t rows, size_t units)
{
    samples_t s = {rows, units, malloc(rows * units * sizeof(float)),
                   malloc(rows * units * sizeof(float)), NULL};

    assert_true(s.labels != NULL && s.predictions != NULL);
    return s;
}

static void samples_free(samples_t *s)
{
    free(s->labels);
    free(s->predictions);
    free(s->weights);
}

/* Adds rows begin .. end-1 to the state. */
static void add(const samples_t *s, size_t begin, size_t end, double *state)
{
    const dlcore_metric_t metric = dlcore_metric_default(DLCORE_METRIC_R2_SCORE);
    dlcore_matrix_t y = {.data = s->predictions + begin * s->units,
                         .rows = end - begin,
                         .columns = s->units,
                         .panel = s->units};
    dlcore_labels_t labels = {.values = s->labels + begin * s->units, .width = s->units};
    dlcore_metric_pass_t pass = {.metric = &metric,
                                 .y = &y,
                                 .labels = &labels,
                                 .weights = s->weights != NULL ? s->weights + begin : NULL};

    dlcore_metric_accumulate(&pass, NULL, state);
}

/* The result over batches of that many rows, each a state of its own, which are merged in order. */
static double score(const samples_t *s, size_t batch)
{
    const dlcore_metric_t metric = dlcore_metric_default(DLCORE_METRIC_R2_SCORE);
    double state[STATE_MAX] = {0};

    assert_in_range(dlcore_metric_length(&metric, s->units), 1, STATE_MAX);
    for (size_t row = 0; row < s->rows; row += batch) {
        double part[STATE_MAX] = {0};

        add(s, row, row + batch < s->rows ? row + batch : s->rows, part);
        dlcore_metric_merge(&metric, s->units, part, state);
    }
    return dlcore_metric_result(&metric, s->units, state);
}

static long double reference(const samples_t *s)
{
    long double mean_score = 0.0L;

    for (size_t u = 0; u < s->units; u++) {
        long double sum = 0.0L, weight = 0.0L, total = 0.0L, errors = 0.0L;

        for (size_t i = 0; i < s->rows; i++) {
            long double w = s->weights != NULL ? (long double)s->weights[i] : 1.0L;
            sum += w * (long double)s->labels[i * s->units + u];
            weight += w;
        }
        for (size_t i = 0; i < s->rows; i++) {
            long double w = s->weights != NULL ? (long double)s->weights[i] : 1.0L;
            long double t = (long double)s->labels[i * s->units + u];
            long double e = t - (long double)s->predictions[i * s->units + u];
            total += w * (t - sum / weight) * (t - sum / weight);
            errors += w * e * e;
        }
        mean_score += (1.0L - errors / total) / (long double)s->units;
    }
    return mean_score;
}

/* In batches of `least` rows, ten times as many, and so on. */
static void check_far_from_zero(float offset, size_t rows, size_t units, bool weighted,
                                size_t least)
{
    const float spread = fabsf(offset) >= 1e8f ? 64.0f : fabsf(offset) > 1.0f ? 0.25f : 1.0f;
    samples_t s = samples_create(rows, units);
    long double expected;

    for (size_t k = 0; k < rows * units; k++) {
        s.labels[k] = offset + spread * (float)random_normal();
        s.predictions[k] = s.labels[k] + 0.3f * spread * (float)random_normal();
    }
    s.weights = weighted ? malloc(rows * sizeof(float)) : NULL;
    for (size_t k = 0; s.weights != NULL && k < rows; k++)
        s.weights[k] = k % 5 == 4 ? 0.0f : (float)random_unit() + 0.1f;
    expected = reference(&s);
    for (size_t batch = least; batch <= rows * 10; batch *= 10) {
        double got = score(&s, batch);

        if (!(fabs(got - (double)expected) <= 1e-12 * (1.0 + fabs((double)expected))))
            fail_msg("offset %g, %zu rows of %zu units in batches of %zu: %.17g, not %.17Lg",
                     (double)offset, rows, units, batch, got, expected);
    }
    samples_free(&s);
}

static void test_metric_r2_far_from_zero_agrees_with_two_passes(void **state)
{
    static const float offsets[] = {0.0f, 1.0f, -1e4f, 1e8f};
    static const size_t counts[] = {2, 57, 1000, 30000};

    (void)state;
    random_seed(31);
    for (size_t i = 0; i < 4 * 4 * 2; i++)
        check_far_from_zero(offsets[i % 4], counts[i / 4 % 4], i % 3 + 1, i >= 16, 1);
    check_far_from_zero(1e8f, 1000000, 1, false, 1);
    check_far_from_zero(1e8f, 1000000, 1, true, 32);
}

static double score_of_constant(float label, float prediction, size_t rows, size_t batch)
{
    samples_t s = samples_create(rows, 1);
    double result;

    for (size_t i = 0; i < rows; i++) {
        s.labels[i] = label;
        s.predictions[i] = prediction;
    }
    result = score(&s, batch);
    samples_free(&s);
    return result;
}

static void test_metric_r2_of_equal_labels_is_1_without_errors_and_else_0(void **state)
{
    static const float labels[] = {0.1f, 0.7f, 1e8f, -16777217.0f, 1e-30f, 0.0f};

    (void)state;
    for (size_t i = 0; i < sizeof labels / sizeof *labels; i++) {
        for (size_t batch = 1; batch <= 1000; batch *= 3) {
            assert_true(score_of_constant(labels[i], labels[i] + 0.1f + labels[i], 57, batch) ==
                        0.0);
            assert_true(score_of_constant(labels[i], labels[i], 57, batch) == 1.0);
        }
    }
    assert_true(score_of_constant(0.1f, 0.2f, 57, 57) == 0.0);
    assert_true(score_of_constant(0.1f, 0.1f, 1000000, 32) == 1.0);
    assert_true(isnan(score_of_constant(0.1f, NAN, 57, 10)));
    assert_true(isnan(score_of_constant(NAN, 0.1f, 57, 10)));
}

static void test_metric_r2_without_weight_is_nan(void **state)
{
    samples_t s = samples_create(3, 1);

    (void)state;
    memset(s.labels, 0, 3 * sizeof(float));
    memset(s.predictions, 0, 3 * sizeof(float));
    s.weights = calloc(3, sizeof(float));
    assert_true(isnan(score(&s, 2)));
    samples_free(&s);
}

/* Two units, whose predictions are off by half a step and by none: 1 - 0.25 / 1.25 and 1. */
static void test_metric_r2_with_regressors_is_adjusted_by_the_labels_of_all_batches(void **state)
{
    dlcore_metric_t metric = dlcore_metric_default(DLCORE_METRIC_R2_SCORE);
    float labels[] = {0, 0, 1, 10, 2, 20, 3, 30},
          predictions[] = {0.5f, 0, 1.5f, 10, 2.5f, 20, 3.5f, 30};
    double all[STATE_MAX + 1] = {0};

    (void)state;
    metric.num_regressors = 2;
    assert_int_equal(dlcore_metric_length(&metric, 2), 10);
    for (size_t row = 0; row < 4; row += 2) {
        dlcore_matrix_t y = {.data = predictions + 2 * row, .rows = 2, .columns = 2, .panel = 2};
        dlcore_labels_t of = {.values = labels + 2 * row, .width = 2};
        dlcore_metric_pass_t pass = {.metric = &metric, .y = &y, .labels = &of};
        double part[STATE_MAX + 1] = {0};

        dlcore_metric_accumulate(&pass, NULL, part);
        dlcore_metric_merge(&metric, 2, part, all);
    }
    assert_true(fabs(dlcore_metric_result(&metric, 2, all) - (1 - 0.1 * 7 / 5)) < 1e-15);
    metric.aggregation = DLCORE_AGGREGATION_VARIANCE_WEIGHTED_AVERAGE;
    assert_true(fabs(dlcore_metric_result(&metric, 2, all) - (1 - 0.2 / 101 * 7 / 5)) < 1e-15);
    metric.num_regressors = 7; /* as many as labels, less one */
    assert_true(fabs(dlcore_metric_result(&metric, 2, all) - (1 - 0.2 / 101)) < 1e-15);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_metric_r2_far_from_zero_agrees_with_two_passes),
        cmocka_unit_test(test_metric_r2_of_equal_labels_is_1_without_errors_and_else_0),
        cmocka_unit_test(test_metric_r2_without_weight_is_nan),
        cmocka_unit_test(test_metric_r2_with_regressors_is_adjusted_by_the_labels_of_all_batches),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
