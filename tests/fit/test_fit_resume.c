/* Runs that were stopped: what gives them up and what does not, what callbacks get back, states
 * that lie.
 *
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "model/model.h"
#include "model/run_state.h"
#include "support/callback_case.h"
#include "support/failing_allocator.h"

enum { EPOCHS = CASE_STOPPED_EPOCHS };

static dlcore_tensor_t *numbers(float *values, size_t rows, size_t width)
{
    const size_t shape[2] = {rows, width};
    dlcore_tensor_t *tensor = NULL;

    assert_int_equal(
        dlcore_tensor_borrow(NULL, DLCORE_DTYPE_FLOAT32, 2, shape, values, 0, &tensor, NULL),
        DLCORE_OK);
    return tensor;
}

/* ---- what gives a run up ---- */

static dlcore_callback_action_t refuse(void *user, const dlcore_training_event_t *event)
{
    (void)user;
    (void)event;
    return DLCORE_CALLBACK_FAIL;
}

static void test_fit_resume_after_fits_that_were_refused_goes_on(void **state)
{
    float values[16] = {0}, expected[CASE_WEIGHTS], got[CASE_WEIGHTS];
    dlcore_tensor_t *narrow = numbers(values, 4, 2), *x = numbers(values, 4, 3);
    dlcore_tensor_t *y = numbers(values, 4, 1);
    dlcore_callback_t failing = {.on_train_begin = refuse};
    dlcore_callback_t twins[2] = {{.name = "a"}, {.name = "a"}};
    dlcore_fit_options_t options = dlcore_fit_options_default();
    dlcore_model_t *model = case_stopped(NULL, 0, 6), *whole = case_model(NULL, NULL, 0.1);

    (void)state;
    assert_int_equal(case_run(whole, NULL, 0, EPOCHS), DLCORE_OK);
    assert_int_equal(dlcore_model_fit(model, narrow, y, NULL, NULL), DLCORE_ERROR_SHAPE);
    options.batch_size = 0;
    assert_int_equal(dlcore_model_fit(model, x, y, &options, NULL), DLCORE_ERROR_ARGUMENT);
    assert_int_equal(case_run(model, twins, 2, EPOCHS), DLCORE_ERROR_ARGUMENT);
    assert_int_equal(case_run(model, &failing, 1, EPOCHS), DLCORE_ERROR_STATE);
    assert_int_equal(case_resume(model, &failing, 1, EPOCHS), DLCORE_ERROR_STATE);
    assert_int_equal(case_resume(model, NULL, 0, EPOCHS), DLCORE_OK);
    case_weights(model, got);
    case_weights(whole, expected);
    assert_memory_equal(got, expected, sizeof got);
    assert_int_equal(case_resume(model, NULL, 0, EPOCHS), DLCORE_ERROR_STATE); /* it is used up */
    dlcore_model_free(whole);
    dlcore_model_free(model);
    dlcore_tensor_free(narrow);
    dlcore_tensor_free(x);
    dlcore_tensor_free(y);
}

typedef enum change {
    TRAIN_ON_BATCH,
    SET_WEIGHT,
    SET_WEIGHTS,
    LOAD_WEIGHTS,
    SET_TRAINABLE,
    COMPILE,
    FIT,
    CHANGES
} change_t;

static dlcore_status change(dlcore_model_t *model, change_t way)
{
    float values[CASE_WEIGHTS] = {0};
    dlcore_tensor_t *x = numbers(values, 2, 3), *y = numbers(values, 2, 1);
    dlcore_optimizer_t sgd = dlcore_optimizer_sgd();
    dlcore_status status = DLCORE_ERROR_ARGUMENT;
    void *bytes = NULL;
    size_t size;

    switch (way) {
    case TRAIN_ON_BATCH:
        status = dlcore_model_train_on_batch(model, x, y, NULL);
        break;
    case SET_WEIGHT:
        status = dlcore_model_set_weight(model, 1, values, 5);
        break;
    case SET_WEIGHTS:
        status = dlcore_model_set_weights(model, values, CASE_WEIGHTS);
        break;
    case LOAD_WEIGHTS:
        assert_int_equal(dlcore_model_save_memory(model, NULL, &bytes, &size), DLCORE_OK);
        status = dlcore_model_load_weights_memory(model, bytes, size);
        free(bytes);
        break;
    case SET_TRAINABLE:
        status = dlcore_model_set_trainable(model, 0, false);
        break;
    case COMPILE:
        status = dlcore_model_compile(model, &sgd, DLCORE_LOSS_MEAN_SQUARED_ERROR,
                                      DLCORE_METRIC_MEAN_ABSOLUTE_ERROR);
        break;
    case FIT:
        status = case_run(model, NULL, 0, 1);
        break;
    case CHANGES:
        break;
    }
    dlcore_tensor_free(x);
    dlcore_tensor_free(y);
    return status;
}

static void test_fit_resume_after_other_weights_or_steps_is_refused(void **state)
{
    (void)state;
    for (int way = 0; way < CHANGES; way++) {
        dlcore_model_t *model = case_stopped(NULL, 0, 6);

        assert_int_equal(change(model, (change_t)way), DLCORE_OK);
        assert_int_equal(case_resume(model, NULL, 0, EPOCHS), DLCORE_ERROR_STATE);
        assert_non_null(strstr(dlcore_model_error(model), "weights were changed since"));
        dlcore_model_free(model);
    }
}

static void test_fit_resume_after_adapt_is_refused(void **state)
{
    float values[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9};
    dlcore_tensor_t *x = numbers(values, 4, 3), *y = numbers(values, 4, 1);
    case_witness_t stops = {.stop_batch = 1};
    dlcore_callback_t callback = case_witness(&stops);
    dlcore_fit_options_t options = case_options(&callback, 1, 2);
    dlcore_optimizer_t sgd = dlcore_optimizer_sgd();
    dlcore_model_t *model = NULL;

    (void)state;
    options.validation_split = 0.0;
    assert_int_equal(dlcore_model_create(NULL, &model), DLCORE_OK);
    dlcore_model_add(model, dlcore_layer_normalization());
    dlcore_model_add(model, dlcore_layer_dense(1, DLCORE_ACTIVATION_LINEAR));
    assert_int_equal(
        dlcore_model_compile(model, &sgd, DLCORE_LOSS_MEAN_SQUARED_ERROR, DLCORE_METRIC_NONE),
        DLCORE_OK);
    options.batch_size = 2;
    assert_int_equal(dlcore_model_fit(model, x, y, &options, NULL), DLCORE_OK);
    assert_int_equal(dlcore_model_adapt(model, 1, x), DLCORE_ERROR_ARGUMENT);
    assert_int_equal(dlcore_model_adapt(model, 0, x), DLCORE_OK);
    options.resume = true;
    assert_int_equal(dlcore_model_fit(model, x, y, &options, NULL), DLCORE_ERROR_STATE);
    dlcore_model_free(model);
    dlcore_tensor_free(x);
    dlcore_tensor_free(y);
}

static void test_fit_resume_after_calls_that_were_refused_or_only_look_goes_on(void **state)
{
    float values[CASE_WEIGHTS] = {0};
    double loss;
    dlcore_tensor_t *x = numbers(values, 2, 3), *y = numbers(values, 2, 1);
    dlcore_model_t *model = case_stopped(NULL, 0, 6);

    (void)state;
    assert_int_equal(dlcore_model_set_weights(model, values, 3), DLCORE_ERROR_SHAPE);
    assert_int_equal(dlcore_model_set_weight(model, 99, values, 3), DLCORE_ERROR_ARGUMENT);
    assert_int_equal(dlcore_model_set_trainable(model, 9, false), DLCORE_ERROR_ARGUMENT);
    assert_int_equal(dlcore_model_train_on_batch(model, x, x, NULL), DLCORE_ERROR_SHAPE);
    assert_int_equal(dlcore_model_gradients(model, x, y, values, CASE_WEIGHTS, &loss), DLCORE_OK);
    assert_int_equal(dlcore_model_set_learning_rate(model, 0.05), DLCORE_OK);
    assert_int_equal(case_resume(model, NULL, 0, EPOCHS), DLCORE_OK);
    dlcore_model_free(model);
    dlcore_tensor_free(x);
    dlcore_tensor_free(y);
}

/* ---- weights that a stop replaces ---- */

static bool has_text(const void *bytes, size_t size, const char *text)
{
    size_t length = strlen(text);

    for (size_t i = 0; i + length <= size; i++) {
        if (memcmp((const char *)bytes + i, text, length) == 0)
            return true;
    }
    return false;
}

/* Stops after every batch; *whole is what a run without stop ends with and has in between. */
static void check_best_weights(size_t batch, const case_witness_t *whole)
{
    dlcore_early_stopping_t stopping = case_first_is_best();
    dlcore_callback_t callback = dlcore_early_stopping_callback(&stopping);
    dlcore_model_t *models[2] = {case_stopped(&callback, 1, batch), NULL};
    float shown[CASE_WEIGHTS];
    void *bytes;
    size_t size;

    case_weights(models[0], shown);
    if (batch >= CASE_BATCHES)
        assert_memory_equal(shown, whole->weights[0], sizeof shown);
    assert_int_equal(dlcore_model_save_memory(models[0], NULL, &bytes, &size), DLCORE_OK);
    assert_true(has_text(bytes, size, "\"run/dense/kernel\"") == (batch >= CASE_BATCHES));
    assert_int_equal(dlcore_model_load_memory(bytes, size, NULL, &models[1]), DLCORE_OK);
    free(bytes);
    for (int i = 0; i < 2; i++) {
        dlcore_early_stopping_t again = case_first_is_best();
        case_witness_t seen = {.epochs = 0};
        dlcore_callback_t callbacks[] = {case_witness(&seen),
                                         dlcore_early_stopping_callback(&again),
                                         {.on_train_begin = refuse}};

        assert_int_equal(case_resume(models[i], callbacks, 3, EPOCHS), DLCORE_ERROR_STATE);
        assert_int_equal(case_resume(models[i], callbacks, 2, EPOCHS), DLCORE_OK);
        assert_memory_equal(seen.weights[EPOCHS - 1], whole->weights[EPOCHS - 1], sizeof shown);
        case_weights(models[i], shown);
        assert_memory_equal(shown, whole->weights[0], sizeof shown);
        dlcore_model_free(models[i]);
    }
}

static void test_fit_resume_after_best_weights_goes_on_with_those_of_training(void **state)
{
    dlcore_early_stopping_t stopping = case_first_is_best();
    case_witness_t whole = {.epochs = 0};
    dlcore_callback_t callbacks[] = {case_witness(&whole),
                                     dlcore_early_stopping_callback(&stopping)};
    dlcore_model_t *model = case_model(NULL, NULL, 0.1);

    (void)state;
    assert_int_equal(case_run(model, callbacks, 2, EPOCHS), DLCORE_OK);
    for (size_t batch = 1; batch < EPOCHS * CASE_BATCHES; batch++)
        check_best_weights(batch, &whole);
    dlcore_model_free(model);
}

/* A callback that saves when all is over, after the weights of the best epoch are back. */
static dlcore_callback_action_t save_at_end(void *user, const dlcore_training_event_t *event)
{
    void **bytes = user;
    size_t size;

    return dlcore_model_save_memory(event->model, NULL, &bytes[0], &size) == DLCORE_OK &&
                   dlcore_model_load_memory(bytes[0], size, NULL, (dlcore_model_t **)&bytes[1]) ==
                       DLCORE_OK
               ? DLCORE_CALLBACK_CONTINUE
               : DLCORE_CALLBACK_FAIL;
}

static void test_fit_resume_of_a_file_saved_at_the_end_of_a_stopped_run_goes_on(void **state)
{
    dlcore_early_stopping_t stopping = case_first_is_best(), again = case_first_is_best();
    void *saved[2] = {NULL, NULL};
    dlcore_callback_t callbacks[] = {dlcore_early_stopping_callback(&stopping),
                                     {.user = saved, .on_train_end = save_at_end}};
    dlcore_callback_t callback = dlcore_early_stopping_callback(&again);
    dlcore_model_t *model = case_stopped(callbacks, 2, 10), *loaded = saved[1];
    float expected[CASE_WEIGHTS], got[CASE_WEIGHTS];

    (void)state;
    stopping = case_first_is_best();
    assert_int_equal(case_resume(model, callbacks, 1, EPOCHS), DLCORE_OK);
    assert_int_equal(case_resume(loaded, &callback, 1, EPOCHS), DLCORE_OK);
    case_weights(model, expected);
    case_weights(loaded, got);
    assert_memory_equal(got, expected, sizeof got);
    assert_int_equal(again.wait, EPOCHS - 1);
    free(saved[0]);
    dlcore_model_free(loaded);
    dlcore_model_free(model);
}

/* Likewise when all epochs are done: then there is no run that could go on. */
static void test_fit_resume_of_a_file_saved_at_the_end_of_a_whole_run_is_refused(void **state)
{
    void *saved[2] = {NULL, NULL};
    dlcore_callback_t callback = {.user = saved, .on_train_end = save_at_end};
    dlcore_model_t *model = case_model(NULL, NULL, 0.1), *loaded;

    (void)state;
    assert_int_equal(case_run(model, &callback, 1, EPOCHS), DLCORE_OK);
    loaded = saved[1];
    assert_int_equal(case_resume(loaded, NULL, 0, EPOCHS), DLCORE_ERROR_STATE);
    assert_non_null(strstr(dlcore_model_error(loaded), "no run"));
    free(saved[0]);
    dlcore_model_free(loaded);
    dlcore_model_free(model);
}

static void test_fit_resume_of_no_epochs_leaves_averaged_weights_alone(void **state)
{
    dlcore_optimizer_t sgd = dlcore_optimizer_sgd();
    dlcore_model_t *model;
    float before[CASE_WEIGHTS], after[CASE_WEIGHTS];

    (void)state;
    sgd.use_ema = true;
    sgd.ema_momentum = 0.9;
    model = case_model(NULL, &sgd, 0.1);
    assert_int_equal(case_run(model, NULL, 0, 1), DLCORE_OK);
    case_weights(model, before);
    before[3] += 1.0f;
    assert_int_equal(dlcore_model_set_weights(model, before, CASE_WEIGHTS), DLCORE_OK);
    assert_int_equal(case_run(model, NULL, 0, 0), DLCORE_OK);
    case_weights(model, after);
    assert_memory_equal(before, after, sizeof before);
    dlcore_model_free(model);
}

/* ---- memory ---- */

static dlcore_status stop_and_go_on(const dlcore_allocator_t *allocator, void *context)
{
    dlcore_optimizer_t sgd = dlcore_optimizer_sgd();
    dlcore_early_stopping_t stopping = case_first_is_best();
    case_witness_t stops = {.stop_batch = 6};
    dlcore_callback_t callbacks[] = {case_witness(&stops),
                                     dlcore_early_stopping_callback(&stopping)};
    dlcore_load_options_t options = dlcore_load_options_default();
    dlcore_model_t *model, *loaded = NULL;
    dlcore_status status;
    void *bytes = NULL;
    size_t size;

    (void)context;
    sgd.use_ema = true;
    options.model.allocator = *allocator;
    model = case_model(allocator, &sgd, 0.1);
    if (model == NULL)
        return DLCORE_ERROR_MEMORY;
    status = case_run(model, callbacks, 2, 3);
    if (status == DLCORE_OK)
        status = dlcore_model_save_memory(model, NULL, &bytes, &size);
    if (status == DLCORE_OK)
        status = dlcore_model_load_memory(bytes, size, &options, &loaded);
    if (bytes != NULL)
        allocator->release(allocator->user, bytes);
    if (status == DLCORE_OK)
        status = case_resume(loaded, callbacks, 2, 3);
    dlcore_model_free(loaded);
    dlcore_model_free(model);
    return status;
}

static dlcore_callback_action_t stop_late(void *user, const dlcore_training_event_t *event)
{
    (void)user;
    return event->epoch == 65 ? DLCORE_CALLBACK_STOP : DLCORE_CALLBACK_CONTINUE;
}

/* A history of more than 64 epochs grows, and is longer than that with which a call begins. */
static dlcore_status go_on_after_many_epochs(const dlcore_allocator_t *allocator, void *context)
{
    dlcore_callback_t callback = {.on_epoch_end = stop_late};
    dlcore_model_t *model = case_model(allocator, NULL, 0.1);
    dlcore_status status;

    (void)context;
    if (model == NULL)
        return DLCORE_ERROR_MEMORY;
    status = case_run(model, &callback, 1, 68);
    if (status == DLCORE_OK)
        status = case_resume(model, NULL, 0, 68);
    dlcore_model_free(model);
    return status;
}

static void test_fit_resume_without_memory_is_an_error_and_leaks_nothing(void **state)
{
    (void)state;
    assert_true(failing_allocator_sweep(stop_and_go_on, NULL) > 50);
    assert_true(failing_allocator_sweep(go_on_after_many_epochs, NULL) > 10);
}

/* ---- a run that an earlier version stopped ---- */

static dlcore_model_t *model_of_r2(void)
{
    dlcore_compile_options_t how = dlcore_compile_options_default();
    dlcore_model_t *model = case_model(NULL, NULL, 0.05);

    how.optimizer = dlcore_optimizer_sgd();
    how.optimizer.learning_rate = 0.05;
    how.loss = dlcore_loss_default(DLCORE_LOSS_MEAN_SQUARED_ERROR);
    how.metrics[0] = dlcore_metric_default(DLCORE_METRIC_MEAN_ABSOLUTE_ERROR);
    how.metrics[1] = dlcore_metric_default(DLCORE_METRIC_R2_SCORE);
    how.metrics[2] = dlcore_metric_default(DLCORE_METRIC_MEAN_SQUARED_ERROR);
    how.metric_count = 3;
    assert_non_null(model);
    assert_int_equal(dlcore_model_compile_with(model, &how), DLCORE_OK);
    return model;
}

/* Loss and samples; mean_absolute_error's two; then those of one unit, as sums of labels, squares
 * and squared errors, and the weight; then mean_squared_error's two. */
static void make_earlier(dlcore_run_state_t *run)
{
    double *unit = run->sums + 4, weight = unit[4], mean = unit[0] + unit[1];

    assert_int_equal(run->sum_count, 2 + 2 + 5 + 2);
    unit[1] = unit[2] + weight * mean * mean;
    unit[2] = unit[3];
    unit[0] = weight * mean;
    memmove(unit + 3, unit + 4, 3 * sizeof *unit);
    run->sum_count--;
}

static void test_fit_resume_of_an_earlier_run_with_r2_score_goes_on(void **state)
{
    dlcore_history_t *whole = NULL, *resumed = NULL;
    dlcore_model_t *model = model_of_r2(), *stopped = model_of_r2();
    case_witness_t witness = {.stop_batch = 6};
    dlcore_callback_t callback = case_witness(&witness);
    dlcore_fit_options_t options = case_options(NULL, 0, 3), first = case_options(&callback, 1, 3);

    (void)state;
    assert_int_equal(case_fit(model, &options, &whole), DLCORE_OK);
    (void)case_fit(stopped, &first, NULL);
    assert_non_null(stopped->stopped);
    assert_true(stopped->stopped->sums[8] > 0.0); /* the weight: in mid-epoch */
    make_earlier(stopped->stopped);
    options.resume = true;
    if (case_fit(stopped, &options, &resumed) != DLCORE_OK)
        fail_msg("%s", dlcore_model_error(stopped));
    for (size_t epoch = 0; epoch < 3; epoch++) {
        double expected = dlcore_history_value(whole, "r2_score", epoch);
        assert_true(fabs(dlcore_history_value(resumed, "r2_score", epoch) - expected) < 1e-9);
    }
    dlcore_history_free(whole);
    dlcore_history_free(resumed);
    dlcore_model_free(model);
    dlcore_model_free(stopped);
}

static dlcore_callback_action_t stop_at_once(void *user, const dlcore_training_event_t *event)
{
    (void)user;
    (void)event;
    return DLCORE_CALLBACK_STOP;
}

static void test_fit_resume_of_one_sample_beyond_its_batch_is_refused(void **state)
{
    float values[4] = {0.5f, 1.0f, -1.0f, 0.25f};
    dlcore_tensor_t *x = numbers(values, 1, 3), *y = numbers(values + 3, 1, 1);
    dlcore_callback_t callback = {.on_epoch_end = stop_at_once};
    dlcore_fit_options_t options = dlcore_fit_options_default();
    dlcore_model_t *model = case_model(NULL, NULL, 0.1);

    (void)state;
    options.epochs = 3;
    options.callbacks = &callback;
    options.callback_count = 1;
    assert_int_equal(dlcore_model_fit(model, x, y, &options, NULL), DLCORE_OK);
    assert_non_null(model->stopped);
    options.resume = true;
    options.validation_x = x;
    options.validation_y = y;
    assert_int_equal(dlcore_model_fit(model, x, y, &options, NULL), DLCORE_ERROR_STATE);
    assert_string_equal(dlcore_model_error(model),
                        "resume: the run kept 2 values of an epoch, this one keeps 4: other "
                        "metrics, or with validation and without");
    options.validation_x = options.validation_y = NULL;
    model->stopped->position.pass_batch = 2;
    assert_int_equal(dlcore_model_fit(model, x, y, &options, NULL), DLCORE_ERROR_STATE);
    assert_string_equal(dlcore_model_error(model), "resume: the run stands at batch 2 of 1");
    model->stopped->position.pass_batch = 0;
    assert_int_equal(dlcore_model_fit(model, x, y, &options, NULL), DLCORE_OK);
    dlcore_model_free(model);
    dlcore_tensor_free(x);
    dlcore_tensor_free(y);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fit_resume_after_fits_that_were_refused_goes_on),
        cmocka_unit_test(test_fit_resume_after_other_weights_or_steps_is_refused),
        cmocka_unit_test(test_fit_resume_after_adapt_is_refused),
        cmocka_unit_test(test_fit_resume_after_calls_that_were_refused_or_only_look_goes_on),
        cmocka_unit_test(test_fit_resume_after_best_weights_goes_on_with_those_of_training),
        cmocka_unit_test(test_fit_resume_of_a_file_saved_at_the_end_of_a_stopped_run_goes_on),
        cmocka_unit_test(test_fit_resume_of_a_file_saved_at_the_end_of_a_whole_run_is_refused),
        cmocka_unit_test(test_fit_resume_of_no_epochs_leaves_averaged_weights_alone),
        cmocka_unit_test(test_fit_resume_without_memory_is_an_error_and_leaks_nothing),
        cmocka_unit_test(test_fit_resume_of_an_earlier_run_with_r2_score_goes_on),
        cmocka_unit_test(test_fit_resume_of_one_sample_beyond_its_batch_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
