/* Paths.
 *
 * SPDX-License-Identifier: MIT */
#include "files/file_path.h"

#include <errno.h>
#include <string.h>

#include "base/error.h"

#define LINKS_MAX 40 /* as many as systems follow */
#define PATH_END_MAX 120

const char *dlcore_path_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash != NULL ? slash + 1 : path;
}

const char *dlcore_path_shown(const char *path)
{
    size_t length = strlen(path);

    return length > PATH_END_MAX ? path + length - PATH_END_MAX : path;
}

/* Replaces `path`, which is a link to `target`, by what that means. */
static dlcore_status follow(char path[DLCORE_PATH_SIZE], const char *target,
                            dlcore_error_record_t *error)
{
    size_t folder = target[0] == '/' ? 0 : (size_t)(dlcore_path_name(path) - path);
    size_t length = strlen(target);

    if (folder + length >= DLCORE_PATH_SIZE)
        return dlcore_fail_errno(error, ENAMETOOLONG, "%s: cannot follow the link",
                                 dlcore_path_shown(path));
    memcpy(path + folder, target, length + 1);
    return DLCORE_OK;
}

dlcore_status dlcore_path_resolve(const dlcore_system_t *system, const char *path,
                                  char resolved[DLCORE_PATH_SIZE], dlcore_error_record_t *error)
{
    char target[DLCORE_PATH_SIZE];
    size_t length = strlen(path);
    dlcore_status status;

    if (length >= DLCORE_PATH_SIZE)
        return dlcore_fail_errno(error, ENAMETOOLONG, "%s: cannot write", dlcore_path_shown(path));
    memcpy(resolved, path, length + 1);
    for (int links = 0; links < LINKS_MAX; links++) {
        ptrdiff_t size = system->readlink(system->user, resolved, target, sizeof target);

        if (size < 0 && (errno == EINVAL || errno == ENOENT)) /* no link, or nothing there yet */
            return DLCORE_OK;
        if (size < 0)
            return dlcore_fail_errno(error, errno, "%s: cannot write", dlcore_path_shown(resolved));
        if ((size_t)size >= sizeof target) /* and perhaps more */
            return dlcore_fail_errno(error, ENAMETOOLONG,
                                     "%s: a link to a path of more than %zu bytes",
                                     dlcore_path_shown(resolved), sizeof target - 1);
        target[size] = '\0';
        status = follow(resolved, target, error);
        if (status != DLCORE_OK)
            return status;
    }
    return dlcore_fail_errno(error, ELOOP, "%s: cannot write", dlcore_path_shown(path));
}
