/* Paths: their names, their ends, what links mean.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_FILES_FILE_PATH_H
#define DLCORE_FILES_FILE_PATH_H

#include "system/compiler.h"

#include "dlcore/status.h"
#include "system/files.h"

DLCORE_HIDDEN_BEGIN

#define DLCORE_PATH_SIZE 2048

/* The file's own name within a path. */
const char *dlcore_path_name(const char *path);

/* The path of the file that `path` means, links followed; nothing need be there yet. */
dlcore_status dlcore_path_resolve(const dlcore_system_t *system, const char *path,
                                  char resolved[DLCORE_PATH_SIZE], dlcore_error_record_t *error);

DLCORE_HIDDEN_END

#endif
