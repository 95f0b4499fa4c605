/* The BLAS seam: products against a plain double sum, the host's thread count, many callers, forks.
 *
 * The same tests run over any BLAS and over gemm_portable.c; blas_variants.sh runs them over each
 * OpenBLAS that is installed.
 *
 * SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <float.h>
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "products/blas.h"
#include "support/host_blas.h"
#include "support/sanitizers.h"

static uint32_t random_state;

static float random_float(void)
{
    random_state = random_state * 1664525u + 1013904223u;
    return (float)(random_state >> 8) / 8388608.0f - 1.0f;
}

static float *random_floats(size_t count)
{
    float *x = malloc((count > 0 ? count : 1) * sizeof *x);

    if (x == NULL)
        abort();
    for (size_t i = 0; i < count; i++)
        x[i] = random_float();
    return x;
}

/* --- products -----------------------------------------------------------------------------------
 */

typedef struct product {
    bool transpose_a, transpose_b;
    size_t m, n, k, lda, ldb, ldc;
    float alpha, beta;
    float *a, *b, *c;
} product_t;

static product_t random_product(bool transpose_a, bool transpose_b, size_t m, size_t n, size_t k,
                                size_t padding)
{
    product_t p = {.transpose_a = transpose_a, .transpose_b = transpose_b, .m = m, .n = n, .k = k};

    p.lda = (transpose_a ? m : k) + padding;
    p.ldb = (transpose_b ? k : n) + 2 * padding;
    p.ldc = n + 3 * padding;
    p.alpha = 1.0f;
    p.a = random_floats((transpose_a ? k : m) * p.lda);
    p.b = random_floats((transpose_b ? n : k) * p.ldb);
    p.c = random_floats(m * p.ldc);
    return p;
}

static void free_product(product_t *p)
{
    free(p->a);
    free(p->b);
    free(p->c);
}

static void multiply(const product_t *p, float *c)
{
    dlcore_gemm(p->transpose_a, p->transpose_b, p->m, p->n, p->k, p->alpha, p->a, p->lda, p->b,
                p->ldb, p->beta, c, p->ldc);
}

static double a_at(const product_t *p, size_t i, size_t q)
{
    return (double)(p->transpose_a ? p->a[q * p->lda + i] : p->a[i * p->lda + q]);
}

static double b_at(const product_t *p, size_t q, size_t j)
{
    return (double)(p->transpose_b ? p->b[j * p->ldb + q] : p->b[q * p->ldb + j]);
}

/* Element (i, j) is a sum of k + 1 terms: its error is at most about (k + 2) eps times the sum of
 * their sizes. Beyond the n columns of a row nothing may change. */
static void check_product(const product_t *p)
{
    float *c = malloc(p->m * p->ldc * sizeof *c);

    assert_non_null(c);
    memcpy(c, p->c, p->m * p->ldc * sizeof *c);
    dlcore_blas_enter(false);
    multiply(p, c);
    dlcore_blas_leave();
    for (size_t i = 0; i < p->m; i++) {
        for (size_t j = 0; j < p->ldc; j++) {
            double before = (double)p->c[i * p->ldc + j];
            double now = (double)c[i * p->ldc + j];
            double sum = (double)p->beta * before;
            double size = fabs(sum);

            if (j >= p->n) {
                assert_true(now == before);
                continue;
            }
            for (size_t q = 0; q < p->k; q++) {
                double term = (double)p->alpha * a_at(p, i, q) * b_at(p, q, j);

                sum += term;
                size += fabs(term);
            }
            assert_true(fabs(now - sum) <= (double)(p->k + 2) * (double)FLT_EPSILON * size);
        }
    }
    free(c);
}

static const struct {
    size_t m, n, k;
} shapes[] = {
    {1, 1, 1},    {1, 10, 784}, {128, 10, 33}, {3, 5, 7},    {4, 8, 64},  {5, 9, 65},
    {17, 31, 63}, {33, 1, 129}, {8, 32, 128},  {1, 33, 1},   {13, 64, 2}, {64, 65, 66},
    {7, 100, 1},  {2, 3, 300},  {100, 3, 5},   {12, 41, 70},
};

static const struct {
    float alpha, beta;
} factors[] = {{1.0f, 0.0f}, {1.0f, 1.0f}, {-0.25f, 0.5f}, {2.5f, -1.0f}, {-1.0f, 0.0f}};

static void test_blas_gemm_matches_plain_sum(void **state)
{
    (void)state;
    for (size_t s = 0; s < sizeof shapes / sizeof shapes[0]; s++) {
        for (unsigned t = 0; t < 8; t++) {
            product_t p = random_product((t & 1) != 0, (t & 2) != 0, shapes[s].m, shapes[s].n,
                                         shapes[s].k, (t & 4) != 0 ? 3 : 0);

            for (size_t f = 0; f < sizeof factors / sizeof factors[0]; f++) {
                p.alpha = factors[f].alpha;
                p.beta = factors[f].beta;
                check_product(&p);
            }
            free_product(&p);
        }
    }
}

static void test_blas_gemm_large_matches_plain_sum(void **state)
{
    (void)state;
    for (unsigned t = 0; t < 4; t++) {
        product_t p = random_product((t & 1) != 0, (t & 2) != 0, 130, 140, 150, t);

        p.beta = 1.0f;
        check_product(&p);
        free_product(&p);
    }
}

static void test_blas_gemm_beta_zero_overwrites_nan(void **state)
{
    (void)state;
    for (size_t s = 0; s < sizeof shapes / sizeof shapes[0]; s++) {
        for (unsigned t = 0; t < 4; t++) {
            product_t p = random_product((t & 1) != 0, (t & 2) != 0, shapes[s].m, shapes[s].n,
                                         shapes[s].k, 0);

            for (size_t i = 0; i < p.m * p.n; i++)
                p.c[i] = i % 2 == 0 ? NAN : INFINITY;
            dlcore_blas_enter(false);
            multiply(&p, p.c);
            dlcore_blas_leave();
            for (size_t i = 0; i < p.m * p.n; i++)
                assert_true(isfinite(p.c[i]));
            free_product(&p);
        }
    }
}

static void test_blas_gemm_nan_reaches_its_row_only(void **state)
{
    product_t p = random_product(false, false, 9, 11, 13, 0);

    (void)state;
    p.a[4 * p.lda + 12] = NAN;
    dlcore_blas_enter(false);
    multiply(&p, p.c);
    dlcore_blas_leave();
    for (size_t i = 0; i < p.m; i++) {
        for (size_t j = 0; j < p.n; j++)
            assert_true(isnan(p.c[i * p.ldc + j]) ? i == 4 : i != 4);
    }
    free_product(&p);
}

/* With no sum to add C is scaled, and A and B are not read: they are NaN, or not there. */
static void test_blas_gemm_k_or_alpha_zero_scales(void **state)
{
    static const float betas[] = {0.0f, 1.0f, -0.5f};
    float nans[6 * 6];

    (void)state;
    for (size_t i = 0; i < 36; i++)
        nans[i] = NAN;
    dlcore_blas_enter(false);
    for (size_t i = 0; i < 3; i++) {
        float none[2] = {3.0f, -8.0f}, zero[2] = {3.0f, -8.0f};
        float large[36];

        dlcore_gemm(i == 1, i == 2, 1, 2, 0, 2.0f, NULL, 0, NULL, i == 2 ? 0 : 2, betas[i], none,
                    2);
        assert_true(none[0] == 3.0f * betas[i] && none[1] == -8.0f * betas[i]);
        dlcore_gemm(i == 1, i == 2, 1, 2, 3, 0.0f, nans, 6, nans, 6, betas[i], zero, 2);
        assert_true(zero[0] == 3.0f * betas[i] && zero[1] == -8.0f * betas[i]);
        for (size_t j = 0; j < 36; j++)
            large[j] = (float)j;
        dlcore_gemm(i == 1, i == 2, 6, 6, 6, 0.0f, nans, 6, nans, 6, betas[i], large, 6);
        for (size_t j = 0; j < 36; j++)
            assert_true(large[j] == (float)j * betas[i]);
    }
    dlcore_blas_leave();
}

static void test_blas_gemm_empty_c_is_left_alone(void **state)
{
    float a[4] = {1, 2, 3, 4}, c[2] = {5.0f, 6.0f};

    (void)state;
    dlcore_blas_enter(false);
    dlcore_gemm(false, false, 0, 2, 2, 1.0f, a, 2, a, 2, 0.0f, c, 2);
    dlcore_gemm(true, false, 0, 2, 2, 1.0f, a, 0, a, 2, 0.0f, c, 2);
    dlcore_gemm(false, false, 2, 0, 2, 1.0f, a, 2, a, 0, 0.0f, c, 0);
    dlcore_blas_leave();
    assert_true(c[0] == 5.0f && c[1] == 6.0f);
}

/* --- the host's thread count --------------------------------------------------------------------
 */

static void test_blas_name_and_concurrency_agree(void **state)
{
    (void)state;
    if (host_blas_is("openblas serial") || host_blas_is("blas"))
        assert_false(dlcore_blas_is_concurrent());
    else if (host_blas_is("openblas openmp")) /* not where its count is out of reach */
        assert_int_equal(dlcore_blas_is_concurrent(), host_has_openmp());
    else if (host_blas_is("openblas pthread") || host_blas_is("portable"))
        assert_true(dlcore_blas_is_concurrent());
    else
        fail_msg("unknown BLAS name: %s", dlcore_blas_name());
    if (getenv("DLCORE_EXPECT_BLAS") != NULL)
        assert_string_equal(dlcore_blas_name(), getenv("DLCORE_EXPECT_BLAS"));
}

static void test_blas_scope_count_is_one_inside_and_restored(void **state)
{
    int host = start_with_three();

    (void)state;
    for (int i = 0; i < 3; i++) {
        dlcore_blas_enter(false);
        assert_int_equal(host_count(), 1);
        dlcore_blas_enter(false);
        dlcore_blas_enter(true);
        assert_int_equal(host_count(), 1);
        dlcore_blas_leave();
        dlcore_blas_leave();
        assert_int_equal(host_count(), 1);
        dlcore_blas_leave();
        assert_int_equal(host_count(), host);
    }
}

static void test_blas_scope_host_threads_leaves_count(void **state)
{
    int host = start_with_three();

    (void)state;
    dlcore_blas_enter(true);
    assert_int_equal(host_count(), host);
    dlcore_blas_enter(false); /* the outermost scope has chosen */
    assert_int_equal(host_count(), host);
    dlcore_blas_leave();
    dlcore_blas_leave();
    assert_int_equal(host_count(), host);
    dlcore_blas_enter(false);
    assert_int_equal(host_count(), 1);
    dlcore_blas_leave();
    assert_int_equal(host_count(), host);
}

static void test_blas_scope_change_by_host_is_kept(void **state)
{
    int host = start_with_three();

    (void)state;
    if (!host_blas_is("openblas pthread"))
        skip(); /* elsewhere the count is the thread's own */
    dlcore_blas_enter(false);
    set_host_count(2);
    dlcore_blas_leave();
    assert_int_equal(host_count(), 2);
    set_host_count(host);
    dlcore_blas_enter(false);
    set_host_count(2);
    dlcore_blas_enter(false);
    dlcore_blas_leave();
    dlcore_blas_leave();
    assert_int_equal(host_count(), 2);
    set_host_count(1); /* and so is a 1 that it sets between scopes */
    dlcore_blas_enter(false);
    dlcore_blas_leave();
    assert_int_equal(host_count(), 1);
    set_host_count(host);
}

static void *open_scopes(void *argument)
{
    int host = host_count(); /* OpenMP: every thread's own */

    for (int i = 0; i < 2000; i++) {
        dlcore_blas_enter(false);
        if (host_count() != 1)
            atomic_fetch_add((atomic_uint *)argument, 1);
        dlcore_blas_leave();
    }
    if (host_blas_is("openblas openmp") && host_count() != host)
        atomic_fetch_add((atomic_uint *)argument, 1);
    return NULL;
}

static void test_blas_scope_concurrent_count_is_one_and_restored(void **state)
{
    int host = start_with_three();
    pthread_t threads[8];
    atomic_uint wrong = 0;

    (void)state;
    for (int i = 0; i < 8; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, open_scopes, &wrong), 0);
    for (int i = 0; i < 8; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(atomic_load(&wrong), 0);
    assert_int_equal(host_count(), host);
}

static void *be_a_worker(void *argument)
{
    int before, inside, after;

    set_host_count(4);
    before = host_count();
    dlcore_blas_enter_worker();
    inside = host_count();
    dlcore_blas_leave_worker();
    after = host_count();
    if (host_blas_is("openblas openmp"))
        *(bool *)argument = before == 4 && inside == 1 && after == 4;
    return NULL;
}

static void test_blas_worker_has_one_thread(void **state)
{
    bool good = true;
    pthread_t thread;

    (void)state;
    if (!host_blas_is("openblas openmp") || !host_has_openmp())
        skip(); /* the scope's setting reaches all threads */
    dlcore_blas_enter(false);
    assert_int_equal(pthread_create(&thread, NULL, be_a_worker, &good), 0);
    pthread_join(thread, NULL);
    dlcore_blas_enter_worker();
    dlcore_blas_leave_worker();
    assert_int_equal(host_count(), 1);
    dlcore_blas_leave();
    assert_true(good);
}

/* --- many callers -------------------------------------------------------------------------------
 */

/* Tests with threads go on for a multiple of it. */
enum { ROUNDS = EMULATED ? 1 : 10 };

/* With memory of its own: a child must not need locks that a thread left behind may hold. */
typedef struct caller {
    const product_t *product;
    float *c;
    const float *expected;
    int rounds;
    int kind; /* of scope: false, true, or 2 for a worker in the main thread's */
    bool good;
} caller_t;

static void *call(void *argument)
{
    caller_t *caller = argument;
    const product_t *p = caller->product;
    size_t bytes = p->m * p->ldc * sizeof(float);
    float *c = caller->c;

    caller->good = true;
    for (int i = 0; i < caller->rounds && caller->good; i++) {
        memcpy(c, p->c, bytes);
        if (caller->kind == 2)
            dlcore_blas_enter_worker();
        else
            dlcore_blas_enter(caller->kind != 0);
        multiply(p, c);
        if (caller->kind == 2)
            dlcore_blas_leave_worker();
        else
            dlcore_blas_leave();
        caller->good = memcmp(c, caller->expected, bytes) == 0;
    }
    return NULL;
}

/* A thread of its own has a count of its own in OpenMP; with more than 1 its scopes of kind true
 * would sum in another order than `expected`. */
static void *call_on_thread(void *argument)
{
    if (host_blas_is("openblas openmp"))
        set_host_count(1);
    return call(argument);
}

/* `threads` callers, the i-th of kind i % kinds, at work on the same product at once. */
static void call_together(size_t threads, int kinds, int rounds, size_t m, size_t n, size_t k)
{
    product_t p = random_product(false, false, m, n, k, 0);
    float *expected = random_floats(m * n);
    pthread_t *ids = calloc(threads, sizeof *ids);
    caller_t *callers = calloc(threads, sizeof *callers);
    size_t made = 0;

    assert_non_null(ids);
    assert_non_null(callers);
    dlcore_blas_enter(false);
    multiply(&p, expected);
    for (; made < threads; made++) {
        callers[made] = (caller_t){.product = &p,
                                   .c = random_floats(m * n),
                                   .expected = expected,
                                   .rounds = rounds,
                                   .kind = kinds == 1 ? 2 : (int)made % kinds};
        if (pthread_create(&ids[made], NULL, call_on_thread, &callers[made]) != 0)
            break;
    }
    for (size_t i = 0; i < made; i++)
        pthread_join(ids[i], NULL);
    dlcore_blas_leave();
    for (size_t i = 0; i < made; i++) {
        free(callers[i].c);
        assert_true(callers[i].good);
    }
    assert_int_equal(made, threads);
    free(callers);
    free(ids);
    free(expected);
    free_product(&p);
}

static void test_blas_gemm_concurrent_equals_serial(void **state)
{
    int host = start_with_three();

    (void)state;
    call_together(8, 1, 2 * ROUNDS, 128, 96, 784);
    call_together(8, 1, 20 * ROUNDS, 32, 64, 50);
    call_together(8, 3, 2 * ROUNDS, 128, 96, 784);
    assert_int_equal(host_count(), host);
}

/* More callers than OpenBLAS has buffers for. */
static void test_blas_gemm_two_hundred_callers_are_right(void **state)
{
    (void)state;
    start_with_three();
    call_together(200, 2, 4, 128, 100, 100);
}

static void *call_with_host_threads(void *argument)
{
    product_t *p = argument;

    dlcore_blas_enter(true);
    for (int i = 0; i < 3 * ROUNDS; i++)
        check_product(p);
    dlcore_blas_leave();
    return NULL;
}

/* Several threads whose scopes leave BLAS its own threads, next to one that switches the count. */
static void test_blas_gemm_host_threads_together_are_right(void **state)
{
    int host = start_with_three();
    product_t products[4];
    pthread_t threads[4];

    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        products[i] = random_product((i & 1) != 0, (i & 2) != 0, 120, 110, 100, 0);
        assert_int_equal(pthread_create(&threads[i], NULL, call_with_host_threads, &products[i]),
                         0);
    }
    for (int i = 0; i < 3 * ROUNDS; i++)
        check_product(&products[3]);
    for (int i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
        free_product(&products[i]);
    }
    assert_int_equal(host_count(), host);
}

/* --- fork ---------------------------------------------------------------------------------------
 */

/* Runs `check` in a child; a child that hangs is killed by its alarm. */
static void in_child(bool (*check)(const void *argument), const void *argument)
{
    int status;
    pid_t child = fork();

    assert_true(child >= 0);
    if (child == 0) {
        alarm(20);
        _exit(check(argument) ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

typedef struct family {
    caller_t caller;
    int host;
    float *c[3]; /* one for each of the other threads */
    atomic_uint started;
    atomic_bool stop;
} family_t;

static void *keep_calling(void *argument)
{
    family_t *family = argument;
    caller_t caller = family->caller;

    caller.c = family->c[atomic_fetch_add(&family->started, 1)];
    caller.good = true;
    while (!atomic_load(&family->stop) && caller.good)
        call(&caller);
    return caller.good ? argument : NULL;
}

static bool child_multiplies(const void *argument)
{
    const family_t *family = argument;
    caller_t caller = family->caller;

    caller.rounds = 2;
    call(&caller);
    return caller.good && host_count() == family->host;
}

static bool child_of_scope_leaves(const void *argument)
{
    const family_t *family = argument;
    caller_t caller = family->caller;
    bool good;

    call(&caller);
    good = caller.good && host_count() == 1;
    dlcore_blas_leave();
    return good && host_count() == family->host;
}

static void fork_next_to_three_threads(void)
{
    product_t p = random_product(false, true, 128, 64, 200, 0);
    float *expected = random_floats(p.m * p.n);
    float *c = random_floats(p.m * p.n);
    family_t family = {.caller = {.product = &p, .c = c, .expected = expected, .rounds = 5},
                       .host = start_with_three()};
    pthread_t threads[3];
    void *result;

    dlcore_blas_enter(false);
    multiply(&p, expected);
    dlcore_blas_leave();
    for (int i = 0; i < 3; i++)
        family.c[i] = random_floats(p.m * p.n);
    for (int i = 0; i < 3; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, keep_calling, &family), 0);
    for (int i = 0; i < 5 * ROUNDS; i++) {
        in_child(child_multiplies, &family);
        dlcore_blas_enter(false);
        in_child(child_of_scope_leaves, &family);
        dlcore_blas_leave();
    }
    atomic_store(&family.stop, true);
    for (int i = 0; i < 3; i++) {
        pthread_join(threads[i], &result);
        assert_non_null(result);
    }
    for (int i = 0; i < 3; i++)
        free(family.c[i]);
    assert_int_equal(host_count(), family.host);
    free(c);
    free(expected);
    free_product(&p);
}

/* Other threads are in gemm and between scopes whenever the fork comes: the child must neither
 * hang in their locks nor keep their thread count. */
static void test_blas_fork_during_gemm_of_other_threads(void **state)
{
    (void)state;
    if (ADDRESS_SANITIZER || THREAD_SANITIZER)
        skip(); /* they have locks of their own, which such a fork can take along */
    fork_next_to_three_threads();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_blas_gemm_matches_plain_sum),
        cmocka_unit_test(test_blas_gemm_large_matches_plain_sum),
        cmocka_unit_test(test_blas_gemm_beta_zero_overwrites_nan),
        cmocka_unit_test(test_blas_gemm_nan_reaches_its_row_only),
        cmocka_unit_test(test_blas_gemm_k_or_alpha_zero_scales),
        cmocka_unit_test(test_blas_gemm_empty_c_is_left_alone),
        cmocka_unit_test(test_blas_name_and_concurrency_agree),
        cmocka_unit_test(test_blas_scope_count_is_one_inside_and_restored),
        cmocka_unit_test(test_blas_scope_host_threads_leaves_count),
        cmocka_unit_test(test_blas_scope_change_by_host_is_kept),
        cmocka_unit_test(test_blas_scope_concurrent_count_is_one_and_restored),
        cmocka_unit_test(test_blas_worker_has_one_thread),
        cmocka_unit_test(test_blas_gemm_concurrent_equals_serial),
        cmocka_unit_test(test_blas_gemm_two_hundred_callers_are_right),
        cmocka_unit_test(test_blas_gemm_host_threads_together_are_right),
        cmocka_unit_test(test_blas_fork_during_gemm_of_other_threads),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
