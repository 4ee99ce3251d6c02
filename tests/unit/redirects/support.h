/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the tests of this area share: fresh namespaces, tools, and facts as lines of text. */
#ifndef SUPPORT_H
#define SUPPORT_H

#include <stdbool.h>
#include <string.h>

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

/* A fixture of a fake host, made below /tmp; remove it with fixture_remove. */
const char *fixture_new(struct dw_arena *a);
void fixture_remove(const char *fixture);
/* Writes a file of it, directories included. */
void fixture_write(const char *fixture, const char *relative, const void *data, size_t n);
static inline void fixture_text(const char *fixture, const char *relative, const char *text)
{
	fixture_write(fixture, relative, text, strlen(text));
}
/* Records the answer (whole messages) to a netlink request of namespace `inode`. */
void fixture_netlink(const char *fixture, uint32_t inode, int protocol,
		     const struct nlmsghdr *request, const void *answer, size_t n);

/*
 * Moves this process into a network namespace of its own; false: not allowed here, where we are not
 * root. The loopback is up.
 */
bool fresh_netns(void);
/* Is the tool there (one of the usual directories)? Then its path, else NULL. */
const char *tool_path(const char *name);
/* Runs a tool with the text on its standard input; its exit status. */
int tool_run(const char *path, const char *const *argv, const char *input);

/*
 * facts->redirects, one a line, sorted: "tcp ipv4 0.0.0.0 8080 - > 172.17.0.2:80" and, with rules,
 * " | RULE".
 */
const char *redirect_lines(struct world *w, bool rules);
/* facts->incomplete, one a line. */
const char *incomplete_lines(struct world *w);

#endif
