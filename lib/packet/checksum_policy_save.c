// A record for each bucket, its connections in their order, and ahead of them all the seed.

#include "packet/checksum_policy_priv.h"
#include "packet/packet_state.h"

#include <errno.h>

#define VERSION 1

void checksum_policy_save(const void *x, uint32_t bucket, struct state_writer *to) {
	const struct connection *c = checksum_bucket(x, bucket);
	uint32_t n = 0;
	while (n < WAYS && c[n].fingerprint != 0)
		n++;
	if (n > 0)
		state_writer_put(to, PACKET_STATE_CHECKSUMS, VERSION, c, n * (uint32_t)sizeof(*c));
}

void checksum_policy_save_begin(struct checksum_policy *p, struct state_writer *to) {
	if (p->connection == NULL)
		return;
	state_writer_put(to, PACKET_STATE_CHECKSUM_SEED, VERSION, &p->seed, sizeof(p->seed));
	state_sweep_begin(&p->sweep, to);
}

bool checksum_policy_save_step(struct checksum_policy *p) {
	return state_sweep_step(&p->sweep, checksum_policy_save, p);
}

void checksum_policy_save_end(struct checksum_policy *p) {
	if (p->connection != NULL)
		state_sweep_end(&p->sweep);
}

static bool is_sound(const struct connection *c) {
	for (int i = 0; i < 2; i++)
		if (c->dir[i].trust > TRUST_SENDER || c->dir[i].run > RIGHT_RUN)
			return false;
	return c->fingerprint != 0 && c->loaded <= 1;
}

// Behind those that are there already. Of several workers' the one that was seen by them stands.
static void take(struct checksum_policy *p, const struct connection *c) {
	struct connection *bucket = checksum_bucket(p, (uint32_t)(c->fingerprint & p->mask));
	uint32_t i = 0;
	while (i < WAYS && bucket[i].fingerprint != 0 && bucket[i].fingerprint != c->fingerprint)
		i++;
	if (i == WAYS) {
		p->stats.forgotten++;
	} else if (bucket[i].fingerprint == 0 || !c->loaded) {
		bucket[i] = *c;
		bucket[i].loaded = 1;
	}
}

static int load_seed(struct checksum_policy *p, const struct state_record *r, struct err *err) {
	struct hash_seed seed;
	if (r->version != VERSION || r->len != sizeof(seed))
		return err_set(err, -EBADMSG, "a seed of checksums is saved in another way");
	memcpy(&seed, r->octets, sizeof(seed));
	p->foreign = p->seeded && memcmp(&p->seed, &seed, sizeof(seed)) != 0;
	if (!p->seeded)
		p->seed = seed;
	p->seeded = true;
	return 0;
}

int checksum_policy_load(struct checksum_policy *p, const struct state_record *r, struct err *err) {
	struct connection c[WAYS];
	if (p->connection == NULL)
		return 0;
	if (r->kind == PACKET_STATE_CHECKSUM_SEED)
		return load_seed(p, r, err);
	if (r->kind != PACKET_STATE_CHECKSUMS)
		return 0;
	if (r->version != VERSION || r->len % sizeof(c[0]) != 0 || r->len > sizeof(c))
		return err_set(err, -EBADMSG, "connections' checksums are saved in another way");
	memcpy(c, r->octets, r->len);
	for (uint32_t i = 0; i < r->len / sizeof(c[0]); i++) {
		if (!is_sound(&c[i]))
			return err_set(err, -EBADMSG, "saved checksums of a connection are none");
		if (p->seeded && !p->foreign)
			take(p, &c[i]);
	}
	return 0;
}

const struct hash_seed *checksum_policy_seed(const struct checksum_policy *p) {
	return &p->seed;
}
