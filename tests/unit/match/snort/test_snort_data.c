// The rule sets that people have, Emerging Threats and Snort community: how many of their rules are
// accepted and for which reasons the others are not, against a golden file. They lie beside the
// project or the tests are skipped.

#include "rule_sets.h"
#include "test_snort_rig.h"

#include <stdlib.h>

static int by_name(const void *a, const void *b) {
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

struct reason {
	const char *group;
	uint32_t n;
};

// The most frequent first.
static int by_count(const void *a, const void *b) {
	const struct reason *x = a, *y = b;
	if (x->n != y->n)
		return x->n > y->n ? -1 : 1;
	return strcmp(x->group, y->group);
}

static void print_reasons(FILE *f, const struct snort_rules *rs) {
	const char **groups = calloc(rs->n_refusals + 1, sizeof(*groups));
	struct reason *reasons = calloc(rs->n_refusals + 1, sizeof(*reasons));
	uint32_t n = 0;
	for (uint32_t i = 0; i < rs->n_refusals; i++)
		groups[i] = rs->refusals[i].group;
	qsort(groups, rs->n_refusals, sizeof(*groups), by_name);
	for (uint32_t i = 0; i < rs->n_refusals; i++) {
		if (i == 0 || strcmp(groups[i], groups[i - 1]) != 0)
			reasons[n++].group = groups[i];
		reasons[n - 1].n++;
	}
	qsort(reasons, n, sizeof(*reasons), by_count);
	for (uint32_t i = 0; i < n; i++)
		fprintf(f, "%7u  %s\n", reasons[i].n, reasons[i].group);
	free(groups);
	free(reasons);
}

static void print_kinds(FILE *f, const struct snort_rules *rs) {
	uint32_t tcp = 0, app = 0, per_packet = 0, bare = 0, tests[5] = {};
	for (uint32_t i = 0; i < rs->n_rules; i++) {
		const struct snort_rule *r = &rs->rules[i];
		tcp += r->protos == SNORT_TCP;
		app += r->app != NULL;
		per_packet += r->protos == SNORT_TCP && r->per_packet;
		bare += r->n_tests == 0;
		for (uint32_t k = 0; k < r->n_tests; k++)
			tests[r->tests[k].kind]++;
	}
	fprintf(f, "of those accepted\n%7u  TCP\n%7u  TCP, looking at packets\n", tcp, per_packet);
	fprintf(f, "%7u  named after an application\n%7u  without a look at the payload\n", app,
		bare);
	fprintf(f, "they have\n%7u  contents\n%7u  pcres\n%7u  isdataat\n%7u  byte_test\n",
		tests[SNORT_TEST_CONTENT], tests[SNORT_TEST_PCRE], tests[SNORT_TEST_ISDATAAT],
		tests[SNORT_TEST_BYTE_TEST]);
	fprintf(f, "%7u  byte_jump\n%7u  names of flowbits\n%7u  names of xbits\n",
		tests[SNORT_TEST_BYTE_JUMP], rs->flowbits.n, rs->xbits.n);
}

static char *report(const struct snort_rules *rs) {
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);
	fprintf(f, "%7u  accepted\n", rs->n_rules);
	print_kinds(f, rs);
	fprintf(f, "%7u  refused\n", rs->n_refusals);
	print_reasons(f, rs);
	fclose(f);
	return text;
}

static void assert_report(const char *set, uint32_t total) {
	char golden[64];
	struct snort_rules rs = {};
	rule_set_read(set, &rs);
	cr_expect_eq(rs.n_rules + rs.n_refusals, total, "every rule is accounted for");
	for (uint32_t i = 0; i < rs.n_refusals; i++)
		cr_expect_neq(rs.refusals[i].rule[0], '\0', "every refused rule has its sid");
	snprintf(golden, sizeof(golden), "%s.txt", set);
	char *got = report(&rs);
	rule_set_expect(golden, got);
	free(got);
	snort_rules_fini(&rs);
}

Test(snort_data, emerging_threats_are_read_as_reported) {
	assert_report("et-open-2025", 5584);
}

Test(snort_data, snort_community_is_read_as_reported) {
	assert_report("snort-community-2017", 887);
}
