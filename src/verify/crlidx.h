/* stub */
#ifndef CA_VERIFY_CRLIDX_H
#define CA_VERIFY_CRLIDX_H
struct ca_crlidx;
static inline void ca_crlidx_free(struct ca_crlidx *i) { (void)i; }
#endif
