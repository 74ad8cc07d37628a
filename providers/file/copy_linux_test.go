package file

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/polystore/storage"
)

// A copy shares its bytes with the source where the file system can, and so takes no space.
func TestCopyShares(t *testing.T) {
	for _, mkfs := range []string{"mkfs.xfs -q -f", "mkfs.btrfs -q -f"} {
		name := strings.Fields(mkfs)[0]
		t.Run(name, func(t *testing.T) {
			if os.Getuid() != 0 {
				t.Skip("takes root, to mount an image of a file system")
			}
			if _, err := exec.LookPath(name); err != nil {
				t.Skip(err)
			}
			d := &disk{dir: t.TempDir(), options: "loop"}
			d.fresh = filepath.Join(d.dir, "fresh")
			command(t, "truncate", "-s", "400M", d.fresh)
			command(t, append(strings.Fields(mkfs), d.fresh)...)
			if err := d.try(t); err != nil {
				t.Skip(err)
			}
			dir, _ := d.mount(t, d.fresh)
			s := openStore(t, dir)
			defer s.Close()
			const size = 40<<20 + 12345
			_, err := s.Put(t.Context(), "src", zeros(size), size, new(storage.PutOptions))
			if err != nil {
				t.Fatal(err)
			}
			used := func() int64 {
				t.Helper()
				command(t, "sync", "-f", dir)
				var st unix.Statfs_t
				if err := unix.Statfs(dir, &st); err != nil {
					t.Fatal(err)
				}
				return int64(st.Blocks-st.Bfree) * st.Bsize
			}
			before := used()
			for _, dst := range []string{"a", "b/c"} {
				if _, err := s.Copy(t.Context(), dst, "src", new(storage.CopyOptions)); err != nil {
					t.Fatal(err)
				}
			}
			took := used() - before
			t.Logf("two copies of %d bytes take %d bytes", size, took)
			if took > size/4 {
				t.Errorf("two copies of %d bytes take %d bytes", size, took)
			}
			if o := stat(t, s, "b/c"); o.Size != size {
				t.Errorf("the copy has %d bytes", o.Size)
			}
		})
	}
}
