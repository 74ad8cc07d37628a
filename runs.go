package storage

// runs recognises sequential reads among reads at any offset. Several can be under way at once, as
// those of the columns of a table are.
type runs struct {
	size int64 // of a block
	most int64 // the largest window, in blocks; 0: nothing is read ahead
	n    int
	all  [8]run // n of them, the one that went on last in front
}

// run is a series of reads, each of which begins where the one before it ended or a little behind.
type run struct {
	next   int64 // where the last read ended
	block  int64 // index of the block in which it ended
	ahead  int64 // index of the first block that was not asked for yet
	window int64 // blocks to have ahead
}

// note takes the read from off to end and returns how many blocks behind it should be requested,
// because it continues a run. The window begins with one block when a run enters its second block,
// and doubles: what a run that stops leaves unread is not more than what it read. A run asks again
// when half of its window is used, so that a request is larger than a block.
func (r *runs) note(off, end int64) int64 {
	if r.most == 0 {
		return 0
	}
	block := (end - 1) / r.size
	i := 0
	for i < r.n && (off < r.all[i].next || off > r.all[i].next+r.size/4) {
		i++
	}
	if i == r.n { // a new run, in place of the one that is quiet for longest
		r.n = min(r.n+1, len(r.all))
		copy(r.all[1:r.n], r.all[:])
		r.all[0] = run{end, block, block + 1, 1}
		return 0
	}
	this := r.all[i]
	copy(r.all[1:i+1], r.all[:i])
	var n int64
	if this.next = end; block != this.block {
		this.block = block
		this.ahead = max(this.ahead, block+1)
		if this.ahead-(block+1) <= this.window/2 {
			n = this.window
			this.ahead = block + 1 + n
			this.window = min(2*n, r.most)
		}
	}
	r.all[0] = this
	return n
}
