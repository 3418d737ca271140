// Options about a packet's header and size: dsize, bsize, itype, icode, ttl, flags.
#pragma once

#include "snort_draft.h"

// All return 0 or -EINVAL (fault told).
int snort_packet_dsize(struct snort_draft *d, const char *keyword, struct snort_text value);
int snort_packet_bsize(struct snort_draft *d, const char *keyword, struct snort_text value);
int snort_packet_itype(struct snort_draft *d, const char *keyword, struct snort_text value);
int snort_packet_icode(struct snort_draft *d, const char *keyword, struct snort_text value);
int snort_packet_ttl(struct snort_draft *d, const char *keyword, struct snort_text value);
int snort_packet_flags(struct snort_draft *d, const char *keyword, struct snort_text value);
