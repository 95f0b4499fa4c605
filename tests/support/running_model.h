/* A model that is saved in the middle of a run, with all that a file can then hold: what its
 * callbacks know, the best weights so far, sums of an epoch, history, averages and a schedule.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_TESTS_RUNNING_MODEL_H
#define DLCORE_TESTS_RUNNING_MODEL_H

#include "dlcore/file.h"

enum { RUNNING_INPUTS = 3, RUNNING_EPOCHS = 3, RUNNING_BATCHES = 3 /* in an epoch */ };

/* dense, batch normalization, dropout, dense under Adam with averages and a schedule; with
 * `every_layer` one of each kind, regularizers and constraints. 3 inputs, 1 output; compiled. NULL
 * without memory. */
dlcore_model_t *running_model(const dlcore_model_options_t *options, bool every_layer);

/* How to train it. */
typedef struct running_fit {
    bool resume;
    size_t save_at; /* after this batch of the call, counted from 1; 0: never */
    bool stops;     /* there, too */
    /* Saves it; NULL: to memory. */
    dlcore_status (*save)(struct running_fit *fit, const dlcore_model_t *model);
    void *user;
    void *bytes; /* what was saved to memory, by the model's allocator */
    size_t size;
    dlcore_status status; /* of saving */
    size_t batches;       /* that were trained */
} running_fit_t;

/* Trains it on data of its own, under early stopping that keeps the best weights, a callback with
 * numbers of its own, and the one that saves. */
dlcore_status running_model_fit(dlcore_model_t *model, running_fit_t *fit);

/* Its file, saved after batch 2 of epoch 2, for free(); fails the test when it cannot be made. */
unsigned char *running_model_file(bool every_layer, size_t *size);

#endif
