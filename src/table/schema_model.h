/* The schema that a model has.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_TABLE_SCHEMA_MODEL_H
#define DLCORE_TABLE_SCHEMA_MODEL_H

#include "system/compiler.h"

#include "table/schema.h"

DLCORE_HIDDEN_BEGIN

/* Borrowed; DLCORE_ERROR_STATE where there is none, DLCORE_ERROR_SHAPE where it does not fit. */
dlcore_status dlcore_schema_of_model(const dlcore_model_t *model, const char *call,
                                     const dlcore_schema_t **schema, dlcore_error_record_t *error);

DLCORE_HIDDEN_END

#endif
