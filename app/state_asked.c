// The configuration in effect, without what may differ (workers, where they run, how fast captures are
// replayed, rules, memory), and what capture files are known by.

#include "app/state_asked.h"

#include "base/hash.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

// Of [input]: how packets come, not which and what they mean.
static const char *const free_keys[] = {
	"backend",    "workers",  "cpus",    "dispatch", "xdp_mode",
	"xdp_attach", "xdp_poll", "snaplen", "pace",
};

// Of each [stream]: how much memory it may take.
static const char *const free_stream_keys[] = {"memory", "overflow"};

// Octets at a capture's beginning that it is known by, with its size.
#define HEAD_OCTETS 65536

static bool is_one_of(const char *const *keys, size_t n, const char *line) {
	size_t len = strcspn(line, " =");
	for (size_t i = 0; i < n; i++)
		if (strlen(keys[i]) == len && strncmp(line, keys[i], len) == 0)
			return true;
	return false;
}

#define IS_ONE_OF(keys, line) is_one_of(keys, sizeof(keys) / sizeof((keys)[0]), line)

static bool is_free(const char *section, const char *line) {
	if (strcmp(section, "input") == 0)
		return IS_ONE_OF(free_keys, line);
	if (strncmp(section, "sink.", 5) == 0)
		return strncmp(line, "rotate_", 7) == 0;
	if (strncmp(section, "stream.", 7) == 0)
		return IS_ONE_OF(free_stream_keys, line);
	return strncmp(section, "alert.", 6) != 0;
}

// "[stream flows]" as "stream.flows".
static void name_section(const char *line, char *section, size_t len) {
	snprintf(section, len, "%.*s", (int)strcspn(line + 1, "]"), line + 1);
	char *space = strchr(section, ' ');
	if (space != NULL)
		*space = '.';
}

static void copy_keys(char *text, FILE *to) {
	char section[128] = "", *rest = text, *line;
	while ((line = strsep(&rest, "\n")) != NULL) {
		if (line[0] == '[')
			name_section(line, section, sizeof(section));
		else if (line[0] != '#' && line[0] != '\0' && !is_free(section, line))
			fprintf(to, "%s.%s\n", section, line);
	}
}

static int copy_capture(const char *path, FILE *to, struct err *err) {
	struct stat st;
	struct hash_seed seed;
	bool there = stat(path, &st) == 0;
	if (there && S_ISFIFO(st.st_mode))
		return err_set(
			err, -EINVAL,
			"input.device: %s: with state.path a pipe could not be read again from a "
			"checkpoint on (accepted: files)",
			path
		);
	if (!there || !S_ISREG(st.st_mode))
		return 0;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char *head = malloc(HEAD_OCTETS);
	ssize_t n = fd >= 0 && head != NULL ? read(fd, head, HEAD_OCTETS) : -1;
	int ret = n < 0 ? err_set(err, -errno, "%s: %s", path, strerror(errno)) : 0;
	hash_seed_fixed(&seed, HEAD_OCTETS);
	if (ret == 0)
		fprintf(to, "%s = %" PRId64 " octets, %016" PRIx64 "\n", path, (int64_t)st.st_size,
			hash_bytes(&seed, head, (uint64_t)n));
	free(head);
	if (fd >= 0)
		close(fd);
	return ret;
}

// The captures that a virtual device of DPDK's reads to their end.
static int copy_virtual(const char *device, FILE *to, struct err *err) {
	static const char file[] = "rx_pcap=";
	char *copy = strdup(device), *rest = copy, *arg;
	int ret = copy == NULL ? err_set(err, -ENOMEM, "out of memory") : 0;
	while (ret == 0 && (arg = strsep(&rest, ",")) != NULL)
		if (strncmp(arg, file, sizeof(file) - 1) == 0)
			ret = copy_capture(arg + sizeof(file) - 1, to, err);
	free(copy);
	return ret;
}

static int copy_device(const char *device, FILE *to, struct err *err) {
	if (strncmp(device, "net_pcap", 8) == 0 && strchr(device, ',') != NULL)
		return copy_virtual(device, to, err);
	return copy_capture(device, to, err);
}

char *state_asked(const struct conf *conf, struct err *err) {
	char *printed = NULL, *out = NULL;
	size_t len;
	int ret = 0;
	FILE *to = open_memstream(&printed, &len);
	if (to != NULL) {
		conf_print(conf, to);
		fclose(to);
	}
	to = printed != NULL ? open_memstream(&out, &len) : NULL;
	if (to == NULL) {
		free(printed);
		err_set(err, -ENOMEM, "out of memory");
		return NULL;
	}
	copy_keys(printed, to);
	for (uint32_t i = 0; ret == 0 && i < conf->input.device.n; i++)
		ret = copy_device(conf->input.device.item[i], to, err);
	fclose(to);
	free(printed);
	if (ret == 0)
		return out;
	free(out);
	return NULL;
}

// Whether a line of `text` is of the same key as `line`, whatever its value.
static bool has_key(const char *text, const char *line) {
	size_t len = strcspn(line, "=\n");
	while (text[0] != '\0' && strncmp(text, line, len) != 0) {
		text += strcspn(text, "\n");
		text += text[0] == '\n';
	}
	return text[0] != '\0';
}

#define CURE                                                                                      \
	" (go on with what the state was made with, name another folder in state.path, or start " \
	"over with --restart)"

int state_asked_compare(const char *now, const char *saved, struct err *err) {
	size_t at = 0;
	if (strcmp(now, saved) == 0)
		return 0;
	for (size_t i = 0; now[i] != '\0' && now[i] == saved[i]; i++)
		if (now[i] == '\n')
			at = i + 1;
	int a = (int)strcspn(now + at, "\n"), b = (int)strcspn(saved + at, "\n");
	if (a > 0 && !has_key(saved, now + at))
		return err_set(
			err, -EINVAL,
			"the state is of a run without \"%.*s\", which this one has" CURE, a,
			now + at
		);
	if (b > 0 && !has_key(now, saved + at))
		return err_set(
			err, -EINVAL,
			"the state is of a run with \"%.*s\", which this one lacks" CURE, b,
			saved + at
		);
	return err_set(
		err, -EINVAL, "the state is of a run with \"%.*s\", this one has \"%.*s\"" CURE, b,
		saved + at, a, now + at
	);
}
