// Command captable writes the tables of what each provider can into README.md and
// docs/providers.md, from the Capabilities of the Stores themselves. Run it in the root of the
// module: make tables.
package main

import (
	"context"
	"fmt"
	"os"
)

// documents are the files with tables in them, by their path in the module, and the tables in
// order.
var documents = []struct {
	path   string
	tables func(*stores) []string
}{
	{"README.md", func(s *stores) []string { return []string{s.brief()} }},
	{"docs/providers.md", func(s *stores) []string { return []string{s.full(), s.profiles()} }},
}

func main() {
	if err := run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, "captable:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	s, err := open(ctx)
	if err != nil {
		return err
	}
	for _, d := range documents {
		text, err := os.ReadFile(d.path)
		if err != nil {
			return err
		}
		filled, err := fill(string(text), d.tables(s))
		if err != nil {
			return fmt.Errorf("%s: %w", d.path, err)
		}
		if err := os.WriteFile(d.path, []byte(filled), 0o644); err != nil {
			return err
		}
	}
	return nil
}
