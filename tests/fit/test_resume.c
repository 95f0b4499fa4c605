/* Going on: a run that is stopped after any batch and continued, in memory or from a file, ends
 * with the same bits as one that was never stopped.
 *
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dlcore/dataset.h"
#include "dlcore/file.h"
#include "products/products.h"
#include "support/classifier.h"
#include "support/denormals.h"

enum { ROWS = 37, BATCH = 8, BATCHES = 5, EPOCHS = 3, INPUTS = 7, CLASSES = 3, WORDS = 5 };

/* Every optimizer with all of the state that it can have; from PLAIN on, with as little as it can.
 */
#define PLAIN 20

static dlcore_optimizer_t optimizer_of(int number)
{
    int kind = number % PLAIN;
    bool full = number < PLAIN;
    dlcore_optimizer_t optimizer = dlcore_optimizer_rmsprop();

    optimizer.kind = (dlcore_optimizer_kind_t)kind;
    optimizer = dlcore_optimizer_from_name(dlcore_optimizer_name(optimizer.kind));
    optimizer.learning_rate = 0.01;
    if (full && (kind == DLCORE_OPTIMIZER_SGD || kind == DLCORE_OPTIMIZER_RMSPROP))
        optimizer.momentum = 0.9;
    optimizer.nesterov = full && kind == DLCORE_OPTIMIZER_SGD;
    optimizer.centered = full && kind == DLCORE_OPTIMIZER_RMSPROP;
    optimizer.amsgrad = full && (kind == DLCORE_OPTIMIZER_ADAM || kind == DLCORE_OPTIMIZER_ADAMW);
    return optimizer;
}

/* Of the models to be made. */
static const dlcore_model_precision_t *precision;

/* With what follows from the count of steps, and what moves besides weights. */
static dlcore_model_t *model_with(const dlcore_optimizer_t *optimizer, dlcore_layer_t layer)
{
    bool first = layer.kind == DLCORE_LAYER_EMBEDDING;
    dlcore_layer_t dense = dlcore_layer_dense(20, DLCORE_ACTIVATION_RELU);
    dlcore_layer_t layers[] = {first ? layer : dense, first ? dense : layer,
                               dlcore_layer_dropout(0.3),
                               dlcore_layer_dense(CLASSES, DLCORE_ACTIVATION_SOFTMAX)};
    dlcore_model_options_t options = dlcore_model_options_default();
    dlcore_model_t *model = NULL;

    options.precision = precision;
    assert_int_equal(dlcore_model_create(&options, &model), DLCORE_OK);
    for (size_t i = 0; i < sizeof layers / sizeof layers[0]; i++)
        dlcore_model_add(model, layers[i]);
    assert_int_equal(dlcore_model_build(model, INPUTS), DLCORE_OK);
    assert_int_equal(dlcore_model_compile(model, optimizer,
                                          DLCORE_LOSS_SPARSE_CATEGORICAL_CROSSENTROPY,
                                          DLCORE_METRIC_ACCURACY),
                     DLCORE_OK);
    return model;
}

/* Averages and accumulation, for kinds of optimizers from here on. */
#define AVERAGED 100
/* This many times a kind of layer, which is there in place of the batch normalization. */
#define LAYERED 1000

static dlcore_layer_t layer_of(int kind)
{
    static const dlcore_embedding_t table = {.column = 0, .count = WORDS, .units = 3};
    dlcore_layer_t layer = dlcore_layer_batch_normalization();

    if (kind == 0)
        return layer;
    layer = dlcore_layer_from_name(dlcore_layer_kind_name((dlcore_layer_kind_t)kind));
    layer.units = kind == DLCORE_LAYER_DENSE ? 9 : 0;
    if (kind == DLCORE_LAYER_EMBEDDING)
        layer = dlcore_layer_embedding(&table, 1);
    if (kind == DLCORE_LAYER_GROUPED_SOFTMAX)
        layer.axis_width = 4;
    if (kind == DLCORE_LAYER_ACTIVITY_REGULARIZATION)
        layer = dlcore_layer_activity_regularization(0.01, 0.02);
    return layer;
}

static dlcore_model_t *model_of(int kind)
{
    dlcore_optimizer_t optimizer = optimizer_of(kind % AVERAGED);

    if (kind % LAYERED >= AVERAGED) {
        optimizer.use_ema = true;
        optimizer.ema_momentum = 0.9;
        optimizer.gradient_accumulation_steps = 3;
        optimizer.schedule = dlcore_schedule_exponential_decay(0.01, 4, 0.5);
    }
    return model_with(&optimizer, layer_of(kind / LAYERED));
}

/* ---- a callback with state of its own, which saves or stops at one moment ---- */

typedef enum moment { TRAIN_BEGIN, EPOCH_BEGIN, BATCH_BEGIN, BATCH_END, EPOCH_END } moment_t;

typedef struct keeper {
    double seen[2]; /* moments, and losses added up: the state */
    size_t at;      /* moments of that kind until it acts */
    moment_t moment;
    bool saves, stops, requests;
    size_t count;
    void *bytes;
    size_t size;
} keeper_t;

static dlcore_callback_action_t act(keeper_t *keeper, moment_t moment,
                                    const dlcore_training_event_t *event)
{
    if (moment != keeper->moment || keeper->count++ != keeper->at)
        return DLCORE_CALLBACK_CONTINUE;
    if (keeper->saves &&
        dlcore_model_save_memory(event->model, NULL, &keeper->bytes, &keeper->size) != DLCORE_OK)
        return DLCORE_CALLBACK_FAIL;
    if (keeper->requests)
        dlcore_model_request_stop(event->model);
    return keeper->stops ? DLCORE_CALLBACK_STOP : DLCORE_CALLBACK_CONTINUE;
}

static dlcore_callback_action_t train_begin(void *user, const dlcore_training_event_t *event)
{
    return act(user, TRAIN_BEGIN, event);
}

static dlcore_callback_action_t epoch_begin(void *user, const dlcore_training_event_t *event)
{
    return act(user, EPOCH_BEGIN, event);
}

static dlcore_callback_action_t batch_begin(void *user, const dlcore_training_event_t *event)
{
    return act(user, BATCH_BEGIN, event);
}

static dlcore_callback_action_t batch_end(void *user, const dlcore_training_event_t *event)
{
    keeper_t *keeper = user;

    keeper->seen[0]++;
    keeper->seen[1] += dlcore_training_value(event, "loss");
    return act(user, BATCH_END, event);
}

static dlcore_callback_action_t epoch_end(void *user, const dlcore_training_event_t *event)
{
    return act(user, EPOCH_END, event);
}

static dlcore_callback_t callback_of(keeper_t *keeper)
{
    return (dlcore_callback_t){.user = keeper,
                               .on_train_begin = train_begin,
                               .on_epoch_begin = epoch_begin,
                               .on_batch_begin = batch_begin,
                               .on_batch_end = batch_end,
                               .on_epoch_end = epoch_end,
                               .name = "keeper",
                               .state = keeper->seen,
                               .state_count = 2};
}

/* ---- data: tensors, or a dataset over the same rows ---- */

/* The first column is the row of a table, for the layer that has one. */
static samples_t samples_with_words(size_t rows)
{
    samples_t samples = samples_of_floats(rows, INPUTS, CLASSES);
    float *x = dlcore_tensor_data(samples.x);

    for (size_t row = 0; row < rows; row++)
        x[row * INPUTS] = (float)(row * 3 % WORDS);
    return samples;
}

static volatile float small = 2e-38f; /* a quarter of it is a denormal */
static size_t flushed; /* calls of a dataset in dlcore's float mode instead of the host's */

typedef struct rows {
    samples_t samples;
    size_t batch;
    dlcore_tensor_t *x, *y;
} rows_t;

static dlcore_status begin(void *user, size_t pass, size_t batch, dlcore_error_record_t *error)
{
    (void)pass;
    (void)error;
    flushed += small * 0.25f == 0.0f;
    ((rows_t *)user)->batch = batch;
    return DLCORE_OK;
}

static dlcore_status next(void *user, dlcore_dataset_batch_t *batch, dlcore_error_record_t *error)
{
    rows_t *rows = user;
    size_t first = rows->batch++ * BATCH, end = first + BATCH < ROWS ? first + BATCH : ROWS;
    dlcore_status status;

    dlcore_tensor_free(rows->x);
    dlcore_tensor_free(rows->y);
    rows->x = rows->y = NULL;
    if (first >= ROWS)
        return DLCORE_OK;
    status = dlcore_tensor_slice(rows->samples.x, first, end, &rows->x, error);
    if (status == DLCORE_OK)
        status = dlcore_tensor_slice(rows->samples.y, first, end, &rows->y, error);
    batch->x = rows->x;
    batch->y = rows->y;
    return status;
}

typedef enum how { TENSORS, DATASET, PREFETCHED, STEPS } how_t;

static dlcore_status fit(dlcore_model_t *model, how_t how, keeper_t *keeper, bool resume,
                         dlcore_history_t **history)
{
    rows_t rows = {.samples = samples_with_words(ROWS)};
    dlcore_dataset_t dataset = {
        .user = &rows, .begin = begin, .next = next, .prefetch = how == PREFETCHED};
    dlcore_fit_options_t options = dlcore_fit_options_default();
    dlcore_callback_t callback = callback_of(keeper);
    dlcore_status status;

    options.batch_size = BATCH;
    options.epochs = EPOCHS;
    options.callbacks = &callback;
    options.callback_count = 1;
    options.resume = resume;
    options.validation_x = rows.samples.x;
    options.validation_y = rows.samples.y;
    options.steps_per_epoch = how == STEPS ? 3 : 0;
    if (how == TENSORS || how == STEPS)
        status = dlcore_model_fit(model, rows.samples.x, rows.samples.y, &options, history);
    else
        status = dlcore_model_fit_dataset(model, &dataset, &options, history);
    dlcore_tensor_free(rows.x);
    dlcore_tensor_free(rows.y);
    samples_free(rows.samples);
    return status;
}

static void assert_same_history(const dlcore_history_t *a, const dlcore_history_t *b)
{
    assert_int_equal(dlcore_history_epoch_count(a), dlcore_history_epoch_count(b));
    assert_int_equal(dlcore_history_value_count(a), dlcore_history_value_count(b));
    for (size_t e = 0; e < dlcore_history_epoch_count(a); e++) {
        for (size_t i = 0; i < dlcore_history_value_count(a); i++) {
            const char *name = dlcore_history_name(a, i);
            double ours = dlcore_history_value(a, name, e), theirs;

            theirs = dlcore_history_value(b, name, e);
            assert_memory_equal(&ours, &theirs, sizeof ours);
        }
    }
}

/* A run without a stop, to compare with. */
typedef struct whole {
    dlcore_model_t *model;
    dlcore_history_t *history;
    keeper_t keeper;
} whole_t;

static whole_t whole_run(int optimizer, how_t how)
{
    whole_t whole = {.model = model_of(optimizer), .keeper = {.at = SIZE_MAX}};

    assert_int_equal(fit(whole.model, how, &whole.keeper, false, &whole.history), DLCORE_OK);
    assert_int_equal(dlcore_history_epoch_count(whole.history), EPOCHS);
    return whole;
}

static void whole_free(whole_t whole)
{
    dlcore_history_free(whole.history);
    dlcore_model_free(whole.model);
}

/* Saves and stops at the at-th moment, goes on from the bytes in a model of their own. */
static void check_file(int optimizer, how_t how, moment_t moment, size_t at, const whole_t *whole)
{
    keeper_t first = {.moment = moment, .at = at, .saves = true, .stops = true};
    keeper_t second = {.at = SIZE_MAX};
    dlcore_model_t *model = model_of(optimizer), *loaded = NULL;
    dlcore_history_t *history = NULL;

    assert_int_equal(fit(model, how, &first, false, NULL), DLCORE_OK);
    assert_non_null(first.bytes);
    assert_int_equal(dlcore_model_load_memory(first.bytes, first.size, NULL, &loaded), DLCORE_OK);
    assert_int_equal(fit(loaded, how, &second, true, &history), DLCORE_OK);
    assert_true(same_weights(loaded, whole->model));
    assert_same_history(history, whole->history);
    assert_memory_equal(second.seen, whole->keeper.seen, sizeof second.seen);
    dlcore_history_free(history);
    dlcore_model_free(loaded);
    dlcore_model_free(model);
    free(first.bytes);
}

static void check_every_batch(int optimizer, how_t how, size_t batches)
{
    whole_t whole = whole_run(optimizer, how);

    for (size_t at = 0; at < EPOCHS * batches; at++)
        check_file(optimizer, how, BATCH_END, at, &whole);
    whole_free(whole);
}

static void test_resume_after_every_batch_ends_with_the_same_bits_for_every_optimizer(void **state)
{
    (void)state;
    for (int kind = DLCORE_OPTIMIZER_SGD;
         strcmp(dlcore_optimizer_name((dlcore_optimizer_kind_t)kind), "unknown") != 0; kind++) {
        check_every_batch(kind, TENSORS, BATCHES);
        if (kind != DLCORE_OPTIMIZER_NADAM)
            check_every_batch(PLAIN + kind, TENSORS, BATCHES);
    }
}

static void test_resume_with_averages_accumulation_and_a_schedule(void **state)
{
    static const int kinds[] = {DLCORE_OPTIMIZER_ADAM, DLCORE_OPTIMIZER_NADAM,
                                DLCORE_OPTIMIZER_LION, DLCORE_OPTIMIZER_ADAFACTOR,
                                DLCORE_OPTIMIZER_FTRL};

    (void)state;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        check_every_batch(AVERAGED + kinds[i], TENSORS, BATCHES);
}

static void test_resume_after_every_batch_ends_with_the_same_bits_for_every_layer(void **state)
{
    (void)state;
    for (int kind = DLCORE_LAYER_DENSE;
         strcmp(dlcore_layer_kind_name((dlcore_layer_kind_t)kind), "unknown") != 0; kind++)
        check_every_batch(LAYERED * kind + DLCORE_OPTIMIZER_ADAM, TENSORS, BATCHES);
}

static void test_resume_after_every_batch_in_bfloat16_ends_with_the_same_bits(void **state)
{
    static const int kinds[] = {DLCORE_OPTIMIZER_SGD, AVERAGED + DLCORE_OPTIMIZER_ADAM,
                                DLCORE_OPTIMIZER_ADAFACTOR};
    whole_t full;

    (void)state;
    full = whole_run(kinds[0], TENSORS);
    precision = DLCORE_PRECISION_BFLOAT16;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        whole_t whole = whole_run(kinds[i], TENSORS);

        if (i == 0)
            assert_false(same_weights(whole.model, full.model));
        whole_free(whole);
        check_every_batch(kinds[i], TENSORS, BATCHES);
    }
    precision = NULL;
    whole_free(full);
}

static void test_resume_of_a_dataset_begins_it_at_the_batch_that_is_next(void **state)
{
    (void)state;
    check_every_batch(DLCORE_OPTIMIZER_RMSPROP, DATASET, BATCHES);
    check_every_batch(DLCORE_OPTIMIZER_RMSPROP, PREFETCHED, BATCHES);
    if (process_flushes_denormals())
        skip();
    assert_int_equal(flushed, 0);
}

static void test_resume_with_steps_per_epoch_goes_on_in_the_middle_of_a_pass(void **state)
{
    (void)state;
    check_every_batch(DLCORE_OPTIMIZER_RMSPROP, STEPS, 3);
}

static void test_resume_from_any_other_moment_ends_with_the_same_bits(void **state)
{
    whole_t whole = whole_run(DLCORE_OPTIMIZER_RMSPROP, TENSORS);

    (void)state;
    for (size_t at = 0; at < EPOCHS; at++) {
        check_file(DLCORE_OPTIMIZER_RMSPROP, TENSORS, EPOCH_BEGIN, at, &whole);
        check_file(DLCORE_OPTIMIZER_RMSPROP, TENSORS, EPOCH_END, at, &whole);
    }
    for (size_t at = 0; at < EPOCHS * BATCHES; at++)
        check_file(DLCORE_OPTIMIZER_RMSPROP, TENSORS, BATCH_BEGIN, at, &whole);
    check_file(DLCORE_OPTIMIZER_RMSPROP, TENSORS, TRAIN_BEGIN, 0, &whole);
    whole_free(whole);
}

/* Stops after the at-th batch and, once fit has returned, goes on: in memory, and in a model that
 * is loaded from what was saved then. */
static void check_stopped(int optimizer, size_t at, bool requests, const whole_t *whole)
{
    keeper_t keeper = {.moment = BATCH_END, .at = at, .stops = !requests, .requests = requests};
    dlcore_model_t *models[2] = {model_of(optimizer), NULL};
    void *bytes = NULL;
    size_t size;

    assert_int_equal(fit(models[0], TENSORS, &keeper, false, NULL), DLCORE_OK);
    assert_int_equal(dlcore_model_save_memory(models[0], NULL, &bytes, &size), DLCORE_OK);
    assert_int_equal(dlcore_model_load_memory(bytes, size, NULL, &models[1]), DLCORE_OK);
    assert_true(same_weights(models[0], models[1]));
    for (size_t i = 0; i < 2; i++) {
        keeper_t rest = {.at = SIZE_MAX};
        dlcore_history_t *history = NULL;

        assert_int_equal(fit(models[i], TENSORS, &rest, true, &history), DLCORE_OK);
        assert_true(same_weights(models[i], whole->model));
        assert_same_history(history, whole->history);
        assert_memory_equal(rest.seen, whole->keeper.seen, sizeof rest.seen);
        dlcore_history_free(history);
        dlcore_model_free(models[i]);
    }
    free(bytes);
}

/* Among them averages, which are the weights between the stop and going on. */
static void test_resume_after_a_stop_ends_with_the_same_bits(void **state)
{
    static const int optimizers[] = {DLCORE_OPTIMIZER_RMSPROP, AVERAGED + DLCORE_OPTIMIZER_ADAM};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        whole_t whole = whole_run(optimizers[i], TENSORS);

        for (size_t at = 0; at + 1 < EPOCHS * BATCHES; at++)
            check_stopped(optimizers[i], at, at % 2 == 1, &whole);
        whole_free(whole);
    }
}

static void test_resume_after_a_stop_shows_averages_until_it_goes_on(void **state)
{
    keeper_t stopped = {.moment = BATCH_END, .at = 6, .stops = true};
    keeper_t asked = {.moment = BATCH_END, .at = 6, .saves = true};
    dlcore_model_t *model = model_of(AVERAGED + DLCORE_OPTIMIZER_ADAM);
    dlcore_model_t *other = model_of(AVERAGED + DLCORE_OPTIMIZER_ADAM), *raw = NULL;

    (void)state;
    assert_int_equal(fit(model, TENSORS, &stopped, false, NULL), DLCORE_OK);
    assert_int_equal(fit(other, TENSORS, &asked, false, NULL), DLCORE_OK);
    assert_int_equal(dlcore_model_load_memory(asked.bytes, asked.size, NULL, &raw), DLCORE_OK);
    assert_false(same_weights(model, raw));
    free(asked.bytes);
    dlcore_model_free(raw);
    dlcore_model_free(other);
    dlcore_model_free(model);
}

static void test_resume_of_a_run_that_began_later_keeps_the_number_of_its_first_epoch(void **state)
{
    keeper_t keeper = {.moment = BATCH_END, .at = BATCHES + 1, .stops = true};
    samples_t samples = samples_with_words(ROWS);
    dlcore_model_t *model = model_of(DLCORE_OPTIMIZER_SGD);
    dlcore_fit_options_t options = batches_of(BATCH);
    dlcore_callback_t callback = callback_of(&keeper);
    dlcore_history_t *history = NULL;

    (void)state;
    options.initial_epoch = 4;
    options.epochs = 7;
    options.callbacks = &callback;
    options.callback_count = 1;
    assert_int_equal(dlcore_model_fit(model, samples.x, samples.y, &options, NULL), DLCORE_OK);
    options.initial_epoch = 0;
    options.resume = true;
    assert_int_equal(dlcore_model_fit(model, samples.x, samples.y, &options, &history), DLCORE_OK);
    assert_int_equal(dlcore_history_epoch_count(history), 3);
    assert_int_equal(dlcore_history_first_epoch(history), 4);
    dlcore_history_free(history);
    dlcore_model_free(model);
    samples_free(samples);
}

static void test_resume_without_a_run_is_refused(void **state)
{
    keeper_t keeper = {.at = SIZE_MAX};
    dlcore_model_t *model = model_of(DLCORE_OPTIMIZER_SGD);

    (void)state;
    assert_int_equal(fit(model, TENSORS, &keeper, true, NULL), DLCORE_ERROR_STATE);
    assert_non_null(strstr(dlcore_model_error(model), "no run to resume"));
    assert_int_equal(fit(model, TENSORS, &keeper, false, NULL), DLCORE_OK);
    /* done to its end: nothing is left to go on with */
    assert_int_equal(fit(model, TENSORS, &keeper, true, NULL), DLCORE_ERROR_STATE);
    dlcore_model_free(model);
}

static void test_resume_with_other_data_is_refused_and_leaves_the_run(void **state)
{
    keeper_t keeper = {.moment = BATCH_END, .at = 1, .stops = true};
    samples_t other = samples_with_words(ROWS + 1);
    dlcore_model_t *model = model_of(DLCORE_OPTIMIZER_SGD);
    dlcore_fit_options_t options = batches_of(BATCH);

    (void)state;
    assert_int_equal(fit(model, TENSORS, &keeper, false, NULL), DLCORE_OK);
    options.epochs = EPOCHS;
    options.resume = true;
    assert_int_equal(dlcore_model_fit(model, other.x, other.y, &options, NULL), DLCORE_ERROR_STATE);
    assert_non_null(strstr(dlcore_model_error(model), "had 37 samples"));
    assert_int_equal(fit(model, TENSORS, &keeper, true, NULL), DLCORE_OK);
    dlcore_model_free(model);
    samples_free(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_resume_after_every_batch_ends_with_the_same_bits_for_every_optimizer),
        cmocka_unit_test(test_resume_with_averages_accumulation_and_a_schedule),
        cmocka_unit_test(test_resume_after_every_batch_ends_with_the_same_bits_for_every_layer),
        cmocka_unit_test(test_resume_after_every_batch_in_bfloat16_ends_with_the_same_bits),
        cmocka_unit_test(test_resume_of_a_dataset_begins_it_at_the_batch_that_is_next),
        cmocka_unit_test(test_resume_with_steps_per_epoch_goes_on_in_the_middle_of_a_pass),
        cmocka_unit_test(test_resume_from_any_other_moment_ends_with_the_same_bits),
        cmocka_unit_test(test_resume_after_a_stop_ends_with_the_same_bits),
        cmocka_unit_test(test_resume_after_a_stop_shows_averages_until_it_goes_on),
        cmocka_unit_test(test_resume_of_a_run_that_began_later_keeps_the_number_of_its_first_epoch),
        cmocka_unit_test(test_resume_without_a_run_is_refused),
        cmocka_unit_test(test_resume_with_other_data_is_refused_and_leaves_the_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
