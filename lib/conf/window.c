// Windows as a stream is given them: their kinds, the durations of each, and what they ask of panes.

#include "window.h"

#include "base/units.h"
#include "list.h"
#include "value.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define SECOND_US 1000000

// Each window that slides holds as many steps at the most: a packet is in so many windows.
#define STEPS_MAX 86400

static const struct conf_window_form forms[CONF_WINDOW_KINDS] = {
	[CONF_WINDOW_TUMBLING] = {"tumbling", {"SIZE"}, 1},
	[CONF_WINDOW_SLIDING] = {"sliding", {"SIZE", "EVERY"}, 2},
	[CONF_WINDOW_SESSION] = {"session", {"GAP"}, 1},
	[CONF_WINDOW_FLOW] = {"flow", {"ACTIVE", "IDLE"}, 2},
	[CONF_WINDOW_COUNT] = {"count", {"N"}, 1},
};

const struct conf_window_form *conf_window_form(uint32_t kind) {
	return &forms[kind];
}

// The number of the kind; CONF_WINDOW_KINDS when it was refused.
static uint32_t read_kind(const struct conf_value *v, const char *name) {
	const char *names[CONF_WINDOW_KINDS];
	for (uint32_t i = 0; i < CONF_WINDOW_KINDS; i++) {
		names[i] = forms[i].name;
		if (strcmp(names[i], name) == 0)
			return i;
	}
	conf_value_refuse_name(v, "kind of window", name, names, CONF_WINDOW_KINDS, v->key->later);
	return CONF_WINDOW_KINDS;
}

static int read_packets(const struct conf_value *v, const char *text, uint32_t *packets) {
	uint64_t n = 0;
	int ret = units_parse_size(text, &n);
	if (ret == -EINVAL)
		return conf_value_refuse(v, "N is not a number with or without K, M or G");
	if (ret < 0 || n < CONF_COUNT_MIN || n > CONF_COUNT_MAX)
		return conf_value_refuse(v, "N is out of range");
	*packets = (uint32_t)n;
	return 0;
}

static int read_durations(
	const struct conf_value *v, const struct conf_window_form *form,
	const struct conf_list *list, int64_t *us
) {
	for (uint32_t i = 0; i < form->n; i++) {
		int ret = units_parse_duration(list->item[1 + i], &us[i]);
		if (ret == -EINVAL)
			return conf_value_refuse(
				v, "%s is not a number with us, ms, s, m, h or d", form->part[i]
			);
		if (ret < 0 || (uint64_t)us[i] < v->key->min || (uint64_t)us[i] > v->key->max)
			return conf_value_refuse(v, "%s is out of range", form->part[i]);
	}
	return 0;
}

static int
read_parts(const struct conf_value *v, const struct conf_list *list, struct conf_window *window) {
	const struct conf_window_form *form = &forms[window->kind];
	int64_t us[2] = {0, 0};
	if (list->n != 1 + form->n)
		return conf_value_refuse(
			v, "%s takes %s%s%s", form->name, form->part[0], form->n > 1 ? " and " : "",
			form->n > 1 ? form->part[1] : ""
		);
	if (window->kind == CONF_WINDOW_COUNT)
		return read_packets(v, list->item[1], &window->packets);
	int ret = read_durations(v, form, list, us);
	window->size_us = us[0];
	window->step_us = us[1];
	return ret;
}

static int check_durations(const struct conf_value *v, const struct conf_window *w) {
	if (w->kind == CONF_WINDOW_FLOW && w->size_us < SECOND_US)
		return conf_value_refuse(v, "ACTIVE is out of range");
	if (w->kind != CONF_WINDOW_SLIDING)
		return 0;
	if (w->size_us % w->step_us != 0)
		return conf_value_refuse(v, "EVERY does not divide SIZE");
	if (w->size_us / w->step_us > STEPS_MAX)
		return conf_value_refuse(v, "SIZE is more than %d times EVERY", STEPS_MAX);
	return 0;
}

int conf_value_window(const struct conf_value *v) {
	struct conf_window *window = (void *)((char *)v->base + v->key->offset);
	char *text = conf_text_dup(v->text);
	struct conf_list list = {0};
	if (text == NULL)
		return conf_value_oom(v);
	int ret = conf_list_split(text, &list);
	free(text);
	if (ret == -EINVAL)
		return conf_value_refuse(v, "a quote is not closed");
	if (ret < 0)
		return conf_value_oom(v);
	struct conf_window read = {.kind = CONF_WINDOW_KINDS};
	if (list.n == 0)
		conf_value_refuse(v, "must not be empty");
	else
		read.kind = read_kind(v, list.item[0]);
	ret = read.kind < CONF_WINDOW_KINDS ? read_parts(v, &list, &read) : -EINVAL;
	conf_list_fini(&list);
	if (ret < 0)
		return ret;
	*window = read;
	return check_durations(v, window);
}

void conf_window_print(const struct conf_window *window, FILE *to) {
	const struct conf_window_form *form = &forms[window->kind];
	char text[32];
	if (window->kind == CONF_WINDOW_COUNT) {
		fprintf(to, "%s %s", form->name,
			units_format_size(window->packets, text, sizeof(text)));
		return;
	}
	fprintf(to, "%s %s", form->name,
		units_format_duration(window->size_us, text, sizeof(text)));
	if (form->n > 1)
		fprintf(to, " %s", units_format_duration(window->step_us, text, sizeof(text)));
}

static int64_t least(int64_t a, int64_t b) {
	return a < b ? a : b;
}

struct conf_panes conf_window_panes(const struct conf_window *w) {
	switch (w->kind) {
	case CONF_WINDOW_SLIDING:
		return (struct conf_panes){.step_us = w->step_us, .most_us = CONF_PANE_MAX_US};
	case CONF_WINDOW_SESSION:
		// What it asks for is the gap; a second, so that sessions do not leave long behind it.
		return (struct conf_panes){.most_us = least(w->size_us, SECOND_US)};
	case CONF_WINDOW_FLOW:
		return (struct conf_panes
		){.step_us = SECOND_US, .most_us = least(w->step_us, SECOND_US)};
	case CONF_WINDOW_COUNT:
		// Made of packets.
		return (struct conf_panes){.most_us = CONF_PANE_MAX_US};
	default:
		return (struct conf_panes){.step_us = w->size_us, .most_us = CONF_PANE_MAX_US};
	}
}
