/* The engines through the public API: the same bits at any number of threads, and the options that
 * choose. test_engine_agreement.c compares them.
 *
 * SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dlcore/model.h"
#include "support/agreement.h"
#include "support/classifier.h"
#include "support/host_blas.h"
#include "support/tensors.h"

/* Several tiles of every product, and a last batch of 8. */
enum { INPUTS = 300, CLASSES = 10, ROWS = 200, BATCH = 64 };
static const size_t widths[] = {INPUTS, 200, 100, CLASSES, 0};
static const size_t threads[] = {1, 2, 3, 4, 8};
#define THREADS (sizeof threads / sizeof threads[0])

static dlcore_optimizer_t momentum(void)
{
    dlcore_optimizer_t sgd = dlcore_optimizer_sgd();

    sgd.momentum = 0.9;
    return sgd;
}

static dlcore_model_t *made(dlcore_engine_t engine, size_t thread_count,
                            dlcore_optimizer_t optimizer)
{
    dlcore_model_options_t options = engine_options(engine, thread_count);
    dlcore_model_t *model = classifier(&options, widths, optimizer);

    assert_non_null(model);
    return model;
}

static dlcore_model_t *trained(dlcore_engine_t engine, size_t thread_count,
                               dlcore_optimizer_t optimizer, samples_t samples)
{
    dlcore_model_t *model = made(engine, thread_count, optimizer);
    dlcore_fit_options_t options = batches_of(BATCH);

    assert_int_equal(dlcore_model_fit(model, samples.x, samples.y, &options, NULL), DLCORE_OK);
    return model;
}

/* --- threads ------------------------------------------------------------------------------------
 */

static void train_at_all_threads(dlcore_engine_t engine, dlcore_optimizer_t optimizer,
                                 samples_t samples)
{
    dlcore_model_t *alone = trained(engine, 1, optimizer, samples);
    dlcore_model_t *untrained = made(engine, 1, optimizer);

    assert_false(same_weights(alone, untrained));
    for (size_t i = 1; i < THREADS; i++) {
        dlcore_model_t *model = trained(engine, threads[i], optimizer, samples);

        if (!same_weights(alone, model))
            fail_msg("%s engine, %zu threads: other weights than with one", engine_name(engine),
                     threads[i]);
        dlcore_model_free(model);
    }
    dlcore_model_free(untrained);
    dlcore_model_free(alone);
}

static void train_every_engine(samples_t samples)
{
    for (size_t i = 0; i < ENGINES; i++) {
        if (!engine_is_here(engines[i]))
            continue;
        train_at_all_threads(engines[i], dlcore_optimizer_rmsprop(), samples);
        train_at_all_threads(engines[i], momentum(), samples);
    }
}

static void test_engine_weights_after_an_epoch_are_the_same_bits_at_any_thread_count(void **state)
{
    samples_t samples = samples_of_floats(ROWS, INPUTS, CLASSES);

    (void)state;
    train_every_engine(samples);
    samples_blank_margins(samples, 70); /* inputs that an engine may leave out */
    train_every_engine(samples);
    samples_free(samples);
}

/* What evaluate and predict answer, in blocks small enough for all threads to have some. */
typedef struct answers {
    dlcore_evaluation_t evaluation;
    dlcore_tensor_t *small_blocks, *usual_blocks;
} answers_t;

static answers_t answers_of(dlcore_engine_t engine, size_t thread_count, samples_t samples)
{
    dlcore_model_t *model = made(engine, thread_count, dlcore_optimizer_sgd());
    dlcore_evaluate_options_t evaluate = dlcore_evaluate_options_default();
    dlcore_predict_options_t predict = dlcore_predict_options_default();
    answers_t answers;

    memset(&answers, 0, sizeof answers);
    dlcore_tensor_create(NULL, DLCORE_DTYPE_FLOAT32, SHAPE(ROWS, CLASSES), &answers.small_blocks,
                         NULL);
    dlcore_tensor_create(NULL, DLCORE_DTYPE_FLOAT32, SHAPE(ROWS, CLASSES), &answers.usual_blocks,
                         NULL);
    evaluate.batch_size = 16;
    predict.batch_size = 16;
    assert_int_equal(
        dlcore_model_evaluate(model, samples.x, samples.y, &evaluate, &answers.evaluation),
        DLCORE_OK);
    assert_int_equal(dlcore_model_predict_with(model, samples.x, answers.small_blocks, &predict),
                     DLCORE_OK);
    assert_int_equal(dlcore_model_predict(model, samples.x, answers.usual_blocks), DLCORE_OK);
    dlcore_model_free(model);
    return answers;
}

static void answers_free(answers_t answers)
{
    dlcore_tensor_free(answers.small_blocks);
    dlcore_tensor_free(answers.usual_blocks);
}

static bool same_answers(const answers_t *a, const answers_t *b)
{
    return a->evaluation.loss == b->evaluation.loss &&
           a->evaluation.metrics[0].value == b->evaluation.metrics[0].value &&
           dlcore_tensor_equal(a->small_blocks, b->small_blocks, 0.0) &&
           dlcore_tensor_equal(a->usual_blocks, b->usual_blocks, 0.0);
}

static void test_engine_answers_are_the_same_bits_at_any_thread_count(void **state)
{
    samples_t samples = samples_of_floats(ROWS, INPUTS, CLASSES);

    (void)state;
    for (size_t i = 0; i < ENGINES; i++) {
        answers_t alone;

        if (!engine_is_here(engines[i]))
            continue;
        alone = answers_of(engines[i], 1, samples);
        assert_true(alone.evaluation.loss > 0.1);
        for (size_t t = 1; t < THREADS; t++) {
            answers_t answers = answers_of(engines[i], threads[t], samples);

            if (!same_answers(&alone, &answers))
                fail_msg("%s engine, %zu threads: other answers than with one",
                         engine_name(engines[i]), threads[t]);
            answers_free(answers);
        }
        answers_free(alone);
    }
    samples_free(samples);
}

/* --- options ------------------------------------------------------------------------------------
 */

static void refuse(dlcore_engine_t engine, bool blas_threads, const char *text)
{
    dlcore_error_record_t error = {.message = ""};
    dlcore_model_options_t options = engine_options(engine, 1);
    dlcore_model_t *model = (dlcore_model_t *)(void *)&error; /* anything but NULL */

    options.blas_threads = blas_threads;
    options.error = &error;
    assert_failed(dlcore_model_create(&options, &model), DLCORE_ERROR_ARGUMENT, &error, text);
    assert_null(model);
}

static void test_engine_unknown_or_without_blas_for_its_threads_is_refused(void **state)
{
    (void)state;
    refuse((dlcore_engine_t)3, false, "engine 3");
    refuse((dlcore_engine_t)77, false, "engine 77");
    refuse(DLCORE_ENGINE_AUTO, true, "blas_threads is for DLCORE_ENGINE_BLAS, got engine 0");
    refuse(DLCORE_ENGINE_NATIVE, true, "blas_threads is for DLCORE_ENGINE_BLAS, got engine 2");
}

/* As in a build without kernels for this CPU. */
static void test_engine_native_where_there_is_none_is_refused(void **state)
{
    dlcore_error_record_t error = {.message = ""};
    dlcore_model_options_t options = engine_options(DLCORE_ENGINE_NATIVE, 1);
    dlcore_model_t *model = NULL;

    (void)state;
    if (engine_is_here(DLCORE_ENGINE_NATIVE))
        skip();
    options.error = &error;
    assert_failed(dlcore_model_create(&options, &model), DLCORE_ERROR_UNSUPPORTED, &error,
                  "model: the native engine needs a CPU with");
    assert_null(model);
}

static void test_engine_name_of_null_is_null(void **state)
{
    (void)state;
    assert_null(dlcore_model_engine(NULL));
}

/* Where a script runs this program over one BLAS or another, it says which. */
static void test_engine_name_tells_who_multiplies(void **state)
{
    dlcore_model_t *blas = made(DLCORE_ENGINE_BLAS, 1, dlcore_optimizer_sgd());
    dlcore_model_t *chosen = made(DLCORE_ENGINE_AUTO, 1, dlcore_optimizer_sgd());
    bool native = engine_is_here(DLCORE_ENGINE_NATIVE);

    (void)state;
    assert_true(host_blas_is(dlcore_model_engine(blas)));
    if (getenv("DLCORE_EXPECT_BLAS") != NULL)
        assert_string_equal(dlcore_model_engine(blas), getenv("DLCORE_EXPECT_BLAS"));
    assert_true((strncmp(dlcore_model_engine(chosen), "native ", 7) == 0) == native);
    if (!native)
        assert_string_equal(dlcore_model_engine(chosen), dlcore_model_engine(blas));
    dlcore_model_free(blas);
    dlcore_model_free(chosen);
}

static void test_engine_is_kept_by_a_clone(void **state)
{
    samples_t samples = samples_of_floats(ROWS, INPUTS, CLASSES);
    dlcore_fit_options_t options = batches_of(BATCH);

    (void)state;
    for (size_t i = 0; i < ENGINES; i++) {
        dlcore_model_t *model, *clone = NULL;

        if (!engine_is_here(engines[i]))
            continue;
        model = made(engines[i], 2, dlcore_optimizer_rmsprop());
        assert_int_equal(dlcore_model_clone(model, &clone), DLCORE_OK);
        assert_string_equal(dlcore_model_engine(clone), dlcore_model_engine(model));
        assert_int_equal(dlcore_model_fit(model, samples.x, samples.y, &options, NULL), DLCORE_OK);
        assert_false(same_weights(model, clone));
        assert_int_equal(dlcore_model_fit(clone, samples.x, samples.y, &options, NULL), DLCORE_OK);
        assert_true(same_weights(model, clone));
        dlcore_model_free(model);
        dlcore_model_free(clone);
    }
    samples_free(samples);
}

/* --- BLAS's own threads -------------------------------------------------------------------------
 */

typedef struct watch {
    int host;
    size_t calls, wrong;
} watch_t;

static dlcore_callback_action_t see_count(void *user, const dlcore_training_event_t *event)
{
    watch_t *watch = user;

    (void)event;
    watch->calls++;
    watch->wrong += host_count() != watch->host;
    return DLCORE_CALLBACK_CONTINUE;
}

/* Trains while the host's count is 3, looking at it in every callback. */
static float *train_under_watch(bool blas_threads, samples_t samples)
{
    dlcore_model_options_t options = engine_options(DLCORE_ENGINE_BLAS, 2);
    dlcore_fit_options_t how = batches_of(BATCH);
    watch_t watch = {.host = start_with_three()};
    dlcore_callback_t callback = {.user = &watch, .on_batch_end = see_count};
    dlcore_model_t *model, *clone = NULL;
    float *weights;

    options.blas_threads = blas_threads;
    model = classifier(&options, widths, momentum());
    assert_non_null(model);
    how.callbacks = &callback;
    how.callback_count = 1;
    assert_int_equal(dlcore_model_clone(model, &clone), DLCORE_OK);
    assert_int_equal(dlcore_model_fit(clone, samples.x, samples.y, &how, NULL), DLCORE_OK);
    assert_int_equal(watch.calls, 4);
    assert_int_equal(watch.wrong, 0);
    assert_int_equal(host_count(), watch.host);
    weights = weights_of(clone);
    dlcore_model_free(model);
    dlcore_model_free(clone);
    return weights;
}

static void test_engine_blas_threads_train_right_and_leave_the_host_its_count(void **state)
{
    samples_t samples = samples_of_floats(ROWS, INPUTS, CLASSES);
    dlcore_model_t *model = trained(DLCORE_ENGINE_BLAS, 1, momentum(), samples);
    size_t count = dlcore_model_parameter_count(model);
    float *expected = weights_of(model);
    float *ours = train_under_watch(false, samples);
    float *theirs = train_under_watch(true, samples);

    (void)state;
    assert_memory_equal(ours, expected, count * sizeof *ours);
    assert_true(agreement_norm(theirs, expected, count) < 1e-5);
    free(ours);
    free(theirs);
    free(expected);
    dlcore_model_free(model);
    samples_free(samples);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_engine_weights_after_an_epoch_are_the_same_bits_at_any_thread_count),
        cmocka_unit_test(test_engine_answers_are_the_same_bits_at_any_thread_count),
        cmocka_unit_test(test_engine_unknown_or_without_blas_for_its_threads_is_refused),
        cmocka_unit_test(test_engine_native_where_there_is_none_is_refused),
        cmocka_unit_test(test_engine_name_of_null_is_null),
        cmocka_unit_test(test_engine_name_tells_who_multiplies),
        cmocka_unit_test(test_engine_is_kept_by_a_clone),
        cmocka_unit_test(test_engine_blas_threads_train_right_and_leave_the_host_its_count),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
