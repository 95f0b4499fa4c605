/* Notes out of an ONNX file. Their texts are read one at a time, from their place in the file.
 *
 * SPDX-License-Identifier: MIT */
#include "exchange/onnx_notes.h"

#include <string.h>

#include "base/allocator.h"
#include "base/error.h"
#include "base/shown.h"
#include "base/utf8.h"
#include "dlcore/note.h"
#include "store/note_members.h"

static dlcore_status onnx_refuse_note(const dlcore_onnx_graph_t *graph, const char *key,
                                      const char *problem)
{
    char shown[DLCORE_SHOWN_SIZE];

    return dlcore_fail(graph->error, DLCORE_ERROR_FORMAT, "%s: the note \"%s\" %s",
                       graph->input->name, dlcore_show(shown, key, strlen(key)), problem);
}

/* The text, with a zero byte behind it, which the caller releases in any case. */
static dlcore_status onnx_read_note(const dlcore_onnx_graph_t *graph,
                                    const dlcore_onnx_pair_t *pair, char **text)
{
    size_t got;
    dlcore_status status;

    if (pair->size > DLCORE_NOTE_BYTES_MAX)
        return dlcore_fail(graph->error, DLCORE_ERROR_OVERFLOW,
                           "%s: a note of %zu bytes is more than %d", graph->input->name,
                           pair->size, DLCORE_NOTE_BYTES_MAX);
    *text = dlcore_allocate_raw(&graph->allocator, pair->size + 1, 1);
    if (*text == NULL)
        return dlcore_fail_memory(graph->error, graph->input->name, pair->size + 1);
    graph->input->position = pair->offset;
    status = dlcore_input_read(graph->input, *text, pair->size, &got, graph->error);
    (*text)[status == DLCORE_OK ? got : 0] = '\0';
    return status;
}

static dlcore_status onnx_take_in_note(const dlcore_onnx_graph_t *graph,
                                       const dlcore_onnx_pair_t *pair, const char *key,
                                       dlcore_model_t *model)
{
    const char *problem = dlcore_note_key_problem(key);
    char *text = NULL;
    dlcore_status status;

    if (problem != NULL)
        return dlcore_fail(graph->error, DLCORE_ERROR_FORMAT, "%s: the key of a note %s",
                           graph->input->name, problem);
    if (dlcore_notes_find(&model->notes, key) != NULL)
        return onnx_refuse_note(graph, key, "is there twice");
    status = onnx_read_note(graph, pair, &text);
    if (status == DLCORE_OK && strlen(text) != pair->size)
        status = onnx_refuse_note(graph, key, "has a zero byte");
    else if (status == DLCORE_OK && !dlcore_utf8_is_text(text))
        status = onnx_refuse_note(graph, key, "is not UTF-8");
    else if (status == DLCORE_OK)
        status = dlcore_notes_set(&model->notes, &model->allocator, graph->input->name, key, text,
                                  graph->error);
    dlcore_release(&graph->allocator, text);
    return status;
}

dlcore_status dlcore_onnx_notes_read(const dlcore_onnx_graph_t *graph, dlcore_model_t *model)
{
    const dlcore_onnx_pair_t *pairs = graph->notes.items;
    size_t prefix = strlen(DLCORE_NOTE_PREFIX);
    dlcore_status status = DLCORE_OK;

    for (size_t i = 0; i < graph->notes.count && status == DLCORE_OK; i++) {
        const char *key = dlcore_onnx_text(graph, pairs[i].key);

        if (strncmp(key, DLCORE_NOTE_PREFIX, prefix) == 0)
            status = onnx_take_in_note(graph, &pairs[i], key + prefix, model);
    }
    return status;
}
