// Scans on the spare stream of a group, with states of their own that are forgotten afterwards.

#include "stream_pool_aside.h"

#include "stream_pool_room.h"

uint32_t stream_aside_groups(
	const struct stream_pool *p, const struct stream_where *where, uint32_t *group
) {
	if (p->now->set == NULL)
		return 0;
	return stream_set_groups_of(p->now->set, where->key, where->dir, group);
}

// The group's spare stream is clean again, and so are the states in `aside`.
static void end_aside(struct stream_tell *t, hs_stream_t *spare) {
	stream_tell_end(t, spare);
	stream_states_clear(t->pool->aside);
}

// Scans octets by themselves for the groups of the set in use; rules that the `older` parts
// speak for are left to them.
static void scan_alone(
	struct stream_pool *p, const struct stream_where *where, const struct stream_part *older,
	const uint8_t *data, uint32_t len, const struct stream_report *report
) {
	uint32_t group[STREAM_GROUPS_MAX];
	uint32_t n = stream_aside_groups(p, where, group);
	p->starved = false;
	for (uint32_t i = 0; i < n; i++) {
		struct stream_tell t = {
			.pool = p,
			.report = report,
			.group = &p->now->group[group[i]],
			.states = &p->aside,
			.older = older,
		};
		hs_stream_t *spare = stream_room_spare(t.group);
		if (spare == NULL) {
			p->starved = true;
			continue;
		}
		stream_tell_scan(&t, spare, data, len);
		end_aside(&t, spare);
	}
	p->stats.failed += p->starved;
}

void stream_aside_over_budget(
	struct stream_pool *p, const struct stream_where *where, const struct stream_part *older,
	const uint8_t *data, uint32_t len, const struct stream_report *report
) {
	p->stats.over_budget++;
	p->stats.over_budget_octets += len;
	scan_alone(p, where, older, data, len, report);
}

// Ends a copy of the part.
static void end_part(struct stream_tell *t, const struct stream_part *part) {
	struct stream_pool *p = t->pool;
	hs_stream_t *spare = stream_room_spare(t->group);
	if (spare == NULL || !stream_states_copy(&p->aside, part->states)) {
		p->starved = true;
		return;
	}
	if (part->packed_octets != 0)
		hs_reset_and_expand_stream(
			spare, part->packed, part->packed_octets, NULL, NULL, NULL
		);
	else
		hs_reset_and_copy_stream(spare, part->live, NULL, NULL, NULL);
	end_aside(t, spare);
}

void stream_pool_end(
	struct stream_pool *p, struct match_stream **stream, const struct stream_report *report
) {
	struct stream_tell t = {.pool = p, .report = report, .states = &p->aside};
	if (!stream_is_there(*stream) || (*stream)->part.group == NULL)
		return;
	stream_tell_begin(p);
	p->starved = false;
	for (struct stream_part *part = &(*stream)->part; part != NULL; part = part->next) {
		stream_tell_of(&t, *stream, part);
		end_part(&t, part);
	}
	p->stats.failed += p->starved;
}

void stream_pool_alone(
	struct stream_pool *p, const struct stream_where *where, const uint8_t *data, uint32_t len,
	const struct stream_report *report
) {
	stream_tell_begin(p);
	scan_alone(p, where, NULL, data, len, report);
}
