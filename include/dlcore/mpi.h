/* Ranks that are MPI processes (dlcore/collective.h). A part of dlcore with an archive of its own,
 * built where MPI is found: link dlcore::mpi (or pkg-config dlcore-mpi), which brings MPI and
 * dlcore along. Build it with the MPI that your program runs with.
 *
 *     #include <mpi.h>
 *     #include <dlcore.h>
 *     #include <dlcore/mpi.h>
 *
 *     MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &given);
 *     MPI_Comm all = MPI_COMM_WORLD;
 *     collective_t ranks;
 *     error_record_t error;
 *     if (collective_mpi(&all, &ranks, &error) != DLCORE_OK)
 *         fprintf(stderr, "%s\n", error.message);
 *     model_set_collective(network, &ranks);
 *     ... fit, evaluate ...
 *     model_free(network);
 *     collective_mpi_free(&ranks);
 *     MPI_Finalize();
 *
 * dlcore works on a duplicate of the communicator, so that your messages and its own never mix.
 *
 * Threads: only the thread that calls fit, evaluate, ... calls MPI, so MPI_THREAD_FUNNELED is
 * enough; then that must be the thread that initialized MPI: a call on another one ends all
 * processes, with a message. With MPI_Init, or MPI_THREAD_SINGLE, threads of a model are not
 * allowed beside MPI, and dlcore_collective_mpi refuses.
 *
 * Failures: where an MPI call fails, MPI's text goes to standard error, with the rank, and all
 * processes end (MPI_Abort), because MPI cannot wake the ranks that wait. When a process dies,
 * mpirun ends the others, too. Go on from the last backup (backup_and_restore), with any number of
 * ranks. Errors that are not MPI's end the call, not the processes.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_MPI_H
#define DLCORE_MPI_H

#include "api.h"
#include "collective.h"
#include "status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Fills *collective for the processes of a communicator, with its settings at 0, but early_update,
 * which is set because a failure ends all processes. `communicator` points to an MPI_Comm, which is
 * duplicated; NULL: MPI_COMM_WORLD. A call of all processes of the communicator. DLCORE_ERROR_STATE
 * before MPI is initialized, after it is finalized, and where it was given less than
 * MPI_THREAD_FUNNELED. Memory is malloc's. On failure *collective is zero. */
DLCORE_API dlcore_status dlcore_collective_mpi(const void *communicator,
                                               dlcore_collective_t *collective,
                                               dlcore_error_record_t *error);
/* Gives all of it back, and *collective becomes zero. A call of all processes, before MPI_Finalize,
 * when no model uses the collective any more. NULL, and one that is zero, are fine. */
DLCORE_API void dlcore_collective_mpi_free(dlcore_collective_t *collective);

#ifdef __cplusplus
}
#endif

#endif
