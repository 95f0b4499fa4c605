/* Hosts that fork, before, during and after a fit: the child trains a model of its own, goes on
 * with the parent's or predicts, and neither it nor the parent hangs or goes wrong.
 *
 * SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dlcore/model.h"
#include "support/classifier.h"
#include "support/sanitizers.h"

/* Big enough for several threads. */
enum { INPUTS = 300, CLASSES = 10, BATCH = 64 };
enum { ROWS = EMULATED ? 80 : 200, STEPS = (ROWS + BATCH - 1) / BATCH };
enum { CHILD_SECONDS = EMULATED ? 200 : 20 }; /* until it is taken to hang */
static const size_t widths[] = {INPUTS, 200, 100, CLASSES, 0};

static samples_t samples;
static atomic_uint children;

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

/* What a child is to do, and what comes out: computed before the fork, by a model of its own. */
typedef struct family {
    dlcore_engine_t engine;
    dlcore_model_t *trained;     /* seed 1, 2 epochs */
    dlcore_model_t *longer;      /* and 2 epochs more */
    dlcore_tensor_t *of_trained; /* its predictions */
} family_t;

static family_t family_of(dlcore_engine_t engine)
{
    family_t family = {.engine = engine, .trained = model_of(engine, 1, 1)};

    assert_true(fit(family.trained, 2, NULL));
    family.longer = model_of(engine, 1, 1);
    assert_true(fit(family.longer, 2, NULL));
    assert_true(fit(family.longer, 2, NULL));
    family.of_trained = predictions(family.trained, samples);
    assert_non_null(family.of_trained);
    return family;
}

static void family_free(family_t family)
{
    dlcore_model_free(family.trained);
    dlcore_model_free(family.longer);
    dlcore_tensor_free(family.of_trained);
}

/* Runs `check` in a child and answers whether it was right; one that hangs is killed by its alarm.
 * Asserts nothing, because it may be called by another thread than the test's. */
static bool child_is_right(bool (*check)(const family_t *family, dlcore_model_t *model),
                           const family_t *family, dlcore_model_t *model)
{
    int status = 0;
    pid_t child = fork();

    if (child == 0) {
        alarm(CHILD_SECONDS);
        _exit(check(family, model) ? 0 : 1);
    }
    atomic_fetch_add(&children, 1);
    return child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) &&
           WEXITSTATUS(status) == 0;
}

static bool trains_its_own(const family_t *family, dlcore_model_t *unused)
{
    dlcore_model_t *model = model_of(family->engine, 3, 1);
    bool good = model != NULL && fit(model, 2, NULL) && same_weights(model, family->trained) &&
                predicts(model, samples, family->of_trained);

    (void)unused;
    dlcore_model_free(model);
    return good;
}

static bool predicts_with_the_parents(const family_t *family, dlcore_model_t *unused)
{
    (void)unused;
    return predicts(family->trained, samples, family->of_trained);
}

/* The model is the parent's, its team among what stayed behind. */
static bool trains_the_parents(const family_t *family, dlcore_model_t *model)
{
    bool good = fit(model, 2, NULL) && same_weights(model, family->trained) &&
                predicts(model, samples, family->of_trained);

    dlcore_model_free(model);
    return good;
}

static bool goes_on_with_the_parents(const family_t *family, dlcore_model_t *model)
{
    bool good = predicts(model, samples, family->of_trained) && fit(model, 2, NULL) &&
                same_weights(model, family->longer);

    dlcore_model_free(model);
    return good;
}

static void fork_before_fit(dlcore_engine_t engine)
{
    family_t family = family_of(engine);
    dlcore_model_t *model = model_of(engine, 3, 1);

    assert_true(child_is_right(trains_its_own, &family, NULL));
    assert_true(child_is_right(trains_the_parents, &family, model));
    assert_true(child_is_right(predicts_with_the_parents, &family, NULL));
    assert_true(fit(model, 2, NULL));
    assert_true(same_weights(model, family.trained));
    dlcore_model_free(model);
    family_free(family);
}

static void test_fork_before_fit_both_train(void **state)
{
    (void)state;
    with_every_engine(fork_before_fit);
}

static void fork_after_fit(dlcore_engine_t engine)
{
    family_t family = family_of(engine);
    dlcore_model_t *model = model_of(engine, 3, 1);

    assert_true(fit(model, 2, NULL));
    for (int i = 0; i < 5; i++) {
        assert_true(child_is_right(goes_on_with_the_parents, &family, model));
        assert_true(child_is_right(trains_its_own, &family, NULL));
    }
    assert_true(predicts(model, samples, family.of_trained));
    assert_true(fit(model, 2, NULL));
    assert_true(same_weights(model, family.longer));
    dlcore_model_free(model);
    family_free(family);
}

static void test_fork_after_fit_both_go_on(void **state)
{
    (void)state;
    if (ADDRESS_SANITIZER || THREAD_SANITIZER)
        skip(); /* they have locks of their own, which a fork next to threads can take along */
    with_every_engine(fork_after_fit);
}

/* Forks in a callback; the fit of each child goes on, too, once, to its end. */
typedef struct forking {
    const family_t *family;
    dlcore_model_t *model;
    pid_t child; /* 0: this is one */
    size_t calls;
    bool good;
} forking_t;

static dlcore_callback_action_t fork_here(void *user, const dlcore_training_event_t *event)
{
    forking_t *forking = user;

    (void)event;
    if (forking->child == 0)
        return DLCORE_CALLBACK_CONTINUE;
    forking->good = forking->good && child_is_right(trains_its_own, forking->family, NULL) &&
                    child_is_right(predicts_with_the_parents, forking->family, NULL);
    if (forking->calls++ == 2) {
        forking->child = fork();
        if (forking->child == 0)
            alarm(CHILD_SECONDS);
        else
            atomic_fetch_add(&children, 1);
    }
    return DLCORE_CALLBACK_CONTINUE;
}

static void fork_from_callback(dlcore_engine_t engine)
{
    family_t family = family_of(engine);
    dlcore_model_t *model = model_of(engine, 3, 1);
    forking_t forking = {.family = &family, .model = model, .child = -1, .good = true};
    dlcore_callback_t callback = {.user = &forking, .on_batch_end = fork_here};
    bool good = fit(model, 2, &callback) && same_weights(model, family.trained);
    int status = 0;

    if (forking.child == 0)
        _exit(good ? 0 : 1);
    assert_int_equal(forking.calls, 2 * STEPS);
    assert_true(good);
    assert_true(forking.good);
    assert_true(forking.child > 0);
    assert_int_equal(waitpid(forking.child, &status, 0), forking.child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    dlcore_model_free(model);
    family_free(family);
}

static void test_fork_in_a_callback_of_fit_both_go_on(void **state)
{
    (void)state;
    if (ADDRESS_SANITIZER || THREAD_SANITIZER)
        skip();
    with_every_engine(fork_from_callback);
}

typedef struct neighbour {
    dlcore_model_t *model;
    const family_t *family;
    atomic_bool stop;
    size_t fits;
    bool good;
} neighbour_t;

/* Fits anew, until told to stop. */
static void *keep_training(void *argument)
{
    neighbour_t *neighbour = argument;

    neighbour->good = true;
    while (!atomic_load(&neighbour->stop) && neighbour->good) {
        dlcore_model_t *model = model_of(neighbour->family->engine, 3, 1);

        neighbour->good =
            model != NULL && fit(model, 2, NULL) && same_weights(model, neighbour->family->trained);
        neighbour->fits++;
        dlcore_model_free(model);
    }
    return NULL;
}

/* The fork catches the other thread's fit anywhere: in a product, at a barrier, in malloc. */
static void fork_next_to_fit(dlcore_engine_t engine)
{
    family_t family = family_of(engine);
    neighbour_t neighbour = {.family = &family};
    bool good = true;
    pthread_t thread;

    assert_int_equal(pthread_create(&thread, NULL, keep_training, &neighbour), 0);
    for (int i = 0; i < 20 && good; i++)
        good = child_is_right(trains_its_own, &family, NULL) &&
               child_is_right(predicts_with_the_parents, &family, NULL);
    atomic_store(&neighbour.stop, true);
    pthread_join(thread, NULL);
    assert_true(good);
    assert_true(neighbour.good);
    assert_true(neighbour.fits > 0);
    family_free(family);
}

static void test_fork_during_fit_of_another_thread_both_are_right(void **state)
{
    (void)state;
    if (ADDRESS_SANITIZER || THREAD_SANITIZER)
        skip();
    with_every_engine(fork_next_to_fit);
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
    print_message("%u children\n", atomic_load(&children));
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fork_before_fit_both_train),
        cmocka_unit_test(test_fork_after_fit_both_go_on),
        cmocka_unit_test(test_fork_in_a_callback_of_fit_both_go_on),
        cmocka_unit_test(test_fork_during_fit_of_another_thread_both_are_right),
    };

    return cmocka_run_group_tests(tests, make_samples, free_samples);
}
