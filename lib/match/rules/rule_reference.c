// The table of systems.

#include "rule_reference.h"

#include "match/snort/snort_text.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static const struct {
	const char *system;
	const char *url;
} systems[] = {
	{"url", "https://"},
	{"cve", "https://cve.mitre.org/cgi-bin/cvename.cgi?name="},
	{"bugtraq", "https://www.securityfocus.com/bid/"},
	{"bid", "https://www.securityfocus.com/bid/"},
	{"nessus", "https://www.tenable.com/plugins/nessus/"},
	{"md5", "https://www.threatexpert.com/report.aspx?md5="},
	{"arachnids", "https://www.whitehats.com/info/IDS"},
	{"mcafee", "https://vil.nai.com/vil/content/v_"},
	{"secunia", "https://www.secunia.com/advisories/"},
	{"exploitdb", "https://www.exploit-db.com/exploits/"},
	{"msft", "https://technet.microsoft.com/security/bulletin/"},
	{"msb", "https://technet.microsoft.com/security/bulletin/"},
	{"osvdb", "http://osvdb.org/show/osvdb/"},
	{"et", "https://doc.emergingthreats.net/"},
	{"xforce", "http://xforce.iss.net/xforce/xfdb/"},
	{"securitytracker", "http://securitytracker.com/id?"},
};

size_t rule_reference_print(const char *reference, char *to, size_t room) {
	struct snort_text rest = {reference, reference + strlen(reference)}, system;
	const char *url = NULL;
	bool more = snort_text_next(&rest, ',', &system) && rest.at != NULL;
	for (size_t i = 0; more && i < sizeof(systems) / sizeof(systems[0]); i++) {
		if (snort_text_is(system, systems[i].system))
			url = systems[i].url;
	}
	struct snort_text id = url != NULL
		? snort_text_trim(rest)
		: (struct snort_text){reference, reference + strlen(reference)};
	// Some say the whole address all the same.
	if (url == NULL || strncmp(id.at, "http://", 7) == 0 || strncmp(id.at, "https://", 8) == 0)
		url = "";
	int n = snprintf(to, room, "%s%.*s", url, (int)snort_text_len(id), id.at);
	return (size_t)n;
}
