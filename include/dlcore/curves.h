/* Learning curves: what fit recorded, as a picture.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_CURVES_H
#define DLCORE_CURVES_H

#include <stddef.h>

#include "api.h"
#include "model.h"
#include "status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Start from dlcore_curves_options_default, then change fields. */
typedef struct dlcore_curves_options {
    size_t structure_size; /* set by ..._default() */
    const char *title;     /* above all panels, UTF-8; NULL, the default: none */
    size_t columns;        /* panels side by side, 1 .. 8; 2 */
    size_t width;  /* of a panel in pixels, 320 .. 4000; 480. Wider if the first row is not full */
    size_t height; /* 120 .. 4000; 320 */
    /* Names of the panels. "loss" or "accuracy": with the curves of training and validation;
     * "val_loss": only that of validation. Count 0, the default: all values of the history. */
    const char *const *names;
    size_t name_count;
    /* Names of panels whose y axis is logarithmic. Their values must be above 0, else
     * DLCORE_ERROR_RANGE. Count 0, the default: none. */
    const char *const *log_names;
    size_t log_name_count;
} dlcore_curves_options_t;
DLCORE_API dlcore_curves_options_t dlcore_curves_options_default(void);

/* Writes the history as an SVG picture that needs no other file. It has a panel for the loss and
 * one for each metric, with the values of training and validation by epoch. Epochs count from 1, as
 * verbose counts them, also after an initial_epoch or a resume. A value that is not finite leaves a
 * gap. Lines cross epochs without validation (validation_freq). A ring marks the epoch with the
 * lowest val_loss. The same history gives the same bytes, in any locale.
 *
 * `options` NULL: the defaults. When the file is complete it replaces an old one; on failure the
 * old one stays. Errors: DLCORE_ERROR_ARGUMENT; DLCORE_ERROR_NAME for a name that is not in the
 * history; DLCORE_ERROR_RANGE; DLCORE_ERROR_IO with errno's text. */
DLCORE_API dlcore_status dlcore_history_save_svg(const dlcore_history_t *history, const char *path,
                                                 const dlcore_curves_options_t *options,
                                                 dlcore_error_record_t *error);

#ifdef __cplusplus
}
#endif

#endif
