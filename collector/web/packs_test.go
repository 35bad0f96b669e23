package web

import (
	"context"
	"strings"
	"testing"
	"time"

	"vigia/checks/policy"
	"vigia/collector/access"
	"vigia/collector/storage"
)

// The page of controls names the packs by which machines are measured, as they are now.
func TestPacksInForce(t *testing.T) {
	t.Parallel()
	w := emptyTown(t)
	packs, err := w.inForce(t.Context(), nil)
	w.must(err)
	b := open(t, serve(t, w.portal(func(o *Options) {
		o.Packs = func(context.Context, *storage.Tx) ([]Pack, error) { return packs, nil }
	}))).enter(access.Officer)
	b.get("/controles").has(t, "before", "Paquetes de reglas en vigor", "<small>es-rgpd</small>", "viene con este programa")

	signed := packs[0]
	signed.Pack = policy.Pack{Name: "mx-nle", Version: 41, Date: "2026-12-01"}
	signed.Title.ES, signed.Signer, signed.Chosen = "Nuevo <León>", "sistemas.example.org", true
	signed.Imported = time.Date(2026, 12, 2, 10, 0, 0, 0, time.UTC)
	packs = append(packs, signed)
	got := b.get("/controles")
	got.has(t, "after an import", "Nuevo &lt;León&gt; <small>mx-nle</small>", ">41</td>", "1 dic 2026", "firmado por sistemas.example.org, importado el 2 dic 2026")
	if strings.Contains(got.body, "<small>xx-passwords</small>") {
		t.Error("a pack that nobody chose is told to be in force")
	}
}
