package servertable

import (
	"fmt"
	"strings"
)

const head = `# Servers

Which server keeps which promise of the contract, as the suite saw it: each column is a run of
` + "`polystore check`" + ` with the profile of that server. ` +
	"`make servers-table`" + ` makes the runs on the
servers at hand and writes this page.

- **kept**: every check of the promise passed.
- **refused**: the service does not have it, so it is ` +
	"`errors.ErrUnsupported`" + ` before anything is
  sent. Bucket falls back where it can.
- **defect**: the service has it and does not keep it, as is known; the reason is below the table.
- **BROKEN**: it is not kept, and nothing says so beforehand. On servers without a profile of their
  own that is what to expect: ` + "`generic`" + ` assumes that the conditions of PutObject hold.
- **not run**: nothing on this server can be asked for it, or it needs what is not kept.

`

// page is docs/servers.md.
func page(records []*record) string {
	var b strings.Builder
	b.WriteString(head)
	b.WriteString("| promise |")
	for _, r := range records {
		fmt.Fprintf(&b, " %s |", r.Name)
	}
	b.WriteString("\n|---|" + strings.Repeat("---|", len(records)) + "\n")
	for _, promise := range promises(records) {
		fmt.Fprintf(&b, "| %s |", promise)
		for _, r := range records {
			fmt.Fprintf(&b, " %s |", r.cell(promise))
		}
		b.WriteString("\n")
	}
	b.WriteString("\n| server | version | opened with | run on | kept | refused | defects " +
		"| broken | not run |\n|---|---|---|---|---|---|---|---|---|\n")
	for _, r := range records {
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %d | %d | %d | %d | %d |\n", r.Name, r.Version,
			r.Provider, r.Date, r.Kept, r.Refused, r.Defects, r.Broken, r.NotRun)
	}
	for _, r := range records {
		if len(r.Notes) == 0 {
			continue
		}
		fmt.Fprintf(&b, "\n## %s\n\n| check | | why |\n|---|---|---|\n", r.Name)
		for _, n := range r.Notes {
			why := strings.ReplaceAll(n.Reason, "|", "\\|")
			fmt.Fprintf(&b, "| `%s` | %s | %s |\n", n.Check, n.Status, why)
		}
	}
	return b.String()
}

// promises are those of all records, in their order.
func promises(records []*record) []string {
	var all []string
	seen := make(map[string]bool)
	for _, r := range records {
		for _, v := range r.Verdicts {
			if !seen[v.Promise] {
				seen[v.Promise] = true
				all = append(all, v.Promise)
			}
		}
	}
	return all
}

func (r *record) cell(promise string) string {
	for _, v := range r.Verdicts {
		if v.Promise != promise {
			continue
		}
		switch v.Status {
		case "unsupported":
			return "refused"
		case "BROKEN":
			return "**BROKEN**"
		}
		return v.Status
	}
	return ""
}
