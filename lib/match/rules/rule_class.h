// What the classtype of a rule stands for: the classes that Suricata and Snort come with
// (classification.config), by their short names.
#pragma once

#include <stdint.h>

struct rule_class {
	const char *name; // as behind classtype:
	const char *category; // what alerts say
	uint8_t severity; // 1: the worst
};

// NULL: no such class. Letters compare without case.
const struct rule_class *rule_class_find(const char *name);
