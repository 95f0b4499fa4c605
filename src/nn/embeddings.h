/* The tables of embedding layers.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_NN_EMBEDDINGS_H
#define DLCORE_NN_EMBEDDINGS_H

#include "system/compiler.h"

#include <stdbool.h>

#include "dlcore/layer.h"
#include "dlcore/status.h"

DLCORE_HIDDEN_BEGIN

/* DLCORE_ERROR_ARGUMENT for what is no list of tables; `what` begins the message. */
dlcore_status dlcore_embeddings_validate(const dlcore_embeddings_t *tables, const char *what,
                                         dlcore_error_record_t *error);

/* How many numbers all tables have; false: too many to count. */
bool dlcore_embeddings_size(const dlcore_embeddings_t *tables, size_t *size);

/* Whether a table has a row of that number. */
static inline bool dlcore_embedding_has(const dlcore_embedding_t *table, double number)
{
    return number >= 0.0 && number < (double)table->count && number == (double)(uint32_t)number;
}

DLCORE_HIDDEN_END

#endif
