/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the tests of this area share: fresh namespaces, tools, and facts as lines of text. */
#ifndef SUPPORT_H
#define SUPPORT_H

#include <stdbool.h>

#include "dw_collect.h"

/* A collect object over `sys`, with one namespace: the one we are in. Free with world_free. */
struct world {
	struct dw_sys *sys;
	struct dw_arena *arena;
	struct dw_collect c;
};
struct world world_live(void);
struct world world_fake(const char *fixture);
void world_free(struct world *w);

/* Moves this process into a network namespace of its own; false: not allowed here. The loopback is up. */
bool fresh_netns(void);
/* Is the tool there (one of the usual directories)? Then its path, else NULL. */
const char *tool_path(const char *name);
/* Runs a tool with the text on its standard input; its exit status. */
int tool_run(const char *path, const char *const *argv, const char *input);

/* facts->redirects, one a line, sorted: "tcp ipv4 0.0.0.0 8080 - > 172.17.0.2:80" and, with rules, " | RULE". */
const char *redirect_lines(struct world *w, bool rules);
/* facts->incomplete, one a line. */
const char *incomplete_lines(struct world *w);

#endif
