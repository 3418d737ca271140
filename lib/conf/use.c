// What a run does with a file already, so that nothing is written over what it reads. Files are the same by
// their names or, where both are there, by what the names stand for.

#include "conf.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static bool same_file(const char *a, const char *b) {
	struct stat x, y;
	if (strcmp(a, b) == 0)
		return true;
	return stat(a, &x) == 0 && stat(b, &y) == 0 && S_ISREG(x.st_mode) && x.st_dev == y.st_dev
		&& x.st_ino == y.st_ino;
}

// A capture file, or a vdev string with files. Names that are not absolute are none of files.
static bool device_reads(const char *device, const char *path) {
	static const char argument[] = ",rx_pcap=";
	if (device[0] == '/')
		return same_file(device, path);
	for (const char *p = device; (p = strstr(p, argument)) != NULL;) {
		p += sizeof(argument) - 1;
		char *file = strndup(p, strcspn(p, ","));
		bool same = file != NULL && same_file(file, path);
		free(file);
		if (same)
			return true;
	}
	return false;
}

bool conf_use(const struct conf *conf, const char *path, uint32_t n_sinks, char use[CONF_USE_MAX]) {
	const char *what = NULL;
	for (uint32_t i = 0; i < conf->input.device.n; i++)
		if (device_reads(conf->input.device.item[i], path))
			what = "input.device is read there";
	for (uint32_t i = 0; i < conf->match.rules.n; i++)
		if (same_file(conf->match.rules.item[i], path))
			what = "match.rules are read there";
	if (same_file(conf->path, path))
		what = "the configuration itself stands there";
	snprintf(use, CONF_USE_MAX, "%s", what != NULL ? what : "");
	for (uint32_t i = 0; what == NULL && i < n_sinks; i++) {
		const struct conf_sink *sink = &conf->sink[i];
		if (sink->type == CONF_SINK_NULL || sink->path == NULL
		    || !same_file(sink->path, path))
			continue;
		snprintf(use, CONF_USE_MAX, "sink.%s writes there already", sink->name);
		return true;
	}
	return what != NULL;
}
