/* Learning curves: what fit recorded, as a picture.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_CURVES_H
#define DLCORE_CURVES_H

#include <stddef.h>

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
    size_t width;  /* of a panel in pixels, 320 .. 4000; 480; a first row of fewer has wider ones */
    size_t height; /* 120 .. 4000; 320 */
    /* Names of the panels: "loss", "accuracy", with both curves; "val_loss", that of validation
     * alone. Count 0, the default: all that the history has. */
    const char *const *names;
    size_t name_count;
    /* Names of panels whose y axis is logarithmic. Their values must be above 0, else
     * DLCORE_ERROR_RANGE. Count 0, the default: none. */
    const char *const *log_names;
    size_t log_name_count;
} dlcore_curves_options_t;
dlcore_curves_options_t dlcore_curves_options_default(void);

/* Writes the history as an SVG picture that needs no other file: a panel for the loss and one for
 * each metric, with the values of training and, where there are any, of validation by epoch. Epochs
 * count from 1, as verbose counts them, also where fit began at an initial_epoch or resumed. Values
 * that are not finite leave a gap; lines go on across epochs without validation (validation_freq).
 * A ring marks the epoch of the least val_loss. The same history gives the same bytes, in any
 * locale.
 *
 * `options` NULL: the defaults. The file takes the place of one of that name when it is complete;
 * on failure the old one stays. Errors: DLCORE_ERROR_ARGUMENT, DLCORE_ERROR_NAME for a name that
 * the history has not, DLCORE_ERROR_RANGE, DLCORE_ERROR_IO with errno's text. */
dlcore_status dlcore_history_save_svg(const dlcore_history_t *history, const char *path,
                                      const dlcore_curves_options_t *options,
                                      dlcore_error_record_t *error);

#ifdef __cplusplus
}
#endif

#endif
