/* A line search for the strong Wolfe conditions, over the loss of a model.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_FIT_LINE_SEARCH_H
#define DLCORE_FIT_LINE_SEARCH_H

#include "system/compiler.h"

#include "model/model.h"

DLCORE_HIDDEN_BEGIN

/* Vectors of `n` numbers are the caller's. */
typedef struct dlcore_line {
    dlcore_model_t *model;
    const dlcore_tensor_t *x, *y;
    size_t n;
    float *weights, *gradient; /* where the search begins */
    double loss;               /* there */
    float *direction;
    size_t evaluations;

    /* the last point that was looked at; with `found`, the one that the search has chosen */
    float *moved, *slopes;
    double step, moved_loss;
    bool found;
} dlcore_line_t;

/* The loss and gradient of the model's weights, where the first search begins. */
dlcore_status dlcore_line_begin(dlcore_line_t *line);
/* Looks for a step along the direction, which leads down; the model has the weights of the point
 * that was found, or else those before. */
dlcore_status dlcore_line_search(dlcore_line_t *line);
/* The next search begins at the point that was found. */
void dlcore_line_accept(dlcore_line_t *line);

double dlcore_line_dot(const float *a, const float *b, size_t n);

DLCORE_HIDDEN_END

#endif
