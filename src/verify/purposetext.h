/*
 * Why a path is not valid for a purpose, in words.
 */
#ifndef CA_VERIFY_PURPOSETEXT_H
#define CA_VERIFY_PURPOSETEXT_H

#include <openssl/x509.h>

#include "base/buf.h"
#include "config/config.h"

/*
 * Append which certificate of chain (leaf first) is at fault for each of
 * purposes, none of which holds (ca_purpose_check), and what to do next.
 */
void ca_purposetext(const STACK_OF(X509) *chain, const struct ca_list *purposes,
    struct ca_buf *out);

#endif
