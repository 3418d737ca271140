// Reads what names and describes a rule. None of it decides whether the rule matches.

#include "snort_meta.h"

#include <errno.h>
#include <string.h>

int snort_meta_msg(struct snort_draft *d, const char *keyword, struct snort_text value) {
	struct snort_text t = value;
	bool negated;
	int ret = snort_draft_unquote(d, keyword, &t, &negated);
	if (ret < 0)
		return ret;
	if (negated)
		return snort_draft_refuse_value(d, keyword, value, "text in double quotes");
	char *msg = snort_arena_copy(&d->rule.arena, t);
	if (msg == NULL)
		return -ENOMEM;
	// A backslash stands for what follows it.
	char *out = msg;
	for (const char *in = msg; *in != '\0'; in++) {
		if (*in == '\\' && in[1] != '\0')
			in++;
		*out++ = *in;
	}
	*out = '\0';
	d->rule.msg = msg;
	return 0;
}

static int read_u32(
	struct snort_draft *d, const char *keyword, struct snort_text value, uint32_t min,
	uint32_t *number
) {
	uint64_t v;
	if (snort_text_read_uint(value, UINT32_MAX, &v) < 0 || v < min)
		return snort_draft_refuse_value(
			d, keyword, value, min == 0 ? "0 to 4294967295" : "1 to 4294967295"
		);
	*number = (uint32_t)v;
	return 0;
}

int snort_meta_sid(struct snort_draft *d, const char *keyword, struct snort_text value) {
	return read_u32(d, keyword, value, 1, &d->rule.sid);
}

int snort_meta_rev(struct snort_draft *d, const char *keyword, struct snort_text value) {
	return read_u32(d, keyword, value, 0, &d->rule.rev);
}

int snort_meta_gid(struct snort_draft *d, const char *keyword, struct snort_text value) {
	return read_u32(d, keyword, value, 0, &d->rule.gid);
}

int snort_meta_classtype(struct snort_draft *d, const char *keyword, struct snort_text value) {
	if (value.at == value.end)
		return snort_draft_refuse_value(d, keyword, value, "a name");
	d->rule.classtype = snort_arena_copy(&d->rule.arena, value);
	return d->rule.classtype == NULL ? -ENOMEM : 0;
}

int snort_meta_priority(struct snort_draft *d, const char *keyword, struct snort_text value) {
	uint64_t v;
	if (snort_text_read_uint(value, 255, &v) < 0 || v == 0)
		return snort_draft_refuse_value(d, keyword, value, "1 to 255");
	d->rule.priority = (uint32_t)v;
	return 0;
}

int snort_meta_reference(struct snort_draft *d, const char *keyword, struct snort_text value) {
	struct snort_rule *r = &d->rule;
	if (value.at == value.end)
		return snort_draft_refuse_value(d, keyword, value, "type,id");
	if (r->n_references == SNORT_REFERENCES_MAX)
		return snort_refuse(
			d->fault, SNORT_LIMIT, "more than %u references", SNORT_REFERENCES_MAX
		);
	char *copy = snort_arena_copy(&r->arena, value);
	if (copy == NULL)
		return -ENOMEM;
	d->references[r->n_references++] = copy;
	return 0;
}

int snort_meta_metadata(struct snort_draft *d, const char *keyword, struct snort_text value) {
	(void)keyword;
	if (value.at == NULL)
		return 0;
	if (d->rule.metadata == NULL) {
		d->rule.metadata = snort_arena_copy(&d->rule.arena, value);
		return d->rule.metadata == NULL ? -ENOMEM : 0;
	}
	size_t len = strlen(d->rule.metadata), more = snort_text_len(value);
	char *joined = snort_arena_take(&d->rule.arena, len + more + sizeof(", "));
	if (joined == NULL)
		return -ENOMEM;
	memcpy(joined, d->rule.metadata, len);
	memcpy(joined + len, ", ", 2);
	memcpy(joined + len + 2, value.at, more);
	d->rule.metadata = joined;
	return 0;
}

int snort_meta_noalert(struct snort_draft *d, const char *keyword, struct snort_text value) {
	(void)keyword;
	(void)value;
	d->rule.noalert = true;
	return 0;
}

int snort_meta_ignore(struct snort_draft *d, const char *keyword, struct snort_text value) {
	(void)d;
	(void)keyword;
	(void)value;
	return 0;
}
