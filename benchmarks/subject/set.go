package subject

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Opener makes a Subject. arg is what follows the name's colon.
type Opener func(ctx context.Context, t Target, arg string) (Subject, error)

// Set has the subjects that a program links, by their names.
type Set map[string]Opener

// Open returns the subject of that name: "us", or "floor:16x4".
func (s Set) Open(ctx context.Context, name string, t Target) (Subject, error) {
	base, arg, _ := strings.Cut(name, ":")
	open := s[base]
	if open == nil {
		return nil, fmt.Errorf("no subject %q among %v", name, slices.Sorted(maps.Keys(s)))
	}
	return open(ctx, t, arg)
}

// Has tells whether Open knows the name.
func (s Set) Has(name string) bool {
	base, _, _ := strings.Cut(name, ":")
	return s[base] != nil
}
