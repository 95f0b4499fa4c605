/* What a file has in it: of dlcore, of other programs, and of nobody.
 *
 * SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dlcore/file.h"
#include "dlcore/inspect.h"
#include "support/failing_allocator.h"
#include "support/folder.h"
#include "support/foreign_models.h"
#include "support/hostile_file.h"
#include "support/models.h"
#include "support/running_model.h"
#include "support/tensors.h"

static dlcore_inspection_t *inspected(const char *path, const dlcore_model_t *model)
{
    dlcore_inspect_options_t how = dlcore_inspect_options_default();
    dlcore_inspection_t *found = NULL;
    dlcore_error_record_t error;

    how.model = model;
    how.error = &error;
    if (dlcore_model_inspect(path, &how, &found) != DLCORE_OK)
        fail_msg("%s", error.message);
    assert_non_null(found);
    return found;
}

static dlcore_inspection_t *inspected_bytes(const void *bytes, size_t size)
{
    dlcore_inspection_t *found = NULL;

    assert_int_equal(dlcore_model_inspect_memory(bytes, size, NULL, &found), DLCORE_OK);
    return found;
}

static dlcore_inspection_t *inspected_header(const char *header, size_t data)
{
    size_t size;
    unsigned char *bytes = hostile_file(header, data, &size);
    dlcore_inspection_t *found = inspected_bytes(bytes, size);

    free(bytes);
    return found;
}

/* The printed form; valid until the next call. */
static const char *printed(const dlcore_inspection_t *found)
{
    FILE *stream = folder_stream("printed");

    assert_int_equal(dlcore_inspection_print(found, stream), DLCORE_OK);
    assert_int_equal(fclose(stream), 0);
    return folder_text("printed");
}

static void assert_has(const char *text, const char *part)
{
    if (strstr(text, part) == NULL)
        fail_msg("\"%s\" is not in: %s", part, text);
}

/* ---- files of dlcore ---- */

static void test_model_inspect_of_a_model_tells_layers_settings_and_training(void **state)
{
    dlcore_inspection_t *found = inspected(DLCORE_FIXTURES "/version1.safetensors", NULL);
    dlcore_model_t *model = NULL;
    const char *text;

    (void)state;
    assert_int_equal(dlcore_model_load(DLCORE_FIXTURES "/version1.safetensors", NULL, &model),
                     DLCORE_OK);
    assert_true(found->is_model);
    assert_int_equal(found->status, DLCORE_OK);
    assert_string_equal(found->problem, "");
    assert_int_equal(found->file_bytes, 3960);
    assert_string_equal(found->writer, "dlcore 0.1.0");
    assert_string_equal(found->format, "dlcore");
    assert_string_equal(found->format_version, "1");
    assert_int_equal(found->layer_count, dlcore_model_layer_count(model));
    assert_int_equal(found->input_width, 3);
    assert_int_equal(found->parameter_count, dlcore_model_parameter_count(model));
    for (size_t i = 0; i < found->layer_count; i++) {
        const dlcore_layer_t *layer = dlcore_model_layer(model, i);

        assert_string_equal(found->layers[i].name, layer->name);
        assert_string_equal(found->layers[i].class_name, dlcore_layer_kind_name(layer->kind));
        assert_true(found->layers[i].is_known && found->layers[i].trainable);
        assert_true(found->layers[i].output_width > 0);
    }
    assert_true(found->compiled && found->training_state && !found->can_resume);
    assert_string_equal(found->optimizer, "rmsprop");
    assert_int_equal(found->epochs_trained, 1);
    assert_null(found->weights);
    assert_int_equal(found->weights_status, DLCORE_OK);
    text = printed(found);
    assert_has(text, "model: 3960 bytes, written by dlcore 0.1.0, format \"dlcore\" version 1\n");
    assert_has(text, "dense (Dense): ");
    assert_has(text, "compiled: optimizer rmsprop, loss ");
    assert_has(text, "training state: 1 epochs, 0 steps\n");
    assert_has(text, "optimizer/rmsprop/velocity/dense/kernel F32 (3, ");
    assert_has(text, "    dlcore.checksum = xxh64:");
    dlcore_inspection_free(found);
    dlcore_model_free(model);
}

static void test_model_inspect_sees_that_a_run_can_be_resumed(void **state)
{
    size_t size;
    unsigned char *bytes = running_model_file(false, &size);
    dlcore_inspection_t *found = inspected_bytes(bytes, size);

    (void)state;
    assert_true(found->can_resume);
    assert_has(printed(found), ", in the middle of a run\n");
    dlcore_inspection_free(found);
    free(bytes);
}

static void test_model_inspect_tells_frozen_layers_and_metrics(void **state)
{
    dlcore_compile_options_t settings = dlcore_compile_options_default();
    dlcore_model_t *model = foreign_model("keras", NULL);
    dlcore_inspection_t *found;
    void *bytes;
    size_t size;

    (void)state;
    settings.loss = dlcore_loss_mean_squared_error();
    settings.metrics[0] = dlcore_metric_from_name("mean_absolute_error");
    settings.metrics[1] = dlcore_metric_from_name("r2_score");
    settings.metric_count = 2;
    settings.weighted_metrics[0] = dlcore_metric_from_name("cosine_similarity");
    settings.weighted_metric_count = 1;
    assert_accepted(model, dlcore_model_compile_with(model, &settings));
    assert_accepted(model, dlcore_model_set_trainable(model, 0, false));
    assert_int_equal(dlcore_model_save_memory(model, NULL, &bytes, &size), DLCORE_OK);
    found = inspected_bytes(bytes, size);
    assert_false(found->layers[0].trainable);
    assert_string_equal(found->loss, "mean_squared_error");
    assert_string_equal(found->metrics,
                        "mean_absolute_error, r2_score, weighted cosine_similarity");
    assert_has(printed(found), "dense (Dense): 4 outputs, 24 parameters, frozen\n");
    assert_has(printed(found), ", loss mean_squared_error, metrics mean_absolute_error, r2_score, "
                               "weighted cosine_similarity\n");
    dlcore_inspection_free(found);
    free(bytes);
    dlcore_model_free(model);
}

/* ---- what cannot be loaded ---- */

#define SEQUENTIAL(layers)                                                                         \
    "{\"__metadata__\":{\"model_config\":\"{\\\"class_name\\\":\\\"Sequential\\\",\\\"config\\\":" \
    "{\\\"build_input_shape\\\":[null,3],\\\"layers\\\":[" layers "]}}\"}"
#define DENSE_2 \
    "{\\\"class_name\\\":\\\"Dense\\\",\\\"config\\\":{\\\"name\\\":\\\"d\\\",\\\"units\\\":2}}"

static void test_model_inspect_names_layers_that_this_version_has_not(void **state)
{
    dlcore_inspection_t *found = inspected_header(
        SEQUENTIAL(DENSE_2 ",{\\\"class_name\\\":\\\"LSTM\\\",\\\"config\\\":{\\\"name\\\":"
                           "\\\"memory\\\"}}") "}",
        0);
    const char *text;

    (void)state;
    assert_true(found->is_model);
    assert_int_equal(found->status, DLCORE_ERROR_UNSUPPORTED);
    assert_has(found->problem, "LSTM");
    assert_int_equal(found->layer_count, 2);
    assert_true(found->layers[0].is_known);
    assert_string_equal(found->layers[0].name, "d");
    assert_false(found->layers[1].is_known);
    assert_string_equal(found->layers[1].class_name, "LSTM");
    text = printed(found);
    assert_has(text, "cannot be loaded: memory: ");
    assert_has(text, "    memory (LSTM): this version has no such layer\n");
    dlcore_inspection_free(found);
}

static void test_model_inspect_names_settings_that_this_version_has_not(void **state)
{
    dlcore_inspection_t *found = inspected_header(
        "{\"__metadata__\":{\"model_config\":\"{\\\"class_name\\\":\\\"Sequential\\\","
        "\\\"config\\\":{\\\"build_input_shape\\\":[null,3],\\\"layers\\\":[]}}\","
        "\"compile_config\":\"{\\\"optimizer\\\":{\\\"class_name\\\":\\\"Muon\\\","
        "\\\"config\\\":{}},\\\"loss\\\":\\\"mse\\\",\\\"metrics\\\":[\\\"mae\\\","
        "{\\\"class_name\\\":\\\"AUC\\\",\\\"config\\\":{\\\"name\\\":"
        "\\\"auc_1\\\"}}],\\\"weighted_metrics\\\":[\\\"acc\\\"]}\"}}",
        0);

    (void)state;
    assert_true(found->compiled);
    assert_string_equal(found->optimizer, "Muon");
    assert_string_equal(found->loss, "mse");
    assert_string_equal(found->metrics, "mae, auc_1, weighted acc");
    assert_has(printed(found),
               "compiled: optimizer Muon, loss mse, metrics mae, auc_1, weighted acc\n");
    dlcore_inspection_free(found);
}

static void test_model_inspect_names_what_the_file_lacks(void **state)
{
    dlcore_inspection_t *found =
        inspected_header(SEQUENTIAL(DENSE_2) ",\"d/kernel\":" F32("[3,2]", "[0,24]") "}", 24);

    (void)state;
    assert_int_equal(found->status, DLCORE_ERROR_NAME);
    assert_has(found->problem, "has no tensor \"d/bias\" (2)");
    assert_int_equal(found->layer_count, 1);
    assert_int_equal(found->parameter_count, 8);
    dlcore_inspection_free(found);

    found = inspected_header("{\"__metadata__\":{\"dlcore.format_version\":\"7\"}}", 0);
    assert_int_equal(found->status, DLCORE_ERROR_UNSUPPORTED);
    assert_has(found->problem, "format version \"7\"");
    assert_string_equal(found->format_version, "7");
    dlcore_inspection_free(found);

    found = inspected_header("{\"__metadata__\":{\"model_config\":\"{\"}}", 0);
    assert_int_equal(found->status, DLCORE_ERROR_FORMAT);
    assert_int_equal(found->layer_count, 0);
    dlcore_inspection_free(found);
}

static void test_model_inspect_of_what_is_no_safetensors_file_fails(void **state)
{
    dlcore_inspect_options_t how = dlcore_inspect_options_default();
    dlcore_inspection_t *found = (void *)&how;
    dlcore_model_t *unbuilt = NULL;
    dlcore_error_record_t error;

    (void)state;
    how.error = &error;
    assert_failed(dlcore_model_inspect_memory("PK\3\4abcdefgh", 12, &how, &found),
                  DLCORE_ERROR_FORMAT, &error, "memory: ");
    assert_null(found);
    assert_failed(dlcore_model_inspect("/nowhere/x", &how, &found), DLCORE_ERROR_IO, &error, "");
    assert_failed(dlcore_model_inspect(NULL, &how, &found), DLCORE_ERROR_ARGUMENT, &error, "NULL");
    assert_failed(dlcore_model_inspect("x", &how, NULL), DLCORE_ERROR_ARGUMENT, &error, "NULL");
    assert_int_equal(dlcore_model_create(NULL, &unbuilt), DLCORE_OK);
    how.model = unbuilt;
    assert_failed(dlcore_model_inspect("x", &how, &found), DLCORE_ERROR_STATE, &error,
                  "before it is built");
    dlcore_model_free(unbuilt);
    how.structure_size = 0;
    assert_failed(dlcore_model_inspect("x", &how, &found), DLCORE_ERROR_ARGUMENT, &error,
                  "inspect_options");
    dlcore_inspection_free(NULL);
    assert_int_equal(dlcore_inspection_print(NULL, stdout), DLCORE_ERROR_ARGUMENT);
}

/* ---- files of other programs ---- */

static void test_model_inspect_of_tensors_shows_them_and_where_they_would_go(void **state)
{
    dlcore_model_t *model = foreign_model("torch", NULL), *other = foreign_model("numpy", NULL);
    dlcore_inspection_t *found = inspected(foreign_path("bfloat16"), model);
    const char *text;

    (void)state;
    assert_false(found->is_model);
    assert_int_equal(found->status, DLCORE_OK);
    assert_string_equal(found->writer, "");
    assert_string_equal(found->format, "pt");
    assert_int_equal(found->layer_count, 0);
    assert_int_equal(found->tensor_count, 13);
    assert_string_equal(found->tensors[1].name, "net.encoder.0.weight");
    assert_string_equal(found->tensors[1].dtype, "BF16");
    assert_int_equal(found->tensors[1].rank, 2);
    assert_int_equal(found->tensors[1].shape[0], 4);
    assert_int_equal(found->tensors[1].bytes, 40);
    assert_string_equal(found->tensors[3].dtype, "I64");
    assert_non_null(found->weights);
    assert_int_equal(found->weights->loaded, 12);
    assert_string_equal(found->weights->matches[0].tensor, "net.encoder.0.weight");
    text = printed(found);
    assert_has(text, "tensors without a model: ");
    assert_has(text,
               "weights of the model:\ndense/kernel (5, 4) = net.encoder.0.weight (4, 5) BF16 "
               "transposed, by order\n");
    dlcore_inspection_free(found);

    found = inspected(foreign_path("bfloat16"), other);
    assert_null(found->weights);
    assert_int_equal(found->weights_status, DLCORE_ERROR_NAME);
    assert_has(found->weights_problem, "has 6 layers with weights");
    assert_has(printed(found), "weights of the model cannot be loaded: ");
    dlcore_inspection_free(found);
    dlcore_model_free(other);
    dlcore_model_free(model);
}

static void test_model_inspect_obeys_the_options_of_weights(void **state)
{
    dlcore_inspect_options_t how = dlcore_inspect_options_default();
    dlcore_weights_options_t weights = dlcore_weights_options_default();
    dlcore_model_t *model = foreign_model("numpy", NULL);
    dlcore_inspection_t *found = NULL;
    dlcore_error_record_t error;

    (void)state;
    how.model = model;
    how.weights = &weights;
    how.error = &error;
    weights.partial = weights.skip_mismatch = true;
    assert_int_equal(dlcore_model_inspect(foreign_path("keras"), &how, &found), DLCORE_OK);
    assert_non_null(found->weights);
    assert_int_equal(found->weights->loaded, 2);
    dlcore_inspection_free(found);
    weights.pair_count = 1;
    assert_failed(dlcore_model_inspect(foreign_path("keras"), &how, &found), DLCORE_ERROR_ARGUMENT,
                  &error, "pairs is NULL");
    weights = (dlcore_weights_options_t){0};
    assert_failed(dlcore_model_inspect(foreign_path("keras"), &how, &found), DLCORE_ERROR_ARGUMENT,
                  &error, "load_weights: ");
    dlcore_model_free(model);
}

/* ---- memory ---- */

static dlcore_status inspect_scenario(const dlcore_allocator_t *allocator, void *context)
{
    dlcore_inspect_options_t how = dlcore_inspect_options_default();
    dlcore_model_t *model = foreign_model("torch", NULL);
    dlcore_inspection_t *found = NULL;
    dlcore_status status;

    how.allocator = *allocator;
    how.model = model;
    status = dlcore_model_inspect(context, &how, &found);
    assert_true((found != NULL) == (status == DLCORE_OK));
    dlcore_inspection_free(found);
    dlcore_model_free(model);
    return status;
}

static void test_model_inspect_every_allocation_may_fail(void **state)
{
    static char torch[512], version1[] = DLCORE_FIXTURES "/version1.safetensors";

    (void)state;
    snprintf(torch, sizeof torch, "%s", foreign_path("torch"));
    assert_true(failing_allocator_sweep(inspect_scenario, torch) >= 10);
    assert_true(failing_allocator_sweep(inspect_scenario, version1) >= 10);
}

/* A file of 40 MB takes no more than its header asks for. */
static void test_model_inspect_takes_no_memory_for_weights(void **state)
{
    dlcore_inspect_options_t how = dlcore_inspect_options_default();
    size_t size;
    unsigned char *bytes =
        hostile_file(SEQUENTIAL(DENSE_2) ",\"d/kernel\":" F32("[3,2]", "[0,24]") ",\"d/bias\":" F32(
                         "[2]", "[24,32]") ",\"x\":" F32("[10000000]", "[32,40000032]") "}",
                     40000032, &size);
    failing_allocator_t memory;
    dlcore_inspection_t *found = NULL;

    (void)state;
    failing_allocator_init(&memory);
    how.allocator = failing_allocator(&memory);
    assert_int_equal(dlcore_model_inspect_memory(bytes, size, &how, &found), DLCORE_OK);
    assert_int_equal(found->status, DLCORE_OK);
    assert_int_equal(found->tensor_bytes, 40000032);
    dlcore_inspection_free(found);
    assert_true(memory.peak_bytes < 200000);
    failing_allocator_assert_clean(&memory);
    free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_model_inspect_of_a_model_tells_layers_settings_and_training),
        cmocka_unit_test(test_model_inspect_sees_that_a_run_can_be_resumed),
        cmocka_unit_test(test_model_inspect_tells_frozen_layers_and_metrics),
        cmocka_unit_test(test_model_inspect_names_layers_that_this_version_has_not),
        cmocka_unit_test(test_model_inspect_names_settings_that_this_version_has_not),
        cmocka_unit_test(test_model_inspect_names_what_the_file_lacks),
        cmocka_unit_test(test_model_inspect_of_what_is_no_safetensors_file_fails),
        cmocka_unit_test(test_model_inspect_of_tensors_shows_them_and_where_they_would_go),
        cmocka_unit_test(test_model_inspect_obeys_the_options_of_weights),
        cmocka_unit_test(test_model_inspect_every_allocation_may_fail),
        cmocka_unit_test(test_model_inspect_takes_no_memory_for_weights),
    };

    return cmocka_run_group_tests(tests, folder_make, folder_remove);
}
