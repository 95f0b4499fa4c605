/* Runs a fuzz target over the files of a folder, once each, without libFuzzer.
 *
 * SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "fuzz/budget.h"

static void replay(const char *path)
{
    FILE *file = fopen(path, "rb");
    uint8_t *data;
    long size;

    fuzz_require(file != NULL && fseek(file, 0, SEEK_END) == 0, path);
    size = ftell(file);
    fuzz_require(size >= 0 && fseek(file, 0, SEEK_SET) == 0, path);
    data = malloc((size_t)size + 1);
    fuzz_require(data != NULL, path);
    fuzz_require(fread(data, 1, (size_t)size, file) == (size_t)size, path);
    fclose(file);
    LLVMFuzzerTestOneInput(data, (size_t)size);
    free(data);
}

int main(int argc, char **argv)
{
    const char *folder = argc == 2 ? argv[1] : ".";
    DIR *directory = opendir(folder);
    size_t count = 0;

    fuzz_require(directory != NULL, folder);
    if (directory == NULL)
        return EXIT_FAILURE;
    for (struct dirent *entry; (entry = readdir(directory)) != NULL;) {
        char path[4096];

        if (entry->d_name[0] == '.')
            continue;
        fuzz_require(snprintf(path, sizeof path, "%s/%s", folder, entry->d_name) < (int)sizeof path,
                     "a path that is too long");
        replay(path);
        count++;
    }
    closedir(directory);
    printf("%zu inputs\n", count);
    return count > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
