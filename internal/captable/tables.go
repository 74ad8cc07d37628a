package main

import (
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/polystore/storage"
)

// row is a line of a table: what it is about, and the cell of a Store.
type row struct {
	label string
	cell  func(c *storage.Capabilities) string
}

// field is a row of one field of Capabilities.
func field(name, label string) row {
	return row{label, func(c *storage.Capabilities) string {
		return cell(reflect.ValueOf(c).Elem().FieldByName(name))
	}}
}

// both is a row of two fields that go together.
func both(label, one, other string) row {
	return row{label, func(c *storage.Capabilities) string {
		a, b := field(one, "").cell(c), field(other, "").cell(c)
		if a != b {
			return one + " " + a + ", " + other + " " + b
		}
		return a
	}}
}

// sums is how many checksums there are.
var sums = reflect.TypeFor[storage.Checksums]().NumField()

func cell(v reflect.Value) string {
	switch v := v.Interface().(type) {
	case bool:
		if v {
			return "yes"
		}
		return "no"
	case []string:
		switch len(v) {
		case sums:
			return "all"
		case 0:
			return "no"
		}
		return strings.Join(v, ", ")
	default:
		panic(fmt.Sprintf("captable: a capability of type %T", v))
	}
}

// labels say what each field of Capabilities is about, in a few words.
var labels = map[string]string{
	"IfAbsent":            "Put `IfAbsent`",
	"IfMatch":             "Put `IfMatch`",
	"SuffixRange":         "the last bytes in one request",
	"Versions":            "`VersionID`, where the bucket keeps versions",
	"StorageClass":        "`StorageClass`",
	"Tags":                "`Tags`",
	"ExactContentType":    "any `ContentType`, byte for byte",
	"Checksums":           "checksums that Put verifies",
	"ListETag":            "ETags in lists",
	"ListSplit":           "lists split by `StartAfter`",
	"DeleteIfMatch":       "Delete `IfMatch`",
	"DeleteBatch":         "deletes in batches",
	"Copy":                "Copy on the service's side",
	"CopyConditions":      "… `IfAbsent`, `IfMatch`",
	"CopySourceIfMatch":   "… `SourceIfMatch`",
	"CopyReplace":         "… `Replace`",
	"Multipart":           "uploads in parts",
	"MultipartConditions": "… `IfAbsent`, `IfMatch`",
	"MultipartChecksums":  "… checksums of the whole object",
	"CopyPart":            "… parts of other objects",
	"AbortUpload":         "… can be dropped",
	"ListParts":           "… list their parts",
	"ListUploads":         "… are listed by key",
	"ListUploadsPrefix":   "… are listed by prefix",
	"SignURL":             "signed URLs",
	"SignURLIfAbsent":     "… `IfAbsent`",
	"SignURLHeaders":      "… bind type and length",
	"CoexistingKeys":      "`a` beside `a/b`",
}

// brief is the table of README.md: what programs ask for first.
func (s *stores) brief() string {
	columns := []column{
		of(s.providers, "memory"), of(s.providers, "file"), of(s.s3, "aws"), of(s.s3, "minio"),
		of(s.s3, "versitygw"), of(s.providers, "GCS"), of(s.providers, "Azure"),
	}
	for i, name := range map[int]string{2: "AWS", 3: "MinIO"} {
		columns[i].name = name
	}
	return table("", columns, []row{
		both("create if absent, compare and swap: Put", "IfAbsent", "IfMatch"),
		field("MultipartConditions", "… in parts"),
		field("CopyConditions", "… Copy, in one step"),
		field("DeleteIfMatch", "… Delete"),
		field("CoexistingKeys", "`a` beside `a/b`"),
		field("SignURL", "signed URLs"),
		field("Versions", "versions"),
		field("Tags", "tags"),
		field("StorageClass", "storage classes"),
	})
}

// full is the table of every capability of every provider.
func (s *stores) full() string {
	var rows []row
	for f := range reflect.TypeFor[storage.Capabilities]().Fields() {
		label, ok := labels[f.Name]
		if !ok {
			panic("captable: no label for Capabilities." + f.Name)
		}
		rows = append(rows, field(f.Name, label))
	}
	return table("", s.providers, rows)
}

// profiles is the table of S3's profiles, with the capabilities in which they differ.
func (s *stores) profiles() string {
	var t strings.Builder
	rows := []row{
		both("conditional writes", "IfAbsent", "IfMatch"),
		field("MultipartConditions", "… in parts"),
		field("DeleteIfMatch", "conditional Delete"),
		field("CopyConditions", "conditional Copy"),
		field("CopySourceIfMatch", "SourceIfMatch"),
		field("CopyPart", "CopyPart"),
		field("Tags", "tags"),
		field("StorageClass", "storage classes"),
		field("CoexistingKeys", labels["CoexistingKeys"]),
	}
	t.WriteString("| `provider` |")
	for _, r := range rows {
		fmt.Fprintf(&t, " %s |", r.label)
	}
	fmt.Fprintf(&t, "\n|%s\n", strings.Repeat("---|", len(rows)+1))
	for _, c := range s.s3 {
		fmt.Fprintf(&t, "| %s |", c.name)
		for _, r := range rows {
			fmt.Fprintf(&t, " %s |", r.cell(&c.caps))
		}
		t.WriteString("\n")
	}
	return t.String()
}

// table has a column for each Store.
func table(corner string, columns []column, rows []row) string {
	var t strings.Builder
	fmt.Fprintf(&t, "| %s|", corner)
	for _, c := range columns {
		fmt.Fprintf(&t, " %s |", c.name)
	}
	fmt.Fprintf(&t, "\n|%s\n", strings.Repeat("---|", len(columns)+1))
	for _, r := range rows {
		fmt.Fprintf(&t, "| %s |", r.label)
		for _, c := range columns {
			fmt.Fprintf(&t, " %s |", r.cell(&c.caps))
		}
		t.WriteString("\n")
	}
	return t.String()
}

const begin, end = "<!-- capabilities:begin -->\n", "<!-- capabilities:end -->"

// fill puts tables between the markers of a text, one pair each.
func fill(text string, tables []string) (string, error) {
	var filled strings.Builder
	for _, t := range tables {
		before, rest, ok := strings.Cut(text, begin)
		_, behind, closed := strings.Cut(rest, end)
		if !ok || !closed {
			return "", errors.New("fewer markers than tables")
		}
		filled.WriteString(before + begin + t + end)
		text = behind
	}
	if strings.Contains(text, begin) {
		return "", errors.New("more markers than tables")
	}
	filled.WriteString(text)
	return filled.String(), nil
}
