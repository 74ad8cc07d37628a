package readme

import (
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/polystore/storage/internal/testenv"
)

// notRun are lines of shell that do not run here, without their comments, each with the reason.
// That the command exists is still looked at.
var notRun = map[string]string{}

var shells = []string{"", "sh", "shell", "bash", "console"}

// Every line of shell runs in a copy of the work tree, those of a block in one shell. In a console
// block what does not begin with "$ " is the output.
//
// Three kinds of line only have to be possible. make is asked what it would do, since make test
// runs this test. For the same reason go test has to name packages. go install and go get of a
// version have to name a package of this module, since the version is published later.
func TestShell(t *testing.T) {
	needShell(t)
	document := readme(t)
	var tree string
	found := false
	for _, b := range blocks(document) {
		if !slices.Contains(shells, b.language) {
			continue
		}
		if found = true; tree == "" {
			tree = copyTree(t)
		}
		if err := runShell(t, tree, b); err != nil {
			t.Errorf("README.md:%d: %v", b.line, err)
		}
	}
	if !found {
		t.Error("the README shows no shell")
	}
	for line, reason := range notRun {
		if !strings.Contains(document, line) || reason == "" {
			t.Errorf("%q: the README does not have it, or there is no reason", line)
		}
	}
}

func needShell(t *testing.T) {
	t.Helper()
	const what = "the shell lines of README.md"
	if runtime.GOOS == "windows" {
		testenv.NotRun(t, what, "they are for a POSIX shell")
	}
	for _, name := range []string{"sh", "make"} {
		if _, err := exec.LookPath(name); err != nil {
			testenv.NotRun(t, what, err.Error())
		}
	}
}

// copyTree copies the work tree, so that what the lines write stays out of it.
func copyTree(t *testing.T) string {
	t.Helper()
	tree := t.TempDir()
	copyFile := func(name string, d fs.DirEntry, err error) error {
		rel, relErr := filepath.Rel(root, name)
		switch {
		case err != nil:
			return err
		case relErr != nil:
			return relErr
		case d.Name() == ".git" && d.IsDir():
			return filepath.SkipDir
		case d.IsDir():
			return os.MkdirAll(filepath.Join(tree, rel), 0o777)
		case !d.Type().IsRegular() || d.Name() == ".git":
			return nil
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		content, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(tree, rel), content, info.Mode().Perm())
	}
	if err := filepath.WalkDir(root, copyFile); err != nil {
		t.Fatal(err)
	}
	return tree
}

func runShell(t *testing.T, tree string, b block) error {
	t.Helper()
	lines, output := split(b)
	script := "set -e\n"
	if strings.Contains(strings.Join(lines, "\n"), "polystore ") {
		bin := t.TempDir()
		exe := filepath.Join(bin, "polystore")
		if _, err := command(t, tree, "go", "build", "-o", exe, "./cmd/polystore"); err != nil {
			return err
		}
		script += "PATH='" + bin + "':$PATH\n"
	}
	for _, line := range lines {
		line, err := possible(line)
		if err != nil {
			return err
		}
		script += line + "\n"
	}
	out, err := command(t, tree, "sh", "-c", script)
	if err != nil {
		return err
	}
	if d := cmp.Diff(output, out); output != "" && d != "" {
		return fmt.Errorf("it prints something else (-README +shell):\n%s", d)
	}
	return nil
}

// split parts what is typed from what is printed.
func split(b block) (lines []string, output string) {
	text := strings.ReplaceAll(b.text, "\\\n", " ")
	for line := range strings.Lines(text) {
		typed, ok := strings.CutPrefix(line, "$ ")
		if ok || b.language != "console" {
			lines = append(lines, strings.TrimSuffix(typed, "\n"))
		} else {
			output += line
		}
	}
	if b.hasText {
		output = b.output
	}
	return lines, output
}

var (
	comment = regexp.MustCompile(`(^|\s+)#.*$`)
	version = regexp.MustCompile(`^go (?:install|get) (\S+)@\S+$`)
	goTest  = regexp.MustCompile(`^(\w+=\S+ )*go test `)
)

// possible is the line, or what is run in its place.
func possible(line string) (string, error) {
	bare := strings.TrimSpace(comment.ReplaceAllString(line, ""))
	words := strings.Fields(bare)
	switch _, left := notRun[bare]; {
	case len(words) == 0:
		return "", nil
	case left && words[0] == "polystore" && len(words) > 1:
		return "polystore " + words[1] + " --help >/dev/null", nil
	case left:
		return "command -v " + words[0] + " >/dev/null", nil
	case words[0] == "make":
		// MAKEFLAGS: this make is not a child of the one that runs the test.
		return "MAKEFLAGS= make -n " + strings.Join(words[1:], " ") + " >/dev/null", nil
	}
	if goTest.MatchString(bare) {
		packages := slices.DeleteFunc(words, func(w string) bool {
			return !strings.HasPrefix(w, ".") && !strings.HasPrefix(w, module)
		})
		return "go list " + strings.Join(packages, " ") + " >/dev/null", nil
	}
	if m := version.FindStringSubmatch(bare); m != nil {
		if m[1] != module && !strings.HasPrefix(m[1], module+"/") {
			return "", fmt.Errorf("%q: no package of this module", bare)
		}
		return "go list " + m[1] + " >/dev/null", nil
	}
	return line, nil
}

// The test would notice a line that fails, a target that is not there, and an output that is not
// so.
func TestRunShell(t *testing.T) {
	needShell(t)
	tree := t.TempDir()
	files := map[string]string{
		"go.mod":   "module " + module + "\n",
		"a.go":     "package storage\n",
		"Makefile": "all:\n\texit 1\n",
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(tree, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	for _, test := range []struct {
		give block
		want string // within the error; "" is none
	}{
		{block{text: "cd /    # far away\necho \\\n  here # or there\nmake -C '" + tree +
			"' all\n"}, ""},
		{block{text: "false\ntrue\n"}, "exit status 1"},
		{block{text: "make nothing\n"}, "nothing"},
		{block{text: "A=1 go test -v ./... -run X\n"}, ""},
		{block{text: "go test ./gone\n"}, "gone"},
		{block{text: "go get " + module + "@latest\n"}, ""},
		{block{text: "go install " + module + "/gone@latest\n"}, "gone"},
		{block{text: "go install example.invalid/gone@latest\n"}, "no package of this module"},
		{block{language: "console", text: "$ echo a\na\n$ echo b\nb\n"}, ""},
		{block{language: "console", text: "$ echo a\nb\n"}, "something else"},
		{block{language: "sh", text: "echo a\n", output: "a\n", hasText: true}, ""},
		{block{language: "sh", text: "echo a\n", output: "b\n", hasText: true}, "something else"},
	} {
		err := runShell(t, tree, test.give)
		fails := err != nil && strings.Contains(err.Error(), test.want)
		if test.want == "" && err != nil || test.want != "" && !fails {
			t.Errorf("%q: %v, want %q", test.give.text, err, test.want)
		}
	}
}

// A path of this module that the README names is a package of it.
func TestPackages(t *testing.T) {
	path := regexp.MustCompile(`(https://)?` + regexp.QuoteMeta(module) + `[\w/-]*`)
	var paths []string
	for _, m := range path.FindAllStringSubmatch(readme(t), -1) {
		if m[1] == "" { // not a page of the repository
			paths = append(paths, m[0])
		}
	}
	if len(paths) == 0 {
		t.Fatal("the README names no package")
	}
	if _, err := command(t, root, "go", append([]string{"list"}, paths...)...); err != nil {
		t.Error(err)
	}
}
