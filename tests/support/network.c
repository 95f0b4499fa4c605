/* Descriptions in words to models: "dense 10 relu bias" and the like. What a word means is looked
 * up through the library's own tables of names.
 *
 * SPDX-License-Identifier: MIT */
#include "support/network.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define KEY_SIZE 32

/* The numbers at the end of a line: of leaky_relu and elu one, of relu_general three. */
static void set_parameter(dlcore_layer_t *layer, const char *line, const char *number)
{
    double *slope = &layer->negative_slope;

    if (layer->activation == DLCORE_ACTIVATION_RELU_GENERAL)
        assert_int_equal(sscanf(strstr(line, number), "%lf %lf %lf", &layer->max_value, slope,
                                &layer->threshold),
                         3);
    else if (number[0] != '\0' && layer->activation == DLCORE_ACTIVATION_ELU)
        layer->alpha = strtod(number, NULL);
    else if (number[0] != '\0')
        layer->negative_slope = strtod(number, NULL);
}

static dlcore_layer_t layer_of(const char *line)
{
    char kind[16] = "", second[32] = "", third[32] = "", fourth[16] = "", fifth[16] = "";
    if (sscanf(line, "%15s %31s %31s %15s %15s", kind, second, third, fourth, fifth) < 1)
        fail_msg("not a layer: \"%s\"", line);
    dlcore_layer_t layer = dlcore_layer_from_name(kind);
    if (layer.kind == DLCORE_LAYER_DENSE) {
        layer.units = strtoul(second, NULL, 10);
        layer.activation = dlcore_activation_from_name(third);
        layer.use_bias = strcmp(fourth, "bias") == 0;
        set_parameter(&layer, line, fifth);
    } else if (layer.kind == DLCORE_LAYER_ACTIVATION) {
        layer.activation = dlcore_activation_from_name(second);
        set_parameter(&layer, line, third);
    } else if (layer.kind == DLCORE_LAYER_RESCALING) {
        layer.scale = strtod(second, NULL);
        layer.offset = strtod(third, NULL);
    }
    return layer;
}

static void accept(const dlcore_model_t *model, dlcore_status status, const char *scope)
{
    if (status != DLCORE_OK)
        fail_msg("%s: %s: %s", scope, dlcore_status_name(status), dlcore_model_error(model));
}

dlcore_model_t *network_model(const fixture_t *fixture, const char *scope, size_t input_width)
{
    dlcore_model_t *model = NULL;
    assert_int_equal(dlcore_model_create(NULL, &model), DLCORE_OK);
    const char *line = NULL;
    char key[KEY_SIZE];
    for (size_t i = 0;; i++) {
        snprintf(key, sizeof key, "layer%zu", i);
        if ((line = fixture_text(fixture, scope, key)) == NULL)
            break;
        accept(model, dlcore_model_add(model, layer_of(line)), scope);
    }
    accept(model, dlcore_model_build(model, input_width), scope);
    const fixture_array_t *weights = fixture_find(fixture, scope, "weights");
    if (weights != NULL)
        accept(model, dlcore_model_set_weights(model, fixture_floats(weights), weights->size),
               scope);
    return model;
}

dlcore_compile_options_t network_compile_options(const fixture_t *fixture, const char *scope)
{
    dlcore_compile_options_t options = dlcore_compile_options_default();
    options.optimizer = dlcore_optimizer_sgd();
    options.loss = dlcore_loss_mean_squared_error();
    char name[64] = "", extra[32] = "", key[KEY_SIZE];
    const char *line = fixture_text(fixture, scope, "loss");
    if (line != NULL && sscanf(line, "%63s %31s", name, extra) >= 1) {
        options.loss = dlcore_loss_from_name(name);
        options.loss.from_logits = strcmp(extra, "from_logits") == 0;
    }
    for (;; options.metric_count++) {
        snprintf(key, sizeof key, "metric%zu", options.metric_count);
        if ((line = fixture_text(fixture, scope, key)) == NULL)
            return options;
        extra[0] = '\0';
        if (sscanf(line, "%63s %31s", name, extra) < 1)
            fail_msg("not a metric: \"%s\"", line);
        dlcore_metric_t *metric = &options.metrics[options.metric_count];
        *metric = dlcore_metric_from_name(name);
        if (extra[0] != '\0')
            metric->threshold = strtod(extra, NULL);
    }
}

dlcore_optimizer_t network_optimizer(const fixture_t *fixture, const char *scope)
{
    const char *line = fixture_text(fixture, scope, "optimizer");
    assert_non_null(line);
    char name[32] = "";
    double learning_rate = 0, momentum = 0, rho = 0, epsilon = 0;
    int count =
        sscanf(line, "%31s %la %la %la %la", name, &learning_rate, &momentum, &rho, &epsilon);
    assert_int_equal(count, 5);
    dlcore_optimizer_t optimizer = dlcore_optimizer_from_name(name);
    optimizer.learning_rate = learning_rate;
    optimizer.momentum = momentum;
    optimizer.nesterov = strstr(line, " nesterov") != NULL;
    if (optimizer.kind == DLCORE_OPTIMIZER_RMSPROP) {
        optimizer.rho = rho;
        optimizer.epsilon = epsilon;
        optimizer.centered = strstr(line, " centered") != NULL;
    }
    return optimizer;
}

const char *network_metric_name(const fixture_t *fixture, const char *scope, size_t index)
{
    dlcore_compile_options_t options = network_compile_options(fixture, scope);
    assert_true(index < options.metric_count);
    return dlcore_metric_name(options.metrics[index].kind);
}

/* "0.25,0.5": numbers that are there until the next list of that name. */
static dlcore_metric_list_t list_of(const char *text, float numbers[16])
{
    dlcore_metric_list_t list = {.values = numbers};

    for (char *end; list.count < 16; text = end + 1) {
        numbers[list.count++] = strtof(text, &end);
        if (*end != ',')
            break;
    }
    return list;
}

static void set_metric(dlcore_metric_t *metric, const char *key, const char *value)
{
    static float thresholds[16], label_weights[16];
    double number = strtod(value, NULL);
    if (strcmp(key, "thresholds") == 0)
        metric->thresholds = list_of(value, thresholds);
    else if (strcmp(key, "label_weights") == 0)
        metric->label_weights = list_of(value, label_weights);
    else if (strcmp(key, "threshold") == 0)
        metric->threshold = number;
    else if (strcmp(key, "top_k") == 0)
        metric->top_k = (size_t)number;
    else if (strcmp(key, "class_id") == 0)
        metric->class_id = (int)number;
    else if (strcmp(key, "num_thresholds") == 0)
        metric->num_thresholds = (size_t)number;
    else if (strcmp(key, "label_smoothing") == 0)
        metric->label_smoothing = number;
    else if (strcmp(key, "from_logits") == 0)
        metric->from_logits = true;
    else if (strcmp(key, "average") == 0)
        metric->average = strcmp(value, "micro") == 0      ? DLCORE_AVERAGE_MICRO
                          : strcmp(value, "weighted") == 0 ? DLCORE_AVERAGE_WEIGHTED
                                                           : DLCORE_AVERAGE_MACRO;
    else if (strcmp(key, "curve") == 0)
        metric->curve = strcmp(value, "PR") == 0 ? DLCORE_CURVE_PR : DLCORE_CURVE_ROC;
    else if (strcmp(key, "summation_method") == 0)
        metric->summation = dlcore_summation_from_name(value);
    else if (strcmp(key, "multi_label") == 0)
        metric->multi_label = true;
    else if (strcmp(key, "at") == 0)
        metric->at = number;
    else if (strcmp(key, "beta") == 0)
        metric->beta = number;
    else if (strcmp(key, "class_aggregation") == 0)
        metric->aggregation = dlcore_aggregation_from_name(value);
    else if (strcmp(key, "num_regressors") == 0)
        metric->num_regressors = (size_t)number;
    else
        fail_msg("%s?", key);
}

dlcore_metric_t network_metric(const char *line)
{
    char words[11][48] = {""};
    int count = 0;
    for (int used; count < 11 && sscanf(line, "%47s%n", words[count], &used) == 1; line += used)
        count++;
    dlcore_metric_t metric = dlcore_metric_from_name(words[0]);
    assert_int_not_equal(metric.kind, DLCORE_METRIC_NONE);
    for (int i = 1; i + 1 < count; i += 2)
        set_metric(&metric, words[i], words[i + 1]);
    return metric;
}
