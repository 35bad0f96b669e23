package scan

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"vigia/checks/host"
)

// An identity is a person who does not exist.
type identity struct{ curp, rfc, nss, dni, nie string }

// values lists the identifiers of the person.
func (id identity) values() []string { return []string{id.curp, id.rfc, id.nss, id.dni, id.nie} }

// invent makes an identity with right check digits. It knows the rules by itself, and
// so checks those of package detect as well.
func invent(r *rand.Rand) identity {
	pick := func(s string) string { return string(s[r.IntN(len(s))]) }
	digits := func(n int) string {
		var b strings.Builder
		for range n {
			b.WriteByte(byte('0' + r.IntN(10)))
		}
		return b.String()
	}
	const letter, vowel, consonant = "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "AEIOU", "BCDFGHJKLMNPQRSTVWXYZ"
	root := "Z" + pick(vowel) + pick(letter) + pick(letter) + // no inconvenient word begins with Z
		fmt.Sprintf("%02d%02d%02d", 40+r.IntN(60), 1+r.IntN(12), 1+r.IntN(28))
	var id identity

	curp := root + pick("HM") + []string{"NL", "DF", "JC", "NE"}[r.IntN(4)] + pick(consonant) + pick(consonant) + pick(consonant) + digits(1)
	sum := 0
	for i, c := range curp {
		sum += strings.IndexRune("0123456789ABCDEFGHIJKLMN?OPQRSTUVWXYZ", c) * (18 - i)
	}
	id.curp = curp + fmt.Sprint((10-sum%10)%10)

	rfc := root + pick("123456789ABCDEFGHIJKLMNPQRSTUVWXYZ") + pick("123456789ABCDEFGHIJKLMNPQRSTUVWXYZ")
	sum = 0
	for i, c := range rfc {
		sum += strings.IndexRune("0123456789ABCDEFGHIJKLMN&OPQRSTUVWXYZ", c) * (13 - i)
	}
	id.rfc = rfc + string("0A987654321"[sum%11])

	nss := digits(10)
	sum = 0
	for i := range nss {
		d := int(nss[9-i] - '0')
		if i%2 == 0 {
			d = d*2/10 + d*2%10
		}
		sum += d
	}
	id.nss = nss + fmt.Sprint((10-sum%10)%10)

	number := 10_000_000 + r.IntN(89_999_999)
	id.dni = fmt.Sprintf("%08d%c", number, "TRWAGMYFPDXBNJZSQVHLCKE"[number%23])
	number = r.IntN(3)*10_000_000 + 1 + r.IntN(9_999_998)
	id.nie = fmt.Sprintf("%c%07d%c", "XYZ"[number/10_000_000], number%10_000_000, "TRWAGMYFPDXBNJZSQVHLCKE"[number%23])
	return id
}

// Many invented persons are planted in files and in the names of files and folders.
// Whatever the scan hands out, and whatever it leaves on the disk, none of them is in it.
func TestCanaries(t *testing.T) {
	const people = 300
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	r := rand.New(rand.NewPCG(20, 26))
	root := filepath.Join(temp, "root")
	var canaries []string
	for i := range people {
		id := invent(r)
		canaries = append(canaries, id.values()...)
		card := fmt.Sprintf("Ficha %d\nCURP: %s\nRFC: %s\nNúmero de seguridad social: %s\nDNI %s o NIE %s\n", i, id.curp, id.rfc, id.nss, id.dni, id.nie)
		path := filepath.Join(root, id.values()[i%5], strings.ToLower(id.values()[(i+1)%5])+" ficha.txt")
		switch i % 4 {
		case 1:
			card = "\xff\xfe" + utf16Text(card)
		case 2:
			card = "curp|rfc|nss|dni|nie\n" + strings.Join(id.values(), "|") + "\n"
		case 3:
			card = strings.ToLower(card) + strings.Repeat("relleno ", 8<<10) + "\x00\x00"
		}
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(card), 0o644); err != nil {
			t.Fatal(err)
		}
	}

	var out bytes.Buffer
	for _, jobs := range []int{1, 4} {
		sum, err := Run(t.Context(), Options{Roots: []string{root}, Jobs: jobs, Progress: func(p Progress) { fmt.Fprintf(&out, "%+v\n", p) }},
			func(r FileResult) error {
				fmt.Fprintf(&out, "%v %+v %#v\n", r, r, r)
				return json.NewEncoder(&out).Encode(r)
			})
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&out, "%+v %#v\n", sum, sum)
		if err := json.NewEncoder(&out).Encode(map[string]Summary{"summary": sum}); err != nil {
			t.Fatal(err)
		}
		// One CURP and one RFC of the same root, a DNI and a NIE each: three persons as far as anyone can tell.
		if got, want := sum.Persons, 3*people; got != want {
			t.Errorf("%d persons, want %d", got, want)
		}
		for typ, got := range sum.Distinct {
			if got != people {
				t.Errorf("%d distinct %s, want %d", got, typ, people)
			}
		}
		if len(sum.Distinct) != 5 || sum.Files[Found] != people {
			t.Errorf("got %+v", sum)
		}
	}
	facet, err := PersonalData{}.Scan(t.Context(), host.ScanRequest{Roots: []string{root}})
	if err != nil {
		t.Fatal(err)
	}
	if err := json.NewEncoder(&out).Encode(facet); err != nil {
		t.Fatal(err)
	}
	_, err = Run(t.Context(), Options{Roots: []string{filepath.Join(root, canaries[0], "no")}}, nil)
	fmt.Fprintln(&out, err)

	search := func(where string, b []byte) {
		b = bytes.ToUpper(b)
		for _, c := range canaries {
			if bytes.Contains(b, []byte(c)) || bytes.Contains(b, []byte(c[:8])) {
				t.Errorf("%s shows an identifier", where)
				return
			}
		}
	}
	search("the output", out.Bytes())
	err = filepath.WalkDir(temp, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case path == root:
			return fs.SkipDir
		case !d.IsDir():
			t.Errorf("the scan left %s behind", path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
