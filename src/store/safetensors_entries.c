/* Sorting and asking a parsed safetensors header, and writing a new one.
 *
 * SPDX-License-Identifier: MIT */
#include "store/safetensors_entries.h"

#include <string.h>

/* ---- sorting: in place, n log n whatever the order, no recursion ---- */

typedef int order_t(const char *text, const dlcore_safetensors_entry_t *a,
                    const dlcore_safetensors_entry_t *b);

static int by_name(const char *text, const dlcore_safetensors_entry_t *a,
                   const dlcore_safetensors_entry_t *b)
{
    dlcore_json_t x = dlcore_safetensors_name_at(text, a->name),
                  y = dlcore_safetensors_name_at(text, b->name);

    return dlcore_json_compare(&x, &y);
}

static int by_place(const char *text, const dlcore_safetensors_entry_t *a,
                    const dlcore_safetensors_entry_t *b)
{
    (void)text;
    if (a->begin != b->begin)
        return a->begin < b->begin ? -1 : 1;
    return (a->end > b->end) - (a->end < b->end);
}

static void sift(dlcore_safetensors_t *file, order_t *order, size_t at, size_t count)
{
    dlcore_safetensors_entry_t *entries = file->entries;

    for (;;) {
        size_t child = 2 * at + 1;
        dlcore_safetensors_entry_t moved;

        if (child >= count)
            return;
        if (child + 1 < count && order(file->text, &entries[child], &entries[child + 1]) < 0)
            child++;
        if (order(file->text, &entries[at], &entries[child]) >= 0)
            return;
        moved = entries[at];
        entries[at] = entries[child];
        entries[child] = moved;
        at = child;
    }
}

static void heap_sort(dlcore_safetensors_t *file, order_t *order)
{
    for (size_t at = file->count / 2; at-- > 0;)
        sift(file, order, at, file->count);
    for (size_t end = file->count; end > 1; end--) {
        dlcore_safetensors_entry_t largest = file->entries[0];

        file->entries[0] = file->entries[end - 1];
        file->entries[end - 1] = largest;
        sift(file, order, 0, end - 1);
    }
}

void dlcore_safetensors_sort_by_place(dlcore_safetensors_t *file)
{
    heap_sort(file, by_place);
}

void dlcore_safetensors_sort_by_name(dlcore_safetensors_t *file)
{
    heap_sort(file, by_name);
}

/* ---- asking ---- */

size_t dlcore_safetensors_name(const dlcore_safetensors_t *file,
                               const dlcore_safetensors_entry_t *entry,
                               char name[DLCORE_SAFETENSORS_NAME_MAX + 1])
{
    dlcore_json_t text = {.kind = DLCORE_JSON_STRING, .begin = file->text + entry->name};

    return dlcore_json_string(&text, name, DLCORE_SAFETENSORS_NAME_MAX + 1);
}

/* The decoded name against `name`, in the order of the list. */
static int compare_entry(const dlcore_safetensors_t *file, const dlcore_safetensors_entry_t *entry,
                         const char *name)
{
    char decoded[DLCORE_SAFETENSORS_NAME_MAX + 1];
    size_t length = dlcore_safetensors_name(file, entry, decoded), wanted = strlen(name);
    int order = memcmp(decoded, name, length < wanted ? length : wanted);

    return order != 0 ? order : (length > wanted) - (length < wanted);
}

dlcore_safetensors_entry_t *dlcore_safetensors_find(const dlcore_safetensors_t *file,
                                                    const char *name)
{
    size_t begin = 0, end = file->count;

    while (begin < end) {
        size_t middle = begin + (end - begin) / 2;
        int order = compare_entry(file, &file->entries[middle], name);

        if (order == 0)
            return &file->entries[middle];
        if (order < 0)
            begin = middle + 1;
        else
            end = middle;
    }
    return NULL;
}

static bool ends_with(const char *text, const char *end)
{
    size_t length = strlen(text), wanted = strlen(end);

    return length > wanted && text[length - wanted - 1] == '/' &&
           strcmp(text + length - wanted, end) == 0;
}

dlcore_safetensors_entry_t *dlcore_safetensors_find_like(const dlcore_safetensors_t *file,
                                                         const char *name)
{
    const char *slash = strchr(name, '/');
    bool of_layer = slash != NULL && strchr(slash + 1, '/') == NULL;
    char decoded[DLCORE_SAFETENSORS_NAME_MAX + 1];
    dlcore_safetensors_entry_t *near = NULL;

    for (size_t i = 0; i < file->count; i++) {
        (void)dlcore_safetensors_name(file, &file->entries[i], decoded);
        if (ends_with(decoded, name))
            return &file->entries[i];
        if (near == NULL && of_layer && ends_with(decoded, slash + 1) &&
            strncmp(decoded, "optimizer/", 10) != 0)
            near = &file->entries[i];
    }
    return near;
}

/* A member of an entry, which has been checked to be there. */
static dlcore_json_t member(const dlcore_safetensors_t *file,
                            const dlcore_safetensors_entry_t *entry, const char *name)
{
    dlcore_json_t object = dlcore_json_at(file->text + entry->value, file->text + file->text_size);
    dlcore_json_t found;

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

/* ---- writing ---- */

size_t dlcore_safetensors_put_tensor(dlcore_json_writer_t *writer, const char *name,
                                     dlcore_safetensors_element_t element, size_t rank,
                                     const size_t *shape, size_t begin)
{
    size_t size = element.size;

    dlcore_json_open(writer, name, '{');
    dlcore_json_put_string(writer, "dtype", element.dtype);
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
