/* The table that Keras prints for a model.
 *
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "base/number.h"
#include "base/traces.h"
#include "model/model.h"

enum { SUMMARY_COLUMNS = 4, TRAINABLE = 3, CELL_SIZE = 192 };

/* Inner widths of the columns, as Keras chooses them for 80 characters, wider when names are. */
typedef struct summary_table {
    FILE *stream;
    size_t columns; /* SUMMARY_COLUMNS, or without the last one, TRAINABLE */
    size_t widths[SUMMARY_COLUMNS];
} summary_table_t;

/* 401,920 */
static const char *with_commas(size_t number, char text[32])
{
    char digits[32];
    int length = snprintf(digits, sizeof digits, "%zu", number);
    size_t to = 0;

    for (int i = 0; i < length; i++) {
        if (i > 0 && (length - i) % 3 == 0)
            text[to++] = ',';
        text[to++] = digits[i];
    }
    text[to] = '\0';
    return text;
}

/* 1.55 MB */
static const char *as_size(size_t bytes, char text[CELL_SIZE])
{
    static const char *const units[] = {"B", "KB", "MB", "GB", "TB", "PB"};
    char number[DLCORE_NUMBER_SIZE];
    double size = (double)bytes;
    size_t unit = 0;

    for (; size >= 1024.0 && unit + 1 < sizeof units / sizeof units[0]; unit++)
        size /= 1024.0;
    snprintf(text, CELL_SIZE, "%s %s", dlcore_number(number, size, 2, 0), units[unit]);
    return text;
}

static void make_row(const dlcore_node_t *node, char cells[SUMMARY_COLUMNS][CELL_SIZE])
{
    size_t parameters = 0;
    char number[32];

    for (size_t i = 0; i < node->parameter_count; i++)
        parameters += dlcore_parameter_size(&node->parameters[i]);
    snprintf(cells[0], CELL_SIZE, "%s (%s)", node->layer.name, node->type->class_name);
    if (node->output_width > 0) {
        snprintf(cells[1], CELL_SIZE, "(None, %zu)", node->output_width);
        snprintf(cells[2], CELL_SIZE, "%s", with_commas(parameters, number));
    } else { /* not built yet */
        snprintf(cells[1], CELL_SIZE, "?");
        snprintf(cells[2], CELL_SIZE, "%s", node->type->declare != NULL ? "0 (unbuilt)" : "0");
    }
    snprintf(cells[TRAINABLE], CELL_SIZE, "%s",
             parameters == 0         ? "-"
             : node->layer.trainable ? "Y"
                                     : "N");
}

static void rule(const summary_table_t *table, const char *left, const char *line,
                 const char *middle, const char *right)
{
    for (size_t c = 0; c < table->columns; c++) {
        fputs(c == 0 ? left : middle, table->stream);
        for (size_t i = 0; i < table->widths[c] + 2; i++)
            fputs(line, table->stream);
    }
    fprintf(table->stream, "%s\n", right);
}

static void row(const summary_table_t *table, const char *bar,
                const char *const cells[SUMMARY_COLUMNS])
{
    for (size_t c = 0; c < table->columns; c++) {
        int pad = (int)(table->widths[c] - strlen(cells[c]));
        int before = c == 2 ? pad : c == TRAINABLE ? pad / 2 : 0;
        fprintf(table->stream, "%s %*s%s%*s ", bar, before, "", cells[c], pad - before, "");
    }
    fprintf(table->stream, "%s\n", bar);
}

static void measure_columns(const dlcore_network_t *network, summary_table_t *table)
{
    for (size_t i = 0; i < network->node_count; i++) {
        char cells[SUMMARY_COLUMNS][CELL_SIZE];

        make_row(&network->nodes[i], cells);
        for (size_t c = 0; c < SUMMARY_COLUMNS; c++) {
            if (strlen(cells[c]) > table->widths[c])
                table->widths[c] = strlen(cells[c]);
        }
    }
}

static size_t count_trainable(const dlcore_network_t *network)
{
    size_t count = 0;

    for (size_t i = 0; i < network->node_count; i++) {
        const dlcore_node_t *node = &network->nodes[i];

        for (size_t p = 0; p < node->parameter_count; p++) {
            if (node->layer.trainable && !node->parameters[p].is_statistic)
                count += dlcore_parameter_size(&node->parameters[p]);
        }
    }
    return count;
}

static bool has_frozen(const dlcore_network_t *network)
{
    for (size_t i = 0; i < network->node_count; i++) {
        if (!network->nodes[i].layer.trainable)
            return true;
    }
    return false;
}

/* A line of counts: " Total params: 407,050 (1.55 MB)". */
static void total(FILE *stream, const char *what, size_t count, size_t bytes)
{
    char number[32], size[CELL_SIZE];

    fprintf(stream, " %s params: %s (%s)\n", what, with_commas(count, number),
            as_size(bytes, size));
}

/* Numbers in state vectors: a number a weight in each, but for factors of matrices. */
static size_t count_slots(const dlcore_model_t *model, size_t trainable)
{
    const dlcore_optimizer_t *optimizer = &model->settings.optimizer;
    const dlcore_parameter_t *parameter;
    const dlcore_node_t *node;
    size_t slots = dlcore_optimizer_slots(optimizer), count = 0;

    for (size_t slot = 0; slot < slots; slot++) {
        if (dlcore_optimizer_slot_form(optimizer, slot) == DLCORE_SLOT_WHOLE) {
            count += trainable;
            continue;
        }
        for (size_t i = 0; (parameter = dlcore_network_parameter(&model->network, i, &node)); i++) {
            if (node->layer.trainable && !parameter->is_statistic)
                count +=
                    dlcore_optimizer_slot_size(optimizer, slot, parameter->rank, parameter->shape);
        }
    }
    return count;
}

/* What the optimizer keeps, counted as Keras does: its state vectors, the step, a learning rate
 * that no schedule sets, and nadam's product. 0 before it has begun. */
static size_t count_optimizer(const dlcore_model_t *model, size_t trainable)
{
    const dlcore_optimizer_t *optimizer = &model->settings.optimizer;
    const dlcore_trainer_t *trainer = &model->trainer;
    size_t count = 1;

    if (!model->compiled || (trainer->slots == NULL && trainer->clock.iterations == 0))
        return 0;
    count += optimizer->schedule.kind == DLCORE_SCHEDULE_NONE;
    count += dlcore_optimizer_run(optimizer->kind)->product != NULL;
    return count + count_slots(model, trainable);
}

static void totals(const dlcore_model_t *model, FILE *stream)
{
    size_t count = model->network.parameter_count, trainable = count_trainable(&model->network);
    size_t kept = count_optimizer(model, trainable);
    size_t bytes = kept * sizeof(float) + (kept > 0 ? sizeof(float) : 0); /* the step has 64 bits */

    total(stream, "Total", count + kept, count * sizeof(float) + bytes);
    total(stream, "Trainable", trainable, trainable * sizeof(float));
    total(stream, "Non-trainable", count - trainable, (count - trainable) * sizeof(float));
    if (kept > 0)
        total(stream, "Optimizer", kept, bytes);
    if (model->options.precision != NULL)
        fprintf(stream, " Training precision: %s\n",
                dlcore_precision_name(model->options.precision));
}

static dlcore_status print_summary(const dlcore_model_t *model, FILE *stream)
{
    static const char *const titles[SUMMARY_COLUMNS] = {"Layer (type)", "Output Shape", "Param #",
                                                        "Trainable"};
    summary_table_t table = {.stream = stream, .columns = TRAINABLE, .widths = {31, 22, 13}};
    const dlcore_network_t *network;

    if (model == NULL || stream == NULL)
        return DLCORE_ERROR_ARGUMENT;
    network = &model->network;
    if (has_frozen(network))
        table = (summary_table_t){
            .stream = stream, .columns = SUMMARY_COLUMNS, .widths = {27, 21, 10, 9}};
    measure_columns(network, &table);
    fputs("Model: \"sequential\"\n", stream);
    rule(&table, "┏", "━", "┳", "┓");
    row(&table, "┃", titles);
    rule(&table, "┡", "━", "╇", "┩");
    for (size_t i = 0; i < network->node_count; i++) {
        char texts[SUMMARY_COLUMNS][CELL_SIZE];
        const char *const cells[SUMMARY_COLUMNS] = {texts[0], texts[1], texts[2], texts[3]};

        if (i > 0)
            rule(&table, "├", "─", "┼", "┤");
        make_row(&network->nodes[i], texts);
        row(&table, "│", cells);
    }
    rule(&table, "└", "─", "┴", "┘");
    totals(model, stream);
    if (fflush(stream) != 0 || ferror(stream))
        return DLCORE_ERROR_IO;
    return DLCORE_OK;
}

dlcore_status dlcore_model_summary(const dlcore_model_t *model, FILE *stream)
{
    dlcore_traces_t before = dlcore_traces_note();

    return dlcore_traces_end(before, print_summary(model, stream));
}
