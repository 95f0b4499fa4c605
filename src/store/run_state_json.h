/* Where a run of fit stands, in the JSON of a model file's training state:
 *
 *     {"epoch":"2","batch":"17",...,"sums":["3ff0000000000000..."],"values":"4","history":[...],
 *      "callbacks":[{"name":"early_stopping","state":["..."],"weights":true}],"weights":true}
 *
 * Weights are tensors of the file, callback/early_stopping/dense/kernel and run/dense/kernel: see
 * store/model_tensors.h. Sizes are text, because JSON's numbers are doubles to most readers.
 *
 * Numbers that must come back to the last bit are IEEE 754 doubles, 16 hexadecimal digits each, NaN
 * and infinity included.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_STORE_RUN_STATE_JSON_H
#define DLCORE_STORE_RUN_STATE_JSON_H

#include "system/compiler.h"

#include "model/run_state.h"
#include "json/json.h"
#include "json/json_writer.h"

DLCORE_HIDDEN_BEGIN

void dlcore_run_state_put(dlcore_json_writer_t *writer, const dlcore_run_state_t *state);

/* *state is a new record, or NULL when `json` is absent. It and callbacks that have weights in the
 * file are marked; where those are is for the caller to find. */
dlcore_status dlcore_run_state_read(const dlcore_json_t *json, const char *file,
                                    const dlcore_allocator_t *allocator, dlcore_run_state_t **state,
                                    dlcore_error_record_t *error);

/* A whole number that was written as text, at most `largest`; *number stays when it is absent. */
dlcore_status dlcore_json_text_number(const dlcore_json_t *object, const char *name,
                                      uint64_t largest, uint64_t *number, const char *file,
                                      dlcore_error_record_t *error);
void dlcore_json_put_text_number(dlcore_json_writer_t *writer, const char *name, uint64_t number);

DLCORE_HIDDEN_END

#endif
