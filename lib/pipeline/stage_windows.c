// In passes over the part, as the track stage: keys, then windows, then counting.

#include "stage_windows.h"

#include "base/mem.h"

#include <errno.h>
#include <stdlib.h>

int stage_windows_init(
	struct stage_windows *st, const struct count_config *conf, uint32_t n, bool patient,
	const struct mem *mem
) {
	*st = (struct stage_windows){0};
	if (n == 0)
		return 0;
	st->table = mem_lines(n * sizeof(*st->table));
	if (st->table == NULL)
		return -ENOMEM;
	for (; st->n < n; st->n++) {
		struct count_config c = conf[st->n];
		c.patient = patient;
		c.mem = mem;
		if (count_table_init(&st->table[st->n], &c) < 0) {
			stage_windows_fini(st);
			return -ENOMEM;
		}
	}
	return 0;
}

void stage_windows_fini(struct stage_windows *st) {
	for (uint32_t i = 0; i < st->n; i++)
		count_table_fini(&st->table[i]);
	free(st->table);
	*st = (struct stage_windows){0};
}

static void run_table(struct count_table *t, const struct burst *b) {
	struct flow_key key[BURST_MAX];
	for (uint32_t k = 0; k < b->n_count; k++) {
		key[k] = b->key[b->count[k]];
		count_table_key(t, &key[k]);
	}
	for (uint32_t k = 0; k < b->n_count; k++)
		count_table_fetch(t, &key[k]);
	for (uint32_t k = 0; k < b->n_count; k++)
		count_table_add(t, &key[k], &b->pkt[b->count[k]]);
}

void stage_windows_run(struct stage_windows *st, const struct burst *b) {
	for (uint32_t i = 0; i < st->n; i++)
		run_table(&st->table[i], b);
}

void stage_windows_finish(struct stage_windows *st) {
	for (uint32_t i = 0; i < st->n; i++)
		count_table_flush(&st->table[i]);
}

void stage_windows_mark(struct stage_windows *st) {
	for (uint32_t i = 0; i < st->n; i++)
		count_table_mark(&st->table[i]);
}

void stage_windows_save_begin(struct stage_windows *st, struct state_writer *to) {
	for (uint32_t i = 0; i < st->n; i++)
		count_table_save_begin(&st->table[i], i, to);
}

bool stage_windows_save_step(struct stage_windows *st) {
	for (uint32_t i = 0; i < st->n; i++)
		if (!count_table_save_step(&st->table[i]))
			return false;
	return true;
}

void stage_windows_save_end(struct stage_windows *st) {
	for (uint32_t i = 0; i < st->n; i++)
		count_table_save_end(&st->table[i]);
}

int stage_windows_load(
	struct stage_windows *st, const struct state_record *r, const struct share *share,
	struct err *err
) {
	return count_tables_load(st->table, st->n, r, share, err);
}
