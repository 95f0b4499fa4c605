/* The tensors that stand for a model in a file, numbered: the weights, then each of the optimizer's
 * state vectors, weight by weight, then the weights that a stopped run goes on with where the
 * model's are others, then copies of all weights that callbacks keep, then the self-test's input
 * and output. Rows of each go in and out as Keras has them, whatever the engine's layout.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_STORE_MODEL_TENSORS_H
#define DLCORE_STORE_MODEL_TENSORS_H

#include "system/compiler.h"

#include <stdint.h>

#include "base/hash.h"
#include "model/model.h"
#include "model/run_state.h"

DLCORE_HIDDEN_BEGIN

#define DLCORE_MODEL_TENSOR_NAME_SIZE 256
#define DLCORE_SELF_TEST_ROWS 2
#define DLCORE_SELF_TEST_ROWS_MAX 64 /* that a file may have */

/* How a weight stands in a file, where not as Keras has it. */
typedef struct dlcore_tensor_form {
    bool transposed; /* a kernel: (outputs, inputs) */
    bool repeated;   /* one number, for all of a vector's */
} dlcore_tensor_form_t;

struct dlcore_model_tensors;
struct dlcore_model_tensor;

/* Names and shapes of an optimizer's state vectors: apart, for programs that only predict. */
typedef struct dlcore_slot_tensors {
    bool (*exists)(const struct dlcore_model_tensors *tensors, size_t slot,
                   const dlcore_parameter_t *parameter);
    /* `name` is the weight's. */
    void (*set)(const struct dlcore_model_tensors *tensors, size_t slot, const char *name,
                struct dlcore_model_tensor *tensor);
} dlcore_slot_tensors_t;

typedef struct dlcore_model_tensors {
    const dlcore_network_t *network;     /* built */
    const dlcore_optimizer_t *optimizer; /* its kind and settings name the state vectors */
    size_t weight_count;
    size_t slot_count; /* not 0 where there are: */
    const dlcore_slot_tensors_t *slot_tensors;
    /* Flat vectors in the engine's layout, and rows of the self-test; NULL: nothing to read from,
     * or nothing that wants what is read. */
    float *values;
    float *slots;
    const dlcore_run_state_t *run;     /* NULL: none, or none that is wanted */
    const dlcore_tensor_form_t *forms; /* of the weights; NULL: all as Keras has them */
    size_t self_test_rows;             /* 0: none */
    float *self_test_x, *self_test_y;
} dlcore_model_tensors_t;

typedef struct dlcore_model_tensor {
    char name[DLCORE_MODEL_TENSOR_NAME_SIZE];
    size_t rank;
    size_t shape[2]; /* in the file; {n, 1} at rank 1 */
    dlcore_tensor_form_t form;
    const dlcore_network_t *network;
    const dlcore_parameter_t *parameter; /* NULL: plain rows */
    float *at;                           /* flat vector or rows; may be NULL */
} dlcore_model_tensor_t;

/* The weights of a built model. */
dlcore_model_tensors_t dlcore_model_tensors(const dlcore_model_t *model);
/* And its optimizer's state where there is some; and so many state vectors: model_tensors_slots.c.
 */
dlcore_model_tensors_t dlcore_model_tensors_all(const dlcore_model_t *model);
void dlcore_model_tensors_set_slots(dlcore_model_tensors_t *tensors, size_t count, float *slots);

/* The number of copies of all weights: of the run, of callbacks. */
size_t dlcore_model_tensors_copies(const dlcore_model_tensors_t *tensors);

static inline size_t dlcore_model_tensors_count(const dlcore_model_tensors_t *tensors)
{
    return tensors->weight_count *
               (1 + tensors->slot_count + dlcore_model_tensors_copies(tensors)) +
           (tensors->self_test_rows > 0 ? 2 : 0);
}

/* Whether a file has the index-th: statistics have no optimizer's state. */
bool dlcore_model_tensor_exists(const dlcore_model_tensors_t *tensors, size_t index);
/* The index-th; index below the count. */
dlcore_model_tensor_t dlcore_model_tensor(const dlcore_model_tensors_t *tensors, size_t index);
/* Bytes of it in a file, as float32. */
size_t dlcore_model_tensor_bytes(const dlcore_model_tensor_t *tensor);
/* Floats that a buffer for its rows should have: at most `floats`, but one row at least. */
size_t dlcore_model_tensor_buffer(const dlcore_model_tensor_t *tensor, size_t floats);

/* Rows first .. first+count-1 of what is in the file, in the host's order of bytes. Setting is for
 * tensors that are wanted (`at`). */
void dlcore_model_tensor_get(const dlcore_model_tensor_t *tensor, size_t first, size_t count,
                             float *rows);
void dlcore_model_tensor_set(const dlcore_model_tensor_t *tensor, size_t first, size_t count,
                             const float *rows);

/* The checksum of a set of tensors is the sum of XXH64(name, zero byte, bytes) over them, so it
 * does not depend on their order in the file. */
dlcore_hash_t dlcore_model_tensor_hash(const dlcore_model_tensor_t *tensor);

/* Fills x (rows, input width) with the numbers of the self-test, evenly in 0 .. 1, or with rows of
 * tables. */
void dlcore_self_test_input(const dlcore_model_t *model, float *x, size_t rows);
/* y (rows, output width) of the model for x. */
dlcore_status dlcore_self_test_run(const dlcore_model_t *model, const float *x, size_t rows,
                                   float *y, dlcore_error_record_t *error);

DLCORE_HIDDEN_END

#endif
