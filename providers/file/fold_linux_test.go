package file

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// A bucket in a directory of ext4 that folds case never gives one key another's object.
func TestCaseFolding(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("takes root, to mount an image of a file system")
	}
	d := &disk{dir: t.TempDir(), options: "loop"}
	d.fresh = filepath.Join(d.dir, "fresh")
	command(t, "truncate", "-s", "32M", d.fresh)
	out, err := exec.Command("mkfs.ext4", "-q", "-F", "-O", "casefold", "-E", "encoding=utf8",
		d.fresh).CombinedOutput()
	if err == nil {
		err = d.try(t)
	}
	if err != nil {
		t.Skipf("no ext4 that folds case: %v %s", err, out)
	}
	mnt, _ := d.mount(t, d.fresh)
	dir := filepath.Join(mnt, "bucket")
	if err := os.Mkdir(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("chattr", "+F", dir).CombinedOutput(); err != nil {
		t.Skipf("no directory that folds case: %v %s", err, out)
	}
	caseFolding(t, dir)
}
