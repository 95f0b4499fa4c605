/* L-BFGS: training on all samples at once, for small networks and small data.
 *
 *     lbfgs_options_t how = lbfgs_options_default();
 *     lbfgs_report_t report;
 *     how.iterations = 500;
 *     if (model_fit_lbfgs(network, x, y, &how, &report) != DLCORE_OK)
 *         fprintf(stderr, "%s\n", model_error(network));
 *
 * Each iteration moves along minus the gradient times an estimate of the inverse Hessian, which is
 * made of the last `memory` steps, as far as a line search finds that the strong Wolfe conditions
 * hold (Nocedal and Wright, Numerical Optimization, algorithms 7.4, 7.5, 3.5 and 3.6). There is no
 * learning rate, and the optimizer of compile and its state are not used. A few hundred weights and
 * a few thousand samples are often trained in a fraction of the steps that Adam needs.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_LBFGS_H
#define DLCORE_LBFGS_H

#include <stdbool.h>
#include <stddef.h>

#include "api.h"
#include "model.h"
#include "status.h"
#include "tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct dlcore_lbfgs_options {
    size_t structure_size;     /* set by ..._default() */
    size_t iterations;         /* at most; 200 */
    size_t memory;             /* steps that are remembered; 10; 1 .. 100 */
    double gradient_tolerance; /* converged when no gradient is larger; 1e-5; >= 0 */
    double loss_tolerance; /* or when an iteration lowers the loss by less than this share; 1e-7 */
} dlcore_lbfgs_options_t;
DLCORE_API dlcore_lbfgs_options_t dlcore_lbfgs_options_default(void);

typedef struct dlcore_lbfgs_report {
    size_t iterations, evaluations; /* of the loss and its gradient */
    double first_loss, loss;        /* before, and with the weights that the model has now */
    double gradient;                /* the largest, of any weight */
    bool converged;                 /* by one of the tolerances, or as far as float32 goes */
} dlcore_lbfgs_report_t;

/* Trains a compiled model on all of x and y; the loss is compile's, with regularizers. `options`
 * NULL: the defaults. `report` may be NULL. The weights only change for a lower loss: after an
 * error they are those of the last iteration. DLCORE_ERROR_UNSUPPORTED, with the layer's name, for
 * layers that are random in training, batch normalization that trains, and constraints; and in a
 * model whose precision is bfloat16.
 * With a collective this is a call of all ranks, and the result that of one, up to rounding.
 * DLCORE_ERROR_NOT_FINITE where the loss is not finite to begin with. Memory: (2 memory + 6) times
 * the weights. */
DLCORE_API dlcore_status dlcore_model_fit_lbfgs(dlcore_model_t *model, const dlcore_tensor_t *x,
                                                const dlcore_tensor_t *y,
                                                const dlcore_lbfgs_options_t *options,
                                                dlcore_lbfgs_report_t *report);

#ifdef __cplusplus
}
#endif

#endif
