package main

import (
	"errors"
	"strconv"
	"strings"
)

// version is the value of a flag that names one, by its ETag or its ID. It is not empty: --if-match
// "$ETAG" must not become a write without a condition where the variable is not set.
type version string

func (v *version) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		return errors.New("is empty")
	}
	*v = version(text)
	return nil
}

// jobsFlag is the same in every command that works on many objects.
type jobsFlag struct {
	Jobs jobs `short:"j" default:"8" help:"How many at once."`
}

type jobs int

func (j *jobs) UnmarshalText(text []byte) error {
	n, err := strconv.Atoi(string(text))
	switch {
	case err != nil:
		return errors.New("is not a number")
	case n < 1:
		return errors.New("is less than 1")
	}
	*j = jobs(n)
	return nil
}

// bandwidthFlag limits what a command reads and writes.
type bandwidthFlag struct {
	Bandwidth rate `default:"0" placeholder:"RATE" help:"At most so many bytes/s: 500KB, 20MiB."`
}

// rate is in bytes per second. 0 is no limit.
type rate int64

// units are powers of 1024, and with a B alone behind the letter of 1000.
var units = map[string]float64{
	"": 1, "B": 1,
	"K": 1 << 10, "KIB": 1 << 10, "KB": 1e3,
	"M": 1 << 20, "MIB": 1 << 20, "MB": 1e6,
	"G": 1 << 30, "GIB": 1 << 30, "GB": 1e9,
	"T": 1 << 40, "TIB": 1 << 40, "TB": 1e12,
}

func (r *rate) UnmarshalText(text []byte) error {
	s := strings.TrimSuffix(strings.ToUpper(string(text)), "/S")
	number := strings.TrimRight(s, "BKMGTI")
	unit, ok := units[s[len(number):]]
	number = strings.TrimSpace(number)
	n, err := strconv.ParseFloat(number, 64)
	if err != nil || !ok || strings.Trim(number, "0123456789.") != "" {
		return errors.New("is not a rate such as 500KB or 20MiB")
	}
	if n *= unit; n >= 1<<62 || n > 0 && n < 1 {
		return errors.New("is out of range")
	}
	*r = rate(n)
	return nil
}
