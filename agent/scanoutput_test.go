package agent

import (
	"errors"
	"io"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"vigia/checks/message"
	"vigia/checks/personaldata/detect"
	"vigia/checks/personaldata/scan"
)

func TestScanReport(t *testing.T) {
	t.Parallel()
	results := []scan.FileResult{
		{Path: "/a/padron.csv", Status: scan.Found, Level: scan.High, Persons: 12, Counts: map[detect.Type]int{detect.CURP: 12, detect.CLABE: 3}, Categories: []string{"health"}},
		{Path: "/a/correos.txt", Status: scan.Found, Level: scan.Basic, Persons: 1, Counts: map[detect.Type]int{detect.Email: 1}, Reason: scan.ReasonFileBytes},
		{Path: "/a/clean.txt", Status: scan.Clean},
		{Path: "/a/ine/1.jpg", Status: scan.Incomplete, Reason: "content.image"},
		{Path: "/a/ine/2.jpg", Status: scan.Incomplete, Reason: "content.image"},
		{Path: "/b\x1b[2J/3.jpg", Status: scan.Incomplete, Reason: "content.image"},
		{Path: "/closed", Status: scan.Unreadable, Reason: scan.ReasonDenied, Format: "directory"},
		{Path: "/a/cloud", Status: scan.Skipped, Reason: scan.ReasonPlaceholder},
		{Path: "/a/link", Status: scan.Skipped, Reason: scan.ReasonLink},
		{Path: "/a/new", Status: scan.Incomplete, Reason: "reason.of_tomorrow"},
	}
	summary := scan.Summary{
		Files: map[scan.Status]int64{scan.Found: 2, scan.Clean: 1, scan.Incomplete: 4, scan.Unreadable: 1, scan.Skipped: 2},
		Bytes: 2048, Unchanged: 1, Persons: 13, Stopped: scan.ReasonCanceled, TookMS: 1500,
	}
	var out strings.Builder
	report := newScanReport(newSayer(message.Spanish), &out)
	for _, r := range results {
		if err := report.each(r); err != nil {
			t.Fatal(err)
		}
	}
	if err := report.finish(summary, exitNo); err != nil {
		t.Fatal(err)
	}
	want := `alto        12 personas  CLABE 3, CURP 12; categorías especiales: salud  /a/padron.csv
básico       1 persona  correo electrónico 1 (leído en parte: demasiado grandes: se leyó el principio)  /a/correos.txt

Interrumpida: esto es lo que dio tiempo a mirar.
Mirados 8 ficheros en 1.5 s: 2.0 KiB leídos; 1 sin cambios desde la última vez, no leídos de nuevo.
Con datos personales: 2 (nivel alto 1, básico 1). Personas distintas: 13 o más.
De ellos, 1 se leyeron solo en parte: pueden tener más.
No se pudieron leer enteros 6, así que nadie puede decir que estén limpios (--format json nombra cada uno):
      3  imágenes o escaneos sin texto
         /a/ine (2), /b?[2J (1)
         → mírelos a mano: pueden ser identificaciones o escrituras
      1  sin permiso para leerlos
         /closed (1)
         → repita la búsqueda como administrador
      1  solo están en la nube
         /a (1)
         → busque en el servicio de la nube o descárguelos antes
      1  reason.of_tomorrow
         /a (1)
Dejados aparte: 1 enlaces: su destino se mira donde está.
Código de salida 1: hay datos personales.
`
	if got := filepath.ToSlash(out.String()); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// A line does not wait for others for longer than a moment, and an end of any kind
// passes on what is there.
func TestSteadyWriter(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		read, write := io.Pipe()
		lines := make(chan string, 2)
		go func() {
			defer close(lines)
			b := make([]byte, 100)
			for {
				n, err := read.Read(b)
				if err != nil {
					return
				}
				lines <- string(b[:n])
			}
		}()
		w := steadily(write, time.Second)
		if _, err := w.Write([]byte("one\n")); err != nil {
			t.Fatal(err)
		}
		begin := time.Now()
		if got := <-lines; got != "one\n" || time.Since(begin) > time.Second {
			t.Errorf("got %q after %v, want the line within a second", got, time.Since(begin))
		}
		if _, err := w.Write([]byte("two\n")); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if got := <-lines; got != "two\n" {
			t.Errorf("at the end: got %q, want what was left", got)
		}
		if err := write.Close(); err != nil {
			t.Fatal(err)
		}
		<-lines
	})
}

func TestSteadyWriterTellsErrors(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	read, write := io.Pipe()
	if err := read.CloseWithError(broken); err != nil {
		t.Fatal(err)
	}
	w := steadily(write, time.Hour)
	if _, err := w.Write([]byte("lost\n")); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); !errors.Is(err, broken) {
		t.Errorf("got %v, want the error of the reader's end", err)
	}
}
