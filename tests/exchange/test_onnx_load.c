/* ONNX files of real programs (fixtures/onnx, written by fixtures/onnx_files.py): the predictions
 * that ONNX Runtime gave; where a file may have its weights; what a loaded model can do.
 *
 * SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "support/failing_allocator.h"
#include "support/fixture.h"
#include "support/folder.h"
#include "support/models.h"
#include "support/onnx_case.h"
#include "support/tensors.h"

static const char *path_of(const char *name)
{
    static char path[512];

    snprintf(path, sizeof path, "%s/onnx/%s", DLCORE_FIXTURES, name);
    return path;
}

static unsigned char *read_file(const char *name, size_t *size)
{
    FILE *file = fopen(path_of(name), "rb");
    unsigned char *bytes = malloc(65536);

    assert_non_null(file);
    assert_non_null(bytes);
    *size = fread(bytes, 1, 65536, file);
    assert_true(*size > 0 && *size < 65536);
    fclose(file);
    return bytes;
}

/* The model's outputs are the file's, of which a binary classifier has 1 - p before each p. */
static void assert_predicts(const dlcore_model_t *model, const fixture_t *fixture,
                            const char *scope)
{
    const fixture_array_t *x = fixture_array(fixture, scope, "x");
    const fixture_array_t *y = fixture_array(fixture, scope, "y");
    size_t rows = x->shape[0], width = dlcore_model_output_width(model), step = y->size / rows;
    float *found = malloc(rows * width * sizeof *found);
    const float *wanted = fixture_floats(y);

    assert_non_null(found);
    assert_true(step == width || (width == 1 && step == 2));
    onnx_case_predict(model, rows, fixture_floats(x), found);
    for (size_t i = 0; i < rows * width; i++) {
        double expected = (double)wanted[step == width ? i : 2 * i + 1];

        if (!(fabs((double)found[i] - expected) <= 2e-6 * fmax(1.0, fabs(expected))))
            fail_msg("%s: output %zu is %.9g, not %.9g", scope, i, (double)found[i], expected);
    }
    free(found);
}

static void test_onnx_load_files_of_each_program_predict_the_same(void **state)
{
    fixture_t *fixture = fixture_load("onnx.txt");
    size_t position = 0, loaded = 0;
    const char *scope;

    (void)state;
    while ((scope = fixture_next(fixture, "file", &position)) != NULL) {
        dlcore_onnx_load_options_t options = dlcore_onnx_load_options_default();
        dlcore_error_record_t error = {.message = ""};
        dlcore_model_t *model = NULL;

        options.error = &error;
        if (strcmp(scope, "torch_residual") == 0)
            continue;
        if (dlcore_onnx_load(path_of(fixture_text(fixture, scope, "file")), &options, &model) !=
            DLCORE_OK)
            fail_msg("%s", error.message);
        assert_predicts(model, fixture, scope);
        dlcore_model_free(model);
        loaded++;
    }
    assert_true(loaded >= 10);
    fixture_free(fixture);
}

static void test_onnx_load_a_residual_network_is_refused_by_name(void **state)
{
    dlcore_onnx_load_options_t options = dlcore_onnx_load_options_default();
    dlcore_error_record_t error = {.message = ""};
    dlcore_model_t *model = NULL;

    (void)state;
    options.error = &error;
    assert_failed(dlcore_onnx_load(path_of("torch_residual.onnx"), &options, &model),
                  DLCORE_ERROR_UNSUPPORTED, &error, "Add \"/Add\"");
    assert_null(model);
}

static void test_onnx_load_a_loaded_model_can_be_compiled_and_trained(void **state)
{
    fixture_t *fixture = fixture_load("onnx.txt");
    const fixture_array_t *x = fixture_array(fixture, "sklearn_multiclass", "x");
    dlcore_tensor_t *inputs = fixture_tensor(x), *labels;
    dlcore_optimizer_t adam = dlcore_optimizer_adam();
    dlcore_model_t *model = NULL;
    dlcore_evaluation_t first, last;

    (void)state;
    labels = tensor_of_ints(SHAPE(4), (const int32_t[]){0, 1, 2, 1});
    assert_int_equal(dlcore_onnx_load(path_of("sklearn_multiclass.onnx"), NULL, &model), DLCORE_OK);
    assert_int_equal(dlcore_model_train_on_batch(model, inputs, labels, NULL), DLCORE_ERROR_STATE);
    assert_accepted(model,
                    dlcore_model_compile(model, &adam, DLCORE_LOSS_SPARSE_CATEGORICAL_CROSSENTROPY,
                                         DLCORE_METRIC_ACCURACY));
    assert_accepted(model, dlcore_model_train_on_batch(model, inputs, labels, &first));
    for (int i = 0; i < 20; i++)
        assert_accepted(model, dlcore_model_train_on_batch(model, inputs, labels, &last));
    assert_true(last.loss < first.loss);
    dlcore_model_free(model);
    dlcore_tensor_free(inputs);
    dlcore_tensor_free(labels);
    fixture_free(fixture);
}

static void test_onnx_load_takes_external_data_from_memory(void **state)
{
    fixture_t *fixture = fixture_load("onnx.txt");
    dlcore_onnx_load_options_t options = dlcore_onnx_load_options_default();
    dlcore_error_record_t error = {.message = ""};
    dlcore_model_t *model = NULL;
    size_t size, data_size;
    unsigned char *bytes = read_file("torch_dynamo.onnx", &size);
    unsigned char *data = read_file("torch_dynamo.onnx.data", &data_size);

    (void)state;
    options.error = &error;
    assert_failed(dlcore_onnx_load_memory(bytes, size, &options, &model), DLCORE_ERROR_ARGUMENT,
                  &error, "external_data");
    options.external_data = data;
    options.external_size = data_size;
    assert_int_equal(dlcore_onnx_load_memory(bytes, size, &options, &model), DLCORE_OK);
    assert_predicts(model, fixture, "torch_dynamo");
    dlcore_model_free(model);
    options.external_size = data_size - 1;
    assert_failed(dlcore_onnx_load_memory(bytes, size, &options, &model), DLCORE_ERROR_FORMAT,
                  &error, "of a file of 383 bytes");
    free(bytes);
    free(data);
    fixture_free(fixture);
}

/* A copy of the model in the test's folder, whose weights are to come from beside it. */
static dlcore_status load_copy(dlcore_error_record_t *error)
{
    dlcore_onnx_load_options_t options = dlcore_onnx_load_options_default();
    dlcore_model_t *model = NULL;
    dlcore_status status;

    options.error = error;
    status = dlcore_onnx_load(folder_path("copy.onnx"), &options, &model);
    dlcore_model_free(model);
    return status;
}

static void copy_to(const char *name, const char *to)
{
    size_t size;
    unsigned char *bytes = read_file(name, &size);
    FILE *file = fopen(folder_path(to), "wb");

    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
    free(bytes);
}

static void test_onnx_load_external_data_is_a_file_of_its_own_in_the_same_folder(void **state)
{
    dlcore_error_record_t error = {.message = ""};

    (void)state;
    copy_to("torch_dynamo.onnx", "copy.onnx");
    assert_failed(load_copy(&error), DLCORE_ERROR_IO, &error, "torch_dynamo.onnx.data");
    copy_to("torch_dynamo.onnx.data", "elsewhere");
    assert_int_equal(symlink("elsewhere", folder_path("torch_dynamo.onnx.data")), 0);
    assert_failed(load_copy(&error), DLCORE_ERROR_IO, &error, "is a link");
    assert_int_equal(unlink(folder_path("torch_dynamo.onnx.data")), 0);
    copy_to("torch_dynamo.onnx.data", "torch_dynamo.onnx.data");
    assert_int_equal(load_copy(&error), DLCORE_OK);
    (void)folder_files(true);
}

static void test_onnx_load_an_output_is_chosen_by_name(void **state)
{
    dlcore_onnx_load_options_t options = dlcore_onnx_load_options_default();
    dlcore_error_record_t error = {.message = ""};
    dlcore_model_t *model = NULL;

    (void)state;
    options.error = &error;
    options.output = "output_probability";
    assert_int_equal(dlcore_onnx_load(path_of("sklearn_binary.onnx"), &options, &model), DLCORE_OK);
    dlcore_model_free(model);
    options.output = "output_label";
    assert_failed(dlcore_onnx_load(path_of("sklearn_binary.onnx"), &options, &model),
                  DLCORE_ERROR_UNSUPPORTED, &error, "Cast \"Cast2\"");
    options.output = "probabilities";
    assert_failed(dlcore_onnx_load(path_of("sklearn_binary.onnx"), &options, &model),
                  DLCORE_ERROR_NAME, &error, "\"output_label\", \"output_probability\"");
}

static void test_onnx_load_bad_arguments_are_refused(void **state)
{
    dlcore_onnx_load_options_t options = dlcore_onnx_load_options_default();
    dlcore_error_record_t error = {.message = ""};
    dlcore_model_t *model = NULL;

    (void)state;
    options.error = &error;
    assert_failed(dlcore_onnx_load(NULL, &options, &model), DLCORE_ERROR_ARGUMENT, &error, "NULL");
    assert_failed(dlcore_onnx_load_memory(NULL, 0, &options, &model), DLCORE_ERROR_ARGUMENT, &error,
                  "NULL");
    assert_failed(dlcore_onnx_load(path_of("sklearn_binary.onnx"), &options, NULL),
                  DLCORE_ERROR_ARGUMENT, &error, "model is NULL");
    assert_failed(dlcore_onnx_load("no such file.onnx", &options, &model), DLCORE_ERROR_IO, &error,
                  "no such file.onnx");
    assert_int_equal(
        dlcore_onnx_load("x", &(dlcore_onnx_load_options_t){.structure_size = 0}, &model),
        DLCORE_ERROR_ARGUMENT);
    assert_failed(dlcore_onnx_inspect(path_of("sklearn_binary.onnx"), &options, NULL),
                  DLCORE_ERROR_ARGUMENT, &error, "stream");
}

static dlcore_status load_scenario(const dlcore_allocator_t *allocator, void *context)
{
    dlcore_onnx_load_options_t options = dlcore_onnx_load_options_default();
    dlcore_error_record_t error = {.message = ""};
    dlcore_model_t *model = NULL;
    dlcore_status status;

    options.model.allocator = *allocator;
    options.error = &error;
    status = dlcore_onnx_load(path_of(context), &options, &model);
    assert_int_equal(status == DLCORE_OK, model != NULL);
    dlcore_model_free(model);
    return status;
}

static void test_onnx_load_each_failed_allocation_loses_nothing(void **state)
{
    static char torch[] = "torch_script.onnx", sklearn[] = "sklearn_pipeline.onnx",
                keras[] = "keras_0.onnx";

    (void)state;
    assert_true(failing_allocator_sweep(load_scenario, torch) > 20);
    assert_true(failing_allocator_sweep(load_scenario, sklearn) > 20);
    assert_true(failing_allocator_sweep(load_scenario, keras) > 20);
}

/* What inspecting a file writes; *status is its answer. */
static const char *inspected(const char *name, dlcore_status *status)
{
    static char text[4096];
    FILE *stream = tmpfile();
    size_t length;

    assert_non_null(stream);
    *status = dlcore_onnx_inspect(path_of(name), NULL, stream);
    rewind(stream);
    length = fread(text, 1, sizeof text - 1, stream);
    text[length] = '\0';
    fclose(stream);
    return text;
}

static void test_onnx_load_inspect_tells_layers_or_what_is_lacking(void **state)
{
    dlcore_status status;
    const char *text = inspected("torch_dynamo.onnx", &status);

    (void)state;
    assert_int_equal(status, DLCORE_OK);
    assert_non_null(strstr(text, "by pytorch 2.13.0"));
    assert_non_null(strstr(text, "operators of ONNX, version 20"));
    assert_non_null(strstr(text, "3 Gemm"));
    assert_non_null(strstr(text, "samples of 12 numbers"));
    assert_non_null(strstr(text, "(batch, 3)  27 numbers  softmax  from Gemm"));
    text = inspected("torch_residual.onnx", &status);
    assert_int_equal(status, DLCORE_ERROR_UNSUPPORTED);
    assert_non_null(strstr(text, "cannot be loaded: "));
    assert_non_null(strstr(text, "Add \"/Add\": its operands"));
    assert_non_null(
        strstr(text, "    Gemm \"/dense/Gemm\": weights (4, 4), (4)\n    Add \"/Add\"\n"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_onnx_load_files_of_each_program_predict_the_same),
        cmocka_unit_test(test_onnx_load_a_residual_network_is_refused_by_name),
        cmocka_unit_test(test_onnx_load_a_loaded_model_can_be_compiled_and_trained),
        cmocka_unit_test(test_onnx_load_takes_external_data_from_memory),
        cmocka_unit_test(test_onnx_load_external_data_is_a_file_of_its_own_in_the_same_folder),
        cmocka_unit_test(test_onnx_load_an_output_is_chosen_by_name),
        cmocka_unit_test(test_onnx_load_bad_arguments_are_refused),
        cmocka_unit_test(test_onnx_load_each_failed_allocation_loses_nothing),
        cmocka_unit_test(test_onnx_load_inspect_tells_layers_or_what_is_lacking),
    };

    return cmocka_run_group_tests(tests, folder_make, folder_remove);
}
