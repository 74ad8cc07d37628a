package hostile

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// unmet are makers of faults that Secret has no use for, and why.
var unmet = map[string]string{"Answer": "is what Status, Page and Failed200 are made of"}

// Secret tries each fault of the kit.
func TestEachFaultIsTried(t *testing.T) {
	used, err := os.ReadFile("secret.go")
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join("..", "..", "conformance", "fault", "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	maker := regexp.MustCompile(`(?m)^func ([A-Z]\w*)\(.*\) Fault \{`)
	found := 0
	for _, path := range files {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range maker.FindAllSubmatch(text, -1) {
			found++
			name := string(m[1])
			if !strings.Contains(string(used), "fault."+name+"(") && unmet[name] == "" {
				t.Errorf("no call meets fault.%s", name)
			}
		}
	}
	if found < 20 {
		t.Errorf("%d makers of faults were found", found)
	}
}
