/* Writing layers and compile settings as Keras does.
 *
 * SPDX-License-Identifier: MIT */
#include <stddef.h>

#include "io/model_config.h"
#include "model/model.h"
#include "nn/optimizer.h"

void dlcore_class_name(const char *snake, char *camel, size_t room)
{
    bool upper = true;
    size_t length = 0;

    for (; *snake != '\0' && length + 1 < room; snake++) {
        bool lower = *snake >= 'a' && *snake <= 'z';

        if (*snake != '_')
            camel[length++] = (char)(upper && lower ? *snake - 'a' + 'A' : *snake);
        upper = *snake == '_';
    }
    camel[length] = '\0';
}

void dlcore_snake_name(const char *camel, char *snake, size_t room)
{
    size_t length = 0;
    bool lower = false; /* the letter before */

    for (; *camel != '\0' && length + 2 < room; camel++) {
        bool upper = *camel >= 'A' && *camel <= 'Z';

        if (upper && lower)
            snake[length++] = '_';
        snake[length++] = (char)(upper ? *camel - 'A' + 'a' : *camel);
        lower = !upper;
    }
    snake[length] = '\0';
}

/* {"module":...,"class_name":...,"config":{, and its end. */
static void open_object(dlcore_json_writer_t *writer, const char *name, const char *module,
                        const char *class_name)
{
    dlcore_json_open(writer, name, '{');
    dlcore_json_put_string(writer, "module", module);
    dlcore_json_put_string(writer, "class_name", class_name);
    dlcore_json_open(writer, "config", '{');
}

static void close_object(dlcore_json_writer_t *writer)
{
    dlcore_json_close(writer, '}');
    dlcore_json_put_null(writer, "registered_name");
    dlcore_json_close(writer, '}');
}

/* [null, width] */
static void put_shape(dlcore_json_writer_t *writer, const char *name, size_t width)
{
    dlcore_json_open(writer, name, '[');
    dlcore_json_put_null(writer, NULL);
    dlcore_json_put_uint64(writer, NULL, width);
    dlcore_json_close(writer, ']');
}

static void put_initializer(dlcore_json_writer_t *writer, const char *name,
                            const dlcore_initializer_t *initializer)
{
    char class_name[64];

    dlcore_class_name(dlcore_initializer_name(initializer->kind), class_name, sizeof class_name);
    open_object(writer, name, "keras.initializers", class_name);
    if (initializer->kind == DLCORE_INITIALIZER_CONSTANT)
        dlcore_json_put_double(writer, "value", initializer->value);
    else if (initializer->kind != DLCORE_INITIALIZER_ZEROS &&
             initializer->kind != DLCORE_INITIALIZER_ONES)
        dlcore_json_put_null(writer, "seed"); /* drawn from the model's */
    close_object(writer);
}

static void put_layer(dlcore_json_writer_t *writer, const dlcore_layer_t *layer)
{
    open_object(writer, NULL, "keras.layers", dlcore_layer_kind_name(layer->kind));
    dlcore_json_put_string(writer, "name", layer->name);
    dlcore_json_put_bool(writer, "trainable", true);
    switch (layer->kind) {
    case DLCORE_LAYER_DENSE:
        dlcore_json_put_uint64(writer, "units", layer->units);
        dlcore_json_put_string(writer, "activation", dlcore_activation_name(layer->activation));
        dlcore_json_put_bool(writer, "use_bias", layer->use_bias);
        put_initializer(writer, "kernel_initializer", &layer->kernel_initializer);
        put_initializer(writer, "bias_initializer", &layer->bias_initializer);
        break;
    case DLCORE_LAYER_ACTIVATION:
        dlcore_json_put_string(writer, "activation", dlcore_activation_name(layer->activation));
        break;
    case DLCORE_LAYER_RESCALING:
        dlcore_json_put_double(writer, "scale", layer->scale);
        dlcore_json_put_double(writer, "offset", layer->offset);
        break;
    case DLCORE_LAYER_FLATTEN:
    case DLCORE_LAYER_UNKNOWN:
        break;
    }
    close_object(writer);
}

void dlcore_model_config_put(dlcore_json_writer_t *writer, const dlcore_model_t *model)
{
    const dlcore_network_t *network = &model->network;

    open_object(writer, NULL, "keras", "Sequential");
    dlcore_json_put_string(writer, "name", "sequential");
    dlcore_json_open(writer, "layers", '[');
    if (network->nodes[0].declared_width > 0) {
        open_object(writer, NULL, "keras.layers", "InputLayer");
        put_shape(writer, "batch_shape", network->nodes[0].declared_width);
        dlcore_json_put_string(writer, "dtype", "float32");
        dlcore_json_put_string(writer, "name", "input_layer");
        close_object(writer);
    }
    for (size_t i = 0; i < network->node_count; i++)
        put_layer(writer, &network->nodes[i].layer);
    dlcore_json_close(writer, ']');
    put_shape(writer, "build_input_shape", dlcore_network_input_width(network));
    close_object(writer);
}

static void put_optimizer(dlcore_json_writer_t *writer, const dlcore_optimizer_t *optimizer)
{
    const dlcore_optimizer_type_t *type = dlcore_optimizer_type(optimizer->kind);

    open_object(writer, "optimizer", "keras.optimizers", type->class_name);
    dlcore_json_put_string(writer, "name", type->name);
    dlcore_json_put_double(writer, "learning_rate", optimizer->learning_rate);
    dlcore_json_put_double(writer, "momentum", optimizer->momentum);
    switch (optimizer->kind) {
    case DLCORE_OPTIMIZER_SGD:
        dlcore_json_put_bool(writer, "nesterov", optimizer->nesterov);
        break;
    case DLCORE_OPTIMIZER_RMSPROP:
        dlcore_json_put_double(writer, "rho", optimizer->rho);
        dlcore_json_put_double(writer, "epsilon", optimizer->epsilon);
        dlcore_json_put_bool(writer, "centered", optimizer->centered);
        break;
    case DLCORE_OPTIMIZER_UNKNOWN:
        break;
    }
    close_object(writer);
}

static void put_metric(dlcore_json_writer_t *writer, const dlcore_metric_t *metric)
{
    const char *name = dlcore_metric_name(metric->kind);
    char class_name[64];

    dlcore_class_name(name, class_name, sizeof class_name);
    open_object(writer, NULL, "keras.metrics", class_name);
    dlcore_json_put_string(writer, "name", name);
    if (metric->kind == DLCORE_METRIC_ACCURACY || metric->kind == DLCORE_METRIC_BINARY_ACCURACY)
        dlcore_json_put_double(writer, "threshold", metric->threshold);
    close_object(writer);
}

void dlcore_compile_config_put(dlcore_json_writer_t *writer,
                               const dlcore_compile_options_t *settings)
{
    const char *loss = dlcore_loss_name(settings->loss.kind);
    char class_name[64];

    dlcore_json_open(writer, NULL, '{');
    put_optimizer(writer, &settings->optimizer);
    dlcore_class_name(loss, class_name, sizeof class_name);
    open_object(writer, "loss", "keras.losses", class_name);
    dlcore_json_put_string(writer, "name", loss);
    if (settings->loss.kind != DLCORE_LOSS_MEAN_SQUARED_ERROR)
        dlcore_json_put_bool(writer, "from_logits", settings->loss.from_logits);
    close_object(writer);
    dlcore_json_open(writer, "metrics", '[');
    for (size_t i = 0; i < settings->metric_count; i++) {
        const dlcore_metric_t *metric = &settings->metrics[i];

        if (metric->kind == DLCORE_METRIC_ACCURACY && metric->threshold == 0.5)
            dlcore_json_put_string(writer, NULL, "accuracy");
        else
            put_metric(writer, metric);
    }
    dlcore_json_close(writer, ']');
    dlcore_json_close(writer, '}');
}
