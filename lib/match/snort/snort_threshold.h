// Options that limit how often a rule alerts: threshold, detection_filter.
#pragma once

#include "snort_draft.h"

// Both return 0 or -EINVAL (fault told).
int snort_threshold_threshold(struct snort_draft *d, const char *keyword, struct snort_text value);
int snort_threshold_filter(struct snort_draft *d, const char *keyword, struct snort_text value);
