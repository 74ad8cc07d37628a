//go:build race

package torture

// defaultHistories is the number of histories on each service.
// With the race detector they are few, as it takes its time: make test runs them once more without
// it.
const defaultHistories = 10
