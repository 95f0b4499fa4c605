/* Constraints, checked and applied to columns.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_NN_CONSTRAINT_H
#define DLCORE_NN_CONSTRAINT_H

#include "system/compiler.h"

#include <stddef.h>

#include "dlcore/constraint.h"
#include "dlcore/status.h"
#include "kernels/kernels_training.h"
#include "nn/setting.h"

DLCORE_HIDDEN_BEGIN

/* DLCORE_ERROR_ARGUMENT; `what` begins the message: "dense: kernel_constraint". */
dlcore_status dlcore_constraint_validate(const dlcore_constraint_t *constraint, const char *what,
                                         dlcore_error_record_t *error);

/* Of a known kind, and NONE. */
const dlcore_setting_t *dlcore_constraint_settings(dlcore_constraint_kind_t kind);
extern const dlcore_setting_key_t dlcore_constraint_keys[];

#define DLCORE_CONSTRAINT_COLUMNS 32

/* Applies it to (rows, columns) of weights, rows `stride` apart, each column by itself; at most
 * DLCORE_CONSTRAINT_COLUMNS columns. */
void dlcore_constraint_apply_columns(const dlcore_constraint_t *constraint,
                                     const dlcore_training_kernels_t *kernels, float *weights,
                                     size_t rows, size_t columns, size_t stride);
/* Applies it to n weights that have one norm: a bias. */
void dlcore_constraint_apply_vector(const dlcore_constraint_t *constraint,
                                    const dlcore_training_kernels_t *kernels, float *weights,
                                    size_t n);

DLCORE_HIDDEN_END

#endif
