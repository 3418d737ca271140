// Tells why a rule is refused.

#include "snort_fault.h"

#include <errno.h>
#include <stdio.h>

int snort_refuse(struct snort_fault *f, const char *group, const char *fmt, ...) {
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(f->reason.text, sizeof(f->reason.text), fmt, ap);
	va_end(ap);
	f->group = group;
	return -EINVAL;
}
