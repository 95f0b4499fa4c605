/* A folder for a test's files.
 *
 * SPDX-License-Identifier: MIT */
#define _XOPEN_SOURCE 700

#include "support/folder.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/posix.h"

static char folder[] = "/tmp/dlcore-test-XXXXXX";

int folder_make(void **state)
{
    (void)state;
    return mkdtemp(folder) == NULL;
}

int folder_remove(void **state)
{
    (void)state;
    (void)folder_files(true);
    return rmdir(folder);
}

const char *folder_path(const char *name)
{
    static char paths[8][512];
    static unsigned next;
    char *path = paths[next++ % 8];

    snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    return path;
}

size_t folder_files(bool removes)
{
    DIR *directory = opendir(folder);
    struct dirent *entry;
    size_t count = 0;

    assert_non_null(directory);
    while ((entry = readdir(directory)) != NULL) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        count++;
        /* on Windows no folder */
        if (removes && remove(folder_path(entry->d_name)) != 0 &&
            rmdir(folder_path(entry->d_name)) != 0)
            fail_msg("%s stays", entry->d_name);
    }
    closedir(directory);
    return count;
}

bool folder_has(const char *name)
{
    return access(folder_path(name), F_OK) == 0;
}

const char *folder_text(const char *name)
{
    static char text[32768];
    FILE *file = fopen(folder_path(name), "rb");
    size_t size;

    assert_non_null(file);
    size = fread(text, 1, sizeof text, file);
    fclose(file);
    assert_true(size < sizeof text);
    text[size] = '\0';
    return text;
}

FILE *folder_stream(const char *name)
{
    FILE *file = fopen(folder_path(name), "wb");

    assert_non_null(file);
    return file;
}

void folder_write(const char *name, const char *text)
{
    FILE *file = folder_stream(name);

    assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
    assert_int_equal(fclose(file), 0);
}
