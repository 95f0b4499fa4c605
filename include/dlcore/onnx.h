/* ONNX models: a dense network from PyTorch, scikit-learn or Keras as a model of dlcore, and back.
 *
 * The part onnx, an archive of its own: in CMake the component `onnx` and the target dlcore::onnx,
 * for pkg-config dlcore-onnx. <dlcore.h> does not include this header.
 *
 *     #include <dlcore.h>
 *     #include <dlcore/onnx.h>
 *
 *     onnx_load_options_t how = onnx_load_options_default();
 *     error_record_t error;
 *     model_t *network = NULL;
 *     how.error = &error;
 *     if (onnx_load("model.onnx", &how, &network) != DLCORE_OK)
 *         fprintf(stderr, "%s\n", error.message);
 *
 * What is read: graphs that are one chain from one input to one output, of opsets 7 to 28, as torch
 * (both exporters), skl2onnx, tf2onnx and Keras write them.
 *   - Gemm, MatMul; Add, Sub, Mul, Div by constants, Neg; BatchNormalization, LayerNormalization,
 *     RMSNormalization and LpNormalization (p 2), also written as means and roots; Scaler;
 *   - Relu, LeakyRelu, PRelu, ThresholdedRelu, Elu, Selu, Celu (alpha 1), Sigmoid,
 *     HardSigmoid (1/6 or 1/2, and 1/2), HardSwish, Tanh, Softmax (of several axes along the last),
 *     LogSoftmax, Softplus, Softsign, Gelu, Mish, Swish, Exp, Shrink (0.5), Clip, Max and Min to
 *     -1 .. 1, or from 0 or nothing up to any number; and the chains of nodes that stand for gelu,
 *     silu, hard_silu, hard_sigmoid, mish, softsign, log_sigmoid, tanh_shrink, squareplus,
 *     sparse_plus, sparse_sigmoid, hard_shrink and soft_shrink (0.5), elu, glu, both sparsemax as
 *     onnx_save writes them, and relu with its settings; choices by Where, or by products with
 *     comparisons;
 *   - Identity, Cast, Dropout, Flatten, Reshape and Squeeze that keep samples apart, by constants
 *     or by the size of the batch (x.view(x.size(0), -1)), ZipMap, and a binary classifier's
 *     Concat of 1 - p and p, which becomes the one sigmoid unit p.
 * Weights may be float, double, float16, bfloat16 or whole numbers, in the file or in one beside
 * it, and what Add, Sub, Mul, Div, Pow, Neg, Sqrt and Reciprocal make of constants. dlcore computes
 * in float32 whatever types the graph has.
 *
 * The rule is: the same numbers, or an error that names the node, attribute or value that is not
 * supported. What does not lead to the output, such as the label of a classifier, is not looked at.
 *
 * A loaded model predicts at once. The file has no loss, optimizer or metrics: compile the model
 * before you train or evaluate it. Arithmetic on each unit that is no layer of its own becomes a
 * batch normalization that is not trainable.
 *
 * Loading treats every file as hostile: sizes are checked before memory is allocated, and weights
 * are read one tensor at a time. Memory stays below the model, three times its largest tensor as
 * float32, and 140 times the graph without its weights plus 1 MB: so much only of the smallest
 * things, of which a graph may have 65536 of each kind. The parser is nanopb, a library of its own,
 * which allocates nothing.
 *
 * Errors: DLCORE_ERROR_IO, _FORMAT (the file breaks a rule of its format), _DTYPE, _UNSUPPORTED,
 * _SHAPE, _MEMORY.
 *
 * Threads: calls on different models may run at the same time.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_ONNX_H
#define DLCORE_ONNX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "api.h"
#include "model.h"
#include "status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct dlcore_onnx_load_options {
    size_t structure_size; /* set by ..._default() */
    /* How the model is created. `error` of these options is not used. */
    dlcore_model_options_t model;
    /* The output to compute, by name; NULL: the only one of floating-point numbers. */
    const char *output;
    /* Weights that the model keeps in another file, as bytes in memory; NULL: that file is opened.
     * It must lie in the folder of the model under a plain name: no folder, no link. A model in
     * memory has no folder. */
    const void *external_data;
    size_t external_size;
    dlcore_error_record_t *error; /* NULL: no message wanted */
} dlcore_onnx_load_options_t;
DLCORE_API dlcore_onnx_load_options_t dlcore_onnx_load_options_default(void);

/* A new model, built, not compiled. `options` NULL: the defaults. On failure *model is NULL. */
DLCORE_API dlcore_status dlcore_onnx_load(const char *path,
                                          const dlcore_onnx_load_options_t *options,
                                          dlcore_model_t **model);
DLCORE_API dlcore_status dlcore_onnx_load_memory(const void *bytes, size_t size,
                                                 const dlcore_onnx_load_options_t *options,
                                                 dlcore_model_t **model);

/* Writes what dlcore_onnx_load would do, without reading weights or making a model: who wrote the
 * file, its operators, and layers, shapes and bytes; or the reason why it cannot be loaded, which
 * is what the call then answers, and the graph's nodes with the shapes of their weights.
 * DLCORE_ERROR_IO also when the stream fails. */
DLCORE_API dlcore_status dlcore_onnx_inspect(const char *path,
                                             const dlcore_onnx_load_options_t *options,
                                             FILE *stream);
DLCORE_API dlcore_status dlcore_onnx_inspect_memory(const void *bytes, size_t size,
                                                    const dlcore_onnx_load_options_t *options,
                                                    FILE *stream);

typedef struct dlcore_onnx_save_options {
    size_t structure_size;        /* set by ..._default() */
    bool sync;                    /* wait until the disk has the file; true */
    dlcore_error_record_t *error; /* NULL: no message wanted */
} dlcore_onnx_save_options_t;
DLCORE_API dlcore_onnx_save_options_t dlcore_onnx_save_options_default(void);

/* Writes a built model for prediction: opset 13 and IR version 7, or 17 and 8 where it has a layer
 * normalization, with input "input" (batch, width) and output "output". Weights are named as in
 * dlcore, "dense/kernel". Flattening and noise, which do nothing then, are left out; so are compile
 * settings and the optimizer's state. An embedding fails in ONNX Runtime, too, where an index is no
 * row of its table; dlcore_onnx_load does not read it. `options` NULL: the defaults. To a path it
 * is all or nothing, as dlcore_model_save. In memory *bytes comes from the model's allocator:
 * release it with that, by default with free(); NULL on failure. A layer or a setting that has no
 * form in ONNX, and more than 2 GB, are DLCORE_ERROR_UNSUPPORTED. The model is read, as by
 * predicting. */
DLCORE_API dlcore_status dlcore_onnx_save(const dlcore_model_t *model, const char *path,
                                          const dlcore_onnx_save_options_t *options);
DLCORE_API dlcore_status dlcore_onnx_save_memory(const dlcore_model_t *model,
                                                 const dlcore_onnx_save_options_t *options,
                                                 void **bytes, size_t *size);

#ifdef __cplusplus
}
#endif

#endif
