/* The texts of a .keras file.
 *
 * SPDX-License-Identifier: MIT */
#include "exchange/keras_config.h"

#include <string.h>

#include "base/allocator.h"
#include "base/error.h"
#include "dlcore/version.h"
#include "model/model.h"
#include "nn/loss.h"
#include "nn/metric.h"
#include "nn/schedule.h"
#include "store/model_config.h"
#include "store/note_members.h"

dlcore_status dlcore_keras_config_check(const dlcore_model_t *model, dlcore_error_record_t *error)
{
    const dlcore_optimizer_t *optimizer = &model->settings.optimizer;

    if (model->compiled && optimizer->weight_decay > 0.0 && optimizer->weight_decay_excludes_bias)
        return dlcore_fail(error, DLCORE_ERROR_UNSUPPORTED,
                           "keras_save: the optimizer's weight_decay_excludes_bias: Keras keeps "
                           "that in no file");
    return DLCORE_OK;
}

dlcore_status dlcore_keras_config_check_layers(const dlcore_network_t *network, const char *what,
                                               dlcore_error_record_t *error)
{
    for (size_t i = 0; i < network->node_count; i++) {
        const dlcore_layer_t *layer = &network->nodes[i].layer;

        if (layer->activation == DLCORE_ACTIVATION_SPARSEMAX)
            return dlcore_fail(
                error, DLCORE_ERROR_UNSUPPORTED,
                "%s: %s has the activation sparsemax, which Keras does not have: its "
                "own of that name is sparsemax_keras here",
                what, layer->name);
        if (layer->activation == DLCORE_ACTIVATION_GELU_TANH)
            return dlcore_fail(error, DLCORE_ERROR_UNSUPPORTED,
                               "%s: %s has the activation gelu_tanh, which files of Keras cannot "
                               "name: its gelu with approximate=True is a call",
                               what, layer->name);
        if (layer->kind == DLCORE_LAYER_GLU && i + 1 < network->node_count)
            return dlcore_fail(error, DLCORE_ERROR_UNSUPPORTED,
                               "%s: %s is glu and not the last layer: Keras states the wrong width "
                               "behind it",
                               what, layer->name);
    }
    return DLCORE_OK;
}

/* Writes a text in two passes: into NULL to learn its size, then into memory. */
typedef void keras_put_t(dlcore_json_writer_t *writer, const void *what);

static dlcore_status make_text(keras_put_t *put, const void *what,
                               const dlcore_allocator_t *allocator, char **text, size_t *size,
                               dlcore_error_record_t *error)
{
    dlcore_json_writer_t writer = dlcore_json_writer(NULL, 0);

    *text = NULL;
    writer.for_keras = true;
    put(&writer, what);
    *size = writer.size;
    if (writer.not_finite)
        return dlcore_fail(error, DLCORE_ERROR_UNSUPPORTED,
                           "keras_save: %s is %g: JSON has no such "
                           "number",
                           writer.name != NULL ? writer.name : "a setting", writer.number);
    *text = dlcore_allocate_raw(allocator, *size, 1);
    if (*text == NULL)
        return dlcore_fail_memory(error, "keras_save", *size);
    writer = dlcore_json_writer(*text, *size);
    writer.for_keras = true;
    put(&writer, what);
    return DLCORE_OK;
}

/* ---- config.json ---- */

/* A model with its compile settings as Keras has them. */
typedef struct keras_config {
    const dlcore_model_t *model;
    dlcore_compile_options_t *settings; /* NULL: not compiled */
} keras_config_t;

/* "accuracy" with a threshold or a name is none of Keras's classes, but stands for one of them. */
static void resolve_metric(const dlcore_model_t *model, dlcore_metric_t *metric)
{
    const dlcore_metric_t plain = dlcore_metric_from_name("accuracy");

    if (metric->kind != DLCORE_METRIC_ACCURACY ||
        (metric->name[0] == '\0' && metric->threshold == plain.threshold))
        return;
    metric->kind =
        dlcore_metric_resolve(metric->kind, dlcore_loss_type(model->settings.loss.kind)->labels,
                              dlcore_network_output_width(&model->network));
    if (metric->name[0] == '\0')
        memcpy(metric->name, "accuracy", sizeof "accuracy");
}

static void resolve_metrics_for_keras(const keras_config_t *config)
{
    *config->settings = config->model->settings;
    for (size_t i = 0; i < config->settings->metric_count; i++)
        resolve_metric(config->model, &config->settings->metrics[i]);
    for (size_t i = 0; i < config->settings->weighted_metric_count; i++)
        resolve_metric(config->model, &config->settings->weighted_metrics[i]);
}

static void put_config(dlcore_json_writer_t *writer, const void *what)
{
    const keras_config_t *config = what;

    dlcore_model_config_put_compiled(writer, config->model, config->settings,
                                     dlcore_model_learning_rate(config->model));
}

dlcore_status dlcore_keras_config_make(const dlcore_model_t *model,
                                       const dlcore_allocator_t *allocator, char **text,
                                       size_t *size, dlcore_error_record_t *error)
{
    keras_config_t config = {.model = model};
    const dlcore_schedule_type_t *schedule =
        dlcore_schedule_type(model->settings.optimizer.schedule.kind);
    dlcore_status status;

    *text = NULL;
    status = dlcore_keras_config_check_layers(&model->network, "keras_save", error);
    if (status != DLCORE_OK)
        return status;
    if (model->compiled && dlcore_loss_type(model->settings.loss.kind)->not_in_keras)
        return dlcore_fail(error, DLCORE_ERROR_UNSUPPORTED, "keras: Keras has no loss %s",
                           dlcore_loss_name(model->settings.loss.kind));
    if (model->compiled && schedule != NULL && schedule->not_in_keras)
        return dlcore_fail(error, DLCORE_ERROR_UNSUPPORTED, "keras: Keras has no schedule %s",
                           schedule->name);
    if (model->compiled &&
        (model->settings.loss.missing_labels || model->settings.loss.weighted_labels))
        return dlcore_fail(
            error, DLCORE_ERROR_UNSUPPORTED, "keras: %s of the loss, %s, is nothing that Keras has",
            model->settings.loss.missing_labels ? "missing_labels" : "weighted_labels",
            dlcore_loss_name(model->settings.loss.kind));
    if (model->compiled) {
        config.settings = dlcore_allocate_raw(allocator, 1, sizeof *config.settings);
        if (config.settings == NULL)
            return dlcore_fail_memory(error, "compile_config", sizeof *config.settings);
        resolve_metrics_for_keras(&config);
    }
    status = make_text(put_config, &config, allocator, text, size, error);
    dlcore_release(allocator, config.settings);
    return status;
}

/* ---- metadata.json ---- */

static void put_keras_metadata(dlcore_json_writer_t *writer, const void *what)
{
    const dlcore_model_t *model = what;

    dlcore_json_open(writer, NULL, '{');
    dlcore_json_put_string(writer, "keras_version", "3.0.0"); /* the oldest that opens it */
    dlcore_json_put_string(writer, "dlcore_version", dlcore_version_string());
    dlcore_note_members_put(writer, &model->notes);
    dlcore_json_close(writer, '}');
}

dlcore_status dlcore_keras_metadata_make(const dlcore_model_t *model,
                                         const dlcore_allocator_t *allocator, char **text,
                                         size_t *size, dlcore_error_record_t *error)
{
    return make_text(put_keras_metadata, model, allocator, text, size, error);
}
