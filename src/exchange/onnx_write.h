/* Writing an ONNX graph as protocol buffers. The one writer that knows nanopb.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_EXCHANGE_ONNX_WRITE_H
#define DLCORE_EXCHANGE_ONNX_WRITE_H

#include "system/compiler.h"

#include "exchange/onnx_put.h"

DLCORE_HIDDEN_BEGIN

/* Where the bytes go, in order. */
typedef dlcore_status dlcore_onnx_writer_t(void *to, const void *bytes, size_t size,
                                           dlcore_error_record_t *error);

/* The size of the file. DLCORE_ERROR_UNSUPPORTED beyond the 2 GB that protocol buffers have. */
dlcore_status dlcore_onnx_write_size(const dlcore_onnx_putting_t *putting, size_t *size);
dlcore_status dlcore_onnx_write(const dlcore_onnx_putting_t *putting, dlcore_onnx_writer_t *writer,
                                void *to);

DLCORE_HIDDEN_END

#endif
