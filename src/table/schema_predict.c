/* From rows of a table to answers: the model's schema before, its inverse behind.
 *
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <string.h>

#include "base/allocator.h"
#include "base/error.h"
#include "base/float_mode.h"
#include "base/size.h"
#include "base/traces.h"
#include "dlcore/model.h"
#include "table/schema_apply.h"
#include "table/schema_model.h"
#include "tensor/tensor.h"

#define PREDICTED_ROWS ((size_t)1024) /* rows at a time */

/* ---- outputs ---- */

static dlcore_status check_outputs(const dlcore_model_t *model, const dlcore_schema_t *schema,
                                   const char *call, dlcore_error_record_t *error)
{
    size_t width = dlcore_model_output_width(model);
    size_t classes = dlcore_schema_class_count(schema);

    if (width == 0)
        return dlcore_fail(error, DLCORE_ERROR_STATE,
                           "%s: the model has no weights yet; call model_build or model_fit first",
                           call);
    if (schema->targets == 0)
        return dlcore_fail(error, DLCORE_ERROR_STATE,
                           "%s: the schema has no target, which says what outputs mean; "
                           "schema_apply and model_predict do without",
                           call);
    if (width == (classes > 0 ? classes : schema->targets) || (classes == 2 && width == 1))
        return DLCORE_OK;
    return dlcore_fail(error, DLCORE_ERROR_SHAPE, "%s: the model has %zu outputs, for %zu %s", call,
                       width, classes > 0 ? classes : schema->targets,
                       classes > 0 ? "classes" : "targets");
}

static dlcore_answer_t answer_of_class(const dlcore_schema_t *schema, const float *outputs,
                                       size_t width)
{
    const dlcore_schema_step_t *target = &schema->steps[schema->inputs];
    size_t best = 0;

    if (width == 1) {
        best = outputs[0] >= 0.5F;
        return (dlcore_answer_t){.class_name = target->names[best],
                                 .class_index = best,
                                 .probability =
                                     best == 1 ? (double)outputs[0] : 1 - (double)outputs[0]};
    }
    for (size_t i = 1; i < width; i++)
        if (outputs[i] > outputs[best])
            best = i;
    return (dlcore_answer_t){.class_name = target->names[best],
                             .class_index = best,
                             .probability = (double)outputs[best]};
}

/* Undoes the scaling of a row in its place, and says what it means. */
static dlcore_answer_t finish_row(const dlcore_schema_t *schema, float *outputs, size_t width)
{
    dlcore_answer_t answer = {.class_name = NULL};

    if (dlcore_schema_has_classes(schema))
        return answer_of_class(schema, outputs, width);
    for (size_t i = 0; i < width; i++) {
        const dlcore_schema_step_t *target = &schema->steps[schema->inputs + i];
        double number = (double)outputs[i] * target->divisor + target->offset;

        outputs[i] = (float)number;
        answer.number = i == 0 ? number : answer.number;
    }
    return answer;
}

/* ---- tables ---- */

typedef struct table_predicting {
    const dlcore_model_t *model;
    const dlcore_schema_t *schema;
    dlcore_table_rows_t rows;
    dlcore_answer_t *answers; /* NULL: not wanted */
    dlcore_tensor_t *y;       /* NULL: likewise */
    dlcore_applying_t applying;
    float *x, *outputs; /* of a piece */
    dlcore_error_record_t *error;
} table_predicting_t;

static dlcore_status predict_numbers(const table_predicting_t *predicting, size_t count)
{
    const dlcore_allocator_t *allocator = &predicting->schema->allocator;
    size_t x_shape[2] = {count, predicting->schema->features};
    size_t y_shape[2] = {count, dlcore_model_output_width(predicting->model)};
    dlcore_predict_options_t options = dlcore_predict_options_default();
    dlcore_tensor_t *x = NULL, *y = NULL;
    dlcore_status status = dlcore_tensor_borrow(allocator, DLCORE_DTYPE_FLOAT32, 2, x_shape,
                                                predicting->x, 0, &x, predicting->error);

    options.error = predicting->error;
    if (status == DLCORE_OK)
        status = dlcore_tensor_borrow(allocator, DLCORE_DTYPE_FLOAT32, 2, y_shape,
                                      predicting->outputs, 0, &y, predicting->error);
    if (status == DLCORE_OK)
        status = dlcore_model_predict_with(predicting->model, x, y, &options);
    dlcore_tensor_free(x);
    dlcore_tensor_free(y);
    return status;
}

static dlcore_status predict_piece(table_predicting_t *predicting, size_t begin, size_t count)
{
    const dlcore_schema_t *schema = predicting->schema;
    size_t width = dlcore_model_output_width(predicting->model);
    dlcore_status status = DLCORE_OK;

    for (size_t i = 0; i < count && status == DLCORE_OK; i++)
        status = dlcore_applying_row(&predicting->applying,
                                     dlcore_table_row(&predicting->rows, begin + i),
                                     predicting->x + i * schema->features, NULL, predicting->error);
    if (status == DLCORE_OK)
        status = predict_numbers(predicting, count);
    if (status != DLCORE_OK)
        return status;
    for (size_t i = 0; i < count; i++) {
        dlcore_answer_t answer = finish_row(schema, predicting->outputs + i * width, width);

        if (predicting->answers != NULL)
            predicting->answers[begin + i] = answer;
    }
    if (predicting->y != NULL)
        memcpy((float *)(void *)predicting->y->data + begin * width, predicting->outputs,
               count * width * sizeof(float));
    return DLCORE_OK;
}

static dlcore_status predict_pieces(table_predicting_t *predicting, dlcore_tensor_t **y)
{
    const dlcore_allocator_t *allocator = &predicting->schema->allocator;
    size_t width = dlcore_model_output_width(predicting->model);
    size_t shape[2] = {predicting->rows.count, width};
    size_t piece = dlcore_size_min(PREDICTED_ROWS, predicting->rows.count);
    dlcore_status status = DLCORE_OK;

    predicting->x =
        dlcore_allocate_raw(allocator, piece, predicting->schema->features * sizeof(float));
    predicting->outputs = dlcore_allocate_raw(allocator, piece, width * sizeof(float));
    if (predicting->x == NULL || predicting->outputs == NULL)
        status = dlcore_fail_memory(predicting->error, "predict_table",
                                    piece * (predicting->schema->features + width) * sizeof(float));
    if (status == DLCORE_OK && y != NULL)
        status = dlcore_tensor_create_unset(allocator, DLCORE_DTYPE_FLOAT32, 2, shape,
                                            &predicting->y, predicting->error);
    for (size_t begin = 0; begin < predicting->rows.count && status == DLCORE_OK; begin += piece)
        status = predict_piece(predicting, begin,
                               dlcore_size_min(piece, predicting->rows.count - begin));
    dlcore_release(allocator, predicting->x);
    dlcore_release(allocator, predicting->outputs);
    if (status != DLCORE_OK)
        dlcore_tensor_free(predicting->y);
    else if (y != NULL)
        *y = predicting->y;
    return status;
}

static dlcore_status predict_table(const dlcore_model_t *model, const dlcore_table_t *table,
                                   const dlcore_table_rows_t *rows, dlcore_answer_t *answers,
                                   dlcore_tensor_t **y, dlcore_error_record_t *error)
{
    table_predicting_t predicting = {.model = model, .answers = answers, .error = error};
    dlcore_status status =
        dlcore_schema_of_model(model, "predict_table", &predicting.schema, error);

    if (status == DLCORE_OK)
        status = check_outputs(model, predicting.schema, "predict_table", error);
    if (status == DLCORE_OK)
        status = dlcore_table_check_rows(table, "predict_table", rows, &predicting.rows, error);
    if (status != DLCORE_OK)
        return status;
    status = dlcore_applying_begin(&predicting.applying, predicting.schema, table, false,
                                   "predict_table", error);
    if (status == DLCORE_OK)
        status = predict_pieces(&predicting, y);
    dlcore_applying_end(&predicting.applying);
    return status;
}

dlcore_status dlcore_model_predict_table(const dlcore_model_t *model, const dlcore_table_t *table,
                                         const dlcore_table_rows_t *rows, dlcore_answer_t *answers,
                                         dlcore_tensor_t **y, dlcore_error_record_t *error)
{
    dlcore_traces_t before = dlcore_traces_note();
    dlcore_float_mode_t mode;
    dlcore_status status;

    if (y != NULL)
        *y = NULL;
    if (model == NULL || table == NULL)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "predict_table: %s is NULL",
                           model == NULL ? "model" : "table");
    mode = dlcore_float_mode_enter(false);
    status = predict_table(model, table, rows, answers, y, error);
    dlcore_float_mode_leave(mode);
    return dlcore_traces_end(before, status);
}

/* ---- a row as texts ---- */

static dlcore_status predict_text_row(const dlcore_model_t *model, const char *const *names,
                                      const char *const *values, size_t count,
                                      dlcore_answer_t *answer, dlcore_error_record_t *error)
{
    table_predicting_t predicting = {.model = model, .error = error};
    dlcore_status status = dlcore_schema_of_model(model, "predict_row", &predicting.schema, error);
    size_t width = dlcore_model_output_width(model);
    const dlcore_schema_t *schema = predicting.schema;

    if (status == DLCORE_OK)
        status = check_outputs(model, schema, "predict_row", error);
    if (status != DLCORE_OK)
        return status;
    predicting.x =
        dlcore_allocate_raw(&schema->allocator, schema->features + width, sizeof *predicting.x);
    if (predicting.x == NULL)
        return dlcore_fail_memory(error, "predict_row", (schema->features + width) * sizeof(float));
    predicting.outputs = predicting.x + schema->features;
    status = dlcore_schema_apply_row(schema, names, values, count, predicting.x, error);
    if (status == DLCORE_OK)
        status = predict_numbers(&predicting, 1);
    if (status == DLCORE_OK)
        *answer = finish_row(schema, predicting.outputs, width);
    dlcore_release(&schema->allocator, predicting.x);
    return status;
}

dlcore_status dlcore_model_predict_row(const dlcore_model_t *model, const char *const *names,
                                       const char *const *values, size_t count,
                                       dlcore_answer_t *answer, dlcore_error_record_t *error)
{
    dlcore_traces_t before = dlcore_traces_note();
    dlcore_float_mode_t mode;
    dlcore_status status;

    if (model == NULL || names == NULL || values == NULL || answer == NULL)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "predict_row: %s is NULL",
                           model == NULL    ? "model"
                           : names == NULL  ? "names"
                           : values == NULL ? "values"
                                            : "answer");
    *answer = (dlcore_answer_t){.class_name = NULL};
    mode = dlcore_float_mode_enter(false);
    status = predict_text_row(model, names, values, count, answer, error);
    dlcore_float_mode_leave(mode);
    return dlcore_traces_end(before, status);
}
