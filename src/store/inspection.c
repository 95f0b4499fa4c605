/* Memory of an inspection: blocks that are filled one after the other, because there are many small
 * texts.
 *
 * SPDX-License-Identifier: MIT */
#include "store/inspection.h"

#include <string.h>

#include "base/allocator.h"
#include "base/size.h"

#define BLOCK_BYTES ((size_t)1 << 14)

/* At the beginning of a block; what is kept begins DLCORE_ALIGNMENT bytes further on. */
typedef struct dlcore_inspection_block {
    struct dlcore_inspection_block *next;
    size_t used, size; /* bytes of what is kept */
} dlcore_inspection_block_t;

dlcore_inspecting_t *dlcore_inspecting_make(const dlcore_allocator_t *allocator)
{
    dlcore_inspecting_t *inspecting = dlcore_allocate(allocator, 1, sizeof *inspecting);

    if (inspecting == NULL)
        return NULL;
    inspecting->allocator = *allocator;
    inspecting->found.writer = inspecting->found.format = inspecting->found.format_version = "";
    inspecting->found.problem = inspecting->found.weights_problem = "";
    inspecting->found.optimizer = inspecting->found.loss = inspecting->found.metrics = "";
    inspecting->found.precision = "";
    return inspecting;
}

static dlcore_inspection_block_t *block_for(dlcore_inspecting_t *inspecting, size_t bytes)
{
    dlcore_inspection_block_t *block = inspecting->blocks;
    size_t size = dlcore_size_max(bytes, BLOCK_BYTES);

    if (block != NULL && bytes <= block->size - block->used)
        return block;
    if (size > SIZE_MAX - DLCORE_ALIGNMENT)
        return NULL;
    block = dlcore_allocate_raw(&inspecting->allocator, DLCORE_ALIGNMENT + size, 1);
    if (block == NULL)
        return NULL;
    *block = (dlcore_inspection_block_t){.next = inspecting->blocks, .size = size};
    inspecting->blocks = block;
    return block;
}

void *dlcore_inspecting_room(dlcore_inspecting_t *inspecting, size_t count, size_t size)
{
    size_t bytes, unit = size > 1 ? sizeof(uint64_t) : 1; /* structs are aligned, texts not */
    dlcore_inspection_block_t *block = NULL;
    unsigned char *at;

    if (dlcore_size_multiply(count, size, &bytes) && dlcore_size_add(bytes, unit - 1, &bytes))
        block = block_for(inspecting, bytes);
    if (block == NULL) {
        inspecting->failed = true;
        return NULL;
    }
    at = (unsigned char *)block + DLCORE_ALIGNMENT + dlcore_size_round_up(block->used, unit);
    block->used += bytes;
    return at;
}

const char *dlcore_inspecting_text(dlcore_inspecting_t *inspecting, const char *text)
{
    size_t size = strlen(text) + 1;
    char *at = dlcore_inspecting_room(inspecting, size, 1);

    return at != NULL ? memcpy(at, text, size) : "";
}

void dlcore_inspection_free(dlcore_inspection_t *inspection)
{
    dlcore_inspecting_t *inspecting = (dlcore_inspecting_t *)inspection;
    dlcore_allocator_t allocator;

    if (inspection == NULL)
        return;
    allocator = inspecting->allocator;
    while (inspecting->blocks != NULL) {
        dlcore_inspection_block_t *block = inspecting->blocks;

        inspecting->blocks = block->next;
        dlcore_release(&allocator, block);
    }
    dlcore_weights_report_free(inspecting->weights);
    dlcore_release(&allocator, inspecting);
}
