/*
 * Private to src/key: a private key in a PEM file, or in DER.
 */
#ifndef CA_KEY_PEMKEY_H
#define CA_KEY_PEMKEY_H

#include "data/pem.h"
#include "key/key.h"

struct ca_pemkey;

/*
 * Read the first private key in the file; a key that is not encrypted is
 * decoded.  CA_ERR_FORMAT: there is none, or it cannot be decoded;
 * CA_ERR_UNSUPPORTED: its encryption is unknown here; CA_ERR_LIMIT: its
 * passphrase needs too many iterations; as ca_keyfile_read.  Logged.  crypto
 * and log must outlive the key.
 */
CA_MUST_CHECK enum ca_err ca_pemkey_read(struct ca_crypto *crypto,
    const char *path, const struct ca_log *log, struct ca_pemkey **out);
void ca_pemkey_free(struct ca_pemkey *key); /* NULL is allowed */

/* Ask for the passphrase, three times at most, if it is still needed.
 * CA_ERR_PIN, CA_ERR_CANCELLED; CA_ERR_FORMAT: logged. */
CA_MUST_CHECK enum ca_err ca_pemkey_unlock(
    struct ca_pemkey *key, const struct ca_key_ui *ui);

bool ca_pemkey_locked(const struct ca_pemkey *key);

/* Is it the key of the certificate?  False if it is locked. */
bool ca_pemkey_fits(const struct ca_pemkey *key, X509 *cert);

/* The key of an identity with this certificate, which then owns pemkey; it is
 * unlocked when it first signs.  NULL: no memory, and pemkey is still the
 * caller's. */
struct ca_key *ca_pemkey_take(struct ca_pemkey *pemkey, X509 *cert);

/* ---- pemcipher.c ---- */

bool ca_pem_is_encrypted(const struct ca_pem *pem);

/*
 * Can the encrypted key in pem be decrypted here?  lib is the process's own
 * context; *legacy: only the legacy provider can.  CA_ERR_UNSUPPORTED: not;
 * CA_ERR_LIMIT: its passphrase needs too many iterations; CA_ERR_FORMAT: it is
 * damaged.  Logged, and a warning if *legacy.
 */
CA_MUST_CHECK enum ca_err ca_pem_cipher(const struct ca_pem *pem,
    OSSL_LIB_CTX *lib, const char *path, const struct ca_log *log,
    bool *legacy);

/* Decode the key in text, a PEM block, in lib; secret is its passphrase, or
 * NULL.  NULL: it cannot be decoded, or the passphrase is wrong.  The caller
 * frees it. */
EVP_PKEY *ca_pem_key(
    const struct ca_buf *text, OSSL_LIB_CTX *lib, struct ca_secret *secret);

/* Decrypt the key in text in lib, and do not decode it: its type may be unknown
 * here.  pkcs8: it is PKCS#8, not the traditional form.  NULL: the passphrase is
 * wrong.  The caller frees it by PKCS8_PRIV_KEY_INFO_free, which wipes it. */
PKCS8_PRIV_KEY_INFO *ca_pem_unseal(const struct ca_buf *text, bool pkcs8,
    OSSL_LIB_CTX *lib, struct ca_secret *secret);

#endif
