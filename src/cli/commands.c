/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The table. */
#include <string.h>

#include "dw_cli.h"
#include "dw_macros.h"

#define END DW_OPTION_COUNT

const enum dw_option_id dw_options_everywhere[] = { DW_OPTION_QUIET, DW_OPTION_NO_COLOUR,
						    DW_OPTION_HELP, DW_OPTION_VERSION, END };

static const enum dw_option_id audit_options[] = { DW_OPTION_JSON,   DW_OPTION_JSONL,
						   DW_OPTION_CSV,    DW_OPTION_WIDE,
						   DW_OPTION_ALL,    DW_OPTION_ONLY,
						   DW_OPTION_SORT,   DW_OPTION_ROOT,
						   DW_OPTION_HIDDEN, DW_OPTION_METHOD,
						   DW_OPTION_POLICY, DW_OPTION_PIN,
						   DW_OPTION_UNPIN,  END };
static const enum dw_option_id why_options[] = { DW_OPTION_JSON,   DW_OPTION_ROOT,
						 DW_OPTION_HIDDEN, DW_OPTION_METHOD,
						 DW_OPTION_POLICY, END };
static const enum dw_option_id check_policy_options[] = { DW_OPTION_JSON, END };
static const enum dw_option_id init_options[] = { DW_OPTION_ROLE, DW_OPTION_OUTPUT, END };
static const enum dw_option_id plan_options[] = { DW_OPTION_JSON,
						  DW_OPTION_WIDE,
						  DW_OPTION_ROOT,
						  DW_OPTION_HIDDEN,
						  DW_OPTION_METHOD,
						  DW_OPTION_POLICY,
						  DW_OPTION_RESTRICT,
						  DW_OPTION_EVEN_MY_SESSION,
						  DW_OPTION_REMOVE_PACKAGE,
						  DW_OPTION_DISABLE_PROGRAM,
						  END };
static const enum dw_option_id close_options[] = { DW_OPTION_YES,
						   DW_OPTION_DRY_RUN,
						   DW_OPTION_FOR,
						   DW_OPTION_UNTIL_CONFIRMED,
						   DW_OPTION_ONE_AT_A_TIME,
						   DW_OPTION_PAUSE,
						   DW_OPTION_RESTRICT,
						   DW_OPTION_EVEN_MY_SESSION,
						   DW_OPTION_REMOVE_PACKAGE,
						   DW_OPTION_DISABLE_PROGRAM,
						   DW_OPTION_JSON,
						   DW_OPTION_WIDE,
						   DW_OPTION_HIDDEN,
						   DW_OPTION_METHOD,
						   DW_OPTION_POLICY,
						   DW_OPTION_STATE,
						   END };
static const enum dw_option_id undo_options[] = { DW_OPTION_FORCE, DW_OPTION_EXPIRED,
						  DW_OPTION_WAIT, DW_OPTION_STATE, END };
static const enum dw_option_id confirm_options[] = { DW_OPTION_STATE, END };
static const enum dw_option_id verify_options[] = { DW_OPTION_AT_BOOT,
						    DW_OPTION_JSON,
						    DW_OPTION_HIDDEN,
						    DW_OPTION_METHOD,
						    DW_OPTION_POLICY,
						    DW_OPTION_STATE,
						    END };
static const enum dw_option_id review_options[] = { DW_OPTION_ROOT,   DW_OPTION_HIDDEN,
						    DW_OPTION_METHOD, DW_OPTION_POLICY,
						    DW_OPTION_STATE,  END };
static const enum dw_option_id history_options[] = { DW_OPTION_JSON, DW_OPTION_WIDE,
						     DW_OPTION_STATE, END };
static const enum dw_option_id compare_options[] = { DW_OPTION_SCAN,
						     DW_OPTION_EXPECT,
						     DW_OPTION_ADDRESS,
						     DW_OPTION_JSON,
						     DW_OPTION_WIDE,
						     DW_OPTION_ALL,
						     DW_OPTION_HIDDEN,
						     DW_OPTION_METHOD,
						     DW_OPTION_POLICY,
						     DW_OPTION_STATE,
						     END };
static const enum dw_option_id fence_options[] = { DW_OPTION_STYLE,
						   DW_OPTION_CONFIRM_WITHIN,
						   DW_OPTION_EVEN_MY_SESSION,
						   DW_OPTION_YES,
						   DW_OPTION_JSON,
						   DW_OPTION_WIDE,
						   DW_OPTION_HIDDEN,
						   DW_OPTION_METHOD,
						   DW_OPTION_POLICY,
						   DW_OPTION_STATE,
						   END };
static const enum dw_option_id scan_assist_options[] = { DW_OPTION_FOR, DW_OPTION_SCANNER, END };
static const enum dw_option_id no_options[] = { END };

const struct dw_command dw_commands[] = {
	{
		.name = "audit",
		.group = DW_COMMANDS_SEE,
		.operands = "",
		.operand_choices = "",
		.summary = "every door, who holds it, what starts it and what to do about it",
		.description =
			"Lists every way in which the network can reach this host: listening and "
			"datagram\n"
			"sockets of all network namespaces, raw and packet sockets, forwarded and\n"
			"redirected ports, and doors that sleep until the next boot or the first "
			"caller.\n"
			"Run it as root: without, it sees less, says so, and exits with status "
			"3.\n",
		.options = audit_options,
		.run = dw_cmd_audit,
	},
	{
		.name = "why",
		.group = DW_COMMANDS_SEE,
		.operands = "DOOR",
		.operands_max = 1,
		.operand_choices = "",
		.summary = "everything known of one door, and the commands that would close it",
		.description =
			"DOOR is a port (631, 631/tcp), an address and port (127.0.0.1:631, "
			"[::1]:631/tcp), a\n"
			"service (cups), a program (cupsd), a unit or whatever else starts it "
			"(cups.socket), a\n"
			"package, a process (pid:612) or an interface (eth0). A bare number is a "
			"port first, and a\n"
			"process when no such port is open. Nothing is changed: the commands are "
			"only told.\n",
		.options = why_options,
		.run = dw_cmd_why,
	},
	{
		.name = "plan",
		.group = DW_COMMANDS_CLOSE,
		.operands = "[DOOR...]",
		.operands_max = DW_DOORS_MAX,
		.operand_choices = "",
		.summary = "the steps that closing would take; changes nothing",
		.description = "Without a word: all doors whose verdict is close or restrict. With "
			       "words (as why takes\n"
			       "them): these doors, whatever their verdict. For each: what is "
			       "stopped, which files are\n"
			       "changed, who may miss it, what stays open and why, how it is taken "
			       "back.\n",
		.options = plan_options,
		.run = dw_cmd_plan,
	},
	{
		.name = "close",
		.group = DW_COMMANDS_CLOSE,
		.operands = "[DOOR...]",
		.operands_max = DW_DOORS_MAX,
		.operand_choices = "",
		.summary = "close doors now and at every later start; looks whether they are",
		.description = "Shows the plan, asks, does it, and looks again: the doors must be "
			       "gone, and all others\n"
			       "there as before. If not, everything is put back. doorward undo "
			       "takes it back later,\n"
			       "byte for byte. Doors as for plan. Run it as root.\n",
		.options = close_options,
		.run = dw_cmd_close,
	},
	{
		.name = "undo",
		.group = DW_COMMANDS_CLOSE,
		.operands = "[RUN]",
		.operands_max = 1,
		.operand_choices = "",
		.summary = "take back what close did: the last run, or that one",
		.description =
			"Files, links and units are as they were before. What somebody changed "
			"since is told and\n"
			"left, unless --force. doorward history has the numbers of the runs.\n",
		.options = undo_options,
		.run = dw_cmd_undo,
	},
	{
		.name = "confirm",
		.group = DW_COMMANDS_CLOSE,
		.operands = "[RUN]",
		.operands_max = 1,
		.operand_choices = "",
		.summary = "keep a trial (close --for, close --until-confirmed)",
		.description =
			"Without it, a trial is put back when its time is up or the host boots.\n",
		.options = confirm_options,
		.run = dw_cmd_confirm,
	},
	{
		.name = "verify",
		.group = DW_COMMANDS_CLOSE,
		.operands = "[RUN]",
		.operands_max = 1,
		.operand_choices = "",
		.summary = "are the closed doors still closed, the kept ones still open?",
		.description =
			"Looks at all runs that are in force, or at that one, and tells what is "
			"not as they left\n"
			"it and who brought it back. For cron, and after a reboot or an upgrade.\n",
		.options = verify_options,
		.run = dw_cmd_verify,
	},
	{
		.name = "history",
		.group = DW_COMMANDS_CLOSE,
		.operands = "[RUN]",
		.operands_max = 1,
		.operand_choices = "",
		.summary = "what doorward changed on this host; one run with all its steps",
		.description = "The newest run comes first.\n",
		.options = history_options,
		.run = dw_cmd_history,
	},
	{
		.name = "review",
		.group = DW_COMMANDS_SEE,
		.operands = "",
		.operand_choices = "",
		.summary = "full screen: see the doors, mark them, write the policy, close",
		.description =
			"A list of all doors, the most urgent first, and the story of the one that "
			"is "
			"selected. Keys\n"
			"mark them: keep, restrict, close, ask. Marks are written into the policy, "
			"and "
			"doors closed,\n"
			"only after a page that shows what would be done. ? in it is the help. It "
			"needs a terminal;\n"
			"without one there is doorward audit. Run it as root to see all and to "
			"close.\n",
		.options = review_options,
		.run = dw_cmd_review,
	},
	{
		.name = "scan",
		.group = DW_COMMANDS_OUTSIDE,
		.operands = "TARGET...",
		.operands_max = DW_TARGETS_MAX,
		.operand_choices = "",
		.summary = "the view from outside: which ports of other hosts are open",
		.description =
			"TARGET is an address, a network (192.0.2.0/24), a range (192.0.2.1-20), a "
			"name, or @FILE\n"
			"with one of these a line (@-: standard input). Asked are all TCP ports "
			"and "
			"the UDP ports\n"
			"that a question is known for, or just those of --ports, --udp, --sctp. "
			"Nobody but the\n"
			"targets is asked; beyond this host's own networks, say who allowed it: "
			"--authorised-by.\n"
			"^C ends it with what is known; --resume goes on later.\n",
		.options = dw_scan_options,
		.run = dw_cmd_scan,
	},
	{
		.name = "compare",
		.group = DW_COMMANDS_OUTSIDE,
		.operands = "[FILE.json...]",
		.operands_max = DW_DOCUMENTS_MAX,
		.operand_choices = ".",
		.summary = "inside against outside: what a scan saw beside what should be open",
		.description =
			"Outside is a scan: the newest of the journal, that of --scan N, or a file "
			"that scan --json\n"
			"wrote. Inside is this host, looked at now, and each host whose audit is "
			"named, as\n"
			"doorward audit --json wrote it there:\n"
			"  ssh web1 sudo doorward --json > web1.json; doorward compare web1.json\n"
			"What is open outside and unknown inside is urgent: the exit status is 1 "
			"then.\n",
		.options = compare_options,
		.run = dw_cmd_compare,
	},
	{
		.name = "baseline",
		.group = DW_COMMANDS_WATCH,
		.operands = "save [NAME] | list | show [NAME] | remove NAME",
		.operands_max = 2,
		.operand_choices = "save list show remove",
		.summary = "keep what is open now, to see later what changed",
		.description =
			"save: an audit made now, in the journal, by a number and the name if one "
			"is given. list: all.\n"
			"show: the audit's JSON, of the newest when none is named. remove: forgets "
			"it. NAME may be\n"
			"the number. What changed since: doorward diff.\n",
		.options = dw_baseline_options,
		.run = dw_cmd_baseline,
	},
	{
		.name = "diff",
		.group = DW_COMMANDS_WATCH,
		.operands = "[A] [B] | --around COMMAND...",
		.operands_max = DW_DOORS_MAX,
		.operand_choices = ".",
		.summary = "what changed: doors that came, went, or are not as they were",
		.description =
			"A and B are baselines (name or number), files that doorward audit --json "
			"wrote here or on\n"
			"another host, or the word now. A alone is held against now; nothing: the "
			"newest baseline\n"
			"against now. Where nothing changed, nothing is printed but on a terminal: "
			"for cron.\n"
			"--around runs a command (an installation, say) and tells which doors, "
			"units, accounts and\n"
			"files with set-UID, set-GID or capabilities it brought:\n"
			"  doorward diff --around apt-get install cups\n",
		.options = dw_diff_options,
		.run = dw_cmd_diff,
	},
	{
		.name = "usage",
		.group = DW_COMMANDS_WATCH,
		.operands = "[DOOR]",
		.operands_max = 1,
		.operand_choices = "",
		.summary = "who used the doors, and which nobody used",
		.description =
			"From what doorward watch counted: last use, connections and datagrams, "
			"about how many\n"
			"peers, and a line of the last day. DOOR as for why. With --idle: doors "
			"that nobody used for\n"
			"that long; those that were not watched for as long are told apart. "
			"Nothing is claimed of\n"
			"the time in which nobody watched.\n",
		.options = dw_usage_options,
		.run = dw_cmd_usage,
	},
	{
		.name = "host",
		.group = DW_COMMANDS_GUARD,
		.operands = "[CHECK...] | list | fix [CHECK...]",
		.operands_max = DW_DOORS_MAX,
		.operand_choices = "list fix",
		.summary = "accounts, remote login and what else guards the doors",
		.description = dw_host_description,
		.options = dw_host_options,
		.run = dw_cmd_host,
	},
	{
		.name = "fence",
		.group = DW_COMMANDS_GUARD,
		.operands = "show | preview | rehearse | apply | confirm | revert | off",
		.operands_max = 1,
		.operand_choices = "show preview rehearse apply confirm revert off",
		.summary = "the host's own packet filter: as it is, and from the policy",
		.description =
			"show: today's packet filter in words, door by door: who may, by which "
			"rule; "
			"ports that are\n"
			"let in though nothing listens there, rules that nothing meets, published "
			"ports that go round\n"
			"it. Found by sending packets into a copy of the rules; needs root.\n"
			"preview: the rules that follow from the policy and from what is open now, "
			"on standard\n"
			"output; what is to be said of them on standard error. rehearse: what they "
			"would change,\n"
			"tried on a copy of this host's filter. apply: loads them on trial; unless "
			"confirm is said\n"
			"in time, over a new connection, the former ones come back by themselves. "
			"confirm keeps\n"
			"them, for every boot too. revert: back to the former ones now. off: no "
			"fence any more.\n"
			"show, preview and rehearse change nothing; all but preview need root.\n",
		.options = fence_options,
		.run = dw_cmd_fence,
	},
	{
		.name = "confine",
		.group = DW_COMMANDS_GUARD,
		.operands = "[[suggest | try | apply] SERVICE]",
		.operands_max = 2,
		.operand_choices = "suggest try apply",
		.summary = "what stands behind the doors that stay: who is root, who is in a cage",
		.description = dw_confine_description,
		.options = dw_confine_options,
		.run = dw_cmd_confine,
	},
	{
		.name = "watch",
		.group = DW_COMMANDS_WATCH,
		.operands = "",
		.operand_choices = "",
		.summary = "tell new doors as they open, and those that shut",
		.description =
			"Looks at everything once, then listens to the kernel (or looks every "
			"--interval where it\n"
			"does not tell). A line for each door that is new, changed its program, "
			"moved, shut, or was\n"
			"open for a moment; a restart is no news. With --json an object a line. "
			"What opened while\n"
			"nobody watched is told at the next start. SIGHUP opens --output anew. "
			"Run it as root.\n",
		.options = dw_watch_options,
		.run = dw_cmd_watch,
	},
	{
		.name = "report",
		.group = DW_COMMANDS_SEE,
		.operands = "",
		.operand_choices = "",
		.summary = "all that is known of this host as one page, to read, print or file",
		.description =
			"One file of HTML that needs nothing from elsewhere: a map of the doors, "
			"what "
			"why says of\n"
			"each, the plan, changes since the newest baseline, the newest scan beside "
			"what is open,\n"
			"checks of the host, usage, runs, and what could not be looked at. Or the "
			"same as md or\n"
			"json; findings as sarif; the doors as csv or nmap-xml. Nothing is "
			"changed. "
			"Run it as root:\n"
			"  sudo doorward report --output report.html\n",
		.options = dw_report_options,
		.run = dw_cmd_report,
	},
	{
		.name = "scan-assist",
		.group = DW_COMMANDS_OUTSIDE,
		.operands = "",
		.operand_choices = "",
		.summary = "on the host that is scanned: lets its closed UDP ports be proven fast",
		.description =
			"Linux tells one sender of one closed UDP port a second. For the time of "
			"a scan this lifts\n"
			"that limit of the kernel, in this network namespace, and puts it back: at "
			"the end of --for\n"
			"(1h when not given), when it is interrupted, and when it is killed. Run "
			"it as root.\n",
		.options = scan_assist_options,
		.run = dw_cmd_scan_assist,
	},
	{
		.name = "check-policy",
		.group = DW_COMMANDS_DECIDE,
		.operands = "[FILE]",
		.operands_max = 1,
		.operand_choices = ".",
		.summary = "is the policy understood? Tells all that is wrong with it",
		.description = "Reads the file, or /etc/doorward/policy, and all that it includes. "
			       "Problems go "
			       "to\n"
			       "standard output as FILE:LINE:COLUMN: error (or warning): what. The "
			       "status is 0 "
			       "when\n"
			       "there is no error, else 2. The language: man doorward-policy.\n",
		.options = check_policy_options,
		.run = dw_cmd_check_policy,
	},
	{
		.name = "init",
		.group = DW_COMMANDS_DECIDE,
		.operands = "",
		.operand_choices = "",
		.summary = "write a first policy for this host, of what is open on it now",
		.description = "What belongs to the roles is kept, what is dangerous on any "
			       "network is closed, "
			       "and\n"
			       "all else stands there as a suggestion behind a \"#\". A policy "
			       "that has text in it already\n"
			       "is never overwritten. Nothing is closed by this: read the file, "
			       "then change "
			       "it.\n",
		.options = init_options,
		.run = dw_cmd_init,
	},
	{
		.name = "help",
		.group = DW_COMMANDS_HELP,
		.operands = "[COMMAND | fields]",
		.operands_max = 1,
		.operand_choices = "@ fields",
		.summary = "help for a command, or what each field of the JSON output means",
		.description = "Without a word: all commands. With the word fields: every field of "
			       "the JSON output.\n",
		.options = no_options,
		.run = dw_cmd_help,
	},
	{ .name = NULL },
};

const struct dw_command *dw_command_find(const char *name)
{
	for (const struct dw_command *c = dw_commands; c->name; c++)
		if (strcmp(c->name, name) == 0)
			return c;
	return NULL;
}

bool dw_command_takes(const struct dw_command *c, enum dw_option_id id)
{
	for (const enum dw_option_id *o = dw_options_everywhere; *o != END; o++)
		if (*o == id)
			return true;
	for (const enum dw_option_id *o = c->options; *o != END; o++)
		if (*o == id)
			return true;
	return false;
}
