/* Validation within fit: the same numbers as evaluate's, whatever batches and passes, on threads
 * where they are worth it, and messages that say whose they are.
 *
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "dlcore/dataset.h"
#include "model/model.h"
#include "support/classifier.h"
#include "support/failing_allocator.h"
#include "support/tensors.h"

enum { ROWS = 600, INPUTS = 40, CLASSES = 4, SOME = 8 };

static dlcore_model_t *model_of(size_t threads, const dlcore_allocator_t *allocator)
{
    static const size_t widths[] = {INPUTS, 256, 64, CLASSES, 0};
    dlcore_model_options_t options = engine_options(DLCORE_ENGINE_AUTO, threads);
    dlcore_model_t *model;

    if (allocator != NULL)
        options.allocator = *allocator;
    model = classifier(&options, widths, dlcore_optimizer_rmsprop());
    assert_non_null(model);
    return model;
}

/* Of the first rows, for training on few. */
static samples_t first_of(samples_t samples, size_t rows)
{
    samples_t some = {0};

    assert_int_equal(dlcore_tensor_slice(samples.x, 0, rows, &some.x, NULL), DLCORE_OK);
    assert_int_equal(dlcore_tensor_slice(samples.y, 0, rows, &some.y, NULL), DLCORE_OK);
    return some;
}

/* ---- threads and messages ---- */

static void test_fit_validate_takes_threads_when_training_has_none(void **state)
{
    samples_t samples = samples_of_floats(ROWS, INPUTS, CLASSES), few = first_of(samples, SOME);
    double losses[2];

    (void)state;
    for (size_t threads = 1; threads <= 2; threads++) {
        dlcore_model_t *model = model_of(threads, NULL);
        dlcore_fit_options_t how = batches_of(1);
        dlcore_history_t *history = NULL;

        assert_int_equal(dlcore_model_fit(model, few.x, few.y, &how, NULL), DLCORE_OK);
        assert_null(model->team);
        how.validation_x = samples.x;
        how.validation_y = samples.y;
        assert_int_equal(dlcore_model_fit(model, few.x, few.y, &how, &history), DLCORE_OK);
        assert_true((model->team != NULL) == (threads > 1));
        losses[threads - 1] = dlcore_history_value(history, "val_loss", 0);
        dlcore_history_free(history);
        dlcore_model_free(model);
    }
    assert_true(losses[0] == losses[1]);
    samples_free(few);
    samples_free(samples);
}

/* Averages take the weights' place only when the last epoch was validated. */
static void test_fit_validate_sees_the_weights_and_not_their_averages(void **state)
{
    static const size_t widths[] = {INPUTS, 16, CLASSES, 0};
    samples_t samples = samples_of_floats(64, INPUTS, CLASSES);
    dlcore_model_options_t options = engine_options(DLCORE_ENGINE_AUTO, 1);
    dlcore_fit_options_t how = batches_of(16);
    double during[2], after[2];

    (void)state;
    how.epochs = 2;
    how.validation_x = samples.x;
    how.validation_y = samples.y;
    for (size_t averages = 0; averages < 2; averages++) {
        dlcore_optimizer_t optimizer = dlcore_optimizer_rmsprop();
        dlcore_history_t *history = NULL;
        dlcore_evaluation_t result;
        dlcore_model_t *model;

        optimizer.use_ema = averages == 1;
        model = classifier(&options, widths, optimizer);
        assert_int_equal(dlcore_model_fit(model, samples.x, samples.y, &how, &history), DLCORE_OK);
        assert_int_equal(dlcore_model_evaluate(model, samples.x, samples.y, NULL, &result),
                         DLCORE_OK);
        during[averages] = dlcore_history_value(history, "val_loss", 1);
        after[averages] = result.loss;
        dlcore_history_free(history);
        dlcore_model_free(model);
    }
    assert_true(during[0] == during[1]);
    assert_true(fabs(after[1] - during[1]) > 1e-4);
    assert_true(fabs(after[0] - during[0]) < 1e-6);
    samples_free(samples);
}

static dlcore_callback_action_t fail_from_now(void *user, const dlcore_training_event_t *event)
{
    failing_allocator_t *memory = user;

    (void)event;
    memory->fail_at = memory->calls + 1;
    return DLCORE_CALLBACK_CONTINUE;
}

static void test_fit_validate_without_memory_says_so(void **state)
{
    samples_t samples = samples_of_floats(ROWS, INPUTS, CLASSES);
    dlcore_fit_options_t how = batches_of(ROWS);
    failing_allocator_t memory;
    dlcore_allocator_t allocator;
    dlcore_callback_t callback = {.user = &memory, .on_batch_end = fail_from_now};
    dlcore_model_t *model;

    (void)state;
    failing_allocator_init(&memory);
    allocator = failing_allocator(&memory);
    model = model_of(1, &allocator);
    how.validation_x = samples.x;
    how.validation_y = samples.y;
    how.callbacks = &callback;
    how.callback_count = 1;
    assert_int_equal(dlcore_model_fit(model, samples.x, samples.y, &how, NULL),
                     DLCORE_ERROR_MEMORY);
    assert_ptr_equal(strstr(dlcore_model_error(model), "validation: "), dlcore_model_error(model));
    dlcore_model_free(model);
    failing_allocator_assert_clean(&memory);
    samples_free(samples);
}

static void test_fit_validate_wrong_weights_are_called_so(void **state)
{
    const float numbers[SOME] = {1.0f, HUGE_VALF};
    samples_t samples = samples_of_floats(SOME, INPUTS, CLASSES);
    dlcore_tensor_t *weights = tensor_of_floats(SHAPE(SOME), numbers);
    dlcore_fit_options_t how = batches_of(SOME);
    dlcore_model_t *model = model_of(1, NULL);

    (void)state;
    how.validation_x = samples.x;
    how.validation_y = samples.y;
    how.validation_sample_weight = weights;
    assert_int_equal(dlcore_model_fit(model, samples.x, samples.y, &how, NULL), DLCORE_ERROR_RANGE);
    assert_ptr_equal(strstr(dlcore_model_error(model), "validation: sample_weight"),
                     dlcore_model_error(model));
    dlcore_model_free(model);
    dlcore_tensor_free(weights);
    samples_free(samples);
}

/* ---- batches ---- */

/* Slices of SLICE rows in turn, which begin again at the end: a pass never ends. */
enum { SLICE = 100 };

typedef struct endless {
    samples_t samples, slice;
    size_t batch, calls;
} endless_t;

static dlcore_status begin(void *user, size_t pass, size_t batch, dlcore_error_record_t *error)
{
    endless_t *endless = user;

    (void)error;
    assert_int_equal(pass, 0);
    endless->batch = batch;
    return DLCORE_OK;
}

static dlcore_status next(void *user, dlcore_dataset_batch_t *batch, dlcore_error_record_t *error)
{
    endless_t *endless = user;
    size_t first = endless->batch++ * SLICE % ROWS;

    endless->calls++;
    samples_free(endless->slice);
    assert_int_equal(
        dlcore_tensor_slice(endless->samples.x, first, first + SLICE, &endless->slice.x, error), 0);
    assert_int_equal(
        dlcore_tensor_slice(endless->samples.y, first, first + SLICE, &endless->slice.y, error), 0);
    *batch = (dlcore_dataset_batch_t){.x = endless->slice.x, .y = endless->slice.y};
    return DLCORE_OK;
}

static dlcore_dataset_t dataset_of(endless_t *endless)
{
    return (dlcore_dataset_t){.user = endless, .begin = begin, .next = next};
}

static void test_fit_validate_steps_take_so_many_batches_of_an_endless_dataset(void **state)
{
    endless_t endless = {.samples = samples_of_floats(ROWS, INPUTS, CLASSES)};
    samples_t seen = first_of(endless.samples, 3 * SLICE);
    dlcore_dataset_t dataset = dataset_of(&endless);
    dlcore_fit_options_t how = batches_of(SLICE);
    dlcore_model_t *model = model_of(1, NULL);
    dlcore_evaluation_t expected;
    dlcore_history_t *history = NULL;

    (void)state;
    how.epochs = 2;
    how.validation_dataset = &dataset;
    how.validation_steps = 3;
    assert_int_equal(dlcore_model_fit(model, endless.samples.x, endless.samples.y, &how, &history),
                     DLCORE_OK);
    assert_int_equal(endless.calls, 2 * 3); /* not one more: it might block */
    assert_int_equal(dlcore_model_evaluate(model, seen.x, seen.y, NULL, &expected), DLCORE_OK);
    assert_true(fabs(dlcore_history_value(history, "val_loss", 1) - expected.loss) <=
                1e-12 * expected.loss);
    assert_true(dlcore_history_value(history, "val_accuracy", 1) == expected.metrics[0].value);
    dlcore_history_free(history);
    dlcore_model_free(model);
    samples_free(seen);
    samples_free(endless.slice);
    samples_free(endless.samples);
}

/* Under a reduction by sum, the loss tells the size of batches. */
static void check_batch_size(samples_t samples, size_t validation_batch_size, bool split)
{
    dlcore_compile_options_t settings = dlcore_compile_options_default();
    dlcore_model_t *model = model_of(1, NULL);
    dlcore_fit_options_t how = batches_of(32);
    dlcore_evaluate_options_t options = dlcore_evaluate_options_default();
    dlcore_tensor_t *x = NULL, *y = NULL;
    dlcore_evaluation_t expected;
    dlcore_history_t *history = NULL;

    settings.loss = dlcore_loss_sparse_categorical_crossentropy();
    settings.loss.reduction = DLCORE_REDUCTION_SUM;
    assert_int_equal(dlcore_model_compile_with(model, &settings), DLCORE_OK);
    dlcore_tensor_slice(samples.x, ROWS / 2, ROWS, &x, NULL);
    dlcore_tensor_slice(samples.y, ROWS / 2, ROWS, &y, NULL);
    how.validation_batch_size = validation_batch_size;
    if (split)
        how.validation_split = 0.5;
    else {
        how.validation_x = x;
        how.validation_y = y;
    }
    assert_int_equal(dlcore_model_fit(model, samples.x, samples.y, &how, &history), DLCORE_OK);
    options.batch_size = validation_batch_size > 0 ? validation_batch_size : 32;
    assert_int_equal(dlcore_model_evaluate(model, x, y, &options, &expected), DLCORE_OK);
    assert_true(dlcore_history_value(history, "val_loss", 0) == expected.loss);
    dlcore_history_free(history);
    dlcore_tensor_free(x);
    dlcore_tensor_free(y);
    dlcore_model_free(model);
}

static void test_fit_validate_batch_size_is_that_of_validation(void **state)
{
    static const size_t sizes[] = {0, 1, 100, 10 * ROWS};
    samples_t samples = samples_of_floats(ROWS, INPUTS, CLASSES);

    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        check_batch_size(samples, sizes[i], false);
        check_batch_size(samples, sizes[i], true);
    }
    samples_free(samples);
}

static void check_refused(const samples_t *samples, const dlcore_dataset_t *dataset,
                          const dlcore_fit_options_t *how, const char *text)
{
    dlcore_model_t *model = model_of(1, NULL);
    dlcore_status status = dataset != NULL
                               ? dlcore_model_fit_dataset(model, dataset, how, NULL)
                               : dlcore_model_fit(model, samples->x, samples->y, how, NULL);

    if (status != DLCORE_ERROR_ARGUMENT || strstr(dlcore_model_error(model), text) == NULL)
        fail_msg("%d, \"%s\", not \"%s\"", status, dlcore_model_error(model), text);
    dlcore_model_free(model);
}

static void test_fit_validate_counts_of_nothing_are_refused(void **state)
{
    endless_t endless = {.samples = samples_of_floats(ROWS, INPUTS, CLASSES)}, other = endless;
    dlcore_dataset_t dataset = dataset_of(&endless), validation = dataset_of(&other);
    dlcore_fit_options_t how = batches_of(32);

    (void)state;
    how.validation_steps = 2;
    check_refused(&endless.samples, NULL, &how, "validation_steps goes with validation_dataset");
    how.validation_split = 0.5;
    check_refused(&endless.samples, NULL, &how, "validation_steps goes with validation_dataset");
    how = batches_of(32);
    how.validation_batch_size = 2;
    check_refused(&endless.samples, NULL, &how, "validation_batch_size goes with");
    how.validation_dataset = &validation;
    check_refused(&endless.samples, NULL, &how, "validation_batch_size goes with");
    how.validation_split = 0.5;
    check_refused(&endless.samples, NULL, &how, "validation_batch_size goes with");
    how.steps_per_epoch = 1;
    check_refused(NULL, &dataset, &how, "validation_batch_size goes with");
    how = batches_of(32);
    how.validation_dataset = &validation;
    validation.next = NULL;
    check_refused(&endless.samples, NULL, &how, "validation: a dataset needs begin and next");
    samples_free(endless.samples);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fit_validate_takes_threads_when_training_has_none),
        cmocka_unit_test(test_fit_validate_sees_the_weights_and_not_their_averages),
        cmocka_unit_test(test_fit_validate_without_memory_says_so),
        cmocka_unit_test(test_fit_validate_wrong_weights_are_called_so),
        cmocka_unit_test(test_fit_validate_steps_take_so_many_batches_of_an_endless_dataset),
        cmocka_unit_test(test_fit_validate_batch_size_is_that_of_validation),
        cmocka_unit_test(test_fit_validate_counts_of_nothing_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
