/* What loading a file of Keras would do, as text for people.
 *
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/shown.h"
#include "base/traces.h"
#include "dlcore/keras.h"
#include "exchange/keras_inspect_config.h"
#include "model/model.h"
#include "nn/loss.h"

/* "(3, 4)" */
static void show_weight(FILE *stream, const dlcore_parameter_t *parameter, bool first)
{
    fprintf(stream, "%s%s (%zu", first ? "" : ", ", parameter->name, parameter->shape[0]);
    if (parameter->rank == 2)
        fprintf(stream, ", %zu", parameter->shape[1]);
    fprintf(stream, ")");
}

static void show_layers(FILE *stream, const dlcore_network_t *network)
{
    for (size_t i = 0; i < network->node_count; i++) {
        const dlcore_node_t *node = &network->nodes[i];
        char name[DLCORE_SHOWN_SIZE];

        fprintf(stream, "  %s (%s), %zu to %zu: ",
                dlcore_show(name, node->layer.name, strlen(node->layer.name)),
                node->type->class_name, node->input_width, node->output_width);
        for (size_t p = 0; p < node->parameter_count; p++)
            show_weight(stream, &node->parameters[p], p == 0);
        fprintf(stream, "%s%s\n", node->parameter_count == 0 ? "no weights" : "",
                node->layer.trainable ? "" : "; frozen");
    }
}

static void show_settings(FILE *stream, const dlcore_model_t *model,
                          const dlcore_load_report_t *report)
{
    const dlcore_compile_options_t *settings = &model->settings;

    if (!report->compiled) {
        fprintf(stream, "not compiled\n");
        return;
    }
    fprintf(stream, "compiled: optimizer %s, loss %s, metrics ",
            dlcore_optimizer_name(settings->optimizer.kind),
            dlcore_loss_type(settings->loss.kind)->name);
    for (size_t i = 0; i < settings->metric_count; i++)
        fprintf(stream, "%s%s", i > 0 ? ", " : "", dlcore_metric_name(settings->metrics[i].kind));
    for (size_t i = 0; i < settings->weighted_metric_count; i++)
        fprintf(stream, "%sweighted %s", settings->metric_count + i > 0 ? ", " : "",
                dlcore_metric_name(settings->weighted_metrics[i].kind));
    if (settings->metric_count + settings->weighted_metric_count == 0)
        fprintf(stream, "none");
    if (report->training_state)
        fprintf(stream, "; training goes on from step %llu\n",
                (unsigned long long)model->trainer.clock.iterations);
    else
        fprintf(stream, "; the optimizer begins anew\n");
}

/* What a file that cannot be loaded has in it, where its texts can be read. */
static void show_refused(const char *path, const void *bytes, size_t size,
                         const dlcore_load_options_t *options, FILE *stream)
{
    dlcore_allocator_t allocator = options->model.allocator;
    dlcore_error_record_t ignored = {.message = ""};
    dlcore_keras_file_t file;
    dlcore_status status;

    if (bytes == NULL)
        status = dlcore_keras_file_open(&file, path, &allocator, &ignored);
    else
        status = dlcore_keras_file_open_memory(&file, bytes, size, &allocator, &ignored);
    if (status == DLCORE_OK)
        dlcore_keras_inspect_config(&file, stream);
    dlcore_keras_file_close(&file);
}

/* From a path, or from bytes with path NULL. */
static dlcore_status keras_inspect(const char *path, const void *bytes, size_t size,
                                   const dlcore_load_options_t *options, FILE *stream)
{
    dlcore_load_options_t how = options != NULL ? *options : dlcore_load_options_default();
    dlcore_error_record_t *error = how.error, found = {.message = ""};
    dlcore_load_report_t report;
    dlcore_model_t *model = NULL;
    dlcore_status status;

    if (stream == NULL)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "keras_inspect: the stream is NULL");
    how.error = &found;
    how.report = &report;
    if (bytes == NULL)
        status = dlcore_keras_load(path, &how, &model);
    else
        status = dlcore_keras_load_memory(bytes, size, &how, &model);
    if (status == DLCORE_OK) {
        fprintf(stream, "%s: %zu layers, %zu weights, %zu bytes\n",
                report.library_version[0] != '\0' ? report.library_version : "Keras",
                model->network.node_count, model->network.parameter_count,
                model->network.parameter_count * sizeof(float));
        show_layers(stream, &model->network);
        show_settings(stream, model, &report);
    } else {
        fprintf(stream, "cannot be loaded: %s\n", found.message);
        if (status != DLCORE_ERROR_ARGUMENT) /* then the options are not to be used */
            show_refused(path, bytes, size, &how, stream);
        status = dlcore_fail(error, status, "%s", found.message);
    }
    dlcore_model_free(model);
    if ((fflush(stream) != 0 || ferror(stream)) && status == DLCORE_OK)
        status = dlcore_fail(error, DLCORE_ERROR_IO, "keras_inspect: cannot write to the stream");
    return status;
}

dlcore_status dlcore_keras_inspect(const char *path, const dlcore_load_options_t *options,
                                   FILE *stream)
{
    dlcore_traces_t before = dlcore_traces_note();

    return dlcore_traces_end(before, keras_inspect(path, NULL, 0, options, stream));
}

dlcore_status dlcore_keras_inspect_memory(const void *bytes, size_t size,
                                          const dlcore_load_options_t *options, FILE *stream)
{
    dlcore_traces_t before = dlcore_traces_note();

    return dlcore_traces_end(before, keras_inspect(NULL, bytes, size, options, stream));
}
