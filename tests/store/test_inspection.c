/* Inspecting files with more in them than a block of memory takes, or of which little is right.
 *
 * SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dlcore/inspect.h"
#include "support/failing_allocator.h"
#include "support/hostile_file.h"
#include "support/tensors.h"

typedef struct file {
    unsigned char *bytes;
    size_t size;
} file_t;

#define BEGIN                                                                                     \
    "{\"__metadata__\":{\"model_config\":\"{\\\"class_name\\\":\\\"Sequential\\\",\\\"config\\\"" \
    ":{\\\"layers\\\":["
#define END "],\\\"build_input_shape\\\":[null,3]}}\""

/* A model of so many layers "l0", "l1", of that class; with tensors of nothing. */
static file_t file_of_layers(const char *class_name, const char *settings, size_t layers,
                             size_t tensors)
{
    size_t room = 1000 + layers * 200 + tensors * 160, used;
    char *header = malloc(room);
    file_t file;

    assert_non_null(header);
    used = (size_t)snprintf(header, room, BEGIN);
    for (size_t i = 0; i < layers; i++)
        used += (size_t)snprintf(header + used, room - used,
                                 "%s{\\\"class_name\\\":\\\"%s\\\",\\\"config\\\":{\\\"name\\\":"
                                 "\\\"l%zu\\\"%s}}",
                                 i > 0 ? "," : "", class_name, i, settings);
    used += (size_t)snprintf(header + used, room - used, END "}");
    for (size_t i = 0; i < tensors; i++)
        used += (size_t)snprintf(
            header + used, room - used,
            ",\"a name that takes some bytes of a block %zu\":" F32("[0]", "[0,0]"), i);
    snprintf(header + used, room - used, "}");
    file.bytes = hostile_file(header, 0, &file.size);
    free(header);
    return file;
}

static dlcore_inspection_t *inspected(const file_t *file)
{
    dlcore_inspection_t *found = NULL;

    assert_int_equal(dlcore_model_inspect_memory(file->bytes, file->size, NULL, &found), DLCORE_OK);
    return found;
}

static file_t file_of_header(const char *header, size_t data)
{
    file_t file;

    file.bytes = hostile_file(header, data, &file.size);
    return file;
}

static void test_inspection_keeps_more_than_a_block(void **state)
{
    file_t file = file_of_layers("Flatten", "", 3, 1000);
    dlcore_inspection_t *found = inspected(&file);
    char name[64];

    (void)state;
    assert_int_equal(found->layer_count, 3);
    assert_int_equal(found->tensor_count, 1000);
    for (size_t i = 0; i < 1000; i += 37) {
        bool there = false;

        snprintf(name, sizeof name, "a name that takes some bytes of a block %zu", i);
        for (size_t k = 0; k < 1000; k++)
            there = there || strcmp(found->tensors[k].name, name) == 0;
        assert_true(there);
    }
    dlcore_inspection_free(found);
    free(file.bytes);
}

static void test_inspection_names_as_many_layers_as_a_model_may_have(void **state)
{
    file_t file = file_of_layers("Mine", "", 1001, 0);
    dlcore_inspection_t *found = inspected(&file);

    (void)state;
    assert_int_equal(found->status, DLCORE_ERROR_UNSUPPORTED);
    assert_int_equal(found->layer_count, 1000);
    assert_string_equal(found->layers[999].name, "l999");
    assert_false(found->layers[999].is_known);
    dlcore_inspection_free(found);
    free(file.bytes);
}

#define ONE_LAYER                                                                              \
    BEGIN "{\\\"class_name\\\":\\\"Dense\\\",\\\"config\\\":{\\\"name\\\":\\\"d\\\",\\\"units" \
          "\\\":2}}" END

/* The layers are known all the same. */
static void test_inspection_of_tensors_that_do_not_fit_knows_the_layers(void **state)
{
    static const struct {
        const char *header;
        size_t data;
        dlcore_status status;
    } files[] = {
        {ONE_LAYER
         "},\"d/kernel\":" F32("[4,2]", "[0,32]") ",\"d/bias\":" F32("[2]", "[32,40]") "}",
         40, DLCORE_ERROR_SHAPE},
        {ONE_LAYER "},\"d/kernel\":{\"dtype\":\"C64\",\"shape\":[3,2],\"data_offsets\":[0,48]},"
                   "\"d/bias\":" F32("[2]", "[48,56]") "}",
         56, DLCORE_ERROR_DTYPE},
    };

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        file_t file = file_of_header(files[i].header, files[i].data);
        dlcore_inspection_t *found = inspected(&file);

        assert_int_equal(found->status, files[i].status);
        assert_int_equal(found->layer_count, 1);
        assert_int_equal(found->layers[0].parameter_count, 8);
        assert_int_equal(found->input_width, 3);
        dlcore_inspection_free(found);
        free(file.bytes);
    }
}

static void test_inspection_of_two_models_is_of_none(void **state)
{
    file_t file = file_of_header(ONE_LAYER ",\"model_config\":\"{}\"}}", 0);
    dlcore_inspection_t *found = inspected(&file);

    (void)state;
    assert_false(found->is_model);
    assert_int_equal(found->layer_count, 0);
    dlcore_inspection_free(found);
    free(file.bytes);
}

#define TOP "\\\"sparse_top_k_categorical_accuracy\\\""
#define TOP8 "[" TOP "," TOP "," TOP "," TOP "," TOP "," TOP "," TOP "," TOP "]"

static void test_inspection_cuts_the_names_of_many_metrics(void **state)
{
    file_t file = file_of_header(
        ONE_LAYER
        ",\"compile_config\":\"{\\\"optimizer\\\":\\\"sgd\\\",\\\"loss\\\":"
        "\\\"sparse_categorical_crossentropy\\\",\\\"metrics\\\":" TOP8
        ",\\\"weighted_metrics\\\":" TOP8
        "}\"},\"d/kernel\":" F32("[3,2]", "[0,24]") ","
                                                    "\"d/bias\":" F32("[2]", "[24,32]") "}",
        32);
    dlcore_inspection_t *found = inspected(&file);

    (void)state;
    assert_int_equal(found->status, DLCORE_OK);
    assert_int_equal(strlen(found->metrics), 511);
    assert_non_null(strstr(found->metrics, "accuracy, weighted sparse_top_k"));
    dlcore_inspection_free(found);
    free(file.bytes);
}

static void test_inspection_calls_that_cannot_be_are_refused(void **state)
{
    dlcore_inspect_options_t options = dlcore_inspect_options_default();
    dlcore_error_record_t error = {.message = ""};
    dlcore_inspection_t *found = NULL;

    (void)state;
    options.error = &error;
    assert_failed(dlcore_model_inspect_memory(NULL, 8, &options, &found), DLCORE_ERROR_ARGUMENT,
                  &error, "what to inspect is NULL");
    assert_failed(dlcore_model_inspect_memory("", 0, &options, NULL), DLCORE_ERROR_ARGUMENT, &error,
                  "inspection is NULL");
    options.allocator.release = NULL;
    assert_failed(dlcore_model_inspect_memory("", 0, &options, &found), DLCORE_ERROR_ARGUMENT,
                  &error, "release is NULL");
    options.structure_size = 0;
    assert_failed(dlcore_model_inspect_memory("", 0, &options, &found), DLCORE_ERROR_ARGUMENT,
                  &error, "inspect");
}

static dlcore_status inspect_with(const dlcore_allocator_t *allocator, void *context)
{
    const file_t *file = context;
    dlcore_inspect_options_t options = dlcore_inspect_options_default();
    dlcore_inspection_t *found = NULL;
    dlcore_status status;

    options.allocator = *allocator;
    status = dlcore_model_inspect_memory(file->bytes, file->size, &options, &found);
    assert_true((status == DLCORE_OK) == (found != NULL));
    dlcore_inspection_free(found);
    return status;
}

/* Also those of the block that layers are in, of known classes and others. */
static void test_inspection_every_allocation_may_fail(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        file_t file = file_of_layers(i == 0 ? "Flatten" : "Mine", "", 400, 0);

        assert_in_range(failing_allocator_sweep(inspect_with, &file), 6, 60);
        free(file.bytes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_inspection_keeps_more_than_a_block),
        cmocka_unit_test(test_inspection_names_as_many_layers_as_a_model_may_have),
        cmocka_unit_test(test_inspection_of_tensors_that_do_not_fit_knows_the_layers),
        cmocka_unit_test(test_inspection_of_two_models_is_of_none),
        cmocka_unit_test(test_inspection_cuts_the_names_of_many_metrics),
        cmocka_unit_test(test_inspection_calls_that_cannot_be_are_refused),
        cmocka_unit_test(test_inspection_every_allocation_may_fail),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
