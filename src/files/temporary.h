/* A new file next to the one whose place it is to take: made, locked, told from what dead processes
 * left (output.h).
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_FILES_TEMPORARY_H
#define DLCORE_FILES_TEMPORARY_H

#include "system/compiler.h"

#include <stdbool.h>

#include "base/shown.h"
#include "dlcore/status.h"
#include "files/file_path.h"
#include "system/files.h"

DLCORE_HIDDEN_BEGIN

#define DLCORE_TEMPORARY_NAME_SIZE 256

typedef struct dlcore_temporary {
    const dlcore_system_t *system;
    dlcore_file_t folder;
    dlcore_file_t file;
    bool exists;                        /* under its name, for us to remove */
    char path[DLCORE_PATH_SIZE];        /* of the file to be, links followed */
    char shown[DLCORE_SHOWN_PATH_SIZE]; /* the path, for messages */
    char name[DLCORE_TEMPORARY_NAME_SIZE];
} dlcore_temporary_t;

/* Follows the links of the path, opens the folder, makes the file in it and locks it, with what can
 * be kept of the permissions of a file that is there. DLCORE_ERROR_IO with errno's text, or when
 * there is something that is no regular file. On failure there may be something to close and to
 * remove all the same. */
dlcore_status dlcore_temporary_open(dlcore_temporary_t *temporary, const dlcore_system_t *system,
                                    const char *path, dlcore_error_record_t *error);
/* Whether the name means this open file. If not, errno is ENOENT, or tells why that cannot be told.
 */
bool dlcore_temporary_is_named(const dlcore_temporary_t *temporary, dlcore_file_t file);

DLCORE_HIDDEN_END

#endif
