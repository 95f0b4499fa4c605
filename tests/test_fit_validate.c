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
    const float numbers[SOME] = {1.0f, -1.0f};
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fit_validate_takes_threads_when_training_has_none),
        cmocka_unit_test(test_fit_validate_without_memory_says_so),
        cmocka_unit_test(test_fit_validate_wrong_weights_are_called_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
