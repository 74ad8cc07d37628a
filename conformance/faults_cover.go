package conformance

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
)

// cover leaves out all cells of a fault and an operation but one, whose path is another for the
// next fault. Paths that move large objects have one turn where the operation has others.
func (m *matrix) cover() {
	of := make(map[[2]string][]*cell)
	for _, c := range m.cells {
		if c.Excluded == "" {
			c.Left = true
			of[[2]string{c.Fault, c.Op}] = append(of[[2]string{c.Fault, c.Op}], c)
		}
	}
	turns := make(map[[2]string]int) // of an operation of a path
	for i := range faultRows {
		for _, op := range m.ops {
			cells := of[[2]string{faultRows[i].name, op}]
			if len(cells) == 0 {
				continue
			}
			next := slices.MinFunc(cells, func(a, b *cell) int {
				return cmp.Compare(a.turn(turns), b.turn(turns))
			})
			next.Left = false
			turns[[2]string{op, next.Path}]++
		}
	}
}

// turn is the smaller the sooner a cell has its turn.
func (c *cell) turn(turns map[[2]string]int) int {
	n := turns[[2]string{c.Op, c.Path}]
	if c.path.large && n > 0 {
		n += len(faultRows)
	}
	return n
}

// covered says that a fault was met by no request of an operation.
func (r *FaultReport) covered() error {
	return r.each("%s met no %s", func(c *FaultCell) [2]string { return [2]string{c.Fault, c.Op} })
}

// spread says that an operation of a path has met no fault.
func (r *FaultReport) spread() error {
	return r.each("%s met no fault in %s", func(c *FaultCell) [2]string {
		return [2]string{c.Op, c.Path}
	})
}

// each says for which group of cells the fault of none was met, although not all are excluded.
func (r *FaultReport) each(format string, group func(*FaultCell) [2]string) error {
	met := make(map[[2]string]bool)
	var groups [][2]string
	for i := range r.Cells {
		c := &r.Cells[i]
		if c.Excluded != "" {
			continue
		}
		g := group(c)
		if _, known := met[g]; !known {
			groups = append(groups, g)
		}
		met[g] = met[g] || c.Met > 0
	}
	var errs []error
	for _, g := range groups {
		if !met[g] {
			errs = append(errs, fmt.Errorf(format, g[0], g[1]))
		}
	}
	return errors.Join(errs...)
}
