/* The files of Keras among the fixtures.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_TESTS_KERAS_FILE_H
#define DLCORE_TESTS_KERAS_FILE_H

#include <stddef.h>

/* A file in memory, for free(). */
typedef struct keras_bytes {
    unsigned char *bytes;
    size_t size;
} keras_bytes_t;

/* The path of a file within tests/fixtures; valid until the next call. */
const char *keras_fixture_path(const char *file);
/* All of it; a file that cannot be read fails the test. */
keras_bytes_t keras_fixture_bytes(const char *file);

#endif
