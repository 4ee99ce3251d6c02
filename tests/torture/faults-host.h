/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The small host of faults.c: doors of each kind, with a pid 1, an /etc, a /run and programs of its own. */
#ifndef FAULTS_HOST_H
#define FAULTS_HOST_H

#include <stdbool.h>
#include <stdint.h>

/* A door that must be there. */
struct faults_door {
	const char *netns, *kind;    /* as an audit names them */
	unsigned port;               /* 0: none (a packet socket) */
	const char *starter, *id;    /* NULL: not asked */
	bool held;                   /* by a process that is to be found */
};
extern const struct faults_door faults_doors[];
extern const unsigned faults_n_doors;

/* In a namespace for mounts, pids and the network, as its pid 1: makes all of it. Ends the program where it cannot. */
void faults_host_make(void);
/* Is this process one of the host's programs (a copy of this one, called otherwise)? Then it never returns. */
void faults_host_role(char **argv);

#endif
