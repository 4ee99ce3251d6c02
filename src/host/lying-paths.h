/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What others than root may write of what services run, and of their settings. Private to src/host. */
#ifndef DW_HOST_LYING_PATHS_H
#define DW_HOST_LYING_PATHS_H

#include "lying.h"

/* What a path is for the service. */
enum path_use {
	PATH_RUNS,     /* it, or what is behind it, is run */
	PATH_SETTINGS, /* settings are in it */
	PATH_NAMED,    /* a program that settings name */
};

/* The service of one door. */
struct path_service {
	const char *name;
	const uint32_t *uids; /* of its processes */
	size_t n_uids;
	bool root; /* one of them is root's, or whoever starts it is all that is known */
};

struct host_paths {
	struct host_asking q;
	struct dw_host_result *r;
	struct path_service s; /* the one that is looked at */
	struct dw_strings seen;
	size_t services, files;
	bool cut; /* there are more settings than are looked at */
};

/* The path, what links on the way lead to, and each directory above. */
void host_paths_look(struct host_paths *p, const char *path, enum path_use use);
/* False: it was looked at before, for such a service. */
bool host_paths_is_new(struct host_paths *p, const char *path, char what);
void host_paths_judge(struct host_paths *p, const char *path, const struct stat *st, enum path_use use,
		      bool on_the_way);
/* The settings of the door's service, and what they name. */
void host_paths_settings(struct host_paths *p, const struct dw_door *d, const char *service);

/* The absolute paths that a text names, as services write settings. `include`: on a line that takes others in. */
void host_paths_in_text(struct dw_arena *a, const struct dw_bytes *text,
			void (*named)(void *data, const char *path, bool include), void *data);

#endif
