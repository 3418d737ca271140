// What a run's configuration says about alerts: whether any sink takes them, and what they call the
// devices.
#pragma once

#include "conf/conf.h"
#include "export/record_eve.h"

#include <stdbool.h>

// Whether a sink takes alerts and there are rules to make them.
bool alerts_wanted(const struct conf *conf);

// The devices' names as in_iface has them: of a vdev string what is ahead of the first comma. 0 or -ENOMEM.
// Free with alerts_ifaces_fini, also when all zero.
int alerts_ifaces_init(struct eve_ifaces *ifaces, const struct conf *conf);
void alerts_ifaces_fini(struct eve_ifaces *ifaces);
