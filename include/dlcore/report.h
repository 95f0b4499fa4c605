/* Reports on a classifier: which classes it takes for which.
 *
 *     size_t counts[10 * 10];
 *     confusion_matrix(test_labels, predicted, 10, counts, NULL);      labels as integers
 *     report_classification(counts, 10, NULL, stdout, NULL);
 *
 * Of outputs (samples, units) tensor_argmax makes such labels where there are several units. Of one
 * sigmoid unit, (samples, 1) or (samples), tensor_cast(y_pred, DTYPE_INT32, 1.0, ...) does: it
 * rounds to 1 above 0.5, to 0 at 0.5 and below, as binary_accuracy does by default, and NaN to 0.
 *
 * Printed text has "." as the decimal point in any locale; the stream is flushed. Class names are
 * UTF-8, borrowed, and may be NULL, as a whole: then classes are called by their numbers.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_REPORT_H
#define DLCORE_REPORT_H

#include <stddef.h>
#include <stdio.h>

#include "status.h"
#include "tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

/* counts[t * class_count + p] = samples of class t that were taken for p. `counts` is the caller's,
 * class_count * class_count numbers, and is written on success only. y_true and y_pred: int32 or
 * uint8, (samples) or (samples, 1), each 0 .. class_count-1; else DLCORE_ERROR_RANGE names the
 * first that is not. class_count: 1 .. 2^30 - 1, with 32-bit addresses 2^14 - 1. `error` may be
 * NULL. */
dlcore_status dlcore_confusion_matrix(const dlcore_tensor_t *y_true, const dlcore_tensor_t *y_pred,
                                      size_t class_count, size_t *counts,
                                      dlcore_error_record_t *error);

/* Writes such counts, not all 0 and together at most SIZE_MAX (else DLCORE_ERROR_OVERFLOW), as a
 * table, a row for each true class, a column for each predicted one. */
dlcore_status dlcore_report_confusion(const size_t *counts, size_t class_count,
                                      const char *const *class_names, FILE *stream,
                                      dlcore_error_record_t *error);

/* Writes precision, recall, f1-score and support of each class, accuracy, and their plain and
 * weighted means, laid out as scikit-learn's classification_report does (labels = all classes,
 * zero_division = 0). */
dlcore_status dlcore_report_classification(const size_t *counts, size_t class_count,
                                           const char *const *class_names, FILE *stream,
                                           dlcore_error_record_t *error);

#ifdef __cplusplus
}
#endif

#endif
