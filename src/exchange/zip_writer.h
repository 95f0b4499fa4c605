/* Writing zip archives of stored entries, byte by byte in order: nothing is held but the list.
 *
 *     dlcore_zip_writer_t writer;
 *     dlcore_zip_writer_begin(&writer, write, to, &allocator);
 *     status = dlcore_zip_writer_add(&writer, "config.json", text, length, error);
 *     ...
 *     if (status == DLCORE_OK)
 *         status = dlcore_zip_writer_finish(&writer, error);
 *     dlcore_zip_writer_end(&writer);
 *
 * The same entries give the same bytes: times are those of 1980-01-01. What has 4 GiB or more is
 * written as zip64, by entry, and for the archive's list.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_EXCHANGE_ZIP_WRITER_H
#define DLCORE_EXCHANGE_ZIP_WRITER_H

#include "system/compiler.h"

#include <stddef.h>
#include <stdint.h>

#include "dlcore/status.h"

DLCORE_HIDDEN_BEGIN

/* Takes the next bytes; an error, also in `error`, ends the writing. */
typedef dlcore_status dlcore_zip_sink_t(void *to, const void *bytes, size_t size,
                                        dlcore_error_record_t *error);

typedef struct dlcore_zip_writer {
    dlcore_zip_sink_t *write;
    void *to;
    dlcore_allocator_t allocator;
    uint64_t written;
    unsigned char *list; /* the archive's list of entries, as it will be written */
    size_t list_size, list_room;
    uint64_t count;
} dlcore_zip_writer_t;

void dlcore_zip_writer_begin(dlcore_zip_writer_t *writer, dlcore_zip_sink_t *write, void *to,
                             const dlcore_allocator_t *allocator);

/* An entry whose content is one block. `name` is UTF-8 of at most 65535 bytes, and new. */
dlcore_status dlcore_zip_writer_add(dlcore_zip_writer_t *writer, const char *name,
                                    const void *bytes, size_t size, dlcore_error_record_t *error);

/* An entry in pieces: its size and checksum come first, from a pass over the same bytes with
 * dlcore_zip_checksum (0 at first). Then its bytes, `size` in all. */
uint32_t dlcore_zip_checksum(uint32_t checksum, const void *bytes, size_t size);
dlcore_status dlcore_zip_writer_start(dlcore_zip_writer_t *writer, const char *name, uint64_t size,
                                      uint32_t checksum, dlcore_error_record_t *error);
dlcore_status dlcore_zip_writer_bytes(dlcore_zip_writer_t *writer, const void *bytes, size_t size,
                                      dlcore_error_record_t *error);

/* The list of entries: what makes an archive of the bytes. */
dlcore_status dlcore_zip_writer_finish(dlcore_zip_writer_t *writer, dlcore_error_record_t *error);
/* Gives the memory back, whatever went before. */
void dlcore_zip_writer_end(dlcore_zip_writer_t *writer);

DLCORE_HIDDEN_END

#endif
