/* An allocator that has nothing and notes what it was asked for.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_MODEL_MEASURED_H
#define DLCORE_MODEL_MEASURED_H

#include "system/compiler.h"

#include <stddef.h>

#include "dlcore/status.h"

DLCORE_HIDDEN_BEGIN

/* *asked, 0 at first, grows by the bytes of each request, which is refused. */
dlcore_allocator_t dlcore_refusing_allocator(size_t *asked);

/* What one block for so many elements comes to; 0 where the product overflows. */
size_t dlcore_asked_for(size_t count, size_t size);

DLCORE_HIDDEN_END

#endif
