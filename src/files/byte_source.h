/* Where the bytes of a model file come from: an input (a file or memory), or a caller's function.
 * Read once from front to back.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_FILES_BYTE_SOURCE_H
#define DLCORE_FILES_BYTE_SOURCE_H

#include "system/compiler.h"

#include "dlcore/file.h"
#include "files/input.h"

DLCORE_HIDDEN_BEGIN

typedef struct dlcore_byte_source {
    const char *name; /* for messages */
    size_t size;
    size_t position;
    dlcore_input_t *input; /* NULL: the reader */
    const dlcore_byte_reader_t *reader;
} dlcore_byte_source_t;

dlcore_byte_source_t dlcore_byte_source_of_input(dlcore_input_t *input);
/* `reader` has a function. */
dlcore_byte_source_t dlcore_byte_source_of_reader(const dlcore_byte_reader_t *reader);

/* Exactly `size` bytes, of which the caller knows that they are there. */
dlcore_status dlcore_byte_source_read(dlcore_byte_source_t *source, void *to, size_t size,
                                      dlcore_error_record_t *error);

/* Goes on by `size` bytes without looking at them; a reader gives them to `scratch`. */
dlcore_status dlcore_byte_source_skip(dlcore_byte_source_t *source, size_t size, void *scratch,
                                      size_t scratch_size, dlcore_error_record_t *error);

DLCORE_HIDDEN_END

#endif
