/*
 * The line protocol between the module and its helper, certauth-sign (or
 * `certauth sign --helper'), which signs a request with the rights of a user at
 * this machine.
 *
 * The module ("host" below) starts the helper with three descriptors: 0, lines
 * from the host; 1, lines to the host; 2, /dev/null.  The environment of the
 * helper is HOME, USER, LOGNAME, PATH and LC_ALL, and what helper_env of
 * certauth.conf(5) allows; no other variable of the application is passed on.
 *
 *	host                                    helper
 *	certauth-helper 1
 *	request BYTES | hostsign BYTES
 *	agent TEXT, pkcs11 TEXT, wait NUMBER,
 *	keyfile TEXT, certificate BYTES,
 *	usercerts, secret, pinless, language TEXT       (each optional)
 *	choices                                         (optional)
 *	go
 *	                                        info TEXT, error TEXT,
 *	                                        note TEXT       (any)
 *	                                        ask TEXT | askecho TEXT
 *	answer BYTES | noanswer                         (one for each)
 *	                                        item TEXT       (1 to 64 times)
 *	                                        choose TEXT
 *	answer BYTES | noanswer
 *	                                        token TEXT      (optional)
 *	                                        response BYTES | none TEXT |
 *	                                        failed TEXT     (the last line)
 *
 * A line is a word, then a space and an argument if the word has one, then LF.
 * BYTES is base64url without padding.  NUMBER is decimal, 0..86400, without
 * leading zeros.  TEXT is the rest of the line: printable UTF-8 of at most
 * 1,024 bytes, or empty.  These are format errors: a word that is not in the
 * table, or from the wrong side, or without its argument, or with an argument
 * that it does not have; a line longer than CA_HELPER_LINE_MAX; a last line
 * without LF.
 *
 *	request      the request as it is sent to a remote client; the helper
 *	             parses it
 *	agent        path of the user's ssh-agent socket, which may be used
 *	pkcs11       tokens may be used; TEXT is an RFC 7512 URI that selects
 *	             them, or empty for all tokens
 *	wait         seconds to wait for a token to be inserted (0: do not)
 *	keyfile      absolute path of a PKCS#12 or PEM file
 *	certificate  DER of a certificate that is registered for the user; at
 *	             most 8; the response may then have an empty list
 *	usercerts    the *.pem files in ~/.certauth are registered, too
 *	secret       a key file may sign only if the user entered a passphrase
 *	             for it: the host has not authenticated the user
 *	pinless      a token's key may sign without a PIN if the token allows
 *	             that; without this word a PIN is asked for each time
 *	language     the locale in whose language info, error, note, ask,
 *	             askecho, item and choose are; without it, English
 *	choices      the application shows lists: items may be offered by `item'
 *	             and `choose'
 *	hostsign     instead of request: CertificateRequest and the host's
 *	             Certificate, to be signed as the host by the key that
 *	             pkcs11 names, for the certificate in `certificate'
 *	go           the host's part is complete
 *	info, error  a message to show to the user
 *	note         a message that the next question needs, such as a line of
 *	             the list to choose from
 *	ask, askecho a question for the user, answered without and with echo
 *	item         a line of the list that the next `choose' offers; only after
 *	             `choices'
 *	choose       let the user choose one of these lines; TEXT is the title, and
 *	             the answer the number of the line in decimal, from 1
 *	token        RFC 7512 URI of the token whose key signed: its label,
 *	             manufacturer, model and serial number, and the module-path
 *	             if pkcs11 has one; never a PIN or an object.  It decides
 *	             nothing: the host drops a second one, and one that
 *	             ca_text_token_uri() (base/text.h) refuses
 *	response     Certificate and CertificateVerify; after hostsign only
 *	             CertificateVerify
 *	none         no key can sign this request (the host may continue with
 *	             its next channel); TEXT, in English, is for the log
 *	failed       a key could sign this request, but signing failed; TEXT
 *	             is for the log
 *
 * An application may want no messages (PAM_SILENT).  The host then drops info;
 * it keeps the last error, and the notes up to CA_KEPT_NOTES_MAX bytes, and puts
 * them in front of the next question, each with an LF.
 *
 * The helper exits after its last line; its exit status is ignored.  The
 * request came through a pipe from the process that started the helper, so
 * client rule 1 (the host is the one that the user meant) always holds; the
 * helper checks the other rules.  The host checks the response as it checks
 * that of a remote client, and accepts at most CA_HELPER_LINES lines from a
 * helper.
 */
#ifndef CA_CHANNEL_HELPER_H
#define CA_CHANNEL_HELPER_H

#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"

#define CA_HELPER_VERSION 1
#define CA_HELPER_LINE_MAX 66560  /* bytes, LF included: a whole request */
#define CA_HELPER_TEXT_MAX 1024   /* bytes of TEXT */
#define CA_HELPER_ANSWER_MAX 4096 /* bytes of an answer */
#define CA_HELPER_CERTS_MAX 8     /* `certificate` lines */
#define CA_HELPER_LINES 256       /* lines that a helper may send */
#define CA_HELPER_ITEMS_MAX 64    /* `item' lines of one list */

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
	CA_HELPER_LANGUAGE,
	CA_HELPER_CHOICES,
	CA_HELPER_GO,
	CA_HELPER_ANSWER,
	CA_HELPER_NOANSWER,
	/* from the helper */
	CA_HELPER_INFO,
	CA_HELPER_ERROR,
	CA_HELPER_NOTE,
	CA_HELPER_ASK,
	CA_HELPER_ASKECHO,
	CA_HELPER_ITEM,
	CA_HELPER_CHOOSE,
	CA_HELPER_TOKEN,
	CA_HELPER_RESPONSE,
	CA_HELPER_NONE,
	CA_HELPER_FAILED,
};

/* The sender of a line. */
enum ca_helper_side { CA_HELPER_HOST = 1, CA_HELPER_CHILD };

/* One parsed line.  ca_helper_msg_clear frees it. */
struct ca_helper_msg {
	enum ca_helper_verb verb;
	struct ca_buf arg; /* TEXT, or the decoded BYTES */
	unsigned number;   /* NUMBER */
};

/* Wipe and free the content of msg; msg may be used again. */
void ca_helper_msg_clear(struct ca_helper_msg *msg);

/*
 * Parse a line of len bytes (without its LF) whose sender is from.  The old
 * content of msg is freed.  On CA_ERR_FORMAT and CA_ERR_MEMORY msg is empty.
 */
CA_MUST_CHECK enum ca_err ca_helper_parse(const void *line, size_t len,
    enum ca_helper_side from, struct ca_helper_msg *msg);

/*
 * Append a line with its LF to out.  TEXT that is too long is cut at the end of
 * a character, and an unprintable byte becomes `?', so that the user sees a
 * damaged message rather than none.
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
	struct ca_buf pending; /* bytes that were read, but not parsed yet */
	enum ca_helper_side from;
};

/* Prepare to read the lines whose sender is from. */
void ca_helper_input_init(struct ca_helper_input *in, enum ca_helper_side from);
void ca_helper_input_clear(struct ca_helper_input *in); /* wipes */

/* Add len bytes that were read.  CA_ERR_LIMIT: more than two lines are pending;
 * CA_ERR_MEMORY. */
CA_MUST_CHECK enum ca_err ca_helper_input_add(
    struct ca_helper_input *in, const void *p, size_t len);

/* Take the next line.  CA_ERR_NOT_FOUND: it is not complete yet; CA_ERR_LIMIT:
 * it is too long; else as ca_helper_parse. */
CA_MUST_CHECK enum ca_err ca_helper_input_next(
    struct ca_helper_input *in, struct ca_helper_msg *msg);

/* ---- for the helper, whose descriptors block ---- */

/* Read the next line from fd.  CA_ERR_CANCELLED: the host closed its end;
 * CA_ERR_IO; else as ca_helper_input_next. */
CA_MUST_CHECK enum ca_err ca_helper_recv(
    int fd, struct ca_helper_input *in, struct ca_helper_msg *msg);

/* Write all of out to fd, then wipe and empty out, also on failure.  CA_ERR_IO
 * (errno; EPIPE if the host closed its end, and the caller ignores SIGPIPE);
 * else the error of out. */
CA_MUST_CHECK enum ca_err ca_helper_send(int fd, struct ca_buf *out);

#endif
