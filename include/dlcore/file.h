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
 * Content of a file:
 *   - the weights under Keras's names, "dense/kernel" (inputs, units) and "dense/bias" (units), as
 *     float32, row-major and little-endian, whatever the engine and the host;
 *   - layers and compile settings as Keras writes them in JSON ("model_config" and "compile_config"
 *     of the metadata);
 *   - the self-test: a small made-up input with the model's output for it ("dlcore/self_test/x" and
 *     "/y"). It is never training data;
 *   - the training state, unless you leave it out: the optimizer's state
 *     ("optimizer/rmsprop/velocity/dense/kernel"), the seed, the number of epochs trained, and
 *     where a run stands.
 *
 * A model that is loaded and trained on has the same weights, bit for bit, as if it had never been
 * saved, with the same engine and build. Any program that reads safetensors can read the weights.
 *
 * Layers and settings that Keras wrote are read, too. A class, a key or a value that this version
 * does not have is DLCORE_ERROR_UNSUPPORTED, and the message names it: nothing that changes results
 * is dropped. An initializer that is not known is kept by its name (DLCORE_INITIALIZER_NAMED).
 *
 * Compatibility: "dlcore.format_version" of the metadata is 1. Later versions of dlcore read such
 * files. A file of a later format version is DLCORE_ERROR_UNSUPPORTED. Unknown metadata and unknown
 * tensors are skipped.
 *
 * Saving to a path is all or nothing. The bytes go to a new file in the same folder; when they are
 * on the disk, it replaces the old file. After an error the old file is unchanged, with one
 * exception: when the new file is in its place and only its folder cannot be synced, the call
 * fails, and the message says "was written, but its folder could not be flushed to disk". The new
 * file may then not survive a power cut. Permissions are kept, and a symbolic link stays a link;
 * where the owner or group cannot be kept, nobody gets a permission that he did not have. Several
 * processes and threads may save to one path at the same time: one of their files remains,
 * complete. A process that is killed leaves
 * ".<name>.dlcore-<n>.tmp" in the folder. The next save to that path removes it; it finds out by a
 * lock (flock) that its owner is dead. On a file system without locks such files stay; delete them
 * when nobody saves. Where other hosts do not see the locks of this one, let only one host save to
 * a path.
 *
 * Loading treats every file as hostile. Sizes are checked before memory is allocated. You get a
 * model only when the whole file was right. Memory stays below twice the file plus 2 MB, plus what
 * the engine adds to pad narrow kernels to its register width, plus what running the self-test
 * takes. (If another program has made the tensors narrower than float32, count them as float32.)
 *
 * Errors:
 *   DLCORE_ERROR_IO           with errno's text
 *   DLCORE_ERROR_FORMAT       the file breaks a rule of its format
 *   DLCORE_ERROR_SHAPE, _DTYPE  a tensor does not fit; the message has its name and both shapes
 *   DLCORE_ERROR_NAME         a tensor is missing
 *   DLCORE_ERROR_UNSUPPORTED  a layer or a setting that this version does not have
 *   DLCORE_ERROR_MEMORY
 *
 * Threads: saving reads the model, as predicting does. Loading weights into a model writes it. A
 * tensor of 16 MiB or more, from a path or from memory, is read by the threads of the model
 * (dlcore_model_options_t), which are then created. With a checksum one thread reads, because the
 * checksum needs the bytes in order.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_FILE_H
#define DLCORE_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "api.h"
#include "model.h"
#include "status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- options: start from the ..._default(), then change fields. A zeroed struct is refused. ----
 */

typedef struct dlcore_save_options {
    size_t structure_size; /* set by ..._default() */
    bool training_state;   /* what training resumes from; true. About doubles the file. */
    bool self_test;        /* the made-up input and its output; true */
    /* To a path: wait until the file is on the disk, so that it survives a power cut; true. */
    bool sync;
    dlcore_error_record_t *error; /* NULL: no message wanted */
} dlcore_save_options_t;
DLCORE_API dlcore_save_options_t dlcore_save_options_default(void);

typedef enum dlcore_checksum {
    DLCORE_CHECKSUM_ABSENT = 0, /* the file has none: another program wrote it */
    DLCORE_CHECKSUM_MATCHES,
    /* A tensor was changed, added or taken out since dlcore wrote the file. All tensors count, also
     * those that the options leave out. */
    DLCORE_CHECKSUM_DIFFERS
} dlcore_checksum_t;

/* What loading found. Complete only when loading succeeded. */
typedef struct dlcore_load_report {
    char library_version[32]; /* that wrote the file: "0.1.0"; "" when unknown */
    dlcore_checksum_t checksum;
    bool compiled; /* the file had compile settings */
    /* True: training resumes where the file left it, because counts, seed and the optimizer's state
     * were in it (or the optimizer has no state). False: as after a first compile, all counts zero.
     * That the tensors of the state are missing is not an error; then this is false. */
    bool training_state;
    bool self_tested; /* the file had a self-test and it was run */
    /* The largest |y - y of the file| / (1 + |y of the file|) of the self-test. It is 0 on the same
     * engine and CPU kind, and about 1e-6 between engines; more means that something is wrong. NaN:
     * the self-test was not run. */
    double self_test_difference;
    /* Losses and metrics of your own that the file names and the options do not give. Where there
     * are any, training and evaluating are DLCORE_ERROR_STATE until you compile again. */
    size_t functions_missing;
} dlcore_load_report_t;

typedef struct dlcore_load_options {
    size_t structure_size; /* set by ..._default() */
    /* How the model is created. Where training state is restored the seed is the file's. `error` of
     * these options is not used. */
    dlcore_model_options_t model;
    bool compile;        /* compile as the file says; true. False: only to predict */
    bool training_state; /* restore it where there is some; true. Needs compile. */
    /* Train on in the precision that a model was saved with, bfloat16; true. False, and for files
     * without one, as `model` says. A run that was stopped is resumed in its own precision alone.
     */
    bool precision;
    bool self_test;        /* run the self-test and report; false */
    bool require_checksum; /* refuse a file whose checksum differs or is absent; false */
    /* Losses and metrics of your own (dlcore/function.h), one of each for each name in the file;
     * settings other than `function` are the file's. What the file does not name is not used.
     * NULL, NULL, 0. A loss of another name than the file's is DLCORE_ERROR_NAME. */
    const dlcore_loss_t *own_loss;
    const dlcore_metric_t *own_metrics;
    size_t own_metric_count;
    dlcore_load_report_t *report; /* NULL: not wanted */
    dlcore_error_record_t *error; /* NULL: no message wanted */
} dlcore_load_options_t;
DLCORE_API dlcore_load_options_t dlcore_load_options_default(void);

/* ---- whole models ---- */

/* Saves a built model. `options` NULL: the defaults, here and below. */
DLCORE_API dlcore_status dlcore_model_save(const dlcore_model_t *model, const char *path,
                                           const dlcore_save_options_t *options);
/* A new model; compiled, if the saved model was. On failure *model is NULL. */
DLCORE_API dlcore_status dlcore_model_load(const char *path, const dlcore_load_options_t *options,
                                           dlcore_model_t **model);

/* Likewise, but as if the options' `compile` and `training_state` were false: to predict. A program
 * that calls no other function for loading, and does not train, links no losses, metrics,
 * optimizers or gradients (with -ffunction-sections -fdata-sections and -Wl,--gc-sections). */
DLCORE_API dlcore_status dlcore_model_load_to_predict(const char *path,
                                                      const dlcore_load_options_t *options,
                                                      dlcore_model_t **model);

/* The same bytes in memory. *bytes comes from the model's allocator: release it with that, by
 * default with free(). NULL on failure. */
DLCORE_API dlcore_status dlcore_model_save_memory(const dlcore_model_t *model,
                                                  const dlcore_save_options_t *options,
                                                  void **bytes, size_t *size);
DLCORE_API dlcore_status dlcore_model_load_memory(const void *bytes, size_t size,
                                                  const dlcore_load_options_t *options,
                                                  dlcore_model_t **model);
DLCORE_API dlcore_status dlcore_model_load_memory_to_predict(const void *bytes, size_t size,
                                                             const dlcore_load_options_t *options,
                                                             dlcore_model_t **model);

/* Writes the bytes wherever you want. `write` gets them in order, and returns whether it took all
 * of them. Where it trains, compiles or otherwise changes the model, saving ends with
 * DLCORE_ERROR_STATE. */
typedef struct dlcore_byte_writer {
    bool (*write)(void *user, const void *bytes, size_t size);
    void *user;
} dlcore_byte_writer_t;
DLCORE_API dlcore_status dlcore_model_save_to(const dlcore_model_t *model,
                                              const dlcore_byte_writer_t *writer,
                                              const dlcore_save_options_t *options);

/* Reads the bytes from wherever you want, in order. `read` puts up to `want` bytes (1 or more) at
 * `to` and returns how many; 0 means that it cannot go on. `size` is the number of all bytes. No
 * exception or longjmp may leave `read`: what loading has allocated by then would be lost. */
typedef struct dlcore_byte_reader {
    size_t (*read)(void *user, void *to, size_t want);
    void *user;
    size_t size;
} dlcore_byte_reader_t;
DLCORE_API dlcore_status dlcore_model_load_from(const dlcore_byte_reader_t *reader,
                                                const dlcore_load_options_t *options,
                                                dlcore_model_t **model);

/* ---- weights alone ---- */

/* Only the weights, as a plain safetensors file: no layers, settings or training state. */
DLCORE_API dlcore_status dlcore_model_save_weights(const dlcore_model_t *model, const char *path,
                                                   const dlcore_save_options_t *options);
/* Takes the weights of a built model from any safetensors file: a model of dlcore, or a file that
 * PyTorch, Keras or another program wrote. dlcore/weights.h says how it finds out which tensor is
 * which weight, and has the calls with options. The optimizer's state does not change. On failure
 * the model is unchanged and dlcore_model_error has the message. */
DLCORE_API dlcore_status dlcore_model_load_weights(dlcore_model_t *model, const char *path);
DLCORE_API dlcore_status dlcore_model_load_weights_memory(dlcore_model_t *model, const void *bytes,
                                                          size_t size);

#ifdef __cplusplus
}
#endif

#endif
