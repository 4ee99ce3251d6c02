/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Means to notice: logs that outlive a boot, a copy where an intruder cannot reach it, and somebody who reads them. */
#include "notice.h"

/* Less is pushed out in minutes by whoever has something to hide. */
#define JOURNAL_LEAST ((uint64_t)64 * 1024 * 1024)

struct syslogd {
	const char *title, *unit, *programs[2];
};

static const struct syslogd syslogds[] = {
	{ "rsyslog", "rsyslog.service", { "rsyslogd" } },
	{ "syslog-ng", "syslog-ng.service", { "syslog-ng" } },
	{ "metalog", "metalog.service", { "metalog" } },
	{ "sysklogd", "syslogd.service", { "syslogd" } },
	{ "inetutils-syslogd", "inetutils-syslogd.service", { "syslogd" } },
	{ "BusyBox syslogd", "busybox-syslogd.service", { "syslogd" } },
	{ "BusyBox syslogd", "syslog.service", { "syslogd" } }, /* OpenRC's name of it */
};

const char *host_syslog_daemon(struct host_asking *q)
{
	bool live = dw_sys_is_running(q->l->sys);

	for (size_t i = 0; i < DW_ARRAY_SIZE(syslogds); i++)
		if (host_ask_enabled(q, syslogds[i].unit) &&
		    (!live || host_ask_running(q, syslogds[i].programs)))
			return syslogds[i].title;
	return NULL;
}

static bool has_journald(struct host_asking *q)
{
	static const char *const paths[] = { "/usr/lib/systemd/systemd-journald",
					     "/lib/systemd/systemd-journald", NULL };

	return host_ask_files(q, paths) != NULL;
}

/* A journal that nobody writes keeps nothing. */
static bool journald_runs(struct host_asking *q)
{
	static const char *const names[] = { "systemd-journald", NULL };

	return !dw_sys_is_running(q->l->sys) || host_ask_running(q, names);
}

/* --- kept ----------------------------------------------------------------------------------------------- */

/* journald.conf(5): "auto" is persistent where /var/log/journal is. True: what is logged outlives the boot. */
static bool judge_storage(struct host_asking *q, struct dw_host_result *r,
			  const struct host_settings *all)
{
	const struct host_setting *s = host_setting_of(all, "Journal", "Storage");
	const char *value = s && *s->value ? s->value : "auto";
	bool dir = host_ask_file(q, "/var/log/journal");

	if (dw_streq(value, "persistent") || (dw_streq(value, "auto") && dir))
		return true;
	host_seen(
		q->l, r, s ? s->file : NULL, s ? s->line : 0, "Storage",
		dw_streq(value, "auto")
			? "it is \"%s\", and there is no /var/log/journal: journald writes to /run"
			: "it is \"%s\"",
		value);
	return false;
}

static void judge_size(struct host_asking *q, struct dw_host_result *r,
		       const struct host_settings *all)
{
	const struct host_setting *s = host_setting_of(all, "Journal", "SystemMaxUse");
	uint64_t n;

	if (s && host_size_parse(s->value, &n) && n < JOURNAL_LEAST)
		host_seen(q->l, r, s->file, s->line, "SystemMaxUse",
			  "%s is soon filled with other things", s->value);
}

void host_logs_kept(struct host_look *l, struct dw_host_result *r)
{
	struct host_asking q = { .l = l };
	const char *syslogd = host_syslog_daemon(&q);
	struct host_settings all = { 0 };

	if (!syslogd && has_journald(&q) && !journald_runs(&q)) {
		host_seen(l, r, NULL, 0, "journald", "neither it nor a daemon of syslog runs");
	} else if (!syslogd && has_journald(&q)) {
		host_ini_read(&q, "journald.conf", &all);
		if (judge_storage(&q, r, &all))
			judge_size(&q, r, &all);
	} else if (!syslogd) {
		host_seen(l, r, NULL, 0, "syslog",
			  "no daemon of syslog is enabled%s, and there is no journald",
			  dw_sys_is_running(l->sys) ? " and runs" : "");
	}
	if (q.e.code)
		r->evidence.n = 0;
	if (host_asked_in_vain(&q, r))
		return;
	host_conclude(l, r, "Logs are not kept.", "settings keep logs from being kept.",
		      dw_arena_printf(l->a, "%s keeps logs on the disk.",
				      syslogd ? syslogd : "journald"));
}

/* --- forwarded ------------------------------------------------------------------------------------------ */

#define WORD_END " \t;,)\""

/* What the quotes of NAME="value" hold, within the line. */
static const char *parameter(struct dw_arena *a, const char *line, const char *name)
{
	const char *at = strcasestr(line, name), *open = at ? strchr(at, '"') : NULL,
		   *close = open ? strchr(open + 1, '"') : NULL;

	return close ? dw_arena_strndup(a, open + 1, (size_t)(close - open - 1)) : NULL;
}

/* The old way: "selector @host" (UDP), "@@host" (TCP), ":omrelp:host" (RELP). NULL: the line does not send. */
static const char *old_target(struct dw_arena *a, const char *line)
{
	const char *relp = strstr(line, ":omrelp:"), *p = line + strcspn(line, " \t");

	if (relp)
		return dw_arena_strndup(a, relp + 8, strcspn(relp + 8, WORD_END));
	for (; *p; p++)
		if (*p == '@' && (p[-1] == ' ' || p[-1] == '\t' || p[-1] == '-')) {
			p += 1 + (p[1] == '@');
			if (*p == '(' && strchr(p, ')')) /* options: (z9), (o) */
				p = strchr(p, ')') + 1;
			return dw_arena_strndup(a, p, strcspn(p, WORD_END));
		}
	return NULL;
}

unsigned host_rsyslog_forwards(struct dw_arena *a, const struct dw_bytes *text, const char **ret_to)
{
	struct dw_lines it = dw_lines_of(text);
	const char *target;
	unsigned action =
		0; /* the line where an action(...) that sends began, whose target is still to come */
	char *line;

	while ((line = dw_lines_next_trimmed(&it, a)) != NULL) {
		if (line[0] == '#' || !*line)
			continue;
		if (strcasestr(line, "\"omfwd\"") || strcasestr(line, "\"omrelp\""))
			action = it.number;
		if (action) {
			target = parameter(a, line, "target");
			if (target || strchr(line, ')')) {
				unsigned at = action;

				action = 0;
				if (target && *target) {
					*ret_to = target;
					return at;
				}
			}
			continue;
		}
		/* an action, a module or a template of the new kind has its @ in strings of its own */
		target = strchr(line, '(') && !strchr(line, '@') ? NULL : old_target(a, line);
		if (target && *target) {
			*ret_to = target;
			return it.number;
		}
	}
	return 0;
}

static const char *rsyslog_target(struct host_asking *q, const char **ret_file, unsigned *ret_line)
{
	static const char dir[] = "/etc/rsyslog.d";
	struct dw_strings files = { 0 }, names;
	const char *to = NULL;

	dw_vec_push(q->l->a, &files, "/etc/rsyslog.conf");
	host_ask_list(q, dir, &names);
	for (size_t i = 0; i < names.n; i++)
		if (dw_ends_with(names.v[i], ".conf"))
			dw_vec_push(q->l->a, &files,
				    dw_arena_printf(q->l->a, "%s/%s", dir, names.v[i]));
	for (size_t i = 0; i < files.n && !to; i++) {
		struct dw_bytes text = { 0 };

		if (!host_ask_text(q, files.v[i], &text))
			continue;
		*ret_line = host_rsyslog_forwards(q->l->a, &text, &to);
		*ret_file = files.v[i];
	}
	return to;
}

/* They read logs and send them on; where to is their own matter. */
static const char *const shippers[] = { "systemd-journal-upload.service",
					"filebeat.service",
					"fluent-bit.service",
					"td-agent.service",
					"fluentd.service",
					"promtail.service",
					"alloy.service",
					"vector.service",
					"nxlog.service",
					"wazuh-agent.service",
					"splunk.service",
					"SplunkForwarder.service",
					"journalbeat.service",
					NULL };

void host_logs_forwarded(struct host_look *l, struct dw_host_result *r)
{
	struct host_asking q = { .l = l };
	const char *daemon = host_syslog_daemon(&q), *shipper = host_ask_enabled_of(&q, shippers),
		   *file = "", *to = NULL;
	unsigned line = 0;

	if (!shipper && daemon && dw_streq(daemon, "rsyslog"))
		to = rsyslog_target(&q, &file, &line);
	if (host_asked_in_vain(&q, r))
		return;
	if (shipper)
		host_say(l, r, DW_HOST_OK, "%s sends them on.", shipper);
	else if (to)
		host_say(l, r, DW_HOST_OK, "rsyslog sends them to %s (%s:%u).", to, file, line);
	else if (daemon && !dw_streq(daemon, "rsyslog"))
		host_say(l, r, DW_HOST_UNKNOWN, "%s keeps the logs, and its settings are not read",
			 daemon);
	else {
		host_seen(l, r, NULL, 0, daemon ? "rsyslog" : "journal",
			  "it sends nothing to another host");
		host_conclude(l, r, "Logs stay on this host alone.", "", "");
	}
}

/* --- read ----------------------------------------------------------------------------------------------- */

struct reader {
	const char *title, *program, *unit, *job;
};

/* The first ones mail a digest, the last ones act by themselves. */
static const struct reader readers[] = {
	{ "logwatch", "/usr/sbin/logwatch", "logwatch.timer", "logwatch" },
	{ "logcheck", "/usr/sbin/logcheck", "logcheck.timer", "logcheck" },
	{ "swatchdog", "/usr/bin/swatchdog", "swatchdog.service", "swatchdog" },
	{ "swatch", "/usr/bin/swatch", "swatch.service", "swatch" },
	{ "sec", "/usr/bin/sec", "sec.service", "sec" },
	{ "fail2ban", "/usr/bin/fail2ban-server", "fail2ban.service", NULL },
	{ "CrowdSec", "/usr/bin/crowdsec", "crowdsec.service", NULL },
	{ "OSSEC", "/var/ossec/bin/ossec-logcollector", "ossec.service", NULL },
	{ "Wazuh", "/var/ossec/bin/wazuh-logcollector", "wazuh-agent.service", NULL },
};

void host_logs_read(struct host_look *l, struct dw_host_result *r)
{
	struct host_asking q = { .l = l };
	const char *reads = NULL;

	for (size_t i = 0; i < DW_ARRAY_SIZE(readers) && !reads; i++) {
		const struct reader *x = &readers[i];

		if (!host_ask_file(&q, x->program))
			continue;
		if (host_ask_enabled(&q, x->unit) || (x->job && host_ask_cron(&q, x->job)))
			reads = x->title;
		else
			host_seen(l, r, x->program, 0, x->title,
				  "it is installed, and nothing starts it");
	}
	if (q.e.code || reads)
		r->evidence.n = 0;
	if (host_asked_in_vain(&q, r))
		return;
	if (!reads && !r->evidence.n)
		host_seen(l, r, NULL, 0, "logs",
			  "neither logwatch, logcheck nor another reader is there");
	host_conclude(l, r, "Nobody reads the logs.",
		      "readers of logs are there, and none is started.",
		      dw_arena_printf(l->a, "%s reads the logs.", reads));
}
