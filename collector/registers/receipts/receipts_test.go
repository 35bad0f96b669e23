package receipts

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"vigia/checks/policy"
	"vigia/collector/registers"
	"vigia/collector/registers/registerstest"
	"vigia/collector/worktime"
)

const hash = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

var good = registers.Values{"delivered": "2026-11-17T17:00:00Z", "place": "Toluca", "recipient": "Instituto estatal", "file": "padron.7z", "bytes": "81234", "records": "412",
	"hash": hash, "container": "7z_aes256", "checked": "good", "period": "2026-11", "giver": "Ana Ruiz", "giver_post": "Enlace", "receiver": "Luis Gil", "receiver_post": "Analista"}

func TestRules(t *testing.T) {
	registerstest.Rules(t, Book(), good, []registerstest.Row{
		{Name: "the initial load", Set: registers.Values{"period": ""}},
		{Name: "no month", Set: registers.Values{"period": "noviembre"}, Want: []string{"period: receipts.period"}},
		{Name: "no records", Set: registers.Values{"records": "0"}, Want: []string{"records: receipts.empty"}},
		{Name: "no hash", Set: registers.Values{"hash": "abc"}, Want: []string{"hash: receipts.hash"}},
		{Name: "to himself", Set: registers.Values{"receiver": "ANA RUÍZ"}, Want: []string{"receiver: receipts.same"}},
		{Name: "not encrypted", Set: registers.Values{"container": "zip"}, Want: []string{"container: register.not_choice"}},
		{Name: "nobody received it", Set: registers.Values{"receiver": ""}, Want: []string{"receiver: register.missing"}},
	})
}

func TestMonths(t *testing.T) {
	all, err := policy.Packs()
	if err != nil {
		t.Fatal(err)
	}
	edomex := slices.DeleteFunc(all, func(p policy.Pack) bool { return p.Name != "mx-edomex" && p.Name != "mx-general" })
	cal := worktime.Of(edomex, time.FixedZone("", -6*3600), nil)
	var rows []Receipt
	for i, set := range []registers.Values{nil, {"delivered": "2026-12-01T17:00:00Z"}, {"period": "2026-10", "delivered": "2026-10-20T17:00:00Z"}} {
		r, err := Of(registers.Row{Folio: int64(i + 1), Values: registerstest.With(good, set)})
		if err != nil {
			t.Fatal(err)
		}
		rows = append(rows, r)
	}
	months, err := Months(rows, edomex, cal, time.Date(2026, 9, 30, 12, 0, 0, 0, time.UTC), time.Date(2026, 12, 3, 12, 0, 0, 0, time.UTC))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, m := range months {
		got = append(got, fmt.Sprintf("%s %s %d %v", m.Period, m.Due.Format("01-02"), m.Receipt.Folio, m.Late))
	}
	want := []string{"2026-09 09-17 0 true", "2026-10 10-16 3 true", "2026-11 11-18 1 false", "2026-12 12-16 0 false"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if got, err := Months(rows, nil, cal, time.Date(2026, 9, 30, 12, 0, 0, 0, time.UTC), time.Now()); err != nil || got != nil {
		t.Errorf("no pack asks: %v, %v", got, err)
	}
}
