/* Losses with labels that do not count.
 *
 * Elements are computed one by one, by the same function of a row with one unit: what is missing
 * must not be computed at all, and weights of labels are seldom wanted where speed is.
 *
 * SPDX-License-Identifier: MIT */
#include "nn/loss_masked.h"

#include <string.h>

#include "base/error.h"

dlcore_status dlcore_loss_validate_mask(const dlcore_loss_t *loss, const dlcore_loss_type_t *type,
                                        dlcore_error_record_t *error)
{
    if (loss->ignores_class && loss->kind != DLCORE_LOSS_SPARSE_CATEGORICAL_CROSSENTROPY)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT,
                           "%s: has no ignore_class, which is sparse_categorical_crossentropy's",
                           type->name);
    if ((loss->missing_labels || loss->weighted_labels) && !type->elements)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT,
                           "%s: has no %s: its labels cannot count one by one", type->name,
                           loss->missing_labels ? "missing_labels" : "weighted_labels");
    return DLCORE_OK;
}

static void count_class(dlcore_labels_t *labels, size_t row)
{
    bool ignored = labels->mask.ignores && labels->classes[row] == labels->mask.ignored;

    labels->present[row] = labels->counts[row] = ignored ? 0.0f : 1.0f;
    if (!ignored)
        return;
    labels->classes[row] = 0;
    if (labels->weights != NULL)
        labels->weights[row] = 0.0f;
}

static void count_present(dlcore_labels_t *labels, size_t row)
{
    const float *values = labels->values + row * labels->width;
    size_t present = 0;
    float counts = 0.0f;

    for (size_t u = 0; u < labels->units; u++) {
        present += !labels->mask.missing || values[u] == values[u];
        counts += dlcore_label_weight(labels, row, u, true);
    }
    labels->present[row] = (float)present / (float)labels->units;
    labels->counts[row] = counts / (float)labels->units;
}

void dlcore_labels_count(dlcore_labels_t *labels, size_t begin, size_t end)
{
    for (size_t row = begin; row < end; row++) {
        if (labels->classes != NULL)
            count_class(labels, row);
        else
            count_present(labels, row);
    }
}

/* A matrix of one number, and room for what kernels touch beside it. */
typedef struct single {
    _Alignas(64) float data[16];
    dlcore_matrix_t matrix;
} single_t;

static void hold_single(single_t *single, float number)
{
    memset(single->data, 0, sizeof single->data);
    single->data[0] = number;
    single->matrix = (dlcore_matrix_t){
        .data = single->data, .rows = 1, .columns = 1, .panel = 16, .panel_stride = 16};
}

static float *element_at(const dlcore_matrix_t *m, size_t row, size_t column)
{
    return dlcore_matrix_at(m, row, column / m->panel) + column % m->panel;
}

/* The weighted loss of one label, whose gradient goes to its place. */
static float masked_element(dlcore_loss_row_t row_function, const dlcore_loss_pass_t *pass,
                            dlcore_label_change_t change, size_t row, size_t unit, float weight)
{
    float label = pass->labels->values[row * pass->labels->width + unit], loss;
    float target = weight != 0.0f ? label * change.scale + change.offset : 0.0f;
    float *y = element_at(pass->y, row, unit);
    dlcore_labels_t labels = {.values = &target, .width = 1, .units = 1};
    dlcore_loss_pass_t one = *pass;
    single_t output, slope;

    hold_single(&output, *y);
    hold_single(&slope, 0.0f);
    one.y = &output.matrix;
    one.dy = &slope.matrix;
    one.labels = &labels;
    one.targets = NULL;
    one.weight = pass->weight * weight;
    loss = row_function(&one, 0);
    *y = output.data[0]; /* a loss with its activation has made a prediction of it */
    if (pass->gradient)
        *element_at(pass->dy, row, unit) = weight != 0.0f ? slope.data[0] : 0.0f;
    return weight != 0.0f ? loss * weight : 0.0f;
}

void dlcore_loss_masked_rows(dlcore_loss_row_t row_function, const dlcore_loss_pass_t *pass,
                             dlcore_label_change_t change, size_t begin, size_t end, bool weighted)
{
    size_t last = dlcore_matrix_panels(pass->y) - 1, units = pass->y->columns;
    size_t used = dlcore_matrix_panel_columns(pass->y, last);
    dlcore_loss_pass_t one = *pass;

    for (size_t row = begin; row < end; row++) {
        float weight = pass->weights != NULL ? pass->weights[row] : 1.0f, total = 0.0f;

        one.weight = pass->weight * weight / (float)units;
        for (size_t u = 0; u < units; u++)
            total += masked_element(row_function, &one, change, row, u,
                                    dlcore_label_weight(pass->labels, row, u, weighted));
        pass->row_loss[row] = total / (float)units * weight;
        if (pass->gradient)
            memset(dlcore_matrix_at(pass->dy, row, last) + used, 0,
                   (pass->dy->panel - used) * sizeof(float));
    }
}
