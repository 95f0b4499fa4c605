/* Layers forward in double, one loop per formula; the formulas are those of the public headers.
 *
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "support/reference_parts.h"

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
    case DLCORE_ACTIVATION_CELU:
        return z > 0 ? z : expm1(z);
    case DLCORE_ACTIVATION_HARD_TANH:
        return fmin(fmax(z, -1), 1);
    case DLCORE_ACTIVATION_LOG_SIGMOID:
        return fmin(z, 0) - log1p(exp(-fabs(z)));
    case DLCORE_ACTIVATION_SOFT_SHRINK:
        return z - fmin(fmax(z, -0.5), 0.5);
    case DLCORE_ACTIVATION_HARD_SHRINK:
        return fabs(z) > 0.5 ? z : 0;
    case DLCORE_ACTIVATION_TANH_SHRINK:
        return z - tanh(z);
    case DLCORE_ACTIVATION_SQUAREPLUS:
        return (z + sqrt(z * z + 4)) / 2;
    case DLCORE_ACTIVATION_SPARSE_PLUS:
        return z > 1 ? z : z < -1 ? 0 : (z + 1) * (z + 1) / 4;
    case DLCORE_ACTIVATION_SPARSE_SIGMOID:
        return (fmin(fmax(z, -1), 1) + 1) / 2;
    case DLCORE_ACTIVATION_RELU_GENERAL:
        return fmin(z > layer->threshold ? z : 0, layer->max_value) -
               layer->negative_slope * fmax(layer->threshold - z, 0);
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
    case DLCORE_ACTIVATION_HARD_TANH:
    case DLCORE_ACTIVATION_SPARSE_SIGMOID:
        return fmin(fabs(z + 1), fabs(z - 1));
    case DLCORE_ACTIVATION_SOFT_SHRINK:
    case DLCORE_ACTIVATION_HARD_SHRINK:
        return fmin(fabs(z + 0.5), fabs(z - 0.5));
    case DLCORE_ACTIVATION_RELU_GENERAL:
        return fmin(fabs(z - layer->threshold), fabs(z - layer->max_value));
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

/* As Martins and Astudillo (2016) define it, or as Keras does: by sorting. Answers how near one is
 * to a threshold or, where the order counts, to the next. */
static double sparsemax(const double *z, double *y, size_t n, bool as_keras)
{
    double sorted[REFERENCE_WIDTH] = {0}, sum = 0, sums = 0, tau = 0, near = INFINITY;

    for (size_t i = 0; i < n; i++) {
        size_t at = i;

        for (; at > 0 && sorted[at - 1] < z[i]; at--)
            sorted[at] = sorted[at - 1];
        sorted[at] = z[i];
    }
    for (size_t k = 0; k < n; k++) {
        if (1 + (double)(k + 1) * sorted[k] <= sum + sorted[k])
            break;
        sum += sorted[k];
        sums += sum;
        tau = ((as_keras ? sums : sum) - 1) / (double)(k + 1);
        if (as_keras && k > 0)
            near = fmin(near, sorted[k - 1] - sorted[k]);
    }
    for (size_t k = 0, of = 1; k < n; k++, of++) {
        double next = 0;

        for (size_t i = 0; i <= k; i++)
            next += sorted[i] / (double)of;
        if (as_keras) /* where the support gets or loses one */
            near = fmin(near, fabs(sorted[k] - (next - 1 / (double)of)));
    }
    for (size_t i = 0; i < n; i++) {
        y[i] = fmax(z[i] - tau, 0);
        near = fmin(near, fabs(z[i] - tau));
    }
    return near;
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
    if (layer->activation == DLCORE_ACTIVATION_SPARSEMAX ||
        layer->activation == DLCORE_ACTIVATION_SPARSEMAX_KERAS) {
        bool as_keras = layer->activation == DLCORE_ACTIVATION_SPARSEMAX_KERAS;

        network->nearest_kink = fmin(network->nearest_kink, sparsemax(z, y, n, as_keras));
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
                    layer->activation == DLCORE_ACTIVATION_SPARSEMAX ||
                    layer->activation == DLCORE_ACTIVATION_SPARSEMAX_KERAS ||
                    layer->activation == DLCORE_ACTIVATION_EXPONENTIAL ||
                    layer->activation == DLCORE_ACTIVATION_SOFTPLUS ||
                    layer->activation == DLCORE_ACTIVATION_SQUAREPLUS ||
                    layer->activation == DLCORE_ACTIVATION_SPARSE_PLUS ||
                    layer->activation == DLCORE_ACTIVATION_SPARSE_SIGMOID;
    double l1 = layer->activity_regularizer.l1, l2 = layer->activity_regularizer.l2, sum = 0;
    for (size_t k = 0; k < network->rows * network->widths[i + 1]; k++) {
        double y = network->values[i + 1][k];
        sum += l1 * fabs(y) + l2 * y * y;
        if (l1 > 0 && y != 0 && !positive)
            network->nearest_kink = fmin(network->nearest_kink, fabs(y));
    }
    return sum / (double)network->rows;
}

static void dense(reference_t *network, size_t i, size_t row, const double *x)
{
    const dlcore_layer_t *layer = &network->layers[i];
    const double *kernel = network->weights + network->offsets[i];
    size_t inputs = network->widths[i], units = network->widths[i + 1];
    double z[REFERENCE_WIDTH] = {0};

    for (size_t c = 0; c < units; c++) {
        z[c] = layer->use_bias ? kernel[inputs * units + c] : 0;
        for (size_t k = 0; k < inputs; k++)
            z[c] += x[k] * kernel[k * units + c];
    }
    activate(network, i, row, z);
}

/* Mean and (biased) variance of n numbers, `stride` apart. */
static void moments(const double *x, size_t n, size_t stride, double *mean, double *variance)
{
    *mean = *variance = 0;
    for (size_t k = 0; k < n; k++)
        *mean += x[k * stride] / (double)n;
    for (size_t k = 0; k < n; k++)
        *variance += (x[k * stride] - *mean) * (x[k * stride] - *mean) / (double)n;
}

/* Over the rows of each column, or by the moving mean and variance of a layer that is frozen; or
 * over the columns of each row. */
static void normalized(reference_t *network, size_t i)
{
    const dlcore_layer_t *layer = &network->layers[i];
    size_t n = network->widths[i], rows = network->rows;
    const double *gamma = network->weights + network->offsets[i];
    bool has_gamma = layer->use_scale || layer->rms_scaling;
    bool has_beta = layer->center && !layer->rms_scaling;
    const double *beta = gamma + (has_gamma ? n : 0);
    const double *moving = beta + (has_beta ? n : 0);
    const double *x = network->values[i];

    for (size_t k = 0; k < rows * n; k++) {
        size_t row = k / n, c = k % n;
        double mean, variance;
        if (layer->kind == DLCORE_LAYER_LAYER_NORMALIZATION) {
            moments(x + row * n, n, 1, &mean, &variance);
        } else if (layer->trainable) {
            moments(x + c, rows, n, &mean, &variance);
        } else {
            mean = moving[c];
            variance = moving[n + c];
        }
        if (variance > 0) /* not what rows of one number, and columns of one row, have */
            network->least_variance = fmin(network->least_variance, variance);
        network->values[i + 1][k] = (x[k] - (layer->rms_scaling ? 0 : mean)) /
                                        sqrt(variance + layer->epsilon) *
                                        (has_gamma ? gamma[c] : 1) +
                                    (has_beta ? beta[c] : 0);
    }
}

/* By the length of a row, or by the root of its mean square. */
static void scaled(reference_t *network, size_t i)
{
    const dlcore_layer_t *layer = &network->layers[i];
    bool is_unit = layer->kind == DLCORE_LAYER_UNIT_NORMALIZATION;
    size_t n = network->widths[i];
    const double *scale = network->weights + network->offsets[i];

    for (size_t row = 0; row < network->rows; row++) {
        const double *x = network->values[i] + row * n;
        double squares = 0;

        for (size_t c = 0; c < n; c++)
            squares += x[c] * x[c];
        network->least_variance = fmin(network->least_variance, squares / (double)n);
        for (size_t c = 0; c < n; c++)
            network->values[i + 1][row * n + c] =
                is_unit ? x[c] / sqrt(squares)
                        : x[c] / sqrt(squares / (double)n + layer->epsilon) * scale[c];
    }
}

/* The first half of a row by the sigmoid of the second. */
static void gated(reference_t *network, size_t i)
{
    size_t n = network->widths[i + 1];

    for (size_t row = 0; row < network->rows; row++) {
        const double *x = network->values[i] + row * 2 * n;

        for (size_t c = 0; c < n; c++)
            network->values[i + 1][row * n + c] = x[c] / (1 + exp(-x[n + c]));
    }
}

/* Softmax of each group. */
static void grouped(reference_t *network, size_t i)
{
    size_t n = network->layers[i].axis_width, count = network->rows * network->widths[i];

    for (size_t begin = 0; begin < count; begin += n) {
        const double *x = network->values[i] + begin;
        double sum = 0;

        for (size_t c = 0; c < n; c++)
            sum += exp(x[c]);
        for (size_t c = 0; c < n; c++)
            network->values[i + 1][begin + c] = exp(x[c]) / sum;
    }
}

/* What works on each number alone. */
static double by_number(reference_t *network, size_t i, size_t k)
{
    const dlcore_layer_t *layer = &network->layers[i];
    size_t n = network->widths[i], c = k % n;
    const double *weights = network->weights + network->offsets[i];
    double x = network->values[i][k];

    switch (layer->kind) {
    case DLCORE_LAYER_RESCALING:
        return x * layer->scale + layer->offset;
    case DLCORE_LAYER_DROPOUT:
        return x * network->drawn[i][k];
    case DLCORE_LAYER_GAUSSIAN_NOISE:
        return x + network->drawn[i][k];
    case DLCORE_LAYER_NORMALIZATION:
        return (x - weights[c]) / fmax(sqrt(weights[n + c]), (double)1e-7f);
    case DLCORE_LAYER_PRELU:
        /* 0 comes from dropout, and stays */
        if (x != 0)
            network->nearest_kink = fmin(network->nearest_kink, fabs(x));
        return x < 0 ? weights[c] * x : x;
    default:
        return x;
    }
}

/* Column by column: the number, or the row of the table that it names. */
static void looked_up(reference_t *network, size_t i)
{
    const dlcore_embeddings_t *tables = &network->layers[i].embeddings;
    size_t inputs = network->widths[i];
    double *y = network->values[i + 1];

    for (size_t row = 0; row < network->rows; row++) {
        const double *weights = network->weights + network->offsets[i];
        size_t next = 0;

        for (size_t c = 0; c < inputs; c++) {
            double x = network->values[i][row * inputs + c];

            if (next == tables->count || tables->table[next].column != c) {
                *y++ = x;
                continue;
            }
            for (size_t k = 0; k < tables->table[next].units; k++)
                *y++ = weights[(size_t)x * tables->table[next].units + k];
            weights += (size_t)tables->table[next].count * tables->table[next].units;
            next++;
        }
    }
}

void reference_forward(reference_t *network, size_t i)
{
    const dlcore_layer_t *layer = &network->layers[i];
    size_t inputs = network->widths[i];

    network->activities[i] = 0;
    switch (layer->kind) {
    case DLCORE_LAYER_DENSE:
        for (size_t row = 0; row < network->rows; row++)
            dense(network, i, row, network->values[i] + row * inputs);
        network->activities[i] = activity(network, i);
        return;
    case DLCORE_LAYER_ACTIVATION:
        for (size_t row = 0; row < network->rows; row++)
            activate(network, i, row, network->values[i] + row * inputs);
        return;
    case DLCORE_LAYER_BATCH_NORMALIZATION:
    case DLCORE_LAYER_LAYER_NORMALIZATION:
        normalized(network, i);
        return;
    case DLCORE_LAYER_UNIT_NORMALIZATION:
    case DLCORE_LAYER_RMS_NORMALIZATION:
        scaled(network, i);
        return;
    case DLCORE_LAYER_GLU:
        gated(network, i);
        return;
    case DLCORE_LAYER_GROUPED_SOFTMAX:
        grouped(network, i);
        return;
    case DLCORE_LAYER_EMBEDDING:
        looked_up(network, i);
        return;
    case DLCORE_LAYER_ACTIVITY_REGULARIZATION:
        memcpy(network->values[i + 1], network->values[i], network->rows * inputs * sizeof(double));
        network->activities[i] = activity(network, i);
        return;
    default:
        for (size_t k = 0; k < network->rows * inputs; k++)
            network->values[i + 1][k] = by_number(network, i, k);
        return;
    }
}
