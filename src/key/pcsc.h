/*
 * The smart card service as its clients see it: why a card cannot be reached.  This
 * looks, and changes nothing; no card is powered for it.
 */
#ifndef CA_KEY_PCSC_H
#define CA_KEY_PCSC_H

#include "base/buf.h"

/*
 * Append a phrase with what keeps cards from being found, and the next command; or
 * nothing, if there is no PC/SC library here, or readers and cards are in order.
 * known: some module shows a token in a reader.
 */
void ca_pcsc_why(bool known, struct ca_buf *out);

#endif
