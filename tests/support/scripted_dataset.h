/* A dataset that does as it is told, for the tests of what reads datasets.
 *
 *     static const scripted_batch_t batches[] = {{.rows = 3, .width = 2}, {.rows = 1, .width = 2}};
 *     scripted_dataset_t script = {.batches = batches, .count = 2};
 *     dlcore_dataset_t dataset = scripted_dataset(&script);
 *     ...
 *     scripted_dataset_clear(&script);
 *
 * Every element of x and y of batch b of pass p is 10 p + b. All batches lie in the same memory,
 * which each call overwrites first.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_TESTS_SCRIPTED_DATASET_H
#define DLCORE_TESTS_SCRIPTED_DATASET_H

#include <stdatomic.h>
#include <stdbool.h>

#include "dlcore/dataset.h"

enum { SCRIPTED_ROOM = 4096 };

typedef struct scripted_batch {
    size_t rows, width;
    dlcore_dtype_t dtype; /* of x; 0: float32; y is int32 */
    size_t gap;           /* elements between the rows of x */
    bool scalar;          /* x is of rank 0 */
    bool without_x, without_y, with_weights;
    dlcore_status status; /* what `next` answers instead */
    const char *message;
} scripted_batch_t;

typedef struct scripted_dataset {
    const scripted_batch_t *batches;
    size_t count;
    dlcore_status begin_status; /* what `begin` answers */
    bool message_never_ends;    /* of begin */
    unsigned milliseconds;      /* that `next` takes */

    atomic_size_t begun, calls; /* of begin, of next that have ended */
    atomic_int inside;          /* no bool: gcc exchanges bytes by a library on riscv64 */
    atomic_bool together;       /* two calls at once: never right */
    size_t pass, batch;         /* where it stands */
    dlcore_tensor_t *x, *y, *weights;
    union {
        float floats[SCRIPTED_ROOM];
        int32_t ints[SCRIPTED_ROOM];
        uint8_t bytes[SCRIPTED_ROOM];
    } memory;
    int32_t labels[SCRIPTED_ROOM];
    float ones[SCRIPTED_ROOM];
} scripted_dataset_t;

static inline dlcore_dtype_t scripted_dtype(const scripted_batch_t *batch)
{
    return batch->dtype != 0 ? batch->dtype : DLCORE_DTYPE_FLOAT32;
}

dlcore_dataset_t scripted_dataset(scripted_dataset_t *script);
void scripted_dataset_clear(scripted_dataset_t *script);
/* Until `next` was called that often. */
void scripted_dataset_wait(scripted_dataset_t *script, size_t calls);

#endif
