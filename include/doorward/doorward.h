/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libdoorward: every network door of a Linux host, who holds it, from which package, and what starts it.
 *
 *	struct doorward *d = doorward_new();
 *	struct doorward_audit *audit;
 *
 *	if (doorward_audit_run(d, &audit) < 0)
 *		fail(doorward_last_error(d));
 *	for (size_t i = 0; i < doorward_audit_count(audit, "doors"); i++)
 *		puts(doorward_audit_get(audit, door_path(i, "starter.id")));
 *	doorward_audit_free(audit);
 *	doorward_free(d);
 *
 * Both structs are opaque. Functions return 0 or a negative errno value; the sentence for a person is
 * doorward_last_error(). Nothing is printed, no signal handler is set, the locale is not touched. A context
 * and its audits belong to one thread at a time. When memory runs out the process ends.
 *
 * An audit reads files, /proc, netlink and, where it may, BPF; nothing is changed on the host, except by
 * doorward_pin(), doorward_unpin(), doorward_policy_create() and the calls under "changing the host"; nothing is
 * sent to anybody but by doorward_scan_run() and doorward_scan_resume(). It enters
 * network namespaces with a thread of its own or puts the calling thread back before it returns.
 */
#ifndef DOORWARD_H
#define DOORWARD_H

#include <stddef.h>
#include <stdio.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define DOORWARD_API __attribute__((visibility("default")))
#else
#define DOORWARD_API
#endif

struct doorward;       /* what to look at, and how */
struct doorward_audit; /* what was seen: doors and verdicts */

/* "0.1.0" */
DOORWARD_API const char *doorward_version(void);

/* --- the context ---------------------------------------------------------------------------------- */

/* Never NULL. Free with doorward_free(). */
DOORWARD_API struct doorward *doorward_new(void);
DOORWARD_API void doorward_free(struct doorward *d); /* NULL allowed */

/* Message of the last call that failed on this context, "" when none did. Valid until the next call. */
DOORWARD_API const char *doorward_last_error(const struct doorward *d);

/*
 * Looks at a file system that is not running (a mounted image) instead of this host: only doors that would
 * open at its start are found. NULL: this host. -ENOTDIR, -ENOENT ...: no directory. The string is copied.
 */
DOORWARD_API int doorward_set_root(struct doorward *d, const char *directory);

/*
 * How sockets are looked for: "auto" (the best that works), "bpf", "netlink" or "proc". With a method other
 * than "auto", no other is tried. -EINVAL: no such method.
 */
DOORWARD_API int doorward_set_method(struct doorward *d, const char *method);

/* 1: also look for doors that hide: compare every view of the kernel and probe ports with bind(2). Slower. */
DOORWARD_API void doorward_set_hidden(struct doorward *d, int on);

/* 1: also list this host's own addresses, by which a scan made elsewhere can be held against the audit. */
DOORWARD_API void doorward_set_addresses(struct doorward *d, int on);

/*
 * The policy that audits judge by (doorward-policy(5)): a file of this host. NULL: /etc/doorward/policy, or the one
 * below the root that was set, if there is one. "": none. It is read by doorward_audit_run(). The string is
 * copied.
 */
DOORWARD_API void doorward_set_policy(struct doorward *d, const char *file);

/*
 * Called with the name of each part of the work ("sockets", "starters", "packages" ...) before it begins, in
 * the calling thread. NULL: nobody.
 */
DOORWARD_API void doorward_set_progress(struct doorward *d,
					void (*tell)(void *data, const char *part), void *data);

/*
 * Leave the BPF programs loaded below /sys/fs/bpf/doorward (root only), so that later audits are faster;
 * take them away again. -EPERM, -ENOTSUP: not possible here.
 */
DOORWARD_API int doorward_pin(struct doorward *d);
DOORWARD_API int doorward_unpin(struct doorward *d);

/* --- the audit ------------------------------------------------------------------------------------ */

/*
 * Looks. *ret is set on success only; free it with doorward_audit_free(). What could not be seen is no
 * failure but a part of the result, under "incomplete". The audit does not need the context any more.
 * -EBADMSG: the policy has mistakes or could not be read; doorward_policy_check() tells them all.
 */
DOORWARD_API int doorward_audit_run(struct doorward *d, struct doorward_audit **ret);
DOORWARD_API void doorward_audit_free(struct doorward_audit *a); /* NULL allowed */

/*
 * One value, named by its path in the JSON document of docs/json.md: "host", "doors.0.port",
 * "doors.12.owners.0.executable", "incomplete.0.text". Text as it is in the JSON: numbers in decimal, times
 * as RFC 3339 in UTC, "true" and "false", strings as UTF-8 in which other bytes are \xNN. Not escaped for a
 * terminal: it may hold control characters. NULL: null, or there is no such value (an object has none).
 * The text belongs to the audit.
 */
DOORWARD_API const char *doorward_audit_get(struct doorward_audit *a, const char *path);

/* Members of the array at path ("doors", "doors.3.owners", "incomplete"); 0 when it is no array. */
DOORWARD_API size_t doorward_audit_count(struct doorward_audit *a, const char *path);

enum {
	DOORWARD_TO_DO = 1 << 0, /* some verdict says close, restrict or investigate */
	DOORWARD_BLIND =
		1 << 1, /* doors, holders or starters may be missing: "incomplete" says why */
	DOORWARD_NOT_ROOT = 1 << 2, /* most holders and starters are, for it did not run as root */
};

/* DOORWARD_* bits. */
DOORWARD_API unsigned doorward_audit_outcome(const struct doorward_audit *a);

/* --- writing it down ------------------------------------------------------------------------------ */

enum doorward_format {
	DOORWARD_TEXT = 1, /* tables for people */
	DOORWARD_JSON,     /* one document, one line */
	DOORWARD_JSON_INDENTED,
	DOORWARD_JSONL, /* one door a line, then one {"incomplete": ...} a line */
	DOORWARD_CSV,   /* RFC 4180: a row of names, then one door a line */
};

/* How DOORWARD_TEXT looks; the other formats heed `only` and `sort` alone. */
struct doorward_style {
	size_t size;      /* sizeof(struct doorward_style): lets the struct grow */
	unsigned columns; /* of the terminal; 0: no limit, and each door on a line of its own */
	int colour;       /* 1: ANSI colours */
	int wide;         /* 1: nothing is cut short; process ids and whole paths */
	int quiet;        /* 1: the table alone, no summary and no advice */
	int all;          /* 1: list every door that is kept, however many */
	/* verdicts with commas between ("close,restrict"): other doors are left out; NULL: none is */
	const char *only;
	/* "urgency", "port", "service", "program", "user" or "starter"; NULL: urgency in text, else the order of
	   the JSON contract */
	const char *sort;
};

/*
 * Writes to out (borrowed) and flushes it. style NULL: all zero. -EIO, -ENOSPC, -EPIPE ...: not everything
 * was written. -EINVAL: no such format, verdict or order. doorward_audit_outcome() is of all doors, whatever
 * was chosen.
 */
DOORWARD_API int doorward_audit_write(struct doorward_audit *a, enum doorward_format format,
				      FILE *out, const struct doorward_style *style);

/*
 * The story of the doors that a word names: a port ("631/tcp"), an address and port, a service, a program, a
 * unit, a package, a process ("pid:612") or an interface; doorward(1) has the rules. DOORWARD_TEXT tells it to
 * people, DOORWARD_JSON and DOORWARD_JSON_INDENTED as the document of schema/why.schema.json. Nothing on the host
 * is changed: the commands in it are only told.
 *
 * Returns DOORWARD_* bits of these doors (0 when there is none such, which is told, and nothing is hidden), or
 * -EINVAL: the word cannot be a door, or the format is none of these; or as doorward_audit_write().
 */
DOORWARD_API int doorward_audit_why(struct doorward_audit *a, const char *door,
				    enum doorward_format format, FILE *out,
				    const struct doorward_style *style);

/* The same of doors by their places in "doors" of the audit: two may have one name, and a place names one alone. */
DOORWARD_API int doorward_audit_why_at(struct doorward_audit *a, const size_t *places, size_t n,
				       enum doorward_format format, FILE *out,
				       const struct doorward_style *style);

/* Message of the last of these calls of this audit that failed; "": none did. */
DOORWARD_API const char *doorward_audit_last_error(const struct doorward_audit *a);

/* --- policies ------------------------------------------------------------------------------------- */

/* Something wrong at a place of a policy, or (warning 1) only odd. Lines and columns from 1; not escaped. */
typedef void doorward_tell_problem(void *data, const char *file, unsigned line, unsigned column,
				   int warning, const char *text);

/*
 * Reads the policy as an audit would, and tells all problems (tell NULL: nobody). file as for
 * doorward_set_policy(). Returns the number of statements, those of its roles counted. -EBADMSG: it has mistakes;
 * -ENOENT ...: it could not be read.
 */
DOORWARD_API int doorward_policy_check(struct doorward *d, const char *file,
				       doorward_tell_problem *tell, void *data);

/*
 * Writes a first policy for the host to out (borrowed) and flushes it: the roles (names with commas between; NULL:
 * none), what is dangerous as "close", every other door as a "keep" behind a "#". The context is only for the
 * message. -EINVAL: no such role.
 */
DOORWARD_API int doorward_policy_draft(struct doorward *d, struct doorward_audit *a,
				       const char *roles, FILE *out);

/*
 * Makes a new file of the text, mode 0644, or fills an empty one, whole or not at all. file NULL: /etc/doorward/policy
 * (below the root that was set), with its directory. -EEXIST: there is one, and it was left alone.
 */
DOORWARD_API int doorward_policy_create(struct doorward *d, const char *file, const char *text);

/* --- changing the host ---------------------------------------------------------------------------------- */

/*
 * A change goes in three parts: doorward_plan_make() says what would be done, doorward_close() does it, verifies it and
 * keeps it in the journal, doorward_undo() takes it back. At most one process changes the host at a time. The host can
 * be left at any point (kill, power loss): the next call of these functions that changes anything first puts back what
 * was half done.
 */

/* Where the journal lies: /var/lib/doorward (NULL), or another directory, made with mode 0700. The string is copied. */
DOORWARD_API void doorward_set_state_directory(struct doorward *d, const char *directory);

/*
 * The file of the program doorward, absolute: a trial that is put back by itself and a look after each boot run it. The
 * string is copied. NULL (so it begins): /usr/bin/doorward.
 */
DOORWARD_API void doorward_set_program(struct doorward *d, const char *file);

/*
 * Called with a sentence, not escaped, that the user should hear though nothing failed: that an interrupted run was put
 * back first. In the calling thread. NULL: nobody.
 */
DOORWARD_API void doorward_set_notice(struct doorward *d,
				      void (*tell)(void *data, const char *text), void *data);

/*
 * Puts back what an interrupted run left; every call below that changes the host does so first. To be called before the
 * audit that a plan is made of, for it would see the host as it was left. 0: nothing is left. -EBUSY: another process
 * changes the host. -EPERM: not root.
 */
DOORWARD_API int doorward_settle(struct doorward *d);

struct doorward_plan; /* what would be done; borrows its audit */

struct doorward_plan_options {
	size_t size; /* sizeof(struct doorward_plan_options) */
	/* words as for doorward_audit_why(): these doors, whatever their verdict. NULL: all whose verdict says so */
	const char *const *doors;
	size_t n_doors;
	int even_my_session; /* 1: also the operator's own way in, and the host's network */
	int remove_package;  /* 1: also remove the packages of the programs */
	int disable_program; /* 1: also take away the right to run the programs */
	/* more options of the command line, for the page that ends with what to type: "--for 10m"; NULL: none */
	const char *options;
	/* 1: narrow, never close: the doors named, or all whose verdict is to restrict them */
	int restrict_only;
	/* instead of `doors`: their places in "doors" of the audit. n_places 0: none */
	const size_t *places;
	size_t n_places;
	int as_judged; /* 1: of the places those alone whose verdict says close or restrict, and that is done */
};

/*
 * *ret: free it before the audit. -EINVAL: a word cannot be a door. -ENOENT: it names none that is here, nor one
 * that a run of the journal closed (the plan tells that one as closed already). Both messages say which. A plan
 * without steps is no failure.
 */
DOORWARD_API int doorward_plan_make(struct doorward *d, struct doorward_audit *a,
				    const struct doorward_plan_options *o,
				    struct doorward_plan **ret);
DOORWARD_API void doorward_plan_free(struct doorward_plan *p); /* NULL allowed */
/* Of doorward_plan_doors(), those that stay and are narrowed. */
DOORWARD_API size_t doorward_plan_narrowed(const struct doorward_plan *p);
/* DOORWARD_TEXT, DOORWARD_JSON(_INDENTED) (schema/plan.schema.json). The same host gives the same bytes. */
DOORWARD_API int doorward_plan_write(struct doorward *d, struct doorward_plan *p,
				     enum doorward_format format, FILE *out,
				     const struct doorward_style *style);
DOORWARD_API size_t doorward_plan_steps(const struct doorward_plan *p);
/* Doors that it closes or narrows, those that go with them counted. */
DOORWARD_API size_t doorward_plan_doors(const struct doorward_plan *p);
/* Doors that were named, or judged, and stay open: the plan says why. */
DOORWARD_API size_t doorward_plan_refused(const struct doorward_plan *p);
/*
 * Takes the plan apart for closing one door (and what goes with it) at a time; NULL behind the last, or with a message
 * when the host could not be looked at again: from the second part on, a part is made of a fresh audit, for what was
 * closed before changed the host. It may have no steps: its doors went with an earlier part. Borrowed from p.
 */
DOORWARD_API struct doorward_plan *doorward_plan_part(struct doorward *d, struct doorward_plan *p,
						      size_t i);

struct doorward_close_options {
	size_t size;
	const char *command; /* as it was typed, for the journal; NULL */
	/* seconds until it is put back, but for doorward_confirm(); 0: for good; UINT64_MAX: until the next boot */
	unsigned long long trial;
	/* before (state NULL) and after each step (undo: of putting it back): what is done, in words that are fit for a
	   terminal, and what became of it ("": it was so already, which is no news); the i-th of n, from 0. NULL:
	   nobody */
	void (*tell)(void *data, const char *what, const char *state, size_t i, size_t n, int undo);
	void *data;
	const volatile int *stop; /* becomes true: stop, and put back; NULL */
	/* close: seconds to go on looking after it was verified: units that fail or stop, and programs of this host
	   that were connected to the doors and are gone, put it back too; 0: no longer than verifying takes */
	unsigned pause;
};

/*
 * Does it and looks again: the doors must be gone from every view, all others and all units must be as before. Needs
 * root. 0: done, *ret_run is the run's number. -ESTALE: the host changed since the audit, nothing was done. -EBUSY:
 * another process changes the host. -ECANCELED: a step or the verification failed, and everything was put back.
 * -ENOTRECOVERABLE: not everything could be put back. *ret_run is set in the last two cases too.
 */
DOORWARD_API int doorward_close(struct doorward *d, struct doorward_plan *p,
				const struct doorward_close_options *o, long long *ret_run);

/*
 * run 0: the newest that is in force. 0: all is back but what nothing brings back (doorward_run_left()). -EALREADY:
 * nothing is to be undone. -EUCLEAN: somebody changed some of it since; that was left (force 1: overwritten), the
 * rest is back. -ENOENT: no such run. *ret_run: which.
 */
DOORWARD_API int doorward_undo(struct doorward *d, long long run, int force,
			       const struct doorward_close_options *o, long long *ret_run);
/*
 * Which run doorward_undo() of run 0 would take back now; *ret_run 0: none. Nothing is changed. Negative: the journal
 * could not be read; that there is none is no failure.
 */
DOORWARD_API int doorward_undo_look(struct doorward *d, long long *ret_run);
/*
 * What an undo of the run did not put back: tells each step, in words that are fit for a terminal, and why, with
 * what to type where that is known. Returns how many there are. -ENOENT: no such run.
 */
DOORWARD_API int doorward_run_left(struct doorward *d, long long run,
				   void (*tell)(void *data, const char *what, const char *why),
				   void *data);
/*
 * What the guard of a trial calls: puts back the trial (run 0: every one) whose time is up, or that was to end with
 * the boot it began in. -EALREADY: there is none (any more).
 */
DOORWARD_API int doorward_undo_expired(struct doorward *d, long long run,
				       const struct doorward_close_options *o, long long *ret_run);
enum doorward_trial_state {
	DOORWARD_TRIAL_NONE = 0, /* it is none */
	DOORWARD_TRIAL_RUNNING,
	DOORWARD_TRIAL_KEPT,
	DOORWARD_TRIAL_BACK,   /* put back, by itself or by an undo */
	DOORWARD_TRIAL_PARTLY, /* put back in part */
	DOORWARD_TRIAL_ENDING, /* it is being put back, or that was interrupted */
};
struct doorward_trial {
	long long run;
	enum doorward_trial_state state;
	/* of one that runs: when it is put back, in seconds since the epoch; 0: at the next boot */
	unsigned long long ends;
};
/*
 * What became of a trial, as the journal has it (run 0: is one running now? there is one at most). Nothing is changed.
 * Negative: the journal could not be read; that there is none is no failure.
 */
DOORWARD_API int doorward_trial_look(struct doorward *d, long long run, struct doorward_trial *ret);
/* Keeps a trial. run 0: the newest. -EALREADY: it is none, or was confirmed. -ETIME: it has been put back already. */
DOORWARD_API int doorward_confirm(struct doorward *d, long long run, long long *ret_run);

/*
 * Are the closed doors of the run (0: of all runs in force) still closed, the kept ones still open? Writes what differs
 * (schema/verify.schema.json), and who brought it back. Returns the number of grave differences. *ret_blind: 1 when
 * something could not be looked at.
 */
DOORWARD_API int doorward_verify(struct doorward *d, struct doorward_audit *a, long long run,
				 enum doorward_format format, FILE *out,
				 const struct doorward_style *style, int *ret_blind);
/* The runs (run 0), or one with all its steps (schema/history.schema.json). -ENOENT: no such run. */
DOORWARD_API int doorward_history_write(struct doorward *d, long long run,
					enum doorward_format format, FILE *out,
					const struct doorward_style *style);
/* A unit (or init script) that verifies after each boot: made as a run of its own, which doorward_undo() takes back. */
DOORWARD_API int doorward_verify_at_boot(struct doorward *d, const struct doorward_close_options *o,
					 long long *ret_run);

/* --- the view from outside ------------------------------------------------------------------------------ */

struct doorward_scan; /* what was found, or as much of it as there was time for */

struct doorward_scan_progress {
	const char *
		part; /* "looking for hosts", "tcp", "udp", "sctp", "asking what it is", "waiting" */
	unsigned long long slots, done; /* of this part: ports of hosts; done: with a state */
	unsigned long long sent;        /* probes, in all */
	unsigned long long open;        /* ports, in all */
	unsigned long long rate;        /* probes a second, now */
	long long seconds_left;         /* of this part, as far as can be guessed; -1: not at all */
	unsigned long long hosts, hosts_done;
};

struct doorward_scan_options {
	size_t size; /* sizeof(struct doorward_scan_options) */
	/*
	 * An address, ADDRESS/BITS, FIRST-LAST, 10.0.0.1-20, a name, @FILE (a word a line, # comments; @- standard
	 * input). What is excluded is never asked, however often it is named.
	 */
	const char *const *targets;
	size_t n_targets;
	const char *const *excluded;
	size_t n_excluded;
	int family; /* 4 or 6: of names, and of what is asked; 0: both */
	/*
	 * "22,80,8000-8100,http,-,all,known"; of UDP also "payloads": those that a question is known for, to which most
	 * programs answer. NULL: not asked. All three NULL: TCP "all" and UDP "payloads".
	 */
	const char *tcp_ports, *udp_ports, *sctp_ports;
	int assume_up; /* 1: ask the ports of each address, whether anything answers there or not */
	int no_identify; /* 1: do not ask open ports what they are */
	int all_states;  /* 1: list each port, whatever its state */
	/* who allowed it; must be given for addresses beyond this host's own networks, and is recorded in each
	   output */
	const char *authorised_by;
	const char *load;        /* "polite", "normal", "lab"; NULL: normal */
	unsigned long long rate; /* most probes a second; 0: as the load has it */
	unsigned long long seed; /* of the order */
	int has_seed;            /* 0: a random one */
	unsigned shard, shards;  /* 3 of 16, from 1; 0 of 0: all. Needs a seed */
	const char *
		window; /* "22:00-05:00", local time: nothing is sent outside of it; NULL: any time */
	unsigned udp_seconds; /* to spend on proofs for one host, beyond the rounds; 0: a minute */
	const char *
		sender; /* "auto", "live-frames", "packet", "connect"; NULL: auto (no live-frames) */
	const char *nmap_probes; /* an nmap-service-probes file to recognise more; NULL */
	const char *command;     /* as it was typed, for the outputs; NULL */
	/* written every minute at least and when it is stopped, removed at the end; NULL: none */
	const char *state_file;
	const volatile int *stop; /* becomes true: end soon, with what is known; NULL */
	void *data; /* for those below; each may be NULL, and is called in the calling thread */
	void (*progress)(void *data, const struct doorward_scan_progress *p);
	/* a finding, once: as a line of JSON and as a line of a log, both without the newline */
	void (*found)(void *data, const char *json, const char *log);
	/* a sentence, not escaped, that the user should hear though nothing failed */
	void (*notice)(void *data, const char *text);
	/*
	 * Spare addresses of this host's own links (words as targets, at most 4,096 addresses): UDP probes go out
	 * from them in turn. Those that are in use are left alone. Only root can.
	 */
	const char *const *source_ranges;
	size_t n_source_ranges;
};

/*
 * Scans. *ret is set on success only: free it with doorward_scan_free(). Stopped is success: the result is what is
 * known, and its outcome is DOORWARD_BLIND. Nothing is sent before all options are found to be good.
 * -EINVAL, -E2BIG, -ENOENT: an option is wrong, a name or file is not there. -EACCES: authorised_by is missing.
 */
DOORWARD_API int doorward_scan_run(struct doorward *d, const struct doorward_scan_options *o,
				   struct doorward_scan **ret);
/*
 * Goes on where the scan that wrote the file was stopped. Of the options targets, ports and the like are the
 * file's; those that are given must be the same (-EINVAL). -EBADMSG: it is no such file, or of another version.
 */
DOORWARD_API int doorward_scan_resume(struct doorward *d, const char *file,
				      const struct doorward_scan_options *o,
				      struct doorward_scan **ret);
DOORWARD_API void doorward_scan_free(struct doorward_scan *s); /* NULL allowed */
/*
 * DOORWARD_BLIND: stopped, or some port has no state that is proven (unproven, a host that fell silent, an address
 * whose silence is no proof, a note).
 */
DOORWARD_API unsigned doorward_scan_outcome(const struct doorward_scan *s);
/* One value of the document of schema/scan.schema.json by its path, as doorward_audit_get(). */
DOORWARD_API const char *doorward_scan_get(struct doorward_scan *s, const char *path);

enum doorward_scan_format {
	DOORWARD_SCAN_TEXT = 1,
	DOORWARD_SCAN_JSON, /* schema/scan.schema.json */
	DOORWARD_SCAN_JSON_INDENTED,
	DOORWARD_SCAN_JSONL,    /* one finding a line, as found() tells it */
	DOORWARD_SCAN_NMAP_XML, /* as nmap -oX */
	DOORWARD_SCAN_GREPABLE, /* as nmap -oG */
	DOORWARD_SCAN_LIST,     /* ADDRESS:PORT/PROTOCOL of each open port */
	DOORWARD_SCAN_LOG,      /* one finding a line, as found() tells it */
};
/* Writes to out (borrowed) and flushes it. style as for doorward_audit_write(). */
DOORWARD_API int doorward_scan_write(struct doorward *d, struct doorward_scan *s,
				     enum doorward_scan_format format, FILE *out,
				     const struct doorward_style *style);

#ifdef __cplusplus
}
#endif

#include "compare.h"
#include "confine.h"
#include "diff.h"
#include "fence.h"
#include "host.h"
#include "report.h"
#include "review.h"
#include "watch.h"

#endif
