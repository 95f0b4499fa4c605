/* Cross-validation of several settings: the numbers are those of a loop by hand, on any number of
 * threads, and what cannot be tried so is refused.
 *
 * SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dlcore.h"
#include "support/classifier.h"
#include "support/failing_allocator.h"
#include "support/models.h"
#include "support/tensors.h"

enum { ROWS = 90, INPUTS = 4, CLASSES = 3, FOLDS = 3 };

/* Normalization, a hidden layer of that many units or none, softmax. Not built. */
static model_t *template_of(size_t hidden, const model_options_t *options)
{
    optimizer_t adam = optimizer_adam();
    model_t *model = NULL;

    assert_int_equal(model_create(options, &model), DLCORE_OK);
    assert_accepted(model, model_add(model, layer_normalization()));
    if (hidden > 0)
        assert_accepted(model, model_add(model, layer_dense(hidden, ACTIVATION_RELU)));
    assert_accepted(model, model_add(model, layer_dense(CLASSES, ACTIVATION_SOFTMAX)));
    assert_accepted(
        model, model_compile(model, &adam, LOSS_SPARSE_CATEGORICAL_CROSSENTROPY, METRIC_ACCURACY));
    return model;
}

static fit_options_t short_fit(void)
{
    fit_options_t how = fit_options_default();

    how.epochs = 3;
    how.batch_size = 16;
    return how;
}

/* What a user would write without the call. */
static evaluation_t by_hand(size_t hidden, samples_t samples, const k_fold_options_t *folds,
                            size_t fold)
{
    model_t *model = template_of(hidden, NULL);
    fit_options_t how = short_fit();
    evaluate_options_t tested = evaluate_options_default();
    evaluation_t result;
    split_t parts;

    tested.batch_size = 16;
    assert_int_equal(k_fold(samples.x, samples.y, folds, fold, &parts, NULL), DLCORE_OK);
    assert_accepted(model, model_adapt(model, 0, parts.train_x));
    assert_accepted(model, model_fit(model, parts.train_x, parts.train_y, &how, NULL));
    assert_int_equal(model_evaluate(model, parts.test_x, parts.test_y, &tested, &result),
                     DLCORE_OK);
    model_free(model);
    split_free(&parts);
    return result;
}

static void test_cross_validate_is_a_loop_by_hand_at_any_number_of_threads(void **state)
{
    samples_t samples = samples_of_floats(ROWS, INPUTS, CLASSES);
    fit_options_t how = short_fit();
    model_t *small = template_of(0, NULL), *large = template_of(12, NULL);
    cross_candidate_t candidates[] = {{.name = "small", .model = small, .fit = &how},
                                      {.model = large, .fit = &how}};
    cross_validate_options_t options = cross_validate_options_default();

    (void)state;
    options.folds.folds = FOLDS;
    options.folds.stratify = true;
    for (options.at_once = 0; options.at_once < 4; options.at_once++) {
        cross_validation_t *table = NULL;

        assert_int_equal(cross_validate(candidates, 2, samples.x, samples.y, &options, &table),
                         DLCORE_OK);
        assert_int_equal(cross_validation_candidates(table), 2);
        assert_int_equal(cross_validation_folds(table), FOLDS);
        assert_string_equal(cross_validation_name(table, 0), "small");
        assert_string_equal(cross_validation_name(table, 1), "1");
        for (size_t fold = 0; fold < FOLDS; fold++) {
            for (size_t c = 0; c < 2; c++) {
                evaluation_t expected = by_hand(12 * c, samples, &options.folds, fold);

                assert_true(cross_validation_value(table, c, fold, "loss") == expected.loss);
                assert_true(cross_validation_value(table, c, fold, "acc") ==
                            evaluation_value(&expected, "acc"));
                assert_true(cross_validation_value(table, c, fold, "seconds") > 0);
            }
        }
        cross_validation_free(table);
    }
    assert_int_equal(model_input_width(small), 0); /* templates are not built */
    model_free(small);
    model_free(large);
    samples_free(samples);
}

static void test_cross_validation_means_deviations_and_the_best(void **state)
{
    samples_t samples = samples_of_floats(ROWS, INPUTS, CLASSES);
    fit_options_t one = short_fit(), many = short_fit();
    model_t *model = template_of(8, NULL);
    cross_candidate_t candidates[] = {{.name = "one epoch", .model = model, .fit = &one},
                                      {.name = "drei\xC3\x9Fig", .model = model, .fit = &many}};
    cross_validation_t *table = NULL;
    FILE *stream = tmpfile();
    char text[1024] = "";
    const char *first, *second;
    double a, b;

    (void)state;
    one.epochs = 1;
    many.epochs = 30;
    assert_int_equal(cross_validate(candidates, 2, samples.x, samples.y, NULL, &table), DLCORE_OK);
    assert_int_equal(cross_validation_folds(table), 5);
    assert_int_equal(cross_validation_best(table, "loss", false), 1);
    assert_int_equal(cross_validation_best(table, "loss", true), 0);
    a = b = 0;
    for (size_t fold = 0; fold < 5; fold++)
        a += cross_validation_value(table, 1, fold, "loss") / 5;
    for (size_t fold = 0; fold < 5; fold++)
        b += pow(cross_validation_value(table, 1, fold, "loss") - a, 2) / 4;
    assert_true(fabs(cross_validation_mean(table, 1, "loss") - a) < 1e-12);
    assert_true(fabs(cross_validation_deviation(table, 1, "loss") - sqrt(b)) < 1e-12);
    assert_true(isnan(cross_validation_mean(table, 1, "no such value")));
    assert_true(isnan(cross_validation_value(table, 2, 0, "loss")));
    assert_null(cross_validation_name(table, 2));
    assert_int_equal(cross_validation_print(table, stream, NULL), DLCORE_OK);
    rewind(stream);
    assert_true(fread(text, 1, sizeof text - 1, stream) > 100);
    assert_non_null(strstr(text, "candidate                loss            accuracy   seconds\n"));
    /* columns of characters, not of bytes */
    first = strstr(text, "\none epoch ");
    second = strstr(text, "\ndrei\xC3\x9Fig ");
    assert_true(first != NULL && second != NULL);
    assert_int_equal(strchr(second + 1, '\n') - second, strchr(first + 1, '\n') - first + 1);
    fclose(stream);
    stream = fopen("/dev/full", "w");
    if (stream != NULL) {
        error_record_t error = {0};

        assert_int_equal(cross_validation_print(table, stream, &error), DLCORE_ERROR_IO);
        assert_string_equal(error.message, "cross_validation: the stream failed");
        fclose(stream);
    }
    cross_validation_free(table);
    model_free(model);
    samples_free(samples);
}

static callback_action_t count(void *user, const training_event_t *event)
{
    (void)event;
    ++*(size_t *)user;
    return CALLBACK_CONTINUE;
}

static void test_cross_validate_calls_callbacks_on_one_thread_alone(void **state)
{
    samples_t samples = samples_of_floats(ROWS, INPUTS, CLASSES);
    fit_options_t how = short_fit();
    model_t *model = template_of(0, NULL);
    size_t epochs = 0;
    callback_t callback = {.user = &epochs, .on_epoch_end = count};
    cross_candidate_t candidate = {.name = "called", .model = model, .fit = &how};
    cross_validate_options_t options = cross_validate_options_default();
    cross_validation_t *table = NULL;
    error_record_t error = {0};

    (void)state;
    how.callbacks = &callback;
    how.callback_count = 1;
    options.error = &error;
    assert_int_equal(cross_validate(&candidate, 1, samples.x, samples.y, &options, &table),
                     DLCORE_OK);
    assert_int_equal(epochs, 15);
    cross_validation_free(table);
    options.at_once = 2;
    assert_failed(cross_validate(&candidate, 1, samples.x, samples.y, &options, &table),
                  DLCORE_ERROR_ARGUMENT, &error,
                  "candidate 0 has callbacks, so at_once must be 0 or 1, got 2");
    assert_null(table);
    model_free(model);
    samples_free(samples);
}

/* A dataset: is one thread in it at a time, and always the same? */
typedef struct watched {
    samples_t samples;
    atomic_int inside;
    size_t batches;
    bool given, mixed;
} watched_t;

static dlcore_status watched_begin(void *user, size_t pass, size_t batch, error_record_t *error)
{
    watched_t *watched = user;

    (void)pass;
    (void)batch;
    (void)error;
    watched->given = false;
    return DLCORE_OK;
}

static dlcore_status watched_next(void *user, dataset_batch_t *batch, error_record_t *error)
{
    watched_t *watched = user;

    (void)error;
    watched->mixed |= atomic_fetch_add(&watched->inside, 1) != 0;
    if (!watched->given)
        *batch = (dataset_batch_t){.x = watched->samples.x, .y = watched->samples.y};
    watched->given = !watched->given;
    watched->batches++;
    atomic_fetch_sub(&watched->inside, 1);
    return DLCORE_OK;
}

static void test_cross_validate_reads_a_validation_dataset_on_one_thread_alone(void **state)
{
    samples_t samples = samples_of_floats(ROWS, INPUTS, CLASSES);
    watched_t watched = {.samples = samples};
    dataset_t dataset = {.user = &watched, .begin = watched_begin, .next = watched_next};
    fit_options_t how = short_fit();
    model_t *model = template_of(0, NULL);
    cross_candidate_t candidate = {.name = "validated", .model = model, .fit = &how};
    cross_validate_options_t options = cross_validate_options_default();
    cross_validation_t *table = NULL;
    error_record_t error = {0};

    (void)state;
    how.validation_dataset = &dataset;
    options.error = &error;
    for (int i = 0; i < 10; i++) {
        assert_int_equal(cross_validate(&candidate, 1, samples.x, samples.y, &options, &table),
                         DLCORE_OK);
        cross_validation_free(table);
    }
    assert_false(watched.mixed);
    assert_int_equal(watched.batches, 10 * 15 * 2);
    options.at_once = 2;
    assert_failed(cross_validate(&candidate, 1, samples.x, samples.y, &options, &table),
                  DLCORE_ERROR_ARGUMENT, &error,
                  "candidate 0 has a validation_dataset, so at_once must be 0 or 1, got 2");
    model_free(model);
    samples_free(samples);
}

static void function(const function_batch_t *batch, void *user)
{
    (void)batch;
    (void)user;
}

static double rate(void *user, uint64_t step)
{
    (void)user;
    return step == 0 ? 0.1 : 0.01;
}

/* What is called while a candidate trains would be called from several threads. */
static void test_cross_validate_functions_of_the_host_want_one_thread(void **state)
{
    samples_t samples = samples_of_floats(ROWS, INPUTS, CLASSES);
    const metric_t metric = metric_function(function, NULL);
    const char *const names[] = {"a loss of its own", "a schedule of its own",
                                 "a metric of its own", "a metric of its own"};
    cross_validate_options_t options = cross_validate_options_default();
    cross_validation_t *table = NULL;
    error_record_t error = {0};

    (void)state;
    options.error = &error;
    options.at_once = 2;
    for (size_t i = 0; i < 4; i++) {
        compile_options_t how = compile_options_default();
        cross_candidate_t candidate = {.name = NULL};
        model_t *model = NULL;
        char text[64];

        how.loss =
            i == 0 ? loss_sparse_function(function, NULL) : loss_sparse_categorical_crossentropy();
        if (i == 1)
            how.optimizer.schedule = schedule_function(rate, NULL);
        if (i == 2)
            how.metrics[how.metric_count++] = metric;
        if (i == 3)
            how.weighted_metrics[how.weighted_metric_count++] = metric;
        assert_int_equal(model_create(NULL, &model), DLCORE_OK);
        assert_accepted(model, model_add(model, layer_dense(CLASSES, ACTIVATION_SOFTMAX)));
        assert_accepted(model, model_compile_with(model, &how));
        candidate.model = model;
        snprintf(text, sizeof text, "candidate 0 has %s, so at_once must be 0 or 1", names[i]);
        assert_failed(cross_validate(&candidate, 1, samples.x, samples.y, &options, &table),
                      DLCORE_ERROR_ARGUMENT, &error, text);
        assert_null(table);
        model_free(model);
    }
    samples_free(samples);
}

static void test_cross_validate_names_the_candidate_and_fold_that_failed(void **state)
{
    samples_t samples = samples_of_floats(ROWS, INPUTS, CLASSES);
    model_t *model = template_of(0, NULL), *wrong = NULL, *raw = NULL;
    optimizer_t sgd = optimizer_sgd();
    cross_candidate_t candidates[] = {{.name = "good", .model = model}, {.name = "wrong"}};
    cross_validate_options_t options = cross_validate_options_default();
    cross_validation_t *table = NULL;
    error_record_t error = {0};

    (void)state;
    options.error = &error;
    assert_failed(cross_validate(candidates, 2, samples.x, samples.y, &options, &table),
                  DLCORE_ERROR_ARGUMENT, &error, "the model of candidate 1 is NULL");
    assert_int_equal(model_create(NULL, &raw), DLCORE_OK);
    candidates[1].model = raw;
    assert_failed(cross_validate(candidates, 2, samples.x, samples.y, &options, &table),
                  DLCORE_ERROR_STATE, &error, "candidate 1 is not compiled");
    assert_int_equal(model_create(NULL, &wrong), DLCORE_OK);
    layer_t two = layer_dense(2, ACTIVATION_SOFTMAX);
    assert_accepted(wrong, model_add(wrong, two));
    assert_accepted(wrong,
                    model_compile(wrong, &sgd, LOSS_SPARSE_CATEGORICAL_CROSSENTROPY, METRIC_NONE));
    candidates[1].model = wrong;
    for (options.at_once = 1; options.at_once < 3; options.at_once++)
        assert_failed(cross_validate(candidates, 2, samples.x, samples.y, &options, &table),
                      DLCORE_ERROR_RANGE, &error, "cross_validate: wrong, fold 0: ");
    options.folds.folds = 91;
    assert_failed(cross_validate(candidates, 1, samples.x, samples.y, &options, &table),
                  DLCORE_ERROR_ARGUMENT, &error, "folds must lie in 2 .. 90");
    options.folds.folds = 0;
    assert_failed(cross_validate(candidates, 1, samples.x, samples.y, &options, &table),
                  DLCORE_ERROR_ARGUMENT, &error, "folds must lie in 2 .. 90");
    options.folds.folds = SIZE_MAX / 16; /* results for so many are not asked for */
    assert_failed(cross_validate(candidates, 1, samples.x, samples.y, &options, &table),
                  DLCORE_ERROR_ARGUMENT, &error, "folds must lie in 2 .. 90");
    assert_failed(cross_validate(candidates, 0, samples.x, samples.y, &options, &table),
                  DLCORE_ERROR_ARGUMENT, &error, "there are no candidates");
    model_free(raw);
    model_free(wrong);
    model_free(model);
    samples_free(samples);
}

static void test_cross_validate_candidates_that_cannot_be_are_refused(void **state)
{
    samples_t samples = samples_of_floats(ROWS, INPUTS, CLASSES);
    model_t *model = template_of(0, NULL);
    char name[DLCORE_CROSS_CANDIDATE_NAME_SIZE + 1] = "";
    fit_options_t zeros = {0}, how = short_fit();
    cross_candidate_t candidate = {.name = name, .model = model};
    cross_validate_options_t options = cross_validate_options_default();
    cross_validation_t *table = NULL;
    error_record_t error = {0};

    (void)state;
    options.error = &error;
    memset(name, 'a', DLCORE_CROSS_CANDIDATE_NAME_SIZE);
    assert_failed(cross_validate(&candidate, 1, samples.x, samples.y, &options, &table),
                  DLCORE_ERROR_ARGUMENT, &error, "the name of candidate 0 has more than 47 bytes");
    name[1] = '\0';
    name[0] = (char)0xFF;
    assert_failed(cross_validate(&candidate, 1, samples.x, samples.y, &options, &table),
                  DLCORE_ERROR_ARGUMENT, &error, "the name of candidate 0 is not UTF-8");
    candidate = (cross_candidate_t){.model = model, .fit = &zeros};
    assert_failed(cross_validate(&candidate, 1, samples.x, samples.y, &options, &table),
                  DLCORE_ERROR_ARGUMENT, &error, "fit: options were not initialized");
    candidate.fit = &how;
    how.resume = true;
    assert_failed(cross_validate(&candidate, 1, samples.x, samples.y, &options, &table),
                  DLCORE_ERROR_UNSUPPORTED, &error, "fit of candidate 0 has resume");
    how.resume = false;
    how.sample_weight = samples.x;
    assert_failed(cross_validate(&candidate, 1, samples.x, samples.y, &options, &table),
                  DLCORE_ERROR_UNSUPPORTED, &error, "fit of candidate 0 has sample_weight");
    assert_null(table);
    model_free(model);
    samples_free(samples);
}

static dlcore_status scenario(const dlcore_allocator_t *allocator, void *context)
{
    samples_t samples = samples_of_floats(12, INPUTS, CLASSES);
    fit_options_t how = short_fit();
    model_options_t plain = model_options_default();
    model_t *model = template_of(0, &plain);
    cross_candidate_t candidate = {.model = model, .fit = &how};
    cross_validate_options_t options = cross_validate_options_default();
    cross_validation_t *table = NULL;
    dlcore_status status;

    (void)context;
    how.epochs = 1;
    options.at_once = 1;
    options.allocator = allocator;
    status = cross_validate(&candidate, 1, samples.x, samples.y, &options, &table);
    cross_validation_free(table);
    model_free(model);
    samples_free(samples);
    return status;
}

static void test_cross_validate_without_memory_leaks_nothing(void **state)
{
    (void)state;
    assert_int_equal(failing_allocator_sweep(scenario, NULL), 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cross_validate_is_a_loop_by_hand_at_any_number_of_threads),
        cmocka_unit_test(test_cross_validation_means_deviations_and_the_best),
        cmocka_unit_test(test_cross_validate_calls_callbacks_on_one_thread_alone),
        cmocka_unit_test(test_cross_validate_reads_a_validation_dataset_on_one_thread_alone),
        cmocka_unit_test(test_cross_validate_functions_of_the_host_want_one_thread),
        cmocka_unit_test(test_cross_validate_names_the_candidate_and_fold_that_failed),
        cmocka_unit_test(test_cross_validate_candidates_that_cannot_be_are_refused),
        cmocka_unit_test(test_cross_validate_without_memory_leaks_nothing),
    };

    return cmocka_run_group_tests_name("cross_validate", tests, NULL, NULL);
}
