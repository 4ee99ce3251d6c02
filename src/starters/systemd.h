/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * systemd as its unit files tell it; private to src/starters. One manager is the system's, one more is there
 * for each user whose own systemd matters. Unit files are read when they are asked for, never all of them.
 * See systemd.unit(5), systemd.socket(5), systemd.syntax(7).
 */
#ifndef DW_SYSTEMD_H
#define DW_SYSTEMD_H

#include "dw_bus.h"
#include "dw_starters.h"
#include "dw_str.h"

#define DW_SD_UNIT_MAX  ((size_t)1024 * 1024) /* largest unit file that is read */
#define DW_SD_NAME_MAX  255                   /* UNIT_NAME_MAX of systemd is 256 with its NUL */
#define DW_SD_UNITS_MAX 20000                 /* units that one manager may pull in */

/* --- syntax (systemd-parse.c) --------------------------------------------------------------------- */

struct dw_sd_sink {
	/* key and value are terminated and live as long as the text that was parsed */
	void (*setting)(struct dw_sd_sink *sink, const char *section, const char *key,
			const char *value, unsigned line);
	void (*bad)(struct dw_sd_sink *sink, unsigned line, const char *why);
};
/* Cuts the text up in place. `continued`: a backslash at a line's end joins the next (D-Bus's files: no). */
void dw_sd_parse(struct dw_bytes *text, bool continued, struct dw_sd_sink *sink);

/* Parts of a unit's name; false when it is none ("a@b.service": prefix a, instance b, suffix .service). */
struct dw_sd_name {
	const char *prefix, *instance, *suffix; /* instance NULL: no @; "": a template */
};
bool dw_sd_name_split(struct dw_arena *a, const char *name, struct dw_sd_name *ret);
/* "a@b.service" -> "a@.service"; NULL when it is no instance. */
const char *dw_sd_name_template(struct dw_arena *a, const char *name);
/* The same name with another suffix. */
const char *dw_sd_name_change(struct dw_arena *a, const char *name, const char *suffix);
/* \xNN and - as systemd-escape(1) writes them. */
const char *dw_sd_unescape(struct dw_arena *a, const char *s);

/* --- units (systemd-unit.c) ----------------------------------------------------------------------- */

/* The settings that matter here; the table in systemd-unit.c says section and spelling. */
enum dw_sd_key {
	DW_SD_NO_KEY = 0,
	DW_SD_WANTS,
	DW_SD_REQUIRES,
	DW_SD_BINDS_TO,
	DW_SD_REQUISITE,
	DW_SD_PART_OF,
	DW_SD_UPHOLDS,
	DW_SD_ON_FAILURE,
	DW_SD_ON_SUCCESS,
	DW_SD_SOURCE_PATH,
	DW_SD_CONDITION_EXISTS,
	DW_SD_TYPE,
	DW_SD_EXEC_START,
	DW_SD_EXEC_START_PRE,
	DW_SD_EXEC_START_POST,
	DW_SD_RESTART,
	DW_SD_REMAIN,
	DW_SD_SOCKETS,
	DW_SD_BUS_NAME,
	DW_SD_PRIVATE_NETWORK,
	DW_SD_ADDRESS_FAMILIES,
	DW_SD_ROOT_DIRECTORY,
	DW_SD_ROOT_IMAGE,
	DW_SD_LISTEN_STREAM,
	DW_SD_LISTEN_DATAGRAM,
	DW_SD_LISTEN_SEQPACKET,
	DW_SD_LISTEN_OTHER, /* what is no socket of the network: FIFOs, netlink, message queues */
	DW_SD_IP_ALLOW,
	DW_SD_IP_DENY,
	DW_SD_ACCEPT,
	DW_SD_SERVICE,
	DW_SD_IPV6_ONLY,
	DW_SD_BIND_TO_DEVICE,
	DW_SD_SOCKET_PROTOCOL,
	DW_SD_TIMER_UNIT,
	DW_SD_PATH_UNIT,
};

struct dw_sd_setting {
	enum dw_sd_key key;
	const char *value; /* as written; "" resets a list */
	const char *file;
	unsigned line;
};

struct dw_sd_listen {
	struct dw_endpoint
		at; /* family dual: may turn out as any of the three where IPv6 is off, or forced only */
	bool any_family; /* bare port: the kernel decides between :: and 0.0.0.0 */
	const char *file;
	unsigned line;
};

/* Which of a unit's commands the process asked for last comes from. */
struct dw_sd_command {
	bool asked;
	int ppid;
	const char *exe, *command;
	const struct dw_sd_setting *setting; /* NULL: none names it */
};

/* Why a unit is started after a boot; the greater, the better to tell. */
enum dw_sd_reason {
	DW_SD_NOT = 0,
	DW_SD_BY_TRIGGER, /* only when its socket, timer or path says so */
	DW_SD_BY_LINE,    /* Wants= and the like of another unit */
	DW_SD_BY_LINK,    /* a link in NAME.wants, which somebody can remove */
};

/* One thing that pulls a unit in at boot. */
struct dw_sd_pull {
	enum dw_sd_reason reason;
	const char *by; /* path of the link, FILE:LINE, name of the unit that triggers it */
	const struct dw_sd_unit
		*from; /* whose link or line it is; NULL: the boot itself, a device */
	bool hard;     /* a start of `from` fails when this one cannot be started */
};

/* One unit whose end starts it. */
struct dw_sd_end {
	const struct dw_sd_unit *from;
	bool failed;        /* OnFailure=; else OnSuccess= */
	const char *source; /* FILE:LINE of that */
};

struct dw_sd_unit {
	const char *name;          /* its own, not an alias */
	struct dw_strings aliases; /* names by which it was asked for */
	const char *fragment;      /* path; NULL: there is none (or only drop-ins) */
	bool masked, transient, generated;
	bool on_bus; /* the manager has it, the disk has not (any more) */
	DW_VEC(struct dw_sd_setting) settings;
	enum dw_sd_reason enabled;       /* pulled in at boot */
	const char *enabled_by;          /* by which link, line or unit */
	DW_VEC(struct dw_sd_pull) pulls; /* all that do */
	DW_VEC(struct dw_sd_unit *)
	triggers; /* socket, timer and path units that start it, once known */
	struct dw_sd_unit *upheld_by;
	/* of units that the boot starts, or that start at such an end themselves */
	DW_VEC(struct dw_sd_end) ends;
	const char *serves; /* of a socket unit in m->sockets: what it starts */
	bool listens_read;
	DW_VEC(struct dw_sd_listen) listens; /* of a socket unit */
	struct dw_starter *starter; /* answer of the last claim: the same for all its processes */
	struct dw_sd_command command;
};

struct dw_sd_dir {
	const char *path;
	struct dw_strings names; /* sorted */
};

/* A file of the message bus. */
struct dw_sd_call {
	const char *name; /* that is called; NULL: the file has none */
	const char *unit; /* SystemdService=, an alias mostly; NULL: the bus starts its program by itself */
	const char *file;
	unsigned line; /* of SystemdService= */
};

struct dw_sd_slot; /* name -> unit */

struct dw_sd_manager {
	struct dw_starters *s;
	bool is_user;
	uint32_t uid;
	const char *user, *home;       /* of a user's manager */
	DW_VEC(struct dw_sd_dir) dirs; /* those that exist, the first wins */
	bool has_drop_ins;             /* some NAME.d is there */
	struct dw_sd_slot *slots;
	size_t n_units;
	bool closed;                        /* the set of enabled units is known */
	DW_VEC(struct dw_sd_unit *) pulled; /* it, in the order found */
	DW_VEC(struct dw_sd_unit *) at_ends; /* those with `ends` */
	bool calls_read;
	DW_VEC(struct dw_sd_call) calls;
	bool sockets_read;
	DW_VEC(struct dw_sd_unit *) sockets; /* socket units that are active or enabled */
	bool sockets_off_read;
	DW_VEC(struct dw_sd_unit *) sockets_off; /* the others on the disk */
	bool active_read, active_known;
	struct dw_strings active; /* names of active units, sorted */
};

/* Names in a directory, none when it is not there; what cannot be read is noted. */
void dw_sd_names(struct dw_starters *s, const char *dir, struct dw_strings *ret);
/* home is only used for a user's manager (user not NULL). */
struct dw_sd_manager *dw_sd_manager_new(struct dw_starters *s, const char *user, uint32_t uid,
					const char *home);
void dw_sd_manager_free(struct dw_sd_manager *m); /* what the arena does not own; NULL allowed */
/* The unit of that name or alias, read now if it was not yet. Never NULL; exists says whether the disk knows it. */
struct dw_sd_unit *dw_sd_unit_get(struct dw_sd_manager *m, const char *name);
void dw_sd_forget(struct dw_sd_manager *m); /* the table of names */
static inline bool dw_sd_sorted_has(const struct dw_strings *names, const char *name)
{
	size_t low = 0, high = names->n;

	while (low < high) {
		size_t mid = (low + high) / 2;
		int d = strcmp(names->v[mid], name);

		if (d == 0)
			return true;
		if (d < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return false;
}
static inline bool dw_sd_dir_has(const struct dw_sd_dir *d, const char *name)
{
	return dw_sd_sorted_has(&d->names, name);
}
bool dw_sd_unit_exists(const struct dw_sd_unit *u);
/* Is there a file (or link) of that name, without reading it? */
bool dw_sd_has_file(const struct dw_sd_manager *m, const char *name);
/* The last word on a setting that holds one value; NULL: not set, or reset. */
const struct dw_sd_setting *dw_sd_last(const struct dw_sd_unit *u, enum dw_sd_key key);
/* dw_sd_last's value, or "". */
const char *dw_sd_value(const struct dw_sd_unit *u, enum dw_sd_key key);
/* Index of the first setting of a list that still counts: those before were reset. */
size_t dw_sd_list_begin(const struct dw_sd_unit *u, enum dw_sd_key key);
bool dw_sd_is_true(const char *value);
/* Specifiers (%i ...) replaced; what cannot be known here stays as written. */
const char *dw_sd_expand(struct dw_sd_manager *m, const struct dw_sd_unit *u, const char *value);
/* Path of the program that the unit starts, and the setting that says so; NULL: it starts none. */
const char *dw_sd_program(struct dw_sd_manager *m, const struct dw_sd_unit *u,
			  const struct dw_sd_setting **ret_setting);
/* The same of one Exec*= setting; NULL: it names none. */
const char *dw_sd_setting_program(struct dw_sd_manager *m, const struct dw_sd_unit *u,
				  const struct dw_sd_setting *s);
/* "FILE:LINE" of a setting, the fragment alone when s is NULL, or NULL. */
const char *dw_sd_source(struct dw_sd_manager *m, const struct dw_sd_unit *u,
			 const struct dw_sd_setting *s);
/* Is it active now? Unknown where that is not written down (user managers, offline). */
enum dw_tristate dw_sd_is_active(struct dw_sd_manager *m, const char *name);

/* --- commands (systemd-exec.c) --------------------------------------------------------------------- */

/* systemd.service(5), "special executable prefixes" */
#define DW_SD_EXEC_PREFIXES "@-:+!|"
/* The Exec*= setting that a process of the unit comes from: by its words, else ExecStart=; NULL: it has none. */
const struct dw_sd_setting *dw_sd_command_of(struct dw_sd_manager *m, struct dw_sd_unit *u,
					     const struct dw_procinfo *p);

/* --- boot (systemd-boot.c) ------------------------------------------------------------------------ */

/* Of an image: names of units that a generator would make the unit want, and the generator's path; NULL: none. */
const char *dw_sd_generated(struct dw_sd_manager *m, const char *unit, struct dw_strings *ret);
/* Computes what default.target pulls in, once. */
void dw_sd_close(struct dw_sd_manager *m);

/* --- behind the boot (systemd-called.c) ------------------------------------------------------------ */

/* Fills `ends` of what the end of an enabled unit starts; of dw_sd_close. */
void dw_sd_ends(struct dw_sd_manager *m);
/* Fills m->calls. */
void dw_sd_calls(struct dw_sd_manager *m);
/* Does a call of that name start the unit? */
bool dw_sd_call_starts(struct dw_sd_manager *m, const struct dw_sd_call *call,
		       const struct dw_sd_unit *u);
/*
 * The first call that starts it; NULL: none. The unit itself need not know of it: BusName= is only for those of
 * Type=dbus.
 */
const struct dw_sd_call *dw_sd_called_by(struct dw_sd_manager *m, const struct dw_sd_unit *u);

/* --- sockets (systemd-socket.c) ------------------------------------------------------------------- */

/* One Listen*= value; false: no door of ours (a path, netlink ...) or not understood (then *ret_bad). */
bool dw_sd_listen_parse(struct dw_arena *a, const char *value, struct dw_sd_listen *ret,
			bool *ret_bad);
/* Fills u->listens. */
void dw_sd_socket_read(struct dw_sd_manager *m, struct dw_sd_unit *u);
/* The socket's line that asks for this endpoint; NULL: none. */
const struct dw_sd_listen *dw_sd_socket_match(struct dw_sd_manager *m, struct dw_sd_unit *u,
					      const struct dw_endpoint *at);
/* Socket units that are active or enabled (m->sockets); links them to what they trigger. */
void dw_sd_sockets(struct dw_sd_manager *m);
/* m->sockets_off, read now if it was not yet. */
void dw_sd_sockets_off(struct dw_sd_manager *m);
/* Name of the service that the socket starts (a template when Accept=yes). */
const char *dw_sd_socket_service(struct dw_sd_manager *m, const struct dw_sd_unit *u);

/* --- claims and sleepers -------------------------------------------------------------------------- */

/* Where a control group puts a process. */
struct dw_sd_where {
	const char *
		unit; /* of the system's manager: NAME.service, NAME.scope, init.scope; NULL: none */
	const char *user_unit; /* below user@UID.service: of that user's manager; NULL: none */
	const char *slice;     /* the last slice before the unit; NULL */
	uint32_t uid;          /* of the user's manager, UINT32_MAX: none */
	bool payload;          /* below a unit that runs a container: what is inside it */
};
/* root: the part of the path that all processes of this host (a container, say) share; "" mostly. */
void dw_sd_where(struct dw_arena *a, const char *root, const char *cgroup, struct dw_sd_where *ret);
/* Id of a login session from the name of its scope ("session-12.scope" -> "12"); NULL: it is none. */
const char *dw_sd_session_id(struct dw_arena *a, const char *unit);
/* A scope or service that some container runtime made. */
bool dw_sd_is_container(const struct dw_sd_where *w);
/* What pid 1's own control group says is above everything. */
const char *dw_sd_cgroup_root(struct dw_starters *s);

struct dw_sd {
	struct dw_sd_manager *system;
	DW_VEC(struct dw_sd_manager *) users;
	const char *cgroup_root;
	struct dw_bus *bus;
	bool bus_tried;
};

int dw_sd_claim(struct dw_starters *s, struct dw_sd *sd, const struct dw_claim *c,
		struct dw_starter *ret);
int dw_sd_list(struct dw_starters *s, struct dw_sd *sd, struct dw_error *e);
/* The manager of a user, made when it is not there yet; NULL when nobody knows the user's home. */
struct dw_sd_manager *dw_sd_user(struct dw_starters *s, struct dw_sd *sd, uint32_t uid,
				 const char *home);
/* enabled, enabled's evidence, restarts, source and kind of a unit, for claim and list. */
void dw_sd_describe(struct dw_sd_manager *m, struct dw_sd_unit *u, struct dw_starter *ret);
/* This systemd says that it was built with it ("BPF_FRAMEWORK"); false: it was not, or does not answer. */
bool dw_sd_has_feature(struct dw_starters *s, struct dw_sd *sd, const char *name);
/* The bus name that starts the unit when somebody calls it; NULL: none does. */
const char *dw_sd_bus_name(struct dw_sd_manager *m, const struct dw_sd_unit *u);
/* Home directory by the root's /etc/passwd; NULL: not there. */
const char *dw_sd_home(struct dw_starters *s, const char *user);
/* Does this user's manager run without a login? */
bool dw_sd_lingers(struct dw_starters *s, const char *user);
/* Asks the running manager; NULL: it cannot be asked, or does not know. */
const char *dw_sd_ask(struct dw_starters *s, struct dw_sd *sd, const char *unit,
		      const char *property);
/* The same of a list; false: it cannot be asked, or does not know. */
bool dw_sd_ask_list(struct dw_starters *s, struct dw_sd *sd, const char *unit, const char *property,
		    struct dw_strings *ret);

/* --- programs (elf.c) ------------------------------------------------------------------------------ */

/*
 * Can this program open a door by itself? 1: it calls listen(2), bind(2) with a receive call, or a library's
 * way to do so; 0: it does not; negative: could not tell (a script, a static program, no such file).
 */
int dw_elf_may_listen(struct dw_sys *s, const char *path);

#endif
