/* What 0 samples give: an empty result where one makes sense, a clear error elsewhere.
 *
 * SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "dlcore.h"
#include "support/folder.h"
#include "support/models.h"
#include "support/tensors.h"

enum { INPUTS = 4, UNITS = 3 };

static dlcore_tensor_t *made(dlcore_dtype_t dtype, size_t rank, const size_t *shape)
{
    dlcore_tensor_t *tensor = NULL;

    assert_int_equal(dlcore_tensor_create(NULL, dtype, rank, shape, &tensor, NULL), DLCORE_OK);
    return tensor;
}

static void assert_shape(dlcore_tensor_t *tensor, size_t rank, const size_t *shape)
{
    assert_non_null(tensor);
    assert_int_equal(dlcore_tensor_rank(tensor), rank);
    assert_memory_equal(dlcore_tensor_shape(tensor), shape, rank * sizeof *shape);
    dlcore_tensor_free(tensor);
}

/* ---- models ---- */

static dlcore_model_t *model_of(dlcore_engine_t engine)
{
    dlcore_model_options_t options = dlcore_model_options_default();
    dlcore_optimizer_t sgd = dlcore_optimizer_sgd();
    dlcore_model_t *model = NULL;

    options.engine = engine;
    options.threads = 2;
    assert_int_equal(dlcore_model_create(&options, &model), DLCORE_OK);
    assert_accepted(model, dlcore_model_add(model, dlcore_layer_rescaling(2.0, 1.0)));
    assert_accepted(model, dlcore_model_add(model, dlcore_layer_dense(40, DLCORE_ACTIVATION_RELU)));
    assert_accepted(model, dlcore_model_add(model, dlcore_layer_dropout(0.5)));
    assert_accepted(model,
                    dlcore_model_add(model, dlcore_layer_dense(UNITS, DLCORE_ACTIVATION_SOFTMAX)));
    assert_accepted(model,
                    dlcore_model_compile(model, &sgd, DLCORE_LOSS_SPARSE_CATEGORICAL_CROSSENTROPY,
                                         DLCORE_METRIC_ACCURACY));
    assert_accepted(model, dlcore_model_build(model, INPUTS));
    return model;
}

static dlcore_status begin(void *user, size_t pass, size_t batch, dlcore_error_record_t *error)
{
    (void)user;
    (void)pass;
    (void)batch;
    (void)error;
    return DLCORE_OK;
}

static dlcore_status next(void *user, dlcore_dataset_batch_t *batch, dlcore_error_record_t *error)
{
    (void)user;
    (void)batch;
    (void)error;
    return DLCORE_OK;
}

static dlcore_status take(void *user, const dlcore_tensor_t *y_pred, dlcore_error_record_t *error)
{
    (void)user;
    (void)y_pred;
    (void)error;
    fail();
    return DLCORE_OK;
}

static void test_no_samples_are_predicted_as_nothing_by_every_engine(void **state)
{
    static const dlcore_engine_t engines[] = {DLCORE_ENGINE_AUTO, DLCORE_ENGINE_BLAS};
    static const dlcore_dataset_t none = {.begin = begin, .next = next};
    static const float inputs[INPUTS] = {0.0f};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        dlcore_model_t *model = model_of(engines[i]);
        dlcore_predict_options_t how = dlcore_predict_options_default();
        dlcore_tensor_t *x = made(DLCORE_DTYPE_FLOAT32, SHAPE(0, INPUTS));
        dlcore_tensor_t *bytes = made(DLCORE_DTYPE_UINT8, SHAPE(0, 2, 2));
        dlcore_tensor_t *wide = made(DLCORE_DTYPE_FLOAT32, SHAPE(0, INPUTS + 1));
        dlcore_tensor_t *y = made(DLCORE_DTYPE_FLOAT32, SHAPE(0, UNITS));
        dlcore_tensor_t *one = made(DLCORE_DTYPE_FLOAT32, SHAPE(1, UNITS));
        dlcore_predictor_t *predictor = NULL;
        dlcore_error_record_t error;
        float outputs[UNITS] = {7.0f};

        how.error = &error;
        assert_int_equal(dlcore_model_predict(model, x, y), DLCORE_OK);
        assert_int_equal(dlcore_model_predict(model, bytes, y), DLCORE_OK);
        assert_int_equal(dlcore_model_predict_on_batch(model, x, y), DLCORE_OK);
        assert_int_equal(dlcore_model_predict_dataset(model, &none, take, NULL, &how), DLCORE_OK);
        assert_failed(dlcore_model_predict_with(model, wide, y, &how), DLCORE_ERROR_SHAPE, &error,
                      "expects 4 inputs, got 5");
        assert_failed(dlcore_model_predict_with(model, x, one, &how), DLCORE_ERROR_SHAPE, &error,
                      "y_pred must be (0, 3), got 1 rows of 3");
        assert_int_equal(dlcore_predictor_create(model, NULL, &predictor), DLCORE_OK);
        assert_int_equal(dlcore_predictor_run(predictor, inputs, 0, outputs), DLCORE_OK);
        assert_true(outputs[0] == 7.0f);
        dlcore_predictor_free(predictor);
        dlcore_tensor_free(x);
        dlcore_tensor_free(bytes);
        dlcore_tensor_free(wide);
        dlcore_tensor_free(y);
        dlcore_tensor_free(one);
        dlcore_model_free(model);
    }
}

static void test_no_samples_have_no_loss(void **state)
{
    dlcore_model_t *model = model_of(DLCORE_ENGINE_AUTO);
    dlcore_tensor_t *x = made(DLCORE_DTYPE_FLOAT32, SHAPE(0, INPUTS));
    dlcore_tensor_t *y = made(DLCORE_DTYPE_INT32, SHAPE(0));
    dlcore_evaluate_options_t how = dlcore_evaluate_options_default();
    dlcore_evaluation_t result;
    dlcore_error_record_t error;
    float gradients[1];

    (void)state;
    how.error = &error;
    assert_failed(dlcore_model_evaluate(model, x, y, &how, &result), DLCORE_ERROR_SHAPE, &error,
                  "0 samples");
    assert_failed(dlcore_model_test_on_batch_with(model, x, y, &how, &result), DLCORE_ERROR_SHAPE,
                  &error, "0 samples");
    assert_int_equal(dlcore_model_fit(model, x, y, NULL, NULL), DLCORE_ERROR_SHAPE);
    assert_non_null(strstr(dlcore_model_error(model), "0 samples"));
    assert_int_equal(dlcore_model_train_on_batch(model, x, y, NULL), DLCORE_ERROR_SHAPE);
    assert_non_null(strstr(dlcore_model_error(model), "0 samples"));
    assert_int_equal(dlcore_model_gradients(model, x, y, gradients, 1, NULL), DLCORE_ERROR_SHAPE);
    assert_non_null(strstr(dlcore_model_error(model), "0 samples"));
    dlcore_tensor_free(x);
    dlcore_tensor_free(y);
    dlcore_model_free(model);
}

/* ---- tensors and files ---- */

static void test_no_rows_go_through_tensor_functions(void **state)
{
    dlcore_tensor_t *x = made(DLCORE_DTYPE_FLOAT32, SHAPE(0, INPUTS)), *out = NULL;
    dlcore_tensor_t *labels = made(DLCORE_DTYPE_INT32, SHAPE(0));
    dlcore_tensor_t *square = made(DLCORE_DTYPE_FLOAT32, SHAPE(INPUTS, 2));
    dlcore_tensor_t *means = made(DLCORE_DTYPE_FLOAT32, SHAPE(INPUTS));

    (void)state;
    assert_int_equal(dlcore_tensor_fill(means, 1.0, NULL), DLCORE_OK);
    assert_int_equal(dlcore_tensor_copy(x, &out, NULL), DLCORE_OK);
    assert_shape(out, SHAPE(0, INPUTS));
    assert_int_equal(dlcore_tensor_cast(x, DLCORE_DTYPE_UINT8, 1.0, &out, NULL), DLCORE_OK);
    assert_shape(out, SHAPE(0, INPUTS));
    assert_int_equal(dlcore_tensor_slice(x, 0, 0, &out, NULL), DLCORE_OK);
    assert_shape(out, SHAPE(0, INPUTS));
    assert_int_equal(dlcore_tensor_argmax(x, &out, NULL), DLCORE_OK);
    assert_shape(out, SHAPE(0));
    assert_int_equal(dlcore_tensor_one_hot(labels, UNITS, &out, NULL), DLCORE_OK);
    assert_shape(out, SHAPE(0, UNITS));
    assert_int_equal(dlcore_tensor_matmul(x, square, &out, NULL), DLCORE_OK);
    assert_shape(out, SHAPE(0, 2));
    assert_int_equal(dlcore_tensor_transpose(x, &out, NULL), DLCORE_OK);
    assert_shape(out, SHAPE(INPUTS, 0));
    assert_int_equal(dlcore_standardize_apply(x, means, means, &out, NULL), DLCORE_OK);
    assert_shape(out, SHAPE(0, INPUTS));
    assert_int_equal(dlcore_standardize_in_place(x, means, means, NULL), DLCORE_OK);
    assert_int_equal(dlcore_tensor_fill(x, 1.0, NULL), DLCORE_OK);
    assert_true(dlcore_tensor_equal(x, x, 0.0));
    dlcore_tensor_free(x);
    dlcore_tensor_free(labels);
    dlcore_tensor_free(square);
    dlcore_tensor_free(means);
}

static void test_no_rows_go_through_files(void **state)
{
    dlcore_tensor_t *x = made(DLCORE_DTYPE_FLOAT32, SHAPE(0, INPUTS)), *out = NULL;

    (void)state;
    assert_int_equal(dlcore_npy_save(folder_path("npy"), x, NULL), DLCORE_OK);
    assert_int_equal(dlcore_npy_load(folder_path("npy"), NULL, &out, NULL), DLCORE_OK);
    assert_shape(out, SHAPE(0, INPUTS));
    assert_int_equal(dlcore_idx_save(folder_path("idx"), x, NULL), DLCORE_OK);
    assert_int_equal(dlcore_idx_load(folder_path("idx"), NULL, &out, NULL), DLCORE_OK);
    assert_shape(out, SHAPE(0, INPUTS));
    dlcore_tensor_free(x);
}

static void test_no_rows_cannot_be_split_or_measured(void **state)
{
    dlcore_tensor_t *x = made(DLCORE_DTYPE_FLOAT32, SHAPE(0, INPUTS));
    dlcore_tensor_t *labels = made(DLCORE_DTYPE_INT32, SHAPE(0));
    dlcore_tensor_t *means = NULL, *deviations = NULL;
    dlcore_error_record_t error;
    dlcore_split_t split;
    size_t counts[UNITS * UNITS] = {5};

    (void)state;
    assert_failed(dlcore_train_test_split(x, NULL, NULL, &split, &error), DLCORE_ERROR_SHAPE,
                  &error, "0 samples");
    assert_failed(dlcore_k_fold(x, NULL, NULL, 0, &split, &error), DLCORE_ERROR_SHAPE, &error,
                  "0 samples");
    assert_failed(dlcore_standardize_fit(x, &means, &deviations, &error), DLCORE_ERROR_SHAPE,
                  &error, "0 samples");
    assert_int_equal(dlcore_confusion_matrix(labels, labels, UNITS, counts, NULL), DLCORE_OK);
    assert_int_equal(counts[0], 0);
    dlcore_tensor_free(x);
    dlcore_tensor_free(labels);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_samples_are_predicted_as_nothing_by_every_engine),
        cmocka_unit_test(test_no_samples_have_no_loss),
        cmocka_unit_test(test_no_rows_go_through_tensor_functions),
        cmocka_unit_test(test_no_rows_go_through_files),
        cmocka_unit_test(test_no_rows_cannot_be_split_or_measured),
    };

    return cmocka_run_group_tests(tests, folder_make, folder_remove);
}
