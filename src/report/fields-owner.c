/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is known of a process that holds a door, and of a package. */
#include "get.h"

#include "dw_macros.h"

static const struct dw_owner *owner(const void *object)
{
	return object;
}

DW_GETTER(get_pid)
{
	dw_give_number(v, (uint64_t)owner(object)->pid);
}

DW_GETTER(get_started)
{
	dw_give_time(v, owner(object)->started);
}

DW_GETTER(get_uid)
{
	if (owner(object)->details_known)
		dw_give_number(v, owner(object)->uid);
}

DW_GETTER(get_euid)
{
	if (owner(object)->details_known)
		dw_give_number(v, owner(object)->euid);
}

DW_GETTER(get_gid)
{
	if (owner(object)->details_known)
		dw_give_number(v, owner(object)->gid);
}

DW_GETTER(get_exe_state)
{
	dw_give_string(v, dw_exe_state_name(owner(object)->exe_state));
}

/* A replaced file counts: what runs is no longer on the disk. */
DW_GETTER(get_deleted)
{
	enum dw_exe_state s = owner(object)->exe_state;

	if (s != DW_EXE_UNKNOWN)
		dw_give_bool(v, s != DW_EXE_INTACT);
}

DW_GETTER(get_in_tmp)
{
	if (owner(object)->executable)
		dw_give_bool(v, owner(object)->exe_in_tmp);
}

static void give_capabilities(struct dw_arena *a, uint64_t set, struct dw_value *v)
{
	size_t i = 0;

	v->known = true;
	v->number = set;
	v->strings.v = dw_arena_array(a, (size_t)__builtin_popcountll(set), sizeof(*v->strings.v));
	for (; set; set &= set - 1)
		v->strings.v[i++] = dw_capability_name((unsigned)__builtin_ctzll(set));
	v->strings.n = v->strings.cap = i;
}

DW_GETTER(get_capabilities)
{
	if (owner(object)->details_known)
		give_capabilities(a, owner(object)->caps_effective, v);
}

DW_GETTER(get_bounding)
{
	if (owner(object)->details_known)
		give_capabilities(a, owner(object)->caps_bounding, v);
}

DW_GETTER(get_no_new_privs)
{
	dw_give_tristate(v, owner(object)->no_new_privs);
}

DW_GETTER(get_seccomp)
{
	static const char *const modes[] = { "off", "strict", "filter" };
	int mode = owner(object)->seccomp;

	if (owner(object)->details_known && mode >= 0 && mode < (int)DW_ARRAY_SIZE(modes))
		dw_give_string(v, modes[mode]);
}

DW_GETTER(get_package)
{
	if (owner(object)->package)
		dw_give_string(v, owner(object)->package->name);
}

#define OWNER(m) .offset = offsetof(struct dw_owner, m)

const struct dw_field dw_fields_owner[] = {
	{ "pid", DW_FIELD_UINT, .get = get_pid,
	  .description = "process id, in the pid namespace of doorward", .source = "kernel" },
	{ "started", DW_FIELD_TIME, true, .get = get_started,
	  .description = "when the process began; with pid, its identity",
	  .source = "/proc/PID/stat field 22" },
	{ "name", DW_FIELD_STRING, true, OWNER(comm),
	  .description = "the name that the process gives itself (comm)",
	  .source = "/proc/PID/stat field 2" },
	{ "user", DW_FIELD_STRING, true, OWNER(user),
	  .description = "name of the effective user, its number when it has none",
	  .source = "/etc/passwd" },
	{ "uid", DW_FIELD_UINT, true, .get = get_uid, .description = "real user",
	  .source = "/proc/PID/status Uid" },
	{ "euid", DW_FIELD_UINT, true, .get = get_euid, .description = "effective user",
	  .source = "/proc/PID/status Uid" },
	{ "gid", DW_FIELD_UINT, true, .get = get_gid, .description = "group",
	  .source = "/proc/PID/status Gid" },
	{ "executable", DW_FIELD_STRING, true, OWNER(executable),
	  .description = "the program's file, as the process sees it", .source = "/proc/PID/exe" },
	{ "executable_state", DW_FIELD_STRING, .get = get_exe_state,
	  .description = "intact, deleted, replaced (another file is there now), memfd (never was "
			 "a file), unknown",
	  .source = "/proc/PID/exe" },
	{ "deleted", DW_FIELD_BOOL, true, .get = get_deleted,
	  .description =
		  "what runs is not the file at that path: deleted, replaced or never a file",
	  .source = "/proc/PID/exe" },
	{ "script", DW_FIELD_STRING, true, OWNER(script),
	  .description = "the script that the executable, an interpreter, runs; null: none",
	  .source = "/proc/PID/cmdline" },
	{ "executable_in_tmp", DW_FIELD_BOOL, true, .get = get_in_tmp,
	  .description = "the program or script lies in /tmp, /var/tmp, /dev/shm or /run/user" },
	{ "command", DW_FIELD_STRING, true, OWNER(command),
	  .description = "arguments, joined with blanks", .source = "/proc/PID/cmdline" },
	{ "capabilities", DW_FIELD_STRINGS, true, .get = get_capabilities,
	  .description = "effective capabilities", .source = "/proc/PID/status CapEff" },
	{ "bounding", DW_FIELD_STRINGS, true, .get = get_bounding,
	  .description = "capabilities that it could get", .source = "/proc/PID/status CapBnd" },
	{ "no_new_privs", DW_FIELD_BOOL, true, .get = get_no_new_privs,
	  .description = "execve(2) cannot give it more rights",
	  .source = "/proc/PID/status NoNewPrivs" },
	{ "seccomp", DW_FIELD_STRING, true, .get = get_seccomp,
	  .description = "filter of system calls: off, strict, filter",
	  .source = "/proc/PID/status Seccomp" },
	{ "cgroup", DW_FIELD_STRING, true, OWNER(cgroup), .description = "control group",
	  .source = "/proc/PID/cgroup" },
	{ "container", DW_FIELD_STRING, true, OWNER(container),
	  .description = "RUNTIME:NAME of the container it runs in; null: in none" },
	{ "parents", DW_FIELD_STRING, true, OWNER(parents),
	  .description = "who began it, NAME(PID) > NAME(PID), its own parent last",
	  .source = "/proc/PID/stat" },
	{ "via", DW_FIELD_STRING, true, OWNER(via),
	  .description = "how it holds the socket: fd 3, thread 17 fd 3, io_uring 7 slot 2" },
	{ "package", DW_FIELD_STRING, true, .get = get_package,
	  .description = "package of the executable; null: in none, or not known",
	  .source = "dpkg, rpm" },
	{ 0 },
};

static const struct dw_package *package(const void *object)
{
	return object;
}

DW_GETTER(get_verified)
{
	dw_give_string(v, dw_verified_name(package(object)->verified));
}

#define PACKAGE(m) .offset = offsetof(struct dw_package, m)

const struct dw_field dw_fields_package[] = {
	{ "name", DW_FIELD_STRING, PACKAGE(name), .description = "without architecture" },
	{ "version", DW_FIELD_STRING, true, PACKAGE(version), .description = "installed version" },
	{ "manager", DW_FIELD_STRING, true, PACKAGE(manager), .description = "dpkg or rpm" },
	{ "verified", DW_FIELD_STRING, .get = get_verified,
	  .description = "is the file the packaged one? matches, differs, unknown",
	  .source = "the package manager's checksums" },
	{ 0 },
};
