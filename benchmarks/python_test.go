package main

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

// pythonOps are the operations that peers.py has, and the methods of the class of each peer.
func pythonOps(t *testing.T) (ops []string, methods map[string][]string) {
	t.Helper()
	text := string(peersPy)
	block := func(name string) string {
		_, rest, ok := strings.Cut(text, "\n"+name+" = {")
		inner, _, closed := strings.Cut(rest, "}")
		if !ok || !closed {
			t.Fatalf("peers.py has no %s", name)
		}
		return inner
	}
	for _, m := range regexp.MustCompile(`"(\w+)":`).FindAllStringSubmatch(block("OPS"), -1) {
		ops = append(ops, m[1])
	}
	methods = make(map[string][]string)
	def := regexp.MustCompile(`(?m)^    def (\w+)\(self`)
	for _, m := range regexp.MustCompile(`"(\w+)": (\w+)`).FindAllStringSubmatch(
		block("PEERS"), -1,
	) {
		_, rest, ok := strings.Cut(text, "\nclass "+m[2]+":\n")
		if !ok {
			t.Fatalf("peers.py has no class %s", m[2])
		}
		body := regexp.MustCompile(`\n\S`).Split(rest, 2)[0]
		for _, d := range def.FindAllStringSubmatch(body, -1) {
			methods[m[1]] = append(methods[m[1]], d[1])
		}
	}
	return ops, methods
}

// calls are the methods of a peer by which peers.py does an operation.
func calls(op string) []string {
	switch op {
	case "getmany":
		return []string{"get"}
	case "putmany":
		return []string{"putfile"}
	case "bothmany":
		return []string{"get", "putfile"}
	}
	return []string{op}
}

// Every peer in Python that a row names can do its work.
func TestPythonRows(t *testing.T) {
	ops, methods := pythonOps(t)
	if len(ops) < 5 || len(methods) != len(pythons) {
		t.Fatalf("peers.py has the operations %v and the peers %v", ops, methods)
	}
	named := make(map[string]bool)
	for _, r := range rows {
		for _, name := range slices.Concat(r.subjects, r.short) {
			if _, ok := pythons[name]; !ok {
				continue
			}
			named[name] = true
			if !slices.Contains(ops, r.op) {
				t.Errorf("%s: peers.py has no operation %q", r.name, r.op)
			}
			for _, method := range calls(r.op) {
				if !slices.Contains(methods[name], method) {
					t.Errorf("%s: %s of peers.py has no method %q", r.name, name, method)
				}
			}
		}
	}
	if len(named) != len(pythons) {
		t.Errorf("rows name %v", named)
	}
}
