/* One training on many processes or machines, over MPI: MNIST, with progress, backup and curves.
 *
 *     mpirun -n 4 build/examples/cluster --data ~/mnist [--epochs 5] [--threads 1] [--same-bits]
 *
 * Each process reads the data and computes its share of every batch; all of them have the same
 * network after every step. Only rank 0 prints and writes: cluster.safetensors, the backup, from
 * which the same command goes on after a crash, also with another number of processes, and
 * cluster.svg. With --same-bits 1, 2, 4 and 8 processes train the same bits.
 *
 * SPDX-License-Identifier: MIT */
#include <mpi.h>

#include <dlcore.h>
#include <dlcore/mpi.h>

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/mnist_data.h"

typedef struct arguments {
    const char *data;
    size_t epochs, threads;
    bool same_bits;
} arguments_t;

static arguments_t parse(int argc, char **argv)
{
    arguments_t arguments = {"mnist", 5, 1, false};

    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--same-bits") == 0)
            arguments.same_bits = true;
        else if (strcmp(argv[i], "--data") == 0 && i + 1 < argc)
            arguments.data = argv[++i];
        else if (strcmp(argv[i], "--epochs") == 0 && i + 1 < argc)
            arguments.epochs = strtoul(argv[++i], NULL, 10);
        else if (strcmp(argv[i], "--threads") == 0 && i + 1 < argc)
            arguments.threads = strtoul(argv[++i], NULL, 10);
    }
    return arguments;
}

/* An error of one rank reaches all of them, so each rank comes here; one says it. */
static void check(dlcore_status status, const char *message, size_t rank)
{
    if (status == DLCORE_OK)
        return;
    if (rank == 0)
        fprintf(stderr, "cluster: %s\n", message);
    MPI_Finalize();
    exit(EXIT_FAILURE);
}

static model_t *make_network(const arguments_t *arguments)
{
    model_options_t options = model_options_default();
    optimizer_t adam = optimizer_adam();
    model_t *network = NULL;

    options.threads = arguments->threads;
    if (model_create(&options, &network) != DLCORE_OK)
        MPI_Abort(MPI_COMM_WORLD, 1); /* the other ranks do not know of it yet */
    model_add(network, layer_rescaling(1 / 255.0, 0));
    model_add(network, layer_dense(512, ACTIVATION_RELU));
    model_add(network, layer_dense(MNIST_CLASSES, ACTIVATION_SOFTMAX));
    if (model_compile(network, &adam, LOSS_CATEGORICAL_CROSSENTROPY, METRIC_ACCURACY) != DLCORE_OK)
        MPI_Abort(MPI_COMM_WORLD, 1);
    return network;
}

int main(int argc, char **argv)
{
    arguments_t arguments;
    collective_t ranks;
    error_record_t error = {0};
    backup_and_restore_t backup = backup_and_restore_default("cluster.safetensors");
    callback_t callbacks[] = {backup_and_restore_callback(&backup)};
    fit_options_t how = fit_options_default();
    evaluate_options_t evaluation = evaluate_options_default();
    evaluation_t result;
    history_t *history = NULL;
    mnist_images_t train, test;
    model_t *network;
    int given;

    MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &given);
    arguments = parse(argc, argv);
    if (collective_mpi(NULL, &ranks, &error) != DLCORE_OK) {
        fprintf(stderr, "cluster: %s\n", error.message);
        MPI_Abort(MPI_COMM_WORLD, 1);
    }
    ranks.deterministic = arguments.same_bits;
    train = mnist_load(arguments.data, "train");
    test = mnist_load(arguments.data, "t10k");
    network = make_network(&arguments);
    check(model_set_collective(network, &ranks), model_error(network), ranks.rank);

    how.epochs = arguments.epochs;
    how.batch_size = 512; /* of all ranks together */
    how.validation_x = test.images;
    how.validation_y = test.one_hot;
    how.verbose = 2; /* rank 0 prints, the others are silent */
    how.callbacks = callbacks;
    how.callback_count = 1;
    check(model_fit(network, train.images, train.one_hot, &how, &history), model_error(network),
          ranks.rank);

    evaluation.error = &error;
    check(model_evaluate(network, test.images, test.one_hot, &evaluation, &result), error.message,
          ranks.rank);
    if (ranks.rank == 0) {
        printf("%zu ranks: test accuracy %.4f\n", ranks.size,
               evaluation_value(&result, "accuracy"));
        if (history_save_svg(history, "cluster.svg", NULL, &error) != DLCORE_OK)
            fprintf(stderr, "cluster: %s\n", error.message);
    }
    history_free(history);
    model_free(network);
    mnist_free(&test);
    mnist_free(&train);
    collective_mpi_free(&ranks);
    MPI_Finalize();
    return EXIT_SUCCESS;
}
