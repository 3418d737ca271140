// The file of a control socket: made with the right permissions, taken over from an instance that died,
// left alone when one lives, and removed at the end.
#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <sys/stat.h>

struct control_socket {
	int fd; // listens; -1: closed
	const char *path; // borrowed
	dev_t dev; // what is ours of what the path may lead to
	ino_t ino;
};

// `mode`: 0600 or 0660, whatever the umask, which is the process's: call it while no other thread makes
// files. 0 or -errno with err set: who listens there, what is in the way.
int control_socket_open(struct control_socket *s, const char *path, mode_t mode, struct err *err);

// Removes the file, unless another instance put its own there.
void control_socket_close(struct control_socket *s);

// Connects to whoever listens at `path`. Returns a descriptor that gives up sending, receiving and
// connecting after `timeout_s` (0: never), or -errno.
int control_socket_connect(const char *path, unsigned timeout_s);
