/* The tensors that a safetensors header lists: sorted, found, asked; and members of a new header.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_STORE_SAFETENSORS_ENTRIES_H
#define DLCORE_STORE_SAFETENSORS_ENTRIES_H

#include "system/compiler.h"

#include <stdint.h>

#include "dlcore/tensor.h"
#include "json/json.h"
#include "json/json_writer.h"

DLCORE_HIDDEN_BEGIN

#define DLCORE_SAFETENSORS_HEADER_MAX 100000000 /* bytes; the format's own limit */
#define DLCORE_SAFETENSORS_PREFIX 8             /* bytes of N */
#define DLCORE_SAFETENSORS_NAME_MAX 1024        /* bytes of a tensor's name, decoded */

typedef enum dlcore_safetensors_dtype {
    DLCORE_SAFETENSORS_OTHER = 0, /* one that is not listed here: its tensors can be skipped */
    DLCORE_SAFETENSORS_BOOL,
    DLCORE_SAFETENSORS_U8,
    DLCORE_SAFETENSORS_I8,
    DLCORE_SAFETENSORS_F8_E5M2,
    DLCORE_SAFETENSORS_F8_E4M3,
    DLCORE_SAFETENSORS_I16,
    DLCORE_SAFETENSORS_U16,
    DLCORE_SAFETENSORS_F16,
    DLCORE_SAFETENSORS_BF16,
    DLCORE_SAFETENSORS_I32,
    DLCORE_SAFETENSORS_U32,
    DLCORE_SAFETENSORS_F32,
    DLCORE_SAFETENSORS_F64,
    DLCORE_SAFETENSORS_I64,
    DLCORE_SAFETENSORS_U64
} dlcore_safetensors_dtype_t;

/* One tensor. Texts are places in the header, which is below 2^32 bytes. */
typedef struct dlcore_safetensors_entry {
    size_t begin, end; /* bytes of the data */
    uint32_t name;     /* where the name's quote stands */
    uint32_t value;    /* where the object's brace stands */
    uint8_t dtype;     /* dlcore_safetensors_dtype_t */
    uint8_t rank;
    uint32_t use; /* for whoever reads the data; 0 at first */
} dlcore_safetensors_entry_t;

typedef struct dlcore_safetensors {
    const char *text; /* the header, borrowed */
    size_t text_size;
    size_t data_size;
    dlcore_json_t metadata;              /* kind DLCORE_JSON_NONE when there is none */
    dlcore_safetensors_entry_t *entries; /* sorted by name */
    size_t count;
} dlcore_safetensors_t;

/* The name at that place of a parsed header's text. */
static inline dlcore_json_t dlcore_safetensors_name_at(const char *text, uint32_t place)
{
    return (dlcore_json_t){.kind = DLCORE_JSON_STRING, .begin = text + place};
}

/* The tensor of that name; NULL when there is none. */
dlcore_safetensors_entry_t *dlcore_safetensors_find(const dlcore_safetensors_t *file,
                                                    const char *name);
/* For messages, the tensor that may have been meant: one whose name ends in that one,
 * "sequential/dense/kernel" for "dense/kernel", else the first layer's of the same last part; NULL
 * when there is none. Looks at all names. */
dlcore_safetensors_entry_t *dlcore_safetensors_find_like(const dlcore_safetensors_t *file,
                                                         const char *name);
/* Its name, decoded, and how many bytes that has. */
size_t dlcore_safetensors_name(const dlcore_safetensors_t *file,
                               const dlcore_safetensors_entry_t *entry,
                               char name[DLCORE_SAFETENSORS_NAME_MAX + 1]);
/* Its lengths, and its dtype's name as it stands in the file, cut to the room. */
void dlcore_safetensors_shape(const dlcore_safetensors_t *file,
                              const dlcore_safetensors_entry_t *entry,
                              size_t shape[DLCORE_RANK_MAX]);
void dlcore_safetensors_dtype_text(const dlcore_safetensors_t *file,
                                   const dlcore_safetensors_entry_t *entry, char *to, size_t room);
/* Sorts the entries by place, for reading in one go: finding no longer works. And back. */
void dlcore_safetensors_sort_by_place(dlcore_safetensors_t *file);
void dlcore_safetensors_sort_by_name(dlcore_safetensors_t *file);

/* ---- writing ---- */

/* What a tensor that is written is made of. */
typedef struct dlcore_safetensors_element {
    const char *dtype; /* "F32" */
    size_t size;       /* bytes */
} dlcore_safetensors_element_t;

/* A member of the header: a tensor of that shape at `begin` of the data. Answers where it ends. */
size_t dlcore_safetensors_put_tensor(dlcore_json_writer_t *writer, const char *name,
                                     dlcore_safetensors_element_t element, size_t rank,
                                     const size_t *shape, size_t begin);
/* Pads a finished header with spaces, so that the data begins at a multiple of 8. */
void dlcore_safetensors_pad(dlcore_json_writer_t *writer);

DLCORE_HIDDEN_END

#endif
