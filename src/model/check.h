/* What the parts of model_check share.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_MODEL_CHECK_H
#define DLCORE_MODEL_CHECK_H

#include "system/compiler.h"

#include "base/error.h"
#include "dlcore/check.h"
#include "model/model.h"
#include "tensor/tensor.h"

DLCORE_HIDDEN_BEGIN

typedef struct dlcore_check {
    const dlcore_model_t *model;
    const dlcore_tensor_t *x, *y;        /* NULL: not looked at */
    const dlcore_objective_t *objective; /* NULL: not built or not compiled */
    bool weighted;                       /* samples or classes have weights */
    const size_t *order;                 /* of the samples; NULL: as they are */
    size_t samples;                      /* looked at: those that come first */
    size_t held_out;                     /* behind them: validation_split keeps them back */
    dlcore_findings_t *findings;
} dlcore_check_t;

/* dlcore_model_check for fit, which knows whether there are weights and which samples train: those
 * of *training, which begin at 0, and not the `held_out` behind them. */
dlcore_status dlcore_check_training(const dlcore_model_t *model, const dlcore_source_t *training,
                                    size_t held_out, bool weighted, dlcore_findings_t *findings,
                                    dlcore_error_record_t *error);

/* ---- check_findings.c ---- */

/* Adds a finding; only the first of its kind. */
void dlcore_check_add(const dlcore_check_t *check, dlcore_finding_kind_t kind, size_t layer,
                      size_t column, const char *format, ...) DLCORE_PRINTF(5, 6);

/* How many of `count` samples of `width` numbers are looked at: all of them, or where they are many
 * at most `most`, and as many as have a million numbers. */
size_t dlcore_check_rows(size_t count, size_t width, size_t most);

/* The place of the i-th of `rows` that are looked at among `count`: one of each stretch of
 * count / rows, by a hash of i, because the data may repeat with any period. Places ascend, are the
 * same in every call, and 0 is among them. */
size_t dlcore_check_place(size_t i, size_t rows, size_t count);

/* The sample at that place among those that come first. */
static inline size_t dlcore_check_row(const dlcore_check_t *check, size_t i, size_t rows)
{
    size_t at = dlcore_check_place(i, rows, check->samples);

    return check->order != NULL ? check->order[at] : at;
}

/* What follows "in all 1000 samples" in a message. */
static inline const char *dlcore_check_looked_at(const dlcore_check_t *check, size_t rows)
{
    return rows < check->samples ? " that were looked at" : "";
}

/* The class of a sample, 0 .. units - 1, or 0 and 1 of one unit; SIZE_MAX where it has none, as
 * where no share is above a half. */
size_t dlcore_check_class(const dlcore_check_t *check, size_t row);
/* How many classes there are; 0: labels are no classes. */
size_t dlcore_check_classes_count(const dlcore_check_t *check);

/* ---- the parts ---- */

/* Columns of x: check_features.c. */
dlcore_status dlcore_check_features(const dlcore_check_t *check, dlcore_error_record_t *error);
/* y by itself: check_targets.c. */
dlcore_status dlcore_check_targets(const dlcore_check_t *check, dlcore_error_record_t *error);
/* Layers and optimizer: check_layers.c. */
void dlcore_check_layers(const dlcore_check_t *check);
dlcore_status dlcore_check_dead_units(const dlcore_check_t *check, dlcore_error_record_t *error);
/* The last layer, the loss and y: check_output.c. */
void dlcore_check_output(const dlcore_check_t *check);

DLCORE_HIDDEN_END

#endif
