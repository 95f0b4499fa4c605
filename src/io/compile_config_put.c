/* Writing compile settings as Keras does.
 *
 * SPDX-License-Identifier: MIT */
#include "io/config_writing.h"
#include "io/model_config.h"
#include "io/optimizer_config.h"

static void put_metric(dlcore_json_writer_t *writer, const dlcore_metric_t *metric)
{
    const char *name = dlcore_metric_name(metric->kind);
    char class_name[64];

    dlcore_class_name(name, class_name, sizeof class_name);
    dlcore_config_open(writer, NULL, "keras.metrics", class_name);
    dlcore_json_put_string(writer, "name", name);
    if (metric->kind == DLCORE_METRIC_ACCURACY || metric->kind == DLCORE_METRIC_BINARY_ACCURACY)
        dlcore_json_put_double(writer, "threshold", metric->threshold);
    dlcore_config_close(writer);
}

void dlcore_compile_config_put(dlcore_json_writer_t *writer,
                               const dlcore_compile_options_t *settings, double learning_rate)
{
    const char *loss = dlcore_loss_name(settings->loss.kind);
    char class_name[64];

    dlcore_json_open(writer, NULL, '{');
    dlcore_optimizer_config_put(writer, &settings->optimizer, learning_rate);
    dlcore_class_name(loss, class_name, sizeof class_name);
    dlcore_config_open(writer, "loss", "keras.losses", class_name);
    dlcore_json_put_string(writer, "name", loss);
    if (settings->loss.kind != DLCORE_LOSS_MEAN_SQUARED_ERROR)
        dlcore_json_put_bool(writer, "from_logits", settings->loss.from_logits);
    dlcore_config_close(writer);
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
