/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What everybody may write, wherever it lies. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "lying.h"

#define EVIDENCE_MAX 500

void host_lying_add_mode(struct host_look *l, struct dw_host_result *r, const char *path,
			 const struct stat *st, unsigned mode, const char *why)
{
	const char *want = dw_arena_printf(l->a, "%04o %u:%u", mode, st->st_uid, st->st_gid);

	*dw_vec_add(l->a, &r->changes) = (struct dw_host_change){
		.phase = DW_PHASE_BOOT,
		.manager = "mode",
		.object = path,
		.want = want,
		.label = path,
		.why = why,
		.source = path,
		.command = dw_arena_printf(l->a, "chmod %04o %s", mode, path),
		.undo_command =
			dw_arena_printf(l->a, "chmod %04o %s", (unsigned)st->st_mode & 07777, path),
		.text = dw_arena_printf(l->a, "the rights of %s become %04o", path, mode),
	};
}

/* --- all that lies about ---------------------------------------------------------------------------------- */

void host_lying_writable(struct host_look *l, struct dw_host_result *r)
{
	const struct host_walk *w = host_walk(l);
	const struct dw_writables *all = &w->list.writable;

	if (w->code < 0) {
		host_unknown(l, r, &w->e);
		return;
	}
	for (size_t i = 0; i < all->n && i < EVIDENCE_MAX; i++)
		host_seen(l, r, all->v[i].path, 0, all->v[i].path,
			  all->v[i].directory
				  ? "a directory of %03o: everybody may exchange what is in it"
				  : "a file of %03o: everybody may write it",
			  all->v[i].mode);
	if (all->n > EVIDENCE_MAX)
		host_say(l, r, DW_HOST_FAILS,
			 "%zu%s files and directories may be changed by everybody, of which %d are "
			 "told.",
			 all->n, all->more ? " or more" : "", EVIDENCE_MAX);
	else if (r->evidence.n || host_walk_was_whole(l, r))
		host_conclude(l, r, "One file or directory may be changed by everybody.",
			      "files and directories may be changed by everybody.",
			      "No file, and no directory without the sticky bit, may be changed by "
			      "everybody.");
}

void host_lying_writable_fix(struct host_look *l, struct dw_host_result *r)
{
	for (size_t i = 0; i < r->evidence.n; i++) {
		const struct dw_host_evidence *e = &r->evidence.v[i];
		struct stat st;

		if (e->accepted || dw_sys_file_stat(l->sys, e->object, false, &st, NULL) < 0)
			continue;
		/* who shares a directory still can; nobody takes away what is another's */
		host_lying_add_mode(l, r, e->object, &st,
				    S_ISDIR(st.st_mode) ? (st.st_mode & 07777) | S_ISVTX
							: st.st_mode & 07777 & ~(mode_t)S_IWOTH,
				    "everybody may change it");
	}
}
