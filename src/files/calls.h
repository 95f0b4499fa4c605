/* Calls of the system that a signal may interrupt, made again until none does.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_FILES_CALLS_H
#define DLCORE_FILES_CALLS_H

#include "system/compiler.h"

#include <errno.h>

#include "system/files.h"

DLCORE_HIDDEN_BEGIN

static inline dlcore_file_t dlcore_call_open(const dlcore_system_t *system, const char *path,
                                             int how, unsigned permissions)
{
    dlcore_file_t file;

    do
        file = system->open(system->user, path, how, permissions);
    while (!dlcore_file_is_open(file) && errno == EINTR);
    return file;
}

static inline dlcore_file_t dlcore_call_openat(const dlcore_system_t *system, dlcore_file_t folder,
                                               const char *name, int how, unsigned permissions)
{
    dlcore_file_t file;

    do
        file = system->openat(system->user, folder, name, how, permissions);
    while (!dlcore_file_is_open(file) && errno == EINTR);
    return file;
}

static inline int dlcore_call_ftruncate(const dlcore_system_t *system, dlcore_file_t file,
                                        int64_t size)
{
    int result;

    do
        result = system->ftruncate(system->user, file, size);
    while (result != 0 && errno == EINTR);
    return result;
}

static inline int dlcore_call_fchmod(const dlcore_system_t *system, dlcore_file_t file,
                                     unsigned permissions)
{
    int result;

    do
        result = system->fchmod(system->user, file, permissions);
    while (result != 0 && errno == EINTR);
    return result;
}

static inline int dlcore_call_fchown(const dlcore_system_t *system, dlcore_file_t file,
                                     int64_t owner, int64_t group)
{
    int result;

    do
        result = system->fchown(system->user, file, owner, group);
    while (result != 0 && errno == EINTR);
    return result;
}

static inline int dlcore_call_lock(const dlcore_system_t *system, dlcore_file_t file)
{
    int result;

    do
        result = system->lock(system->user, file);
    while (result != 0 && errno == EINTR);
    return result;
}

static inline int dlcore_call_fsync(const dlcore_system_t *system, dlcore_file_t file)
{
    int result;

    do
        result = system->fsync(system->user, file);
    while (result != 0 && errno == EINTR);
    return result;
}

DLCORE_HIDDEN_END

#endif
