/* Reading that goes wrong.
 *
 * SPDX-License-Identifier: MIT */
#include "system/features.h" /* as in files_posix.c, so that the names mean the same functions */

#include "support/failing_read.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

read_faults_t read_faults;

int open(const char *path, int flags, ...)
{
    mode_t mode = 0;

    if ((flags & O_CREAT) != 0) {
        va_list more;

        va_start(more, flags);
        mode = va_arg(more, mode_t);
        va_end(more);
    }
    read_faults.opens++;
    if (read_faults.open_fault != 0 &&
        (read_faults.open_at == 0 || read_faults.open_at == read_faults.opens)) {
        errno = read_faults.open_fault;
        return -1;
    }
    return openat(AT_FDCWD, path, flags, mode);
}

ssize_t pread(int descriptor, void *to, size_t size, off_t offset)
{
    size_t number = ++read_faults.reads;

    if (number == read_faults.delay_at) {
        struct timespec time = {read_faults.delay_ms / 1000, read_faults.delay_ms % 1000 * 1000000};

        nanosleep(&time, NULL);
    }
    if (number == read_faults.fault_at ||
        (read_faults.for_ever && read_faults.fault_at != 0 && number > read_faults.fault_at)) {
        errno = read_faults.fault;
        return read_faults.fault == 0 ? 0 : -1;
    }
    if (number == read_faults.half_at && size > 1)
        size /= 2;
    if (read_faults.most != 0 && size > read_faults.most)
        size = read_faults.most;
    return preadv(descriptor, &(struct iovec){.iov_base = to, .iov_len = size}, 1, offset);
}

int fstat(int descriptor, struct stat *info)
{
    read_faults.stats++;
    if (read_faults.stat_fault != 0) {
        errno = read_faults.stat_fault;
        return -1;
    }
    if (fstatat(descriptor, "", info, AT_EMPTY_PATH) != 0)
        return -1;
    if (read_faults.stat_size != 0)
        info->st_size = read_faults.stat_size;
    return 0;
}
