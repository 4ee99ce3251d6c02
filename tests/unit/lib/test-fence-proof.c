/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is proven before loaded rules count: the way in of who loads them goes on, and would be let in anew. */
#include "fence-host.h"

/* Somebody else's rule that comes while ours are loaded: what was rehearsed is not what stands. */
struct between {
	struct fence *f;
	struct login mine;
	const char *rule; /* with the port of the login's one end in it */
	in_port_t port;
	bool done;
};

static void comes_between(void *data, const char *what, const char *state, size_t i, size_t n,
			  int undo)
{
	struct between *b = data;
	char text[256];

	(void)i, (void)n;
	if (!state || undo || b->done || !strstr(what, "inet doorward"))
		return;
	b->done = true;
	(void)snprintf(text, sizeof(text),
		       "table ip between {\nchain c {\ntype filter hook input priority -50;\n"
		       "tcp dport %u %s\n}\n}\n",
		       b->port, b->rule);
	command(b->f, text);
	/* this has to arrive for the login to live */
	DW_CHECK_INT(send(b->mine.accepted, "x", 1, MSG_NOSIGNAL), 1);
}

static in_port_t port_of(int fd)
{
	struct sockaddr_in at;
	socklen_t n = sizeof(at);

	DW_CHECK_INT(getsockname(fd, (struct sockaddr *)&at, &n), 0);
	return ntohs(at.sin_port);
}

/* Loaded while `rule` comes between: said is in the error, and all is as before; said NULL: it is loaded. */
static void check_proof(bool of_client, const char *rule, const char *said)
{
	struct between b = { .rule = rule };
	struct doorward_close_options o = {
		.size = sizeof(o), .trial = 600, .tell = comes_between, .data = &b
	};
	struct fence f;
	long long run = 0;
	int r;

	if (!begin(&f))
		return;
	b.f = &f;
	log_in(&b.mine);
	b.port = port_of(of_client ? b.mine.client : b.mine.listener);
	doorward_rehearsal_free(f.r);
	DW_CHECK_INT(doorward_fence_rehearse(f.d, f.audit, rules, &f.r), 0);
	r = doorward_fence_apply(f.d, f.r, 0, &o, &run);
	DW_CHECK(b.done);
	DW_CHECK_INT(r, said ? -ECANCELED : 0);
	DW_CHECK(strstr(doorward_last_error(f.d), said ? said : "") != NULL);
	if (!said)
		DW_CHECK_INT(doorward_fence_revert(f.d, NULL, &run), 0);
	DW_CHECK(is_clean(&f));
	command(&f, "delete table ip between");
	log_out(&b.mine);
	end(&f);
}

static void proven_all(void)
{
	check_proof(false, "tcp flags syn counter accept", NULL);
	check_proof(false, "tcp flags syn / syn,ack drop", "a new connection like yours");
	check_proof(true, "drop", "does not go on");
}

DW_TEST(proven_before_it_counts)
{
	namespace_run(proven_all);
}

DW_TEST_MAIN
