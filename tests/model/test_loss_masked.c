/* Labels that do not count, or count more than others: weights of labels, missing ones, an ignored
 * class; and weights of samples below 0.
 *
 * SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "dlcore.h"
#include "support/classifier.h"
#include "support/collective_loopback.h"
#include "support/models.h"
#include "support/tensors.h"

enum { ROWS = 23, INPUTS = 6, UNITS = 19 };

/* pairs: each row its labels, then their weights; plain: labels alone; gaps: NaN where missing */
static float x_values[ROWS * INPUTS], plain[ROWS * UNITS], gaps[ROWS * UNITS];
static float pairs[ROWS * 2 * UNITS], ones[ROWS * 2 * UNITS], bits[ROWS * 2 * UNITS];

static int fill(void **state)
{
    unsigned seed = 3;

    (void)state;
    for (size_t i = 0; i < ROWS * INPUTS; i++)
        x_values[i] = (float)((seed = seed * 1103515245u + 12345u) >> 16 & 1023) / 512.0f - 1.0f;
    for (size_t row = 0; row < ROWS; row++) {
        for (size_t u = 0; u < UNITS; u++) {
            size_t at = row * 2 * UNITS + u;
            float label = (float)((seed = seed * 1103515245u + 12345u) >> 16 & 1023) / 1024.0f;
            bool missing = (seed >> 8 & 3) == 0 || row == 4;

            if (u % 5 == 0) /* some that are bits */
                label = label < 0.5f ? 0.0f : 1.0f;

            plain[row * UNITS + u] = pairs[at] = ones[at] = bits[at] = label;
            gaps[row * UNITS + u] = missing ? NAN : label;
            pairs[at + UNITS] = (float)((int)(seed >> 20 & 7) - 2) * 0.5f;
            ones[at + UNITS] = 1.0f;
            bits[at + UNITS] = missing ? 0.0f : 1.0f;
        }
    }
    return 0;
}

static model_t *model_of(engine_t engine, const loss_t *loss, activation_t last)
{
    model_options_t options = engine_options(engine, 2);
    compile_options_t how = compile_options_default();
    model_t *model = NULL;

    assert_int_equal(model_create(&options, &model), DLCORE_OK);
    assert_accepted(model, model_add(model, layer_dense(17, ACTIVATION_TANH)));
    assert_accepted(model, model_add(model, layer_dense(UNITS, last)));
    how.loss = *loss;
    assert_accepted(model, model_build(model, INPUTS));
    assert_accepted(model, model_compile_with(model, &how));
    return model;
}

/* The loss and gradients of a batch. */
typedef struct found {
    float *gradients;
    size_t count;
    double loss;
} found_t;

static found_t find(engine_t engine, const loss_t *loss, activation_t last, const float *labels,
                    size_t width)
{
    model_t *model = model_of(engine, loss, last);
    tensor_t *x = borrow_floats(x_values, ROWS, INPUTS), *y = borrow_floats(labels, ROWS, width);
    found_t found = {.count = model_parameter_count(model)};

    found.gradients = calloc(found.count, sizeof *found.gradients);
    assert_non_null(found.gradients);
    assert_accepted(model, model_gradients(model, x, y, found.gradients, found.count, &found.loss));
    model_free(model);
    tensor_free(x);
    tensor_free(y);
    return found;
}

static void assert_same(found_t a, found_t b, const char *what)
{
    if (!(fabs(a.loss - b.loss) <= 2e-6 * (1.0 + fabs(b.loss))))
        fail_msg("%s: loss %.9g, not %.9g", what, a.loss, b.loss);
    for (size_t i = 0; i < a.count; i++)
        if (!(fabsf(a.gradients[i] - b.gradients[i]) <= 2e-6f * (1.0f + fabsf(b.gradients[i]))))
            fail_msg("%s: gradient %zu is %.9g, not %.9g", what, i, (double)a.gradients[i],
                     (double)b.gradients[i]);
    free(a.gradients);
    free(b.gradients);
}

static const loss_kind_t kinds[] = {LOSS_MEAN_SQUARED_ERROR,
                                    LOSS_MEAN_ABSOLUTE_ERROR,
                                    LOSS_MEAN_ABSOLUTE_PERCENTAGE_ERROR,
                                    LOSS_MEAN_SQUARED_LOGARITHMIC_ERROR,
                                    LOSS_HUBER,
                                    LOSS_QUANTILE,
                                    LOSS_LOG_COSH,
                                    LOSS_POISSON,
                                    LOSS_BINARY_CROSSENTROPY,
                                    LOSS_BINARY_FOCAL_CROSSENTROPY};
enum { KINDS = sizeof kinds / sizeof *kinds };

static void check_ones(engine_t engine)
{
    for (size_t i = 0; i < KINDS; i++) {
        loss_t weighted = loss_default(kinds[i]), missing = weighted, usual = weighted;

        weighted.weighted_labels = true;
        missing.missing_labels = true;
        if (kinds[i] == LOSS_BINARY_CROSSENTROPY)
            weighted.label_smoothing = missing.label_smoothing = usual.label_smoothing = 0.2;
        assert_same(find(engine, &weighted, ACTIVATION_SIGMOID, ones, 2 * UNITS),
                    find(engine, &usual, ACTIVATION_SIGMOID, plain, UNITS), loss_name(kinds[i]));
        assert_same(find(engine, &missing, ACTIVATION_SIGMOID, plain, UNITS),
                    find(engine, &usual, ACTIVATION_SIGMOID, plain, UNITS), loss_name(kinds[i]));
    }
}

static void test_masked_losses_of_labels_that_all_count_are_the_usual_ones(void **state)
{
    (void)state;
    with_every_engine(check_ones);
}

/* Missing labels are those of weight 0 in a mean by weights. */
static void check_missing(engine_t engine)
{
    for (size_t i = 0; i < KINDS; i++) {
        loss_t weighted = loss_default(kinds[i]), missing = weighted;

        weighted.weighted_labels = true;
        weighted.reduction = REDUCTION_MEAN_WITH_SAMPLE_WEIGHT;
        missing.missing_labels = true;
        assert_same(find(engine, &missing, ACTIVATION_SIGMOID, gaps, UNITS),
                    find(engine, &weighted, ACTIVATION_SIGMOID, bits, 2 * UNITS),
                    loss_name(kinds[i]));
        weighted.reduction = missing.reduction = REDUCTION_SUM;
        assert_same(find(engine, &missing, ACTIVATION_SIGMOID, gaps, UNITS),
                    find(engine, &weighted, ACTIVATION_SIGMOID, bits, 2 * UNITS),
                    loss_name(kinds[i]));
    }
}

static void test_masked_missing_labels_are_labels_of_weight_0(void **state)
{
    (void)state;
    with_every_engine(check_missing);
}

/* The mean of w (p - t)^2 over all labels, or over the sum of weights. */
static void weighted_squares(const function_batch_t *batch, void *user)
{
    const bool *by_weights = user;
    size_t units = batch->units;
    float total = 0.0f;

    for (size_t i = 0; i < batch->rows * units; i++)
        total += batch->y_true[i / units * 2 * units + units + i % units];
    for (size_t row = 0; row < batch->rows; row++) {
        float sum = 0.0f, each = *by_weights ? (float)batch->rows / total : 1.0f / (float)units;
        for (size_t u = 0; u < units; u++) {
            float error = batch->y_pred[row * units + u] - batch->y_true[row * 2 * units + u];
            float weight = batch->y_true[row * 2 * units + units + u];

            sum += weight * error * error * each;
            if (batch->gradient != NULL)
                batch->gradient[row * units + u] = 2.0f * weight * error * each;
        }
        batch->row_values[row] = sum;
    }
}

static void check_weighted(engine_t engine)
{
    bool by_weights = false;
    loss_t loss = loss_mean_squared_error(), own = loss_function(weighted_squares, &by_weights);

    loss.weighted_labels = true;
    own.label_width = 2 * UNITS;
    assert_same(find(engine, &loss, ACTIVATION_TANH, pairs, 2 * UNITS),
                find(engine, &own, ACTIVATION_TANH, pairs, 2 * UNITS), "sum over batch size");
    by_weights = true;
    loss.reduction = REDUCTION_MEAN_WITH_SAMPLE_WEIGHT;
    assert_same(find(engine, &loss, ACTIVATION_TANH, pairs, 2 * UNITS),
                find(engine, &own, ACTIVATION_TANH, pairs, 2 * UNITS), "mean by weights");
}

static void test_masked_weights_of_labels_multiply_their_losses(void **state)
{
    (void)state;
    with_every_engine(check_weighted);
}

static void test_masked_metrics_leave_missing_labels_out(void **state)
{
    loss_t loss = loss_mean_squared_error();
    compile_options_t how = compile_options_default();
    model_t *model = model_of(DLCORE_ENGINE_AUTO, &loss, ACTIVATION_SIGMOID);
    tensor_t *x = borrow_floats(x_values, ROWS, INPUTS), *y = borrow_floats(gaps, ROWS, UNITS);
    float outputs[ROWS * UNITS];
    tensor_t *y_pred = strided_floats(ROWS, UNITS, outputs, UNITS);
    fit_options_t fit = batches_of(7);
    evaluation_t result;
    double absolute = 0, squares = 0, right = 0, count = 0;

    (void)state;
    how.loss = loss;
    how.loss.missing_labels = true;
    how.metrics[0] = metric_from_name("mae");
    how.metrics[1] = metric_from_name("root_mean_squared_error");
    how.metrics[2] = metric_from_name("binary_accuracy");
    how.metric_count = 3;
    assert_accepted(model, model_compile_with(model, &how));
    fit.validation_split = 0.3;
    fit.epochs = 2;
    assert_accepted(model, model_fit(model, x, y, &fit, NULL));
    assert_int_equal(model_evaluate(model, x, y, NULL, &result), DLCORE_OK);
    assert_int_equal(model_predict(model, x, y_pred), DLCORE_OK);
    for (size_t i = 0; i < ROWS * UNITS; i++) {
        double error = (double)outputs[i] - (double)gaps[i];

        if (isnan(error))
            continue;
        absolute += fabs(error);
        squares += error * error;
        right += (outputs[i] > 0.5f ? 1.0f : 0.0f) == gaps[i];
        count++;
    }
    assert_true(2 * count > ROWS * UNITS && count < ROWS * UNITS);
    assert_true(fabs(evaluation_value(&result, "mae") - absolute / count) < 1e-6);
    assert_true(fabs(evaluation_value(&result, "root_mean_squared_error") - sqrt(squares / count)) <
                1e-6);
    assert_true(fabs(result.loss - squares / count) < 1e-6);
    assert_true(fabs(evaluation_value(&result, "binary_accuracy") - right / count) < 1e-6);
    model_free(model);
    tensor_free(x);
    tensor_free(y);
    tensor_free(y_pred);
}

static model_t *class_model(const loss_t *loss)
{
    model_t *model = NULL;
    compile_options_t how = compile_options_default();

    assert_int_equal(model_create(NULL, &model), DLCORE_OK);
    assert_accepted(model, model_add(model, layer_activation(ACTIVATION_LINEAR)));
    how.loss = *loss;
    how.metrics[0] = metric_from_name("accuracy");
    how.metric_count = 1;
    assert_accepted(model, model_build(model, 3));
    assert_accepted(model, model_compile_with(model, &how));
    return model;
}

/* keras.losses.SparseCategoricalCrossentropy(ignore_class=255, reduction=..., from_logits=...) of
 * Keras 3.15.1 of these labels, outputs and weights. */
static void test_masked_ignore_class_is_kerass(void **state)
{
    static const float outputs[] = {.2f, .5f, .3f, .1f, .1f, .8f, .6f, .3f, .1f, .25f, .25f, .5f};
    static const float weight[] = {1, 2, 3, 4};
    static const int32_t labels[] = {1, 255, 0, 255};
    static const struct {
        reduction_t reduction;
        bool logits;
        double plain, weighted;
    } cases[] = {
        {REDUCTION_SUM_OVER_BATCH_SIZE, false, 0.6019864082336426, 1.1128119230270386},
        {REDUCTION_SUM_OVER_BATCH_SIZE, true, 0.8965588808059692, 1.7498455047607422},
        {REDUCTION_SUM, false, 1.2039728164672852, 2.225623846054077},
        {REDUCTION_SUM, true, 1.7931177616119385, 3.4996910095214844},
        {REDUCTION_MEAN_WITH_SAMPLE_WEIGHT, false, 0.6019864082336426, 0.5564059615135193},
        {REDUCTION_MEAN_WITH_SAMPLE_WEIGHT, true, 0.8965588808059692, 0.8749227523803711},
    };
    tensor_t *x = borrow_floats(outputs, 4, 3), *y = tensor_of_ints(SHAPE(4), labels);
    tensor_t *weights = tensor_of_floats(SHAPE(4), weight);

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        loss_t loss = loss_sparse_categorical_crossentropy();
        evaluate_options_t how = evaluate_options_default();
        evaluation_t result;
        model_t *model;

        loss.reduction = cases[i].reduction;
        loss.from_logits = cases[i].logits;
        loss.ignores_class = true;
        loss.ignore_class = 255;
        model = class_model(&loss);
        assert_int_equal(model_evaluate(model, x, y, &how, &result), DLCORE_OK);
        assert_true(fabs(result.loss - cases[i].plain) < 1e-6);
        assert_true(result.metrics[0].value == 1.0);
        how.sample_weight = weights;
        assert_int_equal(model_evaluate(model, x, y, &how, &result), DLCORE_OK);
        assert_true(fabs(result.loss - cases[i].weighted) < 1e-6);
        model_free(model);
    }
    tensor_free(x);
    tensor_free(y);
    tensor_free(weights);
}

/* Samples of an ignored class train as if they were not there. */
static void check_ignored(engine_t engine)
{
    static const size_t widths[] = {INPUTS, 30, 4, 0};
    model_options_t options = engine_options(engine, 2);
    samples_t samples = samples_of_floats(40, INPUTS, 4);
    float kept_x[40 * INPUTS];
    int32_t kept_y[40], marked[40];
    size_t kept = 0;
    compile_options_t how = compile_options_default();
    model_t *ignoring = classifier(&options, widths, optimizer_adam());
    model_t *without = classifier(&options, widths, optimizer_adam());
    tensor_t *x, *y, *y_marked;
    float *a, *b;

    for (size_t row = 0; row < 40; row++) {
        marked[row] = ((const int32_t *)tensor_data_const(samples.y))[row];
        if (row % 3 == 0) {
            marked[row] = -1;
            continue;
        }
        memcpy(kept_x + kept * INPUTS, (const float *)tensor_data_const(samples.x) + row * INPUTS,
               INPUTS * sizeof *kept_x);
        kept_y[kept++] = marked[row];
    }
    x = borrow_floats(kept_x, kept, INPUTS);
    y = tensor_of_ints(SHAPE(kept), kept_y);
    y_marked = tensor_of_ints(SHAPE(40), marked);
    how.optimizer = optimizer_adam();
    how.loss = loss_sparse_categorical_crossentropy();
    how.loss.ignores_class = true;
    how.loss.ignore_class = -1;
    assert_accepted(ignoring, model_compile_with(ignoring, &how));
    for (size_t step = 0; step < 3; step++) {
        assert_accepted(ignoring, model_train_on_batch(ignoring, samples.x, y_marked, NULL));
        assert_accepted(without, model_train_on_batch(without, x, y, NULL));
    }
    a = weights_of(ignoring);
    b = weights_of(without);
    for (size_t i = 0; i < model_parameter_count(without); i++)
        assert_true(fabsf(a[i] - b[i]) < 1e-5f);
    free(a);
    free(b);
    how.loss.ignores_class = false;
    assert_accepted(ignoring, model_compile_with(ignoring, &how));
    assert_int_equal(model_train_on_batch(ignoring, samples.x, y_marked, NULL), DLCORE_ERROR_RANGE);
    model_free(ignoring);
    model_free(without);
    samples_free(samples);
    tensor_free(x);
    tensor_free(y);
    tensor_free(y_marked);
}

static void test_masked_ignored_samples_train_as_if_absent(void **state)
{
    (void)state;
    with_every_engine(check_ignored);
}

static void test_masked_weights_of_samples_below_0_turn_the_gradient_around(void **state)
{
    static float minus[ROWS];
    loss_t loss = loss_mean_squared_error();
    optimizer_t sgd = optimizer_sgd();
    tensor_t *x = borrow_floats(x_values, ROWS, INPUTS), *y = borrow_floats(plain, ROWS, UNITS);
    tensor_t *weight = borrow_floats(minus, ROWS, 1);
    model_t *model = model_of(DLCORE_ENGINE_AUTO, &loss, ACTIVATION_TANH), *before = NULL;
    float *start, *up, *down;
    evaluation_t result;

    (void)state;
    assert_accepted(model, model_compile(model, &sgd, LOSS_MEAN_SQUARED_ERROR, METRIC_NONE));
    assert_int_equal(model_clone(model, &before), DLCORE_OK);
    start = weights_of(model);
    for (size_t i = 0; i < ROWS; i++)
        minus[i] = -1.0f;
    assert_accepted(model, model_train_on_batch_weighted(model, x, y, weight, NULL, 0, &result));
    assert_true(result.loss < 0.0);
    assert_accepted(before, model_train_on_batch(before, x, y, NULL));
    up = weights_of(model);
    down = weights_of(before);
    for (size_t i = 0; i < model_parameter_count(model); i++)
        assert_true(fabsf((up[i] - start[i]) + (down[i] - start[i])) < 1e-6f);
    free(start);
    free(up);
    free(down);
    model_free(model);
    model_free(before);
    tensor_free(x);
    tensor_free(y);
    tensor_free(weight);
}

static void test_masked_settings_travel_in_files(void **state)
{
    loss_t loss = loss_huber(), ignoring = loss_sparse_categorical_crossentropy();
    model_t *model, *loaded = NULL;
    tensor_t *x = borrow_floats(x_values, ROWS, INPUTS), *y = borrow_floats(gaps, ROWS, UNITS);
    static const float outputs[] = {.2f, .5f, .3f};
    static const int32_t label[] = {0};
    tensor_t *one = borrow_floats(outputs, 1, 3), *zero = tensor_of_ints(SHAPE(1), label);
    evaluation_t result, again;
    void *bytes;
    size_t size;

    (void)state;
    loss.missing_labels = true;
    model = model_of(DLCORE_ENGINE_AUTO, &loss, ACTIVATION_TANH);
    assert_int_equal(model_save_memory(model, NULL, &bytes, &size), DLCORE_OK);
    assert_int_equal(model_load_memory(bytes, size, NULL, &loaded), DLCORE_OK);
    assert_int_equal(model_evaluate(model, x, y, NULL, &result), DLCORE_OK);
    assert_int_equal(model_evaluate(loaded, x, y, NULL, &again), DLCORE_OK);
    assert_true(isfinite(result.loss) && result.loss == again.loss);
    free(bytes);
    model_free(loaded);
    model_free(model);
    ignoring.ignores_class = true;
    ignoring.ignore_class = 0;
    model = class_model(&ignoring);
    assert_int_equal(model_save_memory(model, NULL, &bytes, &size), DLCORE_OK);
    assert_int_equal(model_load_memory(bytes, size, NULL, &loaded), DLCORE_OK);
    assert_int_equal(model_evaluate(loaded, one, zero, NULL, &again), DLCORE_OK);
    assert_true(again.loss == 0.0);
    free(bytes);
    model_free(loaded);
    model_free(model);
    tensor_free(x);
    tensor_free(y);
    tensor_free(one);
    tensor_free(zero);
}

static void assert_refused(const compile_options_t *how, dlcore_status status, const char *message)
{
    loss_t loss = loss_mean_squared_error();
    model_t *model = model_of(DLCORE_ENGINE_AUTO, &loss, ACTIVATION_SIGMOID);

    assert_int_equal(model_compile_with(model, how), status);
    assert_string_equal(model_error(model), message);
    model_free(model);
}

static void test_masked_settings_without_sense_are_refused(void **state)
{
    compile_options_t how = compile_options_default();
    loss_t loss = loss_mean_squared_error();
    tensor_t *x = borrow_floats(x_values, ROWS, INPUTS), *y = borrow_floats(plain, ROWS, UNITS);
    tensor_t *with_nan;
    model_t *model;

    (void)state;
    how.loss = loss_categorical_crossentropy();
    how.loss.missing_labels = true;
    assert_refused(&how, DLCORE_ERROR_ARGUMENT,
                   "categorical_crossentropy: has no missing_labels: its labels cannot count one "
                   "by one");
    how.loss = loss_hinge();
    how.loss.weighted_labels = true;
    assert_refused(&how, DLCORE_ERROR_ARGUMENT,
                   "hinge: has no weighted_labels: its labels cannot count one by one");
    how.loss = loss_huber();
    how.loss.ignores_class = true;
    assert_refused(&how, DLCORE_ERROR_ARGUMENT,
                   "huber: has no ignore_class, which is sparse_categorical_crossentropy's");
    how.loss = loss;
    how.loss.missing_labels = true;
    how.metrics[0] = metric_from_name("r2_score");
    how.metric_count = 1;
    assert_refused(
        &how, DLCORE_ERROR_ARGUMENT,
        "r2_score: cannot leave single labels out, as missing_labels of the loss has it");
    how.metric_count = 0;
    how.metrics[0].kind = METRIC_NONE;
    how.weighted_metrics[0] = metric_from_name("mae");
    how.weighted_metric_count = 1;
    assert_refused(&how, DLCORE_ERROR_ARGUMENT,
                   "weighted_metrics: mean_absolute_error cannot be had with missing_labels of the "
                   "loss: use metrics");
    loss.weighted_labels = true;
    model = model_of(DLCORE_ENGINE_AUTO, &loss, ACTIVATION_SIGMOID);
    assert_int_equal(model_train_on_batch(model, x, y, NULL), DLCORE_ERROR_SHAPE);
    assert_string_equal(model_error(model),
                        "mean_squared_error: with weighted_labels y has 38 numbers per sample, "
                        "labels and their weights, got 19");
    pairs[2 * 2 * UNITS + UNITS + 3] = NAN;
    with_nan = borrow_floats(pairs, ROWS, 2 * UNITS);
    assert_int_equal(model_train_on_batch(model, x, with_nan, NULL), DLCORE_ERROR_RANGE);
    assert_non_null(strstr(model_error(model), "the weight of label 3 of sample 2 is"));
    model_free(model);
    tensor_free(x);
    tensor_free(y);
    tensor_free(with_nan);
}

/* A step of one of two ranks. */
typedef struct step_of_rank {
    dlcore_status status[2];
    bool named[2];
} step_of_rank_t;

static void step_with_mask(void *user, const dlcore_collective_t *collective)
{
    step_of_rank_t *found = user;
    loss_t loss = loss_mean_squared_error();
    tensor_t *x = borrow_floats(x_values, ROWS, INPUTS), *y = borrow_floats(gaps, ROWS, UNITS);
    model_t *model;

    loss.missing_labels = true;
    model = model_of(DLCORE_ENGINE_AUTO, &loss, ACTIVATION_TANH);
    found->status[collective->rank] = dlcore_model_set_collective(model, collective);
    if (found->status[collective->rank] == DLCORE_OK)
        found->status[collective->rank] = model_train_on_batch(model, x, y, NULL);
    found->named[collective->rank] =
        strstr(model_error(model), "missing_labels of the loss is not supported") != NULL;
    model_free(model);
    tensor_free(x);
    tensor_free(y);
}

static void test_masked_losses_of_several_ranks_are_refused(void **state)
{
    loopback_t *loopback = loopback_create(2);
    dlcore_collective_t settings;
    step_of_rank_t found = {.named = {false}};

    (void)state;
    assert_non_null(loopback);
    settings = loopback_collective(loopback, 0);
    loopback_run(loopback, &settings, step_with_mask, &found);
    for (size_t rank = 0; rank < 2; rank++) {
        assert_int_equal(found.status[rank], DLCORE_ERROR_UNSUPPORTED);
        assert_true(found.named[rank]);
    }
    loopback_free(loopback);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_masked_losses_of_labels_that_all_count_are_the_usual_ones),
        cmocka_unit_test(test_masked_missing_labels_are_labels_of_weight_0),
        cmocka_unit_test(test_masked_weights_of_labels_multiply_their_losses),
        cmocka_unit_test(test_masked_metrics_leave_missing_labels_out),
        cmocka_unit_test(test_masked_ignore_class_is_kerass),
        cmocka_unit_test(test_masked_ignored_samples_train_as_if_absent),
        cmocka_unit_test(test_masked_weights_of_samples_below_0_turn_the_gradient_around),
        cmocka_unit_test(test_masked_settings_travel_in_files),
        cmocka_unit_test(test_masked_settings_without_sense_are_refused),
        cmocka_unit_test(test_masked_losses_of_several_ranks_are_refused),
    };
    return cmocka_run_group_tests(tests, fill, NULL);
}
