/* Reading that goes wrong.
 *
 * SPDX-License-Identifier: MIT */
#define _XOPEN_SOURCE 700    /* POSIX 2008, and S_IFREG */
#define _FILE_OFFSET_BITS 64 /* as in input.c, so that the two names mean the same functions */

#include "support/failing_read.h"

#include <errno.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

read_faults_t read_faults;

ssize_t pread(int descriptor, void *to, size_t size, off_t offset)
{
    read_faults.reads++;
    if (read_faults.reads == read_faults.fault_at) {
        errno = read_faults.fault;
        return read_faults.fault == 0 ? 0 : -1;
    }
    if (read_faults.most != 0 && size > read_faults.most)
        size = read_faults.most;
    if (lseek(descriptor, offset, SEEK_SET) != offset)
        return -1;
    return read(descriptor, to, size);
}

int fstat(int descriptor, struct stat *info)
{
    off_t end = lseek(descriptor, 0, SEEK_END);

    read_faults.stats++;
    if (read_faults.stat_fault != 0) {
        errno = read_faults.stat_fault;
        return -1;
    }
    *info = (struct stat){.st_mode = S_IFREG | S_IRUSR, .st_size = end};
    if (read_faults.stat_size != 0)
        info->st_size = read_faults.stat_size;
    return 0;
}
