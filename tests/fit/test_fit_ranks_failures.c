/* What fails or stops on one rank ends the fit on all, with one status and a message that names it;
 * calls of the collective that fail leave weights whole, and nobody waits for ever.
 *
 * SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/failing_allocator.h"
#include "support/ranked_fit.h"

enum { RANKS = 3 };

static ranked_result_t results[8], alone;

/* ---- one rank differs ---- */

static void assert_all_fail(dlcore_status status, const char *text)
{
    for (size_t rank = 0; rank < RANKS; rank++) {
        if (results[rank].status != status || strstr(results[rank].message, text) == NULL)
            fail_msg("rank %zu: %d, \"%s\"; expected %d with \"%s\"", rank, results[rank].status,
                     results[rank].message, status, text);
        assert_string_equal(results[rank].message, results[0].message);
    }
}

static void other_batch_size(size_t rank, ranked_case_t *ranked_case)
{
    ranked_case->fit.batch_size += rank == 1;
}

static void other_seed(size_t rank, ranked_case_t *ranked_case)
{
    ranked_case->options.seed += rank == 2;
}

static void other_width(size_t rank, ranked_case_t *ranked_case)
{
    if (rank == 2)
        ranked_case->hidden[0] = dlcore_layer_dense(21, DLCORE_ACTIVATION_TANH);
}

static void other_activation(size_t rank, ranked_case_t *ranked_case)
{
    if (rank == 1)
        ranked_case->hidden[0] = dlcore_layer_dense(20, DLCORE_ACTIVATION_RELU);
}

static void other_rate(size_t rank, ranked_case_t *ranked_case)
{
    ranked_case->compile.optimizer.learning_rate += rank == 1 ? 0.01 : 0.0;
}

static void other_samples(size_t rank, ranked_case_t *ranked_case)
{
    ranked_case->samples -= rank == 1;
}

static void other_trainable(size_t rank, ranked_case_t *ranked_case)
{
    ranked_case->hidden[0].trainable = rank != 2;
}

static void other_table(size_t rank, ranked_case_t *ranked_case)
{
    static const dlcore_embedding_t here = {.column = 1, .count = 5, .units = 3},
                                    there = {.column = 7, .count = 5, .units = 3};

    ranked_case->indices = true;
    ranked_case->hidden[1] = ranked_case->hidden[0];
    ranked_case->hidden[0] = dlcore_layer_embedding(rank == 1 ? &there : &here, 1);
    ranked_case->hidden_count = 2;
}

static void other_reduction(size_t rank, ranked_case_t *ranked_case)
{
    ranked_case->compile.loss.reduction =
        rank == 1 ? DLCORE_REDUCTION_SUM : DLCORE_REDUCTION_SUM_OVER_BATCH_SIZE;
}

static void other_class_weight(size_t rank, ranked_case_t *ranked_case)
{
    static const float here[] = {1, 1, 2}, there[] = {1, 2, 1};

    ranked_case->fit.class_weight = rank == 2 ? there : here;
    ranked_case->fit.class_count = 3;
}

static void bad_option(size_t rank, ranked_case_t *ranked_case)
{
    ranked_case->fit.validation_split = rank == 2 ? 1.5 : 0.0;
}

static void test_fit_ranks_that_differ_are_told_before_the_first_step(void **state)
{
    ranked_case_t ranked_case = ranked_case_default();

    (void)state;
    ranked_case.adjust = other_batch_size;
    ranked_run(&ranked_case, RANKS, NULL, results);
    assert_all_fail(DLCORE_ERROR_STATE, "rank 1 differs from rank 0 in batch_size: 17, not 16");
    ranked_case.adjust = other_seed;
    ranked_run(&ranked_case, RANKS, NULL, results);
    assert_all_fail(DLCORE_ERROR_STATE, "rank 2 differs from rank 0 in the seed");
    ranked_case.adjust = other_width;
    ranked_run(&ranked_case, RANKS, NULL, results);
    assert_all_fail(DLCORE_ERROR_STATE, "rank 2 differs from rank 0 in the number of parameters");
    ranked_case.adjust = other_activation;
    ranked_run(&ranked_case, RANKS, NULL, results);
    assert_all_fail(DLCORE_ERROR_STATE, "rank 1 differs from rank 0 in layers");
    ranked_case.adjust = other_rate;
    ranked_run(&ranked_case, RANKS, NULL, results);
    assert_all_fail(DLCORE_ERROR_STATE, "rank 1 differs from rank 0 in the optimizer");
    ranked_case.adjust = other_samples;
    ranked_run(&ranked_case, RANKS, NULL, results);
    assert_all_fail(DLCORE_ERROR_SHAPE, "rank 0 has 48 samples (or batches), rank 1 has 47");
    ranked_case.adjust = other_trainable;
    ranked_run(&ranked_case, RANKS, NULL, results);
    assert_all_fail(DLCORE_ERROR_STATE, "rank 2 differs from rank 0 in layers");
    ranked_case.adjust = other_table;
    ranked_run(&ranked_case, RANKS, NULL, results);
    assert_all_fail(DLCORE_ERROR_STATE, "rank 1 differs from rank 0 in layers");
    ranked_case.adjust = other_reduction;
    ranked_run(&ranked_case, RANKS, NULL, results);
    assert_all_fail(DLCORE_ERROR_STATE, "rank 1 differs from rank 0 in the loss or metrics");
    ranked_case.adjust = other_class_weight;
    ranked_run(&ranked_case, RANKS, NULL, results);
    assert_all_fail(DLCORE_ERROR_STATE, "rank 2 differs from rank 0 in class_weight");
    ranked_case.adjust = bad_option;
    ranked_run(&ranked_case, RANKS, NULL, results);
    assert_all_fail(DLCORE_ERROR_ARGUMENT, "rank 2 of 3: fit: validation_split");
}

/* An option of fit that rank 1 sets, and what all ranks are told. */
static const struct {
    size_t at;    /* in fit_options_t */
    size_t value; /* of rank 1 */
    bool is_flag;
    const char *text;
} other_options[] = {
#define OTHER(member, value, shown)                                 \
    {                                                               \
        offsetof(dlcore_fit_options_t, member), value, false, shown \
    }
#define OTHER_FLAG(member, value, shown)                           \
    {                                                              \
        offsetof(dlcore_fit_options_t, member), value, true, shown \
    }
    OTHER(epochs, 3, "epochs: 3, not 2"),
    OTHER(initial_epoch, 1, "initial_epoch: 1, not 0"),
    OTHER(steps_per_epoch, 2, "steps_per_epoch: 2, not 0"),
    OTHER(validation_freq, 2, "validation_freq: 2, not 1"),
    OTHER(validation_batch_size, 8, "validation_batch_size: 8, not 0"),
    OTHER_FLAG(shuffle, false, "shuffle: 0, not 1"),
    OTHER_FLAG(shuffle_before_split, true, "shuffle_before_split: 1, not 0"),
    OTHER_FLAG(stop_on_not_finite, false, "stop_on_not_finite: 0, not 1"),
#undef OTHER
#undef OTHER_FLAG
};

static size_t other_index;

static void other_option(size_t rank, ranked_case_t *ranked_case)
{
    char *at = (char *)&ranked_case->fit + other_options[other_index].at;

    if (rank != 1)
        return;
    if (other_options[other_index].is_flag)
        *(bool *)(void *)at = other_options[other_index].value != 0;
    else
        *(size_t *)(void *)at = other_options[other_index].value;
}

static void other_weights(size_t rank, ranked_case_t *ranked_case)
{
    ranked_case->sample_weights = rank == 1;
}

static void other_validation(size_t rank, ranked_case_t *ranked_case)
{
    ranked_case->validation = rank == 1 ? 12 : 16;
}

static void no_validation(size_t rank, ranked_case_t *ranked_case)
{
    ranked_case->validation = rank == 1 ? 0 : 16;
}

/* Of precision, which has no average. */
static void other_average(size_t rank, ranked_case_t *ranked_case)
{
    ranked_case->compile.metrics[0].average =
        rank == 1 ? DLCORE_AVERAGE_MICRO : DLCORE_AVERAGE_MACRO;
}

static void test_fit_ranks_settings_that_nothing_asks_for_may_differ(void **state)
{
    ranked_case_t ranked_case = ranked_case_default();

    (void)state;
    ranked_case.regression = ranked_case.binary = true;
    ranked_case.compile.loss = dlcore_loss_binary_crossentropy();
    ranked_case.compile.metrics[0] = dlcore_metric_default(DLCORE_METRIC_PRECISION);
    ranked_case.adjust = other_average;
    ranked_run(&ranked_case, RANKS, NULL, results);
    for (size_t rank = 0; rank < RANKS; rank++)
        if (results[rank].status != DLCORE_OK)
            fail_msg("rank %zu: %s", rank, results[rank].message);
}

static void test_fit_ranks_options_that_differ_are_told_with_their_values(void **state)
{
    ranked_case_t ranked_case = ranked_case_default();

    (void)state;
    ranked_case.fit.validation_split = 0.25;
    ranked_case.adjust = other_option;
    for (; other_index < sizeof other_options / sizeof *other_options; other_index++) {
        ranked_run(&ranked_case, RANKS, NULL, results);
        assert_all_fail(DLCORE_ERROR_STATE, other_options[other_index].text);
    }
    ranked_case.fit.validation_split = 0.0;
    ranked_case.adjust = other_weights;
    ranked_run(&ranked_case, RANKS, NULL, results);
    assert_all_fail(DLCORE_ERROR_STATE, "in whether samples have weights: 1, not 0");
    ranked_case.adjust = other_validation;
    ranked_run(&ranked_case, RANKS, NULL, results);
    assert_all_fail(DLCORE_ERROR_STATE, "in the number of samples that validate: 12, not 16");
    ranked_case.adjust = no_validation;
    ranked_run(&ranked_case, RANKS, NULL, results);
    assert_all_fail(DLCORE_ERROR_STATE, "in whether it validates: 0, not 1");
}

static void few_samples(size_t rank, ranked_case_t *ranked_case)
{
    ranked_case->samples = rank == 1 ? 8 : 48;
}

static void test_fit_ranks_own_samples_that_are_no_share_of_a_batch_are_refused(void **state)
{
    const dlcore_collective_t own = {.own_data = true};
    ranked_case_t ranked_case = ranked_case_default();

    (void)state;
    ranked_case.adjust = few_samples;
    ranked_run(&ranked_case, RANKS, &own, results);
    assert_all_fail(DLCORE_ERROR_SHAPE, "fit: ranks have too different numbers of samples: 2 to "
                                        "10 batches; they may differ by one batch");
    ranked_case.adjust = NULL;
    ranked_case.fit.batch_size = RANKS - 1;
    ranked_run(&ranked_case, RANKS, &own, results);
    assert_all_fail(DLCORE_ERROR_ARGUMENT,
                    "fit: batch_size 2 leaves some of 3 ranks without samples");
}

/* ---- callbacks ---- */

typedef struct scripted {
    size_t rank, at; /* acts on batch `at` of its life */
    size_t batches, ends, trained;
    bool begins; /* acts as the batch begins */
    enum { FAILS, STOPS, REQUESTS_STOP, SETS_RATE, SETS_WEIGHTS } how;
} scripted_t;

static scripted_t script, scripts[8];
static dlcore_callback_t callbacks[8];

static dlcore_callback_action_t act(void *user, const dlcore_training_event_t *event)
{
    scripted_t *own = user;
    float weight = 3.0f;

    if (own->batches++ != own->at)
        return DLCORE_CALLBACK_CONTINUE;
    switch (own->how) {
    case FAILS:
        event->error->status = DLCORE_ERROR_IO;
        snprintf(event->error->message, sizeof event->error->message, "the disk is full");
        return DLCORE_CALLBACK_FAIL;
    case STOPS:
        return DLCORE_CALLBACK_STOP;
    case REQUESTS_STOP:
        dlcore_model_request_stop(event->model);
        break;
    case SETS_RATE:
        (void)dlcore_model_set_learning_rate(event->model, 0.5);
        break;
    case SETS_WEIGHTS: {
        float bias[3] = {weight, weight, weight};
        (void)dlcore_model_set_weight(event->model, 3, bias, 3);
        break;
    }
    }
    return DLCORE_CALLBACK_CONTINUE;
}

static dlcore_callback_action_t count_end(void *user, const dlcore_training_event_t *event)
{
    scripted_t *own = user;

    (void)event;
    own->ends++;
    return DLCORE_CALLBACK_CONTINUE;
}

static dlcore_callback_action_t count_batch(void *user, const dlcore_training_event_t *event)
{
    scripted_t *own = user;

    (void)event;
    own->trained++;
    return DLCORE_CALLBACK_CONTINUE;
}

static void with_script(size_t rank, ranked_case_t *ranked_case)
{
    scripts[rank] = script;
    if (rank != script.rank)
        scripts[rank].at = SIZE_MAX;
    callbacks[rank] =
        (dlcore_callback_t){.user = &scripts[rank], .on_batch_end = act, .on_train_end = count_end};
    if (script.begins) {
        callbacks[rank].on_batch_begin = act;
        callbacks[rank].on_batch_end = count_batch;
    }
    ranked_case->fit.callbacks = &callbacks[rank];
    ranked_case->fit.callback_count = 1;
}

static void test_fit_ranks_a_callback_that_fails_on_one_rank_ends_all(void **state)
{
    ranked_case_t ranked_case = ranked_case_default();

    (void)state;
    ranked_case.adjust = with_script;
    for (size_t at = 0; at < 6; at++) { /* 3 batches an epoch: also the last ones */
        script = (scripted_t){.rank = at % RANKS, .at = at, .how = FAILS};
        ranked_run(&ranked_case, RANKS, NULL, results);
        assert_all_fail(DLCORE_ERROR_IO, ": the disk is full");
        assert_non_null(strstr(results[0].message, at % RANKS == 0   ? "rank 0 of 3"
                                                   : at % RANKS == 1 ? "rank 1 of 3"
                                                                     : "rank 2 of 3"));
        for (size_t rank = 0; rank < RANKS; rank++) {
            assert_int_equal(scripts[rank].ends, 1);
            assert_memory_equal(results[rank].weights, results[0].weights,
                                sizeof results[0].weights);
        }
    }
}

static void test_fit_ranks_a_stop_on_one_rank_stops_all_after_the_same_batch(void **state)
{
    ranked_case_t ranked_case = ranked_case_default();

    (void)state;
    ranked_case.adjust = with_script;
    for (size_t at = 0; at < 5; at++) {
        script = (scripted_t){.rank = 0, .at = at, .how = at % 2 == 0 ? STOPS : REQUESTS_STOP};
        ranked_run_alone(&ranked_case, &alone);
        script.rank = 1;
        ranked_run(&ranked_case, RANKS, NULL, results);
        for (size_t rank = 0; rank < RANKS; rank++) {
            assert_int_equal(results[rank].status, DLCORE_OK);
            assert_true(results[rank].stopped);
            assert_int_equal(scripts[rank].batches, at + 1);
            assert_true(ranked_weights_error(&results[rank], &alone) < 1e-5);
            assert_true(ranked_history_error(&results[rank], &alone) < 1e-5);
        }
    }
}

static void test_fit_ranks_a_stop_as_a_batch_begins_comes_after_it(void **state)
{
    ranked_case_t ranked_case = ranked_case_default();

    (void)state;
    ranked_case.adjust = with_script;
    for (size_t at = 0; at < 4; at++) {
        script = (scripted_t){.rank = 0, .at = at, .how = STOPS, .begins = true};
        ranked_run_alone(&ranked_case, &alone);
        assert_int_equal(scripts[0].trained, at + 1);
        script.rank = 2;
        ranked_run(&ranked_case, RANKS, NULL, results);
        for (size_t rank = 0; rank < RANKS; rank++) {
            assert_int_equal(results[rank].status, DLCORE_OK);
            assert_int_equal(scripts[rank].trained, at + 1);
            assert_true(ranked_weights_error(&results[rank], &alone) < 1e-5);
        }
    }
}

static void test_fit_ranks_a_callback_that_changes_one_rank_is_found_out(void **state)
{
    ranked_case_t ranked_case = ranked_case_default();

    (void)state;
    ranked_case.adjust = with_script;
    script = (scripted_t){.rank = 2, .at = 1, .how = SETS_RATE};
    ranked_run(&ranked_case, RANKS, NULL, results);
    assert_all_fail(DLCORE_ERROR_STATE, "ranks 0 and 2 have different learning rates or weights");
    script.how = SETS_WEIGHTS;
    ranked_run(&ranked_case, RANKS, NULL, results);
    assert_all_fail(DLCORE_ERROR_STATE, "ranks 0 and 2 have different learning rates or weights");
}

static dlcore_early_stopping_t stopping[8];

static void with_early_stopping(size_t rank, ranked_case_t *ranked_case)
{
    stopping[rank] = dlcore_early_stopping_default();
    stopping[rank].monitor = "val_loss";
    stopping[rank].patience = 1;
    stopping[rank].restore_best_weights = true;
    callbacks[rank] = dlcore_early_stopping_callback(&stopping[rank]);
    ranked_case->fit.callbacks = &callbacks[rank];
    ranked_case->fit.callback_count = 1;
}

static void test_fit_ranks_early_stopping_decides_alike(void **state)
{
    ranked_case_t ranked_case = ranked_case_default();

    (void)state;
    ranked_case.adjust = with_early_stopping;
    ranked_case.validation = 20;
    ranked_case.fit.epochs = 20;
    ranked_case.compile.optimizer.learning_rate = 3.0;
    ranked_run_alone(&ranked_case, &alone);
    assert_true(alone.stopped);
    ranked_run(&ranked_case, RANKS, NULL, results);
    for (size_t rank = 0; rank < RANKS; rank++) {
        assert_int_equal(results[rank].status, DLCORE_OK);
        assert_int_equal(results[rank].values, alone.values);
        assert_memory_equal(results[rank].weights, results[0].weights, sizeof results[0].weights);
    }
}

static dlcore_reduce_lr_on_plateau_t plateaus[8];

static void with_plateau(size_t rank, ranked_case_t *ranked_case)
{
    plateaus[rank] = dlcore_reduce_lr_on_plateau_default();
    plateaus[rank].patience = 1;
    plateaus[rank].factor = 0.5;
    callbacks[rank] = dlcore_reduce_lr_on_plateau_callback(&plateaus[rank]);
    ranked_case->fit.callbacks = &callbacks[rank];
    ranked_case->fit.callback_count = 1;
}

static void test_fit_ranks_a_plateau_lowers_the_rate_of_all(void **state)
{
    ranked_case_t ranked_case = ranked_case_default();
    size_t reductions;

    (void)state;
    ranked_case.adjust = with_plateau;
    ranked_case.validation = 20;
    ranked_case.fit.epochs = 10;
    ranked_case.compile.optimizer.learning_rate = 1.5;
    ranked_run_alone(&ranked_case, &alone);
    reductions = plateaus[0].reductions;
    assert_in_range(reductions, 1, 9);
    ranked_run(&ranked_case, RANKS, NULL, results);
    for (size_t rank = 0; rank < RANKS; rank++) {
        assert_int_equal(results[rank].status, DLCORE_OK);
        assert_int_equal(plateaus[rank].reductions, reductions);
        assert_true(ranked_weights_error(&results[rank], &alone) < 1e-4);
        assert_memory_equal(results[rank].weights, results[0].weights, sizeof results[0].weights);
    }
}

/* ---- memory ---- */

static failing_allocator_t failing[8];
static size_t fail_at;

static void with_failing_memory(size_t rank, ranked_case_t *ranked_case)
{
    failing_allocator_init(&failing[rank]);
    ranked_case->options.allocator = failing_allocator(&failing[rank]);
}

static void fail_from_now(size_t rank)
{
    if (rank == 1)
        failing[rank].fail_at = failing[rank].calls + fail_at;
}

static void check_failing_memory(ranked_case_t ranked_case)
{
    bool done = false;

    ranked_case.adjust = with_failing_memory;
    ranked_case.before_fit = fail_from_now;
    for (fail_at = 1; !done && fail_at < 200; fail_at++) {
        ranked_run(&ranked_case, RANKS, NULL, results);
        done = results[1].status == DLCORE_OK;
        for (size_t rank = 0; rank < RANKS; rank++) {
            if (done)
                assert_int_equal(results[rank].status, DLCORE_OK);
            else if (results[rank].status != DLCORE_ERROR_MEMORY)
                fail_msg("allocation %zu: rank %zu: %s", fail_at, rank, results[rank].message);
            failing_allocator_assert_clean(&failing[rank]);
        }
    }
    assert_true(done);
}

static void test_fit_ranks_no_memory_on_one_rank_ends_all(void **state)
{
    ranked_case_t ranked_case = ranked_case_default();

    (void)state;
    ranked_case.validation = 10;
    ranked_case.hidden[1] = dlcore_layer_batch_normalization();
    ranked_case.hidden_count = 2;
    check_failing_memory(ranked_case);
}

static void test_lbfgs_ranks_no_memory_on_one_rank_ends_all(void **state)
{
    ranked_case_t ranked_case = ranked_case_default();

    (void)state;
    ranked_case.lbfgs = 2;
    check_failing_memory(ranked_case);
}

static size_t calls_of_first_step[8];

static dlcore_callback_action_t assert_no_more_calls(void *user,
                                                     const dlcore_training_event_t *event)
{
    size_t rank = (size_t)((failing_allocator_t *)user - failing);

    if (event->epoch == 0 && event->batch == 0)
        calls_of_first_step[rank] = failing[rank].calls;
    return failing[rank].calls == calls_of_first_step[rank] ? DLCORE_CALLBACK_CONTINUE
                                                            : DLCORE_CALLBACK_FAIL;
}

static void with_counted_memory(size_t rank, ranked_case_t *ranked_case)
{
    with_failing_memory(rank, ranked_case);
    callbacks[rank] =
        (dlcore_callback_t){.user = &failing[rank], .on_batch_end = assert_no_more_calls};
    ranked_case->fit.callbacks = &callbacks[rank];
    ranked_case->fit.callback_count = 1;
}

static void test_fit_ranks_allocate_nothing_after_the_first_step(void **state)
{
    const dlcore_collective_t same_bits = {.deterministic = true};
    ranked_case_t ranked_case = ranked_case_default();

    (void)state;
    ranked_case.adjust = with_counted_memory;
    for (size_t size = 2; size <= 4; size += 2) {
        ranked_run(&ranked_case, size, size == 4 ? &same_bits : NULL, results);
        for (size_t rank = 0; rank < size; rank++) {
            if (results[rank].status != DLCORE_OK)
                fail_msg("rank %zu of %zu: %s", rank, size, results[rank].message);
            failing_allocator_assert_clean(&failing[rank]);
        }
    }
}

static void with_other_iterations(size_t rank, ranked_case_t *ranked_case)
{
    ranked_case->lbfgs += rank == 2;
}

static void test_lbfgs_ranks_that_differ_are_told_before_the_first_evaluation(void **state)
{
    ranked_case_t ranked_case = ranked_case_default();

    (void)state;
    ranked_case.lbfgs = 2;
    ranked_case.adjust = with_other_iterations;
    ranked_run(&ranked_case, RANKS, NULL, results);
    assert_all_fail(DLCORE_ERROR_STATE,
                    "rank 2 differs from rank 0 in iterations of lbfgs: 3, not 2");
}

/* ---- calls of the collective that fail ---- */

enum { STEPS_MAX = 16 };
static float states[STEPS_MAX][RANKED_WEIGHTS_MAX];
static size_t state_count;

static dlcore_callback_action_t keep_state(void *user, const dlcore_training_event_t *event)
{
    (void)user;
    (void)dlcore_model_get_weights(event->model, states[state_count++],
                                   dlcore_model_parameter_count(event->model));
    return DLCORE_CALLBACK_CONTINUE;
}

static void keeping_states(size_t rank, ranked_case_t *ranked_case)
{
    callbacks[rank] = (dlcore_callback_t){.on_train_begin = rank == 0 ? keep_state : NULL,
                                          .on_batch_end = rank == 0 ? keep_state : NULL};
    ranked_case->fit.callbacks = &callbacks[rank];
    ranked_case->fit.callback_count = 1;
}

static bool same_bytes(const void *a, const void *b, size_t size)
{
    return memcmp(a, b, size) == 0;
}

/* Each weight is that of one of two steps, one after the other. */
static bool is_between_states(const ranked_result_t *result)
{
    for (size_t i = 0; i + 1 < state_count; i++) {
        size_t same = 0;

        while (same < result->parameters &&
               (same_bytes(&states[i][same], &result->weights[same], sizeof(float)) ||
                same_bytes(&states[i + 1][same], &result->weights[same], sizeof(float))))
            same++;
        if (same == result->parameters)
            return true;
    }
    return false;
}

static bool is_a_state(const ranked_result_t *result)
{
    for (size_t i = 0; i < state_count; i++) {
        if (memcmp(states[i], result->weights, result->parameters * sizeof(float)) == 0)
            return true;
    }
    return result->parameters == 0;
}

/* Which ranks' calls fail, and how. Answers how often weights were those of two steps. */
static size_t check_failing_calls(const ranked_case_t *ranked_case, size_t size,
                                  const dlcore_collective_t *settings, bool all, bool forever)
{
    size_t calls = SIZE_MAX, mixed = 0;

    for (size_t n = 0; n < calls; n++) {
        loopback_t *loopback = loopback_create(size);
        bool any = false;

        for (size_t rank = 0; rank < size; rank++) {
            if (all || rank == 1)
                loopback_fail(loopback, rank, n, forever);
        }
        ranked_run_on(ranked_case, loopback, settings, results);
        for (size_t rank = 0; rank < size; rank++)
            any |= results[rank].status != DLCORE_OK;
        if (!any)
            calls = n;
        for (size_t rank = 0; rank < size && any; rank++) {
            bool whole = is_a_state(&results[rank]);

            mixed += !whole;
            if (settings->early_update)
                whole = whole || is_between_states(&results[rank]);
            if (results[rank].status == DLCORE_OK || !whole)
                fail_msg("call %zu: rank %zu: %s; weights %s", n, rank, results[rank].message,
                         whole ? "whole" : "are those of no step");
            assert_non_null(strstr(results[rank].message, "failed on rank"));
        }
        loopback_free(loopback);
    }
    assert_true(calls > 10);
    return mixed;
}

static void test_fit_ranks_each_call_of_the_collective_that_fails_leaves_weights_whole(void **state)
{
    const dlcore_collective_t plain = {.piece_bytes = 256};
    const dlcore_collective_t same_bits = {.piece_bytes = 256, .deterministic = true};
    ranked_case_t ranked_case = ranked_case_default();

    (void)state;
    ranked_case.fit.batch_size = 24;
    ranked_case.hidden[1] = dlcore_layer_batch_normalization();
    ranked_case.hidden_count = 2;
    ranked_case.validation = 9;
    ranked_case.adjust = keeping_states;
    for (int i = 0; i < 2; i++) {
        const dlcore_collective_t *settings = i == 0 ? &plain : &same_bits;
        size_t size = i == 0 ? 3 : 2;
        ranked_case_t failing_case = ranked_case;

        state_count = 0;
        ranked_run(&ranked_case, size, settings, results);
        assert_int_equal(results[0].status, DLCORE_OK);
        failing_case.adjust = NULL;
        for (int how = 0; how < 3; how++) /* once, for ever; on all ranks */
            assert_int_equal(check_failing_calls(&failing_case, size, settings, how == 2, how == 1),
                             0);
    }
}

static void test_fit_ranks_failures_of_early_updates_leave_weights_of_two_steps(void **state)
{
    const dlcore_collective_t early = {.piece_bytes = 256, .early_update = true};
    ranked_case_t ranked_case = ranked_case_default();
    size_t mixed = 0;

    (void)state;
    ranked_case.adjust = keeping_states;
    state_count = 0;
    ranked_run(&ranked_case, 3, &early, results);
    assert_int_equal(results[0].status, DLCORE_OK);
    ranked_case.adjust = NULL;
    for (int how = 0; how < 3; how++)
        mixed += check_failing_calls(&ranked_case, 3, &early, how == 2, how == 1);
    ranked_case.options.threads = 2;
    ranked_case.fit.epochs = 1;
    mixed += check_failing_calls(&ranked_case, 3, &early, false, false);
    assert_true(mixed > 0); /* as is said of them */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fit_ranks_that_differ_are_told_before_the_first_step),
        cmocka_unit_test(test_fit_ranks_settings_that_nothing_asks_for_may_differ),
        cmocka_unit_test(test_fit_ranks_options_that_differ_are_told_with_their_values),
        cmocka_unit_test(test_fit_ranks_own_samples_that_are_no_share_of_a_batch_are_refused),
        cmocka_unit_test(test_fit_ranks_a_callback_that_fails_on_one_rank_ends_all),
        cmocka_unit_test(test_fit_ranks_a_stop_on_one_rank_stops_all_after_the_same_batch),
        cmocka_unit_test(test_fit_ranks_a_stop_as_a_batch_begins_comes_after_it),
        cmocka_unit_test(test_fit_ranks_a_callback_that_changes_one_rank_is_found_out),
        cmocka_unit_test(test_fit_ranks_early_stopping_decides_alike),
        cmocka_unit_test(test_fit_ranks_a_plateau_lowers_the_rate_of_all),
        cmocka_unit_test(test_fit_ranks_no_memory_on_one_rank_ends_all),
        cmocka_unit_test(test_fit_ranks_allocate_nothing_after_the_first_step),
        cmocka_unit_test(test_lbfgs_ranks_no_memory_on_one_rank_ends_all),
        cmocka_unit_test(test_lbfgs_ranks_that_differ_are_told_before_the_first_evaluation),
        cmocka_unit_test(
            test_fit_ranks_each_call_of_the_collective_that_fails_leaves_weights_whole),
        cmocka_unit_test(test_fit_ranks_failures_of_early_updates_leave_weights_of_two_steps),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
