/* Which tensors of a safetensors file are wanted, and whether they fit.
 *
 * SPDX-License-Identifier: MIT */
#include "store/model_reading.h"

#include <stdio.h>
#include <string.h>

#include "base/allocator.h"
#include "base/error.h"
#include "base/shown.h"
#include "base/size.h"
#include "store/safetensors_floats.h"

#define SHAPE_TEXT 80

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

/* With the name of one that is there, where it may be the one that was meant. */
static dlcore_status fail_missing(dlcore_model_reading_t *reading, const char *name,
                                  const char *shape)
{
    const dlcore_safetensors_entry_t *like = dlcore_safetensors_find_like(&reading->file, name);
    char decoded[DLCORE_SAFETENSORS_NAME_MAX + 1];
    dlcore_shown_names_t there = {.used = 0};

    if (like != NULL) {
        (void)dlcore_safetensors_name(&reading->file, like, decoded);
        dlcore_shown_add(&there, decoded);
    }
    return dlcore_fail(reading->error, DLCORE_ERROR_NAME, "%s: has no tensor \"%s\" %s%s%s",
                       reading->source->name, name, shape, like != NULL ? "; it has " : "",
                       there.text);
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
        return fail_missing(reading, name, shape_text(wanted, rank, shape));
    if (!dlcore_safetensors_is_number(found->dtype)) {
        dlcore_safetensors_dtype_text(&reading->file, found, dtype, sizeof dtype);
        return dlcore_fail(reading->error, DLCORE_ERROR_DTYPE,
                           "%s: %s: this version does not read elements of %s", file, name, dtype);
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
