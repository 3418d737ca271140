// Key fields are those of the window records; fractions have at most three places.

#include "record_watch.h"

#include "json_put.h"
#include "record_json.h"

static char *put_decimal(char *p, const char *name, struct decimal d) {
	p = json_put_field(p, name, d.whole);
	if (d.thousandths == 0)
		return p;
	uint32_t left = d.thousandths;
	*p++ = '.';
	for (uint32_t place = 100; left > 0; place /= 10) {
		*p++ = (char)('0' + left / place);
		left %= place;
	}
	return p;
}

uint32_t record_watch(char *to, const struct watch_alert *a) {
	// Names are letters, digits, '_' and '-' only: nothing to escape.
	char *p = json_put(json_put(to, "{\"type\":\"alert\",\"alert\":\""), a->name);
	p = json_put(json_put(p, "\",\"stream\":\""), a->stream);
	p = json_put_int(json_put(p, "\",\"window_start_us\":"), a->start_us);
	p = json_put_int(json_put(p, ",\"window_end_us\":"), a->end_us);
	p = record_json_key(p, a->fields, &a->cut, a->key, a->rule);
	p = json_put(json_put(p, ",\"field\":\""), measure_name(a->measure));
	p = json_put_field(p, "\",\"value\":", a->value);
	p = put_decimal(p, ",\"threshold\":", a->threshold);
	if (a->has_mean)
		p = put_decimal(p, ",\"mean\":", a->mean);
	if (a->partial)
		p = json_put(p, ",\"partial\":true");
	p = json_put(p, "}\n");
	return (uint32_t)(p - to);
}
