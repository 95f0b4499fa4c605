/* evaluate and predict: shapes, blocks, threads, bad outputs.
 *
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/float_mode.h"
#include "dlcore/model.h"
#include "model/model.h"
#include "support/tensors.h"

enum { ROWS = 300, INPUTS = 40, UNITS = 70, READERS = 8 };

typedef struct setting {
    dlcore_model_t *model;
    dlcore_tensor_t *x, *y, *expected;
} setting_t;

static dlcore_tensor_t *tensor(size_t rows, size_t columns)
{
    size_t shape[2] = {rows, columns};
    dlcore_tensor_t *t = NULL;
    assert_int_equal(dlcore_tensor_create(NULL, DLCORE_DTYPE_FLOAT32, 2, shape, &t, NULL), 0);
    return t;
}

static int begin(void **state)
{
    static setting_t s;
    dlcore_optimizer_t sgd = dlcore_optimizer_sgd();
    float *x;

    s = (setting_t){.x = tensor(ROWS, INPUTS), .y = tensor(ROWS, UNITS)};
    x = dlcore_tensor_data(s.x);
    for (size_t i = 0; i < ROWS * INPUTS; i++)
        x[i] = (float)((i * 7919) % 1000) / 500.0f - 1.0f;
    dlcore_model_create(NULL, &s.model);
    dlcore_model_add(s.model, dlcore_layer_dense(50, DLCORE_ACTIVATION_TANH));
    dlcore_model_add(s.model, dlcore_layer_dense(UNITS, DLCORE_ACTIVATION_LINEAR));
    dlcore_model_compile(s.model, &sgd, DLCORE_LOSS_MEAN_SQUARED_ERROR,
                         DLCORE_METRIC_MEAN_ABSOLUTE_ERROR);
    dlcore_model_build(s.model, INPUTS);
    s.expected = tensor(ROWS, UNITS);
    *state = &s;
    return dlcore_model_predict(s.model, s.x, s.expected) == DLCORE_OK ? 0 : -1;
}

static int end(void **state)
{
    setting_t *s = *state;
    dlcore_model_free(s->model);
    dlcore_tensor_free(s->x);
    dlcore_tensor_free(s->y);
    dlcore_tensor_free(s->expected);
    return 0;
}

static void test_evaluate_agrees_with_predictions_whatever_the_batch(void **state)
{
    setting_t *s = *state;
    const float *y = dlcore_tensor_data(s->expected);
    static const size_t batches[] = {1, 7, 32, 300, 1000};
    double squares = 0.0;

    for (size_t i = 0; i < ROWS * UNITS; i++)
        squares += (double)y[i] * (double)y[i]; /* labels are zero */
    for (size_t i = 0; i < sizeof batches / sizeof batches[0]; i++) {
        dlcore_evaluate_options_t options = dlcore_evaluate_options_default();
        dlcore_evaluation_t result;
        options.batch_size = batches[i];
        assert_int_equal(dlcore_model_evaluate(s->model, s->x, s->y, &options, &result), DLCORE_OK);
        assert_true(fabs(result.loss - squares / (ROWS * UNITS)) < 1e-5 * result.loss);
        assert_string_equal(result.metrics[0].name, "mean_absolute_error");
        assert_true(dlcore_evaluation_value(&result, "mean_absolute_error") > 0.0);
    }
}

static void test_predict_writes_rows_apart_and_nothing_between(void **state)
{
    setting_t *s = *state;
    size_t shape[2] = {ROWS, UNITS};
    static float wide[ROWS * (UNITS + 3)];
    dlcore_tensor_t *y = NULL;

    for (size_t i = 0; i < sizeof wide / sizeof wide[0]; i++)
        wide[i] = 42.0f;
    assert_int_equal(
        dlcore_tensor_borrow(NULL, DLCORE_DTYPE_FLOAT32, 2, shape, wide, UNITS + 3, &y, NULL),
        DLCORE_OK);
    assert_int_equal(dlcore_model_predict(s->model, s->x, y), DLCORE_OK);
    assert_true(dlcore_tensor_equal(y, s->expected, 0.0));
    for (size_t row = 0; row < ROWS; row++)
        assert_true(wide[row * (UNITS + 3) + UNITS + 1] == 42.0f);
    dlcore_tensor_free(y);
}

static dlcore_tensor_t *view_of(void *data, dlcore_dtype_t dtype, size_t columns, size_t stride)
{
    dlcore_tensor_t *view = NULL;

    assert_int_equal(
        dlcore_tensor_borrow(NULL, dtype, 2, (size_t[]){ROWS, columns}, data, stride, &view, NULL),
        DLCORE_OK);
    return view;
}

/* x and y_pred in one table: right, or refused. */
static void test_predict_into_the_memory_of_x_is_right_or_refused(void **state)
{
    enum { WIDE = INPUTS + UNITS + 2 };
    static const struct {
        size_t x_at, x_stride, y_at, y_stride;
        bool accepted;
    } cases[] = {
        {0, WIDE, 0, WIDE, true},          /* in place */
        {0, WIDE, INPUTS, WIDE, true},     /* columns side by side */
        {UNITS, WIDE, 0, WIDE, true},      /* the other way round */
        {0, WIDE, INPUTS / 2, WIDE, true}, /* in the place of its own sample */
        {0, WIDE, WIDE, WIDE, false},      /* a row too far */
        {WIDE, WIDE, 0, WIDE, false},      /* a row too early */
        {0, WIDE, WIDE - 1, WIDE, false},  /* into the next row */
        {0, INPUTS, 0, UNITS, false},      /* other strides */
        {0, INPUTS, INPUTS * ROWS, UNITS, true},
        {UNITS * ROWS, INPUTS, 0, UNITS, true},
        {0, INPUTS, INPUTS * ROWS - 1, UNITS, false},
        {UNITS * ROWS - 1, INPUTS, 0, UNITS, false},
    };
    setting_t *s = *state;
    const float *x = dlcore_tensor_data(s->x);
    static float table[(ROWS + 2) * (INPUTS + UNITS + 2)];
    dlcore_error_record_t error = {0};
    dlcore_predict_options_t options = dlcore_predict_options_default();

    options.error = &error;
    options.batch_size = 16;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        dlcore_tensor_t *from =
            view_of(table + cases[i].x_at, DLCORE_DTYPE_FLOAT32, INPUTS, cases[i].x_stride);
        dlcore_tensor_t *to =
            view_of(table + cases[i].y_at, DLCORE_DTYPE_FLOAT32, UNITS, cases[i].y_stride);
        dlcore_status status;

        for (size_t row = 0; row < ROWS; row++)
            memcpy(table + cases[i].x_at + row * cases[i].x_stride, x + row * INPUTS,
                   INPUTS * sizeof *x);
        status = dlcore_model_predict_with(s->model, from, to, &options);
        if (status != (cases[i].accepted ? DLCORE_OK : DLCORE_ERROR_ARGUMENT))
            fail_msg("case %zu: %d %s", i, (int)status, error.message);
        if (cases[i].accepted)
            assert_true(dlcore_tensor_equal(to, s->expected, 1e-5));
        else
            assert_non_null(strstr(error.message, "predict: x and y_pred overlap: y_pred begins"));
        dlcore_tensor_free(from);
        dlcore_tensor_free(to);
    }
}

static void test_predict_of_bad_tensors_names_the_numbers(void **state)
{
    setting_t *s = *state;
    dlcore_error_record_t error = {0};
    dlcore_predict_options_t options = dlcore_predict_options_default();
    dlcore_tensor_t *few = tensor(ROWS, UNITS - 1), *narrow = tensor(ROWS, INPUTS + 2);
    dlcore_tensor_t *view = NULL;

    options.error = &error;
    assert_int_equal(dlcore_model_predict_with(s->model, s->x, few, &options), DLCORE_ERROR_SHAPE);
    assert_non_null(strstr(error.message, "(300, 70)"));
    assert_non_null(strstr(error.message, "69"));
    assert_int_equal(dlcore_model_predict_with(s->model, narrow, s->expected, &options),
                     DLCORE_ERROR_SHAPE);
    assert_string_equal(error.message, "dense: expects 40 inputs, got 42: x has shape (300, 42)");
    assert_int_equal(dlcore_tensor_slice_const(s->expected, 0, ROWS, &view, NULL), DLCORE_OK);
    assert_int_equal(dlcore_model_predict_with(s->model, s->x, view, &options),
                     DLCORE_ERROR_ARGUMENT);
    assert_non_null(strstr(error.message, "read-only"));
    assert_int_equal(dlcore_model_predict_with(s->model, s->x, NULL, &options),
                     DLCORE_ERROR_ARGUMENT);
    dlcore_tensor_free(few);
    dlcore_tensor_free(narrow);
    dlcore_tensor_free(view);
}

/* ---- one batch at once ---- */

/* Under a reduction by sum, the loss of a batch tells how many rows it had. */
static void sum_losses(dlcore_model_t *model)
{
    dlcore_compile_options_t settings = dlcore_compile_options_default();

    settings.loss = dlcore_loss_mean_squared_error();
    settings.loss.reduction = DLCORE_REDUCTION_SUM;
    settings.weighted_metrics[0] = dlcore_metric_default(DLCORE_METRIC_MEAN_ABSOLUTE_ERROR);
    settings.weighted_metric_count = 1;
    assert_int_equal(dlcore_model_compile_with(model, &settings), DLCORE_OK);
}

static void test_evaluate_test_on_batch_is_evaluate_of_all_rows_at_once(void **state)
{
    setting_t *s = *state;
    static float numbers[ROWS];
    dlcore_evaluate_options_t whole = dlcore_evaluate_options_default();
    dlcore_evaluate_options_t options = whole;
    dlcore_evaluation_t expected, result;
    dlcore_tensor_t *weights;

    for (size_t i = 0; i < ROWS; i++)
        numbers[i] = (float)(i % 5);
    weights = tensor_of_floats(SHAPE(ROWS), numbers);
    sum_losses(s->model);
    whole.batch_size = ROWS;
    options.batch_size = 0; /* not looked at */
    for (int weighted = 0; weighted < 2; weighted++) {
        whole.sample_weight = options.sample_weight = weighted ? weights : NULL;
        assert_int_equal(dlcore_model_evaluate(s->model, s->x, s->y, &whole, &expected), DLCORE_OK);
        assert_int_equal(dlcore_model_test_on_batch_with(s->model, s->x, s->y, &options, &result),
                         DLCORE_OK);
        assert_true(result.loss == expected.loss);
        assert_true(result.metrics[0].value == expected.metrics[0].value);
        assert_int_equal(dlcore_model_test_on_batch(s->model, s->x, s->y, &result), DLCORE_OK);
        assert_true((result.loss == expected.loss) == !weighted);
    }
    dlcore_tensor_free(weights);
}

static void test_evaluate_test_on_batch_says_what_is_wrong(void **state)
{
    setting_t *s = *state;
    dlcore_error_record_t error = {0};
    dlcore_evaluate_options_t options = dlcore_evaluate_options_default();
    dlcore_tensor_t *narrow = tensor(ROWS, INPUTS + 2), *few = tensor(ROWS - 1, UNITS);
    dlcore_evaluation_t result;

    options.error = &error;
    assert_failed(dlcore_model_test_on_batch_with(s->model, narrow, s->y, &options, &result),
                  DLCORE_ERROR_SHAPE, &error, "dense: expects 40 inputs, got 42");
    assert_failed(dlcore_model_test_on_batch_with(s->model, s->x, few, &options, &result),
                  DLCORE_ERROR_SHAPE, &error, "299");
    assert_failed(dlcore_model_test_on_batch_with(s->model, NULL, s->y, &options, &result),
                  DLCORE_ERROR_ARGUMENT, &error, "NULL");
    assert_failed(dlcore_model_test_on_batch_with(s->model, s->x, s->y, &options, NULL),
                  DLCORE_ERROR_ARGUMENT, &error, "result is NULL");
    options.sample_weight = few;
    assert_failed(dlcore_model_test_on_batch_with(s->model, s->x, s->y, &options, &result),
                  DLCORE_ERROR_SHAPE, &error, "sample_weight");
    assert_int_equal(dlcore_model_test_on_batch(s->model, narrow, s->y, &result),
                     DLCORE_ERROR_SHAPE);
    dlcore_tensor_free(narrow);
    dlcore_tensor_free(few);
}

static void test_evaluate_predict_on_batch_is_predict(void **state)
{
    setting_t *s = *state;
    dlcore_error_record_t error = {0};
    dlcore_predict_options_t options = dlcore_predict_options_default();
    dlcore_tensor_t *y = tensor(ROWS, UNITS), *few = tensor(ROWS, UNITS - 1);

    options.error = &error;
    assert_int_equal(dlcore_model_predict_on_batch(s->model, s->x, y), DLCORE_OK);
    assert_true(dlcore_tensor_equal(y, s->expected, 1e-5));
    assert_int_equal(dlcore_tensor_fill(y, 0.0, NULL), DLCORE_OK);
    assert_int_equal(dlcore_model_predict_on_batch_with(s->model, s->x, y, &options), DLCORE_OK);
    assert_true(dlcore_tensor_equal(y, s->expected, 1e-5));
    assert_failed(dlcore_model_predict_on_batch_with(s->model, s->x, few, &options),
                  DLCORE_ERROR_SHAPE, &error, "(300, 70)");
    assert_failed(dlcore_model_predict_on_batch_with(s->model, NULL, y, &options),
                  DLCORE_ERROR_ARGUMENT, &error, "NULL");
    assert_int_equal(dlcore_model_predict_on_batch(s->model, s->x, few), DLCORE_ERROR_SHAPE);
    dlcore_tensor_free(y);
    dlcore_tensor_free(few);
}

static void *read_model(void *argument)
{
    setting_t *s = argument;
    dlcore_tensor_t *y = tensor(ROWS, UNITS);
    size_t wrong = 0;

    for (int round = 0; round < 20; round++) {
        wrong += dlcore_model_predict(s->model, s->x, y) != DLCORE_OK;
        wrong += !dlcore_tensor_equal(y, s->expected, 0.0);
    }
    dlcore_tensor_free(y);
    return (void *)(uintptr_t)wrong;
}

static void test_predict_from_many_threads_gives_the_same_bits(void **state)
{
    pthread_t threads[READERS];

    for (size_t i = 0; i < READERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, read_model, *state), 0);
    for (size_t i = 0; i < READERS; i++) {
        void *wrong = NULL;
        pthread_join(threads[i], &wrong);
        assert_null(wrong);
    }
}

/* Whoever uses the model's threads gives them back, whether all went well or not: else all calls
 * after it would run on one. */
static void test_calls_give_the_team_back(void **state)
{
    setting_t *s = *state;
    dlcore_model_options_t options = dlcore_model_options_default();
    dlcore_optimizer_t sgd = dlcore_optimizer_sgd();
    dlcore_evaluation_t result;
    dlcore_model_t *model = NULL;
    static float gradients[(INPUTS + 1) * 900 + 901 * UNITS];
    static const double work = 1e12;
    dlcore_team_t *team;

    options.threads = 2;
    dlcore_model_create(&options, &model);
    dlcore_model_add(model, dlcore_layer_dense(900, DLCORE_ACTIVATION_RELU));
    dlcore_model_add(model, dlcore_layer_dense(UNITS, DLCORE_ACTIVATION_LINEAR));
    dlcore_model_compile(model, &sgd, DLCORE_LOSS_MEAN_SQUARED_ERROR, DLCORE_METRIC_NONE);
    assert_int_equal(dlcore_model_build(model, INPUTS), DLCORE_OK);
    team = dlcore_model_acquire_team(model, work);
    dlcore_model_release_team(model, team);
    if (team == NULL) { /* BLAS has the threads */
        dlcore_model_free(model);
        skip();
    }
    for (int call = 0; call < 9; call++) {
        switch (call) {
        case 0:
            assert_int_equal(dlcore_model_evaluate(model, s->x, s->y, NULL, &result), DLCORE_OK);
            break;
        case 1:
            assert_int_equal(dlcore_model_predict(model, s->x, s->expected), DLCORE_OK);
            break;
        case 2:
            assert_int_equal(dlcore_model_train_on_batch(model, s->x, s->y, NULL), DLCORE_OK);
            break;
        case 3:
            assert_int_equal(dlcore_model_gradients(model, s->x, s->y, gradients,
                                                    sizeof gradients / sizeof *gradients, NULL),
                             DLCORE_OK);
            break;
        case 4:
            assert_int_equal(dlcore_model_fit(model, s->x, s->y, NULL, NULL), DLCORE_OK);
            break;
        case 5:
            assert_int_equal(dlcore_model_test_on_batch(model, s->x, s->y, &result), DLCORE_OK);
            break;
        case 6:
            assert_int_equal(dlcore_model_predict_on_batch(model, s->x, s->expected), DLCORE_OK);
            break;
        case 7:
            assert_int_equal(dlcore_model_evaluate(model, s->y, s->y, NULL, &result),
                             DLCORE_ERROR_SHAPE);
            break;
        default:
            assert_int_equal(dlcore_model_fit(model, s->y, s->y, NULL, NULL), DLCORE_ERROR_SHAPE);
        }
        team = dlcore_model_acquire_team(model, work);
        if (team == NULL)
            fail_msg("call %d keeps the team", call);
        dlcore_model_release_team(model, team);
    }
    dlcore_model_free(model);
    assert_int_equal(dlcore_model_predict(s->model, s->x, s->expected), DLCORE_OK);
}

/* Training that is too small for a team takes one to validate. */
static bool only_one_caller(void)
{
    return false;
}

/* Threads that wait for each other's products would only cost time. */
static void test_calls_take_no_team_where_blas_takes_one_caller_at_a_time(void **state)
{
    static const double work = 1e12;
    dlcore_model_options_t options = dlcore_model_options_default();
    dlcore_products_t products;
    const dlcore_products_t *own;
    dlcore_model_t *model = NULL;

    (void)state;
    options.threads = 2;
    assert_int_equal(dlcore_model_create(&options, &model), DLCORE_OK);
    own = model->network.products;
    products = *own;
    products.is_concurrent = only_one_caller;
    model->network.products = &products;
    assert_null(dlcore_model_acquire_team(model, work));
    model->network.products = own;
    dlcore_model_free(model);
}

static void test_fit_gives_the_team_of_validation_back(void **state)
{
    enum { MANY = 30000 };
    dlcore_model_options_t options = dlcore_model_options_default();
    dlcore_fit_options_t how = dlcore_fit_options_default();
    dlcore_optimizer_t sgd = dlcore_optimizer_sgd();
    dlcore_tensor_t *x = tensor(4, 8), *y = tensor(4, 1);
    dlcore_model_t *model = NULL;
    dlcore_team_t *team;

    (void)state;
    options.threads = 2;
    how.validation_x = tensor(MANY, 8);
    how.validation_y = tensor(MANY, 1);
    how.validation_batch_size = 128;
    dlcore_model_create(&options, &model);
    dlcore_model_add(model, dlcore_layer_dense(16, DLCORE_ACTIVATION_TANH));
    dlcore_model_add(model, dlcore_layer_dense(1, DLCORE_ACTIVATION_LINEAR));
    dlcore_model_compile(model, &sgd, DLCORE_LOSS_MEAN_SQUARED_ERROR, DLCORE_METRIC_NONE);
    assert_int_equal(dlcore_model_build(model, 8), DLCORE_OK);
    team = dlcore_model_acquire_team(model, 1e12);
    dlcore_model_release_team(model, team);
    if (team != NULL) {
        assert_int_equal(dlcore_model_fit(model, x, y, &how, NULL), DLCORE_OK);
        team = dlcore_model_acquire_team(model, 1e12);
        assert_non_null(team);
        dlcore_model_release_team(model, team);
    }
    dlcore_model_free(model);
    dlcore_tensor_free(x);
    dlcore_tensor_free(y);
    dlcore_tensor_free((dlcore_tensor_t *)how.validation_x);
    dlcore_tensor_free((dlcore_tensor_t *)how.validation_y);
}

/* What weights are punished with counts once, however many samples there are. */
static void test_evaluate_adds_the_penalty_of_weights_once(void **state)
{
    dlcore_layer_t dense = dlcore_layer_dense(UNITS, DLCORE_ACTIVATION_LINEAR);
    dlcore_optimizer_t sgd = dlcore_optimizer_sgd();
    dlcore_tensor_t *x = tensor(ROWS, INPUTS), *y = tensor(ROWS, UNITS);
    static float kernel[INPUTS * UNITS];
    dlcore_evaluation_t result;
    dlcore_model_t *model = NULL;
    double squares = 0.0;

    (void)state;
    dense.kernel_regularizer = dlcore_regularizer_l2(0.125);
    dlcore_model_create(NULL, &model);
    dlcore_model_add(model, dense);
    dlcore_model_compile(model, &sgd, DLCORE_LOSS_MEAN_SQUARED_ERROR, DLCORE_METRIC_NONE);
    assert_int_equal(dlcore_model_build(model, INPUTS), DLCORE_OK);
    assert_int_equal(dlcore_model_get_weight(model, 0, kernel, INPUTS * UNITS), DLCORE_OK);
    for (size_t i = 0; i < INPUTS * UNITS; i++)
        squares += (double)kernel[i] * (double)kernel[i];
    assert_int_equal(dlcore_model_evaluate(model, x, y, NULL, &result), DLCORE_OK);
    assert_true(fabs(result.loss - 0.125 * squares) < 1e-6 * squares); /* zeros give no error */
    dlcore_model_free(model);
    dlcore_tensor_free(x);
    dlcore_tensor_free(y);
}

/* The sum of losses, mean absolute errors of outputs that are 0, when each row is a block. */
static double sum_of_labels(dlcore_model_t *model, const float *labels, size_t rows)
{
    dlcore_evaluate_options_t options = dlcore_evaluate_options_default();
    dlcore_tensor_t *x = tensor(rows, 1), *y = tensor_of_floats(SHAPE(rows), labels);
    dlcore_evaluation_t result;

    options.batch_size = 1;
    assert_int_equal(dlcore_model_evaluate(model, x, y, &options, &result), DLCORE_OK);
    dlcore_tensor_free(x);
    dlcore_tensor_free(y);
    return result.loss * (double)rows;
}

/* A block's loss is added to the sum of its stripe, and those to the sum of all: the last bits of a
 * loss follow from the number of stripes, which stays 256. Behind 2^53 a one is lost, and two that
 * were added to each other before are not. */
static void test_evaluate_adds_256_blocks_one_by_one_and_more_in_stripes(void **state)
{
    static const double large = 9007199254740992.0;
    float labels[257];
    dlcore_optimizer_t sgd = dlcore_optimizer_sgd();
    dlcore_model_t *model = NULL;

    (void)state;
    for (size_t i = 0; i < 256; i++)
        labels[i] = i == 0 ? (float)large : 1.0f;
    labels[256] = 0.0f;
    dlcore_model_create(NULL, &model);
    dlcore_model_add(model, dlcore_layer_dense(1, DLCORE_ACTIVATION_LINEAR));
    dlcore_model_compile(model, &sgd, DLCORE_LOSS_MEAN_ABSOLUTE_ERROR, DLCORE_METRIC_NONE);
    assert_int_equal(dlcore_model_build(model, 1), DLCORE_OK);
    assert_true(sum_of_labels(model, labels, 256) == large);
    assert_true(sum_of_labels(model, labels, 257) == large + 254.0); /* 127 stripes of two ones */
    dlcore_model_free(model);
}

/* Denormals flushed for the length of a call would else be flushed in the host's own code. */
static void test_evaluate_and_predict_leave_the_float_mode(void **state)
{
    setting_t *s = *state;
    dlcore_float_mode_t host = dlcore_float_mode_get(), changed = dlcore_float_mode_enter(false);
    dlcore_float_mode_t before = dlcore_float_mode_get();
    dlcore_evaluation_t result;

    assert_int_equal(dlcore_model_evaluate(s->model, s->x, s->y, NULL, &result), DLCORE_OK);
    assert_true(dlcore_float_mode_get() == before);
    assert_int_equal(dlcore_model_predict(s->model, s->x, s->expected), DLCORE_OK);
    assert_true(dlcore_float_mode_get() == before);
    dlcore_float_mode_leave(changed);
    assert_true(dlcore_float_mode_get() == host);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_evaluate_agrees_with_predictions_whatever_the_batch,
                                        begin, end),
        cmocka_unit_test_setup_teardown(test_predict_writes_rows_apart_and_nothing_between, begin,
                                        end),
        cmocka_unit_test_setup_teardown(test_predict_into_the_memory_of_x_is_right_or_refused,
                                        begin, end),
        cmocka_unit_test_setup_teardown(test_predict_of_bad_tensors_names_the_numbers, begin, end),
        cmocka_unit_test_setup_teardown(test_evaluate_test_on_batch_is_evaluate_of_all_rows_at_once,
                                        begin, end),
        cmocka_unit_test_setup_teardown(test_evaluate_test_on_batch_says_what_is_wrong, begin, end),
        cmocka_unit_test_setup_teardown(test_evaluate_predict_on_batch_is_predict, begin, end),
        cmocka_unit_test_setup_teardown(test_predict_from_many_threads_gives_the_same_bits, begin,
                                        end),
        cmocka_unit_test_setup_teardown(test_calls_give_the_team_back, begin, end),
        cmocka_unit_test(test_calls_take_no_team_where_blas_takes_one_caller_at_a_time),
        cmocka_unit_test(test_fit_gives_the_team_of_validation_back),
        cmocka_unit_test(test_evaluate_adds_the_penalty_of_weights_once),
        cmocka_unit_test(test_evaluate_adds_256_blocks_one_by_one_and_more_in_stripes),
        cmocka_unit_test_setup_teardown(test_evaluate_and_predict_leave_the_float_mode, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
