/* Keras files without memory, and on disks that fail: every allocation and every read in turn, of
 * each form of file.
 *
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <dlcore.h>
#include <dlcore/keras.h>

#include "base/allocator.h"
#include "exchange/zip.h"
#include "files/file_path.h"
#include "support/failing_allocator.h"
#include "support/failing_read.h"
#include "support/folder.h"
#include "support/keras_file.h"
#include "support/posix.h"

static dlcore_status load_from(const char *path, const dlcore_allocator_t *allocator,
                               error_record_t *error)
{
    load_options_t how = load_options_default();
    model_t *model = NULL;
    dlcore_status status;

    how.model.allocator = *allocator;
    how.model.threads = 1;
    how.error = error;
    status = keras_load(path, &how, &model);
    assert_true((status == DLCORE_OK) == (model != NULL));
    model_free(model);
    return status;
}

static dlcore_status load_counted(const char *path, error_record_t *error)
{
    failing_allocator_t memory;
    dlcore_allocator_t allocator;
    dlcore_status status;

    failing_allocator_init(&memory);
    allocator = failing_allocator(&memory);
    *error = (error_record_t){.message = ""};
    status = load_from(path, &allocator, error);
    assert_true((status == DLCORE_OK) == (error->message[0] == '\0'));
    failing_allocator_assert_clean(&memory);
    return status;
}

/* ---- files ---- */

/* An entry of a .keras file, as a file of the folder. */
static void unpack(const keras_bytes_t *file, const char *name)
{
    dlcore_allocator_t allocator = dlcore_allocator_default();
    dlcore_input_t input;
    dlcore_zip_t *zip = NULL;
    void *bytes = NULL;
    size_t index, size;
    FILE *out = folder_stream(name);

    dlcore_input_from_memory(&input, file->bytes, file->size, name);
    assert_int_equal(dlcore_zip_open(&input, 1000, &allocator, &zip, NULL), DLCORE_OK);
    assert_true(dlcore_zip_find(zip, name, &index));
    assert_int_equal(dlcore_zip_read(zip, index, DLCORE_ZIP_NO_LIMIT, &bytes, &size, NULL),
                     DLCORE_OK);
    assert_int_equal(fwrite(bytes, 1, size, out), size);
    assert_int_equal(fclose(out), 0);
    dlcore_release(&allocator, bytes);
    dlcore_zip_close(zip);
}

/* The folder, in which a .keras file is unpacked. */
static const char *unpacked_folder(void)
{
    static char folder[512];
    keras_bytes_t file = keras_fixture_bytes("keras_3.10.0.keras");
    const char *config = folder_path("config.json");

    snprintf(folder, sizeof folder, "%.*s", (int)(strlen(config) - strlen("/config.json")), config);
    unpack(&file, "config.json");
    unpack(&file, "metadata.json");
    unpack(&file, "model.weights.h5");
    free(file.bytes);
    return folder;
}

/* ---- reads ---- */

static void fail_each_read(const char *path)
{
    error_record_t error;
    size_t reads;

    read_faults = (read_faults_t){0};
    if (load_counted(path, &error) != DLCORE_OK)
        fail_msg("%s", error.message);
    reads = read_faults.reads;
    assert_in_range(reads, 1, 1000);
    for (size_t n = 1; n <= reads; n++) {
        read_faults = (read_faults_t){.fault_at = n, .fault = EIO};
        if (load_counted(path, &error) != DLCORE_ERROR_IO)
            fail_msg("read %zu of %zu failing: %s", n, reads, error.message);
        read_faults = (read_faults_t){.fault_at = n, .for_ever = true};
        if (load_counted(path, &error) == DLCORE_OK)
            fail_msg("read %zu of %zu finding the end: a model", n, reads);
    }
    read_faults = (read_faults_t){0};
}

static void test_keras_faults_each_failed_read_is_an_error_of_reading(void **state)
{
    (void)state;
    fail_each_read(keras_fixture_path("keras_3.10.0.keras"));
    fail_each_read(keras_fixture_path("keras_2.15.1.h5"));
    fail_each_read(unpacked_folder());
    (void)folder_files(true);
}

/* A folder is one of Keras where it has a config.json; then the rest must be there and be right. */
static void test_keras_faults_folders_that_lack_a_file_are_refused(void **state)
{
    const char *folder = unpacked_folder();
    error_record_t error;

    (void)state;
    assert_int_equal(remove(folder_path("metadata.json")), 0);
    assert_int_equal(load_counted(folder, &error), DLCORE_OK);
    assert_int_equal(mkdir(folder_path("metadata.json"), 0700), 0); /* there, and cannot be read */
    assert_int_equal(load_counted(folder, &error), DLCORE_ERROR_IO);
    assert_non_null(strstr(error.message, "metadata.json"));
    assert_int_equal(rmdir(folder_path("metadata.json")), 0);
    assert_int_equal(remove(folder_path("model.weights.h5")), 0);
    assert_int_equal(load_counted(folder, &error), DLCORE_ERROR_IO);
    assert_non_null(strstr(error.message, "model.weights.h5"));
    folder_write("config.json", "{");
    assert_int_equal(load_counted(folder, &error), DLCORE_ERROR_FORMAT);
    assert_non_null(strstr(error.message, "config.json: byte 1"));
    (void)folder_files(true);
}

/* Folders in each other, of 1 to 200 letters, up to a path of `length` bytes. */
static void make_deep(char *path, size_t length)
{
    size_t at = strlen(path);

    while (at < length) {
        size_t letters = length - at - 1 < 200 ? length - at - 1 : 200;

        if (length - at - 1 - letters == 1) /* no room for a name */
            letters--;
        path[at++] = '/';
        memset(path + at, 'a', letters);
        path[at += letters] = '\0';
        assert_int_equal(mkdir(path, 0700), 0);
    }
}

static void remove_deep(char *path, const char *top)
{
    while (strcmp(path, top) != 0) {
        assert_int_equal(rmdir(path), 0);
        *strrchr(path, '/') = '\0';
    }
}

static void test_keras_faults_paths_that_are_too_long_or_empty_are_refused(void **state)
{
    char path[DLCORE_PATH_SIZE + 8], file[DLCORE_PATH_SIZE + 32], top[512], name[301];
    error_record_t error;
    FILE *config;

    (void)state;
    memset(path, 'a', sizeof path);
    path[sizeof path - 1] = '\0';
    assert_int_equal(load_counted(path, &error), DLCORE_ERROR_IO);
    memset(name, 'a', sizeof name);
    name[sizeof name - 1] = '\0';
    assert_int_equal(load_counted(folder_path(name), &error), DLCORE_ERROR_IO);
    assert_non_null(strstr(error.message, strerror(ENAMETOOLONG)));
    assert_int_equal(load_counted("", &error), DLCORE_ERROR_IO);
    assert_non_null(strstr(error.message, "the path is empty"));
    /* config.json has a path that is just short enough, the weights have none */
    snprintf(top, sizeof top, "%s", folder_path(""));
    top[strlen(top) - 1] = '\0';
    snprintf(path, sizeof path, "%s", top);
    make_deep(path, DLCORE_PATH_SIZE - 1 - strlen("/config.json"));
    snprintf(file, sizeof file, "%s/config.json", path);
    config = fopen(file, "w");
    assert_non_null(config);
    fputs("{}", config);
    assert_int_equal(fclose(config), 0);
    assert_int_equal(load_counted(path, &error), DLCORE_ERROR_UNSUPPORTED);
    assert_non_null(strstr(error.message, "is too long a path"));
    assert_int_equal(remove(file), 0);
    remove_deep(path, top);
}

/* ---- memory ---- */

static dlcore_status load_scenario(const dlcore_allocator_t *allocator, void *context)
{
    error_record_t error = {.message = ""};

    return load_from(context, allocator, &error);
}

static void test_keras_faults_each_failed_allocation_loses_nothing(void **state)
{
    static const char *const files[] = {"keras_3.15.1.h5",       "keras_constants.h5",
                                        "keras_constants.keras", "keras_nadam.keras",
                                        "keras_adafactor.h5",    "keras_product.h5"};

    (void)state;
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        char path[512];

        snprintf(path, sizeof path, "%s", keras_fixture_path(files[i]));
        assert_true(failing_allocator_sweep(load_scenario, path) > 20);
    }
    {
        char folder[512];

        snprintf(folder, sizeof folder, "%s", unpacked_folder());
        assert_true(failing_allocator_sweep(load_scenario, folder) > 20);
    }
    (void)folder_files(true);
}

/* The weights alone, into a model whose every later allocation may fail: it keeps those it has. */
static void test_keras_faults_of_weights_alone_change_nothing(void **state)
{
    static const char *const files[] = {"keras_3.5.0.keras", "keras_2.15.1.h5"};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        keras_bytes_t file = keras_fixture_bytes(files[i]);
        load_options_t how = load_options_default();
        failing_allocator_t memory;
        model_t *model = NULL;
        dlcore_status status = DLCORE_ERROR_MEMORY;
        float *before, *after;
        size_t count;

        failing_allocator_init(&memory);
        how.model.allocator = failing_allocator(&memory);
        how.model.threads = 1;
        assert_int_equal(keras_load_memory(file.bytes, file.size, &how, &model), DLCORE_OK);
        count = model_parameter_count(model);
        before = malloc(count * sizeof *before);
        after = malloc(count * sizeof *after);
        assert_true(before != NULL && after != NULL);
        assert_int_equal(model_get_weights(model, before, count), DLCORE_OK);
        for (size_t n = 1; status == DLCORE_ERROR_MEMORY; n++) {
            memory.fail_at = memory.calls + n;
            status = keras_load_weights_memory(model, file.bytes, file.size);
            memory.fail_at = 0;
            assert_int_equal(model_get_weights(model, after, count), DLCORE_OK);
            assert_memory_equal(before, after, count * sizeof *before);
        }
        assert_int_equal(status, DLCORE_OK);
        model_free(model);
        failing_allocator_assert_clean(&memory);
        free(before);
        free(after);
        free(file.bytes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keras_faults_each_failed_read_is_an_error_of_reading),
        cmocka_unit_test(test_keras_faults_folders_that_lack_a_file_are_refused),
        cmocka_unit_test(test_keras_faults_paths_that_are_too_long_or_empty_are_refused),
        cmocka_unit_test(test_keras_faults_each_failed_allocation_loses_nothing),
        cmocka_unit_test(test_keras_faults_of_weights_alone_change_nothing),
    };

    return cmocka_run_group_tests(tests, folder_make, folder_remove);
}
