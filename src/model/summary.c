/* The table that Keras prints for a model.
 *
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "base/number.h"
#include "model/model.h"

enum { COLUMNS = 3, CELL_SIZE = 192 };

/* Inner widths of the columns, as Keras chooses them for 80 characters, wider when names are. */
typedef struct table {
    FILE *stream;
    size_t widths[COLUMNS];
} table_t;

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

static void make_row(const dlcore_node_t *node, char cells[COLUMNS][CELL_SIZE])
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
}

static void rule(const table_t *table, const char *left, const char *line, const char *middle,
                 const char *right)
{
    for (size_t c = 0; c < COLUMNS; c++) {
        fputs(c == 0 ? left : middle, table->stream);
        for (size_t i = 0; i < table->widths[c] + 2; i++)
            fputs(line, table->stream);
    }
    fprintf(table->stream, "%s\n", right);
}

static void row(const table_t *table, const char *bar, const char *const cells[COLUMNS])
{
    for (size_t c = 0; c < COLUMNS; c++) {
        int pad = (int)(table->widths[c] - strlen(cells[c]));
        int before = c == COLUMNS - 1 ? pad : 0;
        fprintf(table->stream, "%s %*s%s%*s ", bar, before, "", cells[c], pad - before, "");
    }
    fprintf(table->stream, "%s\n", bar);
}

static void measure(const dlcore_network_t *network, table_t *table)
{
    for (size_t i = 0; i < network->node_count; i++) {
        char cells[COLUMNS][CELL_SIZE];

        make_row(&network->nodes[i], cells);
        for (size_t c = 0; c < COLUMNS; c++) {
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

dlcore_status dlcore_model_summary(const dlcore_model_t *model, FILE *stream)
{
    static const char *const titles[COLUMNS] = {"Layer (type)", "Output Shape", "Param #"};
    table_t table = {.stream = stream, .widths = {31, 22, 13}};
    char number[32], size[CELL_SIZE];
    const dlcore_network_t *network;
    size_t count, trainable;

    if (model == NULL || stream == NULL)
        return DLCORE_ERROR_ARGUMENT;
    network = &model->network;
    count = network->parameter_count;
    trainable = count_trainable(network);
    measure(network, &table);
    fputs("Model: \"sequential\"\n", stream);
    rule(&table, "┏", "━", "┳", "┓");
    row(&table, "┃", titles);
    rule(&table, "┡", "━", "╇", "┩");
    for (size_t i = 0; i < network->node_count; i++) {
        char texts[COLUMNS][CELL_SIZE];
        const char *const cells[COLUMNS] = {texts[0], texts[1], texts[2]};

        if (i > 0)
            rule(&table, "├", "─", "┼", "┤");
        make_row(&network->nodes[i], texts);
        row(&table, "│", cells);
    }
    rule(&table, "└", "─", "┴", "┘");
    as_size(count * sizeof(float), size);
    fprintf(stream, " Total params: %s (%s)\n", with_commas(count, number), size);
    as_size(trainable * sizeof(float), size);
    fprintf(stream, " Trainable params: %s (%s)\n", with_commas(trainable, number), size);
    as_size((count - trainable) * sizeof(float), size);
    fprintf(stream, " Non-trainable params: %s (%s)\n", with_commas(count - trainable, number),
            size);
    if (fflush(stream) != 0 || ferror(stream))
        return DLCORE_ERROR_IO;
    return DLCORE_OK;
}
