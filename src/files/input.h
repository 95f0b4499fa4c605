/* Bytes to be parsed, from a regular file or from memory, of a size that is known beforehand.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_FILES_INPUT_H
#define DLCORE_FILES_INPUT_H

#include "system/compiler.h"

#include <stddef.h>

#include "base/shown.h"
#include "dlcore/status.h"
#include "system/files.h"

DLCORE_HIDDEN_BEGIN

typedef struct dlcore_input {
    char name[DLCORE_SHOWN_PATH_SIZE]; /* for messages: the path, a long one's end after "..." */
    size_t size;
    size_t position;            /* of the next read; may be set to any number up to size */
    const unsigned char *bytes; /* memory; NULL for a file */
    dlcore_file_t file;         /* DLCORE_FILE_NONE for memory */
} dlcore_input_t;

/* Opens a regular file, or a link to one, for reading. Pipes, devices and folders are
 * DLCORE_ERROR_IO: they have no size. */
dlcore_status dlcore_input_open(dlcore_input_t *input, const char *path,
                                dlcore_error_record_t *error);

/* The same for a file in the folder of the file `path`, as another file names it, which may be
 * hostile: `name` must be a plain name ("weights.data") and no link. Else DLCORE_ERROR_UNSUPPORTED,
 * or DLCORE_ERROR_IO where the system sees the link. */
dlcore_status dlcore_input_open_beside(dlcore_input_t *input, const char *path, const char *name,
                                       dlcore_error_record_t *error);

/* The same over memory, which is borrowed. `name` stands for it in messages. */
void dlcore_input_from_memory(dlcore_input_t *input, const void *bytes, size_t size,
                              const char *name);

/* Reads `want` bytes, and fewer only at the end; *got says how many. The end is at the size that
 * the file had when it was opened: what it grew by is not read, and DLCORE_ERROR_IO if it shrank.
 */
dlcore_status dlcore_input_read(dlcore_input_t *input, void *to, size_t want, size_t *got,
                                dlcore_error_record_t *error);

void dlcore_input_close(dlcore_input_t *input);

DLCORE_HIDDEN_END

#endif
