package httpdriver

import "net/http"

// Field is a field of a header. Its name is written to the wire as it is.
type Field struct{ Name, Value string }

// roomyFields is how many fields of a request cost no allocation.
const roomyFields = 16

// Fields are the fields of a request that a driver builds and signs by itself, in the order in
// which they were set. As long as they are few, they cost no allocation before [Fields.Header]. The
// zero value has none. They are not copied after the first Set.
type Fields struct {
	all   []Field
	space [roomyFields]Field
}

// Set adds a field, unless the value is empty.
func (f *Fields) Set(name, value string) {
	if value == "" {
		return
	}
	if f.all == nil {
		f.all = f.space[:0]
	}
	f.all = append(f.all, Field{name, value})
}

// All returns the fields, which the caller does not change.
func (f *Fields) All() []Field { return f.all }

// Header returns the fields for net/http. Of those with the same name it has the last one.
func (f *Fields) Header() http.Header {
	h := make(http.Header, len(f.all)+2) // a transport and an authentication add some
	values := make([]string, len(f.all))
	for i, field := range f.all {
		values[i] = field.Value
		h[field.Name] = values[i : i+1 : i+1]
	}
	return h
}
