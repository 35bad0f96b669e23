package appaccess

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"vigia/collector/evidence"
	"vigia/collector/registers"
	"vigia/collector/registers/registerstest"
	"vigia/collector/storage"
	"vigia/collector/storage/storagetest"
)

const hash = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

func TestRules(t *testing.T) {
	registerstest.Rules(t, Book(), registers.Values{"application": "tesorería", "account": "CAJA 1", "role": "Cajero", "status": "enabled"}, []registerstest.Row{
		{Name: "of no application", Set: registers.Values{"application": ""}, Want: []string{"application: register.missing"}},
		{Name: "an account with spaces is one", Set: registers.Values{"account": "Caja Norte"}},
		{Name: "an unknown status", Set: registers.Values{"status": "asleep"}, Want: []string{"status: register.not_choice"}},
	})
	registerstest.Rules(t, Deliveries(), registers.Values{"application": "nómina", "kind": "log", "by": "Soporte", "delivered": "2026-11-20T16:00:00Z", "hash": hash,
		"from": "2026-10-01", "until": "2026-10-31", "rows": "1200", "failed": "4", "outside": "2"}, []registerstest.Row{
		{Name: "a log of no period", Set: registers.Values{"from": "", "until": ""}, Want: []string{"from: appaccess.period"}},
		{Name: "a period that ends before it begins", Set: registers.Values{"until": "2026-09-30"}, Want: []string{"until: appaccess.order"}},
		{Name: "more failures than lines", Set: registers.Values{"failed": "1201"}, Want: []string{"failed: appaccess.more"}},
		{Name: "without the hash of the file", Set: registers.Values{"hash": ""}, Want: []string{"hash: register.missing"}},
		{Name: "no hash", Set: registers.Values{"hash": "abc"}, Want: []string{"hash: appaccess.hash"}},
		{Name: "a list has no period", Set: registers.Values{"kind": "users", "from": "", "until": ""}},
	})
}

// Each delivery replaces the last for its application, leaves those of others alone, and
// the history says what was.
func TestDeliveries(t *testing.T) {
	storagetest.Each(t, []storage.Schema{evidence.Schema(), registers.Schema()}, func(t *testing.T, db *storage.DB) {
		now := time.Date(2026, 11, 2, 15, 0, 0, 0, time.UTC)
		clock := func() time.Time { return now }
		key, err := evidence.LoadOrCreateKey(t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		log, err := evidence.Open(t.Context(), db, evidence.Options{Key: key, Now: clock})
		if err != nil {
			t.Fatal(err)
		}
		store := registers.NewStore(registers.Options{Log: log, Now: clock})
		act := registers.Act{By: "oficial", Via: registers.Import}
		deliver := func(application, csv string) (plan registers.Plan) {
			t.Helper()
			sheet, err := registers.ReadSheet([]byte(csv))
			if err != nil {
				t.Fatal(err)
			}
			err = db.Write(t.Context(), func(ctx context.Context, tx *storage.Tx) error {
				if plan, err = Plan(ctx, tx, store, application, sheet, time.UTC); err != nil || len(plan.Problems) > 0 {
					return err
				}
				_, err = Carry(ctx, tx, store, plan, registers.Values{"application": application, "kind": Users, "by": "Soporte",
					"delivered": now.Format(time.RFC3339), "hash": hash, "rows": "2"}, act)
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			now = now.Add(24 * time.Hour)
			return plan
		}
		deliver("Tesorería", "Usuario;Perfil o rol\nCAJA1;Cajero\nCAJA2;Cajero\n")
		deliver("Nómina", "Usuario;Perfil o rol\nRH1;Captura\n")
		second := deliver("Tesorería", "Usuario;Perfil o rol;Situación\nCAJA1;Supervisor;Activo\nCAJA3;Cajero;Bloqueado o de baja\n")
		if added, gone := second.Count(registers.Added), len(second.Missing); added != 2 || gone != 2 {
			t.Errorf("the second delivery adds %d and strikes out %d", added, gone)
		}
		err = db.Read(t.Context(), func(ctx context.Context, tx *storage.Tx) error {
			rows, err := store.Rows(ctx, tx, Book())
			if err != nil {
				return err
			}
			var got []string
			for _, row := range rows {
				u, err := Of(row)
				if err != nil {
					return err
				}
				got = append(got, u.Application+"/"+u.Account+"/"+u.Role)
				if u.Enabled != (u.Account != "CAJA3") {
					t.Errorf("%s: enabled %v", u.Account, u.Enabled)
				}
			}
			if want := []string{"Nómina/RH1/Captura", "Tesorería/CAJA1/Supervisor", "Tesorería/CAJA3/Cajero"}; !slices.Equal(got, want) {
				t.Errorf("got %v, want %v", got, want)
			}
			before, err := store.RowsAt(ctx, tx, Book(), time.Date(2026, 11, 3, 20, 0, 0, 0, time.UTC))
			if err != nil || len(before) != 3 || before[1].Values["account"] != "CAJA2" {
				t.Errorf("the history says %v, %v", before, err)
			}
			deliveries, err := store.Rows(ctx, tx, Deliveries())
			if err != nil {
				return err
			}
			var all []Delivery
			for _, row := range deliveries {
				d, err := OfDelivery(row)
				if err != nil {
					return err
				}
				all = append(all, d)
			}
			if last, ok := Last(all, "TESORERIA", Users); !ok || last.Folio != 3 {
				t.Errorf("last: %+v", last)
			}
			if late := Late([]string{"tesorería", "nómina", "catastro"}, all, Users, time.Date(2026, 12, 4, 12, 0, 0, 0, time.UTC), 30); strings.Join(late, ",") != "nómina,catastro" {
				t.Errorf("late: %v", late)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}
