// libini_config gives the values and finds most mistakes of syntax with their lines. It runs
// without its own detection of repeated names: in that mode ini_config_get_errors writes beyond the
// array it allocates (ding-libs 0.6.2), so conf_scan looks for those.

#include "file.h"

#include "scan.h"

#include <ini_configobj.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct text {
	char *at; // owned
	size_t len;
};

// Anything that can be read to its end will do, a pipe too.
static int read_text(const char *path, struct text *text) {
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	size_t room = 0;
	int ret = 0;
	for (;;) {
		if (text->len == room) {
			room = room == 0 ? 65536 : room * 2;
			char *grown = realloc(text->at, room + 1);
			if (grown == NULL) {
				ret = -ENOMEM;
				break;
			}
			text->at = grown;
		}
		ssize_t n = read(fd, text->at + text->len, room - text->len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			ret = -errno;
		if (n <= 0)
			break;
		text->len += (size_t)n;
		if (text->len > CONF_FILE_MAX) {
			ret = -EFBIG;
			break;
		}
	}
	close(fd);
	if (ret == 0)
		text->at[text->len] = '\0';
	return ret;
}

static const char *explain(int error) {
	switch (error) {
	case ERR_NOCLOSESEC:
		return "no closing bracket at the end (accepted: [section] or [section name])";
	case ERR_NOSECTION:
		return "a section without a name (accepted: [section] or [section name])";
	case ERR_NOEQUAL:
		return "no equal sign (accepted: [section], key = value or # comment, each on one line)";
	case ERR_NOKEY:
		return "no key ahead of the equal sign (accepted: key = value)";
	case ERR_SECTIONLONG:
	case ERR_LONGKEY:
		return "the name is too long";
	default:
		return "not a line of a configuration (accepted: [section], key = value or # comment)";
	}
}

// The library has its errors as sentences only: "Error (5) on line 3: ...". They come in order of
// line, so the text is walked through once to show the lines.
static void
report_syntax(struct conf_report *report, struct ini_cfgobj *ini, const struct text *text) {
	char **sentence = NULL;
	if (ini_config_get_errors(ini, &sentence) != 0)
		return;
	const char *line = text->at, *end = text->at + text->len;
	if (text->len >= 3 && memcmp(line, "\xef\xbb\xbf", 3) == 0)
		line += 3;
	uint32_t at = 1;
	for (char **p = sentence; *p != NULL; p++) {
		int code = 0;
		unsigned number = 0;
		const char *open = strchr(*p, '(');
		const char *place = strpbrk(*p, ")");
		if (open == NULL || place == NULL || sscanf(open, "(%d", &code) != 1)
			continue;
		place += strcspn(place, "0123456789");
		if (sscanf(place, "%u", &number) != 1)
			continue;
		for (; at < number; at++) {
			const char *next = memchr(line, '\n', (size_t)(end - line));
			line = next != NULL ? next + 1 : end;
		}
		while (line < end && (*line == ' ' || *line == '\t'))
			line++;
		size_t len = strcspn(line, "\r\n");
		while (len > 0 && (line[len - 1] == ' ' || line[len - 1] == '\t'))
			len--;
		char *shown = strndup(line, len);
		conf_report_add(
			report, (struct conf_where){.line = number}, NULL, shown, "%s",
			explain(code)
		);
		free(shown);
	}
	ini_config_free_errors(sentence);
}

static void take_values(
	struct conf_report *report, struct ini_cfgobj *ini, struct conf_entries *entries,
	uint32_t from
) {
	const char *section = NULL;
	for (uint32_t i = from; i < entries->n; i++) {
		struct conf_entry *e = &entries->item[i];
		if (e->key == NULL) {
			section = e->value;
			continue;
		}
		struct value_obj *object = NULL;
		const char *value = NULL;
		if (section != NULL)
			ini_get_config_valueobj(section, e->key, ini, INI_GET_FIRST_VALUE, &object);
		free(e->value);
		e->value = NULL;
		if (object != NULL && value_get_concatenated(object, &value) == 0 && value != NULL)
			e->value = strdup(value);
		if (e->value == NULL)
			conf_report_add(
				report, e->at, e->section, e->key, "the value cannot be read"
			);
	}
}

static void
parse(struct conf_report *report, const struct text *text, struct conf_entries *entries,
      uint32_t from) {
	struct ini_cfgobj *ini = NULL;
	struct ini_cfgfile *file = NULL;
	int ret = ini_config_create(&ini);
	if (ret == 0)
		ret = ini_config_file_from_mem(text->at, (uint32_t)text->len, &file);
	if (ret == 0) {
		ret = ini_config_parse(
			file, INI_STOP_ON_NONE, INI_MV1S_ALLOW | INI_MV2S_ALLOW | INI_MS_MERGE,
			INI_PARSE_NOWRAP | INI_PARSE_NO_C_COMMENTS, ini
		);
	}
	if (ini != NULL && ini_config_error_count(ini) > 0)
		report_syntax(report, ini, text);
	else if (ret != 0)
		conf_report_add(
			report, (struct conf_where){0}, NULL, NULL, "cannot be read: %s",
			strerror(ret)
		);
	else if (!conf_report_any(report))
		take_values(report, ini, entries, from);
	ini_config_file_destroy(file);
	ini_config_destroy(ini);
}

void conf_file_read(struct conf_report *report, struct conf_entries *entries) {
	struct text text = {0};
	uint32_t from = entries->n;
	int ret = read_text(report->file, &text);
	if (ret == -EFBIG) {
		conf_report_add(
			report, (struct conf_where){0}, NULL, NULL,
			"not a configuration: longer than %u MB", CONF_FILE_MAX >> 20
		);
	} else if (ret < 0) {
		conf_report_add(
			report, (struct conf_where){0}, NULL, NULL, "cannot be read: %s",
			strerror(-ret)
		);
	} else if (conf_scan(text.at, text.len, report, entries) == 0) {
		parse(report, &text, entries, from);
	}
	free(text.at);
}
