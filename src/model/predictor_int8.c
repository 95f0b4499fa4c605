/* The precision int8 of predictors.
 *
 * SPDX-License-Identifier: MIT */
#include "model/predictor_low.h"
#include "products/low.h"

const dlcore_predictor_precision_t *dlcore_predictor_int8(void)
{
    static const dlcore_predictor_precision_t precision =
        DLCORE_PREDICTOR_PRECISION("int8", dlcore_low_int8_kind);

    return &precision;
}
