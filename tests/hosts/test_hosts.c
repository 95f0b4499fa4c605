/* What hosts do around dlcore: many models in training at once, many threads reading one model, a
 * fit that another thread or a signal stops, one that goes on with other threads, and counting the
 * process's threads. test_fork.c has the hosts that fork.
 *
 * SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "dlcore/file.h"
#include "dlcore/model.h"
#include "support/classifier.h"
#include "support/posix.h"
#include "support/sanitizers.h"

/* Big enough for eight threads. */
enum { INPUTS = 300, CLASSES = 10, BATCH = 64, MODELS = 8, READERS = 200 };
enum { ROWS = EMULATED ? 80 : 200, EPOCHS = EMULATED ? 1 : 2, READS = EMULATED ? 1 : 5 };
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
    const dlcore_tensor_t *expected; /* predictions */
    double loss;
    const float *weights;
    atomic_bool go; /* all begin at once, and are at work together */
    atomic_uint right;
} readers_t;

/* NaN on failure. */
static double loss_of(const dlcore_model_t *model)
{
    dlcore_evaluation_t result;

    if (dlcore_model_evaluate(model, samples.x, samples.y, NULL, &result) != DLCORE_OK)
        return NAN;
    return dlcore_evaluation_value(&result, "loss");
}

static bool has_weights(const dlcore_model_t *model, const float *expected)
{
    float *weights = weights_of(model);
    bool same =
        weights != NULL &&
        memcmp(weights, expected, dlcore_model_parameter_count(model) * sizeof *weights) == 0;

    free(weights);
    return same;
}

static void *read_model(void *argument)
{
    readers_t *readers = argument;
    const struct timespec moment = {.tv_nsec = 100000};
    unsigned right = 0;

    while (!atomic_load(&readers->go))
        nanosleep(&moment, NULL);
    for (int i = 0; i < READS; i++) {
        right += predicts(readers->model, samples, readers->expected) ? 1 : 0;
        right += loss_of(readers->model) == readers->loss ? 1 : 0;
        right += has_weights(readers->model, readers->weights) ? 1 : 0;
    }
    atomic_fetch_add(&readers->right, right);
    return NULL;
}

static void read_from_two_hundred(dlcore_engine_t engine)
{
    static pthread_t threads[READERS];
    dlcore_model_options_t options = engine_options(engine, 0);
    dlcore_model_t *model = classifier(&options, small_widths, dlcore_optimizer_sgd());
    dlcore_tensor_t *expected = predictions(model, samples);
    float *weights = weights_of(model);
    readers_t readers = {
        .model = model, .expected = expected, .loss = loss_of(model), .weights = weights};

    assert_non_null(weights);
    assert_non_null(expected);
    for (size_t i = 0; i < READERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, read_model, &readers), 0);
    atomic_store(&readers.go, true);
    for (size_t i = 0; i < READERS; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(atomic_load(&readers.right), 3 * READS * READERS);
    free(weights);
    dlcore_tensor_free(expected);
    dlcore_model_free(model);
}

static void test_hosts_two_hundred_threads_read_one_model(void **state)
{
    (void)state;
    with_every_engine(read_from_two_hundred);
}

/* --- stopping and going on ----------------------------------------------------------------------
 */

typedef struct stopping {
    dlcore_model_t *model;
    bool by_signal;
    pthread_t fitting;
    atomic_uint steps;
    unsigned last;           /* step, after which the schedule asks; 0: it does not */
    unsigned begun, ended;   /* batches, as callbacks see them */
    unsigned late;           /* batches that began after the request was noted */
    atomic_bool asked, over; /* over: no need to ask any more */
} stopping_t;

static stopping_t *stopping;

static void ask(void)
{
    dlcore_model_request_stop(stopping->model);
    atomic_store(&stopping->asked, true);
}

/* Called once in a step, also where there are no callbacks. */
static double count_step(void *user, uint64_t step)
{
    stopping_t *s = user;

    atomic_fetch_add(&s->steps, 1);
    if (step + 1 == s->last)
        dlcore_model_request_stop(s->model);
    return 0.001;
}

static dlcore_callback_action_t count_begun(void *user, const dlcore_training_event_t *event)
{
    stopping_t *s = user;

    (void)event;
    s->late += atomic_load(&s->asked);
    s->begun++;
    return DLCORE_CALLBACK_CONTINUE;
}

static dlcore_callback_action_t count_ended(void *user, const dlcore_training_event_t *event)
{
    (void)event;
    ((stopping_t *)user)->ended++;
    return DLCORE_CALLBACK_CONTINUE;
}

#if HAS_SIGNALS
static void on_signal(int number)
{
    (void)number;
    ask();
}
#endif

/* NULL where it could not send the signal. */
static void *ask_when_it_runs(void *argument)
{
    const struct timespec moment = {.tv_nsec = 100000};
    stopping_t *s = argument;

    while (atomic_load(&s->steps) < 6 && !atomic_load(&s->over))
        nanosleep(&moment, NULL);
#if HAS_SIGNALS
    if (s->by_signal && pthread_kill(s->fitting, SIGUSR1) == 0)
        return s;
#endif
    ask();
    return s->by_signal ? NULL : s;
}

static dlcore_model_t *stoppable(dlcore_engine_t engine, stopping_t *s)
{
    dlcore_model_options_t options = engine_options(engine, 2);
    dlcore_optimizer_t optimizer = dlcore_optimizer_rmsprop();

    options.seed = 1;
    optimizer.schedule = dlcore_schedule_function(count_step, s);
    return classifier(&options, widths, optimizer);
}

/* A request that comes between two batches is seen at the end of the second. What comes out is what
 * a run makes that its own schedule stops after as many steps. */
static void stop_from_elsewhere(dlcore_engine_t engine, bool by_signal, bool watched)
{
    stopping_t s = {.by_signal = by_signal}, other = {0};
    dlcore_callback_t counts = {
        .user = &s, .on_batch_begin = count_begun, .on_batch_end = count_ended};
    dlcore_tensor_t *expected;
    pthread_t thread;
    void *result;
    bool good;

    s.model = stoppable(engine, &s);
    s.fitting = pthread_self();
    stopping = &s;
    assert_non_null(s.model);
    assert_int_equal(pthread_create(&thread, NULL, ask_when_it_runs, &s), 0);
    good = fit(s.model, 1000000, watched ? &counts : NULL);
    atomic_store(&s.over, true);
    pthread_join(thread, &result);
    assert_true(good);
    assert_non_null(result);
    other.last = atomic_load(&s.steps);
    assert_in_range(other.last, 6, 1000000);
    if (watched) {
        assert_true(s.late <= 1);
        assert_int_equal(s.begun, other.last);
        assert_int_equal(s.ended, other.last);
    }
    other.model = stoppable(engine, &other);
    assert_true(fit(other.model, 1000000, NULL));
    assert_int_equal(atomic_load(&other.steps), other.last);
    assert_true(same_weights(s.model, other.model));
    expected = predictions(other.model, samples);
    assert_non_null(expected);
    assert_true(predicts(s.model, samples, expected));
    dlcore_tensor_free(expected);
    dlcore_model_free(other.model);
    dlcore_model_free(s.model);
}

static void stop_from_a_thread(dlcore_engine_t engine)
{
    stop_from_elsewhere(engine, false, false);
    stop_from_elsewhere(engine, false, true);
}

static void test_hosts_another_thread_stops_a_fit_after_its_batch(void **state)
{
    (void)state;
    with_every_engine(stop_from_a_thread);
}

#if HAS_SIGNALS
static void stop_from_a_signal(dlcore_engine_t engine)
{
    struct sigaction before, action = {.sa_handler = on_signal};

    sigemptyset(&action.sa_mask);
    assert_int_equal(sigaction(SIGUSR1, &action, &before), 0);
    stop_from_elsewhere(engine, true, false);
    stop_from_elsewhere(engine, true, true);
    assert_int_equal(sigaction(SIGUSR1, &before, NULL), 0);
}
#endif

static void test_hosts_a_handler_of_a_signal_stops_a_fit_after_its_batch(void **state)
{
    (void)state;
#if HAS_SIGNALS
    with_every_engine(stop_from_a_signal);
#else
    skip();
#endif
}

static dlcore_callback_action_t stop_after(void *user, const dlcore_training_event_t *event)
{
    unsigned *left = user;

    (void)event;
    return --*left == 0 ? DLCORE_CALLBACK_STOP : DLCORE_CALLBACK_CONTINUE;
}

/* A run of two epochs that is stopped after so many batches on so many threads, saved, loaded and
 * ended on as many others. */
static dlcore_model_t *stopped_and_resumed(dlcore_engine_t engine, unsigned batches, size_t first,
                                           size_t second)
{
    dlcore_callback_t stops = {.user = &batches, .on_batch_end = stop_after};
    dlcore_load_options_t how = dlcore_load_options_default();
    dlcore_fit_options_t options = batches_of(BATCH);
    dlcore_model_t *model = model_of(engine, first, 1), *loaded = NULL;
    void *bytes = NULL;
    size_t size = 0;

    assert_true(fit(model, 2, &stops));
    assert_int_equal(dlcore_model_save_memory(model, NULL, &bytes, &size), DLCORE_OK);
    how.model = engine_options(engine, second);
    assert_int_equal(dlcore_model_load_memory(bytes, size, &how, &loaded), DLCORE_OK);
    options.epochs = 2;
    options.resume = true;
    assert_int_equal(dlcore_model_fit(loaded, samples.x, samples.y, &options, NULL), DLCORE_OK);
    free(bytes);
    dlcore_model_free(model);
    return loaded;
}

static void resume_on_other_threads(dlcore_engine_t engine)
{
    static const size_t threads[] = {1, 2, 3, 4, 8};
    enum { COUNT = sizeof threads / sizeof threads[0], STEPS = 2 * ((ROWS + BATCH - 1) / BATCH) };
    dlcore_model_t *whole = model_of(engine, 1, 1);

    assert_true(fit(whole, 2, NULL));
    for (unsigned i = 0; i < COUNT; i++) {
        dlcore_model_t *model =
            stopped_and_resumed(engine, 1 + i % (STEPS - 1), threads[i], threads[(i + 2) % COUNT]);

        assert_true(same_weights(model, whole));
        dlcore_model_free(model);
    }
    dlcore_model_free(whole);
}

static void test_hosts_a_fit_resumed_on_other_threads_ends_with_the_same_bits(void **state)
{
    (void)state;
    with_every_engine(resume_on_other_threads);
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
        cmocka_unit_test(test_hosts_two_hundred_threads_read_one_model),
        cmocka_unit_test(test_hosts_another_thread_stops_a_fit_after_its_batch),
        cmocka_unit_test(test_hosts_a_handler_of_a_signal_stops_a_fit_after_its_batch),
        cmocka_unit_test(test_hosts_a_fit_resumed_on_other_threads_ends_with_the_same_bits),
    };

    return cmocka_run_group_tests(tests, make_samples, free_samples);
}
