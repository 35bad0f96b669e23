package web

import (
	"net/http"
	"os"
	"strings"
	"testing"

	"vigia/collector/access"
	"vigia/collector/registers"
	"vigia/collector/registers/receipts"
)

func (t routeTable) receipts(w *townHall) {
	w.keeps(receipts.Book(), registers.Values{"delivered": "2026-11-17T17:00:00Z", "place": "Villa", "recipient": "Instituto", "file": "padron.7z", "bytes": "81234", "records": "412",
		"hash": strings.Repeat("ab", 32), "container": "7z_aes256", "checked": "good", "giver": "Ana", "giver_post": "Enlace", "receiver": "Luis", "receiver_post": "Analista"})
	t.only("GET /recibos", "/recibos", looks, access.Officer, access.Administrator, access.Transparency)
	t.only("POST /recibos", "/recibos", refused, access.Officer, access.Administrator, access.Transparency)
	t.only("GET /recibos/{folio}", "/recibos/REC-0001", looks, receiptReaders()...)
}

func TestAReceipt(t *testing.T) {
	t.Parallel()
	w := emptyTown(t)
	b := open(t, serve(t, w.portal())).enter(access.Officer)
	encrypted, err := os.ReadFile("../registers/receipts/testdata/s1.bin")
	if err != nil {
		t.Fatal(err)
	}
	good := "ADS001|ISS-10|T|Ana María|Ejemplo|Ficticia|M|01/02/1980|EIFA800201AB1|31/12/2027\n"
	fields := fill("delivered", "2026-11-20T10:00", "place", "Villa", "recipient", "Instituto estatal", "giver", "Ana Ruiz", "giver_post", "Enlace",
		"receiver", "Luis Gil", "receiver_post", "Analista", "period", "2026-11")
	for _, row := range []struct {
		name, file, text string
		want             string
	}{
		{"no file", "", "", "Elija el archivo cifrado"},
		{"a plain file", good, "", "no está en un contenedor cifrado"},
		{"nobody counted", string(encrypted), "", "Registros: falta"},
		{"a bad line", string(encrypted), good + "Zutano|x\n", "no tiene 10 campos"},
	} {
		files := map[string]string{}
		if row.file != "" {
			files["archivo"] = row.file
		}
		if row.text != "" {
			files["texto"] = row.text
		}
		got := b.send("/recibos", fields, files)
		if got.status != http.StatusUnprocessableEntity || !strings.Contains(got.body, row.want) {
			t.Errorf("%s: got %d, want it to say %q", row.name, got.status, row.want)
		}
		if strings.Contains(got.body, "Zutano") || strings.Contains(got.body, "EIFA800201AB1") {
			t.Errorf("%s: the page holds a value of the file", row.name)
		}
	}
	if got := b.send("/recibos", fields, map[string]string{"archivo": string(encrypted), "texto": good + good}); got.status != http.StatusSeeOther {
		t.Fatalf("got %d: %s", got.status, got.body)
	}
	page := b.get("/recibos").body
	for _, want := range []string{"Recibo REC-0001 hecho", "Instituto estatal"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	if got := b.get("/recibos/REC-0001"); !strings.HasPrefix(got.body, "%PDF-") {
		t.Errorf("no PDF: %.20q", got.body)
	}
	text := docxText(t, b.get("/recibos/REC-0001?formato=docx").body)
	for _, want := range []string{"REC-0001", "Ana Ruiz", "Luis Gil", "SHA-256", "7z con AES de 256 bits"} {
		if !strings.Contains(text, want) {
			t.Errorf("the receipt does not say %q", want)
		}
	}
}
