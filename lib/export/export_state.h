// What export saves. Numbers are for ever.
#pragma once

#include "base/state_io.h"

enum export_state {
	STATE_EXPORTER = STATE_EXPORT, // once, first
	STATE_STREAM, // a stream begins; its windows follow
	STATE_SINK,
	STATE_ALERTING,
	STATE_ALERTS, // alerts that wait for their turn
	STATE_THRESHOLDS, // counters of thresholds
	STATE_WATCHES, // watches begin
	STATE_WATCH, // a watch begins
	STATE_WATCH_KEY, // what it knows of a key
	STATE_ALERT_RULE, // a rule that waiting alerts are of
};
