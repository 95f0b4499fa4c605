/* A folder for a test's files, which goes with all that is in it.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_TESTS_FOLDER_H
#define DLCORE_TESTS_FOLDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* Setup and teardown of a group of tests. */
int folder_make(void **state);
int folder_remove(void **state);

/* The path of a file in it; valid until the eighth call after this one. */
const char *folder_path(const char *name);
/* How many files are in it; with `removes` they go. */
size_t folder_files(bool removes);
bool folder_has(const char *name);
/* A file's text, terminated; fails the test when it cannot be read or is longer than 32767 bytes.
 * Valid until the next call. */
const char *folder_text(const char *name);
/* A stream to a file in it, for folder_text. */
FILE *folder_stream(const char *name);
void folder_write(const char *name, const char *text);

#endif
