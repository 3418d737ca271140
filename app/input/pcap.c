// The capture-file input: all files are one source, which one receiver spreads when there are several
// workers.

#include "input.h"
#include "input_ops.h"

#include "packet/capture.h"
#include "packet/filter.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

// Packets that may be unreleased at once: on their way to each worker, and in the receiver's hands.
#define IN_FLIGHT_WORKER 1536
#define IN_FLIGHT_RECEIVER 64

struct pcap_input {
	struct input base;
	struct source *source[1];
	uint32_t worker[1];
};

bool input_pcap_usable(const struct conf *conf, struct err *err) {
	for (uint32_t i = 0; i < conf->input.device.n; i++) {
		const char *path = conf->input.device.item[i];
		struct stat st;
		if (strcmp(path, "-") == 0)
			continue;
		if (stat(path, &st) < 0) {
			err_set(err, -errno, "%s: %s", path, strerror(errno));
			return false;
		}
		if (!S_ISREG(st.st_mode) && !S_ISFIFO(st.st_mode)) {
			err_set(err, -EINVAL, "%s is not a file", path);
			return false;
		}
	}
	return true;
}

static const struct mem *pcap_mem(struct input *base, uint32_t worker) {
	return mem_pages();
}

void input_pcap_close(struct input *base) {
	struct pcap_input *in = (struct pcap_input *)base;
	if (in == NULL)
		return;
	capture_free(in->source[0]);
	free(in);
}

void input_pcap_stop(struct input *base) {
	capture_stop(((struct pcap_input *)base)->source[0]);
}

struct input *input_pcap_open(const struct conf *conf, struct live_clock *clock, struct err *err) {
	struct pcap_input *in = calloc(1, sizeof(*in));
	if (in == NULL) {
		err_set(err, -ENOMEM, "out of memory");
		return NULL;
	}
	uint32_t workers = conf->input.workers;
	struct filter *filter = NULL;
	if (conf->input.filter[0] != '\0') {
		filter = filter_new(conf->input.filter, err);
		if (filter == NULL) {
			free(in);
			return NULL;
		}
	}
	struct capture_config config = {
		.paths = (const char *const *)conf->input.device.item,
		.n_paths = conf->input.device.n,
		.pace = conf->input.pace,
		.in_flight = workers > 1 ? IN_FLIGHT_RECEIVER + workers * IN_FLIGHT_WORKER : 0,
		.filter = filter,
	};
	in->source[0] = capture_new(&config, err);
	filter_free(filter);
	if (in->source[0] == NULL) {
		free(in);
		return NULL;
	}
	in->base = (struct input){
		.ops = input_backend("pcap"),
		.software = workers > 1,
		.sources = in->source,
		.n_sources = 1,
		.worker = in->worker,
		.mem = pcap_mem,
	};
	return &in->base;
}
