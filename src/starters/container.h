/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Containers: told by cgroup, named by their runtime's files. Private to src/starters. */
#ifndef DW_STARTER_CONTAINER_H
#define DW_STARTER_CONTAINER_H

#include "dw_starters.h"

/* What a cgroup path says. */
struct dw_container_ref {
	const char *runtime; /* "docker", "podman", "containerd", "cri-o", "lxc", "nspawn" */
	char key[128];       /* id or name, unescaped */
	bool supervisor; /* the runtime's own process beside the container (conmon, lxc monitor) */
};
/* The innermost container of the path; false: none, or a path that is not below our own root ("/../"). */
bool dw_container_parse_cgroup(const char *cgroup, struct dw_container_ref *ret);

struct dw_container_port {
	enum dw_protocol protocol;
	uint32_t inside, outside;
	const char *address; /* NULL: any */
};

struct dw_container {
	const char *runtime, *key; /* key: as in dw_container_ref */
	const char *name;          /* the key's first 12 digits when there is no better one */
	const char *source;        /* file of the runtime; NULL: none was found */
	const char *also;
	enum dw_tristate enabled, restarts;
	struct dw_strings addresses; /* its own, numeric */
	DW_VEC(struct dw_container_port) ports;
};

struct dw_containers {
	DW_VEC(struct dw_container *) known;
	bool all_docker, all_podman; /* their directories have been read */
	struct dw_container_ref
		own; /* of PID 1: a container that holds ourselves is no container to us */
};

struct dw_containers *dw_containers_of(struct dw_starters *s);
/* By runtime and key; uid: of a rootless container's user. Reads the runtime's files once. Never NULL. */
const struct dw_container *dw_container_find(struct dw_starters *s, const char *runtime,
					     const char *key, uint32_t uid);
/* Every container that docker's and podman's files (of root) tell of. */
void dw_containers_read_all(struct dw_starters *s);

/*
 * podman before 5.1 cannot change a restart policy: this drop-in keeps podman-restart.service from starting one
 * container. Its name ends with the first 12 digits of the id and ".conf"; the variable's name with the whole id.
 */
#define DW_PODMAN_RESTARTER "podman-restart.service"
#define DW_PODMAN_SKIP_FILE "doorward-container-"
#define DW_PODMAN_SKIP_NAME "DOORWARD_SKIP_"

/* container_files.c: fill in what the runtime's files say; nothing when they are not there. */
void dw_container_read_docker(struct dw_starters *s, struct dw_container *c, uint32_t uid);
void dw_container_read_podman(struct dw_starters *s, struct dw_container *c, uint32_t uid);
void dw_container_read_containerd(struct dw_starters *s, struct dw_container *c);
void dw_container_read_lxc(struct dw_starters *s, struct dw_container *c);
void dw_container_read_nspawn(struct dw_starters *s, struct dw_container *c);
/* Ids of docker's (podman's) containers of root. */
void dw_container_list_docker(struct dw_starters *s, struct dw_strings *ret);
void dw_container_list_podman(struct dw_starters *s, struct dw_strings *ret);
/* "80/tcp": false when it is none. */
bool dw_container_parse_port(const char *text, uint32_t *ret_port, enum dw_protocol *ret_protocol);

#endif
