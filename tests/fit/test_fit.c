/* fit: epochs, order, validation, callbacks, stopping, memory, and the same bits every time.
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

#include "dlcore/model.h"
#include "support/failing_allocator.h"

enum { SAMPLES = 50, INPUTS = 6, CLASSES = 3, WIDE = 300 };

typedef struct data {
    dlcore_tensor_t *x, *y;
} data_t;

/* Three noisy classes that a small network can tell apart. */
static data_t data_of(size_t inputs)
{
    size_t x_shape[2] = {SAMPLES, inputs}, y_shape[1] = {SAMPLES};
    data_t data = {NULL, NULL};
    float *x;
    int32_t *y;
    uint32_t noise = 1;

    dlcore_tensor_create(NULL, DLCORE_DTYPE_FLOAT32, 2, x_shape, &data.x, NULL);
    dlcore_tensor_create(NULL, DLCORE_DTYPE_INT32, 1, y_shape, &data.y, NULL);
    x = dlcore_tensor_data(data.x);
    y = dlcore_tensor_data(data.y);
    for (size_t i = 0; i < SAMPLES; i++) {
        y[i] = (int32_t)(i % CLASSES);
        for (size_t j = 0; j < inputs; j++) {
            noise = noise * 1664525u + 1013904223u;
            x[i * inputs + j] = (float)(noise >> 8) / 16777216.0f - 0.5f +
                                (j % CLASSES == i % CLASSES ? 1.0f : 0.0f);
        }
    }
    return data;
}

static void data_free(data_t data)
{
    dlcore_tensor_free(data.x);
    dlcore_tensor_free(data.y);
}

static dlcore_status make(const dlcore_model_options_t *options, size_t units,
                          dlcore_model_t **model)
{
    dlcore_optimizer_t rmsprop = dlcore_optimizer_rmsprop();
    dlcore_status status = dlcore_model_create(options, model);

    if (status != DLCORE_OK)
        return status;
    dlcore_model_add(*model, dlcore_layer_dense(units, DLCORE_ACTIVATION_RELU));
    dlcore_model_add(*model, dlcore_layer_dense(CLASSES, DLCORE_ACTIVATION_SOFTMAX));
    return dlcore_model_compile(*model, &rmsprop, DLCORE_LOSS_SPARSE_CATEGORICAL_CROSSENTROPY,
                                DLCORE_METRIC_ACCURACY);
}

static dlcore_model_t *small(void)
{
    dlcore_model_t *model = NULL;
    assert_int_equal(make(NULL, 8, &model), DLCORE_OK);
    return model;
}

static dlcore_fit_options_t how(size_t epochs)
{
    dlcore_fit_options_t options = dlcore_fit_options_default();
    options.epochs = epochs;
    options.batch_size = 16;
    return options;
}

static void test_fit_lowers_the_loss_and_keeps_history(void **state)
{
    data_t data = data_of(INPUTS);
    dlcore_model_t *model = small();
    dlcore_fit_options_t options = how(70); /* more than history has room for at first */
    dlcore_history_t *history = NULL;

    (void)state;
    options.validation_split = 0.2;
    assert_int_equal(dlcore_model_fit(model, data.x, data.y, &options, &history), DLCORE_OK);
    assert_int_equal(dlcore_history_epoch_count(history), 70);
    assert_int_equal(dlcore_history_value_count(history), 4);
    assert_string_equal(dlcore_history_name(history, 3), "val_accuracy");
    assert_true(dlcore_history_value(history, "loss", 69) <
                0.7 * dlcore_history_value(history, "loss", 0));
    assert_true(isnan(dlcore_history_value(history, "loss", 70)));
    assert_true(isnan(dlcore_history_value(history, "los", 0)));
    assert_false(dlcore_history_stopped(history));
    dlcore_history_free(history);
    dlcore_model_free(model);
    data_free(data);
}

static void test_fit_of_bad_options_names_the_numbers(void **state)
{
    data_t data = data_of(INPUTS);
    dlcore_model_t *model = small();
    dlcore_fit_options_t options = {0};

    (void)state;
    assert_int_equal(dlcore_model_fit(model, data.x, data.y, &options, NULL),
                     DLCORE_ERROR_ARGUMENT);
    assert_non_null(strstr(dlcore_model_error(model), "fit_options_default()"));
    options = how(1);
    options.batch_size = 0;
    assert_int_equal(dlcore_model_fit(model, data.x, data.y, &options, NULL),
                     DLCORE_ERROR_ARGUMENT);
    assert_non_null(strstr(dlcore_model_error(model), "fit: batch_size must be 1 or more, got 0"));
    options = how(1);
    options.validation_split = 1.0;
    assert_int_equal(dlcore_model_fit(model, data.x, data.y, &options, NULL),
                     DLCORE_ERROR_ARGUMENT);
    assert_non_null(strstr(dlcore_model_error(model), "got 1"));
    options.validation_split = 0.001;
    assert_int_equal(dlcore_model_fit(model, data.x, data.y, &options, NULL), DLCORE_OK);
    options.validation_split = 0.999;
    assert_int_equal(dlcore_model_fit(model, data.x, data.y, &options, NULL),
                     DLCORE_ERROR_ARGUMENT);
    assert_non_null(strstr(dlcore_model_error(model), "leaves 0"));
    options.validation_split = 1e-17; /* 1 less that is 1 */
    assert_int_equal(dlcore_model_fit(model, data.x, data.y, &options, NULL),
                     DLCORE_ERROR_ARGUMENT);
    assert_non_null(strstr(dlcore_model_error(model), "and 0 to validate"));
    options.validation_split = 0.0;
    options.callback_count = 1;
    assert_int_equal(dlcore_model_fit(model, data.x, data.y, &options, NULL),
                     DLCORE_ERROR_ARGUMENT);
    assert_non_null(
        strstr(dlcore_model_error(model), "callbacks is NULL, but callback_count is 1"));
    options.callback_count = 0;
    options.validation_split = 0.0;
    options.validation_x = data.x;
    assert_int_equal(dlcore_model_fit(model, data.x, data.y, &options, NULL),
                     DLCORE_ERROR_ARGUMENT);
    options.validation_x = NULL;
    options.verbose = 3;
    assert_int_equal(dlcore_model_fit(model, data.x, data.y, &options, NULL),
                     DLCORE_ERROR_ARGUMENT);
    assert_non_null(strstr(dlcore_model_error(model), "got 3"));
    options.verbose = 0;
    options.callback_count = 2;
    assert_int_equal(dlcore_model_fit(model, data.x, data.y, &options, NULL),
                     DLCORE_ERROR_ARGUMENT);
    assert_non_null(strstr(dlcore_model_error(model), "2"));
    dlcore_model_free(model);
    data_free(data);
}

static void test_fit_of_zero_epochs_or_a_batch_beyond_the_data_is_allowed(void **state)
{
    data_t data = data_of(INPUTS);
    dlcore_model_t *model = small();
    dlcore_fit_options_t options = how(0);
    dlcore_history_t *history = NULL;

    (void)state;
    assert_int_equal(dlcore_model_fit(model, data.x, data.y, &options, &history), DLCORE_OK);
    assert_int_equal(dlcore_history_epoch_count(history), 0);
    assert_int_equal(dlcore_history_first_epoch(history), 0);
    dlcore_history_free(history);
    options = how(3);
    options.initial_epoch = 1;
    options.batch_size = SIZE_MAX;
    assert_int_equal(dlcore_model_fit(model, data.x, data.y, &options, &history), DLCORE_OK);
    assert_int_equal(dlcore_history_epoch_count(history), 2);
    assert_int_equal(dlcore_history_first_epoch(history), 1);
    dlcore_history_free(history);
    dlcore_model_free(model);
    data_free(data);
}

static void test_fit_with_nan_in_data_stops_before_the_update(void **state)
{
    data_t data = data_of(INPUTS);
    dlcore_model_t *model = small();
    dlcore_fit_options_t options = how(1);
    float before[83], after[83];
    dlcore_history_t *history = NULL;

    (void)state;
    assert_int_equal(dlcore_model_build(model, INPUTS), DLCORE_OK);
    assert_int_equal(dlcore_model_parameter_count(model), 83);
    dlcore_model_get_weights(model, before, 83);
    ((float *)dlcore_tensor_data(data.x))[3] = NAN; /* sample 0, in the first batch */
    options.shuffle = false;
    assert_int_equal(dlcore_model_fit(model, data.x, data.y, &options, &history),
                     DLCORE_ERROR_NOT_FINITE);
    assert_non_null(strstr(dlcore_model_error(model), "NaN in batch 0"));
    dlcore_model_get_weights(model, after, 83);
    assert_memory_equal(before, after, sizeof before);
    assert_int_equal(dlcore_history_epoch_count(history), 0);
    dlcore_history_free(history);
    options.stop_on_not_finite = false;
    assert_int_equal(dlcore_model_fit(model, data.x, data.y, &options, NULL), DLCORE_OK);
    dlcore_model_free(model);
    data_free(data);
}

static void expect_not_finite(const data_t *data, dlcore_fit_options_t options, const char *message)
{
    dlcore_model_t *model = small();

    assert_int_equal(dlcore_model_fit(model, data->x, data->y, &options, NULL),
                     DLCORE_ERROR_NOT_FINITE);
    assert_non_null(strstr(dlcore_model_error(model), message));
    dlcore_model_free(model);
}

/* Samples keep the numbers that they have in the caller's tensor, in whatever order they come. */
static void test_fit_with_nan_in_data_names_epoch_sample_and_number(void **state)
{
    data_t data = data_of(INPUTS);
    dlcore_fit_options_t options = how(3);
    float *x = dlcore_tensor_data(data.x);

    (void)state;
    x[17 * INPUTS + 4] = NAN;
    options.initial_epoch = 1;
    expect_not_finite(&data, options, " of epoch 1, counted from 0, of ");
    expect_not_finite(&data, options,
                      " samples: number 4 of sample 17 of x is NaN; the weights are those before");
    options.shuffle = false;
    expect_not_finite(&data, options,
                      "loss is NaN in batch 1 of epoch 1, counted from 0, of 16 samples: number 4 "
                      "of sample 17 of x is NaN");
    options.validation_split = 0.2;
    options.shuffle_before_split = true;
    x[17 * INPUTS + 4] = 0.0f;
    for (size_t i = 0; i < SAMPLES; i++)
        x[i * INPUTS + 2] = -INFINITY;
    expect_not_finite(&data, options, "number 2 of sample ");
    expect_not_finite(&data, options, " of x is infinite");
    data_free(data);
}

static dlcore_model_t *regressor(float weight)
{
    dlcore_optimizer_t sgd = dlcore_optimizer_sgd();
    dlcore_layer_t dense = dlcore_layer_dense(1, DLCORE_ACTIVATION_LINEAR);
    dlcore_model_t *model = NULL;

    assert_int_equal(dlcore_model_create(NULL, &model), DLCORE_OK);
    dense.kernel_initializer = dlcore_initializer_constant((double)weight);
    dlcore_model_add(model, dense);
    assert_int_equal(
        dlcore_model_compile(model, &sgd, DLCORE_LOSS_MEAN_SQUARED_ERROR, DLCORE_METRIC_NONE),
        DLCORE_OK);
    return model;
}

static void test_fit_loss_that_is_not_finite_of_finite_inputs_says_so(void **state)
{
    data_t data = data_of(INPUTS);
    dlcore_model_t *model = regressor(3e38f);
    dlcore_fit_options_t options = how(1);

    (void)state;
    assert_int_equal(dlcore_model_fit(model, data.x, data.y, &options, NULL),
                     DLCORE_ERROR_NOT_FINITE);
    assert_non_null(strstr(dlcore_model_error(model),
                           " in batch 0 of epoch 0, counted from 0, of 16 samples, whose x and y "
                           "are finite; the weights are those before it"));
    dlcore_model_free(model);
    data_free(data);
}

static void test_train_on_batch_with_nan_in_labels_names_sample_and_number(void **state)
{
    const size_t shape[2] = {SAMPLES, 1};
    data_t data = data_of(INPUTS);
    dlcore_model_t *model = regressor(0.5f);
    dlcore_tensor_t *y = NULL;

    (void)state;
    dlcore_tensor_create(NULL, DLCORE_DTYPE_FLOAT32, 2, shape, &y, NULL);
    ((float *)dlcore_tensor_data(y))[31] = NAN;
    assert_int_equal(dlcore_model_train_on_batch(model, data.x, y, NULL), DLCORE_ERROR_NOT_FINITE);
    assert_string_equal(dlcore_model_error(model),
                        "loss is NaN in the batch of 50 samples: number 0 of sample 31 of y "
                        "is NaN; the weights are those before it");
    dlcore_tensor_free(y);
    dlcore_model_free(model);
    data_free(data);
}

typedef struct seen {
    size_t batches, epochs, stop_after, calls;
    double loss;
} seen_t;

static dlcore_callback_action_t on_batch(void *user, const dlcore_training_event_t *event)
{
    seen_t *seen = user;
    assert_int_equal(event->batch, seen->batches % event->batches);
    seen->batches++;
    seen->loss = dlcore_training_value(event, "loss");
    assert_true(isnan(dlcore_training_value(event, "val_loss")));
    return seen->batches == seen->stop_after ? DLCORE_CALLBACK_STOP : DLCORE_CALLBACK_CONTINUE;
}

static dlcore_callback_action_t on_epoch(void *user, const dlcore_training_event_t *event)
{
    seen_t *seen = user;
    assert_int_equal(event->epoch, seen->epochs);
    assert_int_equal(event->value_count, 2);
    seen->epochs++;
    return DLCORE_CALLBACK_CONTINUE;
}

static void test_fit_callbacks_see_every_batch_and_can_stop(void **state)
{
    data_t data = data_of(INPUTS);
    dlcore_model_t *model = small();
    dlcore_fit_options_t options = how(3);
    seen_t seen = {0};
    dlcore_callback_t callback = {
        .user = &seen, .on_batch_end = on_batch, .on_epoch_end = on_epoch};
    dlcore_history_t *history = NULL;

    (void)state;
    options.callbacks = &callback;
    options.callback_count = 1;
    assert_int_equal(dlcore_model_fit(model, data.x, data.y, &options, &history), DLCORE_OK);
    assert_int_equal(seen.batches, 3 * 4); /* 16 + 16 + 16 + 2 */
    assert_int_equal(seen.epochs, 3);
    assert_true(seen.loss == dlcore_history_value(history, "loss", 2));
    dlcore_history_free(history);
    seen = (seen_t){.stop_after = 6};
    assert_int_equal(dlcore_model_fit(model, data.x, data.y, &options, &history), DLCORE_OK);
    assert_int_equal(seen.batches, 6);
    assert_int_equal(dlcore_history_epoch_count(history), 1);
    assert_true(dlcore_history_stopped(history));
    dlcore_history_free(history);
    dlcore_model_free(model);
    data_free(data);
}

static dlcore_callback_action_t ask_to_stop(void *user, const dlcore_training_event_t *event)
{
    ++*(size_t *)user;
    assert_int_equal(dlcore_model_fit(event->model, NULL, NULL, NULL, NULL), DLCORE_ERROR_BUSY);
    dlcore_model_request_stop(event->model);
    return DLCORE_CALLBACK_CONTINUE;
}

static void test_fit_request_stop_ends_after_the_batch(void **state)
{
    data_t data = data_of(INPUTS);
    dlcore_model_t *model = small();
    dlcore_fit_options_t options = how(5);
    size_t calls = 0;
    dlcore_callback_t callback = {.user = &calls, .on_batch_begin = ask_to_stop};

    (void)state;
    options.callbacks = &callback;
    options.callback_count = 1;
    assert_int_equal(dlcore_model_fit(model, data.x, data.y, &options, NULL), DLCORE_OK);
    assert_int_equal(calls, 1);
    dlcore_model_free(model);
    data_free(data);
}

static size_t allocations_in_callback;

static dlcore_callback_action_t count_allocations(void *user, const dlcore_training_event_t *event)
{
    const failing_allocator_t *memory = user;

    if (event->epoch == 0 && event->batch == 0)
        allocations_in_callback = memory->calls;
    else
        assert_int_equal(memory->calls, allocations_in_callback);
    return DLCORE_CALLBACK_CONTINUE;
}

static void test_fit_allocates_nothing_after_the_first_step(void **state)
{
    data_t data = data_of(INPUTS);
    failing_allocator_t memory;
    dlcore_model_options_t choices = dlcore_model_options_default();
    dlcore_callback_t callback = {.user = &memory, .on_batch_end = count_allocations};
    dlcore_fit_options_t options = how(4);
    dlcore_model_t *model = NULL;
    dlcore_history_t *history = NULL;

    (void)state;
    failing_allocator_init(&memory);
    choices.allocator = failing_allocator(&memory);
    assert_int_equal(make(&choices, 8, &model), DLCORE_OK);
    options.callbacks = &callback;
    options.callback_count = 1;
    assert_int_equal(dlcore_model_fit(model, data.x, data.y, &options, &history), DLCORE_OK);
    dlcore_history_free(history);
    dlcore_model_free(model);
    failing_allocator_assert_clean(&memory);
    data_free(data);
}

static dlcore_status whole_life(const dlcore_allocator_t *allocator, void *context)
{
    const data_t *data = context;
    dlcore_model_options_t choices = dlcore_model_options_default();
    dlcore_fit_options_t options = how(1);
    dlcore_evaluation_t result;
    dlcore_model_t *model = NULL, *clone = NULL;
    dlcore_history_t *history = NULL;
    float gradients[83];
    dlcore_status status;

    choices.allocator = *allocator;
    choices.threads = 1; /* no team: without memory for one the caller would work alone */
    options.validation_split = 0.2;
    options.shuffle_before_split = true;
    status = make(&choices, 8, &model);
    if (status == DLCORE_OK)
        status = dlcore_model_fit(model, data->x, data->y, &options, &history);
    if (status == DLCORE_OK)
        status = dlcore_model_train_on_batch(model, data->x, data->y, &result);
    if (status == DLCORE_OK)
        status = dlcore_model_gradients(model, data->x, data->y, gradients, 83, NULL);
    if (status == DLCORE_OK)
        status = dlcore_model_evaluate(model, data->x, data->y, NULL, &result);
    if (status == DLCORE_OK)
        status = dlcore_model_clone(model, &clone);
    dlcore_history_free(history);
    dlcore_model_free(clone);
    dlcore_model_free(model);
    return status;
}

static void test_fit_without_memory_anywhere_is_an_error_and_leaks_nothing(void **state)
{
    data_t data = data_of(INPUTS);

    (void)state;
    assert_true(failing_allocator_sweep(whole_life, &data) > 10);
    data_free(data);
}

/* Trains a network that is big enough for several threads; answers its weights. */
static void train_wide(size_t threads, uint64_t seed, float *weights, size_t count)
{
    data_t data = data_of(WIDE);
    dlcore_model_options_t choices = dlcore_model_options_default();
    dlcore_fit_options_t options = how(3);
    dlcore_model_t *model = NULL;

    choices.threads = threads;
    choices.seed = seed;
    assert_int_equal(make(&choices, WIDE, &model), DLCORE_OK);
    assert_int_equal(dlcore_model_fit(model, data.x, data.y, &options, NULL), DLCORE_OK);
    assert_int_equal(dlcore_model_get_weights(model, weights, count), DLCORE_OK);
    dlcore_model_free(model);
    data_free(data);
}

static void test_fit_with_the_same_seed_gives_the_same_bits_at_any_thread_count(void **state)
{
    static float first[WIDE * WIDE + WIDE + WIDE * CLASSES + CLASSES];
    static float again[sizeof first / sizeof first[0]];
    static const size_t threads[] = {1, 2, 3, 4, 8};
    size_t count = sizeof first / sizeof first[0];

    (void)state;
    train_wide(1, 5, first, count);
    for (size_t i = 0; i < sizeof threads / sizeof threads[0]; i++) {
        train_wide(threads[i], 5, again, count);
        assert_memory_equal(first, again, sizeof first);
    }
    train_wide(1, 6, again, count);
    assert_memory_not_equal(first, again, sizeof first);
}

static void collect(void *user, const char *text, size_t length)
{
    strncat(user, text, length);
}

static void test_fit_verbose_writes_to_the_sink_alone(void **state)
{
    data_t data = data_of(INPUTS);
    dlcore_model_t *model = small();
    dlcore_fit_options_t options = how(1);
    char text[4096] = "";

    (void)state;
    options.verbose = 1;
    options.sink = (dlcore_sink_t){.write = collect, .user = text};
    assert_int_equal(dlcore_model_fit(model, data.x, data.y, &options, NULL), DLCORE_OK);
    assert_true(strncmp(text, "Epoch 1/1\n4/4 ━━", 18) == 0);
    assert_non_null(strstr(text, "/step - accuracy: "));
    assert_null(strchr(text, '\r'));
    dlcore_model_free(model);
    data_free(data);
}

static size_t notes_of(dlcore_model_t *model, const data_t *data, int verbose, size_t epochs)
{
    dlcore_fit_options_t options = how(epochs);
    char text[4096] = "";
    size_t notes = 0;

    options.verbose = verbose;
    options.sink = (dlcore_sink_t){.write = collect, .user = text};
    assert_int_equal(dlcore_model_fit(model, data->x, data->y, &options, NULL), DLCORE_OK);
    for (const char *at = text; strncmp(at, "note: ", 6) == 0; at = strchr(at, '\n') + 1) {
        assert_non_null(strstr(at, "a learning rate of 7; usual for sgd is 1e-06 .. 1\n"));
        notes++;
    }
    return notes;
}

/* Once, before the first epoch, with verbose 1. */
static void test_fit_verbose_tells_what_is_odd_before_the_first_epoch(void **state)
{
    data_t data = data_of(INPUTS);
    dlcore_optimizer_t fast = dlcore_optimizer_sgd();
    dlcore_model_t *model = small(), *other = small();

    (void)state;
    fast.learning_rate = 7.0;
    assert_int_equal(dlcore_model_compile(model, &fast, DLCORE_LOSS_SPARSE_CATEGORICAL_CROSSENTROPY,
                                          DLCORE_METRIC_NONE),
                     DLCORE_OK);
    assert_int_equal(dlcore_model_compile(other, &fast, DLCORE_LOSS_SPARSE_CATEGORICAL_CROSSENTROPY,
                                          DLCORE_METRIC_NONE),
                     DLCORE_OK);
    assert_int_equal(notes_of(model, &data, 1, 0), 0);
    assert_int_equal(notes_of(model, &data, 1, 1), 1);
    assert_int_equal(notes_of(model, &data, 1, 1), 0);
    assert_int_equal(notes_of(other, &data, 2, 1), 0);
    dlcore_model_free(model);
    dlcore_model_free(other);
    data_free(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fit_lowers_the_loss_and_keeps_history),
        cmocka_unit_test(test_fit_of_bad_options_names_the_numbers),
        cmocka_unit_test(test_fit_of_zero_epochs_or_a_batch_beyond_the_data_is_allowed),
        cmocka_unit_test(test_fit_with_nan_in_data_stops_before_the_update),
        cmocka_unit_test(test_fit_with_nan_in_data_names_epoch_sample_and_number),
        cmocka_unit_test(test_fit_loss_that_is_not_finite_of_finite_inputs_says_so),
        cmocka_unit_test(test_train_on_batch_with_nan_in_labels_names_sample_and_number),
        cmocka_unit_test(test_fit_callbacks_see_every_batch_and_can_stop),
        cmocka_unit_test(test_fit_request_stop_ends_after_the_batch),
        cmocka_unit_test(test_fit_allocates_nothing_after_the_first_step),
        cmocka_unit_test(test_fit_without_memory_anywhere_is_an_error_and_leaks_nothing),
        cmocka_unit_test(test_fit_with_the_same_seed_gives_the_same_bits_at_any_thread_count),
        cmocka_unit_test(test_fit_verbose_writes_to_the_sink_alone),
        cmocka_unit_test(test_fit_verbose_tells_what_is_odd_before_the_first_epoch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
