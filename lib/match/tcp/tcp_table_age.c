// Flows leaving the table: expired, evicted, or at the end. Each age has a list in order of when its
// flows were last looked at, so a packet changes only its own flow: one that was busy since gets
// another turn when its turn comes.

#include "tcp_table_priv.h"

// Flows that are looked at for one to evict.
#define EVICT_TRIES 8

// Of times in lists: 2^16 µs.
#define TICK_SHIFT 16

static uint32_t tick(int64_t us) {
	return (uint32_t)((uint64_t)us >> TICK_SHIFT);
}

void tcp_table_flush(struct tcp_table *t, struct tcp_flow *f, enum tcp_gap why) {
	if (UNLIKELY(t->sweep.at < t->sweep.end))
		tcp_table_change(t, tcp_index_bucket_of(&t->index, &f->tuple));
	tcp_table_begin(t, &t->aside, f, 0);
	tcp_flow_flush(&t->work, f, why);
	if (t->aside.spans > 0 && t->conf.hooks.deliver != NULL)
		t->conf.hooks.deliver(t->conf.hooks.ctx, &t->aside);
	tcp_table_give_back(t);
	if (f->holds)
		tcp_index_unlink(&t->index, &t->index.hold, TCP_LIST_HOLD, f);
	f->holds = false;
}

void tcp_table_close(struct tcp_table *t, struct tcp_flow *f, enum tcp_close why) {
	tcp_table_flush(t, f, TCP_GAP_END);
	if (t->conf.hooks.close != NULL)
		t->conf.hooks.close(t->conf.hooks.ctx, f, why);
	tcp_index_unlink(&t->index, &t->index.age[f->age], TCP_LIST_AGE, f);
	tcp_index_remove(&t->index, f);
	t->work.stats.closed[why]++;
}

bool tcp_table_drain(struct tcp_table *t, uint32_t budget) {
	tcp_table_give_back(t);
	for (uint32_t i = 0; i < TCP_AGES; i++) {
		for (; budget > 0 && t->index.age[i].first != 0; budget--)
			tcp_table_close(
				t, tcp_index_at(&t->index, t->index.age[i].first), TCP_CLOSE_DRAINED
			);
	}
	return t->index.flows > 0;
}

void tcp_table_queue(struct tcp_table *t, struct tcp_flow *f, uint8_t age, int64_t now_us) {
	f->age = age;
	f->queued = tick(now_us);
	tcp_index_append(&t->index, &t->index.age[age], TCP_LIST_AGE, f);
}

void tcp_table_requeue(struct tcp_table *t, struct tcp_flow *f, uint8_t age, int64_t now_us) {
	tcp_index_unlink(&t->index, &t->index.age[f->age], TCP_LIST_AGE, f);
	tcp_table_queue(t, f, age, now_us);
}

static enum tcp_close too_long(uint8_t age) {
	return age == TCP_AGE_DONE ? TCP_CLOSE_DONE : TCP_CLOSE_IDLE;
}

bool tcp_table_expire(struct tcp_table *t, struct tcp_flow *f, int64_t now_us) {
	if (LIKELY(tcp_age_us(now_us, f->last_us) <= tcp_table_timeout_us(t, f->age)))
		return false;
	tcp_table_close(t, f, too_long(f->age));
	return true;
}

uint32_t tcp_table_advance(struct tcp_table *t, int64_t now_us, uint32_t budget) {
	uint32_t closed = 0;
	tcp_table_give_back(t);
	for (uint8_t age = 0; age < TCP_AGES; age++) {
		uint64_t timeout = tcp_table_timeout_us(t, age);
		for (; budget > 0 && t->index.age[age].first != 0; budget--) {
			struct tcp_flow *f = tcp_index_at(&t->index, t->index.age[age].first);
			if (tcp_table_expire(t, f, now_us)) {
				closed++;
			} else if ((int32_t)(tick(now_us) - f->queued) > (int32_t)(timeout >> TICK_SHIFT)) {
				tcp_table_requeue(t, f, age, now_us);
			} else {
				break; // the others were looked at later
			}
		}
	}
	return closed;
}

bool tcp_table_evict(struct tcp_table *t, int64_t now_us) {
	static const enum tcp_close why[TCP_AGES] = {
		[TCP_AGE_DONE] = TCP_CLOSE_EVICTED_DONE,
		[TCP_AGE_YOUNG] = TCP_CLOSE_EVICTED_YOUNG,
		[TCP_AGE_ONE_SIDED] = TCP_CLOSE_EVICTED_YOUNG,
		[TCP_AGE_SETTLED] = TCP_CLOSE_EVICTED_IDLE,
	};
	for (uint8_t age = 0; age < TCP_AGES; age++) {
		for (int i = 1; t->index.age[age].first != 0 && i <= EVICT_TRIES; i++) {
			struct tcp_flow *f = tcp_index_at(&t->index, t->index.age[age].first);
			bool busy = age == TCP_AGE_SETTLED
				? tcp_age_us(now_us, f->last_us) < (uint64_t)t->conf.evict_us
				: (int32_t)(tick(f->last_us) - f->queued) > 0 && i < EVICT_TRIES;
			if (!busy) {
				tcp_table_close(t, f, why[age]);
				return true;
			}
			tcp_table_requeue(t, f, age, now_us);
		}
	}
	return false;
}
