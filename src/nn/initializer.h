/* Drawing initial weights.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_NN_INITIALIZER_H
#define DLCORE_NN_INITIALIZER_H

#include "system/compiler.h"

#include "base/random.h"
#include "dlcore/initializer.h"
#include "dlcore/status.h"
#include "nn/setting.h"

DLCORE_HIDDEN_BEGIN

/* DLCORE_OK, or DLCORE_ERROR_ARGUMENT for an unknown kind or a constant that is not finite; `what`
 * begins the message: "dense: kernel_initializer". */
dlcore_status dlcore_initializer_validate(const dlcore_initializer_t *initializer, const char *what,
                                          dlcore_error_record_t *error);
/* Whether a weight of that rank can be drawn. DLCORE_ERROR_UNSUPPORTED for one that is known by its
 * name alone, DLCORE_ERROR_ARGUMENT for a vector from one of matrices; `what` names the weight:
 * "dense/kernel". */
dlcore_status dlcore_initializer_check_draws(const dlcore_initializer_t *initializer, size_t rank,
                                             const char *what, dlcore_error_record_t *error);

/* Of a known kind, and NAMED. */
const dlcore_setting_t *dlcore_initializer_settings(dlcore_initializer_kind_t kind);
extern const dlcore_setting_key_t dlcore_initializer_keys[];

/* The more general initializer that it is a case of, or itself: glorot_uniform is a
 * variance_scaling, ones a constant. */
dlcore_initializer_t dlcore_initializer_general(const dlcore_initializer_t *initializer);

/* `count` values in Keras's row-major order; orthogonal and identity: (fan_in, fan_out). */
void dlcore_initializer_fill(const dlcore_initializer_t *initializer, dlcore_random_t random,
                             size_t fan_in, size_t fan_out, float *values, size_t count);

DLCORE_HIDDEN_END

#endif
