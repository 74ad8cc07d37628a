package storage

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// Params are the query parameters of a URL. Each method takes one parameter. A parameter that no
// method takes is unknown.
type Params struct {
	values map[string]string
	known  []string
	err    error
}

func newParams(query string) (*Params, error) {
	values, err := url.ParseQuery(query)
	if err != nil {
		return nil, errors.New("malformed query")
	}
	p := &Params{values: make(map[string]string, len(values))}
	for name, v := range values {
		if len(v) > 1 {
			return nil, fmt.Errorf("parameter %q occurs %d times", name, len(v))
		}
		p.values[name] = v[0]
	}
	return p, nil
}

// String takes the parameter name. It returns "" if the URL does not have it.
func (p *Params) String(name string) string {
	v := p.values[name]
	delete(p.values, name)
	p.known = append(p.known, name)
	return v
}

// Bool takes the parameter name, in a form that strconv.ParseBool accepts. A name without a value
// (?name) is true.
func (p *Params) Bool(name string) bool {
	_, there := p.values[name]
	v := p.String(name)
	if !there {
		return false
	}
	if v == "" {
		return true
	}
	b, err := strconv.ParseBool(v)
	if err != nil {
		p.bad(name, "true or false")
	}
	return b
}

// Int takes the parameter name as a decimal number. It returns 0 if the URL does not have it.
func (p *Params) Int(name string) int64 {
	v := p.String(name)
	if v == "" {
		return 0
	}
	n, err := strconv.ParseInt(v, 10, 64)
	if err != nil {
		p.bad(name, "a number")
	}
	return n
}

// SetString takes the parameter name into v if it is there.
func (p *Params) SetString(v *string, name string) {
	if s := p.String(name); s != "" {
		*v = s
	}
}

// SetBool takes the parameter name into v if it is there.
func (p *Params) SetBool(v *bool, name string) {
	_, there := p.values[name]
	if b := p.Bool(name); there {
		*v = b
	}
}

// SetInt takes the parameter name into v if it is there.
func (p *Params) SetInt(v *int, name string) {
	_, there := p.values[name]
	if n := p.Int(name); there {
		*v = int(n)
	}
}

func (p *Params) bad(name, want string) {
	if p.err == nil {
		p.err = invalid("parameter %q is not %s", name, want)
	}
}

// Err returns an ErrInvalid that names a malformed or unknown parameter, or nil.
func (p *Params) Err() error {
	if p.err != nil || len(p.values) == 0 {
		return p.err
	}
	unknown := make([]string, 0, len(p.values))
	for name := range p.values {
		unknown = append(unknown, name)
	}
	slices.Sort(unknown)
	slices.Sort(p.known)
	return invalid("unknown parameter %q, known are %s", unknown[0], strings.Join(p.known, ", "))
}
