#include "bench/threads.h"
int bench_check_threads(const bench_options_t *options)
{
    (void)options;
    return 0;
}
