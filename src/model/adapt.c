/* Statistics of data for normalization layers.
 *
 * SPDX-License-Identifier: MIT */
#include <math.h>

#include "base/allocator.h"
#include "base/error.h"
#include "model/model.h"
#include "tensor/tensor.h"

static dlcore_status check_before(const dlcore_model_t *model, size_t layer,
                                  dlcore_error_record_t *error)
{
    for (size_t i = 0; i < layer; i++) {
        const dlcore_layer_t *before = &model->network.nodes[i].layer;

        if (before->kind != DLCORE_LAYER_RESCALING && before->kind != DLCORE_LAYER_FLATTEN)
            return dlcore_fail(error, DLCORE_ERROR_UNSUPPORTED,
                               "adapt: %s comes before %s; only flatten and rescaling may",
                               before->name, model->network.nodes[layer].layer.name);
    }
    return DLCORE_OK;
}

/* A number as the layers before `layer` hand it on, rounded as they round it: the mean of a column
 * that is constant must be that constant to the bit, or its rounding would be divided by 1e-7. */
static double number_at(const dlcore_network_t *network, size_t layer, const dlcore_tensor_t *x,
                        size_t row, size_t column)
{
    float number = (float)dlcore_row_number(x, row, column);

    for (size_t i = 0; i < layer; i++) {
        const dlcore_layer_t *before = &network->nodes[i].layer;

        if (before->kind == DLCORE_LAYER_RESCALING) {
            float product = number * (float)before->scale;
            number = product + (float)before->offset;
        }
    }
    return (double)number;
}

/* DLCORE_ERROR_RANGE for the first number that is not finite, of which there is one. */
static dlcore_status refuse_adapt_number(dlcore_model_t *model, size_t layer,
                                         const dlcore_tensor_t *x)
{
    size_t at = 0, size = x->row_size;
    double number = number_at(&model->network, layer, x, 0, 0);

    while (isfinite(number) && ++at < x->shape[0] * size)
        number = number_at(&model->network, layer, x, at / size, at % size);
    return dlcore_fail(&model->error, DLCORE_ERROR_RANGE, "adapt: number %zu of sample %zu is %s%s",
                       at % size, at / size, dlcore_not_finite_name(number),
                       layer > 0 ? " behind the layers before" : "");
}

/* Mean and variance of each column, by Welford's recurrence: one pass, no cancellation. False when
 * a number is not finite. */
static bool measure_numbers(const dlcore_network_t *network, size_t layer, const dlcore_tensor_t *x,
                            double *means, double *squares)
{
    bool finite = true;

    for (size_t row = 0; row < x->shape[0]; row++) {
        for (size_t c = 0; c < x->row_size; c++) {
            double number = number_at(network, layer, x, row, c), before = number - means[c];

            finite &= isfinite(number) != 0;
            means[c] += before / (double)(row + 1);
            squares[c] += before * (number - means[c]);
        }
    }
    return finite;
}

static dlcore_status set_statistics(dlcore_model_t *model, size_t layer, const dlcore_tensor_t *x)
{
    const dlcore_node_t *node = &model->network.nodes[layer];
    size_t width = node->input_width;
    double *numbers = dlcore_allocate(&model->allocator, 2 * width, sizeof *numbers);
    float *mean = model->network.values + node->parameters[0].offset;
    float *variance = model->network.values + node->parameters[1].offset;

    if (numbers == NULL)
        return dlcore_fail_memory(&model->error, "adapt", 2 * width * sizeof *numbers);
    if (!measure_numbers(&model->network, layer, x, numbers, numbers + width)) {
        dlcore_release(&model->allocator, numbers);
        return refuse_adapt_number(model, layer, x);
    }
    for (size_t c = 0; c < width; c++) {
        mean[c] = (float)numbers[c];
        variance[c] = (float)(numbers[width + c] / (double)x->shape[0]);
    }
    dlcore_release(&model->allocator, numbers);
    dlcore_model_weights_change(model);
    return DLCORE_OK;
}

static dlcore_status adapt(dlcore_model_t *model, size_t layer, const dlcore_tensor_t *x)
{
    dlcore_network_t *network = &model->network;
    dlcore_error_record_t *error = &model->error;
    bool was_built = network->values != NULL;
    dlcore_status status = dlcore_check_layer(model, layer, "adapt", error);

    if (status == DLCORE_OK && network->nodes[layer].layer.kind != DLCORE_LAYER_NORMALIZATION)
        status = dlcore_fail(error, DLCORE_ERROR_ARGUMENT,
                             "adapt: layer %zu, %s, is not a normalization layer; make one with "
                             "layer_normalization()",
                             layer, network->nodes[layer].layer.name);
    if (status == DLCORE_OK)
        status = check_before(model, layer, error);
    if (status == DLCORE_OK)
        status = dlcore_check_samples(network, x, error);
    if (status == DLCORE_OK && network->values == NULL)
        status = dlcore_model_build_network(model, x->row_size);
    if (status == DLCORE_OK)
        status = set_statistics(model, layer, x);
    if (status != DLCORE_OK && !was_built)
        dlcore_network_unbuild(network); /* the next call may bring other data */
    return status;
}

dlcore_status dlcore_model_adapt(dlcore_model_t *model, size_t layer, const dlcore_tensor_t *x)
{
    dlcore_status status = dlcore_model_begin(model);

    if (status != DLCORE_OK)
        return status;
    if (model->first_error.status != DLCORE_OK) {
        model->error = model->first_error;
        return dlcore_model_end(model, model->first_error.status);
    }
    return dlcore_model_end(model, adapt(model, layer, x));
}
