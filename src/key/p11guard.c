/*
 * A module that crashes or hangs ends the whole process, and nothing can be
 * repaired then.  This tells the user which module it was, so that the user can
 * remove the token or disable the module.
 */
#include "key/p11.h"
#include "base/tr.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void
plain(struct ca_buf *out, const char *text)
{
	ca_buf_fmt(out, "certauth: %s\n", text);
}

/* Static, because the process has one set of signal handlers. */
#define TEXT_MAX 640
#define NAME_SHOWN 60
static char hang_text[TEXT_MAX], crash_text[TEXT_MAX];
static char text_name[NAME_SHOWN + 1]; /* the name in them */
static int speak_fd = STDERR_FILENO;
static ca_p11_guard_form *speak_form = plain;

static const int guarded[CA_P11_GUARD_SIGNALS] = {
    SIGALRM, SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT};

/* Only what signal-safety(7) allows. */
static void
on_signal(int sig)
{
	const char *text = sig == SIGALRM ? hang_text : crash_text;

	if (write(speak_fd, text, strlen(text)) < 0)
		_exit(1);
	if (sig == SIGALRM)
		_exit(1);
	/* SA_RESETHAND: the signal now ends the process, and the parent sees
	 * which one it was */
	(void)raise(sig);
}

void
ca_p11_guard_speak(int fd, ca_p11_guard_form *form)
{
	speak_fd = fd;
	speak_form = form;
	text_name[0] = '\0';
}

static void
make_text(char *text, const char *what, const char *name)
{
	struct ca_buf line = CA_BUF_INIT(250);
	struct ca_buf message = CA_BUF_INIT(TEXT_MAX);
	struct ca_buf formed = CA_BUF_INIT(TEXT_MAX);

	ca_buf_printable(&line, name, strnlen(name, NAME_SHOWN));
	const char *shown = ca_buf_text(&line);
	ca_buf_fmt(
	    &message, "PKCS#11: \"%s\" %s", shown != NULL ? shown : "?", what);
	if (ca_buf_text(&message) != NULL)
		speak_form(&formed, ca_buf_text(&message));
	const char *whole = ca_buf_text(&formed);
	(void)snprintf(text, TEXT_MAX, "%s", whole != NULL ? whole : "");
	ca_buf_free(&line);
	ca_buf_free(&message);
	ca_buf_free(&formed);
}

/* A login begins a guard for each call of a token, so the texts are made only
 * once for each name. */
static void
make_texts(const char *name)
{
	if (text_name[0] != '\0' && strncmp(text_name, name, NAME_SHOWN) == 0)
		return;
	make_text(hang_text,
	    P_("does not answer, or was removed; insert it again, or name "
	       "another token by its URI; to see the URIs, run: certauth tokens"),
	    name);
	make_text(crash_text,
	    P_("crashed; its module is broken. "
	       "To find the module, run: p11-kit list-modules"),
	    name);
	(void)snprintf(text_name, sizeof text_name, "%s", name);
}

void
ca_p11_guard_begin(struct ca_p11_guard *g, const char *name, unsigned seconds)
{
	struct sigaction sa = {.sa_handler = on_signal,
	    .sa_flags = (int)SA_RESETHAND | SA_NODEFER};

	make_texts(name);
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
