/* SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L
#include "support/left_calls.h"

#include <dirent.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "dlcore.h"
#include "support/failing_allocator.h"
#include "support/models.h"

/* Calls that keep only memory are left so often again: more blocks than a model has places for. */
enum { MORE = 11 };

/* Wide enough for a step of two threads. */
enum { WIDTH = 64, ROWS = 512, BATCH = 256, PARAMETERS = WIDTH * WIDTH + WIDTH };

typedef enum place {
    NOWHERE,
    TRAIN_BEGIN,
    TRAIN_END,
    EPOCH_BEGIN,
    EPOCH_END,
    BATCH_BEGIN,
    BATCH_END,
    RESUME,
    RATE, /* of the learning rate scheduler */
    SINK,
    SCHEDULE,
    BEGIN,
    NEXT,
    TAKE,
    WRITE
} place_t;

/* All that the host's code sees, where the call's frames are not. */
typedef struct scene {
    const left_calls_t *by;
    place_t place;
    unsigned leave_at, count; /* the call of that number */
    failing_allocator_t memory;
    dlcore_model_t *model;
    float x[ROWS * WIDTH], weights[PARAMETERS]; /* of the last finished step */
    dlcore_tensor_t *samples, *half;
    unsigned batch; /* of the dataset */
    bool prefetches, validates, resumes;
    dlcore_tensor_t *copy,
        *classes; /* that `take` made: the host's, whatever becomes of the call */
} scene_t;

static scene_t scene;

static void pass(place_t place)
{
    if (place == scene.place && ++scene.count == scene.leave_at)
        scene.by->leave();
}

static void note_weights(void)
{
    assert_int_equal(dlcore_model_get_weights(scene.model, scene.weights, PARAMETERS), DLCORE_OK);
}

/* ---- the host's code ---- */

#define MOMENT(name, place)                                                                \
    static dlcore_callback_action_t name(void *user, const dlcore_training_event_t *event) \
    {                                                                                      \
        (void)user;                                                                        \
        (void)event;                                                                       \
        if ((place) == BATCH_END)                                                          \
            note_weights();                                                                \
        pass(place);                                                                       \
        return DLCORE_CALLBACK_CONTINUE;                                                   \
    }
MOMENT(on_train_begin, TRAIN_BEGIN)
MOMENT(on_train_end, TRAIN_END)
MOMENT(on_epoch_begin, EPOCH_BEGIN)
MOMENT(on_epoch_end, EPOCH_END)
MOMENT(on_batch_begin, BATCH_BEGIN)
MOMENT(on_batch_end, BATCH_END)
MOMENT(on_resume, RESUME)

static double rate(void *user, size_t epoch, double learning_rate)
{
    (void)user;
    (void)epoch;
    pass(RATE);
    return learning_rate;
}

static double schedule(void *user, uint64_t step)
{
    (void)user;
    (void)step;
    pass(SCHEDULE);
    return 0.01;
}

static void print(void *user, const char *text, size_t length)
{
    (void)user;
    (void)text;
    (void)length;
    pass(SINK);
}

static bool write_bytes(void *user, const void *bytes, size_t size)
{
    (void)user;
    (void)bytes;
    (void)size;
    pass(WRITE);
    return true;
}

static dlcore_status take(void *user, const dlcore_tensor_t *y_pred, dlcore_error_record_t *error)
{
    (void)user;
    dlcore_tensor_free(scene.copy);
    dlcore_tensor_free(scene.classes);
    assert_int_equal(dlcore_tensor_copy(y_pred, &scene.copy, error), DLCORE_OK);
    assert_int_equal(dlcore_tensor_argmax(y_pred, &scene.classes, error), DLCORE_OK);
    pass(TAKE);
    return DLCORE_OK;
}

static dlcore_status begin(void *user, size_t number, size_t batch, dlcore_error_record_t *error)
{
    (void)user;
    (void)number;
    (void)error;
    scene.batch = (unsigned)batch;
    if (!scene.prefetches)
        pass(BEGIN);
    return DLCORE_OK;
}

static dlcore_status next(void *user, dlcore_dataset_batch_t *batch, dlcore_error_record_t *error)
{
    (void)user;
    (void)error;
    if (!scene.prefetches)
        pass(NEXT);
    if (scene.batch++ < 2)
        *batch = (dlcore_dataset_batch_t){.x = scene.half, .y = scene.half};
    return DLCORE_OK;
}

static const dlcore_dataset_t dataset = {.begin = begin, .next = next};
static const dlcore_dataset_t ahead = {.begin = begin, .next = next, .prefetch = true};

/* ---- the calls ---- */

static dlcore_fit_options_t fit_options(dlcore_callback_t *callbacks,
                                        dlcore_early_stopping_t *stopping,
                                        dlcore_roll_back_t *roll_back,
                                        dlcore_learning_rate_scheduler_t *scheduler)
{
    dlcore_fit_options_t how = dlcore_fit_options_default();

    *stopping = dlcore_early_stopping_default();
    stopping->monitor = "loss";
    stopping->restore_best_weights = true;
    *roll_back = dlcore_roll_back_default();
    *scheduler = dlcore_learning_rate_scheduler_default(rate, NULL);
    callbacks[0] = dlcore_early_stopping_callback(stopping);
    callbacks[1] = dlcore_roll_back_callback(roll_back);
    callbacks[2] = (dlcore_callback_t){.on_train_begin = on_train_begin,
                                       .on_train_end = on_train_end,
                                       .on_epoch_begin = on_epoch_begin,
                                       .on_epoch_end = on_epoch_end,
                                       .on_batch_begin = on_batch_begin,
                                       .on_batch_end = on_batch_end,
                                       .on_resume = on_resume};
    callbacks[3] = dlcore_learning_rate_scheduler_callback(scheduler);
    how.callbacks = callbacks;
    how.callback_count = scene.place == SCHEDULE ? 3 : 4; /* a schedule, or a scheduler */
    how.batch_size = BATCH;
    how.epochs = 3;
    how.verbose = 1;
    how.sink = (dlcore_sink_t){.write = print, .terminal = true};
    how.resume = scene.resumes;
    return how;
}

static void fit(void *argument)
{
    dlcore_early_stopping_t stopping;
    dlcore_roll_back_t roll_back;
    dlcore_learning_rate_scheduler_t scheduler;
    dlcore_callback_t callbacks[4];
    dlcore_fit_options_t how = fit_options(callbacks, &stopping, &roll_back, &scheduler);
    dlcore_history_t *history;
    dlcore_status status;

    if (scene.validates)
        how.validation_dataset = &dataset;
    else if (argument == NULL)
        how.validation_split = 0.5;
    how.shuffle_before_split = true;
    if (argument != NULL)
        status = dlcore_model_fit_dataset(scene.model, argument, &how, &history);
    else
        status = dlcore_model_fit(scene.model, scene.samples, scene.samples, &how, &history);
    assert_accepted(scene.model, status);
    dlcore_history_free(history);
}

static void train_on_batch(void *argument)
{
    (void)argument;
    note_weights();
    (void)dlcore_model_train_on_batch(scene.model, scene.half, scene.half, NULL);
}

static void evaluate(void *argument)
{
    dlcore_evaluate_options_t how = dlcore_evaluate_options_default();
    dlcore_evaluation_t result;

    how.verbose = 1;
    how.sink = (dlcore_sink_t){.write = print, .terminal = true};
    if (argument != NULL)
        (void)dlcore_model_evaluate_dataset(scene.model, argument, &how, &result);
    else
        (void)dlcore_model_evaluate(scene.model, scene.samples, scene.samples, &how, &result);
}

static void predict(void *argument)
{
    (void)dlcore_model_predict_dataset(scene.model, argument, take, NULL, NULL);
}

static void save(void *argument)
{
    const dlcore_byte_writer_t writer = {.write = write_bytes};

    (void)argument;
    (void)dlcore_model_save_to(scene.model, &writer, NULL);
}

/* Where the code is that leaves, which call it is of it, and who runs it. */
typedef struct leaving {
    const char *name; /* in the message */
    void (*call)(void *);
    const dlcore_dataset_t *data;
    place_t place;
    unsigned at;
    bool keeps; /* the model is the call's: it writes */
    bool validates;
} leaving_t;

static const leaving_t leavings[] = {
    {"on_train_begin", fit, NULL, TRAIN_BEGIN, 1, true, false},
    {"on_train_end", fit, NULL, TRAIN_END, 1, true, false},
    {"on_epoch_begin", fit, NULL, EPOCH_BEGIN, 1, true, false},
    {"on_epoch_begin", fit, NULL, EPOCH_BEGIN, 2, true, false},
    {"on_epoch_end", fit, NULL, EPOCH_END, 2, true, false},
    {"on_batch_begin", fit, NULL, BATCH_BEGIN, 3, true, false},
    {"on_batch_end", fit, NULL, BATCH_END, 1, true, false},
    {"on_batch_end", fit, NULL, BATCH_END, 3, true, true},
    {"on_resume", fit, NULL, RESUME, 1, true, false},
    {"on_epoch_begin", fit, NULL, RATE, 2, true, false},
    {"the sink", fit, NULL, SINK, 1, true, false},
    {"the sink", fit, NULL, SINK, 3, true, false},
    {"the schedule's function", fit, NULL, SCHEDULE, 2, true, false},
    {"the dataset", fit, &dataset, BEGIN, 1, true, false},
    {"the dataset", fit, &dataset, BEGIN, 2, true, false},
    {"the dataset", fit, &dataset, NEXT, 1, true, false},
    {"the dataset", fit, &dataset, NEXT, 2, true, true},
    {"the dataset", fit, &dataset, NEXT, 3, true, false},
    {"the validation's dataset", fit, NULL, BEGIN, 1, true, true},
    {"the validation's dataset", fit, NULL, NEXT, 2, true, true},
    {"on_train_begin", fit, &ahead, TRAIN_BEGIN, 1, true, false},
    {"on_batch_end", fit, &ahead, BATCH_END, 2, true, false},
    {"on_train_end", fit, &ahead, TRAIN_END, 1, true, false},
    {"the schedule's function", train_on_batch, NULL, SCHEDULE, 1, true, false},
    {"the sink", evaluate, NULL, SINK, 1, false, false},
    {"the sink", evaluate, &dataset, SINK, 1, false, false},
    {"the dataset", evaluate, &dataset, BEGIN, 1, false, false},
    {"the dataset", evaluate, &dataset, NEXT, 1, false, false},
    {"the dataset", evaluate, &dataset, NEXT, 2, false, false},
    {"the dataset", predict, &dataset, BEGIN, 1, false, false},
    {"the dataset", predict, &dataset, NEXT, 2, false, false},
    {"take", predict, &dataset, TAKE, 1, false, false},
    {"the writer", save, NULL, WRITE, 1, false, false},
    {"the writer", save, NULL, WRITE, 4, false, false},
};

/* ---- what is asserted ---- */

/* Threads of this process; 0 where nobody says. */
static size_t threads(void)
{
    DIR *folder = opendir("/proc/self/task");
    size_t count = 0;

    while (folder != NULL && readdir(folder) != NULL)
        count++;
    if (folder != NULL)
        (void)closedir(folder);
    return count;
}

/* Threads that were joined may be listed a moment longer. */
static void assert_threads(size_t expected)
{
    static const struct timespec pause = {.tv_nsec = 1000000};

    for (int i = 0; i < 10000 && threads() > expected; i++)
        nanosleep(&pause, NULL);
    assert_in_range(threads(), 0, expected);
}

static void set_up(const left_calls_t *by, const leaving_t *leaving)
{
    dlcore_model_options_t options = dlcore_model_options_default();
    dlcore_optimizer_t adam = dlcore_optimizer_adam();

    memset(&scene, 0, sizeof scene);
    scene.by = by;
    failing_allocator_init(&scene.memory);
    for (size_t i = 0; i < ROWS * WIDTH; i++)
        scene.x[i] = (float)(i * 31 % 17) / 17.0f;
    scene.samples = borrow_floats(scene.x, ROWS, WIDTH);
    scene.half = borrow_floats(scene.x, BATCH, WIDTH);
    options.allocator = failing_allocator(&scene.memory);
    options.threads = 2;
    assert_int_equal(dlcore_model_create(&options, &scene.model), DLCORE_OK);
    assert_accepted(scene.model, dlcore_model_add(scene.model, dlcore_layer_dense(
                                                                   WIDTH, DLCORE_ACTIVATION_TANH)));
    assert_accepted(scene.model, dlcore_model_build(scene.model, WIDTH));
    if (leaving->place == SCHEDULE)
        adam.schedule = dlcore_schedule_function(schedule, NULL);
    assert_accepted(scene.model,
                    dlcore_model_compile(scene.model, &adam, DLCORE_LOSS_MEAN_SQUARED_ERROR,
                                         DLCORE_METRIC_MEAN_ABSOLUTE_ERROR));
    note_weights();
}

static dlcore_callback_action_t stop(void *user, const dlcore_training_event_t *event)
{
    (void)user;
    (void)event;
    return DLCORE_CALLBACK_STOP;
}

/* A run that can go on, in the way of the fit that is left. */
static void stop_a_run(void)
{
    dlcore_early_stopping_t stopping;
    dlcore_roll_back_t roll_back;
    dlcore_learning_rate_scheduler_t scheduler;
    dlcore_callback_t callbacks[5];
    dlcore_fit_options_t how = fit_options(callbacks, &stopping, &roll_back, &scheduler);

    callbacks[how.callback_count++] = (dlcore_callback_t){.on_batch_end = stop};
    how.validation_split = 0.5;
    how.shuffle_before_split = true;
    assert_accepted(scene.model,
                    dlcore_model_fit(scene.model, scene.samples, scene.samples, &how, NULL));
    note_weights();
}

static void leave(const leaving_t *leaving)
{
    scene.prefetches = leaving->data == &ahead;
    scene.validates = leaving->validates;
    scene.place = leaving->place;
    scene.count = 0;
    if (leaving->place == RESUME || leaving->place == TRAIN_BEGIN) {
        scene.place = NOWHERE;
        stop_a_run();
        scene.place = leaving->place;
    }
    scene.resumes = leaving->place == RESUME;
    scene.leave_at = leaving->at;
    if (!scene.by->attempt(leaving->call, (void *)leaving->data))
        fail_msg("%s was not called %u times", leaving->name, leaving->at);
    scene.place = NOWHERE;
}

/* What another thread sees of a model that a call was left with. */
static void *ask(void *argument)
{
    dlcore_status status = dlcore_model_train_on_batch(scene.model, scene.half, scene.half, NULL);

    (void)argument;
    if (status != DLCORE_ERROR_BUSY)
        return "not busy";
    if (strstr(dlcore_model_error(scene.model), "model_abandon_call") == NULL)
        return "does not say what to do";
    return NULL;
}

static void assert_kept(const char *name)
{
    const char *message;
    pthread_t thread;
    void *problem, *bytes;
    size_t size;

    assert_int_equal(dlcore_model_train_on_batch(scene.model, scene.half, scene.half, NULL),
                     DLCORE_ERROR_BUSY);
    message = dlcore_model_error(scene.model);
    if (strstr(message, name) == NULL || strstr(message, "model_abandon_call") == NULL)
        fail_msg("\"%s\" lacks %s or model_abandon_call", message, name);
    assert_int_equal(dlcore_model_set_weights(scene.model, scene.weights, PARAMETERS),
                     DLCORE_ERROR_BUSY);
    assert_int_equal(dlcore_model_save_memory(scene.model, NULL, &bytes, &size), DLCORE_ERROR_BUSY);
    assert_int_equal(pthread_create(&thread, NULL, ask, NULL), 0);
    assert_int_equal(pthread_join(thread, &problem), 0);
    if (problem != NULL)
        fail_msg("another thread: %s", (const char *)problem);
}

static void assert_whole(bool writes)
{
    static float now[PARAMETERS], y[ROWS * WIDTH];
    dlcore_tensor_t *y_pred = NULL;
    static const size_t shape[2] = {ROWS, WIDTH};
    void *bytes;
    size_t size;

    assert_int_equal(dlcore_model_get_weights(scene.model, now, PARAMETERS), DLCORE_OK);
    if (writes)
        assert_memory_equal(now, scene.weights, sizeof now);
    assert_int_equal(
        dlcore_tensor_borrow(NULL, DLCORE_DTYPE_FLOAT32, 2, shape, y, 0, &y_pred, NULL), DLCORE_OK);
    assert_int_equal(dlcore_model_predict(scene.model, scene.samples, y_pred), DLCORE_OK);
    dlcore_tensor_free(y_pred);
    if (scene.resumes) /* the run is still there */
        fit(NULL);
    scene.resumes = scene.validates = false;
    assert_int_equal(dlcore_model_save_memory(scene.model, NULL, &bytes, &size), DLCORE_OK);
    failing_allocator(&scene.memory).release(&scene.memory, bytes);
    train_on_batch(NULL);
    assert_accepted(scene.model, DLCORE_OK);
}

static void *abandon_here(void *argument)
{
    (void)argument;
    return dlcore_model_abandon_call(scene.model) == DLCORE_OK ? NULL : "refused";
}

/* Here, or on another thread. */
static void abandon(bool elsewhere)
{
    pthread_t thread;
    void *problem;

    if (elsewhere) {
        assert_int_equal(pthread_create(&thread, NULL, abandon_here, NULL), 0);
        assert_int_equal(pthread_join(thread, &problem), 0);
    } else {
        problem = abandon_here(NULL);
    }
    assert_null(problem);
}

static void tear_down(size_t threads_before)
{
    dlcore_model_free(scene.model);
    dlcore_tensor_free(scene.copy);
    dlcore_tensor_free(scene.classes);
    dlcore_tensor_free(scene.samples);
    dlcore_tensor_free(scene.half);
    failing_allocator_assert_clean(&scene.memory);
    assert_threads(threads_before);
}

static void *nothing(void *argument)
{
    return argument;
}

/* Threads before the first call. A thread sanitizer starts one of its own beside the program's
 * first, which stays. */
static size_t threads_at_first(void)
{
    pthread_t thread;

    assert_int_equal(pthread_create(&thread, NULL, nothing, NULL), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    nanosleep(&(struct timespec){.tv_nsec = 50000000}, NULL);
    return threads();
}

unsigned left_calls_check(const left_calls_t *by)
{
    const unsigned count = sizeof leavings / sizeof leavings[0];
    size_t before = threads_at_first();

    for (unsigned i = 0; i < count; i++) {
        const leaving_t *leaving = &leavings[i];

        set_up(by, leaving);
        leave(leaving);
        tear_down(before);

        set_up(by, leaving);
        leave(leaving);
        if (leaving->keeps)
            assert_kept(leaving->name);
        for (unsigned again = 0; !leaving->keeps && again < MORE; again++)
            leave(leaving);
        abandon(leaving->keeps && i % 2 != 0);
        assert_string_equal(dlcore_model_error(scene.model), "");
        assert_whole(leaving->keeps);
        tear_down(before);
    }
    return count;
}
