# make deb, make rpm, make check-install: packages, from what is committed.
.PHONY: deb rpm check-install
PKG = $(abspath dist)

# git, which dist needs, is among what the packages need
.PHONY: package-deps
package-deps: ## install what building the packages needs
	@tests/lib/deps.sh package

# $(PKG)/deb: the three packages, and what lintian says of them.  A binary runs on
# the release that it is built on, so its version names that release.
deb: package-deps ## Debian packages for this release, and what lintian says
	@$(MAKE) --no-print-directory dist
	rm -rf '$(PKG)/deb'
	mkdir -p '$(PKG)/deb'
	cp dist/certauth-$(VERSION).tar.gz \
		'$(PKG)/deb/certauth_$(VERSION).orig.tar.gz'
	tar -C '$(PKG)/deb' -xzf dist/certauth-$(VERSION).tar.gz
	cp -R '$(PKG)/deb/certauth-$(VERSION)/packaging/debian' \
		'$(PKG)/deb/certauth-$(VERSION)/debian'
	cd '$(PKG)/deb/certauth-$(VERSION)' && \
		suffix=$$(packaging/debrelease.sh suffix) && \
		sed -i "1s/)/$$suffix)/" debian/changelog && \
		env -u MAKEFLAGS -u MAKELEVEL dpkg-buildpackage -us -uc
	cd '$(PKG)/deb' && lintian --fail-on error,warning --allow-root \
		certauth_$(VERSION)-*.changes
	@ls '$(PKG)/deb'/*.deb

# On a Debian machine rpm does not know which packages are there: --nodeps.
rpm: package-deps ## RPM packages
	@$(MAKE) --no-print-directory dist
	rm -rf '$(PKG)/rpm'
	mkdir -p '$(PKG)/rpm/SOURCES'
	cp dist/certauth-$(VERSION).tar.gz '$(PKG)/rpm/SOURCES/'
	env -u MAKEFLAGS -u MAKELEVEL rpmbuild -ba \
		--define '_topdir $(PKG)/rpm' \
		$(if $(wildcard /etc/debian_version),--nodeps) \
		packaging/rpm/certauth.spec
	@ls '$(PKG)/rpm'/RPMS/*/*.rpm '$(PKG)/rpm'/SRPMS/*.rpm

# RELEASE: bookworm, trixie, sid; without it, the release of this machine
check-install: ## a fresh Debian, packages, README: a login? RELEASE=
	@tests/lib/deps.sh release
	@tests/install/clean-room.sh \
		"$(or $(RELEASE),$$(packaging/debrelease.sh suite))"
