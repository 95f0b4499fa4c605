/* Aligned, zeroed allocation on top of the host's allocate and release.
 *
 * The host's pointer is kept in the bytes just before the aligned block.
 *
 * SPDX-License-Identifier: MIT */
#include "base/allocator.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/size.h"
#include "system/memory.h"

#define LARGE ((size_t)4 << 20)

/* Large blocks ask for large pages: without them most of the time of reading a file into fresh
 * memory goes into page faults. */
static void *prefer_large_pages(void *memory, size_t size)
{
    if (memory != NULL && size >= LARGE)
        dlcore_memory_prefer_large_pages(memory, size);
    return memory;
}

static void *default_allocate(void *user, size_t size)
{
    (void)user;
    return prefer_large_pages(malloc(size), size);
}

static void *default_allocate_zeros(void *user, size_t size)
{
    (void)user;
    return prefer_large_pages(calloc(1, size), size);
}

static void default_release(void *user, void *memory)
{
    (void)user;
    free(memory);
}

dlcore_allocator_t dlcore_allocator_default(void)
{
    return (dlcore_allocator_t){.allocate = default_allocate, .release = default_release};
}

dlcore_allocator_t dlcore_allocator_or_default(const dlcore_allocator_t *allocator)
{
    return allocator != NULL ? *allocator : dlcore_allocator_default();
}

dlcore_status dlcore_check_allocator(const dlcore_allocator_t *allocator,
                                     dlcore_error_record_t *error)
{
    if (allocator == NULL || (allocator->allocate != NULL && allocator->release != NULL))
        return DLCORE_OK;
    return dlcore_fail(error, DLCORE_ERROR_ARGUMENT,
                       "the allocator needs both allocate and release: %s is NULL",
                       allocator->allocate == NULL ? "allocate" : "release");
}

void *dlcore_allocate_bytes(const dlcore_allocator_t *allocator, size_t size)
{
    int number = errno;
    void *memory = allocator->allocate(allocator->user, size);

    errno = number;
    return memory;
}

void dlcore_release_bytes(const dlcore_allocator_t *allocator, void *memory)
{
    int number = errno;

    allocator->release(allocator->user, memory);
    errno = number;
}

void *dlcore_allocate_raw(const dlcore_allocator_t *allocator, size_t count, size_t size)
{
    size_t bytes, total;
    char *raw;
    char *aligned;

    if (!dlcore_size_multiply(count, size, &bytes) ||
        !dlcore_size_add(bytes, sizeof(void *) + DLCORE_ALIGNMENT, &total) || total > PTRDIFF_MAX)
        return NULL;
    raw = dlcore_allocate_bytes(allocator, total);
    if (raw == NULL)
        return NULL;
    aligned = raw + sizeof(void *);
    aligned += (DLCORE_ALIGNMENT - (uintptr_t)aligned % DLCORE_ALIGNMENT) % DLCORE_ALIGNMENT;
    memcpy(aligned - sizeof(void *), &raw, sizeof raw);
    return aligned;
}

void *dlcore_allocate_untouched(const dlcore_allocator_t *allocator, size_t count, size_t size)
{
    const dlcore_allocator_t zeros = {.allocate = default_allocate_zeros};

    if (allocator->allocate == default_allocate)
        return dlcore_allocate_raw(&zeros, count, size);
    return dlcore_allocate(allocator, count, size);
}

void *dlcore_allocate(const dlcore_allocator_t *allocator, size_t count, size_t size)
{
    void *memory = dlcore_allocate_raw(allocator, count, size);

    if (memory != NULL)
        memset(memory, 0, count * size);
    return memory;
}

void dlcore_release(const dlcore_allocator_t *allocator, void *memory)
{
    void *raw;

    if (memory == NULL)
        return;
    memcpy(&raw, (char *)memory - sizeof raw, sizeof raw);
    dlcore_release_bytes(allocator, raw);
}
