// The rotation of pane maps. Updating a map in a map waits until every program that could hold the old one
// has ended (Linux 4.19): that is what makes it ours, and why many are replaced by one call.

#include "xdp_panes.h"

#include <bpf/bpf.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define SLACK_NS 2000000 // a pane is over for us so long after its end
#define STAY_NS 1000000000 // counts show up at least so often
#define STALL_NS 200000000 // what the reader may be late by

void xdp_panes_count(uint64_t width_ns, uint32_t *installed, uint32_t *spares) {
	uint64_t n = STALL_NS / width_ns + 3;
	*installed = n < XDP_PANES_MAX ? (uint32_t)n : XDP_PANES_MAX;
	*spares = *installed > 4 ? *installed / 2 : 2;
}

static uint64_t map_octets(const struct xdp_panes *p) {
	uint64_t octets = (uint64_t)p->config.regions * p->region_lines
		* sizeof(struct kernel_line);
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	return (octets + page - 1) / page * page;
}

static int open_map(struct xdp_panes *p, struct xdp_pane_map *m, struct err *err) {
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = BPF_F_MMAPABLE);
	uint32_t lines = p->config.regions * p->region_lines;
	m->fd = bpf_map_create(
		BPF_MAP_TYPE_ARRAY, "sluice_pane", sizeof(uint32_t), sizeof(struct kernel_line),
		lines, &opts
	);
	if (m->fd < 0) {
		int rc = m->fd;
		m->fd = 0;
		return err_set(
			err, rc,
			"a table of %llu octets for kernel mode: %s (flow.memory, flow.rows)",
			(unsigned long long)map_octets(p), strerror(-rc)
		);
	}
	void *at = mmap(NULL, map_octets(p), PROT_READ | PROT_WRITE, MAP_SHARED, m->fd, 0);
	if (at == MAP_FAILED)
		return err_set(err, -errno, "mapping a table of kernel mode: %s", strerror(errno));
	m->line = at;
	return 0;
}

int xdp_panes_open(struct xdp_panes *p, const struct xdp_panes_config *config, struct err *err) {
	*p = (struct xdp_panes){.config = *config};
	p->region_lines = KERNEL_REGION_LINES(config->slots);
	uint32_t n = config->installed + config->spares;
	p->map = calloc(n, sizeof(*p->map));
	p->installed = calloc(config->installed, sizeof(*p->installed));
	p->clean = calloc(n, sizeof(*p->clean));
	p->taken = calloc(n, sizeof(*p->taken));
	if (p->map == NULL || p->installed == NULL || p->clean == NULL || p->taken == NULL)
		return err_set(err, -ENOMEM, "out of memory");
	while (p->n_maps < n) {
		int rc = open_map(p, &p->map[p->n_maps++], err);
		if (rc < 0)
			return rc;
		p->clean[p->n_clean++] = p->n_maps - 1;
	}
	return 0;
}

void xdp_panes_close(struct xdp_panes *p) {
	for (uint32_t i = 0; i < p->n_maps; i++) {
		if (p->map[i].line != NULL)
			munmap(p->map[i].line, map_octets(p));
		if (p->map[i].fd > 0)
			close(p->map[i].fd);
	}
	free(p->map);
	free(p->installed);
	free(p->clean);
	free(p->taken);
	*p = (struct xdp_panes){0};
}

static void set_start(const struct xdp_panes *p, struct xdp_pane_map *m, uint64_t start_ns) {
	m->start_ns = start_ns;
	for (uint32_t r = 0; r < p->config.regions; r++) {
		struct kernel_head *head = (struct kernel_head *)xdp_panes_region(p, m, r);
		__atomic_store_n(&head->start_ns, start_ns, __ATOMIC_RELEASE);
	}
}

// Puts maps into slots of the outer map. How many were, or -errno if none.
static int put(struct xdp_panes *p, uint32_t *slots, int *fds, uint32_t n) {
	LIBBPF_OPTS(bpf_map_batch_opts, opts);
	uint32_t done = n;
	if (!p->singly && n > 1) {
		int rc = bpf_map_update_batch(p->outer, slots, fds, &done, &opts);
		if (rc == 0)
			return (int)n;
		if (done > 0 && done < n)
			return (int)done;
		p->singly = true;
	}
	for (done = 0; done < n; done++) {
		int rc = bpf_map_update_elem(p->outer, &slots[done], &fds[done], BPF_ANY);
		if (rc < 0)
			return done > 0 ? (int)done : rc;
	}
	return (int)n;
}

static int refuse(int rc, struct err *err) {
	return err_set(err, rc, "replacing a table of kernel mode: %s", strerror(-rc));
}

int xdp_panes_begin(struct xdp_panes *p, int outer, uint64_t now_ns, struct err *err) {
	uint64_t pane = now_ns / p->config.width_ns;
	uint32_t n = p->config.installed, slots[XDP_PANES_MAX];
	int fds[XDP_PANES_MAX];
	p->outer = outer;
	for (uint32_t i = 0; i < n; i++) {
		uint32_t m = p->clean[--p->n_clean];
		slots[i] = (uint32_t)((pane + i) % n);
		fds[i] = p->map[m].fd;
		p->installed[slots[i]] = m;
		set_start(p, &p->map[m], (pane + i) * p->config.width_ns);
	}
	int rc = 0;
	for (uint32_t i = 0; i < n && rc >= 0; i += (uint32_t)rc)
		rc = put(p, slots + i, fds + i, n - i);
	return rc < 0 ? refuse(rc, err) : 0;
}

// Whether a map whose pane is not over should be read all the same: it fills up, or nobody has seen its
// counts for long.
static bool
wants_reading(const struct xdp_panes *p, const struct xdp_pane_map *m, uint64_t mono_ns) {
	bool received = false;
	for (uint32_t r = 0; r < p->config.regions; r++) {
		const struct kernel_head *head = (const struct kernel_head *)xdp_panes_region(
			p, m, r
		);
		if (__atomic_load_n(&head->used, __ATOMIC_RELAXED) > p->config.limit / 2)
			return true;
		received |= __atomic_load_n(&head->received, __ATOMIC_RELAXED) > 0;
	}
	return received && mono_ns - m->since_ns >= STAY_NS;
}

int xdp_panes_rotate(struct xdp_panes *p, uint64_t now_ns, uint64_t mono_ns, struct err *err) {
	uint32_t n = 0, slots[XDP_PANES_MAX], maps[XDP_PANES_MAX];
	int fds[XDP_PANES_MAX];
	uint64_t pane = (now_ns - SLACK_NS) / p->config.width_ns; // the first that is not over
	// In the order of the panes that are to come: what is wanted soonest gets the clean maps, should
	// they be few.
	for (uint32_t i = 0; i < p->config.installed && n < p->n_clean; i++, pane++) {
		uint32_t s = (uint32_t)(pane % p->config.installed);
		const struct xdp_pane_map *old = &p->map[p->installed[s]];
		bool over = old->start_ns + p->config.width_ns + SLACK_NS <= now_ns;
		if (!over && (old->start_ns > now_ns || !wants_reading(p, old, mono_ns)))
			continue;
		uint32_t m = p->clean[p->n_clean - 1 - n];
		set_start(p, &p->map[m], over ? pane * p->config.width_ns : old->start_ns);
		p->map[m].since_ns = mono_ns;
		slots[n] = s;
		maps[n] = m;
		fds[n++] = p->map[m].fd;
	}
	if (n == 0)
		return 0;
	int done = put(p, slots, fds, n);
	if (done < 0)
		return refuse(done, err);
	for (uint32_t i = 0; i < (uint32_t)done; i++) {
		p->taken[p->n_taken++] = p->installed[slots[i]];
		p->installed[slots[i]] = maps[i];
	}
	p->n_clean -= (uint32_t)done;
	// Those that were not put to use lie deeper in the stack: they were chosen last.
	return 0;
}

bool xdp_panes_ready(const struct xdp_panes *p, uint64_t now_ns) {
	uint64_t pane = now_ns / p->config.width_ns;
	const struct xdp_pane_map *m = &p->map[p->installed[pane % p->config.installed]];
	return m->start_ns == pane * p->config.width_ns;
}

int xdp_panes_end(struct xdp_panes *p, uint64_t now_ns, struct err *err) {
	int rc = 0;
	p->end_ns = now_ns;
	for (uint32_t s = 0; p->outer > 0 && s < p->config.installed; s++) {
		int ret = bpf_map_delete_elem(p->outer, &s);
		rc = ret < 0 ? ret : rc;
		p->taken[p->n_taken++] = p->installed[s];
	}
	p->outer = 0;
	return rc < 0 ? refuse(rc, err) : 0;
}

struct xdp_pane_map *xdp_panes_taken(const struct xdp_panes *p) {
	return p->n_taken > 0 ? &p->map[p->taken[0]] : NULL;
}

void xdp_panes_give_back(struct xdp_panes *p) {
	uint32_t m = p->taken[0];
	p->n_taken--;
	memmove(p->taken, p->taken + 1, p->n_taken * sizeof(*p->taken));
	set_start(p, &p->map[m], KERNEL_NO_PANE);
	p->clean[p->n_clean++] = m;
}

uint64_t xdp_panes_horizon_ns(const struct xdp_panes *p) {
	uint64_t horizon = p->end_ns > 0 ? p->end_ns : UINT64_MAX;
	for (uint32_t s = 0; p->outer > 0 && s < p->config.installed; s++) {
		uint64_t start = p->map[p->installed[s]].start_ns;
		horizon = start < horizon ? start : horizon;
	}
	for (uint32_t i = 0; i < p->n_taken; i++) {
		uint64_t start = p->map[p->taken[i]].start_ns;
		horizon = start < horizon ? start : horizon;
	}
	return horizon;
}
