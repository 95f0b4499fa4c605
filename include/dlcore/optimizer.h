/* Optimizers: how the weights w follow their gradient g. Formulas, defaults and names are Keras's.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_OPTIMIZER_H
#define DLCORE_OPTIMIZER_H

#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum dlcore_optimizer_kind {
    DLCORE_OPTIMIZER_UNKNOWN = 0,
    /* w -= lr g; with momentum m: v = m v - lr g, w += v; nesterov: w += m v - lr g */
    DLCORE_OPTIMIZER_SGD,
    /* v = rho v + (1 - rho) g^2, d = lr g / sqrt(v + epsilon), w -= d;
     * centered: a = rho a + (1 - rho) g and the root is of v - a^2 + epsilon;
     * with momentum m: u = m u + d, w -= u */
    DLCORE_OPTIMIZER_RMSPROP
} dlcore_optimizer_kind_t;

/* A value descriptor: copy it, change it, nothing to free. Settings are double, because Keras
 * forms 1 - rho and the like in double before it rounds to float32. */
typedef struct dlcore_optimizer {
    dlcore_optimizer_kind_t kind;
    double learning_rate; /* >= 0 */
    double momentum;      /* sgd, rmsprop: 0 .. 1 */
    bool nesterov;        /* sgd */
    double rho;           /* rmsprop: 0 .. 1 */
    double epsilon;       /* rmsprop: at least FLT_MIN */
    bool centered;        /* rmsprop */
} dlcore_optimizer_t;

/* learning_rate 0.01, momentum 0, nesterov false */
dlcore_optimizer_t dlcore_optimizer_sgd(void);
/* learning_rate 0.001, rho 0.9, momentum 0, epsilon 1e-7, centered false */
dlcore_optimizer_t dlcore_optimizer_rmsprop(void);

/* By Keras string name ("rmsprop"; either case), with defaults, and back. An unknown name, or NULL,
 * gives kind DLCORE_OPTIMIZER_UNKNOWN, which compile refuses. */
dlcore_optimizer_t dlcore_optimizer_from_name(const char *name);
const char *dlcore_optimizer_name(dlcore_optimizer_kind_t kind);

#ifdef __cplusplus
}
#endif

#endif
