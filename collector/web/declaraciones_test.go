package web

import (
	"strings"
	"testing"
	"time"

	"vigia/collector/access"
	"vigia/collector/registers"
	"vigia/collector/registers/attestations"
)

func (t routeTable) declarations() {
	t.only("GET /declaraciones", "/declaraciones", looks, everybody()...)
}

// What a person declared is shown as that, and ends by itself.
func TestDeclarations(t *testing.T) {
	t.Parallel()
	w := emptyTown(t)
	b := open(t, serve(t, w.portal())).enter(access.Officer)
	if got := b.get("/declaraciones").body; !strings.Contains(got, "GOV-AUDIT-Y") || !strings.Contains(got, "sin declarar") || strings.Contains(got, "vale hasta") {
		t.Error("an empty book does not show what is to be declared")
	}
	w.keeps(attestations.Book(), registers.Values{"control": "GOV-AUDIT-Y", "what": "Auditoría interna", "by": "Contraloría", "day": "2026-03-10", "result": "meets"})
	if got := b.get("/declaraciones").body; !strings.Contains(got, "vale hasta el 10 mar 2027") {
		t.Error("what was declared is not shown")
	}
	w.now = time.Date(2027, 3, 11, 9, 0, 0, 0, madrid)
	if got := b.enter(access.Officer).get("/declaraciones").body; !strings.Contains(got, "venció el 10 mar 2027") || strings.Contains(got, "vale hasta") {
		t.Error("it does not end")
	}
}
