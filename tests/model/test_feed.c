/* Where fit's batches come from: the orders of tensors, places in a pass, passes over epochs, and
 * the first batch of a dataset, which is read before the run.
 *
 * SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "dlcore/callback.h"
#include "model/feed.h"
#include "support/classifier.h"
#include "support/scripted_dataset.h"

enum { ROWS = 70, BATCH = 16, BATCHES = 5, INPUTS = 9, CLASSES = 4 };

static dlcore_model_t *model_of(void)
{
    static const size_t widths[] = {INPUTS, 24, CLASSES, 0};
    dlcore_model_options_t options = engine_options(DLCORE_ENGINE_AUTO, 1);
    dlcore_model_t *model = classifier(&options, widths, dlcore_optimizer_rmsprop());

    assert_non_null(model);
    return model;
}

/* The samples of the rest of a pass, in order; answers how many. */
static size_t rest_of_pass(dlcore_feed_t *feed, size_t *samples)
{
    size_t count = 0;
    dlcore_source_t source;

    for (;;) {
        dlcore_source_t ahead;

        dlcore_feed_peek(feed, &ahead);
        assert_int_equal(dlcore_feed_next(feed, &source, NULL), DLCORE_OK);
        assert_int_equal(ahead.rows, source.rows);
        if (source.rows == 0)
            return count;
        assert_true(count + source.rows <= ROWS);
        for (size_t row = 0; row < source.rows; row++) {
            samples[count] = dlcore_source_sample(&source, row);
            assert_int_equal(dlcore_source_sample(&ahead, row), samples[count++]);
        }
    }
}

static size_t pass_of(dlcore_feed_t *feed, const dlcore_model_t *model, size_t batch, uint32_t key,
                      size_t *samples)
{
    assert_int_equal(dlcore_feed_seek(feed, model, 0, batch, key, NULL), DLCORE_OK);
    return rest_of_pass(feed, samples);
}

static dlcore_feed_t feed_of(const dlcore_model_t *model, const dlcore_source_t *samples,
                             bool shuffle)
{
    dlcore_feed_t feed;

    assert_int_equal(dlcore_feed_tensors(&feed, model, samples, BATCH, shuffle, NULL), DLCORE_OK);
    return feed;
}

/* Each of `count` samples first .. first+count-1 once. */
static void check_all_once(const size_t *samples, size_t first, size_t count)
{
    bool seen[2 * ROWS] = {false};

    for (size_t i = 0; i < count; i++) {
        assert_in_range(samples[i], first, first + count - 1);
        assert_false(seen[samples[i]]);
        seen[samples[i]] = true;
    }
}

static void test_feed_unshuffled_keeps_the_order(void **state)
{
    dlcore_model_t *model = model_of();
    dlcore_source_t rows = {.rows = ROWS - 7, .begin = 7};
    dlcore_feed_t feed = feed_of(model, &rows, false);
    size_t samples[ROWS];

    (void)state;
    assert_int_equal(feed.batches, (ROWS - 7 - 1) / BATCH + 1);
    assert_int_equal(pass_of(&feed, model, 0, 5, samples), ROWS - 7);
    for (size_t i = 0; i < ROWS - 7; i++)
        assert_int_equal(samples[i], 7 + i);
    dlcore_feed_clear(&feed, model);
    dlcore_model_free(model);
}

static void test_feed_shuffles_anew_for_each_key_and_alike_for_the_same(void **state)
{
    dlcore_model_t *model = model_of();
    dlcore_source_t rows = {.rows = ROWS};
    dlcore_feed_t feed = feed_of(model, &rows, true);
    size_t first[ROWS], again[ROWS], other[ROWS];

    (void)state;
    assert_int_equal(feed.batches, BATCHES);
    assert_int_equal(pass_of(&feed, model, 0, 0, first), ROWS);
    assert_int_equal(pass_of(&feed, model, 0, 1, other), ROWS);
    assert_int_equal(pass_of(&feed, model, 0, 0, again), ROWS);
    check_all_once(first, 0, ROWS);
    check_all_once(other, 0, ROWS);
    assert_memory_equal(first, again, sizeof first);
    assert_memory_not_equal(first, other, sizeof first);
    dlcore_feed_clear(&feed, model);
    dlcore_model_free(model);
}

/* shuffle_before_split: samples that have an order, of which these are the middle. */
static void test_feed_shuffles_within_an_order(void **state)
{
    dlcore_model_t *model = model_of();
    size_t order[ROWS], samples[ROWS];
    dlcore_source_t rows = {.rows = 40, .begin = 10, .order = order};
    dlcore_feed_t feed;

    (void)state;
    for (size_t i = 0; i < ROWS; i++)
        order[i] = ROWS + ROWS - 1 - i; /* 10 .. 49 are samples ROWS + 20 .. ROWS + 59 */
    feed = feed_of(model, &rows, true);
    assert_int_equal(pass_of(&feed, model, 0, 3, samples), 40);
    check_all_once(samples, ROWS + 20, 40);
    dlcore_feed_clear(&feed, model);
    feed = feed_of(model, &rows, false);
    assert_int_equal(pass_of(&feed, model, 0, 3, samples), 40);
    for (size_t i = 0; i < 40; i++)
        assert_int_equal(samples[i], order[10 + i]);
    dlcore_feed_clear(&feed, model);
    dlcore_model_free(model);
}

static void test_feed_resumes_at_any_batch_of_a_pass(void **state)
{
    dlcore_model_t *model = model_of();
    dlcore_source_t rows = {.rows = ROWS};
    dlcore_feed_t feed = feed_of(model, &rows, true);
    size_t all[ROWS], rest[ROWS];

    (void)state;
    assert_int_equal(pass_of(&feed, model, 0, 9, all), ROWS);
    for (size_t batch = 0; batch < BATCHES; batch++) {
        size_t left = ROWS - batch * BATCH;

        assert_int_equal(pass_of(&feed, model, batch, 9, rest), left);
        assert_memory_equal(rest, all + batch * BATCH, left * sizeof *rest);
    }
    assert_int_equal(pass_of(&feed, model, BATCHES, 9, rest), 0);
    assert_int_equal(pass_of(&feed, model, SIZE_MAX, 9, rest), 0);
    dlcore_feed_clear(&feed, model);
    dlcore_model_free(model);
}

/* 5 batches a pass: 5 epochs of 3 steps are 3 epochs of a pass each. */
static void test_feed_passes_go_on_over_epochs(void **state)
{
    samples_t samples = samples_of_floats(ROWS, INPUTS, CLASSES);
    dlcore_fit_options_t options = batches_of(BATCH);
    dlcore_model_t *passes = model_of(), *steps = model_of();

    (void)state;
    options.epochs = 3;
    assert_int_equal(dlcore_model_fit(passes, samples.x, samples.y, &options, NULL), DLCORE_OK);
    options.epochs = 5;
    options.steps_per_epoch = 3;
    assert_int_equal(dlcore_model_fit(steps, samples.x, samples.y, &options, NULL), DLCORE_OK);
    assert_true(same_weights(passes, steps));
    dlcore_model_free(passes);
    dlcore_model_free(steps);
    samples_free(samples);
}

/* ---- datasets ---- */

static const scripted_batch_t three[] = {{.rows = 2, .width = INPUTS, .gap = 1},
                                         {.rows = 5, .width = INPUTS},
                                         {.rows = 1, .width = INPUTS}};

static float first_of(const dlcore_source_t *source)
{
    return *(const float *)dlcore_tensor_data_const(source->x);
}

static void check_next(dlcore_feed_t *feed, size_t rows, float value)
{
    dlcore_source_t source;

    dlcore_feed_peek(feed, &source);
    assert_int_equal(source.rows, 0);
    assert_int_equal(dlcore_feed_next(feed, &source, NULL), DLCORE_OK);
    assert_int_equal(source.rows, rows);
    if (rows > 0)
        assert_true(first_of(&source) == value);
}

static void test_feed_gives_the_held_batch_once_and_begins_elsewhere_anew(void **state)
{
    dlcore_model_t *model = model_of();

    (void)state;
    for (int prefetch = 0; prefetch < 2; prefetch++) {
        scripted_dataset_t script = {.batches = three, .count = 3};
        dlcore_dataset_t dataset = scripted_dataset(&script);
        dlcore_feed_t feed;

        dataset.prefetch = prefetch == 1;
        assert_int_equal(dlcore_feed_dataset(&feed, model, &dataset, NULL), DLCORE_OK);
        assert_int_equal(dlcore_feed_hold(&feed, model, 2, 1, NULL), DLCORE_OK);
        assert_int_equal(feed.held.rows, 5);
        assert_int_equal(dlcore_feed_seek(&feed, model, 2, 1, 0, NULL), DLCORE_OK);
        assert_int_equal(atomic_load(&script.begun), 1);
        check_next(&feed, 5, 21.0f);
        check_next(&feed, 1, 22.0f);
        check_next(&feed, 0, 0.0f);
        assert_int_equal(dlcore_feed_hold(&feed, model, 3, 0, NULL), DLCORE_OK);
        assert_int_equal(dlcore_feed_seek(&feed, model, 3, 2, 0, NULL), DLCORE_OK);
        check_next(&feed, 1, 32.0f);
        assert_int_equal(atomic_load(&script.begun), 3);
        assert_int_equal(dlcore_feed_seek(&feed, model, 3, 0, 0, NULL), DLCORE_OK);
        assert_int_equal(dlcore_feed_next(&feed, &(dlcore_source_t){0}, NULL), DLCORE_OK);
        assert_int_equal(dlcore_feed_hold(&feed, model, 4, 1, NULL), DLCORE_OK);
        assert_int_equal(dlcore_feed_seek(&feed, model, 5, 1, 0, NULL), DLCORE_OK);
        check_next(&feed, 5, 51.0f); /* the batch of that number, of the other pass */
        dlcore_feed_clear(&feed, model);
        assert_int_equal(atomic_load(&script.begun), 6); /* what was held is forgotten */
        assert_false(atomic_load(&script.together));
        scripted_dataset_clear(&script);
    }
    dlcore_model_free(model);
}

/* A run that stopped behind the last batch, or the only one, still has to see shapes. */
static void test_feed_holds_the_first_batch_where_the_pass_has_ended(void **state)
{
    dlcore_model_t *model = model_of();
    scripted_dataset_t script = {.batches = three, .count = 3};
    dlcore_dataset_t dataset = scripted_dataset(&script);
    dlcore_error_record_t error = {0};
    dlcore_feed_t feed;

    (void)state;
    assert_int_equal(dlcore_feed_dataset(&feed, model, &dataset, NULL), DLCORE_OK);
    for (; script.count > 0; script.count--) {
        size_t end = script.count;

        assert_int_equal(dlcore_feed_hold(&feed, model, 1, end, NULL), DLCORE_OK);
        assert_true(first_of(&feed.held) == 10.0f);
        assert_int_equal(dlcore_feed_seek(&feed, model, 1, end, 0, NULL), DLCORE_OK);
        check_next(&feed, 0, 0.0f); /* not the held one */
    }
    assert_int_equal(dlcore_feed_hold(&feed, model, 1, 3, &error), DLCORE_ERROR_ARGUMENT);
    assert_non_null(strstr(error.message, "dataset: pass 1 (counted from 0) gave no batch"));
    dlcore_feed_clear(&feed, model);
    scripted_dataset_clear(&script);
    dlcore_model_free(model);
}

static void test_feed_errors_come_through_with_their_messages(void **state)
{
    static const scripted_batch_t bad[] = {{.status = DLCORE_ERROR_RANGE, .message = "no row"}};
    dlcore_model_t *model = model_of();
    scripted_dataset_t script = {.batches = bad, .count = 1};
    dlcore_dataset_t dataset = scripted_dataset(&script);
    dlcore_error_record_t error = {0};
    dlcore_feed_t feed;

    (void)state;
    assert_int_equal(dlcore_feed_dataset(&feed, model, &dataset, NULL), DLCORE_OK);
    assert_int_equal(dlcore_feed_hold(&feed, model, 0, 0, &error), DLCORE_ERROR_RANGE);
    assert_string_equal(error.message, "dataset: next: no row");
    assert_false(feed.holds);
    script.begin_status = DLCORE_ERROR_IO;
    assert_int_equal(dlcore_feed_seek(&feed, model, 0, 0, 0, &error), DLCORE_ERROR_IO);
    assert_string_equal(error.message, "dataset: begin: no disk");
    script.begin_status = (dlcore_status)5;
    assert_int_equal(dlcore_feed_seek(&feed, model, 0, 0, 0, &error), DLCORE_ERROR_ARGUMENT);
    assert_string_equal(error.message, "dataset: begin: returned 5, which is not a dlcore_status");
    script.begin_status = DLCORE_ERROR_IO;
    script.message_never_ends = true;
    assert_int_equal(dlcore_feed_seek(&feed, model, 0, 0, 0, &error), DLCORE_ERROR_IO);
    assert_int_equal(strlen(error.message), sizeof error.message - 1);
    assert_int_equal(error.message[sizeof error.message - 2], 'm');
    dlcore_feed_clear(&feed, model);
    dataset.next = NULL;
    assert_int_equal(dlcore_feed_dataset(&feed, model, &dataset, &error), DLCORE_ERROR_ARGUMENT);
    assert_string_equal(error.message, "dataset: next is NULL");
    dlcore_feed_clear(&feed, model);
    scripted_dataset_clear(&script);
    dlcore_model_free(model);
}

static dlcore_callback_action_t spoil(void *user, const dlcore_training_event_t *event)
{
    dlcore_dataset_t *dataset = user;

    (void)event;
    *dataset = (dlcore_dataset_t){0};
    return DLCORE_CALLBACK_CONTINUE;
}

static void test_feed_goes_on_when_the_hosts_struct_changes(void **state)
{
    (void)state;
    for (int prefetch = 0; prefetch < 2; prefetch++) {
        static const scripted_batch_t two[] = {{.rows = 3, .width = INPUTS},
                                               {.rows = 3, .width = INPUTS}};
        scripted_dataset_t script = {.batches = two, .count = 2};
        dlcore_dataset_t dataset = scripted_dataset(&script);
        dlcore_fit_options_t options = batches_of(1);
        dlcore_callback_t callback = {.user = &dataset, .on_train_begin = spoil};
        dlcore_model_t *model = model_of();
        dlcore_status status;

        dataset.prefetch = prefetch == 1;
        options.callbacks = &callback;
        options.callback_count = 1;
        status = dlcore_model_fit_dataset(model, &dataset, &options, NULL);
        if (status != DLCORE_OK)
            fail_msg("%s", dlcore_model_error(model));
        dlcore_model_free(model);
        scripted_dataset_clear(&script);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_feed_unshuffled_keeps_the_order),
        cmocka_unit_test(test_feed_shuffles_anew_for_each_key_and_alike_for_the_same),
        cmocka_unit_test(test_feed_shuffles_within_an_order),
        cmocka_unit_test(test_feed_resumes_at_any_batch_of_a_pass),
        cmocka_unit_test(test_feed_passes_go_on_over_epochs),
        cmocka_unit_test(test_feed_gives_the_held_batch_once_and_begins_elsewhere_anew),
        cmocka_unit_test(test_feed_holds_the_first_batch_where_the_pass_has_ended),
        cmocka_unit_test(test_feed_errors_come_through_with_their_messages),
        cmocka_unit_test(test_feed_goes_on_when_the_hosts_struct_changes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
