/* Kernels of optimizers with moments and of what surrounds a rule, in every table that this CPU
 * runs, against double precision; the ends of loops; NaN.
 *
 * SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <float.h>
#include <math.h>
#include <string.h>

#include "kernels/cpu.h"
#include "kernels/kernels.h"
#include "kernels/kernels_training.h"

enum { COUNT = 45, GUARD = 7 }; /* whole vectors and a part of every table */

static const dlcore_kernels_t *tables[4];
static size_t table_count;

static int find_tables(void **state)
{
    (void)state;
    tables[table_count++] = dlcore_kernels_portable();
    if (dlcore_cpu_has_avx2() && dlcore_kernels_avx2() != NULL)
        tables[table_count++] = dlcore_kernels_avx2();
    if (dlcore_cpu_has_avx512() && dlcore_kernels_avx512() != NULL)
        tables[table_count++] = dlcore_kernels_avx512();
    if (dlcore_kernels_neon() != NULL)
        tables[table_count++] = dlcore_kernels_neon();
    return 0;
}

/* What a rule reads and writes; the floats behind COUNT must stay. */
typedef struct arrays {
    float w[COUNT + GUARD], g[COUNT + GUARD], slot[3][COUNT + GUARD];
} arrays_t;

static arrays_t filled(void)
{
    arrays_t a;

    for (size_t i = 0; i < COUNT + GUARD; i++) {
        a.w[i] = (float)i * 0.37f - 8.0f;
        a.g[i] = (float)(i % 2 == 0 ? 1 : -1) * powf(1.3f, (float)i - 30.0f);
        a.slot[0][i] = -0.1f * a.g[i];
        a.slot[1][i] = 0.5f * a.g[i] * a.g[i];
        a.slot[2][i] = 0.7f * a.g[i] * a.g[i];
    }
    a.g[5] = 0.0f;
    a.slot[1][5] = 0.0f;
    return a;
}

/* One element of each rule in double; the arguments are its weight, gradient and slots. */
typedef void (*rule_t)(double *w, double g, double *s0, double *s1, double *s2);
typedef void (*kernel_t)(const dlcore_kernels_t *kernels, size_t n, arrays_t *a);

static void adam(double *w, double g, double *m, double *v, double *unused)
{
    (void)unused;
    *m += (g - *m) * (double)0.1f;
    *v += (g * g - *v) * (double)0.2f;
    *w -= *m * (double)0.3f / (sqrt(*v) + (double)1e-3f);
}

static void run_adam(const dlcore_kernels_t *kernels, size_t n, arrays_t *a)
{
    const dlcore_adam_step_t step = {0.3f, 0.1f, 0.2f, 1e-3f};
    dlcore_training_kernels(kernels)->adam(n, a->w, a->g, a->slot[0], a->slot[1], &step);
}

static void amsgrad(double *w, double g, double *m, double *v, double *largest)
{
    *m += (g - *m) * (double)0.1f;
    *v += (g * g - *v) * (double)0.2f;
    *largest = fmax(*largest, *v);
    *w -= *m * (double)0.3f / (sqrt(*largest) + (double)1e-3f);
}

static void run_amsgrad(const dlcore_kernels_t *kernels, size_t n, arrays_t *a)
{
    const dlcore_adam_step_t step = {0.3f, 0.1f, 0.2f, 1e-3f};
    dlcore_training_kernels(kernels)->adam_amsgrad(n, a->w, a->g, a->slot[0], a->slot[1],
                                                   a->slot[2], &step);
}

static void adagrad(double *w, double g, double *unused, double *v, double *unused_too)
{
    (void)unused;
    (void)unused_too;
    *v += g * g;
    *w -= (double)0.3f * g / sqrt(*v + (double)1e-3f);
}

static void run_adagrad(const dlcore_kernels_t *kernels, size_t n, arrays_t *a)
{
    const dlcore_adagrad_step_t step = {0.3f, 1e-3f};
    dlcore_training_kernels(kernels)->rare->adagrad(n, a->w, a->g, a->slot[1], &step);
}

static void adadelta(double *w, double g, double *unused, double *v, double *d)
{
    double e = (double)1e-3f, step;

    (void)unused;
    *v = (double)0.8f * *v + (double)0.2f * g * g;
    step = sqrt(*d + e) * g / sqrt(*v + e);
    *d = (double)0.8f * *d + (double)0.2f * step * step;
    *w -= (double)0.3f * step;
}

static void run_adadelta(const dlcore_kernels_t *kernels, size_t n, arrays_t *a)
{
    const dlcore_rmsprop_step_t step = {0.3f, 0.8f, 0.2f, 0.0f, 1e-3f};
    dlcore_training_kernels(kernels)->rare->adadelta(n, a->w, a->g, a->slot[1], a->slot[2], &step);
}

static void adamax(double *w, double g, double *m, double *u, double *unused)
{
    (void)unused;
    *m += (g - *m) * (double)0.1f;
    *u = fmax((double)0.9f * *u, fabs(g));
    *w -= (double)0.3f * *m / ((double)0.7f * (*u + (double)1e-3f));
}

static void run_adamax(const dlcore_kernels_t *kernels, size_t n, arrays_t *a)
{
    const dlcore_adamax_step_t step = {0.3f, 0.1f, 0.9f, 0.7f, 1e-3f};
    dlcore_training_kernels(kernels)->rare->adamax(n, a->w, a->g, a->slot[0], a->slot[1], &step);
}

static void nadam(double *w, double g, double *m, double *v, double *unused)
{
    (void)unused;
    *m += (g - *m) * (double)0.1f;
    *v += (g * g - *v) * (double)0.2f;
    *w -= ((double)0.6f * *m + (double)0.5f * g) * (double)0.3f /
          (sqrt(*v * (double)1.5f) + (double)1e-3f);
}

static void run_nadam(const dlcore_kernels_t *kernels, size_t n, arrays_t *a)
{
    const dlcore_nadam_step_t step = {0.3f, 0.1f, 0.2f, 0.6f, 0.5f, 1.5f, 1e-3f};
    dlcore_training_kernels(kernels)->rare->nadam(n, a->w, a->g, a->slot[0], a->slot[1], &step);
}

static void lion(double *w, double g, double *m, double *unused, double *unused_too)
{
    double ahead = *m * (double)0.9f + g * (double)0.2f;

    (void)unused;
    (void)unused_too;
    *w -= (double)0.3f * (ahead > 0 ? 1 : ahead < 0 ? -1 : 0);
    *m = *m * (double)0.8f + g * (double)0.3f;
}

static void run_lion(const dlcore_kernels_t *kernels, size_t n, arrays_t *a)
{
    const dlcore_lion_step_t step = {0.3f, 0.9f, 0.2f, 0.8f, 0.3f};
    dlcore_training_kernels(kernels)->rare->lion(n, a->w, a->g, a->slot[0], &step);
}

/* The accumulator's root moves by half a gradient or so. */
static void ftrl(double *w, double g, double *z, double *a, double *unused)
{
    double b = *a + g * g, lr = (double)0.3f, l1 = (double)0.1f;

    (void)unused;
    *z += g + (double)0.2f * *w - (sqrt(b) - sqrt(*a)) / lr * *w;
    *w = (fmin(fmax(*z, -l1), l1) - *z) / (sqrt(b) / lr + (double)0.7f);
    *a = b;
}

static void run_ftrl(const dlcore_kernels_t *kernels, size_t n, arrays_t *a)
{
    const dlcore_ftrl_step_t step = {0.3f, 0.5f, 0.1f, 0.7f, 0.2f};
    dlcore_training_kernels(kernels)->rare->ftrl(n, a->w, a->g, a->slot[1], a->slot[0], &step);
}

/* Weights are differences of numbers of about 10. */
static void assert_weight(const char *table, const char *what, size_t i, float value,
                          double expected)
{
    if (!(fabs((double)value - expected) <= 4e-6))
        fail_msg("%s: weight[%zu] of %s is %.9g, not %.9g", table, i, what, (double)value,
                 expected);
}

static void assert_near(const char *table, const char *what, size_t i, float value, double expected)
{
    if (!(fabs((double)value - expected) <= 2e-6 * (1e-12 + fabs(expected))))
        fail_msg("%s: %s[%zu] is %.9g, not %.9g", table, what, i, (double)value, expected);
}

static void check_rule(const dlcore_kernels_t *kernels, const char *name, rule_t rule, kernel_t run)
{
    for (size_t n = 0; n <= COUNT; n += n < 20 ? 1 : 25) {
        const arrays_t before = filled();
        arrays_t after = before;

        run(kernels, n, &after);
        for (size_t i = 0; i < n; i++) {
            double w = (double)before.w[i], s0 = (double)before.slot[0][i];
            double s1 = (double)before.slot[1][i], s2 = (double)before.slot[2][i];

            rule(&w, (double)before.g[i], &s0, &s1, &s2);
            assert_weight(kernels->name, name, i, after.w[i], w);
            assert_near(kernels->name, name, i, after.slot[0][i], s0);
            assert_near(kernels->name, name, i, after.slot[1][i], s1);
            assert_near(kernels->name, name, i, after.slot[2][i], s2);
        }
        assert_memory_equal(after.w + n, before.w + n, (COUNT + GUARD - n) * sizeof(float));
        for (size_t s = 0; s < 3; s++)
            assert_memory_equal(after.slot[s] + n, before.slot[s] + n,
                                (COUNT + GUARD - n) * sizeof(float));
    }
}

static void test_kernels_updates_rules_agree_and_stay_within_their_arrays(void **state)
{
    (void)state;
    for (size_t t = 0; t < table_count; t++) {
        check_rule(tables[t], "adam", adam, run_adam);
        check_rule(tables[t], "amsgrad", amsgrad, run_amsgrad);
        check_rule(tables[t], "adagrad", adagrad, run_adagrad);
        check_rule(tables[t], "adadelta", adadelta, run_adadelta);
        check_rule(tables[t], "adamax", adamax, run_adamax);
        check_rule(tables[t], "nadam", nadam, run_nadam);
        check_rule(tables[t], "lion", lion, run_lion);
        check_rule(tables[t], "ftrl", ftrl, run_ftrl);
    }
}

/* Wherever a caller cuts, the bits are the same. */
static void test_kernels_updates_cuts_change_no_bit(void **state)
{
    static const kernel_t runs[] = {run_adam,   run_amsgrad, run_adagrad, run_adadelta,
                                    run_adamax, run_nadam,   run_lion,    run_ftrl};

    (void)state;
    for (size_t t = 0; t < table_count; t++) {
        for (size_t k = 0; k < sizeof runs / sizeof runs[0]; k++) {
            arrays_t whole = filled(), each = filled();

            runs[k](tables[t], COUNT, &whole);
            for (size_t i = 0; i < COUNT; i++) {
                arrays_t one;
                one.w[0] = each.w[i];
                one.g[0] = each.g[i];
                for (size_t s = 0; s < 3; s++)
                    one.slot[s][0] = each.slot[s][i];
                runs[k](tables[t], 1, &one);
                each.w[i] = one.w[0];
            }
            assert_memory_equal(whole.w, each.w, COUNT * sizeof(float));
        }
    }
}

static void check_elements(const dlcore_kernels_t *k, size_t n)
{
    const arrays_t a = filled();
    float to[COUNT + 1], w[COUNT + 1];

    to[n] = w[n] = 77.0f;
    memcpy(w, a.w, n * sizeof *w);
    dlcore_training_kernels(k)->add_penalty(n, to, a.g, a.w, 0.5f, 0.25f);
    for (size_t i = 0; i < n; i++) {
        double sign = a.w[i] > 0.0f ? 1.0 : a.w[i] < 0.0f ? -1.0 : 0.0;
        assert_weight(k->name, "add_penalty", i, to[i],
                      (double)a.g[i] + 0.5 * sign + 0.25 * (double)a.w[i]);
    }
    dlcore_training_kernels(k)->clip(n, to, a.w, 2.5f);
    for (size_t i = 0; i < n; i++)
        assert_true(to[i] == fmaxf(-2.5f, fminf(2.5f, a.w[i])));
    dlcore_training_kernels(k)->decay(n, w, 0.1f, 0.5f);
    for (size_t i = 0; i < n; i++)
        assert_near(k->name, "decay", i, w[i],
                    (double)a.w[i] * (1.0 - (double)0.1f * (double)0.5f));
    memcpy(w, a.slot[0], n * sizeof *w);
    dlcore_training_kernels(k)->average(n, w, a.w, 0.75f, 0.25f);
    for (size_t i = 0; i < n; i++)
        assert_weight(k->name, "average", i, w[i],
                      0.75 * (double)a.slot[0][i] + 0.25 * (double)a.w[i]);
    memcpy(w, a.slot[0], n * sizeof *w);
    dlcore_training_kernels(k)->accumulate(n, w, a.w);
    for (size_t i = 0; i < n; i++)
        assert_true(w[i] == a.slot[0][i] + a.w[i]);
    assert_true(to[n] == 77.0f && w[n] == 77.0f);
}

static void test_kernels_updates_elements_agree(void **state)
{
    (void)state;
    for (size_t t = 0; t < table_count; t++) {
        for (size_t n = 0; n <= COUNT; n++)
            check_elements(tables[t], n);
    }
}

static void test_kernels_updates_zero_has_no_sign_and_nan_is_not_clipped(void **state)
{
    const float w[3] = {0.0f, -0.0f, -1e-30f}, g[3] = {(float)NAN, 3.0f, -(float)INFINITY};
    float to[3];

    (void)state;
    for (size_t t = 0; t < table_count; t++) {
        memset(to, 0, sizeof to);
        dlcore_training_kernels(tables[t])->add_penalty(3, to, to, w, 1.0f, 0.0f);
        assert_true(to[0] == 0.0f && to[1] == 0.0f && to[2] == -1.0f);
        dlcore_training_kernels(tables[t])->clip(3, to, g, 2.0f);
        assert_true(isnan(to[0]) && to[1] == 2.0f && to[2] == -2.0f);
    }
}

static void test_kernels_updates_sums_and_columns_agree(void **state)
{
    enum { ROWS = 5, STRIDE = 48 };
    float x[ROWS * STRIDE], sums[STRIDE], factors[STRIDE];

    (void)state;
    for (size_t t = 0; t < table_count; t++) {
        const dlcore_kernels_t *k = tables[t];
        for (size_t n = 1; n < STRIDE; n++) {
            double expected = 0.0;

            for (size_t i = 0; i < ROWS * STRIDE; i++)
                x[i] = (float)((i * 37) % 101) * 0.1f - 4.0f;
            for (size_t i = 0; i < n; i++)
                expected += fabs((double)x[i]);
            assert_near(k->name, "absolute_sum", n, dlcore_training_kernels(k)->absolute_sum(x, n),
                        expected);
            sums[n] = 77.0f;
            dlcore_training_kernels(k)->column_squares(x, ROWS, n, STRIDE, sums);
            for (size_t c = 0; c < n; c++) {
                expected = 0.0;
                for (size_t r = 0; r < ROWS; r++)
                    expected += (double)x[r * STRIDE + c] * (double)x[r * STRIDE + c];
                assert_near(k->name, "column_squares", c, sums[c], expected);
                factors[c] = (float)c * 0.5f;
            }
            assert_true(sums[n] == 77.0f);
            dlcore_training_kernels(k)->column_scale(x, ROWS, n, STRIDE, factors);
            for (size_t i = 0; i < ROWS * STRIDE; i++) {
                float before = (float)((i * 37) % 101) * 0.1f - 4.0f;
                float factor = i % STRIDE < n ? (float)(i % STRIDE) * 0.5f : 1.0f;
                assert_true(x[i] == before * factor);
            }
        }
    }
}

/* Where there was no gradient yet a weight stays; NaN does not. */
static void test_kernels_updates_ftrl_without_a_gradient_leaves_the_weight(void **state)
{
    const dlcore_ftrl_step_t step = {0.3f, 0.75f, 0.0f, 0.0f, 0.0f};

    (void)state;
    for (size_t t = 0; t < table_count; t++) {
        float w[2] = {0.5f, 0.5f}, g[2] = {0.0f, NAN}, a[2] = {0.0f, 0.0f}, z[2] = {0.0f, 0.0f};

        dlcore_training_kernels(tables[t])->rare->ftrl(2, w, g, a, z, &step);
        assert_true(w[0] == 0.5f && a[0] == 0.0f && z[0] == 0.0f && isnan(w[1]));
    }
}

static void test_kernels_updates_adafactor_agrees_with_double(void **state)
{
    const dlcore_adafactor_step_t step = {0.1f, 0.75f, 0.25f, 1e-3f, 0.0f, 1.0f};

    (void)state;
    for (size_t t = 0; t < table_count; t++) {
        arrays_t a = filled(), b = a;
        double sum = 0.0, matrix_sum = 0.0, found, matrix_found;

        found = (double)dlcore_training_kernels(tables[t])->rare->adafactor_vector(COUNT, a.slot[1],
                                                                                   a.g, &step);
        matrix_found = (double)dlcore_training_kernels(tables[t])->rare->adafactor_matrix(
            COUNT, a.slot[0], a.g, b.slot[2], 0.5f);
        dlcore_training_kernels(tables[t])->rare->adafactor_move(COUNT, a.w, a.g, a.slot[1], 0.1f);
        for (size_t i = 0; i < COUNT; i++) {
            double g = (double)b.g[i];
            double v = 0.75 * (double)b.slot[1][i] + 0.25 * (g * g + (double)1e-3f);
            double of_matrix = 0.5 * (double)b.slot[2][i];

            assert_near(tables[t]->name, "velocity", i, a.slot[1][i], v);
            assert_near(tables[t]->name, "velocity", i, a.slot[0][i], of_matrix);
            assert_weight(tables[t]->name, "adafactor", i, a.w[i],
                          (double)b.w[i] - (double)0.1f * g / sqrt(v));
            sum += g * g / v;
            matrix_sum += g * g / fmax(of_matrix, (double)FLT_MIN);
        }
        assert_true(fabs(found - sum) <= 1e-5 * sum);
        assert_true(fabs(matrix_found - matrix_sum) <= 1e-5 * matrix_sum);
        assert_memory_equal(a.slot[1] + COUNT, b.slot[1] + COUNT, GUARD * sizeof(float));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kernels_updates_rules_agree_and_stay_within_their_arrays),
        cmocka_unit_test(test_kernels_updates_ftrl_without_a_gradient_leaves_the_weight),
        cmocka_unit_test(test_kernels_updates_adafactor_agrees_with_double),
        cmocka_unit_test(test_kernels_updates_cuts_change_no_bit),
        cmocka_unit_test(test_kernels_updates_elements_agree),
        cmocka_unit_test(test_kernels_updates_zero_has_no_sign_and_nan_is_not_clipped),
        cmocka_unit_test(test_kernels_updates_sums_and_columns_agree),
    };
    return cmocka_run_group_tests(tests, find_tables, NULL);
}
