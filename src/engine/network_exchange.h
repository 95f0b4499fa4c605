/* A network's parameters between Keras's row-major order and the layout of the engine.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_ENGINE_NETWORK_EXCHANGE_H
#define DLCORE_ENGINE_NETWORK_EXCHANGE_H

#include "system/compiler.h"

#include "engine/network_state.h"

DLCORE_HIDDEN_BEGIN

/* One parameter between Keras's row-major order and its place in a flat vector of the engine's
 * layout (the values, gradients, an optimizer's slot). */
void dlcore_network_export(const dlcore_network_t *network, const dlcore_parameter_t *parameter,
                           const float *flat, float *row_major);
void dlcore_network_import(const dlcore_network_t *network, const dlcore_parameter_t *parameter,
                           const float *row_major, float *flat);
/* Rows first .. first+count-1 of a parameter; a bias of n units has n rows of one number. */
void dlcore_network_export_rows(const dlcore_network_t *network,
                                const dlcore_parameter_t *parameter, size_t first, size_t count,
                                const float *flat, float *rows);
void dlcore_network_import_rows(const dlcore_network_t *network,
                                const dlcore_parameter_t *parameter, size_t first, size_t count,
                                const float *rows, float *flat);
/* The same of a kernel's columns, output by output, as PyTorch has it: `columns` is (count,
 * inputs). All columns together set all of the padding. */
void dlcore_network_export_columns(const dlcore_network_t *network,
                                   const dlcore_parameter_t *parameter, size_t first, size_t count,
                                   const float *flat, float *columns);
void dlcore_network_import_columns(const dlcore_network_t *network,
                                   const dlcore_parameter_t *parameter, size_t first, size_t count,
                                   const float *columns, float *flat);

DLCORE_HIDDEN_END

#endif
