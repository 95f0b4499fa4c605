/* Losses: the distance between a model's outputs (y_pred) and the labels (y_true).
 *
 * Formulas, defaults and names are Keras 3's on its TensorFlow backend
 * (keras/src/losses/losses.py). The loss of a row is a mean over its units, unless a formula below
 * says otherwise. The loss of a batch is the mean over its samples, or another reduction. If
 * softmax is followed by a cross-entropy over classes, or sigmoid by the binary one, both are
 * computed in one step from the logits: no precision is lost and the gradient is exact. If the
 * labels of a row do not sum to 1, the gradient is TensorFlow's: softmax - labels.
 *
 *     compile_options_t how = compile_options_default();
 *     how.loss = loss_huber();
 *     how.loss.delta = 0.5;
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_LOSS_H
#define DLCORE_LOSS_H

#include <stdbool.h>

#include "api.h"
#include "function.h"
#include "status.h"
#include "tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Labels that a loss has no meaning for are refused, with DLCORE_ERROR_RANGE and the sample, also
 * under label smoothing and from_logits, and by evaluate: below 0 for categorical_crossentropy,
 * categorical_focal_crossentropy, poisson and mean_squared_logarithmic_error; outside 0 .. 1 for
 * binary_crossentropy, binary_focal_crossentropy, kl_divergence, categorical_hinge, dice and
 * tversky; outside -1 .. 1 for hinge and squared_hinge; 1e-5 beyond is taken for rounding. (Keras
 * computes a loss of them.)
 *
 * t is y_true, p is y_pred. Labels, unless said otherwise, are of any dtype, (batch, units), or
 * (batch) for one unit. */
typedef enum dlcore_loss_kind {
    DLCORE_LOSS_UNKNOWN = 0,
    /* -sum_c t_c log(p_c); labels one-hot or probabilities, float, (batch, units).
     * Probabilities are divided by their sum and clipped to [1e-7, 1 - 1e-7] first. */
    DLCORE_LOSS_CATEGORICAL_CROSSENTROPY,
    /* The same from integer labels, (batch) or (batch, 1), int32 or uint8, 0 .. units-1. */
    DLCORE_LOSS_SPARSE_CATEGORICAL_CROSSENTROPY,
    /* -(t log(p) + (1 - t) log(1 - p)), p clipped likewise; labels 0 .. 1 */
    DLCORE_LOSS_BINARY_CROSSENTROPY,
    DLCORE_LOSS_MEAN_SQUARED_ERROR,             /* (t - p)^2 */
    DLCORE_LOSS_MEAN_ABSOLUTE_ERROR,            /* |t - p| */
    DLCORE_LOSS_MEAN_ABSOLUTE_PERCENTAGE_ERROR, /* 100 |t - p| / max(|t|, 1e-7) */
    /* (log(max(p, 1e-7) + 1) - log(max(t, 1e-7) + 1))^2 */
    DLCORE_LOSS_MEAN_SQUARED_LOGARITHMIC_ERROR,
    /* e = t - p: e^2 / 2 where |e| <= delta, beyond delta |e| - delta^2 / 2 */
    DLCORE_LOSS_HUBER,
    DLCORE_LOSS_LOG_COSH, /* log(cosh(p - t)), never below 0 */
    /* sum_c t_c log(t_c / p_c), both clipped to [1e-7, 1]; a sum, not a mean */
    DLCORE_LOSS_KL_DIVERGENCE,
    DLCORE_LOSS_POISSON, /* p - t log(p + 1e-7) */
    /* max(1 - t p, 0), labels -1 and 1; when all labels of a batch are 0 or 1, 0 stands for -1 */
    DLCORE_LOSS_HINGE,
    DLCORE_LOSS_SQUARED_HINGE, /* max(1 - t p, 0)^2, labels likewise */
    /* max(1 + max_c (1 - t_c) p_c - sum_c t_c p_c, 0); labels one-hot, float, (batch, units) */
    DLCORE_LOSS_CATEGORICAL_HINGE,
    /* -sum_c t_c p_c / (|t| |p|), norms at least 1e-7; a sum, not a mean */
    DLCORE_LOSS_COSINE_SIMILARITY,
    /* The binary cross-entropy times q^gamma, q = t (1 - p) + (1 - t) p. With
     * apply_class_balancing also times t alpha + (1 - t) (1 - alpha). */
    DLCORE_LOSS_BINARY_FOCAL_CROSSENTROPY,
    /* -sum_c alpha t_c (1 - p_c)^gamma log(p_c); labels and p as categorical cross-entropy has
     * them. From logits nothing is clipped, and a row that is all wrong still has a gradient (in
     * Keras it has none). */
    DLCORE_LOSS_CATEGORICAL_FOCAL_CROSSENTROPY,
    /* Of the sums tp = sum t p, sum t, sum p over a whole batch, or with per_sample over a row:
     * 1 - 2 tp / (sum t + sum p + 1e-7); labels 0 .. 1. Of a whole batch each sample has the
     * same loss, whose gradient does not depend on which sample has which weight. */
    DLCORE_LOSS_DICE,
    /* 1 - tp / (tp + alpha (sum t - tp) + beta (sum p - tp) + 1e-7); labels 0 .. 1 */
    DLCORE_LOSS_TVERSKY,
    /* e = t - p: q e where e >= 0, (q - 1) e below, q the `quantile`: the pinball loss, which is
     * least where p is the q-quantile of the labels (Koenker and Bassett, Regression Quantiles,
     * 1978). Keras has none: saving for Keras refuses it. */
    DLCORE_LOSS_QUANTILE,
    DLCORE_LOSS_FUNCTION,       /* a function of yours, of labels (batch, label_width), any dtype */
    DLCORE_LOSS_SPARSE_FUNCTION /* the same of integer labels, as the sparse cross-entropy's */
} dlcore_loss_kind_t;

/* How the losses l of n rows, with weights w (1 without sample weights), become the batch's loss.
 * A loss of the whole batch (dice, tversky) without sample weights is the batch's loss under each.
 * Keras's "none" is not supported, because it gives no number to train by. Keras's "mean" is
 * sum_over_batch_size. */
typedef enum dlcore_reduction {
    DLCORE_REDUCTION_UNKNOWN = -1,
    DLCORE_REDUCTION_SUM_OVER_BATCH_SIZE = 0, /* sum w l / n, the default */
    DLCORE_REDUCTION_SUM,                     /* sum w l */
    DLCORE_REDUCTION_MEAN_WITH_SAMPLE_WEIGHT  /* sum w l / sum w; 0 where all weights are 0 */
} dlcore_reduction_t;

#define DLCORE_LOSS_NAME_SIZE 48

/* A value descriptor: copy it, change it, nothing to free. */
typedef struct dlcore_loss {
    dlcore_loss_kind_t kind;
    /* For the cross-entropies: y_pred are logits, not probabilities; default false. It has no
     * effect after the matching activation (softmax or sigmoid), whose logits are used anyway. Of
     * the focal ones: outputs are logits, whatever made them. */
    bool from_logits;
    /* 0 .. 1, default 0; categorical and binary cross-entropy, focal or not: labels t become
     * t (1 - label_smoothing) + label_smoothing / units, or label_smoothing / 2 for the binary. */
    double label_smoothing;
    double delta;    /* of huber: above 0, default 1 */
    double quantile; /* of quantile: above 0 and below 1, default 0.5, the median */
    double gamma;    /* of the focal cross-entropies: >= 0, default 2 */
    /* Of the focal cross-entropies, default 0.25: >= 0, of the binary at most 1; of tversky,
     * default 0.5: >= 0. */
    double alpha;
    double beta;                /* of tversky: >= 0, default 0.5 */
    bool apply_class_balancing; /* of binary_focal_crossentropy: whether alpha is used; false */
    bool per_sample;            /* of dice, tversky: false; true is Keras's axis=-1 */
    dlcore_reduction_t reduction;

    /* Labels that do not count. Losses are means over what is there: a batch's loss under
     * sum_over_batch_size is divided by the samples, or labels, that are present. Metrics leave the
     * same out. Not with a collective of several ranks: DLCORE_ERROR_UNSUPPORTED.
     *
     * Of the sparse categorical cross-entropy: samples of the class ignore_class, which may be any
     * number (Keras's ignore_class); false. */
    bool ignores_class;
    int ignore_class;
    /* Of losses that are a mean over units of a function of one output and one label (the errors,
     * huber, quantile, log_cosh, poisson, the binary cross-entropies), both false. missing_labels:
     * a label that is NaN is missing. weighted_labels: y is (batch, 2 units), for each sample first
     * its labels, then how much each of them counts, which may be 0 or negative; reductions: sum w
     * l / n, sum w l, sum w l / sum w. Metrics do not use these weights. Only metrics that are
     * means of the losses named here, binary_accuracy, equal_accuracy and functions of yours go
     * with both; weighted_metrics do not. */
    bool missing_labels;
    bool weighted_labels;

    /* Of a function of yours (dlcore/function.h): itself; its name in files; and how many numbers
     * y has for each sample, 0, the default: as many as the model has outputs. */
    dlcore_function_t function;
    char name[DLCORE_LOSS_NAME_SIZE]; /* UTF-8; "", the default: "loss_function" in files */
    size_t label_width;
} dlcore_loss_t;

/* The loss of that kind with Keras's defaults; an unknown kind stays as it is. */
DLCORE_API dlcore_loss_t dlcore_loss_default(dlcore_loss_kind_t kind);

DLCORE_API dlcore_loss_t dlcore_loss_categorical_crossentropy(void);
DLCORE_API dlcore_loss_t dlcore_loss_sparse_categorical_crossentropy(void);
DLCORE_API dlcore_loss_t dlcore_loss_binary_crossentropy(void);
DLCORE_API dlcore_loss_t dlcore_loss_mean_squared_error(void);
DLCORE_API dlcore_loss_t dlcore_loss_mean_absolute_error(void);
DLCORE_API dlcore_loss_t dlcore_loss_mean_absolute_percentage_error(void);
DLCORE_API dlcore_loss_t dlcore_loss_mean_squared_logarithmic_error(void);
DLCORE_API dlcore_loss_t dlcore_loss_huber(void);
DLCORE_API dlcore_loss_t dlcore_loss_log_cosh(void);
DLCORE_API dlcore_loss_t dlcore_loss_kl_divergence(void);
DLCORE_API dlcore_loss_t dlcore_loss_poisson(void);
DLCORE_API dlcore_loss_t dlcore_loss_hinge(void);
DLCORE_API dlcore_loss_t dlcore_loss_squared_hinge(void);
DLCORE_API dlcore_loss_t dlcore_loss_categorical_hinge(void);
DLCORE_API dlcore_loss_t dlcore_loss_cosine_similarity(void);
DLCORE_API dlcore_loss_t dlcore_loss_binary_focal_crossentropy(void);
DLCORE_API dlcore_loss_t dlcore_loss_categorical_focal_crossentropy(void);
DLCORE_API dlcore_loss_t dlcore_loss_dice(void);
DLCORE_API dlcore_loss_t dlcore_loss_tversky(void);
DLCORE_API dlcore_loss_t dlcore_loss_quantile(void); /* set .quantile */

/* A loss of your own: dlcore/function.h. Its labels are numbers, or of the second classes. */
DLCORE_API dlcore_loss_t dlcore_loss_function(dlcore_function_call_t function, void *user);
DLCORE_API dlcore_loss_t dlcore_loss_sparse_function(dlcore_function_call_t function, void *user);

/* What dlcore_loss_check found. */
typedef struct dlcore_loss_difference {
    /* The largest |gradient - slope| / (1 + |slope|), where it is, and both. The slope is that of
     * the sum of row losses, by differences over y_pred +- 1/64 and 1/32 times max(1, |y_pred|). */
    double difference;
    size_t row, unit;
    double gradient, slope;
} dlcore_loss_difference_t;

/* Calls a loss of your own on a batch of labels and outputs (rows, units), float32, and compares
 * its gradient with finite differences: 4 calls for each number of y_pred, so give few rows. Also
 * checks that every row gets a finite loss, that losses are the same without a gradient, and, with
 * DLCORE_FUNCTION_CALLS_ROWS, that rows do not depend on each other. `report` may be NULL.
 * DLCORE_ERROR_RANGE, with row, unit and both numbers, where a difference is above 1e-3: the
 * gradient is wrong, or the loss has a kink or a steep curve there; try other outputs then. */
DLCORE_API dlcore_status dlcore_loss_check(const dlcore_loss_t *loss, const dlcore_tensor_t *y_true,
                                           const dlcore_tensor_t *y_pred,
                                           dlcore_loss_difference_t *report,
                                           dlcore_error_record_t *error);

/* By Keras string name ("categorical_crossentropy", "mse", ...), with defaults, and back to the
 * long form. An unknown name, or NULL, gives kind DLCORE_LOSS_UNKNOWN, which compile refuses. */
DLCORE_API dlcore_loss_t dlcore_loss_from_name(const char *name);
DLCORE_API const char *dlcore_loss_name(dlcore_loss_kind_t kind);
/* "sum_over_batch_size", "mean" for the same, "sum", "mean_with_sample_weight". */
DLCORE_API dlcore_reduction_t dlcore_reduction_from_name(const char *name);
DLCORE_API const char *dlcore_reduction_name(dlcore_reduction_t reduction);

#ifdef __cplusplus
}
#endif

#endif
