/* The calls on the notes of a model.
 *
 * SPDX-License-Identifier: MIT */
#include "model/model.h"

#include <string.h>

#include "base/allocator.h"
#include "base/error.h"
#include "base/shown.h"
#include "base/utf8.h"
#include "dlcore/note.h"
#include "model/notes.h"
#include "json/json_writer.h"

static dlcore_status check_note_key(dlcore_model_t *model, const char *call, const char *key)
{
    const char *problem = key != NULL ? dlcore_note_key_problem(key) : "is NULL";

    if (problem == NULL)
        return DLCORE_OK;
    return dlcore_fail(&model->error, DLCORE_ERROR_ARGUMENT, "%s: the key %s", call, problem);
}

static dlcore_status set_note(dlcore_model_t *model, const char *key, const char *text)
{
    dlcore_status status = check_note_key(model, "set_note", key);
    char shown[DLCORE_SHOWN_SIZE];

    if (status != DLCORE_OK)
        return status;
    if (text != NULL && !dlcore_utf8_is_text(text))
        return dlcore_fail(&model->error, DLCORE_ERROR_ARGUMENT,
                           "set_note: the text of \"%s\" is not UTF-8",
                           dlcore_show(shown, key, strlen(key)));
    return dlcore_notes_set(&model->notes, &model->allocator, "set_note", key, text, &model->error);
}

dlcore_status dlcore_model_set_note(dlcore_model_t *model, const char *key, const char *text)
{
    dlcore_status status = dlcore_model_begin_setting(model);

    if (status != DLCORE_OK)
        return status;
    return dlcore_model_end_setting(model, set_note(model, key, text));
}

static dlcore_status check_note_names(dlcore_model_t *model, const char *key,
                                      const char *const *names, size_t count)
{
    const dlcore_note_t *old = dlcore_notes_find(&model->notes, key);
    size_t others = model->notes.name_count - (old != NULL ? old->name_count : 0);

    if (names == NULL)
        return dlcore_fail(&model->error, DLCORE_ERROR_ARGUMENT, "set_note_names: names is NULL");
    if (count == 0)
        return dlcore_fail(&model->error, DLCORE_ERROR_ARGUMENT,
                           "set_note_names: a list of 0 names; model_set_note with NULL removes a "
                           "note");
    if (count > DLCORE_NOTE_NAMES_MAX - others)
        return dlcore_fail(&model->error, DLCORE_ERROR_OVERFLOW,
                           "set_note_names: %zu names and %zu of other notes are more than %d",
                           count, others, DLCORE_NOTE_NAMES_MAX);
    for (size_t i = 0; i < count; i++)
        if (names[i] == NULL || !dlcore_utf8_is_text(names[i]))
            return dlcore_fail(&model->error, DLCORE_ERROR_ARGUMENT, "set_note_names: name %zu %s",
                               i, names[i] == NULL ? "is NULL" : "is not UTF-8");
    return DLCORE_OK;
}

/* With the end of a string. */
static size_t put_names(const char *const *names, size_t count, char *to, size_t room)
{
    dlcore_json_writer_t writer = dlcore_json_writer(to, room);

    dlcore_json_open(&writer, NULL, '[');
    for (size_t i = 0; i < count; i++)
        dlcore_json_put_string(&writer, NULL, names[i]);
    dlcore_json_close(&writer, ']');
    if (writer.size < room)
        to[writer.size] = '\0';
    return writer.size + 1;
}

static dlcore_status set_note_names(dlcore_model_t *model, const char *key,
                                    const char *const *names, size_t count)
{
    dlcore_status status = check_note_key(model, "set_note_names", key);
    size_t size;
    char *text;

    if (status == DLCORE_OK)
        status = check_note_names(model, key, names, count);
    if (status != DLCORE_OK)
        return status;
    size = put_names(names, count, NULL, 0);
    text = dlcore_allocate_raw(&model->allocator, size, 1);
    if (text == NULL)
        return dlcore_fail_memory(&model->error, "names", size);
    (void)put_names(names, count, text, size);
    status = dlcore_notes_set(&model->notes, &model->allocator, "set_note_names", key, text,
                              &model->error);
    dlcore_release(&model->allocator, text);
    return status;
}

dlcore_status dlcore_model_set_note_names(dlcore_model_t *model, const char *key,
                                          const char *const *names, size_t count)
{
    dlcore_status status = dlcore_model_begin_setting(model);

    if (status != DLCORE_OK)
        return status;
    return dlcore_model_end_setting(model, set_note_names(model, key, names, count));
}

const char *dlcore_model_note(const dlcore_model_t *model, const char *key)
{
    const dlcore_note_t *note =
        model != NULL && key != NULL ? dlcore_notes_find(&model->notes, key) : NULL;

    return note != NULL ? note->text : NULL;
}

const char *const *dlcore_model_note_names(const dlcore_model_t *model, const char *key,
                                           size_t *count)
{
    const dlcore_note_t *note =
        model != NULL && key != NULL ? dlcore_notes_find(&model->notes, key) : NULL;

    if (count != NULL)
        *count = note != NULL ? note->name_count : 0;
    return note != NULL ? note->names : NULL;
}

size_t dlcore_model_note_count(const dlcore_model_t *model)
{
    return model != NULL ? model->notes.count : 0;
}

const char *dlcore_model_note_key(const dlcore_model_t *model, size_t index)
{
    const dlcore_note_t *note = model != NULL ? model->notes.first : NULL;

    while (note != NULL && index-- > 0)
        note = note->next;
    return note != NULL ? note->key : NULL;
}
