/* Vectors of 8 numbers in an exported file.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_EXCHANGE_EXPORT_C_VECTORS_H
#define DLCORE_EXCHANGE_EXPORT_C_VECTORS_H

#include "system/compiler.h"

#include "exchange/export_c_pieces.h"

DLCORE_HIDDEN_BEGIN

#define DLCORE_EXPORT_LANES 8

/* Their type, and the operations of the set; nothing for none. */
void dlcore_export_put_vectors(dlcore_export_text_t *text, dlcore_export_pieces_t operations);

DLCORE_HIDDEN_END

#endif
