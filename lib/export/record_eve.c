// The alert record, in the order of names that Suricata has. `packets` and `bytes` are ours: what the alert
// stands for, with all that a threshold kept back since the last.

#include "record_eve.h"

#include "community_id.h"
#include "flow_id.h"

#include <netinet/in.h>
#include <time.h>

static char *put_padded(char *p, uint32_t v, int width) {
	for (int i = width - 1; i >= 0; i--, v /= 10)
		p[i] = (char)('0' + v % 10);
	return p + width;
}

// 2017-04-07T22:24:37.251547+0000
static char *put_timestamp(char *p, int64_t time_us) {
	int64_t us = time_us % 1000000;
	us += us < 0 ? 1000000 : 0;
	time_t seconds = (time_us - us) / 1000000;
	struct tm tm;
	gmtime_r(&seconds, &tm);
	int64_t year = (int64_t)tm.tm_year + 1900;
	p = year >= 0 && year <= 9999 ? put_padded(p, (uint32_t)year, 4) : json_put_int(p, year);
	*p++ = '-';
	p = put_padded(p, (uint32_t)tm.tm_mon + 1, 2);
	*p++ = '-';
	p = put_padded(p, (uint32_t)tm.tm_mday, 2);
	*p++ = 'T';
	p = put_padded(p, (uint32_t)tm.tm_hour, 2);
	*p++ = ':';
	p = put_padded(p, (uint32_t)tm.tm_min, 2);
	*p++ = ':';
	p = put_padded(p, (uint32_t)tm.tm_sec, 2);
	*p++ = '.';
	p = put_padded(p, (uint32_t)us, 6);
	return json_put(p, "+0000");
}

static char *put_vlans(char *p, const struct flow_key *k) {
	if (!(k->flags & KEY_VLAN))
		return p;
	p = json_put_field(p, ",\"vlan\":[", k->vlan);
	if (k->flags & KEY_VLAN_INNER)
		p = json_put_field(p, ",", flow_key_vlan_inner(k));
	*p++ = ']';
	return p;
}

static bool has_ports(uint8_t proto) {
	return proto == IPPROTO_TCP || proto == IPPROTO_UDP || proto == IPPROTO_SCTP
		|| proto == IPPROTO_DCCP || proto == IPPROTO_UDPLITE;
}

// By the name that Suricata has for it, or three digits as it gives to what it has none for.
static char *put_proto(char *p, uint8_t proto) {
	static const struct {
		uint8_t proto;
		const char *name;
	} names[] = {
		{IPPROTO_ICMP, "ICMP"}, {IPPROTO_IGMP, "IGMP"}, {IPPROTO_TCP, "TCP"},
		{IPPROTO_UDP, "UDP"},   {IPPROTO_DCCP, "DCCP"}, {IPPROTO_GRE, "GRE"},
		{IPPROTO_ESP, "ESP"},   {IPPROTO_AH, "AH"},     {IPPROTO_ICMPV6, "IPv6-ICMP"},
		{IPPROTO_SCTP, "SCTP"}, {IPPROTO_PIM, "PIM"},   {IPPROTO_UDPLITE, "UDPLite"},
	};
	p = json_put(p, ",\"proto\":\"");
	size_t i = 0, n = sizeof(names) / sizeof(names[0]);
	while (i < n && names[i].proto != proto)
		i++;
	p = i < n ? json_put(p, names[i].name) : put_padded(p, proto, 3);
	*p++ = '"';
	return p;
}

static char *put_tuple(char *p, const struct flow_key *k) {
	bool ports = has_ports(k->proto);
	p = json_put_address(p, ",\"src_ip\":\"", k, false);
	if (ports)
		p = json_put_field(p, ",\"src_port\":", k->src_port);
	p = json_put_address(p, ",\"dest_ip\":\"", k, true);
	if (ports)
		p = json_put_field(p, ",\"dest_port\":", k->dst_port);
	p = put_proto(p, k->proto);
	p = json_put(p, k->flags & KEY_V6 ? ",\"ip_v\":6" : ",\"ip_v\":4");
	if (k->flags & KEY_ICMP) {
		p = json_put_field(p, ",\"icmp_type\":", k->icmp_type);
		p = json_put_field(p, ",\"icmp_code\":", k->icmp_code);
	}
	char id[COMMUNITY_ID_MAX];
	community_id(k, id);
	if (id[0] != '\0')
		p = json_put(json_put(json_put(p, ",\"community_id\":\""), id), "\"");
	return p;
}

// A text of a list in quotes, and what is left of the list's octets. An empty rest shows dots alone.
static char *put_listed(char *p, const char *text, size_t *left) {
	size_t len = strlen(text);
	*p++ = '"';
	p = json_put_text(p, text, *left);
	*p++ = '"';
	*left -= len < *left ? len : *left;
	return p;
}

// {"key":["value",...],...}
static char *put_metadata(char *p, const struct rule_info *r) {
	size_t left = EVE_LIST_MAX;
	const char *key = NULL;
	for (uint32_t i = 0; i < r->n_metadata && i < EVE_LIST_ITEMS && left > 0; i++) {
		const struct rule_metadata *m = &r->metadata[i];
		if (key != NULL && strcmp(key, m->key) == 0) {
			*p++ = ',';
		} else {
			p = json_put(p, key == NULL ? ",\"metadata\":{" : "],");
			p = json_put(put_listed(p, m->key, &left), ":[");
			key = m->key;
		}
		p = put_listed(p, m->value, &left);
	}
	return key != NULL ? json_put(p, "]}") : p;
}

static char *put_references(char *p, const struct rule_info *r) {
	size_t left = EVE_LIST_MAX;
	uint32_t i = 0;
	for (; i < r->n_references && i < EVE_LIST_ITEMS && left > 0; i++) {
		p = json_put(p, i == 0 ? ",\"references\":[" : ",");
		p = put_listed(p, r->references[i], &left);
	}
	return i > 0 ? json_put(p, "]") : p;
}

// Sluice only looks on: whatever the rule's action is, the packet was let pass.
static char *put_rule(char *p, const struct rule_info *r) {
	p = json_put(p, ",\"alert\":{\"action\":\"allowed\"");
	p = json_put_field(p, ",\"gid\":", r->gid);
	p = json_put_field(p, ",\"signature_id\":", r->sid);
	p = json_put_field(p, ",\"rev\":", r->rev);
	p = json_put_text(json_put(p, ",\"signature\":\""), r->signature, EVE_SIGNATURE_MAX);
	p = json_put_text(json_put(p, "\",\"category\":\""), r->category, EVE_CATEGORY_MAX);
	p = json_put_field(p, "\",\"severity\":", r->severity);
	p = put_references(put_metadata(p, r), r);
	*p++ = '}';
	return p;
}

uint32_t record_eve(char *to, const struct eve_ifaces *ifaces, const struct alert *a) {
	char *p = put_timestamp(json_put(to, "{\"timestamp\":\""), a->time_us);
	p = json_put_field(p, "\",\"flow_id\":", flow_id(&a->key));
	if (a->key.in_port < ifaces->n) {
		p = json_put(p, ",\"in_iface\":\"");
		p = json_put_text(p, ifaces->name[a->key.in_port], EVE_IFACE_MAX);
		*p++ = '"';
	}
	p = json_put(p, ",\"event_type\":\"alert\"");
	p = put_vlans(p, &a->key);
	p = put_tuple(p, &a->key);
	p = json_put_field(p, ",\"packets\":", a->packets);
	p = json_put_field(p, ",\"bytes\":", a->bytes);
	p = put_rule(p, a->rule);
	p = json_put(p, "}\n");
	return (uint32_t)(p - to);
}
