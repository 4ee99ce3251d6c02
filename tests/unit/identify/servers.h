/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Small servers on loopback, each a process that the test started and ends. */
#ifndef DW_TEST_IDENTIFY_SERVERS_H
#define DW_TEST_IDENTIFY_SERVERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct server {
	uint16_t port;
	pid_t pid;
};

/*
 * Says greeting to whoever connects (NULL: nothing), and reply (NULL: nothing, it hangs up) to whoever says something
 * that begins with `to` (NULL: anything); else it hangs up. UDP: replies only.
 */
struct script {
	bool udp;
	const char *greeting;
	const char *to;
	const void *reply;
	size_t reply_n;
};

struct server server_start(const struct script *s);
/* argv with "PORT" in one of its words exchanged for a free port; pid 0: the program is not there. */
struct server server_run(const char *const *argv, const char *directory);
void server_stop(const struct server *s);

#endif
