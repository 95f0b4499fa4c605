/* The schema of a model: its text is a note of the model's, so that it travels in every file that
 * notes do; the schema made of it hangs on the notes, until that note changes.
 *
 * SPDX-License-Identifier: MIT */
#include <stdatomic.h>
#include <string.h>

#include "base/allocator.h"
#include "base/error.h"
#include "base/float_mode.h"
#include "base/traces.h"
#include "dlcore/note.h"
#include "model/model.h"
#include "table/schema_json.h"
#include "table/schema_model.h"

/* ---- setting ---- */

static dlcore_status check_width(const dlcore_model_t *model, const dlcore_schema_t *schema,
                                 dlcore_error_record_t *error)
{
    size_t width = dlcore_model_input_width(model);

    if (width == 0 || width == schema->features)
        return DLCORE_OK;
    return dlcore_fail(error, DLCORE_ERROR_SHAPE,
                       "schema: it gives %zu features, the model has %zu inputs", schema->features,
                       width);
}

static dlcore_status set_schema(dlcore_model_t *model, const dlcore_schema_t *schema)
{
    size_t size;
    char *text;
    dlcore_status status;

    if (schema == NULL)
        return dlcore_notes_set(&model->notes, &model->allocator, "set_schema", DLCORE_NOTE_SCHEMA,
                                NULL, &model->error);
    status = check_width(model, schema, &model->error);
    if (status != DLCORE_OK)
        return status;
    size = dlcore_schema_put(schema, NULL, 0);
    text = dlcore_allocate_raw(&model->allocator, size, 1);
    if (text == NULL)
        return dlcore_fail_memory(&model->error, "schema", size);
    (void)dlcore_schema_put(schema, text, size);
    status = dlcore_notes_set(&model->notes, &model->allocator, "set_schema", DLCORE_NOTE_SCHEMA,
                              text, &model->error);
    dlcore_release(&model->allocator, text);
    return status;
}

dlcore_status dlcore_model_set_schema(dlcore_model_t *model, const dlcore_schema_t *schema)
{
    dlcore_status status = dlcore_model_begin_setting(model);

    if (status != DLCORE_OK)
        return status;
    return dlcore_model_end_setting(model, set_schema(model, schema));
}

/* ---- asking ---- */

static void release_made_schema(dlcore_note_object_t *object)
{
    dlcore_schema_free((dlcore_schema_t *)object); /* its first member */
}

/* Several threads may make it at once: one of them is the first, and theirs is kept. */
static dlcore_status make_schema(const dlcore_model_t *model, const char *text,
                                 const dlcore_schema_t **schema, dlcore_error_record_t *error)
{
    dlcore_notes_t *notes = (dlcore_notes_t *)(uintptr_t)&model->notes;
    dlcore_note_object_t *kept = NULL;
    dlcore_schema_t *made = NULL;
    dlcore_status status = dlcore_schema_read(text, &model->allocator, &made, error);

    if (status != DLCORE_OK)
        return status;
    made->object.release = release_made_schema;
    if (atomic_compare_exchange_strong(&notes->schema, &kept, &made->object)) {
        *schema = made;
    } else {
        dlcore_schema_free(made);
        *schema = (const dlcore_schema_t *)kept;
    }
    return DLCORE_OK;
}

static dlcore_status find_schema(const dlcore_model_t *model, const dlcore_schema_t **schema,
                                 dlcore_error_record_t *error)
{
    const dlcore_note_t *note = dlcore_notes_find(&model->notes, DLCORE_NOTE_SCHEMA);
    const dlcore_note_object_t *kept =
        atomic_load_explicit(&model->notes.schema, memory_order_acquire);

    *schema = (const dlcore_schema_t *)kept;
    return note == NULL || kept != NULL ? DLCORE_OK : make_schema(model, note->text, schema, error);
}

dlcore_status dlcore_model_schema(const dlcore_model_t *model, const dlcore_schema_t **schema,
                                  dlcore_error_record_t *error)
{
    dlcore_traces_t before = dlcore_traces_note();
    dlcore_float_mode_t mode;
    dlcore_status status;

    if (schema != NULL)
        *schema = NULL;
    if (model == NULL || schema == NULL)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "model_schema: %s is NULL",
                           model == NULL ? "model" : "schema");
    mode = dlcore_float_mode_enter(false);
    status = find_schema(model, schema, error);
    dlcore_float_mode_leave(mode);
    return dlcore_traces_end(before, status);
}

dlcore_status dlcore_schema_of_model(const dlcore_model_t *model, const char *call,
                                     const dlcore_schema_t **schema, dlcore_error_record_t *error)
{
    dlcore_status status = find_schema(model, schema, error);

    if (status == DLCORE_OK && *schema == NULL)
        return dlcore_fail(error, DLCORE_ERROR_STATE,
                           "%s: the model has no schema; model_set_schema gives it one", call);
    if (status == DLCORE_OK)
        status = check_width(model, *schema, error);
    return status;
}
