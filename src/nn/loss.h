/* What a loss is to the engine: a const table of what files and checks need, and a function of a
 * row, one per kind.
 *
 * To add a kind: an enumerator and fields in dlcore/loss.h, one file loss_<kind>.c that ends in its
 * tables, and one row in DLCORE_LOSS_KINDS below, which makes the constructor.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_NN_LOSS_H
#define DLCORE_NN_LOSS_H

#include "system/compiler.h"

#include <stddef.h>
#include <stdint.h>

#include "dlcore/activation.h"
#include "dlcore/loss.h"
#include "dlcore/status.h"
#include "kernels/kernels_training.h"
#include "nn/setting.h"
#include "products/matrix.h"

DLCORE_HIDDEN_BEGIN

/* What y_true is for a loss. */
typedef enum dlcore_label_form {
    DLCORE_LABELS_CLASSES, /* one integer a sample, 0 .. units-1 */
    DLCORE_LABELS_ONE_HOT, /* a float for each unit, a share of 1 */
    DLCORE_LABELS_VALUES   /* a float for each unit */
} dlcore_label_form_t;

/* Which labels a loss has a meaning for; others are refused, where Keras computes on. */
typedef enum dlcore_label_range {
    DLCORE_LABELS_ANY = 0,
    DLCORE_LABELS_FROM_0, /* 0 or more */
    DLCORE_LABELS_0_TO_1,
    DLCORE_LABELS_MINUS_1_TO_1
} dlcore_label_range_t;

/* What the last layer's output is when the loss sees it. */
typedef enum dlcore_output_form {
    DLCORE_OUTPUT_PREDICTIONS, /* y_pred as the loss's formula has it */
    DLCORE_OUTPUT_LOGITS,      /* from_logits: y_pred is logits and stays so */
    DLCORE_OUTPUT_FUSED        /* logits whose activation the loss applies: y becomes y_pred */
} dlcore_output_form_t;

/* Which labels do not count, as the loss says: loss_masked.h. All false: every one counts. */
typedef struct dlcore_label_mask {
    bool missing, weighted, ignores;
    int ignored; /* class */
} dlcore_label_mask_t;

/* A batch of labels, gathered. */
typedef struct dlcore_labels {
    int32_t *classes; /* DLCORE_LABELS_CLASSES: one per row; else NULL */
    float *values;    /* row-major, `width` per row, contiguous; else NULL */
    size_t width;
    float *weights; /* of the samples, one per row; NULL: all 1 */
    dlcore_label_mask_t mask;
    size_t units; /* of values, the labels of a row: with weighted ones half the width */
    /* With a mask, for each row the share of its labels that are present, and the sum of their
     * weights over the units; else NULL. */
    float *present, *counts;
} dlcore_labels_t;

/* Sums over a batch, or a row. */
typedef struct dlcore_overlap {
    double both, labels, predictions; /* of t p, t, p */
} dlcore_overlap_t;

typedef struct dlcore_loss_pass {
    const dlcore_kernels_t *kernels;
    const dlcore_training_kernels_t *training_kernels;
    const dlcore_loss_t *loss;
    dlcore_output_form_t output;
    dlcore_matrix_t *y; /* (rows, units) */
    const dlcore_labels_t *labels;
    float *targets;       /* scratch as large as labels->values, where dlcore_loss_changes_labels */
    const float *weights; /* of the samples; NULL: all 1 */
    bool gradient;        /* whether dy is wanted; else dy is only scratch */
    dlcore_matrix_t *dy;  /* gradient of `weight` * sum of row losses, by the logits or y_pred */
    float weight;         /* dlcore_loss_factor */
    float *row_loss;      /* one per row, times the weight of its sample */
    dlcore_overlap_t overlap; /* of the whole batch, where type->overlap and not per_sample */
    size_t first_row;         /* of a slice: its first row in the batch; else 0 */
    float *rows, *slopes;     /* scratch of functions (function.h): y and dy, row by row */
    /* the rows are a slice of a batch: overlap and is_bits are set, and `weight` of a loss of the
     * whole batch is times all of its weights */
    bool is_slice;
    bool is_bits; /* all labels of the batch are 0 or 1 */
} dlcore_loss_pass_t;

/* What a batch is, as far as losses ask. */
typedef struct dlcore_loss_batch {
    double weights;           /* of its samples, added up; their number, where there are none */
    double others;            /* labels that are not 0 or 1 */
    dlcore_overlap_t overlap; /* of a loss of the whole batch */
} dlcore_loss_batch_t;

typedef struct dlcore_loss_type {
    const char *name;
    const char *short_name; /* NULL: none */
    const char *other_name; /* NULL: none */
    const char *class_name; /* of Keras, where it is not the name in capitals; else NULL */
    dlcore_label_form_t labels;
    dlcore_label_range_t label_range;
    const dlcore_setting_t *settings; /* of dlcore_loss_t; NULL: none of its own */
    dlcore_activation_t absorbs;      /* the activation it is computed with; linear: none */
    bool signs;                       /* labels of a batch that are all 0 or 1 become -1 and 1 */
    bool elements; /* a row's loss is the mean over units of a function of one output and label */
    bool keeps_logits; /* with from_logits it is not computed with that activation */
    bool not_in_keras; /* files for Keras cannot name it */
    bool overlap;      /* but for per_sample, each row's loss is that of the whole batch */
} dlcore_loss_type_t;

/* The table of a kind; NULL for an unknown one. */
const dlcore_loss_type_t *dlcore_loss_type(dlcore_loss_kind_t kind);

/* DLCORE_OK, or an error that names the setting, its range and what it is. */
dlcore_status dlcore_loss_validate(const dlcore_loss_t *loss, dlcore_error_record_t *error);

/* Rows begin .. end-1: losses to row_loss and, where wanted, gradients to dy with zero padding.
 * Labels and weights of all rows are there. */
void dlcore_loss_rows(const dlcore_loss_type_t *type, const dlcore_loss_pass_t *pass, size_t begin,
                      size_t end);

/* How the loss meets a last layer with this activation. */
dlcore_output_form_t dlcore_loss_output_form(const dlcore_loss_t *loss,
                                             dlcore_activation_t last_activation);

/* ---- labels as the loss has them ---- */

/* Smoothing: t * scale + offset. */
typedef struct dlcore_label_change {
    float scale, offset; /* 1, 0: none */
} dlcore_label_change_t;
dlcore_label_change_t dlcore_loss_smoothing(const dlcore_loss_t *loss, size_t units);

/* Whether labels may have to be changed before the loss sees them. */
bool dlcore_loss_changes_labels(const dlcore_loss_t *loss);

/* The labels of a row, for the functions of a type. */
static inline const float *dlcore_loss_targets(const dlcore_loss_pass_t *pass, size_t row)
{
    const float *from = pass->targets != NULL ? pass->targets : pass->labels->values;
    return from + row * pass->labels->width;
}

/* ---- losses of a whole batch ---- */

/* Whether it is one: then rows see pass->overlap, and their gradients are for the weight of all. */
bool dlcore_loss_is_whole(const dlcore_loss_t *loss);
/* Adds the sums of a row. */
void dlcore_loss_add_overlap(const dlcore_loss_pass_t *pass, size_t row, dlcore_overlap_t *overlap);

/* ---- from the rows' losses to the batch's ---- */

/* The batch's loss times its rows, over the sum of the rows' weighted losses: what makes it count
 * by its rows among other batches. `weights` NULL: all 1. Of `labels` only the mask counts; NULL:
 * none. */
double dlcore_loss_scale(const dlcore_loss_t *loss, const dlcore_labels_t *labels,
                         const float *weights, size_t rows);
/* Likewise of a batch whose weights, if it has any, add up to `total`. */
double dlcore_loss_scale_of(const dlcore_loss_t *loss, bool weighted, double total, size_t rows);
/* Whether the loss asks for what a slice of the batch does not know; and a slice's part of it. */
bool dlcore_loss_needs_batch(const dlcore_loss_t *loss, bool weighted);
dlcore_loss_batch_t dlcore_loss_batch_of(const dlcore_loss_pass_t *pass);
/* The batch's loss over that sum. */
float dlcore_loss_factor(const dlcore_loss_t *loss, const dlcore_labels_t *labels,
                         const float *weights, size_t rows);

/* One row a kind, in the order of the enumerators: kind(KIND, name, keys). A file defines
 * dlcore_loss_type_<name>, dlcore_loss_row_<name> and the table of keys, if the class has any of
 * its own. */
/* clang-format off */
#define DLCORE_LOSS_KINDS(kind) \
    kind(CATEGORICAL_CROSSENTROPY, categorical_crossentropy, dlcore_categorical_loss_keys) \
    kind(SPARSE_CATEGORICAL_CROSSENTROPY, sparse_categorical_crossentropy, dlcore_sparse_loss_keys) \
    kind(BINARY_CROSSENTROPY, binary_crossentropy, dlcore_binary_loss_keys) \
    kind(MEAN_SQUARED_ERROR, mean_squared_error, dlcore_no_keys) \
    kind(MEAN_ABSOLUTE_ERROR, mean_absolute_error, dlcore_no_keys) \
    kind(MEAN_ABSOLUTE_PERCENTAGE_ERROR, mean_absolute_percentage_error, dlcore_no_keys) \
    kind(MEAN_SQUARED_LOGARITHMIC_ERROR, mean_squared_logarithmic_error, dlcore_no_keys) \
    kind(HUBER, huber, dlcore_no_keys) \
    kind(LOG_COSH, log_cosh, dlcore_no_keys) \
    kind(KL_DIVERGENCE, kl_divergence, dlcore_no_keys) \
    kind(POISSON, poisson, dlcore_no_keys) \
    kind(HINGE, hinge, dlcore_no_keys) \
    kind(SQUARED_HINGE, squared_hinge, dlcore_no_keys) \
    kind(CATEGORICAL_HINGE, categorical_hinge, dlcore_no_keys) \
    kind(COSINE_SIMILARITY, cosine_similarity, dlcore_cosine_loss_keys) \
    kind(BINARY_FOCAL_CROSSENTROPY, binary_focal_crossentropy, dlcore_focal_loss_keys) \
    kind(CATEGORICAL_FOCAL_CROSSENTROPY, categorical_focal_crossentropy, dlcore_focal_loss_keys) \
    kind(DICE, dice, dlcore_no_keys) \
    kind(TVERSKY, tversky, dlcore_no_keys) \
    kind(QUANTILE, quantile, dlcore_no_keys)
/* clang-format on */

/* Functions of the user's, whose constructors take one: likewise, after those, without a row. */
/* clang-format off */
#define DLCORE_LOSS_FUNCTION_KINDS(kind) \
    kind(FUNCTION, function, dlcore_no_keys) \
    kind(SPARSE_FUNCTION, sparse_function, dlcore_no_keys)
/* clang-format on */

/* A row: writes dy where wanted (not its padding), for pass->weight, and answers the row's loss,
 * unweighted. Labels are dlcore_loss_targets. */
#define DLCORE_LOSS_ROW_DECLARED(kind, name, keys) \
    float dlcore_loss_row_##name(const dlcore_loss_pass_t *pass, size_t row);
DLCORE_LOSS_KINDS(DLCORE_LOSS_ROW_DECLARED)
#undef DLCORE_LOSS_ROW_DECLARED

typedef float (*dlcore_loss_row_t)(const dlcore_loss_pass_t *pass, size_t row);
/* Of a type; NULL of a function of the user's (function.h). */
dlcore_loss_row_t dlcore_loss_row_of(const dlcore_loss_type_t *type, dlcore_loss_kind_t kind);

#define DLCORE_LOSS_DECLARED(kind, name, keys) \
    extern const dlcore_loss_type_t dlcore_loss_type_##name;
DLCORE_LOSS_KINDS(DLCORE_LOSS_DECLARED)
DLCORE_LOSS_FUNCTION_KINDS(DLCORE_LOSS_DECLARED)
#undef DLCORE_LOSS_DECLARED

extern const dlcore_setting_key_t dlcore_categorical_loss_keys[];
extern const dlcore_setting_key_t dlcore_sparse_loss_keys[];
extern const dlcore_setting_key_t dlcore_binary_loss_keys[];
extern const dlcore_setting_key_t dlcore_cosine_loss_keys[];
extern const dlcore_setting_key_t dlcore_focal_loss_keys[];

/* The type and place of a row of settings. */
#define DLCORE_LOSS_SETTING(setting_type, field) \
    .type = DLCORE_SETTING_##setting_type, .place = offsetof(dlcore_loss_t, field)

/* What all kinds have; in configs after their own. */
extern const dlcore_setting_t dlcore_loss_common_settings[];
extern const dlcore_setting_key_t dlcore_loss_common_keys[];

DLCORE_HIDDEN_END

#endif
