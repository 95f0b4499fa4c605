/* A network in float32 as C: its steps, and the function that calls them.
 *
 * Samples go from x through two buffers, in turn, to y. Steps that keep the width work in place.
 * Small buffers are arrays on the stack, which compilers keep in registers; others lie in the
 * scratch.
 *
 * SPDX-License-Identifier: MIT */
#include "exchange/export_c_file.h"

#include "exchange/export_c_dense.h"

/* Numbers in both buffers up to which they are arrays. */
enum { ON_THE_STACK = 128 };

static bool on_the_stack(const dlcore_export_route_t *route)
{
    return route->numbers[0] + route->numbers[1] <= ON_THE_STACK;
}

/* ---- vectors of a step ---- */

/* NULL, or all the same: written as a literal. */
static bool is_uniform(const double *numbers, size_t count)
{
    for (size_t i = 1; numbers != NULL && i < count; i++) {
        if (numbers[i] < numbers[0] || numbers[i] > numbers[0])
            return false;
    }
    return true;
}

size_t dlcore_export_vector_floats(const dlcore_export_step_t *step)
{
    const double *vectors[] = {step->mean, step->scale, step->offset};
    size_t floats = 0;

    for (size_t i = 0; i < 3; i++)
        floats += is_uniform(vectors[i], step->outputs) ? 0 : step->outputs;
    return floats;
}

static double double_number(const void *from, size_t i)
{
    return ((const double *)from)[i];
}

static void put_vector(dlcore_export_text_t *text, const char *name, size_t index,
                       const double *numbers, size_t count)
{
    if (!is_uniform(numbers, count))
        dlcore_export_put_floats(text, name, index, count, double_number, numbers);
}

/* "<before><number i>" of a vector, nothing where it has none. */
static void put_number(dlcore_export_text_t *text, const char *before, const char *name,
                       size_t index, const double *numbers, size_t count)
{
    if (numbers == NULL)
        return;
    dlcore_export_puts(text, before);
    if (is_uniform(numbers, count))
        dlcore_export_put_float(text, numbers[0]);
    else
        dlcore_export_put(text, "$_READ(@_%s%zu + i)", name, index);
}

dlcore_export_sizes_t dlcore_export_float_sizes(const dlcore_export_plan_t *plan)
{
    dlcore_export_route_t route = dlcore_export_route(plan);
    size_t floats = 0, buffers = route.numbers[0] + route.numbers[1];

    for (size_t i = 0; i < plan->count; i++) {
        const dlcore_export_step_t *step = &plan->steps[i];

        floats += step->kind == DLCORE_EXPORT_DENSE ? (step->inputs + 1) * step->outputs
                                                    : dlcore_export_vector_floats(step);
    }
    /* an array of no bytes would be no C */
    return (dlcore_export_sizes_t){
        .weight_bytes = floats * sizeof(float),
        .scratch_bytes = (on_the_stack(&route) ? 1 : buffers) * sizeof(float),
        .stack_bytes = on_the_stack(&route) ? buffers * sizeof(float) : 0};
}

/* ---- steps ---- */

static void put_vectors_of(dlcore_export_text_t *text, const dlcore_export_step_t *step,
                           size_t index)
{
    dlcore_export_put(text, "/* %s */\n", step->node->type->class_name);
    put_vector(text, "m", index, step->mean, step->outputs);
    put_vector(text, "s", index, step->scale, step->outputs);
    put_vector(text, "o", index, step->offset, step->outputs);
    dlcore_export_put(text, "static void @_step%zu(const float *x, float *y)\n{\n    size_t i;\n",
                      index);
}

static void put_affine(dlcore_export_text_t *text, const dlcore_export_step_t *step, size_t index)
{
    put_vectors_of(text, step, index);
    dlcore_export_put(text, "    for (i = 0; i < %zu; i++)\n        y[i] = (x[i]", step->outputs);
    put_number(text, " - ", "m", index, step->mean, step->outputs);
    dlcore_export_puts(text, ")");
    put_number(text, " * ", "s", index, step->scale, step->outputs);
    put_number(text, " + ", "o", index, step->offset, step->outputs);
    dlcore_export_puts(text, ";\n}\n\n");
}

static void put_prelu(dlcore_export_text_t *text, const dlcore_export_step_t *step, size_t index)
{
    put_vectors_of(text, step, index);
    dlcore_export_put(text, "    for (i = 0; i < %zu; i++)\n        y[i] = x[i] < 0.0f ? x[i]",
                      step->outputs);
    put_number(text, " * ", "s", index, step->scale, step->outputs);
    dlcore_export_puts(text, " : x[i];\n}\n\n");
}

/* The mean is found twice, the second time about a number that is near. */
static void put_variance(dlcore_export_text_t *text, size_t n)
{
    dlcore_export_puts(text, "    float mean = 0.0f, rest = 0.0f, squares = 0.0f, scale;\n");
    dlcore_export_put(text,
                      "    for (i = 0; i < %zu; i++)\n        mean += x[i];\n"
                      "    mean /= %zu.0f;\n",
                      n, n);
    dlcore_export_put(text,
                      "    for (i = 0; i < %zu; i++)\n        rest += x[i] - mean;\n"
                      "    rest /= %zu.0f;\n",
                      n, n);
    dlcore_export_put(text,
                      "    for (i = 0; i < %zu; i++) {\n"
                      "        const float d = (x[i] - mean) - rest;\n"
                      "        squares += d * d;\n    }\n",
                      n);
}

static void put_square_sum(dlcore_export_text_t *text, size_t n)
{
    dlcore_export_puts(text, "    float squares = 0.0f, scale;\n");
    dlcore_export_put(text, "    for (i = 0; i < %zu; i++)\n        squares += x[i] * x[i];\n", n);
}

static void put_row_norm(dlcore_export_text_t *text, const dlcore_export_step_t *step, size_t index)
{
    bool centers = step->norm == DLCORE_EXPORT_NORM_LAYER;
    size_t n = step->outputs;

    put_vectors_of(text, step, index);
    if (dlcore_export_has_variance(step->norm))
        put_variance(text, n);
    else
        put_square_sum(text, n);
    if (step->norm == DLCORE_EXPORT_NORM_UNIT) {
        dlcore_export_puts(text, "    scale = 1.0f / sqrtf(squares);\n"
                                 "    if (scale > 1.0e12f)\n        scale = 1.0e12f;\n");
    } else {
        dlcore_export_put(text, "    scale = 1.0f / sqrtf(squares / %zu.0f + ", n);
        dlcore_export_put_float(text, step->epsilon);
        dlcore_export_puts(text, ");\n");
    }
    dlcore_export_put(text, "    for (i = 0; i < %zu; i++)\n        y[i] = %s * scale", n,
                      centers ? "((x[i] - mean) - rest)" : "x[i]");
    put_number(text, " * ", "s", index, step->scale, n);
    put_number(text, " + ", "o", index, step->offset, n);
    dlcore_export_puts(text, ";\n}\n\n");
}

static void put_gated_halves(dlcore_export_text_t *text, const dlcore_export_step_t *step,
                             size_t index)
{
    put_vectors_of(text, step, index);
    dlcore_export_put(text,
                      "    for (i = 0; i < %zu; i++)\n"
                      "        y[i] = x[i] / (1.0f + expf(-x[%zu + i]));\n}\n\n",
                      step->outputs, step->outputs);
}

static void put_softmax_groups(dlcore_export_text_t *text, const dlcore_export_step_t *step,
                               size_t index)
{
    put_vectors_of(text, step, index);
    dlcore_export_put(text,
                      "    size_t g;\n"
                      "    for (g = 0; g < %zu; g += %zu) {\n"
                      "        float largest = x[g], sum = 0.0f;\n"
                      "        for (i = g; i < g + %zu; i++)\n"
                      "            largest = x[i] > largest ? x[i] : largest;\n",
                      step->outputs, step->group, step->group);
    dlcore_export_put(text,
                      "        for (i = g; i < g + %zu; i++) {\n"
                      "            y[i] = expf(x[i] - largest);\n"
                      "            sum += y[i];\n        }\n"
                      "        for (i = g; i < g + %zu; i++)\n"
                      "            y[i] /= sum;\n    }\n}\n\n",
                      step->group, step->group);
}

/* relu behind a dense step is part of its function. */
static bool relu_follows(const dlcore_export_plan_t *plan, size_t i)
{
    return i + 1 < plan->count && plan->steps[i].kind == DLCORE_EXPORT_DENSE &&
           plan->steps[i + 1].kind == DLCORE_EXPORT_ACTIVATION &&
           plan->steps[i + 1].activation.kind == DLCORE_ACTIVATION_RELU;
}

void dlcore_export_put_float_step(dlcore_export_text_t *text, const dlcore_export_plan_t *plan,
                                  size_t i)
{
    const dlcore_export_step_t *step = &plan->steps[i];

    switch (step->kind) {
    case DLCORE_EXPORT_DENSE:
        dlcore_export_put_dense(text, step, i, relu_follows(plan, i));
        break;
    case DLCORE_EXPORT_AFFINE:
        put_affine(text, step, i);
        break;
    case DLCORE_EXPORT_PRELU:
        put_prelu(text, step, i);
        break;
    case DLCORE_EXPORT_ROW_NORM:
        put_row_norm(text, step, i);
        break;
    case DLCORE_EXPORT_GLU:
        put_gated_halves(text, step, i);
        break;
    case DLCORE_EXPORT_GROUPS:
        put_softmax_groups(text, step, i);
        break;
    case DLCORE_EXPORT_ACTIVATION: /* has no function of its own */
        break;
    }
}

static dlcore_export_pieces_t pieces_of(const dlcore_export_plan_t *plan)
{
    dlcore_export_pieces_t pieces = 0;

    for (size_t i = 0; i < plan->count; i++) {
        const dlcore_export_step_t *step = &plan->steps[i];

        if (step->kind == DLCORE_EXPORT_DENSE)
            pieces |= dlcore_export_dense_pieces(step, relu_follows(plan, i));
        else if (step->kind == DLCORE_EXPORT_ACTIVATION && (i == 0 || !relu_follows(plan, i - 1)))
            pieces |= dlcore_export_activation_pieces(step->activation.kind);
    }
    return pieces;
}

/* ---- the function that calls them ---- */

static void put_buffers(dlcore_export_text_t *text, const dlcore_export_route_t *route)
{
    const size_t *floats = route->numbers;

    if (!on_the_stack(route)) {
        dlcore_export_puts(text, "    float *const a = scratch;\n");
        if (floats[1] > 0)
            dlcore_export_put(text, "    float *const b = scratch + %zu;\n", floats[0]);
        return;
    }
    if (floats[0] > 0)
        dlcore_export_put(text, "    float a[%zu];\n", floats[0]);
    if (floats[1] > 0)
        dlcore_export_put(text, "    float b[%zu];\n", floats[1]);
}

static void put_activation(dlcore_export_text_t *text, const dlcore_export_step_t *step,
                           const char *from, const char *to)
{
    bool rows = dlcore_activate_takes_rows(step->activation.kind);

    if (!rows || from[0] != to[0]) {
        dlcore_export_put(text, "    for (i = 0; i < %zu; i++)\n        %s[i] = ", step->outputs,
                          to);
        if (!rows)
            dlcore_export_put_call(text, step->activation);
        dlcore_export_put(text, "%s[i]", from);
        if (!rows)
            dlcore_export_put_call_end(text, step->activation);
        dlcore_export_puts(text, ";\n");
    }
    if (rows) {
        dlcore_export_put_call(text, step->activation);
        dlcore_export_put(text, "%s, %zu);\n", to, step->outputs);
    }
}

void dlcore_export_put_float_call(dlcore_export_text_t *text, const dlcore_export_plan_t *plan,
                                  size_t i, const char *from, const char *to)
{
    if (plan->steps[i].kind == DLCORE_EXPORT_ACTIVATION)
        put_activation(text, &plan->steps[i], from, to);
    else
        dlcore_export_put(text, "    @_step%zu(%s, %s);\n", i, from, to);
}

static bool has_element_loop(const dlcore_export_plan_t *plan)
{
    for (size_t i = 0; i < plan->count; i++) {
        if (plan->steps[i].kind == DLCORE_EXPORT_ACTIVATION &&
            (i == 0 || (!relu_follows(plan, i - 1) &&
                        !dlcore_activate_takes_rows(plan->steps[i].activation.kind))))
            return true;
    }
    return plan->count == 0;
}

static void put_calls(dlcore_export_text_t *text, const dlcore_export_plan_t *plan,
                      const dlcore_export_route_t *route)
{
    static const char *const names[] = {"a", "b", "y", "x"};
    size_t at = 3, next = 0;

    for (size_t i = 0; i < plan->count; i++) {
        size_t to = at;

        if (i == route->last_move) {
            to = 2;
        } else if (dlcore_export_moves(plan, i)) {
            to = next;
            next = 1 - next;
        }
        if (plan->steps[i].kind != DLCORE_EXPORT_ACTIVATION || i == 0 || !relu_follows(plan, i - 1))
            dlcore_export_put_float_call(text, plan, i, names[at], names[to]);
        at = to;
    }
    if (plan->count == 0)
        dlcore_export_put(text, "    for (i = 0; i < %zu; i++)\n        y[i] = x[i];\n",
                          plan->outputs);
}

void dlcore_export_put_float_network(dlcore_export_text_t *text, const dlcore_export_plan_t *plan)
{
    dlcore_export_route_t route = dlcore_export_route(plan);

    dlcore_export_put_pieces(text, pieces_of(plan));
    for (size_t i = 0; i < plan->count; i++)
        dlcore_export_put_float_step(text, plan, i);
    dlcore_export_puts(text, "$_API void @_predict(const float *x, float *y, float *scratch)\n{\n");
    put_buffers(text, &route);
    if (has_element_loop(plan))
        dlcore_export_puts(text, "    size_t i;\n");
    if (on_the_stack(&route))
        dlcore_export_puts(text, "    (void)scratch;\n");
    put_calls(text, plan, &route);
    dlcore_export_puts(text, "}\n\n");
}
