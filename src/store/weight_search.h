/* The one way to give every slot an item, where there is exactly one: slots are layers of a model,
 * items layers of a file. Items of one row keep their order: a slot's item comes after those of the
 * row that earlier slots have. What fits a slot is the caller's business.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_STORE_WEIGHT_SEARCH_H
#define DLCORE_STORE_WEIGHT_SEARCH_H

#include "system/compiler.h"

#include <stddef.h>
#include <stdint.h>

#include "dlcore/status.h"

DLCORE_HIDDEN_BEGIN

#define DLCORE_SEARCH_NONE UINT32_MAX

typedef enum dlcore_search_fit {
    DLCORE_SEARCH_NO,
    DLCORE_SEARCH_ALMOST, /* it is the kind, but not the shape */
    DLCORE_SEARCH_YES
} dlcore_search_fit_t;

typedef enum dlcore_search_result {
    DLCORE_SEARCH_FOUND,
    DLCORE_SEARCH_NO_WAY,
    DLCORE_SEARCH_TWO_WAYS,
    DLCORE_SEARCH_TOO_LONG, /* given up after some hundred thousand attempts */
    DLCORE_SEARCH_NO_MEMORY
} dlcore_search_result_t;

typedef struct dlcore_search {
    /* the caller's */
    dlcore_search_fit_t (*fit)(const void *user, size_t slot, size_t item);
    const void *user;
    size_t slots;
    size_t items;        /* `slots` or more */
    const uint32_t *row; /* of each item; rows are numbered from 0 */
    size_t rows;
    size_t almost_max; /* slots that may get an item that almost fits; as few as possible do */
    /* what was found */
    uint32_t *found;   /* the item of each slot: the caller's room for `slots` numbers */
    size_t stuck;      /* NO_WAY, TWO_WAYS: the slot to tell about */
    uint32_t stuck_at; /* an item that it cannot have, or could have, too; or DLCORE_SEARCH_NONE */
} dlcore_search_t;

dlcore_search_result_t dlcore_search_run(dlcore_search_t *search,
                                         const dlcore_allocator_t *allocator);

DLCORE_HIDDEN_END

#endif
