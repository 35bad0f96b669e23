package web

import (
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"vigia/collector/access"
	"vigia/collector/registers"
	"vigia/collector/registers/receipts"
	"vigia/collector/registers/requests"
	"vigia/collector/registers/systems"
)

// The pages of requests and receipts, as people see them.
func TestBrowserOfRequests(t *testing.T) {
	if testing.Short() {
		t.Skip("a browser takes seconds: make test runs it")
	}
	w := emptyTown(t)
	w.keeps(systems.Book(), registers.Values{"name": "Padrón catastral", "department": "Catastro", "persons": "Contribuyentes", "data": "name", "format": "physical", "place": "Archivo"})
	w.keeps(systems.Book(), registers.Values{"name": "Agenda", "department": "Alcaldía", "data": "name", "format": "physical", "place": "Archivo"})
	w.keeps(requests.Book(), aRequest())
	asked := aRequest()
	asked["received"], asked["acknowledged"], asked["asked"], asked["kinds"] = "2026-11-03T10:00:00Z", "2026-11-04", "2026-11-09", "rectification"
	w.keeps(requests.Book(), asked)
	done := aRequest()
	done["received"], done["acknowledged"], done["answered"], done["outcome"], done["outcome_why"], done["kinds"] = "2026-09-03T10:00:00Z", "2026-09-04", "2026-09-20", "denied", "No consta", "opposition"
	w.keeps(requests.Book(), done)
	w.keeps(receipts.Book(), registers.Values{"delivered": "2026-11-17T17:00:00Z", "place": "Villa", "recipient": "Instituto estatal", "file": "padron.7z", "bytes": "81234", "records": "412",
		"hash": "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff", "container": "7z_aes256", "checked": "good", "period": "2026-11", "giver": "Ana", "giver_post": "Enlace", "receiver": "Luis", "receiver_post": "Analista"})
	c := startChromium(t, w, w.inMexico)
	c.run(chromedp.Navigate(c.base + "/"))
	c.heading("Entrar")
	c.run(chromedp.KeyEvent(userOf(access.Officer) + kb.Tab + goodPassword + kb.Enter))
	c.heading("Cómo está la organización")
	for name, path := range map[string]string{"solicitudes": "/solicitudes", "solicitud": "/solicitudes/SOL-0001", "solicitud-espera": "/solicitudes/SOL-0002", "recibos": "/recibos"} {
		c.run(chromedp.Navigate(c.base + path))
		c.shoot(name+"-claro", 1280, 900, "light", true)
		c.shoot(name+"-oscuro", 1280, 900, "dark", true)
		c.shoot(name+"-movil", 390, 844, "light", true)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.problems) > 0 {
		t.Errorf("console: %q", c.problems)
	}
}
