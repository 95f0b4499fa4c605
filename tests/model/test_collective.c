/* model_set_collective and what single calls become with it: train_on_batch, gradients, evaluate,
 * datasets, data of each rank's own.
 *
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "dlcore.h"
#include "support/collective_loopback.h"
#include "support/failing_allocator.h"
#include "support/sanitizers.h"

enum { INPUTS = 5, ROWS = 40, RANKS = 4, PARAMETERS = 5 * 6 + 6 + 4 * 6 + 6 * 2 + 2 };

static float samples[ROWS * INPUTS], labels[ROWS * 2];

static void fill_samples(void)
{
    unsigned state = 99;

    for (size_t i = 0; i < ROWS * INPUTS; i++) {
        state = state * 1664525u + 1013904223u;
        samples[i] = (float)(state >> 8) / 8388608.0f - 1.0f;
    }
    for (size_t row = 0; row < ROWS; row++) {
        labels[2 * row] = samples[row * INPUTS] * 0.5f;
        labels[2 * row + 1] = samples[row * INPUTS + 1] - samples[row * INPUTS + 2];
    }
}

static dlcore_model_t *make_model_in(const dlcore_allocator_t *allocator,
                                     dlcore_optimizer_t optimizer)
{
    dlcore_model_options_t options = dlcore_model_options_default();
    dlcore_model_t *model = NULL;

    options.threads = 1;
    if (allocator != NULL)
        options.allocator = *allocator;
    if (dlcore_model_create(&options, &model) != DLCORE_OK)
        return NULL;
    dlcore_model_add(model, dlcore_layer_dense(6, DLCORE_ACTIVATION_TANH));
    dlcore_model_add(model, dlcore_layer_batch_normalization());
    dlcore_model_add(model, dlcore_layer_dense(2, DLCORE_ACTIVATION_LINEAR));
    (void)dlcore_model_compile(model, &optimizer, DLCORE_LOSS_MEAN_SQUARED_ERROR,
                               DLCORE_METRIC_R2_SCORE);
    return model;
}

static dlcore_model_t *make_model_with(dlcore_optimizer_t optimizer)
{
    return make_model_in(NULL, optimizer);
}

static dlcore_model_t *make_model(void)
{
    dlcore_optimizer_t adam = dlcore_optimizer_adam();

    adam.learning_rate = 0.01;
    return make_model_with(adam);
}

/* Rows begin .. end-1 of a table. */
static dlcore_tensor_t *rows_of(float *table, size_t columns, size_t begin, size_t end)
{
    size_t shape[2] = {end - begin, columns};
    dlcore_tensor_t *tensor = NULL;

    (void)dlcore_tensor_borrow(NULL, DLCORE_DTYPE_FLOAT32, 2, shape, table + begin * columns, 0,
                               &tensor, NULL);
    return tensor;
}

/* ---- setting ---- */

static void assert_refused(const dlcore_collective_t *collective, dlcore_status status,
                           const char *text)
{
    dlcore_model_t *model = make_model();

    assert_int_equal(dlcore_model_set_collective(model, collective), status);
    if (strstr(dlcore_model_error(model), text) == NULL)
        fail_msg("\"%s\" is not in \"%s\"", text, dlcore_model_error(model));
    dlcore_model_free(model);
}

static void test_collective_that_is_wrong_is_refused_by_name(void **state)
{
    loopback_t *loopback = loopback_create(3);
    dlcore_collective_t good = loopback_collective(loopback, 1), bad = good;

    (void)state;
    bad.rank = 3;
    assert_refused(&bad, DLCORE_ERROR_ARGUMENT, "got rank 3 of 3");
    bad = good;
    bad.gather = NULL;
    assert_refused(&bad, DLCORE_ERROR_ARGUMENT, "gather is NULL");
    bad = good;
    bad.deterministic = true;
    assert_refused(&bad, DLCORE_ERROR_UNSUPPORTED, "1, 2, 4 or 8 ranks, got 3");
    bad.size = 2;
    bad.local_batch_statistics = true;
    assert_refused(&bad, DLCORE_ERROR_ARGUMENT, "local_batch_statistics");
    bad = good;
    bad.size = SIZE_MAX;
    assert_refused(&bad, DLCORE_ERROR_OVERFLOW, "ranks with records of");
    assert_int_equal(dlcore_model_set_collective(NULL, &good), DLCORE_ERROR_ARGUMENT);
    loopback_free(loopback);
}

/* BLAS's own threads add up in an order of their own. */
static void test_collective_deterministic_with_blas_threads_is_refused(void **state)
{
    dlcore_model_options_t options = dlcore_model_options_default();
    loopback_t *loopback = loopback_create(2);
    dlcore_collective_t collective = loopback_collective(loopback, 0);
    dlcore_model_t *model = NULL;

    (void)state;
    options.engine = DLCORE_ENGINE_BLAS;
    options.blas_threads = true;
    collective.deterministic = true;
    if (dlcore_model_create(&options, &model) == DLCORE_OK) { /* else there is no BLAS */
        assert_int_equal(dlcore_model_set_collective(model, &collective), DLCORE_ERROR_UNSUPPORTED);
        assert_string_equal(dlcore_model_error(model),
                            "collective: deterministic does not go with blas_threads");
    }
    dlcore_model_free(model);
    loopback_free(loopback);
}

static void test_collective_can_be_taken_away_again(void **state)
{
    loopback_t *loopback = loopback_create(2);
    dlcore_collective_t collective = loopback_collective(loopback, 0);
    dlcore_model_t *model = make_model();
    dlcore_tensor_t *x = rows_of(samples, INPUTS, 0, ROWS), *y = rows_of(labels, 2, 0, ROWS);

    (void)state;
    assert_int_equal(dlcore_model_set_collective(model, &collective), DLCORE_OK);
    assert_int_equal(dlcore_model_set_collective(model, NULL), DLCORE_OK);
    assert_int_equal(dlcore_model_train_on_batch(model, x, y, NULL), DLCORE_OK);
    assert_int_equal(loopback_calls(loopback, 0), 0);
    dlcore_tensor_free(x);
    dlcore_tensor_free(y);
    dlcore_model_free(model);
    loopback_free(loopback);
}

/* One rank of two predicts, and its clone trains: nobody waits for the other. */
static void test_collective_predicting_and_clones_are_local(void **state)
{
    loopback_t *loopback = loopback_create(2);
    dlcore_collective_t collective = loopback_collective(loopback, 0);
    dlcore_model_t *model = make_model(), *clone = NULL;
    dlcore_tensor_t *x = rows_of(samples, INPUTS, 0, ROWS), *y = rows_of(labels, 2, 0, ROWS);
    dlcore_tensor_t *answers = NULL;

    (void)state;
    assert_int_equal(dlcore_model_build(model, INPUTS), DLCORE_OK);
    assert_int_equal(dlcore_model_set_collective(model, &collective), DLCORE_OK);
    assert_int_equal(
        dlcore_tensor_create(NULL, DLCORE_DTYPE_FLOAT32, 2, (size_t[]){ROWS, 2}, &answers, NULL),
        DLCORE_OK);
    assert_int_equal(dlcore_model_predict(model, x, answers), DLCORE_OK);
    assert_int_equal(dlcore_model_clone(model, &clone), DLCORE_OK);
    assert_int_equal(dlcore_model_train_on_batch(clone, x, y, NULL), DLCORE_OK);
    assert_int_equal(loopback_calls(loopback, 0), 0);
    dlcore_tensor_free(x);
    dlcore_tensor_free(y);
    dlcore_tensor_free(answers);
    dlcore_model_free(clone);
    dlcore_model_free(model);
    loopback_free(loopback);
}

/* ---- the same work alone and on ranks ---- */

typedef struct outcome {
    dlcore_status status;
    char message[DLCORE_ERROR_MESSAGE_SIZE];
    float weights[PARAMETERS], gradients[PARAMETERS];
    double losses[4];
} outcome_t;

static outcome_t alone, outcomes[RANKS];

static void note(outcome_t *outcome, dlcore_model_t *model, dlcore_status status)
{
    if (outcome->status != DLCORE_OK)
        return;
    outcome->status = status;
    if (status != DLCORE_OK)
        snprintf(outcome->message, sizeof outcome->message, "%s", dlcore_model_error(model));
}

static void assert_close(const float *a, const float *b, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!(fabsf(a[i] - b[i]) < 1e-5f))
            fail_msg("number %zu: %g, not %g", i, (double)a[i], (double)b[i]);
}

static void assert_outcomes(size_t losses)
{
    assert_int_equal(alone.status, DLCORE_OK);
    for (size_t rank = 0; rank < RANKS; rank++) {
        if (outcomes[rank].status != DLCORE_OK)
            fail_msg("rank %zu: %s", rank, outcomes[rank].message);
        assert_close(outcomes[rank].weights, alone.weights, PARAMETERS);
        assert_close(outcomes[rank].gradients, alone.gradients, PARAMETERS);
        for (size_t i = 0; i < losses; i++)
            assert_true(fabs(outcomes[rank].losses[i] - alone.losses[i]) < 1e-5);
        assert_memory_equal(outcomes[rank].weights, outcomes[0].weights,
                            sizeof outcomes[0].weights);
    }
}

/* The rows of each rank where they are its own: 10 each; the last two 9 and 11. */
static const size_t begins[] = {0, 10, 20, 29, ROWS};

/* Steps, gradients, a step on a gradient, evaluate: on all rows, or on this rank's of its own. */
static void work(outcome_t *outcome, const dlcore_collective_t *collective)
{
    dlcore_model_t *model = make_model();
    size_t begin = 0, end = ROWS;
    dlcore_tensor_t *x, *y, *dy;
    dlcore_evaluation_t result = {0};

    memset(outcome, 0, sizeof *outcome);
    if (collective != NULL && collective->own_data) {
        begin = begins[collective->rank];
        end = begins[collective->rank + 1];
    }
    x = rows_of(samples, INPUTS, begin, end);
    y = rows_of(labels, 2, begin, end);
    if (collective != NULL)
        note(outcome, model, dlcore_model_set_collective(model, collective));
    for (int i = 0; i < 3; i++)
        note(outcome, model, dlcore_model_train_on_batch(model, x, y, &result));
    outcome->losses[0] = result.loss;
    outcome->losses[1] = result.metrics[0].value;
    note(outcome, model,
         dlcore_model_gradients(model, x, y, outcome->gradients, PARAMETERS, &outcome->losses[2]));
    dy = rows_of(labels, 2, begin, end);
    note(outcome, model, dlcore_model_train_on_gradient(model, x, dy));
    note(outcome, model, dlcore_model_evaluate(model, x, y, NULL, &result));
    outcome->losses[3] = result.loss;
    (void)dlcore_model_get_weights(model, outcome->weights, PARAMETERS);
    dlcore_tensor_free(x);
    dlcore_tensor_free(y);
    dlcore_tensor_free(dy);
    dlcore_model_free(model);
}

static void work_on_rank(void *user, const dlcore_collective_t *collective)
{
    (void)user;
    work(&outcomes[collective->rank], collective);
}

static void run_on_ranks(const dlcore_collective_t *settings, loopback_work_t function)
{
    loopback_t *loopback = loopback_create(RANKS);

    loopback_run(loopback, settings, function, NULL);
    loopback_free(loopback);
}

static void test_collective_single_calls_are_those_of_a_model_alone(void **state)
{
    const dlcore_collective_t same_bits = {.deterministic = true};

    (void)state;
    work(&alone, NULL);
    run_on_ranks(NULL, work_on_rank);
    assert_outcomes(4);
    run_on_ranks(&same_bits, work_on_rank);
    assert_outcomes(4);
}

static void test_collective_ranks_with_data_of_their_own_train_on_all_of_it(void **state)
{
    const dlcore_collective_t own = {.own_data = true};

    (void)state;
    work(&alone, NULL);
    run_on_ranks(&own, work_on_rank);
    assert_outcomes(4);
}

static failing_allocator_t memories[RANKS];
static size_t memory_calls[RANKS][3];

static void train_again(void *user, const dlcore_collective_t *collective)
{
    size_t rank = collective->rank;
    outcome_t *outcome = &outcomes[rank];
    dlcore_allocator_t allocator;
    dlcore_model_t *model;
    dlcore_tensor_t *x = rows_of(samples, INPUTS, 0, 8), *y = rows_of(labels, 2, 0, 8);

    (void)user;
    memset(outcome, 0, sizeof *outcome);
    failing_allocator_init(&memories[rank]);
    allocator = failing_allocator(&memories[rank]);
    model = make_model_in(&allocator, dlcore_optimizer_adam());
    note(outcome, model, dlcore_model_set_collective(model, collective));
    for (size_t i = 0; i < 3; i++) {
        note(outcome, model, dlcore_model_train_on_batch(model, x, y, NULL));
        memory_calls[rank][i] = memories[rank].calls;
    }
    dlcore_tensor_free(x);
    dlcore_tensor_free(y);
    dlcore_model_free(model);
}

static void test_collective_single_calls_keep_their_memory_for_the_next(void **state)
{
    (void)state;
    run_on_ranks(NULL, train_again);
    for (size_t rank = 0; rank < RANKS; rank++) {
        assert_int_equal(outcomes[rank].status, DLCORE_OK);
        assert_int_equal(memory_calls[rank][1], memory_calls[rank][0]);
        assert_int_equal(memory_calls[rank][2], memory_calls[rank][0]);
        failing_allocator_assert_clean(&memories[rank]);
    }
}

/* A collective whose all-reduce changes what it answers: of evaluate's sums the samples. */
typedef struct spoilt {
    dlcore_collective_t whole;
    double *sums;
} spoilt_t;

static spoilt_t spoilt[RANKS];

static dlcore_status spoilt_begin(void *user, void *numbers, size_t count,
                                  dlcore_collective_number_t type, void **request,
                                  dlcore_error_record_t *error)
{
    spoilt_t *own = user;

    own->sums = type == DLCORE_COLLECTIVE_FLOAT64 && count > 1 ? numbers : NULL;
    return own->whole.allreduce_begin(own->whole.user, numbers, count, type, request, error);
}

static dlcore_status spoilt_finish(void *user, void *request, dlcore_error_record_t *error)
{
    spoilt_t *own = user;
    dlcore_status status = own->whole.allreduce_finish(own->whole.user, request, error);

    if (own->sums != NULL)
        own->sums[1] = 0.5;
    return status;
}

static dlcore_status spoilt_broadcast(void *user, size_t root, void *bytes, size_t count,
                                      dlcore_error_record_t *error)
{
    spoilt_t *own = user;

    return own->whole.broadcast(own->whole.user, root, bytes, count, error);
}

static dlcore_status spoilt_gather(void *user, const void *record, size_t bytes, void *records,
                                   dlcore_error_record_t *error)
{
    spoilt_t *own = user;

    return own->whole.gather(own->whole.user, record, bytes, records, error);
}

static void evaluate_spoilt(void *user, const dlcore_collective_t *collective)
{
    spoilt_t *own = &spoilt[collective->rank];
    outcome_t *outcome = &outcomes[collective->rank];
    dlcore_collective_t changed = *collective;
    dlcore_model_options_t options = dlcore_model_options_default();
    dlcore_optimizer_t sgd = dlcore_optimizer_sgd();
    dlcore_model_t *model = NULL;
    dlcore_tensor_t *x = rows_of(samples, INPUTS, 0, ROWS), *y = rows_of(labels, 2, 0, ROWS);
    dlcore_evaluate_options_t how = dlcore_evaluate_options_default();
    dlcore_error_record_t error = {.message = ""};
    dlcore_evaluation_t result;

    (void)user;
    memset(outcome, 0, sizeof *outcome);
    *own = (spoilt_t){.whole = *collective};
    changed.user = own;
    changed.allreduce_begin = spoilt_begin;
    changed.allreduce_finish = spoilt_finish;
    changed.broadcast = spoilt_broadcast;
    changed.gather = spoilt_gather;
    changed.exchange = NULL;
    changed.revoke = NULL;
    options.threads = 1;
    (void)dlcore_model_create(&options, &model);
    note(outcome, model, dlcore_model_add(model, dlcore_layer_dense(2, DLCORE_ACTIVATION_LINEAR)));
    note(outcome, model,
         dlcore_model_compile(model, &sgd, DLCORE_LOSS_MEAN_SQUARED_ERROR, DLCORE_METRIC_NONE));
    note(outcome, model, dlcore_model_build(model, INPUTS));
    note(outcome, model, dlcore_model_set_collective(model, &changed));
    how.error = &error;
    note(outcome, model, dlcore_model_evaluate(model, x, y, &how, &result));
    snprintf(outcome->message, sizeof outcome->message, "%s", error.message);
    dlcore_tensor_free(x);
    dlcore_tensor_free(y);
    dlcore_model_free(model);
}

static void test_collective_sums_of_samples_that_are_no_count_are_refused(void **state)
{
    (void)state;
    run_on_ranks(NULL, evaluate_spoilt);
    for (size_t rank = 0; rank < RANKS; rank++) {
        assert_int_equal(outcomes[rank].status, DLCORE_ERROR_IO);
        if (strstr(outcomes[rank].message, "ranks sent a number of samples that is none: 0.5") ==
            NULL)
            fail_msg("rank %zu: %s", rank, outcomes[rank].message);
    }
}

/* ---- local statistics ---- */

/* A step of sgd on the rows of a rank: of that rank, or (NULL) of a model alone. */
static void step_on_share(outcome_t *outcome, const dlcore_collective_t *collective, size_t rank)
{
    dlcore_model_t *model = make_model_with(dlcore_optimizer_sgd());
    dlcore_tensor_t *x = rows_of(samples, INPUTS, begins[rank], begins[rank + 1]);
    dlcore_tensor_t *y = rows_of(labels, 2, begins[rank], begins[rank + 1]);

    memset(outcome, 0, sizeof *outcome);
    if (collective != NULL)
        note(outcome, model, dlcore_model_set_collective(model, collective));
    note(outcome, model, dlcore_model_train_on_batch(model, x, y, NULL));
    (void)dlcore_model_get_weights(model, outcome->weights, PARAMETERS);
    dlcore_tensor_free(x);
    dlcore_tensor_free(y);
    dlcore_model_free(model);
}

static void share_on_rank(void *user, const dlcore_collective_t *collective)
{
    (void)user;
    step_on_share(&outcomes[collective->rank], collective, collective->rank);
}

/* A step of sgd is linear in the gradient: so weights and moving statistics are the means, by rows,
 * of those that each rank would have alone. */
static void test_collective_local_statistics_are_of_each_ranks_rows(void **state)
{
    const dlcore_collective_t local = {.own_data = true, .local_batch_statistics = true};
    const dlcore_collective_t global = {.own_data = true};
    double means[PARAMETERS] = {0};
    float expected[PARAMETERS];

    (void)state;
    for (size_t rank = 0; rank < RANKS; rank++) {
        step_on_share(&alone, NULL, rank);
        assert_int_equal(alone.status, DLCORE_OK);
        for (size_t i = 0; i < PARAMETERS; i++)
            means[i] += (double)alone.weights[i] * (double)(begins[rank + 1] - begins[rank]) / ROWS;
    }
    for (size_t i = 0; i < PARAMETERS; i++)
        expected[i] = (float)means[i];
    run_on_ranks(&local, share_on_rank);
    for (size_t rank = 0; rank < RANKS; rank++) {
        if (outcomes[rank].status != DLCORE_OK)
            fail_msg("rank %zu: %s", rank, outcomes[rank].message);
        for (size_t i = 0; i < PARAMETERS; i++)
            if (!(fabsf(outcomes[rank].weights[i] - expected[i]) < 1e-6f))
                fail_msg("rank %zu: number %zu: %g, not %g", rank, i,
                         (double)outcomes[rank].weights[i], means[i]);
    }
    run_on_ranks(&global, share_on_rank); /* of all rows they are others */
    assert_true(fabsf(outcomes[0].weights[54] - expected[54]) > 1e-5f);
}

/* ---- a number that is not finite, with data of each rank's own ---- */

static float bad_samples[RANKS][8 * INPUTS];

static void train_on_bad(void *user, const dlcore_collective_t *collective)
{
    outcome_t *outcome = &outcomes[collective->rank];
    float *own = bad_samples[collective->rank];
    dlcore_model_t *model = make_model();
    dlcore_tensor_t *x, *y = rows_of(labels, 2, 0, 8);

    (void)user;
    memset(outcome, 0, sizeof *outcome);
    memcpy(own, samples, 8 * INPUTS * sizeof *own);
    if (collective->rank == 2)
        own[3 * INPUTS + 1] = NAN;
    x = rows_of(own, INPUTS, 0, 8);
    note(outcome, model, dlcore_model_set_collective(model, collective));
    note(outcome, model, dlcore_model_train_on_batch(model, x, y, NULL));
    dlcore_tensor_free(x);
    dlcore_tensor_free(y);
    dlcore_model_free(model);
}

static void test_collective_a_number_that_is_not_finite_is_named_with_its_rank(void **state)
{
    const dlcore_collective_t own = {.own_data = true};

    (void)state;
    run_on_ranks(&own, train_on_bad);
    for (size_t rank = 0; rank < RANKS; rank++) {
        assert_int_equal(outcomes[rank].status, DLCORE_ERROR_NOT_FINITE);
        assert_non_null(strstr(outcomes[rank].message, "rank 2 of 4: "));
        assert_non_null(strstr(outcomes[rank].message, "number 1 of sample 3 of x is NaN"));
    }
}

/* A call of the collective that fails while the others are told of the number, or before. */
static void test_collective_calls_that_fail_while_a_failure_is_told_end_all(void **state)
{
    const dlcore_collective_t own = {.own_data = true};
    size_t calls = SIZE_MAX;

    (void)state;
    for (size_t n = 0; n < calls; n++) {
        loopback_t *loopback = loopback_create(RANKS);

        loopback_fail(loopback, 1, n, false);
        loopback_run(loopback, &own, train_on_bad, NULL);
        if (loopback_calls(loopback, 1) <= n)
            calls = n;
        for (size_t rank = 0; rank < RANKS; rank++)
            if (outcomes[rank].status != (n < calls ? DLCORE_ERROR_IO : DLCORE_ERROR_NOT_FINITE) ||
                (n < calls && strstr(outcomes[rank].message, "failed on rank 1 of 4") == NULL))
                fail_msg("call %zu: rank %zu: %s", n, rank, outcomes[rank].message);
        loopback_free(loopback);
    }
    assert_in_range(calls, 3, 30);
}

/* ---- ranks that do not do the same ---- */

/* A first step of all; then rank 0 evaluates. */
static void part_ways(void *user, const dlcore_collective_t *collective)
{
    outcome_t *outcome = &outcomes[collective->rank];
    dlcore_model_t *model = make_model();
    dlcore_tensor_t *x = rows_of(samples, INPUTS, 0, 8), *y = rows_of(labels, 2, 0, 8);
    dlcore_evaluate_options_t how = dlcore_evaluate_options_default();
    dlcore_error_record_t error = {.message = ""};
    dlcore_evaluation_t result;

    (void)user;
    memset(outcome, 0, sizeof *outcome);
    how.error = &error;
    note(outcome, model, dlcore_model_set_collective(model, collective));
    note(outcome, model, dlcore_model_train_on_batch(model, x, y, NULL));
    note(outcome, model,
         collective->rank == 0 ? dlcore_model_evaluate(model, x, y, &how, &result)
                               : dlcore_model_train_on_batch(model, x, y, NULL));
    if (collective->rank == 0)
        snprintf(outcome->message, sizeof outcome->message, "%s", error.message);
    dlcore_tensor_free(x);
    dlcore_tensor_free(y);
    dlcore_model_free(model);
}

static void test_collective_ranks_that_are_out_of_step_are_told(void **state)
{
    (void)state;
    run_on_ranks(NULL, part_ways);
    for (size_t rank = 0; rank < RANKS; rank++) {
        assert_int_equal(outcomes[rank].status, DLCORE_ERROR_STATE);
        assert_string_equal(outcomes[rank].message, "ranks are out of step: rank 0 is at evaluate, "
                                                    "rank 1 at train_on_batch");
    }
}

/* ---- after a failure ---- */

static void go_on_after_failure(void *user, const dlcore_collective_t *collective)
{
    outcome_t *outcome = &outcomes[collective->rank];
    loopback_t **again = user;
    dlcore_model_t *model = make_model();
    dlcore_tensor_t *x = rows_of(samples, INPUTS, 0, 8), *y = rows_of(labels, 2, 0, 8);
    dlcore_collective_t other = loopback_collective(*again, collective->rank);

    memset(outcome, 0, sizeof *outcome);
    note(outcome, model, dlcore_model_set_collective(model, collective));
    if (dlcore_model_train_on_batch(model, x, y, NULL) == DLCORE_OK)
        outcome->losses[0] = 1.0; /* it was to fail */
    note(outcome, model, dlcore_model_train_on_batch(model, x, y, NULL));
    if (dlcore_model_set_collective(model, &other) != DLCORE_OK ||
        dlcore_model_train_on_batch(model, x, y, NULL) != DLCORE_OK)
        outcome->losses[1] = 1.0;
    dlcore_tensor_free(x);
    dlcore_tensor_free(y);
    dlcore_model_free(model);
}

static void test_collective_that_has_failed_is_not_used_again(void **state)
{
    loopback_t *loopback = loopback_create(RANKS), *again = loopback_create(RANKS);

    (void)state;
    loopback_fail(loopback, 2, 0, false);
    loopback_run(loopback, NULL, go_on_after_failure, &again);
    for (size_t rank = 0; rank < RANKS; rank++) {
        assert_int_equal(outcomes[rank].status, DLCORE_ERROR_STATE);
        if (strstr(outcomes[rank].message,
                   "train_on_batch: the collective has failed before; call model_set_collective "
                   "with another: ") == NULL ||
            strstr(outcomes[rank].message, "failed on rank 2 of 4") == NULL)
            fail_msg("rank %zu: %s", rank, outcomes[rank].message);
        assert_true(outcomes[rank].losses[0] == 0.0 && outcomes[rank].losses[1] == 0.0);
    }
    loopback_free(loopback);
    loopback_free(again);
}

/* ---- samples of another width ---- */

static bool built;

static void train_on_narrow(void *user, const dlcore_collective_t *collective)
{
    outcome_t *outcome = &outcomes[collective->rank];
    dlcore_model_t *model = make_model();
    size_t width = INPUTS - (collective->rank == 1);
    dlcore_tensor_t *x = rows_of(samples, width, 0, 8), *y = rows_of(labels, 2, 0, 8);

    (void)user;
    memset(outcome, 0, sizeof *outcome);
    if (built)
        note(outcome, model, dlcore_model_build(model, INPUTS));
    note(outcome, model, dlcore_model_set_collective(model, collective));
    note(outcome, model, dlcore_model_fit(model, x, y, NULL, NULL));
    dlcore_tensor_free(x);
    dlcore_tensor_free(y);
    dlcore_model_free(model);
}

static void test_collective_samples_of_another_width_are_told(void **state)
{
    const dlcore_collective_t own = {.own_data = true};

    (void)state;
    for (int i = 0; i < 4; i++) {
        built = i % 2 == 1;
        run_on_ranks(i < 2 ? &own : NULL, train_on_narrow);
        for (size_t rank = 0; rank < RANKS; rank++) {
            assert_int_equal(outcomes[rank].status,
                             built ? DLCORE_ERROR_SHAPE : DLCORE_ERROR_STATE);
            if (strstr(outcomes[rank].message,
                       built ? "rank 1 of 4: dense: expects 5 inputs, got 4"
                             : "rank 1 differs from rank 0 in the width of a sample: 4, not 5") ==
                NULL)
                fail_msg("rank %zu: %s", rank, outcomes[rank].message);
        }
    }
}

/* ---- datasets ---- */

/* Batches of 4 rows of the table, 10 of them, or as many as `batches`. */
typedef struct source {
    size_t at, batches, fails_at; /* fails_at 0: never */
    bool ended;                   /* the pass has: it is not to be asked again */
    dlcore_tensor_t *x, *y;
} source_t;

static dlcore_status source_begin(void *user, size_t pass, size_t batch,
                                  dlcore_error_record_t *error)
{
    source_t *source = user;

    (void)pass;
    (void)error;
    source->at = batch;
    source->ended = false;
    return DLCORE_OK;
}

static dlcore_status source_next(void *user, dlcore_dataset_batch_t *batch,
                                 dlcore_error_record_t *error)
{
    source_t *source = user;

    if (source->fails_at > 0 && source->at == source->fails_at) {
        snprintf(error->message, sizeof error->message, "the share is not mounted");
        return error->status = DLCORE_ERROR_IO;
    }
    if (source->ended) {
        snprintf(error->message, sizeof error->message, "asked for a batch behind the end");
        return error->status = DLCORE_ERROR_STATE;
    }
    source->ended = source->at >= source->batches;
    if (source->ended)
        return DLCORE_OK;
    dlcore_tensor_free(source->x);
    dlcore_tensor_free(source->y);
    source->x = rows_of(samples, INPUTS, 4 * source->at, 4 * source->at + 4);
    source->y = rows_of(labels, 2, 4 * source->at, 4 * source->at + 4);
    source->at++;
    batch->x = source->x;
    batch->y = source->y;
    return DLCORE_OK;
}

static size_t batches_of_rank[RANKS], failing_rank = RANKS;

static void train_on_dataset(outcome_t *outcome, const dlcore_collective_t *collective, bool shard)
{
    size_t rank = collective != NULL ? collective->rank : 0;
    source_t source = {.batches = batches_of_rank[rank], .fails_at = rank == failing_rank ? 3 : 0};
    dlcore_dataset_t whole = {.user = &source, .begin = source_begin, .next = source_next};
    dlcore_dataset_t dataset = whole;
    dlcore_dataset_shard_t kept;
    dlcore_fit_options_t how = dlcore_fit_options_default();
    dlcore_history_t *history = NULL;
    dlcore_model_t *model = make_model();
    dlcore_evaluation_t result = {0};

    memset(outcome, 0, sizeof *outcome);
    if (collective != NULL)
        note(outcome, model, dlcore_model_set_collective(model, collective));
    if (shard)
        dataset = dlcore_shard_of(&whole, collective, &kept);
    how.epochs = 2;
    note(outcome, model, dlcore_model_fit_dataset(model, &dataset, &how, &history));
    if (history != NULL && dlcore_history_epoch_count(history) == 2)
        outcome->losses[0] = dlcore_history_value(history, "loss", 1);
    if (outcome->status == DLCORE_OK)
        note(outcome, model, dlcore_model_evaluate_dataset(model, &dataset, NULL, &result));
    outcome->losses[1] = result.loss;
    (void)dlcore_model_get_weights(model, outcome->weights, PARAMETERS);
    dlcore_history_free(history);
    dlcore_tensor_free(source.x);
    dlcore_tensor_free(source.y);
    dlcore_model_free(model);
}

static void dataset_on_rank(void *user, const dlcore_collective_t *collective)
{
    (void)user;
    train_on_dataset(&outcomes[collective->rank], collective, false);
}

static void shard_on_rank(void *user, const dlcore_collective_t *collective)
{
    (void)user;
    train_on_dataset(&outcomes[collective->rank], collective, collective->own_data);
}

static void set_batches(size_t batches)
{
    for (size_t rank = 0; rank < RANKS; rank++)
        batches_of_rank[rank] = batches;
}

static void test_collective_batches_of_one_dataset_are_cut_by_rank(void **state)
{
    (void)state;
    set_batches(10);
    train_on_dataset(&alone, NULL, false);
    run_on_ranks(NULL, dataset_on_rank);
    assert_outcomes(2);
}

/* Batches of 4 on 4 ranks are batches of 16 alone: 10 of them make 2 whole rounds and one of two.
 */
static void test_collective_shards_of_a_dataset_make_rounds(void **state)
{
    const dlcore_collective_t own = {.own_data = true};
    dlcore_model_t *model = make_model();
    dlcore_tensor_t *x = rows_of(samples, INPUTS, 0, ROWS), *y = rows_of(labels, 2, 0, ROWS);
    dlcore_fit_options_t how = dlcore_fit_options_default();

    (void)state;
    how.epochs = 2;
    how.batch_size = 16;
    how.shuffle = false;
    memset(&alone, 0, sizeof alone);
    note(&alone, model, dlcore_model_fit(model, x, y, &how, NULL));
    (void)dlcore_model_get_weights(model, alone.weights, PARAMETERS);
    set_batches(10);
    run_on_ranks(&own, shard_on_rank);
    for (size_t rank = 0; rank < RANKS; rank++) {
        if (outcomes[rank].status != DLCORE_OK)
            fail_msg("rank %zu: %s", rank, outcomes[rank].message);
        assert_close(outcomes[rank].weights, alone.weights, PARAMETERS);
    }
    dlcore_tensor_free(x);
    dlcore_tensor_free(y);
    dlcore_model_free(model);
}

static void test_collective_shares_that_are_too_unequal_are_told(void **state)
{
    const dlcore_collective_t own = {.own_data = true};

    (void)state;
    set_batches(10);
    batches_of_rank[1] = 9;
    run_on_ranks(&own, dataset_on_rank);
    for (size_t rank = 0; rank < RANKS; rank++)
        assert_int_equal(outcomes[rank].status, DLCORE_OK);
    batches_of_rank[1] = 7;
    run_on_ranks(&own, dataset_on_rank);
    for (size_t rank = 0; rank < RANKS; rank++) {
        assert_int_equal(outcomes[rank].status, DLCORE_ERROR_SHAPE);
        assert_non_null(
            strstr(outcomes[rank].message, "at batch 8 of epoch 0 1 of 4 ranks have no more data"));
    }
    run_on_ranks(NULL, dataset_on_rank); /* and as one dataset they are not the same */
    for (size_t rank = 0; rank < RANKS; rank++)
        assert_true(outcomes[rank].status == DLCORE_ERROR_SHAPE);
}

static void test_collective_a_dataset_that_fails_on_one_rank_ends_all(void **state)
{
    const dlcore_collective_t own = {.own_data = true};

    (void)state;
    set_batches(10);
    failing_rank = 2;
    run_on_ranks(&own, dataset_on_rank);
    failing_rank = RANKS;
    for (size_t rank = 0; rank < RANKS; rank++) {
        assert_int_equal(outcomes[rank].status, DLCORE_ERROR_IO);
        assert_non_null(strstr(outcomes[rank].message, "rank 2 of 4: "));
        assert_non_null(strstr(outcomes[rank].message, "the share is not mounted"));
        assert_memory_equal(outcomes[rank].weights, outcomes[0].weights,
                            sizeof outcomes[0].weights);
    }
}

/* ---- models that are not the same ---- */

enum { EVALUATE, EVALUATE_DATASET, TRAIN_ON_BATCH, TRAIN_ON_GRADIENT, GRADIENTS, CALLS };

static int next_call;

static dlcore_status make_next_call(dlcore_model_t *model, dlcore_error_record_t *error)
{
    source_t source = {.batches = 2};
    dlcore_dataset_t dataset = {.user = &source, .begin = source_begin, .next = source_next};
    dlcore_tensor_t *x = rows_of(samples, INPUTS, 0, 8), *y = rows_of(labels, 2, 0, 8);
    dlcore_evaluate_options_t how = dlcore_evaluate_options_default();
    float gradients[PARAMETERS];
    dlcore_evaluation_t result;
    dlcore_status status;

    how.error = error;
    if (next_call == EVALUATE)
        status = dlcore_model_evaluate(model, x, y, &how, &result);
    else if (next_call == EVALUATE_DATASET)
        status = dlcore_model_evaluate_dataset(model, &dataset, &how, &result);
    else if (next_call == TRAIN_ON_BATCH)
        status = dlcore_model_train_on_batch(model, x, y, NULL);
    else if (next_call == TRAIN_ON_GRADIENT)
        status = dlcore_model_train_on_gradient(model, x, y);
    else
        status = dlcore_model_gradients(model, x, y, gradients, PARAMETERS, NULL);
    if (next_call > EVALUATE_DATASET)
        snprintf(error->message, sizeof error->message, "%s", dlcore_model_error(model));
    dlcore_tensor_free(x);
    dlcore_tensor_free(y);
    dlcore_tensor_free(source.x);
    dlcore_tensor_free(source.y);
    return status;
}

/* A first step of all; then one number of rank 2 is another. */
static void change_one_model(void *user, const dlcore_collective_t *collective)
{
    outcome_t *outcome = &outcomes[collective->rank];
    dlcore_model_t *model = make_model();
    dlcore_tensor_t *x = rows_of(samples, INPUTS, 0, 8), *y = rows_of(labels, 2, 0, 8);
    dlcore_error_record_t error = {.message = ""};

    (void)user;
    memset(outcome, 0, sizeof *outcome);
    note(outcome, model, dlcore_model_set_collective(model, collective));
    note(outcome, model, dlcore_model_train_on_batch(model, x, y, NULL));
    (void)dlcore_model_get_weights(model, outcome->weights, PARAMETERS);
    if (collective->rank == 2) {
        outcome->weights[3] += 0.5f;
        note(outcome, model, dlcore_model_set_weights(model, outcome->weights, PARAMETERS));
    }
    if (outcome->status == DLCORE_OK) {
        outcome->status = make_next_call(model, &error);
        memcpy(outcome->message, error.message, sizeof outcome->message);
    }
    dlcore_tensor_free(x);
    dlcore_tensor_free(y);
    dlcore_model_free(model);
}

static void
test_collective_a_model_that_was_changed_on_one_rank_is_told_by_the_next_call(void **state)
{
    (void)state;
    for (next_call = 0; next_call < CALLS; next_call++) {
        run_on_ranks(NULL, change_one_model);
        for (size_t rank = 0; rank < RANKS; rank++)
            if (outcomes[rank].status != DLCORE_ERROR_STATE ||
                strstr(outcomes[rank].message, "rank 2 differs from rank 0 in weights") == NULL)
                fail_msg("call %d, rank %zu: \"%s\"", next_call, rank, outcomes[rank].message);
    }
}

/* ---- runs that go on ---- */

static size_t stop_of_rank_1;

static dlcore_callback_action_t stop_after(void *user, const dlcore_training_event_t *event)
{
    size_t *left = user;

    (void)event;
    return --*left == 0 ? DLCORE_CALLBACK_STOP : DLCORE_CALLBACK_CONTINUE;
}

/* Stopped after 2 batches of 5, alone, or rank 1 elsewhere; then all go on together. All have taken
 * 5 steps by then, which have not changed the model. */
static void resume_together(void *user, const dlcore_collective_t *collective)
{
    outcome_t *outcome = &outcomes[collective->rank];
    dlcore_optimizer_t sgd = dlcore_optimizer_sgd();
    dlcore_model_t *model;
    dlcore_tensor_t *x = rows_of(samples, INPUTS, 0, ROWS), *y = rows_of(labels, 2, 0, ROWS);
    dlcore_fit_options_t how = dlcore_fit_options_default();
    size_t left = collective->rank == 1 ? stop_of_rank_1 : 2;
    dlcore_callback_t stop = {.user = &left, .on_batch_end = stop_after};

    (void)user;
    memset(outcome, 0, sizeof *outcome);
    sgd.learning_rate = 0.0;
    model = make_model_with(sgd);
    note(outcome, model, dlcore_model_set_trainable(model, 1, false)); /* its statistics stay */
    for (size_t i = left; i < 5; i++)
        note(outcome, model, dlcore_model_train_on_batch(model, x, y, NULL));
    how.batch_size = ROWS / 5;
    how.epochs = 2;
    how.callbacks = &stop;
    how.callback_count = 1;
    note(outcome, model, dlcore_model_fit(model, x, y, &how, NULL));
    left = SIZE_MAX;
    how.resume = true;
    note(outcome, model, dlcore_model_set_collective(model, collective));
    note(outcome, model, dlcore_model_fit(model, x, y, &how, NULL));
    dlcore_tensor_free(x);
    dlcore_tensor_free(y);
    dlcore_model_free(model);
}

static void test_collective_runs_that_were_stopped_elsewhere_do_not_go_on_together(void **state)
{
    static const struct {
        size_t stop;
        const char *text; /* NULL: all are at one place */
    } cases[] = {{2, NULL},
                 {1, "rank 1 differs from rank 0 in the batch that it begins with: 1, not 2"},
                 {5, "rank 1 differs from rank 0 in the epoch that it begins with: 1, not 0"}};

    (void)state;
    if (VALGRIND)
        skip(); /* a step of rate 0 changes the sign of a zero there */
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        stop_of_rank_1 = cases[i].stop;
        run_on_ranks(NULL, resume_together);
        for (size_t rank = 0; rank < RANKS; rank++)
            if (cases[i].text == NULL ? outcomes[rank].status != DLCORE_OK
                                      : outcomes[rank].status != DLCORE_ERROR_STATE ||
                                            strstr(outcomes[rank].message, cases[i].text) == NULL)
                fail_msg("case %zu, rank %zu: \"%s\"", i, rank, outcomes[rank].message);
    }
}

static int set_up(void **state)
{
    (void)state;
    fill_samples();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_collective_that_is_wrong_is_refused_by_name),
        cmocka_unit_test(test_collective_deterministic_with_blas_threads_is_refused),
        cmocka_unit_test(test_collective_sums_of_samples_that_are_no_count_are_refused),
        cmocka_unit_test(test_collective_can_be_taken_away_again),
        cmocka_unit_test(test_collective_predicting_and_clones_are_local),
        cmocka_unit_test(test_collective_single_calls_are_those_of_a_model_alone),
        cmocka_unit_test(test_collective_single_calls_keep_their_memory_for_the_next),
        cmocka_unit_test(test_collective_ranks_with_data_of_their_own_train_on_all_of_it),
        cmocka_unit_test(test_collective_local_statistics_are_of_each_ranks_rows),
        cmocka_unit_test(test_collective_a_number_that_is_not_finite_is_named_with_its_rank),
        cmocka_unit_test(test_collective_calls_that_fail_while_a_failure_is_told_end_all),
        cmocka_unit_test(test_collective_ranks_that_are_out_of_step_are_told),
        cmocka_unit_test(test_collective_that_has_failed_is_not_used_again),
        cmocka_unit_test(test_collective_samples_of_another_width_are_told),
        cmocka_unit_test(test_collective_batches_of_one_dataset_are_cut_by_rank),
        cmocka_unit_test(test_collective_shards_of_a_dataset_make_rounds),
        cmocka_unit_test(test_collective_shares_that_are_too_unequal_are_told),
        cmocka_unit_test(test_collective_a_dataset_that_fails_on_one_rank_ends_all),
        cmocka_unit_test(
            test_collective_a_model_that_was_changed_on_one_rank_is_told_by_the_next_call),
        cmocka_unit_test(test_collective_runs_that_were_stopped_elsewhere_do_not_go_on_together),
    };

    return cmocka_run_group_tests(tests, set_up, NULL);
}
