/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Telling sshd that its settings changed. The old settings stay in force until the new ones were tested; then its
 * listener executes itself anew (SIGHUP, which is what every service manager's reload sends), and sessions go on. A
 * listener that comes back broken, or on other ports, shows in connections made before and after; so does an account
 * that gets in no more, by what sshd answers to it. Where systemd starts it for each connection, the file that changes
 * is in force at once: who gets in is asked before anything is done (dw_switch_ready).
 */
#include <errno.h>
#include <signal.h>

#include "dw_end.h"
#include "dw_spawn.h"
#include "dw_str.h"
#include "dw_talk.h"
#include "dw_wait.h"
#include "initscript.h"
#include "ssh-logins.h"
#include "switch.h"

#define TEST_MS    20000
#define PROOF_MS   5000
#define RETURN_MS  10000 /* for the listener to be back */
#define SILENT_MS  60000 /* at most, where each try lasts because nobody answers */
#define EVERY_MS   100
#define LOST_MS    1000 /* between two looks at who is shut out */
#define LOST_TRIES 3
#define PLACES     16
#define EMPTY      "/run/sshd" /* where it shuts its children in; made by its unit, or by its script */

struct places {
	const char *v[PLACES];
	enum ssh_stage before[PLACES];
	bool by_files[PLACES]; /* it listens there because its settings say so */
	size_t n;
};

/* connection: that of -C; NULL: none. */
static int run(struct dw_switch *s, const char *program, const char *option, const char *connection,
	       struct dw_bytes *ret, struct dw_error *e)
{
	const char *const argv[] = { program, option, connection ? "-C" : NULL, connection, NULL };
	const struct dw_spawn what = { .argv = argv,
				       .timeout_ms = TEST_MS,
				       .output_max = (size_t)256 * 1024 };
	int status = 0, r = dw_spawn_run(s->sys, &what, s->arena, ret, &status, e);

	if (r < 0 || status == 0)
		return r;
	return dw_error_set(
		e, -EINVAL, "sshd would not start with these settings: %.300s",
		ret->n ? dw_escape_terminal(s->arena, dw_trim(ret->data), strlen(ret->data))
		       : "it does not say why");
}

static void add_place(struct places *p, const char *place)
{
	for (size_t i = 0; i < p->n; i++)
		if (dw_streq(p->v[i], place))
			return;
	if (p->n < PLACES)
		p->v[p->n++] = place;
}

/* "listenaddress 0.0.0.0:22": sshd(8), -T. */
static void add_own(struct dw_switch *s, const struct dw_bytes *text, struct places *p)
{
	struct dw_lines it = dw_lines_of(text);
	char *line;

	while ((line = dw_lines_next_trimmed(&it, s->arena)) != NULL) {
		const char *key = dw_word_next(&line), *value = dw_word_next(&line);

		if (key && value && dw_streq(key, "listenaddress"))
			add_place(p, value);
	}
}

/* Where it is to answer: a file of its own says where it writes its number. */
static const char *pid_file(struct dw_switch *s, const struct dw_bytes *text)
{
	struct dw_lines it = dw_lines_of(text);
	char *line;

	while ((line = dw_lines_next_trimmed(&it, s->arena)) != NULL) {
		const char *key = dw_word_next(&line), *value = dw_word_next(&line);

		if (key && value && dw_streq(key, "pidfile") && *value == '/')
			return value;
	}
	return "/run/sshd.pid";
}

/* The listener: 1, and its identity; 0: none runs, so that nothing has to read anything again. */
static int listener(struct dw_switch *s, const char *file, int *ret_pid, uint64_t *ret_started)
{
	struct dw_procs *procs = dw_procs_new(s->sys, s->arena);
	struct dw_bytes text = { 0 };
	const struct dw_procinfo *p = NULL;
	uint64_t pid = 0;

	if (dw_sys_file_read(s->sys, file, 64, s->arena, &text, NULL) >= 0 &&
	    dw_parse_u64(dw_trim(text.data), 10, INT32_MAX, &pid))
		p = dw_procs_get(procs, (int)pid);
	if (p && p->exe && dw_streq(dw_basename(p->exe), "sshd")) {
		*ret_pid = p->pid;
		*ret_started = p->started_ticks;
	} else {
		p = NULL;
	}
	dw_procs_close(procs);
	return p != NULL;
}

static const char *worse(struct dw_switch *s, const struct places *p)
{
	for (size_t i = 0; i < p->n; i++)
		if (p->before[i] && ssh_proof(s->sys, p->v[i], PROOF_MS, NULL) < p->before[i])
			return p->v[i];
	return NULL;
}

/* Where who logs in is asked: the first place that is well. */
static const char *counter(const struct places *p)
{
	for (size_t i = 0; i < p->n; i++)
		if (p->before[i] == SSH_PROVEN)
			return p->v[i];
	return NULL;
}

/* Once new connections are well. What fails once may have met a host that was busy. */
static int prove_logins(struct dw_switch *s, const struct ssh_logins *logins, const char *place,
			struct dw_error *e)
{
	const char *lost = NULL;

	for (unsigned i = 0; i < LOST_TRIES; i++) {
		if (i > 0)
			dw_sys_pause(s->sys, LOST_MS);
		lost = ssh_logins_lost(s, logins, place);
		if (!lost)
			return 0;
	}
	return dw_error_set(e, -EIO,
			    "sshd read its settings, and %s does not get in any more: asked at %s, "
			    "it offers no way that %s has",
			    lost, place, lost);
}

static int prove(struct dw_switch *s, const struct places *p, const struct ssh_logins *logins,
		 struct dw_error *e)
{
	const char *bad = NULL, *place = counter(p);
	uint64_t end = dw_talk_now() + SILENT_MS;

	for (unsigned ms = 0; ms < RETURN_MS && (!bad || dw_talk_now() < end); ms += EVERY_MS) {
		dw_sys_pause(s->sys, EVERY_MS);
		bad = worse(s, p);
		if (!bad)
			return place && logins->asked ? prove_logins(s, logins, place, e) : 0;
	}
	return dw_error_set(
		e, -EIO,
		"sshd read its settings, and a new connection to %s is not let in any more", bad);
}

/*
 * SIGHUP is answered when sshd comes to it, and until then the old settings let people in, which proves nothing: it
 * writes its number anew once it listens again. A file that cannot be looked at is not waited for. One whose socket is
 * systemd's cannot take it up again and ends: the next connection, which is ours, starts another.
 */
static int read_again(struct dw_switch *s, const char *file, int pid, uint64_t started,
		      struct dw_error *e)
{
	struct stat before, now;
	bool seen = dw_sys_file_stat(s->sys, file, true, &before, NULL) == 0;
	int r = dw_sys_process_signal(s->sys, pid, started, SIGHUP, e);

	for (unsigned ms = 0; r == 0 && seen && ms < RETURN_MS; ms += EVERY_MS) {
		dw_sys_pause(s->sys, EVERY_MS);
		if (dw_sys_process_signal(s->sys, pid, started, 0, NULL) < 0)
			return 0;
		if (dw_sys_file_stat(s->sys, file, true, &now, NULL) == 0 &&
		    (now.st_ino != before.st_ino || now.st_mtim.tv_sec != before.st_mtim.tv_sec ||
		     now.st_mtim.tv_nsec != before.st_mtim.tv_nsec))
			return 0;
	}
	return r < 0 || !seen ? r
			      : dw_error_set(e, -ETIMEDOUT,
					     "sshd was told to read its settings, and did not");
}

static bool ask_places(struct dw_switch *s, struct places *p, struct dw_error *why)
{
	bool any = false;

	for (size_t i = 0; i < p->n; i++) {
		p->before[i] = ssh_proof(s->sys, p->v[i], PROOF_MS, why);
		any |= p->before[i] != SSH_NOTHING;
	}
	return any;
}

static int reload(struct dw_switch *s, struct places *p, struct ssh_logins *logins,
		  const struct dw_bytes *settings, struct dw_error *e)
{
	struct dw_error why = { 0 };
	uint64_t started = 0;
	bool any = ask_places(s, p, &why);
	int pid = 0, r;

	if (listener(s, pid_file(s, settings), &pid, &started)) {
		if (!any)
			return dw_error_set(
				e, -EIO,
				"sshd runs, and no connection to it could be made before it read "
				"its settings: what came of it could not be seen%s%s",
				why.code ? "; " : "", why.message);
		/* still by its old settings; an undo has nobody who asked earlier */
		if (!logins->asked && counter(p))
			ssh_logins_ask(s, logins, counter(p));
		r = read_again(s, pid_file(s, settings), pid, started, e);
		if (r < 0)
			return r;
	}
	return prove(s, p, logins, e);
}

static void read_words(struct dw_switch *s, const char *given, struct places *p,
		       struct ssh_logins *logins)
{
	char *rest = dw_arena_strdup(s->arena, given ? given : ""), *word;

	logins->given = given ? given : "";
	while ((word = dw_word_next(&rest)) != NULL) {
		bool by_files = dw_starts_with(word, "at=");

		word += by_files ? strlen("at=") : 0;
		if (ssh_logins_add(s, logins, word))
			continue;
		add_place(p, word);
		for (size_t i = 0; i < p->n; i++)
			p->by_files[i] |= by_files && dw_streq(p->v[i], word);
	}
}

/* What starts with a connection has no such directory between two of them, and without it refuses to test. */
static const char *able(struct dw_switch *s)
{
	if (!dw_sys_file_exists(s->sys, EMPTY))
		(void)dw_sys_dir_make(s->sys, EMPTY, 0755, NULL);
	return dw_program_in_path(s->sys, s->arena, "sshd");
}

/* A word of its title, which has what it was started with, begins so; true as well where nobody can say. */
static bool begins_word(struct dw_switch *s, int pid, const char *with)
{
	struct dw_bytes text = { 0 };

	if (dw_sys_file_read(s->sys, dw_arena_printf(s->arena, "/proc/%d/cmdline", pid),
			     (size_t)128 * 1024, s->arena, &text, NULL) < 0)
		return true;
	for (size_t i = 0; i < text.n; i++)
		if ((i == 0 || !text.data[i - 1] || text.data[i - 1] == ' ') &&
		    dw_starts_with(text.data + i, with))
			return true;
	return false;
}

/* It listens where its files say: no option of sshd(8) says otherwise. */
static bool is_by_files(struct dw_switch *s, int pid)
{
	static const char *const options[] = { "-p", "-o", "-f" };

	for (size_t i = 0; i < DW_ARRAY_SIZE(options); i++)
		if (begins_word(s, pid, options[i]))
			return false;
	return true;
}

static bool is_among(const struct places *p, const char *place)
{
	for (size_t i = 0; i < p->n; i++)
		if (dw_streq(p->v[i], place))
			return true;
	return false;
}

static const char *port_of(const char *place)
{
	const char *colon = place ? strrchr(place, ':') : NULL;

	return colon ? colon : "";
}

/* By any address, for a host may be without IPv6, of which sshd -T knows nothing. */
static bool answers_at_port_of(const struct places *p, const char *place)
{
	for (size_t i = 0; i < p->n; i++)
		if (p->before[i] != SSH_NOTHING && dw_streq(port_of(p->v[i]), port_of(place)))
			return true;
	return false;
}

/*
 * Settings that somebody changed and the sshd that runs has not read yet: with ours it reads those, and to put ours
 * back brings back nothing that they take away. So nothing is begun.
 */
static int would_move(struct dw_switch *s, const struct places *told, const struct places *own,
		      const struct dw_bytes *settings, struct dw_error *e)
{
	uint64_t started;
	int pid;

	if (!listener(s, pid_file(s, settings), &pid, &started) || !is_by_files(s, pid))
		return 0;
	for (size_t i = 0; i < told->n; i++)
		if (told->by_files[i] && told->before[i] == SSH_PROVEN &&
		    !is_among(own, told->v[i]))
			return dw_error_set(e, -EIO,
					    "sshd listens at %s, and would not by settings that it "
					    "has not read yet: reload it yourself first, or take "
					    "them back; nothing was done",
					    told->v[i]);
	/* one that was given its socket would make one there of its own, and leave that */
	for (size_t i = 0; i < own->n; i++)
		if (!answers_at_port_of(told, own->v[i]) && !answers_at_port_of(own, own->v[i]))
			return dw_error_set(e, -EIO,
					    "sshd would listen at %s by settings that it has not "
					    "read yet, and does not now: reload it yourself first, "
					    "or take them back; nothing was done",
					    own->v[i]);
	return 0;
}

static int would_lose(struct dw_switch *s, const char *program, const struct ssh_logins *logins,
		      struct dw_error *e)
{
	for (size_t i = 0; i < logins->v.n; i++) {
		const struct ssh_login *l = &logins->v.v[i];
		const char *who =
			dw_arena_printf(s->arena, "user=%s,host=127.0.0.1,addr=127.0.0.1", l->user);
		struct dw_bytes settings = { 0 };

		if (strpbrk(l->user, ",= ") || run(s, program, "-T", who, &settings, NULL) < 0)
			continue;
		if (ssh_logins_would_lose(s, l, &settings))
			return dw_error_set(e, -EIO,
					    "%s gets in now, and would not by settings that sshd "
					    "has not read yet: reload it yourself first, or take "
					    "them back; nothing was done",
					    l->user);
	}
	return 0;
}

int dw_switch_sshd_ready(struct dw_switch *s, const char *given, struct dw_error *e)
{
	struct ssh_logins *logins = dw_new(s->arena, struct ssh_logins);
	const char *program = able(s), *place;
	struct places told = { 0 }, own = { 0 };
	struct dw_bytes settings = { 0 };
	bool stated;
	int r = 0;

	read_words(s, given, &told, logins);
	stated = program && run(s, program, "-T", NULL, &settings, NULL) == 0;
	if (stated)
		add_own(s, &settings, &own);
	(void)ask_places(s, &told, NULL);
	(void)ask_places(s, &own, NULL);
	place = counter(&told) ? counter(&told) : counter(&own);
	if (place)
		ssh_logins_ask(s, logins, place);
	s->sshd_before = logins;
	if (stated)
		r = would_move(s, &told, &own, &settings, e);
	if (stated && r == 0)
		r = would_lose(s, program, logins, e);
	return r < 0 ? r : ssh_logins_must(logins, place ? place : "no place", e);
}

int dw_switch_sshd(struct dw_switch *s, const char *given, struct dw_error *e)
{
	const char *program = able(s);
	struct dw_bytes said = { 0 }, settings = { 0 };
	struct ssh_logins logins = { 0 };
	struct places p = { 0 };
	int r;

	if (!program)
		return dw_error_set(e, -ENOENT,
				    "there is no sshd here that could test its settings");
	r = run(s, program, "-t", NULL, &said, e);
	if (r == 0)
		r = run(s, program, "-T", NULL, &settings, e);
	if (r < 0)
		return r;
	read_words(s, given, &p, &logins);
	add_own(s, &settings, &p);
	if (s->sshd_before && dw_streq(s->sshd_before->given, logins.given))
		logins = *s->sshd_before;
	return reload(s, &p, &logins, &settings, e);
}
