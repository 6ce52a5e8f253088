/*
 * A search notes here what it sees, if somebody wants to know.  Private to src/key.
 * Every function does nothing if memory is short: the view then lacks something.
 */
#ifndef CA_KEY_P11VIEW_H
#define CA_KEY_P11VIEW_H

#include "key/p11scan.h"
#include "key/view.h"

/* One more module in v, which keeps it. */
struct ca_view_module *ca_p11_view_module(struct ca_view *v, const char *name);

/* The library of an initialised module. */
void ca_p11_view_library(struct ca_view_module *m, CK_FUNCTION_LIST *f);

/* A slot whose token is not looked at, and why. */
void ca_p11_view_slot(struct ca_view_module *m, CK_FUNCTION_LIST *f,
    CK_SLOT_ID slot, const char *problem);

/* The current token of s, with its objects; problem: why it is not used, or NULL. */
void ca_p11_view_token(struct ca_p11_scan *s, const char *problem);

/* At the end of the search: the file that names each module, and the modules that are
 * configured, but not loaded.  p11 may be NULL: none is loaded. */
void ca_p11_view_configs(struct ca_view *v, const struct ca_p11 *p11);

#endif
