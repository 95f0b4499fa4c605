/* Ranks of a loopback against one model alone: the same losses, metrics and weights up to rounding,
 * and with `deterministic` the same bits on 1, 2, 4 and 8.
 *
 * SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "support/ranked_check.h"

static ranked_result_t alone, results[8];

static void test_fit_ranks_each_optimizer_trains_the_same_weights(void **state)
{
    (void)state;
    for (int kind = DLCORE_OPTIMIZER_SGD; kind <= DLCORE_OPTIMIZER_FTRL; kind++) {
        ranked_case_t ranked_case = ranked_case_default();
        const char *name = dlcore_optimizer_name((dlcore_optimizer_kind_t)kind);

        ranked_case.compile.optimizer = dlcore_optimizer_from_name(name);
        ranked_case.compile.optimizer.learning_rate = 0.01;
        if (kind == DLCORE_OPTIMIZER_SGD)
            ranked_case.compile.optimizer.momentum = 0.9;
        ranked_check(name, &ranked_case);
    }
}

static void test_fit_ranks_sparse_rows_train_the_same_weights(void **state)
{
    ranked_case_t ranked_case = ranked_case_default();

    (void)state;
    ranked_case.sparse = true;
    ranked_check("sparse rows", &ranked_case);
    ranked_case.hidden[1] = ranked_case.hidden[0];
    ranked_case.hidden[0] = dlcore_layer_rescaling(0.5, 0.25); /* dense rows of a slice */
    ranked_case.hidden_count = 2;
    ranked_check("sparse rows behind rescaling", &ranked_case);
}

static void test_fit_ranks_options_of_the_optimizer_work_on_the_whole_batch(void **state)
{
    ranked_case_t ranked_case = ranked_case_default();
    dlcore_optimizer_t *optimizer = &ranked_case.compile.optimizer;

    (void)state;
    optimizer->momentum = 0.9;
    optimizer->global_clipnorm = 0.2;
    ranked_check("global_clipnorm", &ranked_case);
    optimizer->global_clipnorm = 0.0;
    optimizer->clipnorm = 0.1;
    ranked_check("clipnorm", &ranked_case);
    optimizer->clipnorm = 0.0;
    optimizer->clipvalue = 0.01;
    ranked_check("clipvalue", &ranked_case);
    optimizer->clipvalue = 0.0;
    optimizer->gradient_accumulation_steps = 3;
    ranked_check("gradient_accumulation_steps", &ranked_case);
    optimizer->gradient_accumulation_steps = 0;
    optimizer->use_ema = true;
    optimizer->ema_momentum = 0.8;
    ranked_check("use_ema", &ranked_case);
    optimizer->weight_decay = 0.05;
    ranked_check("weight_decay", &ranked_case);
    optimizer->schedule = dlcore_schedule_exponential_decay(0.1, 2, 0.7);
    ranked_check("a schedule", &ranked_case);
}

static void test_fit_ranks_batches_that_do_not_divide_are_cut_by_rows(void **state)
{
    ranked_case_t ranked_case = ranked_case_default();

    (void)state;
    ranked_case.samples = 50;
    ranked_case.fit.batch_size = 13;
    ranked_check("batches of 13, the last of 11", &ranked_case);
    ranked_case.samples = 11;
    ranked_case.fit.batch_size = 5;
    ranked_check("batches of 5, the last of 1", &ranked_case);
    ranked_case.fit.shuffle = false;
    ranked_case.fit.steps_per_epoch = 4;
    ranked_check("steps_per_epoch", &ranked_case);
}

static void test_fit_ranks_layers_see_the_whole_batch(void **state)
{
    ranked_case_t ranked_case = ranked_case_default();

    (void)state;
    ranked_case.hidden[1] = dlcore_layer_batch_normalization();
    ranked_case.hidden_count = 2;
    ranked_check("batch normalization", &ranked_case);
    ranked_case.hidden[2] = dlcore_layer_dropout(0.3);
    ranked_case.hidden_count = 3;
    ranked_check("dropout", &ranked_case);
    ranked_case.hidden[2] = dlcore_layer_gaussian_noise(0.3);
    ranked_check("gaussian noise", &ranked_case);
    ranked_case.hidden[2] = dlcore_layer_alpha_dropout(0.2);
    ranked_case.hidden[3] = dlcore_layer_layer_normalization();
    ranked_case.hidden_count = 4;
    ranked_check("alpha dropout and layer normalization", &ranked_case);
    ranked_case.samples = 19; /* with 8 ranks some have no rows */
    ranked_case.fit.batch_size = 6;
    ranked_check("batch normalization of few rows", &ranked_case);
    ranked_case.hidden[0] = dlcore_layer_batch_normalization();
    ranked_case.hidden[1] = dlcore_layer_dense(8, DLCORE_ACTIVATION_GELU);
    ranked_case.hidden_count = 2;
    ranked_check("batch normalization first", &ranked_case);
}

/* Tables in front of what a case has; the larger one is more than a piece of a gradient sink. */
static void begin_with_tables(ranked_case_t *ranked_case)
{
    static const dlcore_embedding_t tables[] = {{.column = 1, .count = 5, .units = 3},
                                                {.column = 7, .count = 100, .units = 12}};

    ranked_case->indices = true;
    for (size_t i = ranked_case->hidden_count++; i > 0; i--)
        ranked_case->hidden[i] = ranked_case->hidden[i - 1];
    ranked_case->hidden[0] = dlcore_layer_embedding(tables, 2);
}

static void test_fit_ranks_tables_train_the_same_weights(void **state)
{
    ranked_case_t ranked_case = ranked_case_default();

    (void)state;
    begin_with_tables(&ranked_case);
    ranked_check("embedding", &ranked_case);
    ranked_case.compile.optimizer = dlcore_optimizer_adam();
    ranked_case.compile.optimizer.global_clipnorm = 0.2;
    ranked_case.hidden[0].embeddings_regularizer = dlcore_regularizer_l2(0.05);
    ranked_check("embedding, adam, clipping, a regularizer", &ranked_case);
    ranked_case.samples = 11;
    ranked_case.fit.batch_size = 5;
    ranked_check("embedding of few rows", &ranked_case);
}

static void test_fit_ranks_regularizers_and_constraints_count_once(void **state)
{
    ranked_case_t ranked_case = ranked_case_default();
    dlcore_layer_t *hidden = &ranked_case.hidden[0];

    (void)state;
    hidden->kernel_regularizer.l2 = 0.05;
    hidden->bias_regularizer.l1 = 0.01;
    ranked_check("regularizers", &ranked_case);
    hidden->activity_regularizer.l2 = 0.02;
    hidden->activity_regularizer.l1 = 0.01;
    ranked_check("an activity regularizer", &ranked_case);
    hidden->kernel_constraint = dlcore_constraint_max_norm(0.5);
    ranked_check("a constraint", &ranked_case);
    hidden->trainable = false;
    ranked_check("a frozen layer", &ranked_case);
}

static void test_fit_ranks_validation_and_split_are_of_all_samples(void **state)
{
    ranked_case_t ranked_case = ranked_case_default();

    (void)state;
    ranked_case.validation = 33;
    ranked_case.fit.validation_batch_size = 5;
    ranked_check("validation tensors", &ranked_case);
    ranked_case.validation = 0;
    ranked_case.fit.validation_split = 0.3;
    ranked_case.fit.shuffle_before_split = true;
    ranked_check("validation_split", &ranked_case);
}

/* ---- bits ---- */

static void test_fit_ranks_deterministic_gives_the_same_bits_on_any_number(void **state)
{
    ranked_case_t ranked_case = ranked_case_default();

    (void)state;
    ranked_check_bits("sgd", &ranked_case);
    ranked_case.compile.optimizer = dlcore_optimizer_adam();
    ranked_case.compile.optimizer.global_clipnorm = 0.3;
    ranked_case.samples = 53;
    ranked_case.fit.batch_size = 11;
    ranked_case.validation = 31;
    ranked_case.hidden[1] = dlcore_layer_batch_normalization();
    ranked_case.hidden[2] = dlcore_layer_dropout(0.2);
    ranked_case.hidden_count = 3;
    ranked_check_bits("adam, clipping, batch normalization, dropout", &ranked_case);
    ranked_case.options.engine = DLCORE_ENGINE_BLAS;
    ranked_check_bits("BLAS", &ranked_case);
    ranked_case.options.engine = DLCORE_ENGINE_AUTO;
    ranked_case.samples = 5;
    ranked_case.fit.batch_size = 3;
    ranked_check_bits("slices without rows", &ranked_case);
    ranked_case.regression = true;
    ranked_case.compile.loss = dlcore_loss_mean_squared_error();
    ranked_case.compile.metrics[0] = dlcore_metric_default(DLCORE_METRIC_R2_SCORE);
    ranked_check_bits("r2_score", &ranked_case);
    ranked_case = ranked_case_default();
    begin_with_tables(&ranked_case);
    ranked_check_bits("embedding", &ranked_case);
}

static void test_fit_ranks_deterministic_agrees_with_a_model_alone(void **state)
{
    const dlcore_collective_t settings = {.deterministic = true};
    ranked_case_t ranked_case = ranked_case_default();

    (void)state;
    ranked_case.hidden[1] = dlcore_layer_batch_normalization();
    ranked_case.hidden_count = 2;
    ranked_run_alone(&ranked_case, &alone);
    ranked_run(&ranked_case, 4, &settings, results);
    ranked_assert_agree("deterministic", results, 4, &alone);
}

static void test_fit_ranks_pieces_of_any_size_give_the_same_sums(void **state)
{
    static const size_t bytes[] = {1, 64, 200, 4096};
    ranked_case_t ranked_case = ranked_case_default();

    (void)state;
    ranked_case.hidden[1] = dlcore_layer_dense(17, DLCORE_ACTIVATION_RELU);
    ranked_case.hidden_count = 2;
    ranked_run_alone(&ranked_case, &alone);
    for (size_t i = 0; i < 4; i++) {
        const dlcore_collective_t settings = {.piece_bytes = bytes[i], .deterministic = i % 2 == 1};

        ranked_run(&ranked_case, 2, &settings, results);
        ranked_assert_agree("pieces", results, 2, &alone);
    }
}

static void test_fit_ranks_threads_change_no_bit(void **state)
{
    static ranked_result_t threaded[3];
    ranked_case_t ranked_case = ranked_case_default();

    (void)state;
    ranked_case.hidden[0] = dlcore_layer_dense(64, DLCORE_ACTIVATION_RELU);
    ranked_case.hidden[1] = dlcore_layer_batch_normalization();
    ranked_case.hidden_count = 2;
    ranked_run(&ranked_case, 3, NULL, results);
    ranked_case.options.threads = 3;
    ranked_run(&ranked_case, 3, NULL, threaded);
    assert_int_equal(threaded[0].status, DLCORE_OK);
    assert_memory_equal(threaded[1].weights, results[1].weights, sizeof results[1].weights);
}

/* ---- weights that move as their sums come ---- */

static bool same_bytes(const void *a, const void *b, size_t size)
{
    return memcmp(a, b, size) == 0;
}

static void check_early(const char *what, const ranked_case_t *ranked_case)
{
    static ranked_result_t late;
    dlcore_collective_t settings = {.piece_bytes = 128};

    ranked_run(ranked_case, 3, &settings, results);
    late = results[0];
    settings.early_update = true;
    ranked_run(ranked_case, 3, &settings, results);
    for (size_t rank = 0; rank < 3; rank++) {
        if (late.status != DLCORE_OK || results[rank].status != DLCORE_OK)
            fail_msg("%s: %s%s", what, late.message, results[rank].message);
        if (!same_bytes(results[rank].weights, late.weights, sizeof late.weights) ||
            !same_bytes(results[rank].history, late.history, sizeof late.history))
            fail_msg("%s: rank %zu has other bits", what, rank);
    }
}

static void test_fit_ranks_early_updates_change_no_bit(void **state)
{
    ranked_case_t ranked_case = ranked_case_default();

    (void)state;
    ranked_case.hidden[0] = dlcore_layer_dense(64, DLCORE_ACTIVATION_TANH); /* for 3 threads */
    ranked_case.hidden[1] = dlcore_layer_batch_normalization();
    ranked_case.hidden_count = 2;
    for (int kind = DLCORE_OPTIMIZER_SGD; kind <= DLCORE_OPTIMIZER_FTRL; kind++) {
        const char *name = dlcore_optimizer_name((dlcore_optimizer_kind_t)kind);

        ranked_case.compile.optimizer = dlcore_optimizer_from_name(name);
        check_early(name, &ranked_case);
    }
    for (size_t threads = 1; threads <= 3; threads += 2) {
        ranked_case.options.threads = threads;
        ranked_case.compile.optimizer = dlcore_optimizer_adam();
        check_early("adam", &ranked_case);
        ranked_case.compile.optimizer.global_clipnorm = 0.2;
        check_early("global_clipnorm", &ranked_case);
        ranked_case.compile.optimizer.gradient_accumulation_steps = 2;
        check_early("accumulation", &ranked_case);
        ranked_case.hidden[0].kernel_constraint = dlcore_constraint_max_norm(0.5);
        check_early("a constraint", &ranked_case);
    }
}

static void test_fit_ranks_a_slow_network_changes_no_bit(void **state)
{
    static ranked_result_t fast[3];
    ranked_case_t ranked_case = ranked_case_default();

    (void)state;
    for (int early = 0; early < 2; early++) {
        const dlcore_collective_t settings = {.piece_bytes = 256, .early_update = early == 1};
        loopback_t *loopback = loopback_create(3);

        ranked_run(&ranked_case, 3, &settings, fast);
        loopback_delay(loopback, 0.001, 1e6);
        ranked_run_on(&ranked_case, loopback, &settings, results);
        for (size_t rank = 0; rank < 3; rank++) {
            assert_int_equal(results[rank].status, DLCORE_OK);
            assert_memory_equal(results[rank].weights, fast[rank].weights,
                                sizeof fast[rank].weights);
        }
        loopback_free(loopback);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fit_ranks_each_optimizer_trains_the_same_weights),
        cmocka_unit_test(test_fit_ranks_sparse_rows_train_the_same_weights),
        cmocka_unit_test(test_fit_ranks_options_of_the_optimizer_work_on_the_whole_batch),
        cmocka_unit_test(test_fit_ranks_batches_that_do_not_divide_are_cut_by_rows),
        cmocka_unit_test(test_fit_ranks_layers_see_the_whole_batch),
        cmocka_unit_test(test_fit_ranks_tables_train_the_same_weights),
        cmocka_unit_test(test_fit_ranks_regularizers_and_constraints_count_once),
        cmocka_unit_test(test_fit_ranks_validation_and_split_are_of_all_samples),
        cmocka_unit_test(test_fit_ranks_deterministic_gives_the_same_bits_on_any_number),
        cmocka_unit_test(test_fit_ranks_deterministic_agrees_with_a_model_alone),
        cmocka_unit_test(test_fit_ranks_pieces_of_any_size_give_the_same_sums),
        cmocka_unit_test(test_fit_ranks_threads_change_no_bit),
        cmocka_unit_test(test_fit_ranks_early_updates_change_no_bit),
        cmocka_unit_test(test_fit_ranks_a_slow_network_changes_no_bit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
