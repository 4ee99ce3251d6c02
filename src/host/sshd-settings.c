/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Settings are put right by a file that sshd reads before all others (the first value counts); where sshd_config does
 * not include such files first, by lines at its top. sshd tests them, reads them once, and has to answer as before.
 */
#include "login-ways.h"
#include "settings.h"
#include "sshd-settings.h"

#define LOGINS_MAX                                                                                 \
	8 /* accounts whose way in is proven beside those that lose one: each is a connection or two */

static const char *seen_value(const struct host_sshd *s, const struct sshd_case *c,
			      const struct sshd_setting *t)
{
	const char *v = sshd_value(c, t->key);

	/* a Match block that does not say it leaves it as it is for everybody, which was looked at */
	return v || s->stated || c != &s->cases.v[0] ? v : t->otherwise;
}

static void look_at(struct host_look *l, struct dw_host_result *r, const struct host_sshd *s,
		    size_t i, const struct sshd_setting *t)
{
	const struct sshd_case *c = &s->cases.v[i];
	const char *v = seen_value(s, c, t), *all = seen_value(s, &s->cases.v[0], t);
	const struct sshd_line *line = i ? NULL : sshd_line_of(s, t->key);

	if (!v || !t->is_bad(v) || (i && dw_streq0(v, all)))
		return;
	/* long lists say nothing to a person: what is weak in them does */
	if (t->mend)
		host_seen(l, r, line ? line->file : NULL, line ? line->line : 0, t->name, "%s%s%s",
			  t->text, i ? ", for " : "", i ? c->who : "");
	else
		host_seen(l, r, line ? line->file : NULL, line ? line->line : 0, t->name,
			  "%s%s%s: %s", v, i ? ", for " : "", i ? c->who : "", t->text);
}

/* A setting that nobody says, and of which no default is known. */
static const struct sshd_setting *not_known(const struct host_sshd *s,
					    const struct sshd_setting *settings)
{
	for (const struct sshd_setting *t = settings; t->key && !s->stated; t++)
		if (!seen_value(s, &s->cases.v[0], t))
			return t;
	return NULL;
}

void sshd_look(struct host_look *l, struct dw_host_result *r, const struct sshd_setting *settings,
	       const char *one, const char *many, const char *ok)
{
	const struct host_sshd *s = host_sshd(l);
	const struct sshd_setting *unknown;

	if (!s->installed) {
		host_say(l, r, DW_HOST_NOT_APPLICABLE, "There is no sshd here.");
		return;
	}
	for (size_t i = 0; i < s->cases.n; i++)
		for (const struct sshd_setting *t = settings; t->key; t++)
			look_at(l, r, s, i, t);
	unknown = not_known(s, settings);
	if (r->evidence.n)
		host_conclude(l, r, one, many, ok);
	else if (!s->stated && s->file.partly)
		host_say(l, r, DW_HOST_UNKNOWN, "%s; %s", s->file.why, s->why_not);
	else if (unknown)
		host_say(l, r, DW_HOST_UNKNOWN,
			 "%s is not set, and what sshd takes then only sshd itself tells; %s",
			 unknown->name, s->why_not);
	else
		host_say(l, r, DW_HOST_OK, "%s", ok);
}

/* --- putting right ---------------------------------------------------------------------------------------- */

/* Where to write: our own file, which is there already or not, or the top of the main one. */
static const char *place(const struct host_sshd *s)
{
	return s->file.drop_ins ? SSHD_OWN : SSHD_CONFIG;
}

/* The line of our own that is to be another one; NULL: a new one is put in at the top. */
static const struct sshd_line *own_line(const struct host_sshd *s, const char *path,
					const char *key)
{
	for (size_t i = 0; i < s->file.lines.n; i++) {
		const struct sshd_line *line = &s->file.lines.v[i];

		if (!line->match && dw_streq(line->file, path) && dw_streq(line->key, key))
			return line;
	}
	return NULL;
}

/*
 * Who may get in, and then has to afterwards: " login=NAME:LIST", by a key of that list; " login=NAME", by a password.
 * By which settings the sshd that runs took up its work only itself can tell, so all are named that have one or the
 * other.
 */
static const char *logins(struct host_look *l)
{
	const struct host_accounts *all = host_accounts(l);
	struct dw_str text = { .arena = l->a };
	size_t n = 0;

	if (l->logins || !dw_sys_is_running(l->sys))
		return l->logins ? l->logins : "";
	dw_str_add(&text, "");
	for (size_t i = 0; i < all->users.n && n < LOGINS_MAX; i++) {
		const struct host_user *u = &all->users.v[i];
		const char *list;
		bool password;

		if (!host_is_login_shell(u->shell))
			continue;
		list = host_key_list(l, u);
		/* what --even-my-session takes away is taken away */
		password = !l->even_my_session && host_has_password(all, u);
		if (list)
			dw_str_addf(&text, " login=%s:%s", u->name, list);
		if (password)
			dw_str_addf(&text, " login=%s", u->name);
		n += password || list;
	}
	l->logins = text.s;
	return text.s;
}

/* It listens there by what its files say: no socket was made for it. */
static bool is_by_files(const struct dw_door *d)
{
	static const enum dw_starter_kind kinds[] = { DW_STARTER_SYSTEMD_SERVICE, DW_STARTER_SYSV,
						      DW_STARTER_OPENRC, DW_STARTER_RUNIT };

	for (size_t i = 0; i < DW_ARRAY_SIZE(kinds); i++)
		if (d->starter.kind == kinds[i])
			return true;
	return false;
}

/* Places where it can be reached, from what is open: a port that a socket unit has is in no setting of sshd. */
static const char *told(struct host_look *l, const char *proofs)
{
	struct dw_str text = { .arena = l->a };

	dw_str_add(&text, "sshd");
	for (size_t i = 0; i < l->n_doors && l->have_doors; i++) {
		const struct dw_door *d = l->doors[i].door;

		if (l->doors[i].service && dw_streq(l->doors[i].service->name, "ssh") &&
		    d->kind == DW_KIND_LISTENER && d->at.protocol == DW_PROTOCOL_TCP &&
		    dw_streq0(d->netns, "host"))
			dw_str_addf(&text, " %s%s", is_by_files(d) ? "at=" : "",
				    dw_arena_strndup(l->a, dw_endpoint_text(l->a, &d->at),
						     strcspn(dw_endpoint_text(l->a, &d->at), "/")));
	}
	dw_str_addf(&text, "%s%s", logins(l), proofs ? proofs : "");
	return text.s;
}

static void change(struct host_look *l, struct dw_host_result *r, const struct sshd_setting *t,
		   const char *want, const char *proofs)
{
	const struct host_sshd *s = host_sshd(l);
	const char *path = place(s), *fresh = dw_arena_printf(l->a, "%s %s", t->name, want);
	const struct sshd_line *own = s->file.drop_ins ? own_line(s, path, t->key) : NULL;
	struct dw_edit *edit = dw_new(l->a, struct dw_edit);

	*edit = (struct dw_edit){ .line = own ? own->line : 1,
				  .old = own ? host_line_at(l, path, own->line) : NULL,
				  .fresh = fresh };
	*dw_vec_add(l->a, &r->changes) = (struct dw_host_change){
		.phase = DW_PHASE_BOOT,
		.manager = "file",
		.object = path,
		.edits = edit,
		.n_edits = 1,
		.notify = told(l, proofs),
		.label = "the settings of sshd",
		.why = "sshd takes the first value it reads",
		.text = dw_arena_printf(
			l->a, "%s says %s", path,
			t->mend ? dw_arena_printf(l->a, "%s, without what is weak", t->name)
				: fresh),
	};
}

static bool is_accepted(const struct dw_host_result *r, const char *object)
{
	for (size_t i = 0; i < r->evidence.n; i++)
		if (dw_streq(r->evidence.v[i].object, object) && r->evidence.v[i].accepted)
			return true;
	return false;
}

void sshd_mend(struct host_look *l, struct dw_host_result *r, const struct sshd_setting *settings,
	       const char *proofs)
{
	const struct host_sshd *s = host_sshd(l);

	for (const struct sshd_setting *t = settings; t->key && s->cases.n; t++) {
		const char *v = seen_value(s, &s->cases.v[0], t);
		const char *want = v && t->mend ? t->mend(l->a, v) : t->want;

		if (is_accepted(r, t->name))
			continue;
		for (size_t i = 1; i < s->cases.n; i++) {
			const char *here = seen_value(s, &s->cases.v[i], t);

			if (here && t->is_bad(here) && !dw_streq0(here, v))
				dw_vec_push(l->a, &r->held,
					    dw_arena_printf(l->a,
							    "%s for %s: a Match block says so, and "
							    "whoever wrote it "
							    "has to change it",
							    t->name, s->cases.v[i].who));
		}
		if (v && t->is_bad(v) && want)
			change(l, r, t, want, proofs);
		else if (v && t->is_bad(v))
			dw_vec_push(l->a, &r->held,
				    dw_arena_printf(l->a, "%s %s is yours to change", t->name, v));
	}
}
