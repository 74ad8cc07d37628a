package conformance

// Plan says what a run with these options will do: how many checks, and how many requests they will
// make at most. The latter is what the reference driver was seen to need, with room for the
// conflicts of racing writers; a driver without batch deletes needs one more for each object that
// is cleaned up.
func Plan(o Options) (checks int, requests int64, err error) {
	some, err := o.selected()
	for _, c := range some {
		if c.counts && o.Requests == nil {
			continue
		}
		checks++
		if o.Full {
			requests += costs[c.name].full
		} else {
			requests += costs[c.name].brief
		}
	}
	return checks, requests, err
}

// cost is how many requests a check makes.
type cost struct{ brief, full int64 }
