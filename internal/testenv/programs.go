package testenv

import "github.com/polystore/storage/internal/testenv/program"

// Programs are the servers' programs, the quickest build first.
func Programs() []program.Installer {
	return []program.Installer{versityGW.program, fakeGCS.program, azurite.program, minIO.program}
}
