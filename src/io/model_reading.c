/* Tensors from a safetensors file straight into their places.
 *
 * SPDX-License-Identifier: MIT */
#include "io/model_reading.h"

#include <stdio.h>
#include <string.h>

#include "base/allocator.h"
#include "base/error.h"
#include "base/size.h"

#define SKIP_BYTES 4096
#define SHAPE_TEXT 80
#define WIDE 4096
#define BUFFER_FLOATS ((size_t)1 << 15)
#define BUFFER_FLOATS_WIDE ((size_t)1 << 18)

dlcore_status dlcore_model_reading_open(dlcore_model_reading_t *reading,
                                        dlcore_byte_source_t *source,
                                        const dlcore_allocator_t *allocator,
                                        dlcore_error_record_t *error)
{
    unsigned char prefix[DLCORE_SAFETENSORS_PREFIX] = {0};
    size_t size = 0;
    dlcore_status status = DLCORE_OK;

    *reading = (dlcore_model_reading_t){.source = source, .allocator = *allocator, .error = error};
    if (source->size >= sizeof prefix)
        status = dlcore_byte_source_read(source, prefix, sizeof prefix, error);
    if (status == DLCORE_OK)
        status = dlcore_safetensors_prefix(prefix, source->size, source->name, &size, error);
    if (status != DLCORE_OK)
        return status;
    reading->text = dlcore_allocate_raw(allocator, size, 1);
    if (reading->text == NULL)
        return dlcore_fail_memory(error, source->name, size);
    status = dlcore_byte_source_read(source, reading->text, size, error);
    if (status != DLCORE_OK)
        return status;
    return dlcore_safetensors_parse(reading->text, size, source->size - sizeof prefix - size,
                                    source->name, allocator, &reading->file, error);
}

void dlcore_model_reading_close(dlcore_model_reading_t *reading)
{
    dlcore_safetensors_clear(&reading->file, &reading->allocator);
    dlcore_release(&reading->allocator, reading->text);
    reading->text = NULL;
}

/* "(784, 512)" */
static const char *shape_text(char text[SHAPE_TEXT], size_t rank, const size_t *shape)
{
    size_t used = 1;

    snprintf(text, SHAPE_TEXT, "(");
    for (size_t i = 0; i < rank && used < SHAPE_TEXT; i++)
        used +=
            (size_t)snprintf(text + used, SHAPE_TEXT - used, i == 0 ? "%zu" : ", %zu", shape[i]);
    if (used < SHAPE_TEXT)
        snprintf(text + used, SHAPE_TEXT - used, ")");
    return text;
}

dlcore_status dlcore_model_reading_find(dlcore_model_reading_t *reading, const char *name,
                                        size_t rank, const size_t *shape,
                                        dlcore_safetensors_entry_t **entry)
{
    const char *file = reading->source->name;
    dlcore_safetensors_entry_t *found = dlcore_safetensors_find(&reading->file, name);
    char wanted[SHAPE_TEXT], got[SHAPE_TEXT], dtype[32];
    size_t lengths[DLCORE_RANK_MAX];

    *entry = NULL;
    if (found == NULL)
        return dlcore_fail(reading->error, DLCORE_ERROR_NAME, "%s: has no tensor \"%s\" %s", file,
                           name, shape_text(wanted, rank, shape));
    if (found->dtype != DLCORE_SAFETENSORS_F32) {
        dlcore_safetensors_dtype_text(&reading->file, found, dtype, sizeof dtype);
        return dlcore_fail(reading->error, DLCORE_ERROR_DTYPE,
                           "%s: %s: expected F32 (float32), the file has %s", file, name, dtype);
    }
    dlcore_safetensors_shape(&reading->file, found, lengths);
    if (found->rank != rank || memcmp(lengths, shape, rank * sizeof *shape) != 0)
        return dlcore_fail(reading->error, DLCORE_ERROR_SHAPE,
                           "%s: %s: expected %s, the file has %s", file, name,
                           shape_text(wanted, rank, shape), shape_text(got, found->rank, lengths));
    *entry = found;
    return DLCORE_OK;
}

dlcore_status dlcore_model_reading_want(dlcore_model_reading_t *reading, size_t index)
{
    dlcore_model_tensor_t tensor = dlcore_model_tensor(&reading->tensors, index);
    dlcore_safetensors_entry_t *entry;
    dlcore_status status =
        dlcore_model_reading_find(reading, tensor.name, tensor.rank, tensor.shape, &entry);

    if (status != DLCORE_OK)
        return status;
    if (index >= UINT32_MAX || entry->use != 0)
        return dlcore_fail(reading->error, DLCORE_ERROR_UNSUPPORTED,
                           "%s: %s: number %zu of the model's tensors", reading->source->name,
                           tensor.name, index);
    entry->use = (uint32_t)index + 1;
    return DLCORE_OK;
}

bool dlcore_model_reading_has(const dlcore_model_reading_t *reading, size_t index)
{
    dlcore_model_tensor_t tensor = dlcore_model_tensor(&reading->tensors, index);

    return dlcore_safetensors_find(&reading->file, tensor.name) != NULL;
}

/* Small, because fresh memory costs page faults; for wide rows larger, because an engine's panels
 * take a piece of each. */
static size_t buffer_of(const dlcore_model_tensor_t *tensor)
{
    return dlcore_model_tensor_buffer(tensor,
                                      tensor->shape[1] > WIDE ? BUFFER_FLOATS_WIDE : BUFFER_FLOATS);
}

/* One tensor, piece by piece through `buffer`. */
static dlcore_status read_tensor(dlcore_model_reading_t *reading,
                                 const dlcore_model_tensor_t *tensor, float *buffer)
{
    size_t width = tensor->shape[1];
    size_t step = buffer_of(tensor) / width;
    dlcore_hash_t hash = dlcore_model_tensor_hash(tensor);
    dlcore_status status = DLCORE_OK;

    for (size_t row = 0; row < tensor->shape[0] && status == DLCORE_OK; row += step) {
        size_t count = dlcore_size_min(step, tensor->shape[0] - row);
        size_t bytes = count * width * sizeof(float);

        status = dlcore_byte_source_read(reading->source, buffer, bytes, reading->error);
        if (status == DLCORE_OK && reading->sum_wanted)
            dlcore_hash_add(&hash, buffer, bytes);
        if (status == DLCORE_OK && tensor->at != NULL)
            dlcore_model_tensor_set(tensor, row, count, buffer);
    }
    reading->sum += dlcore_hash_value(&hash);
    return status;
}

/* Floats for the largest tensor that is read. */
static size_t buffer_floats(const dlcore_model_reading_t *reading)
{
    size_t floats = SKIP_BYTES / sizeof(float);

    for (size_t i = 0; i < reading->file.count; i++) {
        uint32_t use = reading->file.entries[i].use;

        if (use > 0) {
            dlcore_model_tensor_t tensor = dlcore_model_tensor(&reading->tensors, use - 1);
            floats = dlcore_size_max(floats, buffer_of(&tensor));
        }
    }
    return floats;
}

static dlcore_status read_entries(dlcore_model_reading_t *reading, float *buffer, size_t floats)
{
    dlcore_status status = DLCORE_OK;

    for (size_t i = 0; i < reading->file.count && status == DLCORE_OK; i++) {
        const dlcore_safetensors_entry_t *entry = &reading->file.entries[i];
        dlcore_model_tensor_t tensor;

        if (entry->use > 0) {
            tensor = dlcore_model_tensor(&reading->tensors, entry->use - 1u);
            if (tensor.at != NULL || reading->sum_wanted) {
                status = read_tensor(reading, &tensor, buffer);
                continue;
            }
        }
        status = dlcore_byte_source_skip(reading->source, entry->end - entry->begin, buffer,
                                         floats * sizeof *buffer, reading->error);
    }
    return status;
}

dlcore_status dlcore_model_reading_data(dlcore_model_reading_t *reading)
{
    size_t floats = buffer_floats(reading);
    float *buffer = dlcore_allocate_raw(&reading->allocator, floats, sizeof *buffer);
    dlcore_status status;

    if (buffer == NULL)
        return dlcore_fail_memory(reading->error, reading->source->name, floats * sizeof *buffer);
    reading->sum = 0;
    dlcore_safetensors_sort_by_place(&reading->file);
    status = read_entries(reading, buffer, floats);
    dlcore_release(&reading->allocator, buffer);
    return status;
}
