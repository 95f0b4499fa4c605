/* Layers: the parts of a Sequential model, as value descriptors.
 *
 * A constructor fills in Keras's defaults, you change fields, and model_add copies the descriptor:
 *
 *     dlcore_layer_t hidden = dlcore_layer_dense(512, DLCORE_ACTIVATION_RELU);
 *     hidden.use_bias = false;
 *     dlcore_model_add(model, hidden);
 *
 * Nothing to free; tables of an embedding are borrowed until model_add has copied them. Settings of
 * other kinds (a center of a dense layer) are ignored: dlcore_model_layer has them as the
 * constructor does. Layers work on (batch, width). A sample of higher rank, an image of 28 x 28,
 * counts as its flattened size, 784. (Keras's Dense would act on the last axis alone.)
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_LAYER_H
#define DLCORE_LAYER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "activation.h"
#include "api.h"
#include "constraint.h"
#include "initializer.h"
#include "regularizer.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum dlcore_layer_kind {
    DLCORE_LAYER_UNKNOWN = 0,
    DLCORE_LAYER_DENSE,
    DLCORE_LAYER_ACTIVATION,
    DLCORE_LAYER_FLATTEN,
    DLCORE_LAYER_RESCALING,
    DLCORE_LAYER_DROPOUT,
    DLCORE_LAYER_GAUSSIAN_NOISE,
    DLCORE_LAYER_BATCH_NORMALIZATION,
    DLCORE_LAYER_LAYER_NORMALIZATION,
    DLCORE_LAYER_NORMALIZATION,
    DLCORE_LAYER_PRELU,
    DLCORE_LAYER_GAUSSIAN_DROPOUT,
    DLCORE_LAYER_ALPHA_DROPOUT,
    DLCORE_LAYER_ACTIVITY_REGULARIZATION,
    DLCORE_LAYER_UNIT_NORMALIZATION,
    DLCORE_LAYER_RMS_NORMALIZATION,
    DLCORE_LAYER_EMBEDDING,
    DLCORE_LAYER_GLU,
    DLCORE_LAYER_GROUPED_SOFTMAX
} dlcore_layer_kind_t;

#define DLCORE_LAYERS_MAX 1000 /* of one model */
#define DLCORE_NAME_SIZE 64    /* bytes of a layer's or metric's name, its terminator included */

/* A table of an embedding layer. */
typedef struct dlcore_embedding {
    uint32_t column; /* of x; counted from 0 */
    uint32_t count;  /* rows, 1 .. 16,777,216: the column holds whole numbers 0 .. count - 1 */
    uint32_t units;  /* numbers of a row, 1 .. 65,536; 0: dlcore_embedding_units(count) */
} dlcore_embedding_t;

#define DLCORE_EMBEDDINGS_MAX 64 /* tables of one layer */

/* Borrowed: they must be there until the layer is added, which copies them. In what
 * dlcore_model_layer answers they are the model's, and live as long as it. */
typedef struct dlcore_embeddings {
    size_t count;                    /* 1 .. DLCORE_EMBEDDINGS_MAX */
    const dlcore_embedding_t *table; /* in ascending order of their columns */
    /* What reads them: of dlcore_layer_embedding, so that programs without it do not link it. */
    const struct dlcore_embeddings_code *code;
} dlcore_embeddings_t;

typedef struct dlcore_layer {
    dlcore_layer_kind_t kind;
    char name[DLCORE_NAME_SIZE]; /* "" : named as Keras does, "dense", "dense_1", ... */
    size_t input_width; /* numbers per sample; 0: from the layer before, or from the data */
    /* true; false: training leaves its weights as they are, and a batch normalization works as it
     * does when predicting. dlcore_model_set_trainable changes it later. */
    bool trainable;

    /* dense: y = activation(x kernel + bias), kernel (inputs, units), bias (units) */
    size_t units; /* 1 or more */
    bool use_bias;
    dlcore_initializer_t kernel_initializer;
    dlcore_initializer_t bias_initializer;
    dlcore_regularizer_t kernel_regularizer; /* all 0: none */
    dlcore_regularizer_t bias_regularizer;
    /* also activity_regularization's */
    dlcore_regularizer_t activity_regularizer; /* of y: its mean over the batch adds to the loss */
    dlcore_constraint_t kernel_constraint;     /* kind NONE, the default: none */
    dlcore_constraint_t bias_constraint;

    /* dense and activation */
    dlcore_activation_t activation;
    double negative_slope; /* of leaky_relu and relu_general: 0 or more; constructors set 0.2 */
    double alpha;          /* of elu: 0 or more; constructors set 1 */
    double max_value;      /* of relu_general: 0 or more, or INFINITY, the default: none */
    double threshold;      /* of relu_general: 0 or more; constructors set 0 */

    /* rescaling: y = x * scale + offset */
    double scale;
    double offset;

    /* dropout: share of the inputs that become zero, 0 .. 1; gaussian_dropout and alpha_dropout:
     * 0 or more and below 1 */
    double rate;
    double stddev; /* gaussian_noise: standard deviation, 0 or more */

    /* batch_normalization, layer_normalization: y = gamma (x - mean) / sqrt(variance + epsilon) +
     * beta; over the batch or over the sample's numbers */
    double momentum; /* batch_normalization: of the moving mean and variance; 0 .. 1, 0.99 */
    double epsilon;  /* more than 0; 1e-3 */
    bool center;     /* beta is there; true */
    bool use_scale;  /* gamma is there (Keras: scale); true */
    dlcore_initializer_t gamma_initializer;           /* ones */
    dlcore_initializer_t beta_initializer;            /* zeros */
    dlcore_initializer_t moving_mean_initializer;     /* batch_normalization: zeros */
    dlcore_initializer_t moving_variance_initializer; /* batch_normalization: ones */

    dlcore_regularizer_t gamma_regularizer, beta_regularizer; /* all 0: none */
    dlcore_constraint_t gamma_constraint, beta_constraint;    /* kind NONE: none */
    /* layer_normalization: y = gamma x / sqrt(variance + epsilon), without beta; false */
    bool rms_scaling;

    bool invert; /* normalization: y = mean + x max(sqrt(variance), 1e-7) instead; false */

    size_t axis_width; /* grouped_softmax: numbers of a group, 1 or more */

    dlcore_initializer_t alpha_initializer; /* prelu: zeros */
    dlcore_regularizer_t alpha_regularizer;
    dlcore_constraint_t alpha_constraint;

    dlcore_embeddings_t embeddings;              /* embedding: borrowed until it is added */
    dlcore_initializer_t embeddings_initializer; /* random_uniform; one that needs no fans */
    dlcore_regularizer_t embeddings_regularizer; /* all 0: none */
} dlcore_layer_t;

/* Fully connected: (batch, inputs) to (batch, units). Kernel glorot_uniform, bias zeros. */
DLCORE_API dlcore_layer_t dlcore_layer_dense(size_t units, dlcore_activation_t activation);
/* An activation on its own; the width stays. */
DLCORE_API dlcore_layer_t dlcore_layer_activation(dlcore_activation_t activation);
/* Keras's ReLU with its settings: x where x > threshold, at most max_value, else 0, less
 * negative_slope (threshold - x) where x is below the threshold. A dense layer has it with
 * activation DLCORE_ACTIVATION_RELU_GENERAL and the same three fields. With a threshold of 0 a
 * model makes relu of INFINITY, 0; relu6 of 6, 0; and leaky_relu of INFINITY and a slope, as Keras
 * does. */
DLCORE_API dlcore_layer_t dlcore_layer_relu(double max_value, double negative_slope,
                                            double threshold);
/* (batch, a, b, ...) to (batch, a * b * ...). Every layer does this to its input already, so it
 * only documents the intent, and keeps a model line by line the same as its Keras counterpart. */
DLCORE_API dlcore_layer_t dlcore_layer_flatten(void);
/* y = x * scale + offset: rescaling(1 / 255.0, 0) maps uint8 pixels to 0..1. As the first layer it
 * costs nothing: it is folded into the copy of each batch. */
DLCORE_API dlcore_layer_t dlcore_layer_rescaling(double scale, double offset);

/* While training, sets each input to zero with that probability and the others to x / (1 - rate);
 * else y = x. Which ones follows from the model's seed and its count of steps. */
DLCORE_API dlcore_layer_t dlcore_layer_dropout(double rate);
/* While training, adds normal numbers of mean 0; else y = x. */
DLCORE_API dlcore_layer_t dlcore_layer_gaussian_noise(double stddev);
/* Normalizes each unit over the batch while training, and by the moving mean and variance, which
 * training keeps, when predicting. Weights gamma, beta, moving_mean, moving_variance (units). */
DLCORE_API dlcore_layer_t dlcore_layer_batch_normalization(void);
/* Keras's LayerNormalization, not its Normalization: normalizes each sample over its units. Weights
 * gamma, beta (units). */
DLCORE_API dlcore_layer_t dlcore_layer_layer_normalization(void);
/* Keras's Normalization; its LayerNormalization is dlcore_layer_layer_normalization.
 * y = (x - mean) / max(sqrt(variance), 1e-7), mean 0 and variance 1 until dlcore_model_adapt finds
 * those of the data. They are weights that training leaves alone. */
DLCORE_API dlcore_layer_t dlcore_layer_normalization(void);
/* While training, multiplies each input by a normal number of mean 1 and deviation
 * sqrt(rate / (1 - rate)); else y = x. */
DLCORE_API dlcore_layer_t dlcore_layer_gaussian_dropout(double rate);
/* While training, sets each input with that probability to -1.7581, where selu saturates, and moves
 * and scales all so that mean 0 and variance 1 stay what they are; else y = x. */
DLCORE_API dlcore_layer_t dlcore_layer_alpha_dropout(double rate);
/* y = x; l1 |x| and l2 x^2 add to the loss, as dense's activity_regularizer does. */
DLCORE_API dlcore_layer_t dlcore_layer_activity_regularization(double l1, double l2);
/* Each sample is brought to length 1: y = x / sqrt(sum x^2). */
DLCORE_API dlcore_layer_t dlcore_layer_unit_normalization(void);
/* Each sample by the root of its mean square: y = scale x / sqrt(mean(x^2) + epsilon), epsilon
 * 1e-6. Weight scale (units), ones at first. */
DLCORE_API dlcore_layer_t dlcore_layer_rms_normalization(void);
/* x, or alpha x below 0, with an alpha for each unit that is learned. */
DLCORE_API dlcore_layer_t dlcore_layer_prelu(void);
/* Keras's activation glu: (batch, 2 n) to (batch, n), the first half of a sample times the sigmoid
 * of the second. An odd number of inputs is DLCORE_ERROR_SHAPE as the model is built. Keras states
 * the width of its input as that of its output, so that there it can only come last; elsewhere
 * dlcore_keras_save refuses it. */
DLCORE_API dlcore_layer_t dlcore_layer_glu(void);
/* Softmax over each run of axis_width numbers of a sample, such as 3 choices of 4 each, in place of
 * all of them: Keras's Softmax behind Reshape((n, axis_width)). Inputs that are no multiple of
 * axis_width are DLCORE_ERROR_SHAPE as the model is built. */
DLCORE_API dlcore_layer_t dlcore_layer_grouped_softmax(size_t axis_width);

/* Columns of whole numbers, such as the categories of dlcore_schema_fit with DLCORE_ENCODE_INDEX:
 * each has a table of its own, and is replaced in its place by the row of that number. The other
 * columns stay. So 3 columns of which the middle one has a table of 4 units become 6 numbers.
 * Training moves the tables like all weights.
 *
 * It must be the first layer. x may have any dtype, and be sparse. A number that is no row of the
 * table is DLCORE_ERROR_RANGE, with column and sample, wherever x is checked, in predictors, too.
 * Gradients by the inputs are 0 in such a column. One weight, `embeddings`: the tables one after
 * the other, each (count, units), row-major. It is written to ONNX, and not read from there. Keras
 * and exported C have no such layer; saving to them refuses it by name.
 *
 * Borrows `count` tables, in ascending order of their columns, until the layer is added: that
 * copies them into the model, with a size where `units` is 0, and refuses others, and more than
 * DLCORE_EMBEDDINGS_MAX. Other constructors have no tables. dlcore_schema_embedding makes one for
 * all index columns of a schema. */
DLCORE_API dlcore_layer_t dlcore_layer_embedding(const dlcore_embedding_t *tables, size_t count);
/* The size of a row for so many categories, by fastai's rule (emb_sz_rule in its tabular/model.py):
 * 1.6 count^0.56, rounded, at most 600. 3 for 3, 6 for 10, 21 for 100. */
DLCORE_API size_t dlcore_embedding_units(size_t count);

/* By Keras name, "dense", "activation", "flatten", "rescaling", "dropout", ...; case
 * and underscores do not count; with defaults (dense: linear and 0 units, which you must set;
 * activation: linear; rescaling: scale 1; dropout: rate 0.5; gaussian_noise: stddev 1). An unknown
 * name, or NULL, gives kind DLCORE_LAYER_UNKNOWN, which adding refuses. dlcore_layer_kind_name
 * answers the class name: "Dense". */
DLCORE_API dlcore_layer_t dlcore_layer_from_name(const char *name);
DLCORE_API const char *dlcore_layer_kind_name(dlcore_layer_kind_t kind);

#ifdef __cplusplus
}
#endif

#endif
