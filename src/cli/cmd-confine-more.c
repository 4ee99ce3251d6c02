/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* confine suggest, try, apply. */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "change.h"
#include "confine.h"
#include "dw_macros.h"
#include "dw_str.h"

#define OBSERVE_SECONDS 60
#define CONFIRM_WITHIN  600

struct suggesting {
	const struct dw_arguments *args;
	struct doorward *d;
	struct doorward_audit *audit;
	struct doorward_confining *x;
	unsigned long long seconds;
};

static void tell_remarks(const struct suggesting *s)
{
	const char *text;

	if (dw_cli_given(s->args, DW_OPTION_QUIET))
		return;
	(void)fflush(stdout);
	for (size_t i = 0; (text = doorward_confining_remark(s->x, i)) != NULL; i++)
		dw_cli_complain(text);
}

static enum dw_exit show_document(const struct suggesting *s)
{
	if (doorward_confining_write(s->d, s->x, dw_cli_format(s->args), stdout) < 0) {
		if (!ferror(stdout)) /* of that main() says why */
			dw_cli_complain(doorward_last_error(s->d));
		return DW_EXIT_USAGE;
	}
	return doorward_confining_text(s->x) ? DW_EXIT_TO_DO : DW_EXIT_NOTHING;
}

static enum dw_exit show(const struct suggesting *s)
{
	const char *text = doorward_confining_text(s->x);

	if (dw_cli_given(s->args, DW_OPTION_JSON))
		return show_document(s);
	if (text)
		(void)fputs(text, stdout);
	tell_remarks(s);
	return text ? DW_EXIT_TO_DO : DW_EXIT_NOTHING;
}

static bool agreed(const struct suggesting *s)
{
	char answer[16] = "";

	if (dw_cli_given(s->args, DW_OPTION_YES))
		return true;
	if (isatty(STDIN_FILENO) != 1) {
		(void)fputs("doorward: nothing was changed: standard input is no terminal, so "
			    "nobody could be asked.\n"
			    "With --yes it is done without asking.\n",
			    stderr);
		return false;
	}
	(void)fputs("\nPut this in place, so that the service starts again with it? [y/N] ",
		    stderr);
	(void)fflush(stderr);
	return fgets(answer, sizeof(answer), stdin) && (*answer == 'y' || *answer == 'Y');
}

static void tell_done(const struct suggesting *s, unsigned long long trial, long long run)
{
	if (dw_cli_given(s->args, DW_OPTION_QUIET))
		return;
	(void)printf("Done and looked at: %s serves as before.\n", s->args->operands[1]);
	if (trial)
		(void)printf("This is a trial: it is put back by itself after %llu seconds.\nTo "
			     "keep it:  doorward confirm %lld\n",
			     trial, run);
	(void)printf("To go back:  doorward undo %lld\n", run);
}

static enum dw_exit carry_out(const struct suggesting *s, unsigned long long trial)
{
	struct doorward_close_options o = { .trial = trial };
	long long run = 0;
	int r;

	if (!doorward_confining_text(s->x))
		return show(s);
	if (!dw_cli_given(s->args, DW_OPTION_QUIET) || !dw_cli_given(s->args, DW_OPTION_YES))
		(void)show(s);
	if (!agreed(s))
		return DW_EXIT_USAGE;
	dw_change_begin(&o, s->args);
	r = doorward_confining_apply(s->d, s->x, &o, &run);
	dw_change_end();
	if (r == 0) {
		tell_done(s, trial, run);
		return DW_EXIT_NOTHING;
	}
	(void)dw_change_failed(s->d, r);
	if (r == -ECANCELED)
		(void)fputs("Everything was put back.\n", stderr);
	return r == -EALREADY ? DW_EXIT_USAGE : DW_EXIT_FAILED;
}

static int observe(struct suggesting *s)
{
	struct doorward_close_options signals = { 0 };
	struct doorward_confine_options o = { .size = sizeof(o),
					      .service = s->args->operands[1],
					      .seconds = (unsigned)s->seconds };
	int r;

	/* ^C ends the look early, with what was seen */
	dw_change_begin(&signals, s->args);
	o.stop = signals.stop;
	if (isatty(STDERR_FILENO) == 1 && !dw_cli_given(s->args, DW_OPTION_QUIET))
		(void)fprintf(stderr, "Observing for %llu seconds: use it meanwhile ...\n",
			      s->seconds);
	r = doorward_confine_observe(s->d, s->audit, &o, &s->x);
	dw_change_end();
	return r;
}

static enum dw_exit failed(const struct suggesting *s, int r)
{
	dw_cli_complain(doorward_last_error(s->d));
	return r == -ENOENT || r == -EINVAL || r == -ESRCH ? DW_EXIT_USAGE : DW_EXIT_BLIND;
}

static bool is_root(const struct dw_arguments *args, enum dw_confine_word word)
{
	if (word != DW_CONFINE_SUGGEST)
		return dw_change_root(args, "confine");
	if (geteuid() == 0)
		return true;
	(void)fputs(
		"doorward: confine suggest observes what a service asks of the kernel, which takes "
		"root: sudo doorward confine suggest ...\n",
		stderr);
	return false;
}

static bool is_sensible(struct suggesting *s, enum dw_confine_word word,
			unsigned long long *ret_trial)
{
	if (s->args->n_operands != 2) {
		(void)fprintf(stderr,
			      "doorward: confine %s needs a service behind it: doorward confine %s "
			      "nginx\n",
			      s->args->operands[0], s->args->operands[0]);
		return false;
	}
	if (word != DW_CONFINE_SUGGEST && dw_cli_given(s->args, DW_OPTION_JSON)) {
		(void)fprintf(stderr,
			      "doorward: confine %s writes a file of the host, which is no JSON\n",
			      s->args->operands[0]);
		return false;
	}
	return dw_change_duration(s->args, DW_OPTION_FOR, OBSERVE_SECONDS, &s->seconds) &&
	       dw_change_duration(s->args, DW_OPTION_CONFIRM_WITHIN, CONFIRM_WITHIN, ret_trial) &&
	       is_root(s->args, word);
}

enum dw_exit dw_confine_more(const struct dw_arguments *args, enum dw_confine_word word)
{
	struct suggesting s = { .args = args };
	enum dw_exit status = DW_EXIT_BLIND;
	unsigned long long trial = 0;
	int r;

	if (!is_sensible(&s, word, &trial))
		return DW_EXIT_USAGE;
	s.d = dw_change_context(args);
	if (!s.d)
		return DW_EXIT_USAGE;
	r = word == DW_CONFINE_SUGGEST ? 0 : doorward_settle(s.d);
	if (r < 0)
		status = dw_change_failed(s.d, r);
	else
		s.audit = dw_cli_audit(s.d, args, &status);
	if (s.audit) {
		r = observe(&s);
		status = r < 0 ? failed(&s, r)
			 : word == DW_CONFINE_SUGGEST
				 ? show(&s)
				 : carry_out(&s, word == DW_CONFINE_TRY ? trial : 0);
	}
	doorward_confining_free(s.x);
	doorward_audit_free(s.audit);
	doorward_free(s.d);
	return status;
}
