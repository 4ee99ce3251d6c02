/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the processes that hold a door tell about it. */
#include "judging.h"

/* Capabilities that are as good as root; numbers of capability.h (capabilities(7)). */
static const struct {
	unsigned number;
	const char *name;
} mighty[] = {
	{ 0, "CAP_CHOWN" },      { 1, "CAP_DAC_OVERRIDE" }, { 16, "CAP_SYS_MODULE" },
	{ 17, "CAP_SYS_RAWIO" }, { 19, "CAP_SYS_PTRACE" },  { 21, "CAP_SYS_ADMIN" },
	{ 33, "CAP_MAC_ADMIN" }, { 38, "CAP_PERFMON" },     { 39, "CAP_BPF" },
};

static const char *name_of(const struct dw_trial *t, const struct dw_owner *o)
{
	return dw_arena_printf(t->court->arena, "%s (pid %d)",
			       o->script       ? o->script
			       : o->executable ? o->executable
					       : o->comm,
			       o->pid);
}

/* A file that was exchanged under a running program: an upgrade, when a package did it. */
static void judge_replaced(struct dw_trial *t, const struct dw_owner *o)
{
	if (o->package || !t->court->packages_known || o->container)
		dw_judge_remark(t, DW_REASON_EXECUTABLE_REPLACED, name_of(t, o),
				"an upgrade, mostly; restart it", NULL);
	else
		dw_judge_suspect(t, DW_REASON_EXECUTABLE_REPLACED, name_of(t, o),
				 "by no package's upgrade", NULL);
}

static void judge_file(struct dw_trial *t, const struct dw_owner *o)
{
	const char *name = name_of(t, o);

	switch (o->exe_state) {
	case DW_EXE_MEMFD:
		dw_judge_suspect(t, DW_REASON_EXECUTABLE_MEMFD, name, NULL, NULL);
		break;
	case DW_EXE_DELETED:
		dw_judge_suspect(t, DW_REASON_EXECUTABLE_DELETED, name, NULL, NULL);
		break;
	case DW_EXE_REPLACED:
		judge_replaced(t, o);
		break;
	case DW_EXE_UNKNOWN:
	case DW_EXE_INTACT:
	case DW_EXE_COUNT:
		break;
	}
	if (o->exe_in_tmp)
		dw_judge_suspect(t, DW_REASON_EXECUTABLE_IN_TMP, name, NULL, NULL);
	if (o->package && o->package->verified == DW_VERIFIED_DIFFERS &&
	    (o->exe_state == DW_EXE_INTACT || o->exe_state == DW_EXE_REPLACED))
		dw_judge_suspect(t, DW_REASON_EXECUTABLE_CHANGED, name, o->package->name, NULL);
}

static void judge_might(struct dw_trial *t, const struct dw_owner *o)
{
	bool needs_root = dw_judge_has(t->service, DW_TRAIT_ROOT);
	struct dw_str held = { .arena = t->court->arena };

	/* a user id of 0 may write any file of root's: what it lacks in capabilities is worth less */
	if (o->euid == 0) {
		if (!needs_root)
			dw_judge_remark(t, DW_REASON_RUNS_AS_ROOT, NULL, NULL, NULL);
		return;
	}
	if (needs_root)
		return;
	for (size_t i = 0; i < DW_ARRAY_SIZE(mighty); i++)
		if (o->caps_effective & (UINT64_C(1) << mighty[i].number))
			dw_str_addf(&held, "%s%s", held.n ? ", " : "", mighty[i].name);
	if (held.n > 0)
		dw_judge_remark(t, DW_REASON_CAPABILITIES, held.s, NULL, NULL);
}

/* Line ends and tabs are in many a script on a command line, and bytes beyond ASCII in many a name. */
static bool is_deceptive(const char *s)
{
	for (; s && *s; s++) {
		unsigned char c = (unsigned char)*s;

		if ((c < 0x20 && c != '\n' && c != '\t' && c != '\r') || c == 0x7f)
			return true;
	}
	return false;
}

static void judge_name(struct dw_trial *t, const struct dw_owner *o)
{
	if (is_deceptive(o->comm) || is_deceptive(o->executable) || is_deceptive(o->command))
		dw_judge_suspect(t, DW_REASON_DECEPTIVE_NAME,
				 dw_arena_printf(t->court->arena, "%d", o->pid), NULL, NULL);
}

static bool is_repeated(const struct dw_door *d, size_t i)
{
	return i > 0 && dw_streq0(d->owners[i].executable, d->owners[i - 1].executable) &&
	       dw_streq0(d->owners[i].script, d->owners[i - 1].script) &&
	       d->owners[i].exe_state == d->owners[i - 1].exe_state;
}

/* The holder counts when it serves: what inetd starts runs with rights of its own. */
static const struct dw_owner *server_of(const struct dw_trial *t)
{
	const struct dw_door *d = t->door;

	if (d->n_owners == 0 || t->launched)
		return NULL;
	return d->owners[0].details_known ? &d->owners[0] : NULL;
}

static const char *unpackaged_name(const struct dw_trial *t)
{
	const struct dw_door *d = t->door;

	if (t->unfound)
		return dw_arena_printf(t->court->arena, "%s, called without its directory,",
				       d->owners[0].relative);
	if (d->program)
		return d->program;
	return d->n_owners > 0 ? name_of(t, &d->owners[0]) : "what opens it";
}

void dw_judge_process(struct dw_trial *t)
{
	const struct dw_door *d = t->door;
	const struct dw_owner *server = server_of(t);

	for (size_t i = 0; i < d->n_owners; i++)
		if (!is_repeated(d, i)) {
			judge_file(t, &d->owners[i]);
			judge_name(t, &d->owners[i]);
		}
	if (server)
		judge_might(t, server);
	if (d->package && d->package->verified == DW_VERIFIED_DIFFERS && d->starter.program)
		dw_judge_suspect(t, DW_REASON_EXECUTABLE_CHANGED, d->starter.program,
				 d->package->name, NULL);
	if (!t->packaged)
		dw_judge_remark(t, DW_REASON_NO_PACKAGE, unpackaged_name(t), NULL, NULL);
}
