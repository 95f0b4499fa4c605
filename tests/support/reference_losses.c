/* Losses of rows in double, one loop per formula; the formulas are those of dlcore/loss.h.
 *
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdbool.h>

#include "support/reference_parts.h"

#define CLIP ((double)1e-7f)
#define CLIP_HIGH ((double)(1.0f - 1e-7f)) /* as float32 rounds it */

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

static double sigmoid(double x)
{
    return 1 / (1 + exp(-x));
}

/* q^gamma and what balances, for a probability p and its complement. */
static double focal(const dlcore_loss_t *loss, double p, double rest, double y)
{
    double q = y * rest + (1 - y) * p;
    double balance = y * loss->alpha + (1 - y) * (1 - loss->alpha);
    return pow(q, loss->gamma) * (loss->apply_class_balancing ? balance : 1);
}

/* Loss of one row from logits. */
static double row_of_logits(const reference_t *network, const double *z, const double *y, size_t n)
{
    const dlcore_loss_t *loss = &network->loss;
    double sum = 0;
    if (loss->kind == DLCORE_LOSS_CATEGORICAL_FOCAL_CROSSENTROPY) {
        for (size_t c = 0; c < n; c++) {
            double logarithm = z[c] - log_sum(z, n);
            sum -= loss->alpha * y[c] * pow(1 - exp(logarithm), loss->gamma) * logarithm;
        }
        return sum;
    }
    if (loss->kind == DLCORE_LOSS_BINARY_FOCAL_CROSSENTROPY) {
        for (size_t c = 0; c < n; c++)
            sum += focal(loss, sigmoid(z[c]), sigmoid(-z[c]), y[c]) *
                   (y[c] * log1p(exp(-z[c])) + (1 - y[c]) * log1p(exp(z[c])));
        return sum / (double)n;
    }
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
    case DLCORE_LOSS_QUANTILE:
        e = kink(network, y - p);
        return e >= 0 ? network->loss.quantile * e : (network->loss.quantile - 1) * e;
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

/* Vectors of one number, or hardly longer than 0, are drawn again. */
static double cosine_similarity(reference_t *network, const double *p, const double *y, size_t n)
{
    double product = 0, squares = 0, label_squares = 0;
    for (size_t c = 0; c < n; c++) {
        product += y[c] * p[c];
        squares += p[c] * p[c];
        label_squares += y[c] * y[c];
    }
    if (n == 1 || squares < 1e-2)
        network->nearest_clip = 0;
    return -product / (sqrt(squares) * fmax(sqrt(label_squares), CLIP));
}

/* dice and tversky, of `count` outputs; where sums of either sign cancel, they are drawn again. */
static double overlap(reference_t *network, const double *p, const double *y, size_t count)
{
    const dlcore_loss_t *loss = &network->loss;
    double both = 0, labels = 0, outputs = 0, whole;
    for (size_t i = 0; i < count; i++) {
        both += y[i] * p[i];
        labels += y[i];
        outputs += p[i];
    }
    whole = loss->kind == DLCORE_LOSS_DICE
                ? (labels + outputs + CLIP) / 2
                : both + loss->alpha * (labels - both) + loss->beta * (outputs - both) + CLIP;
    if (whole < 0.1 * (double)count)
        network->nearest_clip = 0;
    return 1 - both / whole;
}

/* Loss of one row of outputs as they are. The sparse loss clips first and divides by the sum of
 * the clipped, the other one the other way round, as in Keras. */
static double row_of_outputs(reference_t *network, const double *p, const double *y, size_t n)
{
    double sum = 0, total = 0;
    switch (network->loss.kind) {
    case DLCORE_LOSS_CATEGORICAL_HINGE:
        return categorical_hinge(network, p, y, n);
    case DLCORE_LOSS_COSINE_SIMILARITY:
        return cosine_similarity(network, p, y, n);
    case DLCORE_LOSS_DICE:
    case DLCORE_LOSS_TVERSKY:
        if (network->loss.per_sample)
            return overlap(network, p, y, n);
        return overlap(network, network->values[network->layer_count], network->y,
                       network->rows * n);
    case DLCORE_LOSS_BINARY_FOCAL_CROSSENTROPY:
        for (size_t c = 0; c < n; c++) {
            double q = clip(network, p[c]);
            sum -= focal(&network->loss, p[c], 1 - p[c], y[c]) *
                   (y[c] * log(q) + (1 - y[c]) * log(1 - q));
        }
        return sum / (double)n;
    case DLCORE_LOSS_CATEGORICAL_FOCAL_CROSSENTROPY:
        for (size_t c = 0; c < n; c++)
            total += p[c];
        for (size_t c = 0; c < n; c++) {
            double q = clip(network, p[c] / total);
            sum -= network->loss.alpha * y[c] * pow(1 - q, network->loss.gamma) * log(q);
        }
        return sum;
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
           ((network->loss.kind == DLCORE_LOSS_BINARY_CROSSENTROPY ||
             (network->loss.kind == DLCORE_LOSS_BINARY_FOCAL_CROSSENTROPY &&
              !network->loss.from_logits)) &&
            last->activation == DLCORE_ACTIVATION_SIGMOID);
}

static double smoothed(const reference_t *network, double y, size_t classes)
{
    double s = network->loss.label_smoothing;
    bool binary = network->loss.kind == DLCORE_LOSS_BINARY_CROSSENTROPY ||
                  network->loss.kind == DLCORE_LOSS_BINARY_FOCAL_CROSSENTROPY;
    return s > 0 ? y * (1 - s) + s / (binary ? 2 : (double)classes) : y;
}

double reference_row_loss(reference_t *network, size_t row)
{
    size_t n = network->widths[network->layer_count];
    size_t labels = network->loss.kind == DLCORE_LOSS_SPARSE_CATEGORICAL_CROSSENTROPY ? 1 : n;
    const double *outputs = network->values[network->layer_count] + row * n;
    bool fused = is_fused(network);
    double y[REFERENCE_WIDTH];

    for (size_t c = 0; c < labels; c++)
        y[c] = smoothed(network, network->y[row * labels + c], n);
    if (fused || network->loss.from_logits)
        return row_of_logits(network, fused ? network->logits + row * n : outputs, y, n);
    return row_of_outputs(network, outputs, y, n);
}
