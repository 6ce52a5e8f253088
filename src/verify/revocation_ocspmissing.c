/*
 * Why there is no OCSP response about a certificate, and who can get one: nobody, this
 * host, or the client.
 */
#include "verify/revocationint.h"
#include "verify/verify.h"

struct missing {
	struct ca_revocation *rev;
	const struct place *at;
	char file[CA_OCSP_FILE_LEN];
	const char *what;   /* of the certificate */
	const char *others; /* what came instead */
};

/* Neither a client nor a timer knows whom to ask.  Where CRLs count, the message
 * about them says how to get one. */
static void
tell_no_responder(const struct missing *m, struct finding *f)
{
	ca_rev_find(f, CA_R_OCSP_MISSING, place_cert(m->at),
	    "%s names no OCSP responder (id-ad-ocsp with an address of http or "
	    "https in its authorityInfoAccess), so that nobody can fetch a "
	    "response, and there is no %s/%s; its CA must issue it again with "
	    "a responder%s",
	    m->what, m->rev->ocsp_path, m->file,
	    m->rev->sources == CA_SOURCES_OCSP
		? ", or set `revocation = any' and install CRLs"
		: "");
}

/* `certauth verify` and `certauth explain` */
static void
tell_not_given(const struct missing *m, struct finding *f)
{
	ca_rev_find(f, CA_R_OCSP_MISSING, place_cert(m->at),
	    "no OCSP response about %s was given%s, and there is no %s/%s; add "
	    "--ocsp FILE, or run `certauth ocsp update`, which fetches those of "
	    "registered certificates and of the CAs of this host; `certauth "
	    "try` makes a login with the responses that the client fetches",
	    m->what, m->others, m->rev->ocsp_path, m->file);
}

static void
tell_registered(const struct missing *m, struct finding *f)
{
	ca_rev_find(f, CA_R_OCSP_MISSING, place_cert(m->at),
	    "there is no %s/%s about %s, and a client whose certificate is "
	    "registered on this host sends no OCSP response; run `certauth "
	    "ocsp update`, which says why if it has no response, and enable "
	    "certauth-ocsp-update.timer",
	    m->rev->ocsp_path, m->file, m->what);
}

static void
tell_not_sent(const struct missing *m, struct finding *f)
{
	ca_rev_find(f, CA_R_OCSP_MISSING, place_cert(m->at),
	    "the client sent no OCSP response about %s%s, and there is no "
	    "%s/%s; %s",
	    m->what, m->others, m->rev->ocsp_path, m->file,
	    m->at->i == 0
		? "the client's messages say why: an older certauth and "
		  "`ocsp_timeout = 0' send none, and the file of the "
		  "certificate must have its issuer's certificate too; about "
		  "a registered certificate, run `certauth ocsp update`"
		: "if it is in intermediates_dir or ca_dir, run `certauth ocsp "
		  "update`; else put it there, or into the client's file with "
		  "the certificate of its issuer");
}

void
ca_rev_ocsp_missing(
    struct ca_revocation *rev, const struct place *at, struct finding *f)
{
	struct missing m = {.rev = rev,
	    .at = at,
	    .what = at->i == 0 ? "this certificate" : "this CA certificate",
	    .others = rev->nstaples > 0 ? " (but others)" : ""};
	char url[CA_OCSP_URL_MAX];

	if (ca_ocsp_file(rev->crypto, place_cert(at), m.file) != CA_OK)
		m.file[0] = '\0';
	if (!ca_ocsp_address(place_cert(at), 0, url))
		tell_no_responder(&m, f);
	else if (rev->origin == CA_STAPLES_BY_COMMAND)
		tell_not_given(&m, f);
	else if (rev->origin == CA_STAPLES_BY_NOBODY)
		tell_registered(&m, f);
	else
		tell_not_sent(&m, f);
}
