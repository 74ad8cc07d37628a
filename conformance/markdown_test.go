package conformance

import (
	"errors"
	"strings"
	"testing"
)

func TestMarkdown(t *testing.T) {
	r := &Report{Results: []Result{
		{Check: "a/1", Feature: Reads, Status: Kept},
		{Check: "a/2", Feature: Reads, Status: Unsupported, Reason: "no checksum"},
		{Check: "b/1", Feature: IfMatch, Status: Broken, Err: errors.New("lost\nand more")},
		{Check: "c/1", Feature: Copy, Status: Unsupported, Reason: "none"},
		{Check: "d/1", Feature: Lists, Status: NotRun, Reason: "left out"},
		{Check: "e/1", Feature: Keys, Status: Defect, Reason: "known"},
	}}
	var b strings.Builder
	if err := r.Markdown(&b); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"| reads | kept | 1 kept, 1 unsupported |\n", "| if match | BROKEN | 1 BROKEN |\n",
		"| copy | unsupported | 1 unsupported |\n", "| lists | not run | 1 not run |\n",
		"| keys | defect | 1 defect |\n", "- `b/1`: lost\n", "- `e/1`: known\n",
		"- `a/2`: no checksum\n",
		"6 checks: 1 kept, 1 broken, 2 unsupported, 1 defects, 1 not run;",
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("the table lacks %q:\n%s", want, &b)
		}
	}
	if n := len(r.Verdicts()); n != 5 {
		t.Errorf("%d verdicts", n)
	}
}
