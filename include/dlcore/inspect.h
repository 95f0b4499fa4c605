/* model_inspect: what a model file has in it, without memory for its weights.
 *
 *     inspection_t *found = NULL;
 *     error_record_t error;
 *     inspect_options_t how = inspect_options_default();
 *     how.error = &error;
 *     if (model_inspect("digits.safetensors", &how, &found) == DLCORE_OK)
 *         inspection_print(found, stdout);
 *     inspection_free(found);
 *
 * Any safetensors file is inspected: one of dlcore, with layers, or one with tensors alone, of
 * another program. Only its header is read. With options.model you also see which tensor
 * dlcore_model_load_weights would take for which weight of that model, or why it would refuse.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_INSPECT_H
#define DLCORE_INSPECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "api.h"
#include "model.h"
#include "status.h"
#include "tensor.h"
#include "weights.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct dlcore_inspected_layer {
    const char *name;       /* "dense" */
    const char *class_name; /* "Dense" */
    bool is_known;          /* false: this version has no such layer */
    /* Of layers that can be loaded; else 0. */
    size_t output_width;
    size_t parameter_count;
    bool trainable;
} dlcore_inspected_layer_t;

typedef struct dlcore_inspected_tensor {
    const char *name;
    const char *dtype; /* "F32" */
    size_t rank;
    size_t shape[DLCORE_RANK_MAX];
    size_t bytes;
} dlcore_inspected_tensor_t;

/* A text of the file's metadata. */
typedef struct dlcore_inspected_text {
    const char *key;
    const char *value; /* terminated; a zero byte within ends what you see */
} dlcore_inspected_text_t;

/* Owns its texts. Counts are 0 and pointers NULL, texts "", for what the file does not have. */
typedef struct dlcore_inspection {
    size_t file_bytes;
    /* The file has layers: dlcore_model_load reads it. False: it has tensors alone, for
     * dlcore_model_load_weights. */
    bool is_model;
    const char *writer;         /* "dlcore 0.2.0" */
    const char *format;         /* what the file says of itself: "dlcore", "pt", "np" */
    const char *format_version; /* of files of dlcore: "1" */
    /* DLCORE_OK, or what dlcore_model_load would answer for the layers, settings and shapes, with
     * its message: it names what is missing, or what this version does not have. Loading alone
     * sees whether the settings of compile go with the layers, and the numbers with the checksum.
     */
    dlcore_status status;
    const char *problem;

    const dlcore_inspected_layer_t *layers;
    size_t layer_count;
    size_t input_width;
    size_t parameter_count; /* of the layers */

    bool compiled;
    /* "adam", "mean_squared_error", "accuracy, weighted auc"; of settings that this version cannot
     * read what the file calls them */
    const char *optimizer;
    const char *loss;
    const char *metrics;

    const char *precision; /* that it trains in: "bfloat16"; "" of files without one: float32 */
    bool training_state;   /* the file has it */
    uint64_t epochs_trained, steps_trained;
    bool can_resume; /* it was saved in the middle of a run */

    const dlcore_inspected_tensor_t *tensors; /* by name */
    size_t tensor_count;
    size_t tensor_bytes;
    /* Of the metadata, without what is told above: notes as "dlcore.note." and the key, and so the
     * schema, whose columns dlcore_inspection_print tells. */
    const dlcore_inspected_text_t *texts;
    size_t text_count;

    /* With options.model: which tensor is which weight. NULL: weights_problem says why not. */
    const dlcore_weights_report_t *weights;
    dlcore_status weights_status;
    const char *weights_problem;
} dlcore_inspection_t;

/* Start from the default, then change fields. A zeroed struct is refused. */
typedef struct dlcore_inspect_options {
    size_t structure_size;        /* set by ..._default() */
    dlcore_allocator_t allocator; /* malloc */
    const dlcore_model_t *model;  /* built; only read, as by predict; NULL: none */
    const dlcore_weights_options_t
        *weights;                 /* for `model`; its `report` is not used; NULL: defaults */
    dlcore_error_record_t *error; /* NULL: no message wanted */
} dlcore_inspect_options_t;
DLCORE_API dlcore_inspect_options_t dlcore_inspect_options_default(void);

/* A new inspection. `options` NULL: the defaults. Errors: those of a file that is no safetensors
 * file, or cannot be read: DLCORE_ERROR_IO, _FORMAT, _UNSUPPORTED, _MEMORY; _ARGUMENT. What is
 * wrong with a model in it, and with its weights for `model`, is in the inspection. Memory stays
 * below six times the file's header plus 2 MB. On failure *inspection is NULL. */
DLCORE_API dlcore_status dlcore_model_inspect(const char *path,
                                              const dlcore_inspect_options_t *options,
                                              dlcore_inspection_t **inspection);
DLCORE_API dlcore_status dlcore_model_inspect_memory(const void *bytes, size_t size,
                                                     const dlcore_inspect_options_t *options,
                                                     dlcore_inspection_t **inspection);
/* NULL is fine. */
DLCORE_API void dlcore_inspection_free(dlcore_inspection_t *inspection);
/* All of it as text. DLCORE_ERROR_IO when the stream fails. */
DLCORE_API dlcore_status dlcore_inspection_print(const dlcore_inspection_t *inspection,
                                                 FILE *stream);

#ifdef __cplusplus
}
#endif

#endif
