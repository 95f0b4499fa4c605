/* The floating-point control of a thread: MXCSR on x86, FPCR and FPSR on aarch64; elsewhere
 * the direction of rounding and the flags.
 *
 * Bits after the Intel manual, volume 1, 8.1 and 10.2.3, and the Arm manual, FPCR and FPSR. x87 is
 * seen to where C libraries compute with it: on 32-bit x86, and in the printf and strtod of musl.
 *
 * SPDX-License-Identifier: MIT */
#include "base/float_mode.h"

#if defined(__SSE2__) || defined(_M_X64)
#    include <xmmintrin.h>

#    define MXCSR_FLAGS 0x003fu /* exceptions that happened */
#    define MXCSR_DAZ 0x0040u   /* denormal operands read as zero */
#    define MXCSR_MASKS 0x1f80u /* exceptions that do not trap */
#    define MXCSR_FLUSH 0x8000u /* denormal results become zero */
#    define MXCSR_KEPT 0xffff0000u

#    if defined(__GNUC__) && (defined(__i386__) || !defined(__GLIBC__))

#        define X87_OURS 0x033fu /* nothing traps, 64 bits of precision, to nearest */
#        define X87_KEPT 0xf0c0u
#        define X87_FLAGS 0x003fu

/* The control word, above it the flags of the status word. */
static uint32_t x87_get(void)
{
    uint16_t control, status;

    __asm__ volatile("fnstcw %0\n\tfnstsw %1" : "=m"(control), "=m"(status));
    return control | (status & X87_FLAGS) << 16;
}

static void x87_take_back(uint32_t flags)
{
    struct {
        uint32_t control, status, rest[5];
    } environment;

    __asm__ volatile("fnstenv %0" : "=m"(environment));
    environment.status &= ~flags;
    __asm__ volatile("fldenv %0" : : "m"(environment));
}

static void x87_set(uint32_t x87)
{
    const uint16_t control = (uint16_t)x87;
    uint32_t now = x87_get(), raised = (now & ~x87) >> 16;

    if (raised != 0)
        x87_take_back(raised);
    if ((uint16_t)now != control)
        __asm__ volatile("fldcw %0" : : "m"(control));
}

static uint32_t x87_ours(uint32_t before)
{
    return (before & ~0xffffu) | (before & X87_KEPT) | X87_OURS;
}

#    else

static uint32_t x87_get(void)
{
    return 0;
}

static void x87_set(uint32_t x87)
{
    (void)x87;
}

static uint32_t x87_ours(uint32_t before)
{
    return before;
}

#    endif

/* MXCSR in the lower half, x87 in the upper one. */
dlcore_float_mode_t dlcore_float_mode_get(void)
{
    return _mm_getcsr() | (uint64_t)x87_get() << 32;
}

void dlcore_float_mode_set(dlcore_float_mode_t mode)
{
    _mm_setcsr((unsigned)mode);
    x87_set((uint32_t)(mode >> 32));
}

dlcore_float_mode_t dlcore_float_flags_get(void)
{
    return (_mm_getcsr() & MXCSR_FLAGS) | (uint64_t)(x87_get() & ~0xffffu) << 32;
}

void dlcore_float_flags_restore(dlcore_float_mode_t before)
{
    unsigned now = _mm_getcsr(), raised = now & MXCSR_FLAGS & ~(unsigned)before;
    uint32_t x87 = x87_get();

    if (raised != 0)
        _mm_setcsr(now & ~raised);
    x87_set((x87 & 0xffffu) | (x87 & (uint32_t)(before >> 32)));
}

static dlcore_float_mode_t ours(dlcore_float_mode_t before, bool flush_denormals)
{
    return (uint64_t)x87_ours((uint32_t)(before >> 32)) << 32 |
           (before & (MXCSR_KEPT | MXCSR_FLAGS)) | MXCSR_MASKS |
           (flush_denormals ? MXCSR_DAZ | MXCSR_FLUSH : 0u);
}

#elif defined(__aarch64__) && defined(__GNUC__)

/* FPCR in the lower half, FPSR in the upper one. */
#    define FPCR_FLUSH ((uint64_t)1 << 24)
/* All that says how to round, trap, flush and treat NaN: FIZ, AH, NEP, the trap enables, FZ16,
 * RMode, FZ, DN. */
#    define FPCR_OURS ((uint64_t)0x03c89f07u)

dlcore_float_mode_t dlcore_float_mode_get(void)
{
    uint64_t control, status;

    __asm__ volatile("mrs %0, fpcr" : "=r"(control));
    __asm__ volatile("mrs %0, fpsr" : "=r"(status));
    return (control & 0xffffffffu) | status << 32;
}

void dlcore_float_mode_set(dlcore_float_mode_t mode)
{
    uint64_t control = mode & 0xffffffffu;
    uint64_t status = mode >> 32;

    __asm__ volatile("msr fpcr, %0" : : "r"(control) : "memory");
    __asm__ volatile("msr fpsr, %0" : : "r"(status) : "memory");
}

dlcore_float_mode_t dlcore_float_flags_get(void)
{
    return dlcore_float_mode_get() >> 32;
}

void dlcore_float_flags_restore(dlcore_float_mode_t before)
{
    dlcore_float_mode_t now = dlcore_float_mode_get();

    if (now >> 32 != before)
        dlcore_float_mode_set((now & 0xffffffffu) | before << 32);
}

static dlcore_float_mode_t ours(dlcore_float_mode_t before, bool flush_denormals)
{
    return (before & ~FPCR_OURS) | (flush_denormals ? FPCR_FLUSH : 0u);
}

#else
#    include <fenv.h>

/* Arithmetic in software, as on small processors, may know no direction and no flags. */
#    if !defined(FE_TONEAREST)
#        define FE_TONEAREST 0
#    endif
#    if !defined(FE_ALL_EXCEPT)
#        define FE_ALL_EXCEPT 0
#    endif

/* Elsewhere by C's own functions: the direction of rounding in the lower half, flags above. */
dlcore_float_mode_t dlcore_float_mode_get(void)
{
    return (uint32_t)fegetround() | dlcore_float_flags_get() << 32;
}

void dlcore_float_mode_set(dlcore_float_mode_t mode)
{
    (void)fesetround((int)(uint32_t)mode);
    dlcore_float_flags_restore(mode >> 32);
}

dlcore_float_mode_t dlcore_float_flags_get(void)
{
    return (uint32_t)fetestexcept(FE_ALL_EXCEPT);
}

void dlcore_float_flags_restore(dlcore_float_mode_t before)
{
    int raised = (int)((uint32_t)dlcore_float_flags_get() & ~(uint32_t)before);

    if (raised != 0)
        (void)feclearexcept(raised);
}

static dlcore_float_mode_t ours(dlcore_float_mode_t before, bool flush_denormals)
{
    (void)flush_denormals;
    return (before >> 32 << 32) | (uint32_t)FE_TONEAREST;
}

#endif

dlcore_float_mode_t dlcore_float_mode_enter(bool flush_denormals)
{
    dlcore_float_mode_t before = dlcore_float_mode_get();

    dlcore_float_mode_set(ours(before, flush_denormals));
    return before;
}

void dlcore_float_mode_leave(dlcore_float_mode_t before)
{
    dlcore_float_mode_set(before);
}
