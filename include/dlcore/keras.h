/* Models to and from Keras: an archive of its own, libdlcore_keras.a, on libhdf5 and libzip.
 *
 *     model_t *model = NULL;
 *     error_record_t error;
 *     load_options_t how = load_options_default();
 *     how.error = &error;
 *     if (keras_load("model.keras", &how, &model) != DLCORE_OK)
 *         fprintf(stderr, "%s\n", error.message);
 *     ...
 *     keras_save(model, "trained.keras", NULL);
 *
 * What is read:
 *   - .keras files of Keras 3.0 and later and of 2.15, and the folder that one was unpacked to;
 *   - .h5 files of Keras 2, tf.keras and Keras 3 (HDF5 with the model's settings within);
 *   - .weights.h5 and other HDF5 files with weights alone, by dlcore_keras_load_weights.
 * A Sequential, or a functional model whose layers stand in one chain, each used once. A branch, a
 * shared layer, a class, a key or a value that this version does not have is
 * DLCORE_ERROR_UNSUPPORTED, and the message names it. An initializer that is not known is kept by
 * its name (DLCORE_INITIALIZER_NAMED). A Reshape becomes a Flatten, because samples are flat here.
 * Softmax behind it, along the last of several axes or all of them, becomes a grouped_softmax; what
 * else works along the last of several is refused, and so are outputs of several. A Dense whose
 * activation is glu becomes two layers, so that later ones have other numbers than in Keras.
 *
 * A loaded model gives Keras's predictions, and training goes on where it was: compile settings,
 * the optimizer's state, its count of steps and the learning rate are the file's. Optimizers before
 * Keras 2.11, and tf.keras.optimizers.legacy, had other rules but for SGD and Adam: the state of
 * the others is refused, and such a file is loaded without training_state. Keras keeps no count of
 * epochs and no seed for dropout: these begin anew. Both ways, numbers differ by rounding
 * alone, about 1e-6.
 *
 * What is written: .keras files and .weights.h5 files that every Keras 3 opens, and goes on
 * training; but for a dense layer whose activation has parameters of its own (leaky_relu with
 * another slope), which Keras before 3.10 or so reads from no file: give it a layer of its own; and
 * but for the state of Nadam, and of use_ema with gradient_accumulation_steps, which Keras before
 * 3.10 has in another order: for that, save without training_state. An initializer that this
 * version does not have is left out; a learning rate that is a function of yours is written as the
 * rate of the moment. What Keras's files have no place for is DLCORE_ERROR_UNSUPPORTED:
 * weight_decay_excludes_bias, and state that the optimizer keeps of a frozen layer.
 *
 * Files are hostile. Sizes are checked before memory is allocated, links and references to other
 * files are refused, and a ZIP entry is unpacked to at most 100 times the file's size, or 64 MiB.
 * But libhdf5 and libzip parse before dlcore does, with memory of malloc, and what they do with
 * damaged files is theirs: keep them up to date, and do not open files of strangers with a libhdf5
 * that has known flaws (see its list of CVE numbers). dlcore looks at heaps of text first, because
 * version 1.10.8 loops without end over some that are damaged, does not check the lengths in
 * others, and copies a text for each reference to it: texts may stand for 4 times the file's bytes
 * in all. More remains, such as reading beyond its memory where attributes are damaged.
 * After a damaged file it may print "infinite loop closing library" as the process ends, which is
 * harmless. The libraries never see a path: dlcore reads the file.
 *
 * Threads: any number of these calls may run at once, on different models. libhdf5 is mostly built
 * without locks of its own, so dlcore calls it under one lock. If your program also calls libhdf5,
 * do not do so on another thread during these calls, unless H5is_library_threadsafe says that it
 * may. dlcore turns libhdf5's error printing off while it calls it, and back to yours after.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_KERAS_H
#define DLCORE_KERAS_H

#include <stddef.h>
#include <stdio.h>

#include "api.h"
#include "file.h"
#include "model.h"
#include "status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A new model; compiled, if the saved one was. `options` NULL: the defaults. Of the options,
 * self_test has no effect; require_checksum is DLCORE_ERROR_UNSUPPORTED, because Keras writes none.
 * Of the report, library_version is Keras's: "Keras 3.15.1". On failure *model is NULL. */
DLCORE_API dlcore_status dlcore_keras_load(const char *path, const dlcore_load_options_t *options,
                                           dlcore_model_t **model);
DLCORE_API dlcore_status dlcore_keras_load_memory(const void *bytes, size_t size,
                                                  const dlcore_load_options_t *options,
                                                  dlcore_model_t **model);

/* Takes the weights alone, by position, into a built model of the same layers, as Keras's
 * load_weights does: from any of the files above. The optimizer's state does not change. On failure
 * the model is unchanged and dlcore_model_error has the message. */
DLCORE_API dlcore_status dlcore_keras_load_weights(dlcore_model_t *model, const char *path);
DLCORE_API dlcore_status dlcore_keras_load_weights_memory(dlcore_model_t *model, const void *bytes,
                                                          size_t size);

/* Loads a model, writes what it is, and frees it: the version of Keras, layers with their widths
 * and the shapes of their weights, the compile settings, where training goes on. Of a file that
 * cannot be loaded the reason, which is what the call then answers; the layers with their settings,
 * and which of them this version does not have; and the compile settings by name. DLCORE_ERROR_IO
 * also when the stream fails. */
DLCORE_API dlcore_status dlcore_keras_inspect(const char *path,
                                              const dlcore_load_options_t *options, FILE *stream);
DLCORE_API dlcore_status dlcore_keras_inspect_memory(const void *bytes, size_t size,
                                                     const dlcore_load_options_t *options,
                                                     FILE *stream);

/* A .keras file. `options` as of dlcore_model_save: of them self_test has no effect. Saving to a
 * path, which must end in ".keras", is all or nothing, as there. In memory, *bytes comes from the
 * model's allocator: release it with that, by default with free(). NULL on failure. */
DLCORE_API dlcore_status dlcore_keras_save(const dlcore_model_t *model, const char *path,
                                           const dlcore_save_options_t *options);
DLCORE_API dlcore_status dlcore_keras_save_memory(const dlcore_model_t *model,
                                                  const dlcore_save_options_t *options,
                                                  void **bytes, size_t *size);
/* The weights alone, for Keras's load_weights; the path must end in ".weights.h5". */
DLCORE_API dlcore_status dlcore_keras_save_weights(const dlcore_model_t *model, const char *path,
                                                   const dlcore_save_options_t *options);
DLCORE_API dlcore_status dlcore_keras_save_weights_memory(const dlcore_model_t *model,
                                                          const dlcore_save_options_t *options,
                                                          void **bytes, size_t *size);

#ifdef __cplusplus
}
#endif

#endif
