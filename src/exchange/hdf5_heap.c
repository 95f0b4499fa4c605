/* Heaps of text in HDF5 files, looked at before libhdf5 reads them.
 *
 * A heap is "GCOL", a version, 3 bytes, its size; then objects: their number (2 bytes), a count of
 * references (2), 4 bytes, the size (8), and the content, up to a multiple of 8. Number 0 is the
 * space that is free, its head included. A text elsewhere is its length (4 bytes), the heap's
 * address (8) and the object's number (4).
 *
 * SPDX-License-Identifier: MIT */
#include "exchange/hdf5_heap.h"

#include <stdint.h>
#include <string.h>

#include "base/little_endian.h"
#include "base/size.h"

enum { HEAP_HEAD = 16, OBJECT_HEAD = 16, REFERENCE = 16 };

/* Objects that are stepped over in one file, of which each text needs those before it. */
#define STEPS_MOST ((size_t)1 << 24)
/* Bytes of text that references stand for together, for each byte of the file: libhdf5 makes a copy
 * for each, and what is overwritten may leave one or two behind. */
#define COPIES_MOST 4

static size_t load_u32_at(const unsigned char *bytes)
{
    return (size_t)bytes[0] | (size_t)bytes[1] << 8 | (size_t)bytes[2] << 16 |
           (size_t)bytes[3] << 24;
}

static bool is_heap(const unsigned char *bytes, size_t size, uint64_t at)
{
    return at <= size && size - at >= HEAP_HEAD && memcmp(bytes + at, "GCOL\1", 5) == 0;
}

/* Steps over a heap. False: its objects do not end where it does. *content: the size of the object
 * of that number, SIZE_MAX where there is none. */
static bool walk_heap(const unsigned char *heap, size_t room, size_t number, size_t *content,
                      size_t *steps)
{
    uint64_t size = dlcore_load_u64(heap + 8);
    size_t at = HEAP_HEAD;

    *content = SIZE_MAX;
    if (size < HEAP_HEAD || size > room)
        return false;
    while (size - at >= OBJECT_HEAD) {
        size_t index = (size_t)heap[at] | (size_t)heap[at + 1] << 8;
        uint64_t length = dlcore_load_u64(heap + at + 8);
        uint64_t whole = index == 0 ? length : OBJECT_HEAD + ((length + 7) & ~UINT64_C(7));

        if (length > size || whole < OBJECT_HEAD || whole > size - at || ++*steps > STEPS_MOST)
            return false;
        if (index != 0 && index == number)
            *content = (size_t)length;
        at += (size_t)whole;
    }
    return true;
}

/* Whether what may be a reference at that place is none, or as long as what it refers to, which is
 * then added to *text. */
static bool is_sound_reference(const unsigned char *bytes, size_t size, size_t at, size_t *steps,
                               uint64_t *text)
{
    uint64_t heap = dlcore_load_u64(bytes + at + 4);
    size_t content, length = load_u32_at(bytes + at), number = load_u32_at(bytes + at + 12);

    if (!is_heap(bytes, size, heap))
        return true;
    if (!walk_heap(bytes + heap, size - (size_t)heap, number, &content, steps))
        return false;
    if (content == length)
        *text += length;
    return content == length || content == SIZE_MAX;
}

const char *dlcore_hdf5_heap_problem(const unsigned char *bytes, size_t size)
{
    /* of superblocks 0 and 1, and of 2 and 3: sizes of addresses and lengths, the base */
    size_t sizes = size > 64 && bytes[8] >= 2 ? 9 : 13, base = sizes == 9 ? 12 : 24;
    size_t steps = 0, content;
    uint64_t text = 0;

    if (size <= 64 || bytes[8] > 3 || bytes[sizes] != 8 || bytes[sizes + 1] != 8 ||
        dlcore_load_u64(bytes + base + (bytes[8] == 1 ? 4 : 0)) != 0)
        return "has addresses of another form than Keras writes";
    for (size_t at = 0; size - at >= REFERENCE; at++) {
        if (is_heap(bytes, size, at) && !walk_heap(bytes + at, size - at, 0, &content, &steps))
            return "has a damaged heap of texts";
        if (!is_sound_reference(bytes, size, at, &steps, &text))
            return "has a text of another length than its heap says";
        if (text / COPIES_MOST > size)
            return "has one text in the place of many";
    }
    return NULL;
}
