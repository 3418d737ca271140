// One client of the control socket, on the side of the run: its request as it comes in, its answer as it
// goes out, and how long it may take for either. The thread of control_step.
#pragma once

#include "app/control.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

// Most that a client may take to send its request, and to receive the answer.
#define CONTROL_REQUEST_US 2000000
#define CONTROL_ANSWER_US 5000000

enum control_state {
	CONTROL_READING,
	CONTROL_WAIT_RUN, // to be served when there is one
	CONTROL_WAIT_RELOAD,
	CONTROL_WAIT_CHECKPOINT,
	CONTROL_WAIT_END,
	CONTROL_WRITING,
};

struct control_client {
	int fd;
	enum control_state state;
	int64_t deadline_us; // of reading and of writing; of what is asked ahead of a run
	uint64_t reload; // the one that it waits for
	uint64_t checkpoint; // state_ask's ticket
	uint32_t n_request;
	char request[CONTROL_REQUEST_MAX + 1];
	char *answer; // owned
	size_t n_answer, sent;
};

// `fd` is the client's from now on.
void control_client_init(struct control_client *c, int fd, int64_t now_us);
void control_client_fini(struct control_client *c);

// Reads what is there. 1: a request is complete, as a string without its newline; 0: not yet; negative:
// the client is gone. What is too long or no text gives an empty request.
int control_client_read(struct control_client *c);

// Begins to answer. The text is copied. Returns as control_client_write.
int control_client_answer(struct control_client *c, bool ok, const char *text, int64_t now_us);

// Sends what can be sent. 0: there is more; negative: all is sent or the client is gone, close it.
int control_client_write(struct control_client *c);
