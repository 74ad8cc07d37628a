package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"testing"

	"go.uber.org/goleak"

	"github.com/polystore/storage/benchmarks/measure"
	"github.com/polystore/storage/benchmarks/subject"
	"github.com/polystore/storage/benchmarks/work"
)

// The processes that the benchmarks start are this program, too. The peers have goroutines from the
// beginning.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && slices.Contains([]string{"serve", "proxy", "work"}, os.Args[1]) {
		main()
		return
	}
	goleak.VerifyTestMain(m, goleak.IgnoreCurrent())
}

func TestCommand(t *testing.T) {
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	p := &place{lean: "lean"}
	alone, together := []string{"lean"}, []string{exe, "work"}
	for _, tt := range []struct {
		op, subject, service string
		want                 []string
	}{
		{"get", "us", "s3", alone},
		{"putfile", "us:PartSize=4194304,list=8", "s3", alone},
		{"get", "floor:16x4+crc", "s3", alone},
		{"zip", "us", "s3", alone},
		{"write", "us", "file", alone},
		{"write", "os", "file", alone},
		{"list", "us", "memory", alone},
		{"get", "gocdk:parallel", "s3", together},
		{"get", "minio", "s3", together},
		{"zip", "minio", "s3", together},
		{"parquet", "us", "s3", together},
		{"arrow", "us", "s3", together},
		{"read", "us", "gcs", together},
		{"read", "us", "azure", together},
	} {
		task := work.Task{
			Op: tt.op, Subject: tt.subject, Target: subject.Target{Service: tt.service},
		}
		got, err := p.command(t.Context(), task)
		if err != nil || !slices.Equal(got, tt.want) {
			t.Errorf("%s of %s on %s: %v, %v, want %v",
				tt.op, tt.subject, tt.service, got, err, tt.want)
		}
	}
}

// Every subject in Go that a row names can do its work in a program.
func TestRows(t *testing.T) {
	services := map[way]string{
		gcs: "gcs", farGCS: "gcs", azure: "azure", farAzure: "azure", disk: "file",
		inMemory: "memory",
	}
	all := everything()
	for _, r := range rows {
		service := services[r.way]
		if service == "" {
			service = "s3"
		}
		for _, name := range slices.Concat(r.subjects, r.floors, r.shown) {
			if _, python := pythons[name]; python {
				continue
			}
			task := work.Task{
				Op: r.op, Subject: name, Target: subject.Target{Service: service},
			}
			if !all.Can(task) {
				t.Errorf("%s: no program has %s of %s on %s", r.name, r.op, name, service)
			}
		}
	}
}

// The lean program does a task, and is smaller than the one of the peers.
func TestLeanProgram(t *testing.T) {
	p := new(place)
	t.Cleanup(p.close)
	exe, err := p.build(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	p.lean = exe
	task := work.Task{
		Op: "stat", Subject: "us", Prefix: "small/", Size: 1, Count: 100,
		Target: subject.Target{Service: "memory", Bucket: "b", Prefix: "small/", Count: 100},
	}
	args, err := p.command(t.Context(), task)
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(task)
	if err != nil {
		t.Fatal(err)
	}
	args = append(args, string(text))
	out, err := exec.CommandContext(t.Context(), args[0], args[1:]...).Output()
	if err != nil {
		t.Fatal(err)
	}
	var r measure.Result
	if err := json.Unmarshal(out, &r); err != nil {
		t.Fatal(err)
	}
	if r.Err != "" || r.Ops != 80 {
		t.Errorf("%d operations, %q", r.Ops, r.Err)
	}
	// The program of the peers has 50 MiB.
	if most := int64(30 << 20); runtime.GOOS == "linux" && (r.Base == 0 || r.Base > most) {
		t.Errorf("the resident set before the work has %d bytes, want at most %d", r.Base, most)
	}
}
