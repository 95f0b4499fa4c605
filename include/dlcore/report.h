/* Reports on a classifier: how often it takes each class for each other one.
 *
 *     size_t counts[10 * 10];
 *     confusion_matrix(test_labels, predicted, 10, counts, NULL);      labels as integers
 *     report_classification(counts, 10, NULL, stdout, NULL);
 *
 * How to get predicted labels from outputs:
 *   several units, (samples, units):  tensor_argmax
 *   one sigmoid unit, (samples, 1) or (samples):  tensor_cast(y_pred, DTYPE_INT32, 1.0, ...). It
 *   gives 1 above 0.5 and 0 otherwise, as binary_accuracy does by default; NaN gives 0.
 *
 * Printed text has "." as the decimal point in any locale. The stream is flushed. Class names are
 * UTF-8 and borrowed. `class_names` may be NULL: then classes are called by their numbers.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_REPORT_H
#define DLCORE_REPORT_H

#include <stddef.h>
#include <stdio.h>

#include "api.h"
#include "status.h"
#include "tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

/* counts[t * class_count + p] = the number of samples of class t that were predicted as p. `counts`
 * has room for class_count * class_count numbers; it is written only on success. y_true and y_pred:
 * int32 or uint8, (samples) or (samples, 1), each label in 0 .. class_count-1; otherwise
 * DLCORE_ERROR_RANGE, and the message names the first wrong label. class_count: 1 .. 2^30 - 1 (2^14
 * - 1 with 32-bit addresses). `error` may be NULL. */
DLCORE_API dlcore_status dlcore_confusion_matrix(const dlcore_tensor_t *y_true,
                                                 const dlcore_tensor_t *y_pred, size_t class_count,
                                                 size_t *counts, dlcore_error_record_t *error);

/* Writes these counts as a table: a row for each true class, a column for each predicted class. The
 * counts must not all be 0; a sum above SIZE_MAX is DLCORE_ERROR_OVERFLOW. */
DLCORE_API dlcore_status dlcore_report_confusion(const size_t *counts, size_t class_count,
                                                 const char *const *class_names, FILE *stream,
                                                 dlcore_error_record_t *error);

/* Writes precision, recall, f1-score and support of each class, accuracy, and their plain and
 * weighted means, laid out as scikit-learn's classification_report does (labels = all classes,
 * zero_division = 0). */
DLCORE_API dlcore_status dlcore_report_classification(const size_t *counts, size_t class_count,
                                                      const char *const *class_names, FILE *stream,
                                                      dlcore_error_record_t *error);

#ifdef __cplusplus
}
#endif

#endif
