/* Notes in model files: they come back, and hostile ones do not.
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

#include "dlcore/file.h"
#include "dlcore/note.h"
#include "support/failing_allocator.h"
#include "support/hostile_file.h"
#include "support/models.h"
#include "support/noted_model.h"
#include "support/small_model.h"

static void test_model_file_notes_come_back(void **state)
{
    dlcore_model_t *model = noted_model(NULL), *loaded, *again;
    dlcore_load_options_t predict_only = dlcore_load_options_default();
    void *bytes;
    size_t size;

    (void)state;
    assert_non_null(model);
    assert_int_equal(dlcore_model_save_memory(model, NULL, &bytes, &size), DLCORE_OK);
    assert_int_equal(dlcore_model_load_memory(bytes, size, NULL, &loaded), DLCORE_OK);
    assert_same_notes(model, loaded);
    assert_string_equal(dlcore_model_note_names(loaded, "class_names", NULL)[1],
                        "gr\303\266\303\237e \"x\"");
    predict_only.compile = false;
    assert_int_equal(dlcore_model_load_memory(bytes, size, &predict_only, &again), DLCORE_OK);
    assert_same_notes(model, again);
    dlcore_model_free(again);
    free(bytes);
    assert_int_equal(dlcore_model_save_memory(loaded, NULL, &bytes, &size), DLCORE_OK);
    assert_int_equal(dlcore_model_load_memory(bytes, size, NULL, &again), DLCORE_OK);
    assert_same_notes(model, again);
    free(bytes);
    dlcore_model_free(again);
    dlcore_model_free(loaded);
    dlcore_model_free(model);
}

/* The file of a model without notes is what it was before there were any. */
static void test_model_file_notes_are_all_that_is_added(void **state)
{
    dlcore_model_t *model = noted_model(NULL);
    void *with, *without;
    size_t size, less;

    (void)state;
    assert_non_null(model);
    assert_int_equal(dlcore_model_save_memory(model, NULL, &with, &size), DLCORE_OK);
    assert_non_null(
        strstr((char *)with + 8, "\"dlcore.note.by\":\"Ada\\u000a\\u0009\\\"quoted\\\""));
    while (dlcore_model_note_count(model) > 0)
        assert_accepted(model, dlcore_model_set_note(model, dlcore_model_note_key(model, 0), NULL));
    assert_int_equal(dlcore_model_save_memory(model, NULL, &without, &less), DLCORE_OK);
    assert_true(less < size);
    assert_null(strstr((char *)without + 8, "dlcore.note"));
    free(with);
    free(without);
    dlcore_model_free(model);
}

#define MODEL                                                                                  \
    "\"model_config\":\"{'class_name':'Sequential','config':{'layers':[{'class_name':'Dense'," \
    "'config':{'name':'d','units':2}}],'build_input_shape':[null,3]}}\""
#define TENSORS ",\"d/kernel\":" F32("[3,2]", "[0,24]") ",\"d/bias\":" F32("[2]", "[24,32]")
#define FILE_OF(metadata) "{\"__metadata__\":{" MODEL "," metadata "}" TENSORS "}"
#define LONG_32 "kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk"
#define LONG_128 LONG_32 LONG_32 LONG_32 LONG_32

static const hostile_t cases[] = {
    {FILE_OF("\"dlcore.note.k\":\"t\""), 32, NULL},
    {FILE_OF("\"dlcore.note." LONG_128 "\":\"t\""), 32, NULL},
    {FILE_OF("\"dlcore.note.k\":\"[\\\"a\\\",\\\"b\\\"]\""), 32, NULL},
    {FILE_OF("\"dlcore.note\":\"of another meaning\""), 32, NULL},
    {FILE_OF("\"dlcore.note.\":\"t\""), 32, "the key of a note is empty"},
    {FILE_OF("\"dlcore.note." LONG_128 "k\":\"t\""), 32, "a note has more than 128 bytes"},
    {FILE_OF("\"dlcore.note.a\\u0009b\":\"t\""), 32, "a note has a control character"},
    {FILE_OF("\"dlcore.note.a\\u0000b\":\"t\""), 32, "a note has a zero byte"},
    {FILE_OF("\"dlcore.note.k\":\"a\\u0000b\""), 32, "the note \"k\" has a zero byte"},
    {FILE_OF("\"dlcore.note.k\":\"a\",\"dlcore.note.k\":\"b\""), 32,
     "dlcore.note.k is there twice"},
    {FILE_OF("\"dlcore.note.k\":\"a\",\"dlcore.note.\\u006b\":\"b\""), 32, "is there twice"},
    {FILE_OF("\"dlcore.note.k\":5"), 32, "a value that is not a string"},
    {FILE_OF("\"dlcore.note.k\":\"\\ud800\""), 32, "byte"},
};

static void test_model_file_notes_that_are_hostile_are_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        /* quotes within strings: ' stands for \" */
        char header[2048];
        size_t used = 0;

        for (const char *next = cases[i].header; *next != '\0'; next++) {
            if (*next == '\'')
                header[used++] = '\\';
            header[used++] = *next == '\'' ? '"' : *next;
        }
        header[used] = '\0';
        if (cases[i].text != NULL) {
            hostile_assert_refused(
                &(hostile_t){.header = header, .data = cases[i].data, .text = cases[i].text});
        } else {
            dlcore_error_record_t error = {.message = ""};
            size_t size;
            unsigned char *file = hostile_file(header, cases[i].data, &size);

            if (hostile_load(file, size, &error) != DLCORE_OK)
                fail_msg("%s", error.message);
            free(file);
        }
    }
}

/* A header with that many notes, each with `text`. */
static unsigned char *file_of_notes(size_t count, const char *text, size_t *size)
{
    char *header = malloc(1000 + count * (40 + strlen(text)));
    unsigned char *file;
    size_t used;

    assert_non_null(header);
    used = (size_t)sprintf(header, "{\"__metadata__\":{\"format\":\"x\"");
    for (const char *next = "," MODEL; *next != '\0'; next++) {
        if (*next == '\'')
            header[used++] = '\\';
        header[used++] = *next == '\'' ? '"' : *next;
    }
    for (size_t i = 0; i < count; i++)
        used += (size_t)sprintf(header + used, ",\"dlcore.note.%zu\":\"%s\"", i, text);
    sprintf(header + used, "}" TENSORS "}");
    file = hostile_file(header, 32, size);
    free(header);
    return file;
}

static void test_model_file_notes_beyond_the_limits_are_refused(void **state)
{
    dlcore_error_record_t error = {.message = ""};
    char *text = malloc(DLCORE_NOTE_BYTES_MAX + 1);
    unsigned char *file;
    size_t size;

    (void)state;
    assert_non_null(text);
    file = file_of_notes(1001, "t", &size);
    assert_int_equal(hostile_load(file, size, &error), DLCORE_ERROR_OVERFLOW);
    assert_non_null(strstr(error.message, "more than 1000 notes"));
    free(file);
    file = file_of_notes(1000, "t", &size);
    assert_int_equal(hostile_load(file, size, &error), DLCORE_OK);
    free(file);
    memset(text, 't', DLCORE_NOTE_BYTES_MAX);
    text[DLCORE_NOTE_BYTES_MAX] = '\0';
    file = file_of_notes(1, text, &size);
    assert_int_equal(hostile_load(file, size, &error), DLCORE_ERROR_OVERFLOW);
    free(file);
    text[DLCORE_NOTE_BYTES_MAX - 1] = '\0';
    file = file_of_notes(1, text, &size);
    assert_int_equal(hostile_load(file, size, &error), DLCORE_OK);
    free(file);
    free(text);
}

/* Pointers to names take more than the names: memory stays within its bound. */
static void test_model_file_notes_of_many_empty_names(void **state)
{
    dlcore_error_record_t error = {.message = ""};
    static const char empty[] = {'\\', '"', '\\', '"', ','};
    const size_t names = 60000;
    char *text = malloc(sizeof empty * names + 3);
    unsigned char *file;
    size_t size;

    (void)state;
    assert_non_null(text);
    text[0] = '[';
    for (size_t i = 0; i < names; i++)
        memcpy(text + 1 + sizeof empty * i, empty, sizeof empty);
    strcpy(text + sizeof empty * names, "]");
    file = file_of_notes(3, text, &size);
    assert_int_equal(hostile_load(file, size, &error), DLCORE_OK);
    free(file);
    free(text);
}

static dlcore_status file_scenario(const dlcore_allocator_t *allocator, void *context)
{
    dlcore_load_options_t options = dlcore_load_options_default();
    dlcore_model_t *model = NULL;
    size_t size = ((size_t *)context)[0];
    dlcore_status status;

    options.model.allocator = *allocator;
    status =
        dlcore_model_load_memory((unsigned char *)context + sizeof size, size, &options, &model);
    assert_true((status == DLCORE_OK) == (model != NULL));
    dlcore_model_free(model);
    return status;
}

static void test_model_file_notes_failing_allocations(void **state)
{
    dlcore_model_t *model = noted_model(NULL);
    void *bytes;
    size_t size;
    unsigned char *context;

    (void)state;
    assert_non_null(model);
    assert_int_equal(dlcore_model_save_memory(model, NULL, &bytes, &size), DLCORE_OK);
    context = malloc(sizeof size + size);
    assert_non_null(context);
    memcpy(context, &size, sizeof size);
    memcpy(context + sizeof size, bytes, size);
    assert_true(failing_allocator_sweep(file_scenario, context) >= 12);
    free(context);
    free(bytes);
    dlcore_model_free(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_model_file_notes_come_back),
        cmocka_unit_test(test_model_file_notes_are_all_that_is_added),
        cmocka_unit_test(test_model_file_notes_that_are_hostile_are_refused),
        cmocka_unit_test(test_model_file_notes_beyond_the_limits_are_refused),
        cmocka_unit_test(test_model_file_notes_of_many_empty_names),
        cmocka_unit_test(test_model_file_notes_failing_allocations),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
