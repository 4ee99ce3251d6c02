/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Settings of the kernel are put right twice: by a line of a file that is read behind all others, and now. Interfaces
 * come before `default`, and that before `all`: writing default gives its value to every interface that nobody set
 * (devinet_copy_dflt_conf() of net/ipv4/devinet.c), and what a step expects is what was seen before.
 */
#include <fcntl.h>

#include "knobs.h"
#include "settings.h"

#define OWN_HEAD "# What doorward host fix set; doorward undo takes it back."

struct mending {
	struct knobs *k;
	struct dw_host_result *r;
	const struct knob *x;
	unsigned own_lines; /* of our own file */
};

static void add_edit(struct mending *m, const char *file, unsigned line, const char *old,
		     const char *fresh)
{
	struct host_look *l = m->k->q.l;
	bool first = dw_streq(file, HOST_SYSCTL_OWN) && m->own_lines == 0;
	struct dw_edit *edits = dw_arena_array(l->a, 2, sizeof(*edits));

	edits[0] = (struct dw_edit){ .line = 1, .fresh = OWN_HEAD };
	edits[first] = (struct dw_edit){ .line = line, .old = old, .fresh = fresh };
	*dw_vec_add(l->a, &m->r->changes) = (struct dw_host_change){
		.phase = DW_PHASE_BOOT,
		.manager = "file",
		.object = file,
		.edits = edits,
		.n_edits = first ? 2 : 1,
		.label = file,
		.why = "what the kernel is told at boot",
		.source = file,
		.text = dw_arena_printf(l->a, "%s says %s", file, fresh),
	};
}

/* A file of /etc that is a file: what a package brings, or a link, is not ours to edit. */
static bool is_editable(struct host_look *l, const char *file)
{
	struct stat st;

	return dw_starts_with(file, "/etc/") &&
	       dw_sys_file_stat(l->sys, file, false, &st, NULL) == 0 && S_ISREG(st.st_mode);
}

/* An interface may not be there at boot: "-" says that it does not matter. */
static void set_at_boot(struct mending *m, const char *name, const char *value, bool may_miss)
{
	struct host_look *l = m->k->q.l;
	const struct host_sysctl *by = host_sysctl_of(&m->k->files, name);
	const char *fresh = dw_arena_printf(l->a, "%s%s = %s", may_miss ? "-" : "",
					    host_sysctl_dotted(l->a, name), value),
		   *old;

	if (by && dw_streq(by->value, value))
		return;
	if (by && !by->glob &&
	    (dw_streq(by->file, HOST_SYSCTL_OWN) || !host_sysctl_ours_counts(by))) {
		if (!is_editable(l, by->file)) {
			dw_vec_push(l->a, &m->r->held,
				    dw_arena_printf(
					    l->a,
					    "%s:%u is read last, and is not doorward's to change",
					    by->file, by->line));
			return;
		}
		old = host_line_at(l, by->file, by->line);
		if (old)
			add_edit(m, by->file, by->line, old, fresh);
		return;
	}
	if (!dw_sys_file_exists(l->sys, "/etc/sysctl.d")) {
		dw_vec_push(l->a, &m->r->held,
			    dw_arena_printf(l->a, "there is no /etc/sysctl.d to write \"%s\" into",
					    fresh));
		return;
	}
	add_edit(m, HOST_SYSCTL_OWN, m->own_lines + 1, NULL, fresh);
}

static bool is_writable(struct host_look *l, const char *name)
{
	_cleanup_fd_ int fd = dw_sys_file_open(l->sys, dw_arena_printf(l->a, "/proc/sys/%s", name),
					       O_WRONLY, NULL);

	return fd >= 0;
}

static void set_now(struct mending *m, const char *name, int64_t value)
{
	struct host_look *l = m->k->q.l;
	const char *dotted = host_sysctl_dotted(l->a, name);
	int64_t is;

	if (!host_knob_now(m->k, name, &is) || is == value)
		return;
	if (!is_writable(l, name)) {
		dw_vec_push(
			l->a, &m->r->held,
			dw_arena_printf(l->a,
					"%s cannot be written here, and changes with the next boot",
					dotted));
		return;
	}
	*dw_vec_add(l->a, &m->r->changes) = (struct dw_host_change){
		.phase = DW_PHASE_STOP,
		.manager = "sysctl",
		.object = dotted,
		.want = dw_arena_printf(l->a, "%lld", (long long)value),
		.label = dotted,
		.why = m->x->text,
		.command = dw_arena_printf(l->a, "sysctl -w %s=%lld", dotted, (long long)value),
		.undo_command = dw_arena_printf(l->a, "sysctl -w %s=%lld", dotted, (long long)is),
		.text = dw_arena_printf(l->a, "%s becomes %lld, which is %lld", dotted,
					(long long)value, (long long)is),
	};
}

/* What the next boot sets anyhow, where that is well. */
static bool well_at_boot(struct mending *m, const char *name, int64_t *ret)
{
	const struct host_sysctl *by = host_sysctl_of(&m->k->files, name);
	uint64_t v;

	if (!by || !by->value || !dw_parse_u64(by->value, 10, INT32_MAX, &v) ||
	    (int64_t)v < m->x->least || (int64_t)v > m->x->most)
		return false;
	*ret = (int64_t)v;
	return true;
}

static void set(struct mending *m, const char *interface)
{
	const char *name = host_knob_name(m->k, m->x, interface);
	bool own = m->x->tree && !dw_streq(interface, "all") && !dw_streq(interface, "default");
	int64_t value = m->x->want, is;

	/* what is well now is kept: stricter than what would be set, say */
	if (host_knob_now(m->k, name, &is) && is >= m->x->least && is <= m->x->most)
		value = is;
	else
		(void)well_at_boot(m, name, &value);
	/* first the file: a host that stops between the two comes up with it */
	set_at_boot(m, name, dw_arena_printf(m->k->q.l->a, "%lld", (long long)value), own);
	set_now(m, name, value);
}

static bool is_told(const struct dw_host_result *r, const char *object)
{
	for (size_t i = 0; i < r->evidence.n; i++)
		if (dw_streq(r->evidence.v[i].object, object))
			return !r->evidence.v[i].accepted;
	return false;
}

/* That of all interfaces is enough, where what it says cannot be undone by one of them. */
static bool all_is_enough(const struct knob *x)
{
	return x->how == KNOB_MINIMUM || (x->how == KNOB_EITHER && x->want != 0);
}

static void mend_interfaces(struct mending *m)
{
	struct dw_strings names;
	bool any = false;

	host_knob_interfaces(m->k, m->x->tree, &names);
	for (size_t i = 0; i < names.n; i++) {
		if (!is_told(m->r, host_knob_object(m->k, m->x, names.v[i])))
			continue;
		any = true;
		if (!all_is_enough(m->x) && !dw_streq(names.v[i], "default"))
			set(m, names.v[i]);
	}
	if (any && !all_is_enough(m->x))
		set(m, "default");
	if (any && (all_is_enough(m->x) || m->x->how == KNOB_EITHER))
		set(m, "all");
}

void host_knobs_mend(struct knobs *k, struct dw_host_result *r, const struct knob *v, size_t n)
{
	struct mending m = { .k = k, .r = r };

	m.own_lines = host_line_count(k->q.l, HOST_SYSCTL_OWN);
	for (size_t i = 0; i < n; i++) {
		m.x = &v[i];
		if (v[i].tree)
			mend_interfaces(&m);
		else if (is_told(r, host_knob_object(k, &v[i], "")))
			set(&m, "");
	}
}
