/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * systemd's managers over D-Bus: opening, and who answers. libsystemd is opened when the first question is asked, not
 * at start: few runs ask at all, and its own libraries (compression, gcrypt) would cost every run more than the audit's
 * files.
 */
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "bus_private.h"
#include "dw_str.h"

static int load_library(struct dw_bus_library *l, struct dw_error *e)
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
		{ "sd_bus_message_exit_container", &l->leave },
		{ "sd_bus_message_peek_type", &l->peek },
		{ "sd_bus_message_skip", &l->skip },
		{ "sd_bus_message_read_strv", &l->read_strv },
		{ "sd_bus_message_read", &l->read },
		{ "sd_bus_message_unref", &l->message_unref },
		{ "sd_bus_error_free", &l->error_free },
		{ "sd_bus_get_property_string", &l->get_string },
		{ "sd_bus_get_property_strv", &l->get_strv },
		{ "sd_bus_get_property_trivial", &l->get_trivial },
		{ "sd_bus_process", &l->process },
		{ "sd_bus_wait", &l->wait },
		{ "sd_bus_match_signal", &l->match_signal },
		{ "sd_bus_slot_unref", &l->slot_unref },
		{ "sd_bus_message_append", &l->append },
		{ "sd_bus_message_open_container", &l->open },
		{ "sd_bus_message_close_container", &l->close },
		{ "sd_bus_error_has_name", &l->error_has_name },
		{ "sd_bus_path_encode", &l->encode },
	};

	l->handle = dlopen("libsystemd.so.0", RTLD_NOW | RTLD_LOCAL);
	if (!l->handle) {
		(void)dw_error_set(e, -ENOENT,
				   "libsystemd.so.0 cannot be opened: asking systemd needs it "
				   "(Debian: libsystemd0)");
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

static int start_at(struct dw_bus *b, const char *address)
{
	struct dw_bus_library *l = &b->lib;
	int r = l->bus_new(&b->bus);

	if (r >= 0)
		r = l->set_address(b->bus, address);
	if (r >= 0)
		r = l->start(b->bus);
	b->direct = r >= 0;
	if (r < 0)
		b->bus = l->unref(b->bus);
	return r;
}

/* root talks to the manager itself: that works while the message bus is down, and saves a hop. */
static int connect_manager(struct dw_bus *b)
{
	int r;

	if (dw_sys_euid(b->sys) == 0) {
		r = start_at(b, "unix:path=/run/systemd/private");
		if (r >= 0)
			return r;
	}
	return b->lib.open_system(&b->bus);
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
	if (r >= 0)
		r = b->lib.set_timeout(b->bus, DW_BUS_TIMEOUT_USEC);
	return r < 0 ? dw_error_errno(e, r, "systemd's manager") : 0;
}

/*
 * The manager's own socket lies in a directory that only the user and root may enter. Whether it lets root in is seen
 * with the first question.
 */
static int open_live_user(struct dw_bus *b, struct dw_error *e)
{
	char address[80];
	int r;

	(void)snprintf(address, sizeof(address), "unix:path=/run/user/%u/systemd/private", b->uid);
	if (!dw_sys_file_exists(b->sys, address + strlen("unix:path=")))
		return dw_error_set(e, -ENOENT, "user %u has no systemd of its own running",
				    b->uid);
	r = load_library(&b->lib, e);
	if (r < 0)
		return r;
	r = start_at(b, address);
	if (r >= 0)
		r = b->lib.set_timeout(b->bus, DW_BUS_TIMEOUT_USEC);
	return r < 0 ? dw_error_errno(e, r, "systemd's manager of user %u", b->uid) : 0;
}

static int open_bus(struct dw_sys *s, uint32_t uid, struct dw_bus **ret, struct dw_error *e)
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
	b->uid = uid;
	if (dw_sys_is_fake(s))
		r = dw_bus_fake_open(b, e);
	else
		r = uid == UINT32_MAX ? open_live(b, e) : open_live_user(b, e);
	if (r < 0) {
		dw_bus_free(b);
		return r;
	}
	*ret = b;
	return 0;
}

int dw_bus_open(struct dw_sys *s, struct dw_bus **ret, struct dw_error *e)
{
	return open_bus(s, UINT32_MAX, ret, e);
}

int dw_bus_open_user(struct dw_sys *s, uint32_t uid, struct dw_bus **ret, struct dw_error *e)
{
	if (uid == UINT32_MAX)
		return dw_error_set(e, -EINVAL, "there is no user %u", uid);
	return open_bus(s, uid, ret, e);
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

int dw_bus_list_units(struct dw_bus *b, const char *const *patterns, struct dw_arena *a,
		      struct dw_bus_unit **ret, size_t *ret_n, struct dw_error *e)
{
	int r = dw_sys_fault(b->sys);

	if (r < 0)
		return dw_error_errno(e, r, "systemd's list of units");
	return b->fake ? dw_bus_fake_list(b, patterns, a, ret, ret_n)
		       : dw_bus_live_list(b, patterns, a, ret, ret_n, e);
}

int dw_bus_unit_string(struct dw_bus *b, const char *unit, const char *interface,
		       const char *property, struct dw_arena *a, const char **ret,
		       struct dw_error *e)
{
	int r = dw_sys_fault(b->sys);

	if (r < 0)
		return dw_error_errno(e, r, "%s of %s", property, unit);
	return b->fake ? dw_bus_fake_string(b, unit, property, a, ret, e)
		       : dw_bus_live_string(b, unit, interface, property, a, ret, e);
}

int dw_bus_unit_strings(struct dw_bus *b, const char *unit, const char *interface,
			const char *property, struct dw_arena *a, struct dw_strings *ret,
			struct dw_error *e)
{
	int r = dw_sys_fault(b->sys);

	*ret = (struct dw_strings){ 0 };
	if (r < 0)
		return dw_error_errno(e, r, "%s of %s", property, unit);
	return b->fake ? dw_bus_fake_strings(b, unit, property, a, ret, e)
		       : dw_bus_live_strings(b, unit, interface, property, a, ret, e);
}

int dw_bus_features(struct dw_bus *b, struct dw_arena *a, const char **ret, struct dw_error *e)
{
	int r = dw_sys_fault(b->sys);

	if (r < 0)
		return dw_error_errno(e, r, "what systemd was built with");
	return b->fake ? dw_bus_fake_features(b, a, ret) : dw_bus_live_features(b, a, ret, e);
}

int dw_bus_unit_properties(struct dw_bus *b, const char *unit, const char *interface,
			   struct dw_arena *a, struct dw_bus_property **ret, size_t *ret_n,
			   struct dw_error *e)
{
	int r = dw_sys_fault(b->sys);

	*ret = NULL;
	*ret_n = 0;
	if (r < 0)
		return dw_error_errno(e, r, "the properties of %s", unit);
	return b->fake ? dw_bus_fake_properties(b, unit, a, ret, ret_n, e)
		       : dw_bus_live_properties(b, unit, interface, a, ret, ret_n, e);
}

int dw_bus_unit_time(struct dw_bus *b, const char *unit, const char *interface,
		     const char *property, uint64_t *ret, struct dw_error *e)
{
	uint64_t usec = 0;
	int r = dw_sys_fault(b->sys);

	if (r < 0)
		return dw_error_errno(e, r, "%s of %s", property, unit);
	r = b->fake ? dw_bus_fake_time(b, unit, property, &usec, e)
		    : dw_bus_live_time(b, unit, interface, property, &usec, e);
	if (r == 0)
		*ret = usec / 1000000;
	return r;
}
