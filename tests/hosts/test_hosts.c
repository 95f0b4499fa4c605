/* What hosts do around dlcore: many models in training at once, many threads predicting with one
 * model, and counting the process's threads. test_fork.c has the hosts that fork.
 *
 * SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <time.h>

#include "dlcore/model.h"
#include "support/classifier.h"
#include "support/posix.h"
#include "support/sanitizers.h"

/* Big enough for eight threads. */
enum { INPUTS = 300, CLASSES = 10, BATCH = 64, MODELS = 8, READERS = 200 };
enum { ROWS = EMULATED ? 80 : 200, EPOCHS = EMULATED ? 1 : 2 };
static const size_t widths[] = {INPUTS, 200, 100, CLASSES, 0};
static const size_t small_widths[] = {INPUTS, 50, CLASSES, 0};

static samples_t samples;

/* What tests train: models that differ by their seeds. */
static dlcore_model_t *model_of(dlcore_engine_t engine, size_t threads, uint64_t seed)
{
    dlcore_model_options_t options = engine_options(engine, threads);

    options.seed = seed;
    return classifier(&options, widths, dlcore_optimizer_rmsprop());
}

static bool fit(dlcore_model_t *model, size_t epochs, const dlcore_callback_t *callback)
{
    dlcore_fit_options_t options = batches_of(BATCH);

    options.epochs = epochs;
    options.callbacks = callback;
    options.callback_count = callback != NULL ? 1 : 0;
    return dlcore_model_fit(model, samples.x, samples.y, &options, NULL) == DLCORE_OK;
}

/* --- many threads -------------------------------------------------------------------------------
 */

typedef struct trainee {
    dlcore_model_t *model;
    bool good;
} trainee_t;

static void *train(void *argument)
{
    trainee_t *trainee = argument;

    trainee->good = fit(trainee->model, EPOCHS, NULL);
    return NULL;
}

static void train_eight_at_once(dlcore_engine_t engine)
{
    trainee_t trainees[MODELS];
    pthread_t threads[MODELS];

    for (size_t i = 0; i < MODELS; i++) {
        trainees[i].model = model_of(engine, 0, i);
        assert_non_null(trainees[i].model);
    }
    for (size_t i = 0; i < MODELS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, train, &trainees[i]), 0);
    for (size_t i = 0; i < MODELS; i++)
        pthread_join(threads[i], NULL);
    for (size_t i = 0; i < MODELS; i++) {
        dlcore_model_t *alone = model_of(engine, 0, i);

        assert_true(trainees[i].good);
        assert_true(fit(alone, EPOCHS, NULL));
        assert_true(same_weights(trainees[i].model, alone));
        dlcore_model_free(alone);
        dlcore_model_free(trainees[i].model);
    }
}

static void test_hosts_eight_models_trained_at_once_are_as_trained_alone(void **state)
{
    (void)state;
    with_every_engine(train_eight_at_once);
}

typedef struct readers {
    const dlcore_model_t *model;
    const dlcore_tensor_t *expected;
    atomic_uint right;
} readers_t;

static void *read_model(void *argument)
{
    readers_t *readers = argument;
    unsigned right = 0;

    for (int i = 0; i < 2; i++)
        right += predicts(readers->model, samples, readers->expected) ? 1 : 0;
    atomic_fetch_add(&readers->right, right);
    return NULL;
}

static void predict_from_two_hundred(dlcore_engine_t engine)
{
    static pthread_t threads[READERS];
    dlcore_model_options_t options = engine_options(engine, 0);
    dlcore_model_t *model = classifier(&options, small_widths, dlcore_optimizer_sgd());
    dlcore_tensor_t *expected = predictions(model, samples);
    readers_t readers = {.model = model, .expected = expected};

    assert_non_null(expected);
    for (size_t i = 0; i < READERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, read_model, &readers), 0);
    for (size_t i = 0; i < READERS; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(atomic_load(&readers.right), 2 * READERS);
    dlcore_tensor_free(expected);
    dlcore_model_free(model);
}

static void test_hosts_two_hundred_threads_predict_with_one_model(void **state)
{
    (void)state;
    with_every_engine(predict_from_two_hundred);
}

/* --- the threads of the process -----------------------------------------------------------------
 */

/* 0 where the system does not say. */
static size_t threads_now(void)
{
    DIR *tasks = opendir("/proc/self/task");
    const struct dirent *entry;
    size_t count = 0;

    if (tasks == NULL)
        return 0;
    while ((entry = readdir(tasks)) != NULL)
        count += entry->d_name[0] != '.';
    closedir(tasks);
    return count;
}

/* A thread that was joined may be listed for a moment yet. */
static size_t threads_at_rest(size_t expected)
{
    const struct timespec pause = {.tv_nsec = 1000000};

    for (int i = 0; i < 1000 && threads_now() > expected; i++)
        nanosleep(&pause, NULL);
    return threads_now();
}

static dlcore_callback_action_t see_threads(void *user, const dlcore_training_event_t *event)
{
    size_t *most = user, now = threads_now();

    (void)event;
    *most = now > *most ? now : *most;
    return DLCORE_CALLBACK_CONTINUE;
}

/* The most threads that the process had between the steps of a fit. */
static size_t most_threads(dlcore_engine_t engine, size_t threads)
{
    size_t most = 0;
    dlcore_callback_t callback = {.user = &most, .on_batch_end = see_threads};
    dlcore_model_t *model = model_of(engine, threads, 1);
    dlcore_tensor_t *y;

    assert_true(fit(model, EPOCHS, &callback));
    y = predictions(model, samples);
    assert_non_null(y);
    see_threads(&most, NULL);
    dlcore_tensor_free(y);
    dlcore_model_free(model);
    return most;
}

/* The native engine always gains from threads, BLAS only where several may call it. */
static void count_threads(dlcore_engine_t engine)
{
    size_t before, most;

    most_threads(engine, 1); /* OpenBLAS has threads of its own from its first call */
    before = threads_now();
    assert_int_equal(most_threads(engine, 1), before);
    assert_int_equal(threads_now(), before);
    most = most_threads(engine, 3);
    if (engine == DLCORE_ENGINE_NATIVE)
        assert_int_equal(most, before + 2);
    assert_in_range(most, before, before + 2);
    assert_int_equal(threads_at_rest(before), before);
}

/* The first of the tests: none before it has made threads. */
static void test_hosts_threads_one_adds_none_and_three_add_two_until_free(void **state)
{
    (void)state;
    if (!HAS_PROC)
        skip(); /* nobody counts threads */
    if (threads_now() == 0 || THREAD_SANITIZER)
        skip(); /* it makes a thread of its own next to our first */
    with_every_engine(count_threads);
}

static int make_samples(void **state)
{
    (void)state;
    samples = samples_of_floats(ROWS, INPUTS, CLASSES);
    return samples.x != NULL ? 0 : -1;
}

static int free_samples(void **state)
{
    (void)state;
    samples_free(samples);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hosts_threads_one_adds_none_and_three_add_two_until_free),
        cmocka_unit_test(test_hosts_eight_models_trained_at_once_are_as_trained_alone),
        cmocka_unit_test(test_hosts_two_hundred_threads_predict_with_one_model),
    };

    return cmocka_run_group_tests(tests, make_samples, free_samples);
}
