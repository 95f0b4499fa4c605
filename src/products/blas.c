/* The system's BLAS, and how to keep it to the thread that calls it.
 *
 * Which OpenBLAS is linked shows at run time, through weak symbols: the three builds of a
 * distribution are one file name, exchanged under a program that is already linked.
 *
 * Process-wide state, all there is: what was found; the gate, which bounds the threads in BLAS; and
 * `count`, who needs OpenBLAS's process-wide thread count to be 1 and what it was before.
 *
 * A fork waits, in a handler of its own, for the gemm calls of other threads to end: a child
 * whose BLAS was left in the middle of a call would hang in BLAS's own locks. In the child the
 * scopes of other threads are gone; if they had set the count to 1, the child's next scope puts it
 * back when it ends. Children made by other means than fork() should not use dlcore.
 *
 * SPDX-License-Identifier: MIT */
#include "products/blas.h"

#include <cblas.h>
#include <stdlib.h>
#include <string.h>

#include "base/gate.h"
#include "base/size.h"
#include "system/threads.h"

/* DLCORE_OPENBLAS_STRONG says that OpenBLAS is sure to be linked: for static archives, out of which
 * a weak reference pulls nothing, and for object formats without weak references. */
#if defined(DLCORE_OPENBLAS_STRONG)
#    define OPENBLAS
#    define OPENBLAS_FOUND true
#elif defined(__ELF__) && defined(__GNUC__)
#    define OPENBLAS __attribute__((weak))
#    define OPENBLAS_FOUND                                                    \
        (openblas_get_parallel != NULL && openblas_get_num_threads != NULL && \
         openblas_set_num_threads != NULL && openblas_get_config != NULL &&   \
         openblas_get_corename != NULL)
#endif

#if defined(OPENBLAS)
OPENBLAS int openblas_get_parallel(void);
OPENBLAS int openblas_get_num_threads(void);
OPENBLAS void openblas_set_num_threads(int threads);
OPENBLAS char *openblas_get_config(void);
OPENBLAS char *openblas_get_corename(void);
#else
#    define OPENBLAS_FOUND false
#    define openblas_get_parallel() 0
#    define openblas_get_num_threads() 1
#    define openblas_set_num_threads(threads) ((void)(threads))
#    define openblas_get_config() ""
#    define openblas_get_corename() ""
#endif

#if defined(__ELF__) && defined(__GNUC__)
__attribute__((weak)) int omp_get_max_threads(void);
__attribute__((weak)) void omp_set_num_threads(int threads);
#    define OMP_FOUND (omp_get_max_threads != NULL && omp_set_num_threads != NULL)
#else
#    define OMP_FOUND false
#    define omp_get_max_threads() 1
#    define omp_set_num_threads(threads) ((void)(threads))
#endif

#if defined(DLCORE_ACCELERATE) /* Apple's */
#    define PLAIN_NAME "accelerate"
#else
#    define PLAIN_NAME "blas"
#endif

/* Buffers of any OpenBLAS: 50 or twice its MAX_THREADS, if that is more. Past them calls fail. Half
 * of them are left to the host. */
#define FEWEST_BUFFERS 50

static struct {
    const char *name;
    bool count_per_process; /* else, with count_per_thread: each thread has its own */
    bool count_per_thread;
    bool sums_alike;
} found = {.name = PLAIN_NAME};

static dlcore_gate_t gate = DLCORE_GATE_INITIALIZER(1);

static struct {
    dlcore_gate_t lock; /* lets one in */
    unsigned scopes;    /* threads that need the count to be 1 */
    int host;           /* the count to put back, 0: none */
} count = {.lock = DLCORE_GATE_INITIALIZER(1)};

static dlcore_once_t setup_once;

/* What the calling thread is in. */
static _Thread_local struct {
    unsigned scopes;
    bool host_threads;
    int omp_threads;  /* its own count before the scope */
    unsigned in_gate; /* what it adds to the gate's state */
} mine;

static void before_fork(void)
{
    dlcore_gate_enter(&count.lock);
    if (mine.in_gate == 0) /* else a signal handler forks in the middle of our gemm */
        dlcore_gate_enter_alone(&gate);
}

static void after_fork_in_parent(void)
{
    if (mine.in_gate == 0)
        dlcore_gate_leave_alone(&gate);
    dlcore_gate_leave(&count.lock);
}

static void blas_after_fork(void)
{
    dlcore_gate_after_fork(&gate, mine.in_gate);
    count.scopes = mine.scopes > 0 && !mine.host_threads ? 1 : 0;
    dlcore_gate_after_fork(&count.lock, 0);
}

static unsigned gate_limit(void)
{
    static const char key[] = "MAX_THREADS=";
    const char *at = strstr(openblas_get_config(), key);
    size_t most = at == NULL ? 0 : (size_t)strtoul(at + strlen(key), NULL, 10);

    most = dlcore_size_max(most, FEWEST_BUFFERS / 2);
    return (unsigned)dlcore_size_min(most, DLCORE_GATE_ALONE - 1);
}

/* The kernels of OpenBLAS for which tests/products/test_products.c has found it. */
static bool is_alike(const char *core)
{
    static const char *const cores[] = {"SkylakeX",     "Cooperlake", "Sandybridge", "Nehalem",
                                        "armv8",        "cortexa53",  "cortexa57",   "cortexa72",
                                        "thunderx2t99", "neoversen1", "neoversen2",  "neoversev1",
                                        "tsv110"};

    for (size_t i = 0; i < sizeof cores / sizeof cores[0]; i++) {
        if (strcmp(core, cores[i]) == 0)
            return true;
    }
    return false;
}

static void setup(void)
{
    if (OPENBLAS_FOUND) {
        found.sums_alike = is_alike(openblas_get_corename());
        switch (openblas_get_parallel()) {
        case 0:
            found.name = "openblas serial";
            break;
        case 1:
            found.name = "openblas pthread";
            found.count_per_process = true;
            break;
        case 2:
            found.name = "openblas openmp";
            found.count_per_thread = OMP_FOUND;
            break;
        }
        if (found.count_per_process || found.count_per_thread)
            gate.limit = gate_limit();
    }
    dlcore_watch_forks(before_fork, after_fork_in_parent, blas_after_fork);
}

/* Alone: a gemm of a scope with host_threads may have threads at work. */
static void set_process_count(int threads)
{
    dlcore_gate_enter_alone(&gate);
    openblas_set_num_threads(threads);
    dlcore_gate_leave_alone(&gate);
}

static void hold_process_count(void)
{
    int now;

    dlcore_gate_enter(&count.lock);
    now = openblas_get_num_threads();
    if (now != 1) {
        count.host = now;
        set_process_count(1);
    }
    count.scopes++;
    dlcore_gate_leave(&count.lock);
}

static void release_process_count(void)
{
    dlcore_gate_enter(&count.lock);
    if (--count.scopes == 0 && count.host != 0) {
        if (openblas_get_num_threads() == 1)
            set_process_count(count.host);
        count.host = 0;
    }
    dlcore_gate_leave(&count.lock);
}

void dlcore_blas_enter(bool host_threads)
{
    dlcore_once(&setup_once, setup);
    if (mine.scopes++ > 0)
        return;
    mine.host_threads = host_threads;
    if (host_threads)
        return;
    if (found.count_per_process)
        hold_process_count();
    if (found.count_per_thread) {
        mine.omp_threads = omp_get_max_threads();
        omp_set_num_threads(1);
    }
}

void dlcore_blas_leave(void)
{
    if (--mine.scopes > 0)
        return;
    if (mine.host_threads) {
        mine.host_threads = false;
        return;
    }
    if (found.count_per_process)
        release_process_count();
    if (found.count_per_thread)
        omp_set_num_threads(mine.omp_threads);
}

void dlcore_blas_enter_worker(void)
{
    if (found.count_per_thread)
        dlcore_blas_enter(false);
}

void dlcore_blas_leave_worker(void)
{
    if (found.count_per_thread)
        dlcore_blas_leave();
}

const char *dlcore_blas_name(void)
{
    dlcore_once(&setup_once, setup);
    return found.name;
}

bool dlcore_blas_is_concurrent(void)
{
    dlcore_once(&setup_once, setup);
    return gate.limit > 1;
}

bool dlcore_blas_sums_alike(void)
{
    dlcore_once(&setup_once, setup);
    return found.sums_alike;
}

static void enter_gate(void)
{
    if (mine.host_threads) {
        dlcore_gate_enter_alone(&gate);
        mine.in_gate = DLCORE_GATE_ALONE;
    } else {
        dlcore_gate_enter(&gate);
        mine.in_gate = 1;
    }
}

static void leave_gate(void)
{
    mine.in_gate = 0;
    if (mine.host_threads)
        dlcore_gate_leave_alone(&gate);
    else
        dlcore_gate_leave(&gate);
}

/* A stride that BLAS accepts for a matrix without elements, too. */
static int stride(size_t ld)
{
    return (int)dlcore_size_max(ld, 1);
}

void dlcore_gemm(bool transpose_a, bool transpose_b, size_t m, size_t n, size_t k, float alpha,
                 const float *a, size_t lda, const float *b, size_t ldb, float beta, float *c,
                 size_t ldc)
{
    if (m == 0 || n == 0)
        return;
    /* Some kernels for small matrices multiply by an alpha of 0. */
    if (alpha == 0.0f)
        k = 0;
    enter_gate();
    cblas_sgemm(CblasRowMajor, transpose_a ? CblasTrans : CblasNoTrans,
                transpose_b ? CblasTrans : CblasNoTrans, (int)m, (int)n, (int)k,
                k == 0 ? 1.0f : alpha, a, stride(lda), b, stride(ldb), beta, c, stride(ldc));
    leave_gate();
}
