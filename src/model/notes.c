/* The list of a model's notes.
 *
 * SPDX-License-Identifier: MIT */
#include "model/notes.h"

#include <stdbool.h>
#include <string.h>

#include "base/allocator.h"
#include "base/error.h"
#include "base/shown.h"
#include "base/utf8.h"
#include "dlcore/note.h"
#include "json/json.h"

const char *dlcore_note_key_problem(const char *key)
{
    if (key[0] == '\0')
        return "is empty";
    if (strlen(key) > DLCORE_NOTE_KEY_MAX)
        return "has more than 128 bytes";
    return dlcore_utf8_problem(key);
}

/* ---- lists of names ---- */

/* How many strings the text lists, and the bytes that they need, each with its end; false: it is no
 * list, or one of more than `most`. */
static bool count_names(const char *text, size_t most, dlcore_json_t *list, size_t *count,
                        size_t *bytes)
{
    dlcore_json_problem_t problem;
    dlcore_json_steps_t steps;
    dlcore_json_t name;

    *count = *bytes = 0;
    if (text[strspn(text, " \t\r\n")] != '[' ||
        !dlcore_json_check(text, strlen(text), list, &problem))
        return false;
    steps = dlcore_json_steps(list);
    for (; dlcore_json_step(&steps, NULL, &name); (*count)++) {
        if (name.kind != DLCORE_JSON_STRING || *count == most)
            return false;
        *bytes += dlcore_json_string(&name, NULL, 0) + 1;
    }
    return *count > 0;
}

/* The pointers, and behind them the names. A name with a zero byte within, which no string of C can
 * be, makes the text no list. */
static dlcore_status read_names(dlcore_note_t *note, size_t most,
                                const dlcore_allocator_t *allocator, dlcore_error_record_t *error)
{
    size_t count, bytes;
    dlcore_json_t list, name;
    dlcore_json_steps_t steps;
    char *next;

    if (!count_names(note->text, most, &list, &count, &bytes))
        return DLCORE_OK;
    note->names = dlcore_allocate_raw(allocator, count * sizeof *note->names + bytes, 1);
    if (note->names == NULL)
        return dlcore_fail_memory(error, "names", count * sizeof *note->names + bytes);
    next = (char *)(note->names + count);
    steps = dlcore_json_steps(&list);
    for (size_t i = 0; i < count && dlcore_json_step(&steps, NULL, &name); i++) {
        size_t length = dlcore_json_string(&name, next, bytes);

        if (strlen(next) != length) {
            dlcore_release(allocator, note->names);
            note->names = NULL;
            return DLCORE_OK;
        }
        note->names[i] = next;
        next += length + 1;
        bytes -= length + 1;
    }
    note->name_count = count;
    return DLCORE_OK;
}

/* ---- the list ---- */

static void free_note(dlcore_note_t *note, const dlcore_allocator_t *allocator)
{
    if (note == NULL)
        return;
    dlcore_release(allocator, note->names);
    dlcore_release(allocator, note);
}

/* Where the note of that key hangs, or where a new one would. */
static dlcore_note_t **find_note_place(dlcore_notes_t *notes, const char *key)
{
    dlcore_note_t **place = &notes->first;

    while (*place != NULL && strcmp((*place)->key, key) != 0)
        place = &(*place)->next;
    return place;
}

/* A text as it is, or as a string of JSON. */
typedef struct note_text {
    const char *text;
    const dlcore_json_t *string;
    size_t length;
} note_text_t;

static dlcore_status make_note(const char *key, const note_text_t *text, size_t most_names,
                               const dlcore_allocator_t *allocator, dlcore_note_t **out,
                               dlcore_error_record_t *error)
{
    size_t key_size = strlen(key) + 1, text_size = text->length + 1;
    dlcore_note_t *note = dlcore_allocate_raw(allocator, sizeof *note + key_size + text_size, 1);
    dlcore_status status;
    char *at;

    *out = NULL;
    if (note == NULL)
        return dlcore_fail_memory(error, "note", sizeof *note + key_size + text_size);
    at = (char *)(note + 1);
    *note = (dlcore_note_t){.key = at, .text = at + key_size, .size = key_size + text_size - 2};
    memcpy(at, key, key_size);
    if (text->text != NULL)
        memcpy(at + key_size, text->text, text_size);
    else
        (void)dlcore_json_string(text->string, at + key_size, text_size);
    status = read_names(note, most_names, allocator, error);
    if (status == DLCORE_OK)
        *out = note;
    else
        free_note(note, allocator);
    return status;
}

static dlcore_status check_room(const dlcore_notes_t *notes, const dlcore_note_t *old,
                                const char *what, const char *key, size_t length,
                                dlcore_error_record_t *error)
{
    size_t others = notes->size - (old != NULL ? old->size : 0);
    size_t size = strlen(key) + length;
    char shown[DLCORE_SHOWN_SIZE];

    if (old == NULL && notes->count == DLCORE_NOTE_COUNT_MAX)
        return dlcore_fail(error, DLCORE_ERROR_OVERFLOW, "%s: more than %d notes", what,
                           DLCORE_NOTE_COUNT_MAX);
    if (size > DLCORE_NOTE_BYTES_MAX - others)
        return dlcore_fail(error, DLCORE_ERROR_OVERFLOW,
                           "%s: note \"%s\": %zu bytes and %zu of other notes are more than %d",
                           what, dlcore_show(shown, key, strlen(key)), size, others,
                           DLCORE_NOTE_BYTES_MAX);
    return DLCORE_OK;
}

/* What was made of the schema's text goes with it. Setting a note writes the model: nobody reads.
 */
static void drop_schema(dlcore_notes_t *notes)
{
    dlcore_note_object_t *object = atomic_load_explicit(&notes->schema, memory_order_acquire);

    if (object != NULL)
        object->release(object);
    atomic_store_explicit(&notes->schema, NULL, memory_order_release);
}

/* `made` comes into the place of what hangs there; NULL: nothing does then. */
static void exchange_note(dlcore_notes_t *notes, dlcore_note_t **place, dlcore_note_t *made,
                          const dlcore_allocator_t *allocator)
{
    dlcore_note_t *old = *place;

    if (old != NULL && strcmp(old->key, DLCORE_NOTE_SCHEMA) == 0)
        drop_schema(notes);
    if (old != NULL) {
        notes->count--;
        notes->size -= old->size;
        notes->name_count -= old->name_count;
        *place = old->next;
        free_note(old, allocator);
    }
    if (made != NULL) {
        notes->count++;
        notes->size += made->size;
        notes->name_count += made->name_count;
        made->next = *place;
        *place = made;
    }
}

/* NULL: removes it. */
static dlcore_status set_text(dlcore_notes_t *notes, const dlcore_allocator_t *allocator,
                              const char *what, const char *key, const note_text_t *text,
                              dlcore_error_record_t *error)
{
    dlcore_note_t **place = find_note_place(notes, key);
    dlcore_note_t *old = *place, *made = NULL;
    size_t names = notes->name_count - (old != NULL ? old->name_count : 0);
    dlcore_status status = DLCORE_OK;

    if (text != NULL)
        status = check_room(notes, old, what, key, text->length, error);
    if (status == DLCORE_OK && text != NULL)
        status = make_note(key, text, DLCORE_NOTE_NAMES_MAX - names, allocator, &made, error);
    if (status == DLCORE_OK)
        exchange_note(notes, place, made, allocator);
    return status;
}

dlcore_status dlcore_notes_set(dlcore_notes_t *notes, const dlcore_allocator_t *allocator,
                               const char *what, const char *key, const char *text,
                               dlcore_error_record_t *error)
{
    note_text_t plain = {.text = text, .length = text != NULL ? strlen(text) : 0};

    return set_text(notes, allocator, what, key, text != NULL ? &plain : NULL, error);
}

dlcore_status dlcore_notes_set_json(dlcore_notes_t *notes, const dlcore_allocator_t *allocator,
                                    const char *what, const char *key, const dlcore_json_t *string,
                                    dlcore_error_record_t *error)
{
    note_text_t quoted = {.string = string, .length = dlcore_json_string(string, NULL, 0)};

    return set_text(notes, allocator, what, key, &quoted, error);
}

const dlcore_note_t *dlcore_notes_find(const dlcore_notes_t *notes, const char *key)
{
    const dlcore_note_t *note = notes->first;

    while (note != NULL && strcmp(note->key, key) != 0)
        note = note->next;
    return note;
}

dlcore_status dlcore_notes_copy(dlcore_notes_t *notes, const dlcore_notes_t *from,
                                const dlcore_allocator_t *allocator, dlcore_error_record_t *error)
{
    dlcore_status status = DLCORE_OK;

    for (const dlcore_note_t *note = from->first; note != NULL && status == DLCORE_OK;
         note = note->next)
        status = dlcore_notes_set(notes, allocator, "clone", note->key, note->text, error);
    return status;
}

void dlcore_notes_clear(dlcore_notes_t *notes, const dlcore_allocator_t *allocator)
{
    dlcore_note_t *note = notes->first;

    while (note != NULL) {
        dlcore_note_t *next = note->next;

        free_note(note, allocator);
        note = next;
    }
    drop_schema(notes);
    notes->first = NULL;
    notes->count = notes->size = notes->name_count = 0;
}
