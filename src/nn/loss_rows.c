/* Losses of rows: labels as a loss has them, the function of each kind, and from rows to the batch.
 *
 * SPDX-License-Identifier: MIT */
#include <string.h>

#include "nn/function.h"
#include "nn/loss.h"
#include "nn/loss_given.h"
#include "nn/loss_masked.h"

static const dlcore_loss_row_t row_of_kind[] = {NULL,
#define DLCORE_LOSS_ROW_OF(kind, name, keys) [DLCORE_LOSS_##kind] = dlcore_loss_row_##name,
                                                DLCORE_LOSS_KINDS(DLCORE_LOSS_ROW_OF)
#undef DLCORE_LOSS_ROW_OF
};

dlcore_loss_row_t dlcore_loss_row_of(const dlcore_loss_type_t *type, dlcore_loss_kind_t kind)
{
    if (type == &dlcore_loss_type_given)
        return dlcore_loss_row_given;
    return dlcore_loss_is_function(kind) ? NULL : row_of_kind[kind];
}

/* ---- labels as the loss has them ---- */

dlcore_label_change_t dlcore_loss_smoothing(const dlcore_loss_t *loss, size_t units)
{
    dlcore_label_change_t change = {.scale = 1.0f};

    if (!(loss->label_smoothing > 0.0))
        return change;
    change.scale = (float)(1.0 - loss->label_smoothing);
    if (loss->kind == DLCORE_LOSS_BINARY_CROSSENTROPY ||
        loss->kind == DLCORE_LOSS_BINARY_FOCAL_CROSSENTROPY)
        change.offset = (float)(0.5 * loss->label_smoothing);
    else
        change.offset = (float)loss->label_smoothing / (float)units;
    return change;
}

bool dlcore_loss_changes_labels(const dlcore_loss_t *loss)
{
    return loss->label_smoothing > 0.0 || dlcore_loss_type(loss->kind)->signs;
}

/* Labels that are not 0 or 1. Keras decides batch by batch whether these stand for -1 and 1. */
static size_t count_others(const dlcore_labels_t *labels, size_t rows)
{
    size_t count = rows * labels->width, others = 0;

    for (size_t i = 0; i < count; i++)
        others += labels->values[i] != 0.0f && labels->values[i] != 1.0f;
    return others;
}

static dlcore_label_change_t change_of(const dlcore_loss_type_t *type,
                                       const dlcore_loss_pass_t *pass)
{
    if (type->signs &&
        (pass->is_slice ? pass->is_bits : count_others(pass->labels, pass->y->rows) == 0))
        return (dlcore_label_change_t){.scale = 2.0f, .offset = -1.0f};
    return dlcore_loss_smoothing(pass->loss, pass->y->columns);
}

/* ---- rows, and the batch ---- */

bool dlcore_loss_is_whole(const dlcore_loss_t *loss)
{
    return dlcore_loss_type(loss->kind)->overlap && !loss->per_sample;
}

static double sum_of_weights(const float *weights, size_t rows)
{
    double total = 0.0;

    for (size_t row = 0; row < rows; row++)
        total += (double)weights[row];
    return total;
}

/* Every worker adds up the whole batch, in the same order: that costs less than a barrier. */
static void see_whole_batch(dlcore_loss_pass_t *pass)
{
    size_t rows = pass->y->rows;

    pass->overlap = (dlcore_overlap_t){0};
    for (size_t row = 0; row < rows; row++)
        dlcore_loss_add_overlap(pass, row, &pass->overlap);
    pass->weight *=
        pass->weights != NULL ? (float)sum_of_weights(pass->weights, rows) : (float)rows;
}

bool dlcore_loss_needs_batch(const dlcore_loss_t *loss, bool weighted)
{
    return dlcore_loss_is_whole(loss) || dlcore_loss_type(loss->kind)->signs ||
           (weighted && loss->reduction == DLCORE_REDUCTION_MEAN_WITH_SAMPLE_WEIGHT);
}

dlcore_loss_batch_t dlcore_loss_batch_of(const dlcore_loss_pass_t *pass)
{
    size_t rows = pass->y->rows;
    dlcore_loss_batch_t batch = {.weights = (double)rows};

    if (pass->weights != NULL)
        batch.weights = sum_of_weights(pass->weights, rows);
    if (dlcore_loss_type(pass->loss->kind)->signs)
        batch.others = (double)count_others(pass->labels, rows);
    for (size_t row = 0; dlcore_loss_is_whole(pass->loss) && row < rows; row++)
        dlcore_loss_add_overlap(pass, row, &batch.overlap);
    return batch;
}

void dlcore_loss_rows(const dlcore_loss_type_t *type, const dlcore_loss_pass_t *pass, size_t begin,
                      size_t end)
{
    size_t last = dlcore_matrix_panels(pass->y) - 1;
    size_t used = dlcore_matrix_panel_columns(pass->y, last);
    dlcore_loss_pass_t one = *pass;
    bool whole = dlcore_loss_is_whole(pass->loss);
    dlcore_loss_row_t one_row = dlcore_loss_row_of(type, pass->loss->kind);

    if (one_row == NULL) {
        pass->loss->function.type->loss_rows(pass, begin, end);
        return;
    }
    if (dlcore_mask_is_of_elements(&pass->labels->mask)) {
        dlcore_loss_masked_rows(one_row, pass, dlcore_loss_smoothing(pass->loss, pass->y->columns),
                                begin, end, true);
        return;
    }
    if (dlcore_loss_changes_labels(pass->loss)) {
        dlcore_label_change_t change = change_of(type, pass);
        size_t width = pass->labels->width;
        pass->kernels->affine(pass->labels->values + begin * width, pass->targets + begin * width,
                              (end - begin) * width, change.scale, change.offset);
    } else {
        one.targets = NULL;
    }
    if (whole && !pass->is_slice)
        see_whole_batch(&one);
    for (size_t row = begin; row < end; row++) {
        float weight = pass->weights != NULL ? pass->weights[row] : 1.0f;

        if (!whole)
            one.weight = pass->weight * weight;
        pass->row_loss[row] = one_row(&one, row) * weight;
        if (pass->gradient)
            memset(dlcore_matrix_at(pass->dy, row, last) + used, 0,
                   (pass->dy->panel - used) * sizeof(float));
    }
}

double dlcore_loss_scale_of(const dlcore_loss_t *loss, bool weighted, double total, size_t rows)
{
    if (loss->reduction == DLCORE_REDUCTION_SUM)
        return !weighted && dlcore_loss_is_whole(loss) ? 1.0 : (double)rows;
    if (loss->reduction != DLCORE_REDUCTION_MEAN_WITH_SAMPLE_WEIGHT || !weighted)
        return 1.0;
    return total != 0.0 ? (double)rows / total : 0.0;
}

/* Of the rows' weights times what counts in them. */
static double sum_of_counts(const dlcore_labels_t *labels, const float *weights, size_t rows)
{
    double total = 0.0;

    for (size_t row = 0; row < rows; row++)
        total += (weights != NULL ? (double)weights[row] : 1.0) * (double)labels->counts[row];
    return total;
}

static double masked_scale(const dlcore_loss_t *loss, const dlcore_labels_t *labels,
                           const float *weights, size_t rows)
{
    double total = loss->reduction == DLCORE_REDUCTION_MEAN_WITH_SAMPLE_WEIGHT
                       ? sum_of_counts(labels, weights, rows)
                       : sum_of_weights(labels->present, rows);

    return total != 0.0 ? (double)rows / total : 0.0;
}

double dlcore_loss_scale(const dlcore_loss_t *loss, const dlcore_labels_t *labels,
                         const float *weights, size_t rows)
{
    bool needs = weights != NULL && loss->reduction == DLCORE_REDUCTION_MEAN_WITH_SAMPLE_WEIGHT;

    if (labels != NULL && labels->present != NULL && loss->reduction != DLCORE_REDUCTION_SUM)
        return masked_scale(loss, labels, weights, rows);
    return dlcore_loss_scale_of(loss, weights != NULL, needs ? sum_of_weights(weights, rows) : 0.0,
                                rows);
}

float dlcore_loss_factor(const dlcore_loss_t *loss, const dlcore_labels_t *labels,
                         const float *weights, size_t rows)
{
    double scale = dlcore_loss_scale(loss, labels, weights, rows);
    return scale == 1.0 ? 1.0f / (float)rows : (float)(scale / (double)rows);
}
