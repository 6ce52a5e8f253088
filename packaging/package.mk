# make deb, make rpm, make check-install: packages, from what is committed.
.PHONY: deb rpm check-install
PKG = $(abspath dist)

# $(PKG)/deb: the three packages, and what lintian says of them
deb: dist ## Debian packages, and what lintian says of them
	@tests/lib/deps.sh package
	rm -rf '$(PKG)/deb'
	mkdir -p '$(PKG)/deb'
	cp dist/certauth-$(VERSION).tar.gz \
		'$(PKG)/deb/certauth_$(VERSION).orig.tar.gz'
	tar -C '$(PKG)/deb' -xzf dist/certauth-$(VERSION).tar.gz
	cp -R '$(PKG)/deb/certauth-$(VERSION)/packaging/debian' \
		'$(PKG)/deb/certauth-$(VERSION)/debian'
	cd '$(PKG)/deb/certauth-$(VERSION)' && env -u MAKEFLAGS -u MAKELEVEL \
		dpkg-buildpackage -us -uc -rfakeroot
	cd '$(PKG)/deb' && lintian --fail-on error,warning --allow-root \
		certauth_$(VERSION)-*.changes
	@ls '$(PKG)/deb'/*.deb

# On a Debian machine rpm does not know which packages are there: --nodeps.
rpm: dist ## RPM packages
	@tests/lib/deps.sh package
	rm -rf '$(PKG)/rpm'
	mkdir -p '$(PKG)/rpm/SOURCES'
	cp dist/certauth-$(VERSION).tar.gz '$(PKG)/rpm/SOURCES/'
	env -u MAKEFLAGS -u MAKELEVEL rpmbuild -ba \
		--define '_topdir $(PKG)/rpm' \
		$(if $(wildcard /etc/debian_version),--nodeps) \
		packaging/rpm/certauth.spec
	@ls '$(PKG)/rpm'/RPMS/*/*.rpm '$(PKG)/rpm'/SRPMS/*.rpm

# A fresh Debian 12, the packages, the README: does it lead to a login?
check-install: ## a fresh Debian, the packages, the README: a login?
	@tests/lib/deps.sh package
	@$(MAKE) --no-print-directory B='$(B)' deb
	@tests/install/clean-room.sh '$(PKG)/deb'
