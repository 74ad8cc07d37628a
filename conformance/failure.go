package conformance

import (
	"fmt"
	"strings"
)

// Failure is a broken rule. Its text begins with the rule and what was seen, and ends with a line
// that says how a service that cannot do better is declared, and where to read on.
type Failure struct {
	Rule    string // number and sentence
	Feature Feature
	Check   string
	Errs    []error // what was seen
}

func (f *Failure) Error() string {
	var s strings.Builder
	s.WriteString(f.Rule)
	if len(f.Errs) == 1 {
		s.WriteString(": " + f.Errs[0].Error())
	} else {
		for _, err := range f.Errs {
			s.WriteString("\n\t" + err.Error())
		}
	}
	s.WriteString("\n\t" + f.Advice())
	return s.String()
}

// Unwrap returns what was found.
func (f *Failure) Unwrap() []error { return f.Errs }

// Advice says what is to be done where the service, and not the driver, is to blame.
func (f *Failure) Advice() string {
	limit := fmt.Sprintf("a defect of the service is declared by conformance.Limit{Check: %q, Reason: …}", f.Check)
	c, known := capabilities[f.Feature]
	if known {
		set := fmt.Sprintf("set Capabilities.%s to false", c.field)
		if name, ok := strings.CutPrefix(string(f.Feature), "checksum "); ok {
			set = fmt.Sprintf("leave %q out of Capabilities.Checksums", name)
		}
		limit = fmt.Sprintf("if the service cannot do this, %s and answer errors.ErrUnsupported; "+
			"if it is a defect of the service, declare conformance.Limit{Feature: %q, Reason: …}", set, f.Feature)
	}
	return limit + ". See docs/contract.md#" + anchor(f.Rule)
}

// anchor is where docs/contract.md speaks of a rule.
func anchor(rule string) string {
	number, _, _ := strings.Cut(rule, ":")
	return strings.ToLower(strings.ReplaceAll(number, " ", "-"))
}
