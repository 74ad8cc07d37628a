package testenv

import "github.com/polystore/storage/internal/testenv/program"

// Programs are the servers' programs, the quickest build first.
func Programs() []program.Program { return []program.Program{versityGW.program, minIO.program} }
