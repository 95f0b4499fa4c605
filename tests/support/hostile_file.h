/* Files that are to be refused: made of a header, loaded with an eye on memory.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_TESTS_HOSTILE_FILE_H
#define DLCORE_TESTS_HOSTILE_FILE_H

#include <stddef.h>

#include "dlcore/status.h"

typedef struct crafted {
    const char *header;
    size_t data;
    const char *text; /* of the message; NULL: it is right */
} hostile_t;

/* An entry of float32, and the value of one number at the beginning. */
#define F32(shape, range) "{\"dtype\":\"F32\",\"shape\":" shape ",\"data_offsets\":" range "}"
#define ONE F32("[1]", "[0,4]")

/* Makes a file of that header and zeros, for free(). */
unsigned char *hostile_file(const char *header, size_t data, size_t *size);
/* Loads a copy that ends where its bytes end, so that a sanitizer sees reads beyond. Fails the test
 * when memory is lost, or more is taken than twice the file and a megabyte. */
dlcore_status hostile_load(const unsigned char *bytes, size_t size, dlcore_error_record_t *error);
/* Fails the test unless loading that file fails with that message. */
void hostile_assert_refused(const hostile_t *one);

#endif
