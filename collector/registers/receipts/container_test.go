package receipts

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// makeContainer runs a real program in a folder with files to pack.
func makeContainer(t *testing.T, name string, args ...string) []byte {
	t.Helper()
	program, err := exec.LookPath(name)
	if err != nil {
		t.Fatalf("no %s: install the Debian packages p7zip-full and zip (packaging/tools/test-deps.sh)", name)
	}
	dir := t.TempDir()
	for _, f := range []string{"padron.txt", "dos.txt", "tres.txt"} {
		if err := os.WriteFile(filepath.Join(dir, f), []byte(strings.Repeat(goodLine+"\n", 200)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.CommandContext(t.Context(), program, args...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s %v: %v: %s", name, args, err, out)
	}
	for _, made := range []string{"x.zip", "x.7z"} {
		if data, err := os.ReadFile(filepath.Join(dir, made)); err == nil {
			return data
		}
	}
	t.Fatalf("%s %v made no container", name, args)
	return nil
}

// Containers as real programs make them.
func TestInspectRealContainers(t *testing.T) {
	if testing.Short() {
		t.Skip("slow")
	}
	for _, row := range []struct {
		name string
		args []string
		more []string // a second call on the same file
		want Container
		err  error
	}{
		{name: "7z", args: []string{"7z", "a", "-pclave-larga", "x.7z", "padron.txt"}, want: SevenZipAES256},
		{name: "7z with its header encrypted", args: []string{"7z", "a", "-pclave-larga", "-mhe=on", "x.7z", "padron.txt", "dos.txt"}, want: SevenZipAES256},
		{name: "7z of many files", args: []string{"7z", "a", "-pclave-larga", "x.7z", "padron.txt", "dos.txt", "tres.txt"}, want: SevenZipAES256},
		{name: "7z that packs nothing", args: []string{"7z", "a", "-mx=0", "-pclave-larga", "x.7z", "padron.txt"}, want: SevenZipAES256},
		{name: "7z with a plain header", args: []string{"7z", "a", "-mhc=off", "-pclave-larga", "x.7z", "padron.txt", "dos.txt"}, want: SevenZipAES256},
		{name: "7z without a password", args: []string{"7z", "a", "x.7z", "padron.txt", "dos.txt"}, err: ErrPlain},
		{name: "7z of which one file is encrypted", args: []string{"7z", "a", "-pclave-larga", "x.7z", "padron.txt"}, more: []string{"7z", "a", "x.7z", "dos.txt"}, err: ErrPartly},
		{name: "zip with AES-256", args: []string{"7z", "a", "-tzip", "-mem=AES256", "-pclave-larga", "x.zip", "padron.txt"}, want: ZipAES256},
		{name: "zip with AES-128", args: []string{"7z", "a", "-tzip", "-mem=AES128", "-pclave-larga", "x.zip", "padron.txt"}, err: ErrWeak},
		{name: "zip with AES-192", args: []string{"7z", "a", "-tzip", "-mem=AES192", "-pclave-larga", "x.zip", "padron.txt"}, err: ErrWeak},
		{name: "zip with ZipCrypto, by 7z", args: []string{"7z", "a", "-tzip", "-mem=ZipCrypto", "-pclave-larga", "x.zip", "padron.txt"}, err: ErrZipCrypto},
		{name: "zip with ZipCrypto, by zip", args: []string{"zip", "-q", "-P", "clave-larga", "x.zip", "padron.txt"}, err: ErrZipCrypto},
		{name: "zip without a password", args: []string{"zip", "-q", "x.zip", "padron.txt"}, err: ErrPlain},
		{name: "zip of which one file is encrypted", args: []string{"7z", "a", "-tzip", "-mem=AES256", "-pclave-larga", "x.zip", "padron.txt"}, more: []string{"zip", "-q", "x.zip", "dos.txt"}, err: ErrPartly},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			args := row.args
			if row.more != nil { // both in one shell, so that they share the folder
				args = []string{"sh", "-c", strings.Join(row.args, " ") + " >/dev/null && " + strings.Join(row.more, " ") + " >/dev/null"}
			}
			data := makeContainer(t, args[0], args[1:]...)
			got, err := Inspect(bytes.NewReader(data), int64(len(data)))
			if !errors.Is(err, row.err) || err == nil && got != row.want {
				t.Errorf("got %s, %v, want %s, %v", got, err, row.want, row.err)
			}
			if code := Code(err); err != nil && words()[code].Say.ES == "" {
				t.Errorf("%v is not said", err)
			}
		})
	}
}

func TestInspectWhatIsNoContainer(t *testing.T) {
	for _, row := range []struct {
		name, data string
		want       error
	}{
		{"a text", goodLine, ErrPlain},
		{"nothing", "", ErrPlain},
		{"a RAR", "Rar!\x1a\x07\x01\x00xxxxxxxx", ErrRAR},
		{"half a zip", "PK\x03\x04\x14\x00\x00\x00", ErrContainer},
		{"half a 7z", "7z\xbc\xaf\x27\x1c\x00\x04", ErrContainer},
		{"an empty 7z", "7z\xbc\xaf\x27\x1c\x00\x04" + strings.Repeat("\x00", 24), ErrEmpty},
		{"an empty zip", "PK\x05\x06" + strings.Repeat("\x00", 18), ErrEmpty},
	} {
		if _, err := Inspect(strings.NewReader(row.data), int64(len(row.data))); !errors.Is(err, row.want) {
			t.Errorf("%s: got %v, want %v", row.name, err, row.want)
		}
	}
}

// Every person of these lines is invented.
const goodLine = "ADS001|ISS-10|T|Ana María|Ejemplo|Ficticia|M|01/02/1980|EIFA800201AB1|31/12/2027"

var day = time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)

func TestValidate(t *testing.T) {
	change := func(field int, to string) string {
		f := strings.Split(goodLine, "|")
		f[field] = to
		return strings.Join(f, "|")
	}
	for _, row := range []struct {
		name, text     string
		lines, records int64
		want           string
	}{
		{"good", goodLine + "\r\n" + goodLine + "\n", 2, 2, ""},
		{"without an end of line", goodLine, 1, 1, ""},
		{"with the mark of UTF-8", "\ufeff" + goodLine + "\n", 1, 1, ""},
		{"nothing", "", 0, 0, ""},
		{"no second surname, no end, a short RFC", change(5, "") + "\n" + change(9, "") + "\n" + change(8, "EIFA800201") + "\n", 3, 3, ""},
		{"nine fields", strings.Join(strings.Split(goodLine, "|")[:9], "|"), 1, 0, "fields:1[1]"},
		{"eleven fields", goodLine + "|", 1, 0, "fields:1[1]"},
		{"another separator", strings.ReplaceAll(goodLine, "|", ";"), 1, 0, "fields:1[1]"},
		{"a heading", "clave|isssemym|tipo|nombre|apellido|segundo|sexo|nacimiento|rfc|vigencia\n" + goodLine, 2, 1, "sex:1[1] birth:1[1] rfc:1[1] until:1[1]"},
		{"an empty line", goodLine + "\n\n" + goodLine, 3, 2, "empty:1[2]"},
		{"Windows-1252", "ADS|ISS|T|Ana Mar\xeda|X|Y|M|01/02/1980|EIFA800201AB1|", 1, 0, "encoding:1[1]"},
		{"no key", change(1, ""), 1, 0, "key:1[1]"},
		{"no kind", change(2, ""), 1, 0, "kind:1[1]"},
		{"a name with digits", change(4, "Ejemp10"), 1, 0, "name:1[1]"},
		{"another sex", change(6, "X"), 1, 0, "sex:1[1]"},
		{"an American date", change(7, "12/31/1980"), 1, 0, "birth:1[1]"},
		{"a birth to come", change(7, "23/11/2026"), 1, 0, "birth:1[1]"},
		{"a day that is none", change(7, "30/02/1980"), 1, 0, "birth:1[1]"},
		{"an RFC of a firm", change(8, "EIF800201AB1"), 1, 0, "rfc:1[1]"},
		{"an RFC without a date", change(8, "EIFA801399AB1"), 1, 0, "rfc:1[1]"},
		{"an end that is none", change(9, "2027-12-31"), 1, 0, "until:1[1]"},
		{"spaces around", change(3, " Ana"), 1, 0, "spaces:1[1]"},
		{"what nobody sees", change(3, "A\x00na"), 1, 0, "control:1[1]"},
		{"far too long", strings.Repeat("x", 3*maxLine) + "\n" + goodLine, 2, 1, "long:1[1]"},
		{"two faults in one line", change(6, "X") + "\n" + change(6, "Y") + "\n" + strings.Replace(change(6, "Z"), "31/12/2027", "nunca", 1), 3, 0, "sex:3[1 2 3] until:1[3]"},
	} {
		got, err := Validate(strings.NewReader(row.text), day)
		if err != nil {
			t.Errorf("%s: %v", row.name, err)
		}
		if told := tell(got); got.Lines != row.lines || got.Records != row.records || told != row.want || got.Good() != (row.want == "" && row.lines > 0) {
			t.Errorf("%s: got %d lines, %d records, %q, want %q", row.name, got.Lines, got.Records, told, row.want)
		}
	}
}

func tell(c Check) string {
	var out []string
	for _, f := range Faults() {
		if l, ok := c.Faults[f.Fault]; ok {
			out = append(out, fmt.Sprintf("%s:%d%v", f.Fault, l.Count, l.First))
		}
	}
	return strings.Join(slices.Clip(out), " ")
}

// Whatever a file is, it is looked at to its end, nothing of it is in what comes out, and
// each line is a record or has a fault.
func FuzzValidate(f *testing.F) {
	f.Add([]byte(goodLine))
	f.Add([]byte("\ufeff" + goodLine + "\r\n|||||||||\n"))
	f.Add([]byte("\n\n\xff|\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := Validate(bytes.NewReader(data), day)
		if err != nil {
			t.Fatal(err)
		}
		var faulty int64
		for fault, l := range got.Faults {
			if l.Count == 0 || l.Count > got.Lines || len(l.First) == 0 || len(l.First) > maxNamed {
				t.Errorf("%s: %+v of %d lines", fault, l, got.Lines)
			}
			faulty += l.Count
		}
		if got.Records+faulty < got.Lines {
			t.Errorf("%d lines, %d records, %d faults", got.Lines, got.Records, faulty)
		}
	})
}

// No file makes the reader of containers run away or fall over.
func FuzzInspect(f *testing.F) {
	f.Add([]byte("7z\xbc\xaf\x27\x1c\x00\x04" + strings.Repeat("\x00", 24)))
	f.Add([]byte("PK\x05\x06" + strings.Repeat("\x00", 18)))
	seeds, err := filepath.Glob("testdata/*.bin")
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range seeds {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		kind, err := Inspect(bytes.NewReader(data), int64(len(data)))
		if err == nil && kind == "" {
			t.Error("neither a container nor an error")
		}
		if err != nil && Code(err) == "" {
			t.Errorf("%v has no message", err)
		}
	})
}
