/* SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L
#include "support/c_compiler.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <spawn.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "support/folder.h"

#define WARNINGS "-Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wdouble-promotion -Wundef -Werror"

const char *c_compiler(size_t index)
{
    static char names[1000];
    const char *chosen = getenv("DLCORE_TEST_COMPILERS");
    char *name;

    snprintf(names, sizeof names, "%s", chosen != NULL ? chosen : DLCORE_COMPILERS);
    name = strtok(names, " ");
    while (name != NULL && index-- > 0)
        name = strtok(NULL, " ");
    return name;
}

extern char **environ;

static void run_command(const char *command)
{
    static char said[8192];
    char line[16384], shell[] = "sh", option[] = "-c";
    char *arguments[] = {shell, option, line, NULL};
    int status = 0;
    pid_t child;

    snprintf(line, sizeof line, "%s 2> %s", command, folder_path("said"));
    assert_int_equal(posix_spawn(&child, "/bin/sh", NULL, NULL, arguments, environ), 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return;
    snprintf(said, sizeof said, "%s", folder_text("said"));
    fail_msg("%s\n%s", command, said);
}

void c_compile(const char *compiler, const char *flags, const char *files, const char *program)
{
    static char command[16000];
    bool plus = strstr(compiler, "++") != NULL;

    snprintf(command, sizeof command, "cd %s && %s %s " WARNINGS " %s -o %s %s -lm",
             folder_path(""), compiler, plus ? "-x c++ -std=c++11" : "-std=c99", flags, program,
             files);
    run_command(command);
}

size_t c_run(const char *program, const void *input, size_t size, void *output, size_t room)
{
    char command[2000];
    FILE *file = fopen(folder_path("input"), "wb");

    assert_non_null(file);
    assert_int_equal(fwrite(input, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
    snprintf(command, sizeof command, "%s < %s > %s", folder_path(program), folder_path("input"),
             folder_path("output"));
    run_command(command);
    file = fopen(folder_path("output"), "rb");
    assert_non_null(file);
    size = fread(output, 1, room, file);
    assert_int_equal(fclose(file), 0);
    return size;
}
