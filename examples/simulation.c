/* A simulation that trains a network as it runs: each MPI process has cells of its own, and all of
 * them train one network of 5 x 256 on theirs, every 100 time steps, to take the place of a costly
 * closure. Here that is a made-up function of 4 moments of a cell.
 *
 *     mpirun -n 4 build/examples/simulation [steps]
 *
 * SPDX-License-Identifier: MIT */
#include <mpi.h>

#include <dlcore.h>
#include <dlcore/mpi.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { CELLS = 256, MOMENTS = 4, EVERY = 100 };

int main(int argc, char **argv)
{
    static float moments[CELLS * MOMENTS], closure[CELLS];
    const size_t shape[2] = {CELLS, MOMENTS};
    optimizer_t adam = optimizer_adam();
    tensor_t *x = NULL, *y = NULL;
    evaluation_t result = {0};
    model_t *network = NULL;
    collective_t ranks;
    error_record_t error;
    int given, steps = argc > 1 ? (int)strtol(argv[1], NULL, 10) : 2000;

    MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &given);
    if (collective_mpi(NULL, &ranks, &error) != DLCORE_OK ||
        model_create(NULL, &network) != DLCORE_OK)
        MPI_Abort(MPI_COMM_WORLD, 1);
    ranks.own_data = true; /* each rank passes its own cells */
    for (int i = 0; i < 5; i++)
        model_add(network, layer_dense(256, ACTIVATION_TANH));
    model_add(network, layer_dense(1, ACTIVATION_LINEAR));
    model_compile(network, &adam, LOSS_MEAN_SQUARED_ERROR, METRIC_NONE);
    model_set_collective(network, &ranks);
    tensor_borrow(NULL, DTYPE_FLOAT32, 2, shape, moments, 0, &x, NULL);
    tensor_borrow(NULL, DTYPE_FLOAT32, 1, shape, closure, 0, &y, NULL);

    for (int step = 0; step < steps; step++) {
        for (int c = 0; c < CELLS; c++) { /* the simulation's own work */
            float *m = moments + c * MOMENTS, at = (float)c / CELLS + (float)ranks.rank;

            for (int i = 0; i < MOMENTS; i++)
                m[i] = sinf(at * (float)(i + 1) + 0.003f * (float)step);
            closure[c] = 0.5f * m[0] * m[1] + 0.25f * m[2] * m[2] - 0.1f * m[3];
        }
        if (step % EVERY == EVERY - 1) { /* one training step on the cells of all ranks */
            if (model_train_on_batch(network, x, y, &result) != DLCORE_OK) {
                fprintf(stderr, "rank %zu: %s\n", ranks.rank, model_error(network));
                MPI_Abort(MPI_COMM_WORLD, 1);
            }
            if (ranks.rank == 0)
                printf("step %d: loss %.6f over %zu cells\n", step + 1, result.loss,
                       ranks.size * CELLS);
        }
    }
    tensor_free(x);
    tensor_free(y);
    model_free(network);
    collective_mpi_free(&ranks);
    MPI_Finalize();
    return EXIT_SUCCESS;
}
