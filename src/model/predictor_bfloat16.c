/* The precision bfloat16 of predictors.
 *
 * SPDX-License-Identifier: MIT */
#include "model/predictor_low.h"
#include "products/low.h"

const dlcore_predictor_precision_t *dlcore_predictor_bfloat16(void)
{
    static const dlcore_predictor_precision_t precision =
        DLCORE_PREDICTOR_PRECISION("bfloat16", dlcore_low_bfloat16_kind);

    return &precision;
}
