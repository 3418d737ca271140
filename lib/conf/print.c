// The effective configuration as text, by the same table that read it.

#include "conf.h"

#include "base/units.h"
#include "fields.h"
#include "list.h"
#include "schema.h"
#include "vars.h"
#include "when.h"
#include "window.h"

#include <inttypes.h>
#include <stdlib.h>

static void print_list(const struct conf_list *list, FILE *to) {
	for (uint32_t i = 0; i < list->n; i++) {
		fputs(i > 0 ? " " : "", to);
		conf_list_print_item(list->item[i], to);
	}
}

static void print_set(uint64_t set, const char *const *names, FILE *to) {
	const char *between = "";
	for (; set != 0; set &= set - 1) {
		fprintf(to, "%s%s", between, names[__builtin_ctzll(set)]);
		between = " ";
	}
}

static void print_streams(uint64_t set, const struct conf *conf, FILE *to) {
	uint64_t all = conf->n_streams == 64 ? UINT64_MAX : (1ull << conf->n_streams) - 1;
	const char *names[CONF_MAX_STREAMS];
	for (uint32_t i = 0; i < conf->n_streams; i++)
		names[i] = conf->stream[i].name;
	// All of them is what no name stands for.
	if (set != all)
		print_set(set, names, to);
}

static void print_cpus(const struct conf_input *input, FILE *to) {
	for (uint32_t i = 0; i < input->n_cpus; i++)
		fprintf(to, "%s%u", i > 0 ? " " : "", input->cpus[i]);
}

static void print_field(const struct conf_stream *stream, FILE *to) {
	if (stream->distinct != 0)
		conf_field_print(
			(enum field)__builtin_ctz(stream->distinct), &stream->distinct_cut, to
		);
}

static void print_fields(const struct conf_stream *stream, FILE *to) {
	for (uint32_t i = 0; i < stream->n_key; i++) {
		fputs(i > 0 ? " " : "", to);
		conf_field_print(stream->key_order[i], &stream->cut, to);
	}
}

static void print_number(const struct conf_key *key, const void *at, FILE *to) {
	char text[32];
	switch (key->type) {
	case CONF_UINT:
		fprintf(to, "%u", *(const uint32_t *)at);
		break;
	case CONF_COUNT:
		fputs(units_format_size(*(const uint32_t *)at, text, sizeof(text)), to);
		break;
	case CONF_SIZE:
		fputs(units_format_size(*(const uint64_t *)at, text, sizeof(text)), to);
		break;
	case CONF_PACE:
		fprintf(to, "%" PRId64, *(const int64_t *)at);
		break;
	default:
		fputs(units_format_duration(*(const int64_t *)at, text, sizeof(text)), to);
		break;
	}
}

static void
print_value(const struct conf *conf, const struct conf_key *key, const void *base, FILE *to) {
	const void *at = (const char *)base + key->offset;
	switch (key->type) {
	case CONF_ENUM:
		fputs(key->names[*(const uint32_t *)at], to);
		break;
	case CONF_BOOL:
		fputs(key->names[*(const bool *)at], to);
		break;
	case CONF_FIXED:
		fputs(key->preset, to);
		break;
	case CONF_STRING:
	case CONF_PATH:
	case CONF_SOCKET:
	case CONF_CACHE:
	case CONF_FOLDER:
		conf_text_print(*(char *const *)at, to);
		break;
	case CONF_LIST:
	case CONF_DEVICES:
	case CONF_RULES:
		print_list(at, to);
		break;
	case CONF_TUNNELS:
		print_set(*(const uint32_t *)at, key->names, to);
		break;
	case CONF_CPUS:
		print_cpus(base, to);
		break;
	case CONF_FIELD:
		print_field(base, to);
		break;
	case CONF_FIELDS:
		print_fields(base, to);
		break;
	case CONF_WINDOW:
		conf_window_print(at, to);
		break;
	case CONF_STREAM:
		fputs(conf->stream[*(const uint32_t *)at].name, to);
		break;
	case CONF_WHEN:
		conf_when_print(at, to);
		break;
	case CONF_STREAMS:
		print_streams(*(const uint64_t *)at, conf, to);
		break;
	case CONF_PACE:
		if (*(const int64_t *)at == CONF_PACE_MAX)
			fputs("max", to);
		else if (*(const int64_t *)at == CONF_PACE_REAL)
			fputs("real", to);
		else
			print_number(key, at, to);
		break;
	case CONF_AHEAD:
		if (*(const int64_t *)at == CONF_AHEAD_OFF)
			fputs("off", to);
		else if (*(const int64_t *)at == CONF_AHEAD_AUTO)
			fputs("auto", to);
		else
			print_number(key, at, to);
		break;
	case CONF_LATENESS:
		if (*(const int64_t *)at == CONF_LATENESS_ALL)
			fputs("all", to);
		else
			print_number(key, at, to);
		break;
	default:
		print_number(key, at, to);
		break;
	}
}

static void
print_section(const struct conf *conf, const struct conf_section *s, uint32_t i, FILE *to) {
	const char *base = (const char *)conf + s->offset + (size_t)s->stride * i;
	fprintf(to, "\n[%s%s%s]\n", s->name, s->named ? " " : "",
		s->named ? *(char *const *)base : "");
	if (s->vars)
		conf_vars_print(&conf->vars, to);
	for (const struct conf_key *k = s->keys; k->name != NULL; k++) {
		char *value = NULL;
		size_t len = 0;
		FILE *out = open_memstream(&value, &len);
		if (out == NULL)
			return;
		print_value(conf, k, base, out);
		fclose(out);
		fprintf(to, "# %s\n%s =%s%s\n", k->help, k->name, len > 0 ? " " : "", value);
		free(value);
	}
}

void conf_print(const struct conf *conf, FILE *to) {
	fputs("# The configuration in effect.\n", to);
	for (const struct conf_section *s = conf_schema(); s->name != NULL; s++) {
		uint32_t n = s->named ? *(const uint32_t *)((const char *)conf + s->count) : 1;
		for (uint32_t i = 0; i < n; i++)
			print_section(conf, s, i, to);
	}
}
