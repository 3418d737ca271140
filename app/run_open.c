// Opening a run: each part in turn, what can be wrong without a device first, so that an unwritable
// output or a rule file is said before any device is touched.

#include "app/remarks.h"
#include "app/run.h"
#include "app/run_export.h"
#include "app/run_pipeline.h"
#include "app/run_rules.h"
#include "app/sizing.h"
#include "app/start_watch.h"
#include "app/threads.h"
#include "base/log.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>

static int open_filter(struct run *run, struct err *err) {
	const char *text = run->conf->input.filter;
	if (text == NULL || text[0] == '\0')
		return 0;
	run->filter = filter_new(text, err);
	return run->filter == NULL ? err_wrap(err, -EINVAL, "input.filter") : 0;
}

static int open_backend(
	struct run *run, const struct input_ops *b, struct start_watch *watch, struct err *err
) {
	// What is left behind when opening is cut short stays with the machine.
	if (!b->waits)
		start_watch_end(watch);
	start_watch_input(watch);
	run->backend = b;
	run->input = b->open(run->conf, &run->clock, err);
	return run->input == NULL ? -EIO : 0;
}

// The first backend that can take the devices.
static int open_any(struct run *run, struct start_watch *watch, struct err *err) {
	char tried[4096] = "";
	for (uint32_t i = CONF_BACKEND_DPDK; i <= CONF_BACKEND_PCAP; i++) {
		const char *name = input_backend_name(i);
		const struct input_ops *b = input_backend(name);
		struct err why = {0};
		if (b == NULL)
			err_set(&why, -ENODEV,
				"not part of this build (sluice inputs tells what is)");
		else if (b->usable(run->conf, &why))
			return open_backend(run, b, watch, err);
		log_info("input: %s passed over: %s", name, why.text);
		size_t n = strlen(tried);
		snprintf(tried + n, sizeof(tried) - n, "; %s: %s", name, why.text);
	}
	return err_set(err, -ENODEV, "no backend can take these devices%s", tried);
}

static int open_input(struct run *run, struct start_watch *watch, struct err *err) {
	uint32_t backend = run->conf->input.backend;
	if (backend == CONF_BACKEND_AUTO)
		return open_any(run, watch, err);
	int ret = input_check_built(run->conf, err);
	return ret < 0 ? ret
		       : open_backend(run, input_backend(input_backend_name(backend)), watch, err);
}

// Those who save: the collector, or workers and the receiver behind them.
static int open_state(struct run *run, struct err *err) {
	bool counts = run->input->counts != NULL;
	uint32_t captures = 0;
	for (uint32_t i = 0; i < run->input->n_sources; i++)
		captures += run->input->sources[i]->patient;
	// Where each of several stands is not known to a run that shares them out in another way.
	if (run->state != NULL && captures > 0 && run->input->n_sources > 1)
		return err_set(
			err, -EINVAL,
			"input.device: with state.path captures are one input, read by one thread "
			"(accepted: captures without live devices beside them; input.dispatch = auto or "
			"software)"
		);
	uint32_t n = counts ? 1 : run->conf->input.workers + run->input->software;
	return state_pools(run->state, n, run->patient, err);
}

static void tell_sizing(const struct run *run) {
	char text[SIZING_MAX];
	log_info("%s", sizing_text(run->conf, run->collector != NULL, text));
}

static void warn(void *ctx, const char *text) {
	log_warn("%s", text);
}

int run_open(
	struct run *run, const struct conf *conf, struct run_state *state,
	struct start_watch *watch, struct err *err
) {
	memset(run, 0, sizeof(*run));
	run->conf = conf;
	run->state = state;
	live_clock_init(&run->clock);
	run->done_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	int ret = run->done_fd < 0 ? err_set(err, -errno, "eventfd: %s", strerror(errno)) : 0;
	if (ret == 0)
		ret = threads_check_cpus(&conf->input, err);
	if (ret == 0)
		ret = open_filter(run, err);
	if (ret == 0)
		ret = run_rules_open(run, err);
	run->misconfigured = ret == -EINVAL;
	if (ret == 0)
		ret = run_sinks_open(run, err);
	if (ret == 0)
		ret = state_reach(state, &run->clock, err);
	if (ret < 0)
		return ret;
	ret = open_input(run, watch, err);
	start_watch_end(watch);
	if (ret < 0)
		return ret;
	run->patient = run->input->counts == NULL;
	for (uint32_t i = 0; i < run->input->n_sources; i++)
		run->patient &= run->input->sources[i]->patient;
	ret = open_state(run, err);
	if (ret < 0)
		return ret;
	ret = run_pipeline_open(run, err);
	if (ret < 0)
		return ret;
	// Ahead of the thread that saves.
	threads_place(run);
	ret = run_exporter_open(run, err);
	if (ret == 0)
		ret = state_resume(run, err);
	if (ret == 0) {
		tell_sizing(run);
		remarks_unread(conf, warn, NULL);
		if (!run->patient && conf->input.lateness_us == CONF_LATENESS_ALL)
			log_warn(
				"input.lateness = all: windows of live traffic leave at the end of the run"
			);
	}
	return ret;
}
