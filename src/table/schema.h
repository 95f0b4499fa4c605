/* The inside of a schema: a step for each column.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_TABLE_SCHEMA_H
#define DLCORE_TABLE_SCHEMA_H

#include "system/compiler.h"

#include "dlcore/schema.h"
#include "model/notes.h"
#include "table/table.h"

DLCORE_HIDDEN_BEGIN

#define DLCORE_INDEX_FIRST ((size_t)2) /* category of an index: 0 unknown or rare, 1 missing */
#define DLCORE_DATE_CYCLES ((size_t)6)
#define DLCORE_NO_STEP SIZE_MAX /* of a column that is not used */

/* What becomes of a column. Nothing in it is a default any more. */
typedef struct dlcore_schema_step {
    const char *name; /* a block of its own */
    dlcore_column_kind_t kind;
    dlcore_schema_fill_t fill;

    /* numbers and dates */
    dlcore_schema_scale_t scale;
    bool indicator, cycles;
    dlcore_date_form_t form;
    int zone_minutes;
    double fill_value;
    double offset, divisor; /* (x - offset) / divisor */

    /* categories */
    dlcore_schema_encode_t encode;
    const char **names; /* a block, the texts behind them */
    uint32_t *sorted;   /* by bytes, to be looked up */
    size_t count;
    bool rare;    /* there were some, and have a place */
    bool missing; /* likewise */
    size_t fill_class;

    size_t feature, width; /* of the features; of targets place, and 1 */
} dlcore_schema_step_t;

struct dlcore_schema {
    dlcore_note_object_t object; /* of a schema that hangs on a model's notes */
    dlcore_allocator_t allocator;
    dlcore_schema_step_t *steps; /* of features, then of targets */
    size_t inputs, targets;
    size_t features;
    /* Of features that are an index; of more than fit, which a layer refuses, only the first. */
    dlcore_embedding_t tables[DLCORE_EMBEDDINGS_MAX];
    size_t table_count;
    char decimal;        /* of rows as texts */
    const char *missing; /* likewise; NULL: none */
};

static inline bool dlcore_step_is_target(const dlcore_schema_t *schema,
                                         const dlcore_schema_step_t *step)
{
    return (size_t)(step - schema->steps) >= schema->inputs;
}
static inline bool dlcore_schema_has_classes(const dlcore_schema_t *schema)
{
    return schema->targets == 1 && schema->steps[schema->inputs].kind == DLCORE_COLUMN_CATEGORY;
}

/* An empty one, with room for so many steps; NULL: no memory. */
dlcore_schema_t *dlcore_schema_make(const dlcore_allocator_t *allocator, size_t inputs,
                                    size_t targets);
/* Copies into a block; false: no memory. */
bool dlcore_schema_keep(const dlcore_schema_t *schema, const char *text, const char **kept);
/* The categories, copied, in that order; no two are the same. False: no memory. */
bool dlcore_step_set_names(const dlcore_schema_t *schema, dlcore_schema_step_t *step,
                           const char *const *names, size_t count);
/* The place of a category; count: it is not known. */
size_t dlcore_step_find(const dlcore_schema_step_t *step, const char *text, size_t length);
/* Gives each step its features. DLCORE_ERROR_OVERFLOW; `what` begins the message. */
dlcore_status dlcore_schema_lay_out(dlcore_schema_t *schema, const char *what,
                                    dlcore_error_record_t *error);

DLCORE_HIDDEN_END

#endif
