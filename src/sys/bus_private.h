/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Inside of the bus: linux/bus.c opens, linux/busask.c and linux/busact.c talk to a manager, fake/bus.c plays one. */
#ifndef DW_BUS_PRIVATE_H
#define DW_BUS_PRIVATE_H

#include <systemd/sd-bus.h>

#include "dw_json.h"
#include "sys_private.h"

/* Of a manager that hangs. One that reloads, on a busy machine, was seen to take more than two seconds. */
#define DW_BUS_TIMEOUT_USEC (20 * 1000 * 1000)
#define DW_BUS_UNITS_MAX    20000
#define DW_BUS_STRINGS_MAX  20000

#define DW_BUS_NAME    "org.freedesktop.systemd1"
#define DW_BUS_PATH    "/org/freedesktop/systemd1"
#define DW_BUS_MANAGER DW_BUS_NAME ".Manager"

struct dw_bus_library {
	void *handle;
	__typeof__(sd_bus_new) *bus_new;
	__typeof__(sd_bus_set_address) *set_address;
	__typeof__(sd_bus_start) *start;
	__typeof__(sd_bus_open_system) *open_system;
	__typeof__(sd_bus_set_method_call_timeout) *set_timeout;
	__typeof__(sd_bus_flush_close_unref) *unref;
	__typeof__(sd_bus_call) *call;
	__typeof__(sd_bus_process) *process;
	__typeof__(sd_bus_wait) *wait;
	__typeof__(sd_bus_match_signal) *match_signal;
	__typeof__(sd_bus_slot_unref) *slot_unref;
	__typeof__(sd_bus_message_new_method_call) *new_call;
	__typeof__(sd_bus_message_append) *append;
	__typeof__(sd_bus_message_append_strv) *append_strv;
	__typeof__(sd_bus_message_open_container) *open;
	__typeof__(sd_bus_message_close_container) *close;
	__typeof__(sd_bus_message_enter_container) *enter;
	__typeof__(sd_bus_message_exit_container) *leave;
	__typeof__(sd_bus_message_peek_type) *peek;
	__typeof__(sd_bus_message_skip) *skip;
	__typeof__(sd_bus_message_read_strv) *read_strv;
	__typeof__(sd_bus_message_read) *read;
	__typeof__(sd_bus_message_unref) *message_unref;
	__typeof__(sd_bus_error_free) *error_free;
	__typeof__(sd_bus_error_has_name) *error_has_name;
	__typeof__(sd_bus_get_property_string) *get_string;
	__typeof__(sd_bus_get_property_strv) *get_strv;
	__typeof__(sd_bus_get_property_trivial) *get_trivial;
	__typeof__(sd_bus_path_encode) *encode;
};

struct dw_bus {
	struct dw_sys *sys;
	struct dw_bus_library lib;
	sd_bus *bus;
	bool direct; /* to the manager itself: no daemon in between, so that no message has a sender */
	uint32_t uid; /* of the user whose manager it is; UINT32_MAX: the system's */
	struct dw_json_value *fake;
};

/* sd-bus's prototypes have lists that they do not write without const. */
static inline char **dw_bus_strv(const char *const *list)
{
	union {
		const char *const *in;
		char **out;
	} u = { .in = list };

	return u.out;
}

/* linux/busask.c */
int dw_bus_live_list(struct dw_bus *b, const char *const *patterns, struct dw_arena *a,
		     struct dw_bus_unit **ret, size_t *ret_n, struct dw_error *e);
int dw_bus_live_string(struct dw_bus *b, const char *unit, const char *interface,
		       const char *property, struct dw_arena *a, const char **ret,
		       struct dw_error *e);
int dw_bus_live_strings(struct dw_bus *b, const char *unit, const char *interface,
			const char *property, struct dw_arena *a, struct dw_strings *ret,
			struct dw_error *e);
int dw_bus_live_features(struct dw_bus *b, struct dw_arena *a, const char **ret,
			 struct dw_error *e);
int dw_bus_live_properties(struct dw_bus *b, const char *unit, const char *interface,
			   struct dw_arena *a, struct dw_bus_property **ret, size_t *ret_n,
			   struct dw_error *e);
int dw_bus_live_time(struct dw_bus *b, const char *unit, const char *interface,
		     const char *property, uint64_t *ret, struct dw_error *e);

/* fake/bus.c */
int dw_bus_fake_open(struct dw_bus *b, struct dw_error *e);
int dw_bus_fake_list(struct dw_bus *b, const char *const *patterns, struct dw_arena *a,
		     struct dw_bus_unit **ret, size_t *ret_n);
int dw_bus_fake_string(struct dw_bus *b, const char *unit, const char *property, struct dw_arena *a,
		       const char **ret, struct dw_error *e);
int dw_bus_fake_features(struct dw_bus *b, struct dw_arena *a, const char **ret);
int dw_bus_fake_strings(struct dw_bus *b, const char *unit, const char *property,
			struct dw_arena *a, struct dw_strings *ret, struct dw_error *e);
int dw_bus_fake_properties(struct dw_bus *b, const char *unit, struct dw_arena *a,
			   struct dw_bus_property **ret, size_t *ret_n, struct dw_error *e);
int dw_bus_fake_time(struct dw_bus *b, const char *unit, const char *property, uint64_t *ret,
		     struct dw_error *e);
int dw_bus_fake_act(struct dw_bus *b, enum dw_bus_act act, const char *unit, struct dw_error *e);
int dw_bus_fake_run_later(struct dw_bus *b, const char *name, struct dw_error *e);

/* What a job's result means for the unit, for the message; the same words for a recorded manager. */
int dw_bus_say_result(enum dw_bus_act act, const char *unit, const char *result,
		      struct dw_error *e);

#endif
