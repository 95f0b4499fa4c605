/* A schema over rows of a table.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_TABLE_SCHEMA_APPLY_H
#define DLCORE_TABLE_SCHEMA_APPLY_H

#include "system/compiler.h"

#include "table/schema.h"
#include "table/table_cursor.h"

DLCORE_HIDDEN_BEGIN

/* A schema's way through a table. */
typedef struct dlcore_applying {
    const dlcore_schema_t *schema;
    const dlcore_table_t *table;
    bool labels;   /* targets, too */
    size_t *which; /* step of each column */
    dlcore_table_cursor_t cursor;
} dlcore_applying_t;

/* Finds the columns. `labels` false: the targets need not be there. `call` begins messages. Ended
 * by _end, whatever it answers. */
dlcore_status dlcore_applying_begin(dlcore_applying_t *applying, const dlcore_schema_t *schema,
                                    const dlcore_table_t *table, bool labels, const char *call,
                                    dlcore_error_record_t *error);
void dlcore_applying_end(dlcore_applying_t *applying);

/* Writes a row: the features to `x`, the targets, 4 bytes each, to `y`. */
dlcore_status dlcore_applying_row(dlcore_applying_t *applying, size_t row, float *x,
                                  unsigned char *y, dlcore_error_record_t *error);

/* What a public function of that name does, around the applier of its kind of tensors: *x and *y
 * are NULL where it fails. */
typedef dlcore_status dlcore_schema_applier_t(const dlcore_schema_t *schema,
                                              const dlcore_table_t *table,
                                              const dlcore_table_rows_t *rows, dlcore_tensor_t **x,
                                              dlcore_tensor_t **y, dlcore_error_record_t *error);
dlcore_status dlcore_schema_apply_by(const char *name, dlcore_schema_applier_t *applier,
                                     const dlcore_schema_t *schema, const dlcore_table_t *table,
                                     const dlcore_table_rows_t *rows, dlcore_tensor_t **x,
                                     dlcore_tensor_t **y, dlcore_error_record_t *error);

/* Labels of `count` rows of a table, unset. */
dlcore_status dlcore_schema_make_labels(const dlcore_schema_t *schema,
                                        const dlcore_allocator_t *allocator, size_t count,
                                        dlcore_tensor_t **y, dlcore_error_record_t *error);
/* Tensors for `count` rows of a table, unset; *y for NULL not. */
dlcore_status dlcore_schema_make_tensors(const dlcore_schema_t *schema,
                                         const dlcore_allocator_t *allocator, size_t count,
                                         dlcore_tensor_t **x, dlcore_tensor_t **y,
                                         dlcore_error_record_t *error);

DLCORE_HIDDEN_END

#endif
