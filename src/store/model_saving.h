/* A model on its way into a file: what has to be known before the first byte is written, then all
 * of it in order.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_STORE_MODEL_SAVING_H
#define DLCORE_STORE_MODEL_SAVING_H

#include "system/compiler.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dlcore/file.h"
#include "dlcore/weights.h"
#include "store/model_tensors.h"
#include "store/safetensors_entries.h"

DLCORE_HIDDEN_BEGIN

/* Writes the next bytes to what `to` is; an error, also in `error` (may be NULL), ends the writing.
 */
typedef dlcore_status dlcore_write_function_t(void *to, const void *bytes, size_t size,
                                              dlcore_error_record_t *error);

typedef struct dlcore_model_saving {
    const dlcore_model_t *model;
    bool whole; /* false: weights alone */
    dlcore_save_options_t options;
    const dlcore_save_weights_options_t *style; /* of weights alone; NULL: Keras's, float32 */
    dlcore_safetensors_element_t element;
    dlcore_tensor_form_t *forms; /* of the weights; NULL: all as Keras has them */
    dlcore_model_tensors_t tensors;
    dlcore_allocator_t held; /* what the four blocks come from */
    float *self_test;        /* x, then y */
    float *buffer;
    char *header;
    size_t header_size;
    size_t data_size;
    uint64_t checksum;
    double learning_rate; /* of the moment */
    dlcore_error_record_t *error;
} dlcore_model_saving_t;

/* A whole model, or with `whole` false its weights, in a style of theirs (NULL: Keras's). */
typedef struct dlcore_model_saving_how {
    bool whole;
    const dlcore_save_options_t *options; /* NULL: the defaults */
    const dlcore_save_weights_options_t *style;
    /* dlcore_call_was_left, asked in the frame of the user's call, whose place on the stack tells
     */
    bool was_left;
} dlcore_model_saving_how_t;

/* Everything but the writing. Ended by dlcore_model_saving_end, whatever it answers. */
dlcore_status dlcore_model_saving_begin(dlcore_model_saving_t *saving, const dlcore_model_t *model,
                                        dlcore_model_saving_how_t how);
/* Bytes of the file. */
size_t dlcore_model_saving_size(const dlcore_model_saving_t *saving);
/* Hands the file's bytes to `write`, from the first to the last and each once, after a
 * dlcore_model_saving_begin that went well and before the model changes: the header's size, the
 * header, the tensors as the header has them, these in pieces of at most a megabyte, or a row where
 * that is more. The first error of `write` is the answer, and nothing is written after it; `write`
 * gets saving->error for its message, which nobody else fills. */
dlcore_status dlcore_model_saving_write(const dlcore_model_saving_t *saving,
                                        dlcore_write_function_t *write, void *to);
void dlcore_model_saving_end(dlcore_model_saving_t *saving);

/* ---- model_saving_style.c ---- */

/* Whether the file has the index-th tensor, and the tensor as the file has it. */
bool dlcore_model_saving_has(const dlcore_model_saving_t *saving, size_t index);
dlcore_model_tensor_t dlcore_model_saving_tensor(const dlcore_model_saving_t *saving, size_t index);
/* Sets element and forms. DLCORE_ERROR_ARGUMENT, DLCORE_ERROR_NAME, DLCORE_ERROR_UNSUPPORTED. */
dlcore_status dlcore_model_saving_set_style(dlcore_model_saving_t *saving);
/* Makes `count` floats elements of the file, in their place, from 0 on; `tensor` is for messages.
 * DLCORE_ERROR_RANGE. */
dlcore_status dlcore_model_saving_encode(const dlcore_model_saving_t *saving,
                                         const dlcore_model_tensor_t *tensor, float *floats,
                                         size_t count);

/* ---- model_saving_header.c ---- */

/* Writes the header into memory of its own, once the checksum is known. */
dlcore_status dlcore_model_saving_make_header(dlcore_model_saving_t *saving);

DLCORE_HIDDEN_END

#endif
