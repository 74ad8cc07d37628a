package conformance

// Plan returns the number of checks that a run with these options makes, and the largest number of
// requests to expect. The requests were measured with the reference driver, with an allowance for
// the conflicts of racing writers. A driver without batch deletes needs one more request for each
// object that is cleaned up.
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
