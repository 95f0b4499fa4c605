/* Regularizers, checked.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_NN_REGULARIZER_H
#define DLCORE_NN_REGULARIZER_H

#include "system/compiler.h"

#include <stdbool.h>

#include "dlcore/regularizer.h"
#include "dlcore/status.h"
#include "nn/setting.h"

DLCORE_HIDDEN_BEGIN

/* DLCORE_ERROR_ARGUMENT; `what` begins the message: "dense: kernel_regularizer". */
dlcore_status dlcore_regularizer_validate(const dlcore_regularizer_t *regularizer, const char *what,
                                          dlcore_error_record_t *error);

/* A class of Keras's, and what its config has. */
typedef struct dlcore_regularizer_class {
    const char *class_name;           /* "L1L2" */
    const dlcore_setting_t *settings; /* of dlcore_regularizer_t */
} dlcore_regularizer_class_t;

/* The smallest class that it can be written as; NULL: none. And by name; NULL: unknown. */
const dlcore_regularizer_class_t *dlcore_regularizer_class(const dlcore_regularizer_t *regularizer);
const dlcore_regularizer_class_t *dlcore_regularizer_class_of_name(const char *name);

static inline bool dlcore_regularizer_is_none(const dlcore_regularizer_t *regularizer)
{
    return regularizer->l1 == 0.0 && regularizer->l2 == 0.0;
}

DLCORE_HIDDEN_END

#endif
