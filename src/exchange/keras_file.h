/* What Keras writes, taken apart: the texts of its configs and the HDF5 file with the numbers,
 * whether these come as a ZIP (.keras), as the folder that it was unpacked to, as HDF5 alone
 * (.weights.h5), or as the HDF5 file of Keras 2 that has the configs within (.h5).
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_EXCHANGE_KERAS_FILE_H
#define DLCORE_EXCHANGE_KERAS_FILE_H

#include "system/compiler.h"

#include "base/shown.h"
#include "dlcore/status.h"
#include "exchange/hdf5.h"
#include "json/json.h"

DLCORE_HIDDEN_BEGIN

typedef struct dlcore_keras_text {
    char *bytes; /* NULL: not there */
    size_t size;
    dlcore_json_t json; /* kind NONE: not there */
} dlcore_keras_text_t;

typedef struct dlcore_keras_file {
    char name[DLCORE_SHOWN_PATH_SIZE]; /* for messages */
    dlcore_allocator_t allocator;
    dlcore_error_record_t *error;
    dlcore_keras_text_t model, training, metadata;
    char version[32];   /* "Keras 3.15.1"; "": not known */
    bool is_own;        /* written by dlcore, which names the oldest version that opens it */
    void *numbers;      /* the HDF5 file; NULL: the caller has it in memory */
    dlcore_hdf5_t hdf5; /* the same, open */
    const char *layers; /* the group with the layers' numbers: "layers", "model_weights", "/" */
    bool by_name;       /* as Keras 2 has them: lists of names tell the order */
} dlcore_keras_file_t;

/* Opens a file or folder, or bytes, which are borrowed until it is closed. To be closed in any
 * case. */
dlcore_status dlcore_keras_file_open(dlcore_keras_file_t *file, const char *path,
                                     const dlcore_allocator_t *allocator,
                                     dlcore_error_record_t *error);
dlcore_status dlcore_keras_file_open_memory(dlcore_keras_file_t *file, const void *bytes,
                                            size_t size, const dlcore_allocator_t *allocator,
                                            dlcore_error_record_t *error);
void dlcore_keras_file_close(dlcore_keras_file_t *file);

/* Whether Keras wrote it in a version before that one. */
bool dlcore_keras_file_is_before(const dlcore_keras_file_t *file, unsigned long major,
                                 unsigned long minor);

DLCORE_HIDDEN_END

#endif
