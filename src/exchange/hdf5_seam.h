/* What the files that call libhdf5 share: its one lock, its silence, and the walk along a path.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_EXCHANGE_HDF5_SEAM_H
#define DLCORE_EXCHANGE_HDF5_SEAM_H

#include "system/compiler.h"

#include <hdf5.h>

#include "exchange/hdf5.h"

DLCORE_HIDDEN_BEGIN

/* The macros of these names end the process where header and library are of different releases. */
enum { DLCORE_HDF5_READ_ONLY = 0, DLCORE_HDF5_TRUNCATE = 2 };

/* A turn with libhdf5: it prints nothing meanwhile, and prints what the host wants again after. */
typedef struct dlcore_hdf5_turn {
    H5E_auto2_t print;
    void *user;
} dlcore_hdf5_turn_t;

dlcore_hdf5_turn_t dlcore_hdf5_enter(void);
/* Passes the status on. */
dlcore_status dlcore_hdf5_leave(dlcore_hdf5_turn_t turn, dlcore_status status);

/* DLCORE_ERROR_UNSUPPORTED where the library is not of the header's minor version. In a turn. */
dlcore_status dlcore_hdf5_check_version(dlcore_error_record_t *error);

/* Whether every step of the path is a hard link; *there is false at the first that is none. */
dlcore_status dlcore_hdf5_walk(const dlcore_hdf5_t *file, const char *path, bool *there);

DLCORE_HIDDEN_END

#endif
