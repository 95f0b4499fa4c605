/* Notes in the metadata of a model file.
 *
 * SPDX-License-Identifier: MIT */
#include <stdbool.h>
#include <string.h>

#include "base/error.h"
#include "base/shown.h"
#include "dlcore/note.h"
#include "store/model_loading.h"
#include "store/model_saving.h"

/* The key of a note from the name of its text. */
static dlcore_status read_note_key(const dlcore_model_loading_t *loading, const dlcore_json_t *name,
                                   char key[DLCORE_NOTE_KEY_MAX + 2])
{
    char text[sizeof DLCORE_MODEL_NOTE_PREFIX + DLCORE_NOTE_KEY_MAX + 1] = "";
    size_t length = dlcore_json_string(name, text, sizeof text);
    const char *problem;

    memcpy(key, text + strlen(DLCORE_MODEL_NOTE_PREFIX), DLCORE_NOTE_KEY_MAX + 2);
    problem = dlcore_note_key_problem(key);
    if (length >= sizeof text)
        problem = "has more than 128 bytes";
    else if (strlen(text) != length)
        problem = "has a zero byte";
    if (problem == NULL)
        return DLCORE_OK;
    return dlcore_fail(loading->error, DLCORE_ERROR_FORMAT, "%s: the key of a note %s",
                       dlcore_model_loading_file(loading), problem);
}

static dlcore_status read_note(dlcore_model_loading_t *loading, const char *key,
                               const dlcore_json_t *value)
{
    const char *file = dlcore_model_loading_file(loading);
    dlcore_model_t *model = loading->model;
    char shown[DLCORE_SHOWN_SIZE];
    dlcore_status status;

    dlcore_show(shown, key, strlen(key));
    if (dlcore_notes_find(&model->notes, key) != NULL)
        return dlcore_fail(loading->error, DLCORE_ERROR_FORMAT,
                           "%s: " DLCORE_MODEL_NOTE_PREFIX "%s is there twice", file, shown);
    status =
        dlcore_notes_set_json(&model->notes, &model->allocator, file, key, value, loading->error);
    if (status == DLCORE_OK && !dlcore_json_is(value, dlcore_notes_find(&model->notes, key)->text))
        return dlcore_fail(loading->error, DLCORE_ERROR_FORMAT,
                           "%s: the note \"%s\" has a zero byte", file, shown);
    return status;
}

/* Decoded, so that escapes within the prefix do not matter. */
static bool is_note(const dlcore_json_t *name)
{
    char start[sizeof DLCORE_MODEL_NOTE_PREFIX];

    return dlcore_json_string(name, start, sizeof start) >= sizeof start - 1 &&
           strcmp(start, DLCORE_MODEL_NOTE_PREFIX) == 0;
}

dlcore_status dlcore_model_loading_notes(dlcore_model_loading_t *loading)
{
    dlcore_json_steps_t steps = dlcore_json_steps(&loading->reading.file.metadata);
    char key[DLCORE_NOTE_KEY_MAX + 2];
    dlcore_json_t name, value;
    dlcore_status status = DLCORE_OK;

    while (status == DLCORE_OK && dlcore_json_step(&steps, &name, &value)) {
        if (!is_note(&name))
            continue;
        status = read_note_key(loading, &name, key);
        if (status == DLCORE_OK)
            status = read_note(loading, key, &value);
    }
    return status;
}
