/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Units: found along the search path of systemd.unit(5), aliases followed, drop-ins merged, read once. */
#include <errno.h>
#include <uthash.h>

#include "systemd.h"

struct dw_sd_slot {
	const char *name;
	struct dw_sd_unit *unit;
	UT_hash_handle hh;
};

static const struct {
	enum dw_sd_key key;
	const char *section, *name;
} keys[] = {
	{ DW_SD_WANTS, "Unit", "Wants" },
	{ DW_SD_REQUIRES, "Unit", "Requires" },
	{ DW_SD_BINDS_TO, "Unit", "BindsTo" },
	{ DW_SD_REQUISITE, "Unit", "Requisite" },
	{ DW_SD_PART_OF, "Unit", "PartOf" },
	{ DW_SD_UPHOLDS, "Unit", "Upholds" },
	{ DW_SD_ON_FAILURE, "Unit", "OnFailure" },
	{ DW_SD_ON_SUCCESS, "Unit", "OnSuccess" },
	{ DW_SD_SOURCE_PATH, "Unit", "SourcePath" },
	{ DW_SD_CONDITION_EXISTS, "Unit", "ConditionPathExists" },
	{ DW_SD_TYPE, "Service", "Type" },
	{ DW_SD_EXEC_START, "Service", "ExecStart" },
	{ DW_SD_EXEC_START_PRE, "Service", "ExecStartPre" },
	{ DW_SD_EXEC_START_POST, "Service", "ExecStartPost" },
	{ DW_SD_RESTART, "Service", "Restart" },
	{ DW_SD_REMAIN, "Service", "RemainAfterExit" },
	{ DW_SD_SOCKETS, "Service", "Sockets" },
	{ DW_SD_BUS_NAME, "Service", "BusName" },
	{ DW_SD_PRIVATE_NETWORK, "Service", "PrivateNetwork" },
	{ DW_SD_ADDRESS_FAMILIES, "Service", "RestrictAddressFamilies" },
	{ DW_SD_ROOT_DIRECTORY, "Service", "RootDirectory" },
	{ DW_SD_ROOT_IMAGE, "Service", "RootImage" },
	{ DW_SD_LISTEN_STREAM, "Socket", "ListenStream" },
	{ DW_SD_LISTEN_DATAGRAM, "Socket", "ListenDatagram" },
	{ DW_SD_LISTEN_SEQPACKET, "Socket", "ListenSequentialPacket" },
	{ DW_SD_LISTEN_OTHER, "Socket", "ListenFIFO" },
	{ DW_SD_LISTEN_OTHER, "Socket", "ListenSpecial" },
	{ DW_SD_LISTEN_OTHER, "Socket", "ListenNetlink" },
	{ DW_SD_LISTEN_OTHER, "Socket", "ListenMessageQueue" },
	{ DW_SD_LISTEN_OTHER, "Socket", "ListenUSBFunction" },
	{ DW_SD_IP_ALLOW, "Service", "IPAddressAllow" },
	{ DW_SD_IP_ALLOW, "Socket", "IPAddressAllow" },
	{ DW_SD_IP_DENY, "Service", "IPAddressDeny" },
	{ DW_SD_IP_DENY, "Socket", "IPAddressDeny" },
	{ DW_SD_ACCEPT, "Socket", "Accept" },
	{ DW_SD_SERVICE, "Socket", "Service" },
	{ DW_SD_IPV6_ONLY, "Socket", "BindIPv6Only" },
	{ DW_SD_BIND_TO_DEVICE, "Socket", "BindToDevice" },
	{ DW_SD_SOCKET_PROTOCOL, "Socket", "SocketProtocol" },
	{ DW_SD_TIMER_UNIT, "Timer", "Unit" },
	{ DW_SD_PATH_UNIT, "Path", "Unit" },
};

static enum dw_sd_key key_of(const char *section, const char *name)
{
	for (size_t i = 0; i < DW_ARRAY_SIZE(keys); i++)
		if (keys[i].name[0] == name[0] && dw_streq(keys[i].name, name) &&
		    dw_streq(keys[i].section, section))
			return keys[i].key;
	return DW_SD_NO_KEY;
}

struct reader {
	struct dw_sd_sink sink; /* first: the callbacks get its address */
	struct dw_sd_manager *m;
	struct dw_sd_unit *u;
	const char *file;
};

static void take_setting(struct dw_sd_sink *sink, const char *section, const char *key,
			 const char *value, unsigned line)
{
	struct reader *r = (struct reader *)sink;
	enum dw_sd_key k = key_of(section, key);

	if (k != DW_SD_NO_KEY)
		*dw_vec_add(r->m->s->arena, &r->u->settings) = (struct dw_sd_setting){
			.key = k, .value = value, .file = r->file, .line = line
		};
}

static void take_bad(struct dw_sd_sink *sink, unsigned line, const char *why)
{
	struct reader *r = (struct reader *)sink;

	/* systemd passes over such a line as well: nothing is hidden by it */
	dw_facts_incomplete(r->m->s->facts, "bad-line", r->file, line, false, "%s:%u: %s", r->file,
			    line, why);
}

/* Reads one file into the unit. Returns its size, or a negative code. */
static ssize_t read_file(struct dw_sd_manager *m, struct dw_sd_unit *u, const char *path)
{
	struct reader reader = {
		.sink = { .setting = take_setting, .bad = take_bad }, .m = m, .u = u, .file = path
	};
	struct dw_bytes text = { 0 };
	struct dw_error e = { 0 };
	int r = dw_sys_file_read(m->s->sys, path, DW_SD_UNIT_MAX, m->s->arena, &text, &e);

	if (r == -ENOENT || r == -ELOOP)
		return -ENOENT; /* a dangling link, or it went away */
	if (r < 0) {
		dw_facts_incomplete(m->s->facts, "unreadable", path, 0, true,
				    "what this unit file says is not known: %s", e.message);
		return r;
	}
	dw_sd_parse(&text, true, &reader.sink);
	return (ssize_t)text.n;
}

/* --- drop-ins -------------------------------------------------------------------------------------- */

struct drop_in {
	const char *name, *path;
};

struct drop_ins {
	struct dw_sd_manager *m;
	DW_VEC(struct drop_in) v;
};

/* Files of the same name: the first directory wins, systemd.unit(5). */
static void collect_drop_ins(struct drop_ins *d, const char *dir)
{
	struct dw_arena *a = d->m->s->arena;
	struct dw_strings names = { 0 };

	dw_sd_names(d->m->s, dir, &names);
	for (size_t i = 0; i < names.n; i++) {
		bool known = false;

		if (!dw_ends_with(names.v[i], ".conf"))
			continue;
		for (size_t k = 0; k < d->v.n && !known; k++)
			known = dw_streq(d->v.v[k].name, names.v[i]);
		if (!known)
			*dw_vec_add(a, &d->v) =
				(struct drop_in){ .name = names.v[i],
						  .path = dw_arena_printf(a, "%s/%s", dir,
									  names.v[i]) };
	}
}

/* NAME.d of the name, its template, and the same with the prefix cut at each dash, most specific first. */
static void drop_in_dirs(struct dw_arena *a, const char *name, struct dw_strings *ret)
{
	const char *forms[2] = { name, dw_sd_name_template(a, name) };

	for (size_t i = 0; i < 2 && forms[i]; i++) {
		struct dw_sd_name n;
		char *prefix, *dash;

		dw_vec_push(a, ret, dw_arena_printf(a, "%s.d", forms[i]));
		if (!dw_sd_name_split(a, forms[i], &n))
			continue;
		prefix = dw_arena_strdup(a, n.prefix);
		while ((dash = strrchr(prefix, '-'))) {
			dash[dash[1] ? 1 : 0] = '\0';
			if (*prefix && dw_ends_with(prefix, "-") &&
			    strlen(prefix) < strlen(n.prefix))
				dw_vec_push(a, ret,
					    dw_arena_printf(
						    a, "%s%s%s%s.d", prefix, n.instance ? "@" : "",
						    n.instance ? n.instance : "", n.suffix));
		}
	}
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct drop_in *)a)->name, ((const struct drop_in *)b)->name);
}

static void read_drop_ins(struct dw_sd_manager *m, struct dw_sd_unit *u)
{
	const char *suffix = strrchr(u->name, '.');
	struct drop_ins d = { .m = m };
	struct dw_strings dirs = { 0 };

	/* most units have none, and the listing says so at once */
	if (!m->has_drop_ins)
		return;
	drop_in_dirs(m->s->arena, u->name, &dirs);
	for (size_t i = 0; i < m->dirs.n; i++)
		for (size_t k = 0; k < dirs.n; k++)
			if (dw_sd_dir_has(&m->dirs.v[i], dirs.v[k]))
				collect_drop_ins(&d, dw_arena_printf(m->s->arena, "%s/%s",
								     m->dirs.v[i].path, dirs.v[k]));
	for (size_t i = 0; i < m->dirs.n && suffix; i++) {
		const char *type = dw_arena_printf(m->s->arena, "%s.d", suffix + 1);

		if (dw_sd_dir_has(&m->dirs.v[i], type))
			collect_drop_ins(
				&d, dw_arena_printf(m->s->arena, "%s/%s", m->dirs.v[i].path, type));
	}
	if (d.v.n)
		qsort(d.v.v, d.v.n, sizeof(*d.v.v), by_name);
	for (size_t i = 0; i < d.v.n; i++)
		(void)read_file(m, u, d.v.v[i].path);
}

/* --- finding --------------------------------------------------------------------------------------- */

static struct dw_sd_slot *slot_of(struct dw_sd_manager *m, const char *name)
{
	struct dw_sd_slot *slot;

	HASH_FIND_STR(m->slots, name, slot);
	return slot;
}

static void bind_name(struct dw_sd_manager *m, const char *name, struct dw_sd_unit *u)
{
	struct dw_sd_slot *slot = dw_new(m->s->arena, struct dw_sd_slot);

	slot->name = dw_arena_strdup(m->s->arena, name);
	slot->unit = u;
	HASH_ADD_KEYPTR(hh, m->slots, slot->name, strlen(slot->name), slot);
}

static struct dw_sd_unit *new_unit(struct dw_sd_manager *m, const char *name)
{
	struct dw_sd_unit *u = dw_new(m->s->arena, struct dw_sd_unit);

	u->name = dw_arena_strdup(m->s->arena, name);
	m->n_units++;
	return u;
}

static const char *find_path(struct dw_sd_manager *m, const char *name)
{
	for (size_t i = 0; i < m->dirs.n; i++)
		if (dw_sd_dir_has(&m->dirs.v[i], name))
			return dw_arena_printf(m->s->arena, "%s/%s", m->dirs.v[i].path, name);
	return NULL;
}

/* The name that a link to another unit file gives; NULL: no alias, just a file kept elsewhere. */
static const char *alias_target(struct dw_sd_manager *m, const char *name, const char *link)
{
	const char *target = dw_basename(link), *dot = strrchr(target, '.'),
		   *mine = strrchr(name, '.');
	struct dw_sd_name n;

	if (!dot || !mine || !dw_streq(dot, mine) || !dw_sd_name_split(m->s->arena, name, &n))
		return NULL;
	/* autovt@.service -> getty@.service: the instance goes along */
	if (n.instance && *n.instance && dot > target && dot[-1] == '@')
		target = dw_arena_printf(m->s->arena, "%.*s%s%s", (int)(dot - target), target,
					 n.instance, dot);
	return dw_streq(target, name) ? NULL : target;
}

static void load(struct dw_sd_manager *m, struct dw_sd_unit *u, const char *path)
{
	ssize_t n = read_file(m, u, path);

	/* one that may not be read is there all the same */
	if (n != 0 && n != -ENOENT)
		u->fragment = path;
	u->masked = n == 0;
	u->transient = dw_starts_with(path, "/run/") && strstr(path, "/systemd/transient/");
	u->generated = dw_starts_with(path, "/run/systemd/generator");
	if (!u->masked)
		read_drop_ins(m, u);
}

/* -EINVAL: no link, as most. */
static bool read_link(struct dw_sd_manager *m, const char *path, char **ret)
{
	struct dw_error e = { 0 };
	int r = dw_sys_file_readlink(m->s->sys, path, m->s->arena, ret, &e);

	if (r < 0 && r != -EINVAL && r != -ENOENT)
		dw_facts_incomplete(m->s->facts, "unreadable", path, 0, true,
				    "what unit this is a name of is not known: %s", e.message);
	return r == 0;
}

static struct dw_sd_unit *get_depth(struct dw_sd_manager *m, const char *name, unsigned depth)
{
	struct dw_sd_slot *slot = slot_of(m, name);
	struct dw_sd_unit *u;
	const char *path, *template, *target;
	char *link, *real;

	if (slot)
		return slot->unit;
	path = find_path(m, name);
	template = path ? NULL : dw_sd_name_template(m->s->arena, name);
	if (template)
		path = find_path(m, template);
	if (path && depth < 8 && read_link(m, path, &link)) {
		/* "/dev/null" by its name: an image need not have the device */
		target = alias_target(m, name, link);
		if (!dw_streq(link, "/dev/null") && target) {
			u = get_depth(m, target, depth + 1);
			dw_vec_push(m->s->arena, &u->aliases, dw_arena_strdup(m->s->arena, name));
			bind_name(m, name, u);
			return u;
		}
		u = new_unit(m, name);
		bind_name(m, name, u);
		if (dw_streq(link, "/dev/null"))
			u->masked = true;
		else if (dw_sys_file_real(m->s->sys, path, m->s->arena, &real, NULL) == 0)
			load(m, u, real);
		else
			load(m, u, path); /* which says why it cannot be read */
		return u;
	}
	u = new_unit(m, name);
	bind_name(m, name, u);
	if (path)
		load(m, u, path);
	else
		read_drop_ins(m, u);
	return u;
}

struct dw_sd_unit *dw_sd_unit_get(struct dw_sd_manager *m, const char *name)
{
	return get_depth(m, name, 0);
}

bool dw_sd_unit_exists(const struct dw_sd_unit *u)
{
	return u->fragment && !u->masked;
}

bool dw_sd_has_file(const struct dw_sd_manager *m, const char *name)
{
	for (size_t i = 0; i < m->dirs.n; i++)
		if (dw_sd_dir_has(&m->dirs.v[i], name))
			return true;
	return false;
}

void dw_sd_forget(struct dw_sd_manager *m)
{
	HASH_CLEAR(hh, m->slots);
}
