// Package torture runs what the promises are worth: histories of concurrent callers, random
// programs against a model, and soaks, on memory, a directory, a GCS fake and real servers, while
// requests fail, get lost and arrive twice. docs/reliability.md says what is promised and how each
// of these tests it.
package torture
