/* Calling losses and metrics that are functions of the user's.
 *
 * What runs them hangs on the descriptor, by dlcore_function_t.type, and the descriptor gets it
 * from its constructor: a program that makes none links nothing of this.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_NN_FUNCTION_H
#define DLCORE_NN_FUNCTION_H

#include "system/compiler.h"

#include "dlcore/function.h"
#include "nn/loss.h"
#include "nn/metric.h"

DLCORE_HIDDEN_BEGIN

typedef struct dlcore_function_type {
    bool is_missing; /* the name of one is known, from a file, and not the function: never run */
    /* Rows begin .. end-1 of a batch, as dlcore_loss_rows and dlcore_metric_rows. */
    void (*loss_rows)(const dlcore_loss_pass_t *pass, size_t begin, size_t end);
    void (*metric_rows)(const dlcore_metric_pass_t *pass, size_t begin, size_t end, float *values);
} dlcore_function_type_t;

extern const dlcore_function_type_t dlcore_function_given, dlcore_function_missing;

static inline bool dlcore_loss_is_function(dlcore_loss_kind_t kind)
{
    return kind == DLCORE_LOSS_FUNCTION || kind == DLCORE_LOSS_SPARSE_FUNCTION;
}

/* Whether rows are not shared out: the function wants all of a batch, on the calling thread. */
static inline bool dlcore_loss_is_called_once(const dlcore_loss_t *loss)
{
    return dlcore_loss_is_function(loss->kind) &&
           loss->function.calls == DLCORE_FUNCTION_CALLS_BATCH;
}
static inline bool dlcore_metric_is_called_once(const dlcore_metric_t *metric)
{
    return metric->kind == DLCORE_METRIC_FUNCTION &&
           metric->function.calls == DLCORE_FUNCTION_CALLS_BATCH;
}

/* DLCORE_ERROR_ARGUMENT where a descriptor of a function has none, or no such way to be called;
 * `what` names it. */
dlcore_status dlcore_function_validate(const dlcore_function_t *function, const char *what,
                                       dlcore_error_record_t *error);
/* Whether both call the same. */
static inline bool dlcore_function_is_same(const dlcore_function_t *a, const dlcore_function_t *b)
{
    return a->call == b->call && a->user == b->user && a->calls == b->calls && a->type == b->type;
}

DLCORE_HIDDEN_END

#endif
