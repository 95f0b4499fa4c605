/* The self-test of an exported network on a bare Cortex-M under qemu: says how it went by
 * semihosting, and ends qemu with 0 when it passed.
 *
 * Compiled with net.c, which it includes for its declarations, and linked by cortex_m.ld.
 *
 * SPDX-License-Identifier: MIT */
#include <stdint.h>

#define NET_DECLARE
#include "net.c"

extern uint32_t data_from[], data_begin[], data_end[], bss_begin[], bss_end[], stack_top[];
void reset_handler(void);

static float scratch[NET_SCRATCH_BYTES / sizeof(float)];

static void semihosting(uint32_t operation, const void *argument)
{
    register uint32_t r0 __asm__("r0") = operation;
    register const void *r1 __asm__("r1") = argument;

    __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
}

void reset_handler(void)
{
    uint32_t *from = data_from, *to;

#if defined(__ARM_FP)
    *(volatile uint32_t *)0xe000ed88u |= 0xfu << 20; /* CPACR: the FPU is on */
    __asm__ volatile("dsb\n isb");
#endif
    for (to = data_begin; to < data_end; to++)
        *to = *from++;
    for (to = bss_begin; to < bss_end; to++)
        *to = 0;
    if (net_self_test(scratch) < 1e-5f) {
        semihosting(4, "self-test passed\n");
        semihosting(0x18, (const void *)0x20026u); /* the application has ended well */
    }
    semihosting(4, "self-test FAILED\n");
    semihosting(0x18, (const void *)0x20023u);
    for (;;) {
    }
}

__attribute__((section(".vectors"), used)) static const void *const vectors[] = {
    stack_top, (const void *)reset_handler};
