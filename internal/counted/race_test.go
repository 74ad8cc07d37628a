//go:build race

package counted

// defaultWrites is the number of conditional writes of each kind on each service.
// With the race detector they are few, as it takes its time: make test runs them once more without
// it.
const defaultWrites = 100
