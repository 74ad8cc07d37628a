package work

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/polystore/storage/benchmarks/measure"
	"github.com/polystore/storage/benchmarks/subject"
)

// Program is what one program can measure, that is, what it links.
type Program struct {
	Subjects subject.Set
	Ops      map[string]Op
	Services []string // of a Target
}

// Can tells whether the program can do the task.
func (p Program) Can(t Task) bool {
	return p.Subjects.Has(t.Subject) && p.Ops[t.Op] != nil &&
		slices.Contains(p.Services, t.Target.Service)
}

// Run does the one task in args, and writes its Result to w.
func (p Program) Run(ctx context.Context, args []string, w io.Writer) error {
	if len(args) != 1 {
		return errors.New("work takes one task")
	}
	var t Task
	if err := json.Unmarshal([]byte(args[0]), &t); err != nil {
		return err
	}
	var r measure.Result
	if err := p.do(ctx, t, &r); err != nil {
		r.Err = err.Error()
	}
	return json.NewEncoder(w).Encode(r)
}

func (p Program) do(ctx context.Context, t Task, r *measure.Result) error {
	run := p.Ops[t.Op]
	if run == nil {
		return fmt.Errorf("no operation %q", t.Op)
	}
	if t.Path != "" {
		if err := os.MkdirAll(filepath.Dir(t.Path), 0o755); err != nil {
			return err
		}
	}
	s, err := p.Subjects.Open(ctx, t.Subject, t.Target)
	if err != nil {
		return err
	}
	return run(ctx, s, t, r)
}
