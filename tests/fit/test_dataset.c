/* Datasets: the same numbers as from tensors, on the caller's thread and prefetched, and what a
 * dataset may do wrong.
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

#include "dlcore/dataset.h"
#include "support/classifier.h"
#include "support/failing_allocator.h"

enum { ROWS = 70, BATCH = 16, BATCHES = 5, INPUTS = 9, CLASSES = 4 };

/* Batches of rows of tensors; the tensors that it gives are its own, and change with each call. */
typedef struct reader {
    samples_t samples;
    size_t next, begun, calls;
    size_t pass, first; /* as begin was told */
    size_t fail_at;     /* the call of `next` that fails, from 1 */
    bool fails_to_begin, without_labels, is_empty;
    size_t batch_size;
    dlcore_tensor_t *x, *y;
} reader_t;

static dlcore_status reader_begin(void *user, size_t pass, size_t batch,
                                  dlcore_error_record_t *error)
{
    reader_t *reader = user;

    reader->begun++;
    reader->pass = pass;
    reader->first = batch;
    reader->next = batch;
    if (!reader->fails_to_begin)
        return DLCORE_OK;
    snprintf(error->message, sizeof error->message, "no disk");
    return DLCORE_ERROR_IO;
}

static void drop(reader_t *reader)
{
    dlcore_tensor_free(reader->x);
    dlcore_tensor_free(reader->y);
    reader->x = reader->y = NULL;
}

/* Copies, of which the one before is overwritten: whoever still reads it sees nonsense. */
static dlcore_status copy_rows(reader_t *reader, size_t first, size_t end,
                               dlcore_error_record_t *error)
{
    dlcore_tensor_t *x = NULL, *y = NULL;
    dlcore_status status = dlcore_tensor_slice(reader->samples.x, first, end, &x, error);

    if (status == DLCORE_OK)
        status = dlcore_tensor_slice(reader->samples.y, first, end, &y, error);
    if (reader->x != NULL)
        (void)dlcore_tensor_fill(reader->x, 1e30, NULL);
    drop(reader);
    if (status == DLCORE_OK)
        status = dlcore_tensor_copy(x, &reader->x, error);
    if (status == DLCORE_OK)
        status = dlcore_tensor_copy(y, &reader->y, error);
    dlcore_tensor_free(x);
    dlcore_tensor_free(y);
    return status;
}

static dlcore_status reader_next(void *user, dlcore_dataset_batch_t *batch,
                                 dlcore_error_record_t *error)
{
    reader_t *reader = user;
    size_t first = reader->next++ * reader->batch_size;
    size_t end = first + reader->batch_size < ROWS ? first + reader->batch_size : ROWS;
    dlcore_status status;

    if (++reader->calls == reader->fail_at)
        return DLCORE_ERROR_FORMAT;
    if (first >= ROWS || reader->is_empty)
        return DLCORE_OK;
    status = copy_rows(reader, first, end, error);
    batch->x = reader->x;
    batch->y = reader->without_labels ? NULL : reader->y;
    return status;
}

static reader_t reader_of(void)
{
    return (reader_t){.samples = samples_of_floats(ROWS, INPUTS, CLASSES), .batch_size = BATCH};
}

static void reader_free(reader_t *reader)
{
    drop(reader);
    samples_free(reader->samples);
}

static dlcore_dataset_t dataset_of(reader_t *reader, bool prefetch)
{
    return (dlcore_dataset_t){
        .user = reader, .begin = reader_begin, .next = reader_next, .prefetch = prefetch};
}

static dlcore_model_t *model_of(void)
{
    static const size_t widths[] = {INPUTS, 24, CLASSES, 0};
    dlcore_model_options_t options = engine_options(DLCORE_ENGINE_AUTO, 2);

    return classifier(&options, widths, dlcore_optimizer_rmsprop());
}

static void check_same_as_tensors(bool prefetch)
{
    reader_t reader = reader_of();
    dlcore_dataset_t dataset = dataset_of(&reader, prefetch);
    dlcore_fit_options_t options = batches_of(BATCH);
    dlcore_model_t *a = model_of(), *b = model_of();
    dlcore_history_t *ours = NULL, *theirs = NULL;

    options.epochs = 4;
    options.shuffle = false;
    assert_int_equal(dlcore_model_fit(a, reader.samples.x, reader.samples.y, &options, &theirs),
                     DLCORE_OK);
    assert_int_equal(dlcore_model_fit_dataset(b, &dataset, &options, &ours), DLCORE_OK);
    assert_true(same_weights(a, b));
    assert_int_equal(reader.begun, 4);
    assert_int_equal(reader.pass, 3);
    for (size_t epoch = 0; epoch < 4; epoch++)
        assert_true(dlcore_history_value(ours, "loss", epoch) ==
                    dlcore_history_value(theirs, "loss", epoch));
    dlcore_history_free(ours);
    dlcore_history_free(theirs);
    dlcore_model_free(a);
    dlcore_model_free(b);
    reader_free(&reader);
}

static void test_dataset_trains_to_the_same_bits_as_tensors(void **state)
{
    (void)state;
    check_same_as_tensors(false);
}

static void test_dataset_prefetched_trains_to_the_same_bits(void **state)
{
    (void)state;
    check_same_as_tensors(true);
}

/* The first epoch of a model that is not built takes the width from the first batch. */
static void test_dataset_tells_an_unbuilt_model_its_width(void **state)
{
    reader_t reader = reader_of();
    dlcore_dataset_t dataset = dataset_of(&reader, false);
    dlcore_optimizer_t sgd = dlcore_optimizer_sgd();
    dlcore_model_t *model = NULL;

    (void)state;
    assert_int_equal(dlcore_model_create(NULL, &model), DLCORE_OK);
    dlcore_model_add(model, dlcore_layer_dense(CLASSES, DLCORE_ACTIVATION_SOFTMAX));
    dlcore_model_compile(model, &sgd, DLCORE_LOSS_SPARSE_CATEGORICAL_CROSSENTROPY,
                         DLCORE_METRIC_ACCURACY);
    assert_int_equal(dlcore_model_fit_dataset(model, &dataset, NULL, NULL), DLCORE_OK);
    assert_int_equal(dlcore_model_input_width(model), INPUTS);
    assert_int_equal(reader.begun, 1);
    dlcore_model_free(model);
    reader_free(&reader);
}

/* A pass has 5 batches; 4 epochs of 3 are 12: two passes and 2 batches of a third. */
static void test_dataset_steps_per_epoch_goes_on_through_passes(void **state)
{
    (void)state;
    for (int prefetch = 0; prefetch < 2; prefetch++) {
        reader_t reader = reader_of();
        dlcore_dataset_t dataset = dataset_of(&reader, prefetch == 1);
        dlcore_fit_options_t options = batches_of(BATCH);
        dlcore_model_t *model = model_of();
        dlcore_history_t *history = NULL;

        options.epochs = 4;
        options.steps_per_epoch = 3;
        assert_int_equal(dlcore_model_fit_dataset(model, &dataset, &options, &history), DLCORE_OK);
        assert_int_equal(dlcore_history_epoch_count(history), 4);
        assert_int_equal(reader.begun, 3);
        assert_int_equal(reader.pass, 2);
        assert_true(reader.calls >= 14);
        dlcore_history_free(history);
        dlcore_model_free(model);
        reader_free(&reader);
    }
}

static void test_dataset_batches_may_grow(void **state)
{
    (void)state;
    for (int prefetch = 0; prefetch < 2; prefetch++) {
        reader_t reader = reader_of();
        dlcore_dataset_t dataset = dataset_of(&reader, prefetch == 1);
        dlcore_fit_options_t options = batches_of(1);
        dlcore_model_t *model = model_of();

        reader.batch_size = 2;
        assert_int_equal(dlcore_model_fit_dataset(model, &dataset, &options, NULL), DLCORE_OK);
        reader.batch_size = 64;
        assert_int_equal(dlcore_model_fit_dataset(model, &dataset, &options, NULL), DLCORE_OK);
        dlcore_model_free(model);
        reader_free(&reader);
    }
}

static void test_dataset_evaluates_and_validates_as_tensors_do(void **state)
{
    reader_t reader = reader_of();
    dlcore_dataset_t dataset = dataset_of(&reader, false);
    dlcore_fit_options_t options = batches_of(BATCH);
    dlcore_evaluate_options_t how = dlcore_evaluate_options_default();
    dlcore_model_t *model = model_of();
    dlcore_evaluation_t ours, theirs;
    dlcore_history_t *history = NULL;

    (void)state;
    options.validation_dataset = &dataset;
    assert_int_equal(
        dlcore_model_fit(model, reader.samples.x, reader.samples.y, &options, &history), DLCORE_OK);
    how.batch_size = BATCH;
    assert_int_equal(
        dlcore_model_evaluate(model, reader.samples.x, reader.samples.y, &how, &theirs), DLCORE_OK);
    assert_int_equal(dlcore_model_evaluate_dataset(model, &dataset, NULL, &ours), DLCORE_OK);
    assert_true(ours.loss == theirs.loss);
    assert_true(ours.metrics[0].value == theirs.metrics[0].value);
    assert_true(dlcore_history_value(history, "val_loss", 0) == theirs.loss);
    dlcore_history_free(history);
    dlcore_model_free(model);
    reader_free(&reader);
}

typedef struct written {
    char text[8192];
    size_t length;
} written_t;

static void collect(void *user, const char *text, size_t length)
{
    written_t *written = user;

    assert_true(length < sizeof written->text - written->length);
    memcpy(written->text + written->length, text, length);
    written->length += length;
}

/* The first pass counts them. */
static void test_dataset_number_of_batches_is_shown_from_the_second_epoch(void **state)
{
    (void)state;
    for (int prefetch = 0; prefetch < 2; prefetch++) {
        reader_t reader = reader_of();
        dlcore_dataset_t dataset = dataset_of(&reader, prefetch == 1);
        dlcore_fit_options_t options = batches_of(BATCH);
        dlcore_model_t *model = model_of();
        written_t written = {.length = 0};
        char *second;

        options.epochs = 2;
        options.verbose = 1;
        options.sink = (dlcore_sink_t){.write = collect, .user = &written, .terminal = true};
        assert_int_equal(dlcore_model_fit_dataset(model, &dataset, &options, NULL), DLCORE_OK);
        second = strstr(written.text, "Epoch 2/2");
        assert_non_null(second);
        assert_null(strstr(second, "Unknown"));
        assert_non_null(strstr(second, "1/5"));
        *second = '\0';
        assert_non_null(strstr(written.text, "1/Unknown"));
        assert_non_null(strstr(written.text, "5/5"));
        dlcore_model_free(model);
        reader_free(&reader);
    }
}

typedef struct taken {
    const float *expected;
    size_t rows;
} taken_t;

static dlcore_status take(void *user, const dlcore_tensor_t *y, dlcore_error_record_t *error)
{
    taken_t *taken = user;
    size_t rows = dlcore_tensor_length(y, 0);

    (void)error;
    for (size_t i = 0; i < rows * CLASSES; i++)
        assert_true(fabsf(((const float *)dlcore_tensor_data_const(y))[i] -
                          taken->expected[taken->rows * CLASSES + i]) < 1e-6f);
    taken->rows += rows;
    return DLCORE_OK;
}

static dlcore_status refuse(void *user, const dlcore_tensor_t *y, dlcore_error_record_t *error)
{
    (void)user;
    (void)y;
    (void)error;
    return DLCORE_ERROR_RANGE;
}

static void test_dataset_predicts_batch_by_batch(void **state)
{
    reader_t reader = reader_of();
    dlcore_dataset_t dataset = dataset_of(&reader, false);
    dlcore_model_t *model = model_of();
    dlcore_tensor_t *all = predictions(model, reader.samples);
    taken_t taken = {.expected = dlcore_tensor_data_const(all)};

    (void)state;
    reader.without_labels = true;
    assert_int_equal(dlcore_model_predict_dataset(model, &dataset, take, &taken, NULL), DLCORE_OK);
    assert_int_equal(taken.rows, ROWS);
    assert_int_equal(dlcore_model_predict_dataset(model, &dataset, refuse, NULL, NULL),
                     DLCORE_ERROR_RANGE);
    dlcore_tensor_free(all);
    dlcore_model_free(model);
    reader_free(&reader);
}

/* ---- what a dataset does wrong ---- */

static void check_refused(reader_t *reader, dlcore_status expected, const char *text)
{
    for (int prefetch = 0; prefetch < 2; prefetch++) {
        dlcore_dataset_t dataset = dataset_of(reader, prefetch == 1);
        dlcore_model_t *model = model_of();
        dlcore_status status;

        reader->calls = 0;
        status = dlcore_model_fit_dataset(model, &dataset, NULL, NULL);
        if (status != expected || strstr(dlcore_model_error(model), text) == NULL)
            fail_msg("%d, \"%s\", not \"%s\"", status, dlcore_model_error(model), text);
        dlcore_model_free(model);
    }
    reader_free(reader);
}

static void test_dataset_errors_end_fit_with_their_message(void **state)
{
    reader_t reader = reader_of();

    (void)state;
    reader.fails_to_begin = true;
    check_refused(&reader, DLCORE_ERROR_IO, "dataset: begin: no disk");
    reader = reader_of();
    reader.fail_at = 3;
    check_refused(&reader, DLCORE_ERROR_FORMAT, "dataset: next: file is malformed");
    reader = reader_of();
    reader.without_labels = true;
    check_refused(&reader, DLCORE_ERROR_ARGUMENT, "a batch without y");
    reader = reader_of();
    reader.is_empty = true;
    check_refused(&reader, DLCORE_ERROR_ARGUMENT,
                  "dataset: pass 0 (counted from 0) gave no batch; check that begin goes to the "
                  "batch it is given");
}

static dlcore_status stay(void *user, size_t pass, size_t batch, dlcore_error_record_t *error)
{
    (void)user;
    (void)pass;
    (void)batch;
    (void)error;
    return DLCORE_OK;
}

/* The second pass finds the data at their end. */
static void test_dataset_whose_begin_does_not_go_back_is_told_so(void **state)
{
    (void)state;
    for (int prefetch = 0; prefetch < 2; prefetch++) {
        reader_t reader = reader_of();
        dlcore_dataset_t dataset = dataset_of(&reader, prefetch == 1);
        dlcore_fit_options_t options = batches_of(BATCH);
        dlcore_model_t *model = model_of();
        dlcore_evaluate_options_t how = dlcore_evaluate_options_default();
        dlcore_error_record_t error = {0};
        dlcore_evaluation_t result;

        dataset.begin = stay;
        options.epochs = 3;
        how.error = &error;
        assert_int_equal(dlcore_model_fit_dataset(model, &dataset, &options, NULL),
                         DLCORE_ERROR_ARGUMENT);
        assert_string_equal(dlcore_model_error(model),
                            "dataset: pass 1 (counted from 0) gave no batch; check that begin goes "
                            "to the batch it is given");
        assert_int_equal(dlcore_model_evaluate_dataset(model, &dataset, &how, &result),
                         DLCORE_ERROR_ARGUMENT);
        assert_non_null(strstr(error.message, "pass 0 (counted from 0) gave no batch"));
        dlcore_model_free(model);
        reader_free(&reader);
    }
}

static void test_dataset_batches_that_do_not_fit_are_named(void **state)
{
    reader_t reader = reader_of();

    (void)state;
    ((int32_t *)dlcore_tensor_data(reader.samples.y))[BATCH * 2] = 99;
    check_refused(&reader, DLCORE_ERROR_RANGE,
                  "dataset: batch 2 of pass 0: label 99 of sample 0 is outside 0 .. 3");
    reader = reader_of();
    ((int32_t *)dlcore_tensor_data(reader.samples.y))[7] = 99; /* of the batch that shows shapes */
    check_refused(&reader, DLCORE_ERROR_RANGE,
                  "dataset: batch 0 of pass 0: label 99 of sample 7 is outside 0 .. 3");
}

static void test_dataset_with_nan_names_the_sample_of_the_batch(void **state)
{
    reader_t reader = reader_of();

    (void)state;
    ((float *)dlcore_tensor_data(reader.samples.x))[(32 * 1 + 5) * INPUTS + 6] = NAN;
    reader.batch_size = 32;
    check_refused(&reader, DLCORE_ERROR_NOT_FINITE,
                  "loss is NaN in batch 1 of epoch 0, counted from 0, of 32 samples: number 6 of "
                  "sample 5 of the batch's x is NaN; the weights are those before it");
}

static void test_dataset_without_functions_is_refused(void **state)
{
    dlcore_model_t *model = model_of();
    dlcore_dataset_t none = {0};
    dlcore_evaluation_t result;

    (void)state;
    assert_int_equal(dlcore_model_fit_dataset(model, &none, NULL, NULL), DLCORE_ERROR_ARGUMENT);
    assert_int_equal(dlcore_model_fit_dataset(model, NULL, NULL, NULL), DLCORE_ERROR_ARGUMENT);
    assert_int_equal(dlcore_model_evaluate_dataset(model, NULL, NULL, &result),
                     DLCORE_ERROR_ARGUMENT);
    assert_int_equal(dlcore_model_predict_dataset(model, &none, take, NULL, NULL),
                     DLCORE_ERROR_ARGUMENT);
    dlcore_model_free(model);
}

static void test_dataset_without_memory_fails_and_loses_none(void **state)
{
    (void)state;
    for (int prefetch = 0; prefetch < 2; prefetch++) {
        dlcore_status status = DLCORE_ERROR_MEMORY;

        for (size_t n = 1; status != DLCORE_OK; n++) {
            static const size_t widths[] = {INPUTS, 24, CLASSES, 0};
            failing_allocator_t memory;
            dlcore_model_options_t options = engine_options(DLCORE_ENGINE_AUTO, 1);
            reader_t reader = reader_of(), other = reader_of();
            dlcore_dataset_t dataset = dataset_of(&reader, prefetch == 1);
            dlcore_dataset_t validation = dataset_of(&other, false);
            dlcore_fit_options_t how = dlcore_fit_options_default();
            dlcore_model_t *model;

            how.validation_dataset = &validation;
            failing_allocator_init(&memory);
            options.allocator = failing_allocator(&memory);
            model = classifier(&options, widths, dlcore_optimizer_rmsprop());
            memory.fail_at = memory.calls + n;
            status = dlcore_model_fit_dataset(model, &dataset, &how, NULL);
            if (status != DLCORE_OK)
                assert_int_equal(status, DLCORE_ERROR_MEMORY);
            dlcore_model_free(model);
            failing_allocator_assert_clean(&memory);
            reader_free(&reader);
            reader_free(&other);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dataset_trains_to_the_same_bits_as_tensors),
        cmocka_unit_test(test_dataset_prefetched_trains_to_the_same_bits),
        cmocka_unit_test(test_dataset_tells_an_unbuilt_model_its_width),
        cmocka_unit_test(test_dataset_steps_per_epoch_goes_on_through_passes),
        cmocka_unit_test(test_dataset_batches_may_grow),
        cmocka_unit_test(test_dataset_evaluates_and_validates_as_tensors_do),
        cmocka_unit_test(test_dataset_number_of_batches_is_shown_from_the_second_epoch),
        cmocka_unit_test(test_dataset_predicts_batch_by_batch),
        cmocka_unit_test(test_dataset_errors_end_fit_with_their_message),
        cmocka_unit_test(test_dataset_whose_begin_does_not_go_back_is_told_so),
        cmocka_unit_test(test_dataset_batches_that_do_not_fit_are_named),
        cmocka_unit_test(test_dataset_with_nan_names_the_sample_of_the_batch),
        cmocka_unit_test(test_dataset_without_functions_is_refused),
        cmocka_unit_test(test_dataset_without_memory_fails_and_loses_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
