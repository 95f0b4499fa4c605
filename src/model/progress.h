/* The progress line that Keras users know, on a sink.
 *
 *     Epoch 1/5
 *     469/469 ━━━━━━━━━━━━━━━━━━━━ 1s 2ms/step - accuracy: 0.9134 - loss: 0.2963
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_MODEL_PROGRESS_H
#define DLCORE_MODEL_PROGRESS_H

#include "system/compiler.h"

#include "dlcore/callback.h"
#include "dlcore/metric.h"

DLCORE_HIDDEN_BEGIN

/* Values of a line: loss and metrics, of training and of validation. */
#define DLCORE_PROGRESS_VALUES_MAX (2 * (DLCORE_METRICS_MAX + 1))

typedef struct dlcore_progress {
    dlcore_sink_t sink;
    int verbose;
    size_t batches;
    double began, drawn; /* seconds of a clock that only goes forward */
} dlcore_progress_t;

/* A sink whose write is NULL stands for stdout, as a terminal when it is one. */
dlcore_progress_t dlcore_progress_start(const dlcore_sink_t *sink, int verbose);

/* A line of its own before an epoch, with verbose 1: "note: " and the text. */
void dlcore_progress_note(const dlcore_progress_t *progress, const char *text);
/* Epoch `epoch` (from 0) begins; epochs 0: no "Epoch" line, as in evaluate. */
void dlcore_progress_begin(dlcore_progress_t *progress, size_t epoch, size_t epochs,
                           size_t batches);
/* `done` batches are done. Redraws at most every 0.05 s, and only on a terminal. */
void dlcore_progress_batch(dlcore_progress_t *progress, size_t done, const char *const *names,
                           const double *values, size_t count);
/* The last state of the line, and its end. */
void dlcore_progress_end(dlcore_progress_t *progress, const char *const *names,
                         const double *values, size_t count);

DLCORE_HIDDEN_END

#endif
