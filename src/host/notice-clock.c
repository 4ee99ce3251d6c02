/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Means to notice: a clock by which logs of several hosts can be laid side by side. */
#include <errno.h>

#include "dw_clock.h"
#include "notice.h"

struct keeper {
	const char *title;
	const char *units[4], *programs[3];
};

/* Debian's names and those of the projects; ntpd is the program of three of them. */
static const struct keeper keepers[] = {
	{ "chrony", { "chrony.service", "chronyd.service" }, { "chronyd" } },
	{ "systemd-timesyncd", { "systemd-timesyncd.service" }, { "systemd-timesyncd" } },
	{ "NTPsec", { "ntpsec.service" }, { "ntpd" } },
	{ "ntpd", { "ntp.service", "ntpd.service" }, { "ntpd" } },
	{ "OpenNTPD", { "openntpd.service" }, { "ntpd", "openntpd" } },
	{ "PTP",
	  { "phc2sys.service", "ptp4l.service", "timemaster.service" },
	  { "phc2sys", "ptp4l" } },
};

/* In words that fit the size. */
static const char *duration(struct host_look *l, uint64_t us)
{
	if (us < 1000)
		return dw_arena_printf(l->a, "%u microseconds", (unsigned)us);
	if (us < 1000000)
		return dw_arena_printf(l->a, "%u milliseconds", (unsigned)(us / 1000));
	return dw_arena_printf(l->a, "%llu.%u seconds", (unsigned long long)(us / 1000000),
			       (unsigned)(us / 100000 % 10));
}

/* chrony.conf(5): without rtcsync chronyd keeps the clock and leaves the kernel's mark as it is. */
static bool keeps_silent(struct host_asking *q)
{
	static const char *const chronyd[] = { "chronyd", NULL };
	static const char *const files[] = { "/etc/chrony/chrony.conf", "/etc/chrony.conf" };

	if (!host_ask_running(q, chronyd))
		return false;
	for (size_t i = 0; i < DW_ARRAY_SIZE(files); i++) {
		struct dw_bytes text = { 0 };
		struct dw_lines it;
		const char *line;

		if (!host_ask_text(q, files[i], &text))
			continue;
		it = dw_lines_of(&text);
		while ((line = dw_lines_next_trimmed(&it, q->l->a)) != NULL)
			if (strcasecmp(line, "rtcsync") == 0)
				return false;
	}
	return true;
}

void host_clock_in_sync(struct host_look *l, struct dw_host_result *r)
{
	struct host_asking q = { .l = l };
	struct dw_clock c = { 0 };
	struct dw_error e = { 0 };
	bool container;

	if (!dw_sys_is_running(l->sys)) {
		host_say(l, r, DW_HOST_NOT_APPLICABLE,
			 "This system does not run: it has no clock.");
		return;
	}
	container = host_ask_container(&q);
	if (host_asked_in_vain(&q, r))
		return;
	if (dw_clock_read(l->sys, &c, &e) < 0) {
		host_unknown(l, r, &e);
	} else if (container) {
		host_say(l, r, DW_HOST_NOT_APPLICABLE,
			 "This is a container: its clock is that of the machine around it, which "
			 "is %s.",
			 c.synchronised ? "kept" : "not kept");
	} else if (c.synchronised) {
		host_say(l, r, DW_HOST_OK, "The clock is right but for %s at most.",
			 duration(l, c.max_error_us));
	} else if (keeps_silent(&q)) {
		host_say(l, r, DW_HOST_UNKNOWN,
			 "chronyd runs without rtcsync, and so does not tell the kernel whether "
			 "the clock is right");
	} else if (!host_asked_in_vain(&q, r)) {
		host_seen(l, r, NULL, 0, "clock",
			  "nobody told the kernel that it is right (STA_UNSYNC)");
		host_conclude(l, r, "The clock is not synchronised.", "", "");
	}
}

/* --- who keeps it --------------------------------------------------------------------------------------- */

static const char *other_than(struct host_asking *q, const struct keeper *k)
{
	for (size_t i = 0; i < DW_ARRAY_SIZE(keepers); i++)
		if (&keepers[i] != k && host_ask_running(q, keepers[i].programs))
			return keepers[i].title;
	return NULL;
}

static void judge(struct host_asking *q, struct dw_host_result *r, const struct keeper *k,
		  const char *unit)
{
	struct host_look *l = q->l;
	bool runs = k && host_ask_running(q, k->programs);
	const char *other = runs ? NULL : other_than(q, k);

	if (host_asked_in_vain(q, r))
		return;
	if (!k && other)
		host_seen(l, r, NULL, 0, other, "it runs, but nothing starts it at the next boot");
	else if (!k)
		host_seen(l, r, NULL, 0, "clock",
			  "no chrony, systemd-timesyncd or ntpd is enabled");
	else if (dw_sys_is_running(l->sys) && !runs && !other)
		host_seen(l, r, NULL, 0, unit, "it is enabled, but does not run");
	if (r->evidence.n)
		host_conclude(l, r, "Nobody keeps the clock.", "", "");
	else
		host_say(l, r, DW_HOST_OK, "%s keeps the clock%s.", other ? other : k->title,
			 dw_sys_is_running(l->sys) ? "" : " once the system runs");
}

void host_clock_kept(struct host_look *l, struct dw_host_result *r)
{
	struct host_asking q = { .l = l };
	const struct keeper *k = NULL;
	const char *unit = NULL;

	if (host_ask_container(&q)) {
		host_say(l, r, DW_HOST_NOT_APPLICABLE,
			 "This is a container: its clock is that of the machine around it.");
		return;
	}
	for (size_t i = 0; i < DW_ARRAY_SIZE(keepers) && !unit; i++) {
		k = &keepers[i];
		unit = host_ask_enabled_of(&q, k->units);
	}
	judge(&q, r, unit ? k : NULL, unit);
}
