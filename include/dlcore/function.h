/* Losses and metrics of your own: a function that gets the outputs and labels of a batch.
 *
 *     static void pinball(const function_batch_t *batch, void *user)
 *     {
 *         double q = *(const double *)user;
 *         for (size_t row = 0; row < batch->rows; row++) {
 *             float error = batch->y_true[row] - batch->y_pred[row];    (one unit)
 *             batch->row_values[row] = (float)(error > 0 ? q * error : (q - 1) * error);
 *             if (batch->gradient != NULL)
 *                 batch->gradient[row] = (float)(error > 0 ? -q : 1 - q);
 *         }
 *     }
 *     ...
 *     compile_options_t how = compile_options_default();
 *     how.loss = loss_function(pinball, &q);
 *     snprintf(how.loss.name, sizeof how.loss.name, "pinball");
 *     if (loss_check(&how.loss, y_true, y_pred, NULL, &error) != DLCORE_OK) ...
 *     model_compile_with(network, &how);
 *
 * A model file has the name of the function, not the function. Give the function again when you
 * load: own_loss and own_metrics of load_options_t. Without it the model predicts, but training and
 * evaluating return DLCORE_ERROR_STATE until you compile again.
 *
 * Rules for the function:
 *   - It must not call anything that takes this model.
 *   - No C++ exception and no longjmp may leave it. To stop training, put NaN into row_values: fit
 *     and train_on_batch then return DLCORE_ERROR_NOT_FINITE and leave the weights as they were.
 *   - The same batch must give the same numbers. Then bits do not depend on threads.
 *   - What `user` points to must exist as long as the model is trained or evaluated.
 *   - It runs in dlcore's floating-point mode (flush_denormals of model_options_t).
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_FUNCTION_H
#define DLCORE_FUNCTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "api.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Which rows a function gets in one call, and where it runs. */
typedef enum dlcore_function_calls {
    /* All rows of the batch at once, on the thread that called dlcore; the default. A row's value
     * may depend on other rows. */
    DLCORE_FUNCTION_CALLS_BATCH = 0,
    /* Some rows of the batch, on any thread of the model, several calls at the same time. A row's
     * value and gradient must depend on that row alone. */
    DLCORE_FUNCTION_CALLS_ROWS
} dlcore_function_calls_t;

/* What a function gets. All arrays are row-major and contiguous. */
typedef struct dlcore_function_batch {
    size_t rows;            /* of this call, 1 or more */
    size_t first;           /* the number of the first one in its batch */
    size_t units;           /* outputs of the model */
    size_t label_width;     /* numbers of y_true per row */
    const float *y_pred;    /* (rows, units), after the last activation */
    const float *y_true;    /* (rows, label_width); NULL where labels are classes */
    const int32_t *classes; /* (rows), 0 .. units-1, where labels are integers; else NULL */
    /* (rows): how much each sample counts; NULL: all 1. dlcore applies them. */
    const float *weights;
    float *row_values; /* (rows): to be filled with the loss, or metric, of each row; NaN before */
    /* (rows, units): to be filled with the gradient of the sum of row_values by y_pred, without
     * weights; zeros before. NULL: not wanted, as in evaluating and of metrics. */
    float *gradient;
} dlcore_function_batch_t;

typedef void (*dlcore_function_call_t)(const dlcore_function_batch_t *batch, void *user);

/* Part of a loss or a metric: made by dlcore_loss_function and dlcore_metric_function. */
typedef struct dlcore_function {
    dlcore_function_call_t call;
    void *user;
    dlcore_function_calls_t calls;           /* yours to change */
    const struct dlcore_function_type *type; /* dlcore's */
} dlcore_function_t;

#ifdef __cplusplus
}
#endif

#endif
