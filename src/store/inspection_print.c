/* An inspection as text.
 *
 * SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/shown.h"
#include "base/traces.h"
#include "dlcore/inspect.h"
#include "dlcore/note.h"
#include "store/note_members.h"
#include "table/schema_json.h"

enum { LINE_TEXT = 80 };

/* Foreign text, short and harmless. */
static const char *harmless_text(const char *text, char to[LINE_TEXT])
{
    return dlcore_show_in(to, LINE_TEXT, text, strlen(text));
}

static const char *harmless_or_none(const char *text, char *to, size_t room)
{
    return text[0] != '\0' ? dlcore_show_in(to, room, text, strlen(text)) : "none";
}

static void print_head(const dlcore_inspection_t *found, FILE *stream)
{
    char text[LINE_TEXT];

    fprintf(stream, "%s: %zu bytes", found->is_model ? "model" : "tensors without a model",
            found->file_bytes);
    if (found->writer[0] != '\0')
        fprintf(stream, ", written by %s", harmless_text(found->writer, text));
    if (found->format[0] != '\0')
        fprintf(stream, ", format \"%s\"", harmless_text(found->format, text));
    if (found->format_version[0] != '\0')
        fprintf(stream, " version %s", harmless_text(found->format_version, text));
    fputc('\n', stream);
    if (found->status != DLCORE_OK)
        fprintf(stream, "cannot be loaded: %s\n", found->problem);
}

static void print_layers(const dlcore_inspection_t *found, FILE *stream)
{
    char name[LINE_TEXT], class_name[LINE_TEXT];

    if (found->layer_count == 0)
        return;
    fprintf(stream, "layers: %zu", found->layer_count);
    if (found->input_width > 0)
        fprintf(stream, ", %zu inputs, %zu parameters", found->input_width, found->parameter_count);
    fputc('\n', stream);
    for (size_t i = 0; i < found->layer_count; i++) {
        const dlcore_inspected_layer_t *layer = &found->layers[i];

        fprintf(stream, "    %s (%s)", harmless_text(layer->name, name),
                harmless_text(layer->class_name, class_name));
        if (layer->output_width > 0)
            fprintf(stream, ": %zu outputs, %zu parameters%s", layer->output_width,
                    layer->parameter_count,
                    layer->parameter_count > 0 && !layer->trainable ? ", frozen" : "");
        fprintf(stream, "%s\n", layer->is_known ? "" : ": this version has no such layer");
    }
}

static void print_training(const dlcore_inspection_t *found, FILE *stream)
{
    char optimizer[LINE_TEXT], loss[LINE_TEXT], metrics[8 * LINE_TEXT];

    if (found->compiled)
        fprintf(stream, "compiled: optimizer %s, loss %s, metrics %s\n",
                harmless_or_none(found->optimizer, optimizer, sizeof optimizer),
                harmless_or_none(found->loss, loss, sizeof loss),
                harmless_or_none(found->metrics, metrics, sizeof metrics));
    if (found->precision[0] != '\0')
        fprintf(stream, "training precision: %s\n",
                harmless_or_none(found->precision, optimizer, sizeof optimizer));
    if (found->training_state)
        fprintf(stream, "training state: %" PRIu64 " epochs, %" PRIu64 " steps%s\n",
                found->epochs_trained, found->steps_trained,
                found->can_resume ? ", in the middle of a run" : "");
}

static void print_tensors(const dlcore_inspection_t *found, FILE *stream)
{
    char text[LINE_TEXT];

    fprintf(stream, "tensors: %zu, %zu bytes\n", found->tensor_count, found->tensor_bytes);
    for (size_t i = 0; i < found->tensor_count; i++) {
        const dlcore_inspected_tensor_t *tensor = &found->tensors[i];

        fprintf(stream, "    %s ", harmless_text(tensor->name, text));
        fprintf(stream, "%s (", harmless_text(tensor->dtype, text));
        for (size_t axis = 0; axis < tensor->rank; axis++)
            fprintf(stream, axis == 0 ? "%zu" : ", %zu", tensor->shape[axis]);
        fprintf(stream, "), %zu bytes\n", tensor->bytes);
    }
}

static void print_texts(const dlcore_inspection_t *found, FILE *stream)
{
    char key[LINE_TEXT], value[LINE_TEXT];

    for (size_t i = 0; i < found->text_count; i++)
        fprintf(stream, "%s%s = %s\n", i == 0 ? "metadata:\n    " : "    ",
                harmless_text(found->texts[i].key, key),
                harmless_text(found->texts[i].value, value));
}

/* The schema among the texts, which is long: what it does to each column. */
static void print_schema(const dlcore_inspection_t *found, FILE *stream)
{
    dlcore_allocator_t allocator = dlcore_allocator_default();
    dlcore_error_record_t error = {.message = ""};
    dlcore_schema_t *schema = NULL;

    for (size_t i = 0; i < found->text_count; i++) {
        if (strcmp(found->texts[i].key, DLCORE_NOTE_PREFIX DLCORE_NOTE_SCHEMA) != 0)
            continue;
        if (dlcore_schema_read(found->texts[i].value, &allocator, &schema, &error) == DLCORE_OK)
            (void)dlcore_schema_describe(schema, stream, NULL);
        else
            fprintf(stream, "the schema cannot be used: %s\n", error.message);
        dlcore_schema_free(schema);
        return;
    }
}

static dlcore_status print_inspection(const dlcore_inspection_t *found, FILE *stream)
{
    if (found == NULL || stream == NULL)
        return DLCORE_ERROR_ARGUMENT;
    print_head(found, stream);
    print_layers(found, stream);
    print_training(found, stream);
    print_tensors(found, stream);
    print_texts(found, stream);
    print_schema(found, stream);
    if (found->weights != NULL) {
        fputs("weights of the model:\n", stream);
        (void)dlcore_weights_report_print(found->weights, stream);
    } else if (found->weights_status != DLCORE_OK) {
        fprintf(stream, "weights of the model cannot be loaded: %s\n", found->weights_problem);
    }
    return ferror(stream) ? DLCORE_ERROR_IO : DLCORE_OK;
}

dlcore_status dlcore_inspection_print(const dlcore_inspection_t *inspection, FILE *stream)
{
    dlcore_traces_t before = dlcore_traces_note();

    return dlcore_traces_end(before, print_inspection(inspection, stream));
}
