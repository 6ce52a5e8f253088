#include "key/pcsc.h"
#include "base/tr.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <winscard.h>

#include "key/p11.h"

#define READERS_MAX 16
#define NAMES_BYTES 4096

/* Not linked, because a login that succeeds never needs it. */
struct pcsc {
	LONG (*establish)(DWORD, LPCVOID, LPCVOID, LPSCARDCONTEXT);
	LONG (*release)(SCARDCONTEXT);
	LONG (*list)(SCARDCONTEXT, LPCSTR, LPSTR, LPDWORD);
	LONG (*status)(SCARDCONTEXT, DWORD, SCARD_READERSTATE *, DWORD);
};

/* In a thread, because the service may hang. */
struct look {
	bool here; /* there is a library of PC/SC */
	struct pcsc call;
	LONG rv;
	char names[NAMES_BYTES]; /* ended by an empty name */
	SCARD_READERSTATE state[READERS_MAX];
	DWORD n;
};

static bool
load(struct pcsc *p)
{
	void *so = dlopen("libpcsclite.so.1", RTLD_NOW | RTLD_LOCAL);

	if (so == NULL)
		return false;
	*(void **)&p->establish = dlsym(so, "SCardEstablishContext");
	*(void **)&p->release = dlsym(so, "SCardReleaseContext");
	*(void **)&p->list = dlsym(so, "SCardListReaders");
	*(void **)&p->status = dlsym(so, "SCardGetStatusChange");
	return p->establish != NULL && p->release != NULL && p->list != NULL &&
	       p->status != NULL;
}

static void
work(void *ctx)
{
	struct look *l = ctx;
	SCARDCONTEXT context;
	DWORD len = sizeof l->names - 2;

	ca_p11_call(CA_P11_SECONDS_BEGIN);
	l->here = load(&l->call);
	if (!l->here) {
		(void)ca_p11_back(CKR_OK);
		return;
	}
	l->rv = l->call.establish(SCARD_SCOPE_SYSTEM, NULL, NULL, &context);
	if (l->rv == SCARD_S_SUCCESS) {
		l->rv = l->call.list(context, NULL, l->names, &len);
		for (const char *at = l->names;
		     l->rv == SCARD_S_SUCCESS && *at != '\0' &&
		     l->n < READERS_MAX;
		     at += strlen(at) + 1)
			l->state[l->n++].szReader = at;
		if (l->n > 0)
			l->rv = l->call.status(context, 0, l->state, l->n);
		(void)l->call.release(context);
	}
	(void)ca_p11_back(CKR_OK);
}

/* Append a phrase about one reader, or nothing. */
static void
put_reader(const SCARD_READERSTATE *r, bool known, struct ca_buf *out)
{
	const DWORD s = r->dwEventState;
	const char *what = NULL;

	if ((s & SCARD_STATE_EXCLUSIVE) != 0)
		what = P_(
		    "is held by another program, as GnuPG does; run: gpgconf "
		    "--kill scdaemon");
	else if ((s & SCARD_STATE_MUTE) != 0)
		what =
		    P_("does not answer; turn it round, or clean its contacts");
	else if ((s & SCARD_STATE_PRESENT) != 0 && !known)
		what = P_("is known to no module here");
	if (what == NULL && (s & SCARD_STATE_PRESENT) != 0)
		return;
	if (out->len > 0)
		ca_buf_str(out, "; ");
	ca_buf_str(
	    out, what != NULL ? P_("the card in reader \"") : P_("reader \""));
	ca_buf_printable(out, r->szReader, strnlen(r->szReader, 64));
	ca_buf_fmt(out, "\" %s", what != NULL ? what : P_("has no card"));
}

static void
put_service(const struct look *l, bool known, struct ca_buf *out)
{
	switch (l->rv) {
	case SCARD_S_SUCCESS:
	case SCARD_E_TIMEOUT:
		for (DWORD i = 0; i < l->n; i++)
			put_reader(&l->state[i], known, out);
		return;
	case SCARD_E_NO_SERVICE:
	case SCARD_E_SERVICE_STOPPED:
		ca_buf_str(
		    out, P_("the smart card service pcscd does not run; run: "
			    "systemctl start pcscd.socket"));
		return;
	case SCARD_W_SECURITY_VIOLATION:
	case SCARD_E_NO_ACCESS:
		ca_buf_str(
		    out, P_("the smart card service pcscd refuses this user; "
			    "the administrator grants "
			    "org.debian.pcsc-lite.access_pcsc by a rule of "
			    "polkit(8)"));
		return;
	case SCARD_E_NO_READERS_AVAILABLE:
		ca_buf_str(
		    out, P_("no smart card reader is there, or GnuPG has it "
			    "for itself; run: gpgconf --kill scdaemon"));
		return;
	default:
		ca_buf_fmt(out,
		    P_("the smart card service pcscd fails (0x%08lx)"),
		    (unsigned long)l->rv);
	}
}

void
ca_pcsc_why(bool known, struct ca_buf *out)
{
	struct look *l = calloc(1, sizeof *l);
	struct ca_buf text = CA_BUF_INIT(8192);

	if (l == NULL)
		return;
	enum ca_err rc = ca_p11_run(work, l);
	if (rc == CA_ERR_TIMEOUT)
		ca_buf_str(
		    &text, P_("the smart card service pcscd does not answer; "
			      "run: systemctl restart pcscd"));
	if (rc == CA_OK && l->here)
		put_service(l, known, &text);
	if (rc != CA_ERR_TIMEOUT)
		free(l); /* else the thread has it */
	if (text.len > 0 && ca_buf_text(&text) != NULL)
		ca_buf_str(out, ca_buf_text(&text));
	ca_buf_free(&text);
}
