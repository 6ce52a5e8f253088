# `make check-load`: many logins at once, files replaced and programs killed
# meanwhile, and a machine that is out of everything; see tests/load.sh.
.PHONY: check-load
check-load: all testtools
	@tests/lib/deps.sh check
	@tests/load.sh '$(B)'
