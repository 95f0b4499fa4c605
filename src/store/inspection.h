/* An inspection while it is made: what users see, and the memory that it owns.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_STORE_INSPECTION_H
#define DLCORE_STORE_INSPECTION_H

#include "system/compiler.h"

#include "dlcore/inspect.h"

DLCORE_HIDDEN_BEGIN

typedef struct dlcore_inspecting {
    dlcore_inspection_t found; /* what the user has a pointer to */
    dlcore_allocator_t allocator;
    struct dlcore_inspection_block *blocks;
    dlcore_weights_report_t *weights;
    bool failed; /* there was no memory for something */
} dlcore_inspecting_t;

/* A new one, all empty; NULL without memory. */
dlcore_inspecting_t *dlcore_inspecting_make(const dlcore_allocator_t *allocator);
/* Room for `count` elements of `size` bytes, which goes with the inspection; unset. NULL without
 * memory, which is noted. */
void *dlcore_inspecting_room(dlcore_inspecting_t *inspecting, size_t count, size_t size);
/* A copy of a text; "" without memory, which is noted. */
const char *dlcore_inspecting_text(dlcore_inspecting_t *inspecting, const char *text);

DLCORE_HIDDEN_END

#endif
