/* A network as one C file, for programs and boards without dlcore.
 *
 *     export_c_options_t how = export_c_options_default();
 *     error_record_t error;
 *     how.prefix = "digits";
 *     how.error = &error;
 *     if (model_export_c(network, "digits.c", &how) != DLCORE_OK)
 *         fprintf(stderr, "%s\n", error.message);
 *
 * The file is C99 and C++. It needs <math.h> and <stddef.h>, allocates nothing and has no
 * variables: weights are `static const`, and the caller passes the scratch memory, so that any
 * number of threads may call it. It has, with the prefix "digits":
 *
 *     #define DIGITS_INPUTS 784              numbers of a sample
 *     #define DIGITS_OUTPUTS 10
 *     #define DIGITS_SCRATCH_BYTES 2048      memory that the caller passes
 *     #define DIGITS_WEIGHT_BYTES 1628200    constants
 *     void digits_predict(const float *x, float *y, float *scratch);
 *
 *     float digits_self_test(float *scratch);      only with DIGITS_SELF_TEST defined
 *
 * Compile it with your sources. Where you call it, define DIGITS_DECLARE and include it: then it
 * gives the macros and declarations only. Or include it whole once, with DIGITS_API defined as
 * `static`. Its head comment says how much flash and RAM it takes.
 *
 * The self-test runs samples that are in the file and returns the largest difference from the
 * outputs that dlcore computed for this file, relative to the output where that is above 1. Expect
 * less than 1e-5; more means that a compiler or a port is wrong.
 *
 * int8: with `numbers` DLCORE_EXPORT_INT8 everything from the first dense layer to the sums of the
 * last is computed in whole numbers: weights and outputs of layers have 8 bits, sums 32. Only
 * inputs are rounded, and outputs made, with floating point; softmax or another activation at the
 * end, too. Weights take a quarter of the memory, and little of the time goes to floating point,
 * which small processors compute slowly. Scales are found from `samples`: some hundred rows of what
 * the network will see. Larger inputs count as the largest that was seen. Scales are per unit for
 * weights, and one for all outputs of a layer; relu is exact, other activations are tables of 256
 * entries. The report says how near it comes.
 *
 * Flash: arrays carry DIGITS_FLASH and are read by DIGITS_READ. On AVR these are PROGMEM and
 * pgm_read_float; elsewhere nothing, unless you define both yourself. With gcc and clang on CPUs
 * with vector instructions, products use vectors of the compiler; DIGITS_NO_VECTORS, or a
 * DIGITS_FLASH of yours, turns that off.
 *
 * Layers: one that has no C form is refused by name. Dropout and the like, which do nothing but in
 * training, are left out.
 * Rescaling, normalization and batch normalization become part of the next or previous dense layer
 * where there is one and no digits are lost. Numbers agree with those of a predictor within
 * rounding.
 *
 * Errors:
 *   DLCORE_ERROR_STATE        the model is not built
 *   DLCORE_ERROR_ARGUMENT     an option: the prefix is no C identifier, or a keyword; int8 without
 *                             samples
 *   DLCORE_ERROR_SHAPE, _DTYPE  samples do not fit the model
 *   DLCORE_ERROR_RANGE        a weight is infinite or NaN; the message names it
 *   DLCORE_ERROR_UNSUPPORTED  a layer or activation that has no C form; the message names it
 *   DLCORE_ERROR_IO, DLCORE_ERROR_MEMORY
 *
 * Threads: exporting reads the model, as predicting does.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_EXPORT_H
#define DLCORE_EXPORT_H

#include <stdbool.h>
#include <stddef.h>

#include "api.h"
#include "file.h"
#include "model.h"
#include "status.h"
#include "tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What the file computes with. */
typedef enum dlcore_export_numbers {
    DLCORE_EXPORT_FLOAT32 = 1,
    DLCORE_EXPORT_INT8
} dlcore_export_numbers_t;

#define DLCORE_EXPORT_PREFIX_MAX 60 /* bytes of a prefix, at most */

/* What was written. */
typedef struct dlcore_export_report {
    size_t inputs, outputs;
    size_t weight_bytes;  /* of constants: flash, beside the code */
    size_t scratch_bytes; /* of RAM that the caller passes */
    size_t text_bytes;    /* of the C file */
    /* Of int8, over all samples: the largest difference from the model's outputs, relative to those
     * above 1; and the share of samples with the same largest output (of one output: the same side
     * of 0.5). Of float32: 0 and 1. */
    double difference;
    double same_class;
} dlcore_export_report_t;

/* Start from the ..._default(), then change fields. A zeroed struct is refused. */
typedef struct dlcore_export_c_options {
    size_t structure_size; /* set by ..._default() */
    /* Names begin with it, macros with its capitals: a C identifier that begins with a letter and
     * is no keyword. "network" */
    const char *prefix;
    dlcore_export_numbers_t numbers; /* DLCORE_EXPORT_FLOAT32 */
    /* Samples as predict takes them: the self-test holds the first 4, and int8 finds its scales
     * from all of them. NULL, the default: the self-test holds made-up numbers. */
    const dlcore_tensor_t *samples;
    bool sync;                      /* to a path: wait until the file is on the disk; true */
    dlcore_export_report_t *report; /* NULL: not wanted; filled in when the export succeeded */
    dlcore_error_record_t *error;   /* NULL: no message wanted */
} dlcore_export_c_options_t;
DLCORE_API dlcore_export_c_options_t dlcore_export_c_options_default(void);

/* Writes the C file of a built model. To a path it is all or nothing, as dlcore_model_save.
 * `options` NULL: the defaults, here and below. */
DLCORE_API dlcore_status dlcore_model_export_c(const dlcore_model_t *model, const char *path,
                                               const dlcore_export_c_options_t *options);
/* The same text in memory: *size bytes and a terminator. *text comes from the model's allocator:
 * release it with that, by default with free(). NULL on failure. */
DLCORE_API dlcore_status dlcore_model_export_c_memory(const dlcore_model_t *model,
                                                      const dlcore_export_c_options_t *options,
                                                      char **text, size_t *size);
/* The same text, piece by piece, wherever you want. */
DLCORE_API dlcore_status dlcore_model_export_c_to(const dlcore_model_t *model,
                                                  const dlcore_byte_writer_t *writer,
                                                  const dlcore_export_c_options_t *options);

#ifdef __cplusplus
}
#endif

#endif
