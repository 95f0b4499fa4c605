/* Back from scaled numbers to those of the table.
 *
 * SPDX-License-Identifier: MIT */
#include "base/error.h"
#include "base/float_mode.h"
#include "base/traces.h"
#include "table/schema.h"
#include "tensor/tensor.h"

static dlcore_status copy_numbers(const char *call, const dlcore_schema_t *schema,
                                  const dlcore_tensor_t *from, size_t width, dlcore_tensor_t **out,
                                  dlcore_error_record_t *error)
{
    char shape[DLCORE_SHAPE_TEXT_SIZE];

    if (out != NULL)
        *out = NULL;
    if (schema == NULL || from == NULL || out == NULL)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "%s: %s is NULL", call,
                           schema == NULL ? "schema"
                           : from == NULL ? "the tensor"
                                          : "out");
    if (from->is_sparse || from->dtype != DLCORE_DTYPE_FLOAT32)
        return dlcore_fail(error, DLCORE_ERROR_DTYPE, "%s: expects float32, got %s%s", call,
                           from->is_sparse ? "sparse " : "", dlcore_dtype_name(from->dtype));
    if (from->rank == 0 || from->row_size != width)
        return dlcore_fail(error, DLCORE_ERROR_SHAPE, "%s: expects rows of %zu numbers, got %s",
                           call, width, dlcore_shape_text(shape, from->rank, from->shape));
    return dlcore_tensor_copy(from, out, error);
}

static void unscale_column(const dlcore_schema_step_t *step, dlcore_tensor_t *tensor, size_t column)
{
    float *numbers = (float *)(void *)tensor->data;

    if (step->kind == DLCORE_COLUMN_CATEGORY)
        return;
    for (size_t row = 0; row < tensor->shape[0]; row++) {
        float *number = numbers + row * tensor->row_size + column;

        *number = (float)((double)*number * step->divisor + step->offset);
    }
}

static dlcore_status unscale(const char *call, const dlcore_schema_t *schema,
                             const dlcore_tensor_t *from, bool targets, dlcore_tensor_t **out,
                             dlcore_error_record_t *error)
{
    dlcore_traces_t before = dlcore_traces_note();
    dlcore_float_mode_t mode = dlcore_float_mode_enter(false);
    size_t first = targets && schema != NULL ? schema->inputs : 0;
    size_t count = schema == NULL ? 0 : targets ? schema->targets : schema->inputs;
    size_t width = schema == NULL ? 0 : targets ? schema->targets : schema->features;
    dlcore_status status = copy_numbers(call, schema, from, width, out, error);

    for (size_t i = 0; i < count && status == DLCORE_OK; i++)
        unscale_column(&schema->steps[first + i], *out, schema->steps[first + i].feature);
    dlcore_float_mode_leave(mode);
    return dlcore_traces_end(before, status);
}

dlcore_status dlcore_schema_unscale_x(const dlcore_schema_t *schema, const dlcore_tensor_t *x,
                                      dlcore_tensor_t **out, dlcore_error_record_t *error)
{
    return unscale("schema_unscale_x", schema, x, false, out, error);
}

dlcore_status dlcore_schema_unscale_y(const dlcore_schema_t *schema, const dlcore_tensor_t *y,
                                      dlcore_tensor_t **out, dlcore_error_record_t *error)
{
    return unscale("schema_unscale_y", schema, y, true, out, error);
}
