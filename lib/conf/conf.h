// The configuration as the program uses it: read from an INI file and --set, checked whole, with
// every error named by file, line, section and key. Plain values; nothing here touches a device.
#pragma once

#include "base/condition.h"
#include "base/err.h"
#include "base/key_cut.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum conf_backend {
	CONF_BACKEND_AUTO,
	CONF_BACKEND_DPDK,
	CONF_BACKEND_XDP,
	CONF_BACKEND_PCAP
};
enum conf_dispatch {
	CONF_DISPATCH_AUTO,
	CONF_DISPATCH_RSS,
	CONF_DISPATCH_SOFTWARE
};
enum conf_xdp_mode {
	CONF_XDP_OBSERVE,
	CONF_XDP_REDIRECT,
	CONF_XDP_KERNEL
};
enum conf_xdp_attach {
	CONF_XDP_EXCLUSIVE,
	CONF_XDP_SHARED
};
enum conf_xdp_poll {
	CONF_XDP_WAKEUP,
	CONF_XDP_BUSY
};
enum conf_match_mode {
	CONF_MATCH_STREAM,
	CONF_MATCH_BLOCK
};
enum conf_checksums {
	CONF_CHECKSUMS_AUTO,
	CONF_CHECKSUMS_CHECK,
	CONF_CHECKSUMS_IGNORE
};
enum conf_unsupported {
	CONF_UNSUPPORTED_ERROR,
	CONF_UNSUPPORTED_SKIP
};
enum conf_late {
	CONF_LATE_DROP,
	CONF_LATE_EMIT
};
enum conf_window_kind {
	CONF_WINDOW_TUMBLING,
	CONF_WINDOW_SLIDING,
	CONF_WINDOW_SESSION,
	CONF_WINDOW_FLOW,
	CONF_WINDOW_COUNT
};
enum conf_overflow {
	CONF_OVERFLOW_AUTO, // sessions and flows evict
	CONF_OVERFLOW_REST,
	CONF_OVERFLOW_EVICT
};
enum conf_sink_type {
	CONF_SINK_JSON,
	CONF_SINK_EVE,
	CONF_SINK_NULL
};

enum conf_access {
	CONF_ACCESS_OWNER,
	CONF_ACCESS_GROUP
};

#define CONF_PACE_MAX 0
#define CONF_PACE_REAL (-1)
#define CONF_LATENESS_ALL INT64_MAX
#define CONF_AHEAD_OFF 0
#define CONF_AHEAD_AUTO (-1) // live an hour, capture files off
#define CONF_PANE_MAX_US 3600000000 // panes are no wider
#define CONF_MAX_STREAMS 64
#define CONF_MAX_SINKS 32
#define CONF_MAX_ALERTS 64
#define CONF_MAX_WORKERS 64
#define CONF_MAX_DEVICES 255
#define CONF_MAX_VARS 1024

struct conf_list {
	char **item; // owned
	uint32_t n;
};

struct conf_input {
	uint32_t backend; // enum conf_backend
	struct conf_list device; // files are made absolute by the file's folder; "-" stays
	uint32_t workers; // 1 ..
	uint32_t *cpus; // owned; one per thread that polls, n_cpus 0: chosen
	uint32_t n_cpus;
	uint32_t dispatch; // enum conf_dispatch
	uint32_t xdp_mode; // enum conf_xdp_mode
	uint32_t xdp_attach; // enum conf_xdp_attach
	uint32_t xdp_poll; // enum conf_xdp_poll
	char *filter; // "" : everything
	uint32_t snaplen;
	int64_t pace; // CONF_PACE_MAX, CONF_PACE_REAL, or packets a second
	int64_t lateness_us; // or CONF_LATENESS_ALL
	uint32_t late; // enum conf_late
	int64_t max_ahead_us; // or CONF_AHEAD_OFF, CONF_AHEAD_AUTO
	uint32_t tunnels; // bits in the order gre vxlan geneve gtpu ipip
};

struct conf_dpdk {
	struct conf_list args;
	uint32_t mbufs;
	uint32_t rx_desc;
	bool hugepages;
};

struct conf_match {
	struct conf_list rules; // absolute paths
	uint32_t mode; // enum conf_match_mode
	uint64_t stream_memory; // octets that TCP streams may take, of all workers together
	bool midstream; // connections whose start was not seen are followed too
	uint32_t checksums; // enum conf_checksums
	uint32_t on_unsupported; // enum conf_unsupported: what a refused rule means for the others
	bool app_any_port; // a rule for an application looks at any port, else at the usual ones
	char *cache; // "auto", "off", or an absolute folder
};

// A variable of rules: a name without $, and addresses or ports as a rule's header has them.
struct conf_var {
	char *name; // owned
	char *value; // owned; not empty, and not looked into
};

struct conf_vars {
	struct conf_var *item; // owned
	uint32_t n;
};

// Bounds of the flow tables; fixed at start.
struct conf_flow {
	uint32_t rows; // flows that one worker's pane table holds
	uint32_t panes; // panes a worker keeps active
	uint32_t spares; // further tables in circulation between a worker and the exporter
	uint64_t memory; // octets the exporter may hold in open windows
};

#define CONF_TOP_MAX 1000000

enum conf_order_by {
	CONF_ORDER_BYTES,
	CONF_ORDER_PACKETS,
	CONF_ORDER_MATCHES
};

struct conf_window {
	uint32_t kind; // enum conf_window_kind
	int64_t size_us; // tumbling and sliding: SIZE; session: GAP; flow: ACTIVE
	int64_t step_us; // sliding: EVERY, a divisor of SIZE; flow: IDLE; else 0
	uint32_t packets; // count: N; else 0
};

// What a window asks of the panes that it is made of.
struct conf_panes {
	int64_t step_us; // a multiple of their width; 0: whatever that is
	int64_t most_us; // they are no wider
};
struct conf_panes conf_window_panes(const struct conf_window *window);

struct conf_stream {
	char *name;
	uint32_t key; // FIELD_BIT()s of base/field.h
	struct key_cut cut; // of its addresses
	uint8_t key_order[32]; // enum field, in the order configured
	uint32_t n_key;
	struct conf_window window;
	bool biflow;
	uint32_t top; // keys of a window, at most CONF_TOP_MAX; 0: all
	uint32_t order_by; // enum conf_order_by
	char *where; // "": everything
	uint32_t distinct; // FIELD_BIT() of the field whose values are counted; 0: none
	struct key_cut distinct_cut; // of these
	uint64_t memory; // octets of flow.memory; 0: a part of what the others leave
	uint32_t overflow; // enum conf_overflow
};

struct conf_alert {
	char *name;
	uint32_t stream; // whose windows
	struct condition when; // with a mean only where windows follow a step
};

struct conf_sink {
	char *name;
	uint32_t type; // enum conf_sink_type
	uint64_t streams; // bit N: stream N; all when none was named; means nothing to eve
	char *path; // absolute, or "-"; "" where none was given, which json and eve do not allow
	uint64_t rotate_size; // octets; 0: never
	int64_t rotate_every_us; // 0: never
};

struct conf_state {
	char *path; // absolute folder; "": nothing is kept
	int64_t checkpoint_us; // how often
};

struct conf_control {
	char *socket; // absolute; "": none
	uint32_t access; // enum conf_access
};

struct conf {
	char *path; // absolute
	struct conf_input input;
	struct conf_dpdk dpdk;
	struct conf_match match;
	struct conf_vars vars;
	struct conf_flow flow;
	struct conf_stream stream[CONF_MAX_STREAMS];
	uint32_t n_streams;
	struct conf_alert alert[CONF_MAX_ALERTS];
	uint32_t n_alerts;
	struct conf_sink sink[CONF_MAX_SINKS];
	uint32_t n_sinks;
	struct conf_state state;
	struct conf_control control;
};

// All that is wrong with a configuration, one line an error, in order of line.
struct conf_errors {
	char **line; // owned: "FILE:LINE: section.key: VALUE: what is wrong (what is accepted)"
	uint32_t n;
};
void conf_errors_fini(struct conf_errors *errors);

// Reads `path`, applies `n_sets` strings "section.key=value" or "section.name.key=value" (the last
// of a key wins; an error in one is reported as "--set:N: ...", N counts from 1), fills in defaults
// and checks everything that can be checked without touching a device. Relative paths of the file
// count from its folder, those of a --set from the working directory, as a shell's user expects.
// Sections and keys are lower case, but for names of variables, which keep theirs; names of streams,
// sinks and variables that differ in case only are one.
// Returns NULL with at least one error when anything is wrong. Free with conf_free.
struct conf *
conf_load(const char *path, const char *const *sets, uint32_t n_sets, struct conf_errors *errors);
// Checks of single values that other layers know how to make, called while all else is checked; each
// returns 0 or a negative number with the reason in err. NULL: not checked.
struct conf_checks {
	int (*filter)(const char *expression, struct err *err); // input.filter, not empty
	// stream.where, not empty; of a stream with a key of these fields
	int (*where
	)(const char *expression, uint32_t fields, const struct key_cut *cut, struct err *err);
};

// conf_load with such checks.
struct conf *conf_load_checked(
	const char *path, const char *const *sets, uint32_t n_sets,
	const struct conf_checks *checks, struct conf_errors *errors
);
void conf_free(struct conf *conf);

// The effective configuration, as a file that loads to the same.
void conf_print(const struct conf *conf, FILE *to);

// Whether a run with this configuration reads or writes the file `path` (absolute, or as seen from the working
// directory) already; of sinks the first `n_sinks` are asked. What for is written to `use`.
#define CONF_USE_MAX 96
bool conf_use(const struct conf *conf, const char *path, uint32_t n_sinks, char use[CONF_USE_MAX]);

// The nearest of `n` names to a misspelt one, NULL when none is near.
const char *conf_nearest(const char *name, const char *const *names, uint32_t n);
