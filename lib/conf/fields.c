// The fields of a key: names, of which addresses may have prefixes, as src_ip/24 or src_ip/24/64.

#include "fields.h"

#include "base/units.h"
#include "list.h"
#include "value.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int refuse_prefix(const struct conf_value *v, enum field f, const char *why) {
	return conf_value_refuse(v, "%s: %s", field_name(f), why);
}

// Reads what stands behind a slash into what it leaves out.
static int read_prefix(
	const struct conf_value *v, enum field f, const char *text, uint32_t most, uint8_t *cut
) {
	uint64_t prefix = 0;
	if (units_parse_uint(text, &prefix) < 0)
		return refuse_prefix(v, f, "a prefix is a number");
	if (prefix < 1 || prefix > most)
		return refuse_prefix(
			v, f,
			most == KEY_CUT_V4 ? "a prefix of IPv4 is 1 to 32"
					   : "a prefix of IPv6 is 1 to 128"
		);
	*cut = (uint8_t)(most - prefix);
	return 0;
}

static int
read_prefixes(const struct conf_value *v, enum field f, char *text, struct key_cut *cut) {
	if (f != FIELD_SRC_IP && f != FIELD_DEST_IP)
		return refuse_prefix(v, f, "only addresses have prefixes");
	char *six = strchr(text, '/');
	if (six != NULL)
		*six++ = '\0';
	int ret = read_prefix(v, f, text, KEY_CUT_V4, &cut->v4[f]);
	if (ret == 0 && six != NULL)
		ret = read_prefix(v, f, six, KEY_CUT_V6, &cut->v6[f]);
	return ret;
}

// One item; the field in *f. It is written over.
static int read_field(const struct conf_value *v, char *item, enum field *f, struct key_cut *cut) {
	const char *names[FIELD_COUNT];
	char *slash = strchr(item, '/');
	if (slash != NULL)
		*slash = '\0';
	*f = field_by_name(item);
	if (*f < FIELD_COUNT)
		return slash != NULL ? read_prefixes(v, *f, slash + 1, cut) : 0;
	for (uint32_t i = 0; i < FIELD_COUNT; i++)
		names[i] = field_name(i);
	return conf_value_refuse_name(v, "field", item, names, FIELD_COUNT, NULL);
}

int conf_value_field(const struct conf_value *v) {
	struct conf_stream *stream = v->base;
	struct conf_list list;
	enum field f;
	int ret = conf_value_words(v, &list);
	stream->distinct = 0;
	stream->distinct_cut = (struct key_cut){0};
	if (ret == 0 && list.n > 1)
		ret = conf_value_refuse(v, "more than one field");
	else if (ret == 0 && list.n == 1)
		ret = read_field(v, list.item[0], &f, &stream->distinct_cut);
	if (ret == 0 && list.n == 1)
		stream->distinct = FIELD_BIT(f);
	conf_list_fini(&list);
	return ret;
}

int conf_value_fields(const struct conf_value *v) {
	struct conf_stream *stream = v->base;
	struct conf_list list;
	int ret = conf_value_words(v, &list);
	stream->key = stream->n_key = 0;
	stream->cut = (struct key_cut){0};
	for (uint32_t i = 0; i < list.n; i++) {
		enum field f;
		if (read_field(v, list.item[i], &f, &stream->cut) < 0) {
			ret = -EINVAL;
		} else if (stream->key & FIELD_BIT(f)) {
			ret = conf_value_refuse(v, "%s is named twice", field_name(f));
		} else {
			stream->key |= FIELD_BIT(f);
			stream->key_order[stream->n_key++] = (uint8_t)f;
		}
	}
	if (ret == 0 && stream->key == 0)
		ret = conf_value_refuse(v, "must not be empty");
	conf_list_fini(&list);
	return ret;
}

void conf_field_print(enum field f, const struct key_cut *cut, FILE *to) {
	fputs(field_name(f), to);
	if (key_cut_has(cut, f))
		fprintf(to, "/%u", key_cut_prefix(cut, f, false));
	if (key_cut_has(cut, f) && cut->v6[f] > 0)
		fprintf(to, "/%u", key_cut_prefix(cut, f, true));
}

void conf_fields_accepted(bool rule, FILE *to) {
	const char *separator = "";
	for (uint32_t i = 0; i < FIELD_COUNT; i++) {
		if (i == FIELD_RULE && !rule)
			continue;
		fprintf(to, "%s%s", separator, field_name(i));
		separator = ", ";
	}
	fputs("; of addresses also networks, src_ip/24 of IPv4, src_ip/24/64 of IPv4 and IPv6", to);
}
