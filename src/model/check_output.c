/* Whether the last layer goes with the loss, and reaches the labels.
 *
 * SPDX-License-Identifier: MIT */
#include <math.h>

#include "model/check.h"

#define OUTPUT_ROWS_MAX ((size_t)1000000)

static dlcore_activation_t last_activation(const dlcore_check_t *check)
{
    const dlcore_network_t *network = &check->model->network;
    const dlcore_node_t *last = &network->nodes[network->node_count - 1];

    return last->type->has_activation ? last->layer.activation : DLCORE_ACTIVATION_LINEAR;
}

static bool is_over_classes(dlcore_loss_kind_t loss)
{
    return loss == DLCORE_LOSS_CATEGORICAL_CROSSENTROPY ||
           loss == DLCORE_LOSS_CATEGORICAL_FOCAL_CROSSENTROPY ||
           loss == DLCORE_LOSS_SPARSE_CATEGORICAL_CROSSENTROPY;
}

static bool is_regression(dlcore_loss_kind_t loss)
{
    switch (loss) {
    case DLCORE_LOSS_MEAN_SQUARED_ERROR:
    case DLCORE_LOSS_MEAN_ABSOLUTE_ERROR:
    case DLCORE_LOSS_MEAN_ABSOLUTE_PERCENTAGE_ERROR:
    case DLCORE_LOSS_MEAN_SQUARED_LOGARITHMIC_ERROR:
    case DLCORE_LOSS_HUBER:
    case DLCORE_LOSS_QUANTILE:
    case DLCORE_LOSS_LOG_COSH:
        return true;
    default:
        return false;
    }
}

/* What an activation can give. */
static void reach_of(dlcore_activation_t activation, double *low, double *high)
{
    *low = -HUGE_VAL;
    *high = HUGE_VAL;
    switch (activation) {
    case DLCORE_ACTIVATION_RELU:
    case DLCORE_ACTIVATION_SOFTPLUS:
    case DLCORE_ACTIVATION_EXPONENTIAL:
    case DLCORE_ACTIVATION_SQUAREPLUS:
    case DLCORE_ACTIVATION_SPARSE_PLUS:
    case DLCORE_ACTIVATION_SPARSEMAX_KERAS:
        *low = 0.0;
        break;
    case DLCORE_ACTIVATION_RELU6:
        *low = 0.0;
        *high = 6.0;
        break;
    case DLCORE_ACTIVATION_SIGMOID:
    case DLCORE_ACTIVATION_HARD_SIGMOID:
    case DLCORE_ACTIVATION_SPARSE_SIGMOID:
    case DLCORE_ACTIVATION_SOFTMAX:
    case DLCORE_ACTIVATION_SPARSEMAX:
        *low = 0.0;
        *high = 1.0;
        break;
    case DLCORE_ACTIVATION_TANH:
    case DLCORE_ACTIVATION_SOFTSIGN:
    case DLCORE_ACTIVATION_HARD_TANH:
        *low = -1.0;
        *high = 1.0;
        break;
    case DLCORE_ACTIVATION_LOG_SOFTMAX:
    case DLCORE_ACTIVATION_LOG_SIGMOID:
        *high = 0.0;
        break;
    default:
        break;
    }
}

/* What the loss wants instead of the activation; NULL: it goes with it. */
static const char *advice_for_probabilities(const dlcore_loss_t *loss,
                                            dlcore_activation_t activation)
{
    bool classes = is_over_classes(loss->kind);

    if (classes && activation == DLCORE_ACTIVATION_SOFTMAX)
        return NULL;
    if (classes && activation == DLCORE_ACTIVATION_SIGMOID)
        return "softmax is for one class a sample, sigmoid with binary_crossentropy for several";
    if (classes)
        return "it takes probabilities: softmax, or set loss.from_logits where outputs are logits";
    if (activation == DLCORE_ACTIVATION_SIGMOID || activation == DLCORE_ACTIVATION_HARD_SIGMOID)
        return NULL;
    if (activation == DLCORE_ACTIVATION_SOFTMAX)
        return "sigmoid is for several classes a sample, softmax with categorical_crossentropy "
               "for one";
    return "it takes probabilities: sigmoid, or set loss.from_logits where outputs are logits";
}

static const char *advice_for_logits(const dlcore_loss_t *loss, dlcore_activation_t activation)
{
    const dlcore_loss_type_t *type = dlcore_loss_type(loss->kind);

    if ((activation == type->absorbs && !type->keeps_logits) ||
        activation == DLCORE_ACTIVATION_LINEAR || activation == DLCORE_ACTIVATION_LOG_SOFTMAX)
        return NULL;
    return "with from_logits it takes logits: linear";
}

static const char *advice_for_output(const dlcore_loss_t *loss, dlcore_activation_t activation)
{
    double low, high;

    reach_of(activation, &low, &high);
    switch (loss->kind) {
    case DLCORE_LOSS_CATEGORICAL_CROSSENTROPY:
    case DLCORE_LOSS_SPARSE_CATEGORICAL_CROSSENTROPY:
    case DLCORE_LOSS_BINARY_CROSSENTROPY:
    case DLCORE_LOSS_BINARY_FOCAL_CROSSENTROPY:
    case DLCORE_LOSS_CATEGORICAL_FOCAL_CROSSENTROPY:
        return loss->from_logits ? advice_for_logits(loss, activation)
                                 : advice_for_probabilities(loss, activation);
    case DLCORE_LOSS_KL_DIVERGENCE:
        return low >= 0.0 && high <= 1.0 ? NULL : "it takes probabilities: softmax";
    case DLCORE_LOSS_DICE:
    case DLCORE_LOSS_TVERSKY:
        return low >= 0.0 && high <= 1.0 ? NULL : "it takes probabilities: sigmoid or softmax";
    case DLCORE_LOSS_POISSON:
        return low >= 0.0 ? NULL : "it takes rates above 0: exponential or softplus";
    case DLCORE_LOSS_HINGE:
    case DLCORE_LOSS_SQUARED_HINGE:
        return low <= -1.0 && high >= 1.0 ? NULL
                                          : "it takes numbers around -1 and 1: tanh or linear";
    default:
        return NULL;
    }
}

static void check_reach(const dlcore_check_t *check, dlcore_activation_t activation, size_t layer)
{
    const dlcore_tensor_t *y = check->y;
    size_t rows = dlcore_check_rows(check->samples, y->row_size, OUTPUT_ROWS_MAX);
    const char *name = check->model->network.nodes[layer].layer.name;
    double low, high;

    reach_of(activation, &low, &high);
    for (size_t i = 0; i < rows; i++) {
        size_t row = dlcore_check_row(check, i, rows);

        for (size_t c = 0; c < y->row_size; c++) {
            double number = dlcore_row_number(y, row, c);

            if (number < low || number > high) {
                dlcore_check_add(
                    check, DLCORE_FINDING_OUTPUT_RANGE, layer, DLCORE_FINDING_NOWHERE,
                    "y of sample %zu is %g, but the last layer, %s (%s), cannot go beyond %g", row,
                    number, name, dlcore_activation_name(activation), number < low ? low : high);
                return;
            }
        }
    }
}

void dlcore_check_output(const dlcore_check_t *check)
{
    const dlcore_network_t *network = &check->model->network;
    size_t layer = network->node_count - 1;
    const char *name = network->nodes[layer].layer.name;
    dlcore_activation_t activation = last_activation(check);
    const dlcore_loss_t *loss = &check->model->settings.loss;
    const char *advice;

    if (check->objective == NULL)
        return;
    if (check->objective->units == 1 &&
        (activation == DLCORE_ACTIVATION_SOFTMAX || is_over_classes(loss->kind))) {
        dlcore_check_add(
            check, DLCORE_FINDING_ONE_CLASS, layer, DLCORE_FINDING_NOWHERE,
            "%s has one unit%s: for two classes use sigmoid and binary_crossentropy", name,
            activation == DLCORE_ACTIVATION_SOFTMAX ? ", of which softmax always makes 1"
                                                    : ", and a loss over classes is then always 0");
        return;
    }
    /* which losses go with a softmax of each group is not known */
    advice = network->nodes[layer].layer.kind != DLCORE_LAYER_GROUPED_SOFTMAX
                 ? advice_for_output(loss, activation)
                 : NULL;
    if (advice != NULL)
        dlcore_check_add(check, DLCORE_FINDING_OUTPUT_LOSS, layer, DLCORE_FINDING_NOWHERE,
                         "the last layer, %s, is %s, the loss %s: %s", name,
                         dlcore_activation_name(activation), dlcore_loss_name(loss->kind), advice);
    if (!is_regression(loss->kind))
        return;
    if (check->y != NULL)
        check_reach(check, activation, layer);
    if (activation == DLCORE_ACTIVATION_RELU)
        dlcore_check_add(check, DLCORE_FINDING_OUTPUT_RELU, layer, DLCORE_FINDING_NOWHERE,
                         "the last layer, %s, is relu: a unit that is 0 for all samples never "
                         "learns; linear or softplus do",
                         name);
}
