// DPDK's messages: taken off DPDK's hands, line by line. While a device is being opened errors are
// kept as the reason of a failure; later they go to the log as warnings.
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct dpdk_log;

// What EAL is told its program's name is: its own complaints begin with it, our log lines do not.
#define DPDK_LOG_PROGRAM "eal"

// From now on DPDK writes here. `verbose`: messages below warnings are logged too. NULL: no memory.
struct dpdk_log *dpdk_log_new(bool verbose);
void dpdk_log_free(struct dpdk_log *log);

// Begin and end of a time in which errors are kept and not logged. Main thread.
void dpdk_log_keep(struct dpdk_log *log);
void dpdk_log_pass(struct dpdk_log *log);

// The first errors since dpdk_log_keep as one line; empty: none. Main thread.
void dpdk_log_reason(struct dpdk_log *log, char *to, size_t len);

// Hides stdout and stderr, which EAL writes to directly while it starts (its usage, "FATAL" lines),
// until shown again. What was written there is a reason where the log has none. Main thread, nothing
// else running.
void dpdk_log_hide_stdio(struct dpdk_log *log);
void dpdk_log_show_stdio(struct dpdk_log *log);
