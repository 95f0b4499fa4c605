/* Which version of Keras wrote a file, by its metadata.
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
#include "exchange/keras_file.h"
#include "support/zip_bytes.h"

static void *numbers;
static size_t numbers_size;

static int make_numbers(void **state)
{
    dlcore_model_t *model = NULL;

    (void)state;
    assert_int_equal(dlcore_model_create(NULL, &model), DLCORE_OK);
    assert_int_equal(dlcore_model_add(model, dlcore_layer_dense(1, DLCORE_ACTIVATION_LINEAR)),
                     DLCORE_OK);
    assert_int_equal(dlcore_model_build(model, 1), DLCORE_OK);
    assert_int_equal(dlcore_keras_save_weights_memory(model, NULL, &numbers, &numbers_size),
                     DLCORE_OK);
    dlcore_model_free(model);
    return 0;
}

static int free_numbers(void **state)
{
    (void)state;
    free(numbers);
    return 0;
}

/* Opens a file with that metadata.json; "": with none. To be closed, and then its bytes freed. */
static void open_with(const char *metadata, dlcore_keras_file_t *file, bytes_t *bytes)
{
    const void *const parts[3] = {"{}", numbers, metadata};
    const size_t sizes[3] = {2, numbers_size, strlen(metadata)};
    static const char *const names[3] = {"config.json", "model.weights.h5", "metadata.json"};
    const dlcore_allocator_t allocator = dlcore_allocator_default();
    dlcore_error_record_t error = {.message = ""};
    zip_case_t cases[3];

    for (size_t i = 0; i < 3; i++)
        cases[i] = (zip_case_t){.name = names[i],
                                .packed = parts[i],
                                .packed_size = sizes[i],
                                .size = sizes[i],
                                .checksum = zip_crc(parts[i], sizes[i])};
    zip_bytes(bytes, cases, sizes[2] > 0 ? 3 : 2);
    if (dlcore_keras_file_open_memory(file, bytes->data, bytes->size, &allocator, &error) !=
        DLCORE_OK)
        fail_msg("%s: %s", metadata, error.message);
}

#define KERAS(version) "\"keras_version\":\"" version "\""
#define OWN(version) "\"dlcore_version\":\"" version "\""

static void test_keras_file_is_of_a_version_that_its_metadata_tell(void **state)
{
    static const struct {
        const char *metadata, *version;
        bool before; /* 3.10 */
    } cases[] = {
        {"{" KERAS("3.0.0") "}", "Keras 3.0.0", true},
        {"{" KERAS("3.9.2") "}", "Keras 3.9.2", true},
        {"{" KERAS("2.15.1") "}", "Keras 2.15.1", true},
        {"{" KERAS("3.10.0") "}", "Keras 3.10.0", false},
        {"{" KERAS("4.0.0") "}", "Keras 4.0.0", false},
        {"{" KERAS("3") "}", "Keras 3", false}, /* not known which */
        {"{" KERAS("new") "}", "Keras new", false},
        {"{" KERAS("3.0.0") "," OWN("0.2.0") "}", "Keras 3.0.0", false},
        {"{" KERAS("3.0.0") "," OWN("0.2.0") "," OWN("0.3.0") "}", "Keras 3.0.0", false},
        {"{" KERAS("3.0.0") "," KERAS("3.0.0") "}", "", false},
        {"{}", "", false},
        {"[]", "", false},
        {"{", "", false},
        {"", "", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        dlcore_keras_file_t file;
        bytes_t bytes = {.data = NULL};

        open_with(cases[i].metadata, &file, &bytes);
        assert_string_equal(file.version, cases[i].version);
        if (dlcore_keras_file_is_before(&file, 3, 10) != cases[i].before)
            fail_msg("%s: is %sbefore 3.10", cases[i].metadata, cases[i].before ? "not " : "");
        dlcore_keras_file_close(&file);
        bytes_free(&bytes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keras_file_is_of_a_version_that_its_metadata_tell),
    };

    return cmocka_run_group_tests(tests, make_numbers, free_numbers);
}
