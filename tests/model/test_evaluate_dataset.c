/* evaluate and predict over datasets: the same as over tensors, whatever the threads, and what a
 * dataset, a taker of predictions or options may do wrong.
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

#include "dlcore/data.h"
#include "dlcore/dataset.h"
#include "model/model.h"
#include "support/classifier.h"
#include "support/failing_allocator.h"
#include "support/scripted_dataset.h"
#include "support/size_text.h"
#include "support/tensors.h"

enum { ROWS = 700, INPUTS = 40, CLASSES = 4 };

/* Slices of tensors, of these sizes in turn. */
typedef struct slices {
    samples_t samples;
    const dlcore_tensor_t *weights;
    const size_t *sizes; /* the last takes the rest */
    size_t at, row;
    size_t unweighted; /* batches from this one on are; 0: all are as `weights` */
    dlcore_tensor_t *x, *y, *w;
} slices_t;

static dlcore_status begin(void *user, size_t pass, size_t batch, dlcore_error_record_t *error)
{
    slices_t *slices = user;

    assert_int_equal(pass, 0);
    assert_int_equal(batch, 0);
    assert_non_null(error);
    slices->at = slices->row = 0;
    return DLCORE_OK;
}

static void drop(slices_t *slices)
{
    dlcore_tensor_free(slices->x);
    dlcore_tensor_free(slices->y);
    dlcore_tensor_free(slices->w);
    slices->x = slices->y = slices->w = NULL;
}

static dlcore_status next(void *user, dlcore_dataset_batch_t *batch, dlcore_error_record_t *error)
{
    slices_t *slices = user;
    size_t first = slices->row, size = first < ROWS ? slices->sizes[slices->at++] : 0;
    size_t end = first + size < ROWS ? first + size : ROWS;
    bool weighted =
        slices->weights != NULL && (slices->unweighted == 0 || slices->at <= slices->unweighted);

    drop(slices);
    if (first == ROWS)
        return DLCORE_OK;
    assert_int_equal(dlcore_tensor_slice(slices->samples.x, first, end, &slices->x, error), 0);
    assert_int_equal(dlcore_tensor_slice(slices->samples.y, first, end, &slices->y, error), 0);
    if (weighted)
        assert_int_equal(dlcore_tensor_slice_const(slices->weights, first, end, &slices->w, error),
                         0);
    slices->row = end;
    *batch = (dlcore_dataset_batch_t){.x = slices->x, .y = slices->y, .sample_weight = slices->w};
    return DLCORE_OK;
}

static slices_t slices_of(const size_t *sizes)
{
    return (slices_t){.samples = samples_of_floats(ROWS, INPUTS, CLASSES), .sizes = sizes};
}

static void slices_free(slices_t *slices)
{
    drop(slices);
    samples_free(slices->samples);
}

static dlcore_dataset_t dataset_of(slices_t *slices)
{
    return (dlcore_dataset_t){.user = slices, .begin = begin, .next = next};
}

/* Large enough that threads are worth it for some hundreds of rows. */
static dlcore_model_t *model_with(size_t threads, dlcore_reduction_t reduction,
                                  const dlcore_allocator_t *allocator)
{
    static const size_t widths[] = {INPUTS, 256, 64, CLASSES, 0};
    dlcore_model_options_t options = engine_options(DLCORE_ENGINE_AUTO, threads);
    dlcore_compile_options_t settings = dlcore_compile_options_default();
    dlcore_model_t *model;

    if (allocator != NULL)
        options.allocator = *allocator;
    model = classifier(&options, widths, dlcore_optimizer_rmsprop());
    assert_non_null(model);
    settings.optimizer = dlcore_optimizer_rmsprop();
    settings.loss = dlcore_loss_sparse_categorical_crossentropy();
    settings.loss.reduction = reduction;
    settings.metrics[0] = dlcore_metric_default(DLCORE_METRIC_ACCURACY);
    settings.metric_count = 1;
    settings.weighted_metrics[0] =
        dlcore_metric_default(DLCORE_METRIC_SPARSE_CATEGORICAL_CROSSENTROPY);
    settings.weighted_metric_count = 1;
    assert_int_equal(dlcore_model_compile_with(model, &settings), DLCORE_OK);
    return model;
}

static dlcore_model_t *model_of(size_t threads)
{
    return model_with(threads, DLCORE_REDUCTION_SUM_OVER_BATCH_SIZE, NULL);
}

static dlcore_tensor_t *some_weights(void)
{
    float numbers[ROWS];

    for (size_t i = 0; i < ROWS; i++)
        numbers[i] = (float)(i % 5) * 0.5f;
    return tensor_of_floats(SHAPE(ROWS), numbers);
}

/* Close, as only the order of sums may differ. */
static void check_alike(const dlcore_evaluation_t *a, const dlcore_evaluation_t *b, double within)
{
    assert_int_equal(a->metric_count, b->metric_count);
    assert_true(fabs(a->loss - b->loss) <= within * fabs(b->loss));
    for (size_t i = 0; i < a->metric_count; i++) {
        assert_string_equal(a->metrics[i].name, b->metrics[i].name);
        assert_true(fabs(a->metrics[i].value - b->metrics[i].value) <=
                    within * fabs(b->metrics[i].value));
    }
}

static const size_t uneven[] = {500, 1, 33, 150, ROWS}; /* the last has 16 */
static const size_t even[] = {100, 100, 100, 100, 100, 100, 100, ROWS};

/* ---- evaluate ---- */

static void test_evaluate_dataset_is_evaluate_of_the_same_rows(void **state)
{
    dlcore_model_t *model = model_of(2);
    dlcore_tensor_t *weights = some_weights();

    (void)state;
    for (int weighted = 0; weighted < 2; weighted++) {
        slices_t slices = slices_of(uneven);
        dlcore_dataset_t dataset = dataset_of(&slices);
        dlcore_evaluate_options_t options = dlcore_evaluate_options_default();
        dlcore_evaluation_t ours, theirs;

        slices.weights = options.sample_weight = weighted ? weights : NULL;
        assert_int_equal(
            dlcore_model_evaluate(model, slices.samples.x, slices.samples.y, &options, &theirs),
            DLCORE_OK);
        assert_int_equal(dlcore_model_evaluate_dataset(model, &dataset, NULL, &ours), DLCORE_OK);
        check_alike(&ours, &theirs, 1e-12);
        slices_free(&slices);
    }
    dlcore_tensor_free(weights);
    dlcore_model_free(model);
}

/* `uneven` begins with batches of 500, 1 and 33 rows. The dataset is not asked beyond them. */
static void test_evaluate_dataset_steps_are_the_first_batches(void **state)
{
    static const size_t rows[] = {ROWS, 500, 501, 534};
    dlcore_model_t *model = model_of(2);

    (void)state;
    for (size_t steps = 0; steps < 4; steps++) {
        slices_t slices = slices_of(uneven);
        dlcore_dataset_t dataset = dataset_of(&slices);
        dlcore_evaluate_options_t options = dlcore_evaluate_options_default();
        dlcore_evaluation_t ours, theirs;
        samples_t first = {0};

        assert_int_equal(dlcore_tensor_slice(slices.samples.x, 0, rows[steps], &first.x, NULL), 0);
        assert_int_equal(dlcore_tensor_slice(slices.samples.y, 0, rows[steps], &first.y, NULL), 0);
        assert_int_equal(dlcore_model_evaluate(model, first.x, first.y, NULL, &theirs), DLCORE_OK);
        options.steps = steps;
        assert_int_equal(dlcore_model_evaluate_dataset(model, &dataset, &options, &ours),
                         DLCORE_OK);
        check_alike(&ours, &theirs, 1e-12);
        assert_true(steps == 0 || slices.at == steps);
        options.steps = 100; /* the pass ends before */
        assert_int_equal(dlcore_model_evaluate_dataset(model, &dataset, &options, &ours),
                         DLCORE_OK);
        samples_free(first);
        slices_free(&slices);
    }
    dlcore_model_free(model);
}

static void test_evaluate_dataset_steps_of_tensors_are_refused(void **state)
{
    dlcore_model_t *model = model_of(1);
    samples_t samples = samples_of_floats(ROWS, INPUTS, CLASSES);
    dlcore_tensor_t *y = predictions(model, samples);
    dlcore_error_record_t error = {0};
    dlcore_evaluate_options_t evaluates = dlcore_evaluate_options_default();
    dlcore_predict_options_t predicts = dlcore_predict_options_default();
    dlcore_evaluation_t result;

    (void)state;
    evaluates.error = predicts.error = &error;
    evaluates.steps = predicts.steps = 2;
    assert_failed(dlcore_model_evaluate(model, samples.x, samples.y, &evaluates, &result),
                  DLCORE_ERROR_ARGUMENT, &error, "evaluate: steps must be 0 for tensors, got 2");
    assert_failed(dlcore_model_predict_with(model, samples.x, y, &predicts), DLCORE_ERROR_ARGUMENT,
                  &error, "predict: steps must be 0 for tensors, got 2");
    dlcore_tensor_free(y);
    samples_free(samples);
    dlcore_model_free(model);
}

/* A batch without weights counts as one whose weights are all 1. */
static void test_evaluate_dataset_mixes_weighted_and_other_batches(void **state)
{
    static const dlcore_reduction_t reductions[] = {DLCORE_REDUCTION_SUM_OVER_BATCH_SIZE,
                                                    DLCORE_REDUCTION_SUM,
                                                    DLCORE_REDUCTION_MEAN_WITH_SAMPLE_WEIGHT};
    float numbers[ROWS];

    (void)state;
    for (size_t i = 0; i < ROWS; i++)
        numbers[i] = i < 534 ? (float)(i % 5) * 0.5f : 1.0f;
    for (size_t i = 0; i < 3; i++) {
        dlcore_model_t *model = model_with(2, reductions[i], NULL);
        dlcore_tensor_t *weights = tensor_of_floats(SHAPE(ROWS), numbers);
        slices_t slices = slices_of(uneven);
        dlcore_dataset_t dataset = dataset_of(&slices);
        dlcore_evaluation_t mixed, all;

        slices.weights = weights;
        assert_int_equal(dlcore_model_evaluate_dataset(model, &dataset, NULL, &all), DLCORE_OK);
        slices.unweighted = 3;
        assert_int_equal(dlcore_model_evaluate_dataset(model, &dataset, NULL, &mixed), DLCORE_OK);
        check_alike(&mixed, &all, 1e-6);
        slices_free(&slices);
        dlcore_tensor_free(weights);
        dlcore_model_free(model);
    }
}

/* The other reductions are of whole batches, however long. */
static void test_evaluate_dataset_reduces_whole_batches(void **state)
{
    static const dlcore_reduction_t reductions[] = {DLCORE_REDUCTION_SUM,
                                                    DLCORE_REDUCTION_MEAN_WITH_SAMPLE_WEIGHT};
    dlcore_tensor_t *weights = some_weights();

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        dlcore_model_t *model = model_with(2, reductions[i], NULL);
        slices_t slices = slices_of(even);
        dlcore_dataset_t dataset = dataset_of(&slices);
        dlcore_evaluate_options_t options = dlcore_evaluate_options_default();
        dlcore_evaluation_t ours, theirs;

        slices.weights = options.sample_weight = weights;
        options.batch_size = 100;
        assert_int_equal(
            dlcore_model_evaluate(model, slices.samples.x, slices.samples.y, &options, &theirs),
            DLCORE_OK);
        assert_int_equal(dlcore_model_evaluate_dataset(model, &dataset, NULL, &ours), DLCORE_OK);
        check_alike(&ours, &theirs, 1e-12);
        slices_free(&slices);
        dlcore_model_free(model);
    }
    dlcore_tensor_free(weights);
}

static void test_evaluate_dataset_gives_the_same_bits_with_any_threads(void **state)
{
    dlcore_tensor_t *weights = some_weights();
    dlcore_evaluation_t first = {0};

    (void)state;
    for (size_t threads = 1; threads <= 4; threads++) {
        dlcore_model_t *model = model_of(threads);
        slices_t slices = slices_of(uneven);
        dlcore_dataset_t dataset = dataset_of(&slices);
        dlcore_evaluation_t result = {0};

        slices.weights = weights;
        assert_int_equal(dlcore_model_evaluate_dataset(model, &dataset, NULL, &result), DLCORE_OK);
        if (threads == 1)
            first = result;
        check_alike(&result, &first, 0.0);
        slices_free(&slices);
        dlcore_model_free(model);
    }
    dlcore_tensor_free(weights);
}

/* Each worker takes memory of its own: more of it is asked for when there are more. */
static size_t allocations_of_evaluate(size_t threads)
{
    slices_t slices = slices_of(even + 7); /* all rows at once */
    dlcore_dataset_t dataset = dataset_of(&slices);
    dlcore_evaluation_t result;
    failing_allocator_t memory;
    dlcore_allocator_t allocator;
    dlcore_model_t *model;
    size_t calls = 0;

    failing_allocator_init(&memory);
    allocator = failing_allocator(&memory);
    model = model_with(threads, DLCORE_REDUCTION_SUM_OVER_BATCH_SIZE, &allocator);
    for (int round = 0; round < 2; round++) { /* the first makes the team */
        calls = memory.calls;
        assert_int_equal(dlcore_model_evaluate_dataset(model, &dataset, NULL, &result), DLCORE_OK);
        calls = memory.calls - calls;
    }
    assert_true((model->team != NULL) == (threads > 1));
    dlcore_model_free(model);
    failing_allocator_assert_clean(&memory);
    slices_free(&slices);
    return calls;
}

static void test_evaluate_dataset_runs_a_batch_on_several_threads(void **state)
{
    (void)state;
    assert_true(allocations_of_evaluate(2) > allocations_of_evaluate(1));
    assert_true(allocations_of_evaluate(4) > allocations_of_evaluate(2));
}

/* ---- fit ---- */

static void test_evaluate_dataset_fit_takes_threads_when_batches_grow(void **state)
{
    static const size_t grow[] = {1, 2, 300, ROWS};
    dlcore_model_t *alone = NULL;

    (void)state;
    for (size_t threads = 1; threads <= 4; threads++) {
        dlcore_model_t *model = model_of(threads);
        slices_t slices = slices_of(grow);
        dlcore_dataset_t dataset = dataset_of(&slices);

        assert_int_equal(dlcore_model_fit_dataset(model, &dataset, NULL, NULL), DLCORE_OK);
        assert_true((model->team != NULL) == (threads > 1));
        assert_true(model->trainer.workspace.workers == 1 || threads > 1);
        assert_true(model->trainer.workspace.workers > 1 || threads == 1);
        slices_free(&slices);
        if (threads == 1)
            alone = model;
        else {
            assert_true(same_weights(model, alone));
            dlcore_model_free(model);
        }
    }
    dlcore_model_free(alone);
}

static void check_fit_refuses(dlcore_model_t *model, const dlcore_dataset_t *dataset,
                              const samples_t *samples, const dlcore_fit_options_t *options,
                              const char *text)
{
    dlcore_status status = dataset != NULL
                               ? dlcore_model_fit_dataset(model, dataset, options, NULL)
                               : dlcore_model_fit(model, samples->x, samples->y, options, NULL);

    if (status != DLCORE_ERROR_ARGUMENT || strstr(dlcore_model_error(model), text) == NULL)
        fail_msg("%d, \"%s\", not \"%s\"", status, dlcore_model_error(model), text);
}

static void test_evaluate_dataset_fit_refuses_options_that_it_would_drop(void **state)
{
    dlcore_model_t *model = model_of(1);
    slices_t slices = slices_of(uneven);
    dlcore_dataset_t dataset = dataset_of(&slices);
    dlcore_tensor_t *weights = some_weights();
    dlcore_fit_options_t plain = batches_of(32), options = plain;
    const samples_t *samples = &slices.samples;

    (void)state;
    options.sample_weight = weights;
    check_fit_refuses(model, &dataset, NULL, &options, "sample_weight is for tensors");
    options = plain;
    options.validation_sample_weight = weights;
    check_fit_refuses(model, &dataset, NULL, &options, "validation_sample_weight goes with");
    check_fit_refuses(model, NULL, samples, &options, "validation_sample_weight goes with");
    options.validation_split = 0.5;
    check_fit_refuses(model, NULL, samples, &options, "validation_sample_weight goes with");
    options = plain;
    options.validation_x = samples->x;
    options.validation_y = samples->y;
    options.validation_dataset = &dataset;
    check_fit_refuses(model, NULL, samples, &options, "are both set");
    options = plain;
    options.validation_split = 0.5;
    check_fit_refuses(model, &dataset, NULL, &options, "validation_split is for tensors");
    options = plain;
    options.validation_dataset = &dataset;
    options.steps_per_epoch = 2;
    check_fit_refuses(model, &dataset, NULL, &options, "must be another");
    options.steps_per_epoch = 0; /* each pass has ended when the other begins */
    assert_int_equal(dlcore_model_fit_dataset(model, &dataset, &options, NULL), DLCORE_OK);
    dlcore_tensor_free(weights);
    slices_free(&slices);
    dlcore_model_free(model);
}

/* ---- the progress line ---- */

typedef struct written {
    char text[4096];
    size_t length;
} written_t;

static void collect(void *user, const char *text, size_t length)
{
    written_t *written = user;

    if (length > sizeof written->text - 1 - written->length)
        length = sizeof written->text - 1 - written->length;
    memcpy(written->text + written->length, text, length);
    written->length += length;
}

static void check_line(int verbose, bool terminal, size_t batches, size_t steps, const char *text,
                       const char *more)
{
    dlcore_model_t *model = model_of(1);
    slices_t slices = slices_of(even);
    dlcore_dataset_t dataset = dataset_of(&slices);
    dlcore_evaluate_options_t options = dlcore_evaluate_options_default();
    dlcore_evaluation_t result;
    written_t written = {.length = 0};

    dataset.batches = batches;
    options.steps = steps;
    options.verbose = verbose;
    options.sink = (dlcore_sink_t){.write = collect, .user = &written, .terminal = terminal};
    assert_int_equal(dlcore_model_evaluate_dataset(model, &dataset, &options, &result), DLCORE_OK);
    if (strstr(written.text, text) == NULL || strstr(written.text, more) == NULL)
        fail_msg("\"%s\" without \"%s\" and \"%s\"", written.text, text, more);
    if (verbose == 0)
        assert_int_equal(written.length, 0);
    slices_free(&slices);
    dlcore_model_free(model);
}

static void test_evaluate_dataset_prints_when_told_to(void **state)
{
    (void)state;
    check_line(0, false, 7, 0, "", "");
    check_line(1, false, 7, 0, "7/7 ", " - accuracy: ");
    check_line(2, false, 7, 0, "7/7 - ", " - loss: ");
    check_line(1, false, 0, 0, "7/7 ", " - loss: "); /* their number is known at the end */
    check_line(1, true, 0, 0, "1/Unknown", "7/7");
    check_line(1, true, 7, 0, "1/7", "7/7");
    check_line(1, true, 3, 0, "1/3", "7/7"); /* a dataset that tells too few, or nonsense */
    check_line(1, true, 0, 4, "1/4", "4/4");
    check_line(1, true, 7, 4, "1/4", "4/4");
    check_line(1, true, 7, 9, "1/7", "7/7");
    check_line(1, true, SIZE_MAX, 0, "1/" SIZE_MAX_TEXT, "7/7");
}

static void assert_printed(const written_t *written, const char *name, double value)
{
    char entry[96];

    snprintf(entry, sizeof entry, " - %s: %.4f", name, value);
    if (strstr(written->text, entry) == NULL)
        fail_msg("\"%s\" is not in \"%s\"", entry, written->text);
}

static void assert_evaluation_printed(const written_t *written, const dlcore_evaluation_t *result)
{
    assert_int_equal(result->metric_count, DLCORE_METRICS_MAX);
    assert_printed(written, "loss", result->loss);
    for (size_t i = 0; i < result->metric_count; i++)
        assert_printed(written, result->metrics[i].name, result->metrics[i].value);
}

static dlcore_model_t *model_with_the_most_metrics(void)
{
    dlcore_model_t *model = model_of(1);
    dlcore_compile_options_t settings = dlcore_compile_options_default();

    settings.optimizer = dlcore_optimizer_rmsprop();
    settings.loss = dlcore_loss_sparse_categorical_crossentropy();
    for (; settings.metric_count < DLCORE_METRICS_MAX; settings.metric_count++) {
        dlcore_metric_t *metric = &settings.metrics[settings.metric_count];

        *metric = dlcore_metric_default(DLCORE_METRIC_ACCURACY);
        snprintf(metric->name, sizeof metric->name, "metric_%zu_", settings.metric_count);
    }
    assert_int_equal(dlcore_model_compile_with(model, &settings), DLCORE_OK);
    return model;
}

/* At the end, where the line is drawn in the midst, of a first batch, and of a fit. */
static void test_evaluate_dataset_prints_as_many_metrics_as_a_model_may_have(void **state)
{
    dlcore_model_t *model = model_with_the_most_metrics();
    slices_t slices = slices_of(even), more = slices_of(even);
    dlcore_dataset_t dataset = dataset_of(&slices), validation = dataset_of(&more);
    dlcore_evaluate_options_t options = dlcore_evaluate_options_default();
    dlcore_fit_options_t how = dlcore_fit_options_default();
    dlcore_history_t *history = NULL;
    dlcore_evaluation_t first, all;
    written_t written = {.length = 0};

    (void)state;
    options.steps = 1;
    assert_int_equal(dlcore_model_evaluate_dataset(model, &dataset, &options, &first), DLCORE_OK);
    options.steps = 0;
    options.verbose = 1;
    options.sink = (dlcore_sink_t){.write = collect, .user = &written, .terminal = true};
    dataset.batches = 7;
    assert_int_equal(dlcore_model_evaluate_dataset(model, &dataset, &options, &all), DLCORE_OK);
    assert_evaluation_printed(&written, &first);
    assert_evaluation_printed(&written, &all);
    written = (written_t){.length = 0};
    how.verbose = 2;
    how.sink = options.sink;
    how.validation_dataset = &validation;
    assert_int_equal(dlcore_model_fit_dataset(model, &dataset, &how, &history), DLCORE_OK);
    assert_int_equal(dlcore_history_value_count(history), 2 * (DLCORE_METRICS_MAX + 1));
    for (size_t i = 0; i < dlcore_history_value_count(history); i++) {
        const char *name = dlcore_history_name(history, i);

        assert_printed(&written, name, dlcore_history_value(history, name, 0));
    }
    dlcore_history_free(history);
    slices_free(&slices);
    slices_free(&more);
    dlcore_model_free(model);
}

static void test_evaluate_dataset_refuses_bad_options(void **state)
{
    dlcore_model_t *model = model_of(1);
    slices_t slices = slices_of(even);
    dlcore_dataset_t dataset = dataset_of(&slices);
    dlcore_tensor_t *weights = some_weights();
    dlcore_error_record_t error = {0};
    dlcore_evaluate_options_t options = dlcore_evaluate_options_default();
    dlcore_evaluation_t result;

    (void)state;
    options.error = &error;
    options.sample_weight = weights;
    assert_failed(dlcore_model_evaluate_dataset(model, &dataset, &options, &result),
                  DLCORE_ERROR_ARGUMENT, &error, "sample_weight is for tensors");
    options.sample_weight = NULL;
    options.verbose = 3;
    assert_failed(dlcore_model_evaluate_dataset(model, &dataset, &options, &result),
                  DLCORE_ERROR_ARGUMENT, &error, "verbose must be 0, 1 or 2, got 3");
    options.verbose = 0;
    options.batch_size = 0; /* not looked at */
    assert_int_equal(dlcore_model_evaluate_dataset(model, &dataset, &options, &result), DLCORE_OK);
    dlcore_tensor_free(weights);
    slices_free(&slices);
    dlcore_model_free(model);
}

/* ---- predict ---- */

typedef struct taken {
    const dlcore_model_t *model;
    slices_t *slices;
    size_t rows;
    dlcore_status status;
    const char *message;
    bool message_never_ends;
} taken_t;

/* Exactly what predict gives for the batch that is there now. */
static dlcore_status take(void *user, const dlcore_tensor_t *y, dlcore_error_record_t *error)
{
    taken_t *taken = user;
    size_t rows = dlcore_tensor_length(y, 0);

    if (taken->slices != NULL) {
        dlcore_tensor_t *expected =
            predictions(taken->model, (samples_t){taken->slices->x, taken->slices->y});

        assert_true(dlcore_tensor_equal(y, expected, 0.0));
        dlcore_tensor_free(expected);
    }
    taken->rows += rows;
    assert_non_null(error);
    if (taken->message != NULL)
        snprintf(error->message, sizeof error->message, "%s", taken->message);
    if (taken->message_never_ends)
        memset(error->message, 'm', sizeof error->message);
    return taken->status;
}

static void test_predict_dataset_is_predict_of_each_batch(void **state)
{
    dlcore_tensor_t *first = NULL;

    (void)state;
    for (size_t threads = 1; threads <= 4; threads++) {
        dlcore_model_t *model = model_of(threads);
        slices_t slices = slices_of(uneven);
        dlcore_dataset_t dataset = dataset_of(&slices);
        taken_t taken = {.model = model, .slices = &slices};
        dlcore_tensor_t *all = predictions(model, slices.samples);

        assert_int_equal(dlcore_model_predict_dataset(model, &dataset, take, &taken, NULL),
                         DLCORE_OK);
        assert_int_equal(taken.rows, ROWS);
        if (first == NULL)
            first = all;
        else {
            assert_true(dlcore_tensor_equal(all, first, 0.0));
            dlcore_tensor_free(all);
        }
        slices_free(&slices);
        dlcore_model_free(model);
    }
    dlcore_tensor_free(first);
}

static void test_evaluate_dataset_names_the_argument_that_is_null(void **state)
{
    dlcore_model_t *model = model_of(1);
    slices_t slices = slices_of(even);
    dlcore_dataset_t dataset = dataset_of(&slices);
    dlcore_error_record_t error = {0};
    dlcore_evaluate_options_t how = dlcore_evaluate_options_default();
    dlcore_predict_options_t predict = dlcore_predict_options_default();
    dlcore_evaluation_t result;
    taken_t taken = {.model = model};

    (void)state;
    how.error = predict.error = &error;
    assert_failed(dlcore_model_evaluate_dataset(NULL, &dataset, &how, &result),
                  DLCORE_ERROR_ARGUMENT, &error, "evaluate: model is NULL");
    assert_failed(dlcore_model_evaluate_dataset(model, &dataset, &how, NULL), DLCORE_ERROR_ARGUMENT,
                  &error, "evaluate: result is NULL");
    assert_failed(dlcore_model_evaluate_dataset(model, NULL, &how, &result), DLCORE_ERROR_ARGUMENT,
                  &error, "dataset");
    assert_failed(dlcore_model_predict_dataset(NULL, &dataset, take, &taken, &predict),
                  DLCORE_ERROR_ARGUMENT, &error, "predict: model is NULL");
    assert_failed(dlcore_model_predict_dataset(model, &dataset, NULL, &taken, &predict),
                  DLCORE_ERROR_ARGUMENT, &error, "predict: take is NULL");
    assert_failed(dlcore_model_predict_dataset(model, NULL, take, &taken, &predict),
                  DLCORE_ERROR_ARGUMENT, &error, "dataset");
    slices_free(&slices);
    dlcore_model_free(model);
}

static void test_predict_dataset_steps_are_the_first_batches(void **state)
{
    dlcore_model_t *model = model_of(1);
    slices_t slices = slices_of(uneven);
    dlcore_dataset_t dataset = dataset_of(&slices);
    taken_t taken = {.model = model, .slices = &slices};
    dlcore_predict_options_t options = dlcore_predict_options_default();

    (void)state;
    options.steps = 2;
    assert_int_equal(dlcore_model_predict_dataset(model, &dataset, take, &taken, &options),
                     DLCORE_OK);
    assert_int_equal(taken.rows, 501);
    assert_int_equal(slices.at, 2);
    slices_free(&slices);
    dlcore_model_free(model);
}

static void test_predict_dataset_taker_may_write_a_message_that_nobody_wants(void **state)
{
    dlcore_model_t *model = model_of(1);
    slices_t slices = slices_of(uneven);
    dlcore_dataset_t dataset = dataset_of(&slices);
    taken_t taken = {.status = DLCORE_ERROR_IO, .message = "disk full"};
    dlcore_error_record_t error = {0};
    dlcore_predict_options_t options = dlcore_predict_options_default();

    (void)state;
    assert_int_equal(dlcore_model_predict_dataset(model, &dataset, take, &taken, NULL),
                     DLCORE_ERROR_IO);
    options.error = &error;
    assert_failed(dlcore_model_predict_dataset(model, &dataset, take, &taken, &options),
                  DLCORE_ERROR_IO, &error, "predict: take: disk full");
    taken.message = NULL;
    assert_failed(dlcore_model_predict_dataset(model, &dataset, take, &taken, &options),
                  DLCORE_ERROR_IO, &error, "predict: take: input or output failed");
    taken.message_never_ends = true;
    assert_failed(dlcore_model_predict_dataset(model, &dataset, take, &taken, &options),
                  DLCORE_ERROR_IO, &error, "predict: take: mmm");
    slices_free(&slices);
    dlcore_model_free(model);
}

/* What a host makes from predictions: each kind of new tensor. */
typedef struct made {
    dlcore_tensor_t *means, *deviations;
    dlcore_tensor_t *copy, *classes, *bytes, *part, *standard;
} made_t;

static void free_made(made_t *made)
{
    dlcore_tensor_free(made->copy);
    dlcore_tensor_free(made->classes);
    dlcore_tensor_free(made->bytes);
    dlcore_tensor_free(made->part);
    dlcore_tensor_free(made->standard);
    dlcore_tensor_free(made->means);
    dlcore_tensor_free(made->deviations);
    memset(made, 0, sizeof *made);
}

static dlcore_status make(void *user, const dlcore_tensor_t *y, dlcore_error_record_t *error)
{
    made_t *made = user;
    dlcore_tensor_t *view = NULL;

    free_made(made); /* of the batch before */
    assert_int_equal(dlcore_tensor_copy(y, &made->copy, error), DLCORE_OK);
    assert_int_equal(dlcore_tensor_argmax(y, &made->classes, error), DLCORE_OK);
    assert_int_equal(dlcore_tensor_cast(y, DLCORE_DTYPE_UINT8, 255.0, &made->bytes, error),
                     DLCORE_OK);
    assert_int_equal(dlcore_tensor_slice_const(y, 0, 1, &view, error), DLCORE_OK);
    assert_int_equal(dlcore_tensor_copy(view, &made->part, error), DLCORE_OK);
    dlcore_tensor_free(view);
    assert_int_equal(dlcore_standardize_fit(y, &made->means, &made->deviations, error), DLCORE_OK);
    return dlcore_standardize_apply(y, made->means, made->deviations, &made->standard, error);
}

/* What the host made in `take` is the host's, longer than the call and the model. */
static void test_predict_dataset_what_take_makes_outlives_the_model(void **state)
{
    dlcore_model_options_t options = dlcore_model_options_default();
    static const size_t widths[] = {INPUTS, CLASSES, 0};
    slices_t slices = slices_of(uneven);
    dlcore_dataset_t dataset = dataset_of(&slices);
    failing_allocator_t memory;
    made_t made = {.means = NULL};
    dlcore_tensor_t *all;
    dlcore_model_t *model;

    (void)state;
    failing_allocator_init(&memory);
    options.allocator = failing_allocator(&memory);
    model = classifier(&options, widths, dlcore_optimizer_sgd());
    all = predictions(model, slices.samples);
    assert_int_equal(dlcore_model_predict_dataset(model, &dataset, make, &made, NULL), DLCORE_OK);
    dlcore_model_free(model);
    assert_true(memory.live_blocks >= 5); /* from the model's allocator, and not the model's */
    for (size_t i = 0; i < dlcore_tensor_size(made.copy); i++) {
        const float *last = dlcore_tensor_data_const(all);

        last += dlcore_tensor_size(all) - dlcore_tensor_size(made.copy);
        assert_true(((const float *)dlcore_tensor_data_const(made.copy))[i] == last[i]);
    }
    free_made(&made);
    failing_allocator_assert_clean(&memory);
    dlcore_tensor_free(all);
    slices_free(&slices);
}

/* ---- what datasets do wrong ---- */

typedef struct wrong {
    scripted_batch_t batches[2];
    dlcore_status begin_status;
    dlcore_status status;
    const char *text; /* of the message */
    bool predicts;    /* predict takes it */
} wrong_t;

static const scripted_batch_t good = {.rows = 2, .width = INPUTS};

static void check_wrong(dlcore_model_t *model, const wrong_t *wrong)
{
    scripted_dataset_t script = {
        .batches = wrong->batches, .count = 2, .begin_status = wrong->begin_status};
    dlcore_dataset_t dataset = scripted_dataset(&script);
    dlcore_error_record_t error = {0};
    dlcore_evaluate_options_t evaluates = dlcore_evaluate_options_default();
    dlcore_predict_options_t predicts = dlcore_predict_options_default();
    dlcore_fit_options_t fits = batches_of(32);
    samples_t samples = samples_of_floats(8, INPUTS, CLASSES);
    dlcore_evaluation_t result;
    taken_t taken = {.rows = 0};

    evaluates.error = predicts.error = &error;
    assert_failed(dlcore_model_evaluate_dataset(model, &dataset, &evaluates, &result),
                  wrong->status, &error, wrong->text);
    assert_int_equal(dlcore_model_evaluate_dataset(model, &dataset, NULL, &result), wrong->status);
    error = (dlcore_error_record_t){0};
    if (wrong->predicts)
        assert_int_equal(dlcore_model_predict_dataset(model, &dataset, take, &taken, &predicts),
                         DLCORE_OK);
    else
        assert_failed(dlcore_model_predict_dataset(model, &dataset, take, &taken, &predicts),
                      wrong->status, &error, wrong->text);
    fits.validation_dataset = &dataset;
    assert_int_equal(dlcore_model_fit(model, samples.x, samples.y, &fits, NULL), wrong->status);
    assert_ptr_equal(strstr(dlcore_model_error(model), "validation: dataset: "),
                     dlcore_model_error(model));
    assert_non_null(strstr(dlcore_model_error(model), wrong->text));
    samples_free(samples);
    scripted_dataset_clear(&script);
}

static void test_evaluate_dataset_errors_come_through_with_their_messages(void **state)
{
    const wrong_t cases[] = {
        {{good}, DLCORE_ERROR_IO, DLCORE_ERROR_IO, "dataset: begin: no disk", false},
        {{good, {.status = DLCORE_ERROR_FORMAT, .message = "torn"}},
         DLCORE_OK,
         DLCORE_ERROR_FORMAT,
         "dataset: next: torn",
         false},
        {{good, {.status = (dlcore_status)5}},
         DLCORE_OK,
         DLCORE_ERROR_ARGUMENT,
         "dataset: next: returned 5, which is not a dlcore_status",
         false},
        {{good, {.rows = 2, .width = INPUTS + 1}},
         DLCORE_OK,
         DLCORE_ERROR_SHAPE,
         "dataset: batch 1: dense: expects 40 inputs, got 41",
         false},
        {{good, {.rows = 2, .width = INPUTS, .without_y = true}},
         DLCORE_OK,
         DLCORE_ERROR_ARGUMENT,
         "dataset: next: a batch without y",
         true},
        {{good, {.rows = 2, .width = INPUTS, .without_x = true}},
         DLCORE_OK,
         DLCORE_ERROR_ARGUMENT,
         "dataset: next: a batch without x",
         false},
        {{good, {.rows = 0, .width = INPUTS}},
         DLCORE_OK,
         DLCORE_ERROR_SHAPE,
         "dataset: next: a batch of 0 samples",
         false},
        {{good, {.rows = 2, .width = 0}},
         DLCORE_OK,
         DLCORE_ERROR_SHAPE,
         "dataset: next: a batch of 0 numbers",
         false},
    };
    dlcore_model_t *model = model_of(2);

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        check_wrong(model, &cases[i]);
    dlcore_model_free(model);
}

static dlcore_dataset_t *spoiled;

static dlcore_status begin_and_spoil(void *user, size_t pass, size_t batch,
                                     dlcore_error_record_t *error)
{
    *spoiled = (dlcore_dataset_t){0};
    return begin(user, pass, batch, error);
}

static void test_evaluate_dataset_goes_on_when_begin_changes_the_struct(void **state)
{
    dlcore_model_t *model = model_of(1);
    slices_t slices = slices_of(uneven);
    dlcore_dataset_t dataset;
    dlcore_evaluation_t result;
    taken_t taken = {.rows = 0};

    (void)state;
    spoiled = &dataset;
    dataset = dataset_of(&slices);
    dataset.begin = begin_and_spoil;
    assert_int_equal(dlcore_model_evaluate_dataset(model, &dataset, NULL, &result), DLCORE_OK);
    dataset = dataset_of(&slices);
    dataset.begin = begin_and_spoil;
    assert_int_equal(dlcore_model_predict_dataset(model, &dataset, take, &taken, NULL), DLCORE_OK);
    assert_int_equal(taken.rows, ROWS);
    slices_free(&slices);
    dlcore_model_free(model);
}

/* ---- a model that changes while it is evaluated ---- */

enum { CHANGE_COMPILE, CHANGE_WEIGHTS, CHANGE_TRAINABLE, CHANGES };
enum { IN_BEGIN, IN_NEXT, IN_LAST_NEXT, IN_SINK, PLACES };

typedef struct changer {
    slices_t slices;
    dlcore_model_t *model;
    int way, place;
} changer_t;

/* Fewer metrics than before, with thresholds of their own. */
static void change_model(const changer_t *changer)
{
    dlcore_model_t *model = changer->model;
    dlcore_optimizer_t sgd = dlcore_optimizer_sgd();
    float bias[CLASSES] = {0};

    if (changer->way == CHANGE_COMPILE)
        assert_int_equal(dlcore_model_compile(model, &sgd,
                                              DLCORE_LOSS_SPARSE_CATEGORICAL_CROSSENTROPY,
                                              DLCORE_METRIC_NONE),
                         DLCORE_OK);
    else if (changer->way == CHANGE_WEIGHTS)
        assert_int_equal(dlcore_model_set_weight(model, 5, bias, CLASSES), DLCORE_OK);
    else
        assert_int_equal(dlcore_model_set_trainable(model, 0, false), DLCORE_OK);
}

static dlcore_status begin_and_change(void *user, size_t pass, size_t batch,
                                      dlcore_error_record_t *error)
{
    changer_t *changer = user;

    if (changer->place == IN_BEGIN)
        change_model(changer);
    return begin(&changer->slices, pass, batch, error);
}

static dlcore_status next_and_change(void *user, dlcore_dataset_batch_t *batch,
                                     dlcore_error_record_t *error)
{
    changer_t *changer = user;

    if ((changer->place == IN_NEXT && changer->slices.row == 0) ||
        (changer->place == IN_LAST_NEXT && changer->slices.row == ROWS))
        change_model(changer);
    return next(&changer->slices, batch, error);
}

static void show_and_change(void *user, const char *line, size_t length)
{
    const changer_t *changer = user;

    (void)line;
    (void)length;
    if (changer->place == IN_SINK && changer->slices.row < ROWS) /* not the last line */
        change_model(changer);
}

static void test_evaluate_dataset_of_a_model_that_changes_meanwhile_is_an_error(void **state)
{
    (void)state;
    for (int i = 0; i < CHANGES * PLACES; i++) {
        changer_t changer = {.slices = slices_of(even),
                             .model = model_of(1),
                             .way = i % CHANGES,
                             .place = i / CHANGES};
        dlcore_dataset_t dataset = {
            .user = &changer, .begin = begin_and_change, .next = next_and_change};
        dlcore_evaluate_options_t how = dlcore_evaluate_options_default();
        dlcore_error_record_t error = {0};
        dlcore_evaluation_t result;

        how.error = &error;
        how.verbose = 1;
        how.sink = (dlcore_sink_t){.write = show_and_change, .user = &changer, .terminal = true};
        assert_failed(dlcore_model_evaluate_dataset(changer.model, &dataset, &how, &result),
                      DLCORE_ERROR_STATE, &error, "while it was evaluated");
        changer.place = PLACES; /* not any more */
        assert_int_equal(dlcore_model_evaluate_dataset(changer.model, &dataset, &how, &result),
                         DLCORE_OK);
        slices_free(&changer.slices);
        dlcore_model_free(changer.model);
    }
}

static void test_evaluate_dataset_of_no_batch_is_an_error_and_predict_takes_none(void **state)
{
    dlcore_model_t *model = model_of(1);
    scripted_dataset_t script = {.count = 0};
    dlcore_dataset_t dataset = scripted_dataset(&script);
    dlcore_evaluation_t result;
    taken_t taken = {.rows = 0};

    (void)state;
    assert_int_equal(dlcore_model_evaluate_dataset(model, &dataset, NULL, &result),
                     DLCORE_ERROR_ARGUMENT);
    assert_int_equal(dlcore_model_predict_dataset(model, &dataset, take, &taken, NULL), DLCORE_OK);
    assert_int_equal(taken.rows, 0);
    scripted_dataset_clear(&script);
    dlcore_model_free(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_evaluate_dataset_is_evaluate_of_the_same_rows),
        cmocka_unit_test(test_evaluate_dataset_steps_are_the_first_batches),
        cmocka_unit_test(test_evaluate_dataset_steps_of_tensors_are_refused),
        cmocka_unit_test(test_evaluate_dataset_mixes_weighted_and_other_batches),
        cmocka_unit_test(test_evaluate_dataset_reduces_whole_batches),
        cmocka_unit_test(test_evaluate_dataset_gives_the_same_bits_with_any_threads),
        cmocka_unit_test(test_evaluate_dataset_runs_a_batch_on_several_threads),
        cmocka_unit_test(test_evaluate_dataset_fit_takes_threads_when_batches_grow),
        cmocka_unit_test(test_evaluate_dataset_fit_refuses_options_that_it_would_drop),
        cmocka_unit_test(test_evaluate_dataset_prints_when_told_to),
        cmocka_unit_test(test_evaluate_dataset_prints_as_many_metrics_as_a_model_may_have),
        cmocka_unit_test(test_evaluate_dataset_refuses_bad_options),
        cmocka_unit_test(test_evaluate_dataset_names_the_argument_that_is_null),
        cmocka_unit_test(test_predict_dataset_is_predict_of_each_batch),
        cmocka_unit_test(test_predict_dataset_steps_are_the_first_batches),
        cmocka_unit_test(test_predict_dataset_what_take_makes_outlives_the_model),
        cmocka_unit_test(test_predict_dataset_taker_may_write_a_message_that_nobody_wants),
        cmocka_unit_test(test_evaluate_dataset_errors_come_through_with_their_messages),
        cmocka_unit_test(test_evaluate_dataset_goes_on_when_begin_changes_the_struct),
        cmocka_unit_test(test_evaluate_dataset_of_a_model_that_changes_meanwhile_is_an_error),
        cmocka_unit_test(test_evaluate_dataset_of_no_batch_is_an_error_and_predict_takes_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
