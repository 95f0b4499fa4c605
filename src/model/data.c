/* Checking what users pass: tensors to fit, evaluate and predict, and numbers of layers.
 *
 * SPDX-License-Identifier: MIT */
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "model/indices.h"
#include "model/model.h"
#include "tensor/sparse.h"

size_t dlcore_sample_count(const dlcore_tensor_t *x)
{
    return x->rank > 0 ? x->shape[0] : 0;
}

size_t dlcore_sample_width(const dlcore_tensor_t *x)
{
    return x->row_size;
}

static const char *plural(size_t count)
{
    return count == 1 ? "" : "s";
}

/* 0 rows are allowed. */
static dlcore_status check_rows(const char *what, const dlcore_tensor_t *t,
                                dlcore_error_record_t *error)
{
    if (t == NULL)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "%s is NULL", what);
    if (t->rank == 0)
        return dlcore_fail(error, DLCORE_ERROR_SHAPE,
                           "%s has rank 0; rank 1 or more is expected, samples along axis 0", what);
    if (t->shape[0] > INT_MAX)
        return dlcore_fail(error, DLCORE_ERROR_OVERFLOW, "%s has %zu samples, more than %d", what,
                           t->shape[0], INT_MAX);
    return DLCORE_OK;
}

dlcore_status dlcore_check_samples(const dlcore_network_t *network, const dlcore_tensor_t *x,
                                   dlcore_error_record_t *error)
{
    if (x != NULL && x->rank > 0 && x->shape[0] == 0)
        return dlcore_fail(error, DLCORE_ERROR_SHAPE, "x is empty: 0 samples");
    return dlcore_check_inputs(network, x, error);
}

/* x has another width than the first layer. */
static dlcore_status fail_width(const dlcore_network_t *network, size_t width,
                                const dlcore_tensor_t *x, dlcore_error_record_t *error)
{
    char shape[DLCORE_SHAPE_TEXT_SIZE], hint[96] = "";

    if (x->rank == 1 && x->shape[0] == width)
        snprintf(hint, sizeof hint, " (one sample of %zu number%s has shape (1, %zu))", width,
                 plural(width), width);
    return dlcore_fail(error, DLCORE_ERROR_SHAPE,
                       "%s: expects %zu input%s, got %zu: x has shape %s%s",
                       network->nodes[0].layer.name, width, plural(width), x->row_size,
                       dlcore_shape_text(shape, x->rank, x->shape), hint);
}

dlcore_status dlcore_check_inputs(const dlcore_network_t *network, const dlcore_tensor_t *x,
                                  dlcore_error_record_t *error)
{
    size_t width = dlcore_network_input_width(network);
    dlcore_status status = check_rows("x", x, error);

    if (status != DLCORE_OK)
        return status;
    if (width == 0 && network->node_count > 0)
        width = network->nodes[0].declared_width;
    if (x->row_size == 0)
        return dlcore_fail(error, DLCORE_ERROR_SHAPE, "x is empty: 0 numbers per sample");
    if (width != 0 && x->row_size != width)
        return fail_width(network, width, x, error);
    return dlcore_check_indices(network, x, error);
}

static dlcore_status check_classes(const dlcore_network_t *network,
                                   const dlcore_objective_t *objective, const dlcore_tensor_t *y,
                                   dlcore_error_record_t *error)
{
    const dlcore_node_t *last = &network->nodes[network->node_count - 1];

    if (y->dtype == DLCORE_DTYPE_FLOAT32)
        return dlcore_fail(error, DLCORE_ERROR_DTYPE,
                           "sparse_categorical_crossentropy: labels must be int32 or uint8, got "
                           "float32%s",
                           y->row_size > 1 ? "; one-hot labels go with categorical_crossentropy"
                                           : "; tensor_cast makes them int32");
    if (y->row_size != 1)
        return dlcore_fail(error, DLCORE_ERROR_SHAPE,
                           "sparse_categorical_crossentropy: expects one label per sample, got "
                           "%zu; one-hot labels go with categorical_crossentropy",
                           y->row_size);
    for (size_t row = 0; row < y->shape[0]; row++) {
        int32_t label;

        if (y->dtype == DLCORE_DTYPE_UINT8)
            label = y->data[row * y->row_stride];
        else
            memcpy(&label, y->data + row * y->row_stride * sizeof label, sizeof label);
        if (objective->loss_settings.ignores_class &&
            label == objective->loss_settings.ignore_class)
            continue;
        if (label < 0 || (size_t)label >= last->output_width)
            return dlcore_fail(
                error, DLCORE_ERROR_RANGE,
                "label %d of sample %zu is outside 0 .. %zu: the last layer, %s, has "
                "%zu unit%s",
                (int)label, row, last->output_width - 1, last->layer.name, last->output_width,
                plural(last->output_width));
    }
    return DLCORE_OK;
}

static dlcore_status check_values(const dlcore_network_t *network,
                                  const dlcore_objective_t *objective, const dlcore_tensor_t *y,
                                  dlcore_error_record_t *error)
{
    const dlcore_node_t *last = &network->nodes[network->node_count - 1];

    if (y->row_size == objective->label_width)
        return DLCORE_OK;
    if (objective->loss_settings.weighted_labels)
        return dlcore_fail(
            error, DLCORE_ERROR_SHAPE,
            "%s: with weighted_labels y has %zu numbers per sample, labels and their "
            "weights, got %zu",
            objective->loss->name, objective->label_width, y->row_size);
    if (objective->label_width != last->output_width)
        return dlcore_fail(error, DLCORE_ERROR_SHAPE,
                           "%s: label_width is %zu, but labels have %zu value%s per sample",
                           objective->loss->name, objective->label_width, y->row_size,
                           plural(y->row_size));
    if (objective->loss->labels == DLCORE_LABELS_ONE_HOT && y->row_size == 1 &&
        y->dtype != DLCORE_DTYPE_FLOAT32)
        return dlcore_fail(error, DLCORE_ERROR_SHAPE,
                           "%s: expects one-hot labels of %zu classes, got one integer per sample; "
                           "tensor_one_hot makes them, or use sparse_categorical_crossentropy",
                           objective->loss->name, last->output_width);
    if (objective->loss->labels == DLCORE_LABELS_ONE_HOT)
        return dlcore_fail(error, DLCORE_ERROR_SHAPE,
                           "%s: the last layer, %s, has %zu unit%s, but labels have %zu class%s",
                           objective->loss->name, last->layer.name, last->output_width,
                           plural(last->output_width), y->row_size, y->row_size == 1 ? "" : "es");
    return dlcore_fail(
        error, DLCORE_ERROR_SHAPE,
        "%s: the last layer, %s, has %zu unit%s, but labels have %zu value%s per sample%s",
        objective->loss->name, last->layer.name, last->output_width, plural(last->output_width),
        y->row_size, plural(y->row_size),
        objective->loss_settings.kind == DLCORE_LOSS_BINARY_CROSSENTROPY && y->row_size == 1 &&
                y->dtype != DLCORE_DTYPE_FLOAT32
            ? "; for class numbers use LOSS_SPARSE_CATEGORICAL_CROSSENTROPY"
            : "");
}

/* The numbers that a loss has a meaning for, and a little more, as soft labels that were computed
 * are rounded. */
static void limits_of(dlcore_label_range_t range, double *low, double *high)
{
    const double rounding = 1e-5;

    *low = range == DLCORE_LABELS_ANY            ? -HUGE_VAL
           : range == DLCORE_LABELS_MINUS_1_TO_1 ? -1.0 - rounding
                                                 : -rounding;
    *high = range == DLCORE_LABELS_ANY || range == DLCORE_LABELS_FROM_0 ? HUGE_VAL : 1.0 + rounding;
}

/* For the usual case, in a loop that compilers make vectors of: this runs before every step of
 * train_on_batch. */
static bool floats_lie_within(const dlcore_tensor_t *y, float low, float high)
{
    size_t length, runs = dlcore_tensor_runs(y, &length);
    int outside = y->dtype != DLCORE_DTYPE_FLOAT32;

    for (size_t run = 0; run < runs && !outside; run++) {
        const float *labels = (const float *)(const void *)dlcore_tensor_run(y, run);

        for (size_t i = 0; i < length; i++)
            outside |= (labels[i] < low) | (labels[i] > high);
    }
    return !outside;
}

/* NaN is left to what looks for numbers that are not finite. */
static dlcore_status check_range_of_values(const dlcore_objective_t *objective,
                                           const dlcore_tensor_t *y, dlcore_error_record_t *error)
{
    static const char *const ranges[] = {
        [DLCORE_LABELS_ANY] = "",
        [DLCORE_LABELS_FROM_0] = "below 0",
        [DLCORE_LABELS_0_TO_1] = "outside 0 .. 1",
        [DLCORE_LABELS_MINUS_1_TO_1] = "outside -1 .. 1",
    };
    const dlcore_loss_type_t *loss = objective->loss;
    size_t labels = objective->loss_settings.weighted_labels ? objective->units : y->row_size;
    double low, high;

    limits_of(loss->label_range, &low, &high);
    if (loss->label_range == DLCORE_LABELS_ANY || floats_lie_within(y, (float)low, (float)high))
        return DLCORE_OK;
    for (size_t row = 0; row < y->shape[0]; row++)
        for (size_t i = 0; i < labels; i++) {
            double label = dlcore_row_number(y, row, i);

            if (label < low || label > high)
                return dlcore_fail(error, DLCORE_ERROR_RANGE,
                                   "%s: label %g of sample %zu, number %zu, is %s", loss->name,
                                   label, row, i, ranges[loss->label_range]);
        }
    return DLCORE_OK;
}

/* The second half of each row of y are weights. */
static dlcore_status check_weights_of_values(const dlcore_objective_t *objective,
                                             const dlcore_tensor_t *y, dlcore_error_record_t *error)
{
    for (size_t row = 0; row < y->shape[0]; row++)
        for (size_t i = objective->units; i < y->row_size; i++) {
            double weight = dlcore_row_number(y, row, i);

            if (!isfinite(weight))
                return dlcore_fail(error, DLCORE_ERROR_RANGE,
                                   "%s: the weight of label %zu of sample %zu is %g",
                                   objective->loss->name, i - objective->units, row, weight);
        }
    return DLCORE_OK;
}

dlcore_status dlcore_check_labels(const dlcore_network_t *network,
                                  const dlcore_objective_t *objective, const dlcore_tensor_t *x,
                                  const dlcore_tensor_t *y, dlcore_error_record_t *error)
{
    dlcore_status status = check_rows("y", y, error);

    if (status == DLCORE_OK)
        status = dlcore_refuse_sparse(objective->loss->name, "y", y, error);
    if (status != DLCORE_OK)
        return status;
    if (y->shape[0] != x->shape[0])
        return dlcore_fail(error, DLCORE_ERROR_SHAPE, "x has %zu samples, but y has %zu",
                           x->shape[0], y->shape[0]);
    if (objective->loss->labels == DLCORE_LABELS_CLASSES)
        return check_classes(network, objective, y, error);
    status = check_values(network, objective, y, error);
    if (status == DLCORE_OK)
        status = check_range_of_values(objective, y, error);
    if (status == DLCORE_OK && objective->loss_settings.weighted_labels)
        status = check_weights_of_values(objective, y, error);
    return status;
}

dlcore_status dlcore_check_sample_weights(const char *what, const dlcore_tensor_t *weights,
                                          size_t samples, dlcore_error_record_t *error)
{
    if (weights == NULL)
        return DLCORE_OK;
    if (weights->dtype != DLCORE_DTYPE_FLOAT32)
        return dlcore_fail(error, DLCORE_ERROR_DTYPE, "%s must be float32, got %s", what,
                           dlcore_dtype_name(weights->dtype));
    if (weights->rank == 0 || weights->shape[0] != samples || weights->row_size != 1)
        return dlcore_fail(error, DLCORE_ERROR_SHAPE,
                           "%s must have one number for each of %zu samples, got %zu rows of %zu",
                           what, samples, weights->rank > 0 ? weights->shape[0] : 0,
                           weights->row_size);
    if (weights->is_sparse)
        return dlcore_refuse_sparse("weights", what, weights, error);
    for (size_t row = 0; row < samples; row++) {
        float weight;

        memcpy(&weight, weights->data + row * weights->row_stride * sizeof weight, sizeof weight);
        if (!isfinite(weight))
            return dlcore_fail(error, DLCORE_ERROR_RANGE,
                               "%s must be finite, got %g for sample %zu", what, (double)weight,
                               row);
    }
    return DLCORE_OK;
}

dlcore_status dlcore_check_class_weights(const char *what, const float *weights, size_t count,
                                         dlcore_error_record_t *error)
{
    if ((weights == NULL) != (count == 0))
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT,
                           "%s is %s, but the number of classes is %zu", what,
                           weights == NULL ? "NULL" : "given", count);
    for (size_t i = 0; i < count; i++) {
        if (!(weights[i] >= 0.0f && isfinite(weights[i])))
            return dlcore_fail(error, DLCORE_ERROR_RANGE,
                               "%s must be finite and at least 0, got %g for class %zu", what,
                               (double)weights[i], i);
    }
    return DLCORE_OK;
}

dlcore_status dlcore_check_layer(const dlcore_model_t *model, size_t layer, const char *call,
                                 dlcore_error_record_t *error)
{
    if (layer < model->network.node_count)
        return DLCORE_OK;
    return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "%s: the model has %zu layers, got layer %zu",
                       call, model->network.node_count, layer);
}
