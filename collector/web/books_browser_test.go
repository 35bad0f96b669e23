package web

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"vigia/collector/access"
	"vigia/collector/registers"
)

// TestBooksInABrowser keeps a book by keyboard: a list with errors, corrected and confirmed,
// a row by hand, a search.
func TestBooksInABrowser(t *testing.T) {
	if testing.Short() {
		t.Skip("a browser takes seconds: make test runs it")
	}
	w := emptyTown(t)
	w.admit(officePCs()[0])
	w.enters("systems", registers.Values{"name": "Padrón municipal"})
	w.enters("systems", registers.Values{"name": "Nómina y recursos humanos"})
	c := startChromium(t, w)
	c.run(chromedp.Navigate(c.base + "/"))
	c.heading("Entrar")
	c.run(chromedp.KeyEvent(userOf(access.Officer) + kb.Tab + goodPassword + kb.Enter))
	c.heading("Cómo está la organización")
	c.views("libros", "/libros")

	// From the menu to the import, by keyboard.
	c.enter("Libros")
	c.heading("Libros de registro")
	c.enter("Visitas")
	c.heading("Visitas")
	c.views("libro-vacio", "/libros/visits")
	c.enter("Importar una lista")
	c.heading("Importar en Visitas")
	c.views("importar", "/libros/visits/importar")
	c.run(chromedp.Navigate(c.base + "/libros/visits/importar"))
	c.choose("visitas.csv", "Quién;Equipo;Área;Hasta;Nivel\nlmora;alcaldia-01;Alcaldía;31/12/2026;Básico\njperez;;Obras;31/02/2026;Alto\ncruiz;;;30/11/2026;Medio\n")
	c.enter("Ver qué cambiaría")
	c.heading("Qué cambiaría en Visitas")
	c.sees(`#h-wrong`)
	c.views("importar-mal", "")
	c.enter("Subir otro archivo")
	c.heading("Importar en Visitas")
	c.choose("visitas.csv", "Quién;Equipo;Área;Hasta;Nivel\nlmora;alcaldia-01;Alcaldía;31/12/2026;Básico\njperez;;Obras;28/02/2027;Alto\ncruiz;;Obras;20/11/2026;Básico\n")
	c.enter("Ver qué cambiaría")
	c.heading("Qué cambiaría en Visitas")
	c.views("importar-bien", "")
	ask[bool](c, `document.querySelector('#motivo').focus(), true`)
	c.run(chromedp.KeyEvent("lista de la recepción"))
	c.enter("Escribir en el libro")
	c.heading("Visitas")
	c.sees(`[role=status]`)
	c.views("libro", "")

	// A row by hand: first with something wrong, and nothing is lost.
	c.enter("Añadir")
	c.heading("Añadir a Visitas")
	c.views("fila-nueva", "")
	ask[bool](c, `document.querySelector('#c0').focus(), true`)
	c.run(chromedp.KeyEvent("m soto" + kb.Tab + "alcaldia-01" + kb.Tab + "Obras" + kb.Tab + "Revisar la instalación."))
	c.enter("Guardar")
	c.sees(`[role=alert]`)
	c.views("fila-mal", "")
	if got := ask[string](c, `document.querySelector('#c3').value`); got != "Revisar la instalación." {
		t.Errorf("what was typed is lost: %q", got)
	}
	c.enter("Quién") // of the summary: leads to the input
	c.until(`location.hash === "#c0" && document.activeElement.id === "c0"`)
	ask[bool](c, `document.activeElement.select(), true`)
	c.run(chromedp.KeyEvent("msoto"))
	if got := ask[string](c, `document.querySelector('#c0').value`); got != "msoto" {
		t.Errorf("got %q in the input", got)
	}
	c.enter("Guardar")
	c.sees(`[role=status]`)
	c.heading("VIS-0004 msoto · alcaldia-01")
	c.views("fila", "")
	c.enter("Quitar")
	c.heading("Quitar VIS-0004")
	c.views("fila-quitar", "")

	// The search of the frame, by keyboard.
	ask[bool](c, `document.querySelector('#buscar').focus(), true`)
	c.run(chromedp.KeyEvent("alcaldia" + kb.Enter))
	c.heading("Buscar")
	c.views("buscar", "")
	c.enter("lmora · alcaldia-01")
	c.heading("VIS-0001 lmora · alcaldia-01")
	c.views("cambios", "/libros/cambios")
	c.views("imprimir", "/libros/visits/imprimir")
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.foreign) > 0 || len(c.problems) > 0 {
		t.Errorf("requests to elsewhere: %v; console: %q", c.foreign, c.problems)
	}
}

// views takes pictures of a page, or of the one at hand.
func (c *chromium) views(name, path string) {
	c.t.Helper()
	if path != "" {
		c.run(chromedp.EmulateViewport(1280, 900), chromedp.Navigate(c.base+path))
	}
	c.shoot(name+"-movil", 390, 844, "light", true)
	c.shoot(name+"-oscuro", 1280, 900, "dark", true)
	c.shoot(name+"-claro", 1280, 900, "light", true)
}

// choose puts a file into the only file input, as its dialog would.
func (c *chromium) choose(name, content string) {
	c.t.Helper()
	path := filepath.Join(c.t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		c.t.Fatal(err)
	}
	c.run(chromedp.SetUploadFiles(`#archivo`, []string{path}))
}
