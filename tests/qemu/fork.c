/* Whether an emulator runs a thread in the child of a fork: without dlcore, so that a failure here
 * is the emulator's. qemu-user 7.2 ends such a child with "qemu_plugin_vcpu_init_hook: assertion
 * failed".
 *
 * SPDX-License-Identifier: MIT */
#include <pthread.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

static void *nothing(void *argument)
{
    return argument;
}

static int run_thread(void)
{
    pthread_t thread;

    return pthread_create(&thread, NULL, nothing, NULL) != 0 || pthread_join(thread, NULL) != 0;
}

static void *wait_for_ever(void *argument)
{
    for (;;)
        pause();
    return argument;
}

int main(void)
{
    int failed = 0, status = 0;
    pthread_t thread;
    pid_t child;

    if (pthread_create(&thread, NULL, wait_for_ever, NULL) != 0)
        return 1;
    child = fork();
    if (child == 0)
        _exit(run_thread());
    failed |= child < 0 || waitpid(child, &status, 0) != child || status != 0;
    printf("threads in children of a fork: %s\n", failed ? "FAILED" : "run");
    return failed;
}
