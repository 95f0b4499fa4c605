/* What a layer is to the engine: two const tables, one per kind: its type, which predicting and
 * files need, and what only training does. So a program that only predicts links no gradient.
 *
 * To add a kind: an enumerator, fields and a constructor in dlcore/layer.h, one file layer_<kind>.c
 * that ends in its tables, and one row in DLCORE_LAYER_KINDS below. A layer never allocates, locks
 * or knows the optimizer. Its functions are called by every worker of a team at once, each with its
 * own pass, and each does the worker's share; the engine puts a barrier between two of them.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_NN_LAYER_H
#define DLCORE_NN_LAYER_H

#include "system/compiler.h"

#include <float.h>
#include <math.h>

#include "dlcore/layer.h"
#include "dlcore/status.h"
#include "kernels/activate.h"
#include "kernels/kernels_training.h"
#include "nn/constraint.h"
#include "nn/regularizer.h"
#include "nn/setting.h"
#include "products/matrix.h"
#include "products/products.h"
#include "products/products_half.h"
#include "products/products_training.h"

DLCORE_HIDDEN_BEGIN

#define DLCORE_LAYER_PARAMETERS_MAX 4

/* A trainable array of a layer, as declared at build; the network adds the place. */
typedef struct dlcore_parameter {
    const char *name; /* "kernel" */
    size_t rank;
    size_t shape[2];
    size_t fan_in, fan_out;
    bool is_statistic; /* found from data, not moved by an optimizer */
    /* the layer's; the last two NULL where the parameter can have none */
    const dlcore_initializer_t *initializer;
    const dlcore_regularizer_t *regularizer;
    const dlcore_constraint_t *constraint;
    size_t offset; /* floats from the start of the flat parameter vector; a multiple of 16 */
    size_t floats; /* with padding; rank 2: as the engine's products lay a kernel out */
    size_t place;  /* numbers before it in a row-major copy of all weights */
} dlcore_parameter_t;

static inline bool dlcore_parameter_is_constrained(const dlcore_parameter_t *parameter)
{
    return parameter->constraint != NULL && parameter->constraint->kind != DLCORE_CONSTRAINT_NONE;
}

/* What a layer that multiplies in bfloat16 is given in the place of x, dy and its kernel: pairs
 * (products_half.h), some of which share memory, so that each is there when it is needed. */
typedef struct dlcore_layer_half {
    const dlcore_half_t *half;
    const dlcore_half_kernel_t *kernel;
    dlcore_matrix_t x_columns;       /* for forward */
    dlcore_matrix_t dy_columns;      /* for the gradient by the inputs */
    dlcore_matrix_t x_rows, dy_rows; /* for that by the kernel */
} dlcore_layer_half_t;

/* One worker's view of one layer in one step. */
typedef struct dlcore_layer_pass {
    const dlcore_layer_t *layer;
    const dlcore_products_t *products;
    const dlcore_kernels_t *kernels;
    /* training only */
    const dlcore_training_kernels_t *training_kernels;
    const dlcore_products_training_t *training_products;
    size_t input_width, output_width;
    const dlcore_parameter_t *parameters; /* this layer's */
    const float *values;                  /* the flat parameter vector */
    /* the activation to apply: the layer's, or linear where the loss has taken it over */
    dlcore_activate_t activation;
    size_t worker, workers;
    float *scratch; /* this worker's */
    bool training;
    uint64_t key; /* for what is random in this layer and step; training only */
    /* of a batch that is cut into slices (engine/ranked.h) this is one: its first row in the batch,
     * and the rows of all. Else 0, and its own rows */
    size_t first_row, batch_rows;
    bool shares;  /* sums over rows are the engine's to make: dlcore_layer_shared_t */
    bool leads;   /* and gradients made of such sums alone are this slice's */
    float *state; /* state_floats of the layer's own, kept from forward to backward; likewise */

    const dlcore_layer_half_t *half; /* NULL: float32 */
    const dlcore_matrix_t *x;        /* (rows, input_width) */
    dlcore_matrix_t *y;              /* (rows, output_width) */
    /* what y is the activation of, where the backward pass will need it: forward_rows of a dense
     * layer makes y of it; NULL: forward applies the activation in place, and nothing is kept */
    dlcore_matrix_t *z;

    /* backward only */
    dlcore_matrix_t *dy; /* gradient by y, (rows, output_width) */
    dlcore_matrix_t *dx; /* gradient by x; the same buffer as dy where gradients_in_place */
    /* an activation that the layer below left to this layer's input gradient; linear: none */
    dlcore_activate_t activation_below;
    const dlcore_gradient_sink_t *sink;
    float
        *statistics; /* `values`, for parameter_gradient to set statistics in; NULL: it must not */
} dlcore_layer_pass_t;

/* Sums over the rows of a batch that its slices have parts of. Each worker does its columns. */
typedef enum dlcore_shared_stage {
    DLCORE_SHARED_MEAN,      /* before forward: for the mean */
    DLCORE_SHARED_DEVIATION, /* then: about it */
    DLCORE_SHARED_GRADIENT   /* before the gradients */
} dlcore_shared_stage_t;

typedef struct dlcore_layer_shared {
    /* Doubles of the sums of a stage, at most. */
    size_t (*length)(size_t width);
    /* A slice's sums; it may have no rows. */
    void (*measure)(const dlcore_layer_pass_t *pass, dlcore_shared_stage_t stage, double *sums);
    /* To the slice's state, from the sums of the batch. */
    void (*settle)(const dlcore_layer_pass_t *pass, dlcore_shared_stage_t stage,
                   const double *sums);
    /* Sets statistics from the state, in place of parameter_gradient: as weights move, not before.
     */
    void (*move)(const dlcore_layer_pass_t *pass);
} dlcore_layer_shared_t;

typedef struct dlcore_layer_type {
    const char *class_name; /* "Dense" */
    const char *base_name;  /* "dense": what automatic names begin with */

    const dlcore_setting_t *settings; /* of dlcore_layer_t; in configs in this order */
    size_t (*output_width)(const dlcore_layer_t *layer, size_t input_width);
    /* Whether it can be built for inputs of that width, before the others are asked. NULL: always.
     */
    dlcore_status (*check_build)(const dlcore_layer_t *layer, size_t input_width,
                                 dlcore_error_record_t *error);
    /* Declares parameters (all but offset and floats) and answers their number. NULL: none. */
    size_t (*declare)(const dlcore_layer_t *layer, size_t input_width,
                      dlcore_parameter_t parameters[DLCORE_LAYER_PARAMETERS_MAX]);

    /* Floats that a pass keeps while training with batches of up to `rows`. NULL: none. */
    size_t (*state_floats)(size_t width, size_t rows);

    /* y from x. NULL: y is x itself. Training may have another: dlcore_layer_training_t. */
    void (*forward)(const dlcore_layer_pass_t *pass);
    /* After a barrier, where dlcore_layer_has_rows: what needs whole rows of y, or makes y of z,
     * for the worker's rows. NULL: nothing. */
    void (*forward_rows)(const dlcore_layer_pass_t *pass);

    bool has_activation;       /* layer.activation is its own */
    bool gradients_in_place;   /* dx may be dy */
    bool can_fold_below;       /* input_gradient obeys activation_below */
    bool keeps_input;          /* z of an activation that needs it is not x: it takes a matrix */
    bool takes_half;           /* multiplies by its first parameter, also pairs: pass->half */
    bool takes_index;          /* x may leave inputs out (matrix.h) */
    bool is_rescaling;         /* can be folded into the gather when first */
    bool regularizes_activity; /* obeys activity_regularizer */
    bool only_trains;          /* y is x itself but in training; `forward` is NULL */
    bool needs_axis;     /* Keras's works along the last axis, or has a weight for each of it */
    bool comes_first;    /* only as a model's first layer */
    bool not_in_keras;   /* files for Keras cannot have it */
    bool counts_samples; /* Keras keeps a count after the parameters, which nothing reads */
} dlcore_layer_type_t;

/* What training calls; nothing of it for a layer whose y is x itself. */
typedef struct dlcore_layer_training {
    /* y from x. NULL: as the type's. */
    void (*forward)(const dlcore_layer_pass_t *pass);
    /* dy becomes the gradient before the activation, in place; not called where the layer above
     * or the loss has done so. NULL: the layer has no activation. */
    void (*activation_gradient)(const dlcore_layer_pass_t *pass);
    /* dx from dy; not called for the first layer. */
    void (*input_gradient)(const dlcore_layer_pass_t *pass);
    /* Gradients of the parameters, to the sink, and statistics; dx is NULL for the first layer. Not
     * called for a layer that is not trainable. NULL: none. */
    void (*parameter_gradient)(const dlcore_layer_pass_t *pass);
    /* Of a layer whose rows need sums over the batch; used where pass->shares. NULL: no such sums.
     */
    const dlcore_layer_shared_t *shared;
} dlcore_layer_training_t;

/* The table of a kind; NULL for an unknown one. */
const dlcore_layer_type_t *dlcore_layer_type(dlcore_layer_kind_t kind);
/* What training calls of a known kind: layer_training.c. */
const dlcore_layer_training_t *dlcore_layer_training(dlcore_layer_kind_t kind);

/* One row a kind, in the order of the enumerators: kind(KIND, name). Its file defines
 * dlcore_layer_type_<name>, dlcore_layer_training_<name> and, for configs,
 * dlcore_layer_keys_<name>. */
/* clang-format off */
#define DLCORE_LAYER_KINDS(kind) \
    kind(DENSE, dense) \
    kind(ACTIVATION, activation) \
    kind(FLATTEN, flatten) \
    kind(RESCALING, rescaling) \
    kind(DROPOUT, dropout) \
    kind(GAUSSIAN_NOISE, gaussian_noise) \
    kind(BATCH_NORMALIZATION, batch_normalization) \
    kind(LAYER_NORMALIZATION, layer_normalization) \
    kind(NORMALIZATION, normalization) \
    kind(PRELU, prelu) \
    kind(GAUSSIAN_DROPOUT, gaussian_dropout) \
    kind(ALPHA_DROPOUT, alpha_dropout) \
    kind(ACTIVITY_REGULARIZATION, activity_regularization) \
    kind(UNIT_NORMALIZATION, unit_normalization) \
    kind(RMS_NORMALIZATION, rms_normalization) \
    kind(EMBEDDING, embedding) \
    kind(GLU, glu) \
    kind(GROUPED_SOFTMAX, grouped_softmax)
/* clang-format on */

#define DLCORE_LAYER_DECLARED(kind, name)                              \
    extern const dlcore_layer_type_t dlcore_layer_type_##name;         \
    extern const dlcore_layer_training_t dlcore_layer_training_##name; \
    extern const dlcore_setting_key_t dlcore_layer_keys_##name[];
DLCORE_LAYER_KINDS(DLCORE_LAYER_DECLARED)
#undef DLCORE_LAYER_DECLARED

#define DLCORE_LAYER_COUNTED(kind, name) +1
enum { DLCORE_LAYER_KIND_COUNT = 1 DLCORE_LAYER_KINDS(DLCORE_LAYER_COUNTED) }; /* with UNKNOWN */
#undef DLCORE_LAYER_COUNTED

/* The type and place of a row of settings. */
#define DLCORE_LAYER_SETTING(setting_type, field) \
    .type = DLCORE_SETTING_##setting_type, .place = offsetof(dlcore_layer_t, field)

/* Of dense and activation. */
#define DLCORE_LAYER_ACTIVATION_SETTINGS                                                    \
    {.key = "activation",                                                                   \
     DLCORE_LAYER_SETTING(ACTIVATION, activation),                                          \
     .value = DLCORE_ACTIVATION_LINEAR},                                                    \
        {.key = "negative_slope",                                                           \
         DLCORE_LAYER_SETTING(DOUBLE, negative_slope),                                      \
         .high = FLT_MAX,                                                                   \
         .value = 0.2,                                                                      \
         .inner = true},                                                                    \
        {.key = "max_value",                                                                \
         DLCORE_LAYER_SETTING(DOUBLE, max_value),                                           \
         .high = FLT_MAX,                                                                   \
         .value = HUGE_VAL,                                                                 \
         .has_none = true,                                                                  \
         .none = HUGE_VAL,                                                                  \
         .inner = true},                                                                    \
        {.key = "threshold",                                                                \
         DLCORE_LAYER_SETTING(DOUBLE, threshold),                                           \
         .high = FLT_MAX,                                                                   \
         .inner = true},                                                                    \
    {                                                                                       \
        .key = "alpha", DLCORE_LAYER_SETTING(DOUBLE, alpha), .high = FLT_MAX, .value = 1.0, \
        .inner = true                                                                       \
    }

/* What all kinds have, but for their names. */
extern const dlcore_setting_t dlcore_layer_common_settings[];
extern const dlcore_setting_key_t dlcore_layer_common_keys[];

/* The descriptor of a kind with the defaults of its settings; those of other kinds are 0. Copies of
 * it are large on the stack: what is called deep down resets one in its place. */
dlcore_layer_t dlcore_layer_make(dlcore_layer_kind_t kind, const dlcore_setting_t *settings);
void dlcore_layer_reset(dlcore_layer_t *layer, dlcore_layer_kind_t kind,
                        const dlcore_setting_t *settings);

/* The kind of a layer by Keras's name, DLCORE_LAYER_UNKNOWN for any other. */
dlcore_layer_kind_t dlcore_layer_kind_named(const char *name);

/* `layer` becomes `given` as a model keeps it: what is no setting of the layer's kind is as the
 * constructor has it, so that neither a pass nor a file depends on it, and relu_general is the
 * simplest relu. */
void dlcore_layer_settle(const dlcore_layer_t *given, dlcore_layer_t *layer);
/* The kind that Keras's ReLU is with these settings (keras.activations.relu goes over to leaky_relu
 * and relu6, whose slopes at the kinks are others): RELU, RELU6, LEAKY_RELU or RELU_GENERAL. */
dlcore_activation_t dlcore_layer_simplest_relu(double max_value, double negative_slope,
                                               double threshold);

/* DLCORE_ERROR_ARGUMENT, with the layer's name, when a setting is out of range. */
dlcore_status dlcore_layer_validate(const dlcore_layer_t *layer, dlcore_error_record_t *error);

/* Whether a layer computes anything in a run of that kind. */
static inline bool dlcore_layer_runs(const dlcore_layer_type_t *type, bool training)
{
    return type->only_trains ? training : type->forward != NULL;
}

/* The layer's activation with its parameter. */
dlcore_activate_t dlcore_layer_activate(const dlcore_layer_t *layer);

/* Whether a pass has something left for forward_rows. */
static inline bool dlcore_layer_has_rows(const dlcore_layer_type_t *type,
                                         const dlcore_layer_pass_t *pass)
{
    return type->forward_rows != NULL &&
           (dlcore_activate_takes_rows(pass->activation.kind) || pass->z != NULL);
}

/* y = activation(from), for the worker's rows: shared by dense and activation. */
void dlcore_layer_apply_activation(const dlcore_layer_pass_t *pass, const dlcore_matrix_t *from);

/* dy *= activation'(z), in place, for the worker's rows: likewise. */
void dlcore_layer_activation_gradient(const dlcore_layer_pass_t *pass);

/* Where a worker's share of `count` items begins; it ends where the next worker's begins. */
static inline size_t dlcore_share(size_t count, size_t worker, size_t workers)
{
    return count / workers * worker + (count % workers) * worker / workers;
}

/* A parameter of one number for each of `width` units. */
dlcore_parameter_t dlcore_layer_vector(const char *name, size_t width,
                                       const dlcore_initializer_t *initializer);

/* ---- columns: layers that need all rows of a unit share the units out ---- */

#define DLCORE_PIECE 32

/* Up to DLCORE_PIECE columns side by side in one panel. */
typedef struct dlcore_piece {
    size_t column; /* the first, of the matrix */
    size_t count;  /* without padding */
    size_t floats; /* with the panel's padding: what is zeroed beyond count */
    size_t offset; /* from the matrix's data to row 0 */
} dlcore_piece_t;

/* Pieces of any matrix of those columns and panels; some may have count 0. */
static inline size_t dlcore_pieces(const dlcore_matrix_t *m)
{
    return dlcore_matrix_panels(m) * ((m->panel + DLCORE_PIECE - 1) / DLCORE_PIECE);
}
dlcore_piece_t dlcore_piece(const dlcore_matrix_t *m, size_t index);

DLCORE_HIDDEN_END

#endif
