/* A loss that is only a gradient which the caller has given: its labels are the gradient.
 *
 * It is no kind of dlcore_loss_t; whoever makes an objective of it sets dlcore_objective_t.loss.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_NN_LOSS_GIVEN_H
#define DLCORE_NN_LOSS_GIVEN_H

#include "system/compiler.h"

#include "nn/loss.h"

DLCORE_HIDDEN_BEGIN

extern const dlcore_loss_type_t dlcore_loss_type_given;
float dlcore_loss_row_given(const dlcore_loss_pass_t *pass, size_t row);

DLCORE_HIDDEN_END

#endif
