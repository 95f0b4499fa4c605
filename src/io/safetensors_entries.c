/* Asking a parsed safetensors header, and writing a new one.
 *
 * SPDX-License-Identifier: MIT */
#include <string.h>

#include "io/safetensors.h"

/* The decoded name against `name`, in the order of the list. */
static int compare(const dlcore_safetensors_t *file, const dlcore_safetensors_entry_t *entry,
                   const char *name)
{
    dlcore_json_t text = {.kind = DLCORE_JSON_STRING, .begin = file->text + entry->name};
    char decoded[DLCORE_SAFETENSORS_NAME_MAX + 1];
    size_t length = dlcore_json_string(&text, decoded, sizeof decoded), wanted = strlen(name);
    int order = memcmp(decoded, name, length < wanted ? length : wanted);

    return order != 0 ? order : (length > wanted) - (length < wanted);
}

dlcore_safetensors_entry_t *dlcore_safetensors_find(const dlcore_safetensors_t *file,
                                                    const char *name)
{
    size_t begin = 0, end = file->count;

    while (begin < end) {
        size_t middle = begin + (end - begin) / 2;
        int order = compare(file, &file->entries[middle], name);

        if (order == 0)
            return &file->entries[middle];
        if (order < 0)
            begin = middle + 1;
        else
            end = middle;
    }
    return NULL;
}

/* A member of an entry, which has been checked to be there. */
static dlcore_json_t member(const dlcore_safetensors_t *file,
                            const dlcore_safetensors_entry_t *entry, const char *name)
{
    dlcore_json_t object = {.kind = DLCORE_JSON_OBJECT, .begin = file->text + entry->value};
    dlcore_json_t found;

    object.end = dlcore_json_end(object.begin);
    (void)dlcore_json_member(&object, name, &found);
    return found;
}

void dlcore_safetensors_shape(const dlcore_safetensors_t *file,
                              const dlcore_safetensors_entry_t *entry,
                              size_t shape[DLCORE_RANK_MAX])
{
    dlcore_json_t array = member(file, entry, "shape"), length;
    dlcore_json_steps_t steps = dlcore_json_steps(&array);

    for (size_t i = 0; i < entry->rank && dlcore_json_step(&steps, NULL, &length); i++)
        (void)dlcore_json_size(&length, &shape[i]);
}

void dlcore_safetensors_dtype_text(const dlcore_safetensors_t *file,
                                   const dlcore_safetensors_entry_t *entry, char *to, size_t room)
{
    dlcore_json_t text = member(file, entry, "dtype");

    (void)dlcore_json_string(&text, to, room);
}

size_t dlcore_safetensors_put_floats(dlcore_json_writer_t *writer, const char *name, size_t rank,
                                     const size_t *shape, size_t begin)
{
    size_t size = sizeof(float);

    dlcore_json_open(writer, name, '{');
    dlcore_json_put_string(writer, "dtype", "F32");
    dlcore_json_open(writer, "shape", '[');
    for (size_t i = 0; i < rank; i++) {
        dlcore_json_put_uint64(writer, NULL, shape[i]);
        size *= shape[i];
    }
    dlcore_json_close(writer, ']');
    dlcore_json_open(writer, "data_offsets", '[');
    dlcore_json_put_uint64(writer, NULL, begin);
    dlcore_json_put_uint64(writer, NULL, begin + size);
    dlcore_json_close(writer, ']');
    dlcore_json_close(writer, '}');
    return begin + size;
}

void dlcore_safetensors_pad(dlcore_json_writer_t *writer)
{
    for (; writer->size % 8 != 0; writer->size++) {
        if (writer->size < writer->room)
            writer->to[writer->size] = ' ';
    }
}
