/* Random sequences of public calls, and what is expected of every one of them.
 *
 * A sequence is a list of calls, each with a seed of its own, from which it draws its arguments as
 * the model is when it runs: so a call stays what it is when others are taken out, and a sequence
 * that fails can be made short. After every call the model is compared with
 *
 *     alone   one on a single thread, that went through the same calls: bits
 *     loaded  one loaded from the bytes that the model had before this call: bits, of results and
 *             of all that a file has of it
 *     other   one on the other engine, that went through the same calls, but is loaded anew from
 *             time to time, so that rounding does not add up: up to rounding
 *
 * What rounding can do is not guessed. Where the other engine is further away than most networks
 * allow, the call is run again with weights and data changed by a millionth: a difference of that
 * order is the network's own (a slope that jumps, a gradient that is all cancellation).
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_TESTS_SEQUENCE_H
#define DLCORE_TESTS_SEQUENCE_H

#include <dlcore.h>

enum { SEQUENCE_CALLS = 32, SEQUENCE_WIDTH = 80, SEQUENCE_ROWS = 96, SEQUENCE_LAYERS = 8 };

typedef enum sequence_kind {
    SEQUENCE_ADD,
    SEQUENCE_BUILD,
    SEQUENCE_COMPILE,
    SEQUENCE_FIT,
    SEQUENCE_FIT_WEIGHTED, /* by samples, classes, or both */
    SEQUENCE_FIT_STOPPED,  /* by a callback on its way */
    SEQUENCE_RESUME,
    SEQUENCE_TRAIN_ON_BATCH,
    SEQUENCE_TRAIN_ON_BATCH_WEIGHTED,
    SEQUENCE_GRADIENTS,
    SEQUENCE_SET_TRAINABLE,
    SEQUENCE_SET_WEIGHT,
    SEQUENCE_SET_WEIGHTS,
    SEQUENCE_LOAD_WEIGHTS,
    SEQUENCE_ADAPT,
    SEQUENCE_SET_LEARNING_RATE,
    SEQUENCE_CLONE,         /* which goes on in the model's place */
    SEQUENCE_SAVE_AND_LOAD, /* likewise */
    SEQUENCE_PREDICT,
    SEQUENCE_EVALUATE,
    SEQUENCE_PREDICTOR_CREATE,
    SEQUENCE_PREDICTOR_RUN,
    SEQUENCE_KINDS
} sequence_kind_t;

typedef struct sequence_call {
    sequence_kind_t kind;
    uint64_t seed;
} sequence_call_t;

typedef struct sequence {
    uint64_t seed; /* engine, threads, the model's seed */
    size_t count;
    sequence_call_t calls[SEQUENCE_CALLS];
} sequence_t;

/* ---- sequence.c: lists of calls ---- */

sequence_t sequence_draw(uint64_t seed);
/* What is left of it that still fails. */
sequence_t sequence_shrink(const sequence_t *sequence);
void sequence_print(const sequence_t *sequence);

/* ---- sequence_check.c: the oracles ---- */

typedef struct sequence_verdict {
    bool failed;
    size_t call; /* that showed it */
    char why[512];
} sequence_verdict_t;

/* What was seen on the way, over all sequences. */
typedef struct sequence_counts {
    size_t calls[SEQUENCE_KINDS], accepted[SEQUENCE_KINDS];
    size_t compared;    /* calls on the other engine */
    size_t conditioned; /* of these, further away than most and allowed */
    size_t left_out;    /* likewise, not finite or huge */
    double nearest;     /* the largest difference that was judged, in limits */
} sequence_counts_t;

/* Differences to the other engine may be so many times the limit, 1 at first. The limit itself is a
 * matter of chance: with another CPU or BLAS rounding falls otherwise. A fault is off by more. */
void sequence_set_room(double limits);

sequence_verdict_t sequence_run(const sequence_t *sequence, sequence_counts_t *counts);

/* ---- sequence_call.c: one call on one model ---- */

/* What networks look like. */
typedef enum sequence_style {
    SEQUENCE_ANY,   /* every layer, mostly narrow ones */
    SEQUENCE_SMALL, /* dense layers of at most 16 units, most of them plain */
    SEQUENCE_LARGE, /* wide layers and many rows: work for more than one thread */
    SEQUENCE_STYLES
} sequence_style_t;

/* By which data are changed. Each seed has noise of its own: under one noise alone what lies at a
 * kink for the model may lie beside it in every trial. */
typedef struct sequence_noise {
    double size; /* 0: none */
    uint64_t seed;
} sequence_noise_t;

/* The model, and what the host keeps beside it. */
typedef struct sequence_model {
    sequence_style_t style;
    model_t *model;
    predictor_t *predictor; /* NULL: none */
    size_t predictor_rows;
    bool predictor_lives; /* false: a fresh one is made for each run */
    bool is_other;        /* predicts where others run a predictor */
    bool written;         /* weights, or the model is another, since the predictor was made */
    uint64_t stopped;     /* seed of the fit that resume goes on from */
    bool given_up;        /* something came after that fit that it cannot go on from */
    sequence_noise_t noise;
} sequence_model_t;

/* What a call answered. */
typedef struct sequence_outcome {
    dlcore_status status;
    char message[512];
    float *exact; /* must be the same bits */
    size_t exact_count;
    float *smooth;                     /* must be the same up to rounding on the other engine */
    size_t smooth_count, single_count; /* of these, losses, which come first */
    bool trains;                       /* weights may have moved */
    bool jumps;         /* weights may hang on the last digit of a loss or a gradient */
    bool is_pure;       /* leaves a built model as it is */
    const char *broken; /* a promise that was not kept; NULL: none */
} sequence_outcome_t;

void sequence_call(sequence_model_t *on, const sequence_call_t *call, sequence_outcome_t *outcome);
void sequence_outcome_clear(sequence_outcome_t *outcome);
void sequence_model_clear(sequence_model_t *model);
const char *sequence_kind_name(sequence_kind_t kind);

/* ---- sequence_layers.c: what calls draw, from the stream of random numbers as it stands ---- */

size_t sequence_width(sequence_style_t style);
layer_t sequence_layer(sequence_style_t style);
/* One with tables, which are borrowed until the next one is drawn. */
layer_t sequence_embedding(sequence_style_t style);

/* ---- sequence_settings.c: likewise ---- */

/* For a last layer as it is; NULL: none yet. */
compile_options_t sequence_settings(const layer_t *last, sequence_style_t style);
/* Another value for one of them. */
void sequence_change_setting(compile_options_t *settings);

/* ---- sequence_data.c: likewise ---- */

/* Samples, labels for the loss, and weights of samples and classes. */
typedef struct sequence_data {
    size_t rows, width, units;
    tensor_t *x, *y, *sample_weight;
    float class_weight[SEQUENCE_WIDTH];
    size_t class_count;
} sequence_data_t;

sequence_data_t sequence_data(const model_t *model, sequence_style_t style, sequence_noise_t noise);
void sequence_data_clear(sequence_data_t *data);

#endif
