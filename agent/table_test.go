package agent

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vigia/checks"
	"vigia/checks/message"
)

func TestWrap(t *testing.T) {
	for _, row := range []struct {
		name, in string
		width    int
		want     []string
	}{
		{"nothing", "", 10, nil},
		{"short", "una línea", 10, []string{"una línea"}},
		{"between words", "dos líneas de texto", 10, []string{"dos líneas", "de texto"}},
		{"accents count as one", "áéíóú áéíóú", 11, []string{"áéíóú áéíóú"}},
		{"a long path breaks after a folder", "/srv/documentos/padron.csv", 20, []string{"/srv/documentos/", "padron.csv"}},
		{"a long word fills the line", "✘ /srv/documentos/del/registro.csv", 20, []string{"✘ /srv/documentos/", "del/registro.csv"}},
		{"a word longer than two lines", strings.Repeat("x", 25), 10, []string{"xxxxxxxxxx", "xxxxxxxxxx", "xxxxx"}},
		{"what moves the cursor", "a\x1b[31mb\x07\u009bc", 20, []string{"a?[31mb??c"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			if diff := cmp.Diff(row.want, wrap(row.in, row.width)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func FuzzWrap(f *testing.F) {
	f.Add("una línea /srv/documentos/padron.csv", 20)
	f.Fuzz(func(t *testing.T, s string, width int) {
		width %= 200
		for _, line := range wrap(s, width) {
			if n := len([]rune(line)); n > max(width, 8) || n == 0 {
				t.Fatalf("a line of %d letters in %d: %q", n, width, line)
			}
		}
	})
}

func TestTable(t *testing.T) {
	row := tableRow{
		id: "AC-LOCK-15", title: "Bloqueo de sesión por inactividad", status: checks.Fail,
		reason: []string{"el bloqueo tarda 30 minutos"}, do: "fije 15 minutos o menos",
	}
	table80 := table{say: newSayer(message.Spanish), width: 80}
	table80.header()
	table80.row(row)
	want := `Control                   Estado        Motivo                  Qué hacer
────────────────────────────────────────────────────────────────────────────────
AC-LOCK-15                ✘ no cumple   el bloqueo tarda 30     fije 15 minutos
Bloqueo de sesión por                   minutos                 o menos
inactividad
`
	if diff := cmp.Diff(want, table80.b.String()); diff != "" {
		t.Errorf("80 columns (-want +got)\n%s", diff)
	}
	table40 := table{say: newSayer(message.English), width: 40, colour: true}
	table40.header()
	table40.row(row)
	want = "\x1b[2m────────────────────────────────────────\x1b[0m\n" +
		"\x1b[1;31m✘ not met\x1b[0m  AC-LOCK-15\n" +
		"  Bloqueo de sesión por inactividad\n  el bloqueo tarda 30 minutos\n  fije 15 minutos o menos\n"
	if diff := cmp.Diff(want, table40.b.String()); diff != "" {
		t.Errorf("40 columns (-want +got)\n%s", diff)
	}
}

func TestPlace(t *testing.T) {
	for key, want := range map[string]string{
		"/home/x/INE/* content.image": "/home/x/INE/*", `C:\Datos\* format.unsupported`: `C:\Datos\*`,
		"/home/x/INE/*": "/home/x/INE/*", "/home/a* 2.txt": "/home/a* 2.txt", "/home/a b.txt": "/home/a b.txt", "ana": "ana",
	} {
		if got := place(key); got != want {
			t.Errorf("%q: got %q, want %q", key, got, want)
		}
	}
}

func TestTerminalWidth(t *testing.T) {
	for _, row := range []struct {
		columns string
		want    int
	}{{"", plainWidth}, {"72", 72}, {"5", plainWidth}, {"many", plainWidth}} {
		if got := terminalWidth(&strings.Builder{}, []string{"COLUMNS=" + row.columns}); got != row.want {
			t.Errorf("COLUMNS=%q gives %d, want %d", row.columns, got, row.want)
		}
	}
}

func TestSize(t *testing.T) {
	for n, want := range map[int64]string{0: "0 B", 1023: "1023 B", 1536: "1.5 KiB", 5 << 30: "5.0 GiB"} {
		if got := size(n); got != want {
			t.Errorf("size(%d) = %q, want %q", n, got, want)
		}
	}
}
