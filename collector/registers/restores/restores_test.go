package restores

import (
	"slices"
	"testing"
	"time"

	"vigia/collector/registers"
	"vigia/collector/registers/registerstest"
)

const hash = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

var authorised = registers.Values{"dataset": "tesoreria", "reason": "test", "authorised_by": "titular", "authorised": "2026-11-20T15:00:00Z"}

var done = registerstest.With(authorised, registers.Values{"restored": "2026-11-20T17:00:00Z", "run_by": "Luis Gil", "data": "Carpeta de pólizas",
	"rekeyed_none": "yes", "result": "complete", "minutes": "35", "proof": hash})

func TestRules(t *testing.T) {
	registerstest.Rules(t, Book(), authorised, []registerstest.Row{
		{Name: "nobody authorised it", Set: registers.Values{"authorised_by": ""}, Want: []string{"authorised_by: register.missing"}},
		{Name: "special categories", Set: registers.Values{"special": "yes"}, Want: []string{"officer: restores.officer"}},
		{Name: "special categories, signed", Set: registers.Values{"special": "yes", "officer": "oficial"}},
		{Name: "of no incident", Set: registers.Values{"reason": "incident"}, Want: []string{"incident: restores.incident"}},
		{Name: "late without the paper", Set: registers.Values{"late": "Sin luz"}, Want: []string{"paper: restores.paper"}},
		{Name: "a result before it was done", Set: registers.Values{"result": "complete"}, Want: []string{"restored: restores.not_yet"}},
	})
	registerstest.Rules(t, Book(), done, []registerstest.Row{
		{Name: "some was keyed again", Set: registers.Values{"rekeyed_none": "", "rekeyed": "Tres recibos"}},
		{Name: "nobody says", Set: registers.Values{"rekeyed_none": ""}, Want: []string{"rekeyed: restores.rekeyed"}},
		{Name: "nothing and something", Set: registers.Values{"rekeyed": "Tres recibos"}, Want: []string{"rekeyed: restores.both"}},
		{Name: "before it was authorised", Set: registers.Values{"restored": "2026-11-20T14:59:00Z"}, Want: []string{"restored: restores.before"}},
		{Name: "without who, what and proof", Set: registers.Values{"run_by": "", "data": "", "proof": ""},
			Want: []string{"run_by: restores.needs", "data: restores.needs", "proof: restores.needs"}},
		{Name: "failed, and not why", Set: registers.Values{"result": "failed"}, Want: []string{"note: restores.note"}},
	})
}

func TestAuthorisationComesFirst(t *testing.T) {
	version := func(n int64, at string, v registers.Values) registers.Row {
		when, err := time.Parse(time.RFC3339, at)
		if err != nil {
			t.Fatal(err)
		}
		return registers.Row{Folio: 1, Version: n, Values: v, At: when}
	}
	asked := version(1, "2026-11-20T15:05:00Z", authorised)
	for _, row := range []struct {
		name    string
		history []registers.Row
		row     registers.Row
		want    []string
	}{
		{"authorised, then done", []registers.Row{asked}, version(2, "2026-11-20T18:00:00Z", done), nil},
		{"only authorised", nil, asked, nil},
		{"all at once afterwards", nil, version(1, "2026-11-20T18:00:00Z", done), []string{"restored: restores.written"}},
		{"entered after the restore", []registers.Row{version(1, "2026-11-20T17:30:00Z", authorised)}, version(2, "2026-11-20T18:00:00Z", done), []string{"restored: restores.written"}},
		{"in the minute of the authorisation", []registers.Row{version(1, "2026-11-20T17:00:40Z", authorised)}, version(2, "2026-11-20T18:00:00Z", done), nil},
		{"the authorisation was changed afterwards", []registers.Row{asked}, version(2, "2026-11-20T18:00:00Z", registerstest.With(done, registers.Values{"authorised_by": "otro"})), []string{"restored: restores.written"}},
		{"on paper, with the reason", nil, version(1, "2026-11-20T18:00:00Z", registerstest.With(done, registers.Values{"late": "Sin luz", "paper": hash})), nil},
	} {
		var got []string
		for _, p := range Review(row.history, row.row, time.UTC) {
			got = append(got, p.Field+": "+p.Code)
		}
		if !slices.Equal(got, row.want) {
			t.Errorf("%s: got %q, want %q", row.name, got, row.want)
		}
	}
}

func TestLastAndWaiting(t *testing.T) {
	var all []Restore
	for i, v := range []registers.Values{done, registerstest.With(done, registers.Values{"restored": "2026-11-21T10:00:00Z", "result": "failed", "note": "x"}), authorised} {
		r, err := Of(registers.Row{Folio: int64(i + 1), Values: v})
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, r)
	}
	at := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	if got, ok := Last(all, "tesoreria", at); !ok || got.Folio != 1 {
		t.Errorf("last: %+v", got)
	}
	if _, ok := Last(all, "catastro", at); ok {
		t.Error("of another dataset")
	}
	if got := Waiting(all, at, 24*time.Hour); len(got) != 1 || got[0].Folio != 3 {
		t.Errorf("waiting: %+v", got)
	}
}
