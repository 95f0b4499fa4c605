/* Notes as members of a JSON object.
 *
 * SPDX-License-Identifier: MIT */
#include "store/note_members.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/shown.h"
#include "dlcore/note.h"

void dlcore_note_members_put(dlcore_json_writer_t *writer, const dlcore_notes_t *notes)
{
    char name[sizeof DLCORE_NOTE_PREFIX + DLCORE_NOTE_KEY_MAX];

    for (const dlcore_note_t *note = notes->first; note != NULL; note = note->next) {
        snprintf(name, sizeof name, "%s%s", DLCORE_NOTE_PREFIX, note->key);
        dlcore_json_put_string(writer, name, note->text);
    }
}

/* The key of a note from the name of its member. */
static dlcore_status read_note_key(const dlcore_json_t *name, const char *file,
                                   char key[DLCORE_NOTE_KEY_MAX + 2], dlcore_error_record_t *error)
{
    char text[sizeof DLCORE_NOTE_PREFIX + DLCORE_NOTE_KEY_MAX + 1] = "";
    size_t length = dlcore_json_string(name, text, sizeof text);
    const char *problem;

    memcpy(key, text + strlen(DLCORE_NOTE_PREFIX), DLCORE_NOTE_KEY_MAX + 2);
    problem = dlcore_note_key_problem(key);
    if (length >= sizeof text)
        problem = "has more than 128 bytes";
    else if (strlen(text) != length)
        problem = "has a zero byte";
    if (problem == NULL)
        return DLCORE_OK;
    return dlcore_fail(error, DLCORE_ERROR_FORMAT, "%s: the key of a note %s", file, problem);
}

static dlcore_status read_note(const char *key, const dlcore_json_t *value, const char *file,
                               dlcore_notes_t *notes, const dlcore_allocator_t *allocator,
                               dlcore_error_record_t *error)
{
    char shown[DLCORE_SHOWN_SIZE];
    dlcore_status status;

    dlcore_show(shown, key, strlen(key));
    if (dlcore_notes_find(notes, key) != NULL)
        return dlcore_fail(error, DLCORE_ERROR_FORMAT,
                           "%s: " DLCORE_NOTE_PREFIX "%s is there twice", file, shown);
    if (value->kind != DLCORE_JSON_STRING)
        return dlcore_fail(error, DLCORE_ERROR_FORMAT, "%s: the note \"%s\" is no text", file,
                           shown);
    status = dlcore_notes_set_json(notes, allocator, file, key, value, error);
    if (status == DLCORE_OK && !dlcore_json_is(value, dlcore_notes_find(notes, key)->text))
        return dlcore_fail(error, DLCORE_ERROR_FORMAT, "%s: the note \"%s\" has a zero byte", file,
                           shown);
    return status;
}

/* Decoded, so that escapes within the prefix do not matter. */
static bool is_note(const dlcore_json_t *name)
{
    char start[sizeof DLCORE_NOTE_PREFIX];

    return dlcore_json_string(name, start, sizeof start) >= sizeof start - 1 &&
           strcmp(start, DLCORE_NOTE_PREFIX) == 0;
}

dlcore_status dlcore_note_members_read(const dlcore_json_t *object, const char *file,
                                       dlcore_notes_t *notes, const dlcore_allocator_t *allocator,
                                       dlcore_error_record_t *error)
{
    dlcore_json_steps_t steps = dlcore_json_steps(object);
    char key[DLCORE_NOTE_KEY_MAX + 2];
    dlcore_json_t name, value;
    dlcore_status status = DLCORE_OK;

    if (object->kind != DLCORE_JSON_OBJECT)
        return DLCORE_OK;
    while (status == DLCORE_OK && dlcore_json_step(&steps, &name, &value)) {
        if (!is_note(&name))
            continue;
        status = read_note_key(&name, file, key, error);
        if (status == DLCORE_OK)
            status = read_note(key, &value, file, notes, allocator, error);
    }
    return status;
}
