// Keys with networks in them, and conditions, which others know how to read.

#include "load.h"

#include "base/err.h"
#include "base/field.h"

#include <errno.h>

#define STREAM "[input]\ndevice = a\n[stream a]\nwindow = tumbling 1s\n"
#define FIELDS                                                                                        \
	" (accepted: src_ip, dest_ip, src_port, dest_port, proto, vlan, vlan_inner, mpls, vni, tos, " \
	"in_port, icmp_type, icmp_code, rule; of addresses also networks, src_ip/24 of IPv4, "        \
	"src_ip/24/64 of IPv4 and IPv6)\n"
#define AT "test.conf:5: stream.a.key: "

Test(fields, networks_that_are_none_by_table) {
	static const struct refused table[] = {
		{STREAM "key = src_ip/33\n",
		 AT "src_ip/33: src_ip: a prefix of IPv4 is 1 to 32" FIELDS},
		{STREAM "key = dest_ip/0\n",
		 AT "dest_ip/0: dest_ip: a prefix of IPv4 is 1 to 32" FIELDS},
		{STREAM "key = src_ip/24/129\n",
		 AT "src_ip/24/129: src_ip: a prefix of IPv6 is 1 to 128" FIELDS},
		{STREAM "key = src_ip/24/0\n",
		 AT "src_ip/24/0: src_ip: a prefix of IPv6 is 1 to 128" FIELDS},
		{STREAM "key = src_ip/x\n", AT "src_ip/x: src_ip: a prefix is a number" FIELDS},
		{STREAM "key = src_ip/\n", AT "src_ip/: src_ip: a prefix is a number" FIELDS},
		{STREAM "key = src_ip/24/\n", AT "src_ip/24/: src_ip: a prefix is a number" FIELDS},
		{STREAM "key = src_ip/1/2/3\n",
		 AT "src_ip/1/2/3: src_ip: a prefix is a number" FIELDS},
		{STREAM "key = proto src_port/8\n",
		 AT "proto src_port/8: src_port: only addresses have prefixes" FIELDS},
		{STREAM "key = src_ip/24 src_ip\n",
		 AT "src_ip/24 src_ip: src_ip is named twice" FIELDS},
		{STREAM "key = scr_ip/24\n",
		 AT "scr_ip/24: unknown field scr_ip, did you mean "
		    "src_ip?" FIELDS},
		// Each field that is wrong is told.
		{STREAM "key = src_ip dst_ip/8 src_ip dest_ip/99\n",
		 AT
		 "src_ip dst_ip/8 src_ip dest_ip/99: unknown field dst_ip, did you mean dest_ip?" FIELDS
			 AT "src_ip dst_ip/8 src_ip dest_ip/99: src_ip is named twice" FIELDS AT
		 "src_ip dst_ip/8 src_ip dest_ip/99: dest_ip: a prefix of IPv4 is 1 to 32" FIELDS},
		{STREAM "key = src_ip\ndistinct = dest\n",
		 "test.conf:6: stream.a.distinct: dest: unknown field (accepted: nothing, or one of src_ip, "
		 "dest_ip, src_port, dest_port, proto, vlan, vlan_inner, mpls, vni, tos, in_port, icmp_type, "
		 "icmp_code; of addresses also networks, src_ip/24 of IPv4, src_ip/24/64 of IPv4 and IPv6)\n"},
	};
	EXPECT_TABLE(table);
}

Test(fields, networks_are_read_and_printed) {
	struct conf *conf = expect_loads(
		STREAM "key = proto dest_ip/32/48 src_ip/24\n"
		       "[stream b]\nwindow = tumbling 1s\nkey = src_ip/32 dest_ip/8/128\n",
		NULL
	);
	const struct key_cut *a = &conf->stream[0].cut, *b = &conf->stream[1].cut;
	cr_expect_eq(a->v4[FIELD_SRC_IP], 8);
	cr_expect_eq(a->v6[FIELD_SRC_IP], 0);
	cr_expect_eq(a->v4[FIELD_DEST_IP], 0);
	cr_expect_eq(a->v6[FIELD_DEST_IP], 80);
	cr_expect_eq(conf->stream[0].key_order[1], FIELD_DEST_IP);
	cr_expect_not(key_cut_has(b, FIELD_SRC_IP), "whole is no network");
	cr_expect_eq(b->v4[FIELD_DEST_IP], 24);
	char *text = NULL;
	size_t len = 0;
	FILE *to = open_memstream(&text, &len);
	conf_print(conf, to);
	fclose(to);
	cr_expect_not_null(strstr(text, "\nkey = proto dest_ip/32/48 src_ip/24\n"));
	cr_expect_not_null(strstr(text, "\nkey = src_ip dest_ip/8\n"));
	free(text);
	conf_free(conf);
}

// Refuses all conditions but one.
static int check(const char *text, uint32_t fields, const struct key_cut *cut, struct err *err) {
	cr_expect_eq(fields, FIELD_BIT(FIELD_SRC_IP));
	cr_expect_eq(cut->v4[FIELD_SRC_IP], 8);
	return strcmp(text, "proto = \"6\"") == 0 ? 0 : err_set(err, -EINVAL, "column 3: no");
}

Test(fields, conditions_are_checked_with_the_key_of_their_stream) {
	static const struct conf_checks checks = {.where = check};
	static const char text[] = STREAM "key = src_ip/24\nwhere = proto = \"6\"\n"
					  "[stream b]\nkey = src_ip/24\nwindow = tumbling 1s\n"
					  "where = 'x'\n"
					  "[stream c]\nkey = src_ip/24\nwindow = tumbling 1s\n"
					  "where = y\n";
	char folder[32];
	struct conf_errors errors;
	load_enter(folder);
	load_write("test.conf", text, strlen(text));
	cr_expect_null(conf_load_checked("test.conf", NULL, 0, &checks, &errors));
	char *got = load_join(&errors);
	cr_expect_str_eq(
		got,
		"test.conf:10: stream.b.where: 'x': column 3: no\n"
		"test.conf:14: stream.c.where: y: column 3: no\n"
	);
	free(got);
	conf_errors_fini(&errors);
	load_leave(folder);
}

#define DISTINCT "test.conf:6: stream.a.distinct: "
#define ONE STREAM "key = src_ip/24/64 dest_port\ndistinct = "
#define IN_KEY                                                                                     \
	"it is in the key, so that there is one (accepted: a field that is not, or of an address " \
	"more than the key has)\n"

Test(fields, what_cannot_be_counted_as_distinct_by_table) {
	static const struct refused table[] = {
		{ONE "dest_port\n", DISTINCT "dest_port: " IN_KEY},
		{ONE "src_ip/24/64\n", DISTINCT "src_ip/24/64: " IN_KEY},
		{ONE "src_ip/16/48\n", DISTINCT "src_ip/16/48: " IN_KEY},
		{ONE "rule\n",
		 DISTINCT "rule: rule is no packet's (accepted: a packet's field; "
			  "rule in the key)\n"},
		{STREAM "key = src_ip dest_ip\ndistinct = dest_port\nbiflow = yes\n",
		 DISTINCT "dest_port: with biflow the two directions have values of their own "
			  "(accepted: nothing with biflow)\n"},
	};
	EXPECT_TABLE(table);
}

Test(fields, what_is_counted_as_distinct_is_read_and_printed) {
	static const char *const texts[] = {"dest_ip", "dest_ip/16", "src_ip/25/64", "vlan"};
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		char text[256], want[64], *printed = NULL;
		size_t len = 0;
		snprintf(text, sizeof(text), ONE "%s\n", texts[i]);
		snprintf(want, sizeof(want), "\ndistinct = %s\n", texts[i]);
		struct conf *conf = expect_loads(text, NULL);
		FILE *to = open_memstream(&printed, &len);
		conf_print(conf, to);
		fclose(to);
		cr_expect_not_null(strstr(printed, want), "%s", printed);
		free(printed);
		conf_free(conf);
	}
}
