// Values that are one thing: numbers, names, texts and paths. Each reads the whole text or refuses
// it, and never puts a default in its place.

#include "value.h"

#include "base/units.h"
#include "list.h"
#include "path.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void *place(const struct conf_value *v) {
	return (char *)v->base + v->key->offset;
}

// Says so where a value looks as if a comment was put behind it.
static const char *comment_hint(const char *text) {
	bool comment = text != NULL && (strstr(text, " #") != NULL || strstr(text, " ;") != NULL);
	return comment ? ", a comment takes a line of its own" : "";
}

int conf_value_refuse(const struct conf_value *v, const char *fmt, ...) {
	char *what = NULL, *accepted = NULL;
	size_t len = 0;
	va_list ap;
	va_start(ap, fmt);
	int ret = vasprintf(&what, fmt, ap);
	va_end(ap);
	FILE *to = open_memstream(&accepted, &len);
	if (to != NULL) {
		conf_schema_accepted(v->key, v->conf, to);
		fclose(to);
	}
	if (ret < 0 || accepted == NULL)
		conf_value_oom(v);
	else
		conf_report_add(
			v->report, v->at, v->name, v->text, "%s%s (accepted: %s)", what,
			comment_hint(v->text), accepted
		);
	if (ret >= 0)
		free(what);
	free(accepted);
	return -EINVAL;
}

int conf_value_oom(const struct conf_value *v) {
	conf_report_add(v->report, v->at, v->name, NULL, "out of memory");
	return -EINVAL;
}

int conf_value_refuse_name(
	const struct conf_value *v, const char *what, const char *name, const char *const *names,
	uint32_t n, const char *const *later
) {
	for (; later != NULL && *later != NULL; later++) {
		if (strcmp(*later, name) == 0)
			return conf_value_refuse(v, "this version does not have %s", name);
	}
	const char *near = conf_nearest(name, names, n);
	// The name is told where it is only a part of the value.
	bool part = strcmp(name, v->text) != 0 && strlen(name) <= 64;
	// What is accepted is told with commas.
	bool commas = near == NULL && strchr(name, ',') != NULL;
	return conf_value_refuse(
		v, "unknown %s%s%s%s%s%s%s", what, part ? " " : "", part ? name : "",
		near != NULL ? ", did you mean " : "", near != NULL ? near : "",
		near != NULL ? "?" : "", commas ? ", lists are separated by spaces" : ""
	);
}

static uint32_t count(const char *const *names) {
	uint32_t n = 0;
	while (names[n] != NULL)
		n++;
	return n;
}

static int read_name(const struct conf_value *v, const char *text) {
	uint32_t n = count(v->key->names), i = 0;
	while (i < n && strcmp(v->key->names[i], text) != 0)
		i++;
	if (i == n)
		return conf_value_refuse_name(v, "value", text, v->key->names, n, v->key->later);
	if (v->key->type == CONF_BOOL)
		*(bool *)place(v) = i != 0;
	else
		*(uint32_t *)place(v) = i;
	return 0;
}

static int read_fixed(const struct conf_value *v, const char *text) {
	if (strcmp(text, v->key->preset) == 0)
		return 0;
	return conf_value_refuse(v, "this version does not have %s", v->key->name);
}

// Says why a number could not be read.
static int refuse_number(const struct conf_value *v, int ret) {
	if (ret != -EINVAL)
		return conf_value_refuse(v, "out of range");
	switch (v->key->type) {
	case CONF_UINT:
	case CONF_PACE:
		return conf_value_refuse(v, "not a number");
	case CONF_COUNT:
	case CONF_SIZE:
		return conf_value_refuse(v, "not a number with or without K, M or G");
	default:
		return conf_value_refuse(v, "not a number with us, ms, s, m, h or d");
	}
}

static int read_number(const struct conf_value *v, const char *text) {
	const struct conf_key *key = v->key;
	uint64_t value = 0;
	int64_t us = 0;
	int ret;
	if (key->type == CONF_DURATION || key->type == CONF_LATENESS || key->type == CONF_AHEAD) {
		ret = units_parse_duration(text, &us);
		value = (uint64_t)us;
	} else if (key->type == CONF_COUNT || key->type == CONF_SIZE) {
		ret = units_parse_size(text, &value);
	} else {
		ret = units_parse_uint(text, &value);
	}
	if (ret == 0 && (value < key->min || value > key->max) && !(value == 0 && key->or_zero))
		ret = -ERANGE;
	if (ret < 0)
		return refuse_number(v, ret);
	if (key->type == CONF_UINT || key->type == CONF_COUNT)
		*(uint32_t *)place(v) = (uint32_t)value;
	else if (key->type == CONF_SIZE)
		*(uint64_t *)place(v) = value;
	else
		*(int64_t *)place(v) = (int64_t)value;
	return 0;
}

// A number for which some values have names.
static int read_named_number(const struct conf_value *v, const char *text) {
	int64_t *value = place(v);
	if (v->key->type == CONF_LATENESS && strcmp(text, "all") == 0)
		*value = CONF_LATENESS_ALL;
	else if (v->key->type == CONF_AHEAD && strcmp(text, "off") == 0)
		*value = CONF_AHEAD_OFF;
	else if (v->key->type == CONF_AHEAD && strcmp(text, "auto") == 0)
		*value = CONF_AHEAD_AUTO;
	else if (v->key->type == CONF_PACE && strcmp(text, "max") == 0)
		*value = CONF_PACE_MAX;
	else if (v->key->type == CONF_PACE && strcmp(text, "real") == 0)
		*value = CONF_PACE_REAL;
	else
		return read_number(v, text);
	return 0;
}

static int read_text(const struct conf_value *v, const char *text) {
	bool as_is = v->key->type == CONF_STRING;
	as_is |= v->key->type == CONF_PATH && (text[0] == '\0' || strcmp(text, "-") == 0);
	as_is |= (v->key->type == CONF_SOCKET || v->key->type == CONF_FOLDER) && text[0] == '\0';
	as_is |= v->key->type == CONF_CACHE
		&& (strcmp(text, "auto") == 0 || strcmp(text, "off") == 0);
	if (v->key->type == CONF_CACHE && text[0] == '\0')
		return conf_value_refuse(v, "must not be empty");
	char *copy = as_is ? strdup(text) : conf_path_absolute(v->folder, text);
	if (copy == NULL)
		return conf_value_oom(v);
	// Kept even when refused, so that it is freed with the rest.
	*(char **)place(v) = copy;
	if (v->key->type == CONF_SOCKET && strlen(copy) > CONF_SOCKET_MAX)
		return conf_value_refuse(v, "too long for a socket: %s", copy);
	return 0;
}

static int read_one(const struct conf_value *v, const char *text) {
	switch (v->key->type) {
	case CONF_ENUM:
	case CONF_BOOL:
		return read_name(v, text);
	case CONF_FIXED:
		return read_fixed(v, text);
	case CONF_PACE:
	case CONF_LATENESS:
	case CONF_AHEAD:
		return read_named_number(v, text);
	case CONF_STRING:
	case CONF_PATH:
	case CONF_SOCKET:
	case CONF_CACHE:
	case CONF_FOLDER:
		return read_text(v, text);
	default:
		return read_number(v, text);
	}
}

int conf_value_read(const struct conf_value *v) {
	switch (v->key->type) {
	case CONF_LIST:
		return conf_value_list(v);
	case CONF_DEVICES:
		return conf_value_devices(v);
	case CONF_RULES:
		return conf_value_rules(v);
	case CONF_CPUS:
		return conf_value_cpus(v);
	case CONF_TUNNELS:
		return conf_value_tunnels(v);
	case CONF_FIELD:
		return conf_value_field(v);
	case CONF_FIELDS:
		return conf_value_fields(v);
	case CONF_STREAMS:
		return conf_value_streams(v);
	case CONF_STREAM:
		return conf_value_stream(v);
	case CONF_WHEN:
		return conf_value_when(v);
	case CONF_WINDOW:
		return conf_value_window(v);
	default:
		break;
	}
	char *text = conf_text_dup(v->text);
	if (text == NULL)
		return conf_value_oom(v);
	int ret = read_one(v, text);
	free(text);
	return ret;
}

void conf_value_fini(const struct conf_key *key, void *base) {
	void *at = (char *)base + key->offset;
	switch (key->type) {
	case CONF_STRING:
	case CONF_PATH:
	case CONF_SOCKET:
	case CONF_CACHE:
	case CONF_FOLDER:
		free(*(char **)at);
		break;
	case CONF_LIST:
	case CONF_DEVICES:
	case CONF_RULES:
		conf_list_fini(at);
		break;
	case CONF_CPUS:
		free(((struct conf_input *)base)->cpus);
		break;
	default:
		break;
	}
}
