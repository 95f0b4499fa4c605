/* Schemas: their life, and asking about one.
 *
 * SPDX-License-Identifier: MIT */
#include "table/schema.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/allocator.h"
#include "base/error.h"
#include "base/size.h"

/* ---- life ---- */

dlcore_schema_t *dlcore_schema_make(const dlcore_allocator_t *allocator, size_t inputs,
                                    size_t targets)
{
    dlcore_schema_t *schema = dlcore_allocate(allocator, 1, sizeof *schema);

    if (schema == NULL)
        return NULL;
    schema->allocator = *allocator;
    schema->decimal = '.';
    schema->inputs = inputs;
    schema->targets = targets;
    schema->steps = dlcore_allocate(allocator, inputs + targets, sizeof *schema->steps);
    if (schema->steps != NULL)
        return schema;
    dlcore_release(allocator, schema);
    return NULL;
}

static void release_text(const dlcore_allocator_t *allocator, const char *text)
{
    union { /* blocks of our own are only read as such */
        const char *kept;
        char *text;
    } block = {.kept = text};

    dlcore_release(allocator, block.text);
}

void dlcore_schema_free(dlcore_schema_t *schema)
{
    dlcore_allocator_t allocator;

    if (schema == NULL)
        return;
    allocator = schema->allocator;
    for (size_t i = 0; i < schema->inputs + schema->targets; i++) {
        release_text(&allocator, schema->steps[i].name);
        dlcore_release(&allocator, schema->steps[i].names);
        dlcore_release(&allocator, schema->steps[i].sorted);
    }
    release_text(&allocator, schema->missing);
    dlcore_release(&allocator, schema->steps);
    dlcore_release(&allocator, schema);
}

bool dlcore_schema_keep(const dlcore_schema_t *schema, const char *text, const char **kept)
{
    size_t size = strlen(text) + 1;
    char *copy = dlcore_allocate_raw(&schema->allocator, size, 1);

    *kept = copy;
    if (copy == NULL)
        return false;
    memcpy(copy, text, size);
    return true;
}

/* ---- categories ---- */

static void sink_category(const dlcore_schema_step_t *step, size_t root, size_t count)
{
    uint32_t *heap = step->sorted, moved = heap[root];

    for (size_t child = 2 * root + 1; child < count; child = 2 * root + 1) {
        if (child + 1 < count && strcmp(step->names[heap[child]], step->names[heap[child + 1]]) < 0)
            child++;
        if (strcmp(step->names[heap[child]], step->names[moved]) <= 0)
            break;
        heap[root] = heap[child];
        root = child;
    }
    heap[root] = moved;
}

static void sort_categories(const dlcore_schema_step_t *step)
{
    for (size_t i = 0; i < step->count; i++)
        step->sorted[i] = (uint32_t)i;
    for (size_t i = step->count / 2; i-- > 0;)
        sink_category(step, i, step->count);
    for (size_t count = step->count; count-- > 1;) {
        uint32_t greatest = step->sorted[0];

        step->sorted[0] = step->sorted[count];
        step->sorted[count] = greatest;
        sink_category(step, 0, count);
    }
}

bool dlcore_step_set_names(const dlcore_schema_t *schema, dlcore_schema_step_t *step,
                           const char *const *names, size_t count)
{
    size_t bytes = count * sizeof *step->names;
    char *text;

    for (size_t i = 0; i < count; i++)
        bytes += strlen(names[i]) + 1;
    step->names = dlcore_allocate_raw(&schema->allocator, bytes, 1);
    step->sorted = dlcore_allocate_raw(&schema->allocator, count, sizeof *step->sorted);
    if (step->names == NULL || step->sorted == NULL)
        return false;
    text = (char *)(step->names + count);
    for (size_t i = 0; i < count; i++) {
        size_t size = strlen(names[i]) + 1;

        memcpy(text, names[i], size);
        step->names[i] = text;
        text += size;
    }
    step->count = count;
    sort_categories(step);
    return true;
}

size_t dlcore_step_find(const dlcore_schema_step_t *step, const char *text, size_t length)
{
    size_t low = 0, high = step->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const char *name = step->names[step->sorted[middle]];
        size_t size = strlen(name);
        int order = memcmp(name, text, dlcore_size_min(size, length));

        if (order == 0 && size == length)
            return step->sorted[middle];
        order = order != 0 ? order : size < length ? -1 : 1;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return step->count;
}

/* ---- features ---- */

static size_t width_of(const dlcore_schema_step_t *step)
{
    if (step->kind != DLCORE_COLUMN_CATEGORY)
        return 1 + (size_t)step->indicator + (step->cycles ? DLCORE_DATE_CYCLES : 0);
    return step->encode == DLCORE_ENCODE_INDEX
               ? 1
               : step->count + (size_t)step->missing + (size_t)step->rare;
}

static void lay_out_tables(dlcore_schema_t *schema)
{
    schema->table_count = 0;
    for (size_t i = 0; i < schema->features; i++) {
        size_t count = dlcore_schema_feature_index_count(schema, i);

        if (count == 0)
            continue;
        if (schema->table_count < DLCORE_EMBEDDINGS_MAX)
            schema->tables[schema->table_count] =
                (dlcore_embedding_t){.column = (uint32_t)i,
                                     .count = (uint32_t)count,
                                     .units = (uint32_t)dlcore_embedding_units(count)};
        schema->table_count++;
    }
}

dlcore_status dlcore_schema_lay_out(dlcore_schema_t *schema, const char *what,
                                    dlcore_error_record_t *error)
{
    schema->features = 0;
    for (size_t i = 0; i < schema->inputs; i++) {
        dlcore_schema_step_t *step = &schema->steps[i];

        step->feature = schema->features;
        step->width = width_of(step);
        schema->features += step->width;
        if (schema->features > INT_MAX)
            return dlcore_fail(error, DLCORE_ERROR_OVERFLOW, "%s: more than %d features", what,
                               INT_MAX);
    }
    for (size_t i = 0; i < schema->targets; i++) {
        schema->steps[schema->inputs + i].feature = i;
        schema->steps[schema->inputs + i].width = 1;
    }
    if (schema->features == 0)
        return dlcore_fail(error, DLCORE_ERROR_SHAPE, "%s: no column gives a feature", what);
    lay_out_tables(schema);
    return DLCORE_OK;
}

/* ---- queries ---- */

size_t dlcore_schema_feature_count(const dlcore_schema_t *schema)
{
    return schema != NULL ? schema->features : 0;
}

static const dlcore_schema_step_t *step_of(const dlcore_schema_t *schema, size_t feature)
{
    size_t low = 0, high = schema != NULL ? schema->inputs : 0;

    while (low < high) { /* the last that begins there or before; some may have no features */
        size_t middle = low + (high - low) / 2;

        if (schema->steps[middle].feature + schema->steps[middle].width <= feature)
            low = middle + 1;
        else
            high = middle;
    }
    return schema != NULL && low < schema->inputs ? &schema->steps[low] : NULL;
}

size_t dlcore_schema_feature_name(const dlcore_schema_t *schema, size_t feature, char *to,
                                  size_t room)
{
    static const char *const cycles[] = {" year sine",   " year cosine", " week sine",
                                         " week cosine", " day sine",    " day cosine"};
    const dlcore_schema_step_t *step = step_of(schema, feature);
    const char *what = "", *name = "";
    size_t place;
    int length;

    if (to != NULL && room > 0)
        to[0] = '\0';
    if (step == NULL)
        return 0;
    place = feature - step->feature;
    if (step->kind == DLCORE_COLUMN_CATEGORY) {
        if (step->encode == DLCORE_ENCODE_INDEX)
            what = " index";
        else if (place < step->count)
            name = step->names[place], what = "=";
        else
            what = place == step->count && step->missing ? " missing" : " rare";
    } else if (place > 0) {
        what = step->indicator && place == 1 ? " missing"
                                             : cycles[place - 1 - (size_t)step->indicator];
    }
    length = snprintf(to, to != NULL ? room : 0, "%s%s%s", step->name, what, name);
    return length > 0 ? (size_t)length : 0;
}

size_t dlcore_schema_feature_index_count(const dlcore_schema_t *schema, size_t feature)
{
    const dlcore_schema_step_t *step = step_of(schema, feature);

    return step != NULL && step->kind == DLCORE_COLUMN_CATEGORY &&
                   step->encode == DLCORE_ENCODE_INDEX
               ? step->count + DLCORE_INDEX_FIRST
               : 0;
}

dlcore_layer_t dlcore_schema_embedding(const dlcore_schema_t *schema)
{
    return schema != NULL ? dlcore_layer_embedding(schema->tables, schema->table_count)
                          : dlcore_layer_embedding(NULL, 0);
}

size_t dlcore_schema_target_count(const dlcore_schema_t *schema)
{
    return schema != NULL ? schema->targets : 0;
}

const char *dlcore_schema_target_name(const dlcore_schema_t *schema, size_t target)
{
    return schema != NULL && target < schema->targets ? schema->steps[schema->inputs + target].name
                                                      : NULL;
}

size_t dlcore_schema_class_count(const dlcore_schema_t *schema)
{
    return schema != NULL && dlcore_schema_has_classes(schema) ? schema->steps[schema->inputs].count
                                                               : 0;
}

const char *dlcore_schema_class_name(const dlcore_schema_t *schema, size_t label)
{
    return label < dlcore_schema_class_count(schema) ? schema->steps[schema->inputs].names[label]
                                                     : NULL;
}
