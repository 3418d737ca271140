// Cache-line facts for data that cores share or must not share.
#pragma once

#define CACHE_LINE 64

// A zone of a structure that begins a cache line of its own. An XDP program's stack has words.
#if defined(__bpf__)
#define CACHE_ALIGNED _Alignas(8)
#else
#define CACHE_ALIGNED _Alignas(CACHE_LINE)
#endif

// A line that nobody writes, put between zones of different writers: adjacent-line prefetchers
// fetch lines in pairs.
#define CACHE_GUARD(name) CACHE_ALIGNED char name[CACHE_LINE]

#define LIKELY(x) __builtin_expect(!!(x), 1)
#define UNLIKELY(x) __builtin_expect(!!(x), 0)

// Waits a moment inside a spin loop without burning the sibling thread.
static inline void cpu_pause(void) {
#if defined(__x86_64__)
	__builtin_ia32_pause();
#elif defined(__aarch64__)
	__asm__ volatile("yield");
#endif
}
