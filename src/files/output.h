/* Writing a file so that it is either whole or not there: the bytes go to a new file in the same
 * folder, which replaces the old one only when all of it has reached the disk.
 *
 *     dlcore_output_t output;
 *     if (dlcore_output_open(&output, NULL, path, error) == DLCORE_OK) {
 *         status = dlcore_output_write(&output, bytes, size, error);
 *         if (status == DLCORE_OK)
 *             status = dlcore_output_commit(&output, true, error);
 *         dlcore_output_close(&output);      (what was not committed leaves no trace)
 *     }
 *
 * The old file's permissions are kept, and a symbolic link stays one: what it points to is
 * replaced. Other hard links keep the old content. Where the old owner or group cannot be kept, the
 * new file gives nobody a permission that he did not have.
 *
 * A process that is killed meanwhile leaves the old file whole, and next to it a file
 * ".<name>.dlcore-<n>.tmp". These do not pile up: whoever writes holds a lock (flock) on his
 * temporary file until it has its place or is gone; the next to write to the same path takes the
 * least n that nobody holds, and removes what a dead process left under it. So there are never more
 * of them than there were writers at one time, and two processes that save to one path at once
 * both succeed, one after the other. A file that was just made and is not locked yet may be taken
 * for a leftover: its maker notices, because the name no longer means his file, and makes another.
 * On file systems without locks leftovers stay and are passed by.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_FILES_OUTPUT_H
#define DLCORE_FILES_OUTPUT_H

#include "system/compiler.h"

#include <stdbool.h>
#include <stddef.h>

#include "dlcore/status.h"
#include "files/temporary.h"

DLCORE_HIDDEN_BEGIN

typedef struct dlcore_output {
    dlcore_temporary_t temporary;
    dlcore_file_t guard; /* holds the lock when the file is closed */
    size_t written;
} dlcore_output_t;

/* Makes the temporary file. `system` NULL: the real one. DLCORE_ERROR_IO with errno's text, or when
 * there is something at `path` that is no regular file. On failure there is nothing to close. */
dlcore_status dlcore_output_open(dlcore_output_t *output, const dlcore_system_t *system,
                                 const char *path, dlcore_error_record_t *error);
dlcore_status dlcore_output_write(dlcore_output_t *output, const void *bytes, size_t size,
                                  dlcore_error_record_t *error);
/* Puts the file into its place. With `sync` the bytes are on the disk before, and the new name
 * after: what survives a power cut is the old file or the new one. When only the very last step
 * fails, the error says that the file was replaced already. */
dlcore_status dlcore_output_commit(dlcore_output_t *output, bool sync,
                                   dlcore_error_record_t *error);
/* Removes what was not committed. */
void dlcore_output_close(dlcore_output_t *output);

/* Whether a file could be written now: opens, and takes all back. What is at `path` is not touched.
 * Errors as of dlcore_output_open; also where a file can be made, but not removed. */
dlcore_status dlcore_output_probe(const dlcore_system_t *system, const char *path,
                                  dlcore_error_record_t *error);

DLCORE_HIDDEN_END

#endif
