/* Weights of samples and classes in fit, train_on_batch, evaluate and datasets.
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

#include <dlcore.h>

#include "support/classifier.h"

enum { ROWS = 60, INPUTS = 6, CLASSES = 3, BATCH = 16 };

static const float class_weight[CLASSES] = {1, 0.25F, 3};

static model_t *model_of(void)
{
    static const size_t widths[] = {INPUTS, 20, CLASSES, 0};
    model_options_t options = model_options_default();

    return classifier(&options, widths, optimizer_rmsprop());
}

/* The class weights, spelled out for each sample. */
static tensor_t *spelled_out(samples_t samples)
{
    tensor_t *weights = NULL;
    const int32_t *labels = tensor_data_const(samples.y);

    assert_int_equal(tensor_create(NULL, DTYPE_FLOAT32, 1, (size_t[]){ROWS}, &weights, NULL),
                     DLCORE_OK);
    for (size_t i = 0; i < ROWS; i++)
        ((float *)tensor_data(weights))[i] = class_weight[labels[i]];
    return weights;
}

typedef struct rows {
    samples_t samples;
    tensor_t *weights;
    bool done;
} rows_t;

static dlcore_status begin(void *user, size_t pass, size_t batch, error_record_t *error)
{
    (void)pass;
    (void)batch;
    (void)error;
    ((rows_t *)user)->done = false;
    return DLCORE_OK;
}

/* All rows as one batch. */
static dlcore_status next(void *user, dataset_batch_t *batch, error_record_t *error)
{
    rows_t *rows = user;

    (void)error;
    if (rows->done)
        return DLCORE_OK;
    rows->done = true;
    *batch = (dataset_batch_t){
        .x = rows->samples.x, .y = rows->samples.y, .sample_weight = rows->weights};
    return DLCORE_OK;
}

static void test_fit_weights_of_classes_are_weights_of_their_samples(void **state)
{
    samples_t samples = samples_of_floats(ROWS, INPUTS, CLASSES);
    tensor_t *weights = spelled_out(samples);
    model_t *models[6];
    fit_options_t how = batches_of(ROWS);

    (void)state;
    for (int i = 0; i < 6; i++) {
        rows_t rows = {.samples = samples, .weights = i < 4 ? weights : NULL};
        dataset_t dataset = {.user = &rows, .begin = begin, .next = next, .prefetch = i % 2 == 1};

        models[i] = model_of();
        how.epochs = 3;
        how.shuffle = false;
        how.sample_weight = i == 0 ? weights : NULL;
        how.class_weight = i == 1 || i > 3 ? class_weight : NULL;
        how.class_count = i == 1 || i > 3 ? CLASSES : 0;
        if (i < 2)
            assert_int_equal(model_fit(models[i], samples.x, samples.y, &how, NULL), DLCORE_OK);
        else
            assert_int_equal(model_fit_dataset(models[i], &dataset, &how, NULL), DLCORE_OK);
        assert_true(same_weights(models[i], models[0]));
    }
    for (int i = 0; i < 6; i++)
        model_free(models[i]);
    tensor_free(weights);
    samples_free(samples);
}

static void test_fit_weights_and_train_on_batch_agree(void **state)
{
    samples_t samples = samples_of_floats(ROWS, INPUTS, CLASSES);
    tensor_t *weights = spelled_out(samples);
    model_t *a = model_of(), *b = model_of(), *plain = model_of();
    fit_options_t how = batches_of(ROWS);

    (void)state;
    how.shuffle = false;
    how.sample_weight = weights;
    how.class_weight = class_weight; /* both multiply */
    how.class_count = CLASSES;
    assert_int_equal(model_fit(a, samples.x, samples.y, &how, NULL), DLCORE_OK);
    assert_int_equal(model_train_on_batch_weighted(b, samples.x, samples.y, weights, class_weight,
                                                   CLASSES, NULL),
                     DLCORE_OK);
    assert_int_equal(model_train_on_batch(plain, samples.x, samples.y, NULL), DLCORE_OK);
    assert_true(same_weights(a, b));
    assert_false(same_weights(a, plain));
    model_free(a);
    model_free(b);
    model_free(plain);
    tensor_free(weights);
    samples_free(samples);
}

/* Weight 1 for the first half and 0 for the other: half of the loss of the first half. */
static void test_fit_weights_in_evaluate_and_validation(void **state)
{
    samples_t samples = samples_of_floats(ROWS, INPUTS, CLASSES);
    tensor_t *weights = NULL, *x = NULL, *y = NULL;
    model_t *model = model_of();
    evaluate_options_t options = evaluate_options_default();
    fit_options_t how = batches_of(BATCH);
    history_t *history = NULL;
    evaluation_t half, weighted;

    (void)state;
    tensor_create(NULL, DTYPE_FLOAT32, 1, (size_t[]){ROWS}, &weights, NULL);
    for (size_t i = 0; i < ROWS / 2; i++)
        ((float *)tensor_data(weights))[i] = 1;
    tensor_slice(samples.x, 0, ROWS / 2, &x, NULL);
    tensor_slice(samples.y, 0, ROWS / 2, &y, NULL);
    how.validation_x = samples.x;
    how.validation_y = samples.y;
    how.validation_sample_weight = weights;
    assert_int_equal(model_fit(model, samples.x, samples.y, &how, &history), DLCORE_OK);
    assert_int_equal(model_evaluate(model, x, y, NULL, &half), DLCORE_OK);
    options.sample_weight = weights;
    assert_int_equal(model_evaluate(model, samples.x, samples.y, &options, &weighted), DLCORE_OK);
    assert_true(fabs(weighted.loss - half.loss / 2) < 1e-6 * half.loss);
    assert_true(fabs(history_value(history, "val_loss", 0) - weighted.loss) < 1e-6 * half.loss);
    history_free(history);
    model_free(model);
    tensor_free(x);
    tensor_free(y);
    tensor_free(weights);
    samples_free(samples);
}

/* As in Keras: the samples that a split keeps for validation have their weights, but not those of
 * their classes. */
static void test_fit_weights_of_classes_are_not_of_validation(void **state)
{
    enum { KEPT = ROWS / 4 };
    samples_t samples = samples_of_floats(ROWS, INPUTS, CLASSES);
    tensor_t *weights = spelled_out(samples), *x = NULL, *y = NULL, *part = NULL;
    evaluate_options_t alone = evaluate_options_default();
    fit_options_t how = batches_of(BATCH);
    history_t *history = NULL;
    evaluation_t result;
    model_t *model = model_of();

    (void)state;
    how.validation_split = 0.25;
    how.sample_weight = weights;
    how.class_weight = class_weight;
    how.class_count = CLASSES;
    assert_int_equal(model_fit(model, samples.x, samples.y, &how, &history), DLCORE_OK);
    assert_int_equal(tensor_slice(samples.x, ROWS - KEPT, ROWS, &x, NULL), DLCORE_OK);
    assert_int_equal(tensor_slice(samples.y, ROWS - KEPT, ROWS, &y, NULL), DLCORE_OK);
    assert_int_equal(tensor_slice(weights, ROWS - KEPT, ROWS, &part, NULL), DLCORE_OK);
    alone.batch_size = BATCH;
    alone.sample_weight = part;
    assert_int_equal(model_evaluate(model, x, y, &alone, &result), DLCORE_OK);
    assert_true(fabs(history_value(history, "val_loss", 0) - result.loss) <= 1e-12);
    history_free(history);
    tensor_free(x);
    tensor_free(y);
    tensor_free(part);
    tensor_free(weights);
    samples_free(samples);
    model_free(model);
}

static void test_fit_weights_that_are_bad_are_refused(void **state)
{
    samples_t samples = samples_of_floats(ROWS, INPUTS, CLASSES);
    tensor_t *weights = spelled_out(samples);
    const float bad[CLASSES] = {1, -1, 1};
    model_t *model = model_of();
    fit_options_t how = batches_of(BATCH);

    (void)state;
    how.sample_weight = weights;
    ((float *)tensor_data(weights))[7] = NAN;
    assert_int_equal(model_fit(model, samples.x, samples.y, &how, NULL), DLCORE_ERROR_RANGE);
    assert_non_null(strstr(model_error(model), "sample_weight must be finite, got"));
    how.sample_weight = samples.x;
    assert_int_equal(model_fit(model, samples.x, samples.y, &how, NULL), DLCORE_ERROR_SHAPE);
    how.sample_weight = NULL;
    how.class_weight = bad;
    assert_int_equal(model_fit(model, samples.x, samples.y, &how, NULL), DLCORE_ERROR_ARGUMENT);
    how.class_count = CLASSES;
    assert_int_equal(model_fit(model, samples.x, samples.y, &how, NULL), DLCORE_ERROR_RANGE);
    assert_non_null(strstr(model_error(model), "got -1 for class 1"));
    model_free(model);
    tensor_free(weights);
    samples_free(samples);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fit_weights_of_classes_are_weights_of_their_samples),
        cmocka_unit_test(test_fit_weights_and_train_on_batch_agree),
        cmocka_unit_test(test_fit_weights_in_evaluate_and_validation),
        cmocka_unit_test(test_fit_weights_that_are_bad_are_refused),
        cmocka_unit_test(test_fit_weights_of_classes_are_not_of_validation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
