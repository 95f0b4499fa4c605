/* What a host may do wrong around a fit: memory that runs out, options and data that change while
 * it runs, calls that fail half way.
 *
 * SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <math.h>

#include <dlcore.h>

#include "support/denormals.h"
#include "support/failing_allocator.h"

enum { ROWS = 64, INPUTS = 5, CLASSES = 4 };

static float inputs[ROWS * INPUTS];
static int32_t classes[ROWS];

static tensor_t *tensor(dtype_t dtype, size_t rank, size_t rows, size_t width, const void *data)
{
    const size_t shape[2] = {rows, width};
    tensor_t *made = NULL;

    assert_int_equal(tensor_borrow_const(NULL, dtype, rank, shape, data, 0, &made, NULL),
                     DLCORE_OK);
    return made;
}

/* Not yet built. `hidden` 40 takes the general step, 8 that of small networks. */
static model_t *classifier(const model_options_t *options, size_t hidden)
{
    model_t *model = NULL;
    optimizer_t rmsprop = optimizer_rmsprop();

    for (size_t i = 0; i < ROWS * INPUTS; i++)
        inputs[i] = (float)(i % 7) - 3.0f;
    for (size_t i = 0; i < ROWS; i++)
        classes[i] = (int32_t)(i % CLASSES);
    assert_int_equal(model_create(options, &model), DLCORE_OK);
    model_add(model, layer_dense(hidden, ACTIVATION_RELU));
    model_add(model, layer_dense(CLASSES, ACTIVATION_SOFTMAX));
    assert_int_equal(
        model_compile(model, &rmsprop, LOSS_SPARSE_CATEGORICAL_CROSSENTROPY, METRIC_ACCURACY),
        DLCORE_OK);
    return model;
}

static void test_fit_misuse_a_call_without_memory_can_be_repeated(void **state)
{
    tensor_t *x = tensor(DTYPE_FLOAT32, 2, ROWS, INPUTS, inputs);
    tensor_t *y = tensor(DTYPE_INT32, 1, ROWS, 1, classes);

    (void)state;
    for (size_t hidden = 8; hidden <= 40; hidden += 32) {
        dlcore_status status = DLCORE_ERROR_MEMORY;

        for (size_t nth = 1; status != DLCORE_OK; nth++) {
            failing_allocator_t memory;
            model_options_t options = model_options_default();
            model_t *model;

            failing_allocator_init(&memory);
            options.allocator = failing_allocator(&memory);
            model = classifier(&options, hidden);
            memory.fail_at = memory.calls + nth;
            status = model_fit(model, x, y, NULL, NULL);
            assert_true(status == DLCORE_OK || status == DLCORE_ERROR_MEMORY);
            memory.fail_at = 0;
            assert_int_equal(model_fit(model, x, y, NULL, NULL), DLCORE_OK);
            model_free(model);
            failing_allocator_assert_clean(&memory);
        }
    }
    tensor_free(x);
    tensor_free(y);
}

typedef struct meddler {
    fit_options_t options;
    size_t calls;
} meddler_t;

static callback_action_t change_options(void *user, const training_event_t *event)
{
    meddler_t *meddler = user;

    (void)event;
    meddler->calls++;
    meddler->options.batch_size = meddler->calls % 2 == 0 ? 1 : 1000;
    meddler->options.epochs = 100;
    meddler->options.callback_count = 7;
    return CALLBACK_CONTINUE;
}

static void test_fit_misuse_options_changed_by_a_callback_change_nothing(void **state)
{
    meddler_t meddler = {.options = fit_options_default()};
    callback_t callback = {.user = &meddler, .on_batch_begin = change_options};
    tensor_t *x = tensor(DTYPE_FLOAT32, 2, ROWS, INPUTS, inputs);
    tensor_t *y = tensor(DTYPE_INT32, 1, ROWS, 1, classes);
    model_t *model = classifier(NULL, 40);

    (void)state;
    meddler.options.callbacks = &callback;
    meddler.options.callback_count = 1;
    meddler.options.epochs = 3;
    assert_int_equal(model_fit(model, x, y, &meddler.options, NULL), DLCORE_OK);
    assert_int_equal(meddler.calls, 6);
    model_free(model);
    tensor_free(x);
    tensor_free(y);
}

static callback_action_t spoil_labels(void *user, const training_event_t *event)
{
    (void)user;
    (void)event;
    for (size_t i = 0; i < ROWS; i++)
        classes[i] = i % 2 == 0 ? -5 : 1000000;
    return CALLBACK_CONTINUE;
}

static void test_fit_misuse_labels_spoilt_by_a_callback_stop_it(void **state)
{
    callback_t callback = {.on_epoch_begin = spoil_labels};
    fit_options_t how = fit_options_default();
    tensor_t *x = tensor(DTYPE_FLOAT32, 2, ROWS, INPUTS, inputs);
    tensor_t *y = tensor(DTYPE_INT32, 1, ROWS, 1, classes);

    (void)state;
    how.callbacks = &callback;
    how.callback_count = 1;
    for (size_t hidden = 8; hidden <= 40; hidden += 32) {
        for (size_t batch = 1; batch <= 32; batch += 31) {
            model_t *model = classifier(NULL, hidden);

            how.batch_size = batch;
            assert_int_equal(model_fit(model, x, y, &how, NULL), DLCORE_ERROR_NOT_FINITE);
            model_free(model);
        }
    }
    tensor_free(x);
    tensor_free(y);
}

/* What a fit is given, and what a callback does to it. */
typedef struct reshaped {
    tensor_t *x, *y, *weights;
    dataset_t dataset;
    int which; /* 0: nothing */
} reshaped_t;

enum { RESHAPE_X = 1, RESHAPE_Y, RESHAPE_WEIGHTS, CHANGE_DATASET, RESHAPES };

static callback_action_t reshape(void *user, const training_event_t *event)
{
    reshaped_t *given = user;
    const size_t narrow[2] = {INPUTS, ROWS}, row[2] = {1, ROWS};

    if (event->epoch != 1)
        return CALLBACK_CONTINUE;
    if (given->which == RESHAPE_X)
        assert_int_equal(tensor_reshape(given->x, 2, narrow, NULL), DLCORE_OK);
    if (given->which == RESHAPE_Y)
        assert_int_equal(tensor_reshape(given->y, 2, row, NULL), DLCORE_OK);
    if (given->which == RESHAPE_WEIGHTS)
        assert_int_equal(tensor_reshape(given->weights, 2, row, NULL), DLCORE_OK);
    if (given->which == CHANGE_DATASET)
        given->dataset = (dataset_t){0};
    return CALLBACK_CONTINUE;
}

static dlcore_status begin_all(void *user, size_t pass, size_t batch, error_record_t *error)
{
    (void)pass;
    (void)batch;
    (void)error;
    *(const tensor_t **)user = NULL;
    return DLCORE_OK;
}

static dlcore_status give_all(void *user, dataset_batch_t *batch, error_record_t *error)
{
    const tensor_t **state = user; /* what was given, and what is to be given */

    (void)error;
    if (state[0] != NULL)
        return DLCORE_OK;
    *batch = (dataset_batch_t){.x = state[1], .y = state[2]};
    state[0] = state[1];
    return DLCORE_OK;
}

/* Its losses, of training and of validation. */
static void fit_reshaped(size_t hidden, int which, bool by_dataset, double losses[2])
{
    static const float ones[ROWS] = {1.0f, 1.0f, 2.0f};
    tensor_t *x = tensor(DTYPE_FLOAT32, 2, ROWS, INPUTS, inputs);
    tensor_t *y = tensor(DTYPE_INT32, 1, ROWS, 1, classes);
    const tensor_t *batch[3] = {NULL, x, y};
    model_t *model = classifier(NULL, hidden);
    reshaped_t given = {.x = tensor(DTYPE_FLOAT32, 2, ROWS, INPUTS, inputs),
                        .y = tensor(DTYPE_INT32, 1, ROWS, 1, classes),
                        .weights = tensor(DTYPE_FLOAT32, 1, ROWS, 1, ones),
                        .dataset = {.user = batch, .begin = begin_all, .next = give_all},
                        .which = which};
    callback_t callback = {.user = &given, .on_epoch_begin = reshape};
    fit_options_t how = fit_options_default();
    history_t *history = NULL;

    how.epochs = 3;
    how.callbacks = &callback;
    how.callback_count = 1;
    how.sample_weight = given.weights;
    if (by_dataset) {
        how.validation_dataset = &given.dataset;
    } else {
        how.validation_x = given.x;
        how.validation_y = given.y;
        how.validation_sample_weight = given.weights;
    }
    assert_int_equal(model_fit(model, given.x, given.y, &how, &history), DLCORE_OK);
    losses[0] = history_value(history, "loss", 2);
    losses[1] = history_value(history, "val_loss", 2);
    history_free(history);
    model_free(model);
    tensor_free(given.x);
    tensor_free(given.y);
    tensor_free(given.weights);
    tensor_free(x);
    tensor_free(y);
}

static void test_fit_misuse_tensors_reshaped_by_a_callback_change_nothing(void **state)
{
    (void)state;
    for (size_t hidden = 8; hidden <= 40; hidden += 32) {
        for (int by_dataset = 0; by_dataset < 2; by_dataset++) {
            double expected[2], losses[2];

            fit_reshaped(hidden, 0, by_dataset, expected);
            for (int which = 1; which < RESHAPES; which++) {
                fit_reshaped(hidden, which, by_dataset, losses);
                assert_true(losses[0] == expected[0] && losses[1] == expected[1]);
            }
        }
    }
}

static callback_action_t request_stop(void *user, const training_event_t *event)
{
    (void)user;
    model_request_stop(event->model);
    return CALLBACK_CONTINUE;
}

static callback_action_t count_batch(void *user, const training_event_t *event)
{
    size_t *batches = user;

    (void)event;
    (*batches)++;
    return CALLBACK_CONTINUE;
}

static void test_fit_misuse_stop_asked_for_at_the_end_of_an_epoch_is_at_once(void **state)
{
    size_t batches = 0;
    callback_t callback = {
        .user = &batches, .on_epoch_end = request_stop, .on_batch_begin = count_batch};
    fit_options_t how = fit_options_default();
    tensor_t *x = tensor(DTYPE_FLOAT32, 2, ROWS, INPUTS, inputs);
    tensor_t *y = tensor(DTYPE_INT32, 1, ROWS, 1, classes);
    model_t *model = classifier(NULL, 8);
    history_t *history = NULL;

    (void)state;
    how.callbacks = &callback;
    how.callback_count = 1;
    how.epochs = 5;
    assert_int_equal(model_fit(model, x, y, &how, &history), DLCORE_OK);
    assert_int_equal(batches, 2);
    assert_int_equal(history_epoch_count(history), 1);
    assert_true(history_stopped(history));
    history_free(history);
    model_free(model);
    tensor_free(x);
    tensor_free(y);
}

static void test_fit_misuse_failed_calls_do_not_settle_the_width(void **state)
{
    tensor_t *x = tensor(DTYPE_FLOAT32, 2, ROWS, INPUTS, inputs);
    tensor_t *narrow = tensor(DTYPE_FLOAT32, 2, ROWS, 2, inputs);
    tensor_t *y = tensor(DTYPE_INT32, 1, ROWS, 1, classes);
    model_t *model = classifier(NULL, 8);

    (void)state;
    assert_int_equal(model_fit(model, narrow, NULL, NULL, NULL), DLCORE_ERROR_ARGUMENT);
    assert_int_equal(model_fit(model, x, y, NULL, NULL), DLCORE_OK);
    model_free(model);
    tensor_free(x);
    tensor_free(narrow);
    tensor_free(y);
}

static void test_fit_misuse_failed_compile_lets_layers_be_added(void **state)
{
    layer_t first = layer_dense(3, ACTIVATION_RELU);
    compile_options_t how = compile_options_default();
    model_t *model = NULL;

    (void)state;
    first.input_width = INPUTS;
    how.loss.kind = LOSS_SPARSE_CATEGORICAL_CROSSENTROPY;
    how.metrics[0] = metric_default(METRIC_BINARY_ACCURACY); /* not of integer labels for 3 units */
    how.metric_count = 1;
    assert_int_equal(model_create(NULL, &model), DLCORE_OK);
    assert_int_equal(model_add(model, first), DLCORE_OK);
    assert_int_not_equal(model_compile_with(model, &how), DLCORE_OK);
    assert_int_equal(model_parameter_count(model), 0);
    assert_int_equal(model_add(model, layer_dense(CLASSES, ACTIVATION_SOFTMAX)), DLCORE_OK);
    how.metrics[0].kind = METRIC_NONE;
    how.metric_count = 0;
    assert_int_equal(model_compile_with(model, &how), DLCORE_OK);
    model_free(model);
}

static void test_fit_misuse_validation_weights_without_data_are_refused(void **state)
{
    tensor_t *x = tensor(DTYPE_FLOAT32, 2, ROWS, INPUTS, inputs);
    tensor_t *y = tensor(DTYPE_INT32, 1, ROWS, 1, classes);
    model_t *model = classifier(NULL, 8);
    fit_options_t how = fit_options_default();

    (void)state;
    how.validation_sample_weight = x;
    how.validation_split = 0.5;
    assert_int_equal(model_fit(model, x, y, &how, NULL), DLCORE_ERROR_ARGUMENT);
    assert_non_null(strstr(model_error(model), "validation_sample_weight goes with validation_x"));
    model_free(model);
    tensor_free(x);
    tensor_free(y);
}

/* Short names wherever a value is asked for by name, and a monitor finds its direction by them. */
static void test_fit_misuse_short_names_find_values_everywhere(void **state)
{
    tensor_t *x = tensor(DTYPE_FLOAT32, 2, ROWS, INPUTS, inputs);
    tensor_t *y = tensor(DTYPE_INT32, 1, ROWS, 1, classes);
    model_t *model = classifier(NULL, 8);
    fit_options_t how = fit_options_default();
    early_stopping_t stopping = early_stopping_default();
    callback_t callbacks[1];
    history_t *history = NULL;

    (void)state;
    stopping.monitor = "val_acc";
    callbacks[0] = early_stopping_callback(&stopping);
    how.callbacks = callbacks;
    how.callback_count = 1;
    how.validation_split = 0.5;
    assert_int_equal(model_fit(model, x, y, &how, &history), DLCORE_OK);
    assert_true(stopping.best == history_value(history, "val_accuracy", 0));
    assert_true(history_value(history, "Val_Acc", 0) == stopping.best);
    assert_true(history_value(history, "acc", 0) == history_value(history, "accuracy", 0));
    assert_true(isnan(history_value(history, "mae", 0)));
    history_free(history);
    model_free(model);
    tensor_free(x);
    tensor_free(y);
}

static void test_fit_misuse_zeroed_options_are_refused(void **state)
{
    tensor_t *x = tensor(DTYPE_FLOAT32, 2, ROWS, INPUTS, inputs);
    tensor_t *y = tensor(DTYPE_INT32, 1, ROWS, 1, classes);
    float outputs[ROWS * CLASSES];
    const size_t shape[2] = {ROWS, CLASSES};
    tensor_t *y_pred = NULL;
    model_t *model = classifier(NULL, 8);
    fit_options_t how = {.epochs = 3, .batch_size = 32};
    evaluate_options_t evaluate = {.batch_size = 32};
    predict_options_t predict = {.batch_size = 32};
    compile_options_t compile = {.optimizer = optimizer_rmsprop()};
    predictor_options_t options = {.batch_size = 1};
    predictor_t *predictor;
    evaluation_t result;

    (void)state;
    assert_int_equal(tensor_borrow(NULL, DTYPE_FLOAT32, 2, shape, outputs, 0, &y_pred, NULL),
                     DLCORE_OK);
    assert_int_equal(model_fit(model, x, y, &how, NULL), DLCORE_ERROR_ARGUMENT);
    assert_non_null(strstr(model_error(model), "begin with fit_options_default()"));
    assert_int_equal(model_fit(model, x, y, NULL, NULL), DLCORE_OK);
    assert_int_equal(model_evaluate(model, x, y, &evaluate, &result), DLCORE_ERROR_ARGUMENT);
    assert_int_equal(model_predict_with(model, x, y_pred, &predict), DLCORE_ERROR_ARGUMENT);
    assert_int_equal(model_compile_with(model, &compile), DLCORE_ERROR_ARGUMENT);
    assert_int_equal(predictor_create(model, &options, &predictor), DLCORE_ERROR_ARGUMENT);
    model_free(model);
    tensor_free(x);
    tensor_free(y);
    tensor_free(y_pred);
}

static void test_fit_misuse_wrong_validation_data_is_called_so(void **state)
{
    fit_options_t how = fit_options_default();
    tensor_t *x = tensor(DTYPE_FLOAT32, 2, ROWS, INPUTS, inputs);
    tensor_t *narrow = tensor(DTYPE_FLOAT32, 2, ROWS, 2, inputs);
    tensor_t *y = tensor(DTYPE_INT32, 1, ROWS, 1, classes);
    model_t *model = classifier(NULL, 8);

    (void)state;
    how.validation_x = narrow;
    how.validation_y = y;
    assert_int_equal(model_fit(model, x, y, &how, NULL), DLCORE_ERROR_SHAPE);
    assert_string_equal(model_error(model),
                        "validation: dense: expects 5 inputs, got 2: x has shape (64, 2)");
    model_free(model);
    tensor_free(x);
    tensor_free(narrow);
    tensor_free(y);
}

typedef struct printed {
    size_t pieces, flushed;
} printed_t;

static void see_denormals(void *user, const char *text, size_t length)
{
    printed_t *printed = user;
    volatile float small = 2e-38f;

    (void)text;
    (void)length;
    printed->pieces++;
    printed->flushed += small * 0.25f == 0.0f;
}

static void test_fit_misuse_sink_runs_in_the_float_mode_of_the_host(void **state)
{
    printed_t printed = {0, 0};
    fit_options_t how = fit_options_default();
    tensor_t *x, *y;
    model_t *model;

    (void)state;
    if (process_flushes_denormals())
        skip();
    x = tensor(DTYPE_FLOAT32, 2, ROWS, INPUTS, inputs);
    y = tensor(DTYPE_INT32, 1, ROWS, 1, classes);
    model = classifier(NULL, 40);
    how.sink = (sink_t){.write = see_denormals, .user = &printed};
    for (how.verbose = 1; how.verbose <= 2; how.verbose++)
        assert_int_equal(model_fit(model, x, y, &how, NULL), DLCORE_OK);
    assert_true(printed.pieces > 0);
    assert_int_equal(printed.flushed, 0);
    model_free(model);
    tensor_free(x);
    tensor_free(y);
}

static void test_fit_misuse_nothing_begun_leaves_no_history(void **state)
{
    callback_t callbacks[2] = {{.name = "same"}, {.name = "same"}};
    fit_options_t how = fit_options_default();
    tensor_t *x = tensor(DTYPE_FLOAT32, 2, ROWS, INPUTS, inputs);
    tensor_t *y = tensor(DTYPE_INT32, 1, ROWS, 1, classes);
    model_t *model = classifier(NULL, 8);
    history_t *history = NULL;

    (void)state;
    how.callbacks = callbacks;
    how.callback_count = 2;
    assert_int_equal(model_fit(model, x, y, &how, &history), DLCORE_ERROR_ARGUMENT);
    assert_null(history);
    how.callback_count = 1;
    assert_int_equal(model_fit(model, x, y, &how, &history), DLCORE_OK);
    assert_non_null(history);
    history_free(history);
    model_free(model);
    tensor_free(x);
    tensor_free(y);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fit_misuse_a_call_without_memory_can_be_repeated),
        cmocka_unit_test(test_fit_misuse_options_changed_by_a_callback_change_nothing),
        cmocka_unit_test(test_fit_misuse_labels_spoilt_by_a_callback_stop_it),
        cmocka_unit_test(test_fit_misuse_tensors_reshaped_by_a_callback_change_nothing),
        cmocka_unit_test(test_fit_misuse_stop_asked_for_at_the_end_of_an_epoch_is_at_once),
        cmocka_unit_test(test_fit_misuse_failed_calls_do_not_settle_the_width),
        cmocka_unit_test(test_fit_misuse_failed_compile_lets_layers_be_added),
        cmocka_unit_test(test_fit_misuse_validation_weights_without_data_are_refused),
        cmocka_unit_test(test_fit_misuse_short_names_find_values_everywhere),
        cmocka_unit_test(test_fit_misuse_zeroed_options_are_refused),
        cmocka_unit_test(test_fit_misuse_wrong_validation_data_is_called_so),
        cmocka_unit_test(test_fit_misuse_nothing_begun_leaves_no_history),
        cmocka_unit_test(test_fit_misuse_sink_runs_in_the_float_mode_of_the_host),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
