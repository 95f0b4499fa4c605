/* What a program with main() needs on a bare Cortex-M under qemu: a start, memory for malloc, and a
 * way out by semihosting. Linked by cortex_m.ld.
 *
 * SPDX-License-Identifier: MIT */
#include <stddef.h>
#include <stdint.h>

extern uint32_t data_from[], data_begin[], data_end[], bss_begin[], bss_end[], stack_top[];
int main(void);
void reset_handler(void);
void *_sbrk(ptrdiff_t increment);
int _write(int file, const char *text, int length);
void _exit(int status) __attribute__((noreturn));

static void semihosting(uint32_t operation, const void *argument)
{
    register uint32_t r0 __asm__("r0") = operation;
    register const void *r1 __asm__("r1") = argument;

    __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
}

void *_sbrk(ptrdiff_t increment)
{
    static char memory[1 << 20], *end = memory;

    if (increment > memory + sizeof memory - end)
        return (void *)-1;
    end += increment;
    return end - increment;
}

int _write(int file, const char *text, int length)
{
    (void)file;
    for (int i = 0; i < length; i++)
        semihosting(3, &text[i]);
    return length;
}

void _exit(int status)
{
    semihosting(0x18, (const void *)(status == 0 ? 0x20026u : 0x20023u));
    for (;;) {
    }
}

static void failed(void)
{
    _exit(1);
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
    _exit(main());
}

__attribute__((section(".vectors"), used)) static const void *const vectors[] = {
    stack_top, (const void *)reset_handler, (const void *)failed, (const void *)failed};
