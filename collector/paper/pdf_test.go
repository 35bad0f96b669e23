package paper

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

const act = `# Acta de la sesión

Texto con **negrita**, un [blanco que se rellena a mano] y un [enlace](x.md).

## Personas

| Nombre | Cargo | Observaciones |
|---|---|---|
| Ana | Responsable de seguridad | Una observación larga que ocupa más de una línea de la celda, como suele ocurrir en las actas |
| [nombre] | | |

- uno
- dos con un texto que sigue en la línea siguiente porque no cabe entero en el ancho de la página A4

1. primero
2. segundo

> Una cita que ocupa más de una línea cuando el texto es bastante largo, para que se vea la raya de la izquierda en todas.

### Final

Fin.
`

func textOf(t *testing.T, pdf []byte) string {
	t.Helper()
	program, err := exec.LookPath("pdftotext")
	if err != nil {
		t.Fatal("install poppler-utils: packaging/tools/test-deps.sh")
	}
	file := filepath.Join(t.TempDir(), "a.pdf")
	if err := os.WriteFile(file, pdf, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), program, "-layout", file, "-").Output()
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

func TestPDF(t *testing.T) {
	o := Options{
		At: time.Date(2026, 11, 2, 10, 0, 0, 0, time.UTC), Footer: "Ayuntamiento de Prueba · INC-1", Mark: "BORRADOR",
		Sign: []Signature{{Role: "Responsable de seguridad", Name: "Ana Prueba"}, {Role: "Responsable del tratamiento"}, {Role: "Testigo"}},
		QR:   "https://portal.invalid/incidencias/1", Caption: "Compruébelo en *esta* dirección",
	}
	text := act + strings.Repeat("\nOtro párrafo más para que haya varias páginas en el documento de prueba.\n", 60)
	first, err := PDF(text, "Ayuntamiento de Prueba", o)
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		again, err := PDF(text, "Ayuntamiento de Prueba", o)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(first, again) {
			t.Fatal("two documents of one text differ")
		}
	}
	if dir := os.Getenv("PAPER_LOOK"); dir != "" { // to look at it: pdftoppm -png
		if err := os.WriteFile(filepath.Join(dir, "acta.pdf"), first, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	got := textOf(t, first)
	for _, want := range []string{"Acta de la sesión", "[blanco que se rellena a mano]", "Página 1 de 3", "Página 3 de 3", "INC-1", "BORRADOR", "Ana Prueba", "Firma y sello", "Compruébelo en *esta* dirección"} {
		if !strings.Contains(got, want) {
			t.Errorf("the PDF does not say %q:\n%s", want, got)
		}
	}
}

// What people write stays what it is, in both forms, and gives the text no other form.
func TestEscape(t *testing.T) {
	for _, hostile := range []string{
		"# no es un título", "- no es una lista", "1. no es un número", "> no es cita", "| a | b |", "a | b",
		"**no es negrita**", "[no es un blanco]", "[no](http://es.invalid)", "`código`", `C:\Users\x`, `\\servidor\carpeta`, `\[x\]`,
		"acaba en \\", "|", "---", "[", "](", "**",
	} {
		t.Run(hostile, func(t *testing.T) {
			text := Escape(hostile)
			all := blocks(text)
			if len(all) != 1 || all[0].kind != paragraph {
				t.Fatalf("blocks of %q are %+v, want one paragraph", text, all)
			}
			if got := plain(all[0].text); got != hostile {
				t.Errorf("it reads %q, want %q", got, hostile)
			}
			for _, r := range runs(all[0].text) {
				if r.bold || r.blank {
					t.Errorf("a piece is bold or blank: %+v", r)
				}
			}
			cell := blocks("| x | y |\n|---|---|\n| " + text + " | z |\n")
			if len(cell) != 1 || len(cell[0].rows) != 2 || len(cell[0].rows[1]) != 2 || plain(cell[0].rows[1][0]) != hostile {
				t.Errorf("as a cell it is %+v", cell)
			}
		})
	}
}

func TestEscapeKeepsLines(t *testing.T) {
	got := Escape("uno\r\n# dos\n\ntres\x00\a")
	if all := blocks(got); len(all) != 1 || plain(all[0].text) != "uno # dos  tres" {
		t.Errorf("blocks of %q are %+v", got, blocks(got))
	}
	pdf, err := PDF("# T\n\n"+got, "", Options{})
	if err != nil {
		t.Fatal(err)
	}
	if text := textOf(t, pdf); !strings.Contains(text, "uno\n# dos\n") {
		t.Errorf("the lines are not broken:\n%s", text)
	}
}

// No text stops the making of either form.
func FuzzPaper(f *testing.F) {
	for _, s := range []string{act, "😀 \u202e \x00", "| |\n|-|\n||", strings.Repeat("x", 3000), "\\", "[a](b", "**[x**]", "|a|\n" + strings.Repeat("palabra ", 900)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if len(s) > 1<<14 {
			return
		}
		if _, err := PDF(s, s, Options{Mark: s, Footer: s, Sign: []Signature{{s, s}}}); err != nil {
			t.Error(err)
		}
		if _, err := DOCX(s, ""); err != nil {
			t.Error(err)
		}
		escaped := Escape(s)
		if utf8.ValidString(s) && strings.TrimSpace(s) != "" && escaped != "" && len(blocks(escaped)) != 1 {
			t.Errorf("%q escaped is more than one block", s)
		}
	})
}
