/* Weights from safetensors files of other programs (PyTorch, Keras, JAX, NumPy), and back.
 *
 *     model_add(...);    (the layers, as they were in the other program)
 *     model_build(network, 784);
 *     if (model_load_weights(network, "digits.safetensors") != DLCORE_OK)
 *         fprintf(stderr, "%s\n", model_error(network));
 *
 * What torch.save wrote (.pt, .pth) is not safetensors: save weights there with
 * safetensors.torch.save_file(model.state_dict(), "digits.safetensors").
 *
 * dlcore finds out which tensor is which weight, in this order:
 *   1. `pairs` of the options: what you say.
 *   2. Names: the tensor is called as the weight ("dense/kernel"), or so after a prefix that is the
 *      same for all ("model/dense/kernel", "params.dense.kernel").
 *   3. Order: tensors whose names differ only in their last part are a layer: "0.weight", "0.bias";
 *      "sequential_6/dense_8/kernel"; "encoder.fc1.weight". Layers of the file become layers of the
 *      model, each of a kind and shape that fits. Layers whose names differ only in numbers stay in
 *      the order of these numbers. Without such names ("W1", "b1") each tensor counts for itself.
 *      If there is more than one way, nothing is loaded: the message names two candidates.
 * Without `partial` each weight of the model needs a tensor, and in the third case each layer of
 * the file a layer of the model.
 *
 *   in the model          in PyTorch
 *   kernel (in, out)      weight (out, in) of Linear; it is transposed
 *   bias                  bias
 *   gamma, beta           weight, bias of BatchNorm1d and LayerNorm
 *   moving_mean           running_mean
 *   moving_variance       running_var; num_batches_tracked is not used
 *   alpha                 weight of PReLU; a single number counts for all units
 *
 * A kernel that is not square says by its shape which way it lies. Of a square one the name says it
 * ("weight": (out, in), "kernel": (in, out)), unless kernels beside it contradict, or the name says
 * nothing: then DLCORE_ERROR_SHAPE asks for `kernels` of the options.
 *
 * What a file of weights does not have is a setting of the layers, which you set as it was in the
 * other program. Layers of PyTorch have other defaults: `epsilon` 1e-5, and BatchNorm1d's momentum
 * 0.1, which is `momentum` 0.9 here (1 minus PyTorch's). While training, PyTorch feeds the
 * unbiased variance of a batch to running_var, Keras and dlcore the biased one.
 *
 * Numbers become float32:
 *   F32, F16, BF16                exact
 *   F64                           rounded to nearest; a finite number beyond float32 is
 *                                 DLCORE_ERROR_RANGE
 *   I8 .. I64, U8 .. U64          exact; an integer that float32 does not have (2^24 + 1) is
 *                                 DLCORE_ERROR_RANGE
 *   BOOL                          0 and 1
 *   others (F8_E4M3, ...)         DLCORE_ERROR_DTYPE, if the tensor is wanted
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_WEIGHTS_H
#define DLCORE_WEIGHTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "api.h"
#include "model.h"
#include "status.h"
#include "tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

/* How the file's kernels lie. */
typedef enum dlcore_kernel_order {
    DLCORE_KERNEL_ORDER_FOUND = 0,    /* found by shape and name, as above */
    DLCORE_KERNEL_ORDER_INPUTS_FIRST, /* (inputs, outputs): Keras, JAX */
    DLCORE_KERNEL_ORDER_OUTPUTS_FIRST /* (outputs, inputs): PyTorch */
} dlcore_kernel_order_t;

/* One weight of the model and its tensor in the file. */
typedef struct dlcore_weight_pair {
    const char *weight; /* "dense/kernel" */
    const char *tensor; /* "encoder.fc1.weight"; NULL: the weight keeps its numbers */
    bool transposed;    /* a kernel that the file has as (outputs, inputs) */
} dlcore_weight_pair_t;

/* Where a weight's numbers come from. */
typedef enum dlcore_weight_source {
    DLCORE_WEIGHT_LEFT = 0,       /* not in the file: the weight keeps its numbers */
    DLCORE_WEIGHT_LEFT_BY_CALLER, /* likewise, by a pair without a tensor */
    DLCORE_WEIGHT_LEFT_BY_SHAPE,  /* likewise: the file's tensor, or another of its layer, has
                                     another shape */
    DLCORE_WEIGHT_BY_PAIR,
    DLCORE_WEIGHT_BY_NAME,
    DLCORE_WEIGHT_BY_PREFIX,
    DLCORE_WEIGHT_BY_ORDER
} dlcore_weight_source_t;
/* "left as it is", "pair", "name", ...; "unknown" for another number. */
DLCORE_API const char *dlcore_weight_source_name(dlcore_weight_source_t source);

typedef struct dlcore_weight_match {
    const char *weight; /* of the model: "dense/kernel" */
    size_t rank;
    size_t shape[2];
    dlcore_weight_source_t source;
    const char *tensor; /* of the file, also where its shape differs; NULL: none */
    const char *dtype;  /* "F32"; NULL: no tensor */
    size_t tensor_rank;
    size_t tensor_shape[DLCORE_RANK_MAX];
    bool transposed;
} dlcore_weight_match_t;

/* Which tensor is which weight. Owns its texts. */
typedef struct dlcore_weights_report {
    const dlcore_weight_match_t *matches; /* in the order of dlcore_model_weight */
    size_t count;
    size_t loaded;             /* matches with numbers from the file */
    const char *const *unused; /* names of the file's other tensors */
    size_t unused_count;
} dlcore_weights_report_t;
/* NULL is fine. */
DLCORE_API void dlcore_weights_report_free(dlcore_weights_report_t *report);
/* A line for each weight, one for tensors that are not used. DLCORE_ERROR_IO when the stream fails.
 */
DLCORE_API dlcore_status dlcore_weights_report_print(const dlcore_weights_report_t *report,
                                                     FILE *stream);

/* Start from the default, then change fields. A zeroed struct is refused. */
typedef struct dlcore_weights_options {
    size_t structure_size; /* set by ..._default() */
    /* What you know better. A weight and a tensor may be in one pair each. NULL, 0. */
    const dlcore_weight_pair_t *pairs;
    size_t pair_count;
    /* Only tensors whose names begin with it count, and are looked at without it: "encoder.";
     * NULL: all. Tensors of `pairs` have their whole name. */
    const char *prefix;
    dlcore_kernel_order_t kernels; /* DLCORE_KERNEL_ORDER_FOUND; pairs say it themselves */
    /* false. True: layers that the file does not have keep their weights, and layers that the model
     * does not have are not used. By order, the first layers of both are matched. At least one
     * weight must be loaded. */
    bool partial;
    /* false. True: a layer whose weights have other shapes in the file keeps them: another head. By
     * order, as few layers as possible. */
    bool skip_mismatch;
    /* Where a new report goes when loading succeeds; NULL: not wanted. Else *report is NULL. */
    dlcore_weights_report_t **report;
} dlcore_weights_options_t;
DLCORE_API dlcore_weights_options_t dlcore_weights_options_default(void);

/* Loads weights into a built model, as described above. `options` NULL: the defaults, with which
 * this is dlcore_model_load_weights. The optimizer's state does not change. On failure the model is
 * unchanged and dlcore_model_error has the message, with names and shapes of both sides:
 *   DLCORE_ERROR_NAME      a weight has no tensor, or there is more than one way
 *   DLCORE_ERROR_SHAPE     a tensor has another shape, or a square kernel does not say how it lies
 *   DLCORE_ERROR_ARGUMENT  options that are wrong in themselves
 *   DLCORE_ERROR_DTYPE, _RANGE, _FORMAT, _UNSUPPORTED, _IO, _MEMORY
 * Memory: once more what the weights have, and for files with more than 16,384 tensors names decide
 * alone. */
DLCORE_API dlcore_status dlcore_model_load_weights_with(dlcore_model_t *model, const char *path,
                                                        const dlcore_weights_options_t *options);
DLCORE_API dlcore_status dlcore_model_load_weights_memory_with(
    dlcore_model_t *model, const void *bytes, size_t size, const dlcore_weights_options_t *options);

/* ---- saving weights for other programs ---- */

/* Names and kernels of a file. */
typedef enum dlcore_weight_style {
    DLCORE_WEIGHT_STYLE_KERAS = 0, /* "dense/kernel", (inputs, outputs) */
    /* "0.weight", (outputs, inputs): load_state_dict of an nn.Sequential takes it. Each layer of
     * the model is one module, and the activation of a dense layer, if it is not linear, another
     * one behind it:
     *   dense 512 relu, dropout, dense 10 linear = nn.Linear, nn.ReLU, nn.Dropout, nn.Linear
     * What torch.nn does not have (rescaling, normalization, Gaussian noise) is a module, too: one
     * of your own, or nn.Identity. Set eps of BatchNorm1d and LayerNorm to the layer's epsilon. */
    DLCORE_WEIGHT_STYLE_PYTORCH
} dlcore_weight_style_t;

typedef enum dlcore_weight_dtype {
    DLCORE_WEIGHT_DTYPE_FLOAT32 = 0,
    DLCORE_WEIGHT_DTYPE_FLOAT16, /* rounded to nearest; beyond 65504: DLCORE_ERROR_RANGE */
    DLCORE_WEIGHT_DTYPE_BFLOAT16 /* rounded to nearest */
} dlcore_weight_dtype_t;

/* Start from the default, then change fields. A zeroed struct is refused. */
typedef struct dlcore_save_weights_options {
    size_t structure_size; /* set by ..._default() */
    dlcore_weight_style_t style;
    dlcore_weight_dtype_t dtype;
    const char *prefix; /* before each name, "model."; at most 128 bytes; NULL: nothing */
    /* Weights that are to have another name, without prefix; `transposed` says how a kernel is
     * written. A pair without a tensor leaves the weight out. NULL, 0. */
    const dlcore_weight_pair_t *pairs;
    size_t pair_count;
    bool sync;                    /* as in dlcore_save_options_t; true */
    dlcore_error_record_t *error; /* NULL: no message wanted */
} dlcore_save_weights_options_t;
DLCORE_API dlcore_save_weights_options_t dlcore_save_weights_options_default(void);

/* Saves the weights of a built model as a safetensors file, all or nothing as dlcore_model_save
 * does. `options` NULL: the defaults. DLCORE_ERROR_UNSUPPORTED names a layer that PyTorch has not:
 * a batch normalization with gamma or beta alone, a layer normalization with beta alone. */
DLCORE_API dlcore_status dlcore_model_save_weights_with(
    const dlcore_model_t *model, const char *path, const dlcore_save_weights_options_t *options);
/* The same bytes in memory, as dlcore_model_save_memory gives them. */
DLCORE_API dlcore_status dlcore_model_save_weights_memory_with(
    const dlcore_model_t *model, const dlcore_save_weights_options_t *options, void **bytes,
    size_t *size);

#ifdef __cplusplus
}
#endif

#endif
