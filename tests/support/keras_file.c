/* The files of Keras among the fixtures.
 *
 * SPDX-License-Identifier: MIT */
#include "support/keras_file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

const char *keras_fixture_path(const char *file)
{
    static char path[1024];

    snprintf(path, sizeof path, "%s/%s", DLCORE_FIXTURES, file);
    return path;
}

keras_bytes_t keras_fixture_bytes(const char *file)
{
    FILE *stream = fopen(keras_fixture_path(file), "rb");
    keras_bytes_t all;
    long size;

    if (stream == NULL)
        fail_msg("cannot open %s", keras_fixture_path(file));
    assert_int_equal(fseek(stream, 0, SEEK_END), 0);
    size = ftell(stream);
    assert_true(size > 0);
    rewind(stream);
    all.size = (size_t)size;
    all.bytes = malloc(all.size);
    assert_non_null(all.bytes);
    assert_int_equal(fread(all.bytes, 1, all.size, stream), all.size);
    fclose(stream);
    return all;
}
