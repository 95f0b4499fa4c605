/* What a metric is to the engine: a const table, one per kind.
 *
 * To add a kind: an enumerator in dlcore/metric.h, a function and a row in metric.c.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_NN_METRIC_H
#define DLCORE_NN_METRIC_H

#include "dlcore/metric.h"
#include "dlcore/status.h"
#include "math/kernels.h"
#include "math/matrix.h"
#include "nn/loss.h"

typedef struct dlcore_metric_pass {
    const dlcore_kernels_t *kernels;
    const dlcore_metric_t *metric; /* its kind resolved: never ACCURACY */
    const dlcore_matrix_t *y;      /* y_pred, (rows, units) */
    const dlcore_labels_t *labels;
} dlcore_metric_pass_t;

typedef struct dlcore_metric_type {
    const char *name;
    const char *short_name; /* NULL: none */
    /* The metric of one row. */
    float (*row)(const dlcore_metric_pass_t *pass, size_t row);
    bool wants_classes; /* integer labels; else a value for each unit (or one unit) */
} dlcore_metric_type_t;

/* The table of a kind; NULL for an unknown one and for NONE. */
const dlcore_metric_type_t *dlcore_metric_type(dlcore_metric_kind_t kind);

/* The kind that ACCURACY stands for with these labels and units, as Keras chooses; any other kind
 * is answered as it is. */
dlcore_metric_kind_t dlcore_metric_resolve(dlcore_metric_kind_t kind, dlcore_label_form_t labels,
                                           size_t units);

/* DLCORE_OK, or an error when the (resolved) metric cannot be had from such labels. */
dlcore_status dlcore_metric_validate(const dlcore_metric_t *metric, dlcore_label_form_t labels,
                                     size_t units, dlcore_error_record_t *error);

#endif
