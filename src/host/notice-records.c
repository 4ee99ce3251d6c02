/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Means to notice: what the host did at three o'clock, and who did what. */
#include <errno.h>
#include <linux/audit.h>
#include <linux/netlink.h>

#include "dw_netlink.h"
#include "notice.h"

#define HOUR ((uint64_t)3600)
/* sysstat writes every ten minutes. */
#define FRESH (2 * HOUR)

/* --- statistics ----------------------------------------------------------------------------------------- */

/* They keep the same figures, each its own way. */
static const char *const collectors[] = {
	"atop.service",          "pmlogger.service", "collectd.service",
	"munin-node.service",    "netdata.service",  "prometheus-node-exporter.service",
	"node_exporter.service", "telegraf.service", "zabbix-agent.service",
	"zabbix-agent2.service", "monit.service",    NULL
};

/* When sar's files were written last; 0: there is none. */
static uint64_t last_kept(struct host_asking *q, const char **ret_file)
{
	static const char *const dirs[] = { "/var/log/sysstat", "/var/log/sa" };
	uint64_t last = 0;

	for (size_t i = 0; i < DW_ARRAY_SIZE(dirs); i++) {
		struct dw_strings names;

		host_ask_list(q, dirs[i], &names);
		for (size_t k = 0; k < names.n; k++) {
			const char *path = dw_arena_printf(q->l->a, "%s/%s", dirs[i], names.v[k]);
			struct stat st;

			if (!dw_starts_with(names.v[k], "sa") ||
			    dw_starts_with(names.v[k], "sar") ||
			    !host_ask_stat(q, path, true, &st) || (uint64_t)st.st_mtime <= last)
				continue;
			last = (uint64_t)st.st_mtime;
			*ret_file = path;
		}
	}
	return last;
}

/*
 * systemd has a timer for it; else cron, which asks /etc/default/sysstat (Debian) first. What is said there is no more
 * asked where the timer is.
 */
static bool is_started(struct host_asking *q, const struct host_setting **ret_said)
{
	static const char *const timers[] = { "sysstat-collect.timer", NULL };
	struct host_settings all = { 0 };
	const char *job;

	if (host_ask_enabled_of(q, timers))
		return true;
	job = host_ask_cron(q, "debian-sa1");
	if (!job)
		return host_ask_cron(q, "sa1") != NULL;
	(void)host_shell_read(q, "/etc/default/sysstat", &all);
	*ret_said = host_setting_of(&all, NULL, "ENABLED");
	return *ret_said && dw_streq((*ret_said)->value, "true");
}

static void judge_sysstat(struct host_asking *q, struct dw_host_result *r)
{
	const struct host_setting *said = NULL;
	const char *file = NULL;
	bool started = is_started(q, &said);
	uint64_t last = last_kept(q, &file), now = dw_sys_now(q->l->sys),
		 boot = dw_sys_boot_time(q->l->sys);

	if (host_asked_in_vain(q, r))
		return;
	if (!started && said)
		host_seen(q->l, r, said->file, said->line, "sysstat", "ENABLED is \"%s\"",
			  said->value);
	else if (!started)
		host_seen(q->l, r, NULL, 0, "sysstat",
			  "neither its timer nor a job of cron is enabled");
	else if (dw_sys_is_running(q->l->sys) && now > boot + FRESH && now > last + FRESH)
		host_seen(q->l, r, file, 0, "sysstat",
			  last ? "nothing was written for %llu hours" : "it never wrote anything",
			  (unsigned long long)((now - last) / HOUR));
	host_conclude(q->l, r, "No statistics of the system are kept.", "",
		      "sysstat keeps statistics of the system.");
}

void host_statistics_kept(struct host_look *l, struct dw_host_result *r)
{
	static const char *const sysstat[] = { "/usr/lib/sysstat/sadc", "/usr/lib64/sa/sadc",
					       "/usr/lib/sa/sadc", NULL };
	struct host_asking q = { .l = l };
	const char *other = host_ask_enabled_of(&q, collectors);
	const char *sadc = other ? NULL : host_ask_files(&q, sysstat);

	if (host_asked_in_vain(&q, r))
		return;
	if (other) {
		host_say(l, r, DW_HOST_OK, "%s keeps statistics of the system.", other);
	} else if (sadc) {
		judge_sysstat(&q, r);
	} else {
		host_seen(l, r, NULL, 0, "sysstat", "neither it nor another collector is there");
		host_conclude(l, r, "No statistics of the system are kept.", "", "");
	}
}

/* --- who did what --------------------------------------------------------------------------------------- */

struct audit {
	struct audit_status status;
	bool answered;
	unsigned rules;
};

static int on_status(const struct nlmsghdr *m, void *arg)
{
	struct audit *x = arg;
	size_t n = m->nlmsg_len - NLMSG_HDRLEN;

	/* older kernels tell less of it: the members that matter are the first */
	if (m->nlmsg_type == AUDIT_GET && n >= offsetof(struct audit_status, rate_limit)) {
		memcpy(&x->status, NLMSG_DATA(m), DW_MIN(n, sizeof(x->status)));
		x->answered = true;
	}
	return 0;
}

static int on_rule(const struct nlmsghdr *m, void *arg)
{
	struct audit *x = arg;

	x->rules += m->nlmsg_type == AUDIT_LIST_RULES;
	return 0;
}

/* 0; -ENOENT: this kernel has no audit. */
static int ask_kernel(struct host_look *l, struct audit *x, struct dw_error *e)
{
	const struct dw_netns here = { .inode = 0, .fd = -1 };
	struct nlmsghdr get = { .nlmsg_len = NLMSG_HDRLEN, .nlmsg_type = AUDIT_GET };
	/* one answer for each rule, then NLMSG_DONE: read as a dump is */
	struct nlmsghdr list = { .nlmsg_len = NLMSG_HDRLEN,
				 .nlmsg_type = AUDIT_LIST_RULES,
				 .nlmsg_flags = NLM_F_DUMP };
	int r = dw_netlink_request(l->sys, &here, NETLINK_AUDIT, &get, on_status, NULL, x, e);

	if (r == -EPROTONOSUPPORT || r == -ENOENT)
		return -ENOENT;
	if (r ==
	    -EPERM) /* not root; or root without CAP_AUDIT_CONTROL, or of another namespace (audit_netlink_ok()) */
		return dw_error_set(e, r,
				    "the kernel's audit answers root of the whole machine alone");
	if (r == 0 && !x->answered)
		r = dw_error_set(e, -EBADMSG, "the kernel did not say whether it records events");
	if (r == 0 && x->status.enabled && x->status.pid)
		r = dw_netlink_request(l->sys, &here, NETLINK_AUDIT, &list, on_rule, NULL, x, e);
	return r;
}

/* auditctl(8): what adds a rule. */
static unsigned rules_in(struct host_asking *q, const char *path)
{
	struct dw_bytes text = { 0 };
	struct dw_lines it;
	const char *line;
	unsigned n = 0;

	if (!host_ask_text(q, path, &text))
		return 0;
	it = dw_lines_of(&text);
	while ((line = dw_lines_next_trimmed(&it, q->l->a)) != NULL)
		n += line[0] == '-' && line[1] && strchr("aAw", line[1]) && line[2] == ' ';
	return n;
}

static unsigned rules_on_disk(struct host_asking *q)
{
	static const char dir[] = "/etc/audit/rules.d";
	unsigned n = rules_in(q, "/etc/audit/audit.rules");
	struct dw_strings names;

	host_ask_list(q, dir, &names);
	for (size_t i = 0; i < names.n; i++)
		if (dw_ends_with(names.v[i], ".rules"))
			n += rules_in(q, dw_arena_printf(q->l->a, "%s/%s", dir, names.v[i]));
	return n;
}

/* Process accounting: each write is the end of a process, and a host that runs ends some every minute. */
static bool accounts(struct host_asking *q)
{
	static const char *const units[] = { "acct.service", "psacct.service", NULL };
	static const char *const files[] = { "/var/log/account/pacct", "/var/account/pacct",
					     "/var/log/pacct", NULL };
	const char *file;
	struct stat st;

	if (!host_ask_enabled_of(q, units))
		return false;
	if (!dw_sys_is_running(q->l->sys))
		return true;
	file = host_ask_files(q, files);
	return file && host_ask_stat(q, file, true, &st) &&
	       (uint64_t)st.st_mtime + HOUR > dw_sys_now(q->l->sys);
}

static void judge_files(struct host_asking *q, struct dw_host_result *r)
{
	static const char *const units[] = { "auditd.service", NULL };
	unsigned rules = rules_on_disk(q);
	const char *unit = host_ask_enabled_of(q, units);

	if (host_asked_in_vain(q, r))
		return;
	if (!unit)
		host_seen(q->l, r, NULL, 0, "auditd",
			  "neither it nor process accounting is enabled");
	else if (!rules)
		host_seen(q->l, r, "/etc/audit/rules.d", 0, "auditd", "it has no rules");
	host_conclude(q->l, r, "Nothing records who did what.", "",
		      "auditd records who did what, by its rules.");
}

static void judge_kernel(struct host_asking *q, struct dw_host_result *r)
{
	struct audit x = { 0 };
	struct dw_error e = { 0 };
	int code;

	if (host_ask_container(q)) {
		host_say(q->l, r, DW_HOST_NOT_APPLICABLE,
			 "This is a container: its kernel's records are kept by the machine around "
			 "it.");
		return;
	}
	code = ask_kernel(q->l, &x, &e);
	if (code < 0 && code != -ENOENT) {
		host_unknown(q->l, r, &e);
		return;
	}
	if (host_asked_in_vain(q, r))
		return;
	if (code < 0)
		host_seen(q->l, r, NULL, 0, "audit",
			  "this kernel has none, and no process accounting is on");
	else if (!x.status.enabled || !x.status.pid)
		host_seen(q->l, r, NULL, 0, "audit", "%s, and no process accounting is on",
			  x.status.enabled ? "no daemon takes the kernel's records"
					   : "it is switched off in the kernel");
	else if (!x.rules)
		host_seen(q->l, r, NULL, 0, "audit", "the kernel has no rule what to record");
	host_conclude(
		q->l, r, "Nothing records who did what.", "",
		dw_arena_printf(q->l->a, "The kernel records who did what, by %u rules.", x.rules));
}

void host_activity_recorded(struct host_look *l, struct dw_host_result *r)
{
	struct host_asking q = { .l = l };

	if (accounts(&q) && !q.e.code)
		host_say(l, r, DW_HOST_OK, "Process accounting records every command.");
	else if (dw_sys_is_running(l->sys))
		judge_kernel(&q, r);
	else
		judge_files(&q, r);
}
