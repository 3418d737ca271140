// Options that name and describe a rule: msg, sid, rev, gid, classtype, priority, reference, metadata,
// noalert. Each takes its keyword as written in the table of keywords, and its value.
#pragma once

#include "snort_draft.h"

// All return 0, -EINVAL (fault told) or -ENOMEM.
int snort_meta_msg(struct snort_draft *d, const char *keyword, struct snort_text value);
int snort_meta_sid(struct snort_draft *d, const char *keyword, struct snort_text value);
int snort_meta_rev(struct snort_draft *d, const char *keyword, struct snort_text value);
int snort_meta_gid(struct snort_draft *d, const char *keyword, struct snort_text value);
int snort_meta_classtype(struct snort_draft *d, const char *keyword, struct snort_text value);
int snort_meta_priority(struct snort_draft *d, const char *keyword, struct snort_text value);
int snort_meta_reference(struct snort_draft *d, const char *keyword, struct snort_text value);
int snort_meta_metadata(struct snort_draft *d, const char *keyword, struct snort_text value);
int snort_meta_noalert(struct snort_draft *d, const char *keyword, struct snort_text value);

// Accepts and forgets: what has no bearing on when a rule matches.
int snort_meta_ignore(struct snort_draft *d, const char *keyword, struct snort_text value);
