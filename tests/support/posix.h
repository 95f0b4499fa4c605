/* What tests use of POSIX, and what stands in for it on Windows. A test that asks for what Windows
 * does not have, a fork, a pipe in a folder or a limit of memory, is skipped there, where it asks.
 *
 * Comes after cmocka.h.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_TESTS_POSIX_H
#define DLCORE_TESTS_POSIX_H

/* Whether /proc tells of this process. */
#if defined(__linux__)
#    define HAS_PROC 1
#else
#    define HAS_PROC 0
#endif

#if !defined(_WIN32)

#    include <grp.h>
#    include <signal.h>
#    include <sys/mman.h>
#    include <sys/resource.h>
#    include <sys/stat.h>
#    include <sys/wait.h>
#    include <unistd.h>

#    define HAS_FORKS 1
#    define HAS_SIGNALS 1
#    define HAS_PERMISSIONS 1
#    define NOT_A_FOLDER "Not a directory"

#else

#    include <direct.h>
#    include <errno.h>
#    include <io.h>
#    include <process.h>
#    include <signal.h>
#    include <stdio.h>
#    include <stdlib.h>
#    include <string.h>
#    include <sys/stat.h>
#    include <sys/types.h>
#    include <unistd.h>

/* ---- what is there by another name ---- */

#    define mkdir(path, permissions) _mkdir(path)
#    define lstat(path, info) stat(path, info)
#    define S_ISLNK(mode) 0

static inline mode_t posix_umask(int mask)
{
    return (mode_t)_umask(mask);
}
#    define umask(mask) posix_umask(mask)

static inline char *mkdtemp(char *pattern)
{
    (void)_mkdir("/tmp");
    return _mktemp(pattern) != NULL && _mkdir(pattern) == 0 ? pattern : NULL;
}

/* ---- what is not there ---- */

#    define WIFEXITED(status) 1
#    define WEXITSTATUS(status) (status)
#    define O_NONBLOCK 0

/* The mask is empty: nothing is blocked. */
#    define HAS_FORKS 0
#    define HAS_SIGNALS 0
#    define NOT_A_FOLDER "No such file or directory"
#    define HAS_PERMISSIONS 0 /* that a file has of its own */
typedef unsigned sigset_t;
#    undef pthread_sigmask    /* the library of threads has some of this */
#    undef SIG_BLOCK
#    undef SIG_SETMASK
enum { SIG_BLOCK, SIG_SETMASK, SIGUSR1 = 30, SIGALRM, SIGCHLD, SIGHUP, SIGPIPE, SIGBUS };
#    define sigemptyset(set) ((void)(*(set) = 0))
#    define sigaddset(set, number) ((void)(set), (void)(number))
#    define sigprocmask(how, change, set) sigemptyset((sigset_t *)(set))
#    define pthread_sigmask(how, change, set) ((void)(change), (void)(set))
#    define sigismember(set, number) ((void)(set), (void)(number), 0)

typedef unsigned gid_t;

struct rlimit {
    size_t now, most;
};
#    define RLIMIT_AS 0
#    define setrlimit(what, limit) ((void)(limit), -1)

static inline int posix_skip(void)
{
    skip();
    return -1;
}

#    define fmemopen(memory, size, how) \
        ((void)(memory), (void)(size), posix_skip() == 0 ? stdin : NULL)
#    define fork() ((pid_t)posix_skip())
#    define waitpid(child, status, how) ((void)(how), *(status) = posix_skip(), (pid_t)(child))
#    define kill(child, number) ((void)(child), posix_skip())
#    define mkfifo(path, permissions) ((void)(path), posix_skip())
#    define symlink(target, path) ((void)(target), (void)(path), posix_skip())
#    define link(target, path) ((void)(target), (void)(path), posix_skip())
#    define chown(path, owner, group) ((void)(path), posix_skip())
#    define mprotect(memory, size, what) ((void)(memory), (void)(size), posix_skip())
#    define sysconf(what) 4096
#    define geteuid() 1
#    define setgroups(count, groups) ((void)(count), (void)(groups), -1)
#    define setgid(group) (-1)
#    define setuid(user) (-1)
#    define alarm(seconds) (void)(seconds)

#endif

#endif
