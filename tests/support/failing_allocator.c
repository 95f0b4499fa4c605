/* The allocator that fails.
 *
 * SPDX-License-Identifier: MIT */
#include "support/failing_allocator.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define LIVE ((size_t)0x6c697665)
#define FENCE_SIZE 16
#define FENCE_BYTE 0x5A

/* Keeps the block behind it as aligned as malloc's. */
typedef union head {
    struct {
        size_t mark;
        size_t size;
    } is;
    max_align_t alignment;
} head_t;

static void lock(failing_allocator_t *memory)
{
    while (atomic_flag_test_and_set_explicit(&memory->lock, memory_order_acquire))
        continue;
}

static void unlock(failing_allocator_t *memory)
{
    atomic_flag_clear_explicit(&memory->lock, memory_order_release);
}

/* Counts a call and answers whether it is to fail. */
static bool is_refused(failing_allocator_t *memory, size_t size)
{
    memory->calls++;
    if (size > memory->largest)
        memory->largest = size;
    if (memory->fail_at != 0 && (memory->fail_for_ever ? memory->calls >= memory->fail_at
                                                       : memory->calls == memory->fail_at))
        return true;
    return memory->live_limit != 0 && (memory->live_bytes > memory->live_limit ||
                                       size > memory->live_limit - memory->live_bytes);
}

static void *allocate(void *user, size_t size)
{
    failing_allocator_t *memory = user;
    unsigned char *block;
    head_t *head = NULL;

    lock(memory);
    if (!is_refused(memory, size) && size <= PTRDIFF_MAX - sizeof *head - FENCE_SIZE)
        head = malloc(sizeof *head + size + FENCE_SIZE);
    if (head == NULL) {
        memory->failures++;
        unlock(memory);
        return NULL;
    }
    memory->live_blocks++;
    memory->live_bytes += size;
    if (memory->live_bytes > memory->peak_bytes)
        memory->peak_bytes = memory->live_bytes;
    unlock(memory);

    head->is.mark = LIVE;
    head->is.size = size;
    block = (unsigned char *)(head + 1);
    memset(block, 0xA5, size);
    memset(block + size, FENCE_BYTE, FENCE_SIZE);
    return block;
}

static bool fence_stands(const unsigned char *fence)
{
    for (size_t i = 0; i < FENCE_SIZE; i++)
        if (fence[i] != FENCE_BYTE)
            return false;
    return true;
}

static void release(void *user, void *block)
{
    failing_allocator_t *memory = user;
    head_t *head = block != NULL ? (head_t *)block - 1 : NULL;
    bool good = head != NULL && head->is.mark == LIVE;

    lock(memory);
    memory->releases++;
    if (good) {
        memory->live_blocks--;
        memory->live_bytes -= head->is.size;
        if (!fence_stands((unsigned char *)block + head->is.size))
            memory->damaged++;
    } else {
        memory->damaged++;
    }
    unlock(memory);
    if (good) {
        memset(block, 0xDD, head->is.size);
        head->is.mark = 0;
        free(head);
    }
}

void failing_allocator_init(failing_allocator_t *memory)
{
    memset(memory, 0, sizeof *memory);
    atomic_flag_clear(&memory->lock);
}

dlcore_allocator_t failing_allocator(failing_allocator_t *memory)
{
    return (dlcore_allocator_t){.allocate = allocate, .release = release, .user = memory};
}

void failing_allocator_assert_clean(const failing_allocator_t *memory)
{
    if (memory->live_blocks != 0)
        fail_msg("%zu blocks (%zu bytes) were not released after %zu calls", memory->live_blocks,
                 memory->live_bytes, memory->calls);
    if (memory->damaged != 0)
        fail_msg("%zu blocks were damaged, or released that were none", memory->damaged);
}

/* One run; answers whether an allocation failed in it. */
static bool run(failing_scenario_t *scenario, void *context, failing_allocator_t *memory,
                size_t fail_at, bool for_ever)
{
    dlcore_allocator_t allocator = failing_allocator(memory);
    dlcore_status expected, status;

    failing_allocator_init(memory);
    memory->fail_at = fail_at;
    memory->fail_for_ever = for_ever;
    status = scenario(&allocator, context);
    expected = memory->failures > 0 ? DLCORE_ERROR_MEMORY : DLCORE_OK;
    if (status != expected)
        fail_msg("allocation %zu failing %s: status %s, not %s", fail_at,
                 for_ever ? "for ever" : "once", dlcore_status_name(status),
                 dlcore_status_name(expected));
    failing_allocator_assert_clean(memory);
    return memory->failures > 0;
}

size_t failing_allocator_sweep(failing_scenario_t *scenario, void *context)
{
    failing_allocator_t memory;
    size_t calls = 0;

    for (int for_ever = 0; for_ever <= 1; for_ever++) {
        size_t n = 1;

        while (run(scenario, context, &memory, n, for_ever != 0))
            n++;
        calls = memory.calls;
        if (calls != n - 1)
            fail_msg("%zu allocations without a failure, %zu could fail", calls, n - 1);
    }
    return calls;
}
