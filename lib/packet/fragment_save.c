// First fragments saved as they stand in the table, and put in again.

#include "packet/fragment_priv.h"
#include "packet/packet_state.h"

#include <errno.h>

#define VERSION 1

void fragment_table_save(const void *x, uint32_t bucket, struct state_writer *to) {
	const struct fragment *e = fragment_bucket(x, bucket);
	for (int i = 0; i < WAYS; i++)
		if (e[i].time_us != FREE)
			state_writer_put(to, PACKET_STATE_FRAGMENT, VERSION, &e[i], sizeof(e[i]));
}

void fragment_table_save_begin(struct fragment_table *t, struct state_writer *to) {
	state_sweep_begin(&t->sweep, to);
}

bool fragment_table_save_step(struct fragment_table *t) {
	return state_sweep_step(&t->sweep, fragment_table_save, t);
}

void fragment_table_save_end(struct fragment_table *t) {
	state_sweep_end(&t->sweep);
}

static bool is_sound(const struct fragment *e) {
	static const uint8_t zero[12];
	return e->v6 <= 1 && memcmp(e->zero, zero, sizeof(e->zero)) == 0
		&& (e->v6
		    || (memcmp(e->addr + 4, zero, 12) == 0 && memcmp(e->addr + 20, zero, 12) == 0));
}

static struct flow_key key_of(const struct fragment *e) {
	struct flow_key key = {
		.flags = e->v6 ? KEY_V6 : KEY_V4,
		.proto = e->proto,
		.src_port = e->src_port,
		.dst_port = e->dst_port,
	};
	memcpy(e->v6 ? key.src6 : key.src4, e->addr, e->v6 ? 16 : 4);
	memcpy(e->v6 ? key.dst6 : key.dst4, e->addr + 16, e->v6 ? 16 : 4);
	return key;
}

int fragment_table_load(
	struct fragment_table *t, const struct state_record *r, const struct share *share,
	struct err *err
) {
	struct fragment e;
	if (r->kind != PACKET_STATE_FRAGMENT)
		return 0;
	if (r->version != VERSION || r->len != sizeof(e))
		return err_set(err, -EBADMSG, "a fragment is saved in another way");
	memcpy(&e, r->octets, sizeof(e));
	if (!is_sound(&e))
		return err_set(err, -EBADMSG, "a saved fragment is none");
	struct flow_key key = key_of(&e);
	if (e.time_us != FREE && share_takes(share, &key, &e.id))
		fragment_table_put(t, &key, e.id, e.time_us);
	return 0;
}
