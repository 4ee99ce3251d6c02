/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Kept up to date: does the host fetch and install security updates by itself? */
#include "updates.h"

#define PERIODIC_FILE "/etc/apt/apt.conf.d/20auto-upgrades"

/* apt.systemd.daily(8): a number of days, 0 never, or with a unit, or "always". */
static bool is_on(const struct host_setting *s)
{
	uint64_t n;
	size_t digits;

	if (!s)
		return false;
	if (strcasecmp(s->value, "always") == 0)
		return true;
	digits = strspn(s->value, "0123456789");
	return digits > 0 && dw_parse_u64n(s->value, digits, 10, UINT64_MAX, &n) && n > 0;
}

static void judge_setting(struct host_look *l, struct dw_host_result *r,
			  const struct host_settings *all, const char *key)
{
	const struct host_setting *s = host_apt_of(all, key);

	if (!is_on(s))
		host_seen(l, r, s ? s->file : "/etc/apt/apt.conf.d", s ? s->line : 0, key,
			  s ? "it is \"%s\"" : "it is not set, and so off", s ? s->value : "");
}

/* A list of which nothing stands: nothing would be installed. */
static bool has_origins(const struct host_settings *all)
{
	return host_apt_of(all, "Unattended-Upgrade::Origins-Pattern::") ||
	       host_apt_of(all, "Unattended-Upgrade::Allowed-Origins::");
}

/* systemd starts it by timers, and all else by cron; apt's own script asks which of them runs. */
static void judge_starts(struct host_asking *q, struct dw_host_result *r)
{
	static const char *const timers[] = { "apt-daily.timer", "apt-daily-upgrade.timer" };
	bool systemd = host_ask_file(q, "/usr/lib/systemd/systemd") ||
		       host_ask_file(q, "/lib/systemd/systemd");

	if (!systemd && !host_ask_cron(q, "apt-compat") && !q->e.code)
		host_seen(q->l, r, NULL, 0, "apt-compat", "cron does not start it");
	for (size_t i = 0; systemd && i < DW_ARRAY_SIZE(timers); i++) {
		bool enabled = host_ask_enabled(q, timers[i]);

		if (!enabled && !q->e.code)
			host_seen(q->l, r, NULL, 0, timers[i], "the timer is %s",
				  host_ask_masked(q, timers[i]) ? "masked" : "not enabled");
	}
}

static void judge_apt(struct host_asking *q, struct dw_host_result *r)
{
	struct host_settings all = { 0 };
	const struct host_setting *enable;
	bool there = host_ask_file(q, "/usr/bin/unattended-upgrade");

	(void)host_apt_read(q, &all);
	if (host_asked_in_vain(q, r))
		return;
	enable = host_apt_of(&all, "APT::Periodic::Enable");
	if (!there)
		host_seen(q->l, r, NULL, 0, "unattended-upgrades", "it is not installed");
	if (enable && dw_streq(enable->value, "0"))
		host_seen(q->l, r, enable->file, enable->line, enable->key, "it is \"0\"");
	judge_setting(q->l, r, &all, "APT::Periodic::Update-Package-Lists");
	judge_setting(q->l, r, &all, "APT::Periodic::Unattended-Upgrade");
	if (there && !has_origins(&all))
		host_seen(
			q->l, r, "/etc/apt/apt.conf.d/50unattended-upgrades", 0,
			"Unattended-Upgrade",
			"neither Origins-Pattern nor Allowed-Origins names what may be installed");
	judge_starts(q, r);
	if (q->e.code)
		r->evidence.n = 0;
	if (!host_asked_in_vain(q, r))
		host_conclude(q->l, r, "Security updates do not install themselves.",
			      "reasons why security updates do not install themselves.",
			      "unattended-upgrades installs security updates.");
}

/* dnf5 and dnf 4 have the same file; the last of the timers installs whatever the file says. */
static void judge_dnf(struct host_asking *q, struct dw_host_result *r)
{
	static const char *const timers[] = { "dnf5-automatic.timer", "dnf-automatic.timer", NULL };
	static const char *const installs[] = { "dnf-automatic-install.timer", NULL };
	struct host_settings all = { 0 };
	const struct host_setting *s = NULL;
	struct dw_bytes text = { 0 };
	const char *timer = host_ask_enabled_of(q, timers),
		   *install = host_ask_enabled_of(q, installs);

	if (timer && host_ask_text(q, "/etc/dnf/automatic.conf", &text)) {
		host_ini_parse(q->l->a, &text, "/etc/dnf/automatic.conf", &all);
		s = host_setting_of(&all, "commands", "apply_updates");
	}
	if (host_asked_in_vain(q, r))
		return;
	if (!timer && !install)
		host_seen(q->l, r, NULL, 0, "dnf-automatic", "its timer is not enabled");
	else if (!install && !(s && (dw_streq(s->value, "yes") || dw_streq(s->value, "true") ||
				     dw_streq(s->value, "1"))))
		host_seen(q->l, r, "/etc/dnf/automatic.conf", s ? s->line : 0, "apply_updates",
			  "it is \"%s\": updates are fetched, and not installed",
			  s ? s->value : "no");
	host_conclude(q->l, r, "Security updates do not install themselves.", "",
		      "dnf-automatic installs updates.");
}

void host_updates_automatic(struct host_look *l, struct dw_host_result *r)
{
	static const char *const dnf[] = { "/usr/bin/dnf", "/usr/bin/dnf5", NULL };
	struct host_asking q = { .l = l };

	if (host_ask_file(&q, "/usr/bin/apt-get"))
		judge_apt(&q, r);
	else if (host_ask_files(&q, dnf))
		judge_dnf(&q, r);
	else if (!host_asked_in_vain(&q, r))
		host_say(l, r, DW_HOST_UNKNOWN,
			 "neither apt nor dnf is here, and no other is known");
}

/* --- fix ------------------------------------------------------------------------------------------------ */

/* Line by number, without its newline; NULL: there is none. Number 0: only counts. */
static const char *line_of(struct host_look *l, const struct dw_bytes *text, unsigned number,
			   unsigned *ret_lines)
{
	struct dw_lines it = dw_lines_of(text);
	const char *line, *found = NULL;
	size_t n;

	while (dw_lines_next(&it, &line, &n))
		if (it.number == number)
			found = dw_arena_strndup(l->a, line, n);
	*ret_lines = it.number;
	return found;
}

/* A line that is this statement and no other can be exchanged without its neighbours. */
static bool has_line_to_itself(const char *line, const char *key)
{
	size_t n = strlen(key);
	const char *end;

	if (strncasecmp(line, key, n) != 0 || (line[n] != ' ' && line[n] != '\t'))
		return false;
	end = strchr(line, ';');
	return end && !end[1 + strspn(end + 1, " \t\r")];
}

/* The line that says so now is changed; what is not said is added to the file that debconf writes. */
static void set(struct host_look *l, struct dw_host_result *r, const struct dw_host_evidence *e)
{
	const char *file = e->line ? e->file : PERIODIC_FILE, *old;
	struct dw_edit *edit = dw_new(l->a, struct dw_edit);
	struct dw_bytes text = { 0 };
	unsigned lines = 0;

	/* a file of ours would be nobody's to read but root's, and then apt complains to all others */
	if (dw_sys_file_read(l->sys, file, DW_FILE_MAX, l->a, &text, NULL) < 0) {
		dw_vec_push(l->a, &r->held,
			    dw_arena_printf(
				    l->a, "%s is set by dpkg-reconfigure -plow unattended-upgrades",
				    e->object));
		return;
	}
	old = line_of(l, &text, e->line, &lines);
	if (e->line && (!old || !has_line_to_itself(old, e->object))) {
		dw_vec_push(l->a, &r->held,
			    dw_arena_printf(l->a, "%s:%u is not the setting %s alone", file,
					    e->line, e->object));
		return;
	}
	*edit = (struct dw_edit){ .line = e->line ? e->line : lines + 1,
				  .old = old,
				  .fresh = dw_arena_printf(l->a, "%s \"1\";", e->object) };
	*dw_vec_add(l->a, &r->changes) = (struct dw_host_change){
		.phase = DW_PHASE_BOOT,
		.manager = "file",
		.object = file,
		.edits = edit,
		.n_edits = 1,
		.label = file,
		.why = "security updates are to install themselves",
		.source = e->line ? dw_arena_printf(l->a, "%s:%u", file, e->line) : file,
		.text = dw_arena_printf(l->a, "%s says %s", file, edit->fresh),
	};
}

void host_updates_automatic_fix(struct host_look *l, struct dw_host_result *r)
{
	for (size_t i = 0; i < r->evidence.n; i++) {
		const struct dw_host_evidence *e = &r->evidence.v[i];

		if (e->accepted)
			continue;
		if (dw_starts_with(e->object, "APT::Periodic::"))
			set(l, r, e);
		else if (dw_ends_with(e->object, ".timer"))
			dw_vec_push(l->a, &r->held,
				    dw_arena_printf(l->a, "systemctl enable --now %s starts it",
						    e->object));
		else
			dw_vec_push(l->a, &r->held,
				    dw_arena_printf(l->a,
						    "%s: %s; packages are for a person to install",
						    e->object, e->text));
	}
}
