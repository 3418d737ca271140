// What rules say of themselves, into a checkpoint and back: alerts that wait are written as the rules were that
// they are of, also where those have changed by then, or are gone.
#pragma once

#include "base/err.h"
#include "base/rule_info.h"
#include "base/state_io.h"

// Those of a checkpoint, in the order of saving. All zero: none.
struct alert_rules {
	struct rule_info **rule; // owned
	uint32_t n, capacity;
};

void alert_rules_fini(struct alert_rules *rules);

// As much of a rule as a record of it shows. False: the writer is full.
bool alert_rules_save(const struct rule_info *rule, struct state_writer *w);

// Such a record. 0, -EBADMSG or -ENOMEM with err set.
int alert_rules_load(struct alert_rules *rules, const struct state_record *r, struct err *err);
