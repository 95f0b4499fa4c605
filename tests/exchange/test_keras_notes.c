/* Notes in Keras files: they come back from a file, from memory and from a folder, and what is no
 * note is refused. That Keras opens such a file, tests/keras_files.sh looks at.
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

#include "base/allocator.h"
#include "dlcore/keras.h"
#include "dlcore/note.h"
#include "exchange/zip.h"
#include "support/failing_allocator.h"
#include "support/folder.h"
#include "support/models.h"
#include "support/noted_model.h"
#include "support/zip_bytes.h"

/* The entries of a saved file: metadata.json, config.json, model.weights.h5. */
typedef struct entries {
    void *bytes[3];
    size_t sizes[3];
} entries_t;

static const char *const names[3] = {"metadata.json", "config.json", "model.weights.h5"};

static void take_apart(const void *bytes, size_t size, entries_t *entries)
{
    dlcore_allocator_t allocator = dlcore_allocator_default();
    dlcore_input_t input;
    dlcore_zip_t *zip;

    dlcore_input_from_memory(&input, bytes, size, "saved");
    assert_int_equal(dlcore_zip_open(&input, 1000, &allocator, &zip, NULL), DLCORE_OK);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(dlcore_zip_read(zip, i, DLCORE_ZIP_NO_LIMIT, &entries->bytes[i],
                                         &entries->sizes[i], NULL),
                         DLCORE_OK);
    dlcore_zip_close(zip);
}

static void release_entries(entries_t *entries)
{
    dlcore_allocator_t allocator = dlcore_allocator_default();

    for (size_t i = 0; i < 3; i++)
        dlcore_release(&allocator, entries->bytes[i]);
}

static void saved_entries(entries_t *entries)
{
    dlcore_model_t *model = noted_model(NULL);
    void *bytes;
    size_t size;

    assert_non_null(model);
    assert_int_equal(dlcore_keras_save_memory(model, NULL, &bytes, &size), DLCORE_OK);
    take_apart(bytes, size, entries);
    free(bytes);
    dlcore_model_free(model);
}

static void test_keras_notes_come_back(void **state)
{
    dlcore_model_t *model = noted_model(NULL), *loaded;
    const char *path = folder_path("noted.keras");
    void *bytes;
    size_t size;

    (void)state;
    assert_non_null(model);
    assert_int_equal(dlcore_keras_save_memory(model, NULL, &bytes, &size), DLCORE_OK);
    assert_int_equal(dlcore_keras_load_memory(bytes, size, NULL, &loaded), DLCORE_OK);
    assert_same_notes(model, loaded);
    dlcore_model_free(loaded);
    free(bytes);
    assert_int_equal(dlcore_keras_save(model, path, NULL), DLCORE_OK);
    assert_int_equal(dlcore_keras_load(path, NULL, &loaded), DLCORE_OK);
    assert_same_notes(model, loaded);
    dlcore_model_free(loaded);
    dlcore_model_free(model);
}

static void write_file(const char *name, const void *bytes, size_t size)
{
    FILE *file = fopen(folder_path(name), "wb");

    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

/* The folder that a file was unpacked to; without metadata.json it is one without notes. */
static void test_keras_notes_of_a_folder_come_back(void **state)
{
    dlcore_model_t *model = noted_model(NULL), *loaded;
    char folder[512];
    entries_t entries;

    (void)state;
    assert_non_null(model);
    saved_entries(&entries);
    for (size_t i = 1; i < 3; i++)
        write_file(names[i], entries.bytes[i], entries.sizes[i]);
    snprintf(folder, sizeof folder, "%s", folder_path("config.json"));
    *strrchr(folder, '/') = '\0';
    assert_int_equal(dlcore_keras_load(folder, NULL, &loaded), DLCORE_OK);
    assert_int_equal(dlcore_model_note_count(loaded), 0);
    dlcore_model_free(loaded);
    write_file(names[0], entries.bytes[0], entries.sizes[0]);
    assert_int_equal(dlcore_keras_load(folder, NULL, &loaded), DLCORE_OK);
    assert_same_notes(model, loaded);
    dlcore_model_free(loaded);
    for (size_t i = 0; i < 3; i++)
        (void)remove(folder_path(names[i]));
    release_entries(&entries);
    dlcore_model_free(model);
}

/* Loads a saved file with other metadata; the message, or NULL. */
static const char *loading_with(const entries_t *entries, const char *metadata, size_t *count)
{
    static dlcore_error_record_t error;
    dlcore_load_options_t how = dlcore_load_options_default();
    dlcore_model_t *model = NULL;
    zip_case_t cases[3];
    bytes_t file = {.data = NULL};
    dlcore_status status;

    for (size_t i = 0; i < 3; i++) {
        const void *bytes = i == 0 ? metadata : entries->bytes[i];
        size_t size = i == 0 ? strlen(metadata) : entries->sizes[i];

        cases[i] = (zip_case_t){.name = names[i],
                                .packed = bytes,
                                .packed_size = size,
                                .size = size,
                                .checksum = zip_crc(bytes, size)};
    }
    zip_bytes(&file, cases, 3);
    how.error = &error;
    status = dlcore_keras_load_memory(file.data, file.size, &how, &model);
    *count = dlcore_model_note_count(model);
    dlcore_model_free(model);
    bytes_free(&file);
    return status == DLCORE_OK ? NULL : error.message;
}

static void test_keras_notes_that_are_none_are_refused_or_passed_over(void **state)
{
    static const struct {
        const char *metadata, *message;
        size_t count;
    } cases[] = {
        {"{\"dlcore.note.a\":\"b\",\"note.c\":\"d\",\"dlcore.note\":1}", NULL, 1},
        {"{\"keras_version\":\"3.15.1\"}", NULL, 0},
        {"{\"keras_version\":\"3\",\"keras_version\":\"2\"}", NULL, 0},
        {"[\"dlcore.note.a\"]", NULL, 0},
        {"{\"dlcore.note.a\":", NULL, 0}, /* Keras does not read what is no JSON, either */
        {"{\"dlcore.note.a\":1}", "the note \"a\" is no text", 0},
        {"{\"dlcore.note.\":\"t\"}", "the key of a note is empty", 0},
        {"{\"dlcore.note.a\":\"b\",\"dlcore.note.a\":\"b\"}", "dlcore.note.a is there twice", 0},
        {"{\"dlcore.note.a\":\"b\\u0000\"}", "the note \"a\" has a zero byte", 0},
    };
    entries_t entries;

    (void)state;
    saved_entries(&entries);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t count;
        const char *message = loading_with(&entries, cases[i].metadata, &count);

        if (cases[i].message == NULL ? message != NULL
                                     : message == NULL || strstr(message, cases[i].message) == NULL)
            fail_msg("case %zu: %s", i, message != NULL ? message : "loaded");
        assert_int_equal(count, cases[i].count);
    }
    release_entries(&entries);
}

static dlcore_status save_and_load(const dlcore_allocator_t *allocator, void *context)
{
    dlcore_model_options_t options = dlcore_model_options_default();
    dlcore_load_options_t how = dlcore_load_options_default();
    dlcore_model_t *model, *loaded = NULL;
    void *bytes = NULL;
    size_t size;
    dlcore_status status;

    (void)context;
    options.allocator = how.model.allocator = *allocator;
    model = noted_model(&options);
    if (model == NULL)
        return DLCORE_ERROR_MEMORY;
    status = dlcore_keras_save_memory(model, NULL, &bytes, &size);
    if (status == DLCORE_OK)
        status = dlcore_keras_load_memory(bytes, size, &how, &loaded);
    if (bytes != NULL)
        dlcore_release_bytes(allocator, bytes);
    dlcore_model_free(loaded);
    dlcore_model_free(model);
    return status;
}

static void test_keras_notes_without_memory_fail_cleanly(void **state)
{
    (void)state;
    assert_true(failing_allocator_sweep(save_and_load, NULL) > 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keras_notes_come_back),
        cmocka_unit_test(test_keras_notes_of_a_folder_come_back),
        cmocka_unit_test(test_keras_notes_that_are_none_are_refused_or_passed_over),
        cmocka_unit_test(test_keras_notes_without_memory_fail_cleanly),
    };

    return cmocka_run_group_tests(tests, folder_make, folder_remove);
}
