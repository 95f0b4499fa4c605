/* Notes in ONNX files: they come back, others' properties are passed over, and what is no note is
 * refused.
 *
 * SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/allocator.h"
#include "dlcore/note.h"
#include "support/failing_allocator.h"
#include "support/models.h"
#include "support/noted_model.h"
#include "support/onnx_case.h"

static const float numbers[6] = {1, 2, 3, 4, 5, 6};
static onnx_bytes_t made;

static void begin_model(void)
{
    onnx_begin(&made);
    onnx_tensor(&made, "w", "3,2", numbers);
    onnx_node(&made, "MatMul", "x,w", "y", "");
}

static void test_onnx_notes_come_back(void **state)
{
    dlcore_model_t *model = noted_model(NULL), *loaded;
    void *bytes;
    size_t size;

    (void)state;
    assert_non_null(model);
    assert_int_equal(dlcore_onnx_save_memory(model, NULL, &bytes, &size), DLCORE_OK);
    loaded = onnx_case_load(bytes, size);
    assert_same_notes(model, loaded);
    assert_string_equal(dlcore_model_note_names(loaded, "class_names", NULL)[1],
                        "gr\303\266\303\237e \"x\"");
    free(bytes);
    dlcore_model_free(loaded);
    dlcore_model_free(model);
}

/* 8 MiB are more than the texts of a graph may have. */
static void test_onnx_notes_as_long_as_a_model_may_have_come_back(void **state)
{
    dlcore_model_t *model = noted_model(NULL), *loaded;
    size_t most = DLCORE_NOTE_BYTES_MAX - 1000, size;
    char *text = malloc(most + 1);
    void *bytes;

    (void)state;
    assert_non_null(model);
    assert_non_null(text);
    memset(text, 'x', most);
    text[most] = '\0';
    assert_accepted(model, dlcore_model_set_note(model, "long", text));
    assert_int_equal(dlcore_onnx_save_memory(model, NULL, &bytes, &size), DLCORE_OK);
    loaded = onnx_case_load(bytes, size);
    assert_same_notes(model, loaded);
    free(bytes);
    free(text);
    dlcore_model_free(loaded);
    dlcore_model_free(model);
}

static void test_onnx_notes_properties_of_others_are_passed_over(void **state)
{
    dlcore_model_t *model;
    const unsigned char *bytes;
    size_t size;

    (void)state;
    begin_model();
    onnx_note(&made, "author", "\377\0?", 3);
    onnx_note(&made, "dlcore.note", "t", 1);
    onnx_note(&made, "dlcore.note.by", "Ada", 3);
    onnx_note(&made, "author", "again", 5);
    bytes = onnx_end(&made, 13, "?,3", &size);
    model = onnx_case_load(bytes, size);
    assert_int_equal(dlcore_model_note_count(model), 1);
    assert_string_equal(dlcore_model_note(model, "by"), "Ada");
    dlcore_model_free(model);
}

static void refuse_note(const char *key, const char *value, size_t length, const char *message)
{
    const unsigned char *bytes;
    size_t size;

    begin_model();
    onnx_note(&made, "dlcore.note.first", "t", 1);
    onnx_note(&made, key, value, length);
    bytes = onnx_end(&made, 13, "?,3", &size);
    onnx_case_refused(bytes, size, DLCORE_ERROR_FORMAT, message);
}

static void test_onnx_notes_that_are_none_are_refused(void **state)
{
    char key[16 + DLCORE_NOTE_KEY_MAX] = "dlcore.note.";

    (void)state;
    refuse_note("dlcore.note.", "t", 1, "the key of a note is empty");
    refuse_note("dlcore.note.a\tb", "t", 1, "the key of a note has a control character");
    refuse_note("dlcore.note.\377", "t", 1, "the key of a note is not UTF-8");
    refuse_note("dlcore.note.first", "t", 1, "the note \"first\" is there twice");
    refuse_note("dlcore.note.k", "a\0b", 3, "the note \"k\" has a zero byte");
    refuse_note("dlcore.note.k", "a\303", 2, "the note \"k\" is not UTF-8");
    memset(key + strlen(key), 'k', DLCORE_NOTE_KEY_MAX + 1);
    refuse_note(key, "t", 1, "the key of a note has more than 128 bytes");
}

/* Its bytes are not even taken into memory. */
static void test_onnx_notes_longer_than_a_model_may_have_are_refused(void **state)
{
    static const unsigned char head[] = {
        0x72, 0x95, 0x80, 0x80, 0x04, /* a pair */
        0x0A, 0x0D, 'd',  'l',  'c',  'o', 'r', 'e',
        '.',  'n',  'o',  't',  'e',  '.', 'k', /* its key and its value */
        0x12, 0x81, 0x80, 0x80, 0x04};
    size_t length = (size_t)DLCORE_NOTE_BYTES_MAX + 1, size;
    const unsigned char *model;
    unsigned char *bytes;

    (void)state;
    begin_model();
    model = onnx_end(&made, 13, "?,3", &size);
    bytes = malloc(size + sizeof head + length);
    assert_non_null(bytes);
    memcpy(bytes, model, size);
    memcpy(bytes + size, head, sizeof head);
    memset(bytes + size + sizeof head, 'a', length);
    onnx_case_refused(bytes, size + sizeof head + length, DLCORE_ERROR_OVERFLOW,
                      "a note of 8388609 bytes");
    free(bytes);
}

static dlcore_status save_and_load(const dlcore_allocator_t *allocator, void *context)
{
    dlcore_model_options_t options = dlcore_model_options_default();
    dlcore_onnx_load_options_t how = dlcore_onnx_load_options_default();
    dlcore_model_t *model, *loaded = NULL;
    void *bytes = NULL;
    size_t size;
    dlcore_status status;

    (void)context;
    options.allocator = how.model.allocator = *allocator;
    model = noted_model(&options);
    if (model == NULL)
        return DLCORE_ERROR_MEMORY;
    status = dlcore_onnx_save_memory(model, NULL, &bytes, &size);
    if (status == DLCORE_OK)
        status = dlcore_onnx_load_memory(bytes, size, &how, &loaded);
    if (bytes != NULL)
        dlcore_release_bytes(allocator, bytes);
    dlcore_model_free(loaded);
    dlcore_model_free(model);
    return status;
}

static void test_onnx_notes_without_memory_fail_cleanly(void **state)
{
    (void)state;
    assert_true(failing_allocator_sweep(save_and_load, NULL) > 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_onnx_notes_come_back),
        cmocka_unit_test(test_onnx_notes_as_long_as_a_model_may_have_come_back),
        cmocka_unit_test(test_onnx_notes_properties_of_others_are_passed_over),
        cmocka_unit_test(test_onnx_notes_that_are_none_are_refused),
        cmocka_unit_test(test_onnx_notes_longer_than_a_model_may_have_are_refused),
        cmocka_unit_test(test_onnx_notes_without_memory_fail_cleanly),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
