/* Regularizers, checked.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_NN_REGULARIZER_H
#define DLCORE_NN_REGULARIZER_H

#include "system/compiler.h"

#include <stdbool.h>

#include "dlcore/regularizer.h"
#include "dlcore/status.h"

DLCORE_HIDDEN_BEGIN

/* DLCORE_ERROR_ARGUMENT; `what` begins the message: "dense: kernel_regularizer". */
dlcore_status dlcore_regularizer_validate(const dlcore_regularizer_t *regularizer, const char *what,
                                          dlcore_error_record_t *error);

static inline bool dlcore_regularizer_is_none(const dlcore_regularizer_t *regularizer)
{
    return regularizer->l1 == 0.0 && regularizer->l2 == 0.0;
}

DLCORE_HIDDEN_END

#endif
