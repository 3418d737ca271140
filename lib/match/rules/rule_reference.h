// Where a rule's reference leads: `cve,2019-0708` as the address of a page, with what Suricata's
// reference.config puts ahead.
#pragma once

#include <stddef.h>

// Writes the address, or where its system is not known the reference as it is, with a NUL; returns its
// octets. `to` NULL: only counts them.
size_t rule_reference_print(const char *reference, char *to, size_t room);
