package storage

// off switches parts of the engine off, for the tests that show that each part is needed. Nothing else sets it.
var off struct {
	settle bool // lost answers are not looked into
	pin    bool // reads go on with whatever version is there
	resume bool // broken reads are not taken up
	length bool // a short body passes
	verify bool // checksums are not checked
	stall  bool // nothing is cut
	retry  bool // nothing is tried again
	abort  bool // uploads are left behind
}
