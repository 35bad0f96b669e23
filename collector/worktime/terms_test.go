package worktime

import (
	"testing"
	"time"

	"vigia/checks/policy"
)

func pack(t *testing.T, name string) policy.Pack {
	t.Helper()
	packs, err := policy.Packs()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range packs {
		if p.Name == name {
			return p
		}
	}
	t.Fatalf("no pack %s", name)
	return policy.Pack{}
}

// Every holiday of a year by the law of a country, as its almanacs print it.
func TestHolidaysOfTheLaw(t *testing.T) {
	for _, row := range []struct {
		pack string
		year int
		want []string
	}{
		{"mx-general", 2024, []string{"01-01", "02-05", "03-18", "05-01", "09-16", "10-01", "11-18", "12-25"}},
		{"mx-general", 2026, []string{"01-01", "02-02", "03-16", "05-01", "09-16", "11-16", "12-25"}},
		{"mx-general", 2027, []string{"01-01", "02-01", "03-15", "05-01", "09-16", "11-15", "12-25"}},
		{"mx-general", 2030, []string{"01-01", "02-04", "03-18", "05-01", "09-16", "10-01", "11-18", "12-25"}},
		{"es-rgpd", 2025, []string{"01-01", "01-06", "04-18", "05-01", "08-15", "10-12", "11-01", "12-06", "12-08", "12-25"}},
		{"es-rgpd", 2026, []string{"01-01", "01-06", "04-03", "05-01", "08-15", "10-12", "11-01", "12-06", "12-08", "12-25"}},
		{"es-rgpd", 2035, []string{"01-01", "01-06", "03-23", "05-01", "08-15", "10-12", "11-01", "12-06", "12-08", "12-25"}},
	} {
		c := Of([]policy.Pack{pack(t, row.pack)}, time.UTC, nil)
		var got []string
		for d := (Date{row.year, time.January, 1}); d.Year == row.year; d = d.Next() {
			if title, ok := c.Holiday(d); ok {
				got = append(got, d.String()[5:])
				if title.ES == "" || c.Works(d) {
					t.Errorf("%s %s: a holiday without name, or worked", row.pack, d)
				}
			}
		}
		if len(got) != len(row.want) {
			t.Errorf("%s %d: got %v, want %v", row.pack, row.year, got, row.want)
			continue
		}
		for i := range got {
			if got[i] != row.want[i] {
				t.Errorf("%s %d: got %v, want %v", row.pack, row.year, got, row.want)
				break
			}
		}
	}
}

func TestDue(t *testing.T) {
	zone := madrid(t)
	spain, mexico := pack(t, "es-rgpd"), pack(t, "mx-general")
	fair, err := ParseClosure("2026-12-09..2026-12-11 Feria")
	if err != nil {
		t.Fatal(err)
	}
	eve, err := ParseClosure("2026-12-24 hasta las 12:00 Nochebuena")
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		name     string
		packs    []policy.Pack
		closures []Closure
		from     string
		term     policy.Term
		want     string
	}{
		{"a month", []policy.Pack{spain}, nil, "2026-01-15 10:00", policy.Term{Count: 1, Unit: policy.Months}, "2026-02-16 00:00"},
		{"a month that ends on a Sunday", []policy.Pack{spain}, nil, "2026-01-15 10:00", policy.Term{Count: 1, Unit: policy.Months, Moves: true}, "2026-02-17 00:00"},
		{"of the last of January", []policy.Pack{spain}, nil, "2026-01-31 10:00", policy.Term{Count: 1, Unit: policy.Months}, "2026-03-01 00:00"},
		{"three months over the year", []policy.Pack{spain}, nil, "2026-11-30 10:00", policy.Term{Count: 3, Unit: policy.Months, Moves: true}, "2027-03-02 00:00"},
		{"days of the calendar", []policy.Pack{spain}, nil, "2026-12-20 10:00", policy.Term{Count: 5, Unit: policy.Days, Moves: true}, "2026-12-29 00:00"},
		{"hours go on at night", []policy.Pack{spain}, nil, "2026-12-24 10:00", policy.Term{Count: 72, Unit: policy.Hours}, "2026-12-27 10:00"},
		{"working hours end at three", []policy.Pack{spain}, nil, "2026-12-04 14:00", policy.Term{Count: 2, Unit: policy.WorkingHours}, "2026-12-07 09:00"},
		{"twenty working days in Mexico", []policy.Pack{mexico}, nil, "2026-10-30 10:00", policy.Term{Count: 20, Unit: policy.WorkingDays}, "2026-12-01 00:00"},
		{"with the town's own days", []policy.Pack{mexico}, []Closure{fair}, "2026-12-08 10:00", policy.Term{Count: 1, Unit: policy.WorkingDays}, "2026-12-15 00:00"},
		{"half a day is a working day", []policy.Pack{spain}, []Closure{eve}, "2026-12-23 10:00", policy.Term{Count: 1, Unit: policy.WorkingDays}, "2026-12-25 00:00"},
		{"half a day has fewer hours", []policy.Pack{spain}, []Closure{eve}, "2026-12-24 11:00", policy.Term{Count: 2, Unit: policy.WorkingHours}, "2026-12-28 09:00"},
		{"of two countries the stricter", []policy.Pack{spain, mexico}, nil, "2026-12-07 10:00", policy.Term{Count: 1, Unit: policy.WorkingDays}, "2026-12-09 00:00"},
		{"what both keep is kept", []policy.Pack{spain, mexico}, nil, "2026-12-24 10:00", policy.Term{Count: 1, Unit: policy.WorkingDays}, "2026-12-29 00:00"},
	} {
		t.Run(row.name, func(t *testing.T) {
			c := Of(row.packs, zone, row.closures)
			got, err := c.Due(at(t, zone, row.from), row.term)
			if err != nil {
				t.Fatal(err)
			}
			want := at(t, zone, row.want)
			if row.term.Unit != policy.Hours && row.term.Unit != policy.WorkingHours {
				want = want.Add(-time.Microsecond)
			}
			if !got.Equal(want) {
				t.Errorf("got %v, want %v", got, want)
			}
		})
	}
}

func TestWorkday(t *testing.T) {
	c := Of([]policy.Pack{pack(t, "mx-general")}, time.UTC, nil)
	got, err := c.Workday(2026, time.February, 12)
	if want := time.Date(2026, time.February, 18, 23, 59, 59, 999_999_000, time.UTC); err != nil || !got.Equal(want) {
		t.Errorf("got %v, %v, want %v", got, err, want)
	}
}

func TestEarliest(t *testing.T) {
	packs := []policy.Pack{pack(t, "es-rgpd"), pack(t, "mx-general")}
	c := Of(packs, time.UTC, nil)
	from := time.Date(2026, time.June, 1, 10, 0, 0, 0, time.UTC)
	got, by, found, err := c.Earliest(from, policy.TermsOf(packs, policy.RequestAnswer))
	if err != nil || !found || by.Unit != policy.WorkingDays || On(got) != (Date{2026, time.June, 29}) {
		t.Errorf("got %v by %+v, %v, %v", got, by, found, err)
	}
	if _, _, found, err := c.Earliest(from, nil); found || err != nil {
		t.Errorf("no term: got %v, %v", found, err)
	}
}

func TestParseClosure(t *testing.T) {
	for _, row := range []struct{ name, text, want string }{
		{"a day", "2026-12-12 Fiesta patronal", "2026-12-12 Fiesta patronal"},
		{"some days", " 2026-12-21..2027-01-06  Vacaciones", "2026-12-21..2027-01-06 Vacaciones"},
		{"in Spanish half a day", "2026-12-24 hasta las 12:30 Nochebuena", "2026-12-24 until 12:30 Nochebuena"},
		{"in English half a day", "2026-12-24 until 12:30 Eve", "2026-12-24 until 12:30 Eve"},
		{"no name", "2026-12-12", ""},
		{"no day", "Fiesta", ""},
		{"no such day", "2026-02-30 Fiesta", ""},
		{"backwards", "2026-12-12..2026-12-01 Fiesta", ""},
		{"half a year", "2026-01-01..2026-06-30 Fiesta", ""},
		{"no hour", "2026-12-24 hasta 25:00 Nochebuena", ""},
	} {
		got, err := ParseClosure(row.text)
		switch {
		case row.want == "" && err == nil:
			t.Errorf("%s: got %v, want an error", row.name, got)
		case row.want != "" && (err != nil || got.String() != row.want):
			t.Errorf("%s: got %q, %v, want %q", row.name, got, err, row.want)
		}
	}
}
