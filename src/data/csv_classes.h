/* Names of classes in a CSV file.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_DATA_CSV_CLASSES_H
#define DLCORE_DATA_CSV_CLASSES_H

#include "system/compiler.h"

#include <stdbool.h>
#include <stdint.h>

#include "dlcore/data.h"

DLCORE_HIDDEN_BEGIN

#define DLCORE_CSV_CLASSES_MAX 10000
#define DLCORE_CSV_CLASS_SIZE 256 /* of a name, with the zero behind it */

typedef struct dlcore_csv_chunk dlcore_csv_chunk_t;

typedef struct dlcore_csv_classes {
    dlcore_allocator_t allocator;
    const char **names; /* sorted by bytes until they are finished */
    int32_t *codes;     /* of each name */
    size_t count;
    size_t room;
    bool fixed;     /* given by the caller */
    size_t na_line; /* where NA was first read as a class; 0: nowhere */
    bool quoted;    /* some class was in quotes */
    dlcore_csv_chunk_t *chunks;
} dlcore_csv_classes_t;

/* Starts with the names of the options, or with none. */
dlcore_status dlcore_csv_start_classes(dlcore_csv_classes_t *classes,
                                       const dlcore_csv_options_t *options,
                                       const dlcore_allocator_t *allocator,
                                       dlcore_error_record_t *error);

/* The code of a name, which is added when it is new. DLCORE_ERROR_NAME when names are fixed and
 * this is none of them, DLCORE_ERROR_OVERFLOW when there are too many, DLCORE_ERROR_FORMAT,
 * DLCORE_ERROR_MEMORY: the other function has the messages, `where` goes before them. */
dlcore_status dlcore_csv_class_code(dlcore_csv_classes_t *classes, const char *text, size_t length,
                                    int32_t *code);
dlcore_status dlcore_csv_refuse_class(const dlcore_csv_classes_t *classes, const char *text,
                                      size_t length, const char *where, dlcore_status status,
                                      dlcore_error_record_t *error);

/* Puts the names into their final order and replaces `count` codes by places in it. */
dlcore_status dlcore_csv_finish_classes(dlcore_csv_classes_t *classes, int32_t *codes, size_t count,
                                        dlcore_error_record_t *error);
void dlcore_csv_release_classes(dlcore_csv_classes_t *classes);

DLCORE_HIDDEN_END

#endif
