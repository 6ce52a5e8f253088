/*
 * A module that crashes or hangs takes the whole process with it: nothing can
 * be put right then.  What can be done is to say which one it was, so that
 * the user knows what to pull out or to disable.
 */
#include "key/p11.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* The process has one set of signal handlers, hence these. */
static char hang_text[320], crash_text[320];

static const int guarded[CA_P11_GUARD_SIGNALS] = {
    SIGALRM, SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT};

/* Only what signal-safety(7) allows. */
static void
on_signal(int sig)
{
	const char *text = sig == SIGALRM ? hang_text : crash_text;

	if (write(STDERR_FILENO, text, strlen(text)) < 0)
		_exit(1);
	if (sig == SIGALRM)
		_exit(1);
	/* SA_RESETHAND: now it kills, and whoever waits sees by what */
	(void)raise(sig);
}

static void
make_text(char *text, size_t size, const char *what, const char *name)
{
	struct ca_buf line = CA_BUF_INIT(250);

	ca_buf_printable(&line, name, strnlen(name, 60));
	const char *shown = ca_buf_text(&line);
	(void)snprintf(text, size, "certauth: PKCS#11: \"%s\" %s\n",
	    shown != NULL ? shown : "?", what);
	ca_buf_free(&line);
}

void
ca_p11_guard_begin(struct ca_p11_guard *g, const char *name, unsigned seconds)
{
	struct sigaction sa = {.sa_handler = on_signal,
	    .sa_flags = (int)SA_RESETHAND | SA_NODEFER};

	make_text(hang_text, sizeof hang_text,
	    "does not answer; remove it or "
	    "name another token by --key pkcs11:...",
	    name);
	make_text(crash_text, sizeof crash_text,
	    "crashed; its module is "
	    "broken, `p11-kit list-modules` shows which it is",
	    name);
	(void)sigemptyset(&sa.sa_mask);
	for (size_t i = 0; i < CA_P11_GUARD_SIGNALS; i++)
		(void)sigaction(guarded[i], &sa, &g->old[i]);
	g->left = alarm(seconds);
}

void
ca_p11_guard_end(struct ca_p11_guard *g)
{
	(void)alarm(g->left);
	for (size_t i = 0; i < CA_P11_GUARD_SIGNALS; i++)
		(void)sigaction(guarded[i], &g->old[i], NULL);
}
