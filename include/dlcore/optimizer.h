/* Optimizers: how the weights w change with their gradient g. Formulas, defaults and names are
 * Keras 3's (keras/src/optimizers/base_optimizer.py, and sgd.py, rmsprop.py, ... beside it).
 *
 * A step takes the gradient (regularizers included, averaged over accumulated steps), clips it,
 * decays the weights, applies the optimizer's rule, updates the moving average, and then applies
 * constraints, in this order.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_OPTIMIZER_H
#define DLCORE_OPTIMIZER_H

#include <stdbool.h>
#include <stdint.h>

#include "api.h"
#include "schedule.h"

#ifdef __cplusplus
extern "C" {
#endif

/* lr is the learning rate, t the number of this update, counted from 1. */
typedef enum dlcore_optimizer_kind {
    DLCORE_OPTIMIZER_UNKNOWN = 0,
    /* w -= lr g; with momentum m: v = m v - lr g, w += v; nesterov: w += m v - lr g */
    DLCORE_OPTIMIZER_SGD,
    /* v = rho v + (1 - rho) g^2, d = lr g / sqrt(v + epsilon), w -= d;
     * centered: a = rho a + (1 - rho) g and the root is of v - a^2 + epsilon;
     * with momentum m: u = m u + d, w -= u */
    DLCORE_OPTIMIZER_RMSPROP,
    /* m += (1 - beta_1) (g - m), v += (1 - beta_2) (g^2 - v),
     * w -= lr sqrt(1 - beta_2^t) / (1 - beta_1^t) m / (sqrt(v) + epsilon);
     * amsgrad: the root is of the largest v so far */
    DLCORE_OPTIMIZER_ADAM,
    /* adam with weight_decay */
    DLCORE_OPTIMIZER_ADAMW,
    /* a += g^2, w -= lr g / sqrt(a + epsilon) */
    DLCORE_OPTIMIZER_ADAGRAD,
    /* a = rho a + (1 - rho) g^2, d = g sqrt(b + epsilon) / sqrt(a + epsilon),
     * b = rho b + (1 - rho) d^2, w -= lr d */
    DLCORE_OPTIMIZER_ADADELTA,
    /* m += (1 - beta_1) (g - m), u = max(beta_2 u, |g|), both 0 at first,
     * w -= lr m / ((1 - beta_1^t) (u + epsilon)) */
    DLCORE_OPTIMIZER_ADAMAX,
    /* adam with Nesterov's momentum: m += (1 - beta_1) (g - m), v += (1 - beta_2) (g^2 - v), both
     * 0 at first; with c_t = beta_1 (1 - 0.96^t / 2) and p_t their product so far, w -= lr m' /
     * (sqrt(v / (1 - beta_2^t)) + epsilon), m' = c_(t+1) m / (1 - p_(t+1)) + (1 - c_t) g / (1 -
     * p_t) */
    DLCORE_OPTIMIZER_NADAM,
    /* w -= lr sign(beta_1 m + (1 - beta_1) g), m = beta_2 m + (1 - beta_2) g */
    DLCORE_OPTIMIZER_LION,
    /* Of a matrix, with b = 1 - t^beta_2_decay and s = g^2 + epsilon_1: r and c are the means of s
     * over each row and each column, averaged as r = b r + (1 - b) mean, and v = r c / (mean of r);
     * of a vector v = b v + (1 - b) s. Then u = g / sqrt(v) and, with rms the root of the mean of
     * squares of an array, w -= max(epsilon_2, rms(w)) min(lr, 1 / sqrt(t)) u /
     * max(1, rms(u) / clip_threshold). Keeps whole gradients. */
    DLCORE_OPTIMIZER_ADAFACTOR,
    /* b = a + g^2, p = -learning_rate_power, z += g + 2 l2_shrinkage w - (b^p - a^p) / lr w, a = b,
     * w = (z cut to -l1 .. l1 - z) / (b^p / lr + 2 l2 + beta / lr). With lr 0 nothing moves (Keras:
     * NaN), and nothing where a and b are 0. */
    DLCORE_OPTIMIZER_FTRL
} dlcore_optimizer_kind_t;

/* A value descriptor: copy it, change it, nothing to free. Settings of other kinds (amsgrad with
 * sgd) are ignored. Settings that all kinds have are always checked. They are double, because Keras
 * computes 1 - rho and the like in double before it rounds to float32. */
typedef struct dlcore_optimizer {
    dlcore_optimizer_kind_t kind;
    double learning_rate; /* >= 0; see dlcore_model_set_learning_rate */
    double momentum;      /* sgd, rmsprop: 0 .. 1 */
    bool nesterov;        /* sgd */
    double rho;           /* rmsprop, adadelta: 0 .. 1 */
    double epsilon;       /* all but sgd, lion, adafactor, ftrl: at least FLT_MIN */
    bool centered;        /* rmsprop */

    /* adam and its kin: at least 0 and below 1; lion: above 0, and from 0, to 1 */
    double beta_1, beta_2;
    bool amsgrad;                     /* adam, adamw */
    double initial_accumulator_value; /* adagrad, ftrl: >= 0 */

    double beta_2_decay;         /* adafactor: <= 0 */
    double epsilon_1, epsilon_2; /* adafactor: at least FLT_MIN; >= 0 */
    double clip_threshold;       /* adafactor: at least FLT_MIN */

    double learning_rate_power;                                    /* ftrl: <= 0 */
    double l1_regularization_strength, l2_regularization_strength; /* ftrl: >= 0 */
    double l2_shrinkage_regularization_strength;                   /* ftrl: >= 0 */
    double beta;                                                   /* ftrl: >= 0 */

    dlcore_schedule_t
        schedule; /* kind NONE: learning_rate. Counts every step, accumulated or not */

    /* At most one of these; 0: none (Keras: None). clipnorm: gradients of one weight array with a
     * larger Euclidean norm are scaled to this norm. global_clipnorm: the same for all gradients
     * together. clipvalue: each gradient is cut to -clipvalue .. clipvalue. */
    double clipnorm, global_clipnorm, clipvalue;

    /* Each update begins with w -= lr weight_decay w. 0: none; >= 0. */
    double weight_decay;
    bool weight_decay_excludes_bias; /* Keras: exclude_from_weight_decay(var_names=["bias"]) */

    /* A moving average of the weights: a = ema_momentum a + (1 - ema_momentum) w after each step, w
     * itself in the first. The weights become the averages every ema_overwrite_frequency steps (0:
     * never), and at the end of a fit that trained and did not fail; one that is resumed after a
     * stop goes on from the weights themselves. During fit validation and callbacks see the weights
     * themselves, as in Keras; on_train_end is the first to see the averages. */
    bool use_ema;
    double ema_momentum; /* 0 .. 1; 0.99 */
    uint64_t ema_overwrite_frequency;

    /* Weights move once in so many steps, by the mean of their gradients; 0: each step, else 2 or
     * more. Steps that lack the rest of their group as a call ends wait for the next call. */
    uint64_t gradient_accumulation_steps;
} dlcore_optimizer_t;

/* learning_rate 0.01, momentum 0, nesterov false */
DLCORE_API dlcore_optimizer_t dlcore_optimizer_sgd(void);
/* learning_rate 0.001, rho 0.9, momentum 0, epsilon 1e-7, centered false */
DLCORE_API dlcore_optimizer_t dlcore_optimizer_rmsprop(void);
/* learning_rate 0.001, beta_1 0.9, beta_2 0.999, epsilon 1e-7, amsgrad false */
DLCORE_API dlcore_optimizer_t dlcore_optimizer_adam(void);
/* as adam, weight_decay 0.004 */
DLCORE_API dlcore_optimizer_t dlcore_optimizer_adamw(void);
/* learning_rate 0.001, initial_accumulator_value 0.1, epsilon 1e-7 */
DLCORE_API dlcore_optimizer_t dlcore_optimizer_adagrad(void);
/* learning_rate 0.001, rho 0.95, epsilon 1e-7 */
DLCORE_API dlcore_optimizer_t dlcore_optimizer_adadelta(void);
/* learning_rate 0.001, beta_1 0.9, beta_2 0.999, epsilon 1e-7 */
DLCORE_API dlcore_optimizer_t dlcore_optimizer_adamax(void);
/* learning_rate 0.001, beta_1 0.9, beta_2 0.999, epsilon 1e-7 */
DLCORE_API dlcore_optimizer_t dlcore_optimizer_nadam(void);
/* learning_rate 0.001, beta_1 0.9, beta_2 0.99 */
DLCORE_API dlcore_optimizer_t dlcore_optimizer_lion(void);
/* learning_rate 0.001, beta_2_decay -0.8, epsilon_1 1e-30, epsilon_2 1e-3, clip_threshold 1 */
DLCORE_API dlcore_optimizer_t dlcore_optimizer_adafactor(void);
/* learning_rate 0.001, learning_rate_power -0.5, initial_accumulator_value 0.1, the others 0 */
DLCORE_API dlcore_optimizer_t dlcore_optimizer_ftrl(void);

/* By Keras name ("rmsprop"; case and underscores do not count), with defaults, and back. An unknown
 * name, or NULL, gives kind DLCORE_OPTIMIZER_UNKNOWN, which compile refuses. */
DLCORE_API dlcore_optimizer_t dlcore_optimizer_from_name(const char *name);
DLCORE_API const char *dlcore_optimizer_name(dlcore_optimizer_kind_t kind);

#ifdef __cplusplus
}
#endif

#endif
