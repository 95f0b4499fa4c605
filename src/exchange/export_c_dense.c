/* A dense step of an exported file in float32.
 *
 * One sum after the other would wait for each addition, so inputs are shared out among several
 * sums, "chains".
 *
 * SPDX-License-Identifier: MIT */
#include "exchange/export_c_dense.h"

#include "exchange/export_c_vectors.h"

enum { PANEL_LANES = 4, PANEL = PANEL_LANES * DLCORE_EXPORT_LANES };
enum { FEW_INPUTS = 8 }; /* up to here the inputs are written out */

/* Units first .. first+lanes*8-1, or with lanes 0 the `units` ones from `first` on. */
typedef struct dense_group {
    size_t first, units, lanes;
} dense_group_t;

/* The group that begins at unit `first`. */
static dense_group_t group_at(const dlcore_export_step_t *step, size_t first)
{
    size_t left = step->outputs - first;
    size_t lanes =
        left / DLCORE_EXPORT_LANES < PANEL_LANES ? left / DLCORE_EXPORT_LANES : PANEL_LANES;

    return (dense_group_t){
        .first = first, .units = lanes > 0 ? lanes * DLCORE_EXPORT_LANES : left, .lanes = lanes};
}

static size_t chains_of(const dlcore_export_step_t *step, size_t lanes)
{
    return step->inputs < 8 ? 1 : lanes <= 2 ? 4 : 2;
}

dlcore_export_pieces_t dlcore_export_dense_pieces(const dlcore_export_step_t *step, bool relu)
{
    dlcore_export_pieces_t pieces = 0;

    for (size_t first = 0; first < step->outputs;) {
        dense_group_t group = group_at(step, first);

        first += group.units;
        if (group.lanes > 0) {
            pieces |= DLCORE_EXPORT_LOAD | DLCORE_EXPORT_STORE | DLCORE_EXPORT_ADD_MULTIPLY;
            if (chains_of(step, group.lanes) > 1)
                pieces |= DLCORE_EXPORT_MULTIPLY | DLCORE_EXPORT_ADD;
            pieces |= relu ? DLCORE_EXPORT_RELU : 0;
            continue;
        }
        if (step->inputs >= DLCORE_EXPORT_LANES)
            pieces |= DLCORE_EXPORT_PRODUCT | DLCORE_EXPORT_SUM;
        if (step->inputs >= 2 * DLCORE_EXPORT_LANES)
            pieces |= DLCORE_EXPORT_ADD_PRODUCT;
        pieces |= relu ? dlcore_export_activation_pieces(DLCORE_ACTIVATION_RELU) : 0;
    }
    return pieces;
}

/* ---- the weights, in the order in which they are read ---- */

/* Of a group with lanes the biases and then input by input; else the biases, then unit by unit. */
static double dense_number(const void *from, size_t i)
{
    const dlcore_export_step_t *step = from;
    size_t panels = step->outputs / PANEL, at = i / ((step->inputs + 1) * PANEL), unit, input;
    dense_group_t group = group_at(step, (at < panels ? at : panels) * PANEL);

    i -= group.first * (step->inputs + 1);
    if (i >= group.units * (step->inputs + 1)) { /* behind the lanes that are no whole panel */
        i -= group.units * (step->inputs + 1);
        group = group_at(step, group.first + group.units);
    }
    if (i < group.units)
        return step->offset[group.first + i];
    i -= group.units;
    unit = group.first + (group.lanes > 0 ? i % group.units : i / step->inputs);
    input = group.lanes > 0 ? i / group.units : i % step->inputs;
    return step->kernel[input * step->outputs + unit];
}

/* ---- a unit in each lane ---- */

/* One operation on each of a chain's vectors with input `input`, whose weights begin at w + at. */
static void put_row(dlcore_export_text_t *text, size_t lanes, const char *name, size_t chain,
                    size_t at, const char *input, size_t number)
{
    for (size_t v = 0; v < lanes; v++)
        dlcore_export_put(text, "        @_%s(&a%zu_%zu, w + %zu, x[%s%zu]);\n", name, chain, v,
                          at + v * DLCORE_EXPORT_LANES, input, number);
}

static void put_inputs(dlcore_export_text_t *text, const dlcore_export_step_t *step, size_t lanes)
{
    size_t chains = chains_of(step, lanes), inputs = step->inputs,
           row = lanes * DLCORE_EXPORT_LANES;
    size_t end = inputs <= FEW_INPUTS ? chains : inputs / chains * chains;

    for (size_t c = 0; c < chains; c++)
        put_row(text, lanes, c == 0 ? "madd" : "mul", c, c * row, "", c);
    dlcore_export_put(text, "        w += %zu;\n", chains * row);
    if (end > chains) {
        size_t rounds = (end - chains) / chains;

        dlcore_export_put(text, "%s        for (i = %zu; i < %zu; i += %zu, w += %zu) {\n",
                          rounds <= 16 ? "        $_UNROLL\n" : "", chains, end, chains,
                          chains * row);
        for (size_t c = 0; c < chains; c++)
            put_row(text, lanes, "madd", c, c * row, "i + ", c);
        dlcore_export_puts(text, "        }\n");
    }
    for (size_t i = end; i < inputs; i++)
        put_row(text, lanes, "madd", i % chains, (i - end) * row, "", i);
    if (inputs > end)
        dlcore_export_put(text, "        w += %zu;\n", (inputs - end) * row);
}

static void put_lanes(dlcore_export_text_t *text, const dlcore_export_step_t *step, size_t lanes,
                      bool relu)
{
    size_t chains = chains_of(step, lanes);

    for (size_t c = 0; c < chains; c++) {
        for (size_t v = 0; v < lanes; v++)
            dlcore_export_put(text, "%sa%zu_%zu", c + v == 0 ? "        @_lanes " : ", ", c, v);
    }
    dlcore_export_puts(text, ";\n");
    for (size_t v = 0; v < lanes; v++)
        dlcore_export_put(text, "        @_load(&a0_%zu, w + %zu);\n", v, v * DLCORE_EXPORT_LANES);
    dlcore_export_put(text, "        w += %zu;\n", lanes * DLCORE_EXPORT_LANES);
    put_inputs(text, step, lanes);
    for (size_t v = 0; v < lanes; v++) {
        for (size_t c = 1; c < chains; c++)
            dlcore_export_put(text, "        @_add(&a0_%zu, &a%zu_%zu);\n", v, c, v);
        if (relu)
            dlcore_export_put(text, "        @_lanes_relu(&a0_%zu);\n", v);
        dlcore_export_put(text, "        @_store(&a0_%zu, y + %zu);\n", v, v * DLCORE_EXPORT_LANES);
    }
    dlcore_export_put(text, "        y += %zu;\n", lanes * DLCORE_EXPORT_LANES);
}

/* ---- unit by unit ---- */

/* What is left of the inputs, and the unit's output. */
static void put_unit(dlcore_export_text_t *text, const dlcore_export_step_t *step,
                     const dense_group_t *group, size_t unit, bool relu)
{
    size_t inputs = step->inputs, from = inputs / DLCORE_EXPORT_LANES * DLCORE_EXPORT_LANES;
    size_t at = group->units + unit * inputs;

    dlcore_export_put(text, "        y[%zu] = %s$_READ(w + %zu)", unit, relu ? "@_relu(" : "",
                      unit);
    if (from > 0)
        dlcore_export_put(text, " + @_sum(&a%zu)", unit);
    for (size_t i = from; i < inputs; i++)
        dlcore_export_put(text, "%s + $_READ(w + %zu) * x[%zu]", i % 3 == 0 ? "\n           " : "",
                          at + i, i);
    dlcore_export_put(text, "%s;\n", relu ? ")" : "");
}

static void put_units(dlcore_export_text_t *text, const dlcore_export_step_t *step,
                      const dense_group_t *group, bool relu)
{
    size_t inputs = step->inputs, end = inputs / DLCORE_EXPORT_LANES * DLCORE_EXPORT_LANES;

    for (size_t u = 0; u < group->units && end > 0; u++)
        dlcore_export_put(text, "%sa%zu", u == 0 ? "        @_lanes " : ", ", u);
    dlcore_export_puts(text, end > 0 ? ";\n" : "");
    for (size_t u = 0; u < group->units && end > 0; u++)
        dlcore_export_put(text, "        @_dot(&a%zu, w + %zu, x);\n", u,
                          group->units + u * inputs);
    if (end > DLCORE_EXPORT_LANES) {
        dlcore_export_put(text, "%s        for (i = 8; i < %zu; i += 8) {\n",
                          end / DLCORE_EXPORT_LANES <= 16 ? "        $_UNROLL\n" : "", end);
        for (size_t u = 0; u < group->units; u++)
            dlcore_export_put(text, "            @_dot_add(&a%zu, w + %zu + i, x + i);\n", u,
                              group->units + u * inputs);
        dlcore_export_puts(text, "        }\n");
    }
    for (size_t u = 0; u < group->units; u++)
        put_unit(text, step, group, u, relu);
}

/* ---- the function ---- */

static bool has_loop(const dlcore_export_step_t *step, const dense_group_t *group)
{
    size_t chains = chains_of(step, group->lanes);

    if (group->lanes == 0)
        return step->inputs >= 2 * DLCORE_EXPORT_LANES;
    return step->inputs > FEW_INPUTS && step->inputs / chains > 1;
}

static void put_group(dlcore_export_text_t *text, const dlcore_export_step_t *step,
                      const dense_group_t *group, size_t times, bool relu)
{
    if (times > 1)
        dlcore_export_put(text, "    for (p = 0; p < %zu; p++) {\n", times);
    else
        dlcore_export_puts(text, "    {\n");
    if (has_loop(step, group))
        dlcore_export_puts(text, "        size_t i;\n");
    if (group->lanes > 0)
        put_lanes(text, step, group->lanes, relu);
    else
        put_units(text, step, group, relu);
    dlcore_export_puts(text, "    }\n");
}

void dlcore_export_put_dense(dlcore_export_text_t *text, const dlcore_export_step_t *step,
                             size_t index, bool relu)
{
    size_t panels = step->outputs / PANEL;

    dlcore_export_put(text, "/* %s: %zu inputs, %zu units%s */\n", step->node->type->class_name,
                      step->inputs, step->outputs, relu ? ", relu" : "");
    dlcore_export_put_floats(text, "w", index, (step->inputs + 1) * step->outputs, dense_number,
                             step);
    dlcore_export_put(text,
                      "static void @_step%zu(const float *$_RESTRICT x, float *$_RESTRICT y)\n"
                      "{\n    const float *w = @_w%zu;\n",
                      index, index);
    if (panels > 1)
        dlcore_export_puts(text, "    size_t p;\n");
    for (size_t first = 0; first < step->outputs;) {
        dense_group_t group = group_at(step, first);
        size_t times = group.units == PANEL ? panels : 1;

        put_group(text, step, &group, times, relu);
        first += times * group.units;
    }
    dlcore_export_puts(text, "}\n\n");
}
