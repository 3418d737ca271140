// Asking a running instance, on the side of the commands: one request, one answer.
#pragma once

#include "base/err.h"

#define CONTROL_SOCKET_DEFAULT "/run/sluice.sock"

enum control_said {
	CONTROL_SAID_OK,
	CONTROL_SAID_ERROR, // the instance refused or failed; the answer says why
	CONTROL_SAID_NOTHING, // it ended ahead of its answer
};

// Waits at most `timeout_s` for each part of the answer (0: for ever). Returns an enum control_said with
// *answer to be freed (NULL for CONTROL_SAID_NOTHING), or -errno with err set: nobody listens, who
// does is no Sluice, or does not answer; and what to do about it.
int control_ask(
	const char *path, const char *request, unsigned timeout_s, char **answer, struct err *err
);
