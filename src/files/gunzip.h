/* Reading gzip data (RFC 1952) as a stream, one member or several in a row.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_FILES_GUNZIP_H
#define DLCORE_FILES_GUNZIP_H

#include "system/compiler.h"

#include <stdbool.h>
#include <stddef.h>

#include "files/input.h"

DLCORE_HIDDEN_BEGIN

typedef struct dlcore_gunzip dlcore_gunzip_t;

/* Whether this build has zlib. */
bool dlcore_gunzip_available(void);

/* A reader of the content of `input`, which is borrowed and read from its position on. Takes about
 * 110 KB from `allocator` (borrowed), then no more. Without zlib: DLCORE_ERROR_UNSUPPORTED. */
dlcore_status dlcore_gunzip_open(dlcore_input_t *input, const dlcore_allocator_t *allocator,
                                 dlcore_gunzip_t **out, dlcore_error_record_t *error);

/* Reads `want` bytes of content, and fewer only at the end; *got says how many. Answering fewer
 * means that every checksum was right and that nothing follows the last member. Anything else is
 * DLCORE_ERROR_FORMAT, and no read may follow. */
dlcore_status dlcore_gunzip_read(dlcore_gunzip_t *gunzip, void *to, size_t want, size_t *got,
                                 dlcore_error_record_t *error);

/* NULL is fine. */
void dlcore_gunzip_close(dlcore_gunzip_t *gunzip);

DLCORE_HIDDEN_END

#endif
