package extract

import "strings"

const (
	maxPivotNames = 64 << 10 // bytes of the column names of one cache
	maxPivots     = 256      // caches whose names are kept
)

// pivotNames are the column names of a pivot table's copy of its data.
type pivotNames struct {
	part  string // its path without what tells definition from records
	names []byte // between tabs
}

// pivotPart returns what the two parts of a cache have in common in their paths.
func pivotPart(name string) string {
	return strings.NewReplacer("pivotcachedefinition", "", "pivotcacherecords", "").Replace(name)
}

// pivotDefinition reads the columns of a pivot table's data: each one as a table of its
// name and the different values in it.
func (p *parts) pivotDefinition(part string) Reason {
	x, f := &p.xml, &p.flow
	kept := pivotNames{part: pivotPart(part)}
	for t := xmlOpen; t != xmlEnd; t = x.next() {
		switch t {
		case xmlOpen:
			switch string(x.name) {
			case "cacheField":
				name := x.attr("name")
				f.openTable()
				f.text(name)
				f.endRow()
				if len(kept.names)+len(name) < maxPivotNames {
					kept.names = appendWiping(kept.names, name)
				}
				kept.names = append(kept.names, '\t')
				if x.empty {
					f.closeTable()
				}
			case "s", "n", "d":
				p.pivotValue(f)
				f.endRow()
			}
		case xmlClose:
			if string(x.name) == "cacheField" {
				f.closeTable()
			}
		case xmlEnd, xmlText:
		}
	}
	f.finish()
	if len(p.sheet.pivots) < maxPivots {
		p.sheet.pivots = append(p.sheet.pivots, kept)
	}
	return x.why()
}

// pivotRecords reads the rows of a pivot table's data. Values that the definition lists
// are not repeated.
func (p *parts) pivotRecords(part string) Reason {
	x, f := &p.xml, &p.flow
	f.openTable()
	for _, kept := range p.sheet.pivots {
		if kept.part == pivotPart(part) {
			for name := range strings.SplitSeq(string(kept.names), "\t") {
				f.string(name)
				f.endCell(1)
			}
			f.endRow()
			break
		}
	}
	for t := xmlOpen; t != xmlEnd; t = x.next() {
		switch t {
		case xmlOpen:
			switch string(x.name) {
			case "s", "n", "d":
				p.pivotValue(f)
				f.endCell(1)
			case "x", "m", "b", "e":
				f.endCell(1)
			}
		case xmlClose:
			if string(x.name) == "r" {
				f.endRow()
			}
		case xmlEnd, xmlText:
		}
	}
	f.closeTable()
	f.finish()
	return x.why()
}

// pivotValue gives the value of the element at hand.
func (p *parts) pivotValue(f *flow) {
	x := &p.xml
	v := x.attr("v")
	if string(x.name) == "n" {
		v = fullNumber(p.sheet.value[:0], v)
		p.sheet.value = v
	}
	f.text(v)
}
