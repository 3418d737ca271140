// An input: a set of devices of one backend, and the sources (receive queues) it offers to workers.
// Opened, handed out and closed by the main thread.
#pragma once

#include "base/err.h"
#include "base/mem.h"
#include "conf/conf.h"
#include "packet/source.h"

#include <stdbool.h>
#include <stdint.h>

struct count_source;
struct input;
struct live_clock;

struct input_ops {
	const char *name; // "dpdk", "xdp", "pcap"
	// Whether this build on this machine can take these devices; err: why not, and what would
	// make it work. Opens nothing that stays open.
	bool (*usable)(const struct conf *conf, struct err *err);
	// NULL with err set. Both are borrowed until close; live sources tell the time by the clock.
	struct input *(*open)(const struct conf *conf, struct live_clock *clock, struct err *err);
	void (*close)(struct input *in);
	// Any thread: sources wait for nobody any more; the run is to end. NULL: they never do.
	void (*stop)(struct input *in);
	// Opening leaves nothing behind and may wait for somebody else, as a pipe does for its
	// writer: a signal may end the program meanwhile.
	bool waits;
	// As input_check_built, of what this backend may have been built without. NULL: it is whole.
	int (*check_built)(const struct conf *conf, struct err *err);
};

struct input {
	const struct input_ops *ops;
	bool software; // one receiver polls every source and spreads to the workers; else worker w
		// polls the sources of its queue alone
	// Sources: software: all of them are the receiver's. Else queue[w] of each device is worker w's.
	struct source **sources; // owned by the input
	uint32_t n_sources;
	uint32_t *worker; // sources[i] belongs to worker[i]; all 0 when software
	// Instead of sources: packets are counted before they reach us. Owned by the input; NULL: not so.
	struct count_source *counts;
	bool sparing; // threads that find nothing wait at once, even with a processor of their own
	// For threads that touch sources: called first and last on each of them. NULL: nothing to do.
	int (*thread_enter)(struct input *in, struct err *err);
	void (*thread_leave)(struct input *in);
	// Memory for worker w's tables; mem_pages() if the input has no better.
	const struct mem *(*mem)(struct input *in, uint32_t worker);
};

// As a configuration has it; of an enum conf_backend.
const char *input_backend_name(uint32_t backend);

// A backend by name; NULL: not part of this build.
const struct input_ops *input_backend(const char *name);

// Whether this build has all that a configuration asks of its input, by whatever backend it names (auto: of
// whichever there are). 0, or -ENOTSUP with err set: what is missing, and the cure. Touches no device.
int input_check_built(const struct conf *conf, struct err *err);

// What it takes to have a backend that is not part of this build: a sentence's end.
const char *input_backend_cure(const char *name);

// What `sluice inputs` prints about one backend, to stdout: able or not, why, the cure, devices.
struct input_report {
	const char *name;
	bool built; // part of this build
	bool able; // could run here
	char text[4096]; // lines for people: devices when able; the reason and the cure when not
};
void input_report_dpdk(struct input_report *r);
void input_report_xdp(struct input_report *r);
void input_report_pcap(struct input_report *r);

// Takes off an interface the XDP programs that killed runs left there; what is in use stays. `said`: what
// was done, or that there was nothing to do, in lines for people. 0 or -errno with err set.
int input_detach_xdp(const char *name, char *said, size_t len, struct err *err);
