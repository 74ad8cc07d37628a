package conformance

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/polystore/storage"
)

// covered are the types whose every exported field has a check.
var covered = []any{
	storage.Object{}, storage.Checksums{},
	storage.GetOptions{}, storage.StatOptions{}, storage.TagsOptions{},
	storage.PutOptions{}, storage.DeleteOptions{},
	storage.DeleteManyOptions{},
	storage.CleanOptions{}, storage.DeleteBatchOptions{}, storage.ListOptions{},
	storage.CopyOptions{}, storage.SignOptions{},
	storage.PartOptions{}, storage.CopyPartOptions{}, storage.ListPartsOptions{}, storage.Options{},
	storage.RetryOptions{},
	storage.ReaderAtOptions{}, storage.UpdateOptions{},
}

// TestEverythingHasACheck fails on a field of an options struct or of Object, and on a method of
// Bucket and its readers and writers, that no check claims to cover, and on a claim about what
// there is not.
func TestEverythingHasACheck(t *testing.T) {
	claims := make(map[string][]string)
	for _, c := range table() {
		for _, what := range c.covers {
			claims[what] = append(claims[what], c.name)
		}
	}
	want := make(map[string]bool)
	for _, v := range covered {
		typ := reflect.TypeOf(v)
		for f := range typ.Fields() {
			if f.IsExported() {
				want[typ.Name()+"."+f.Name] = true
			}
		}
	}
	for _, v := range []any{new(storage.Bucket), new(storage.Reader), new(storage.ReaderAt),
		new(storage.Writer)} {
		typ := reflect.TypeOf(v)
		for m := range typ.Methods() {
			want[typ.Elem().Name()+"."+m.Name] = true
		}
	}
	for _, what := range slices.Sorted(maps.Keys(want)) {
		if claims[what] == nil {
			t.Errorf("%s has no check", what)
		}
	}
	// What is claimed beyond that must be there, too: the type, at least.
	types := exportedTypes(t)
	for what, names := range claims {
		typ, _, field := strings.Cut(what, ".")
		if field && !want[what] && !types[typ] || !field && !types[what] && what != "CopyObject" {
			t.Errorf("%v claim to be a check of %s, which there is not", names, what)
		}
	}
}

// TestEveryOptionsStructIsCovered fails on a new options struct that is not in the list above.
func TestEveryOptionsStructIsCovered(t *testing.T) {
	var listed []string
	for _, v := range covered {
		listed = append(listed, reflect.TypeOf(v).Name())
	}
	for name := range exportedTypes(t) {
		if strings.HasSuffix(name, "Options") && !slices.Contains(listed, name) {
			t.Errorf("storage.%s is not covered", name)
		}
	}
}

// exportedTypes reads the names of the root package's types.
func exportedTypes(t *testing.T) map[string]bool {
	entries, err := os.ReadDir("..")
	if err != nil {
		t.Fatal(err)
	}
	types := make(map[string]bool)
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), ".go") || strings.HasSuffix(e.Name(), "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), "../"+e.Name(), nil,
			parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			if s, ok := n.(*ast.TypeSpec); ok && s.Name.IsExported() {
				types[s.Name.Name] = true
			}
			return true
		})
	}
	return types
}

// TestTable keeps the table in order: names are one of each and shaped alike, rules are sentences
// with a number.
func TestTable(t *testing.T) {
	name := regexp.MustCompile(`^[a-z]+/[a-z0-9-]+$`)
	rule := regexp.MustCompile(`^(rule ([1-9]|1[0-9]|2[0-9])|SignURL): [A-Za-z0-9].*[^.]$`)
	seen := make(map[string]bool)
	rules := make(map[string]bool)
	for _, c := range table() {
		if !name.MatchString(c.name) || seen[c.name] {
			t.Errorf("check %q: not group/name, or twice", c.name)
		}
		if !rule.MatchString(c.rule) {
			t.Errorf("check %q: rule %q", c.name, c.rule)
		}
		if c.feature == "" || c.run == nil {
			t.Errorf("check %q: no feature or nothing to run", c.name)
		}
		if slices.Contains(c.needs, c.feature) {
			t.Errorf("check %q needs its own feature", c.name)
		}
		seen[c.name] = true
		rules[c.ruleNumber()] = true
	}
	t.Logf("%d checks of %d rules", len(seen), len(rules))
}

// TestEveryCapabilityHasAFeature fails on a field of Capabilities that no check is about, on a
// feature whose field there is not, and on a wrong name.
func TestEveryCapabilityHasAFeature(t *testing.T) {
	checked := make(map[Feature]bool)
	for _, c := range table() {
		checked[c.feature] = true
	}
	fields := make(map[string]bool)
	for f := range reflect.TypeFor[storage.Capabilities]().Fields() {
		fields[f.Name] = false
	}
	for f, field := range capabilities {
		if _, ok := fields[field]; !ok || !checked[f] {
			t.Errorf("%q has the field %s: it exists: %v; a check is about it: %v", f, field, ok,
				checked[f])
		}
		fields[field] = true
		all := storage.Capabilities{}
		if holds(&all, f) {
			t.Errorf("%q is there although nothing is", f)
		}
		if v := reflect.ValueOf(&all).Elem().FieldByName(field); v.Kind() == reflect.Bool {
			v.SetBool(true)
		} else {
			all.Checksums = []string{"CRC32C", "CRC32", "CRC64NVME", "MD5", "SHA1", "SHA256"}
		}
		if !holds(&all, f) {
			t.Errorf("%q is absent although Capabilities.%s is there", f, field)
		}
	}
	for name, ok := range fields {
		if !ok {
			t.Errorf("Capabilities.%s has no feature", name)
		}
	}
}
