/* Tensors of a safetensors file as float32, whatever their dtype, piece by piece.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_STORE_SAFETENSORS_FLOATS_H
#define DLCORE_STORE_SAFETENSORS_FLOATS_H

#include "system/compiler.h"

#include <stdbool.h>
#include <stdint.h>

#include "base/hash.h"
#include "files/byte_source.h"

DLCORE_HIDDEN_BEGIN

/* Whether elements of that dtype (dlcore_safetensors_dtype_t) become float32. */
bool dlcore_safetensors_is_number(uint8_t dtype);

/* Reads the next `count` elements of that dtype into `to`, as float32 in the host's order of bytes.
 * `hash` (NULL: none) is given the file's bytes.
 *
 *   F32, F16, BF16     exact; infinities and NaN stay
 *   F64                rounded to nearest; infinities and NaN stay; a finite number that float32
 *                      has no room for is DLCORE_ERROR_RANGE
 *   I8 .. I64, U8 .. U64  exact; a number that float32 does not have, from 2^24 + 1 on, is
 *                      DLCORE_ERROR_RANGE
 *   BOOL               0 and 1; another byte is DLCORE_ERROR_FORMAT
 *
 * Errors name `tensor` and the number: `first` of the tensor's elements were read before. */
typedef struct dlcore_floats_reading {
    dlcore_byte_source_t *source;
    uint8_t dtype;
    const char *tensor;
    dlcore_hash_t *hash;
    dlcore_error_record_t *error;
} dlcore_floats_reading_t;
dlcore_status dlcore_safetensors_read_floats(const dlcore_floats_reading_t *reading, size_t first,
                                             size_t count, float *to);

DLCORE_HIDDEN_END

#endif
