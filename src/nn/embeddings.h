/* The tables of embedding layers.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_NN_EMBEDDINGS_H
#define DLCORE_NN_EMBEDDINGS_H

#include "system/compiler.h"

#include <stdbool.h>

#include "dlcore/layer.h"
#include "dlcore/status.h"
#include "dlcore/tensor.h"
#include "nn/layer.h"

DLCORE_HIDDEN_BEGIN

/* What a program has that makes such a layer or reads one from a file, and no other. */
typedef struct dlcore_embeddings_code {
    dlcore_status (*validate)(const dlcore_embeddings_t *tables, const char *what,
                              dlcore_error_record_t *error);
    void (*copy)(const dlcore_embeddings_t *tables, dlcore_embedding_t *to);
    bool (*size)(const dlcore_embeddings_t *tables, size_t *size);
    dlcore_status (*check_build)(const dlcore_layer_t *layer, size_t input_width,
                                 dlcore_error_record_t *error);
    dlcore_status (*check_indices)(const dlcore_layer_t *layer, const dlcore_tensor_t *x,
                                   dlcore_error_record_t *error);
    void (*forward)(const dlcore_layer_pass_t *pass);
} dlcore_embeddings_code_t;

extern const dlcore_embeddings_code_t dlcore_embeddings_code;

/* DLCORE_ERROR_ARGUMENT for what is no list of tables; `what` begins the message. */
dlcore_status dlcore_embeddings_validate(const dlcore_embeddings_t *tables, const char *what,
                                         dlcore_error_record_t *error);

/* The tables, copied to `to`, which is as long; those without a size get theirs. */
void dlcore_embeddings_copy(const dlcore_embeddings_t *tables, dlcore_embedding_t *to);

/* How many numbers all tables have; false: too many to count. */
bool dlcore_embeddings_size(const dlcore_embeddings_t *tables, size_t *size);

/* Whether the layer can be built for inputs of that width. */
dlcore_status dlcore_embeddings_check_build(const dlcore_layer_t *layer, size_t input_width,
                                            dlcore_error_record_t *error);

/* DLCORE_ERROR_RANGE, with column, sample and number, where x names a row that a table does not
 * have. */
dlcore_status dlcore_embeddings_check_indices(const dlcore_layer_t *layer, const dlcore_tensor_t *x,
                                              dlcore_error_record_t *error);

/* Of what is passed on; a whole number has none. */
void dlcore_embeddings_input_gradient(const dlcore_layer_pass_t *pass);
/* Rows of tables that the batch names. */
void dlcore_embeddings_parameter_gradient(const dlcore_layer_pass_t *pass);

/* What a sample of that width becomes. */
static inline size_t dlcore_embeddings_width(const dlcore_embeddings_t *tables, size_t input_width)
{
    size_t width = input_width - tables->count;

    for (size_t i = 0; i < tables->count; i++)
        width += tables->table[i].units;
    return width;
}

/* Whether a table has a row of that number. */
static inline bool dlcore_embedding_has(const dlcore_embedding_t *table, double number)
{
    return number >= 0.0 && number < (double)table->count && number == (double)(uint32_t)number;
}

DLCORE_HIDDEN_END

#endif
