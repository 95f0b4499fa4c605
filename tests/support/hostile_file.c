/* Building and loading broken files.
 *
 * SPDX-License-Identifier: MIT */
#include "support/hostile_file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/little_endian.h"
#include "dlcore/file.h"
#include "support/failing_allocator.h"

#define MB ((size_t)1 << 20)

unsigned char *hostile_file(const char *header, size_t data, size_t *size)
{
    size_t length = strlen(header);
    unsigned char *file;

    *size = 8 + length + data;
    file = calloc(1, *size);
    assert_non_null(file);
    dlcore_store_u64(file, length);
    for (size_t i = 0; i < length; i++) /* as bytes: a file has no end of string */
        file[8 + i] = (unsigned char)header[i];
    return file;
}

void hostile_assert_refused(const hostile_t *one)
{
    dlcore_error_record_t error = {0};
    size_t size;
    unsigned char *file = hostile_file(one->header, one->data, &size);
    dlcore_status status = hostile_load(file, size, &error);

    free(file);
    if (status == DLCORE_OK || strstr(error.message, one->text) == NULL)
        fail_msg("%s: status %d, \"%s\", not \"%s\"", one->header, status, error.message,
                 one->text);
}

dlcore_status hostile_load(const unsigned char *bytes, size_t size, dlcore_error_record_t *error)
{
    failing_allocator_t memory;
    dlcore_load_options_t options = dlcore_load_options_default();
    dlcore_load_report_t report;
    dlcore_model_t *model = NULL;
    unsigned char *copy = malloc(size > 0 ? size : 1);
    dlcore_status status;

    assert_non_null(copy);
    memcpy(copy, bytes, size);
    failing_allocator_init(&memory);
    options.model.allocator = failing_allocator(&memory);
    options.model.threads = 1;
    options.report = &report;
    options.error = error;
    status = dlcore_model_load_memory(copy, size, &options, &model);
    free(copy);
    if (memory.peak_bytes > 2 * size + 2 * MB)
        fail_msg("%zu bytes taken for a file of %zu", memory.peak_bytes, size);
    if (status != DLCORE_OK) {
        assert_null(model);
        assert_int_equal(error->status, status);
        assert_true(error->message[0] != '\0');
    }
    dlcore_model_free(model);
    failing_allocator_assert_clean(&memory);
    return status;
}
