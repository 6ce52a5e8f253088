/*
 * Which accounts SSSD maps a certificate to.  SSSD answers from its cache or from its
 * server, over a UNIX socket, to everybody.
 */
#ifndef CA_MAP_SSS_H
#define CA_MAP_SSS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define CA_SSS_PIPE "/var/lib/sss/pipes/nss" /* its socket, everywhere */
#define CA_SSS_CERT_MAX 7680 /* bytes of DER; SSSD takes no larger request */
#define CA_SSS_ACCOUNTS 8    /* of one certificate that are looked at */
#define CA_SSS_NAME_MAX 256  /* bytes of a name */
/* What one question takes at most, in milliseconds: the list of accounts, and all. */
#define CA_SSS_LIST_MS 2000
#define CA_SSS_MS 3000

enum ca_sss_state {
	CA_SSS_SILENT, /* SSSD does not answer, or not in time */
	CA_SSS_ANSWERED,
	CA_SSS_ABSENT, /* libsss_nss_idmap is not installed */
	CA_SSS_STATES
};

/* Both cross the wall between a worker of the verifier and its broker as they are. */
struct ca_sss_question {
	uint32_t len;
	char login[CA_SSS_NAME_MAX + 1]; /* that was asked for; empty: none */
	uint8_t der[CA_SSS_CERT_MAX];
};

struct ca_sss_account {
	uint32_t uid;
	char name[CA_SSS_NAME_MAX + 1]; /* as SSSD has it: with the domain */
};

struct ca_sss_answer {
	uint32_t state; /* enum ca_sss_state */
	uint32_t error; /* errno of SILENT, or 0 */
	uint32_t n;
	uint32_t more; /* there are more accounts */
	struct ca_sss_account account[CA_SSS_ACCOUNTS];
};

/* What the error of an answer means, as a phrase: SSSD's library has two for one that
 * did not come in time.  The text is valid until the next call. */
const char *ca_sss_error(uint32_t error);

/* Load libsss_nss_idmap, if it is installed. */
bool ca_sss_load(void);

/* Ask SSSD, after ca_sss_load, from this process. */
void ca_sss_ask(
    const struct ca_sss_question *question, struct ca_sss_answer *answer);

/* Does SSSD answer at all?  After ca_sss_load.  As ca_sss_ask, without accounts. */
void ca_sss_probe(struct ca_sss_answer *answer);

/* From now on, for the life of this process, ask the broker at this socket,
 * and nobody if it is -1. */
void ca_sss_use(int broker);

/*
 * Ask the broker if there is one, else SSSD.  login: NULL or "": none is asked for.
 * CA_ERR_LIMIT: the certificate is too long for SSSD.  CA_ERR_IO: the broker ended, or
 * answered in another form, or not in time; CA_ERR_MEMORY.
 */
CA_MUST_CHECK enum ca_err ca_sss_look(const uint8_t *der, size_t len,
    const char *login, struct ca_sss_answer *answer);

#endif
