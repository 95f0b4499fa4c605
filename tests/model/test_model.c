/* Models: building, sticky errors, weights, clones, bad input with its numbers.
 *
 * SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "dlcore/callbacks.h"
#include "dlcore/model.h"
#include "support/failing_allocator.h"

#define ROWS 12

static const size_t x_shape[2] = {ROWS, 4};

static dlcore_tensor_t *tensor(dlcore_dtype_t dtype, size_t rank, const size_t *shape)
{
    dlcore_tensor_t *t = NULL;
    assert_int_equal(dlcore_tensor_create(NULL, dtype, rank, shape, &t, NULL), DLCORE_OK);
    return t;
}

/* 4 inputs, 5 relu, 3 softmax, compiled for integer labels. */
static dlcore_model_t *small(dlcore_loss_kind_t loss)
{
    dlcore_optimizer_t sgd = dlcore_optimizer_sgd();
    dlcore_model_t *model = NULL;

    assert_int_equal(dlcore_model_create(NULL, &model), DLCORE_OK);
    assert_int_equal(dlcore_model_add(model, dlcore_layer_dense(5, DLCORE_ACTIVATION_RELU)), 0);
    assert_int_equal(dlcore_model_add(model, dlcore_layer_dense(3, DLCORE_ACTIVATION_SOFTMAX)), 0);
    assert_int_equal(dlcore_model_compile(model, &sgd, loss, DLCORE_METRIC_ACCURACY), DLCORE_OK);
    return model;
}

static void expect_error(const dlcore_model_t *model, dlcore_status got, dlcore_status wanted,
                         const char *one, const char *two)
{
    assert_int_equal(got, wanted);
    if (strstr(dlcore_model_error(model), one) == NULL ||
        strstr(dlcore_model_error(model), two) == NULL)
        fail_msg("\"%s\" lacks \"%s\" or \"%s\"", dlcore_model_error(model), one, two);
}

static void test_model_create_with_zeroed_options_is_refused(void **state)
{
    dlcore_error_record_t error = {0};
    dlcore_model_options_t options = {.error = &error};
    dlcore_model_t *model = (dlcore_model_t *)&options;

    (void)state;
    assert_int_equal(dlcore_model_create(&options, &model), DLCORE_ERROR_ARGUMENT);
    assert_null(model);
    assert_non_null(strstr(error.message, "model_options_default"));
    options = dlcore_model_options_default();
    options.error = &error;
    options.threads = 1000;
    assert_int_equal(dlcore_model_create(&options, &model), DLCORE_ERROR_ARGUMENT);
    assert_non_null(strstr(error.message, "1000"));
    assert_int_equal(dlcore_model_create(NULL, NULL), DLCORE_ERROR_ARGUMENT);
}

static void test_model_add_of_bad_layer_is_sticky(void **state)
{
    dlcore_optimizer_t sgd = dlcore_optimizer_sgd();
    dlcore_model_t *model = NULL;

    (void)state;
    assert_int_equal(dlcore_model_create(NULL, &model), DLCORE_OK);
    expect_error(model, dlcore_model_add(model, dlcore_layer_dense(0, DLCORE_ACTIVATION_RELU)),
                 DLCORE_ERROR_ARGUMENT, "dense", "got 0");
    expect_error(model, dlcore_model_add(model, dlcore_layer_dense(3, DLCORE_ACTIVATION_RELU)),
                 DLCORE_ERROR_ARGUMENT, "dense", "got 0");
    expect_error(
        model,
        dlcore_model_compile(model, &sgd, DLCORE_LOSS_MEAN_SQUARED_ERROR, DLCORE_METRIC_NONE),
        DLCORE_ERROR_ARGUMENT, "dense", "got 0");
    expect_error(model, dlcore_model_build(model, 4), DLCORE_ERROR_ARGUMENT, "units", "0");
    dlcore_model_free(model);
}

/* A builder that does not check each line must not get a model that lacks a layer. */
static void test_model_add_without_memory_is_sticky(void **state)
{
    dlcore_model_options_t options = dlcore_model_options_default();
    failing_allocator_t memory;
    dlcore_model_t *model = NULL;

    (void)state;
    failing_allocator_init(&memory);
    options.allocator = failing_allocator(&memory);
    assert_int_equal(dlcore_model_create(&options, &model), DLCORE_OK);
    memory.fail_at = memory.calls + 1;
    for (size_t i = 0; i < 3; i++)
        expect_error(model, dlcore_model_add(model, dlcore_layer_dense(3, DLCORE_ACTIVATION_RELU)),
                     DLCORE_ERROR_MEMORY, "no memory for", "bytes");
    expect_error(model, dlcore_model_build(model, 2), DLCORE_ERROR_MEMORY, "no memory", "bytes");
    assert_int_equal(memory.failures, 1);
    dlcore_model_free(model);
    failing_allocator_assert_clean(&memory);
}

static void test_model_messages_about_unknown_kinds_have_names(void **state)
{
    dlcore_optimizer_t sgd = dlcore_optimizer_sgd(), none = dlcore_optimizer_from_name("sdg");
    dlcore_model_t *model = NULL;

    (void)state;
    assert_int_equal(dlcore_model_create(NULL, &model), DLCORE_OK);
    dlcore_model_add(model, dlcore_layer_dense(3, DLCORE_ACTIVATION_RELU));
    expect_error(model,
                 dlcore_model_compile(model, &sgd, (dlcore_loss_kind_t)0, DLCORE_METRIC_NONE),
                 DLCORE_ERROR_ARGUMENT,
                 "compile: loss 0 is unknown (not set, or a name that was not found?): known are ",
                 "mean_squared_error");
    expect_error(
        model,
        dlcore_model_compile(model, &none, DLCORE_LOSS_MEAN_SQUARED_ERROR, DLCORE_METRIC_NONE),
        DLCORE_ERROR_ARGUMENT,
        "compile: optimizer 0 is unknown (not set, or a name that was not "
        "found?): known are ",
        "rmsprop");
    expect_error(model, dlcore_model_add(model, dlcore_layer_from_name("dens")),
                 DLCORE_ERROR_ARGUMENT, "layer 1: kind 0 is unknown", "known are Dense, ");
    dlcore_model_free(model);
}

static void test_model_add_of_unknown_names_is_refused(void **state)
{
    dlcore_layer_t layers[3];

    (void)state;
    layers[0] = dlcore_layer_from_name("dens");
    layers[1] = dlcore_layer_dense(3, dlcore_activation_from_name("rellu"));
    layers[2] = dlcore_layer_dense(3, DLCORE_ACTIVATION_RELU);
    layers[2].kernel_initializer = dlcore_initializer_from_name("glorot");
    for (size_t i = 0; i < 3; i++) {
        dlcore_model_t *model = NULL;
        assert_int_equal(dlcore_model_create(NULL, &model), DLCORE_OK);
        expect_error(model, dlcore_model_add(model, layers[i]), DLCORE_ERROR_ARGUMENT,
                     "is unknown (", "a name that was not found?): known are ");
        dlcore_model_free(model);
    }
}

/* Before the width is known, too. */
static void test_model_compile_checks_metrics_without_a_width(void **state)
{
    dlcore_compile_options_t options = dlcore_compile_options_default();
    dlcore_model_t *model = NULL;

    (void)state;
    assert_int_equal(dlcore_model_create(NULL, &model), DLCORE_OK);
    dlcore_model_add(model, dlcore_layer_dense(3, DLCORE_ACTIVATION_SOFTMAX));
    options.loss = dlcore_loss_from_name("MeanSquaredError");
    options.metric_count = 2;
    options.metrics[0] = dlcore_metric_from_name("acc");
    options.metrics[1] = dlcore_metric_default(DLCORE_METRIC_PRECISION);
    options.metrics[1].threshold = 7.0;
    expect_error(model, dlcore_model_compile_with(model, &options), DLCORE_ERROR_ARGUMENT,
                 "compile: metric 1: precision: threshold", "got 7");
    options.metrics[1].threshold = 0.5;
    options.weighted_metric_count = 1;
    options.weighted_metrics[0] = dlcore_metric_default(DLCORE_METRIC_AUC);
    options.weighted_metrics[0].num_thresholds = 1;
    expect_error(model, dlcore_model_compile_with(model, &options), DLCORE_ERROR_ARGUMENT,
                 "weighted metric 0: auc", "got 1");
    options.weighted_metrics[0].kind = DLCORE_METRIC_NONE;
    options.weighted_metric_count = 0;
    assert_int_equal(dlcore_model_compile_with(model, &options), DLCORE_OK);
    dlcore_model_free(model);
}

static void test_model_compile_refuses_names_of_other_results(void **state)
{
    static const char *const bad[][2] = {
        {"loss", "is taken"},           {"val_loss", "validation"},
        {"VAL_mine", "validation"},     {"accuracy_1", "would both have"},
        {"a\x01", "control character"}, {"\xFF", "not UTF-8"}};
    dlcore_model_t *model = small(DLCORE_LOSS_SPARSE_CATEGORICAL_CROSSENTROPY);
    dlcore_compile_options_t options = dlcore_compile_options_default();

    (void)state;
    options.loss = dlcore_loss_sparse_categorical_crossentropy();
    options.metric_count = 3;
    options.metrics[0] = options.metrics[2] = dlcore_metric_from_name("accuracy");
    options.metrics[1] = dlcore_metric_from_name("accuracy");
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        snprintf(options.metrics[1].name, sizeof options.metrics[1].name, "%s", bad[i][0]);
        expect_error(model, dlcore_model_compile_with(model, &options), DLCORE_ERROR_ARGUMENT,
                     "compile: ", bad[i][1]);
    }
    snprintf(options.metrics[1].name, sizeof options.metrics[1].name, "mine");
    assert_int_equal(dlcore_model_compile_with(model, &options), DLCORE_OK);
    dlcore_model_free(model);
}

static void test_model_compile_with_unknown_or_bad_parts_is_refused(void **state)
{
    dlcore_model_t *model = small(DLCORE_LOSS_SPARSE_CATEGORICAL_CROSSENTROPY);
    dlcore_compile_options_t options = dlcore_compile_options_default();

    (void)state;
    expect_error(model, dlcore_model_compile_with(model, &options), DLCORE_ERROR_ARGUMENT, "loss",
                 "0");
    options.loss = dlcore_loss_from_name("mse");
    options.optimizer = dlcore_optimizer_from_name("adamm");
    expect_error(model, dlcore_model_compile_with(model, &options), DLCORE_ERROR_ARGUMENT,
                 "optimizer", "unknown");
    options.optimizer = dlcore_optimizer_rmsprop();
    options.optimizer.rho = 1.5;
    expect_error(model, dlcore_model_compile_with(model, &options), DLCORE_ERROR_ARGUMENT, "rho",
                 "1.5");
    options.optimizer.rho = 0.9;
    options.metric_count = 17;
    expect_error(model, dlcore_model_compile_with(model, &options), DLCORE_ERROR_ARGUMENT, "16",
                 "17");
    options.metric_count = 1;
    options.metrics[0] = dlcore_metric_from_name("acuracy");
    expect_error(model, dlcore_model_compile_with(model, &options), DLCORE_ERROR_ARGUMENT,
                 "metric 0", "unknown");
    options.metric_count = 0;
    options.loss.from_logits = true;
    expect_error(model, dlcore_model_compile_with(model, &options), DLCORE_ERROR_ARGUMENT,
                 "mean_squared_error", "from_logits");
    dlcore_model_free(model);
}

static void test_model_build_of_mismatched_widths_names_both(void **state)
{
    dlcore_layer_t first = dlcore_layer_dense(5, DLCORE_ACTIVATION_RELU);
    dlcore_layer_t second = dlcore_layer_dense(3, DLCORE_ACTIVATION_LINEAR);
    dlcore_model_t *model = NULL;

    (void)state;
    first.input_width = 4;
    second.input_width = 6;
    assert_int_equal(dlcore_model_create(NULL, &model), DLCORE_OK);
    dlcore_model_add(model, first);
    dlcore_model_add(model, second);
    expect_error(model, dlcore_model_build(model, 7), DLCORE_ERROR_SHAPE, "expects 4", "got 7");
    expect_error(model, dlcore_model_build(model, 0), DLCORE_ERROR_SHAPE, "dense_1: expects 6",
                 "got 5");
    assert_int_equal(dlcore_model_parameter_count(model), 0);
    dlcore_model_free(model);
}

static void test_model_build_of_huge_layers_overflows_with_numbers(void **state)
{
    dlcore_model_t *model = NULL;

    (void)state;
    assert_int_equal(dlcore_model_create(NULL, &model), DLCORE_OK);
    dlcore_model_add(model, dlcore_layer_dense(2147483647, DLCORE_ACTIVATION_RELU));
    dlcore_model_add(model, dlcore_layer_dense(2147483647, DLCORE_ACTIVATION_RELU));
    expect_error(model, dlcore_model_build(model, 2147483647), DLCORE_ERROR_OVERFLOW, "2147483647",
                 "large");
    dlcore_model_free(model);
}

static void test_model_fit_of_bad_data_names_the_numbers(void **state)
{
    size_t wide[2] = {ROWS, 5}, fewer[1] = {ROWS - 1}, none[2] = {0, 4}, four[2] = {ROWS, 4};
    size_t labels[1] = {ROWS};
    dlcore_tensor_t *x = tensor(DLCORE_DTYPE_FLOAT32, 2, x_shape);
    dlcore_tensor_t *x_wide = tensor(DLCORE_DTYPE_FLOAT32, 2, wide);
    dlcore_tensor_t *empty = tensor(DLCORE_DTYPE_FLOAT32, 2, none);
    dlcore_tensor_t *y = tensor(DLCORE_DTYPE_INT32, 1, labels);
    dlcore_tensor_t *y_fewer = tensor(DLCORE_DTYPE_INT32, 1, fewer);
    dlcore_tensor_t *y_floats = tensor(DLCORE_DTYPE_FLOAT32, 1, labels);
    dlcore_tensor_t *one_hot = tensor(DLCORE_DTYPE_FLOAT32, 2, four);
    dlcore_model_t *model = small(DLCORE_LOSS_SPARSE_CATEGORICAL_CROSSENTROPY);
    size_t at = 7;

    (void)state;
    assert_int_equal(dlcore_model_build(model, 4), DLCORE_OK);
    expect_error(model, dlcore_model_fit(model, x_wide, y, NULL, NULL), DLCORE_ERROR_SHAPE,
                 "dense: expects 4 inputs", "got 5");
    expect_error(model, dlcore_model_fit(model, x, y_fewer, NULL, NULL), DLCORE_ERROR_SHAPE, "12",
                 "11");
    expect_error(model, dlcore_model_fit(model, empty, y, NULL, NULL), DLCORE_ERROR_SHAPE, "empty",
                 "0 samples");
    expect_error(model, dlcore_model_fit(model, NULL, y, NULL, NULL), DLCORE_ERROR_ARGUMENT, "x",
                 "NULL");
    expect_error(model, dlcore_model_fit(model, x, NULL, NULL, NULL), DLCORE_ERROR_ARGUMENT, "y",
                 "NULL");
    expect_error(model, dlcore_model_fit(model, x, y_floats, NULL, NULL), DLCORE_ERROR_DTYPE,
                 "int32", "float32");
    dlcore_tensor_set(y, &at, 3, NULL);
    expect_error(model, dlcore_model_fit(model, x, y, NULL, NULL), DLCORE_ERROR_RANGE,
                 "label 3 of sample 7", "0 .. 2");
    dlcore_tensor_set(y, &at, -1, NULL);
    expect_error(model, dlcore_model_fit(model, x, y, NULL, NULL), DLCORE_ERROR_RANGE, "label -1",
                 "3 units");
    dlcore_model_free(model);

    model = small(DLCORE_LOSS_CATEGORICAL_CROSSENTROPY);
    expect_error(model, dlcore_model_fit(model, x, one_hot, NULL, NULL), DLCORE_ERROR_SHAPE,
                 "3 units", "4 classes");
    expect_error(model, dlcore_model_fit(model, x, y, NULL, NULL), DLCORE_ERROR_SHAPE,
                 "tensor_one_hot", "sparse_categorical_crossentropy");
    dlcore_model_free(model);
    dlcore_tensor_free(x);
    dlcore_tensor_free(x_wide);
    dlcore_tensor_free(empty);
    dlcore_tensor_free(y);
    dlcore_tensor_free(y_fewer);
    dlcore_tensor_free(y_floats);
    dlcore_tensor_free(one_hot);
}

static void test_model_calls_out_of_order_are_refused(void **state)
{
    dlcore_tensor_t *x = tensor(DLCORE_DTYPE_FLOAT32, 2, x_shape);
    dlcore_error_record_t error = {0};
    dlcore_evaluate_options_t evaluating = dlcore_evaluate_options_default();
    dlcore_predict_options_t predicting = dlcore_predict_options_default();
    dlcore_evaluation_t result;
    dlcore_model_t *model = NULL;

    (void)state;
    evaluating.error = predicting.error = &error;
    assert_int_equal(dlcore_model_create(NULL, &model), DLCORE_OK);
    expect_error(model, dlcore_model_build(model, 4), DLCORE_ERROR_STATE, "no layers", "model_add");
    dlcore_model_add(model, dlcore_layer_dense(3, DLCORE_ACTIVATION_RELU));
    expect_error(model, dlcore_model_build(model, 0), DLCORE_ERROR_STATE, "dense", "input_width");
    expect_error(model, dlcore_model_fit(model, x, x, NULL, NULL), DLCORE_ERROR_STATE, "fit",
                 "model_compile");
    assert_int_equal(dlcore_model_predict_with(model, x, x, &predicting), DLCORE_ERROR_STATE);
    assert_non_null(strstr(error.message, "model_fit"));
    assert_int_equal(dlcore_model_build(model, 4), DLCORE_OK);
    assert_int_equal(dlcore_model_evaluate(model, x, x, &evaluating, &result), DLCORE_ERROR_STATE);
    assert_non_null(strstr(error.message, "model_compile"));
    expect_error(model, dlcore_model_add(model, dlcore_layer_flatten()), DLCORE_ERROR_STATE,
                 "built", "1 layers");
    dlcore_model_free(model);
    dlcore_tensor_free(x);
}

static void test_model_null_arguments_are_statuses(void **state)
{
    dlcore_evaluation_t result;

    (void)state;
    assert_int_equal(dlcore_model_add(NULL, dlcore_layer_flatten()), DLCORE_ERROR_ARGUMENT);
    assert_int_equal(dlcore_model_build(NULL, 1), DLCORE_ERROR_ARGUMENT);
    assert_int_equal(dlcore_model_compile(NULL, NULL, 1, 0), DLCORE_ERROR_ARGUMENT);
    assert_int_equal(dlcore_model_compile_with(NULL, NULL), DLCORE_ERROR_ARGUMENT);
    assert_int_equal(dlcore_model_fit(NULL, NULL, NULL, NULL, NULL), DLCORE_ERROR_ARGUMENT);
    assert_int_equal(dlcore_model_train_on_batch(NULL, NULL, NULL, NULL), DLCORE_ERROR_ARGUMENT);
    assert_int_equal(dlcore_model_gradients(NULL, NULL, NULL, NULL, 0, NULL),
                     DLCORE_ERROR_ARGUMENT);
    assert_int_equal(dlcore_model_evaluate(NULL, NULL, NULL, NULL, &result), DLCORE_ERROR_ARGUMENT);
    assert_int_equal(dlcore_model_predict(NULL, NULL, NULL), DLCORE_ERROR_ARGUMENT);
    assert_int_equal(dlcore_model_clone(NULL, NULL), DLCORE_ERROR_ARGUMENT);
    assert_int_equal(dlcore_model_get_weight(NULL, 0, NULL, 0), DLCORE_ERROR_ARGUMENT);
    assert_int_equal(dlcore_model_set_weights(NULL, NULL, 0), DLCORE_ERROR_ARGUMENT);
    assert_int_equal(dlcore_model_summary(NULL, NULL), DLCORE_ERROR_ARGUMENT);
    assert_int_equal(dlcore_model_layer_count(NULL), 0);
    assert_null(dlcore_model_layer(NULL, 0));
    assert_non_null(dlcore_model_error(NULL));
    dlcore_model_request_stop(NULL);
    dlcore_model_free(NULL);
    dlcore_history_free(NULL);
}

static void test_model_messages_say_what_helps(void **state)
{
    const size_t shape[2] = {6, 4}, one_sample[1] = {3}, rows[1] = {6};
    dlcore_early_stopping_t stopping = dlcore_early_stopping_default();
    dlcore_callback_t callback = dlcore_early_stopping_callback(&stopping);
    dlcore_fit_options_t fit = dlcore_fit_options_default();
    dlcore_predict_options_t predict = dlcore_predict_options_default();
    dlcore_error_record_t error = {.message = ""};
    dlcore_optimizer_t sgd = dlcore_optimizer_sgd();
    dlcore_tensor_t *x = NULL, *one = NULL, *y = NULL;
    dlcore_model_t *model = NULL;

    (void)state;
    assert_int_equal(dlcore_tensor_create(NULL, DLCORE_DTYPE_FLOAT32, 2, shape, &x, NULL), 0);
    assert_int_equal(dlcore_tensor_create(NULL, DLCORE_DTYPE_FLOAT32, 1, one_sample, &one, NULL),
                     0);
    assert_int_equal(dlcore_tensor_create(NULL, DLCORE_DTYPE_INT32, 1, rows, &y, NULL), 0);
    assert_int_equal(dlcore_model_create(NULL, &model), DLCORE_OK);
    expect_error(model, dlcore_model_fit(model, x, y, NULL, NULL), DLCORE_ERROR_STATE,
                 "fit: the model has no layers; call model_add first", "");
    dlcore_model_add(model, dlcore_layer_dense(3, DLCORE_ACTIVATION_SIGMOID));
    dlcore_model_compile(model, &sgd, DLCORE_LOSS_BINARY_CROSSENTROPY, DLCORE_METRIC_ACCURACY);
    expect_error(model, dlcore_model_fit(model, x, y, NULL, NULL), DLCORE_ERROR_SHAPE,
                 "has 3 units, but labels have 1 value per sample; for class numbers use ",
                 "LOSS_SPARSE_CATEGORICAL_CROSSENTROPY");
    assert_int_equal(dlcore_model_build(model, 3), DLCORE_OK);
    expect_error(model, dlcore_model_fit(model, x, y, NULL, NULL), DLCORE_ERROR_SHAPE,
                 "dense: expects 3 inputs, got 4: x has shape (6, 4)", "");
    predict.error = &error;
    assert_int_equal(dlcore_model_predict_with(model, one, y, &predict), DLCORE_ERROR_SHAPE);
    assert_string_equal(error.message, "dense: expects 3 inputs, got 1: x has shape (3) (one "
                                       "sample of 3 numbers has shape (1, 3))");
    fit.callbacks = &callback;
    fit.callback_count = 1;
    dlcore_model_free(model);
    model = small(DLCORE_LOSS_SPARSE_CATEGORICAL_CROSSENTROPY);
    expect_error(model, dlcore_model_fit(model, x, y, &fit, NULL), DLCORE_ERROR_NAME,
                 "no value \"val_loss\"; there are loss",
                 "; fit has no validation data: set validation_split or validation_x");
    dlcore_model_free(model);
    dlcore_tensor_free(x);
    dlcore_tensor_free(one);
    dlcore_tensor_free(y);
}

/* One is no plural. */
static void test_model_messages_of_one_number_are_in_the_singular(void **state)
{
    const size_t shape[2] = {3, 1};
    dlcore_optimizer_t sgd = dlcore_optimizer_sgd();

    (void)state;
    for (size_t units = 1; units <= 2; units++) {
        dlcore_model_t *model = NULL;
        dlcore_tensor_t *one = NULL, *two = NULL;
        size_t wide[2] = {3, 2};

        assert_int_equal(dlcore_model_create(NULL, &model), DLCORE_OK);
        dlcore_model_add(model, dlcore_layer_dense(units, DLCORE_ACTIVATION_LINEAR));
        dlcore_model_compile(model, &sgd, DLCORE_LOSS_MEAN_SQUARED_ERROR, DLCORE_METRIC_NONE);
        dlcore_tensor_create(NULL, DLCORE_DTYPE_FLOAT32, 2, shape, &one, NULL);
        dlcore_tensor_create(NULL, DLCORE_DTYPE_FLOAT32, 2, wide, &two, NULL);
        if (units == 1)
            expect_error(model, dlcore_model_fit(model, one, two, NULL, NULL), DLCORE_ERROR_SHAPE,
                         "has 1 unit, ", "have 2 values per sample");
        else
            expect_error(model, dlcore_model_fit(model, one, one, NULL, NULL), DLCORE_ERROR_SHAPE,
                         "has 2 units, ", "have 1 value per sample");
        assert_int_equal(dlcore_model_build(model, 1), DLCORE_OK);
        expect_error(model, dlcore_model_fit(model, two, two, NULL, NULL), DLCORE_ERROR_SHAPE,
                     "expects 1 input, ", "got 2");
        dlcore_model_free(model);
        dlcore_tensor_free(one);
        dlcore_tensor_free(two);
    }
}

static void test_model_weights_come_out_as_they_went_in(void **state)
{
    dlcore_model_t *model = small(DLCORE_LOSS_SPARSE_CATEGORICAL_CROSSENTROPY);
    float all[43], back[43], kernel[15];
    dlcore_weight_t weight;

    (void)state;
    assert_int_equal(dlcore_model_build(model, 4), DLCORE_OK);
    assert_int_equal(dlcore_model_parameter_count(model), 4 * 5 + 5 + 5 * 3 + 3);
    assert_int_equal(dlcore_model_weight_count(model), 4);
    for (size_t i = 0; i < 43; i++)
        all[i] = (float)i;
    assert_int_equal(dlcore_model_set_weights(model, all, 43), DLCORE_OK);
    assert_int_equal(dlcore_model_get_weights(model, back, 43), DLCORE_OK);
    assert_memory_equal(all, back, sizeof all);
    assert_true(dlcore_model_weight(model, 2, &weight));
    assert_string_equal(weight.name, "dense_1/kernel");
    assert_int_equal(weight.shape[0] * 10 + weight.shape[1], 53);
    assert_int_equal(dlcore_model_get_weight(model, 2, kernel, 15), DLCORE_OK);
    assert_memory_equal(kernel, all + 25, sizeof kernel);
    expect_error(model, dlcore_model_set_weight(model, 2, kernel, 14), DLCORE_ERROR_SHAPE,
                 "dense_1/kernel: has 15", "got 14");
    expect_error(model, dlcore_model_set_weight(model, 4, kernel, 14), DLCORE_ERROR_ARGUMENT,
                 "weight 4", "4 weights");
    assert_false(dlcore_model_weight(model, 4, &weight));
    dlcore_model_free(model);
}

static void test_model_find_layer_and_weight_answer_their_index(void **state)
{
    dlcore_model_t *model = small(DLCORE_LOSS_SPARSE_CATEGORICAL_CROSSENTROPY);
    dlcore_weight_t weight;
    size_t index = 77;

    (void)state;
    assert_int_equal(dlcore_model_build(model, 4), DLCORE_OK);
    assert_int_equal(dlcore_model_find_layer(model, "dense_1", &index, NULL), DLCORE_OK);
    assert_int_equal(index, 1);
    assert_string_equal(dlcore_model_layer(model, index)->name, "dense_1");
    for (size_t i = 0; dlcore_model_weight(model, i, &weight); i++) {
        assert_int_equal(dlcore_model_find_weight(model, weight.name, &index, NULL), DLCORE_OK);
        assert_int_equal(index, i);
    }
    dlcore_model_free(model);
}

static void test_model_find_of_no_such_name_lists_those_there_are(void **state)
{
    dlcore_model_t *model = small(DLCORE_LOSS_SPARSE_CATEGORICAL_CROSSENTROPY), *empty = NULL;
    dlcore_error_record_t error = {0};
    size_t index = 77;

    (void)state;
    assert_int_equal(dlcore_model_find_weight(model, "dense/kernel", &index, &error),
                     DLCORE_ERROR_STATE);
    assert_string_equal(error.message, "find_weight: the model has no weights before it is built");
    assert_int_equal(dlcore_model_build(model, 4), DLCORE_OK);
    assert_int_equal(dlcore_model_find_layer(model, "Dense", &index, &error), DLCORE_ERROR_NAME);
    assert_string_equal(error.message, "find_layer: no layer is named \"Dense\"; there are "
                                       "\"dense\", \"dense_1\"");
    assert_int_equal(dlcore_model_find_weight(model, "dense", &index, &error), DLCORE_ERROR_NAME);
    assert_string_equal(error.message,
                        "find_weight: no weight is named \"dense\"; there are \"dense/kernel\", "
                        "\"dense/bias\", \"dense_1/kernel\", \"dense_1/bias\"");
    assert_int_equal(dlcore_model_find_layer(model, NULL, &index, &error), DLCORE_ERROR_ARGUMENT);
    assert_string_equal(error.message, "find_layer: name is NULL");
    assert_int_equal(dlcore_model_find_weight(NULL, "dense", &index, &error),
                     DLCORE_ERROR_ARGUMENT);
    assert_string_equal(error.message, "find_weight: model is NULL");
    assert_int_equal(dlcore_model_find_layer(model, "dense", NULL, NULL), DLCORE_ERROR_ARGUMENT);
    assert_int_equal(dlcore_model_create(NULL, &empty), DLCORE_OK);
    assert_int_equal(dlcore_model_find_layer(empty, "dense", &index, &error), DLCORE_ERROR_NAME);
    assert_string_equal(error.message,
                        "find_layer: no layer is named \"dense\"; the model has none");
    assert_int_equal(index, 77);
    dlcore_model_free(empty);
    dlcore_model_free(model);
}

static void test_model_clone_predicts_the_same_and_is_its_own(void **state)
{
    dlcore_model_t *model = small(DLCORE_LOSS_SPARSE_CATEGORICAL_CROSSENTROPY), *clone = NULL;
    float one[43], other[43];

    (void)state;
    assert_int_equal(dlcore_model_build(model, 4), DLCORE_OK);
    assert_int_equal(dlcore_model_clone(model, &clone), DLCORE_OK);
    dlcore_model_get_weights(model, one, 43);
    dlcore_model_free(model);
    assert_int_equal(dlcore_model_get_weights(clone, other, 43), DLCORE_OK);
    assert_memory_equal(one, other, sizeof one);
    assert_string_equal(dlcore_model_layer(clone, 1)->name, "dense_1");
    dlcore_model_free(clone);
}

static void test_model_same_seed_draws_same_weights_and_another_differs(void **state)
{
    dlcore_model_options_t options = dlcore_model_options_default();
    float weights[3][8];

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        dlcore_model_t *model = NULL;
        options.seed = i < 2 ? 7 : 8;
        assert_int_equal(dlcore_model_create(&options, &model), DLCORE_OK);
        dlcore_model_add(model, dlcore_layer_dense(2, DLCORE_ACTIVATION_LINEAR));
        assert_int_equal(dlcore_model_build(model, 3), DLCORE_OK);
        assert_int_equal(dlcore_model_get_weights(model, weights[i], 8), DLCORE_OK);
        dlcore_model_free(model);
    }
    assert_memory_equal(weights[0], weights[1], sizeof weights[0]);
    assert_memory_not_equal(weights[0], weights[2], sizeof weights[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_model_create_with_zeroed_options_is_refused),
        cmocka_unit_test(test_model_add_of_bad_layer_is_sticky),
        cmocka_unit_test(test_model_add_without_memory_is_sticky),
        cmocka_unit_test(test_model_messages_about_unknown_kinds_have_names),
        cmocka_unit_test(test_model_add_of_unknown_names_is_refused),
        cmocka_unit_test(test_model_compile_checks_metrics_without_a_width),
        cmocka_unit_test(test_model_compile_refuses_names_of_other_results),
        cmocka_unit_test(test_model_compile_with_unknown_or_bad_parts_is_refused),
        cmocka_unit_test(test_model_build_of_mismatched_widths_names_both),
        cmocka_unit_test(test_model_build_of_huge_layers_overflows_with_numbers),
        cmocka_unit_test(test_model_fit_of_bad_data_names_the_numbers),
        cmocka_unit_test(test_model_calls_out_of_order_are_refused),
        cmocka_unit_test(test_model_null_arguments_are_statuses),
        cmocka_unit_test(test_model_messages_say_what_helps),
        cmocka_unit_test(test_model_messages_of_one_number_are_in_the_singular),
        cmocka_unit_test(test_model_weights_come_out_as_they_went_in),
        cmocka_unit_test(test_model_find_layer_and_weight_answer_their_index),
        cmocka_unit_test(test_model_find_of_no_such_name_lists_those_there_are),
        cmocka_unit_test(test_model_clone_predicts_the_same_and_is_its_own),
        cmocka_unit_test(test_model_same_seed_draws_same_weights_and_another_differs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
