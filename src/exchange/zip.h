/* Reading zip archives, with libzip, from a file or from memory. Nothing is extracted to disk, and
 * no name in an archive is used as a path.
 *
 *     dlcore_zip_t *zip;
 *     status = dlcore_zip_open(&input, 1000, &allocator, &zip, error);
 *     if (status == DLCORE_OK && dlcore_zip_find(zip, "config.json", &index))
 *         status = dlcore_zip_read(zip, index, DLCORE_ZIP_NO_LIMIT, &bytes, &size, error);
 *     ...
 *     dlcore_zip_close(zip);
 *
 * libzip allocates with malloc, in proportion to the archive's list of entries and 100 KB for
 * inflating. Content comes from the caller's allocator. Different archives may be read by different
 * threads.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_EXCHANGE_ZIP_H
#define DLCORE_EXCHANGE_ZIP_H

#include "system/compiler.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "files/input.h"

DLCORE_HIDDEN_BEGIN

#define DLCORE_ZIP_NO_LIMIT SIZE_MAX

typedef struct dlcore_zip dlcore_zip_t;

/* What the archive's list says of an entry. */
typedef struct dlcore_zip_entry {
    const char *name; /* UTF-8; valid as long as the archive is open */
    size_t size;      /* bytes of its content */
    size_t packed;    /* bytes of it in the archive */
    bool compressed;
    bool encrypted;
} dlcore_zip_entry_t;

/* Reads the list of entries. `input` is borrowed, and no one else reads it until the archive is
 * closed; `allocator` is copied. DLCORE_ERROR_FORMAT when it is no zip archive, is cut short, or
 * has two entries of one name; DLCORE_ERROR_UNSUPPORTED when it has more than `most` entries. Time
 * may grow with the square of their number: 0.6 s for 16384 whose names were made for it. On
 * failure *out is NULL. */
dlcore_status dlcore_zip_open(dlcore_input_t *input, size_t most,
                              const dlcore_allocator_t *allocator, dlcore_zip_t **out,
                              dlcore_error_record_t *error);

/* Entries, in the order of the archive's list; names that end in '/' are folders. */
size_t dlcore_zip_count(const dlcore_zip_t *zip);
dlcore_zip_entry_t dlcore_zip_entry(const dlcore_zip_t *zip, size_t index);
bool dlcore_zip_find(const dlcore_zip_t *zip, const char *name, size_t *index);

/* An entry's content, whole and with its checksum verified; dlcore_release gives the block back, to
 * the allocator of the archive. Refused before memory is asked for: more bytes than `limit`
 * (DLCORE_ERROR_OVERFLOW); more than the entry's packed bytes can become (DLCORE_ERROR_FORMAT);
 * encrypted entries, and packed otherwise than stored or deflated (DLCORE_ERROR_UNSUPPORTED).
 * DLCORE_ERROR_FORMAT also when there are more or fewer bytes than declared. */
dlcore_status dlcore_zip_read(dlcore_zip_t *zip, size_t index, size_t limit, void **bytes,
                              size_t *size, dlcore_error_record_t *error);

/* The first `want` bytes of an entry, fewer where it is shorter: *got says how many. The checksum,
 * which is of the whole, is not verified. Errors as above. */
dlcore_status dlcore_zip_read_start(dlcore_zip_t *zip, size_t index, void *to, size_t want,
                                    size_t *got, dlcore_error_record_t *error);

/* NULL is fine. The input stays open. */
void dlcore_zip_close(dlcore_zip_t *zip);

DLCORE_HIDDEN_END

#endif
