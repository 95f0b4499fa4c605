/* Memory from the host's allocator, with checked sizes and 64-byte alignment.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_BASE_ALLOCATOR_H
#define DLCORE_BASE_ALLOCATOR_H

#include "system/compiler.h"

#include <stddef.h>

#include "dlcore/status.h"

DLCORE_HIDDEN_BEGIN

#define DLCORE_ALIGNMENT 64 /* a cache line, and the widest vector */

/* Room for `count` elements of `size` bytes, all zero, aligned to DLCORE_ALIGNMENT; NULL when the
 * product overflows or there is no memory. count or size 0 gives a valid pointer. Costs at most
 * 72 bytes more than asked. */
void *dlcore_allocate(const dlcore_allocator_t *allocator, size_t count, size_t size);

/* The same with the bytes unset: for what is about to be overwritten whole, such as file data. */
void *dlcore_allocate_raw(const dlcore_allocator_t *allocator, size_t count, size_t size);

/* As dlcore_allocate, for memory that threads share out. The default allocator takes zeros from the
 * system and does not write them: each page is made, near to it, by the thread that writes it
 * first. A host's allocator gives what it gives, and the caller writes the zeros. */
void *dlcore_allocate_untouched(const dlcore_allocator_t *allocator, size_t count, size_t size);

/* Gives back what these returned, to the same allocator. NULL does nothing. */
void dlcore_release(const dlcore_allocator_t *allocator, void *memory);

/* What the host's own functions answer, as it is: for memory that the host gives back itself, or
 * that has a head of its own. errno stays as it was, here and above, whatever malloc sets it to. */
void *dlcore_allocate_bytes(const dlcore_allocator_t *allocator, size_t size);
void dlcore_release_bytes(const dlcore_allocator_t *allocator, void *memory);

/* The allocator that a NULL pointer stands for: the default. */
dlcore_allocator_t dlcore_allocator_or_default(const dlcore_allocator_t *allocator);

/* DLCORE_ERROR_ARGUMENT for one that lacks a function; NULL is fine. */
dlcore_status dlcore_check_allocator(const dlcore_allocator_t *allocator,
                                     dlcore_error_record_t *error);

DLCORE_HIDDEN_END

#endif
