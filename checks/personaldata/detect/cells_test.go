package detect

import (
	"fmt"
	"hash/maphash"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// counted are the counts of a text, by the rules alone if slow.
func counted(text string, slow bool) (counts, distinct map[Type]int, persons int) {
	var tally Tally
	s := NewScanner(maphash.MakeSeed())
	s.columns.slow = slow
	s.Scan([]byte(text), tally.Add)
	s.Finish(tally.Add)
	return tally.Counts(), tally.Distinct(), tally.Persons()
}

// byPlace are the matches of a text that count, by their place.
func byPlace(text string, slow bool) map[int64]string {
	all := map[int64]string{}
	s := NewScanner(maphash.MakeSeed())
	s.columns.slow = slow
	keep := func(m Match) {
		if m.Score >= Report {
			all[m.Start] = fmt.Sprint(m.Type, " ", text[m.Start:m.End])
		}
	}
	s.Scan([]byte(text), keep)
	s.Finish(keep)
	return all
}

// A cell that is read at once counts as the rules count it.
func TestCells(t *testing.T) {
	names := []string{"curp", "rfc", "nss", "clabe", "dni", "nuss", "iban", "telefono", "clave_issemym", "fecha_nacimiento", "nif", "cuenta", "afiliacion", "importe"}
	r := rand.New(rand.NewPCG(7, 8))
	m := maker{Rand: r}
	value := func(name string) string {
		switch name {
		case "curp":
			return m.curp()
		case "rfc":
			if r.IntN(4) == 0 { // of a company
				v := []byte(m.letters(3) + m.date() + "1H0")
				v[11] = rfcDigit(v)
				return string(v)
			}
			return m.rfc()
		case "nss", "afiliacion":
			return m.nss()
		case "clabe", "cuenta":
			v := fmt.Appendf(nil, "%s%03d%011d0", m.pick("002 012 014 021 072"), r.IntN(999), r.Int64N(1e11))
			v[17] = clabeDigit(v)
			return string(v)
		case "dni", "nif":
			return m.dni()
		case "nuss":
			n := r.Int64N(1e8)
			province := int64(1 + r.IntN(54))
			return fmt.Sprintf("%02d%08d%02d", province, n, (province*1e8+n)%97)
		case "iban":
			d := fmt.Appendf(nil, "00%04d%04d00%010d", r.IntN(1e4), r.IntN(1e4), r.Int64N(1e10))
			d[10], d[11] = cccDigit(d[2:10]), cccDigit(d[12:])
			for ibanOutcome(d) != Valid && (d[0] != '9' || d[1] != '9') {
				if d[1]++; d[1] > '9' {
					d[0], d[1] = d[0]+1, '0'
				}
			}
			return "ES" + string(d)
		case "telefono":
			return m.pick("55 33 72 61 91 96 10") + fmt.Sprintf("%0*d", 7+r.IntN(2), r.IntN(1e7))
		case "clave_issemym":
			return fmt.Sprint(r.IntN(1e7))
		case "fecha_nacimiento":
			return fmt.Sprintf(m.pick("%02d/%02d/%04d %02d-%02d-%04d %02d/%02d/%02d"), 1+r.IntN(32), 1+r.IntN(13), 1880+r.IntN(180))
		}
		return fmt.Sprintf("%d.%02d", r.IntN(1e6), r.IntN(100))
	}
	for round := range 300 {
		columns := make([]string, 1+r.IntN(6))
		for i := range columns {
			columns[i] = names[r.IntN(len(names))]
		}
		delim := m.pick("| ; ,")
		var table strings.Builder
		table.WriteString(strings.Join(columns, delim) + "\n" + strings.Repeat("-", 80) + "\n") // the rules read the names of columns as words too
		quoted := r.IntN(3) == 0
		for range 40 {
			for i, name := range columns {
				if r.IntN(12) == 0 {
					name = names[r.IntN(len(names))]
				}
				v := []byte(value(name))
				switch r.IntN(10) {
				case 0: // a slip
					v[r.IntN(len(v))] = "0123456789AX"[r.IntN(12)]
				case 1:
					v = []byte(strings.ToLower(string(v)))
				}
				if i > 0 {
					table.WriteString(delim)
				}
				blank := ""
				if r.IntN(8) == 0 {
					blank = " "
				}
				if quoted {
					fmt.Fprintf(&table, "\"%s%s\"", blank, v)
				} else {
					fmt.Fprintf(&table, "%s%s", v, blank)
				}
			}
			table.WriteString("\n")
		}
		counts, distinct, persons := counted(table.String(), false)
		wantCounts, wantDistinct, wantPersons := counted(table.String(), true)
		if diff := cmp.Diff(wantCounts, counts) + cmp.Diff(wantDistinct, distinct) + cmp.Diff(wantPersons, persons); diff != "" {
			t.Errorf("round %d (-by the rules +at once):\n%s\n%s", round, diff, cmp.Diff(byPlace(table.String(), true), byPlace(table.String(), false)))
		}
	}
}
