// Makes payloads that a rule matches, and payloads that are spoiled by an octet so that it does not.
#pragma once

#include "match/snort/snort_rule.h"

struct rule_payload {
	uint8_t *octets; // owned
	uint32_t len;
};

// Another seed, from 0 up, gives another payload. Returns 0, or -ENOENT when none was found: the rule
// contradicts itself, or is beyond this. What is found was judged by the slow reference.
int rule_payload_make(const struct snort_rule *rule, uint64_t seed, struct rule_payload *p);
void rule_payload_fini(struct rule_payload *p);

// Changes one octet of a positive content, and of every other occurrence of it if there are some: it is
// nowhere in the payload any more. Returns how many were changed; 0: the test is no positive content.
uint32_t rule_payload_spoil(const struct snort_rule *rule, struct rule_payload *p, uint32_t test);
