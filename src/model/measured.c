/* Memory asked for before it is spent: what would be allocated is, from an allocator that has none
 * and notes how much it was.
 *
 * SPDX-License-Identifier: MIT */
#include "model/measured.h"

#include "base/allocator.h"

static void *refuse_bytes(void *user, size_t size)
{
    size_t *asked = user;

    *asked += size;
    return NULL;
}

static void release_nothing(void *user, void *memory)
{
    (void)user;
    (void)memory;
}

dlcore_allocator_t dlcore_refusing_allocator(size_t *asked)
{
    *asked = 0;
    return (dlcore_allocator_t){
        .allocate = refuse_bytes, .release = release_nothing, .user = asked};
}

size_t dlcore_asked_for(size_t count, size_t size)
{
    size_t asked;
    dlcore_allocator_t refusing = dlcore_refusing_allocator(&asked);

    (void)dlcore_allocate(&refusing, count, size);
    return asked;
}
