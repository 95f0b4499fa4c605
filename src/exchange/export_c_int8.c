/* A network in int8 as C: its steps, and the function that calls them.
 *
 * The scratch has room for the numbers between steps, in turn in two arrays, and, where something
 * but an affine step stands before the first dense one, for floats.
 *
 * SPDX-License-Identifier: MIT */
#include "exchange/export_c_file.h"

#include <math.h>

#include "base/size.h"
#include "exchange/export_c_int8_steps.h"
#include "exchange/export_c_pieces.h"

/* Bytes of the two arrays, and floats before them. */
typedef struct int8_rooms {
    size_t floats, bytes[2];
} int8_rooms_t;

/* An affine step alone becomes part of quantizing. */
static bool has_affine_head(const dlcore_export_int8_t *int8)
{
    return int8->first == 1 && int8->plan->steps[0].kind == DLCORE_EXPORT_AFFINE;
}

static int8_rooms_t rooms_of(const dlcore_export_int8_t *int8)
{
    const dlcore_export_plan_t *plan = int8->plan;
    size_t inputs = plan->steps[int8->first].inputs, array = 0;
    int8_rooms_t rooms = {.bytes = {inputs, 0}};

    rooms.floats = int8->first > 0 && !has_affine_head(int8) ? inputs : 0;
    for (size_t i = int8->first; i < int8->last; i++) {
        if (plan->steps[i].kind != DLCORE_EXPORT_DENSE)
            continue;
        array = 1 - array;
        rooms.bytes[array] = dlcore_size_max(rooms.bytes[array], plan->steps[i].outputs);
    }
    return rooms;
}

dlcore_export_sizes_t dlcore_export_int8_sizes(const dlcore_export_int8_t *int8)
{
    int8_rooms_t rooms = rooms_of(int8);
    dlcore_export_sizes_t sizes = {0};

    for (size_t i = 0; i < int8->plan->count; i++)
        sizes.weight_bytes +=
            i >= int8->first && i <= int8->last
                ? dlcore_export_int8_step_bytes(int8, i)
                : dlcore_export_vector_floats(&int8->plan->steps[i]) * sizeof(float);
    sizes.scratch_bytes = rooms.floats * sizeof(float) +
                          dlcore_size_round_up(rooms.bytes[0] + rooms.bytes[1], sizeof(float));
    return sizes;
}

/* ---- the float ends ---- */

/* What quantizing multiplies by and adds, of a head that is affine: its vectors with the input's
 * scale in them. */
typedef struct int8_head {
    const dlcore_export_step_t *step;
    const dlcore_export_scale_t *scale;
} int8_head_t;

static double head_mean(const void *from, size_t i)
{
    const int8_head_t *head = from;

    return head->step->mean != NULL ? head->step->mean[i] : 0.0;
}

static double head_factor(const void *from, size_t i)
{
    const int8_head_t *head = from;

    return (head->step->scale != NULL ? head->step->scale[i] : 1.0) / head->scale->scale;
}

static double head_offset(const void *from, size_t i)
{
    const int8_head_t *head = from;

    return (head->step->offset != NULL ? head->step->offset[i] : 0.0) / head->scale->scale +
           (double)head->scale->zero;
}

static void put_head_number(dlcore_export_text_t *text, const char *name, size_t count,
                            double (*number)(const void *from, size_t i), const int8_head_t *head,
                            bool declares)
{
    bool uniform = true;

    for (size_t i = 1; i < count; i++)
        uniform = uniform && fabs(number(head, i) - number(head, 0)) <= 0.0;
    if (declares && !uniform)
        dlcore_export_put_floats(text, name, 0, count, number, head);
    else if (!declares && uniform)
        dlcore_export_put_float(text, number(head, 0));
    else if (!declares)
        dlcore_export_put(text, "$_READ(@_%s0 + i)", name);
}

static void put_quantizing(dlcore_export_text_t *text, const dlcore_export_int8_t *int8)
{
    const dlcore_export_step_t *first = &int8->plan->steps[int8->first];
    int8_head_t head = {.step = &int8->plan->steps[0], .scale = &int8->input};

    dlcore_export_put(text, "    for (i = 0; i < %zu; i++)\n        a[i] = @_quantize(",
                      first->inputs);
    if (has_affine_head(int8)) {
        dlcore_export_puts(text, "(x[i] - ");
        put_head_number(text, "m", first->inputs, head_mean, &head, false);
        dlcore_export_puts(text, ") * ");
        put_head_number(text, "s", first->inputs, head_factor, &head, false);
        dlcore_export_puts(text, " + ");
        put_head_number(text, "o", first->inputs, head_offset, &head, false);
    } else {
        dlcore_export_puts(text, int8->first > 0 ? "h[i] * " : "x[i] * ");
        dlcore_export_put_float(text, 1.0 / int8->input.scale);
        dlcore_export_puts(text, " + ");
        dlcore_export_put_float(text, (double)int8->input.zero);
    }
    dlcore_export_puts(text, ");\n");
}

static void put_ends(dlcore_export_text_t *text, const dlcore_export_int8_t *int8)
{
    const dlcore_export_plan_t *plan = int8->plan;
    int8_head_t head = {.step = &plan->steps[0], .scale = &int8->input};
    dlcore_export_pieces_t pieces = 0;

    for (size_t i = 0; i < plan->count; i++) {
        if ((i < int8->first || i > int8->last) && plan->steps[i].kind == DLCORE_EXPORT_ACTIVATION)
            pieces |= dlcore_export_activation_pieces(plan->steps[i].activation.kind);
    }
    dlcore_export_put_pieces(text, pieces);
    if (has_affine_head(int8)) {
        put_head_number(text, "m", plan->inputs, head_mean, &head, true);
        put_head_number(text, "s", plan->inputs, head_factor, &head, true);
        put_head_number(text, "o", plan->inputs, head_offset, &head, true);
    }
    for (size_t i = has_affine_head(int8) ? 1 : 0; i < plan->count; i++) {
        if (i < int8->first || i > int8->last)
            dlcore_export_put_float_step(text, plan, i);
    }
}

/* ---- the function ---- */

static void put_whole_calls(dlcore_export_text_t *text, const dlcore_export_int8_t *int8)
{
    const char *at = "a", *other = "b";

    for (size_t i = int8->first; i <= int8->last; i++) {
        const char *was = at;

        if (int8->plan->steps[i].kind != DLCORE_EXPORT_DENSE) {
            if (!int8->steps[i].is_fused)
                dlcore_export_put(text, "    @_step%zu(%s);\n", i, at);
            continue;
        }
        dlcore_export_put(text, "    @_step%zu(%s, %s);\n", i, at, i == int8->last ? "y" : other);
        at = other;
        other = was;
    }
}

void dlcore_export_put_int8_network(dlcore_export_text_t *text, const dlcore_export_int8_t *int8)
{
    const dlcore_export_plan_t *plan = int8->plan;
    int8_rooms_t rooms = rooms_of(int8);
    bool affine = has_affine_head(int8);

    put_ends(text, int8);
    dlcore_export_put_int8_pieces(text, int8);
    for (size_t i = int8->first; i <= int8->last; i++)
        dlcore_export_put_int8_step(text, int8, i);
    dlcore_export_puts(text, "$_API void @_predict(const float *x, float *y, float *scratch)\n{\n");
    if (rooms.floats > 0)
        dlcore_export_puts(text, "    float *const h = scratch;\n");
    dlcore_export_put(text, "    int8_t *const a = (int8_t *)(scratch + %zu);\n", rooms.floats);
    if (rooms.bytes[1] > 0)
        dlcore_export_put(text, "    int8_t *const b = a + %zu;\n", rooms.bytes[0]);
    dlcore_export_puts(text, "    size_t i;\n");
    for (size_t i = 0; i < int8->first && !affine; i++)
        dlcore_export_put_float_call(text, plan, i, i == 0 ? "x" : "h", "h");
    put_quantizing(text, int8);
    put_whole_calls(text, int8);
    for (size_t i = int8->last + 1; i < plan->count; i++)
        dlcore_export_put_float_call(text, plan, i, "y", "y");
    dlcore_export_puts(text, "}\n\n");
}
