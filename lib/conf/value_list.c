// Values that are lists: each item is read on its own, and each that is wrong is told.

#include "value.h"

#include "list.h"
#include "path.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void *place(const struct conf_value *v) {
	return (char *)v->base + v->key->offset;
}

static int split(const struct conf_value *v, const char *text, struct conf_list *list) {
	int ret = conf_list_split(text, list);
	if (ret == -EINVAL)
		return conf_value_refuse(v, "a quote is not closed");
	return ret < 0 ? conf_value_oom(v) : 0;
}

int conf_value_words(const struct conf_value *v, struct conf_list *list) {
	*list = (struct conf_list){0};
	char *text = conf_text_dup(v->text);
	if (text == NULL)
		return conf_value_oom(v);
	int ret = split(v, text, list);
	free(text);
	return ret;
}

int conf_value_list(const struct conf_value *v) {
	return split(v, v->text, place(v));
}

static bool is_pcap_argument(const char *p) {
	return strncmp(p, ",rx_pcap=", 9) == 0 || strncmp(p, ",tx_pcap=", 9) == 0;
}

// A vdev string with the files of its rx_pcap= and tx_pcap= made absolute. NULL without memory.
static char *absolute_vdev(const char *item, const char *folder) {
	char *out = NULL;
	size_t len = 0;
	FILE *to = open_memstream(&out, &len);
	if (to == NULL)
		return NULL;
	bool lost = false;
	for (const char *p = item; *p != '\0';) {
		size_t n = 1 + strcspn(p + 1, ",");
		if (is_pcap_argument(p) && n > 9 && !(n == 10 && p[9] == '-')) {
			char *file = strndup(p + 9, n - 9);
			char *path = file != NULL ? conf_path_absolute(folder, file) : NULL;
			lost |= path == NULL;
			fprintf(to, "%.9s%s", p, path != NULL ? path : "");
			free(path);
			free(file);
		} else {
			fwrite(p, 1, n, to);
		}
		p += n;
	}
	lost |= ferror(to) != 0;
	if (fclose(to) != 0 || lost) {
		free(out);
		return NULL;
	}
	return out;
}

// What a device is called tells what it is; only files have a place that depends on the folder.
static char *absolute_device(const struct conf_value *v, const char *item) {
	uint32_t backend = ((const struct conf_input *)v->base)->backend;
	if (strcmp(item, "-") == 0 || backend == CONF_BACKEND_XDP)
		return strdup(item);
	if (backend == CONF_BACKEND_DPDK)
		return absolute_vdev(item, v->folder);
	char *path = conf_path_absolute(v->folder, item);
	if (path == NULL || backend == CONF_BACKEND_PCAP || access(path, F_OK) == 0)
		return path;
	if (strchr(item, '/') != NULL && strchr(item, ',') == NULL)
		return path;
	free(path);
	return absolute_vdev(item, v->folder);
}

static uint32_t commas(const char *text) {
	uint32_t n = 0;
	for (; *text != '\0'; text++)
		n += *text == ',';
	return n;
}

int conf_value_devices(const struct conf_value *v) {
	struct conf_list *list = place(v);
	int ret = split(v, v->text, list);
	if (ret < 0)
		return ret;
	if (list->n == 0)
		return conf_value_refuse(v, "must not be empty");
	if (list->n > CONF_MAX_DEVICES)
		return conf_value_refuse(v, "%u devices", list->n);
	for (uint32_t i = 0; i < list->n; i++) {
		if (list->item[i][0] == '\0')
			return conf_value_refuse(v, "an empty name");
		char *device = absolute_device(v, list->item[i]);
		if (device == NULL)
			return conf_value_oom(v);
		// EAL takes the comma for the end of the argument.
		bool cut = commas(list->item[i]) > 0 && commas(device) != commas(list->item[i]);
		free(list->item[i]);
		list->item[i] = device;
		if (cut)
			return conf_value_refuse(
				v, "the folder %s has a comma in its name", v->folder
			);
	}
	return 0;
}

static bool ends_with(const char *text, const char *end) {
	size_t n = strlen(text), m = strlen(end);
	return n >= m && strcmp(text + n - m, end) == 0;
}

static int check_rules(const struct conf_value *v, const char *path) {
	struct stat st;
	if (!ends_with(path, ".rules") && !ends_with(path, ".hs"))
		return conf_value_refuse(v, "%s: neither *.rules nor *.hs", path);
	if (stat(path, &st) < 0 || (S_ISREG(st.st_mode) && access(path, R_OK) < 0))
		return conf_value_refuse(v, "%s: %s", path, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return conf_value_refuse(v, "%s: not a file", path);
	return 0;
}

int conf_value_rules(const struct conf_value *v) {
	struct conf_list *list = place(v);
	int ret = split(v, v->text, list);
	// Each file is tried: one that is missing says nothing about the others.
	for (uint32_t i = 0; i < list->n; i++) {
		char *path = conf_path_absolute(v->folder, list->item[i]);
		if (path == NULL)
			return conf_value_oom(v);
		free(list->item[i]);
		list->item[i] = path;
		int refused = check_rules(v, path);
		ret = ret < 0 ? ret : refused;
	}
	return ret;
}

// "N" or "N-M" up to a comma or the end. Returns what follows, NULL when it is neither.
static const char *take_range(const char *p, uint32_t *first, uint32_t *last) {
	uint32_t number[2] = {0, 0};
	for (uint32_t i = 0; i < 2; i++) {
		if (*p < '0' || *p > '9')
			return NULL;
		for (; *p >= '0' && *p <= '9'; p++) {
			number[i] = number[i] * 10 + (uint32_t)(*p - '0');
			if (number[i] > CONF_CPU_MAX)
				return NULL;
		}
		if (i == 0 && *p != '-') {
			number[1] = number[0];
			break;
		}
		p += i == 0;
	}
	*first = number[0];
	*last = number[1];
	return *p == '\0' || *p == ',' ? p : NULL;
}

// Reads "1-4,7" behind `*n` CPUs that are there already.
static int add_cpus(const struct conf_value *v, const char *item, uint32_t *cpus, uint32_t *n) {
	for (const char *p = item;;) {
		uint32_t first = 0, last = 0;
		p = take_range(p, &first, &last);
		if (p == NULL)
			return conf_value_refuse(v, "not a number and not a range");
		if (first > last)
			return conf_value_refuse(v, "the range %u-%u runs backwards", first, last);
		for (uint32_t cpu = first; cpu <= last; cpu++) {
			for (uint32_t i = 0; i < *n; i++) {
				if (cpus[i] == cpu)
					return conf_value_refuse(v, "%u is named twice", cpu);
			}
			cpus[(*n)++] = cpu;
		}
		if (*p == '\0')
			return 0;
		p++;
	}
}

int conf_value_cpus(const struct conf_value *v) {
	struct conf_input *input = v->base;
	struct conf_list list;
	int ret = conf_value_words(v, &list);
	if (ret < 0 || list.n == 0)
		return ret;
	uint32_t *cpus = calloc(CONF_CPU_MAX + 1, sizeof(*cpus));
	if (cpus == NULL)
		ret = conf_value_oom(v);
	for (uint32_t i = 0; i < list.n && cpus != NULL; i++)
		ret = add_cpus(v, list.item[i], cpus, &input->n_cpus) < 0 ? -EINVAL : ret;
	input->cpus = cpus;
	conf_list_fini(&list);
	return ret;
}

static uint32_t find(const char *const *names, uint32_t n, const char *name) {
	uint32_t i = 0;
	while (i < n && strcmp(names[i], name) != 0)
		i++;
	return i;
}

// Reads the list as a set of `names`.
static int read_set(
	const struct conf_value *v, const char *what, const char *const *names, uint32_t n,
	uint64_t *set
) {
	struct conf_list list;
	int ret = conf_value_words(v, &list);
	*set = 0;
	for (uint32_t i = 0; i < list.n; i++) {
		uint32_t bit = find(names, n, list.item[i]);
		if (bit == n)
			ret = conf_value_refuse_name(v, what, list.item[i], names, n, NULL);
		else if (*set & 1ull << bit)
			ret = conf_value_refuse(v, "%s is named twice", names[bit]);
		else
			*set |= 1ull << bit;
	}
	conf_list_fini(&list);
	return ret;
}

int conf_value_tunnels(const struct conf_value *v) {
	uint32_t n = 0;
	uint64_t set = 0;
	while (v->key->names[n] != NULL)
		n++;
	int ret = read_set(v, "tunnel", v->key->names, n, &set);
	*(uint32_t *)place(v) = (uint32_t)set;
	return ret;
}

int conf_value_stream(const struct conf_value *v) {
	const char *names[CONF_MAX_STREAMS] = {NULL};
	uint32_t n = v->conf->n_streams;
	for (uint32_t i = 0; i < n; i++)
		names[i] = v->conf->stream[i].name;
	char *name = conf_text_dup(v->text);
	if (name == NULL)
		return conf_value_oom(v);
	uint32_t i = find(names, n, name);
	*(uint32_t *)place(v) = i;
	int ret = 0;
	if (name[0] == '\0')
		ret = conf_value_refuse(v, "must not be empty");
	else if (i == n)
		ret = conf_value_refuse_name(v, "stream", name, names, n, NULL);
	free(name);
	return ret;
}

int conf_value_streams(const struct conf_value *v) {
	const char *names[CONF_MAX_STREAMS] = {NULL};
	uint32_t n = v->conf->n_streams;
	uint64_t set = 0;
	for (uint32_t i = 0; i < n; i++)
		names[i] = v->conf->stream[i].name;
	int ret = read_set(v, "stream", names, n, &set);
	if (set == 0)
		set = n == 64 ? UINT64_MAX : (1ull << n) - 1;
	*(uint64_t *)place(v) = set;
	return ret;
}
