/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* dpkg's status, and what else is written as it is (lists of apt): paragraphs of deb-control(5). */
#ifndef DW_DPKG_H
#define DW_DPKG_H

#include "dw_parse.h"
#include "dw_sys.h"

struct dw_dpkg_package {
	const char *name, *version, *architecture; /* NULL: the paragraph does not say */
	bool multi_arch_same;
	bool installed; /* has files: unpacked, half-configured, installed, config-files ... */
	bool removed;   /* of these: what it needs is not needed any more (config-files) */
	bool essential; /* Essential: yes, or Protected: yes (deb-control(5)) */
	bool required;  /* Priority: required */
	unsigned line;
	/* lists as written, in the text that was parsed; empty: the paragraph has none */
	struct dw_dpkg_list {
		const char *s;
		size_t n;
	} depends, pre_depends, recommends, suggests, provides;
};

struct dw_dpkg_status {
	DW_VEC(struct dw_dpkg_package) packages;
};

/* Takes any bytes. bad (may be NULL) is called with the line of what cannot be understood. */
void dw_dpkg_parse_status(struct dw_arena *a, const struct dw_bytes *text,
			  struct dw_dpkg_status *ret,
			  void (*bad)(void *arg, unsigned line, const char *why), void *arg);

/* Cuts the next part, up to the separator, off the list; false: there is none. */
bool dw_dpkg_next_part(struct dw_dpkg_list *list, char separator, struct dw_dpkg_list *ret);
/* "  name:any (>= 1.2) [amd64]" -> "name" */
struct dw_dpkg_list dw_dpkg_name_of(struct dw_dpkg_list part);
bool dw_dpkg_same_name(const struct dw_dpkg_list *a, const struct dw_dpkg_list *b);
/* Installed, and what it needs is needed. */
static inline bool dw_dpkg_is_there(const struct dw_dpkg_package *p)
{
	return p->installed && !p->removed;
}
/* By its own name or by what it provides. */
bool dw_dpkg_answers(const struct dw_dpkg_package *p, const struct dw_dpkg_list *name);
/* The text of dpkg's status, in the arena. -ENOTSUP: no dpkg here. */
int dw_dpkg_read_status(struct dw_sys *s, struct dw_arena *a, struct dw_bytes *ret,
			struct dw_error *e);

#endif
