/* What reading and writing .npz files share.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_EXCHANGE_NPZ_H
#define DLCORE_EXCHANGE_NPZ_H

#include "system/compiler.h"

#include "dlcore/npz.h"

DLCORE_HIDDEN_BEGIN

/* ---- npz.c ---- */

/* The archive's name, for messages. */
const char *dlcore_npz_shown_name(const dlcore_npz_t *npz);
/* The place of the array of that name; the number of arrays when there is none. */
size_t dlcore_npz_find(const dlcore_npz_t *npz, const char *name);
/* Up to `room` bytes of an array's entry, as it is in the archive, and how long it is. */
dlcore_status dlcore_npz_read_start(dlcore_npz_t *npz, size_t array, void *bytes, size_t room,
                                    size_t *got, size_t *size, dlcore_error_record_t *error);

DLCORE_HIDDEN_END

#define DLCORE_NPZ_SUFFIX ".npy" /* of an entry's name, behind the array's */

#endif
