/* Ranks of a loopback against one model alone: the same losses, metrics and weights up to rounding,
 * and with `deterministic` the same bits on 1, 2, 4 and 8.
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

#include "support/ranked_fit.h"

/* Rounding differs where sums are cut otherwise; 6 to 30 steps are made. */
#define WEIGHTS_LIMIT 1e-5
#define VALUES_LIMIT 2e-5

static ranked_result_t alone, results[8];

static void assert_value(const char *what, double value, double expected)
{
    if (!(fabs(value - expected) < VALUES_LIMIT * (1.0 + fabs(expected))) &&
        !(isnan(value) && isnan(expected)))
        fail_msg("%s: %.9g, not %.9g", what, value, expected);
}

static void assert_ranks_agree(const char *what, size_t size)
{
    for (size_t rank = 0; rank < size; rank++) {
        const ranked_result_t *result = &results[rank];
        double weights = ranked_weights_error(result, &alone);
        double values = ranked_history_error(result, &alone);

        if (result->status != DLCORE_OK)
            fail_msg("%s on %zu ranks: rank %zu: %s", what, size, rank, result->message);
        if (!(weights < WEIGHTS_LIMIT) || !(values < VALUES_LIMIT))
            fail_msg("%s on %zu ranks: rank %zu: weights differ by %g, values by %g", what, size,
                     rank, weights, values);
        assert_memory_equal(result->weights, results[0].weights, sizeof result->weights);
        assert_memory_equal(&result->loss, &results[0].loss, sizeof result->loss);
        assert_memory_equal(&result->metric, &results[0].metric, sizeof result->metric);
        assert_value(what, result->loss, alone.loss);
        assert_value(what, result->metric, alone.metric);
    }
}

static void check(const char *what, const ranked_case_t *ranked_case)
{
    static const size_t sizes[] = {2, 3, 4, 8};

    ranked_run_alone(ranked_case, &alone);
    if (alone.status != DLCORE_OK)
        fail_msg("%s: %s", what, alone.message);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        ranked_run(ranked_case, sizes[i], NULL, results);
        assert_ranks_agree(what, sizes[i]);
    }
}

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
        check(name, &ranked_case);
    }
}

static void test_fit_ranks_sparse_rows_train_the_same_weights(void **state)
{
    ranked_case_t ranked_case = ranked_case_default();

    (void)state;
    ranked_case.sparse = true;
    check("sparse rows", &ranked_case);
    ranked_case.hidden[1] = ranked_case.hidden[0];
    ranked_case.hidden[0] = dlcore_layer_rescaling(0.5, 0.25); /* dense rows of a slice */
    ranked_case.hidden_count = 2;
    check("sparse rows behind rescaling", &ranked_case);
}

static void test_fit_ranks_options_of_the_optimizer_work_on_the_whole_batch(void **state)
{
    ranked_case_t ranked_case = ranked_case_default();
    dlcore_optimizer_t *optimizer = &ranked_case.compile.optimizer;

    (void)state;
    optimizer->momentum = 0.9;
    optimizer->global_clipnorm = 0.2;
    check("global_clipnorm", &ranked_case);
    optimizer->global_clipnorm = 0.0;
    optimizer->clipnorm = 0.1;
    check("clipnorm", &ranked_case);
    optimizer->clipnorm = 0.0;
    optimizer->clipvalue = 0.01;
    check("clipvalue", &ranked_case);
    optimizer->clipvalue = 0.0;
    optimizer->gradient_accumulation_steps = 3;
    check("gradient_accumulation_steps", &ranked_case);
    optimizer->gradient_accumulation_steps = 0;
    optimizer->use_ema = true;
    optimizer->ema_momentum = 0.8;
    check("use_ema", &ranked_case);
    optimizer->weight_decay = 0.05;
    check("weight_decay", &ranked_case);
    optimizer->schedule = dlcore_schedule_exponential_decay(0.1, 2, 0.7);
    check("a schedule", &ranked_case);
}

static void test_fit_ranks_batches_that_do_not_divide_are_cut_by_rows(void **state)
{
    ranked_case_t ranked_case = ranked_case_default();

    (void)state;
    ranked_case.samples = 50;
    ranked_case.fit.batch_size = 13;
    check("batches of 13, the last of 11", &ranked_case);
    ranked_case.samples = 11;
    ranked_case.fit.batch_size = 5;
    check("batches of 5, the last of 1", &ranked_case);
    ranked_case.fit.shuffle = false;
    ranked_case.fit.steps_per_epoch = 4;
    check("steps_per_epoch", &ranked_case);
}

static void test_fit_ranks_layers_see_the_whole_batch(void **state)
{
    ranked_case_t ranked_case = ranked_case_default();

    (void)state;
    ranked_case.hidden[1] = dlcore_layer_batch_normalization();
    ranked_case.hidden_count = 2;
    check("batch normalization", &ranked_case);
    ranked_case.hidden[2] = dlcore_layer_dropout(0.3);
    ranked_case.hidden_count = 3;
    check("dropout", &ranked_case);
    ranked_case.hidden[2] = dlcore_layer_gaussian_noise(0.3);
    check("gaussian noise", &ranked_case);
    ranked_case.hidden[2] = dlcore_layer_alpha_dropout(0.2);
    ranked_case.hidden[3] = dlcore_layer_layer_normalization();
    ranked_case.hidden_count = 4;
    check("alpha dropout and layer normalization", &ranked_case);
    ranked_case.samples = 19; /* with 8 ranks some have no rows */
    ranked_case.fit.batch_size = 6;
    check("batch normalization of few rows", &ranked_case);
    ranked_case.hidden[0] = dlcore_layer_batch_normalization();
    ranked_case.hidden[1] = dlcore_layer_dense(8, DLCORE_ACTIVATION_GELU);
    ranked_case.hidden_count = 2;
    check("batch normalization first", &ranked_case);
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
    check("embedding", &ranked_case);
    ranked_case.compile.optimizer = dlcore_optimizer_adam();
    ranked_case.compile.optimizer.global_clipnorm = 0.2;
    ranked_case.hidden[0].embeddings_regularizer = dlcore_regularizer_l2(0.05);
    check("embedding, adam, clipping, a regularizer", &ranked_case);
    ranked_case.samples = 11;
    ranked_case.fit.batch_size = 5;
    check("embedding of few rows", &ranked_case);
}

static void test_fit_ranks_regularizers_and_constraints_count_once(void **state)
{
    ranked_case_t ranked_case = ranked_case_default();
    dlcore_layer_t *hidden = &ranked_case.hidden[0];

    (void)state;
    hidden->kernel_regularizer.l2 = 0.05;
    hidden->bias_regularizer.l1 = 0.01;
    check("regularizers", &ranked_case);
    hidden->activity_regularizer.l2 = 0.02;
    hidden->activity_regularizer.l1 = 0.01;
    check("an activity regularizer", &ranked_case);
    hidden->kernel_constraint = dlcore_constraint_max_norm(0.5);
    check("a constraint", &ranked_case);
    hidden->trainable = false;
    check("a frozen layer", &ranked_case);
}

static void test_fit_ranks_losses_and_weights_are_those_of_the_batch(void **state)
{
    static const dlcore_loss_kind_t kinds[] = {DLCORE_LOSS_MEAN_SQUARED_ERROR,
                                               DLCORE_LOSS_HUBER,
                                               DLCORE_LOSS_DICE,
                                               DLCORE_LOSS_TVERSKY,
                                               DLCORE_LOSS_QUANTILE,
                                               DLCORE_LOSS_LOG_COSH,
                                               DLCORE_LOSS_COSINE_SIMILARITY};
    static const dlcore_reduction_t reductions[] = {DLCORE_REDUCTION_SUM_OVER_BATCH_SIZE,
                                                    DLCORE_REDUCTION_SUM,
                                                    DLCORE_REDUCTION_MEAN_WITH_SAMPLE_WEIGHT};
    ranked_case_t ranked_case = ranked_case_default();

    (void)state;
    ranked_case.regression = true;
    ranked_case.compile.metrics[0] = dlcore_metric_default(DLCORE_METRIC_MEAN_ABSOLUTE_ERROR);
    ranked_case.compile.optimizer.learning_rate = 0.002;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        ranked_case.compile.loss = dlcore_loss_default(kinds[i]);
        for (size_t r = 0; r < 3; r++) {
            char what[64];

            ranked_case.compile.loss.reduction = reductions[r];
            ranked_case.sample_weights = r != 0 || i % 2 == 0;
            snprintf(what, sizeof what, "%s, %s", dlcore_loss_name(kinds[i]),
                     dlcore_reduction_name(reductions[r]));
            check(what, &ranked_case);
        }
    }
}

static void test_fit_ranks_class_weights_count(void **state)
{
    static const float weights[] = {0.5f, 1.0f, 3.0f};
    ranked_case_t ranked_case = ranked_case_default();

    (void)state;
    ranked_case.fit.class_weight = weights;
    ranked_case.fit.class_count = 3;
    ranked_case.compile.weighted_metrics[0] = dlcore_metric_default(DLCORE_METRIC_ACCURACY);
    ranked_case.compile.weighted_metric_count = 1;
    check("class_weight", &ranked_case);
    ranked_case.sample_weights = true;
    check("class_weight and sample_weight", &ranked_case);
}

static void test_fit_ranks_metrics_are_those_of_all_samples(void **state)
{
    static const dlcore_metric_kind_t kinds[] = {
        DLCORE_METRIC_R2_SCORE, DLCORE_METRIC_ROOT_MEAN_SQUARED_ERROR,
        DLCORE_METRIC_PEARSON_CORRELATION, DLCORE_METRIC_MEAN_ABSOLUTE_ERROR};
    ranked_case_t ranked_case = ranked_case_default();

    (void)state;
    ranked_case.regression = true;
    ranked_case.compile.loss = dlcore_loss_mean_squared_error();
    ranked_case.compile.optimizer.learning_rate = 0.01;
    for (size_t i = 0; i < 4; i++)
        ranked_case.compile.metrics[i] = dlcore_metric_default(kinds[i]);
    ranked_case.compile.metric_count = 4;
    ranked_case.validation = 21;
    ranked_case.fit.validation_batch_size = 4;
    check("metrics of numbers", &ranked_case);
}

/* One metric after the other; those that do not go with the loss are passed over. Answers how many
 * there were. */
static size_t check_each_metric(ranked_case_t ranked_case)
{
    size_t checked = 0;

    ranked_case.validation = 21;
    ranked_case.compile.metric_count = 1;
    for (int kind = DLCORE_METRIC_ACCURACY; kind < DLCORE_METRIC_FUNCTION; kind++) {
        dlcore_metric_t metric = dlcore_metric_default((dlcore_metric_kind_t)kind);

        metric.num_thresholds = 20; /* few: no score is as near to one as rounding */
        metric.at = 0.6;
        metric.top_k = kind == DLCORE_METRIC_TOP_K_CATEGORICAL_ACCURACY ||
                               kind == DLCORE_METRIC_SPARSE_TOP_K_CATEGORICAL_ACCURACY
                           ? 2
                           : metric.top_k;
        ranked_case.compile.metrics[0] = metric;
        ranked_run_alone(&ranked_case, &alone);
        if (alone.status != DLCORE_OK)
            continue;
        check(dlcore_metric_name((dlcore_metric_kind_t)kind), &ranked_case);
        checked++;
    }
    return checked;
}

static void test_fit_ranks_every_metric_is_that_of_all_samples(void **state)
{
    ranked_case_t classes = ranked_case_default(), numbers = ranked_case_default();

    (void)state;
    numbers.regression = numbers.binary = true;
    numbers.compile.loss = dlcore_loss_binary_crossentropy();
    assert_in_range(check_each_metric(classes), 4, DLCORE_METRIC_FUNCTION);
    assert_in_range(check_each_metric(numbers), 35, DLCORE_METRIC_FUNCTION);
}

static void test_fit_ranks_validation_and_split_are_of_all_samples(void **state)
{
    ranked_case_t ranked_case = ranked_case_default();

    (void)state;
    ranked_case.validation = 33;
    ranked_case.fit.validation_batch_size = 5;
    check("validation tensors", &ranked_case);
    ranked_case.validation = 0;
    ranked_case.fit.validation_split = 0.3;
    ranked_case.fit.shuffle_before_split = true;
    check("validation_split", &ranked_case);
}

/* ---- bits ---- */

static void check_bits(const char *what, const ranked_case_t *ranked_case)
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

static void test_fit_ranks_deterministic_gives_the_same_bits_on_any_number(void **state)
{
    ranked_case_t ranked_case = ranked_case_default();

    (void)state;
    check_bits("sgd", &ranked_case);
    ranked_case.compile.optimizer = dlcore_optimizer_adam();
    ranked_case.compile.optimizer.global_clipnorm = 0.3;
    ranked_case.samples = 53;
    ranked_case.fit.batch_size = 11;
    ranked_case.validation = 31;
    ranked_case.hidden[1] = dlcore_layer_batch_normalization();
    ranked_case.hidden[2] = dlcore_layer_dropout(0.2);
    ranked_case.hidden_count = 3;
    check_bits("adam, clipping, batch normalization, dropout", &ranked_case);
    ranked_case.options.engine = DLCORE_ENGINE_BLAS;
    check_bits("BLAS", &ranked_case);
    ranked_case.options.engine = DLCORE_ENGINE_AUTO;
    ranked_case.samples = 5;
    ranked_case.fit.batch_size = 3;
    check_bits("slices without rows", &ranked_case);
    ranked_case.regression = true;
    ranked_case.compile.loss = dlcore_loss_mean_squared_error();
    ranked_case.compile.metrics[0] = dlcore_metric_default(DLCORE_METRIC_R2_SCORE);
    check_bits("r2_score", &ranked_case);
    ranked_case = ranked_case_default();
    begin_with_tables(&ranked_case);
    check_bits("embedding", &ranked_case);
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
    assert_ranks_agree("deterministic", 4);
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
        assert_ranks_agree("pieces", 2);
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
        cmocka_unit_test(test_fit_ranks_losses_and_weights_are_those_of_the_batch),
        cmocka_unit_test(test_fit_ranks_class_weights_count),
        cmocka_unit_test(test_fit_ranks_metrics_are_those_of_all_samples),
        cmocka_unit_test(test_fit_ranks_every_metric_is_that_of_all_samples),
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
