// One pcre: from the places that it may count from to where it ends. From each place of the payload
// it has one match, the one that PCRE prefers, as in Suricata.
#pragma once

#include "base/err.h"
#include "match/snort/snort_test.h"
#include "verify_scratch.h"

struct verify_pcre {
	pcre2_code *code; // owned
	bool negated;
	bool anchored; // a search does not get beyond where it begins
	bool once; // matches at the subject's start only
	// What matches at a place does not depend on where the subject begins: of several beginnings the
	// first one has all matches.
	bool alone;
};

// Compiles it, to machine code where PCRE2 can. Returns 0, -EINVAL (err set: what PCRE2 refuses) or
// -ENOMEM (err set).
int verify_pcre_init(struct verify_pcre *p, const struct snort_pcre *from, struct err *err);
void verify_pcre_fini(struct verify_pcre *p);

// Does it match, its negation aside? `from`: where subjects begin, NULL: the payload is the subject.
// Adds to `to` where each match ends; NULL: one match is enough.
bool verify_pcre_find(
	const struct verify_pcre *p, const struct verify_input *in,
	const struct verify_places *from, struct verify_places *to
);

// One that is negated and not relative: false also when it meets a limit.
bool verify_pcre_absent(const struct verify_pcre *p, const struct verify_input *in);

// One that is negated and relative: takes those places away whose subject it matches, or meets a limit in. True
// when one is left; `all` false: when one is found that would be left, the others untouched.
bool verify_pcre_spare(
	const struct verify_pcre *p, const struct verify_input *in, struct verify_places *places,
	bool all
);
