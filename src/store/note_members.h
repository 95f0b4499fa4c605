/* Notes as members of a JSON object: in the metadata of a model file, and in Keras's.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_STORE_NOTE_MEMBERS_H
#define DLCORE_STORE_NOTE_MEMBERS_H

#include "system/compiler.h"

#include "model/notes.h"
#include "json/json.h"
#include "json/json_writer.h"

DLCORE_HIDDEN_BEGIN

#define DLCORE_NOTE_PREFIX "dlcore.note." /* of a note's key, in every format of files */

void dlcore_note_members_put(dlcore_json_writer_t *writer, const dlcore_notes_t *notes);

/* Adds the notes among the members of `object`, which may be of any kind, to notes that are empty.
 * DLCORE_ERROR_FORMAT for one that is no note or is there twice, DLCORE_ERROR_OVERFLOW for too
 * much. `file` begins messages. */
dlcore_status dlcore_note_members_read(const dlcore_json_t *object, const char *file,
                                       dlcore_notes_t *notes, const dlcore_allocator_t *allocator,
                                       dlcore_error_record_t *error);

DLCORE_HIDDEN_END

#endif
