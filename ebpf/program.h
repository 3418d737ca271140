// The compiled BPF objects, as bpf_object__open_mem takes them; they are part of the executable.
#pragma once

#include <stddef.h>

const void *program_kernel(size_t *octets);
const void *program_observe(size_t *octets);
const void *program_redirect(size_t *octets);
