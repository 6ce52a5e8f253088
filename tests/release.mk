# make check-release: everything again, in a root of another Debian release.
.PHONY: check-release
check-release: ## demo, check and packages in a root of RELEASE=trixie
	@T='$(T)' WHAT='$(WHAT)' MINUTES='$(MINUTES)' \
		tests/release/run.sh '$(B)' '$(RELEASE)'
