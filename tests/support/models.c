/* What many tests do with a model in one line each.
 *
 * SPDX-License-Identifier: MIT */
#include "support/models.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "support/agreement.h"

void assert_accepted(const dlcore_model_t *model, dlcore_status status)
{
    if (status != DLCORE_OK)
        fail_msg("%s: %s", dlcore_status_name(status), dlcore_model_error(model));
}

dlcore_tensor_t *borrow_floats(const float *data, size_t rows, size_t columns)
{
    dlcore_tensor_t *tensor = NULL;
    size_t shape[2] = {rows, columns};

    assert_int_equal(
        dlcore_tensor_borrow_const(NULL, DLCORE_DTYPE_FLOAT32, 2, shape, data, 0, &tensor, NULL),
        DLCORE_OK);
    return tensor;
}

dlcore_model_t *dense_stack(size_t inputs, size_t count, const size_t *units)
{
    dlcore_model_t *model = NULL;

    assert_int_equal(dlcore_model_create(NULL, &model), DLCORE_OK);
    for (size_t i = 0; i < count; i++)
        dlcore_model_add(model, dlcore_layer_dense(units[i], DLCORE_ACTIVATION_LINEAR));
    assert_accepted(model, dlcore_model_build(model, inputs));
    return model;
}

double weights_error(const dlcore_model_t *model, const fixture_array_t *reference)
{
    float *weights = calloc(reference->size, sizeof *weights);
    double error;

    assert_non_null(weights);
    assert_int_equal(dlcore_model_parameter_count(model), reference->size);
    assert_accepted(model, dlcore_model_get_weights(model, weights, reference->size));
    error = agreement_norm(weights, fixture_floats(reference), reference->size);
    free(weights);
    return error;
}
