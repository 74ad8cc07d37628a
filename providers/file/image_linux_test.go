package file

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

func command(t *testing.T, args ...string) {
	t.Helper()
	if out, err := exec.Command(args[0], args[1:]...).CombinedOutput(); err != nil {
		t.Fatalf("%q: %v\n%s", args, err, out)
	}
}

// A disk makes file systems out of images.
type disk struct {
	dir, fresh, options string
	cuts                int // images that were taken of it
}

// try reports why images cannot be mounted here.
func (d *disk) try(t *testing.T) error {
	at := filepath.Join(d.dir, "try")
	if err := os.Mkdir(at, 0o777); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("mount", "-o", d.options, d.fresh, at).CombinedOutput()
	if err != nil {
		return fmt.Errorf("mount: %w: %s", err, out)
	}
	command(t, "umount", at)
	return nil
}

// mount mounts an image; unmount may be called twice.
func (d *disk) mount(t *testing.T, image string) (dir string, unmount func()) {
	t.Helper()
	dir = image + ".mnt"
	if err := os.Mkdir(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	command(t, "mount", "-o", d.options, image, dir)
	mounted := true
	unmount = func() {
		if mounted {
			mounted = false
			command(t, "umount", dir)
		}
	}
	t.Cleanup(unmount)
	return dir, unmount
}

// image copies an image, without the holes in it.
func (d *disk) image(t *testing.T, from string) string {
	t.Helper()
	to := filepath.Join(t.TempDir(), "image")
	command(t, "cp", "--sparse=always", "--reflink=never", from, to)
	return to
}
