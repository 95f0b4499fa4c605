/* Reading layers and compile settings from what Keras or dlcore wrote.
 *
 * SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/error.h"
#include "base/name.h"
#include "io/model_config.h"

/* What reading carries along; `what` is the part that is being read: "layer 3". */
typedef struct reading {
    const char *file;
    const char *part;
    size_t number;
    dlcore_error_record_t *error;
} reading_t;

static dlcore_status refuse(const reading_t *reading, dlcore_status status, const char *member,
                            const char *what)
{
    return dlcore_fail(reading->error, status, "%s: %s %zu: %s %s", reading->file, reading->part,
                       reading->number, member, what);
}

/* ---- members that may be absent, and then leave the value as it is ---- */

static dlcore_status find(const reading_t *reading, const dlcore_json_t *object, const char *name,
                          dlcore_json_t *value)
{
    if (!dlcore_json_member(object, name, value))
        return refuse(reading, DLCORE_ERROR_FORMAT, name, "is there twice");
    return DLCORE_OK;
}

static dlcore_status get_bool(const reading_t *reading, const dlcore_json_t *object,
                              const char *name, bool *value)
{
    dlcore_json_t found;
    dlcore_status status = find(reading, object, name, &found);

    if (status != DLCORE_OK || found.kind == DLCORE_JSON_NONE)
        return status;
    if (found.kind != DLCORE_JSON_TRUE && found.kind != DLCORE_JSON_FALSE)
        return refuse(reading, DLCORE_ERROR_FORMAT, name, "is neither true nor false");
    *value = found.kind == DLCORE_JSON_TRUE;
    return DLCORE_OK;
}

static dlcore_status get_double(const reading_t *reading, const dlcore_json_t *object,
                                const char *name, double *value)
{
    dlcore_json_t found;
    dlcore_status status = find(reading, object, name, &found);

    if (status != DLCORE_OK || found.kind == DLCORE_JSON_NONE)
        return status;
    if (!dlcore_json_double(&found, value))
        return refuse(reading, DLCORE_ERROR_UNSUPPORTED, name, "is no finite number");
    return DLCORE_OK;
}

/* A name of fewer than `room` bytes; "" when it is absent. */
static dlcore_status get_name(const reading_t *reading, const dlcore_json_t *object,
                              const char *name, char *text, size_t room)
{
    dlcore_json_t found;
    dlcore_status status = find(reading, object, name, &found);

    text[0] = '\0';
    if (status != DLCORE_OK || found.kind == DLCORE_JSON_NONE)
        return status;
    if (found.kind != DLCORE_JSON_STRING)
        return refuse(reading, DLCORE_ERROR_UNSUPPORTED, name, "is no name");
    if (dlcore_json_string(&found, text, room) != strlen(text))
        return refuse(reading, DLCORE_ERROR_FORMAT, name, "is too long, or has a zero byte");
    return DLCORE_OK;
}

/* A thing by its name, "glorot_uniform", or as an object with class_name and config; `snake` is ""
 * when there is none. */
static dlcore_status get_thing(const reading_t *reading, const dlcore_json_t *thing, char *snake,
                               size_t room, dlcore_json_t *config)
{
    char name[DLCORE_NAME_SIZE] = "";
    dlcore_status status = DLCORE_OK;

    *config = (dlcore_json_t){0};
    if (thing->kind == DLCORE_JSON_STRING) {
        if (dlcore_json_string(thing, name, sizeof name) != strlen(name))
            return refuse(reading, DLCORE_ERROR_FORMAT, "its name", "is too long");
    } else {
        status = get_name(reading, thing, "class_name", name, sizeof name);
        if (status == DLCORE_OK)
            status = find(reading, thing, "config", config);
    }
    dlcore_snake_name(name, snake, room);
    return status;
}

/* ---- layers ---- */

static dlcore_status get_initializer(const reading_t *reading, const dlcore_json_t *object,
                                     const char *name, dlcore_initializer_t *initializer)
{
    char snake[2 * DLCORE_NAME_SIZE];
    dlcore_json_t found, config;
    dlcore_status status = find(reading, object, name, &found);

    if (status != DLCORE_OK || found.kind == DLCORE_JSON_NONE)
        return status;
    status = get_thing(reading, &found, snake, sizeof snake, &config);
    if (status != DLCORE_OK)
        return status;
    *initializer = dlcore_initializer_from_name(snake);
    if (initializer->kind == DLCORE_INITIALIZER_UNKNOWN)
        return refuse(reading, DLCORE_ERROR_UNSUPPORTED, name, "is not known here");
    if (initializer->kind == DLCORE_INITIALIZER_CONSTANT)
        status = get_double(reading, &config, "value", &initializer->value);
    return status;
}

static dlcore_status get_activation(const reading_t *reading, const dlcore_json_t *config,
                                    dlcore_activation_t *activation)
{
    char name[DLCORE_NAME_SIZE];
    dlcore_status status = get_name(reading, config, "activation", name, sizeof name);

    if (status != DLCORE_OK || name[0] == '\0')
        return status;
    *activation = dlcore_activation_from_name(name);
    if (*activation == DLCORE_ACTIVATION_UNKNOWN)
        return refuse(reading, DLCORE_ERROR_UNSUPPORTED, "its activation", "is not known here");
    return DLCORE_OK;
}

static dlcore_status get_dense(const reading_t *reading, const dlcore_json_t *config,
                               dlcore_layer_t *layer)
{
    dlcore_json_t units;
    dlcore_status status = find(reading, config, "units", &units);

    if (status == DLCORE_OK && !dlcore_json_size(&units, &layer->units))
        return refuse(reading, DLCORE_ERROR_FORMAT, "units", "is no size");
    if (status == DLCORE_OK)
        status = get_activation(reading, config, &layer->activation);
    if (status == DLCORE_OK)
        status = get_bool(reading, config, "use_bias", &layer->use_bias);
    if (status == DLCORE_OK)
        status = get_initializer(reading, config, "kernel_initializer", &layer->kernel_initializer);
    if (status == DLCORE_OK)
        status = get_initializer(reading, config, "bias_initializer", &layer->bias_initializer);
    return status;
}

/* [null, 784], or more axes, which count as their product. */
static dlcore_status get_width(const reading_t *reading, const dlcore_json_t *config,
                               const char *name, size_t *width)
{
    dlcore_json_t shape, length;
    dlcore_json_steps_t steps;
    size_t product = 1, number, axes = 0;
    dlcore_status status = find(reading, config, name, &shape);

    if (status != DLCORE_OK || shape.kind != DLCORE_JSON_ARRAY)
        return status;
    steps = dlcore_json_steps(&shape);
    for (; dlcore_json_step(&steps, NULL, &length); axes++) {
        if (axes == 0)
            continue; /* the batch */
        if (axes > 8 || !dlcore_json_size(&length, &number) || number == 0 ||
            product > SIZE_MAX / number)
            return refuse(reading, DLCORE_ERROR_FORMAT, name, "is no shape of a batch");
        product *= number;
    }
    if (axes < 2)
        return refuse(reading, DLCORE_ERROR_FORMAT, name, "is no shape of a batch");
    *width = product;
    return DLCORE_OK;
}

static dlcore_status get_layer(const reading_t *reading, const dlcore_json_t *config,
                               const char *class_name, dlcore_layer_t *layer)
{
    dlcore_status status;

    *layer = dlcore_layer_from_name(class_name);
    status = get_name(reading, config, "name", layer->name, sizeof layer->name);
    if (status != DLCORE_OK)
        return status;
    switch (layer->kind) {
    case DLCORE_LAYER_DENSE:
        return get_dense(reading, config, layer);
    case DLCORE_LAYER_ACTIVATION:
        return get_activation(reading, config, &layer->activation);
    case DLCORE_LAYER_RESCALING:
        status = get_double(reading, config, "scale", &layer->scale);
        return status == DLCORE_OK ? get_double(reading, config, "offset", &layer->offset) : status;
    case DLCORE_LAYER_FLATTEN:
        return DLCORE_OK;
    case DLCORE_LAYER_UNKNOWN:
        break;
    }
    return dlcore_fail(reading->error, DLCORE_ERROR_UNSUPPORTED,
                       "%s: layer %zu: this version has no layer %s", reading->file,
                       reading->number, class_name);
}

/* One element of "layers"; an InputLayer only sets *width. */
static dlcore_status add_layer(const reading_t *reading, const dlcore_json_t *object,
                               dlcore_model_t *model, size_t *width)
{
    char class_name[DLCORE_NAME_SIZE];
    dlcore_json_t config;
    dlcore_layer_t layer;
    dlcore_status status = get_name(reading, object, "class_name", class_name, sizeof class_name);

    if (status == DLCORE_OK)
        status = find(reading, object, "config", &config);
    if (status != DLCORE_OK)
        return status;
    if (config.kind != DLCORE_JSON_OBJECT)
        return refuse(reading, DLCORE_ERROR_FORMAT, "config", "is no object");
    if (strcmp(class_name, "InputLayer") == 0) {
        if (dlcore_model_layer_count(model) > 0 || *width != 0)
            return refuse(reading, DLCORE_ERROR_UNSUPPORTED, "InputLayer", "is not the first");
        return get_width(reading, &config, "batch_shape", width);
    }
    status = get_layer(reading, &config, class_name, &layer);
    if (status != DLCORE_OK)
        return status;
    if (dlcore_model_layer_count(model) == 0)
        layer.input_width = *width;
    status = dlcore_model_add(model, layer);
    if (status != DLCORE_OK)
        return dlcore_fail(reading->error, status, "%s: %s", reading->file,
                           dlcore_model_error(model));
    return DLCORE_OK;
}

static dlcore_status add_layers(reading_t *reading, const dlcore_json_t *layers,
                                dlcore_model_t *model, size_t *width)
{
    dlcore_json_steps_t steps = dlcore_json_steps(layers);
    dlcore_json_t layer;
    dlcore_status status = DLCORE_OK;

    for (; status == DLCORE_OK && dlcore_json_step(&steps, NULL, &layer); reading->number++) {
        if (reading->number > DLCORE_MODEL_CONFIG_LAYERS_MAX)
            return refuse(reading, DLCORE_ERROR_UNSUPPORTED, "there are", "more than 1000 layers");
        status = add_layer(reading, &layer, model, width);
    }
    return status;
}

dlcore_status dlcore_model_config_read(const dlcore_json_t *config, const char *file,
                                       dlcore_model_t *model, size_t *input_width,
                                       dlcore_error_record_t *error)
{
    reading_t reading = {.file = file, .part = "model_config: layer", .error = error};
    char class_name[DLCORE_NAME_SIZE];
    dlcore_json_t inside, layers;
    size_t built = 0;
    dlcore_status status = get_name(&reading, config, "class_name", class_name, sizeof class_name);

    *input_width = 0;
    if (status == DLCORE_OK && strcmp(class_name, "Sequential") != 0)
        return dlcore_fail(error, DLCORE_ERROR_UNSUPPORTED,
                           "%s: model_config: a model of class \"%s\", not Sequential", file,
                           class_name);
    if (status == DLCORE_OK)
        status = find(&reading, config, "config", &inside);
    if (status == DLCORE_OK)
        status = find(&reading, &inside, "layers", &layers);
    if (status == DLCORE_OK)
        status = add_layers(&reading, &layers, model, input_width);
    if (status == DLCORE_OK)
        status = get_width(&reading, &inside, "build_input_shape", &built);
    if (status != DLCORE_OK)
        return status;
    if (*input_width != 0 && built != 0 && built != *input_width)
        return dlcore_fail(error, DLCORE_ERROR_FORMAT,
                           "%s: model_config: built for %zu inputs, the first layer has %zu", file,
                           built, *input_width);
    if (built != 0)
        *input_width = built;
    if (*input_width == 0 || dlcore_model_layer_count(model) == 0)
        return dlcore_fail(error, DLCORE_ERROR_FORMAT, "%s: model_config: %s", file,
                           *input_width == 0 ? "the width of the input is not there"
                                             : "has no layers");
    return DLCORE_OK;
}

/* ---- compile settings ---- */

static dlcore_status get_optimizer(const reading_t *reading, const dlcore_json_t *object,
                                   dlcore_optimizer_t *optimizer)
{
    char name[DLCORE_NAME_SIZE];
    dlcore_json_t config;
    dlcore_status status = get_name(reading, object, "class_name", name, sizeof name);

    if (status == DLCORE_OK)
        status = find(reading, object, "config", &config);
    if (status != DLCORE_OK)
        return status;
    *optimizer = dlcore_optimizer_from_name(name);
    if (optimizer->kind == DLCORE_OPTIMIZER_UNKNOWN)
        return dlcore_fail(reading->error, DLCORE_ERROR_UNSUPPORTED,
                           "%s: compile_config: this version has no optimizer \"%s\"",
                           reading->file, name);
    status = get_double(reading, &config, "learning_rate", &optimizer->learning_rate);
    if (status == DLCORE_OK)
        status = get_double(reading, &config, "momentum", &optimizer->momentum);
    if (status == DLCORE_OK)
        status = get_bool(reading, &config, "nesterov", &optimizer->nesterov);
    if (status == DLCORE_OK)
        status = get_double(reading, &config, "rho", &optimizer->rho);
    if (status == DLCORE_OK)
        status = get_double(reading, &config, "epsilon", &optimizer->epsilon);
    if (status == DLCORE_OK)
        status = get_bool(reading, &config, "centered", &optimizer->centered);
    return status;
}

static dlcore_status get_loss(const reading_t *reading, const dlcore_json_t *thing,
                              dlcore_loss_t *loss)
{
    char snake[2 * DLCORE_NAME_SIZE];
    dlcore_json_t config;
    dlcore_status status = get_thing(reading, thing, snake, sizeof snake, &config);

    if (status != DLCORE_OK)
        return status;
    *loss = dlcore_loss_from_name(snake);
    if (loss->kind == DLCORE_LOSS_UNKNOWN)
        return dlcore_fail(reading->error, DLCORE_ERROR_UNSUPPORTED,
                           "%s: compile_config: this version has no loss \"%s\"", reading->file,
                           snake);
    return get_bool(reading, &config, "from_logits", &loss->from_logits);
}

static dlcore_status get_metrics(reading_t *reading, const dlcore_json_t *list,
                                 dlcore_compile_options_t *settings)
{
    dlcore_json_steps_t steps = dlcore_json_steps(list);
    dlcore_json_t thing, config;
    dlcore_status status;

    reading->part = "compile_config: metric";
    while (dlcore_json_step(&steps, NULL, &thing)) {
        dlcore_metric_t *metric = &settings->metrics[settings->metric_count];
        char snake[2 * DLCORE_NAME_SIZE];

        reading->number = settings->metric_count;
        if (settings->metric_count == DLCORE_METRICS_MAX)
            return refuse(reading, DLCORE_ERROR_UNSUPPORTED, "there are", "too many");
        status = get_thing(reading, &thing, snake, sizeof snake, &config);
        if (status != DLCORE_OK)
            return status;
        *metric = dlcore_metric_from_name(snake);
        if (metric->kind == DLCORE_METRIC_NONE)
            return refuse(reading, DLCORE_ERROR_UNSUPPORTED, "its kind", "is not known here");
        status = get_double(reading, &config, "threshold", &metric->threshold);
        if (status != DLCORE_OK)
            return status;
        settings->metric_count++;
    }
    return DLCORE_OK;
}

dlcore_status dlcore_compile_config_read(const dlcore_json_t *config, const char *file,
                                         dlcore_compile_options_t *settings,
                                         dlcore_error_record_t *error)
{
    reading_t reading = {.file = file, .part = "compile_config: part", .error = error};
    dlcore_json_t optimizer, loss, metrics;
    dlcore_status status = find(&reading, config, "optimizer", &optimizer);

    *settings = dlcore_compile_options_default();
    if (status == DLCORE_OK)
        status = find(&reading, config, "loss", &loss);
    if (status == DLCORE_OK)
        status = find(&reading, config, "metrics", &metrics);
    if (status == DLCORE_OK)
        status = get_optimizer(&reading, &optimizer, &settings->optimizer);
    if (status == DLCORE_OK)
        status = get_loss(&reading, &loss, &settings->loss);
    if (status == DLCORE_OK)
        status = get_metrics(&reading, &metrics, settings);
    return status;
}
