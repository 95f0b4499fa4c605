/* From an ONNX graph to the steps of a Sequential model. The walk goes from the output towards the
 * input: the node that makes a value, alone or with those before it, is explained by a step, and
 * the walk goes on with the value that the step takes. What is not on the way is not looked at;
 * what is on it is explained or refused by name.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_EXCHANGE_ONNX_MATCH_H
#define DLCORE_EXCHANGE_ONNX_MATCH_H

#include "system/compiler.h"

#include "base/error.h"
#include "exchange/onnx_constant.h"
#include "nn/layer.h"

DLCORE_HIDDEN_BEGIN

typedef enum dlcore_onnx_step_kind {
    DLCORE_ONNX_STEP_LAYER,  /* a layer; vectors: its weights in their order */
    DLCORE_ONNX_STEP_DENSE,  /* the same; its kernel is `kernel` times `alpha`, vectors[0] its bias
                              */
    DLCORE_ONNX_STEP_AFFINE, /* y = ((x - v0) * v1 / v2) + v3, each for every unit or one for all */
    DLCORE_ONNX_STEP_SHAPE   /* the same numbers in the shape (batch, dims...) */
} dlcore_onnx_step_kind_t;

enum { DLCORE_ONNX_SHIFT, DLCORE_ONNX_SCALE, DLCORE_ONNX_DIVISOR, DLCORE_ONNX_OFFSET };

typedef struct dlcore_onnx_step {
    dlcore_onnx_step_kind_t kind;
    const dlcore_onnx_node_t *node; /* for messages */
    dlcore_layer_t layer;
    bool needs_rows; /* it works along the last axis: right for (batch, width) alone */
    size_t width;    /* of what a layer has to take; 0: any */
    int64_t axis;    /* of a softmax, among those that samples have there */
    dlcore_onnx_constant_t kernel;
    double alpha;
    dlcore_onnx_vector_t vectors[DLCORE_LAYER_PARAMETERS_MAX];
    size_t rank;                        /* of a shape; 0: all axes but the first become one */
    int64_t dims[DLCORE_ONNX_RANK_MAX]; /* as Reshape has them */
} dlcore_onnx_step_t;

#define DLCORE_ONNX_STEPS_MAX ((size_t)4 * DLCORE_LAYERS_MAX)

typedef struct dlcore_onnx_match {
    dlcore_onnx_graph_t *graph;
    size_t value;             /* to be explained next */
    dlcore_onnx_list_t steps; /* the last layer first, until dlcore_onnx_walk is through */
} dlcore_onnx_match_t;

/* Frees the steps. */
void dlcore_onnx_match_clear(dlcore_onnx_match_t *match);

static inline dlcore_onnx_step_t *dlcore_onnx_step(const dlcore_onnx_match_t *match, size_t i)
{
    return (dlcore_onnx_step_t *)match->steps.items + i;
}

/* ---- for what explains nodes ---- */

/* Explains the node that makes match->value. */
typedef dlcore_status dlcore_onnx_matcher_t(dlcore_onnx_match_t *match,
                                            const dlcore_onnx_node_t *node);

/* One kind of node. */
typedef struct dlcore_onnx_operator {
    const char *name;
    const char *domain;
    int64_t since;             /* the first version of the domain in which it means this */
    const char *attributes[5]; /* those that are looked at, or change nothing here; then NULL */
    dlcore_onnx_matcher_t *match;
} dlcore_onnx_operator_t;

/* DLCORE_ERROR_UNSUPPORTED with the node's name. */
dlcore_status dlcore_onnx_refuse(const dlcore_onnx_match_t *match, const dlcore_onnx_node_t *node,
                                 const char *format, ...) DLCORE_PRINTF(3, 4);

/* A new step; NULL without memory, the error written. */
dlcore_onnx_step_t *dlcore_onnx_add_step(dlcore_onnx_match_t *match, const dlcore_onnx_node_t *node,
                                         dlcore_onnx_step_kind_t kind);
/* A step of a layer without weights, and on with `value`. */
dlcore_status dlcore_onnx_add_layer(dlcore_onnx_match_t *match, const dlcore_onnx_node_t *node,
                                    const dlcore_layer_t *layer, size_t value);
dlcore_status dlcore_onnx_add_activation(dlcore_onnx_match_t *match, const dlcore_onnx_node_t *node,
                                         dlcore_activation_t activation, size_t value);

/* Attributes by name, or `otherwise`. */
double dlcore_onnx_float(const dlcore_onnx_match_t *match, const dlcore_onnx_node_t *node,
                         const char *name, double otherwise);
int64_t dlcore_onnx_int(const dlcore_onnx_match_t *match, const dlcore_onnx_node_t *node,
                        const char *name, int64_t otherwise);

/* A constant that the node takes as one number for each unit, or one for all: of shape (n), (1, n)
 * or of one number. `what` is for messages: "bias". */
dlcore_status dlcore_onnx_read_vector(const dlcore_onnx_match_t *match,
                                      const dlcore_onnx_node_t *node, size_t value,
                                      const char *what, dlcore_onnx_vector_t *vector);

/* Whether two numbers are one, as exporters write it in float32. */
static inline bool dlcore_onnx_near(double a, double b)
{
    double difference = a > b ? a - b : b - a;

    return difference <= 1e-6 * (b < 0 ? -b : b);
}

/* The input of the node that makes a value, where it is that operator; else NONE. */
static inline size_t dlcore_onnx_input_of(const dlcore_onnx_graph_t *graph, size_t value,
                                          const char *operation)
{
    const dlcore_onnx_node_t *node = dlcore_onnx_maker(graph, value);

    return dlcore_onnx_is(graph, node, operation) ? dlcore_onnx_node_input(graph, node, 0)
                                                  : DLCORE_ONNX_NONE;
}

/* ---- polynomials of a value: onnx_polynomial.c ---- */

enum { DLCORE_ONNX_DEGREE = 3 };

typedef struct dlcore_onnx_polynomial {
    double c[DLCORE_ONNX_DEGREE + 1];
} dlcore_onnx_polynomial_t;

/* Whether `value` is a polynomial of x, and which. */
bool dlcore_onnx_polynomial_of(const dlcore_onnx_graph_t *graph, size_t value, size_t x,
                               dlcore_onnx_polynomial_t *result);
/* Whether it is c0 + c1 x + c2 x^2 + c3 x^3. */
bool dlcore_onnx_is_polynomial(const dlcore_onnx_graph_t *graph, size_t value, size_t x, double c0,
                               double c1, double c2, double c3);

/* ---- reductions over the units, kept as an axis of one: onnx_match_moments.c ---- */

/* What `value` is that reduction of ("ReduceMean"), the mean of, the square of; NONE: of nothing.
 */
size_t dlcore_onnx_reduced(const dlcore_onnx_graph_t *graph, size_t value, const char *operation);
size_t dlcore_onnx_mean_of(const dlcore_onnx_graph_t *graph, size_t value);
size_t dlcore_onnx_square_of(const dlcore_onnx_graph_t *graph, size_t value);
/* Whether `value` is sqrt(mean((x - mean(x))^2) + epsilon). */
bool dlcore_onnx_is_deviation(const dlcore_onnx_graph_t *graph, size_t value, size_t x,
                              double *epsilon);

/* Whether `value` is the number of samples, as a list of one: onnx_match_shape.c. */
bool dlcore_onnx_is_batch(const dlcore_onnx_graph_t *graph, size_t value);

/* ---- what explains nodes: tables that end with a zero row ---- */

extern const dlcore_onnx_operator_t dlcore_onnx_operators_dense[];         /* onnx_match_dense.c */
extern const dlcore_onnx_operator_t dlcore_onnx_operators_activation[];    /* ..._activation.c */
extern const dlcore_onnx_operator_t dlcore_onnx_operators_affine[];        /* ..._affine.c */
extern const dlcore_onnx_operator_t dlcore_onnx_operators_normalization[]; /* ..._normalization.c */
extern const dlcore_onnx_operator_t dlcore_onnx_operators_rows[];          /* ..._rows.c */
extern const dlcore_onnx_operator_t dlcore_onnx_operators_shape[];         /* ..._shape.c */
extern const dlcore_onnx_operator_t dlcore_onnx_operators_sklearn[];       /* ..._sklearn.c */

/* Explains a value that several nodes make: gelu, silu, a layer normalization, ... *found says
 * whether; then match->value is what they take. onnx_match_product.c, onnx_match_chain.c,
 * onnx_match_choice.c, onnx_match_glu.c, onnx_match_moments.c, onnx_match_rows.c,
 * onnx_match_sparsemax.c. */
dlcore_status dlcore_onnx_match_product(dlcore_onnx_match_t *match, const dlcore_onnx_node_t *node,
                                        bool *found);
dlcore_status dlcore_onnx_match_chain(dlcore_onnx_match_t *match, const dlcore_onnx_node_t *node,
                                      bool *found);
dlcore_status dlcore_onnx_match_moments(dlcore_onnx_match_t *match, const dlcore_onnx_node_t *node,
                                        bool *found);
dlcore_status dlcore_onnx_match_rows(dlcore_onnx_match_t *match, const dlcore_onnx_node_t *node,
                                     bool *found);
dlcore_status dlcore_onnx_match_choice(dlcore_onnx_match_t *match, const dlcore_onnx_node_t *node,
                                       bool *found);
dlcore_status dlcore_onnx_match_glu(dlcore_onnx_match_t *match, const dlcore_onnx_node_t *node,
                                    bool *found);
dlcore_status dlcore_onnx_match_sparsemax(dlcore_onnx_match_t *match,
                                          const dlcore_onnx_node_t *node, bool *found);

DLCORE_HIDDEN_END

#endif
