// Decides exactly whether a rule's tests hold on one contiguous payload: what the matcher saw of the
// rule was only a hint (verify_gate.h). The semantics are Suricata's.
//
// Relative tests count from where the latest content, pcre or byte_jump ahead of them ended. Where
// that one fits at several places, any from which all further tests hold will do: all of them are
// followed, as sets, so work grows with the payload and not with the number of ways through it. pcre
// alone has limits (verify_scratch.h). A negated test moves nothing. On an empty payload no test holds,
// negated or not; a rule without tests asks for dsize and bsize alone. Header, flow, flags and the rest
// of the rule are others' affair.
#pragma once

#include "base/err.h"
#include "match/snort/snort_rule.h"
#include "verify_scratch.h"

struct verifier;

// Takes what it needs: the rule need not stay. NULL with err set: a pcre that PCRE2 does not compile,
// or out of memory.
struct verifier *verifier_new(const struct snort_rule *rule, struct err *err);
void verifier_free(struct verifier *v);

// Any number of threads may run one verifier, each with its own scratch. `len` is at most what the
// scratch was made for. Allocates nothing and takes bounded time.
bool verifier_run(
	const struct verifier *v, struct verify_scratch *scratch, const uint8_t *payload,
	uint32_t len
);
