/* Every table of vector kernels that this CPU runs, against the C library in double precision.
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

#include "base/float_mode.h"
#include "kernels/cpu.h"
#include "kernels/kernels.h"
#include "kernels/kernels_training.h"

#define NAN_F ((float)NAN)
#define INF_F ((float)INFINITY)

enum { COUNT = 96 }; /* whole vectors of every table */

static const dlcore_kernels_t *tables[3];
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

/* The last of them: each is faster than those before. */
static void test_kernels_are_the_fastest_that_this_cpu_runs(void **state)
{
    (void)state;
    assert_string_equal(dlcore_kernels()->name, tables[table_count - 1]->name);
    assert_ptr_equal(dlcore_kernels(), tables[table_count - 1]);
}

/* Both NaN, the same infinity, or apart by a few units in the last place; denormals may be 0. */
static void assert_close(const char *table, const char *what, float x, float y, double expected)
{
    if ((isnan(y) && isnan(expected)) || (double)y == expected)
        return;
    if (!isnan(y) && fabs((double)y - expected) <= 6e-7 * fabs(expected) + (double)FLT_MIN)
        return;
    fail_msg("%s: %s of %.9g is %.9g, not %.9g", table, what, (double)x, (double)y, expected);
}

/* -100 .. 100 with the awkward ones among them. */
static void fill(float *x)
{
    static const float awkward[] = {NAN_F, INF_F, -INF_F, 0.0f, -0.0f, -100.0f, 100.0f, 0.625f};

    for (size_t i = 0; i < COUNT; i++)
        x[i] = (float)(i % 2 == 0 ? 1 : -1) * 1e-4f * powf(1.155f, (float)i);
    for (size_t i = 0; i < sizeof awkward / sizeof awkward[0]; i++)
        x[5 * i + 3] = awkward[i];
}

static double relu(double x)
{
    return isnan(x) || x > 0.0 ? x : 0.0;
}

static double sigmoid(double x)
{
    return 1.0 / (1.0 + exp(-x));
}

static void test_kernels_activations_agree_with_libm(void **state)
{
    (void)state;
    for (size_t t = 0; t < table_count; t++) {
        const dlcore_kernels_t *k = tables[t];
        void (*const functions[])(float *, size_t) = {k->relu, k->sigmoid, k->tanh};
        double (*const exact[])(double) = {relu, sigmoid, tanh};
        const char *const names[] = {"relu", "sigmoid", "tanh"};

        for (size_t f = 0; f < 3; f++) {
            float x[COUNT], y[COUNT];

            fill(x);
            memcpy(y, x, sizeof y);
            functions[f](y, COUNT);
            for (size_t i = 0; i < COUNT; i++)
                assert_close(k->name, names[f], x[i], y[i], exact[f]((double)x[i]));
        }
    }
}

static void test_kernels_exp_agrees_over_its_range(void **state)
{
    (void)state;
    for (size_t t = 0; t < table_count; t++) {
        for (double x = -110.0; x < 95.0; x += 0.0371) {
            float y = (float)x + 7.5f, shifted = y - 7.5f;
            float total = tables[t]->exp_sum(&y, 1, 7.5f);
            double expected = exp((double)shifted);

            expected = expected > (double)FLT_MAX ? (double)INFINITY : expected;
            assert_close(tables[t]->name, "exp", shifted, y, expected);
            assert_true(total == y);
        }
    }
}

static void test_kernels_softmax_agrees_at_every_length(void **state)
{
    (void)state;
    for (size_t t = 0; t < table_count; t++) {
        for (size_t n = 1; n <= 40; n++) {
            float x[40], y[40], log_sum;
            double total = 0.0;

            for (size_t i = 0; i < n; i++) /* large enough to overflow without the shift */
                x[i] = y[i] = 95.0f + 3.0f * sinf((float)(i * n));
            for (size_t i = 0; i < n; i++)
                total += exp((double)x[i]);
            tables[t]->softmax(y, n, &log_sum);
            for (size_t i = 0; i < n; i++)
                assert_true(fabs((double)y[i] * total / exp((double)x[i]) - 1.0) < 3e-6);
            assert_close(tables[t]->name, "log sum", x[0], log_sum, log(total));
            for (size_t bad = 0; bad < 2; bad++) {
                memcpy(y, x, n * sizeof *y);
                y[n / 2] = bad == 0 ? NAN_F : INF_F;
                tables[t]->softmax(y, n, NULL);
                for (size_t i = 0; i < n; i++)
                    assert_true(isnan(y[i]));
            }
        }
    }
}

static void test_kernels_tails_have_the_bits_of_the_middle(void **state)
{
    (void)state;
    for (size_t t = 0; t < table_count; t++) {
        const dlcore_kernels_t *k = tables[t];
        void (*const functions[])(float *, size_t) = {k->relu, k->sigmoid, k->tanh};

        for (size_t f = 0; f < 3; f++) {
            float x[COUNT], whole[COUNT], y[COUNT];

            fill(x);
            memcpy(whole, x, sizeof whole);
            functions[f](whole, COUNT);
            for (size_t n = 1; n <= 40; n++) {
                size_t begin = n % 7;
                memcpy(y, x, sizeof y);
                functions[f](y + begin, n);
                assert_memory_equal(y + begin, whole + begin, n * sizeof *y);
                assert_memory_equal(y + begin + n, x + begin + n, (COUNT - begin - n) * sizeof *y);
            }
        }
    }
}

static void test_kernels_gathers_fill_panels_and_nothing_else(void **state)
{
    enum { PANEL = 16, STRIDE = 48 };
    uint8_t bytes[40];
    int32_t ints[40];
    float floats[40];

    (void)state;
    for (size_t i = 0; i < 40; i++) {
        bytes[i] = (uint8_t)(255 - 6 * i);
        ints[i] = bytes[i];
        floats[i] = (float)bytes[i];
    }
    for (size_t t = 0; t < table_count; t++) {
        for (size_t n = 1; n <= 40; n++) {
            float y[3][3 * STRIDE];

            for (size_t i = 0; i < 9 * STRIDE; i++)
                y[i / (3 * STRIDE)][i % (3 * STRIDE)] = -7.0f;
            tables[t]->gather_uint8(bytes, y[0], n, PANEL, STRIDE, 1.0f / 255.0f, -0.5f);
            tables[t]->gather_int32(ints, y[1], n, PANEL, STRIDE, 1.0f / 255.0f, -0.5f);
            tables[t]->gather_float(floats, y[2], n, PANEL, STRIDE, 1.0f / 255.0f, -0.5f);
            for (size_t i = 0; i < 9 * STRIDE; i++) {
                size_t at = i % (3 * STRIDE), column = at / STRIDE * PANEL + at % STRIDE;
                volatile float product = floats[column < 40 ? column : 0] * (1.0f / 255.0f);
                float expected = at % STRIDE < PANEL && column < n ? product - 0.5f : -7.0f;
                assert_true(y[i / (3 * STRIDE)][at] == expected);
            }
        }
    }
}

static void test_kernels_column_sums_add_rows_of_a_strided_block(void **state)
{
    enum { ROWS = 5, WIDTH = 48 };
    float x[ROWS * WIDTH], sums[WIDTH];

    (void)state;
    for (size_t i = 0; i < ROWS * WIDTH; i++)
        x[i] = (float)((i * 37) % 101) - 50.0f; /* sums are exact */
    for (size_t t = 0; t < table_count; t++) {
        for (size_t columns = 1; columns <= 40; columns++) {
            for (size_t c = 0; c < WIDTH; c++)
                sums[c] = -7000.0f;
            dlcore_training_kernels(tables[t])->column_sums(x, ROWS, columns, WIDTH, sums);
            for (size_t c = 0; c < WIDTH; c++) {
                float expected = c < columns ? 0.0f : -7000.0f;
                for (size_t r = 0; r < ROWS && c < columns; r++)
                    expected += x[r * WIDTH + c];
                assert_true(sums[c] == expected);
            }
        }
    }
}

static void test_kernels_entries_sum_and_add_rows_by_their_index(void **state)
{
    enum { ROWS = 9, WIDTH = 80 };
    static const int32_t indices[4] = {0, 3, 4, 8};
    static const float values[4] = {2.0f, -1.0f, 0.5f, 4.0f};
    float w[ROWS * WIDTH], start[WIDTH], y[WIDTH], g[ROWS * WIDTH];

    (void)state;
    for (size_t i = 0; i < ROWS * WIDTH; i++)
        w[i] = (float)((i * 37) % 101) - 50.0f; /* sums are exact */
    for (size_t i = 0; i < WIDTH; i++)
        start[i] = (float)i;
    for (size_t t = 0; t < table_count * 4; t++) {
        bool ones = t % 2 != 0, starts = t / 2 % 2 != 0;
        dlcore_entries_t entries = {indices, ones ? NULL : values, 4, 0.25f};

        for (size_t n = 1; n < WIDTH; n++) {
            for (size_t c = 0; c < WIDTH; c++)
                y[c] = -7000.0f;
            for (size_t i = 0; i < ROWS * WIDTH; i++)
                g[i] = 1.0f;
            tables[t / 4]->entries_sum(&entries, w, WIDTH, starts ? start : NULL, y, n);
            /* g begins behind row 0 of the second entry on */
            entries.indices++;
            entries.values = ones ? NULL : values + 1;
            entries.count = 3;
            assert_int_equal(dlcore_training_kernels(tables[t / 4])
                                 ->entries_add(&entries, 8, start, g, WIDTH, WIDTH, n),
                             2);
            entries = (dlcore_entries_t){indices, ones ? NULL : values, 4, 0.25f};
            for (size_t c = 0; c < WIDTH; c++) {
                float expected = c >= n ? -7000.0f : starts ? start[c] : 0.0f;

                for (size_t i = 0; i < 4; i++) {
                    float x = ones ? 0.25f : values[i] * 0.25f;
                    if (c < n)
                        expected += x * w[(size_t)indices[i] * WIDTH + c];
                    if (i > 0 && i < 3)
                        assert_true(g[((size_t)indices[i] - 1) * WIDTH + c] ==
                                    (c < n ? 1.0f + x * start[c] : 1.0f));
                }
                assert_true(y[c] == expected);
                assert_true(g[c] == 1.0f);
                assert_true(g[7 * WIDTH + c] == 1.0f); /* of the entry that ends it */
            }
        }
    }
}

static void test_kernels_rmsprop_agrees_and_survives_an_infinite_velocity(void **state)
{
    const dlcore_rmsprop_step_t step = {0.01f, 0.9f, 0.1f, 0.0f, 1e-7f};

    (void)state;
    for (size_t t = 0; t < table_count; t++) {
        for (size_t n = 1; n <= 40; n++) {
            float w[40], g[40], v[40];

            for (size_t i = 0; i < n; i++) {
                w[i] = 0.5f;
                g[i] = i % 3 == 1 ? 1e30f : 0.1f * (float)(i + 1); /* 1e30 squared is infinite */
                v[i] = 0.25f;
            }
            dlcore_training_kernels(tables[t])->rmsprop(n, w, g, v, &step);
            for (size_t i = 0; i < n; i++) {
                double velocity = 0.9 * 0.25 + 0.1 * (double)g[i] * (double)g[i];
                double moved = 0.01 * (double)g[i] / sqrt(velocity + 1e-7);

                if (i % 3 == 1)
                    assert_true(isinf(v[i]) && w[i] == 0.5f);
                else
                    assert_true(fabs((double)w[i] - (0.5 - moved)) < 1e-7);
            }
        }
    }
}

/* Whole vectors of zeros are left out where that changes no bit: not where epsilon is zero. */
/* As much of w as without pieces: a denormal weight becomes 0 where the mode says so, and stays
 * elsewhere. */
static void test_kernels_rmsprop_of_denormals_is_the_same_in_pieces(void **state)
{
    enum { N = 4096, PIECE = 512 };
    static float whole[N], pieces[N], g[N], v[N];
    dlcore_float_mode_t mode;

    (void)state;
    for (size_t t = 0; t < table_count; t++) {
        const dlcore_training_kernels_t *training = dlcore_training_kernels(tables[t]);
        dlcore_rmsprop_step_t step = {0.01f, 0.9f, 0.1f, 0.0f, 1e-7f};

        for (size_t i = 0; i < N; i++)
            whole[i] = pieces[i] = i % 5 == 0 ? 0.0f : 1e-40f;
        mode = dlcore_float_mode_enter(true);
        training->rmsprop(N, whole, g, v, &step);
        for (size_t i = 0; i < N; i += PIECE)
            training->rmsprop(PIECE, pieces + i, g + i, v + i, &step);
        dlcore_float_mode_leave(mode);
        assert_memory_equal(pieces, whole, sizeof whole);
    }
}

static void test_kernels_rmsprop_leaves_what_never_had_a_gradient(void **state)
{
    (void)state;
    for (size_t t = 0; t < table_count; t++) {
        for (size_t i = 0; i < 64; i++) {
            dlcore_rmsprop_step_t step = {0.01f, 0.9f, 0.1f, 0.0f, 1e-7f};
            float w[64], g[64] = {0}, v[64] = {0}, before[64];

            for (size_t k = 0; k < 64; k++)
                w[k] = k % 2 == 0 ? -0.0f : (float)k;
            g[i] = 0.5f;
            memcpy(before, w, sizeof w);
            dlcore_training_kernels(tables[t])->rmsprop(64, w, g, v, &step);
            assert_true(w[i] < before[i] && v[i] > 0.0f);
            w[i] = before[i];
            v[i] = 0.0f;
            assert_memory_equal(w, before, sizeof w);
            for (size_t k = 0; k < 64; k++)
                assert_true(v[k] == 0.0f);

            g[i] = 0.0f; /* the mean of squares alone goes on */
            v[i] = 0.25f;
            dlcore_training_kernels(tables[t])->rmsprop(64, w, g, v, &step);
            assert_memory_equal(w, before, sizeof w);
            assert_true(fabsf(v[i] - 0.225f) < 1e-6f);

            step.epsilon = 0.0f; /* 0 / 0 */
            v[i] = 0.0f;
            dlcore_training_kernels(tables[t])->rmsprop(64, w, g, v, &step);
            assert_true(isnan(w[i]));
            memset(w, 0, sizeof w);
            dlcore_training_kernels(tables[t])->rmsprop(64, w, g, v, &step);
            assert_true(isnan(w[i]));
        }
    }
}

/* The same bits as the kernels that do it step by step, and nothing written beyond the row. */
static void test_kernels_softmax_crossentropy_has_the_bits_of_its_steps(void **state)
{
    (void)state;
    for (size_t t = 0; t < table_count; t++) {
        const dlcore_training_kernels_t *training = dlcore_training_kernels(tables[t]);

        for (size_t n = 1; n <= DLCORE_NARROW_ROW; n++) {
            float x[DLCORE_NARROW_ROW + 1], y[DLCORE_NARROW_ROW + 1], dx[DLCORE_NARROW_ROW + 1];
            float dy[DLCORE_NARROW_ROW + 1], labels[DLCORE_NARROW_ROW];
            float sum, product, log_sum, loss;

            for (size_t i = 0; i <= n; i++) {
                x[i] = y[i] = i % 5 == 2 ? -200.0f : 900.0f + 1.7f * (float)(i * 7 % 11);
                dx[i] = dy[i] = 7.0f;
            }
            for (size_t i = 0; i < n; i++)
                labels[i] = i == n / 2 ? 0.75f : 0.25f / (float)n;
            tables[t]->shift_scale(y, n, tables[t]->maximum(y, n), 1.0f);
            sum = tables[t]->sum(labels, n);
            product = tables[t]->dot(labels, y, n);
            tables[t]->softmax(y, n, &log_sum);
            training->difference(dy, y, labels, n, 0.125f);
            loss = training->softmax_crossentropy(x, labels, dx, n, 0.125f);
            assert_true(loss == sum * log_sum - product);
            assert_memory_equal(x, y, (n + 1) * sizeof *x);
            assert_memory_equal(dx, dy, (n + 1) * sizeof *dx);
            for (size_t i = 0; i < n; i++)
                y[i] = i == 0 ? 0.0f : -HUGE_VALF;
            assert_true(training->softmax_crossentropy(y, labels, NULL, 1, 1.0f) == 0.0f);
            assert_true(y[0] == 1.0f);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kernels_are_the_fastest_that_this_cpu_runs),
        cmocka_unit_test(test_kernels_activations_agree_with_libm),
        cmocka_unit_test(test_kernels_exp_agrees_over_its_range),
        cmocka_unit_test(test_kernels_softmax_agrees_at_every_length),
        cmocka_unit_test(test_kernels_tails_have_the_bits_of_the_middle),
        cmocka_unit_test(test_kernels_gathers_fill_panels_and_nothing_else),
        cmocka_unit_test(test_kernels_column_sums_add_rows_of_a_strided_block),
        cmocka_unit_test(test_kernels_entries_sum_and_add_rows_by_their_index),
        cmocka_unit_test(test_kernels_rmsprop_agrees_and_survives_an_infinite_velocity),
        cmocka_unit_test(test_kernels_rmsprop_leaves_what_never_had_a_gradient),
        cmocka_unit_test(test_kernels_rmsprop_of_denormals_is_the_same_in_pieces),
        cmocka_unit_test(test_kernels_softmax_crossentropy_has_the_bits_of_its_steps),
    };
    return cmocka_run_group_tests(tests, find_tables, NULL);
}
