/* Writing JSON into a caller's buffer, in two passes: without a buffer to learn the size, then with
 * one that is large enough. Commas, quotes and escapes are the writer's business.
 *
 *     dlcore_json_writer_t writer = dlcore_json_writer(NULL, 0);
 *     dlcore_json_open(&writer, "name", '{');
 *     dlcore_json_put_uint64(&writer, "units", 512);
 *     dlcore_json_close(&writer, '}');
 *     (writer.size bytes are needed)
 *
 * `name` is the member's name within an object, NULL within an array and at the top.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_JSON_JSON_WRITER_H
#define DLCORE_JSON_JSON_WRITER_H

#include "system/compiler.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

DLCORE_HIDDEN_BEGIN

typedef struct dlcore_json_writer {
    char *to;
    size_t room;
    size_t size; /* bytes that the text has, whether they fit or not */
    bool comma;  /* before the next value */
    bool quoted; /* within a text that is itself a string */
    /* For Keras: doubles have a point or an exponent, by which Python tells them from integers, and
     * whoever writes settings leaves out those that are as if they were not there. */
    bool for_keras;
    /* The first NaN or infinity that was given, which JSON has no number for, and its name (NULL:
     * within an array). */
    bool not_finite;
    double number;
    const char *name;
} dlcore_json_writer_t;

dlcore_json_writer_t dlcore_json_writer(char *to, size_t room);

/* '{' or '[', and the matching '}' or ']'. */
void dlcore_json_open(dlcore_json_writer_t *writer, const char *name, char bracket);
void dlcore_json_close(dlcore_json_writer_t *writer, char bracket);

/* Values. Strings are valid UTF-8; numbers are written with as few digits as give them back. */
void dlcore_json_put_string(dlcore_json_writer_t *writer, const char *name, const char *text);
void dlcore_json_put_uint64(dlcore_json_writer_t *writer, const char *name, uint64_t number);
/* The same, but a whole number has ".0". */
void dlcore_json_put_point(dlcore_json_writer_t *writer, const char *name, double number);
void dlcore_json_put_double(dlcore_json_writer_t *writer, const char *name, double number);
void dlcore_json_put_bool(dlcore_json_writer_t *writer, const char *name, bool value);
void dlcore_json_put_null(dlcore_json_writer_t *writer, const char *name);

/* A string that holds JSON text: what is written until the end goes into it. Not within itself. */
void dlcore_json_open_text(dlcore_json_writer_t *writer, const char *name);
void dlcore_json_close_text(dlcore_json_writer_t *writer);

DLCORE_HIDDEN_END

#endif
