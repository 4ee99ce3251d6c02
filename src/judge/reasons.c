/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Every reason there is, with its sentence and where it is from. */
#include "reasons.h"

#include <stdlib.h>

#include "judging.h"

enum origin {
	FROM_FACTS,     /* of this host; source: a manual page or nothing */
	FROM_KNOWLEDGE, /* the first source of the service's entry */
	FROM_POLICY,    /* FILE:LINE of the statement */
};

struct kind {
	const char *id;
	enum origin from;
	const char *source; /* when the origin has none */
	const char *sentence;
};

static const struct kind kinds[DW_REASON_COUNT] = {
	[DW_REASON_HIDDEN] = { "hidden", FROM_FACTS, NULL,
			       "not every view of the kernel shows it{1}" },
	[DW_REASON_EXECUTABLE_MEMFD] = { "executable-memfd", FROM_FACTS, "memfd_create(2)",
					 "{1} runs from memory: it never was a file" },
	[DW_REASON_EXECUTABLE_DELETED] = { "executable-deleted", FROM_FACTS, NULL,
					   "{1} was deleted after it was started" },
	[DW_REASON_EXECUTABLE_IN_TMP] = { "executable-in-tmp", FROM_FACTS, NULL,
					  "{1} runs from a place where anybody can write" },
	[DW_REASON_EXECUTABLE_CHANGED] = { "executable-changed", FROM_FACTS, NULL,
					   "{1} is not the file that package {2} installed" },
	[DW_REASON_EXECUTABLE_REPLACED] = { "executable-replaced", FROM_FACTS, NULL,
					    "{1} was replaced since it was started: {2}" },
	[DW_REASON_DECEPTIVE_NAME] = { "deceptive-name", FROM_FACTS, NULL,
				       "the name or the command line of pid {1} holds control "
				       "characters, as one does that wants to deceive a terminal" },
	[DW_REASON_WRONG_PROGRAM] = { "wrong-program", FROM_KNOWLEDGE, NULL,
				      "{1} of {2}, but {3} holds it" },
	[DW_REASON_BACKDOOR_PORT] = { "backdoor-port", FROM_KNOWLEDGE, NULL,
				      "{1} is known as the port of {2}; that alone proves "
				      "nothing" },
	[DW_REASON_SNIFFER_WITH_FILTER] = { "sniffer-with-filter", FROM_FACTS, "packet(7)",
					    "a program of no package picks packets off the wire: "
					    "{1}" },
	[DW_REASON_SNIFFER] = { "sniffer", FROM_FACTS, "packet(7)",
				"{1} takes packets off the wire{2}" },
	[DW_REASON_RAW_SOCKET] = { "raw-socket", FROM_FACTS, "raw(7)", "{1} {3}{2}" },
	[DW_REASON_BESIDE_THE_NETWORK] = { "beside-the-network", FROM_FACTS, NULL,
					   "{1} is reached beside the IP network: no packet filter "
					   "sees it" },
	[DW_REASON_POLICY_CLOSES] = { "policy-closes", FROM_POLICY, NULL,
				      "the policy closes it{1}" },
	[DW_REASON_WRONG_PROGRAM_FOR_POLICY] = { "wrong-program-for-policy", FROM_POLICY, NULL,
						 "the policy keeps it for {1}, but {2} holds it" },
	[DW_REASON_WRONG_USER_FOR_POLICY] = { "wrong-user-for-policy", FROM_POLICY, NULL,
					      "the policy keeps it for user {1}, but it runs as "
					      "{2}" },
	[DW_REASON_WIDER_THAN_POLICY] = { "wider-than-policy", FROM_POLICY, NULL,
					  "the policy keeps it {1}, but {2}{3}" },
	[DW_REASON_FILTER_NOT_READ] = { "filter-not-read", FROM_FACTS, NULL,
					"the policy keeps it {1}, which is for a packet filter to "
					"see to; {2}" },
	[DW_REASON_WAIVER_EXPIRED] = { "waiver-expired", FROM_POLICY, NULL,
				       "the policy kept it until {1}, which is past" },
	[DW_REASON_IN_POLICY] = { "in-policy", FROM_POLICY, NULL, "the policy keeps it{1}" },
	[DW_REASON_NOT_IN_POLICY] = { "not-in-policy", FROM_POLICY, NULL,
				      "no statement of the policy names it{1}" },
	[DW_REASON_CARRIES_YOUR_SESSION] = { "carries-your-session", FROM_FACTS, NULL,
					     "your own connection came in through it" },
	[DW_REASON_LAST_WAY_IN] = { "last-way-in", FROM_FACTS, NULL,
				    "without {1} nobody could log in from outside" },
	[DW_REASON_HOST_NEEDS_IT] = { "host-needs-it", FROM_KNOWLEDGE, NULL,
				      "the host itself needs {1}: without it, {2}" },
	[DW_REASON_IN_USE] = { "in-use", FROM_FACTS, NULL, "in use: {1}" },
	[DW_REASON_USED_LATELY] = { "used-lately", FROM_FACTS, NULL,
				    "last used {1} ago{2}; it was watched for {3}" },
	[DW_REASON_UNUSED] = { "unused", FROM_FACTS, NULL,
			       "nobody used it in the {1} that it was watched" },
	[DW_REASON_NEVER_ON_A_NETWORK] = { "never-on-a-network", FROM_KNOWLEDGE, NULL,
					   "{1} belongs on no network, and {2}: {3}" },
	[DW_REASON_EXECUTES_COMMANDS] = { "executes-commands", FROM_KNOWLEDGE, NULL,
					  "whoever may talk to {1} can run commands on this host" },
	[DW_REASON_NO_AUTHENTICATION] = { "no-authentication", FROM_KNOWLEDGE, NULL,
					  "as installed, {1} asks nobody who he is" },
	[DW_REASON_CLEARTEXT_LOGIN] = { "cleartext-login", FROM_KNOWLEDGE, NULL,
					"{1} sends passwords in clear text{2}" },
	[DW_REASON_CLEARTEXT] = { "cleartext", FROM_KNOWLEDGE, NULL,
				  "what {1} sends can be read by anybody on the way" },
	[DW_REASON_MEANT_FOR_LOOPBACK] = { "meant-for-loopback", FROM_KNOWLEDGE, NULL,
					   "{1} is made for programs of the same host, but "
					   "{2}{3}" },
	[DW_REASON_MEANT_FOR_LAN] = { "meant-for-lan", FROM_KNOWLEDGE, NULL,
				      "{1} is made for the networks of the house, and {2}{3}" },
	[DW_REASON_NO_ROLE_NEEDS_IT] = { "no-role-needs-it", FROM_KNOWLEDGE, NULL,
					 "nothing that this host offers needs {1}; without it, "
					 "{2}" },
	[DW_REASON_REPLACE] = { "replace", FROM_KNOWLEDGE, NULL,
				"something better does what {1} does{2}: {3}" },
	[DW_REASON_WITHDRAWN] = { "withdrawn", FROM_KNOWLEDGE, NULL, "{1} is withdrawn{2}" },
	[DW_REASON_AMPLIFIER] = { "amplifier", FROM_KNOWLEDGE, NULL,
				  "{1} answers more than it is asked, to whomever the sender "
				  "claims to "
				  "be" },
	[DW_REASON_SERVES_THE_ROLE] = { "serves-the-role", FROM_KNOWLEDGE, NULL,
					"this host is {1}, and {2} is part of that" },
	[DW_REASON_MADE_FOR_NETWORKS] = { "made-for-networks", FROM_KNOWLEDGE, NULL,
					  "{1} is made to be reached, and lets in only who proves "
					  "who he "
					  "is" },
	[DW_REASON_LOOPBACK_ONLY] = { "loopback-only", FROM_FACTS, NULL,
				      "only programs of this host can reach it" },
	[DW_REASON_BEHIND_THE_FILTER] = { "behind-the-filter", FROM_FACTS, NULL,
					  "the packet filter lets in {1}{2}" },
	[DW_REASON_NOT_SURE] = { "not-sure", FROM_KNOWLEDGE, NULL,
				 "whether {1} is needed depends on who uses it ({2}); without it, "
				 "{3}" },
	[DW_REASON_UNKNOWN_PROGRAM] = { "unknown-program", FROM_FACTS, NULL,
					"{1} is no service that doorward knows, and {2}" },
	[DW_REASON_HELD_FOR_OTHERS] = { "held-for-others", FROM_FACTS, NULL,
					"{1} holds it for another program{2}; what answers is not "
					"known" },
	[DW_REASON_NO_PACKAGE] = { "no-package", FROM_FACTS, NULL,
				   "{1} belongs to no package of this host" },
	[DW_REASON_PUBLISHED] = { "published", FROM_FACTS, NULL, "published by container {1}{2}" },
	[DW_REASON_LEADS_TO] = { "leads-to", FROM_FACTS, NULL,
				 "it leads to {1} and is judged as that" },
	[DW_REASON_LEADS_ELSEWHERE] = { "leads-elsewhere", FROM_FACTS, NULL,
					"a rule of the packet filter leads it elsewhere{1}{2}" },
	[DW_REASON_REDIRECTED] = { "redirected", FROM_FACTS, NULL,
				   "something in the kernel may take what comes to it{1}" },
	[DW_REASON_INSIDE_CONTAINER] = { "inside-container", FROM_FACTS, NULL,
					 "it is in container {1}'s own network: only what reaches "
					 "that "
					 "network reaches it" },
	[DW_REASON_HOLDER_UNKNOWN] = { "holder-unknown", FROM_FACTS, NULL,
				       "nobody could be seen holding it" },
	[DW_REASON_SLEEPING] = { "sleeping", FROM_FACTS, NULL,
				 "it is not open now, but {1} opens it again{2}" },
	[DW_REASON_STARTED_BY_HAND] = { "started-by-hand", FROM_FACTS, NULL,
					"somebody started it by hand{1}" },
	[DW_REASON_STARTED_BY_CRON] = { "started-by-cron", FROM_FACTS, NULL,
					"a cron job starts it{1}" },
	[DW_REASON_STARTED_BY_AT] = { "started-by-at", FROM_FACTS, NULL, "an at job started it" },
	[DW_REASON_STARTER_UNKNOWN] = { "starter-unknown", FROM_FACTS, NULL,
					"what started it is not known" },
	[DW_REASON_DIES_AT_REBOOT] = { "dies-at-reboot", FROM_FACTS, NULL,
				       "nothing starts it again at the next boot" },
	[DW_REASON_ODD_PORT] = { "odd-port", FROM_KNOWLEDGE, NULL, "{1} of {2}{3}" },
	[DW_REASON_OWN_QUESTIONS] = { "own-questions", FROM_FACTS, "ip(7)",
				      "a port given out by the kernel: it takes the answers to "
				      "{1}'s own "
				      "questions" },
	[DW_REASON_CAPABILITIES] = { "capabilities", FROM_FACTS, "capabilities(7)",
				     "its process could do more than it needs: {1}" },
	[DW_REASON_RUNS_AS_ROOT] = { "runs-as-root", FROM_FACTS, NULL,
				     "its process is root: a hole in it is a hole in the host" },
	[DW_REASON_NO_POLICY] = { "no-policy", FROM_FACTS, NULL,
				  "no policy says whether it is needed" },
};

const char *dw_judge_reason_id(size_t i)
{
	return i < DW_REASON_COUNT ? kinds[i].id : NULL;
}

/* Writes the sentence to `to` when that is not NULL; returns its length. */
static size_t fill_in(const char *pattern, const char *const *pieces, char *to)
{
	size_t n = 0;

	for (const char *p = pattern; *p;) {
		bool hole = p[0] == '{' && p[1] >= '1' && p[1] <= '3' && p[2] == '}';
		const char *piece = hole ? pieces[p[1] - '1'] : p;
		size_t length;

		if (hole)
			length = piece ? strlen(piece) : 0;
		else /* up to the next brace, and at least what stands here */
			length = (size_t)(strchrnul(p + 1, '{') - p);
		if (to && length > 0)
			memcpy(to + n, piece, length);
		n += length;
		p += hole ? 3 : length;
	}
	return n;
}

static const char *sentence(struct dw_arena *a, const char *pattern, const char *const *pieces)
{
	char *text = dw_arena_alloc(a, fill_in(pattern, pieces, NULL) + 1);

	fill_in(pattern, pieces, text);
	return text;
}

static const char *source_of(const struct dw_trial *t, const struct kind *k)
{
	const struct dw_service *s = t->service ? t->service : t->identity.instead_of;

	switch (k->from) {
	case FROM_FACTS:
		break;
	case FROM_KNOWLEDGE:
		if (k == &kinds[DW_REASON_WRONG_PROGRAM])
			s = t->identity.instead_of;
		return s ? s->sources[0] : k->source;
	case FROM_POLICY:
		if (t->statement)
			return dw_arena_printf(t->court->arena, "%s:%u", t->statement->file,
					       t->statement->line);
		return t->court->policy ? t->court->policy->file : NULL;
	}
	return k->source;
}

static struct dw_said *say(struct dw_trial *t, enum dw_reason_id id, const char *const *pieces)
{
	const char *text = sentence(t->court->arena, kinds[id].sentence, pieces);
	struct dw_reason r = {
		.id = kinds[id].id,
		.text = text,
		.source = source_of(t, &kinds[id]),
	};

	for (size_t i = 0; i < t->said.n; i++)
		if (t->said.v[i].id == id && dw_streq(t->said.v[i].reason.text, text))
			return &t->said.v[i];
	dw_vec_push(t->court->arena, &t->said, ((struct dw_said){ .id = id, .reason = r }));
	return &t->said.v[t->said.n - 1];
}

void dw_judge_remark(struct dw_trial *t, enum dw_reason_id id, const char *one, const char *two,
		     const char *three)
{
	(void)say(t, id, (const char *const[]){ one, two, three });
}

void dw_judge_suspect(struct dw_trial *t, enum dw_reason_id id, const char *one, const char *two,
		      const char *three)
{
	say(t, id, (const char *const[]){ one, two, three })->suspicious = true;
	t->suspicious = true;
}

void dw_judge_decide(struct dw_trial *t, enum dw_verdict v, enum dw_reason_id id, const char *one,
		     const char *two, const char *three)
{
	for (size_t i = 0; i < t->said.n; i++)
		t->said.v[i].decides = false;
	say(t, id, (const char *const[]){ one, two, three })->decides = true;
	t->verdict = v;
}

static int by_weight(const void *x, const void *y)
{
	const struct dw_said *a = x, *b = y;

	if (a->decides != b->decides)
		return a->decides ? -1 : 1;
	if (a->id != b->id)
		return a->id < b->id ? -1 : 1;
	return strcmp(a->reason.text, b->reason.text);
}

void dw_judge_order_reasons(struct dw_trial *t, struct dw_finding *f)
{
	if (t->said.n > 1)
		qsort(t->said.v, t->said.n, sizeof(*t->said.v), by_weight);
	f->reasons = dw_arena_array(t->court->arena, t->said.n + 1, sizeof(*f->reasons));
	f->n_reasons = t->said.n;
	for (size_t i = 0; i < t->said.n; i++)
		f->reasons[i] = t->said.v[i].reason;
}
