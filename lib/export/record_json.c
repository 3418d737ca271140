// A window record as one line of JSON: straight-line writing of keys and integers, which is most of
// what an exporter core does.

#include "record_json.h"

#include "base/field.h"
#include "flow/hll.h"
#include "json_put.h"

// Rules that have a gid of their own are few.
static char *put_rule(char *p, struct rule_id rule) {
	p = json_put_field(p, ",\"rule\":", rule.sid);
	return rule.gid != 1 ? json_put_field(p, ",\"gid\":", rule.gid) : p;
}

char *record_json_key(
	char *p, uint32_t fields, const struct key_cut *cut, const struct flow_key *k,
	struct rule_id rule
) {
	bool addresses = k->flags & (KEY_V4 | KEY_V6), v6 = k->flags & KEY_V6;
	if (fields & FIELD_BIT(FIELD_SRC_IP) && addresses)
		p = json_put_address(p, ",\"src_ip\":\"", k, false);
	if (addresses && key_cut_has(cut, FIELD_SRC_IP))
		p = json_put_field(p, ",\"src_ip_prefix\":", key_cut_prefix(cut, FIELD_SRC_IP, v6));
	if (fields & FIELD_BIT(FIELD_SRC_PORT))
		p = json_put_field(p, ",\"src_port\":", k->src_port);
	if (fields & FIELD_BIT(FIELD_DEST_IP) && addresses)
		p = json_put_address(p, ",\"dest_ip\":\"", k, true);
	if (addresses && key_cut_has(cut, FIELD_DEST_IP))
		p = json_put_field(
			p, ",\"dest_ip_prefix\":", key_cut_prefix(cut, FIELD_DEST_IP, v6)
		);
	if (fields & FIELD_BIT(FIELD_DEST_PORT))
		p = json_put_field(p, ",\"dest_port\":", k->dst_port);
	if (fields & FIELD_BIT(FIELD_PROTO))
		p = json_put_field(p, ",\"proto\":", k->proto);
	if (fields & FIELD_BIT(FIELD_VLAN) && k->flags & KEY_VLAN)
		p = json_put_field(p, ",\"vlan\":", k->vlan);
	if (fields & FIELD_BIT(FIELD_VLAN_INNER) && k->flags & KEY_VLAN_INNER)
		p = json_put_field(p, ",\"vlan_inner\":", flow_key_vlan_inner(k));
	if (fields & FIELD_BIT(FIELD_MPLS) && k->flags & KEY_MPLS)
		p = json_put_field(p, ",\"mpls\":", flow_key_mpls(k));
	if (fields & FIELD_BIT(FIELD_VNI) && k->flags & KEY_VNI)
		p = json_put_field(p, ",\"vni\":", k->vni);
	if (fields & FIELD_BIT(FIELD_TOS))
		p = json_put_field(p, ",\"tos\":", k->tos);
	if (fields & FIELD_BIT(FIELD_IN_PORT))
		p = json_put_field(p, ",\"in_port\":", k->in_port);
	if (fields & FIELD_BIT(FIELD_ICMP_TYPE) && k->flags & KEY_ICMP)
		p = json_put_field(p, ",\"icmp_type\":", k->icmp_type);
	if (fields & FIELD_BIT(FIELD_ICMP_CODE) && k->flags & KEY_ICMP)
		p = json_put_field(p, ",\"icmp_code\":", k->icmp_code);
	if (fields & FIELD_BIT(FIELD_RULE))
		p = put_rule(p, rule);
	return p;
}

// Names are the contract's.
static const char *const reasons[] = {
	[FLOW_END_NONE] = "",   [FLOW_END_IDLE] = "idle",     [FLOW_END_ACTIVE] = "active",
	[FLOW_END_END] = "end", [FLOW_END_FORCED] = "forced", [FLOW_END_RESOURCES] = "resources",
};

static char *put_reason(char *p, uint8_t reason) {
	p = json_put(json_put(p, ",\"reason\":\""), reasons[reason]);
	return json_put(p, "\"");
}

static char *put_back(char *p, const struct flow_back *back) {
	p = json_put_field(p, ",\"rev_packets\":", back->packets);
	p = json_put_field(p, ",\"rev_bytes\":", back->bytes);
	p = json_put_field(p, ",\"rev_frame_bytes\":", back->frame_bytes);
	return json_put_field(p, ",\"rev_tcp_flags\":", back->tcp_flags);
}

static char *put_distinct(char *p, uint32_t field, const struct flow_sum *sum) {
	p = json_put(p, ",\"distinct_");
	p = json_put(p, field_name((enum field)__builtin_ctz(field)));
	p = json_put_field(p, "\":", sum->distinct);
	if (sum->distinct_is == DISTINCT_ESTIMATED)
		p = json_put(p, ",\"distinct_error\":" HLL_ERROR);
	return sum->distinct_is == DISTINCT_LEAST ? json_put(p, ",\"distinct_full\":true") : p;
}

uint32_t record_json(
	char *to, const struct window_info *window, const struct flow_sum *sum,
	const struct flow_back *back
) {
	char *p = json_put(to, "{\"type\":\"window\",\"stream\":\"");
	p = json_put(p, window->stream); // letters, digits, '_' and '-' only: nothing to escape
	bool own = window->tail_us != 0;
	int64_t start_us = own ? sum->first_us : window->start_us;
	int64_t end_us = own ? sum->last_us + window->tail_us : window->end_us;
	p = json_put_int(json_put(p, "\",\"window_start_us\":"), start_us);
	p = json_put_int(json_put(p, ",\"window_end_us\":"), end_us);
	if (sum->key.flags & KEY_REST)
		p = json_put(p, sum->top ? ",\"rest\":\"top\"" : ",\"rest\":\"full\"");
	else
		p = record_json_key(p, window->fields, &window->cut, &sum->key, sum->rule);
	p = json_put_field(p, ",\"packets\":", sum->packets);
	p = json_put_field(p, ",\"bytes\":", sum->bytes);
	p = json_put_field(p, ",\"frame_bytes\":", sum->frame_bytes);
	p = json_put_int(json_put(p, ",\"first_us\":"), sum->first_us);
	p = json_put_int(json_put(p, ",\"last_us\":"), sum->last_us);
	p = json_put_field(p, ",\"tcp_flags\":", sum->tcp_flags);
	p = json_put_field(p, ",\"matches\":", sum->matches);
	if (sum->distinct_is != DISTINCT_NONE)
		p = put_distinct(p, window->distinct, sum);
	if (back != NULL)
		p = put_back(p, back);
	if (own && sum->reason != FLOW_END_NONE)
		p = put_reason(p, sum->reason);
	if (window->late)
		p = json_put(p, ",\"late\":true");
	if (window->partial || sum->partial)
		p = json_put(p, ",\"partial\":true");
	p = json_put(p, "}\n");
	return (uint32_t)(p - to);
}
