/* First touch: who makes the pages that training uses. Pages are taken from this process, and the
 * handler of the fault that follows notes the thread. Where several nodes have memory, a page lies
 * near to the thread that was there first.
 *
 * SPDX-License-Identifier: MIT */
#define _GNU_SOURCE /* siginfo_t, mincore */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "dlcore.h"
#include "engine/team.h"
#include "model/model.h"
#include "support/sanitizers.h"

enum { PAGE = 4096, PAGES_MAX = 1 << 14 };
enum { NOBODY, CALLER, OTHER };

/* ---- who comes to which page ---- */

typedef struct watch {
    char *begin;
    size_t pages;
    unsigned char who[PAGES_MAX];
} watch_t;

static watch_t before, after; /* one at a time watches a page */
static watch_t *volatile watching;
static pthread_t caller;
static struct sigaction usual;

static void note(int number, siginfo_t *info, void *context)
{
    char *at = info->si_addr;
    watch_t *watch = watching;
    size_t page;

    (void)context;
    if (watch == NULL || at < watch->begin || at >= watch->begin + watch->pages * PAGE) {
        signal(number, SIG_DFL);
        return;
    }
    page = (size_t)(at - watch->begin) / PAGE;
    if (watch->who[page] == NOBODY)
        watch->who[page] = pthread_equal(pthread_self(), caller) ? CALLER : OTHER;
    if (mprotect(watch->begin + page * PAGE, PAGE, PROT_READ | PROT_WRITE) != 0)
        abort();
}

/* Takes the whole pages within `bytes`; with PROT_READ, from writers alone. */
static void watch(watch_t *to, void *begin, size_t bytes, int left)
{
    uintptr_t first = ((uintptr_t)begin + PAGE - 1) / PAGE * PAGE;
    struct sigaction how;

    to->begin = (char *)begin + (first - (uintptr_t)begin);
    to->pages = ((uintptr_t)begin + bytes - first) / PAGE;
    assert_in_range(to->pages, 1, PAGES_MAX);
    memset(to->who, NOBODY, sizeof to->who);
    watching = to;
    memset(&how, 0, sizeof how);
    how.sa_sigaction = note;
    how.sa_flags = SA_SIGINFO;
    caller = pthread_self();
    assert_int_equal(sigaction(SIGSEGV, &how, &usual), 0);
    assert_int_equal(mprotect(to->begin, to->pages * PAGE, left), 0);
}

static void release(watch_t *from)
{
    assert_int_equal(mprotect(from->begin, from->pages * PAGE, PROT_READ | PROT_WRITE), 0);
    assert_int_equal(sigaction(SIGSEGV, &usual, NULL), 0);
    watching = NULL;
}

static size_t count(const watch_t *of, int who)
{
    size_t sum = 0;

    for (size_t i = 0; i < of->pages; i++)
        sum += of->who[i] == who;
    return sum;
}

/* Both threads came, and a page that one of them made was used by the same later. */
static void assert_used_by_who_made_them(const char *what)
{
    size_t same = 0, used = 0;

    assert_int_equal(before.pages, after.pages);
    for (size_t i = 0; i < after.pages; i++) {
        used += after.who[i] != NOBODY;
        same += after.who[i] != NOBODY && after.who[i] == before.who[i];
    }
    print_message("%s: of %d pages %d made by the caller, %d by the other; %d used, %d by whoever "
                  "made them\n",
                  what, (int)before.pages, (int)count(&before, CALLER), (int)count(&before, OTHER),
                  (int)used, (int)same);
    assert_true(count(&before, CALLER) > before.pages / 4);
    assert_true(count(&before, OTHER) > before.pages / 4);
    assert_true(used > after.pages * 9 / 10);
    assert_true(same > used * 9 / 10);
}

/* ---- a model with two threads ---- */

typedef struct example {
    model_t *model;
    tensor_t *x, *y;
    fit_options_t how;
} example_t;

static example_t make_example(const allocator_t *allocator, size_t width, size_t rows)
{
    example_t made = {.how = fit_options_default()};
    model_options_t options = model_options_default();
    optimizer_t rmsprop = optimizer_rmsprop();
    layer_t first = layer_dense(width, ACTIVATION_RELU);

    if (dlcore_team_cpus() < 2 || sysconf(_SC_PAGESIZE) != PAGE)
        skip();
    options.threads = 2;
    if (allocator != NULL)
        options.allocator = *allocator;
    first.input_width = width;
    assert_int_equal(model_create(&options, &made.model), DLCORE_OK);
    if (strncmp(model_engine(made.model), "native", 6) != 0) {
        model_free(made.model);
        skip(); /* BLAS may want all threads for itself, and its tiles are rectangles */
    }
    assert_int_equal(tensor_create(NULL, DTYPE_FLOAT32, 2, (size_t[]){rows, width}, &made.x, NULL),
                     DLCORE_OK);
    assert_int_equal(tensor_create(NULL, DTYPE_FLOAT32, 2, (size_t[]){rows, width}, &made.y, NULL),
                     DLCORE_OK);
    for (size_t i = 0; i < rows * width; i++)
        ((float *)tensor_data(made.x))[i] = ((float *)tensor_data(made.y))[i] = (float)(i % 7);
    made.how.batch_size = rows;
    made.how.epochs = 1;
    assert_int_equal(model_add(made.model, first), DLCORE_OK);
    assert_int_equal(model_add(made.model, layer_dense(width, ACTIVATION_LINEAR)), DLCORE_OK);
    assert_int_equal(model_compile(made.model, &rmsprop, LOSS_MEAN_SQUARED_ERROR, METRIC_NONE),
                     DLCORE_OK);
    return made;
}

static void fit(const example_t *example)
{
    assert_int_equal(model_fit(example->model, example->x, example->y, &example->how, NULL),
                     DLCORE_OK);
}

static void free_example(example_t *example)
{
    model_free(example->model);
    tensor_free(example->x);
    tensor_free(example->y);
}

/* ---- weights ---- */

/* Of a host: blocks of 16 MiB and more are watched, and come without pages of their own. */
static void *allocate_watched(void *user, size_t size)
{
    char *block;

    if (size < (size_t)16 << 20)
        return malloc(size);
    block = aligned_alloc(PAGE, (size + PAGE - 1) / PAGE * PAGE);
    if (block != NULL && watching == NULL && *(bool *)user) {
        *(bool *)user = false;
        watch(&before, block, size, PROT_NONE);
    }
    return block;
}

static void release_watched(void *user, void *block)
{
    (void)user;
    free(block);
}

static void test_place_weights_are_made_by_who_moves_them(void **state)
{
    bool next = true;
    allocator_t allocator = {allocate_watched, release_watched, &next};
    example_t example = make_example(&allocator, 2048, 256);
    dlcore_network_t *network = &example.model->network;

    (void)state;
    assert_true((char *)network->values >= before.begin - PAGE);
    release(&before);
    watch(&after, before.begin, before.pages * PAGE, PROT_READ);
    fit(&example);
    release(&after);
    assert_used_by_who_made_them("weights");
    free_example(&example);
}

/* ---- what a fit allocates ---- */

typedef struct region {
    float *(*of)(dlcore_model_t *model, size_t *floats);
    const char *name;
} region_t;

static float *state_of(dlcore_model_t *model, size_t *floats)
{
    *floats = model->network.value_floats;
    return model->trainer.slots;
}

static float *outputs_of(dlcore_model_t *model, size_t *floats)
{
    const dlcore_matrix_t *m = &model->trainer.workspace.outputs[0];

    *floats = m->rows * m->columns;
    return m->data;
}

static float *gradients_of(dlcore_model_t *model, size_t *floats)
{
    const dlcore_matrix_t *m = &model->trainer.workspace.gradients[0];

    *floats = m->rows * m->columns;
    return m->data;
}

static callback_action_t watch_region(void *user, const training_event_t *event)
{
    const region_t *region = user;
    watch_t *to = before.pages == 0 ? &before : &after;
    size_t floats;
    float *data = region->of(event->model, &floats);

    watch(to, data, floats * sizeof *data, to == &before ? PROT_NONE : PROT_READ);
    return CALLBACK_CONTINUE;
}

/* Two steps, each a fit. Nobody comes to a page between its allocation and the first callback, or
 * it would be in memory. */
static void assert_region(region_t region)
{
    example_t example = make_example(NULL, 1024, 512);
    callback_t callback = {.user = &region, .on_train_begin = watch_region};

    before.pages = 0;
    example.how.callbacks = &callback;
    example.how.callback_count = 1;
    fit(&example);
    release(&before);
    fit(&example);
    release(&after);
    assert_used_by_who_made_them(region.name);
    free_example(&example);
}

static callback_action_t look_for_pages(void *user, const training_event_t *event)
{
    static unsigned char in_memory[PAGES_MAX];
    const region_t *region = user;
    size_t floats, found = 0;
    float *data = region->of(event->model, &floats);
    uintptr_t first = ((uintptr_t)data + PAGE - 1) / PAGE * PAGE;
    size_t pages = ((uintptr_t)(data + floats) - first) / PAGE;

    assert_in_range(pages, 1, PAGES_MAX);
    assert_int_equal(mincore((char *)data + (first - (uintptr_t)data), pages * PAGE, in_memory), 0);
    for (size_t i = 0; i < pages; i++)
        found += in_memory[i] & 1;
    print_message("%s: %d of %d pages in memory before the first step\n", region->name, (int)found,
                  (int)pages);
    assert_true(found < pages / 4); /* those at the ends may be a neighbour's, and large */
    return CALLBACK_CONTINUE;
}

static const region_t regions[] = {
    {state_of, "state of the optimizer"}, {outputs_of, "outputs"}, {gradients_of, "gradients"}};

static void test_place_buffers_are_untouched_before_the_first_step(void **state)
{
    (void)state;
    if (THREAD_SANITIZER || MEMORY_SANITIZER || EMULATED)
        skip(); /* calloc writes the zeros; of an emulator mincore does not tell */
    for (size_t i = 0; i < sizeof regions / sizeof *regions; i++) {
        region_t region = regions[i];
        callback_t callback = {.user = &region, .on_train_begin = look_for_pages};
        example_t example = make_example(NULL, 1024, 512);

        example.how.callbacks = &callback;
        example.how.callback_count = 1;
        fit(&example);
        free_example(&example);
    }
}

static void test_place_buffers_are_made_by_who_uses_them(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof regions / sizeof *regions; i++)
        assert_region(regions[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_place_buffers_are_untouched_before_the_first_step),
        cmocka_unit_test(test_place_weights_are_made_by_who_moves_them),
        cmocka_unit_test(test_place_buffers_are_made_by_who_uses_them),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
