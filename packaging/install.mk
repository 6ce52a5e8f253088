# make install, uninstall, dist.
.PHONY: install uninstall dist
CONFDIR = $(DESTDIR)$(SYSCONFDIR)/certauth
DOCDIR ?= $(PREFIX)/share/doc/certauth
UNITDIR ?= $(PREFIX)/lib/systemd/system
USERUNITDIR ?= $(PREFIX)/lib/systemd/user
AUTOSTARTDIR ?= $(SYSCONFDIR)/xdg/autostart
BASHCOMPDIR ?= $(PREFIX)/share/bash-completion/completions
ZSHCOMPDIR ?= $(PREFIX)/share/zsh/site-functions

# Install file $(2) with mode $(1) as $(3): a login meanwhile has the old or the new
# one, and a process that has the old one mapped keeps it.
place = install -m $(1) '$(2)' '$(DESTDIR)$(3).new' && \
	mv -f '$(DESTDIR)$(3).new' '$(DESTDIR)$(3)'

# The site's own files are never replaced: they are installed only if absent.
install: all ## install to DESTDIR, PREFIX, PAMDIR
	install -d '$(DESTDIR)$(PAMDIR)' '$(DESTDIR)$(BINDIR)'
	$(call place,0755,$(CLI),$(BINDIR)/certauth)
	ln -sf certauth '$(DESTDIR)$(BINDIR)/certauth-askpass'
	ln -sf certauth '$(DESTDIR)$(BINDIR)/certauth-ssh'
	install -d '$(DESTDIR)$(LIBEXECDIR)/certauth'
	install -m 0755 '$(FETCH)' '$(SIGN)' \
		'$(CONFINE)' '$(DESTDIR)$(LIBEXECDIR)/certauth/'
# src/ldap/ldaprun.c says why
	$(if $(LDAP),install -m 0711 '$(LDAPPULL)' \
		'$(DESTDIR)$(LIBEXECDIR)/certauth/')
	$(call place,0755,$(VERIFIER),$(LIBEXECDIR)/certauth/certauth-verifier)
# after the verifier, which it starts
	$(call place,0644,$(MODULE),$(PAMDIR)/pam_certauth.so)
	for m in $(MAN); do s=$${m##*.}; \
		install -d '$(DESTDIR)$(MANDIR)'/man$$s && install -m 0644 \
		$$m '$(DESTDIR)$(MANDIR)'/man$$s/ || exit 1; done
	for l in $(if $(CATALOGS),$(LANGUAGES)); do \
		d='$(DESTDIR)$(LOCALEDIR)'/$$l/LC_MESSAGES; install -d "$$d" && \
		install -m 0644 '$(B)'/po/$$l.mo "$$d/certauth.mo" || exit 1; done
	install -d '$(CONFDIR)' '$(CONFDIR)/ca' '$(CONFDIR)/crl' \
		'$(CONFDIR)/intermediates' '$(CONFDIR)/users.d'
	for f in certauth.conf users; do [ -e '$(CONFDIR)'/$$f ] || \
		install -m 0644 etc/$$f '$(CONFDIR)'/$$f || exit 1; done
	install -d '$(DESTDIR)$(DOCDIR)/examples'
	install -m 0644 README.md CHANGELOG.md LICENSE docs/*.md docs/*.svg \
		'$(DESTDIR)$(DOCDIR)/'
	cp -R etc/. '$(DESTDIR)$(DOCDIR)/examples/'
	cp -R packaging/ansible '$(DESTDIR)$(DOCDIR)/examples/'
	install -d '$(DESTDIR)$(UNITDIR)' '$(DESTDIR)$(BASHCOMPDIR)' \
		'$(DESTDIR)$(ZSHCOMPDIR)' '$(DESTDIR)$(PREFIX)/lib/tmpfiles.d' \
		'$(DESTDIR)$(PREFIX)/lib/sysusers.d'
	install -m 0644 packaging/systemd/*.service packaging/systemd/*.socket \
		packaging/systemd/*.timer packaging/systemd/*.path \
		'$(DESTDIR)$(UNITDIR)/'
	sed -i -e 's|/usr/bin/certauth|$(BINDIR)/certauth|' \
		-e 's|/usr/libexec/certauth|$(LIBEXECDIR)/certauth|' \
		'$(DESTDIR)$(UNITDIR)'/certauth-*.service
	install -d '$(DESTDIR)$(USERUNITDIR)' '$(DESTDIR)$(AUTOSTARTDIR)'
	install -m 0644 packaging/user/certauth-watch.service '$(DESTDIR)$(USERUNITDIR)/'
	install -m 0644 packaging/autostart/certauth-watch.desktop \
		'$(DESTDIR)$(AUTOSTARTDIR)/'
	sed -i 's|/usr/bin/certauth|$(BINDIR)/certauth|' \
		'$(DESTDIR)$(USERUNITDIR)/certauth-watch.service' \
		'$(DESTDIR)$(AUTOSTARTDIR)/certauth-watch.desktop'
	install -d '$(DESTDIR)$(PREFIX)/share/certauth/schema'
	install -m 0644 packaging/schema/*.json \
		'$(DESTDIR)$(PREFIX)/share/certauth/schema/'
	install -m 0644 packaging/completion/certauth.bash \
		'$(DESTDIR)$(BASHCOMPDIR)/certauth'
	ln -sf certauth '$(DESTDIR)$(BASHCOMPDIR)/certauth-ssh'
	install -m 0644 packaging/completion/_certauth \
		'$(DESTDIR)$(ZSHCOMPDIR)/_certauth'
	install -m 0644 packaging/tmpfiles/certauth.conf \
		'$(DESTDIR)$(PREFIX)/lib/tmpfiles.d/certauth.conf'
	install -m 0644 packaging/sysusers/certauth.conf \
		'$(DESTDIR)$(PREFIX)/lib/sysusers.d/certauth.conf'
# abstractions of AppArmor are read from one place only
	if [ -n '$(DESTDIR)' ] || [ -d /etc/apparmor.d/abstractions ]; then \
		install -d '$(DESTDIR)$(SYSCONFDIR)/apparmor.d/abstractions' && \
		install -m 0644 packaging/apparmor/certauth \
		'$(DESTDIR)$(SYSCONFDIR)/apparmor.d/abstractions/certauth'; fi
	install -d '$(DESTDIR)$(DOCDIR)/examples/selinux'
	install -m 0644 packaging/selinux/certauth.te packaging/selinux/certauth.fc \
		'$(DESTDIR)$(DOCDIR)/examples/selinux/'
	install -m 0755 tests/site/certauth-tests \
		'$(DESTDIR)$(BINDIR)/certauth-tests'
# only if pam-auth-update is installed: else the folder is not used
	if [ -n '$(DESTDIR)' ] || [ -d /usr/share/pam-configs ]; then \
		install -d '$(DESTDIR)/usr/share/pam-configs' && \
		install -m 0644 packaging/pam-configs/certauth \
		packaging/pam-configs/certauth-sessions \
		'$(DESTDIR)/usr/share/pam-configs/'; fi

# The configuration is not removed: it belongs to the site.
uninstall: ## remove what install put there, but for the configuration
	rm -f '$(DESTDIR)$(PAMDIR)/pam_certauth.so' \
		'$(DESTDIR)$(BINDIR)/certauth' \
		'$(DESTDIR)$(BINDIR)/certauth-askpass' \
		'$(DESTDIR)$(BINDIR)/certauth-ssh' \
		'$(DESTDIR)$(LIBEXECDIR)/certauth/certauth-fetch' \
		'$(DESTDIR)$(LIBEXECDIR)/certauth/certauth-ldap' \
		'$(DESTDIR)$(LIBEXECDIR)/certauth/certauth-sign' \
		'$(DESTDIR)$(LIBEXECDIR)/certauth/certauth-confine' \
		'$(DESTDIR)$(LIBEXECDIR)/certauth/certauth-verifier' \
		'$(DESTDIR)$(BINDIR)/certauth-tests' \
		'$(DESTDIR)$(BASHCOMPDIR)/certauth' \
		'$(DESTDIR)$(BASHCOMPDIR)/certauth-ssh' \
		'$(DESTDIR)$(ZSHCOMPDIR)/_certauth' \
		'$(DESTDIR)$(PREFIX)/lib/tmpfiles.d/certauth.conf' \
		'$(DESTDIR)$(PREFIX)/lib/sysusers.d/certauth.conf' \
		'$(DESTDIR)$(SYSCONFDIR)/apparmor.d/abstractions/certauth' \
		'$(DESTDIR)'/usr/share/pam-configs/certauth \
		'$(DESTDIR)'/usr/share/pam-configs/certauth-sessions \
		'$(DESTDIR)$(UNITDIR)'/certauth-crl-update.service \
		'$(DESTDIR)$(UNITDIR)'/certauth-crl-update.timer \
		'$(DESTDIR)$(UNITDIR)'/certauth-ocsp-update.service \
		'$(DESTDIR)$(UNITDIR)'/certauth-ocsp-update.timer \
		'$(DESTDIR)$(UNITDIR)'/certauth-users-update.service \
		'$(DESTDIR)$(UNITDIR)'/certauth-users-update.timer \
		'$(DESTDIR)$(UNITDIR)'/certauth-metrics.service \
		'$(DESTDIR)$(UNITDIR)'/certauth-metrics.timer \
		'$(DESTDIR)$(UNITDIR)'/certauth-sessions.service \
		'$(DESTDIR)$(UNITDIR)'/certauth-sessions.path \
		'$(DESTDIR)$(UNITDIR)'/certauth-sessions.timer \
		'$(DESTDIR)$(UNITDIR)'/certauth-verifier.service \
		'$(DESTDIR)$(UNITDIR)'/certauth-verifier.socket \
		'$(DESTDIR)$(USERUNITDIR)/certauth-watch.service' \
		'$(DESTDIR)$(AUTOSTARTDIR)/certauth-watch.desktop'
	for m in $(MAN); do s=$${m##*.}; \
		rm -f '$(DESTDIR)$(MANDIR)'/man$$s/$${m##*/}; done
	for l in $(LANGUAGES); do \
		rm -f '$(DESTDIR)$(LOCALEDIR)'/$$l/LC_MESSAGES/certauth.mo; done
	rm -rf '$(DESTDIR)$(DOCDIR)' '$(DESTDIR)$(PREFIX)/share/certauth'

dist: ## dist/certauth-VERSION.tar.gz of the committed tree
	@packaging/dist.sh '$(VERSION)'
