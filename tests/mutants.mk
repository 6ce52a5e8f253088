# Is every check tested?  See tests/mutants.sh.
.PHONY: check-mutants
check-mutants:
	@tests/lib/deps.sh check
	@tests/mutants.sh
