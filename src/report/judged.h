/* Labels and predictions that are judged: checked once, read alike.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_REPORT_JUDGED_H
#define DLCORE_REPORT_JUDGED_H

#include "system/compiler.h"

#include <stdbool.h>
#include <stdint.h>

#include "dlcore/judge.h"
#include "tensor/tensor.h"

DLCORE_HIDDEN_BEGIN

typedef struct dlcore_judged {
    const dlcore_tensor_t *y_pred;
    size_t samples, units;
    int32_t *classes; /* of the samples, each one that y_pred has */
    dlcore_allocator_t allocator;
} dlcore_judged_t;

/* `probabilities`: predictions must lie in 0 .. 1, else only be finite. `call` begins messages. */
dlcore_status dlcore_judged_make(const char *call, const dlcore_tensor_t *y_true,
                                 const dlcore_tensor_t *y_pred, bool probabilities,
                                 dlcore_judged_t *judged, dlcore_error_record_t *error);
void dlcore_judged_clear(dlcore_judged_t *judged);
/* y_pred alone. */
dlcore_status dlcore_check_predictions(const char *call, const dlcore_tensor_t *y_pred,
                                       bool probabilities, dlcore_error_record_t *error);

static inline size_t dlcore_judged_class_count(const dlcore_judged_t *judged)
{
    return judged->units > 1 ? judged->units : 2;
}

static inline double dlcore_judged_number(const dlcore_judged_t *judged, size_t sample, size_t unit)
{
    return dlcore_row_number(judged->y_pred, sample, unit);
}

/* Of a class; with one output 1 - p for class 0. */
static inline double dlcore_judged_probability(const dlcore_judged_t *judged, size_t sample,
                                               size_t class_number)
{
    if (judged->units > 1)
        return dlcore_judged_number(judged, sample, class_number);
    return class_number == 1 ? dlcore_judged_number(judged, sample, 0)
                             : 1.0 - dlcore_judged_number(judged, sample, 0);
}

/* DLCORE_ERROR_ARGUMENT unless it is a class whose probabilities are in y_pred. */
dlcore_status dlcore_judged_check_class(const char *call, const dlcore_judged_t *judged,
                                        size_t positive, dlcore_error_record_t *error);

DLCORE_HIDDEN_END

#endif
