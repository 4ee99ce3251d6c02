/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Questions to a running manager. */
#include "bus_private.h"

static int read_units(struct dw_bus *b, sd_bus_message *m, struct dw_arena *a,
		      struct dw_bus_unit **ret, size_t *ret_n)
{
	DW_VEC(struct dw_bus_unit) v = { 0 };
	int r = b->lib.enter(m, 'a', "(ssssssouso)");

	while (r >= 0 && v.n < DW_BUS_UNITS_MAX) {
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

int dw_bus_live_list(struct dw_bus *b, const char *const *patterns, struct dw_arena *a,
		     struct dw_bus_unit **ret, size_t *ret_n, struct dw_error *e)
{
	struct dw_bus_library *l = &b->lib;
	sd_bus_error error = SD_BUS_ERROR_NULL;
	sd_bus_message *call = NULL, *reply = NULL;
	char *no_states[] = { NULL };
	int r = l->new_call(b->bus, &call, DW_BUS_NAME, DW_BUS_PATH, DW_BUS_MANAGER,
			    "ListUnitsByPatterns");

	if (r >= 0)
		r = l->append_strv(call, no_states);
	if (r >= 0)
		r = l->append_strv(call, dw_bus_strv(patterns));
	if (r >= 0)
		r = l->call(b->bus, call, DW_BUS_TIMEOUT_USEC, &error, &reply);
	if (r >= 0)
		r = read_units(b, reply, a, ret, ret_n);
	if (r < 0)
		(void)dw_error_errno(e, r, "systemd's list of units");
	l->message_unref(reply);
	l->message_unref(call);
	l->error_free(&error);
	return r < 0 ? r : 0;
}

int dw_bus_live_features(struct dw_bus *b, struct dw_arena *a, const char **ret, struct dw_error *e)
{
	sd_bus_error error = SD_BUS_ERROR_NULL;
	_cleanup_free_ char *value = NULL;
	int r = b->lib.get_string(b->bus, DW_BUS_NAME, DW_BUS_PATH, DW_BUS_MANAGER, "Features",
				  &error, &value);

	if (r < 0)
		(void)dw_error_errno(e, r, "what systemd was built with");
	else
		*ret = dw_arena_strdup(a, value ? value : "");
	b->lib.error_free(&error);
	return r < 0 ? r : 0;
}

int dw_bus_live_string(struct dw_bus *b, const char *unit, const char *interface,
		       const char *property, struct dw_arena *a, const char **ret,
		       struct dw_error *e)
{
	struct dw_bus_library *l = &b->lib;
	sd_bus_error error = SD_BUS_ERROR_NULL;
	_cleanup_free_ char *path = NULL;
	_cleanup_free_ char *value = NULL;
	int r = l->encode(DW_BUS_PATH "/unit", unit, &path);

	/* the object of a unit that is not loaded is made up on the spot: what it says is then the disk's */
	if (r >= 0)
		r = l->get_string(b->bus, DW_BUS_NAME, path, interface, property, &error, &value);
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
		if (i < DW_BUS_STRINGS_MAX)
			dw_vec_push(a, ret, dw_arena_strdup(a, list[i]));
		free(list[i]);
	}
	free((void *)list);
}

int dw_bus_live_strings(struct dw_bus *b, const char *unit, const char *interface,
			const char *property, struct dw_arena *a, struct dw_strings *ret,
			struct dw_error *e)
{
	struct dw_bus_library *l = &b->lib;
	sd_bus_error error = SD_BUS_ERROR_NULL;
	_cleanup_free_ char *path = NULL;
	char **list = NULL;
	int r = l->encode(DW_BUS_PATH "/unit", unit, &path);

	if (r >= 0)
		r = l->get_strv(b->bus, DW_BUS_NAME, path, interface, property, &error, &list);
	if (r < 0)
		(void)dw_error_errno(e, r, "%s of %s", property, unit);
	else
		take_strings(list, a, ret);
	l->error_free(&error);
	return r < 0 ? r : 0;
}

int dw_bus_live_time(struct dw_bus *b, const char *unit, const char *interface,
		     const char *property, uint64_t *ret, struct dw_error *e)
{
	struct dw_bus_library *l = &b->lib;
	sd_bus_error error = SD_BUS_ERROR_NULL;
	_cleanup_free_ char *path = NULL;
	int r = l->encode(DW_BUS_PATH "/unit", unit, &path);

	if (r >= 0)
		r = l->get_trivial(b->bus, DW_BUS_NAME, path, interface, property, &error, 't',
				   ret);
	if (r < 0)
		(void)dw_error_errno(e, r, "%s of %s", property, unit);
	l->error_free(&error);
	return r < 0 ? r : 0;
}
