/* Heaps of text in HDF5 files, looked at before libhdf5 reads them.
 *
 * A heap is "GCOL", a version, 3 bytes, its size; then objects: their number (2 bytes), a count of
 * references (2), 4 bytes, the size (8), and the content, up to a multiple of 8. Number 0 is the
 * space that is free, its head included. A text elsewhere is its length (4 bytes), the heap's
 * address (8) and the object's number (4). Such 16 bytes may also be numbers of another kind, so
 * that one whose object is missing is only taken for damage in an attribute.
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

/* ---- attributes ---- */

static size_t load_u16_at(const unsigned char *bytes)
{
    return (size_t)bytes[0] | (size_t)bytes[1] << 8;
}

/* How many elements a data space has (IV.A.2.b), of 4 bytes or more; SIZE_MAX: more than can be. */
static size_t space_elements(const unsigned char *space, size_t room)
{
    size_t rank = space[1], dims = space[0] == 1 ? 8 : 4, count = 1;

    if (space[0] == 2 && space[3] == 2) /* empty */
        return 0;
    for (size_t i = 0; i < rank; i++) {
        size_t at = dims + 8 * i;
        uint64_t length = at + 8 <= room ? dlcore_load_u64(space + at) : UINT64_MAX;

        if (length > SIZE_MAX || !dlcore_size_multiply(count, (size_t)length, &count))
            return SIZE_MAX;
    }
    return count;
}

/* Names are looked for at every byte: without a message's header in front, no longer ones. */
#define NAME_MOST 1024

/* What may be the message of an attribute (IV.A.2.m). */
typedef struct attribute_message {
    bool of_texts;      /* which lie in heaps: the data are references */
    size_t data, count; /* where they begin, and how many there are */
    size_t bytes;       /* of one */
} attribute_message_t;

static bool is_readable(const unsigned char *name, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (name[i] < 0x20 || name[i] > 0x7E)
            return false;
    }
    return true;
}

/* False: it is none. Its version, a byte, the sizes of name, type and space (2 bytes each), and of
 * version 3 another byte; then these three, in version 1 filled up to multiples of 8. What libhdf5
 * takes for none either is none here, so that numbers are seldom taken for one: a name that does
 * not end at its end. Without a type and a space it has no data. Where no header of a message is
 * in front of it, it is one of texts, with a name that can be read. */
static bool read_attribute_message(const unsigned char *at, size_t room, bool headed,
                                   attribute_message_t *read)
{
    size_t fill = at[0] == 1 ? 8 : 1, name = at[0] == 3 ? 9 : 8, length = load_u16_at(at + 2);
    size_t type = name + dlcore_size_round_up(length, fill), space;

    if (at[0] < 1 || at[0] > 3 || length < 2 || type > room || (!headed && length > NAME_MOST) ||
        memchr(at + name, '\0', length) != at + name + length - 1)
        return false;
    space = type + dlcore_size_round_up(load_u16_at(at + 4), fill);
    *read = (attribute_message_t){
        .data = space + dlcore_size_round_up(load_u16_at(at + 6), fill),
    };
    if (read->data > room || space - type < 8 || read->data - space < 4 || at[type] >> 4 < 1 ||
        at[type] >> 4 > 4 || (at[type] & 0x0F) > 10 || at[space] < 1 || at[space] > 2)
        return headed;
    if (!headed && ((at[type] & 0x0F) != 9 || (at[type + 1] & 0x0F) != 1 || at[space + 1] > 32 ||
                    !is_readable(at + name, length - 1)))
        return false;
    read->of_texts = (at[type] & 0x0F) == 9; /* of variable length */
    read->bytes = load_u32_at(at + type + 4);
    read->count = space_elements(at + space, read->data - space);
    return true;
}

/* In front of an attribute's message: 0x0C in two bytes, its size in two, 4 bytes. Not the end of a
 * reference to a heap's object 12, and the header of 4 bytes that newer files have. */
static bool has_header(const unsigned char *bytes, size_t at)
{
    return at >= 8 && load_u16_at(bytes + at - 8) == 0x0C &&
           !(bytes[at - 4] == 0x0C && load_u16_at(bytes + at - 6) == 0);
}

/* Who reads the attribute believes its own sizes. */
static bool leaves_its_message(const unsigned char *bytes, size_t at,
                               const attribute_message_t *attribute)
{
    size_t data;

    return !dlcore_size_multiply(attribute->count, attribute->bytes, &data) ||
           !dlcore_size_add(data, attribute->data, &data) || data > load_u16_at(bytes + at - 6);
}

/* Of the attribute that may be at that place; NULL: nothing. There it is known what a reference is,
 * so that the heap must have the text. */
static const char *problem_of_attribute(const unsigned char *bytes, size_t size, size_t at,
                                        size_t *steps)
{
    const bool headed = has_header(bytes, at);
    attribute_message_t attribute;
    size_t content;

    if (!read_attribute_message(bytes + at, size - at, headed, &attribute))
        return NULL;
    if (headed && bytes[at] >= 2 && (bytes[at + 1] & 3) != 0)
        return "has an attribute of a shared type, which Keras never writes";
    if (headed && leaves_its_message(bytes, at, &attribute))
        return "has an attribute that is longer than its place";
    if (attribute.of_texts && attribute.bytes != REFERENCE)
        return "has texts whose places are not 16 bytes each";
    at += attribute.data;
    for (size_t i = 0; attribute.of_texts && i < attribute.count && size - at >= REFERENCE; i++) {
        uint64_t heap = dlcore_load_u64(bytes + at + 4);

        if (++*steps > STEPS_MOST)
            return "has more texts than can be";
        if (is_heap(bytes, size, heap) &&
            walk_heap(bytes + heap, size - (size_t)heap, load_u32_at(bytes + at + 12), &content,
                      steps) &&
            content == SIZE_MAX)
            return "has a text that its heap lacks";
        at += REFERENCE;
    }
    return NULL;
}

const char *dlcore_hdf5_heap_problem(const unsigned char *bytes, size_t size)
{
    /* of superblocks 0 and 1, and of 2 and 3: sizes of addresses and lengths, the base */
    size_t sizes = size > 64 && bytes[8] >= 2 ? 9 : 13, base = sizes == 9 ? 12 : 24;
    size_t steps = 0, content;
    const char *problem;
    uint64_t text = 0;

    if (size <= 64 || bytes[8] > 3 || bytes[sizes] != 8 || bytes[sizes + 1] != 8 ||
        dlcore_load_u64(bytes + base + (bytes[8] == 1 ? 4 : 0)) != 0)
        return "has addresses of another form than Keras writes";
    for (size_t at = 0; size - at >= REFERENCE; at++) {
        if (is_heap(bytes, size, at) && !walk_heap(bytes + at, size - at, 0, &content, &steps))
            return "has a damaged heap of texts";
        if (!is_sound_reference(bytes, size, at, &steps, &text))
            return "has a text of another length than its heap says";
        problem = problem_of_attribute(bytes, size, at, &steps);
        if (problem != NULL)
            return problem;
        if (text / COPIES_MOST > size)
            return "has one text in the place of many";
    }
    return NULL;
}
