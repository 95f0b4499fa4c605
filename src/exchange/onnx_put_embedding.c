/* Tables as operators of opset 13: for each number that a table gives, its place in all of them.
 *
 *   index   those columns of x that hold indices, as int64; where one is no row of its table, a
 *           number beyond all tables
 *   place   index of the unit's table * the units of its row + where the unit of row 0 lies
 *   output  columns of x and Gather of the tables at `place`, side by side and then in order
 *
 * Gather takes -1 for the last row, and with tables one after the other it would find a row of the
 * next. So an index is compared with the nearest that there is, and one that is not equal (also a
 * fraction, or no number) becomes a place that is in no table, which is an error when it is run.
 *
 * SPDX-License-Identifier: MIT */
#include "exchange/onnx_graph.h"
#include "exchange/onnx_put.h"

static const dlcore_embedding_t *onnx_tables(const dlcore_node_t *layer)
{
    return layer->layer.embeddings.table;
}

/* ---- lists by table ---- */

static int64_t onnx_index_column(const dlcore_node_t *layer, size_t i)
{
    return (int64_t)onnx_tables(layer)[i].column;
}

static int64_t onnx_last_row(const dlcore_node_t *layer, size_t i)
{
    return (int64_t)onnx_tables(layer)[i].count - 1;
}

/* ---- lists by number that a table gives ---- */

/* Which table gives the i-th number, and which of its units that is. */
static size_t onnx_table_of(const dlcore_node_t *layer, size_t i, size_t *unit)
{
    size_t table = 0;

    while (i >= onnx_tables(layer)[table].units)
        i -= onnx_tables(layer)[table++].units;
    *unit = i;
    return table;
}

static int64_t onnx_unit_table(const dlcore_node_t *layer, size_t i)
{
    size_t unit;

    return (int64_t)onnx_table_of(layer, i, &unit);
}

static int64_t onnx_unit_stride(const dlcore_node_t *layer, size_t i)
{
    size_t unit;

    return (int64_t)onnx_tables(layer)[onnx_table_of(layer, i, &unit)].units;
}

static int64_t onnx_unit_start(const dlcore_node_t *layer, size_t i)
{
    size_t unit, table = onnx_table_of(layer, i, &unit);
    int64_t start = (int64_t)unit;

    for (size_t k = 0; k < table; k++)
        start += (int64_t)onnx_tables(layer)[k].count * (int64_t)onnx_tables(layer)[k].units;
    return start;
}

/* ---- the output's order ---- */

/* The i-th output among the columns of x and, behind them, what tables give. */
static int64_t onnx_output_from(const dlcore_node_t *layer, size_t i)
{
    size_t column = 0, given = layer->input_width;

    for (size_t k = 0; k < layer->layer.embeddings.count; k++) {
        const dlcore_embedding_t *table = &onnx_tables(layer)[k];
        size_t between = table->column - column;

        if (i < between)
            break;
        i -= between;
        if (i < table->units)
            return (int64_t)(given + i);
        i -= table->units;
        given += table->units;
        column = (size_t)table->column + 1;
    }
    return (int64_t)(column + i);
}

/* ---- nodes ---- */

static void onnx_put_cast(dlcore_onnx_putting_t *putting, const char *suffix,
                          dlcore_onnx_type_t type)
{
    dlcore_onnx_put_int(dlcore_onnx_put_node(putting, "Cast", suffix), "to", type);
}

/* Those columns of the value at hand. */
static void onnx_put_columns(dlcore_onnx_putting_t *putting, const char *suffix,
                             dlcore_onnx_name_t columns)
{
    dlcore_onnx_put_int(dlcore_onnx_put_binary(putting, "Gather", suffix, columns), "axis", 1);
}

/* Those that the tables have; in place of others `beyond`. */
static void onnx_put_indices(dlcore_onnx_putting_t *putting, size_t beyond)
{
    size_t count = putting->layer->layer.embeddings.count;
    dlcore_onnx_name_t given, whole;
    dlcore_onnx_put_node_t *node;

    onnx_put_columns(putting, "given",
                     dlcore_onnx_put_computed(putting, "index_columns", count, onnx_index_column));
    given = putting->value;
    onnx_put_cast(putting, "whole", DLCORE_ONNX_INT64);
    whole = putting->value;
    dlcore_onnx_put_binary(putting, "Max", "from_first",
                           dlcore_onnx_put_integer(putting, "first_row", 0, 0));
    dlcore_onnx_put_binary(putting, "Min", "nearest",
                           dlcore_onnx_put_computed(putting, "last_rows", count, onnx_last_row));
    onnx_put_cast(putting, "nearest_number", DLCORE_ONNX_FLOAT);
    dlcore_onnx_put_binary(putting, "Equal", "valid", given);
    node = dlcore_onnx_put_binary(putting, "Where", "indices", whole);
    dlcore_onnx_put_input(node, dlcore_onnx_put_integer(putting, "beyond", 0, (int64_t)beyond));
}

void dlcore_onnx_put_embedding(dlcore_onnx_putting_t *putting)
{
    const dlcore_node_t *layer = putting->layer;
    size_t width = layer->output_width;
    size_t units = width + layer->layer.embeddings.count - layer->input_width;
    dlcore_onnx_name_t x = putting->value, tables = dlcore_onnx_put_parameter(putting, 0);
    dlcore_onnx_name_t places, looked_up;

    onnx_put_indices(putting, layer->parameters[0].shape[0]);
    onnx_put_columns(putting, "rows",
                     dlcore_onnx_put_computed(putting, "unit_tables", units, onnx_unit_table));
    dlcore_onnx_put_binary(
        putting, "Mul", "row_starts",
        dlcore_onnx_put_computed(putting, "unit_strides", units, onnx_unit_stride));
    dlcore_onnx_put_binary(
        putting, "Add", "places",
        dlcore_onnx_put_computed(putting, "unit_starts", units, onnx_unit_start));
    places = putting->value;
    putting->value = tables;
    dlcore_onnx_put_binary(putting, "Gather", "looked_up", places);
    looked_up = putting->value;
    putting->value = x;
    dlcore_onnx_put_int(dlcore_onnx_put_binary(putting, "Concat", "both", looked_up), "axis", 1);
    onnx_put_columns(putting, "embedded",
                     dlcore_onnx_put_computed(putting, "output_order", width, onnx_output_from));
}
