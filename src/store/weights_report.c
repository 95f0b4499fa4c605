/* Reports of weights: one block of memory, the struct that users see first, texts last.
 *
 * SPDX-License-Identifier: MIT */
#include "store/weights_report.h"

#include <stdio.h>
#include <string.h>

#include "base/allocator.h"
#include "base/error.h"
#include "base/traces.h"

enum { WEIGHT_NAME_SIZE = DLCORE_NAME_SIZE + 16, DTYPE_NAME_SIZE = 16 };

typedef struct whole_report {
    dlcore_weights_report_t report; /* what the user has a pointer to */
    dlcore_allocator_t allocator;
} whole_report_t;

const char *dlcore_weight_source_name(dlcore_weight_source_t source)
{
    static const char *const names[] = {
        [DLCORE_WEIGHT_LEFT] = "left as it is",
        [DLCORE_WEIGHT_LEFT_BY_CALLER] = "left as it is by the caller",
        [DLCORE_WEIGHT_LEFT_BY_SHAPE] = "left as it is: another shape",
        [DLCORE_WEIGHT_BY_PAIR] = "pair",
        [DLCORE_WEIGHT_BY_NAME] = "name",
        [DLCORE_WEIGHT_BY_PREFIX] = "name after a prefix",
        [DLCORE_WEIGHT_BY_ORDER] = "order",
    };

    return (size_t)source < sizeof names / sizeof names[0] ? names[source] : "unknown";
}

/* Which tensors go to a weight: a byte for each. */
static void mark_used(const dlcore_matching_t *matching, bool *used)
{
    for (size_t i = 0; i < matching->count; i++) {
        if (dlcore_matched_is_loaded(&matching->matched[i]))
            used[matching->matched[i].entry - 1] = true;
    }
}

/* The texts are put behind each other; without room, they are only measured. */
typedef struct texts {
    char *to; /* NULL: measure */
    size_t size;
} texts_t;

static const char *keep_report_text(texts_t *texts, const char *text, size_t length)
{
    char *at = texts->to;

    texts->size += length + 1;
    if (at == NULL)
        return NULL;
    memcpy(at, text, length);
    at[length] = '\0';
    texts->to += length + 1;
    return at;
}

static const char *keep_entry_name(texts_t *texts, const dlcore_safetensors_t *file,
                                   const dlcore_safetensors_entry_t *entry)
{
    char name[DLCORE_SAFETENSORS_NAME_MAX + 1];

    (void)dlcore_safetensors_name(file, entry, name);
    return keep_report_text(texts, name, strlen(name));
}

static void put_match(const dlcore_matching_t *matching, size_t weight, texts_t *texts,
                      dlcore_weight_match_t *match)
{
    const dlcore_matched_t *matched = &matching->matched[weight];
    const dlcore_node_t *node;
    const dlcore_parameter_t *parameter =
        dlcore_network_parameter(matching->network, weight, &node);
    const dlcore_safetensors_entry_t *entry;
    char text[WEIGHT_NAME_SIZE];

    *match = (dlcore_weight_match_t){.rank = parameter->rank,
                                     .shape = {parameter->shape[0], parameter->shape[1]},
                                     .source = matched->source,
                                     .transposed = matching->forms[weight].transposed};
    snprintf(text, sizeof text, "%s/%s", node->layer.name, parameter->name);
    match->weight = keep_report_text(texts, text, strlen(text));
    if (matched->entry == 0)
        return;
    entry = &matching->file->entries[matched->entry - 1];
    match->tensor = keep_entry_name(texts, matching->file, entry);
    dlcore_safetensors_dtype_text(matching->file, entry, text, DTYPE_NAME_SIZE);
    match->dtype = keep_report_text(texts, text, strlen(text));
    match->tensor_rank = entry->rank;
    dlcore_safetensors_shape(matching->file, entry, match->tensor_shape);
}

/* Both passes: `matches` and `unused` NULL, and no room for texts, to measure. */
static void put_report(const dlcore_matching_t *matching, const bool *used, texts_t *texts,
                       dlcore_weight_match_t *matches, const char **unused)
{
    dlcore_weight_match_t match;

    for (size_t i = 0; i < matching->count; i++)
        put_match(matching, i, texts, matches != NULL ? &matches[i] : &match);
    for (size_t i = 0; i < matching->file->count; i++) {
        const char *name;

        if (used[i])
            continue;
        name = keep_entry_name(texts, matching->file, &matching->file->entries[i]);
        if (unused != NULL)
            *unused++ = name;
    }
}

/* In the block: the report, the matches, the pointers, the texts. */
static whole_report_t *make_block(const dlcore_matching_t *matching, const bool *used)
{
    size_t unused = 0, before;
    texts_t texts = {.to = NULL};
    whole_report_t *whole;
    dlcore_weight_match_t *matches;
    const char **names;

    for (size_t i = 0; i < matching->file->count; i++)
        unused += !used[i];
    put_report(matching, used, &texts, NULL, NULL);
    before = sizeof *whole + matching->count * sizeof *matches + unused * sizeof *names;
    whole = dlcore_allocate_raw(matching->allocator, before + texts.size, 1);
    if (whole == NULL)
        return NULL;
    matches = (dlcore_weight_match_t *)(whole + 1);
    names = (const char **)(matches + matching->count);
    texts = (texts_t){.to = (char *)(names + unused)};
    *whole = (whole_report_t){.report = {.matches = matches,
                                         .count = matching->count,
                                         .unused = names,
                                         .unused_count = unused},
                              .allocator = *matching->allocator};
    put_report(matching, used, &texts, matches, names);
    for (size_t i = 0; i < matching->count; i++)
        whole->report.loaded += dlcore_matched_is_loaded(&matching->matched[i]);
    return whole;
}

dlcore_status dlcore_weights_report_make(const dlcore_matching_t *matching,
                                         dlcore_weights_report_t **report)
{
    bool *used = dlcore_allocate(matching->allocator, matching->file->count, sizeof *used);
    whole_report_t *whole = NULL;

    if (used != NULL) {
        mark_used(matching, used);
        whole = make_block(matching, used);
    }
    dlcore_release(matching->allocator, used);
    if (whole == NULL)
        return dlcore_fail_memory(matching->error, "report of weights",
                                  matching->count * sizeof(dlcore_weight_match_t));
    *report = &whole->report;
    return DLCORE_OK;
}

void dlcore_weights_report_free(dlcore_weights_report_t *report)
{
    whole_report_t *whole = (whole_report_t *)report;
    dlcore_allocator_t allocator;

    if (report == NULL)
        return;
    allocator = whole->allocator;
    dlcore_release(&allocator, whole);
}

/* ---- printing ---- */

static void print_shape(FILE *stream, size_t rank, const size_t *shape)
{
    fputs(" (", stream);
    for (size_t i = 0; i < rank; i++)
        fprintf(stream, i == 0 ? "%zu" : ", %zu", shape[i]);
    fputc(')', stream);
}

static void print_match(FILE *stream, const dlcore_weight_match_t *match)
{
    fprintf(stream, "%s", match->weight);
    print_shape(stream, match->rank, match->shape);
    if (match->source < DLCORE_WEIGHT_BY_PAIR) {
        fprintf(stream, ": %s", dlcore_weight_source_name(match->source));
        if (match->tensor != NULL)
            fprintf(stream, " in %s", match->tensor);
    } else {
        fprintf(stream, " = %s", match->tensor);
    }
    if (match->tensor != NULL) {
        print_shape(stream, match->tensor_rank, match->tensor_shape);
        fprintf(stream, " %s%s", match->dtype, match->transposed ? " transposed" : "");
    }
    if (match->source >= DLCORE_WEIGHT_BY_PAIR)
        fprintf(stream, ", by %s", dlcore_weight_source_name(match->source));
    fputc('\n', stream);
}

static dlcore_status print_weights_report(const dlcore_weights_report_t *report, FILE *stream)
{
    if (report == NULL || stream == NULL)
        return DLCORE_ERROR_ARGUMENT;
    for (size_t i = 0; i < report->count; i++)
        print_match(stream, &report->matches[i]);
    for (size_t i = 0; i < report->unused_count; i++)
        fprintf(stream, "%s%s%s", i == 0 ? "not used: " : ", ", report->unused[i],
                i + 1 == report->unused_count ? "\n" : "");
    return ferror(stream) ? DLCORE_ERROR_IO : DLCORE_OK;
}

dlcore_status dlcore_weights_report_print(const dlcore_weights_report_t *report, FILE *stream)
{
    dlcore_traces_t before = dlcore_traces_note();

    return dlcore_traces_end(before, print_weights_report(report, stream));
}
