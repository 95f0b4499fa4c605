/* A custom allocator: the whole model lives in one block of memory that the program owns.
 *
 * Shows how a host without malloc, or with a budget, gives dlcore its memory; and that training
 * allocates nothing after the first step, so that the arena need never give anything back.
 *
 * SPDX-License-Identifier: MIT */
#include <dlcore.h>

#include <stdalign.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

/* The simplest allocator there is: hands out its block from front to back. */
typedef struct arena {
    alignas(max_align_t) unsigned char block[256 * 1024];
    size_t used;
    size_t allocations;
    size_t releases;
} arena_t;

static void *arena_allocate(void *user, size_t size)
{
    arena_t *arena = user;
    size_t start = (arena->used + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);

    if (size > sizeof arena->block - start)
        return NULL; /* dlcore answers DLCORE_ERROR_MEMORY */
    arena->used = start + size;
    arena->allocations++;
    return arena->block + start;
}

static void arena_release(void *user, void *memory)
{
    arena_t *arena = user;

    (void)memory; /* the block goes as a whole */
    arena->releases++;
}

static arena_t arena;
static model_t *network;
static error_record_t error; /* of all calls that do not change the model */

static void check(dlcore_status status)
{
    if (status == DLCORE_OK)
        return;
    fprintf(stderr, "custom_allocator: %s: %s\n", dlcore_status_name(status),
            error.status == status ? error.message : model_error(network));
    exit(EXIT_FAILURE);
}

int main(void)
{
    const allocator_t allocator = {arena_allocate, arena_release, &arena};
    const float inputs[4] = {-1, 0, 1, 2};
    const float outputs[4] = {1, 0, 1, 4};
    const size_t shape[2] = {4, 1};
    model_options_t options = model_options_default();
    optimizer_t rmsprop = optimizer_rmsprop();
    tensor_t *x = NULL;
    tensor_t *y = NULL;
    evaluation_t result;
    size_t after_first;
    int step;

    check(tensor_borrow_const(&allocator, DTYPE_FLOAT32, 2, shape, inputs, 0, &x, &error));
    check(tensor_borrow_const(&allocator, DTYPE_FLOAT32, 2, shape, outputs, 0, &y, &error));

    options.error = &error;
    options.allocator = allocator;
    options.threads = 1;
    check(model_create(&options, &network));
    check(model_add(network, layer_dense(16, ACTIVATION_TANH)));
    check(model_add(network, layer_dense(1, ACTIVATION_LINEAR)));
    rmsprop.learning_rate = 0.01;
    check(model_compile(network, &rmsprop, LOSS_MEAN_SQUARED_ERROR, METRIC_NONE));

    check(model_train_on_batch(network, x, y, &result));
    after_first = arena.allocations;
    printf("after the first step:  %2zu allocations, %zu of the arena's %zu bytes, loss %.4f\n",
           arena.allocations, arena.used, sizeof arena.block, result.loss);
    for (step = 1; step < 500; step++)
        check(model_train_on_batch(network, x, y, &result));
    printf("after 499 more steps:  %2zu allocations, %zu of the arena's %zu bytes, loss %.4f\n",
           arena.allocations, arena.used, sizeof arena.block, result.loss);
    if (arena.allocations != after_first || !(result.loss < 0.05)) {
        fprintf(stderr, "custom_allocator: no allocation and a loss below 0.05 were expected\n");
        return EXIT_FAILURE;
    }

    tensor_free(y);
    tensor_free(x);
    model_free(network);
    printf("after all was freed:   %2zu releases, one for each allocation\n", arena.releases);
    return arena.releases == arena.allocations ? EXIT_SUCCESS : EXIT_FAILURE;
}
