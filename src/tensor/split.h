/* What splits and folds share.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_TENSOR_SPLIT_H
#define DLCORE_TENSOR_SPLIT_H

#include "system/compiler.h"

#include "tensor/tensor.h"

DLCORE_HIDDEN_BEGIN

/* Whether x and y (may be NULL) have samples along axis 0, equally many. */
dlcore_status dlcore_check_split(const char *call, const dlcore_tensor_t *x,
                                 const dlcore_tensor_t *y, dlcore_error_record_t *error);
/* Whether a split by class or by group can be made. */
dlcore_status dlcore_check_kinds(const char *call, bool stratify, const dlcore_tensor_t *groups,
                                 const dlcore_tensor_t *y, dlcore_error_record_t *error);
/* Copies the rows of that order, `count` of them. */
dlcore_status dlcore_take_rows(const dlcore_tensor_t *from, const size_t *order, size_t count,
                               dlcore_tensor_t **out, dlcore_error_record_t *error);

DLCORE_HIDDEN_END

#endif
