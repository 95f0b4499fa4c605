/* Activations that exporters write as products:
 * products of x, or of what is in its place, with
 * constants and a gate, in any order.
 *
 *   silu        x sigmoid(x)                hard_silu   x clip(x + 3, 0, 6) / 6, x hard_sigmoid(x)
 *   mish        x tanh(softplus(x))         hard_sigmoid  clip(x + 3, 0, 6) / 6
 *   gelu        x (1 + erf(x / sqrt 2)) / 2
 *   gelu_tanh   x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2
 *
 * Which of a product's factors is x and which the gate is tried out: of each pair it is asked
 * whether the gate, as a polynomial of x or of what it is made of, is what it should be, and
 * whether the whole is one x and one gate. What constant is left over, such as the scale of a batch
 * normalization that an exporter has moved there, is an affine step behind the activation.
 *
 * Everything is bounded by depth, since a hostile graph may go in circles.
 *
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <string.h>

#include "exchange/onnx_match.h"

#define ONNX_FACTORS_MAX 16
#define ONNX_PRODUCT_DEPTH 4

/* ---- products ---- */

/* Values that are multiplied to make another, and those that these are made of. */
typedef struct onnx_factors {
    size_t values[ONNX_FACTORS_MAX];
    size_t count;
} onnx_factors_t;

static void onnx_collect(const dlcore_onnx_graph_t *graph, size_t value, onnx_factors_t *factors)
{
    const dlcore_onnx_node_t *node = dlcore_onnx_maker(graph, value);
    size_t inputs = dlcore_onnx_is(graph, node, "Mul") ? 2 : dlcore_onnx_is(graph, node, "Div");

    for (size_t i = 0; i < inputs && factors->count < ONNX_FACTORS_MAX; i++) {
        size_t input = dlcore_onnx_node_input(graph, node, i);

        if (input != DLCORE_ONNX_NONE &&
            dlcore_onnx_value(graph, input)->tensor == DLCORE_ONNX_NONE)
            factors->values[factors->count++] = input;
    }
}

/* The nearest first: what is far may belong to another product, in which x was made. */
static void onnx_find_factors(const dlcore_onnx_graph_t *graph, size_t value,
                              onnx_factors_t *factors)
{
    size_t done = 0;

    factors->count = 0;
    onnx_collect(graph, value, factors);
    for (int depth = 1; depth < ONNX_PRODUCT_DEPTH; depth++) {
        size_t end = factors->count;

        for (; done < end; done++)
            onnx_collect(graph, factors->values[done], factors);
    }
}

/* A product as constants, x to a power and gate to a power. */
typedef struct onnx_product {
    size_t x, gate;
    double constant;
    size_t vector; /* a constant for each unit; NONE: there is none */
    unsigned xs, gates;
} onnx_product_t;

static bool onnx_take_constant(const dlcore_onnx_graph_t *graph, size_t value,
                               onnx_product_t *product)
{
    dlcore_onnx_constant_t constant;
    double number;

    if (dlcore_onnx_scalar(graph, value, &number)) {
        product->constant *= number;
        return true;
    }
    if (product->vector != DLCORE_ONNX_NONE || !dlcore_onnx_constant(graph, value, &constant))
        return false;
    product->vector = value;
    return true;
}

static bool onnx_multiplies(const dlcore_onnx_graph_t *graph, size_t value, int depth,
                            onnx_product_t *product)
{
    const dlcore_onnx_node_t *node = dlcore_onnx_maker(graph, value);
    double number;

    if (value == product->x || value == product->gate) {
        product->xs += value == product->x;
        product->gates += value == product->gate;
        return true;
    }
    if (onnx_take_constant(graph, value, product))
        return true;
    if (depth == 0)
        return false;
    if (dlcore_onnx_is(graph, node, "Mul"))
        return onnx_multiplies(graph, dlcore_onnx_node_input(graph, node, 0), depth - 1, product) &&
               onnx_multiplies(graph, dlcore_onnx_node_input(graph, node, 1), depth - 1, product);
    if (!dlcore_onnx_is(graph, node, "Div") ||
        !dlcore_onnx_scalar(graph, dlcore_onnx_node_input(graph, node, 1), &number))
        return false;
    product->constant /= number;
    return onnx_multiplies(graph, dlcore_onnx_node_input(graph, node, 0), depth - 1, product);
}

/* Whether `value` is x^xs gate with constants, which are then in *product: divided by those that
 * belong to the activation. */
static bool onnx_is_product(const dlcore_onnx_graph_t *graph, size_t value, double belongs,
                            unsigned xs, onnx_product_t *product)
{
    product->constant = 1.0 / belongs;
    product->vector = DLCORE_ONNX_NONE;
    product->xs = product->gates = 0;
    return onnx_multiplies(graph, value, ONNX_PRODUCT_DEPTH, product) && product->xs == xs &&
           product->gates == 1;
}

/* ---- gates ---- */

/* Clip to 0 .. 6, in either form. */
static bool onnx_clips_to_6(const dlcore_onnx_graph_t *graph, size_t value)
{
    const dlcore_onnx_node_t *node = dlcore_onnx_maker(graph, value);
    const dlcore_onnx_attribute_t *min, *max;
    double low, high;

    if (!dlcore_onnx_is(graph, node, "Clip"))
        return false;
    min = dlcore_onnx_find_attribute(graph, node, "min");
    max = dlcore_onnx_find_attribute(graph, node, "max");
    if (min != NULL && max != NULL)
        return min->f == 0.0f && max->f == 6.0f;
    return dlcore_onnx_scalar(graph, dlcore_onnx_node_input(graph, node, 1), &low) &&
           dlcore_onnx_scalar(graph, dlcore_onnx_node_input(graph, node, 2), &high) && low == 0.0 &&
           high == 6.0;
}

static bool onnx_is_hard_sigmoid(const dlcore_onnx_graph_t *graph, size_t value, size_t x)
{
    const dlcore_onnx_node_t *node = dlcore_onnx_maker(graph, value);
    const dlcore_onnx_attribute_t *alpha, *beta;

    if (dlcore_onnx_input_of(graph, value, "HardSigmoid") != x)
        return false;
    alpha = dlcore_onnx_find_attribute(graph, node, "alpha");
    beta = dlcore_onnx_find_attribute(graph, node, "beta");
    return alpha != NULL && dlcore_onnx_near((double)alpha->f, 1.0 / 6.0) &&
           (beta == NULL || beta->f == 0.5f);
}

/* The erf or tanh in c (1 + erf(...)), not far below; NONE: there is none. */
static size_t onnx_find_bend(const dlcore_onnx_graph_t *graph, size_t value, int depth)
{
    const dlcore_onnx_node_t *node = dlcore_onnx_maker(graph, value);
    size_t found = DLCORE_ONNX_NONE;

    if (dlcore_onnx_is(graph, node, "Erf") || dlcore_onnx_is(graph, node, "Tanh"))
        return value;
    if (node == NULL || depth == 0 ||
        (!dlcore_onnx_is(graph, node, "Add") && !dlcore_onnx_is(graph, node, "Mul")))
        return found;
    for (size_t i = 0; i < 2 && found == DLCORE_ONNX_NONE; i++)
        found = onnx_find_bend(graph, dlcore_onnx_node_input(graph, node, i), depth - 1);
    return found;
}

/* Whether `gate` is half of 1 + erf(x / sqrt 2), or of its likeness with tanh, times *constant. */
static bool onnx_is_gelu_gate(const dlcore_onnx_graph_t *graph, size_t gate, size_t x,
                              dlcore_activation_t *activation, double *constant)
{
    const double root = 0.79788456080286535588; /* sqrt(2 / pi) */
    size_t bend = onnx_find_bend(graph, gate, 3), inner;
    dlcore_onnx_polynomial_t outer;

    if (bend == DLCORE_ONNX_NONE || !dlcore_onnx_polynomial_of(graph, gate, bend, &outer) ||
        outer.c[0] == 0.0 || !dlcore_onnx_near(outer.c[0], outer.c[1]) || outer.c[2] != 0.0 ||
        outer.c[3] != 0.0)
        return false;
    *constant = 0.5 / outer.c[0];
    inner = dlcore_onnx_input_of(graph, bend, "Erf");
    if (inner != DLCORE_ONNX_NONE) {
        *activation = DLCORE_ACTIVATION_GELU;
        return dlcore_onnx_is_polynomial(graph, inner, x, 0.0, 0.70710678118654752440, 0.0, 0.0);
    }
    *activation = DLCORE_ACTIVATION_GELU_TANH;
    return dlcore_onnx_is_polynomial(graph, dlcore_onnx_input_of(graph, bend, "Tanh"), x, 0.0, root,
                                     0.0, 0.044715 * root);
}

/* Whether `gate` makes an activation of x, as which factor of a product with *constant. */
static bool onnx_is_gate(const dlcore_onnx_graph_t *graph, size_t gate, size_t x,
                         dlcore_activation_t *activation, double *constant)
{
    size_t inner = dlcore_onnx_input_of(graph, gate, "Tanh");

    *constant = 1.0;
    *activation = DLCORE_ACTIVATION_SILU;
    if (dlcore_onnx_input_of(graph, gate, "Sigmoid") == x)
        return true;
    *activation = DLCORE_ACTIVATION_HARD_SILU;
    if (onnx_is_hard_sigmoid(graph, gate, x))
        return true;
    *activation = DLCORE_ACTIVATION_MISH;
    if (inner != DLCORE_ONNX_NONE && dlcore_onnx_input_of(graph, inner, "Softplus") == x)
        return true;
    *activation = DLCORE_ACTIVATION_HARD_SILU;
    if (onnx_clips_to_6(graph, gate)) {
        *constant = 1.0 / 6.0;
        return dlcore_onnx_is_polynomial(graph, dlcore_onnx_input_of(graph, gate, "Clip"), x, 3.0,
                                         1.0, 0.0, 0.0);
    }
    return onnx_is_gelu_gate(graph, gate, x, activation, constant);
}

/* ---- whole products ---- */

/* Whether a gate of the product is clip(x + 3, 0, 6) and there is no other x: a hard sigmoid. */
static bool onnx_is_hard_sigmoid_chain(const dlcore_onnx_graph_t *graph, size_t value, size_t gate,
                                       onnx_product_t *product)
{
    const dlcore_onnx_node_t *add =
        dlcore_onnx_maker(graph, dlcore_onnx_input_of(graph, gate, "Clip"));
    double three = 0.0;

    if (!onnx_clips_to_6(graph, gate) || !dlcore_onnx_is(graph, add, "Add"))
        return false;
    *product = (onnx_product_t){.x = DLCORE_ONNX_NONE, .gate = gate};
    if (!onnx_is_product(graph, value, 1.0 / 6.0, 0, product))
        return false;
    for (size_t i = 0; i < 2; i++) {
        if (dlcore_onnx_scalar(graph, dlcore_onnx_node_input(graph, add, 1 - i), &three) &&
            three == 3.0) {
            product->x = dlcore_onnx_node_input(graph, add, i);
            return true;
        }
    }
    return false;
}

static bool onnx_find_product(const dlcore_onnx_graph_t *graph, size_t value,
                              onnx_product_t *product, dlcore_activation_t *activation)
{
    onnx_factors_t factors;
    double belongs;

    onnx_find_factors(graph, value, &factors);
    for (size_t g = 0; g < factors.count; g++) {
        for (size_t i = 0; i < factors.count; i++) {
            *product = (onnx_product_t){.x = factors.values[i], .gate = factors.values[g]};
            if (i != g && product->x != product->gate &&
                onnx_is_gate(graph, product->gate, product->x, activation, &belongs) &&
                onnx_is_product(graph, value, belongs, 1, product))
                return true;
        }
    }
    *activation = DLCORE_ACTIVATION_HARD_SIGMOID;
    for (size_t g = 0; g < factors.count; g++) {
        if (onnx_is_hard_sigmoid_chain(graph, value, factors.values[g], product))
            return true;
    }
    return false;
}

/* A step for the constants that are left over, if there are any. */
static dlcore_status onnx_add_scale(dlcore_onnx_match_t *match, const dlcore_onnx_node_t *node,
                                    const onnx_product_t *product)
{
    bool has_number = !dlcore_onnx_near(product->constant, 1.0);
    dlcore_onnx_step_t *step;
    dlcore_onnx_vector_t *scale;
    dlcore_status status = DLCORE_OK;

    if (!has_number && product->vector == DLCORE_ONNX_NONE)
        return DLCORE_OK;
    step = dlcore_onnx_add_step(match, node, DLCORE_ONNX_STEP_AFFINE);
    if (step == NULL)
        return match->graph->error->status;
    scale = &step->vectors[DLCORE_ONNX_SCALE];
    if (product->vector != DLCORE_ONNX_NONE)
        status = dlcore_onnx_read_vector(match, node, product->vector, "operand", scale);
    else
        status = dlcore_onnx_new_vector(match->graph, scale, 1, 1.0f);
    step->needs_rows = scale->count > 1;
    for (size_t i = 0; i < scale->count && has_number; i++)
        scale->data[i] *= (float)product->constant;
    return status;
}

dlcore_status dlcore_onnx_match_product(dlcore_onnx_match_t *match, const dlcore_onnx_node_t *node,
                                        bool *found)
{
    const dlcore_onnx_graph_t *graph = match->graph;
    dlcore_activation_t activation;
    onnx_product_t product;
    dlcore_status status;

    *found = (dlcore_onnx_is(graph, node, "Div") || dlcore_onnx_is(graph, node, "Mul")) &&
             onnx_find_product(graph, match->value, &product, &activation);
    if (!*found)
        return DLCORE_OK;
    status = onnx_add_scale(match, node, &product);
    return status == DLCORE_OK ? dlcore_onnx_add_activation(match, node, activation, product.x)
                               : status;
}
