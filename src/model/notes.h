/* The notes of a model: a list of keys and texts, which come from the model's allocator.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_MODEL_NOTES_H
#define DLCORE_MODEL_NOTES_H

#include "system/compiler.h"

#include <stdatomic.h>
#include <stddef.h>

#include "dlcore/status.h"
#include "json/json.h"

DLCORE_HIDDEN_BEGIN

/* A note is one block: this, then the key, then the text. */
typedef struct dlcore_note {
    struct dlcore_note *next;
    const char *key, *text;
    size_t size;        /* bytes of both */
    const char **names; /* of a text that lists some: a block of its own; else NULL */
    size_t name_count;
} dlcore_note_t;

/* What was made of a note's text. It begins with this, and is let go with the text. */
typedef struct dlcore_note_object {
    void (*release)(struct dlcore_note_object *object);
} dlcore_note_object_t;

typedef struct dlcore_notes {
    dlcore_note_t *first;
    size_t count;
    size_t size;       /* of all */
    size_t name_count; /* likewise */
    /* The schema of the note of that name (table/schema_model.c), made by the first reader that
     * asks for it; NULL: nobody did. */
    _Atomic(dlcore_note_object_t *) schema;
} dlcore_notes_t; /* begins as all 0 */

/* Why this cannot be a key: "is empty"; NULL: it can. */
const char *dlcore_note_key_problem(const char *key);

/* Sets a note; `key` can be one, and `text`, which is UTF-8, may be NULL: none then. `what` begins
 * messages: "set_note". On failure nothing changes. */
dlcore_status dlcore_notes_set(dlcore_notes_t *notes, const dlcore_allocator_t *allocator,
                               const char *what, const char *key, const char *text,
                               dlcore_error_record_t *error);
/* The same to what a string of JSON says, without a copy in between; a text with a zero byte ends
 * there. */
dlcore_status dlcore_notes_set_json(dlcore_notes_t *notes, const dlcore_allocator_t *allocator,
                                    const char *what, const char *key, const dlcore_json_t *string,
                                    dlcore_error_record_t *error);
const dlcore_note_t *dlcore_notes_find(const dlcore_notes_t *notes, const char *key);
/* Adds all of `from` to notes that are empty; on failure some. */
dlcore_status dlcore_notes_copy(dlcore_notes_t *notes, const dlcore_notes_t *from,
                                const dlcore_allocator_t *allocator, dlcore_error_record_t *error);
void dlcore_notes_clear(dlcore_notes_t *notes, const dlcore_allocator_t *allocator);

DLCORE_HIDDEN_END

#endif
