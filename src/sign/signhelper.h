/*
 * The module's helper: the other end of src/channel/helper.h.
 */
#ifndef CA_SIGN_SIGNHELPER_H
#define CA_SIGN_SIGNHELPER_H

#include <openssl/x509.h>

#include "base/buf.h"
#include "crypto/crypto.h"
#include "sign/helpertalk.h"

/* Serve one login over standard input and output.  Returns the exit status: 0, or
 * 1 if nothing was signed. */
int ca_sign_helper(void);

/* hosthelper.c: sign transcript, a CertificateRequest and a Certificate
 * and nothing else, as the host, by the key of leaf on the token that uri
 * selects, and write the CertificateVerify as a `response' line to standard
 * output.  CA_ERR_FORMAT (also if uri or leaf is NULL), CA_ERR_NOT_FOUND
 * (logged), else as for ca_key_p11, ca_key_sign and ca_helper_send. */
CA_MUST_CHECK enum ca_err ca_sign_as_host(struct ca_crypto *crypto,
    const char *uri, X509 *leaf, const struct ca_buf *transcript,
    struct ca_helper_talk *talk, const struct ca_log *log);

#endif
