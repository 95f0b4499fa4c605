/* Tables that are larger than memory: how fast rows are read from a CSV file, by the clock.
 *
 *     build/tests/bench/dlcore_bench_rows [FILE [ROWS]]      10 million rows without ROWS
 *
 * The file is made, read by dlcore, and deleted: a date, two words, gaps, and numbers of several
 * lengths, about 40 bytes a row. Shown are three passes: table_load (which looks at every value),
 * schema_fit, and a pass of table_stream_create, which makes tensors of batches; and the most
 * memory that the process had. A file that was just written is in the system's memory.
 *
 * SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L

#include "system/clock.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "bench/support.h"
#include "dlcore.h"

static const char *const towns[] = {"Aachen", "Berlin", "", "Dortmund", "Essen", "Frankfurt"};
static const char *const colors[] = {"red", "green", "blue"};

static uint32_t next(uint64_t *seed)
{
    *seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(*seed >> 33);
}

static void write_rows(const char *path, size_t rows)
{
    FILE *file = fopen(path, "w");
    uint64_t seed = 1;

    if (file == NULL)
        bench_fail("the file cannot be made");
    fputs("day,town,color,size,weight,sold\n", file);
    for (size_t i = 0; i < rows; i++) {
        uint32_t day = 1 + next(&seed) % 28, month = 1 + next(&seed) % 12, town = next(&seed) % 6;
        uint32_t color = next(&seed) % 3, size = next(&seed) % 1000, weight = next(&seed) % 5000;

        fprintf(file, "2024-%02u-%02u,%s,%s,%u.%02u,", month, day, towns[town], colors[color], size,
                weight % 100);
        if (weight % 10 != 0)
            fprintf(file, "%u.%u", weight, size % 10);
        fprintf(file, ",%u\n", (size + weight) % 500);
    }
    if (fclose(file) != 0)
        bench_fail("the file cannot be written");
}

static void show(const char *what, double bytes, double begin)
{
    double seconds = dlcore_clock() - begin;

    printf("%-14s %7.2f s %7.0f MB/s\n", what, seconds, 1e-6 * bytes / seconds);
}

static void check(dlcore_status status, const dlcore_error_record_t *error)
{
    if (status != DLCORE_OK)
        bench_fail(error->message);
}

static size_t read_pass(const dlcore_dataset_t *dataset)
{
    dlcore_error_record_t error = {.message = ""};
    size_t rows = 0;

    check(dataset->begin(dataset->user, 0, 0, &error), &error);
    for (;;) {
        dlcore_dataset_batch_t batch = {.x = NULL};

        check(dataset->next(dataset->user, &batch, &error), &error);
        if (batch.x == NULL)
            return rows;
        rows += dlcore_tensor_length(batch.x, 0);
    }
}

static void measure(const char *path, size_t rows)
{
    dlcore_table_options_t how = dlcore_table_options_default();
    dlcore_schema_options_t columns = dlcore_schema_options_default();
    dlcore_table_stream_options_t stream = dlcore_table_stream_options_default();
    dlcore_error_record_t error = {.message = ""};
    dlcore_table_stream_t *batches = NULL;
    dlcore_schema_t *schema = NULL;
    dlcore_table_t *table = NULL;
    dlcore_dataset_t dataset;
    struct rusage used;
    double bytes = 0, begin = dlcore_clock();
    FILE *file = fopen(path, "r");

    if (file == NULL || fseek(file, 0, SEEK_END) != 0)
        bench_fail("the file cannot be read");
    bytes = (double)ftell(file);
    (void)fclose(file);
    how.in_memory = false;
    check(dlcore_table_load(path, &how, NULL, &table, &error), &error);
    show("table_load", bytes, begin);
    columns.target = "sold";
    begin = dlcore_clock();
    check(dlcore_schema_fit(table, NULL, &columns, &schema, &error), &error);
    show("schema_fit", bytes, begin);
    stream.batch_size = 1024;
    check(dlcore_table_stream_create(schema, table, NULL, &stream, &batches, &error), &error);
    dataset = dlcore_table_stream_dataset(batches);
    begin = dlcore_clock();
    if (read_pass(&dataset) != rows)
        bench_fail("rows are missing");
    show("table_stream", bytes, begin);
    (void)getrusage(RUSAGE_SELF, &used);
    printf("%zu rows, %.0f MB; at most %.1f MB of memory\n", rows, 1e-6 * bytes,
           1e-3 * (double)used.ru_maxrss);
    dlcore_table_stream_free(batches);
    dlcore_schema_free(schema);
    dlcore_table_free(table);
}

int main(int count, char **words)
{
    const char *path = count > 1 ? words[1] : "bench_rows.csv";
    size_t rows = count > 2 ? strtoul(words[2], NULL, 10) : 10000000;

    write_rows(path, rows);
    measure(path, rows);
    (void)remove(path);
    return 0;
}
