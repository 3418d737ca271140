// One lock over what the threads tell each other; buffers come by rings beside it.

#include "saver.h"

#include "base/log.h"
#include "state/saver_pools.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

// Looks at the rings: while a checkpoint is under way, and else.
#define LOOK_NS 1000000
#define SELDOM_NS 50000000

// Beside all that runs on the same processors.
#define NICENESS 5

// Outcomes that are kept, for those who asked.
#define PAST 16

enum exporters_part {
	PART_AWAITED,
	PART_DELIVERED,
	PART_FAILED, // those who save do so to their end, for nothing
	PART_GIVEN_UP,
	PART_FINAL, // of a finished run: it is all there is
};

struct saver {
	struct state_store *store;
	struct saver_pools pools;
	const char *asked;
	int fd;
	pthread_t thread;
	bool started;
	uint64_t octets; // saver's: of the one under way
	bool begun; // saver's: the store's transaction is open
	struct err fault; // saver's: what went wrong with it
	bool left; // saver's: and that is no fault, somebody came to an end

	pthread_mutex_t lock;
	pthread_cond_t change;
	bool leaving;
	bool closed; // no further one begins
	bool busy;
	uint64_t done;
	enum exporters_part part;
	struct state_chunk *chunks;
	struct err refusal; // exporter's: why there are none
	const char *summary;
	int64_t begun_us;
	struct saver_stats stats;
	struct saver_outcome past[PAST]; // what came of the last ones: of number n at n % PAST
};

static int64_t now_us(clockid_t clock) {
	struct timespec ts;
	clock_gettime(clock, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

// Stores a buffer while nothing went wrong.
static void put(void *ctx, const struct state_chunk *c) {
	struct saver *s = ctx;
	if (s->fault.text[0] != '\0')
		return;
	s->octets += c->used;
	state_store_put(s->store, c->octets, c->used, &s->fault);
}

static void begin(struct saver *s) {
	s->fault = (struct err){0};
	s->left = false;
	s->octets = 0;
	s->begun = state_store_begin(s->store, &s->fault) == 0;
}

static int commit(struct saver *s, bool finished, const char *summary) {
	struct state_meta m = {
		.finished = finished,
		.saved_us = now_us(CLOCK_REALTIME),
		.octets = s->octets,
	};
	union {
		const char *in;
		char *out;
	} asked = {.in = s->asked}, text = {.in = summary != NULL ? summary : ""};
	m.asked = asked.out;
	m.summary = text.out;
	return state_store_commit(s->store, &m, &s->fault);
}

// Everything is there, or will not be.
static void end(struct saver *s, enum exporters_part part, struct state_chunk *chunks) {
	int ret = -ECANCELED;
	if (part == PART_FINAL) {
		state_store_cancel(s->store);
		begin(s);
	}
	for (struct state_chunk *c = chunks; c != NULL; c = c->next)
		put(s, c);
	if (part != PART_GIVEN_UP && s->fault.text[0] == '\0')
		ret = commit(s, part == PART_FINAL, s->summary);
	if (ret < 0)
		state_store_cancel(s->store);
	state_chunks_free(chunks);
	saver_pools_forget(&s->pools);
	bool fault = ret < 0 && part != PART_GIVEN_UP && !s->left;
	pthread_mutex_lock(&s->lock);
	struct saver_outcome *out = &s->past[++s->done % PAST];
	*out = (struct saver_outcome){
		.code = ret,
		.octets = s->octets,
		.stored = state_store_stored(s->store),
		.took_us = now_us(CLOCK_MONOTONIC) - s->begun_us,
		.fault = s->fault,
	};
	if (ret == 0) {
		s->stats.checkpoints++;
		s->stats.last = *out;
		s->stats.saved_us = now_us(CLOCK_REALTIME);
	}
	s->stats.failed += fault;
	s->busy = false;
	s->chunks = NULL;
	pthread_cond_broadcast(&s->change);
	pthread_mutex_unlock(&s->lock);
	uint64_t one = 1;
	ssize_t n = write(s->fd, &one, sizeof(one));
	(void)n; // an eventfd takes it
	if (fault)
		log_error("checkpoint: %s; it is not kept", s->fault.text);
}

// Until there is something to do, or it is time to look, also while somebody sets the clock.
static void nap(struct saver *s, long ns) {
	struct timespec until;
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += ns;
	until.tv_sec += until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	pthread_cond_clockwait(&s->change, &s->lock, CLOCK_MONOTONIC, &until);
}

static void *body(void *arg) {
	struct saver *s = arg;
	bool under_way = false;
	pthread_setname_np(pthread_self(), "sluice-state");
	setpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid), NICENESS);
	pthread_mutex_lock(&s->lock);
	while (!s->leaving) {
		if (!s->busy || under_way)
			nap(s, s->busy ? LOOK_NS : SELDOM_NS);
		if (!s->busy) {
			saver_pools_discard(&s->pools);
			under_way = false;
			continue;
		}
		enum exporters_part part = s->part;
		struct state_chunk *chunks = s->chunks;
		struct err refusal = s->refusal;
		pthread_mutex_unlock(&s->lock);
		if (!under_way)
			begin(s);
		under_way = true;
		if (refusal.text[0] != '\0' && s->fault.text[0] == '\0')
			s->fault = refusal;
		saver_put *to = part != PART_FINAL ? put : NULL;
		bool all = saver_pools_take(&s->pools, to, s, &s->fault, &s->left);
		// Nobody knows who of them has yet to begin: at the end of a run they are taken as they come.
		bool over = part == PART_FINAL || part == PART_GIVEN_UP;
		if (over || (all && part != PART_AWAITED)) {
			end(s, part, chunks);
			under_way = false;
		}
		pthread_mutex_lock(&s->lock);
	}
	pthread_mutex_unlock(&s->lock);
	return NULL;
}

struct saver *saver_new(
	struct state_store *store, struct state_pool *const *pools, uint32_t n_pools,
	const char *asked, struct err *err
) {
	struct saver *s = calloc(1, sizeof(*s));
	if (s == NULL) {
		err_set(err, -ENOMEM, "out of memory");
		return NULL;
	}
	s->store = store;
	s->pools = (struct saver_pools){pools, n_pools};
	s->asked = asked;
	pthread_mutex_init(&s->lock, NULL);
	pthread_cond_init(&s->change, NULL);
	s->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	int ret = s->fd < 0 ? errno : pthread_create(&s->thread, NULL, body, s);
	s->started = ret == 0;
	if (ret == 0)
		return s;
	err_set(err, -ret, "cannot start a thread: %s", strerror(ret));
	saver_free(s);
	return NULL;
}

void saver_free(struct saver *s) {
	if (s == NULL)
		return;
	pthread_mutex_lock(&s->lock);
	s->leaving = true;
	pthread_cond_broadcast(&s->change);
	pthread_mutex_unlock(&s->lock);
	if (s->started)
		pthread_join(s->thread, NULL);
	if (s->busy)
		state_store_cancel(s->store);
	state_chunks_free(s->chunks);
	if (s->fd >= 0)
		close(s->fd);
	pthread_cond_destroy(&s->change);
	pthread_mutex_destroy(&s->lock);
	free(s);
}

static void begin_locked(struct saver *s, enum exporters_part part) {
	s->busy = true;
	s->part = part;
	s->refusal = (struct err){0};
	s->begun_us = now_us(CLOCK_MONOTONIC);
	pthread_cond_broadcast(&s->change);
}

static uint64_t begin_next(struct saver *s, bool last) {
	pthread_mutex_lock(&s->lock);
	bool idle = !s->busy && !s->closed && saver_pools_idle(&s->pools);
	uint64_t ticket = idle ? s->done + 1 : 0;
	if (idle) {
		s->closed = last;
		begin_locked(s, PART_AWAITED);
	}
	pthread_mutex_unlock(&s->lock);
	return ticket;
}

uint64_t saver_begin(struct saver *s) {
	return begin_next(s, false);
}

uint64_t saver_begin_last(struct saver *s) {
	return begin_next(s, true);
}

bool saver_closed(struct saver *s) {
	pthread_mutex_lock(&s->lock);
	bool closed = s->closed;
	pthread_mutex_unlock(&s->lock);
	return closed;
}

uint64_t saver_next(struct saver *s) {
	pthread_mutex_lock(&s->lock);
	uint64_t ticket = s->done + s->busy + 1;
	pthread_mutex_unlock(&s->lock);
	return ticket;
}

bool saver_busy(struct saver *s) {
	pthread_mutex_lock(&s->lock);
	bool busy = s->busy;
	pthread_mutex_unlock(&s->lock);
	return busy;
}

bool saver_outcome(struct saver *s, uint64_t ticket, struct saver_outcome *out) {
	pthread_mutex_lock(&s->lock);
	uint64_t done = s->done, oldest = done < PAST ? 1 : done - PAST + 1;
	if (done >= ticket)
		*out = s->past[(ticket > oldest ? ticket : oldest) % PAST];
	pthread_mutex_unlock(&s->lock);
	return done >= ticket;
}

uint64_t saver_done(struct saver *s) {
	pthread_mutex_lock(&s->lock);
	uint64_t done = s->done;
	pthread_mutex_unlock(&s->lock);
	return done;
}

int saver_fd(const struct saver *s) {
	return s->fd;
}

// Whether that was waited for. `why` goes with a part that is none.
static bool
settle(struct saver *s, enum exporters_part part, struct state_chunk *chunks, const char *why) {
	pthread_mutex_lock(&s->lock);
	bool awaited = s->busy && s->part == PART_AWAITED;
	if (awaited) {
		s->part = part;
		s->chunks = chunks;
		chunks = NULL;
		if (why != NULL)
			err_set(&s->refusal, -ECANCELED, "%s", why);
		pthread_cond_broadcast(&s->change);
	}
	pthread_mutex_unlock(&s->lock);
	state_chunks_free(chunks);
	return awaited;
}

void saver_deliver(struct saver *s, struct state_chunk *chunks) {
	settle(s, PART_DELIVERED, chunks, NULL);
}

void saver_refuse(struct saver *s, const char *why) {
	settle(s, PART_FAILED, NULL, why);
}

void saver_give_up(struct saver *s, const char *why) {
	pthread_mutex_lock(&s->lock);
	s->closed = true;
	pthread_mutex_unlock(&s->lock);
	if (settle(s, PART_GIVEN_UP, NULL, why))
		log_debug("checkpoint: given up: %s", why);
}

int saver_wait(struct saver *s, struct err *err) {
	pthread_mutex_lock(&s->lock);
	while (s->busy)
		pthread_cond_wait(&s->change, &s->lock);
	const struct saver_outcome *last = &s->past[s->done % PAST];
	int ret = last->code;
	if (ret < 0)
		err_set(err, ret, "the last checkpoint failed: %s", last->fault.text);
	pthread_mutex_unlock(&s->lock);
	return ret;
}

int saver_finish(
	struct saver *s, struct state_chunk *chunks, const char *summary, struct err *err
) {
	pthread_mutex_lock(&s->lock);
	s->closed = true;
	while (s->busy) {
		// It may have been asked for after everybody had ended.
		if (s->part == PART_AWAITED) {
			s->part = PART_GIVEN_UP;
			err_set(&s->refusal, -ECANCELED, "the run is ending");
		}
		pthread_cond_broadcast(&s->change);
		pthread_cond_wait(&s->change, &s->lock);
	}
	s->chunks = chunks;
	s->summary = summary;
	begin_locked(s, PART_FINAL);
	pthread_mutex_unlock(&s->lock);
	int ret = saver_wait(s, err);
	s->summary = NULL;
	return ret;
}

uint64_t saver_kept(struct saver *s) {
	pthread_mutex_lock(&s->lock);
	uint64_t kept = s->stats.checkpoints;
	pthread_mutex_unlock(&s->lock);
	return kept;
}

void saver_stats(struct saver *s, struct saver_stats *out) {
	pthread_mutex_lock(&s->lock);
	*out = s->stats;
	pthread_mutex_unlock(&s->lock);
}
