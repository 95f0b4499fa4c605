/* Forward and loss in double, one loop per formula; the formulas are those of the public headers.
 *
 * SPDX-License-Identifier: MIT */
#include "support/reference.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#define CLIP ((double)1e-7f)
#define CLIP_HIGH ((double)(1.0f - 1e-7f)) /* as float32 rounds it */
#define STEP 1e-5

void reference_build(reference_t *network)
{
    network->offsets[0] = 0;
    for (size_t i = 0; i < network->layer_count; i++) {
        const dlcore_layer_t *layer = &network->layers[i];
        bool dense = layer->kind == DLCORE_LAYER_DENSE;
        size_t width = network->widths[i];
        network->widths[i + 1] = dense ? layer->units : width;
        network->offsets[i + 1] =
            network->offsets[i] + (dense ? (width + (layer->use_bias ? 1 : 0)) * layer->units : 0);
    }
}

static void softmax(const double *z, double *y, size_t n)
{
    double largest = z[0], sum = 0;
    for (size_t i = 1; i < n; i++)
        largest = fmax(largest, z[i]);
    for (size_t i = 0; i < n; i++)
        sum += y[i] = exp(z[i] - largest);
    for (size_t i = 0; i < n; i++)
        y[i] /= sum;
}

static double one(const dlcore_layer_t *layer, double z)
{
    switch (layer->activation) {
    case DLCORE_ACTIVATION_RELU:
        return z > 0 ? z : 0;
    case DLCORE_ACTIVATION_SIGMOID:
        return 1 / (1 + exp(-z));
    case DLCORE_ACTIVATION_TANH:
        return tanh(z);
    case DLCORE_ACTIVATION_LEAKY_RELU:
        return z > 0 ? z : layer->negative_slope * z;
    case DLCORE_ACTIVATION_RELU6:
        return fmin(fmax(z, 0), 6);
    case DLCORE_ACTIVATION_ELU:
        return z > 0 ? z : layer->alpha * expm1(z);
    case DLCORE_ACTIVATION_SELU:
        return 1.0507009873554805 * (z > 0 ? z : 1.6732632423543772 * expm1(z));
    case DLCORE_ACTIVATION_GELU:
        return z / 2 * erfc(-z / sqrt(2));
    case DLCORE_ACTIVATION_GELU_TANH:
        return z / (1 + exp(-2 * sqrt(2 / 3.141592653589793) * (z + 0.044715 * z * z * z)));
    case DLCORE_ACTIVATION_SILU:
        return z / (1 + exp(-z));
    case DLCORE_ACTIVATION_SOFTPLUS:
        return fmax(z, 0) + log1p(exp(-fabs(z)));
    case DLCORE_ACTIVATION_SOFTSIGN:
        return z / (1 + fabs(z));
    case DLCORE_ACTIVATION_HARD_SIGMOID:
        return fmin(fmax(z + 3, 0), 6) / 6;
    case DLCORE_ACTIVATION_HARD_SILU:
        return z * fmin(fmax(z + 3, 0), 6) / 6;
    case DLCORE_ACTIVATION_MISH:
        return z * tanh(fmax(z, 0) + log1p(exp(-fabs(z))));
    case DLCORE_ACTIVATION_EXPONENTIAL:
        return exp(z);
    default:
        return z;
    }
}

/* How far z is from where the slope of an activation jumps. */
static double kink_distance(const dlcore_layer_t *layer, double z)
{
    switch (layer->activation) {
    case DLCORE_ACTIVATION_RELU:
    case DLCORE_ACTIVATION_LEAKY_RELU:
    case DLCORE_ACTIVATION_SELU:
        return fabs(z);
    case DLCORE_ACTIVATION_ELU:
        return layer->alpha == 1 ? INFINITY : fabs(z);
    case DLCORE_ACTIVATION_RELU6:
        return fmin(fabs(z), fabs(z - 6));
    case DLCORE_ACTIVATION_HARD_SIGMOID:
    case DLCORE_ACTIVATION_HARD_SILU:
        return fmin(fabs(z + 3), fabs(z - 3));
    case DLCORE_ACTIVATION_EXPONENTIAL: /* no kink, but its exponent's rounding grows large */
        return z < 3 ? INFINITY : 0;
    default:
        return INFINITY;
    }
}

static void log_softmax(const double *z, double *y, size_t n)
{
    double largest = z[0], sum = 0;

    for (size_t i = 1; i < n; i++)
        largest = fmax(largest, z[i]);
    for (size_t i = 0; i < n; i++)
        sum += exp(z[i] - largest);
    for (size_t i = 0; i < n; i++)
        y[i] = z[i] - largest - log(sum);
}

/* values[i + 1] = activation(z) for one row z of layer i. */
static void activate(reference_t *network, size_t i, size_t row, const double *z)
{
    const dlcore_layer_t *layer = &network->layers[i];
    size_t n = network->widths[i + 1];
    double *y = network->values[i + 1] + row * n;
    if (i + 1 == network->layer_count)
        memcpy(network->logits + row * n, z, n * sizeof *z);
    if (layer->activation == DLCORE_ACTIVATION_SOFTMAX) {
        softmax(z, y, n);
        return;
    }
    if (layer->activation == DLCORE_ACTIVATION_LOG_SOFTMAX) {
        log_softmax(z, y, n);
        return;
    }
    for (size_t c = 0; c < n; c++) {
        y[c] = one(layer, z[c]);
        network->nearest_kink = fmin(network->nearest_kink, kink_distance(layer, z[c]));
    }
}

/* What the outputs of layer i add to the loss. */
static double activity(reference_t *network, size_t i)
{
    const dlcore_layer_t *layer = &network->layers[i];
    bool positive = layer->activation == DLCORE_ACTIVATION_SOFTMAX ||
                    layer->activation == DLCORE_ACTIVATION_SIGMOID ||
                    layer->activation == DLCORE_ACTIVATION_EXPONENTIAL ||
                    layer->activation == DLCORE_ACTIVATION_SOFTPLUS;
    double l1 = layer->activity_regularizer.l1, l2 = layer->activity_regularizer.l2, sum = 0;
    for (size_t k = 0; k < network->rows * network->widths[i + 1]; k++) {
        double y = network->values[i + 1][k];
        sum += l1 * fabs(y) + l2 * y * y;
        if (l1 > 0 && y != 0 && !positive)
            network->nearest_kink = fmin(network->nearest_kink, fabs(y));
    }
    return sum / (double)network->rows;
}

static void forward(reference_t *network, size_t i)
{
    const dlcore_layer_t *layer = &network->layers[i];
    const double *kernel = network->weights + network->offsets[i];
    size_t inputs = network->widths[i], units = network->widths[i + 1];
    for (size_t row = 0; row < network->rows; row++) {
        const double *x = network->values[i] + row * inputs;
        double *y = network->values[i + 1] + row * units, z[REFERENCE_WIDTH];
        for (size_t c = 0; c < units && layer->kind == DLCORE_LAYER_DENSE; c++) {
            z[c] = layer->use_bias ? kernel[inputs * units + c] : 0;
            for (size_t k = 0; k < inputs; k++)
                z[c] += x[k] * kernel[k * units + c];
        }
        if (layer->kind == DLCORE_LAYER_DENSE)
            activate(network, i, row, z);
        else if (layer->kind == DLCORE_LAYER_ACTIVATION)
            activate(network, i, row, x);
        else
            for (size_t c = 0; c < units; c++)
                y[c] = layer->kind == DLCORE_LAYER_RESCALING ? x[c] * layer->scale + layer->offset
                                                             : x[c];
    }
    network->activities[i] = layer->kind == DLCORE_LAYER_DENSE ? activity(network, i) : 0;
}

static double clip(reference_t *network, double p)
{
    network->nearest_clip = fmin(network->nearest_clip, fmin(fabs(p - CLIP), fabs(p - CLIP_HIGH)));
    return fmin(fmax(p, CLIP), CLIP_HIGH);
}

/* log(sum(exp(z))) */
static double log_sum(const double *z, size_t n)
{
    double largest = z[0], sum = 0;
    for (size_t i = 1; i < n; i++)
        largest = fmax(largest, z[i]);
    for (size_t i = 0; i < n; i++)
        sum += exp(z[i] - largest);
    return largest + log(sum);
}

/* Loss of one row from logits. */
static double row_of_logits(const reference_t *network, const double *z, const double *y, size_t n)
{
    double sum = 0;
    if (network->loss.kind == DLCORE_LOSS_SPARSE_CATEGORICAL_CROSSENTROPY)
        return log_sum(z, n) - z[(size_t)y[0]];
    if (network->loss.kind == DLCORE_LOSS_CATEGORICAL_CROSSENTROPY) {
        for (size_t c = 0; c < n; c++)
            sum += y[c] * (log_sum(z, n) - z[c]);
        return sum;
    }
    for (size_t c = 0; c < n; c++) /* -y log(s) - (1 - y) log(1 - s), s = sigmoid(z) */
        sum += y[c] * log1p(exp(-z[c])) + (1 - y[c]) * log1p(exp(z[c]));
    return sum / (double)n;
}

static double kink(reference_t *network, double distance)
{
    network->nearest_kink = fmin(network->nearest_kink, fabs(distance));
    return distance;
}

/* Whether all labels are 0 or 1: hinge then has -1 for 0. */
static bool has_bits(const reference_t *network)
{
    for (size_t i = 0; i < network->rows * network->widths[network->layer_count]; i++)
        if (network->y[i] != 0 && network->y[i] != 1)
            return false;
    return true;
}

/* p kept at least 1e-7, where its gradient ends. */
static double at_least(reference_t *network, double p)
{
    network->nearest_clip = fmin(network->nearest_clip, fabs(p - CLIP));
    return fmax(p, CLIP);
}

/* Losses of one output and one label. */
static double of_element(reference_t *network, double p, double y)
{
    double delta = network->loss.delta, e;
    switch (network->loss.kind) {
    case DLCORE_LOSS_MEAN_SQUARED_ERROR:
        return (y - p) * (y - p);
    case DLCORE_LOSS_MEAN_ABSOLUTE_ERROR:
        return fabs(kink(network, p - y));
    case DLCORE_LOSS_MEAN_ABSOLUTE_PERCENTAGE_ERROR:
        return 100 * fabs(kink(network, p - y)) / fmax(fabs(y), CLIP);
    case DLCORE_LOSS_MEAN_SQUARED_LOGARITHMIC_ERROR:
        e = log(at_least(network, p) + 1) - log(fmax(y, CLIP) + 1);
        return e * e;
    case DLCORE_LOSS_HUBER:
        e = fabs(p - y);
        return e <= delta ? e * e / 2 : delta * e - delta * delta / 2;
    case DLCORE_LOSS_LOG_COSH:
        return log(cosh(p - y));
    case DLCORE_LOSS_KL_DIVERGENCE:
        y = fmin(fmax(y, CLIP), 1);
        kink(network, p - 1);
        return y * log(y / fmin(at_least(network, p), 1));
    case DLCORE_LOSS_POISSON:
        network->nearest_clip = fmin(network->nearest_clip, p);
        return p - y * log(p + CLIP);
    case DLCORE_LOSS_HINGE:
        y = has_bits(network) ? 2 * y - 1 : y;
        return fmax(kink(network, 1 - y * p), 0);
    default: /* squared hinge */
        y = has_bits(network) ? 2 * y - 1 : y;
        e = 1 - y * p;
        /* where a sigmoid is all but 1, nothing is left of it in float32 */
        network->nearest_clip = fmin(network->nearest_clip, fmin(fabs(e), fabs(1 - fabs(p))));
        return fmax(e, 0) * fmax(e, 0);
    }
}

static double categorical_hinge(reference_t *network, const double *p, const double *y, size_t n)
{
    double positive = 0, largest = -INFINITY, second = -INFINITY;
    for (size_t c = 0; c < n; c++) {
        double q = (1 - y[c]) * p[c];
        positive += y[c] * p[c];
        second = fmax(second, fmin(q, largest));
        largest = fmax(largest, q);
    }
    kink(network, largest - second);
    return fmax(kink(network, largest - positive + 1), 0);
}

/* Loss of one row of outputs as they are. The sparse loss clips first and divides by the sum of
 * the clipped, the other one the other way round, as in Keras. */
static double row_of_outputs(reference_t *network, const double *p, const double *y, size_t n)
{
    double sum = 0, total = 0;
    switch (network->loss.kind) {
    case DLCORE_LOSS_CATEGORICAL_HINGE:
        return categorical_hinge(network, p, y, n);
    case DLCORE_LOSS_BINARY_CROSSENTROPY:
        for (size_t c = 0; c < n; c++) {
            double q = clip(network, p[c]);
            sum -= y[c] * log(q) + (1 - y[c]) * log(1 - q);
        }
        return sum / (double)n;
    case DLCORE_LOSS_SPARSE_CATEGORICAL_CROSSENTROPY:
        for (size_t c = 0; c < n; c++)
            total += clip(network, p[c]);
        return log(total) - log(clip(network, p[(size_t)y[0]]));
    case DLCORE_LOSS_CATEGORICAL_CROSSENTROPY:
        for (size_t c = 0; c < n; c++)
            total += p[c];
        for (size_t c = 0; c < n; c++)
            sum -= y[c] * log(clip(network, p[c] / total));
        return sum;
    default:
        for (size_t c = 0; c < n; c++)
            sum += of_element(network, p[c], y[c]);
        return network->loss.kind == DLCORE_LOSS_KL_DIVERGENCE ? sum : sum / (double)n;
    }
}

/* Whether the last activation is the loss's own, so that both are one function of the logits. */
static bool is_fused(const reference_t *network)
{
    const dlcore_layer_t *last = &network->layers[network->layer_count - 1];
    bool classes = network->loss.kind == DLCORE_LOSS_CATEGORICAL_CROSSENTROPY ||
                   network->loss.kind == DLCORE_LOSS_SPARSE_CATEGORICAL_CROSSENTROPY;
    if (last->kind != DLCORE_LAYER_DENSE && last->kind != DLCORE_LAYER_ACTIVATION)
        return false;
    if (last->activity_regularizer.l1 > 0 || last->activity_regularizer.l2 > 0)
        return false;
    return (classes && last->activation == DLCORE_ACTIVATION_SOFTMAX) ||
           (network->loss.kind == DLCORE_LOSS_BINARY_CROSSENTROPY &&
            last->activation == DLCORE_ACTIVATION_SIGMOID);
}

static double smoothed(const reference_t *network, double y, size_t classes)
{
    double s = network->loss.label_smoothing;
    bool binary = network->loss.kind == DLCORE_LOSS_BINARY_CROSSENTROPY;
    return s > 0 ? y * (1 - s) + s / (binary ? 2 : (double)classes) : y;
}

double reference_loss(reference_t *network, size_t first)
{
    size_t n = network->widths[network->layer_count];
    size_t labels = network->loss.kind == DLCORE_LOSS_SPARSE_CATEGORICAL_CROSSENTROPY ? 1 : n;
    const double *outputs = network->values[network->layer_count];
    bool fused = is_fused(network);
    double sum = 0;
    if (first == 0) {
        network->nearest_kink = network->nearest_clip = INFINITY;
        memcpy(network->values[0], network->x, sizeof network->x);
    }
    for (size_t i = first; i < network->layer_count; i++)
        forward(network, i);
    for (size_t row = 0; row < network->rows; row++) {
        double y[REFERENCE_WIDTH];
        for (size_t c = 0; c < labels; c++)
            y[c] = smoothed(network, network->y[row * labels + c], n);
        if (fused || network->loss.from_logits)
            sum += row_of_logits(network, (fused ? network->logits : outputs) + row * n, y, n);
        else
            sum += row_of_outputs(network, outputs + row * n, y, n);
    }
    if (network->loss.reduction != DLCORE_REDUCTION_SUM)
        sum /= (double)network->rows;
    for (size_t i = 0; i < network->layer_count; i++)
        sum += network->activities[i];
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
