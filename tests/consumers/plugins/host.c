/* A host of two plugins, each with a copy of dlcore of a version of its own, loaded so that each
 * sees the other's symbols.
 *
 *   host plugin_a.so version_a plugin_b.so version_b
 *
 * SPDX-License-Identifier: MIT */
#define _GNU_SOURCE /* RTLD_DEFAULT, dladdr */
#include <dlfcn.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "plugin.h"

typedef struct plugin {
    const char *path, *version;
    void *handle;
    plugin_train_t *train;
    float factor;
    int failed;
} plugin_t;

static int load(plugin_t *plugin, const char *name)
{
    void *symbol;

    plugin->handle = dlopen(plugin->path, RTLD_NOW | RTLD_GLOBAL);
    symbol = plugin->handle != NULL ? dlsym(plugin->handle, name) : NULL;
    if (symbol == NULL)
        fprintf(stderr, "%s\n", dlerror());
    memcpy(&plugin->train, &symbol, sizeof symbol);
    return symbol != NULL;
}

/* Its own version, code of its own file, and its own answer. */
static void *run(void *argument)
{
    plugin_t *plugin = argument;
    plugin_answer_t answer = plugin->train(plugin->factor);
    Dl_info where;
    void *copy;

    memcpy(&copy, &answer.copy, sizeof copy);
    plugin->failed = strcmp(answer.version, plugin->version) != 0 || !dladdr(copy, &where) ||
                     strcmp(where.dli_fname, plugin->path) != 0 ||
                     !(fabsf(answer.weight - plugin->factor) < 0.01f);
    if (plugin->failed)
        fprintf(stderr, "%s: version %s, weight %g instead of %g\n", plugin->path, answer.version,
                (double)answer.weight, (double)plugin->factor);
    return NULL;
}

/* A child process may train too, and sees to the plugins' handlers of forks. */
static int run_in_child(plugin_t *plugin)
{
    int status = 1;
    pid_t child = fork();

    if (child == 0) {
        run(plugin);
        _exit(plugin->failed);
    }
    return child > 0 && waitpid(child, &status, 0) == child && status == 0;
}

int main(int argc, char **argv)
{
    plugin_t a = {.factor = 2.0f}, b = {.factor = -3.0f};
    pthread_t other;

    if (argc != 5)
        return 2;
    a.path = argv[1], a.version = argv[2], b.path = argv[3], b.version = argv[4];
    if (!load(&a, "plugin_a") || !load(&b, "plugin_b"))
        return 1;
    if (dlsym(RTLD_DEFAULT, "dlcore_model_fit") != NULL) {
        fprintf(stderr, "a plugin exports dlcore_model_fit\n");
        return 1;
    }
    run(&a);
    run(&b);
    if (a.failed || b.failed || pthread_create(&other, NULL, run, &a) != 0)
        return 1;
    run(&b);
    pthread_join(other, NULL);
    if (a.failed || b.failed || !run_in_child(&a) || !run_in_child(&b))
        return 1;
    /* One goes, the other stays. */
    if (dlclose(a.handle) != 0)
        return 1;
    run(&b);
    return b.failed || !run_in_child(&b);
}
