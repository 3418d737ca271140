// Options about the flow a packet belongs to: flow, stream_size.
#pragma once

#include "snort_draft.h"

// All return 0, -EINVAL (fault told) or -ENOMEM.
int snort_flow_flow(struct snort_draft *d, const char *keyword, struct snort_text value);
int snort_flow_stream_size(struct snort_draft *d, const char *keyword, struct snort_text value);
