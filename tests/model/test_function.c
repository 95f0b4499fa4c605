/* Losses and metrics that are functions of the user's, in training, evaluating and their limits.
 *
 * SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dlcore.h"
#include "support/classifier.h"
#include "support/models.h"
#include "support/tensors.h"

enum { ROWS = 70, INPUTS = 5, UNITS = 20, BATCH = 16 };

static float x_values[ROWS * INPUTS], y_values[ROWS * UNITS], weights[ROWS];

static int fill(void **state)
{
    unsigned seed = 7;

    (void)state;
    for (size_t i = 0; i < ROWS * INPUTS; i++)
        x_values[i] = (float)((seed = seed * 1103515245u + 12345u) >> 16 & 1023) / 512.0f - 1.0f;
    for (size_t i = 0; i < ROWS * UNITS; i++)
        y_values[i] = (float)((seed = seed * 1103515245u + 12345u) >> 16 & 1023) / 512.0f - 1.0f;
    for (size_t i = 0; i < ROWS; i++)
        weights[i] = (float)(i % 4) * 0.5f;
    return 0;
}

/* What a function of the tests saw. */
typedef struct seen {
    pthread_t thread;
    atomic_bool elsewhere; /* it was called on another thread */
    atomic_size_t calls, rows, most, gradients;
    size_t spoil_from; /* calls from this one on give NaN; 0: none */
} seen_t;

static void see(const function_batch_t *batch, seen_t *seen)
{
    if (seen == NULL)
        return;
    if (!pthread_equal(seen->thread, pthread_self()))
        seen->elsewhere = true;
    seen->calls++;
    seen->rows += batch->rows;
    seen->gradients += batch->gradient != NULL;
    if (batch->rows > seen->most)
        seen->most = batch->rows;
}

/* The mean squared error. */
static void squared_error(const function_batch_t *batch, void *user)
{
    seen_t *seen = user;

    see(batch, seen);
    for (size_t row = 0; row < batch->rows; row++) {
        float sum = 0.0f;
        for (size_t u = 0; u < batch->units; u++) {
            float error =
                batch->y_pred[row * batch->units + u] - batch->y_true[row * batch->units + u];
            sum += error * error;
            if (batch->gradient != NULL)
                batch->gradient[row * batch->units + u] = 2.0f * error / (float)batch->units;
        }
        batch->row_values[row] = sum / (float)batch->units;
        if (seen != NULL && seen->spoil_from > 0 && seen->calls >= seen->spoil_from)
            batch->row_values[row] = NAN;
    }
}

/* Two layers, compiled; NULL loss: mse. */
static model_t *wide_regression(engine_t engine, size_t threads, size_t hidden, const loss_t *loss,
                                const metric_t *metric)
{
    model_options_t options = engine_options(engine, threads);
    compile_options_t how = compile_options_default();
    model_t *model = NULL;

    assert_int_equal(model_create(&options, &model), DLCORE_OK);
    assert_accepted(model, model_add(model, layer_dense(hidden, ACTIVATION_TANH)));
    assert_accepted(model, model_add(model, layer_dense(UNITS, ACTIVATION_TANH)));
    how.optimizer = optimizer_adam();
    how.loss = loss != NULL ? *loss : loss_mean_squared_error();
    if (metric != NULL)
        how.metrics[how.metric_count++] = *metric;
    assert_accepted(model, model_compile_with(model, &how));
    assert_accepted(model, model_build(model, INPUTS));
    return model;
}

static model_t *regression(engine_t engine, size_t threads, const loss_t *loss,
                           const metric_t *metric)
{
    return wide_regression(engine, threads, 24, loss, metric);
}

static void train(model_t *model, const tensor_t *sample_weight)
{
    tensor_t *x = borrow_floats(x_values, ROWS, INPUTS), *y = borrow_floats(y_values, ROWS, UNITS);
    fit_options_t how = batches_of(BATCH);

    how.epochs = 3;
    how.sample_weight = sample_weight;
    assert_accepted(model, model_fit(model, x, y, &how, NULL));
    tensor_free(x);
    tensor_free(y);
}

static void assert_weights_near(const model_t *a, const model_t *b)
{
    float *left = weights_of(a), *right = weights_of(b);

    for (size_t i = 0; i < model_parameter_count(a); i++)
        assert_true(fabsf(left[i] - right[i]) <= 2e-5f);
    free(left);
    free(right);
}

static void check_against_mse(engine_t engine)
{
    for (int calls = FUNCTION_CALLS_BATCH; calls <= (int)FUNCTION_CALLS_ROWS; calls++) {
        loss_t loss = loss_function(squared_error, NULL);
        tensor_t *weight = tensor_of_floats(SHAPE(ROWS), weights);
        model_t *own, *built_in;

        loss.function.calls = (function_calls_t)calls;
        for (int weighted = 0; weighted < 2; weighted++) {
            own = regression(engine, 2, &loss, NULL);
            built_in = regression(engine, 2, NULL, NULL);
            train(own, weighted ? weight : NULL);
            train(built_in, weighted ? weight : NULL);
            assert_weights_near(own, built_in);
            model_free(own);
            model_free(built_in);
        }
        tensor_free(weight);
    }
}

static void test_function_that_is_mse_trains_as_mse(void **state)
{
    (void)state;
    with_every_engine(check_against_mse);
}

static void check_threads(engine_t engine)
{
    loss_t loss = loss_function(squared_error, NULL);
    model_t *first = NULL;

    loss.function.calls = FUNCTION_CALLS_ROWS;
    for (size_t threads = 1; threads <= 4; threads++) {
        model_t *model = regression(engine, threads, &loss, NULL);
        train(model, NULL);
        if (first == NULL) {
            first = model;
            continue;
        }
        assert_true(same_weights(first, model));
        model_free(model);
    }
    loss.function.calls = FUNCTION_CALLS_BATCH;
    model_t *once = regression(engine, 3, &loss, NULL);
    train(once, NULL);
    assert_true(same_weights(first, once));
    model_free(once);
    model_free(first);
}

static void test_function_at_any_number_of_threads_gives_the_same_bits(void **state)
{
    (void)state;
    with_every_engine(check_threads);
}

static void test_function_called_by_batch_gets_batches_on_the_calling_thread(void **state)
{
    seen_t seen = {.thread = pthread_self()}, seen_metric = {.thread = pthread_self()};
    loss_t loss = loss_function(squared_error, &seen);
    metric_t metric = metric_function(squared_error, &seen_metric);
    tensor_t *x = borrow_floats(x_values, ROWS, INPUTS), *y = borrow_floats(y_values, ROWS, UNITS);
    evaluate_options_t how = evaluate_options_default();
    evaluation_t result;
    model_t *model;

    (void)state;
    model = wide_regression(DLCORE_ENGINE_AUTO, 4, 4000, &loss, &metric); /* work for several */
    train(model, NULL);
    assert_int_equal(seen.calls, 3 * 5);
    assert_int_equal(seen.rows, 3 * ROWS);
    assert_int_equal(seen.most, BATCH);
    assert_int_equal(seen.gradients, seen.calls);
    assert_int_equal(seen_metric.rows, 3 * ROWS);
    assert_int_equal(seen_metric.gradients, 0);
    how.batch_size = 30;
    assert_int_equal(model_evaluate(model, x, y, &how, &result), DLCORE_OK);
    assert_int_equal(seen.most, 30);
    assert_int_equal(seen.calls, 3 * 5 + 3);
    assert_int_equal(seen.gradients, 3 * 5);
    assert_false(seen.elsewhere || seen_metric.elsewhere);
    assert_float_equal(result.loss, result.metrics[0].value, 1e-7);
    model_free(model);
    tensor_free(x);
    tensor_free(y);
}

static void test_metric_function_is_the_mean_of_its_rows(void **state)
{
    metric_t metric = metric_function(squared_error, NULL);
    compile_options_t how = compile_options_default();
    tensor_t *x = borrow_floats(x_values, ROWS, INPUTS), *y = borrow_floats(y_values, ROWS, UNITS);
    tensor_t *weight = tensor_of_floats(SHAPE(ROWS), weights);
    evaluate_options_t options = evaluate_options_default();
    evaluation_t result;
    model_t *model = regression(DLCORE_ENGINE_AUTO, 2, NULL, NULL);

    (void)state;
    snprintf(metric.name, sizeof metric.name, "mine");
    how.loss = loss_mean_squared_error();
    how.metrics[0] = metric_from_name("mse");
    how.metrics[1] = metric;
    how.metrics[1].function.calls = FUNCTION_CALLS_ROWS;
    how.weighted_metrics[0] = metric_from_name("mse");
    how.weighted_metrics[1] = metric;
    how.metric_count = how.weighted_metric_count = 2;
    assert_accepted(model, model_compile_with(model, &how));
    train(model, weight);
    options.sample_weight = weight;
    assert_int_equal(model_evaluate(model, x, y, &options, &result), DLCORE_OK);
    assert_string_equal(result.metrics[1].name, "mine");
    assert_string_equal(result.metrics[3].name, "weighted_mine");
    assert_true(fabs(result.metrics[0].value - result.metrics[1].value) < 1e-6);
    assert_true(fabs(result.metrics[2].value - result.metrics[3].value) < 1e-6);
    assert_true(fabs(result.metrics[0].value - result.metrics[2].value) > 1e-6);
    assert_true(isfinite(evaluation_value(&result, "mine")));
    model_free(model);
    tensor_free(x);
    tensor_free(y);
    tensor_free(weight);
}

/* A policy's: y is (action, advantage); units are logits. */
static void policy(const function_batch_t *batch, void *user)
{
    (void)user;
    assert_int_equal(batch->label_width, 2);
    for (size_t row = 0; row < batch->rows; row++) {
        const float *logits = batch->y_pred + row * batch->units;
        const float *label = batch->y_true + row * batch->label_width;
        size_t action = (size_t)label[0];
        float sum = 0.0f;

        for (size_t u = 0; u < batch->units; u++)
            sum += expf(logits[u]);
        batch->row_values[row] = label[1] * (logf(sum) - logits[action]);
        for (size_t u = 0; batch->gradient != NULL && u < batch->units; u++)
            batch->gradient[row * batch->units + u] =
                label[1] * (expf(logits[u]) / sum - (u == action ? 1.0f : 0.0f));
    }
}

static model_t *policy_model(const loss_t *loss, const metric_t *metric)
{
    compile_options_t how = compile_options_default();
    model_t *model = NULL;

    assert_int_equal(model_create(NULL, &model), DLCORE_OK);
    assert_accepted(model, model_add(model, layer_dense(3, ACTIVATION_LINEAR)));
    how.optimizer = optimizer_sgd();
    how.loss = *loss;
    if (metric != NULL)
        how.metrics[how.metric_count++] = *metric;
    assert_accepted(model, model_build(model, INPUTS));
    if (metric == NULL)
        assert_accepted(model, model_compile_with(model, &how));
    else
        assert_int_equal(model_compile_with(model, &how), DLCORE_ERROR_ARGUMENT);
    return model;
}

static void test_function_of_wider_labels_trains_a_policy(void **state)
{
    static const float pairs[] = {0, 1, 2, -0.5f, 1, 2};
    loss_t loss = loss_function(policy, NULL), classes = loss_sparse_categorical_crossentropy();
    metric_t metric = metric_default(METRIC_MEAN_SQUARED_ERROR);
    static const int32_t action[] = {0};
    tensor_t *x = borrow_floats(x_values, 3, INPUTS), *one = borrow_floats(x_values, 1, INPUTS);
    tensor_t *y = borrow_floats(pairs, 3, 2), *narrow = borrow_floats(pairs, 3, 1);
    tensor_t *pair = borrow_floats(pairs, 1, 2);
    tensor_t *label = tensor_of_ints(SHAPE(1), action);
    evaluation_t result;
    model_t *model, *reference;

    (void)state;
    loss.label_width = 2;
    model = policy_model(&loss, NULL);
    assert_accepted(model, model_train_on_batch(model, x, y, &result));
    assert_true(isfinite(result.loss));
    assert_int_equal(model_train_on_batch(model, x, narrow, NULL), DLCORE_ERROR_SHAPE);
    assert_string_equal(model_error(model),
                        "loss_function: label_width is 2, but labels have 1 value per sample");
    model_free(model);
    /* with advantage 1 it is the cross-entropy of the logits */
    classes.from_logits = true;
    model = policy_model(&loss, NULL);
    reference = policy_model(&classes, NULL);
    assert_accepted(model, model_train_on_batch(model, one, pair, NULL));
    assert_accepted(reference, model_train_on_batch(reference, one, label, NULL));
    assert_weights_near(model, reference);
    model_free(reference);
    model_free(model);
    /* a metric that compares outputs with labels cannot be had */
    model = policy_model(&loss, &metric);
    assert_string_equal(model_error(model),
                        "mean_squared_error: needs a label for each of 3 units, but label_width of "
                        "the loss is 2: only metric_function takes such labels");
    model_free(model);
    tensor_free(x);
    tensor_free(one);
    tensor_free(y);
    tensor_free(narrow);
    tensor_free(pair);
    tensor_free(label);
}

/* -log y_pred of the class, of probabilities. */
static void negative_log(const function_batch_t *batch, void *user)
{
    (void)user;
    assert_null(batch->y_true);
    for (size_t row = 0; row < batch->rows; row++) {
        size_t at = row * batch->units + (size_t)batch->classes[row];

        batch->row_values[row] = -logf(batch->y_pred[at]);
        if (batch->gradient != NULL)
            batch->gradient[at] = -1.0f / batch->y_pred[at];
    }
}

static void test_sparse_function_gets_classes_after_softmax(void **state)
{
    static const size_t widths[] = {INPUTS, 8, 4, 0};
    model_options_t options = engine_options(DLCORE_ENGINE_AUTO, 2);
    samples_t samples = samples_of_floats(ROWS, INPUTS, 4);
    compile_options_t how = compile_options_default();
    fit_options_t fit = batches_of(BATCH);
    model_t *own = classifier(&options, widths, optimizer_sgd());
    model_t *built_in = classifier(&options, widths, optimizer_sgd());

    (void)state;
    how.optimizer = optimizer_sgd();
    how.loss = loss_sparse_function(negative_log, NULL);
    how.metrics[0] = metric_from_name("accuracy");
    how.metric_count = 1;
    assert_accepted(own, model_compile_with(own, &how));
    assert_accepted(own, model_fit(own, samples.x, samples.y, &fit, NULL));
    assert_accepted(built_in, model_fit(built_in, samples.x, samples.y, &fit, NULL));
    assert_weights_near(own, built_in);
    model_free(own);
    model_free(built_in);
    samples_free(samples);
}

static void test_function_that_gives_nan_stops_before_the_step(void **state)
{
    seen_t seen = {.thread = pthread_self(), .spoil_from = 3};
    loss_t loss = loss_function(squared_error, &seen), sound = loss_function(squared_error, NULL);
    model_t *model = regression(DLCORE_ENGINE_AUTO, 2, &loss, NULL);
    model_t *other = regression(DLCORE_ENGINE_AUTO, 2, &sound, NULL);
    tensor_t *x = borrow_floats(x_values, ROWS, INPUTS), *y = borrow_floats(y_values, ROWS, UNITS);
    fit_options_t how = batches_of(BATCH);

    (void)state;
    assert_int_equal(model_fit(model, x, y, &how, NULL), DLCORE_ERROR_NOT_FINITE);
    assert_non_null(strstr(model_error(model), "loss is NaN in"));
    how.steps_per_epoch = 2;
    assert_accepted(other, model_fit(other, x, y, &how, NULL));
    assert_true(same_weights(model, other));
    model_free(model);
    model_free(other);
    tensor_free(x);
    tensor_free(y);
}

static void fills_nothing(const function_batch_t *batch, void *user)
{
    (void)batch;
    (void)user;
}

static void test_function_that_leaves_rows_out_is_not_finite(void **state)
{
    loss_t loss = loss_function(fills_nothing, NULL);
    model_t *model = regression(DLCORE_ENGINE_AUTO, 1, &loss, NULL);
    tensor_t *x = borrow_floats(x_values, ROWS, INPUTS), *y = borrow_floats(y_values, ROWS, UNITS);

    (void)state;
    assert_int_equal(model_train_on_batch(model, x, y, NULL), DLCORE_ERROR_NOT_FINITE);
    model_free(model);
    tensor_free(x);
    tensor_free(y);
}

static void assert_refused(const loss_t *loss, const metric_t *metric, const char *message)
{
    compile_options_t how = compile_options_default();
    model_t *model = regression(DLCORE_ENGINE_AUTO, 1, NULL, NULL);

    how.loss = loss != NULL ? *loss : loss_mean_squared_error();
    if (metric != NULL)
        how.metrics[how.metric_count++] = *metric;
    assert_int_equal(model_compile_with(model, &how), DLCORE_ERROR_ARGUMENT);
    assert_string_equal(model_error(model), message);
    model_free(model);
}

static void test_function_descriptors_without_sense_are_refused(void **state)
{
    loss_t loss = loss_default(LOSS_FUNCTION);
    metric_t metric = metric_default(METRIC_FUNCTION);

    (void)state;
    assert_refused(&loss, NULL,
                   "loss_function: has no function; make the descriptor with "
                   "loss_function(function, user)");
    assert_refused(NULL, &metric,
                   "compile: metric 0: metric_function: has no function; make the descriptor with "
                   "metric_function(function, user)");
    loss = loss_function(NULL, NULL);
    assert_refused(&loss, NULL, "loss_function: the function is NULL");
    loss = loss_function(squared_error, NULL);
    loss.function.calls = (function_calls_t)2;
    assert_refused(&loss, NULL,
                   "loss_function: function.calls must be FUNCTION_CALLS_BATCH (0) or "
                   "FUNCTION_CALLS_ROWS (1), got 2");
    loss = loss_function(squared_error, NULL);
    loss.from_logits = true;
    assert_refused(&loss, NULL, "loss_function: has no from_logits");
    loss = loss_function(squared_error, NULL);
    memset(loss.name, 'a', sizeof loss.name);
    assert_refused(&loss, NULL, "loss_function: its name has more than 47 bytes");
    loss = loss_function(squared_error, NULL);
    loss.name[0] = (char)0xFF;
    assert_refused(&loss, NULL, "loss_function: its name is not UTF-8");
    loss = loss_sparse_function(negative_log, NULL);
    loss.label_width = 2;
    assert_refused(&loss, NULL,
                   "loss_sparse_function: takes one integer per sample, got label_width 2");
}

/* The range of the batch's outputs, which no row knows alone. */
static void range_of_batch(const function_batch_t *batch, void *user)
{
    size_t *most = user;

    if (batch->rows > *most)
        *most = batch->rows;
    for (size_t row = 0; row < batch->rows; row++)
        batch->row_values[row] = (float)batch->rows;
}

/* A dataset of one batch of all rows. */
typedef struct one_batch {
    tensor_t *x, *y;
    bool given;
} one_batch_t;

static dlcore_status begin_pass(void *user, size_t pass, size_t batch, error_record_t *error)
{
    (void)pass;
    (void)error;
    ((one_batch_t *)user)->given = batch > 0;
    return DLCORE_OK;
}

static dlcore_status next_batch(void *user, dataset_batch_t *batch, error_record_t *error)
{
    one_batch_t *one = user;

    (void)error;
    if (!one->given)
        *batch = (dataset_batch_t){.x = one->x, .y = one->y};
    one->given = true;
    return DLCORE_OK;
}

static void test_function_called_by_batch_sees_the_whole_batch_of_a_dataset(void **state)
{
    size_t most = 0;
    metric_t metric = metric_function(range_of_batch, &most);
    model_t *model = regression(DLCORE_ENGINE_AUTO, 2, NULL, &metric);
    one_batch_t one = {.x = borrow_floats(x_values, ROWS, INPUTS),
                       .y = borrow_floats(y_values, ROWS, UNITS)};
    dataset_t dataset = {.user = &one, .begin = begin_pass, .next = next_batch};
    evaluation_t result;

    (void)state;
    assert_int_equal(model_evaluate_dataset(model, &dataset, NULL, &result), DLCORE_OK);
    assert_int_equal(most, ROWS);
    assert_true(result.metrics[0].value == (double)ROWS);
    model_free(model);
    tensor_free(one.x);
    tensor_free(one.y);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_function_that_is_mse_trains_as_mse),
        cmocka_unit_test(test_function_at_any_number_of_threads_gives_the_same_bits),
        cmocka_unit_test(test_function_called_by_batch_gets_batches_on_the_calling_thread),
        cmocka_unit_test(test_metric_function_is_the_mean_of_its_rows),
        cmocka_unit_test(test_function_of_wider_labels_trains_a_policy),
        cmocka_unit_test(test_sparse_function_gets_classes_after_softmax),
        cmocka_unit_test(test_function_that_gives_nan_stops_before_the_step),
        cmocka_unit_test(test_function_that_leaves_rows_out_is_not_finite),
        cmocka_unit_test(test_function_descriptors_without_sense_are_refused),
        cmocka_unit_test(test_function_called_by_batch_sees_the_whole_batch_of_a_dataset),
    };
    return cmocka_run_group_tests(tests, fill, NULL);
}
