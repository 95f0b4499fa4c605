/* Losses: the distance between what a model says (y_pred) and what was expected (y_true).
 *
 * Formulas, defaults and names are Keras 3's on its TensorFlow backend. The loss of a batch is the
 * mean over its samples. Where the last activation is the loss's own (softmax under the
 * cross-entropies over classes, sigmoid under the binary one) both are computed in one step from
 * the logits, so that no precision is lost and the gradient is exact.
 * Labels of a row that do not sum to 1 get TensorFlow's gradient, softmax - labels.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_LOSS_H
#define DLCORE_LOSS_H

#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum dlcore_loss_kind {
    DLCORE_LOSS_UNKNOWN = 0,
    /* -sum_c y_true_c log(y_pred_c); labels one-hot or probabilities, float, (batch, units).
     * Probabilities are divided by their sum and clipped to [1e-7, 1 - 1e-7] first. */
    DLCORE_LOSS_CATEGORICAL_CROSSENTROPY,
    /* The same from integer labels, (batch) or (batch, 1), int32 or uint8, 0 .. units-1. */
    DLCORE_LOSS_SPARSE_CATEGORICAL_CROSSENTROPY,
    /* mean_u -(y_true log(y_pred) + (1 - y_true) log(1 - y_pred)), y_pred clipped likewise;
     * labels of any dtype, (batch, units), or (batch) for one unit. */
    DLCORE_LOSS_BINARY_CROSSENTROPY,
    /* mean_u (y_true - y_pred)^2; labels of any dtype, (batch, units), or (batch) for one. */
    DLCORE_LOSS_MEAN_SQUARED_ERROR
} dlcore_loss_kind_t;

/* A value descriptor: copy it, change it, nothing to free. */
typedef struct dlcore_loss {
    dlcore_loss_kind_t kind;
    /* y_pred is logits, not probabilities; default false; not for mse. Without effect where the
     * last activation is the loss's own, whose logits are used anyway. */
    bool from_logits;
} dlcore_loss_t;

dlcore_loss_t dlcore_loss_categorical_crossentropy(void);
dlcore_loss_t dlcore_loss_sparse_categorical_crossentropy(void);
dlcore_loss_t dlcore_loss_binary_crossentropy(void);
dlcore_loss_t dlcore_loss_mean_squared_error(void);

/* By Keras string name ("categorical_crossentropy", "mse", ...), with defaults, and back to the
 * long form. An unknown name, or NULL, gives kind DLCORE_LOSS_UNKNOWN, which compile refuses. */
dlcore_loss_t dlcore_loss_from_name(const char *name);
const char *dlcore_loss_name(dlcore_loss_kind_t kind);

#ifdef __cplusplus
}
#endif

#endif
