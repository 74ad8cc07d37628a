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

	works bool // it is that the feature works, although Capabilities says that it is absent
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

// Advice says what is to be done where the service, and not the driver, is to blame; of a feature
// that works although it is said to be absent, how it is declared.
func (f *Failure) Advice() string {
	see := ". See docs/contract.md#" + anchor(f.Rule)
	field, known := capabilities[f.Feature]
	if !known {
		return fmt.Sprintf("if it is a defect of the service, "+
			"declare conformance.Limit{Check: %q, Reason: …}", f.Check) + see
	}
	name, sum := strings.CutPrefix(string(f.Feature), checksumPrefix)
	if f.works {
		set := fmt.Sprintf("set Capabilities.%s to true", field)
		if sum {
			set = fmt.Sprintf("add %q to Capabilities.Checksums", name)
		}
		return set + ", or refuse it with errors.ErrUnsupported" + see
	}
	set := fmt.Sprintf("set Capabilities.%s to false", field)
	if sum {
		set = fmt.Sprintf("leave %q out of Capabilities.Checksums", name)
	}
	return fmt.Sprintf("if the service cannot do this, %s and answer errors.ErrUnsupported; "+
		"if it is a defect of the service, "+
		"declare conformance.Limit{Feature: %q, Reason: …}", set, f.Feature) + see
}

// anchor is where docs/contract.md speaks of a rule.
func anchor(rule string) string {
	number, _, _ := strings.Cut(rule, ":")
	return strings.ToLower(strings.ReplaceAll(number, " ", "-"))
}
