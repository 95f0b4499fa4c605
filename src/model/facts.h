/* What must be the same on all ranks: compared before the first step.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_MODEL_FACTS_H
#define DLCORE_MODEL_FACTS_H

#include "system/compiler.h"

#include <stdint.h>

#include "base/hash.h"
#include "model/model.h"

DLCORE_HIDDEN_BEGIN

typedef struct dlcore_fact {
    const char *name; /* for messages: "batch_size"; the same list on all ranks */
    uint64_t value;
    bool is_hash; /* its value tells nobody anything */
} dlcore_fact_t;

enum { DLCORE_FACTS_MAX = 48 };

/* A number as a fact's value, which is a hash then. */
uint64_t dlcore_fact_bits(double number);

/* Compares the model and the facts of the call (at most 24) with those of rank 0. Called by all
 * ranks, behind a meeting. DLCORE_ERROR_STATE on all ranks, with the first that differs. */
dlcore_status dlcore_ranks_compare(const dlcore_model_t *model, const dlcore_fact_t *more,
                                   size_t count, dlcore_error_record_t *error);

/* Whether the model has changed since it was compared; and that it is as all ranks know it. */
bool dlcore_ranks_is_unchecked(const dlcore_model_t *model);
void dlcore_ranks_set_checked(const dlcore_model_t *model);

DLCORE_HIDDEN_END

#endif
