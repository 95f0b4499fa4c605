/* Reads the fixture files that tests/fixtures/make_fixtures.py writes; fixture_writer.py beside it
 * has the format. A file that cannot be read, or is malformed, fails the test and names the line.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_TESTS_FIXTURE_H
#define DLCORE_TESTS_FIXTURE_H

#include <stddef.h>
#include <stdint.h>

#include "dlcore/tensor.h"

typedef struct fixture fixture_t;

typedef enum fixture_type { FIXTURE_F32, FIXTURE_F64, FIXTURE_I32, FIXTURE_U8 } fixture_type_t;

typedef struct fixture_array {
    char *name;
    fixture_type_t type;
    size_t rank;
    size_t shape[DLCORE_RANK_MAX];
    size_t size; /* product of the shape */
    void *data;
} fixture_array_t;

/* `file` is a name within tests/fixtures. */
fixture_t *fixture_load(const char *file);
void fixture_free(fixture_t *fixture);

/* The text under "scope/key" (key alone without a scope); NULL when there is none. */
const char *fixture_text(const fixture_t *fixture, const char *scope, const char *key);
/* The array under "scope/key", or, where a text of that name stands instead, the array that the
 * text names. fixture_find answers NULL when there is none, fixture_array fails the test. */
const fixture_array_t *fixture_find(const fixture_t *fixture, const char *scope, const char *key);
const fixture_array_t *fixture_array(const fixture_t *fixture, const char *scope, const char *key);

/* The elements; an array of another type fails the test. */
const float *fixture_floats(const fixture_array_t *array);
/* A rank-0 array of int32. */
size_t fixture_count(const fixture_t *fixture, const char *scope, const char *key);

/* A read-only tensor over the array's elements, without the first `begin` rows and at most `rows`
 * long; the caller frees it. */
dlcore_tensor_t *fixture_rows(const fixture_array_t *array, size_t begin, size_t rows);
dlcore_tensor_t *fixture_tensor(const fixture_array_t *array);

/* The cases of a file, in order: every scope that has a text under `key`. Start with *position 0;
 * NULL at the end. The answer is valid until the next call. */
const char *fixture_next(fixture_t *fixture, const char *key, size_t *position);

#endif
