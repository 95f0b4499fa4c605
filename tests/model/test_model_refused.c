/* What calls of models refuse, or have no memory for, each with its message.
 *
 * SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "dlcore.h"
#include "support/classifier.h"
#include "support/collective_loopback.h"
#include "support/failing_allocator.h"
#include "support/models.h"
#include "support/tensors.h"

static model_t *with_layer(layer_t layer)
{
    model_t *model = NULL;

    assert_int_equal(model_create(NULL, &model), DLCORE_OK);
    assert_accepted(model, model_add(model, layer));
    return model;
}

static void assert_says(const model_t *model, dlcore_status got, dlcore_status wanted,
                        const char *text)
{
    assert_int_equal(got, wanted);
    if (strstr(model_error(model), text) == NULL)
        fail_msg("not \"%s\" in \"%s\"", text, model_error(model));
}

static void test_model_refused_options_of_engines(void **state)
{
    model_options_t options = model_options_default();
    error_record_t error = {0};
    model_t *model = NULL;

    (void)state;
    options.error = &error;
    options.engine = (engine_t)7;
    assert_failed(model_create(&options, &model), DLCORE_ERROR_ARGUMENT, &error, "engine");
    assert_non_null(strstr(error.message, "native"));
    options.engine = ENGINE_NATIVE;
    options.blas_threads = true;
    assert_failed(model_create(&options, &model), DLCORE_ERROR_ARGUMENT, &error,
                  "blas_threads is for DLCORE_ENGINE_BLAS, got engine 2");
    assert_null(model);
}

static void test_model_refused_before_it_is_built_and_after(void **state)
{
    compile_options_t how = compile_options_default();
    model_t *model = NULL;
    float weight;

    (void)state;
    assert_int_equal(model_create(NULL, &model), DLCORE_OK);
    assert_says(model, model_compile_with(model, &how), DLCORE_ERROR_STATE,
                "compile: the model has no layers; call model_add first");
    assert_accepted(model, model_add(model, layer_dense(2, ACTIVATION_LINEAR)));
    assert_says(model, model_set_weights(model, &weight, 1), DLCORE_ERROR_STATE,
                "model: has no weights before it is built");
    assert_accepted(model, model_build(model, 3));
    assert_says(model, model_build(model, 4), DLCORE_ERROR_SHAPE,
                "model: is built for 3 inputs, got 4");
    model_free(model);
}

static void test_model_refused_widths_of_layers(void **state)
{
    const embedding_t wide = {.column = 0, .count = 2, .units = 65536};
    model_t *glu = with_layer(layer_glu()), *groups = with_layer(layer_grouped_softmax(3));

    (void)state;
    assert_says(glu, model_build(glu, 5), DLCORE_ERROR_SHAPE, "glu: 5 inputs have no two halves");
    assert_says(groups, model_build(groups, 5), DLCORE_ERROR_SHAPE,
                "5 inputs are no whole number of groups of axis_width = 3");
    model_free(glu);
    model_free(groups);
    glu = with_layer(layer_embedding(&wide, 1));
    assert_says(glu, model_build(glu, INT32_MAX), DLCORE_ERROR_OVERFLOW,
                "the tables are too large");
    model_free(glu);
}

/* Each is below the limit, their sum is not. */
static void test_model_refused_parameters_that_are_too_many_together(void **state)
{
    const size_t wide = (size_t)1 << (sizeof(size_t) == 8 ? 29 : 13);
    model_t *model = with_layer(layer_dense(wide / 2, ACTIVATION_LINEAR));

    (void)state;
    for (int i = 0; i < 4; i++)
        assert_accepted(
            model, model_add(model, layer_dense(i % 2 == 0 ? wide : wide / 2, ACTIVATION_LINEAR)));
    assert_says(model, model_build(model, wide), DLCORE_ERROR_OVERFLOW, "too many");
    model_free(model);
}

static void test_model_refused_adapt_behind_layers_that_train(void **state)
{
    tensor_t *x = tensor_of_floats(SHAPE(2, 3), (float[]){1, 2, 3, 4, 5, 6});
    model_t *model = with_layer(layer_dense(2, ACTIVATION_LINEAR));

    (void)state;
    assert_accepted(model, model_add(model, layer_normalization()));
    assert_accepted(model, model_build(model, 3));
    assert_says(model, model_adapt(model, 1, x), DLCORE_ERROR_UNSUPPORTED,
                "adapt: dense comes before normalization; only flatten and rescaling may");
    model_free(model);
    tensor_free(x);
}

static void test_model_refused_blend_of_other_weights_and_engines(void **state)
{
    static const size_t two[] = {4, 3, 0}, three[] = {4, 3, 3, 0};
    model_options_t blas = engine_options(ENGINE_BLAS, 1),
                    native = engine_options(ENGINE_NATIVE, 1);
    model_t *model = classifier(&blas, two, optimizer_adam());
    model_t *deep = classifier(NULL, three, optimizer_adam());
    model_t *other = classifier(&native, two, optimizer_adam());

    (void)state;
    assert_says(model, model_blend(model, deep, 0.5), DLCORE_ERROR_SHAPE,
                "blend: the models have 2 and 4 weights");
    if (other != NULL && strcmp(model_engine(model), model_engine(other)) != 0)
        assert_says(model, model_blend(model, other, 0.5), DLCORE_ERROR_STATE,
                    "blend: the models have different engines");
    model_free(model);
    model_free(deep);
    model_free(other);
}

/* 3 inputs, 2 classes. */
static model_t *of_classes(void)
{
    static const size_t widths[] = {3, 2, 0};

    return classifier(NULL, widths, optimizer_sgd());
}

static tensor_t *zeros_of(size_t rows, size_t columns)
{
    tensor_t *dense = NULL, *sparse = NULL;
    size_t shape[2] = {rows, columns};

    assert_int_equal(tensor_create(NULL, DTYPE_FLOAT32, 2, shape, &dense, NULL), DLCORE_OK);
    assert_int_equal(sparse_from_dense(dense, &sparse, NULL), DLCORE_OK);
    tensor_free(dense);
    return sparse;
}

static void test_model_refused_data_of_other_forms(void **state)
{
    model_t *model = of_classes();
    tensor_t *x = tensor_of_floats(SHAPE(2, 3), (float[]){1, 2, 3, 4, 5, 6});
    tensor_t *y = tensor_of_ints(SHAPE(2), (int32_t[]){0, 1});
    tensor_t *wide = tensor_of_ints(SHAPE(2, 2), (int32_t[]){0, 1, 1, 0});
    tensor_t *scalar = NULL, *empty = NULL, *weights = zeros_of(2, 1);
    fit_options_t how = fit_options_default();
    predict_options_t asked = predict_options_default();
    const size_t none[2] = {2, 0};
    error_record_t error = {0};

    (void)state;
    assert_int_equal(tensor_create(NULL, DTYPE_FLOAT32, 0, NULL, &scalar, NULL), DLCORE_OK);
    assert_int_equal(tensor_create(NULL, DTYPE_FLOAT32, 2, none, &empty, NULL), DLCORE_OK);
    assert_says(model, model_fit(model, scalar, y, NULL, NULL), DLCORE_ERROR_SHAPE,
                "x has rank 0; rank 1 or more is expected");
    assert_says(model, model_fit(model, empty, y, NULL, NULL), DLCORE_ERROR_SHAPE,
                "x is empty: 0 numbers per sample");
    assert_says(model, model_fit(model, x, wide, NULL, NULL), DLCORE_ERROR_SHAPE,
                "expects one label per sample, got 2");
    how.sample_weight = weights;
    assert_says(model, model_fit(model, x, y, &how, NULL), DLCORE_ERROR_UNSUPPORTED, "sparse");
    asked.error = &error;
    assert_failed(model_predict_with(model, x, wide, &asked), DLCORE_ERROR_DTYPE, &error,
                  "predict: y_pred must be float32, got int32");
    assert_failed(model_input_gradients(model, x, y, wide, NULL, &error), DLCORE_ERROR_DTYPE,
                  &error, "input_gradients: dx must be float32, got int32");
    model_free(model);
    tensor_free(x);
    tensor_free(y);
    tensor_free(wide);
    tensor_free(scalar);
    tensor_free(empty);
    tensor_free(weights);
}

static void test_model_refused_given_gradients_of_other_forms(void **state)
{
    model_t *model = of_classes();
    tensor_t *x = tensor_of_floats(SHAPE(2, 3), (float[]){1, 2, 3, 4, 5, 6});
    tensor_t *ints = tensor_of_ints(SHAPE(2, 2), (int32_t[]){0, 1, 1, 0});
    tensor_t *sparse = zeros_of(2, 2);

    (void)state;
    assert_says(model, model_train_on_gradient(model, x, ints), DLCORE_ERROR_DTYPE,
                "dy must be float32, got int32");
    assert_says(model, model_train_on_gradient(model, x, sparse), DLCORE_ERROR_UNSUPPORTED,
                "sparse");
    model_free(model);
    tensor_free(x);
    tensor_free(ints);
    tensor_free(sparse);
}

static void ask_for_memory(void *user, const collective_t *collective)
{
    model_options_t options = model_options_default();
    error_record_t error = {0};
    model_memory_t memory;
    model_t *model = NULL;

    (void)user;
    options.threads = 1;
    if (model_create(&options, &model) != DLCORE_OK ||
        model_set_collective(model, collective) != DLCORE_OK ||
        model_memory(model, 3, 1, &memory, &error) != DLCORE_ERROR_UNSUPPORTED ||
        strcmp(error.message, "model_memory: the model has a collective") != 0)
        *(bool *)user = false;
    model_free(model);
}

static void test_model_refused_memory_of_what_cannot_be_measured(void **state)
{
    model_t *model = NULL;
    loopback_t *loopback = loopback_create(1);
    collective_t settings;
    error_record_t error = {0};
    model_memory_t memory;
    bool refused = true;

    (void)state;
    assert_non_null(loopback);
    assert_int_equal(model_create(NULL, &model), DLCORE_OK);
    assert_int_not_equal(model_add(model, layer_dense(0, ACTIVATION_LINEAR)), DLCORE_OK);
    assert_int_not_equal(model_memory(model, 3, 1, &memory, &error), DLCORE_OK);
    assert_string_equal(error.message, model_error(model));
    settings = loopback_collective(loopback, 0);
    loopback_run(loopback, &settings, ask_for_memory, &refused);
    assert_true(refused);
    loopback_free(loopback);
    model_free(model);
}

static dlcore_status build_by(const dlcore_allocator_t *allocator, void *context)
{
    const embedding_t tables[2] = {{.column = 0, .count = 3}, {.column = 2, .count = 5}};
    model_options_t options = model_options_default();
    model_t *model = NULL;
    dlcore_status status;

    (void)context;
    options.allocator = *allocator;
    options.threads = 1;
    status = model_create(&options, &model);
    if (status == DLCORE_OK)
        status = model_add(model, layer_embedding(tables, 2));
    if (status == DLCORE_OK)
        status = model_build(model, 3);
    model_free(model);
    return status;
}

static void test_model_refused_tables_without_memory_leak_nothing(void **state)
{
    (void)state;
    assert_true(failing_allocator_sweep(build_by, NULL) > 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_model_refused_options_of_engines),
        cmocka_unit_test(test_model_refused_before_it_is_built_and_after),
        cmocka_unit_test(test_model_refused_widths_of_layers),
        cmocka_unit_test(test_model_refused_parameters_that_are_too_many_together),
        cmocka_unit_test(test_model_refused_adapt_behind_layers_that_train),
        cmocka_unit_test(test_model_refused_blend_of_other_weights_and_engines),
        cmocka_unit_test(test_model_refused_data_of_other_forms),
        cmocka_unit_test(test_model_refused_given_gradients_of_other_forms),
        cmocka_unit_test(test_model_refused_memory_of_what_cannot_be_measured),
        cmocka_unit_test(test_model_refused_tables_without_memory_leak_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
