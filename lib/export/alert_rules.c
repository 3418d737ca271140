// Numbers, then texts with a NUL behind each: signature, category, keys and values of metadata, references.
// Texts are cut behind what export/record_eve.h lets be seen of them, so that a record holds any rule.

#include "alert_rules.h"

#include "export/export_state.h"
#include "export/record_eve.h"

#include <errno.h>
#include <stdlib.h>

#define VERSION 1

// Octets behind those that are shown: that there are more, and what the last character goes on with.
#define BEHIND 4

struct saved_rule {
	uint32_t gid, sid, rev;
	uint32_t severity, noalert;
	uint32_t type, track, count, seconds; // of its threshold
	uint32_t n_metadata, n_references;
	uint32_t zero;
};

// Where texts go; `to` NULL: they are only counted.
struct texts {
	char *to;
	size_t len;
};

static void put(struct texts *t, const char *text, size_t shown) {
	size_t n = strnlen(text, shown + BEHIND);
	if (t->to != NULL) {
		memcpy(t->to + t->len, text, n);
		t->to[t->len + n] = '\0';
	}
	t->len += n + 1;
}

// Of a list, of which `left` octets are shown.
static void put_listed(struct texts *t, const char *text, size_t *left) {
	size_t n = strnlen(text, *left);
	put(t, text, *left);
	*left -= n;
}

static void put_all(struct texts *t, const struct rule_info *r, struct saved_rule *head) {
	size_t left = EVE_LIST_MAX;
	const char *key = "";
	uint32_t i;
	put(t, r->signature, EVE_SIGNATURE_MAX);
	put(t, r->category, EVE_CATEGORY_MAX);
	for (i = 0; i < r->n_metadata && i < EVE_LIST_ITEMS && left > 0; i++) {
		const struct rule_metadata *m = &r->metadata[i];
		size_t none = EVE_LIST_MAX;
		// Shown once for all of its values.
		bool again = i > 0 && strcmp(key, m->key) == 0;
		put_listed(t, m->key, again ? &none : &left);
		put_listed(t, m->value, &left);
		key = m->key;
	}
	head->n_metadata = i;
	left = EVE_LIST_MAX;
	for (i = 0; i < r->n_references && i < EVE_LIST_ITEMS && left > 0; i++)
		put_listed(t, r->references[i], &left);
	head->n_references = i;
}

static_assert(
	sizeof(struct saved_rule) + EVE_SIGNATURE_MAX + EVE_CATEGORY_MAX
		+ EVE_LIST_ITEMS * (EVE_LIST_MAX + BEHIND + 1)
		+ 2 * (EVE_LIST_MAX + (EVE_LIST_ITEMS + 1) * (BEHIND + 1))
	<= STATE_RECORD_MAX
);

bool alert_rules_save(const struct rule_info *rule, struct state_writer *w) {
	struct saved_rule head = {
		.gid = rule->gid,
		.sid = rule->sid,
		.rev = rule->rev,
		.severity = rule->severity,
		.noalert = rule->noalert,
		.type = rule->threshold.type,
		.track = rule->threshold.track,
		.count = rule->threshold.count,
		.seconds = rule->threshold.seconds,
	};
	struct texts texts = {0};
	put_all(&texts, rule, &head);
	uint32_t len = (uint32_t)(sizeof(head) + texts.len);
	char *to = state_writer_begin(w, len);
	if (to == NULL)
		return false;
	memcpy(to, &head, sizeof(head));
	texts = (struct texts){.to = to + sizeof(head)};
	put_all(&texts, rule, &head);
	state_writer_end(w, STATE_ALERT_RULE, VERSION, len);
	return true;
}

void alert_rules_fini(struct alert_rules *rules) {
	for (uint32_t i = 0; i < rules->n; i++)
		free(rules->rule[i]);
	free(rules->rule);
	*rules = (struct alert_rules){0};
}

static bool is_sound(const struct saved_rule *s) {
	if (s->severity > UINT8_MAX || s->noalert > 1 || s->zero != 0
	    || s->n_metadata > EVE_LIST_ITEMS || s->n_references > EVE_LIST_ITEMS
	    || s->type > RULE_THRESHOLD_FILTER || s->track > RULE_BY_FLOW)
		return false;
	return s->type == RULE_THRESHOLD_NONE || (s->count > 0 && s->seconds > 0);
}

// The next text of those in [*at, end); NULL: there is none.
static const char *next_text(const char **at, const char *end) {
	const char *text = *at, *last = memchr(text, '\0', (size_t)(end - text));
	if (last == NULL)
		return NULL;
	*at = last + 1;
	return text;
}

// Points to the texts behind the rule and its lists. Whether they are what the head says.
static bool find_texts(
	struct rule_info *rule, struct rule_metadata *m, const char **reference, const char *at,
	const char *end
) {
	bool all = (rule->signature = next_text(&at, end)) != NULL
		&& (rule->category = next_text(&at, end)) != NULL;
	for (uint32_t i = 0; all && i < rule->n_metadata; i++)
		all = (m[i].key = next_text(&at, end)) != NULL
			&& (m[i].value = next_text(&at, end)) != NULL;
	for (uint32_t i = 0; all && i < rule->n_references; i++)
		all = (reference[i] = next_text(&at, end)) != NULL;
	rule->metadata = m;
	rule->references = reference;
	return all && at == end;
}

// In one piece: the rule, its lists, its texts. NULL with *ret set.
static struct rule_info *make(const struct saved_rule *s, const char *texts, size_t len, int *ret) {
	size_t metadata = s->n_metadata * sizeof(struct rule_metadata);
	size_t references = s->n_references * sizeof(char *);
	struct rule_info *rule = malloc(sizeof(*rule) + metadata + references + len);
	if (rule == NULL) {
		*ret = -ENOMEM;
		return NULL;
	}
	*rule = (struct rule_info){
		.gid = s->gid,
		.sid = s->sid,
		.rev = s->rev,
		.severity = (uint8_t)s->severity,
		.noalert = s->noalert,
		.threshold =
			{
				.type = (uint8_t)s->type,
				.track = (uint8_t)s->track,
				.count = s->count,
				.seconds = s->seconds,
			},
		.n_metadata = s->n_metadata,
		.n_references = s->n_references,
	};
	struct rule_metadata *m = (void *)(rule + 1);
	const char **reference = (void *)(m + s->n_metadata);
	char *own = (char *)(reference + s->n_references);
	memcpy(own, texts, len);
	if (find_texts(rule, m, reference, own, own + len))
		return rule;
	free(rule);
	*ret = -EBADMSG;
	return NULL;
}

static int grow(struct alert_rules *rules) {
	if (rules->n < rules->capacity)
		return 0;
	uint32_t capacity = rules->capacity > 0 ? rules->capacity * 2 : 64;
	struct rule_info **rule = realloc(rules->rule, capacity * sizeof(struct rule_info *));
	if (rule == NULL)
		return -ENOMEM;
	rules->rule = rule;
	rules->capacity = capacity;
	return 0;
}

int alert_rules_load(struct alert_rules *rules, const struct state_record *r, struct err *err) {
	struct saved_rule head;
	int ret = r->version == VERSION && r->len >= sizeof(head) ? grow(rules) : -EBADMSG;
	if (ret == 0) {
		memcpy(&head, r->octets, sizeof(head));
		ret = is_sound(&head) ? 0 : -EBADMSG;
	}
	if (ret == 0) {
		const char *texts = (const char *)r->octets + sizeof(head);
		struct rule_info *rule = make(&head, texts, r->len - sizeof(head), &ret);
		if (rule != NULL)
			rules->rule[rules->n++] = rule;
	}
	if (ret == -ENOMEM)
		return err_set(err, ret, "out of memory");
	return ret < 0 ? err_set(err, ret, "not a rule of alerts in the state") : 0;
}
