/* Reading the tensors of a model out of a safetensors file: the header first, then, once it is
 * known which tensors are wanted and all of them fit, the data from front to back.
 *
 *     open  -> look at reading.file.metadata, check, build the model
 *     wanted, for each tensor of reading.tensors
 *     data  -> everything is where it belongs
 *     close, in any case
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_STORE_MODEL_READING_H
#define DLCORE_STORE_MODEL_READING_H

#include "system/compiler.h"

#include "files/byte_source.h"
#include "store/model_tensors.h"
#include "store/safetensors.h"

DLCORE_HIDDEN_BEGIN

typedef struct dlcore_model_reading {
    dlcore_byte_source_t *source;
    dlcore_allocator_t allocator;
    dlcore_error_record_t *error;
    char *text; /* the header */
    dlcore_safetensors_t file;
    /* the caller's to fill between open and data */
    dlcore_model_tensors_t tensors;
    const dlcore_model_t *model; /* whose team reads large tensors; NULL: nobody's */
    bool sum_wanted;             /* compute the checksum, also of tensors that nobody wants */
    uint64_t sum;                /* after data */
} dlcore_model_reading_t;

dlcore_status dlcore_model_reading_open(dlcore_model_reading_t *reading,
                                        dlcore_byte_source_t *source,
                                        const dlcore_allocator_t *allocator,
                                        dlcore_error_record_t *error);
void dlcore_model_reading_close(dlcore_model_reading_t *reading);

/* The tensor of numbers of that name and shape; DLCORE_ERROR_NAME, DLCORE_ERROR_DTYPE and
 * DLCORE_ERROR_SHAPE with a message that says what was there. */
dlcore_status dlcore_model_reading_find(dlcore_model_reading_t *reading, const char *name,
                                        size_t rank, const size_t *shape,
                                        dlcore_safetensors_entry_t **entry);
/* Notes that tensor `index` of reading->tensors is to be read. */
dlcore_status dlcore_model_reading_want(dlcore_model_reading_t *reading, size_t index);
bool dlcore_model_reading_has(const dlcore_model_reading_t *reading, size_t index);

/* Reads what is wanted, skips the rest. */
dlcore_status dlcore_model_reading_data(dlcore_model_reading_t *reading);

DLCORE_HIDDEN_END

#endif
