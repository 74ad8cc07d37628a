package memory

import (
	"errors"
	"testing"

	"github.com/polystore/storage"
)

// An URL is refused, or it opens the bucket that it names: names that look like one another are
// others, and a prefix leads nowhere but to keys that begin with it.
func TestHostileURLs(t *testing.T) {
	var m storage.Mux
	m.Handle("mem", NewOpener(nil))
	for _, rest := range []string{
		"bucket", "//user@bucket", "//user:word@bucket", "//:@bucket", "//bu cket",
		"//bucket#x", "//bucket%2f..%2fother", "//bucket%00", "//bucket?prefix=a&prefix=b",
		"//bucket/a?prefix=b", "//bucket?prefix=%ff", "//bucket/%ff", "//bucket?prefix=%zz",
		"//bucket?prefix=a;b", "//bucket?Prefix=a", "//bucket?bucket=other", "//bucket?key=x",
	} {
		if b, err := m.Open(t.Context(), "mem:"+rest); err == nil {
			t.Errorf("Open(%q): no error", "mem:"+rest)
			b.Close()
		} else if !errors.Is(err, storage.ErrInvalid) {
			t.Errorf("Open(%q): %v", "mem:"+rest, err)
		}
	}
	other, err := m.Open(t.Context(), "mem://hostile-other")
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	if _, err := other.WriteAll(t.Context(), "x", []byte("mine"), nil); err != nil {
		t.Fatal(err)
	}
	for _, rest := range []string{
		"//hostile-name/../hostile-other", "//hostile-name/%2e%2e/hostile-other",
		"//hostile-name?prefix=../hostile-other/", "//hostile-name?prefix=%00", "//hostile-name//",
		"//HOSTILE-OTHER", "//hostile-other.", "//hostile-other../", "//hostile-other:80", "//.", "//..",
	} {
		b, err := m.Open(t.Context(), "mem:"+rest)
		if err != nil {
			t.Errorf("Open(%q): %v", "mem:"+rest, err)
			continue
		}
		for _, key := range []string{"x", "../x", "..", "/"} {
			if data, err := b.ReadAll(t.Context(), key, nil); err == nil {
				t.Errorf("%q: %q holds %q", rest, key, data)
			}
			if o, err := b.WriteAll(t.Context(), key, []byte("theirs"), nil); err == nil {
				if o.Key != key {
					t.Errorf("%q: %q was written as %q", rest, key, o.Key)
				}
			}
		}
		if err := b.Delete(t.Context(), "x", nil); err != nil {
			t.Errorf("%q: %v", rest, err)
		}
		if _, err := b.DeletePrefix(t.Context(), "", nil); err != nil {
			t.Errorf("%q: %v", rest, err)
		}
		b.Close()
	}
	if data, err := other.ReadAll(t.Context(), "x", nil); string(data) != "mine" {
		t.Errorf("the other bucket holds %q, %v", data, err)
	}
}
