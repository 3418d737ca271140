// Reads the header, and settles what an application protocol in it comes to.

#include "snort_header.h"

#include "snort_app.h"
#include "snort_expr.h"

#include <errno.h>
#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define FAMILIES (SNORT_V4 | SNORT_V6)

static const struct {
	const char *word;
	enum snort_action action;
	const char *group; // of a refusal
} actions[] = {
	{"alert", SNORT_ALERT, NULL},
	{"drop", SNORT_DROP, NULL},
	{"sdrop", SNORT_DROP, NULL},
	{"block", SNORT_DROP, NULL},
	{"reject", SNORT_REJECT, NULL},
	{"rejectsrc", SNORT_REJECT, NULL},
	{"rejectdst", SNORT_REJECT, NULL},
	{"rejectboth", SNORT_REJECT, NULL},
	// What would keep other rules from matching, or write packets, is no rule that counts.
	{"pass", 0, "action pass"},
	{"accept", 0, "action accept"},
	{"log", 0, "action log"},
	{"activate", 0, "action activate"},
	{"dynamic", 0, "action dynamic"},
	{"config", 0, "action config"},
};

static const struct {
	const char *word;
	uint32_t protos, families, flow;
} protocols[] = {
	{"ip", SNORT_IP, FAMILIES, 0},
	{"ipv4", SNORT_IP, SNORT_V4, 0},
	{"ip4", SNORT_IP, SNORT_V4, 0},
	{"ipv6", SNORT_IP, SNORT_V6, 0},
	{"ip6", SNORT_IP, SNORT_V6, 0},
	{"tcp", SNORT_TCP, FAMILIES, 0},
	{"tcp-pkt", SNORT_TCP, FAMILIES, SNORT_NO_STREAM},
	{"tcp-stream", SNORT_TCP, FAMILIES, SNORT_ONLY_STREAM},
	{"udp", SNORT_UDP, FAMILIES, 0},
	{"icmp", SNORT_ICMP | SNORT_ICMPV6, FAMILIES, 0},
	{"icmpv4", SNORT_ICMP, FAMILIES, 0},
	{"icmpv6", SNORT_ICMPV6, FAMILIES, 0},
	{"sctp", SNORT_SCTP, FAMILIES, 0},
};

static int read_action(struct snort_draft *d, struct snort_text word) {
	char buf[SNORT_SHOWN];
	for (unsigned i = 0; i < COUNT(actions); i++) {
		if (!snort_text_is(word, actions[i].word))
			continue;
		if (actions[i].group != NULL)
			return snort_refuse(
				d->fault, actions[i].group, "%s is not supported", actions[i].group
			);
		d->rule.action = actions[i].action;
		return 0;
	}
	return snort_refuse(
		d->fault, "unknown action",
		"unknown action '%s' (accepted: alert drop sdrop block reject rejectsrc rejectdst"
		" rejectboth)",
		snort_text_show(word, buf)
	);
}

static int read_protocol(struct snort_draft *d, struct snort_text word) {
	char buf[SNORT_SHOWN];
	for (unsigned i = 0; i < COUNT(protocols); i++) {
		if (!snort_text_is(word, protocols[i].word))
			continue;
		d->rule.protos = protocols[i].protos;
		d->rule.families = protocols[i].families;
		d->rule.flow = protocols[i].flow;
		return 0;
	}
	const struct snort_app *app = snort_app_find(word);
	if (app == NULL)
		return snort_refuse(
			d->fault, "unknown protocol",
			"unknown protocol '%s' (accepted: ip tcp udp icmp, tcp-pkt, http and the like)",
			snort_text_show(word, buf)
		);
	d->rule.app = app->name;
	d->rule.protos = app->protos;
	d->rule.families = FAMILIES;
	return 0;
}

static int read_direction(struct snort_draft *d, struct snort_text sign) {
	char buf[SNORT_SHOWN];
	d->rule.both_ways = snort_text_is(sign, "<>");
	if (d->rule.both_ways || snort_text_is(sign, "->"))
		return 0;
	return snort_refuse(
		d->fault, "direction", "'%s' between source and destination (accepted: -> <>)",
		snort_text_show(sign, buf)
	);
}

int snort_header_read(
	struct snort_draft *d, struct snort_scope *scope, struct snort_pool *pool,
	const struct snort_text fields[SNORT_FIELDS]
) {
	struct snort_rule *r = &d->rule;
	int ret = read_action(d, fields[SNORT_FIELD_ACTION]);
	if (ret == 0)
		ret = read_protocol(d, fields[SNORT_FIELD_PROTO]);
	if (ret == 0)
		ret = snort_expr_addresses(scope, pool, fields[SNORT_FIELD_SRC], &r->src, d->fault);
	if (ret == 0)
		ret = snort_expr_ports(
			scope, pool, fields[SNORT_FIELD_SRC_PORTS], &r->src_ports, d->fault
		);
	if (ret == 0)
		ret = read_direction(d, fields[SNORT_FIELD_DIRECTION]);
	if (ret == 0)
		ret = snort_expr_addresses(scope, pool, fields[SNORT_FIELD_DST], &r->dst, d->fault);
	if (ret == 0)
		ret = snort_expr_ports(
			scope, pool, fields[SNORT_FIELD_DST_PORTS], &r->dst_ports, d->fault
		);
	return ret;
}

int snort_header_place_app(
	struct snort_draft *d, struct snort_scope *scope, struct snort_pool *pool
) {
	struct snort_rule *r = &d->rule;
	const struct snort_ranges *usual;
	if (r->app == NULL || !snort_ranges_is_all(r->src_ports, SNORT_PORT_MAX)
	    || !snort_ranges_is_all(r->dst_ports, SNORT_PORT_MAX))
		return 0;
	const struct snort_app *app = snort_app_find((struct snort_text
	){r->app, r->app + strlen(r->app)});
	if (app->ports == NULL)
		return 0;
	struct snort_text ports = {app->ports, app->ports + strlen(app->ports)};
	int ret = snort_expr_ports(scope, pool, ports, &usual, d->fault);
	if (ret < 0)
		return ret;
	// With <> the sides of the header are not those of the packet.
	if ((r->flow & SNORT_TO_SERVER) && !r->both_ways)
		r->dst_ports = usual;
	else if ((r->flow & SNORT_TO_CLIENT) && !r->both_ways)
		r->src_ports = usual;
	else
		r->either_ports = usual;
	return 0;
}
