/* Sparsemax as onnx_put_sparsemax.c writes it, with the same names: relu(x - threshold), where
 *
 *   paper   threshold = max f, and x perhaps less its largest
 *   Keras   threshold = (sum(where(s > f, C, 0)) - 1) / max(where(s > f, ranks, 0))
 *
 * s is TopK of x, of all units; C = CumSum of s; f = (C - 1) / ranks; ranks are 1, 2, 3, ...
 *
 * SPDX-License-Identifier: MIT */
#include "exchange/onnx_match.h"

/* Values, NONE where they are not known yet. */
typedef struct onnx_sorting {
    size_t x, thresholds, ranks;
    size_t units, sums; /* s and C */
    size_t width;
} onnx_sorting_t;

static size_t onnx_second_input(const dlcore_onnx_graph_t *graph, size_t value)
{
    const dlcore_onnx_node_t *node = dlcore_onnx_maker(graph, value);

    return node != NULL ? dlcore_onnx_node_input(graph, node, 1) : DLCORE_ONNX_NONE;
}

static bool onnx_is_number(const dlcore_onnx_graph_t *graph, size_t value, double wanted)
{
    double number = 0.0;

    return dlcore_onnx_scalar(graph, value, &number) && number == wanted;
}

/* Whether an attribute is that whole number, which it is where it is left out. */
static bool onnx_keeps(const dlcore_onnx_graph_t *graph, const dlcore_onnx_node_t *node,
                       const char *name, int64_t usual)
{
    const dlcore_onnx_attribute_t *attribute = dlcore_onnx_find_attribute(graph, node, name);

    return attribute == NULL || attribute->i == usual;
}

/* The last of two axes, by either number. */
static bool onnx_is_last_axis(int64_t axis)
{
    return axis == -1 || axis == 1;
}

/* The one whole number of a constant. */
static bool onnx_whole_number(const dlcore_onnx_graph_t *graph, size_t value, int64_t *number)
{
    int64_t numbers[DLCORE_ONNX_RANK_MAX] = {0};
    size_t count = 0;
    bool found = dlcore_onnx_int_list(graph, value, numbers, &count) && count == 1;

    *number = numbers[0];
    return found;
}

/* Whether `value` is all of x in falling order. */
static bool onnx_is_sorted(const dlcore_onnx_graph_t *graph, size_t value, size_t x, size_t *width)
{
    const dlcore_onnx_node_t *node = dlcore_onnx_maker(graph, value);
    const dlcore_onnx_attribute_t *axis;
    int64_t count;

    if (!dlcore_onnx_is(graph, node, "TopK") || dlcore_onnx_node_output(graph, node, 0) != value ||
        dlcore_onnx_node_input(graph, node, 0) != x || !onnx_keeps(graph, node, "largest", 1) ||
        !onnx_keeps(graph, node, "sorted", 1))
        return false;
    axis = dlcore_onnx_find_attribute(graph, node, "axis");
    if ((axis != NULL && !onnx_is_last_axis(axis->i)) ||
        !onnx_whole_number(graph, dlcore_onnx_node_input(graph, node, 1), &count) || count < 1)
        return false;
    *width = (size_t)count;
    return true;
}

/* Whether `value` is f of x; then all of `sorting` is known. */
static bool onnx_is_thresholds(const dlcore_onnx_graph_t *graph, size_t value,
                               onnx_sorting_t *sorting)
{
    size_t less = dlcore_onnx_input_of(graph, value, "Div");
    const dlcore_onnx_node_t *sum;
    int64_t axis;

    sorting->thresholds = value;
    sorting->ranks = onnx_second_input(graph, value);
    sorting->sums = dlcore_onnx_input_of(graph, less, "Sub");
    sorting->units = dlcore_onnx_input_of(graph, sorting->sums, "CumSum");
    if (sorting->units == DLCORE_ONNX_NONE || sorting->ranks == DLCORE_ONNX_NONE ||
        !onnx_is_number(graph, onnx_second_input(graph, less), 1.0))
        return false;
    sum = dlcore_onnx_maker(graph, sorting->sums);
    return onnx_keeps(graph, sum, "exclusive", 0) && onnx_keeps(graph, sum, "reverse", 0) &&
           onnx_whole_number(graph, dlcore_onnx_node_input(graph, sum, 1), &axis) &&
           onnx_is_last_axis(axis) &&
           onnx_is_sorted(graph, sorting->units, sorting->x, &sorting->width);
}

/* What a Where chooses by, if it takes 0 for the rest: *of is what it chooses from. */
static size_t onnx_chosen_by(const dlcore_onnx_graph_t *graph, size_t value, size_t *of)
{
    const dlcore_onnx_node_t *node = dlcore_onnx_maker(graph, value);
    size_t condition = dlcore_onnx_input_of(graph, value, "Where");

    if (condition == DLCORE_ONNX_NONE ||
        !onnx_is_number(graph, dlcore_onnx_node_input(graph, node, 2), 0.0))
        return DLCORE_ONNX_NONE;
    *of = dlcore_onnx_node_input(graph, node, 1);
    return condition;
}

/* Whether `value` is Keras's threshold. */
static bool onnx_is_keras_threshold(const dlcore_onnx_graph_t *graph, size_t value,
                                    onnx_sorting_t *sorting)
{
    size_t less = dlcore_onnx_input_of(graph, value, "Div"), chosen, counted;
    size_t sum = dlcore_onnx_input_of(graph, less, "Sub"), sums, ranks, support;

    if (sum == DLCORE_ONNX_NONE || !onnx_is_number(graph, onnx_second_input(graph, less), 1.0))
        return false;
    chosen = dlcore_onnx_reduced(graph, sum, "ReduceSum");
    counted = dlcore_onnx_reduced(graph, onnx_second_input(graph, value), "ReduceMax");
    support = onnx_chosen_by(graph, chosen, &sums);
    return support != DLCORE_ONNX_NONE && onnx_chosen_by(graph, counted, &ranks) == support &&
           onnx_is_thresholds(graph, onnx_second_input(graph, support), sorting) &&
           dlcore_onnx_input_of(graph, support, "Greater") == sorting->units &&
           sums == sorting->sums && ranks == sorting->ranks;
}

/* a of a - max(a); else the value itself. */
static size_t onnx_unshifted(const dlcore_onnx_graph_t *graph, size_t value)
{
    size_t a = dlcore_onnx_input_of(graph, value, "Sub");

    return a != DLCORE_ONNX_NONE &&
                   dlcore_onnx_reduced(graph, onnx_second_input(graph, value), "ReduceMax") == a
               ? a
               : value;
}

/* Whether a constant is 1, 2, 3 to `width`. */
static dlcore_status onnx_check_ranks(const dlcore_onnx_graph_t *graph, size_t value, size_t width,
                                      bool *found)
{
    dlcore_onnx_constant_t constant;
    dlcore_onnx_vector_t ranks = {0};
    dlcore_status status;

    *found = dlcore_onnx_constant(graph, value, &constant) && constant.count == width &&
             (constant.rank == 1 || (constant.rank == 2 && constant.dims[0] == 1));
    if (!*found)
        return DLCORE_OK;
    status = dlcore_onnx_constant_check(graph, &constant);
    if (status == DLCORE_OK)
        status = dlcore_onnx_constant_read(graph, &constant, &ranks);
    for (size_t i = 0; i < ranks.count; i++)
        *found = *found && ranks.data[i] == (float)(i + 1);
    dlcore_onnx_vector_clear(graph, &ranks);
    return status;
}

dlcore_status dlcore_onnx_match_sparsemax(dlcore_onnx_match_t *match,
                                          const dlcore_onnx_node_t *node, bool *found)
{
    const dlcore_onnx_graph_t *graph = match->graph;
    size_t above = dlcore_onnx_input_of(graph, match->value, "Relu");
    size_t threshold = onnx_second_input(graph, above);
    dlcore_activation_t activation = DLCORE_ACTIVATION_SPARSEMAX;
    onnx_sorting_t sorting = {.x = dlcore_onnx_input_of(graph, above, "Sub")};
    dlcore_status status;

    *found =
        sorting.x != DLCORE_ONNX_NONE && threshold != DLCORE_ONNX_NONE &&
        onnx_is_thresholds(graph, dlcore_onnx_reduced(graph, threshold, "ReduceMax"), &sorting);
    if (*found) {
        sorting.x = onnx_unshifted(graph, sorting.x);
    } else if (sorting.x != DLCORE_ONNX_NONE) {
        activation = DLCORE_ACTIVATION_SPARSEMAX_KERAS;
        *found = onnx_is_keras_threshold(graph, threshold, &sorting);
    }
    if (!*found)
        return DLCORE_OK;
    status = onnx_check_ranks(graph, sorting.ranks, sorting.width, found);
    if (status != DLCORE_OK || !*found)
        return status;
    status = dlcore_onnx_add_activation(match, node, activation, sorting.x);
    if (status == DLCORE_OK) {
        dlcore_onnx_step(match, match->steps.count - 1)->needs_rows = true;
        dlcore_onnx_step(match, match->steps.count - 1)->width = sorting.width;
    }
    return status;
}
