/* The small functions of an exported file: activations, and vectors of 8 numbers.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_EXCHANGE_EXPORT_C_PIECES_H
#define DLCORE_EXCHANGE_EXPORT_C_PIECES_H

#include "system/compiler.h"

#include <stdint.h>

#include "exchange/export_c_plan.h"
#include "exchange/export_c_text.h"

DLCORE_HIDDEN_BEGIN

/* A set of pieces: a file has those that it calls, because compilers warn of others. */
typedef uint64_t dlcore_export_pieces_t;

/* Vectors: what dense steps call. */
enum {
    DLCORE_EXPORT_LOAD = 1,     /* a = w */
    DLCORE_EXPORT_STORE = 2,    /* y = a */
    DLCORE_EXPORT_MULTIPLY = 4, /* a = w x, one x */
    DLCORE_EXPORT_ADD_MULTIPLY = 8,
    DLCORE_EXPORT_PRODUCT = 16, /* a = w x, 8 x */
    DLCORE_EXPORT_ADD_PRODUCT = 32,
    DLCORE_EXPORT_ADD = 64,
    DLCORE_EXPORT_SUM = 128, /* of the 8 numbers */
    DLCORE_EXPORT_RELU = 256,
    DLCORE_EXPORT_VECTORS = 511
};

/* What an activation needs; 0: it has no C form. */
dlcore_export_pieces_t dlcore_export_activation_pieces(dlcore_activation_t kind);
/* Writes them, in an order in which they call each other. */
void dlcore_export_put_pieces(dlcore_export_text_t *text, dlcore_export_pieces_t pieces);
/* "@_tanh(" and what follows the number: ")" or ", 0.5f)". */
void dlcore_export_put_call(dlcore_export_text_t *text, dlcore_activate_t activation);
void dlcore_export_put_call_end(dlcore_export_text_t *text, dlcore_activate_t activation);

DLCORE_HIDDEN_END

#endif
