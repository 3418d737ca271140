// A window record as one line of JSON: straight-line writing of keys and integers, which is most of
// what an exporter core does.

#include "record_json.h"

#include "base/field.h"

#include <arpa/inet.h>

static char *put(char *p, const char *text) {
	size_t n = strlen(text);
	memcpy(p, text, n);
	return p + n;
}

static char *put_uint(char *p, uint64_t v) {
	char digits[20];
	int n = 0;
	do {
		digits[n++] = (char)('0' + v % 10);
		v /= 10;
	} while (v != 0);
	while (n > 0)
		*p++ = digits[--n];
	return p;
}

static char *put_int(char *p, int64_t v) {
	if (v < 0)
		*p++ = '-';
	return put_uint(p, v < 0 ? -(uint64_t)v : (uint64_t)v);
}

static char *put_field(char *p, const char *name, uint64_t v) {
	return put_uint(put(p, name), v);
}

static char *put_ipv4(char *p, const uint8_t *a) {
	for (int i = 0; i < 4; i++) {
		p = put_uint(p, a[i]);
		*p++ = '.';
	}
	return p - 1;
}

static char *put_address(char *p, const char *name, const struct flow_key *k, bool dst) {
	p = put(p, name);
	if (k->flags & KEY_V6) {
		inet_ntop(AF_INET6, dst ? k->dst6 : k->src6, p, INET6_ADDRSTRLEN);
		p += strlen(p);
	} else {
		p = put_ipv4(p, dst ? k->dst4 : k->src4);
	}
	*p++ = '"';
	return p;
}

// The key's fields, in the order of the contract's example.
static char *put_key(char *p, uint32_t fields, const struct flow_key *k) {
	bool addresses = k->flags & (KEY_V4 | KEY_V6);
	if (fields & FIELD_BIT(FIELD_SRC_IP) && addresses)
		p = put_address(p, ",\"src_ip\":\"", k, false);
	if (fields & FIELD_BIT(FIELD_SRC_PORT))
		p = put_field(p, ",\"src_port\":", k->src_port);
	if (fields & FIELD_BIT(FIELD_DEST_IP) && addresses)
		p = put_address(p, ",\"dest_ip\":\"", k, true);
	if (fields & FIELD_BIT(FIELD_DEST_PORT))
		p = put_field(p, ",\"dest_port\":", k->dst_port);
	if (fields & FIELD_BIT(FIELD_PROTO))
		p = put_field(p, ",\"proto\":", k->proto);
	if (fields & FIELD_BIT(FIELD_VLAN) && k->flags & KEY_VLAN)
		p = put_field(p, ",\"vlan\":", k->vlan);
	if (fields & FIELD_BIT(FIELD_VLAN_INNER) && k->flags & KEY_VLAN_INNER)
		p = put_field(p, ",\"vlan_inner\":", flow_key_vlan_inner(k));
	if (fields & FIELD_BIT(FIELD_MPLS) && k->flags & KEY_MPLS)
		p = put_field(p, ",\"mpls\":", flow_key_mpls(k));
	if (fields & FIELD_BIT(FIELD_VNI) && k->flags & KEY_VNI)
		p = put_field(p, ",\"vni\":", k->vni);
	if (fields & FIELD_BIT(FIELD_TOS))
		p = put_field(p, ",\"tos\":", k->tos);
	if (fields & FIELD_BIT(FIELD_IN_PORT))
		p = put_field(p, ",\"in_port\":", k->in_port);
	if (fields & FIELD_BIT(FIELD_ICMP_TYPE) && k->flags & KEY_ICMP)
		p = put_field(p, ",\"icmp_type\":", k->icmp_type);
	if (fields & FIELD_BIT(FIELD_ICMP_CODE) && k->flags & KEY_ICMP)
		p = put_field(p, ",\"icmp_code\":", k->icmp_code);
	return p;
}

uint32_t record_json(char *to, const struct window_info *window, const struct flow_sum *sum) {
	char *p = put(to, "{\"type\":\"window\",\"stream\":\"");
	p = put(p, window->stream); // letters, digits, '_' and '-' only: nothing to escape
	p = put_int(put(p, "\",\"window_start_us\":"), window->start_us);
	p = put_int(put(p, ",\"window_end_us\":"), window->end_us);
	if (sum->key.flags & KEY_REST)
		p = put(p, ",\"rest\":\"full\"");
	else
		p = put_key(p, window->fields, &sum->key);
	p = put_field(p, ",\"packets\":", sum->packets);
	p = put_field(p, ",\"bytes\":", sum->bytes);
	p = put_field(p, ",\"frame_bytes\":", sum->frame_bytes);
	p = put_int(put(p, ",\"first_us\":"), sum->first_us);
	p = put_int(put(p, ",\"last_us\":"), sum->last_us);
	p = put_field(p, ",\"tcp_flags\":", sum->tcp_flags);
	p = put_field(p, ",\"matches\":", sum->matches);
	if (window->partial)
		p = put(p, ",\"partial\":true");
	p = put(p, "}\n");
	return (uint32_t)(p - to);
}
