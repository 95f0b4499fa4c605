/* Numbers of tensors. ONNX keeps them little-endian in raw_data, or as a packed field whose name
 * goes with the type: those of 32 bits and less as varints in int32_data, for instance. float16 and
 * bfloat16 are bits.
 *
 * SPDX-License-Identifier: MIT */
#include "exchange/onnx_tensor.h"

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/shown.h"

/* A place in a file, read through a window. */
typedef struct onnx_bytes {
    dlcore_input_t *input;
    size_t left;     /* that were not read yet */
    size_t at, held; /* of the window */
    unsigned char window[2048];
} onnx_bytes_t;

/* The next `size` bytes, 8 at most; the caller knows that they are there. */
static dlcore_status onnx_next(onnx_bytes_t *bytes, size_t size, const unsigned char **next,
                               dlcore_error_record_t *error)
{
    dlcore_status status = DLCORE_OK;

    if (bytes->held - bytes->at < size) {
        size_t kept = bytes->held - bytes->at, got;
        size_t want = sizeof bytes->window - kept;

        memmove(bytes->window, bytes->window + bytes->at, kept);
        status = dlcore_input_read(bytes->input, bytes->window + kept,
                                   want < bytes->left ? want : bytes->left, &got, error);
        bytes->at = 0;
        bytes->held = kept + got;
        bytes->left -= got;
    }
    *next = bytes->window + bytes->at;
    bytes->at += size;
    return status;
}

/* ---- where the bytes are ---- */

/* What has the tensor's bytes: the file itself, or `beside`, for the caller to close. */
static dlcore_status onnx_open(const dlcore_onnx_graph_t *graph, const dlcore_onnx_tensor_t *tensor,
                               dlcore_input_t *beside, dlcore_input_t **input)
{
    const char *name;

    *input = graph->input;
    if (tensor->storage != DLCORE_ONNX_EXTERNAL)
        return DLCORE_OK;
    *input = beside;
    if (graph->external != NULL) {
        dlcore_input_from_memory(beside, graph->external, graph->external_size, "external data");
        return DLCORE_OK;
    }
    name = dlcore_onnx_text(graph, tensor->location);
    if (graph->path == NULL)
        return dlcore_fail(graph->error, DLCORE_ERROR_ARGUMENT,
                           "%s: its weights are in another file: set options.external_data",
                           graph->input->name);
    return dlcore_input_open_beside(beside, graph->path, name, graph->error);
}

static size_t onnx_element_size(int32_t type)
{
    static const unsigned char sizes[] = {
        [DLCORE_ONNX_FLOAT] = 4,    [DLCORE_ONNX_UINT8] = 1,  [DLCORE_ONNX_INT8] = 1,
        [DLCORE_ONNX_UINT16] = 2,   [DLCORE_ONNX_INT16] = 2,  [DLCORE_ONNX_INT32] = 4,
        [DLCORE_ONNX_INT64] = 8,    [DLCORE_ONNX_BOOL] = 1,   [DLCORE_ONNX_FLOAT16] = 2,
        [DLCORE_ONNX_DOUBLE] = 8,   [DLCORE_ONNX_UINT32] = 4, [DLCORE_ONNX_UINT64] = 8,
        [DLCORE_ONNX_BFLOAT16] = 2,
    };

    return type >= 0 && (size_t)type < sizeof sizes ? sizes[type] : 0;
}

/* Bytes of a number in a packed field, 0 for varints; *fits: whether the type belongs there. */
static size_t onnx_packed_size(unsigned field, int32_t type, bool *fits)
{
    size_t size = onnx_element_size(type);

    switch (field) {
    case 4: /* float_data */
        *fits = type == DLCORE_ONNX_FLOAT;
        return 4;
    case 5: /* int32_data */
        *fits = type != DLCORE_ONNX_FLOAT && type != DLCORE_ONNX_UINT32 && size <= 4;
        return 0;
    case 7: /* int64_data */
        *fits = type == DLCORE_ONNX_INT64;
        return 0;
    case 10: /* double_data */
        *fits = type == DLCORE_ONNX_DOUBLE;
        return 8;
    default: /* uint64_data */
        *fits = type == DLCORE_ONNX_UINT32 || type == DLCORE_ONNX_UINT64;
        return 0;
    }
}

/* Its name for a message. */
static const char *onnx_shown_tensor(const dlcore_onnx_graph_t *graph,
                                     const dlcore_onnx_tensor_t *tensor,
                                     char shown[DLCORE_SHOWN_SIZE])
{
    const char *name = dlcore_onnx_text(graph, tensor->name);

    return dlcore_show(shown, name, strlen(name));
}

static dlcore_status onnx_fail_tensor(const dlcore_onnx_graph_t *graph,
                                      const dlcore_onnx_tensor_t *tensor, dlcore_status status,
                                      const char *problem)
{
    char shown[DLCORE_SHOWN_SIZE];

    return dlcore_fail(graph->error, status, "%s: tensor \"%s\" %s", graph->input->name,
                       onnx_shown_tensor(graph, tensor, shown), problem);
}

/* That an outer file has the bytes. */
static dlcore_status onnx_check_external(const dlcore_onnx_graph_t *graph,
                                         const dlcore_onnx_tensor_t *tensor, size_t bytes)
{
    dlcore_input_t beside, *input;
    dlcore_status status = onnx_open(graph, tensor, &beside, &input);
    char shown[DLCORE_SHOWN_SIZE];
    size_t size;

    if (status != DLCORE_OK)
        return status;
    size = input->size;
    dlcore_input_close(input);
    if (tensor->offset > size || bytes > size - tensor->offset ||
        (tensor->size != SIZE_MAX && tensor->size != bytes))
        return dlcore_fail(graph->error, DLCORE_ERROR_FORMAT,
                           "%s: tensor \"%s\" takes %zu bytes from byte %zu of a file of %zu "
                           "bytes, its length is given as %zu",
                           graph->input->name, onnx_shown_tensor(graph, tensor, shown), bytes,
                           tensor->offset, size, tensor->size);
    return DLCORE_OK;
}

dlcore_status dlcore_onnx_tensor_check(const dlcore_onnx_graph_t *graph,
                                       const dlcore_onnx_tensor_t *tensor)
{
    size_t element = onnx_element_size(tensor->type), size = tensor->size;
    char shown[DLCORE_SHOWN_SIZE];
    bool fits = true;

    if (tensor->problem != NULL)
        return onnx_fail_tensor(graph, tensor, DLCORE_ERROR_FORMAT, tensor->problem);
    if (element == 0)
        return dlcore_fail(graph->error, DLCORE_ERROR_DTYPE,
                           "%s: tensor \"%s\" has data_type %d, which is not supported",
                           graph->input->name, onnx_shown_tensor(graph, tensor, shown),
                           (int)tensor->type);
    if (tensor->count > SIZE_MAX / 8)
        return onnx_fail_tensor(graph, tensor, DLCORE_ERROR_OVERFLOW, "is too large");
    switch (tensor->storage) {
    case DLCORE_ONNX_EXTERNAL:
        return onnx_check_external(graph, tensor, tensor->count * element);
    case DLCORE_ONNX_PACKED:
        element = onnx_packed_size(tensor->field, tensor->type, &fits);
        fits = fits && (element > 0 ? size == tensor->count * element : size >= tensor->count);
        break;
    case DLCORE_ONNX_RAW:
        fits = size == tensor->count * element;
        break;
    case DLCORE_ONNX_LISTED:
        fits = size == tensor->count;
        break;
    default:
        fits = tensor->count == 0;
        break;
    }
    return fits ? DLCORE_OK
                : onnx_fail_tensor(graph, tensor, DLCORE_ERROR_FORMAT,
                                   "has other numbers than its shape and type say");
}

/* ---- what the bytes mean ---- */

static float onnx_half(unsigned bits)
{
    unsigned exponent = bits >> 10 & 31, fraction = bits & 1023;
    float value = exponent == 0    ? ldexpf((float)fraction, -24)
                  : exponent == 31 ? (fraction != 0 ? NAN : INFINITY)
                                   : ldexpf((float)(fraction + 1024), (int)exponent - 25);

    return bits & 0x8000 ? -value : value;
}

static float onnx_float_of_bits(uint32_t bits)
{
    float value;

    memcpy(&value, &bits, sizeof value);
    return value;
}

static double onnx_double_of_bits(uint64_t bits)
{
    double value;

    memcpy(&value, &bits, sizeof value);
    return value;
}

/* A number of which `bits` are those that its type has, the rest of them of no account. */
static float onnx_float_of(int32_t type, uint64_t bits)
{
    switch (type) {
    case DLCORE_ONNX_FLOAT:
        return onnx_float_of_bits((uint32_t)bits);
    case DLCORE_ONNX_DOUBLE:
        return (float)onnx_double_of_bits(bits);
    case DLCORE_ONNX_FLOAT16:
        return onnx_half((unsigned)bits & 0xFFFFu);
    case DLCORE_ONNX_BFLOAT16:
        return onnx_float_of_bits((uint32_t)bits << 16);
    case DLCORE_ONNX_UINT8:
    case DLCORE_ONNX_BOOL:
        return (float)(uint8_t)bits;
    case DLCORE_ONNX_INT8:
        return (float)(int8_t)(uint8_t)bits;
    case DLCORE_ONNX_UINT16:
        return (float)(uint16_t)bits;
    case DLCORE_ONNX_INT16:
        return (float)(int16_t)(uint16_t)bits;
    case DLCORE_ONNX_UINT32:
        return (float)(uint32_t)bits;
    case DLCORE_ONNX_INT32:
        return (float)(int32_t)(uint32_t)bits;
    case DLCORE_ONNX_UINT64:
        return (float)bits;
    default:
        return (float)(int64_t)bits;
    }
}

static dlcore_status onnx_next_fixed(onnx_bytes_t *bytes, size_t size, uint64_t *bits,
                                     dlcore_error_record_t *error)
{
    const unsigned char *next;
    dlcore_status status = onnx_next(bytes, size, &next, error);

    *bits = 0;
    for (size_t i = 0; i < size && status == DLCORE_OK; i++)
        *bits |= (uint64_t)next[i] << 8 * i;
    return status;
}

/* Whether the last byte of the varint was there. */
static dlcore_status onnx_next_varint(onnx_bytes_t *bytes, uint64_t *bits, bool *whole,
                                      dlcore_error_record_t *error)
{
    const unsigned char *next = NULL;
    dlcore_status status = DLCORE_OK;

    *bits = 0;
    *whole = false;
    for (unsigned shift = 0; shift < 70 && !*whole && status == DLCORE_OK; shift += 7) {
        if (bytes->left == 0 && bytes->at == bytes->held)
            return DLCORE_OK;
        status = onnx_next(bytes, 1, &next, error);
        if (status == DLCORE_OK)
            *bits |= (uint64_t)(*next & 0x7F) << shift;
        *whole = status == DLCORE_OK && (*next & 0x80) == 0;
    }
    return status;
}

/* Where numbers go. */
typedef struct onnx_numbers {
    bool of_ints; /* which of the two */
    float *floats;
    int64_t *ints;
} onnx_numbers_t;

static void onnx_put_number(const onnx_numbers_t *to, size_t i, int32_t type, uint64_t bits)
{
    if (to->of_ints)
        to->ints[i] = type == DLCORE_ONNX_INT32 ? (int32_t)(uint32_t)bits : (int64_t)bits;
    else
        to->floats[i] = onnx_float_of(type, bits);
}

/* The numbers of a checked tensor that lie in a file. */
static dlcore_status onnx_read_numbers(const dlcore_onnx_graph_t *graph,
                                       const dlcore_onnx_tensor_t *tensor, dlcore_input_t *input,
                                       const onnx_numbers_t *to)
{
    bool fits = true, whole = true;
    size_t size = tensor->storage == DLCORE_ONNX_PACKED
                      ? onnx_packed_size(tensor->field, tensor->type, &fits)
                      : onnx_element_size(tensor->type);
    onnx_bytes_t bytes = {.input = input, .left = size > 0 ? size * tensor->count : tensor->size};
    dlcore_status status = DLCORE_OK;
    uint64_t bits;

    input->position = tensor->offset;
    for (size_t i = 0; i < tensor->count && status == DLCORE_OK; i++) {
        status = size > 0 ? onnx_next_fixed(&bytes, size, &bits, graph->error)
                          : onnx_next_varint(&bytes, &bits, &whole, graph->error);
        if (!whole)
            break;
        if (status == DLCORE_OK)
            onnx_put_number(to, i, tensor->type, bits);
    }
    if (status == DLCORE_OK && (!whole || bytes.left > 0 || bytes.at != bytes.held))
        status = onnx_fail_tensor(graph, tensor, DLCORE_ERROR_FORMAT,
                                  "has other numbers than its shape says");
    return status;
}

static dlcore_status onnx_tensor_numbers(const dlcore_onnx_graph_t *graph,
                                         const dlcore_onnx_tensor_t *tensor,
                                         const onnx_numbers_t *to)
{
    dlcore_input_t beside, *input;
    dlcore_status status;

    if (tensor->count == 0)
        return DLCORE_OK;
    status = onnx_open(graph, tensor, &beside, &input);
    if (status != DLCORE_OK)
        return status;
    status = onnx_read_numbers(graph, tensor, input, to);
    if (input == &beside)
        dlcore_input_close(&beside);
    return status;
}

dlcore_status dlcore_onnx_tensor_floats(const dlcore_onnx_graph_t *graph,
                                        const dlcore_onnx_tensor_t *tensor, float *to)
{
    const int64_t *ints = graph->ints.items;

    if (tensor->storage != DLCORE_ONNX_LISTED)
        return onnx_tensor_numbers(graph, tensor, &(onnx_numbers_t){.floats = to});
    if (tensor->type == DLCORE_ONNX_FLOAT)
        memcpy(to, (const float *)graph->floats.items + tensor->offset, tensor->count * sizeof *to);
    for (size_t i = 0; tensor->type != DLCORE_ONNX_FLOAT && i < tensor->count; i++)
        to[i] = (float)ints[tensor->offset + i];
    return DLCORE_OK;
}

dlcore_status dlcore_onnx_tensor_ints(const dlcore_onnx_graph_t *graph,
                                      const dlcore_onnx_tensor_t *tensor, int64_t *to, size_t room)
{
    dlcore_status status = dlcore_onnx_tensor_check(graph, tensor);

    if (status != DLCORE_OK)
        return status;
    if (tensor->type != DLCORE_ONNX_INT64 && tensor->type != DLCORE_ONNX_INT32)
        return onnx_fail_tensor(graph, tensor, DLCORE_ERROR_DTYPE, "should have whole numbers");
    if (tensor->count > room)
        return onnx_fail_tensor(graph, tensor, DLCORE_ERROR_UNSUPPORTED,
                                "has more numbers than a shape");
    if (tensor->storage != DLCORE_ONNX_LISTED)
        return onnx_tensor_numbers(graph, tensor, &(onnx_numbers_t){.of_ints = true, .ints = to});
    if (tensor->count > 0)
        memcpy(to, (const int64_t *)graph->ints.items + tensor->offset, tensor->count * sizeof *to);
    return DLCORE_OK;
}
