/* Weights and tensors by the order of layers: what fits what, taking what was found, saying why
 * nothing was. weight_match_order.c goes through it.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_STORE_WEIGHT_ORDERING_H
#define DLCORE_STORE_WEIGHT_ORDERING_H

#include "system/compiler.h"

#include "store/weight_match_table.h"
#include "store/weight_matching.h"
#include "store/weight_search.h"

DLCORE_HIDDEN_BEGIN

/* What an item of the file goes to: weights first .. first+count-1 of the model, a layer's. */
typedef struct dlcore_ordering_slot {
    const dlcore_parameter_t *parameters;
    size_t first, count;
} dlcore_ordering_slot_t;

typedef struct dlcore_ordering {
    dlcore_matching_t *matching;
    dlcore_match_table_t table;
    dlcore_ordering_slot_t *slots;
    size_t slot_count;
    dlcore_weight_source_t source; /* of what is taken */
} dlcore_ordering_t;

/* ---- weight_ordering.c ---- */

/* The tensor of an item that is this weight, by its name; alone it is whatever fits. NULL: none. */
const dlcore_match_tensor_t *dlcore_ordering_tensor(const dlcore_match_table_t *table,
                                                    const dlcore_match_item_t *item,
                                                    const char *weight);
/* How it lies, where it is the slot's p-th. */
dlcore_matching_shape_t dlcore_ordering_shape(const dlcore_ordering_t *ordering,
                                              const dlcore_ordering_slot_t *slot, size_t p,
                                              const dlcore_match_tensor_t *tensor);
/* For dlcore_search_t: `user` is the ordering. */
dlcore_search_fit_t dlcore_ordering_fit(const void *user, size_t slot, size_t item);
/* The items that were found for the first `count` slots. */
dlcore_status dlcore_ordering_take(dlcore_ordering_t *ordering, const uint32_t *found,
                                   size_t count);

/* ---- weight_ordering_refuse.c ---- */

/* The file has more or fewer layers than the model. */
dlcore_status dlcore_ordering_refuse_counts(const dlcore_ordering_t *ordering);
/* The item does not fit the slot. */
dlcore_status dlcore_ordering_refuse_item(const dlcore_ordering_t *ordering, size_t slot,
                                          size_t item);
dlcore_status dlcore_ordering_refuse_search(const dlcore_ordering_t *ordering,
                                            const dlcore_search_t *search,
                                            dlcore_search_result_t result);

DLCORE_HIDDEN_END

#endif
