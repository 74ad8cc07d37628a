package conformance

import (
	"fmt"
	"strings"
)

// Failure reports a broken rule. Its text begins with the rule and what the check saw. It ends with
// a line that says how to declare a service that cannot keep the rule, and where the rule is
// explained.
type Failure struct {
	Rule    string // the number and text of the rule
	Feature Feature
	Check   string
	Errs    []error // what the check saw

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

// Unwrap returns f.Errs.
func (f *Failure) Unwrap() []error { return f.Errs }

// Advice says where to read on, and what to do if the service, and not the driver, is to blame. For
// a feature that works although it is declared absent, it says how to declare the feature.
func (f *Failure) Advice() string {
	see := ". See docs/contract.md#" + anchor(f.Rule)
	field, known := capabilities[f.Feature]
	if !known {
		return fmt.Sprintf("mend the driver: docs/driver.md, section 10; "+
			"only if it is a defect of the service, "+
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
