// Reads conditions on a packet's header fields and on how much payload it has.

#include "snort_packet.h"

#include <errno.h>
#include <stddef.h>

int snort_packet_dsize(struct snort_draft *d, const char *keyword, struct snort_text value) {
	return snort_draft_read_number(d, keyword, value, UINT16_MAX, &d->rule.dsize);
}

int snort_packet_bsize(struct snort_draft *d, const char *keyword, struct snort_text value) {
	return snort_draft_read_number(d, keyword, value, UINT32_MAX, &d->rule.bsize);
}

int snort_packet_itype(struct snort_draft *d, const char *keyword, struct snort_text value) {
	return snort_draft_read_number(d, keyword, value, UINT8_MAX, &d->rule.itype);
}

int snort_packet_icode(struct snort_draft *d, const char *keyword, struct snort_text value) {
	return snort_draft_read_number(d, keyword, value, UINT8_MAX, &d->rule.icode);
}

int snort_packet_ttl(struct snort_draft *d, const char *keyword, struct snort_text value) {
	return snort_draft_read_number(d, keyword, value, UINT8_MAX, &d->rule.ttl);
}

// The bit of a flag's letter; 0 for the digit that says none; -1 for anything else.
static int flag_of(char c) {
	switch (c & ~0x20) { // letters of either case
	case 'F':
		return 0x01;
	case 'S':
		return 0x02;
	case 'R':
		return 0x04;
	case 'P':
		return 0x08;
	case 'A':
		return 0x10;
	case 'U':
		return 0x20;
	case 'E':
		return 0x40;
	case 'C':
		return 0x80;
	}
	// The digits are from when these two bits were reserved.
	return c == '0' ? 0 : c == '1' ? 0x80 : c == '2' ? 0x40 : -1;
}

static enum snort_flags_mode mode_of(char c) {
	switch (c) {
	case '+':
		return SNORT_FLAGS_ALL;
	case '*':
		return SNORT_FLAGS_ANY;
	case '!':
		return SNORT_FLAGS_NOT;
	}
	return SNORT_FLAGS_NONE;
}

int snort_packet_flags(struct snort_draft *d, const char *keyword, struct snort_text value) {
	static const char accepted[] = "letters of FSRPAUCE12 or 0, with one of + * !, then a comma"
				       " and those to ignore";
	struct snort_text rest = value, wanted = {}, ignored = {};
	struct snort_flags f = {.mode = SNORT_FLAGS_EXACT, .mask = 0xff};
	bool some = false;
	snort_text_next(&rest, ',', &wanted);
	if (rest.at != NULL
	    && (!snort_text_next(&rest, ',', &ignored) || rest.at != NULL
		|| ignored.at == ignored.end))
		return snort_draft_refuse_value(d, keyword, value, accepted);
	for (const char *p = wanted.at; p < wanted.end; p++) {
		int flag = flag_of(*p);
		enum snort_flags_mode mode = mode_of(*p);
		if (flag < 0 && (mode == SNORT_FLAGS_NONE || f.mode != SNORT_FLAGS_EXACT))
			return snort_draft_refuse_value(d, keyword, value, accepted);
		some = some || flag >= 0;
		if (flag >= 0)
			f.flags |= (uint8_t)flag;
		else
			f.mode = mode;
	}
	for (const char *p = ignored.at; p < ignored.end; p++) {
		int flag = flag_of(*p);
		if (flag <= 0)
			return snort_draft_refuse_value(d, keyword, value, accepted);
		f.mask &= (uint8_t)~flag;
	}
	if (!some || (f.flags & ~f.mask) != 0)
		return snort_draft_refuse_value(d, keyword, value, accepted);
	// None of the flags is set, negated: some flag is. With + or * it says nothing of use.
	if (f.flags == 0 && f.mode == SNORT_FLAGS_NOT) {
		f.mode = SNORT_FLAGS_ANY;
		f.flags = f.mask;
	} else if (f.flags == 0 && f.mode != SNORT_FLAGS_EXACT) {
		return snort_draft_refuse_value(d, keyword, value, accepted);
	}
	d->rule.flags = f;
	return 0;
}
