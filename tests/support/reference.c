/* A network in double: its arrays of weights, its loss, and central differences of that.
 *
 * SPDX-License-Identifier: MIT */
#include "support/reference.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "support/reference_parts.h"

#define STEP 1e-5

/* The arrays of a layer in dlcore's order; answers their number. */
static size_t arrays_of(const dlcore_layer_t *layer, size_t inputs, size_t begin,
                        reference_array_t *arrays)
{
    const reference_array_t vector = {.rows = 1, .units = inputs, .frozen = !layer->trainable};
    size_t count = 0;

    for (size_t i = 0; i < 4; i++)
        arrays[i] = vector;
    switch (layer->kind) {
    case DLCORE_LAYER_DENSE:
        arrays[0].rows = inputs;
        arrays[0].units = arrays[1].units = layer->units;
        arrays[count++].name = "kernel";
        if (layer->use_bias)
            arrays[count++].name = "bias";
        break;
    case DLCORE_LAYER_BATCH_NORMALIZATION:
    case DLCORE_LAYER_LAYER_NORMALIZATION:
        if (layer->use_scale || layer->rms_scaling)
            arrays[count++].name = "gamma";
        if (layer->center && !layer->rms_scaling)
            arrays[count++].name = "beta";
        if (layer->kind == DLCORE_LAYER_LAYER_NORMALIZATION)
            break;
        /* fall through */
    case DLCORE_LAYER_NORMALIZATION:
        arrays[count].is_statistic = arrays[count + 1].is_statistic = true;
        arrays[count++].name = "mean";
        arrays[count++].name = "variance";
        break;
    case DLCORE_LAYER_RMS_NORMALIZATION:
        arrays[count++].name = "gamma"; /* Keras: scale */
        break;
    case DLCORE_LAYER_PRELU:
        arrays[count++].name = "alpha";
        break;
    case DLCORE_LAYER_EMBEDDING:
        arrays[0].units = 0;
        for (size_t i = 0; i < layer->embeddings.count; i++)
            arrays[0].units +=
                (size_t)layer->embeddings.table[i].count * layer->embeddings.table[i].units;
        arrays[count++].name = "embeddings";
        break;
    default:
        break;
    }
    for (size_t i = 0; i < count; i++) {
        arrays[i].begin = begin;
        begin += arrays[i].rows * arrays[i].units;
    }
    return count;
}

size_t reference_arrays(const reference_t *network, reference_array_t arrays[REFERENCE_ARRAYS])
{
    size_t count = 0;
    for (size_t i = 0; i < network->layer_count; i++)
        count +=
            arrays_of(&network->layers[i], network->widths[i], network->offsets[i], arrays + count);
    return count;
}

static size_t width_behind(const dlcore_layer_t *layer, size_t width)
{
    if (layer->kind == DLCORE_LAYER_DENSE)
        return layer->units;
    if (layer->kind == DLCORE_LAYER_GLU)
        return width / 2;
    for (size_t i = 0; layer->kind == DLCORE_LAYER_EMBEDDING && i < layer->embeddings.count; i++)
        width += layer->embeddings.table[i].units - 1;
    return width;
}

void reference_build(reference_t *network)
{
    network->offsets[0] = 0;
    for (size_t i = 0; i < network->layer_count; i++) {
        const dlcore_layer_t *layer = &network->layers[i];
        reference_array_t arrays[4];
        size_t width = network->widths[i], begin = network->offsets[i];
        size_t count = arrays_of(layer, width, begin, arrays);
        for (size_t k = 0; k < count; k++)
            begin += arrays[k].rows * arrays[k].units;
        network->widths[i + 1] = width_behind(layer, width);
        network->offsets[i + 1] = begin;
    }
    assert(network->offsets[network->layer_count] <= REFERENCE_PARAMETERS);
}

static dlcore_regularizer_t regularizer_of(const dlcore_layer_t *layer, const char *name)
{
    if (strcmp(name, "kernel") == 0)
        return layer->kernel_regularizer;
    if (strcmp(name, "bias") == 0)
        return layer->bias_regularizer;
    if (strcmp(name, "gamma") == 0)
        return layer->gamma_regularizer;
    if (strcmp(name, "beta") == 0)
        return layer->beta_regularizer;
    if (strcmp(name, "embeddings") == 0)
        return layer->embeddings_regularizer;
    return strcmp(name, "alpha") == 0 ? layer->alpha_regularizer : (dlcore_regularizer_t){0};
}

/* What the weights of layer i add to the loss; as in Keras, frozen ones nothing. */
static double penalty(reference_t *network, size_t i)
{
    const dlcore_layer_t *layer = &network->layers[i];
    reference_array_t arrays[4];
    size_t count = arrays_of(layer, network->widths[i], network->offsets[i], arrays);
    double sum = 0;

    for (size_t a = 0; a < count && layer->trainable; a++) {
        const double *w = network->weights + arrays[a].begin;
        dlcore_regularizer_t by = regularizer_of(layer, arrays[a].name);

        for (size_t k = 0; k < arrays[a].rows * arrays[a].units; k++)
            sum += by.l1 * fabs(w[k]) + by.l2 * w[k] * w[k];
    }
    return sum;
}

double reference_loss(reference_t *network, size_t first)
{
    double sum = 0, weights = 0;
    if (first == 0) {
        network->nearest_kink = network->nearest_clip = network->least_variance = INFINITY;
        memcpy(network->values[0], network->x, sizeof network->x);
    }
    for (size_t i = first; i < network->layer_count; i++)
        reference_forward(network, i);
    for (size_t row = 0; row < network->rows; row++) {
        double weight = network->is_weighted ? network->sample_weight[row] : 1;
        weights += weight;
        sum += weight * reference_row_loss(network, row);
    }
    if (network->loss.reduction == DLCORE_REDUCTION_MEAN_WITH_SAMPLE_WEIGHT)
        sum /= weights;
    else if (network->loss.reduction != DLCORE_REDUCTION_SUM)
        sum /= (double)network->rows;
    for (size_t i = 0; i < network->layer_count; i++)
        sum += network->activities[i] + penalty(network, i);
    return sum;
}

void reference_gradients(reference_t *network, double *gradients)
{
    for (size_t i = network->layer_count; i-- > 0;) {
        for (size_t w = network->offsets[i]; w < network->offsets[i + 1]; w++) {
            double weight = network->weights[w];
            network->weights[w] = weight + STEP;
            double above = reference_loss(network, i);
            network->weights[w] = weight - STEP;
            gradients[w] = (above - reference_loss(network, i)) / (2 * STEP);
            network->weights[w] = weight;
        }
    }
    reference_loss(network, 0);
}
