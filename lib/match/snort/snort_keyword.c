// The table of keywords that are understood, and the dispatch.

#include "snort_keyword.h"

#include "snort_bits.h"
#include "snort_bytes.h"
#include "snort_content.h"
#include "snort_flow.h"
#include "snort_meta.h"
#include "snort_packet.h"
#include "snort_pcre.h"
#include "snort_threshold.h"
#include "snort_unsupported.h"

#include <errno.h>
#include <stdlib.h>

enum takes {
	NOTHING,
	VALUE,
	EITHER,
};

struct keyword {
	const char *name; // first
	int (*read)(struct snort_draft *d, const char *keyword, struct snort_text value);
	enum takes takes;
	bool once; // in a rule
};

// Sorted by name.
static const struct keyword keywords[] = {
	{"bsize", snort_packet_bsize, VALUE, true},
	{"byte_jump", snort_bytes_byte_jump, VALUE, false},
	{"byte_test", snort_bytes_byte_test, VALUE, false},
	{"classtype", snort_meta_classtype, VALUE, true},
	{"content", snort_content_content, VALUE, false},
	{"depth", snort_content_depth, VALUE, false},
	{"detection_filter", snort_threshold_filter, VALUE, false},
	{"distance", snort_content_distance, VALUE, false},
	{"dsize", snort_packet_dsize, VALUE, true},
	{"endswith", snort_content_endswith, NOTHING, false},
	{"fast_pattern", snort_content_fast_pattern, EITHER, false},
	{"flags", snort_packet_flags, VALUE, true},
	{"flow", snort_flow_flow, VALUE, true},
	{"flowbits", snort_bits_flowbits, VALUE, false},
	{"gid", snort_meta_gid, VALUE, true},
	{"icode", snort_packet_icode, VALUE, true},
	{"isdataat", snort_bytes_isdataat, VALUE, false},
	{"itype", snort_packet_itype, VALUE, true},
	{"logto", snort_meta_ignore, VALUE, false}, // where Snort logs
	{"metadata", snort_meta_metadata, EITHER, false},
	{"msg", snort_meta_msg, VALUE, true},
	{"noalert", snort_meta_noalert, NOTHING, false},
	{"nocase", snort_content_nocase, NOTHING, false},
	{"offset", snort_content_offset, VALUE, false},
	{"pcre", snort_pcre_pcre, VALUE, false},
	{"pkt_data", snort_meta_ignore, NOTHING, false}, // back to the payload, which is never left
	{"prefilter", snort_meta_ignore, NOTHING, false}, // a hint at what to test first
	{"priority", snort_meta_priority, VALUE, true},
	{"rawbytes", snort_content_rawbytes, NOTHING, false},
	{"reference", snort_meta_reference, VALUE, false},
	{"rem", snort_meta_ignore, VALUE, false}, // a remark
	{"rev", snort_meta_rev, VALUE, true},
	{"sid", snort_meta_sid, VALUE, true},
	{"startswith", snort_content_startswith, NOTHING, false},
	{"stream_size", snort_flow_stream_size, VALUE, false},
	{"tag", snort_meta_ignore, VALUE, false}, // what Snort logs behind the match
	{"target", snort_meta_ignore, VALUE, false}, // which side an alert calls the victim
	{"tcp.flags", snort_packet_flags, VALUE, true},
	{"threshold", snort_threshold_threshold, VALUE, false},
	{"ttl", snort_packet_ttl, VALUE, true},
	{"within", snort_content_within, VALUE, false},
	{"xbits", snort_bits_xbits, VALUE, false},
};

#define COUNT (sizeof(keywords) / sizeof(keywords[0]))
_Static_assert(COUNT <= 64, "a bit of snort_draft.seen each");

static const struct keyword *find(struct snort_text name) {
	return bsearch(&name, keywords, COUNT, sizeof(keywords[0]), snort_text_compare_row);
}

int snort_keyword_read(struct snort_draft *d, const struct snort_option *option) {
	char buf[SNORT_SHOWN];
	if (option->name.at == option->name.end && option->value.at == NULL)
		return 0; // `;;`, which Snort passes over
	const struct keyword *k = find(option->name);
	if (k == NULL) {
		const char *group = snort_unsupported_find(option->name);
		if (group != NULL)
			return snort_refuse(d->fault, group, "%s is not supported", group);
		return snort_refuse(
			d->fault, "unknown keyword", "unknown keyword '%s'",
			snort_text_show(option->name, buf)
		);
	}
	bool has_value = option->value.at != NULL && option->value.at < option->value.end;
	if ((k->takes == VALUE && !has_value) || (k->takes == NOTHING && has_value))
		return snort_refuse(
			d->fault, SNORT_BAD_OPTION, "%s: %s", k->name,
			has_value ? "takes no value" : "has no value"
		);
	uint64_t bit = 1ull << (k - keywords);
	if (k->once && (d->seen & bit))
		return snort_refuse(d->fault, "repeated keyword", "%s is given twice", k->name);
	d->seen |= bit;
	return k->read(d, k->name, has_value ? option->value : (struct snort_text){});
}
