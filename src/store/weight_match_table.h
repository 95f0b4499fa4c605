/* The tensors of a file that may be weights, gathered into layers and in order.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_STORE_WEIGHT_MATCH_TABLE_H
#define DLCORE_STORE_WEIGHT_MATCH_TABLE_H

#include "system/compiler.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/shown.h"
#include "store/weight_matching.h"
#include "store/weight_names.h"

DLCORE_HIDDEN_BEGIN

typedef struct dlcore_match_tensor {
    const char *name; /* after the prefix of the options */
    uint32_t entry;   /* of the file, from 0 */
} dlcore_match_tensor_t;

/* A layer of the file: tensors first .. first+count-1; without layers, one tensor. */
typedef struct dlcore_match_item {
    uint32_t first, count;
    bool is_strange; /* has a tensor that is no weight of dlcore's, beside those that are */
} dlcore_match_item_t;

typedef struct dlcore_match_table {
    bool by_layer; /* false: no tensor has the name of a weight */
    dlcore_match_tensor_t *tensors;
    size_t tensor_count;
    dlcore_match_item_t *items; /* in order */
    size_t item_count;
    /* of each item, once made: those of one row have names that differ in numbers alone */
    uint32_t *rows;
    size_t row_count;
    char *names;
} dlcore_match_table_t;

/* Without what pairs have taken. Ended by dlcore_match_table_clear, whatever it answers.
 * DLCORE_ERROR_MEMORY, DLCORE_ERROR_UNSUPPORTED for too many tensors. */
dlcore_status dlcore_match_table_make(dlcore_match_table_t *table,
                                      const dlcore_matching_t *matching);
/* Takes time by the square of the items. */
dlcore_status dlcore_match_table_make_rows(dlcore_match_table_t *table,
                                           const dlcore_matching_t *matching);
void dlcore_match_table_clear(dlcore_match_table_t *table, const dlcore_allocator_t *allocator);

/* "model.0", or the name of a tensor; and for messages. */
dlcore_name_part_t dlcore_match_item_part(const dlcore_match_table_t *table, size_t item);
const char *dlcore_match_item_name(const dlcore_match_table_t *table, size_t item,
                                   char text[DLCORE_SHOWN_LONG]);

DLCORE_HIDDEN_END

#endif
