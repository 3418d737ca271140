// The table itself. Presets are text that goes through the same parser as a user's, so a wrong one
// fails the first test that loads anything.

#include "schema.h"

#include "base/units.h"
#include "fields.h"
#include "when.h"
#include "window.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

#define SECOND 1000000ull
#define DAY (86400 * SECOND)
#define MEGA (1ull << 20)
#define GIGA (1ull << 30)
#define TERA (1ull << 40)

#define NAMES(...)                \
	(const char *const[]) {   \
		__VA_ARGS__, NULL \
	}
#define AT(type, member) .offset = offsetof(struct type, member)
#define END \
	{ .name = NULL }

static const struct conf_key input_keys[] = {
	{"backend", CONF_ENUM, AT(conf_input, backend), "auto",
	 .names = NAMES("auto", "dpdk", "xdp", "pcap"), .help = "where packets come from"},
	{"device", CONF_DEVICES, AT(conf_input, device), NULL,
	 .help = "PCI addresses or vdev strings (dpdk), interfaces (xdp), capture files or - (pcap)"},
	{"workers", CONF_UINT, AT(conf_input, workers), "1", 1, CONF_MAX_WORKERS,
	 .help = "pipelines, each with a core and a queue of its own"},
	{"cpus", CONF_CPUS, AT(conf_input, cpus), "",
	 .help = "where the pipelines run; empty: chosen"},
	{"dispatch", CONF_ENUM, AT(conf_input, dispatch), "auto",
	 .names = NAMES("auto", "rss", "software"),
	 .help = "how packets are spread to the workers"},
	{"xdp_mode", CONF_ENUM, AT(conf_input, xdp_mode), "observe",
	 .names = NAMES("observe", "redirect", "kernel"), .help = "for backend = xdp"},
	{"xdp_attach", CONF_ENUM, AT(conf_input, xdp_attach), "exclusive",
	 .names = NAMES("exclusive", "shared"),
	 .help = "shared: beside other XDP programs, by libxdp's dispatcher"},
	{"xdp_poll", CONF_ENUM, AT(conf_input, xdp_poll), "wakeup",
	 .names = NAMES("wakeup", "busy"),
	 .help = "redirect mode: busy receives on the worker's own processor, without interrupts"},
	{"filter", CONF_STRING, AT(conf_input, filter), "",
	 .help = "tcpdump expression; empty: everything"},
	{"snaplen", CONF_UINT, AT(conf_input, snaplen), "2048", 64, 262144,
	 .help = "octets of a frame that observe mode copies"},
	{"pace", CONF_PACE, AT(conf_input, pace), "max", 1, CONF_PACE_LIMIT,
	 .help = "of capture files: max, real, or packets a second"},
	{"lateness", CONF_LATENESS, AT(conf_input, lateness_us), "1s", 0, 366 * DAY,
	 .help = "how far event time may run backwards; all: a packet is never late"},
	{"late", CONF_ENUM, AT(conf_input, late), "drop", .names = NAMES("drop", "emit"),
	 .help = "late packets: drop: in no window; emit: as corrections, records with late = true"},
	{"max_ahead", CONF_AHEAD, AT(conf_input, max_ahead_us), "auto", SECOND, 366 * DAY,
	 .help = "how far ahead a packet's time may be; off: any; auto: an hour, capture files off"},
	{"tunnels", CONF_TUNNELS, AT(conf_input, tunnels), "gre vxlan geneve gtpu ipip",
	 .names = NAMES("gre", "vxlan", "geneve", "gtpu", "ipip"),
	 .help = "looked into; empty: none"},
	END,
};

static const struct conf_key dpdk_keys[] = {
	{"args", CONF_LIST, AT(conf_dpdk, args), "", .help = "further EAL arguments"},
	{"mbufs", CONF_COUNT, AT(conf_dpdk, mbufs), "65535", 1024, 16 * MEGA,
	 .help = "packet buffers, of each device"},
	{"rx_desc", CONF_COUNT, AT(conf_dpdk, rx_desc), "1024", 64, 32768,
	 .help = "receive descriptors, of each queue"},
	{"hugepages", CONF_BOOL, AT(conf_dpdk, hugepages), "auto", .names = NAMES("off", "auto"),
	 .help = "auto: where there are any"},
	END,
};

static const struct conf_key match_keys[] = {
	{"rules", CONF_RULES, AT(conf_match, rules), "",
	 .help = "*.rules: Snort's and Suricata's syntax; *.hs: id:/regex/flags; empty: none"},
	{"mode", CONF_ENUM, AT(conf_match, mode), "stream", .names = NAMES("stream", "block"),
	 .help = "stream: across TCP segments; block: each packet alone"},
	{"stream_memory", CONF_SIZE, AT(conf_match, stream_memory), "256M", MEGA, TERA,
	 .help = "octets that TCP streams may take, of all workers together"},
	{"midstream", CONF_BOOL, AT(conf_match, midstream), "yes", .names = NAMES("no", "yes"),
	 .help = "whether TCP connections whose start was not seen are followed"},
	{"checksums", CONF_ENUM, AT(conf_match, checksums), "auto",
	 .names = NAMES("auto", "check", "ignore"),
	 .help = "check: what has a bad one is not matched; auto: where a capture can be trusted"},
	{"on_unsupported", CONF_ENUM, AT(conf_match, on_unsupported), "skip",
	 .names = NAMES("error", "skip"),
	 .help = "a rule that is refused: error: nothing starts; skip: it is listed and left out"},
	{"app_ports", CONF_BOOL, AT(conf_match, app_any_port), "usual",
	 .names = NAMES("usual", "any"),
	 .help = "ports that rules for an application (alert http ...) look at where they name none"},
	{"cache", CONF_CACHE, AT(conf_match, cache), "auto",
	 .help = "folder for compiled patterns; auto: in the user's cache folder; off: none"},
	END,
};

// [vars]: see vars.h.
static const struct conf_key vars_keys[] = {
	END,
};

static const struct conf_key flow_keys[] = {
	{"rows", CONF_COUNT, AT(conf_flow, rows), "1M", 1024, 64 * MEGA,
	 .help = "flows that one worker's table holds for one pane"},
	{"panes", CONF_UINT, AT(conf_flow, panes), "4", 2, 64,
	 .help = "panes that a worker keeps active"},
	{"spares", CONF_UINT, AT(conf_flow, spares), "4", 1, 64,
	 .help = "further tables on their way between a worker and the exporter"},
	{"memory", CONF_SIZE, AT(conf_flow, memory), "2G", 16 * MEGA, 1024 * TERA,
	 .help = "octets that open windows may take"},
	END,
};

static const struct conf_key stream_keys[] = {
	{"key", CONF_FIELDS, AT(conf_stream, key), NULL, .help = "what makes a flow"},
	{"window", CONF_WINDOW, AT(conf_stream, window), NULL, 10000, 366 * DAY,
	 .help = "tumbling SIZE, sliding SIZE EVERY, session GAP, flow ACTIVE IDLE, count N"},
	{"where", CONF_STRING, AT(conf_stream, where), "",
	 .help = "condition over fields of the key, as proto = 6 and dest_port in 80, 443; empty: "
		 "everything"},
	{"distinct", CONF_FIELD, 0, "",
	 .help = "field not in the key whose values are counted; empty: none"},
	{"memory", CONF_SIZE, AT(conf_stream, memory), "0", MEGA, 1024 * TERA, true,
	 .help = "octets of flow.memory for this stream alone; 0: a share of what the others leave"},
	{"overflow", CONF_ENUM, AT(conf_stream, overflow), "auto",
	 .names = NAMES("auto", "rest", "evict"),
	 .help = "beyond: rest: into the row rest = full; evict: the oldest ends; auto: by the window"},
	{"biflow", CONF_BOOL, AT(conf_stream, biflow), "no", .names = NAMES("no", "yes"),
	 .help = "one record for both directions"},
	{"top", CONF_UINT, AT(conf_stream, top), "0", 0, CONF_TOP_MAX,
	 .help = "keep only the N largest keys of a window; 0: all"},
	{"order_by", CONF_ENUM, AT(conf_stream, order_by), "bytes",
	 .names = NAMES("bytes", "packets", "matches"), .help = "what makes a key large"},
	END,
};

static const struct conf_key alert_keys[] = {
	{"stream", CONF_STREAM, AT(conf_alert, stream), NULL, .help = "whose windows are watched"},
	{"when", CONF_WHEN, AT(conf_alert, when), NULL,
	 .help = "a counter against a number, or against its mean over a key's last windows"},
	END,
};

static const struct conf_key sink_keys[] = {
	{"type", CONF_ENUM, AT(conf_sink, type), "json", .names = NAMES("json", "eve", "null"),
	 .later = NAMES("csv", "ipfix", "kafka", "sqlite", "pcapng"),
	 .help = "how records leave; eve: alerts, the others: windows"},
	{"streams", CONF_STREAMS, AT(conf_sink, streams), "", .help = "whose windows; empty: all"},
	{"path", CONF_PATH, AT(conf_sink, path), "",
	 .help = "file to append to, or - for stdout (json, eve)"},
	{"rotate_size", CONF_SIZE, AT(conf_sink, rotate_size), "0", MEGA, 1024 * TERA, true,
	 .help = "begin a new file at this size; 0: never"},
	{"rotate_every", CONF_DURATION, AT(conf_sink, rotate_every_us), "0", SECOND, 366 * DAY,
	 true, .help = "begin a new file this often; 0: never"},
	END,
};

static const struct conf_key state_keys[] = {
	{"path", CONF_FOLDER, AT(conf_state, path), "",
	 .help = "folder for checkpoints, of one instance; empty: nothing is kept"},
	{"checkpoint", CONF_DURATION, AT(conf_state, checkpoint_us), "5s", 100000, DAY,
	 .help = "how often the state is saved"},
	END,
};

static const struct conf_key control_keys[] = {
	{"socket", CONF_SOCKET, AT(conf_control, socket), "",
	 .help = "where sluice stats, top, reload, checkpoint and stop ask; empty: nowhere"},
	{"access", CONF_ENUM, AT(conf_control, access), "owner", .names = NAMES("owner", "group"),
	 .help = "who may ask: the user who runs Sluice, or its group too"},
	{"http", CONF_FIXED, 0, "", .help = "address for metrics; this version: empty"},
	END,
};

#define LIMIT(keys) static_assert(sizeof(keys) / sizeof((keys)[0]) - 1 <= CONF_KEYS_MAX)
LIMIT(input_keys);
LIMIT(dpdk_keys);
LIMIT(match_keys);
LIMIT(flow_keys);
LIMIT(stream_keys);
LIMIT(alert_keys);
LIMIT(sink_keys);
LIMIT(state_keys);
LIMIT(control_keys);
static_assert(
	offsetof(struct conf_stream, name) == 0 && offsetof(struct conf_alert, name) == 0
	&& offsetof(struct conf_sink, name) == 0
);

static const struct conf_section sections[] = {
	{"input", .offset = offsetof(struct conf, input), .keys = input_keys},
	{"dpdk", .offset = offsetof(struct conf, dpdk), .keys = dpdk_keys},
	{"match", .offset = offsetof(struct conf, match), .keys = match_keys},
	{"vars", .vars = true, .offset = offsetof(struct conf, vars), .keys = vars_keys},
	{"flow", .offset = offsetof(struct conf, flow), .keys = flow_keys},
	{"stream", .named = true, .offset = offsetof(struct conf, stream),
	 .stride = sizeof(struct conf_stream), .count = offsetof(struct conf, n_streams),
	 .max = CONF_MAX_STREAMS, .keys = stream_keys},
	{"alert", .named = true, .offset = offsetof(struct conf, alert),
	 .stride = sizeof(struct conf_alert), .count = offsetof(struct conf, n_alerts),
	 .max = CONF_MAX_ALERTS, .keys = alert_keys},
	{"sink", .named = true, .offset = offsetof(struct conf, sink),
	 .stride = sizeof(struct conf_sink), .count = offsetof(struct conf, n_sinks),
	 .max = CONF_MAX_SINKS, .keys = sink_keys},
	{"state", .offset = offsetof(struct conf, state), .keys = state_keys},
	{"control", .offset = offsetof(struct conf, control), .keys = control_keys},
	END,
};

const struct conf_section *conf_schema(void) {
	return sections;
}

const struct conf_section *conf_schema_section(const char *name) {
	for (const struct conf_section *s = sections; s->name != NULL; s++) {
		if (strcmp(s->name, name) == 0)
			return s;
	}
	return NULL;
}

const struct conf_key *conf_schema_key(const struct conf_section *section, const char *name) {
	for (const struct conf_key *k = section->keys; k->name != NULL; k++) {
		if (strcmp(k->name, name) == 0)
			return k;
	}
	return NULL;
}

static void print_range(const struct conf_key *key, FILE *to) {
	char min[32], max[32];
	bool time = key->type == CONF_DURATION || key->type == CONF_LATENESS
		|| key->type == CONF_AHEAD || key->type == CONF_WINDOW;
	if (time) {
		units_format_duration((int64_t)key->min, min, sizeof(min));
		units_format_duration((int64_t)key->max, max, sizeof(max));
	} else if (key->type == CONF_UINT || key->type == CONF_PACE) {
		snprintf(min, sizeof(min), "%" PRIu64, key->min);
		snprintf(max, sizeof(max), "%" PRIu64, key->max);
	} else {
		units_format_size(key->min, min, sizeof(min));
		units_format_size(key->max, max, sizeof(max));
	}
	fprintf(to, "%s%s to %s", key->or_zero ? "0, or " : "", min, max);
}

static void print_streams(const struct conf *conf, FILE *to) {
	if (conf == NULL || conf->n_streams == 0) {
		fputs("nothing, as there are no streams", to);
		return;
	}
	for (uint32_t i = 0; i < conf->n_streams; i++)
		fprintf(to, "%s%s", i > 0 ? ", " : "", conf->stream[i].name);
}

void conf_schema_accepted(const struct conf_key *key, const struct conf *conf, FILE *to) {
	switch (key->type) {
	case CONF_ENUM:
	case CONF_BOOL:
	case CONF_TUNNELS:
		for (uint32_t i = 0; key->names[i] != NULL; i++)
			fprintf(to, "%s%s", i > 0 ? ", " : "", key->names[i]);
		break;
	case CONF_FIXED:
		fputs(key->preset[0] != '\0' ? key->preset : "nothing", to);
		break;
	case CONF_UINT:
	case CONF_COUNT:
	case CONF_SIZE:
	case CONF_DURATION:
		print_range(key, to);
		break;
	case CONF_PACE:
		fputs("max, real, or packets a second, ", to);
		print_range(key, to);
		break;
	case CONF_LATENESS:
		fputs("all, or ", to);
		print_range(key, to);
		break;
	case CONF_AHEAD:
		fputs("auto, off, or ", to);
		print_range(key, to);
		break;
	case CONF_STRING:
		fputs("any text", to);
		break;
	case CONF_PATH:
		fputs("a file, or - for stdout", to);
		break;
	case CONF_SOCKET:
		fprintf(to, "a path of at most %d octets, or nothing", CONF_SOCKET_MAX);
		break;
	case CONF_CACHE:
		fputs("auto, off, or a folder", to);
		break;
	case CONF_FOLDER:
		fputs("a folder, or nothing", to);
		break;
	case CONF_LIST:
		fputs("items separated by spaces, quotes hold one together", to);
		break;
	case CONF_DEVICES:
		fprintf(to, "PCI addresses, vdev strings, interfaces or capture files, at most %d",
			CONF_MAX_DEVICES);
		break;
	case CONF_RULES:
		fputs("readable files *.rules and *.hs", to);
		break;
	case CONF_CPUS:
		fprintf(to, "numbers and ranges, as 1-4 or 0,2, up to %d, each once", CONF_CPU_MAX);
		break;
	case CONF_FIELD:
		fputs("nothing, or one of ", to);
		conf_fields_accepted(false, to);
		break;
	case CONF_FIELDS:
		conf_fields_accepted(true, to);
		break;
	case CONF_WINDOW:
		for (uint32_t i = 0; i < CONF_WINDOW_COUNT; i++) {
			const struct conf_window_form *form = conf_window_form(i);
			fprintf(to, "%s %s%s%s, ", form->name, form->part[0],
				form->n > 1 ? " " : "", form->n > 1 ? form->part[1] : "");
		}
		fputs("each from ", to);
		print_range(key, to);
		fprintf(to,
			", EVERY a divisor of SIZE, ACTIVE 1s or more, count N, N from %d to 2G",
			CONF_COUNT_MIN);
		break;
	case CONF_STREAMS:
	case CONF_STREAM:
		print_streams(conf, to);
		break;
	case CONF_WHEN:
		conf_when_accepted(to);
		break;
	}
}
