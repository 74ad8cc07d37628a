package file

import (
	"os"
	"path/filepath"
	"testing"
)

// The log of an upload's parts may have been cut, or written by somebody else: its parts do not
// overlap, and each is once.
func FuzzPartLog(f *testing.F) {
	for _, s := range []string{
		"\n{\"n\":1,\"o\":0,\"s\":3}\n", "\n{\"n\":1,\"s\":3}\n\n{\"n\":2,\"o\":2,\"s\":9}\n",
		"\n{\"n\":1", "\n{\"n\":-1,\"s\":-9223372036854775808}\n", "null\n",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, log []byte) {
		dir := t.TempDir()
		s, err := New(dir, nil)
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		if err := os.Mkdir(filepath.Join(dir, "u"), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "u", partsFile), log, 0o600); err != nil {
			t.Fatal(err)
		}
		parts, err := s.partLog("u")
		if err != nil {
			return
		}
		for i, p := range parts {
			if i > 0 && p.Number <= parts[i-1].Number {
				t.Errorf("part %d behind %d", p.Number, parts[i-1].Number)
			}
		}
	})
}
