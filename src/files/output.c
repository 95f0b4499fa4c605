/* Files that are written whole or not at all.
 *
 * SPDX-License-Identifier: MIT */
#include "files/output.h"

#include <errno.h>

#include "base/error.h"
#include "base/size.h"
#include "files/calls.h"

#define WRITE_MAX ((size_t)1 << 30)

dlcore_status dlcore_output_open(dlcore_output_t *output, const dlcore_system_t *system,
                                 const char *path, dlcore_error_record_t *error)
{
    dlcore_status status = dlcore_temporary_open(
        &output->temporary, system != NULL ? system : dlcore_system(), path, error);

    output->guard = DLCORE_FILE_NONE;
    output->written = 0;
    if (status != DLCORE_OK)
        dlcore_output_close(output);
    return status;
}

dlcore_status dlcore_output_write(dlcore_output_t *output, const void *bytes, size_t size,
                                  dlcore_error_record_t *error)
{
    const dlcore_system_t *system = output->temporary.system;
    const unsigned char *next = bytes;

    while (size > 0) {
        ptrdiff_t count = system->write(system->user, output->temporary.file, next,
                                        dlcore_size_min(size, WRITE_MAX));

        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0)
            return dlcore_fail_errno(error, count < 0 ? errno : ENOSPC,
                                     "%s: cannot write at byte %zu", output->temporary.shown,
                                     output->written);
        next += count;
        size -= (size_t)count;
        output->written += (size_t)count;
    }
    return DLCORE_OK;
}

/* Closes the file while its lock is held on: what a file system has to say when a file is closed
 * must be known before it gets its place, and without the lock another may take it for a leftover.
 * Whatever close says, the file is closed; EINTR is no loss of data. */
static dlcore_status close_file(dlcore_output_t *output, dlcore_error_record_t *error)
{
    const dlcore_system_t *system = output->temporary.system;
    int result;

    output->guard = system->dup(system->user, output->temporary.file);
    if (!dlcore_file_is_open(output->guard))
        return dlcore_fail_errno(error, errno, "%s: cannot make a second descriptor for its lock",
                                 output->temporary.shown);
    result = system->close(system->user, output->temporary.file);
    output->temporary.file = DLCORE_FILE_NONE;
    if (result == 0 || errno == EINTR)
        return DLCORE_OK;
    return dlcore_fail_errno(error, errno, "%s: cannot close it", output->temporary.shown);
}

dlcore_status dlcore_output_commit(dlcore_output_t *output, bool sync, dlcore_error_record_t *error)
{
    const dlcore_system_t *system = output->temporary.system;
    dlcore_status status;

    if (sync && dlcore_call_fsync(system, output->temporary.file) != 0)
        return dlcore_fail_errno(error, errno, "%s: cannot flush it to disk",
                                 output->temporary.shown);
    status = close_file(output, error);
    if (status != DLCORE_OK)
        return status;
    /* no lock of ours would let anybody remove it; people and other hosts may */
    if (!dlcore_temporary_is_named(&output->temporary, output->guard)) {
        output->temporary.exists = errno != ENOENT;
        return dlcore_fail_errno(error, errno, "%s: the temporary file is gone",
                                 output->temporary.shown);
    }
    if (system->renameat(system->user, output->temporary.folder, output->temporary.name,
                         dlcore_path_name(output->temporary.path)) != 0)
        return dlcore_fail_errno(error, errno, "%s: cannot put the new file into its place",
                                 output->temporary.shown);
    output->temporary.exists = false;
    /* some file systems have nothing to sync about a folder, and say so */
    if (sync && dlcore_call_fsync(system, output->temporary.folder) != 0 && errno != EINVAL &&
        errno != ENOTSUP)
        return dlcore_fail_errno(error, errno,
                                 "%s: was written, but its folder could not be flushed to disk",
                                 output->temporary.shown);
    return DLCORE_OK;
}

void dlcore_output_close(dlcore_output_t *output)
{
    const dlcore_system_t *system = output->temporary.system;

    if (output->temporary.exists) /* as long as the lock is held */
        (void)system->unlinkat(system->user, output->temporary.folder, output->temporary.name);
    if (dlcore_file_is_open(output->temporary.file))
        (void)system->close(system->user, output->temporary.file);
    if (dlcore_file_is_open(output->guard))
        (void)system->close(system->user, output->guard);
    if (dlcore_file_is_open(output->temporary.folder))
        (void)system->close(system->user, output->temporary.folder);
    output->temporary.exists = false;
    output->temporary.folder = output->temporary.file = output->guard = DLCORE_FILE_NONE;
}

DLCORE_KEPT_APART dlcore_status dlcore_output_probe(const dlcore_system_t *system, const char *path,
                                                    dlcore_error_record_t *error)
{
    dlcore_output_t output;
    dlcore_status status = dlcore_output_open(&output, system, path, error);

    if (status != DLCORE_OK)
        return status;
    system = output.temporary.system;
    output.temporary.exists =
        system->unlinkat(system->user, output.temporary.folder, output.temporary.name) != 0 &&
        errno != ENOENT;
    if (output.temporary.exists)
        status = dlcore_fail_errno(error, errno, "%s: cannot remove its temporary file",
                                   output.temporary.shown);
    dlcore_output_close(&output);
    return status;
}
