/* Models in files: one safetensors file is the whole model.
 *
 *     save_options_t how = save_options_default();
 *     error_record_t error;
 *     how.error = &error;
 *     if (model_save(network, "digits.safetensors", &how) != DLCORE_OK)
 *         fprintf(stderr, "%s\n", error.message);
 *     ...
 *     model_t *network = NULL;
 *     if (model_load("digits.safetensors", NULL, &network) == DLCORE_OK) ...
 *
 * What is in it: the weights under Keras's names, "dense/kernel" (inputs, units) and "dense/bias"
 * (units), float32, row-major and little-endian whatever the engine and the host; layers and
 * compile settings as Keras writes them in JSON ("model_config", "compile_config" of the metadata);
 * a small made-up input with the model's output for it ("dlcore/self_test/x", "/y"), never training
 * data; and, unless left out, what training goes on from: the optimizer's state
 * ("optimizer/rmsprop/velocity/dense/kernel"), the seed and the number of epochs trained. A model
 * that is loaded and trained on goes through the same weights, bit for bit, as if it had never left
 * memory, given the same engine and build. Any program that reads safetensors sees the weights.
 *
 * Compatibility: "dlcore.format_version" of the metadata is 1. Later versions of dlcore read it;
 * a file of a later version is DLCORE_ERROR_UNSUPPORTED. Metadata and tensors that are not known
 * are skipped.
 *
 * Saving to a path is all or nothing: the bytes go to a new file in the same folder, which takes
 * the place of the old one once it is on the disk. Permissions and a symbolic link are kept; where
 * owner or group cannot be, nobody gets a permission that he did not have. After any error the old
 * file is as it was. Any number of processes and threads may save to one path at once: one of their
 * files, whole, stays. A process that is killed leaves ".<name>.dlcore-<n>.tmp" in the folder; the
 * next save to that path removes it, which it knows to be dead by its lock (flock). On a file
 * system without locks they stay, and may be deleted when nobody saves; where other hosts do not
 * see the locks of this one, let only one host save to a path.
 *
 * Loading takes files as hostile: sizes are checked before memory is asked for, a model is only
 * handed out when the whole file was right, and memory stays below twice the file and 1 MB, besides
 * what the engine adds to make narrow kernels as wide as its registers, and what running the
 * self-test takes.
 *
 * Errors: DLCORE_ERROR_IO with errno's text, DLCORE_ERROR_FORMAT for a file that breaks a rule,
 * DLCORE_ERROR_SHAPE and DLCORE_ERROR_DTYPE for a tensor that does not fit, with its name and both
 * shapes, DLCORE_ERROR_NAME for a missing one, DLCORE_ERROR_UNSUPPORTED for layers or settings that
 * this version does not have, DLCORE_ERROR_MEMORY.
 *
 * Threads: saving reads the model, as predicting does; loading weights writes it. A tensor of 16
 * MiB or more, of a path or from memory, is read by the model's threads (dlcore_model_options_t),
 * which are then made; not where the checksum is asked for, which goes over the bytes in order.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_FILE_H
#define DLCORE_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "model.h"
#include "status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- options: start from the ..._default(), then change fields. A zeroed struct is refused. ----
 */

typedef struct dlcore_save_options {
    size_t structure_size; /* set by ..._default() */
    bool training_state;   /* what training goes on from; true. About doubles the file. */
    bool self_test;        /* the made-up input and its output; true */
    /* To a path: wait until the file is on the disk, so that it outlives a power cut; true. */
    bool sync;
    dlcore_error_record_t *error; /* NULL: no message wanted */
} dlcore_save_options_t;
dlcore_save_options_t dlcore_save_options_default(void);

typedef enum dlcore_checksum {
    DLCORE_CHECKSUM_ABSENT = 0, /* the file has none: another program wrote it */
    DLCORE_CHECKSUM_MATCHES,
    DLCORE_CHECKSUM_DIFFERS /* a tensor was changed since dlcore wrote the file */
} dlcore_checksum_t;

/* What loading found, whole only when it succeeded. */
typedef struct dlcore_load_report {
    char library_version[32]; /* that wrote the file: "0.1.0"; "" when unknown */
    dlcore_checksum_t checksum;
    bool compiled; /* the file had compile settings */
    /* Training goes on where the file left it: counts, seed and the optimizer's state were in it,
     * or it needs no state. False: as after a first compile, all counts zero; also where the
     * tensors of the state are missing, which no error is. */
    bool training_state;
    bool self_tested; /* the file had a self-test and it was run */
    /* The largest |y - y of the file| / (1 + |y of the file|) of the self-test; about 1e-6 between
     * engines, 0 on the same engine and CPU kind, more where something is wrong. NaN when it was
     * not run. */
    double self_test_difference;
} dlcore_load_report_t;

typedef struct dlcore_load_options {
    size_t structure_size; /* set by ..._default() */
    /* How the model is created. Its seed is the file's where training state is restored; its
     * `error` is not used. */
    dlcore_model_options_t model;
    bool compile;                 /* compile as the file says; true. False: for predicting alone */
    bool training_state;          /* restore it where there is some; true. Needs compile. */
    bool self_test;               /* run the self-test and report; false */
    bool require_checksum;        /* refuse a file whose checksum differs or is absent; false */
    dlcore_load_report_t *report; /* NULL: not wanted */
    dlcore_error_record_t *error; /* NULL: no message wanted */
} dlcore_load_options_t;
dlcore_load_options_t dlcore_load_options_default(void);

/* ---- whole models ---- */

/* Saves a built model. `options` NULL: the defaults, here and below. */
dlcore_status dlcore_model_save(const dlcore_model_t *model, const char *path,
                                const dlcore_save_options_t *options);
/* A new model, compiled when it was. On failure *model is NULL. */
dlcore_status dlcore_model_load(const char *path, const dlcore_load_options_t *options,
                                dlcore_model_t **model);

/* The same bytes in memory: *bytes comes from the model's allocator, and is released with that, or
 * with free() by default. NULL on failure. */
dlcore_status dlcore_model_save_memory(const dlcore_model_t *model,
                                       const dlcore_save_options_t *options, void **bytes,
                                       size_t *size);
dlcore_status dlcore_model_load_memory(const void *bytes, size_t size,
                                       const dlcore_load_options_t *options,
                                       dlcore_model_t **model);

/* Bytes to anywhere: `write` is given them in order and answers whether it took all. */
typedef struct dlcore_byte_writer {
    bool (*write)(void *user, const void *bytes, size_t size);
    void *user;
} dlcore_byte_writer_t;
dlcore_status dlcore_model_save_to(const dlcore_model_t *model, const dlcore_byte_writer_t *writer,
                                   const dlcore_save_options_t *options);

/* Bytes from anywhere, from the first to the last: `read` puts `want` bytes, 1 or more, where it is
 * told, or fewer, and answers how many; 0 when it cannot go on. `size` is that of the whole. No
 * exception or longjmp may leave `read`: what loading has made by then would be lost. */
typedef struct dlcore_byte_reader {
    size_t (*read)(void *user, void *to, size_t want);
    void *user;
    size_t size;
} dlcore_byte_reader_t;
dlcore_status dlcore_model_load_from(const dlcore_byte_reader_t *reader,
                                     const dlcore_load_options_t *options, dlcore_model_t **model);

/* ---- weights alone ---- */

/* The weights as a plain safetensors file, without layers, settings or state. */
dlcore_status dlcore_model_save_weights(const dlcore_model_t *model, const char *path,
                                        const dlcore_save_options_t *options);
/* Weights by name from any safetensors file, such as a whole model or one that Python wrote: each
 * weight of the built model must be there, float32, of the same shape; other tensors are skipped.
 * On failure the model is as before, and has the message: dlcore_model_error. The optimizer's state
 * stays as it is. */
dlcore_status dlcore_model_load_weights(dlcore_model_t *model, const char *path);
dlcore_status dlcore_model_load_weights_memory(dlcore_model_t *model, const void *bytes,
                                               size_t size);

#ifdef __cplusplus
}
#endif

#endif
