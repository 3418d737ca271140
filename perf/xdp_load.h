// Loading the bench's own XDP programs. Whatever fails ends the bench with a message.
#pragma once

#include <stddef.h>
#include <stdint.h>

struct bpf_object;

// Opens an embedded object; its constants become those of `config`.
struct bpf_object *
xdp_bench_open(const void *(*program)(size_t *octets), const void *config, size_t config_octets);
void xdp_bench_entries(struct bpf_object *object, const char *map, uint32_t entries);
void xdp_bench_load(struct bpf_object *object);
int xdp_bench_program(const struct bpf_object *object, const char *name);
int xdp_bench_map(const struct bpf_object *object, const char *name);

// Possible processors: what maps that are kept by processor have room for.
uint32_t xdp_bench_processors(void);
