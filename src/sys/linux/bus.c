/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * systemd's manager over D-Bus. libsystemd is opened when the first question is asked, not at start: few runs
 * ask at all, and its own libraries (compression, gcrypt) would cost every run more than the audit's files.
 *
 * A fake answers from bus/units.json:
 *	{"units": [{"name": "x.service", "load_state": "loaded", "active_state": "active", "sub_state": "running",
 *	            "properties": {"FragmentPath": "/etc/systemd/system/x.service", "RequiredBy": ["y.service"]}}]}
 */
#include <dlfcn.h>
#include <errno.h>
#include <fnmatch.h>
#include <string.h>
#include <systemd/sd-bus.h>

#include "dw_json.h"
#include "dw_str.h"
#include "sys_private.h"

#define BUS_TIMEOUT_USEC 2000000
#define UNITS_MAX        20000
#define STRINGS_MAX      20000

#define MANAGER_NAME "org.freedesktop.systemd1"
#define MANAGER_PATH "/org/freedesktop/systemd1"

struct library {
	void *handle;
	__typeof__(sd_bus_new) *bus_new;
	__typeof__(sd_bus_set_address) *set_address;
	__typeof__(sd_bus_start) *start;
	__typeof__(sd_bus_open_system) *open_system;
	__typeof__(sd_bus_set_method_call_timeout) *set_timeout;
	__typeof__(sd_bus_flush_close_unref) *unref;
	__typeof__(sd_bus_call) *call;
	__typeof__(sd_bus_message_new_method_call) *new_call;
	__typeof__(sd_bus_message_append_strv) *append_strv;
	__typeof__(sd_bus_message_enter_container) *enter;
	__typeof__(sd_bus_message_read) *read;
	__typeof__(sd_bus_message_unref) *message_unref;
	__typeof__(sd_bus_error_free) *error_free;
	__typeof__(sd_bus_get_property_string) *get_string;
	__typeof__(sd_bus_get_property_strv) *get_strv;
	__typeof__(sd_bus_path_encode) *encode;
};

struct dw_bus {
	struct dw_sys *sys;
	struct library lib;
	sd_bus *bus;
	struct dw_json_value *fake;
};

static int load_library(struct library *l, struct dw_error *e)
{
	const struct {
		const char *name;
		void *slot;
	} symbols[] = {
		{ "sd_bus_new", &l->bus_new },
		{ "sd_bus_set_address", &l->set_address },
		{ "sd_bus_start", &l->start },
		{ "sd_bus_open_system", &l->open_system },
		{ "sd_bus_set_method_call_timeout", &l->set_timeout },
		{ "sd_bus_flush_close_unref", &l->unref },
		{ "sd_bus_call", &l->call },
		{ "sd_bus_message_new_method_call", &l->new_call },
		{ "sd_bus_message_append_strv", &l->append_strv },
		{ "sd_bus_message_enter_container", &l->enter },
		{ "sd_bus_message_read", &l->read },
		{ "sd_bus_message_unref", &l->message_unref },
		{ "sd_bus_error_free", &l->error_free },
		{ "sd_bus_get_property_string", &l->get_string },
		{ "sd_bus_get_property_strv", &l->get_strv },
		{ "sd_bus_path_encode", &l->encode },
	};

	l->handle = dlopen("libsystemd.so.0", RTLD_NOW | RTLD_LOCAL);
	if (!l->handle) {
		(void)dw_error_set(e, -ENOENT, "libsystemd.so.0 cannot be opened");
		return -ENOENT;
	}
	for (size_t i = 0; i < DW_ARRAY_SIZE(symbols); i++) {
		void *address = dlsym(l->handle, symbols[i].name);

		if (!address) {
			(void)dw_error_set(e, -ENOSYS, "libsystemd has no %s", symbols[i].name);
			return -ENOSYS;
		}
		memcpy(symbols[i].slot, &address, sizeof(address));
	}
	return 0;
}

/* root talks to the manager itself: that works while the message bus is down, and saves a hop. */
static int connect_manager(struct dw_bus *b)
{
	struct library *l = &b->lib;
	int r;

	if (dw_sys_euid(b->sys) == 0) {
		r = l->bus_new(&b->bus);
		if (r >= 0)
			r = l->set_address(b->bus, "unix:path=/run/systemd/private");
		if (r >= 0)
			r = l->start(b->bus);
		if (r >= 0)
			return r;
		b->bus = l->unref(b->bus);
	}
	return l->open_system(&b->bus);
}

static int open_live(struct dw_bus *b, struct dw_error *e)
{
	int r;

	/* sd_booted(3) */
	if (!dw_sys_file_exists(b->sys, "/run/systemd/system"))
		return dw_error_set(e, -ENOENT, "systemd does not run here");
	r = load_library(&b->lib, e);
	if (r < 0)
		return r;
	r = connect_manager(b);
	if (r < 0)
		return dw_error_errno(e, r, "systemd's manager");
	r = b->lib.set_timeout(b->bus, BUS_TIMEOUT_USEC);
	return r < 0 ? dw_error_errno(e, r, "systemd's manager") : 0;
}

static int open_fake(struct dw_bus *b, struct dw_error *e)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	_cleanup_fd_ int fd = dw_fake_open(b->sys, "bus/units.json", e);
	struct dw_bytes text;
	int r;

	if (fd < 0)
		return fd;
	r = dw_fd_read_all(fd, DW_FILE_MAX, a, &text);
	if (r < 0)
		return dw_error_errno(e, r, "bus/units.json");
	return dw_json_parse(text.data, text.n, &b->fake, e);
}

int dw_bus_open(struct dw_sys *s, struct dw_bus **ret, struct dw_error *e)
{
	struct dw_bus *b;
	int r = dw_sys_fault(s);

	if (r < 0)
		return dw_error_errno(e, r, "systemd's manager");
	if (!dw_sys_is_running(s))
		return dw_error_set(e, -ENOENT, "nothing runs in this root");
	b = calloc(1, sizeof(*b));
	if (!b)
		dw_oom();
	b->sys = s;
	r = dw_sys_is_fake(s) ? open_fake(b, e) : open_live(b, e);
	if (r < 0) {
		dw_bus_free(b);
		return r;
	}
	*ret = b;
	return 0;
}

void dw_bus_free(struct dw_bus *b)
{
	if (!b)
		return;
	if (b->bus)
		b->lib.unref(b->bus);
	if (b->lib.handle)
		(void)dlclose(b->lib.handle);
	dw_json_free(b->fake);
	free(b);
}

/* --- the recorded manager ------------------------------------------------------------------------- */

static const char *text_or_empty(const struct dw_json_value *v)
{
	const char *s = v ? dw_json_text(v) : NULL;

	return s ? s : "";
}

static bool matches(const char *const *patterns, const char *name)
{
	for (; *patterns; patterns++)
		if (fnmatch(*patterns, name, FNM_NOESCAPE) == 0)
			return true;
	return false;
}

static int fake_list(struct dw_bus *b, const char *const *patterns, struct dw_arena *a,
		     struct dw_bus_unit **ret, size_t *ret_n)
{
	const struct dw_json_value *units = dw_json_get(b->fake, "units", NULL);
	DW_VEC(struct dw_bus_unit) v = { 0 };

	for (size_t i = 0; i < dw_json_count(units); i++) {
		const struct dw_json_value *u = dw_json_at(units, i, NULL);
		const char *name = text_or_empty(dw_json_get(u, "name", NULL));

		if (!matches(patterns, name))
			continue;
		*dw_vec_add(a, &v) = (struct dw_bus_unit){
			.name = dw_arena_strdup(a, name),
			.load_state = dw_arena_strdup(
				a, text_or_empty(dw_json_get(u, "load_state", NULL))),
			.active_state = dw_arena_strdup(
				a, text_or_empty(dw_json_get(u, "active_state", NULL))),
			.sub_state = dw_arena_strdup(
				a, text_or_empty(dw_json_get(u, "sub_state", NULL))),
		};
	}
	*ret = v.v;
	*ret_n = v.n;
	return 0;
}

static const struct dw_json_value *fake_unit(struct dw_bus *b, const char *name)
{
	const struct dw_json_value *units = dw_json_get(b->fake, "units", NULL);

	for (size_t i = 0; i < dw_json_count(units); i++) {
		const struct dw_json_value *u = dw_json_at(units, i, NULL);

		if (dw_streq(text_or_empty(dw_json_get(u, "name", NULL)), name))
			return u;
	}
	return NULL;
}

static int fake_string(struct dw_bus *b, const char *unit, const char *property, struct dw_arena *a,
		       const char **ret, struct dw_error *e)
{
	const struct dw_json_value *u = fake_unit(b, unit);

	if (!u)
		return dw_error_set(e, -ENOENT, "systemd has no unit %s", unit);
	*ret = dw_arena_strdup(a, text_or_empty(dw_json_get(u, "properties", property, NULL)));
	return 0;
}

static int fake_strings(struct dw_bus *b, const char *unit, const char *property,
			struct dw_arena *a, struct dw_strings *ret, struct dw_error *e)
{
	const struct dw_json_value *u = fake_unit(b, unit), *list;

	if (!u)
		return dw_error_set(e, -ENOENT, "systemd has no unit %s", unit);
	list = dw_json_get(u, "properties", property, NULL);
	for (size_t i = 0; i < dw_json_count(list) && i < STRINGS_MAX; i++)
		dw_vec_push(a, ret, dw_arena_strdup(a, text_or_empty(dw_json_at(list, i, NULL))));
	return 0;
}

/* --- the running manager -------------------------------------------------------------------------- */

static int read_units(struct dw_bus *b, sd_bus_message *m, struct dw_arena *a,
		      struct dw_bus_unit **ret, size_t *ret_n)
{
	DW_VEC(struct dw_bus_unit) v = { 0 };
	int r = b->lib.enter(m, 'a', "(ssssssouso)");

	while (r >= 0 && v.n < UNITS_MAX) {
		const char *s[7], *job_type, *job_path;
		uint32_t job;

		r = b->lib.read(m, "(ssssssouso)", &s[0], &s[1], &s[2], &s[3], &s[4], &s[5], &s[6],
				&job, &job_type, &job_path);
		if (r <= 0)
			break;
		*dw_vec_add(a, &v) = (struct dw_bus_unit){
			.name = dw_arena_strdup(a, s[0]),
			.load_state = dw_arena_strdup(a, s[2]),
			.active_state = dw_arena_strdup(a, s[3]),
			.sub_state = dw_arena_strdup(a, s[4]),
		};
	}
	if (r < 0)
		return r;
	*ret = v.v;
	*ret_n = v.n;
	return 0;
}

static int live_list(struct dw_bus *b, const char *const *patterns, struct dw_arena *a,
		     struct dw_bus_unit **ret, size_t *ret_n, struct dw_error *e)
{
	struct library *l = &b->lib;
	sd_bus_error error = SD_BUS_ERROR_NULL;
	sd_bus_message *call = NULL, *reply = NULL;
	char *no_states[] = { NULL };
	union {
		const char *const *in;
		char **out; /* sd-bus's prototype; it does not write */
	} list = { .in = patterns };
	int r = l->new_call(b->bus, &call, MANAGER_NAME, MANAGER_PATH, MANAGER_NAME ".Manager",
			    "ListUnitsByPatterns");

	if (r >= 0)
		r = l->append_strv(call, no_states);
	if (r >= 0)
		r = l->append_strv(call, list.out);
	if (r >= 0)
		r = l->call(b->bus, call, BUS_TIMEOUT_USEC, &error, &reply);
	if (r >= 0)
		r = read_units(b, reply, a, ret, ret_n);
	if (r < 0)
		(void)dw_error_errno(e, r, "systemd's list of units");
	l->message_unref(reply);
	l->message_unref(call);
	l->error_free(&error);
	return r < 0 ? r : 0;
}

static int live_string(struct dw_bus *b, const char *unit, const char *interface,
		       const char *property, struct dw_arena *a, const char **ret,
		       struct dw_error *e)
{
	struct library *l = &b->lib;
	sd_bus_error error = SD_BUS_ERROR_NULL;
	_cleanup_free_ char *path = NULL;
	_cleanup_free_ char *value = NULL;
	int r = l->encode(MANAGER_PATH "/unit", unit, &path);

	/* the object of a unit that is not loaded is made up on the spot: what it says is then the disk's */
	if (r >= 0)
		r = l->get_string(b->bus, MANAGER_NAME, path, interface, property, &error, &value);
	if (r < 0)
		(void)dw_error_errno(e, r, "%s of %s", property, unit);
	else
		*ret = dw_arena_strdup(a, value ? value : "");
	l->error_free(&error);
	return r < 0 ? r : 0;
}

static void take_strings(char **list, struct dw_arena *a, struct dw_strings *ret)
{
	for (size_t i = 0; list && list[i]; i++) {
		if (i < STRINGS_MAX)
			dw_vec_push(a, ret, dw_arena_strdup(a, list[i]));
		free(list[i]);
	}
	free((void *)list);
}

static int live_strings(struct dw_bus *b, const char *unit, const char *interface,
			const char *property, struct dw_arena *a, struct dw_strings *ret,
			struct dw_error *e)
{
	struct library *l = &b->lib;
	sd_bus_error error = SD_BUS_ERROR_NULL;
	_cleanup_free_ char *path = NULL;
	char **list = NULL;
	int r = l->encode(MANAGER_PATH "/unit", unit, &path);

	if (r >= 0)
		r = l->get_strv(b->bus, MANAGER_NAME, path, interface, property, &error, &list);
	if (r < 0)
		(void)dw_error_errno(e, r, "%s of %s", property, unit);
	else
		take_strings(list, a, ret);
	l->error_free(&error);
	return r < 0 ? r : 0;
}

int dw_bus_list_units(struct dw_bus *b, const char *const *patterns, struct dw_arena *a,
		      struct dw_bus_unit **ret, size_t *ret_n, struct dw_error *e)
{
	int r = dw_sys_fault(b->sys);

	if (r < 0)
		return dw_error_errno(e, r, "systemd's list of units");
	return b->fake ? fake_list(b, patterns, a, ret, ret_n)
		       : live_list(b, patterns, a, ret, ret_n, e);
}

int dw_bus_unit_string(struct dw_bus *b, const char *unit, const char *interface,
		       const char *property, struct dw_arena *a, const char **ret,
		       struct dw_error *e)
{
	int r = dw_sys_fault(b->sys);

	if (r < 0)
		return dw_error_errno(e, r, "%s of %s", property, unit);
	return b->fake ? fake_string(b, unit, property, a, ret, e)
		       : live_string(b, unit, interface, property, a, ret, e);
}

int dw_bus_unit_strings(struct dw_bus *b, const char *unit, const char *interface,
			const char *property, struct dw_arena *a, struct dw_strings *ret,
			struct dw_error *e)
{
	int r = dw_sys_fault(b->sys);

	*ret = (struct dw_strings){ 0 };
	if (r < 0)
		return dw_error_errno(e, r, "%s of %s", property, unit);
	return b->fake ? fake_strings(b, unit, property, a, ret, e)
		       : live_strings(b, unit, interface, property, a, ret, e);
}
