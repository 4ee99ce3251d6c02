/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Network namespaces of the test's own: the test lives in "world", a host with two interfaces beside it, and a
 * container behind the host. Each address of the host serves each port of lab_ports by TCP and UDP; the container
 * serves 80 and 443.
 *
 *   world p0  10.9.0.2 10.9.0.7 198.51.100.2 fd09::2 fd09::7 2001:db8:99::2
 *    host eth0  10.9.0.1 198.51.100.1 fd09::1 2001:db8:99::1
 *   world p1  10.10.0.2 fd10::2
 *    host eth1  10.10.0.1 fd10::1
 *   host  br0 172.17.0.1 -- container 172.17.0.2
 */
#ifndef DW_TEST_LAB_H
#define DW_TEST_LAB_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define LAB_PORTS 6

struct lab {
	pid_t host, container;
};

struct lab_address {
	const char *text;
	const char *interface; /* of the host, by which its packets come or which has it */
};

extern const uint16_t lab_ports[LAB_PORTS];
extern const struct lab_address lab_sources[], lab_targets[]; /* end with NULL */

/* False: not root, or no namespaces or veth here (says so). */
bool lab_open(struct lab *l);
void lab_close(struct lab *l);
/* Exit status of a script of /bin/sh within the namespace of that process; `input` is its standard input. */
int lab_run(pid_t in, const char *script, const char *input);

/* One attempt to get somewhere. */
struct lab_probe {
	const char *from, *to;
	bool udp;
	uint16_t port;
	bool expected;
	bool arrived; /* it was answered */
	int fd;
};
/* All at once; waits as long as one that is expected has not arrived, but no more than some seconds. */
void lab_probe(struct lab_probe *v, unsigned n);
/* From within that namespace, TCP: 0, or the errno value of connect(2). */
int lab_connect(pid_t in, const char *to, uint16_t port);

#endif
