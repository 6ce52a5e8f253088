/*
 * The line protocol between the module and its helper, `certauth sign
 * --helper`, which signs a request with the rights of a user at this machine.
 *
 * The module starts the helper with three descriptors: 0, lines from the host
 * (the module); 1, lines to the host; 2, /dev/null.  Its environment is HOME,
 * USER, LOGNAME, PATH and LC_ALL, nothing of the application's.
 *
 *	host                                    helper
 *	certauth-helper 1
 *	request BYTES | hostsign BYTES
 *	agent TEXT, pkcs11 TEXT, wait NUMBER,
 *	keyfile TEXT, certificate BYTES,
 *	usercerts, secret, pinless                      (each optional)
 *	go
 *	                                        info TEXT, error TEXT  (any)
 *	                                        ask TEXT | askecho TEXT
 *	answer BYTES | noanswer                         (one for each)
 *	                                        response BYTES | none TEXT |
 *	                                        failed TEXT     (the last line)
 *
 * A line is a word, and where the word has an argument, one space and the
 * argument, and ends with LF.  BYTES is base64url without padding; NUMBER is
 * decimal, 0..86400, without leading zeros; TEXT is the rest of the line,
 * possibly empty, printable UTF-8 of at most 1,024 bytes.  A word that is not
 * in the table, in the wrong direction, without its argument or with one too
 * many, a line over CA_HELPER_LINE_MAX and a last line without LF are format
 * errors.
 *
 *	request      the request, as from afar: the helper parses it
 *	agent        path of the caller's ssh-agent socket, which may be used
 *	pkcs11       tokens may be used; TEXT is an RFC 7512 URI that selects
 *	             them, or empty for all
 *	wait         seconds to wait for a token to be inserted (0: do not)
 *	keyfile      absolute path of a PKCS#12 or PEM file
 *	certificate  DER of a certificate that is registered for the user; 8 at
 *	             most; the response may then have an empty list
 *	usercerts    the *.pem files in ~/.certauth count as registered, too
 *	secret       a key file may sign only if a passphrase was asked for it:
 *	             the host does not know whether its user is who he says
 *	pinless      a token's key may sign without a PIN where the token lets
 *	             it; without this word a PIN is asked for each time
 *	hostsign     instead of request: CertificateRequest and the host's
 *	             Certificate, to be signed as the host by the key that
 *	             pkcs11 names, for the certificate in `certificate'
 *	go           all has been said
 *	info, error  a line for the user to see
 *	ask, askecho a question for the user, answered without and with echo
 *	response     Certificate and CertificateVerify; after hostsign the
 *	             CertificateVerify alone
 *	none         nothing here can sign this request (the host may go on to
 *	             its next way of asking); TEXT is for the log
 *	failed       something could have, but failed; TEXT is for the log
 *
 * After its last line the helper exits; with which status does not matter.
 * The request came through a pipe from the process that started the helper,
 * so client rule 1 (the host that the user meant) holds by construction; the
 * other rules are the helper's to check.  The host checks the response as it
 * checks one from afar, and gives a helper CA_HELPER_LINES lines at most.
 */
#ifndef CA_CHANNEL_HELPER_H
#define CA_CHANNEL_HELPER_H

#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "wire/message.h"

#define CA_HELPER_VERSION 1
#define CA_HELPER_LINE_MAX 66560  /* bytes, LF included: a whole request */
#define CA_HELPER_TEXT_MAX 1024   /* bytes of TEXT */
#define CA_HELPER_ANSWER_MAX 4096 /* bytes of an answer */
#define CA_HELPER_CERTS_MAX 8     /* `certificate` lines */
#define CA_HELPER_LINES 256       /* lines that a helper may send */

enum ca_helper_verb {
	CA_HELPER_UNSET = 0,
	/* from the host */
	CA_HELPER_HELLO,
	CA_HELPER_REQUEST,
	CA_HELPER_HOSTSIGN,
	CA_HELPER_AGENT,
	CA_HELPER_PKCS11,
	CA_HELPER_WAIT,
	CA_HELPER_KEYFILE,
	CA_HELPER_CERTIFICATE,
	CA_HELPER_USERCERTS,
	CA_HELPER_SECRET,
	CA_HELPER_PINLESS,
	CA_HELPER_GO,
	CA_HELPER_ANSWER,
	CA_HELPER_NOANSWER,
	/* from the helper */
	CA_HELPER_INFO,
	CA_HELPER_ERROR,
	CA_HELPER_ASK,
	CA_HELPER_ASKECHO,
	CA_HELPER_RESPONSE,
	CA_HELPER_NONE,
	CA_HELPER_FAILED,
};

/* Who wrote a line. */
enum ca_helper_side { CA_HELPER_HOST = 1, CA_HELPER_CHILD };

/* One line, taken apart.  ca_helper_msg_clear frees it. */
struct ca_helper_msg {
	enum ca_helper_verb verb;
	struct ca_buf arg; /* TEXT as it stands, or BYTES decoded */
	unsigned number;   /* NUMBER */
};

/* Wipe and free what msg holds; it may be used again. */
void ca_helper_msg_clear(struct ca_helper_msg *msg);

/*
 * Parse the len bytes of a line (without its LF) that from wrote.  What msg
 * held before is freed.  CA_ERR_FORMAT, CA_ERR_MEMORY; msg is clear then.
 */
CA_MUST_CHECK enum ca_err ca_helper_parse(const void *line, size_t len,
    enum ca_helper_side from, struct ca_helper_msg *msg);

/*
 * Append a line with its LF to out.  TEXT that is too long is cut at a
 * character, and unprintable bytes in it become `?': a message for a person
 * had better come out mended than not at all.
 */
void ca_helper_put(struct ca_buf *out, enum ca_helper_verb verb);
void ca_helper_put_text(
    struct ca_buf *out, enum ca_helper_verb verb, const char *text);
void ca_helper_put_number(
    struct ca_buf *out, enum ca_helper_verb verb, unsigned number);
void ca_helper_put_bytes(
    struct ca_buf *out, enum ca_helper_verb verb, const void *p, size_t len);

/* ---- a stream of lines ---- */

struct ca_helper_input {
	struct ca_buf pending; /* read, but not a whole line yet */
	enum ca_helper_side from;
};

/* Lines that from writes. */
void ca_helper_input_init(struct ca_helper_input *in, enum ca_helper_side from);
void ca_helper_input_clear(struct ca_helper_input *in); /* wipes */

/* Add len bytes as they were read.  CA_ERR_LIMIT: too much without being
 * taken; CA_ERR_MEMORY. */
CA_MUST_CHECK enum ca_err ca_helper_input_add(
    struct ca_helper_input *in, const void *p, size_t len);

/* Take the next whole line.  CA_ERR_NOT_FOUND: there is none yet;
 * CA_ERR_LIMIT: it is longer than any line may be; else as ca_helper_parse. */
CA_MUST_CHECK enum ca_err ca_helper_input_next(
    struct ca_helper_input *in, struct ca_helper_msg *msg);

/* ---- for the helper: blocking descriptors ---- */

/* Read the next line from fd.  CA_ERR_CANCELLED: the host closed its end;
 * CA_ERR_IO; else as ca_helper_input_next. */
CA_MUST_CHECK enum ca_err ca_helper_recv(
    int fd, struct ca_helper_input *in, struct ca_helper_msg *msg);

/* Write all that is in out to fd, and empty and wipe it.  CA_ERR_IO (the host
 * went away: EPIPE, for a caller that ignores SIGPIPE), CA_ERR_MEMORY. */
CA_MUST_CHECK enum ca_err ca_helper_send(int fd, struct ca_buf *out);

#endif
