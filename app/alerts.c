// Alerts in the configuration.

#include "app/alerts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

bool alerts_wanted(const struct conf *conf) {
	for (uint32_t i = 0; i < conf->n_sinks; i++)
		if (conf->sink[i].type == CONF_SINK_EVE)
			return conf->match.rules.n > 0;
	return false;
}

int alerts_ifaces_init(struct eve_ifaces *ifaces, const struct conf *conf) {
	const struct conf_list *devices = &conf->input.device;
	ifaces->name = calloc(devices->n + 1, sizeof(char *));
	if (ifaces->name == NULL)
		return -ENOMEM;
	for (; ifaces->n < devices->n; ifaces->n++) {
		const char *device = devices->item[ifaces->n];
		ifaces->name[ifaces->n] = strndup(device, strcspn(device, ","));
		if (ifaces->name[ifaces->n] == NULL)
			return -ENOMEM;
	}
	return 0;
}

void alerts_ifaces_fini(struct eve_ifaces *ifaces) {
	for (uint32_t i = 0; i < ifaces->n; i++)
		free(ifaces->name[i]);
	free(ifaces->name);
	*ifaces = (struct eve_ifaces){0};
}
