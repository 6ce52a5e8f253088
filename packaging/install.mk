# make install, uninstall, dist.
.PHONY: install uninstall dist
CONFDIR = $(DESTDIR)$(SYSCONFDIR)/certauth
DOCDIR ?= $(PREFIX)/share/doc/certauth
UNITDIR ?= $(PREFIX)/lib/systemd/system
BASHCOMPDIR ?= $(PREFIX)/share/bash-completion/completions
ZSHCOMPDIR ?= $(PREFIX)/share/zsh/site-functions

# The site's own files are never replaced: they are installed only if absent.
install: all ## install to DESTDIR, PREFIX, PAMDIR
	install -d '$(DESTDIR)$(PAMDIR)' '$(DESTDIR)$(BINDIR)'
	install -m 0644 '$(MODULE)' '$(DESTDIR)$(PAMDIR)/pam_certauth.so'
	install -m 0755 '$(CLI)' '$(DESTDIR)$(BINDIR)/certauth'
	ln -sf certauth '$(DESTDIR)$(BINDIR)/certauth-askpass'
	ln -sf certauth '$(DESTDIR)$(BINDIR)/certauth-ssh'
	install -d '$(DESTDIR)$(LIBEXECDIR)/certauth'
	install -m 0755 '$(FETCH)' '$(SIGN)' '$(DESTDIR)$(LIBEXECDIR)/certauth/'
	for m in $(MAN); do s=$${m##*.}; \
		install -d '$(DESTDIR)$(MANDIR)'/man$$s && install -m 0644 \
		$$m '$(DESTDIR)$(MANDIR)'/man$$s/ || exit 1; done
	install -d '$(CONFDIR)' '$(CONFDIR)/ca' '$(CONFDIR)/crl' \
		'$(CONFDIR)/intermediates' '$(CONFDIR)/users.d'
	for f in certauth.conf users; do [ -e '$(CONFDIR)'/$$f ] || \
		install -m 0644 etc/$$f '$(CONFDIR)'/$$f || exit 1; done
	install -d '$(DESTDIR)$(DOCDIR)/examples'
	install -m 0644 README.md CHANGELOG.md LICENSE docs/*.md docs/*.svg \
		'$(DESTDIR)$(DOCDIR)/'
	cp -R etc/. '$(DESTDIR)$(DOCDIR)/examples/'
	install -d '$(DESTDIR)$(UNITDIR)' '$(DESTDIR)$(BASHCOMPDIR)' \
		'$(DESTDIR)$(ZSHCOMPDIR)' '$(DESTDIR)$(PREFIX)/lib/tmpfiles.d'
	install -m 0644 packaging/systemd/*.service packaging/systemd/*.timer \
		'$(DESTDIR)$(UNITDIR)/'
	sed -i 's|/usr/bin/certauth|$(BINDIR)/certauth|' \
		'$(DESTDIR)$(UNITDIR)'/certauth-*.service
	install -m 0644 packaging/completion/certauth.bash \
		'$(DESTDIR)$(BASHCOMPDIR)/certauth'
	ln -sf certauth '$(DESTDIR)$(BASHCOMPDIR)/certauth-ssh'
	install -m 0644 packaging/completion/_certauth \
		'$(DESTDIR)$(ZSHCOMPDIR)/_certauth'
	install -m 0644 packaging/tmpfiles/certauth.conf \
		'$(DESTDIR)$(PREFIX)/lib/tmpfiles.d/certauth.conf'
	install -m 0755 tests/site/certauth-tests \
		'$(DESTDIR)$(BINDIR)/certauth-tests'
# only if pam-auth-update is installed: else the folder is not used
	if [ -n '$(DESTDIR)' ] || [ -d /usr/share/pam-configs ]; then \
		install -d '$(DESTDIR)/usr/share/pam-configs' && \
		install -m 0644 packaging/pam-configs/certauth \
		'$(DESTDIR)/usr/share/pam-configs/certauth'; fi

# The configuration is not removed: it belongs to the site.
uninstall: ## remove what install put there, but for the configuration
	rm -f '$(DESTDIR)$(PAMDIR)/pam_certauth.so' \
		'$(DESTDIR)$(BINDIR)/certauth' \
		'$(DESTDIR)$(BINDIR)/certauth-askpass' \
		'$(DESTDIR)$(BINDIR)/certauth-ssh' \
		'$(DESTDIR)$(LIBEXECDIR)/certauth/certauth-fetch' \
		'$(DESTDIR)$(LIBEXECDIR)/certauth/certauth-sign' \
		'$(DESTDIR)$(BINDIR)/certauth-tests' \
		'$(DESTDIR)$(BASHCOMPDIR)/certauth' \
		'$(DESTDIR)$(BASHCOMPDIR)/certauth-ssh' \
		'$(DESTDIR)$(ZSHCOMPDIR)/_certauth' \
		'$(DESTDIR)$(PREFIX)/lib/tmpfiles.d/certauth.conf' \
		'$(DESTDIR)'/usr/share/pam-configs/certauth \
		'$(DESTDIR)$(UNITDIR)'/certauth-crl-update.service \
		'$(DESTDIR)$(UNITDIR)'/certauth-crl-update.timer
	for m in $(MAN); do s=$${m##*.}; \
		rm -f '$(DESTDIR)$(MANDIR)'/man$$s/$${m##*/}; done
	rm -rf '$(DESTDIR)$(DOCDIR)'

dist: ## dist/certauth-VERSION.tar.gz of the committed tree
	@packaging/dist.sh '$(VERSION)'
