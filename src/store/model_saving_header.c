/* The header of a model's file: metadata, then names, shapes and places of the tensors.
 *
 * SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdio.h>

#include "base/allocator.h"
#include "base/error.h"
#include "dlcore/version.h"
#include "store/model_config.h"
#include "store/model_saving.h"
#include "store/note_members.h"
#include "store/run_state_json.h"
#include "store/safetensors.h"
#include "json/json.h"

/* Numbers as text: JSON's are doubles to most readers. */
static void put_training(dlcore_json_writer_t *writer, const dlcore_model_saving_t *saving)
{
    const dlcore_model_t *model = saving->model;

    dlcore_json_open_text(writer, "dlcore.training_state");
    dlcore_json_open(writer, NULL, '{');
    dlcore_json_put_text_number(writer, "epochs_trained", model->epochs_trained);
    dlcore_json_put_text_number(writer, "steps_trained", model->steps_trained);
    dlcore_json_put_text_number(writer, "iterations", model->trainer.clock.iterations);
    dlcore_json_put_double(writer, "momentum_product", model->trainer.clock.product);
    dlcore_json_put_text_number(writer, "seed", model->options.seed);
    if (saving->tensors.run != NULL)
        dlcore_run_state_put(writer, saving->tensors.run);
    dlcore_json_close(writer, '}');
    dlcore_json_close_text(writer);
}

/* Programs of PyTorch's want to be told that tensors are theirs. */
static const char *format_of(const dlcore_model_saving_t *saving)
{
    return saving->style != NULL && saving->style->style == DLCORE_WEIGHT_STYLE_PYTORCH ? "pt"
                                                                                        : "dlcore";
}

static void put_metadata(dlcore_json_writer_t *writer, const dlcore_model_saving_t *saving)
{
    const dlcore_model_t *model = saving->model;
    char text[32];

    dlcore_json_open(writer, "__metadata__", '{');
    dlcore_json_put_string(writer, "format", format_of(saving));
    dlcore_json_put_string(writer, "dlcore.format_version", "1");
    dlcore_json_put_string(writer, "dlcore.version", dlcore_version_string());
    snprintf(text, sizeof text, "xxh64:%016" PRIx64, saving->checksum);
    dlcore_json_put_string(writer, "dlcore.checksum", text);
    if (saving->whole && model->options.precision != NULL)
        dlcore_json_put_string(writer, "dlcore.precision",
                               dlcore_precision_name(model->options.precision));
    if (saving->whole) {
        dlcore_note_members_put(writer, &model->notes);
        dlcore_json_open_text(writer, "model_config");
        dlcore_model_config_put(writer, model);
        dlcore_json_close_text(writer);
    }
    if (saving->whole && model->compiled) {
        dlcore_json_open_text(writer, "compile_config");
        dlcore_compile_config_put(writer, NULL, &model->settings, saving->learning_rate);
        dlcore_json_close_text(writer);
    }
    if (saving->whole && saving->options.training_state)
        put_training(writer, saving);
    dlcore_json_close(writer, '}');
}

static dlcore_json_writer_t put_header(const dlcore_model_saving_t *saving, char *to, size_t room)
{
    dlcore_json_writer_t writer = dlcore_json_writer(to, room);
    size_t count = dlcore_model_tensors_count(&saving->tensors), at = 0;

    dlcore_json_open(&writer, NULL, '{');
    put_metadata(&writer, saving);
    for (size_t i = 0; i < count; i++) {
        dlcore_model_tensor_t tensor = dlcore_model_saving_tensor(saving, i);

        if (!dlcore_model_saving_has(saving, i))
            continue;
        at = dlcore_safetensors_put_tensor(&writer, tensor.name, saving->element, tensor.rank,
                                           tensor.shape, at);
    }
    dlcore_json_close(&writer, '}');
    dlcore_safetensors_pad(&writer);
    return writer;
}

dlcore_status dlcore_model_saving_make_header(dlcore_model_saving_t *saving)
{
    dlcore_json_writer_t writer = put_header(saving, NULL, 0);
    dlcore_json_problem_t problem;
    dlcore_json_t whole;

    if (writer.not_finite)
        return dlcore_fail(saving->error, DLCORE_ERROR_RANGE, "save: %s must be finite, got %g",
                           writer.name != NULL ? writer.name : "an element of a list",
                           writer.number);
    saving->header_size = writer.size;
    saving->header = dlcore_allocate_raw(&saving->held, writer.size, 1);
    if (saving->header == NULL)
        return dlcore_fail_memory(saving->error, "header of the file", writer.size);
    (void)put_header(saving, saving->header, saving->header_size);
    if (!dlcore_json_check(saving->header, saving->header_size, &whole, &problem))
        return dlcore_fail(saving->error, DLCORE_ERROR_ARGUMENT,
                           "save: the name of a layer or tensor cannot be written: %s",
                           problem.what);
    return DLCORE_OK;
}
