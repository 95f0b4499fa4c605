/* Paths.
 *
 * SPDX-License-Identifier: MIT */
#include "files/file_path.h"

#include <errno.h>
#include <string.h>

#include "base/error.h"
#include "base/shown.h"

#define LINKS_MAX 40 /* as many as systems follow */

const char *dlcore_path_name(const char *path)
{
    const char *name = path;

    for (; *path != '\0'; path++)
        if (dlcore_path_separates(*path))
            name = path + 1;
    return name;
}

static dlcore_status fail_path(const char *path, int number, const char *what,
                               dlcore_error_record_t *error)
{
    char shown[DLCORE_SHOWN_PATH_SIZE];

    return dlcore_fail_errno(error, number, "%s: %s", dlcore_show_path(shown, sizeof shown, path),
                             what);
}

/* Replaces `path`, which is a link to `target`, by what that means. */
static dlcore_status follow(char path[DLCORE_PATH_SIZE], const char *target,
                            dlcore_error_record_t *error)
{
    size_t folder = dlcore_path_separates(target[0]) ? 0 : (size_t)(dlcore_path_name(path) - path);
    size_t length = strlen(target);

    if (folder + length >= DLCORE_PATH_SIZE)
        return fail_path(path, ENAMETOOLONG, "cannot follow the link", error);
    memcpy(path + folder, target, length + 1);
    return DLCORE_OK;
}

dlcore_status dlcore_path_resolve(const dlcore_system_t *system, const char *path,
                                  char resolved[DLCORE_PATH_SIZE], dlcore_error_record_t *error)
{
    char target[DLCORE_PATH_SIZE], shown[DLCORE_SHOWN_PATH_SIZE];
    size_t length = strlen(path);
    dlcore_status status;

    if (length == 0)
        return dlcore_fail_errno(error, ENOENT, "the path is empty: cannot write");
    if (length >= DLCORE_PATH_SIZE)
        return fail_path(path, ENAMETOOLONG, "cannot write", error);
    memcpy(resolved, path, length + 1);
    for (int links = 0; links < LINKS_MAX; links++) {
        ptrdiff_t size = system->readlink(system->user, resolved, target, sizeof target);

        if (size < 0 && (errno == EINVAL || errno == ENOENT)) /* no link, or nothing there yet */
            return DLCORE_OK;
        if (size < 0)
            return fail_path(resolved, errno, "cannot write", error);
        if ((size_t)size >= sizeof target) /* and perhaps more */
            return dlcore_fail_errno(
                error, ENAMETOOLONG, "%s: a link to a path of more than %zu bytes",
                dlcore_show_path(shown, sizeof shown, resolved), sizeof target - 1);
        target[size] = '\0';
        status = follow(resolved, target, error);
        if (status != DLCORE_OK)
            return status;
    }
    return fail_path(path, ELOOP, "cannot write", error);
}
