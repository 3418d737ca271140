// Receives bursts and turns mbufs into packets. Whatever the first cache line of an mbuf does not
// hold is not looked at, unless the driver says that there is something to see.

#include "dpdk_source.h"

#include "dpdk_capture.h"
#include "dpdk_clock.h"

#include "base/cache.h"
#include "base/live_clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "packet/link.h"

#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <rte_mbuf_dyn.h>
#include <rte_mempool.h>
#include <rte_prefetch.h>

#include <errno.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define PREFETCH_AHEAD 8
#define IDLE_POLLS 8 // empty polls for each look at the clock; there may be a nap ahead of each
// A stamped packet reaches us after its stamp: a queue seen empty says nothing about the last moment.
#define STAMP_SLACK_US 100000
#define RSS_CHECKS 256 // packets that are looked at for a hash other than software's

struct dpdk_source {
	struct source base;
	// the lane being received from
	uint16_t port, queue;
	uint8_t in_port;
	bool capture;
	uint8_t stamp; // enum dpdk_stamp
	int stamp_offset;
	uint64_t stamp_flag;
	struct rte_mempool *pool;
	uint32_t idle; // empty polls
	uint32_t held; // mbufs received and not released
	uint32_t held_max; // no more is received beyond: a capture waits for us
	uint32_t rss_checks; // left to do
	int64_t last_us; // newest time given to packets without a stamp
	bool came_short; // the last burst; captures
	bool classic; // a pcap file, not pcapng
	uint64_t frames, octets; // received from this lane; captures
	struct live_clock *live; // borrowed
	struct dpdk_clock clock;
	// cold
	uint64_t verified; // frames + 1 when it was asked; 0: never
	int ended; // what recv answers for good: 0, -ENODATA or a fault; captures
	uint32_t lane, n_lanes;
	uint64_t bytes_done; // of the files of the lanes before
	uint64_t bytes_total;
	_Atomic uint64_t bytes_read, to_skip; // receiving thread → stats
	struct dpdk_lane lanes[]; // n_lanes
};

static struct dpdk_source *of(const struct source *src) {
	return (struct dpdk_source *)(uintptr_t)src;
}

// ---- capture files ----

static uint64_t file_size(const struct dpdk_lane *lane) {
	struct stat st;
	return stat(lane->port->device->file[lane->queue], &st) == 0 ? (uint64_t)st.st_size : 0;
}

// Mbufs that may be unreleased when a further burst is asked for: the longest frames must still fit.
static uint32_t capture_held_max(const struct rte_mempool *pool) {
	uint32_t burst = BURST_MAX * (UINT16_MAX / RTE_MBUF_DEFAULT_DATAROOM + 1);
	uint32_t kept = burst + dpdk_port_cached_mbufs(pool->size, 1);
	return pool->size > kept ? pool->size - kept : 0;
}

static void enter_lane(struct dpdk_source *s) {
	const struct dpdk_lane *lane = &s->lanes[s->lane];
	s->port = lane->port->id;
	s->queue = lane->queue;
	s->in_port = lane->in_port;
	s->stamp = (uint8_t)lane->port->stamp;
	s->stamp_offset = lane->port->stamp_offset;
	s->stamp_flag = lane->port->stamp_flag;
	s->pool = lane->port->pool;
	s->held_max = s->capture ? capture_held_max(s->pool) : UINT32_MAX;
	s->live = lane->port->live;
	s->clock = lane->port->clock;
	s->rss_checks = lane->port->with_rss ? RSS_CHECKS : 0;
	s->frames = 0;
	s->octets = 0;
	s->verified = 0;
	s->came_short = false;
	s->classic = s->capture && dpdk_capture_is_classic(lane->port->device->file[lane->queue]);
}

// Nothing more came, or less than there was room for: is it all there? Asked once for each state.
static int capture_verify(struct dpdk_source *s) {
	const struct dpdk_lane *lane = &s->lanes[s->lane];
	struct dpdk_capture c = {
		.path = lane->port->device->file[lane->queue],
		.port = s->port,
		.frames = s->frames,
		.octets = s->octets,
	};
	if (s->verified == s->frames + 1)
		return 0;
	s->verified = s->frames + 1;
	return dpdk_capture_verify(&c, &s->base.err);
}

// A capture has ended at its first empty burst, unless the driver could not read on.
static int capture_end(struct dpdk_source *s) {
	int rc = capture_verify(s);
	if (rc < 0)
		return rc;
	s->bytes_done += file_size(&s->lanes[s->lane]);
	atomic_store_explicit(&s->bytes_read, s->bytes_done, memory_order_relaxed);
	if (s->lane + 1 == s->n_lanes)
		return -ENODATA;
	s->lane++;
	enter_lane(s);
	return 0;
}

static void capture_progress(struct dpdk_source *s, const struct burst *b) {
	for (uint32_t i = 0; i < b->n; i++)
		s->octets += b->pkt[i].cap_len;
	s->frames += b->n;
	s->came_short = b->n < BURST_MAX;
	// with the headers of pcap's records; pcapng's are longer, near enough for a progress bar
	uint64_t read = s->bytes_done + s->octets + s->frames * 16;
	read = read < s->bytes_total ? read : s->bytes_total;
	atomic_store_explicit(&s->bytes_read, read, memory_order_relaxed);
	// `skip` goes down behind this.
	uint64_t left = s->base.skip > b->n ? s->base.skip - b->n : 0;
	atomic_store_explicit(&s->to_skip, left, memory_order_relaxed);
}

// ---- live time ----

static void refit(struct dpdk_source *s) {
	uint64_t ticks;
	int64_t us;
	if (dpdk_clock_read(s->port, s->live, &ticks, &us) == 0)
		dpdk_clock_fit(&s->clock, ticks, us);
	else
		s->clock.next_fit += s->clock.next_fit - s->clock.last_ticks;
}

// One look at the clock for a burst.
static int64_t burst_time(struct dpdk_source *s) {
	int64_t now = live_clock_us(s->live);
	s->last_us = now > s->last_us ? now : s->last_us;
	return s->last_us;
}

// Nobody sends: event time goes on with the clock, or windows would stay open for ever.
static void live_idle(struct dpdk_source *s) {
	if (++s->idle % IDLE_POLLS != 0)
		return;
	// Packets without a stamp get no time before what is promised here.
	int64_t now = s->stamp == DPDK_STAMP_NONE ? burst_time(s) : live_clock_us(s->live);
	if (s->stamp == DPDK_STAMP_TICKS && now - s->clock.last_us > DPDK_CLOCK_PERIOD_US)
		refit(s);
	if (s->stamp != DPDK_STAMP_NONE)
		now -= STAMP_SLACK_US;
	if (now > s->base.newest_us)
		s->base.newest_us = now;
}

static int empty(struct dpdk_source *s) {
	if (!s->capture)
		live_idle(s);
	else
		s->ended = capture_end(s);
	return s->ended;
}

static int64_t stamp_time(struct dpdk_source *s, struct rte_mbuf *m) {
	uint64_t t = *RTE_MBUF_DYNFIELD(m, s->stamp_offset, rte_mbuf_timestamp_t *);
	if (s->stamp == DPDK_STAMP_US) {
		int64_t us = (int64_t)t;
		// pcap has unsigned seconds, which libpcap takes for signed ones.
		return UNLIKELY(us < 0 && s->classic) ? us + (1ll << 32) * 1000000 : us;
	}
	if (UNLIKELY(dpdk_clock_due(&s->clock, t)))
		refit(s);
	return dpdk_clock_us(&s->clock, t);
}

// ---- checks on the way ----

// Whether the device hashes as it was told. Cold after the first packets.
static void check_rss(struct dpdk_source *s, struct rte_mbuf *const *m, uint32_t n) {
	struct dpdk_port *port = s->lanes[s->lane].port;
	for (uint32_t i = 0; i < n && s->rss_checks > 0; i++, s->rss_checks--) {
		uint32_t hash;
		if ((m[i]->ol_flags & RTE_MBUF_F_RX_RSS_HASH) == 0
		    || !dpdk_rss_of_frame(
			    &port->rss, rte_pktmbuf_mtod(m[i], const uint8_t *), m[i]->data_len,
			    &hash
		    ))
			continue;
		if (hash == m[i]->hash.rss || atomic_exchange(&port->rss_told, true))
			continue;
		log_warn(
			"%s: a packet's RSS hash is %08x, by its addresses it should be %08x: the two "
			"directions of a conversation may reach different workers (cure: input.dispatch = "
			"software)",
			port->device->name, m[i]->hash.rss, hash
		);
	}
}

// What the segments hold together. A driver may say more than that (net_pcap, frames over 64 KiB).
static uint32_t segments_len(const struct rte_mbuf *m) {
	uint64_t len = 0;
	for (; m != NULL; m = m->next)
		len += m->data_len;
	return (uint32_t)len;
}

// ---- source_ops ----

static int source_attach(struct source *src) {
	return 0;
}

static void source_detach(struct source *src) {}

static int source_recv(struct source *src, struct burst *b) {
	struct dpdk_source *s = of(src);
	struct rte_mbuf *mbuf[BURST_MAX];
	b->n = 0;
	// Behind a broken record the driver would read on.
	if (UNLIKELY(s->came_short)) {
		s->came_short = false;
		s->ended = capture_verify(s);
	}
	if (UNLIKELY(s->ended != 0))
		return s->ended;
	if (UNLIKELY(s->held > s->held_max))
		return 0;
	uint32_t n = rte_eth_rx_burst(s->port, s->queue, mbuf, BURST_MAX);
	b->n = n;
	s->held += n;
	if (n == 0)
		return empty(s);

	// the frame's first line: all its headers, as a rule
	for (uint32_t i = 0; i < n && i < PREFETCH_AHEAD; i++)
		rte_prefetch0(rte_pktmbuf_mtod(mbuf[i], const void *));
	int64_t now = s->stamp_flag != 0 ? INT64_MIN : burst_time(s);
	for (uint32_t i = 0; i < n; i++) {
		struct rte_mbuf *m = mbuf[i];
		struct packet *p = &b->pkt[i];
		if (i + PREFETCH_AHEAD < n)
			rte_prefetch0(rte_pktmbuf_mtod(mbuf[i + PREFETCH_AHEAD], const void *));
		int64_t time_us = now;
		if ((m->ol_flags & s->stamp_flag) != 0)
			time_us = stamp_time(s, m);
		else if (UNLIKELY(now == INT64_MIN))
			time_us = now = burst_time(s);
		p->data = rte_pktmbuf_mtod(m, const uint8_t *);
		p->handle = (uintptr_t)m;
		p->time_us = time_us;
		p->head_len = m->data_len;
		p->cap_len = m->pkt_len;
		p->wire_len = m->pkt_len;
		p->link = LINK_ETHERNET;
		p->in_port = s->in_port;
		if (UNLIKELY(m->nb_segs > 1)) {
			p->cap_len = segments_len(m);
			s->held += m->nb_segs - 1u;
		}
	}
	if (s->capture)
		capture_progress(s, b);
	else if (UNLIKELY(s->rss_checks > 0))
		check_rss(s, mbuf, n);
	return (int)n;
}

// An mbuf as the pool hands it out: what that means is in its first cache line.
static bool is_plain(const struct rte_mbuf *m, const struct rte_mempool *pool) {
	return m->pool == pool && m->nb_segs == 1 && rte_mbuf_refcnt_read(m) == 1
		&& RTE_MBUF_DIRECT(m);
}

static void source_release(struct source *src, struct burst *b) {
	struct dpdk_source *s = of(src);
	void *plain[BURST_MAX];
	uint32_t n = 0;
	for (uint32_t i = 0; i < b->n; i++) {
		struct rte_mbuf *m = (struct rte_mbuf *)(uintptr_t)b->pkt[i].handle;
		if (LIKELY(is_plain(m, s->pool))) {
			plain[n++] = m;
		} else {
			s->held -= m->nb_segs;
			rte_pktmbuf_free(m);
		}
	}
	s->held -= n;
	if (n > 0)
		rte_mempool_put_bulk(s->pool, plain, n);
}

static uint32_t
source_gather(const struct source *src, const struct packet *p, uint8_t *to, uint32_t len) {
	const struct rte_mbuf *m = (const struct rte_mbuf *)(uintptr_t)p->handle;
	uint32_t done = 0;
	for (; m != NULL && done < len; m = m->next) {
		uint32_t n = m->data_len < len - done ? m->data_len : len - done;
		memcpy(to + done, rte_pktmbuf_mtod(m, const uint8_t *), n);
		done += n;
	}
	return done;
}

static void source_stats(struct source *src, struct source_stats *out) {
	struct dpdk_source *s = of(src);
	*out = (struct source_stats){
		.bytes_read = atomic_load_explicit(&s->bytes_read, memory_order_relaxed),
		.bytes_total = s->bytes_total,
		.to_skip = atomic_load_explicit(&s->to_skip, memory_order_relaxed),
	};
	for (uint32_t i = 0; i < s->n_lanes; i++) {
		struct rte_eth_stats stats;
		if (s->lanes[i].queue != 0 || rte_eth_stats_get(s->lanes[i].port->id, &stats) < 0)
			continue;
		// A capture's errors are a broken file: recv tells of it.
		out->missed += stats.imissed + stats.rx_nombuf + (s->capture ? 0 : stats.ierrors);
	}
}

static const struct source_ops ops = {
	.attach = source_attach,
	.recv = source_recv,
	.release = source_release,
	.gather = source_gather,
	.stats = source_stats,
	.detach = source_detach,
};

static struct dpdk_source *
source_new(const struct dpdk_lane *lanes, uint32_t n, bool capture, struct err *err) {
	size_t octets = sizeof(struct dpdk_source) + n * sizeof(*lanes);
	struct dpdk_source *s = mem_lines(octets);
	if (s == NULL) {
		err_set(err, -ENOMEM, "out of memory");
		return NULL;
	}
	s->base.ops = &ops;
	s->base.newest_us = INT64_MIN;
	s->last_us = INT64_MIN;
	s->n_lanes = n;
	s->capture = capture;
	s->base.patient = capture;
	memcpy(s->lanes, lanes, n * sizeof(*lanes));
	enter_lane(s);
	return s;
}

struct source *dpdk_source_live(const struct dpdk_lane *lane, struct err *err) {
	struct dpdk_source *s = source_new(lane, 1, false, err);
	return s != NULL ? &s->base : NULL;
}

struct source *dpdk_source_capture(const struct dpdk_lane *lanes, uint32_t n, struct err *err) {
	struct dpdk_source *s = source_new(lanes, n, true, err);
	if (s == NULL)
		return NULL;
	for (uint32_t i = 0; i < n; i++)
		s->bytes_total += file_size(&s->lanes[i]);
	return &s->base;
}

void dpdk_source_free(struct source *src) {
	free(src);
}
