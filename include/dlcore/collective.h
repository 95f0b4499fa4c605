/* Training on several processes or machines: a collective joins ranks that train one model.
 *
 *     collective_t ranks = {0};
 *     if (collective_mpi(NULL, &ranks, &error) != DLCORE_OK) ... // MPI_COMM_WORLD: dlcore/mpi.h
 *     if (model_set_collective(network, &ranks) != DLCORE_OK) ...
 *     model_fit(network, x, y, &how, NULL); // on every rank
 *
 * Each rank has a model of its own, made by the same calls, with the same engine: where the CPUs of
 * ranks have other vector instructions, force one (model_options_t.engine). With a collective fit,
 * fit_lbfgs, train_on_batch, gradients and evaluate (also those of datasets, and test_on_batch) are
 * calls of all ranks: each must make the same calls in the same order. All other calls, predict
 * among them, stay local. Before the first step the ranks compare their models, options and widths;
 * a difference is DLCORE_ERROR_STATE, with a message that names the rank and what differs.
 *
 * Batches: batch_size is that of the whole batch. Each rank computes its share of the rows, the
 * sums of all ranks make the gradient, and each rank makes the same update. So P ranks give what
 * one gives, up to rounding: losses, metrics, batch normalization, dropout, clipping and averages
 * are those of the whole batch.
 *
 * Data: by default x, y, datasets and weights are the same on all ranks, and each rank takes its
 * rows of every batch. With `own_data` each rank passes its own samples; see there.
 *
 * Errors: what fails on one rank (data, memory, a callback, a full disk) ends the call on all ranks
 * with the same status and a message that names the rank. A stop that one rank asks for (a
 * callback, model_request_stop) stops all of them after the same batch. Callbacks run on every
 * rank, and see the same values. Those of dlcore that write files write on rank 0 alone, and
 * progress is printed by rank 0 alone. A callback that changes weights or the learning rate must do
 * so on every rank.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_COLLECTIVE_H
#define DLCORE_COLLECTIVE_H

#include <stdbool.h>
#include <stddef.h>

#include "api.h"
#include "dataset.h"
#include "model.h"
#include "status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum dlcore_collective_number {
    DLCORE_COLLECTIVE_FLOAT32 = 0,
    DLCORE_COLLECTIVE_FLOAT64
} dlcore_collective_number_t;

/* Slices of a batch with `deterministic`. */
#define DLCORE_COLLECTIVE_SLICES 8

/* What ranks exchange, as functions of yours or of dlcore/mpi.h; set the struct to zero, then fill
 * it. dlcore calls them on the thread that made the call on the model, one at a time, on all ranks
 * in the same order. No exception and no longjmp may leave them.
 *
 * Each returns DLCORE_OK, or an error with a message in *error (never NULL). After an error the
 * call on the model ends, `revoke` is called, and the collective is not used again: later calls
 * return DLCORE_ERROR_STATE until model_set_collective gets a new one. Weights are then those
 * before or after a whole step, unless `early_update` is set. */
typedef struct dlcore_collective {
    size_t rank, size; /* this process, 0 .. size-1; processes, 1 or more */
    void *user;

    /* The sum over all ranks of `count` numbers, in place; every rank gets the same bits. It may go
     * on after begin has returned, which sets *request; until finish the numbers must not be
     * touched. Several may be under way; they are finished in the order in which they began. */
    dlcore_status (*allreduce_begin)(void *user, void *numbers, size_t count,
                                     dlcore_collective_number_t type, void **request,
                                     dlcore_error_record_t *error);
    dlcore_status (*allreduce_finish)(void *user, void *request, dlcore_error_record_t *error);
    /* Sends bytes to rank `partner` and receives its own, which calls at the same time. Either may
     * be 0 bytes. Needed with `deterministic` alone. */
    dlcore_status (*exchange)(void *user, size_t partner, const void *send, size_t send_bytes,
                              void *receive, size_t receive_bytes, dlcore_error_record_t *error);
    /* The bytes of rank `root` to all. */
    dlcore_status (*broadcast)(void *user, size_t root, void *bytes, size_t count,
                               dlcore_error_record_t *error);
    /* A small record of every rank, in the order of ranks, to all: `records` is size * bytes. */
    dlcore_status (*gather)(void *user, const void *record, size_t bytes, void *records,
                            dlcore_error_record_t *error);
    /* Called while a step computes, so that what was begun goes on. NULL: not needed. */
    void (*progress)(void *user);
    /* One of the functions above has failed here: the functions of the other ranks, which may wait
     * for this one, must fail, too, best with this message. NULL: they notice by themselves. */
    void (*revoke)(void *user, const char *message);

    /* ---- settings ---- */

    /* True: results have the same bits with 1, 2, 4 and 8 ranks, and any number of threads in each;
     * other numbers of ranks are refused. Each batch is cut into DLCORE_COLLECTIVE_SLICES slices,
     * whose sums are added over a fixed tree. It is slower, and its bits are not those of a model
     * without a collective. */
    bool deterministic;
    /* True: the samples that each rank passes are its own. Of tensors a batch is then
     * batch_size / size rows of each rank, one more on the first ranks where it does not divide;
     * train_on_batch takes all rows of each. Of a dataset it is one batch of each rank
     * (dlcore_shard_of). Numbers of samples, and of batches, may differ by as much as lets all
     * ranks have the same number of batches, or one batch more on some; else DLCORE_ERROR_SHAPE. */
    bool own_data;
    /* True: batch normalization uses the mean and variance of each rank's own rows, as Keras does
     * without `synchronized`: fewer messages, and results that depend on the number of ranks. The
     * moving statistics are the means over all ranks, by rows. Not with `deterministic`. */
    bool local_batch_statistics;
    /* Bytes of gradients that are sent at a time; 0: 1 MiB. */
    size_t piece_bytes;
    /* True: the weights of a piece move as soon as its sum is there, while the pieces behind it are
     * on their way: the same bits, sooner. An all-reduce that fails in between leaves weights of
     * two steps, so this is for collectives whose failure ends the process, as dlcore/mpi.h's does,
     * and for programs that go back to a backup then. Nothing with `deterministic`. */
    bool early_update;
} dlcore_collective_t;

/* Joins a model to a collective, whose struct is copied; what `user` points to must stay until the
 * model is freed or has another. NULL: the model is alone again. Not while a call has the model.
 * DLCORE_ERROR_ARGUMENT for a rank beyond the size, a function that is missing, and settings that
 * exclude each other; DLCORE_ERROR_UNSUPPORTED for `deterministic` with another number of ranks, or
 * with blas_threads. This call is local. A collective of one rank costs nothing. A clone, and a
 * model that is loaded, is alone. */
DLCORE_API dlcore_status dlcore_model_set_collective(dlcore_model_t *model,
                                                     const dlcore_collective_t *collective);

/* This rank's share of a dataset that every rank can read: batch b of a pass is batch
 * b * size + rank of `dataset`'s. For `own_data`. The batches of other ranks are read and dropped;
 * a dataset that can skip them itself is faster. Both structs are copied to *shard, which must stay
 * as long as the answer is used, as must what they point to. */
typedef struct dlcore_dataset_shard {
    dlcore_dataset_t dataset;
    size_t rank, size;
    bool begun; /* a batch of this pass was asked for */
} dlcore_dataset_shard_t;
DLCORE_API dlcore_dataset_t dlcore_shard_of(const dlcore_dataset_t *dataset,
                                            const dlcore_collective_t *collective,
                                            dlcore_dataset_shard_t *shard);

#ifdef __cplusplus
}
#endif

#endif
