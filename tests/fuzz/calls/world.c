/* SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L
#include "fuzz/calls/world.h"

#include <errno.h>
#include <fenv.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fuzz/budget.h"

#define LIMIT ((size_t)3 << 20) /* bytes that the objects of a script may take */

/* ---- memory ---- */

typedef union head {
    size_t size;
    max_align_t alignment;
} head_t;

static bool is_refused(world_t *world, size_t size)
{
    bool refused = size > LIMIT - world->live;

    if (world->fail_in > 0 && --world->fail_in == 0) {
        refused = true;
        world->fail_in = world->fail_for_ever;
    }
    world->refused += refused;
    if (!refused)
        world->live += size;
    return refused;
}

static void *allocate(void *user, size_t size)
{
    world_t *world = user;
    head_t *head = NULL;
    bool refused;

    while (atomic_flag_test_and_set(&world->lock))
        continue;
    refused = is_refused(world, size);
    atomic_flag_clear(&world->lock);
    if (!refused)
        head = malloc(sizeof *head + size);
    errno = ENOMEM; /* as malloc may, also where it succeeds */
    if (head == NULL)
        return NULL;
    head->size = size;
    return head + 1;
}

static void release(void *user, void *memory)
{
    world_t *world = user;
    head_t *head = (head_t *)memory - 1;

    while (atomic_flag_test_and_set(&world->lock))
        continue;
    world->live -= head->size;
    atomic_flag_clear(&world->lock);
    free(head);
    errno = ENOMEM;
}

void world_fail_memory(world_t *world, size_t number, bool for_ever)
{
    while (atomic_flag_test_and_set(&world->lock))
        continue;
    world->fail_in = number;
    world->fail_for_ever = for_ever;
    atomic_flag_clear(&world->lock);
}

/* ---- what is asked of a call ---- */

void world_require(bool condition, const char *call, const char *what)
{
    if (!condition)
        fprintf(stderr, "%s\n  ", call);
    fuzz_require(condition, what);
}

dlcore_error_record_t *world_error(world_t *world)
{
    world->has_error = !script_rarely(&world->script, 16);
    return world->has_error ? &world->error : NULL;
}

void world_before(world_t *world)
{
    world->error.status = DLCORE_OK;
    strcpy(world->error.message, "untouched");
    (void)feclearexcept(FE_ALL_EXCEPT);
    (void)feraiseexcept(world->flags);
    (void)fesetround(world->rounding);
    errno = EILSEQ;
}

void world_after(world_t *world, const char *call)
{
    world_require(errno == EILSEQ, call, "changed errno");
    world_require(fetestexcept(FE_ALL_EXCEPT) == world->flags, call, "changed exception flags");
    world_require(fegetround() == world->rounding, call, "changed the rounding");
    (void)fesetround(FE_TONEAREST);
    world->fail_in = 0;
    world->fail_for_ever = false;
}

/* A status of the list; none for want of memory where there was always some. (A model remembers
 * that it had none for a layer.) */
static void check_status(const world_t *world, dlcore_status status, const char *text,
                         const char *call)
{
    if (status == DLCORE_ERROR_MEMORY && world->refused == 0)
        fprintf(stderr, "%s\n", text);
    world_require(status == DLCORE_OK ||
                      strncmp(dlcore_status_name(status), "DLCORE_ERROR_", 13) == 0,
                  call, "answered what is no status");
    world_require(status != DLCORE_ERROR_MEMORY || world->refused > 0, call,
                  "lacked memory that there was");
}

static void check_text(const char *text, const char *call)
{
    size_t length = strnlen(text, DLCORE_ERROR_MESSAGE_SIZE);

    world_require(length > 0, call, "failed without a message");
    world_require(length < DLCORE_ERROR_MESSAGE_SIZE, call, "has a message without an end");
    for (size_t i = 0; i < length; i++)
        world_require((unsigned char)text[i] >= ' ' && text[i] != 0x7f, call,
                      "has a control character in its message");
}

dlcore_status world_checked(world_t *world, dlcore_status status, const char *call)
{
    world_after(world, call);
    check_status(world, status, world->error.message, call);
    if (status == DLCORE_OK || !world->has_error) {
        world_require(strcmp(world->error.message, "untouched") == 0, call,
                      "wrote a message that nobody asked for");
    } else {
        check_text(world->error.message, call);
        world_require(strcmp(world->error.message, "untouched") != 0, call,
                      "failed without a message");
        world_require(world->error.status == status, call, "has another status in its record");
    }
    world->has_error = false;
    return status;
}

dlcore_status world_checked_model(world_t *world, const dlcore_model_t *model, dlcore_status status,
                                  const char *call)
{
    world_after(world, call);
    check_status(world, status, dlcore_model_error(model), call);
    if (status != DLCORE_OK)
        check_text(dlcore_model_error(model), call);
    else if (model != NULL)
        world_require(dlcore_model_error(model)[0] == '\0', call, "succeeded with a message");
    return status;
}

/* ---- objects ---- */

dlcore_tensor_t *world_tensor(world_t *world)
{
    size_t place = script_pick(&world->script, WORLD_TENSORS + 2);

    if (place >= WORLD_TENSORS && world->csv != NULL)
        return place % 2 == 0 ? dlcore_csv_x(world->csv) : dlcore_csv_y(world->csv);
    return world->tensors[place % WORLD_TENSORS];
}

dlcore_model_t *world_model(world_t *world)
{
    return world->models[script_pick(&world->script, WORLD_MODELS)];
}

dlcore_predictor_t *world_predictor(world_t *world)
{
    return world->predictors[script_pick(&world->script, WORLD_PREDICTORS)];
}

void world_free_tensor(world_t *world, size_t place)
{
    dlcore_tensor_t *tensor = world->tensors[place];

    if (tensor == NULL)
        return;
    for (size_t i = 0; i < WORLD_TENSORS; i++) {
        if (world->bases[i] == (int)place)
            world_free_tensor(world, i);
    }
    world->tensors[place] = NULL;
    world->bases[place] = WORLD_NOBODY;
    QUERY(world, dlcore_tensor_free(tensor));
}

size_t world_tensor_place(world_t *world)
{
    size_t place = script_pick(&world->script, WORLD_TENSORS);

    world_free_tensor(world, place);
    return place;
}

void world_free_model(world_t *world, size_t place)
{
    dlcore_model_t *model = world->models[place];

    for (size_t i = 0; i < WORLD_PREDICTORS; i++) {
        if (world->predictors[i] != NULL && world->predictor_models[i] == (int)place) {
            QUERY(world, dlcore_predictor_free(world->predictors[i]));
            world->predictors[i] = NULL;
        }
    }
    world->models[place] = NULL;
    QUERY(world, dlcore_model_free(model));
}

size_t world_model_place(world_t *world)
{
    size_t place = script_pick(&world->script, WORLD_MODELS);

    world_free_model(world, place);
    return place;
}

static void free_stream(world_t *world)
{
    QUERY(world, dlcore_table_stream_free(world->stream));
    world->stream = NULL;
}

void world_free_table(world_t *world, size_t place)
{
    if (place == 0)
        free_stream(world);
    QUERY(world, dlcore_table_free(world->tables[place]));
    world->tables[place] = NULL;
}

void world_free_schema(world_t *world, size_t place)
{
    if (place == 0)
        free_stream(world);
    QUERY(world, dlcore_schema_free(world->schemas[place]));
    world->schemas[place] = NULL;
}

void world_free_file(world_t *world)
{
    if (world->file != NULL)
        world->allocator.release(world->allocator.user, world->file);
    world->file = NULL;
    world->file_size = 0;
}

/* ---- files ---- */

static const char *const file_names[] = {"model", "data", "log", "picture"};

/* In memory where the system has such a folder: scripts wait for the disk otherwise. */
static char in_memory[] = "/dev/shm/dlcore_fuzz_XXXXXX", on_disk[] = "/tmp/dlcore_fuzz_XXXXXX";
static const char *folder_path;

static void remove_folder(void)
{
    (void)rmdir(folder_path);
}

static const char *folder(void)
{
    if (folder_path == NULL) {
        folder_path = mkdtemp(in_memory);
        if (folder_path == NULL)
            folder_path = mkdtemp(on_disk);
        fuzz_require(folder_path != NULL && atexit(remove_folder) == 0, "no folder for files");
    }
    return folder_path;
}

static void path_of(const world_t *world, size_t number, char *to, size_t room)
{
    (void)snprintf(to, room, "%s/%s", world->folder, file_names[number]);
}

const char *world_path(world_t *world)
{
    static char path[64]; /* calls of a script come one after the other */
    size_t number = script_pick(&world->script, 32);

    if (number == 31)
        return NULL;
    if (number == 30)
        return "/no/such/folder/file";
    if (number == 29)
        return world->folder;
    world->wrote_files = true;
    path_of(world, number % (sizeof file_names / sizeof file_names[0]), path, sizeof path);
    return path;
}

FILE *world_stream(world_t *world)
{
    size_t which = script_pick(&world->script, 16);

    return which == 15 ? NULL : which == 14 ? world->broken : world->sink;
}

static void remove_files(world_t *world)
{
    char path[64];

    for (size_t i = 0; i < sizeof file_names / sizeof file_names[0]; i++) {
        path_of(world, i, path, sizeof path);
        (void)unlink(path);
    }
}

/* ---- life ---- */

void world_begin(world_t *world, const uint8_t *bytes, size_t size)
{
    static FILE *sink, *broken;
    const char *threads = getenv("DLCORE_FUZZ_THREADS");

    if (sink == NULL) {
        sink = fopen("/dev/null", "w");
        broken = fopen("/dev/null", "r"); /* takes nothing: it is for reading */
        fuzz_require(sink != NULL && broken != NULL, "no streams");
    }
    *world = (world_t){.script = {.bytes = bytes, .size = size},
                       .sink = sink,
                       .broken = broken,
                       .folder = folder(),
                       .rounding = FE_TONEAREST,
                       .lock = ATOMIC_FLAG_INIT};
    world->least_threads = threads != NULL ? (size_t)strtoul(threads, NULL, 10) : 1;
    world->allocator =
        (dlcore_allocator_t){.allocate = allocate, .release = release, .user = world};
    for (size_t i = 0; i < WORLD_TENSORS; i++)
        world->bases[i] = WORLD_NOBODY;
    if (script_rarely(&world->script, 8))
        world->rounding = FE_UPWARD;
    if (script_rarely(&world->script, 8))
        world->flags = FE_DIVBYZERO;
}

void world_end(world_t *world)
{
    for (size_t i = 0; i < WORLD_TENSORS; i++)
        world_free_tensor(world, i);
    for (size_t i = 0; i < WORLD_MODELS; i++)
        world_free_model(world, i);
    for (size_t i = 0; i < WORLD_TABLES; i++) {
        world_free_table(world, i);
        world_free_schema(world, i);
    }
    QUERY(world, dlcore_history_free(world->history));
    QUERY(world, dlcore_csv_free(world->csv));
    QUERY(world, dlcore_ranking_free(world->ranking));
    QUERY(world, dlcore_dependence_free(world->dependence));
    QUERY(world, dlcore_cross_validation_free(world->cross));
    world_free_file(world);
    clearerr(world->broken);
    if (world->wrote_files)
        remove_files(world);
    world_require(world->live == 0, "the end of the script", "memory was not given back");
}
