/* Notes: texts of yours that a model carries, and that are saved and loaded with it. The names of
 * classes and features, which predictions need, are notes with known keys.
 *
 *     model_set_note_names(network, DLCORE_NOTE_CLASS_NAMES, csv_class_names(table),
 *                          csv_class_count(table));
 *     model_set_note(network, "trained by", "Ada, 2026-05-13");
 *     model_save(network, "flowers.safetensors", NULL);
 *     ...
 *     size_t count;
 *     const char *const *names = model_note_names(network, DLCORE_NOTE_CLASS_NAMES, &count);
 *
 * dlcore gives no meaning to notes: they change nothing that a model computes. model_clone copies
 * them. They are saved and loaded as "dlcore.note." and the key
 *   - by model_save in the file's metadata, which Python's safe_open(...).metadata() shows;
 *   - by keras_save in metadata.json of the .keras file. Keras opens it, but does not read them,
 * and what it saves itself has none;
 *   - by onnx_save in metadata_props, which ONNX Runtime shows as custom_metadata_map.
 * Files of weights alone have none, and loading weights, or resuming from a backup, leaves the
 * model's own as they are.
 *
 * Limits: a key has 1 to 128 bytes without control characters. A model has at most 1000 notes, of
 * 8 MiB together with their keys, and 65536 names in all of its lists. Keys and texts are UTF-8;
 * what is not is refused with DLCORE_ERROR_ARGUMENT, what is too much with DLCORE_ERROR_OVERFLOW.
 *
 * Ownership: keys, texts and names are copied, with the model's allocator. Getters borrow: what
 * they answer is valid until that note is set anew or removed, or the model freed. Threads: setting
 * writes the model, and is open to callbacks; the message of an error is in dlcore_model_error.
 * Getters read it.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_NOTE_H
#define DLCORE_NOTE_H

#include <stddef.h>

#include "api.h"
#include "model.h"
#include "status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Known keys, for lists of names: name i belongs to class i, or output i, and to feature i. */
#define DLCORE_NOTE_CLASS_NAMES "class_names"
#define DLCORE_NOTE_FEATURE_NAMES "feature_names"
/* Set by dlcore_model_set_schema (dlcore/schema.h). */
#define DLCORE_NOTE_SCHEMA "schema"

#define DLCORE_NOTE_KEY_MAX 128
#define DLCORE_NOTE_COUNT_MAX 1000
#define DLCORE_NOTE_BYTES_MAX (8 * 1024 * 1024)
#define DLCORE_NOTE_NAMES_MAX 65536

/* Sets a note, or changes it in its place in the order. `text` NULL removes it; that there is none
 * is no error. On failure the model keeps what it had. */
DLCORE_API dlcore_status dlcore_model_set_note(dlcore_model_t *model, const char *key,
                                               const char *text);
/* Its text; NULL: there is no such note. */
DLCORE_API const char *dlcore_model_note(const dlcore_model_t *model, const char *key);

/* How many there are, and the key of each, in the order in which they were first set; NULL beyond
 * the last. */
DLCORE_API size_t dlcore_model_note_count(const dlcore_model_t *model);
DLCORE_API const char *dlcore_model_note_key(const dlcore_model_t *model, size_t index);

/* Sets a note to a list of `count` names, 1 or more: its text is a JSON array of strings. */
DLCORE_API dlcore_status dlcore_model_set_note_names(dlcore_model_t *model, const char *key,
                                                     const char *const *names, size_t count);
/* The names of a note whose text is a JSON array of strings, however it was set; *count (may be
 * NULL) says how many. NULL, and a count of 0: there is no such note, or its text is something
 * else. */
DLCORE_API const char *const *dlcore_model_note_names(const dlcore_model_t *model, const char *key,
                                                      size_t *count);

#ifdef __cplusplus
}
#endif

#endif
