package main

import (
	"bufio"
	"cmp"
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"time"
)

// origin is where the figures of a section come from.
type origin struct {
	Date   string `json:"date"`
	CPU    string `json:"cpu"`
	Cores  int    `json:"cores"`
	System string `json:"system"`
	Go     string `json:"go"`
	Python string `json:"python,omitempty"`
	Commit string `json:"commit,omitempty"` // short, with + where the tree is dirty
	Runs   int    `json:"runs"`             // of each subject
}

// describe names the machine and the commit that is measured.
func describe(ctx context.Context, runs int) origin {
	o := origin{
		Date: time.Now().Format(time.DateOnly), CPU: runtime.GOARCH, Cores: runtime.NumCPU(),
		System: runtime.GOOS, Go: runtime.Version(), Commit: commit(ctx), Runs: runs,
	}
	if f, err := os.Open("/proc/cpuinfo"); err == nil {
		defer f.Close()
		for s := bufio.NewScanner(f); s.Scan(); {
			if name, value, ok := strings.Cut(s.Text(), ":"); ok &&
				strings.TrimSpace(name) == "model name" {
				o.CPU = strings.TrimSpace(value)
				break
			}
		}
	}
	if out, ok := answer(ctx, "uname", "-sr"); ok {
		o.System = out
	}
	if out, ok := answer(ctx, "python3", "--version"); ok {
		o.Python = out
	}
	return o
}

// commit is the one of the working directory. The document and its data do not make a tree dirty:
// the run before this one wrote them.
func commit(ctx context.Context) string {
	hash, ok := answer(ctx, "git", "rev-parse", "--short", "HEAD")
	if !ok {
		return ""
	}
	changed, ok := answer(ctx, "git", "status", "--porcelain", "--", ":(top)",
		":(top,exclude)docs/benchmarks.md", ":(top,exclude)docs/benchmarks.json")
	if !ok || changed != "" {
		hash += "+"
	}
	return hash
}

// answer is what a program prints; ok is false where it fails.
func answer(ctx context.Context, name string, args ...string) (text string, ok bool) {
	out, err := exec.CommandContext(ctx, name, args...).Output()
	return strings.TrimSpace(string(out)), err == nil
}

func (o origin) String() string {
	about := []string{o.CPU, fmt.Sprintf("%d cores", o.Cores), o.System, o.Go}
	if o.Python != "" {
		about = append(about, o.Python)
	}
	return fmt.Sprintf("Measured on %s: %s. Commit: %s. Runs of each subject: %d.",
		o.Date, strings.Join(about, ", "), cmp.Or(o.Commit, "unknown"), o.Runs)
}

// modules are the ones whose versions are named.
var modules = []string{
	"gocloud.dev", "github.com/minio/minio-go/v7",
	"github.com/aws/aws-sdk-go-v2/feature/s3/transfermanager",
	"github.com/aws/aws-sdk-go-v2/service/s3", "github.com/thanos-io/objstore",
	"cloud.google.com/go/storage", "github.com/Azure/azure-sdk-for-go/sdk/storage/azblob",
	"github.com/parquet-go/parquet-go", "github.com/apache/arrow-go/v18",
}

// versions are the names and versions of what is measured.
func versions() []string {
	var out []string
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, d := range info.Deps {
			if slices.Contains(modules, d.Path) {
				out = append(out, d.Path+" "+d.Version)
			}
		}
	}
	for _, p := range pythons {
		out = append(out, p.Package+" "+p.Version)
	}
	slices.Sort(out)
	return out
}
