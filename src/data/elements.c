/* The elements of array files: order of bytes, and types that tensors do not have.
 *
 * SPDX-License-Identifier: MIT */
#include "data/elements.h"

#include <string.h>

#include "base/error.h"
#include "base/float_mode.h"
#include "base/half.h"
#include "base/size.h"
#include "files/bytes.h"
#include "tensor/tensor.h"

#define BLOCK_SIZE 4096 /* bytes of the file that are converted at a time, on the stack */

static const struct {
    unsigned char item;
    dlcore_dtype_t dtype;
} elements_forms[] = {
    [DLCORE_ELEMENT_BOOL] = {1, DLCORE_DTYPE_UINT8},
    [DLCORE_ELEMENT_UINT8] = {1, DLCORE_DTYPE_UINT8},
    [DLCORE_ELEMENT_INT8] = {1, DLCORE_DTYPE_INT32},
    [DLCORE_ELEMENT_INT16] = {2, DLCORE_DTYPE_INT32},
    [DLCORE_ELEMENT_UINT16] = {2, DLCORE_DTYPE_INT32},
    [DLCORE_ELEMENT_INT32] = {4, DLCORE_DTYPE_INT32},
    [DLCORE_ELEMENT_UINT32] = {4, DLCORE_DTYPE_INT32},
    [DLCORE_ELEMENT_INT64] = {8, DLCORE_DTYPE_INT32},
    [DLCORE_ELEMENT_UINT64] = {8, DLCORE_DTYPE_INT32},
    [DLCORE_ELEMENT_FLOAT16] = {2, DLCORE_DTYPE_FLOAT32},
    [DLCORE_ELEMENT_FLOAT32] = {4, DLCORE_DTYPE_FLOAT32},
    [DLCORE_ELEMENT_FLOAT64] = {8, DLCORE_DTYPE_FLOAT32},
};

void dlcore_elements_set_type(dlcore_file_elements_t *elements, dlcore_element_type_t type)
{
    elements->type = type;
    elements->item = elements_forms[type].item;
    elements->dtype = elements_forms[type].dtype;
}

dlcore_status dlcore_elements_set_size(dlcore_file_elements_t *elements, const char *name,
                                       dlcore_error_record_t *error)
{
    char text[DLCORE_SHAPE_TEXT_SIZE];
    dlcore_tensor_t layout;

    if (dlcore_tensor_layout(&layout, elements->dtype, elements->rank, elements->shape, NULL) !=
            DLCORE_OK ||
        !dlcore_size_multiply(layout.size, elements->item, &elements->content))
        return dlcore_fail(error, DLCORE_ERROR_OVERFLOW, "%s: shape %s is too large", name,
                           dlcore_shape_text(text, elements->rank, elements->shape));
    elements->size = layout.size;
    return DLCORE_OK;
}

/* ---- order of bytes ---- */

static void swap16_all(unsigned char *elements, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        unsigned char first = elements[2 * i];

        elements[2 * i] = elements[2 * i + 1];
        elements[2 * i + 1] = first;
    }
}

static void swap64_all(unsigned char *elements, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        uint64_t bits;

        memcpy(&bits, elements + 8 * i, sizeof bits);
        bits = dlcore_swap64(bits);
        memcpy(elements + 8 * i, &bits, sizeof bits);
    }
}

static void swap_all(unsigned char *elements, size_t item, size_t count)
{
    if (item == 2)
        swap16_all(elements, count);
    else if (item == 4)
        dlcore_swap32_all(elements, elements, count);
    else if (item == 8)
        swap64_all(elements, count);
}

/* ---- types ---- */

#define AS_IT_IS(wide) (wide)

/* `count` elements of one type as elements of another. */
#define CONVERSION(name, from_type, to_type, convert)                            \
    static void name(const unsigned char *from, unsigned char *to, size_t count) \
    {                                                                            \
        for (size_t i = 0; i < count; i++) {                                     \
            from_type element;                                                   \
            to_type converted;                                                   \
                                                                                 \
            memcpy(&element, from + sizeof element * i, sizeof element);         \
            converted = (to_type)convert(element);                               \
            memcpy(to + sizeof converted * i, &converted, sizeof converted);     \
        }                                                                        \
    }

CONVERSION(from_int8, int8_t, int32_t, AS_IT_IS)
CONVERSION(from_int16, int16_t, int32_t, AS_IT_IS)
CONVERSION(from_uint16, uint16_t, int32_t, AS_IT_IS)
CONVERSION(from_float16, uint16_t, uint32_t, dlcore_half_to_float)
CONVERSION(from_float64, double, float, AS_IT_IS)

/* The same to int32; `excess` is 0 for elements that fit. Answers how many are converted: all, or
 * those before the first that does not fit. The two blocks may be the same. */
#define CHECKED_CONVERSION(name, from_type, excess)                                \
    static size_t name(const unsigned char *from, unsigned char *to, size_t count) \
    {                                                                              \
        from_type element, all = 0;                                                \
        size_t good = 0;                                                           \
                                                                                   \
        for (size_t i = 0; i < count; i++) {                                       \
            uint32_t converted;                                                    \
                                                                                   \
            memcpy(&element, from + sizeof element * i, sizeof element);           \
            all |= excess(element);                                                \
            converted = (uint32_t)element;                                         \
            memcpy(to + sizeof converted * i, &converted, sizeof converted);       \
        }                                                                          \
        if (all == 0)                                                              \
            return count;                                                          \
        for (;; good++) {                                                          \
            memcpy(&element, from + sizeof element * good, sizeof element);        \
            if (excess(element) != 0)                                              \
                return good;                                                       \
        }                                                                          \
    }

#define UNSIGNED_EXCESS(bits) ((bits) >> 31)
#define SIGNED_EXCESS(bits) (((bits) + ((uint64_t)1 << 31)) >> 32) /* from INT32_MIN up */

CHECKED_CONVERSION(from_uint32, uint32_t, UNSIGNED_EXCESS)
CHECKED_CONVERSION(from_int64, uint64_t, SIGNED_EXCESS)
CHECKED_CONVERSION(from_uint64, uint64_t, UNSIGNED_EXCESS)

/* How many are 0 or 1 before the first that is not. */
static size_t check_bools(const unsigned char *elements, size_t count)
{
    unsigned char all = 0;
    size_t good = 0;

    for (size_t i = 0; i < count; i++)
        all |= elements[i];
    if (all <= 1)
        return count;
    while (elements[good] <= 1)
        good++;
    return good;
}

/* Elements in the host's order of bytes. Answers how many are converted before the first that
 * cannot be. Types that the tensor has, too, and those of its size are converted in place. */
static size_t convert_elements(dlcore_element_type_t type, const unsigned char *from,
                               unsigned char *to, size_t count)
{
    switch (type) {
    case DLCORE_ELEMENT_BOOL:
        return check_bools(from, count);
    case DLCORE_ELEMENT_INT8:
        from_int8(from, to, count);
        return count;
    case DLCORE_ELEMENT_INT16:
        from_int16(from, to, count);
        return count;
    case DLCORE_ELEMENT_UINT16:
        from_uint16(from, to, count);
        return count;
    case DLCORE_ELEMENT_UINT32:
        return from_uint32(from, to, count);
    case DLCORE_ELEMENT_INT64:
        return from_int64(from, to, count);
    case DLCORE_ELEMENT_UINT64:
        return from_uint64(from, to, count);
    case DLCORE_ELEMENT_FLOAT16:
        from_float16(from, to, count);
        return count;
    case DLCORE_ELEMENT_FLOAT64:
        from_float64(from, to, count);
        return count;
    case DLCORE_ELEMENT_UINT8:
    case DLCORE_ELEMENT_INT32:
    case DLCORE_ELEMENT_FLOAT32:
        break;
    }
    return count;
}

/* ---- reading ---- */

static dlcore_status read_input(void *from, void *to, size_t want, size_t *got,
                                dlcore_error_record_t *error)
{
    return dlcore_input_read(from, to, want, got, error);
}

dlcore_elements_source_t dlcore_elements_from_input(dlcore_input_t *input)
{
    return (dlcore_elements_source_t){.read = read_input, .from = input, .name = input->name};
}

/* The row, along axis 0, of the element that is n-th in the file. */
static size_t row_of(const dlcore_file_elements_t *elements, size_t n)
{
    if (elements->rank == 0)
        return 0;
    return elements->fortran_order ? n % elements->shape[0]
                                   : n / (elements->size / elements->shape[0]);
}

/* The n-th element in the file cannot be converted. */
static dlcore_status refuse_element(const dlcore_file_elements_t *elements, const char *name,
                                    size_t n, const unsigned char *element,
                                    dlcore_error_record_t *error)
{
    size_t row = row_of(elements, n);
    uint32_t narrow;
    uint64_t wide;

    if (elements->type == DLCORE_ELEMENT_BOOL)
        return dlcore_fail(error, DLCORE_ERROR_FORMAT, "%s: row %zu: %d is not a bool", name, row,
                           *element);
    if (elements->type == DLCORE_ELEMENT_UINT32) {
        memcpy(&narrow, element, sizeof narrow);
        wide = narrow;
    } else {
        memcpy(&wide, element, sizeof wide);
    }
    if (elements->type == DLCORE_ELEMENT_INT64)
        return dlcore_fail(error, DLCORE_ERROR_RANGE, "%s: row %zu: %lld does not fit int32", name,
                           row, (long long)wide);
    return dlcore_fail(error, DLCORE_ERROR_RANGE, "%s: row %zu: %llu does not fit int32", name, row,
                       (unsigned long long)wide);
}

/* Turns `from` round where the file's order is not the host's, and converts it to `to`. */
static dlcore_status take_block(const dlcore_file_elements_t *elements, const char *name,
                                size_t first, unsigned char *from, unsigned char *to, size_t count,
                                dlcore_error_record_t *error)
{
    size_t good;

    if (elements->big_endian != dlcore_host_is_big_endian())
        swap_all(from, elements->item, count);
    good = convert_elements(elements->type, from, to, count);
    if (good < count)
        return refuse_element(elements, name, first + good, from + elements->item * good, error);
    return DLCORE_OK;
}

/* Types of another size than the tensor's: through a block on the stack. */
static dlcore_status read_blocks(const dlcore_file_elements_t *elements,
                                 const dlcore_elements_source_t *source, size_t first, size_t count,
                                 unsigned char *to, size_t *got, dlcore_error_record_t *error)
{
    unsigned char block[BLOCK_SIZE];
    size_t to_item = dlcore_dtype_size(elements->dtype);
    size_t part, read;

    *got = 0;
    for (size_t done = 0; done < count; done += part) {
        dlcore_status status;

        part = dlcore_size_min(BLOCK_SIZE / elements->item, count - done);
        status = source->read(source->from, block, part * elements->item, &read, error);
        if (status != DLCORE_OK)
            return status;
        *got += read;
        if (read < part * elements->item)
            return DLCORE_OK;
        status = take_block(elements, source->name, first + done, block, to + done * to_item, part,
                            error);
        if (status != DLCORE_OK)
            return status;
    }
    return DLCORE_OK;
}

dlcore_status dlcore_elements_read(const dlcore_file_elements_t *elements,
                                   const dlcore_elements_source_t *source, size_t first,
                                   size_t count, unsigned char *to, size_t *got,
                                   dlcore_error_record_t *error)
{
    dlcore_status status;

    if (elements->item != dlcore_dtype_size(elements->dtype)) {
        /* rounded to nearest, small numbers kept, whatever mode the host is in */
        dlcore_float_mode_t mode = dlcore_float_mode_enter(false);

        status = read_blocks(elements, source, first, count, to, got, error);
        dlcore_float_mode_leave(mode);
        return status;
    }
    status = source->read(source->from, to, count * elements->item, got, error);
    if (status != DLCORE_OK || *got < count * elements->item)
        return status;
    return take_block(elements, source->name, first, to, to, count, error);
}
