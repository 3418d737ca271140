// Places in a table are its buckets. What is open at the beginning fills the first ones, and whoever takes the
// place of one of them later finds it saved. Whether a window had a packet lately is told as it is when the
// window is saved: it decides who makes room, no more.

#include "count_save.h"

#include "flow/sums_save.h"
#include "packet/flow_key_hash.h"

#include <errno.h>

#define VERSION 1

struct saved_count {
	uint32_t table;
	uint32_t packets; // of a window
	uint64_t used; // 1: as count_table's `used`
	uint8_t sum[sizeof(struct flow_sum)]; // with KEY_REST what found no room
};

static_assert(sizeof(struct saved_count) + sizeof(struct state_head) == COUNT_SAVED_OCTETS);

static void
save(const struct count_table *t, const struct flow_sum *sum, bool used, struct state_writer *to) {
	struct saved_count s = {.table = t->number, .packets = t->packets, .used = used};
	memcpy(s.sum, sum, sizeof(s.sum));
	state_writer_put(to, STATE_COUNT_OPEN, VERSION, &s, sizeof(s));
}

void count_table_save(const void *x, uint32_t i, struct state_writer *to) {
	const struct count_table *t = x;
	save(t, &t->open.sum[i], t->used[i], to);
}

void count_table_save_begin(struct count_table *t, uint32_t number, struct state_writer *to) {
	t->number = number;
	if (t->rest.packets > 0)
		save(t, &t->rest, false, to);
	state_sweep_begin_first(&t->sweep, t->open.n, to);
}

bool count_table_save_step(struct count_table *t) {
	return state_sweep_step(&t->sweep, count_table_save, t);
}

void count_table_save_end(struct count_table *t) {
	state_sweep_end(&t->sweep);
}

static int refuse(struct err *err, const char *what) {
	return err_set(err, -EBADMSG, "windows of count in the state: %s", what);
}

static int load_rest(
	struct count_table *t, const struct flow_sum *sum, const struct share *share,
	struct err *err
) {
	if (sum->packets == 0)
		return refuse(err, "not a rest");
	if (share == NULL || share->first)
		flow_sum_merge(&t->rest, sum);
	return 0;
}

// Masks the key and makes its hash. Whether a table could have had such a window open.
static bool is_open(const struct count_table *t, struct flow_sum *sum) {
	struct flow_key saved = sum->key;
	flow_key_finish(&sum->key, &t->mask, &t->seed);
	return flow_key_equal(&saved, &sum->key) && sum->packets > 0 && sum->packets < t->packets
		&& rule_id_equal(sum->rule, (struct rule_id){0}) && sum->reason == FLOW_END_NONE
		&& sum->distinct_is == DISTINCT_NONE && !sum->partial && !sum->top
		&& (t->where == NULL || where_holds(t->where, &sum->key, sum->rule));
}

int count_tables_load(
	struct count_table *t, uint32_t n, const struct state_record *r, const struct share *share,
	struct err *err
) {
	struct saved_count s;
	struct flow_sum sum;
	if (r->kind != STATE_COUNT_OPEN)
		return 0;
	if (r->version != VERSION || r->len != sizeof(s))
		return refuse(err, "saved in another way");
	memcpy(&s, r->octets, sizeof(s));
	if (s.table >= n || s.packets != t[s.table].packets || s.used > 1)
		return refuse(err, "those of another stream");
	t += s.table;
	if (sums_load(s.sum, sizeof(s.sum), 0, &sum) < 0)
		return refuse(err, "not a sum");
	if (sum.key.flags & KEY_REST)
		return load_rest(t, &sum, share, err);
	if (!is_open(t, &sum))
		return refuse(err, "not an open one");
	if (!share_takes(share, &sum.key, NULL) || count_table_put(t, &sum, s.used) == 0)
		return 0;
	return err_set(
		err, -ENOMEM, "more open windows of count than a worker has room for (flow.rows)"
	);
}
