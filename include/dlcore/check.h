/* model_check: looks for mistakes in a model and its data before training. It reports what is
 * allowed but seldom intended.
 *
 *     findings_t findings;
 *     model_check(network, x, y, &findings, NULL);
 *     for (size_t i = 0; i < findings.count; i++)
 *         printf("%s\n", findings.list[i].text);
 *
 * dlcore_model_fit prints the same with verbose 1, as lines that begin with "note: ", before the
 * first epoch that a model is trained, about the samples that it trains on. A finding is not an
 * error, and a model without findings may still be wrong.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_CHECK_H
#define DLCORE_CHECK_H

#include "api.h"
#include "model.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum dlcore_finding_kind {
    DLCORE_FINDING_NONE = 0,

    /* the data */
    DLCORE_FINDING_DATA_NOT_FINITE,   /* a sampled row of x or y has a number that is not
                                         finite */
    DLCORE_FINDING_FEATURE_CONSTANT,  /* a column of x is the same in all samples, and not 0 */
    DLCORE_FINDING_FEATURE_IS_LABEL,  /* a column of x is y */
    DLCORE_FINDING_FEATURE_IS_INDEX,  /* a column of x counts the samples: n, n + 1, n + 2, ... */
    DLCORE_FINDING_FEATURES_UNSCALED, /* columns of very different size, or all large or tiny, and
                                         no layer that normalizes them */
    DLCORE_FINDING_LABELS_CONSTANT,   /* y is the same for all samples */
    DLCORE_FINDING_CLASS_MISSING,     /* no sample is of some class */
    DLCORE_FINDING_CLASS_NOT_TRAINED, /* fit: no sample of some class is trained on, but
                                         validation_split keeps some back */
    DLCORE_FINDING_VALIDATION_ONE_CLASS, /* fit: all that validation_split keeps back is one class,
                                            but several are trained on */
    DLCORE_FINDING_CLASSES_UNBALANCED,   /* one class has 20 times the samples of another */
    DLCORE_FINDING_LABELS_DO_NOT_SUM_TO_1, /* categorical_crossentropy, and a row of y whose sum is
                                              not 1 */
    DLCORE_FINDING_LABELS_ZERO, /* mean_absolute_percentage_error, and y is 0 somewhere */

    /* the layers */
    DLCORE_FINDING_NOT_ADAPTED,   /* a normalization layer has mean 0 and variance 1 everywhere */
    DLCORE_FINDING_HIDDEN_LINEAR, /* two dense layers with no activation between, no bottleneck */
    DLCORE_FINDING_UNITS_DEAD,    /* half of a layer's relu units are 0 for every sample */
    DLCORE_FINDING_NOTHING_TRAINS,

    /* the last layer and the loss */
    DLCORE_FINDING_ONE_CLASS,    /* softmax of one unit, or a loss over classes with one */
    DLCORE_FINDING_OUTPUT_LOSS,  /* the activation does not go with the loss: linear, and a
                                    cross-entropy that takes probabilities, for instance */
    DLCORE_FINDING_OUTPUT_RANGE, /* the activation does not reach the labels */
    DLCORE_FINDING_OUTPUT_RELU,  /* relu at the end of a regression */

    DLCORE_FINDING_LEARNING_RATE, /* out of the optimizer's usual range */
    DLCORE_FINDING_KIND_COUNT
} dlcore_finding_kind_t;

#define DLCORE_FINDING_NOWHERE ((size_t)-1)
#define DLCORE_FINDING_TEXT_SIZE 200

typedef struct dlcore_finding {
    dlcore_finding_kind_t kind;
    size_t layer;  /* the first that it is about; else DLCORE_FINDING_NOWHERE */
    size_t column; /* of x, or a class: likewise */
    char
        text[DLCORE_FINDING_TEXT_SIZE]; /* one line without its end: what it is and what may help */
} dlcore_finding_t;

/* At most one of each kind. */
typedef struct dlcore_findings {
    size_t count;
    dlcore_finding_t list[DLCORE_FINDING_KIND_COUNT];
} dlcore_findings_t;

/* Fills *findings. x and y as for fit; each may be NULL, and is then not looked at. What needs
 * weights or a loss is left out before the model is built or compiled.
 *
 * All samples are looked at as long as x and y have a million numbers or less. Of more, the samples
 * are spread over all of them and are the same in every call; a text then says so: "in all 1337
 * samples that were looked at". For 60,000 samples of 784 numbers and a 784-128-10 network it takes
 * about 6 ms, for a million labels about 50 ms.
 *
 * The model is only read, as by evaluate. `error` may be NULL. DLCORE_ERROR_SHAPE and _RANGE as fit
 * would answer for x and y; DLCORE_ERROR_ARGUMENT, DLCORE_ERROR_MEMORY. On failure *findings is
 * empty. */
DLCORE_API dlcore_status dlcore_model_check(const dlcore_model_t *model, const dlcore_tensor_t *x,
                                            const dlcore_tensor_t *y, dlcore_findings_t *findings,
                                            dlcore_error_record_t *error);

#ifdef __cplusplus
}
#endif

#endif
