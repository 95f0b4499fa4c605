/* The precision bfloat16 of training.
 *
 * SPDX-License-Identifier: MIT */
#include "model/model.h"

const dlcore_model_precision_t *dlcore_model_bfloat16(void)
{
    static const dlcore_model_precision_t precision = {.name = "bfloat16",
                                                       .half = dlcore_half_kind};

    return &precision;
}
