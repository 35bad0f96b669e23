package intact

import (
	"bytes"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// made makes a copy with a real program in a folder that holds data/.
type made struct {
	name  string // of the file that the command makes
	shell string
	depth Depth // to which Verify must get
	// flips tells whether a flipped byte amid the file must be noticed.
	flips bool
}

func tools() []made {
	return []made{
		{"a.tar", "tar -cf a.tar data", Walked, false},
		{"pax.tar", "tar --format=pax -cf pax.tar data", Walked, false},
		{"v7.tar", "tar --format=v7 -cf v7.tar data/texto data/vacio", Walked, false},
		{"a.tar.gz", "tar -czf a.tar.gz data", Whole, true},
		{"a.tgz", "tar -czf a.tgz data", Whole, true},
		{"a.tar.xz", "tar -cJf a.tar.xz data", Whole, true},
		{"crc32.xz", "xz -0 --check=crc32 -kc data/texto > crc32.xz", Whole, true},
		{"sha256.xz", "xz -3 --check=sha256 -kc data/texto > sha256.xz", Whole, true},
		{"a.tar.zst", "tar -cf - data | zstd -q -o a.tar.zst", Whole, true},
		{"rsyncable.zst", "zstd -q --rsyncable data/ruido -o rsyncable.zst", Whole, true},
		{"a.tar.bz2", "tar -cjf a.tar.bz2 data", Whole, true},
		{"a.zip", "zip -qr a.zip data", Whole, true},
		{"stored.zip", "zip -qr0 stored.zip data", Whole, true},
		{"seven.zip", "7z a -bd -tzip seven.zip data >/dev/null", Whole, true},
		{"a.7z", "7z a -bd a.7z data >/dev/null", Whole, true},
		{"lzma.7z", "7z a -bd -m0=lzma lzma.7z data >/dev/null", Whole, true},
		{"many.7z", "7z a -bd -ms=off many.7z data >/dev/null", Whole, true},
		{"copy.7z", "7z a -bd -mx=0 copy.7z data >/dev/null", Whole, true},
		{"bzip2.7z", "7z a -bd -m0=bzip2 bzip2.7z data >/dev/null", Whole, true},
		{"secret.7z", "7z a -bd -psecreto secret.7z data >/dev/null", Edges, false},
		{"sealed.7z", "7z a -bd -psecreto -mhe=on sealed.7z data >/dev/null", Edges, false},
		{"ppmd.7z", "7z a -bd -m0=ppmd ppmd.7z data >/dev/null", Edges, false},
		{"one.7z", "7z a -bd -mhc=off one.7z data/texto >/dev/null", Whole, true},
		{"a.lzo", "lzop -qo a.lzo data/ruido", Walked, true},
		{"texto.lzo", "lzop -qo texto.lzo data/texto", Walked, false},
		{"crc.lzo", "lzop -q --crc32 -C -o crc.lzo data/texto", Walked, false},
		{"a.vhd", "qemu-img create -q -f vpc a.vhd 8M && qemu-io -f vpc -c 'write -P 7 0 1M' a.vhd >/dev/null", Edges, false},
		{"fixed.vhd", "qemu-img create -q -f vpc -o subformat=fixed fixed.vhd 2M", Edges, false},
		{"a.vhdx", "qemu-img create -q -f vhdx a.vhdx 64M && qemu-io -f vhdx -c 'write -P 7 0 3M' a.vhdx >/dev/null", Edges, false},
	}
}

// make runs the command beside some data: text that repeats itself, noise and folders.
func (m made) make(t *testing.T) []byte {
	t.Helper()
	dir := t.TempDir()
	noise := make([]byte, 300_000)
	rnd := rand.New(rand.NewPCG(7, 7))
	for i := range noise {
		noise[i] = byte(rnd.Uint32())
	}
	var text strings.Builder
	for i := range 20_000 {
		text.WriteString(strings.Repeat(string(rune('a'+rnd.IntN(26))), i%5) + " recibo de agua\n")
	}
	for name, content := range map[string][]byte{
		"data/ruido": noise, "data/texto": []byte(text.String()), "data/vacio": nil,
		"data/" + strings.Repeat("carpeta-larga/", 12) + "hoja": []byte("hoja"),
	} {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, content, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command("bash", "-euo", "pipefail", "-c", m.shell)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s(packages: see packaging/tools/test-deps.sh)", m.shell, err, out)
	}
	b, err := os.ReadFile(filepath.Join(dir, m.name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func verify(t *testing.T, name string, b []byte) Result {
	t.Helper()
	res, err := Verify(t.Context(), bytes.NewReader(b), int64(len(b)), name)
	if err != nil {
		t.Fatal(err)
	}
	return res
}

func TestRealTools(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: runs archivers")
	}
	for _, m := range tools() {
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			b := m.make(t)
			if got := verify(t, m.name, b); got.Damage != "" || got.Depth != m.depth {
				t.Fatalf("whole: got %+v, want no damage at depth %s", got, m.depth)
			}
			look, err := Look(t.Context(), bytes.NewReader(b), int64(len(b)), m.name)
			if err != nil || look.Damage != "" {
				t.Fatalf("edges: got %+v, %v", look, err)
			}
			for _, cut := range []int{1, 40, 600, len(b) / 3, len(b) / 2, len(b) - 700, len(b) - 9, len(b) - 1} {
				if got := verify(t, m.name, b[:cut]); got.Damage == "" {
					t.Errorf("cut to %d of %d bytes: got %+v, want damage", cut, len(b), got)
				}
			}
			if got := verify(t, m.name, make([]byte, len(b))); got.Damage == "" {
				t.Errorf("zeros: got %+v, want damage", got)
			}
			if !m.flips {
				return
			}
			for i := 1; i < 12; i++ {
				bad := bytes.Clone(b)
				bad[len(b)*i/12] ^= 0x10
				if got := verify(t, m.name, bad); got.Damage == "" {
					t.Errorf("flipped byte %d of %d: got %+v, want damage", len(b)*i/12, len(b), got)
				}
			}
		})
	}
}

// Headers are verified where contents are not.
func TestFlippedHeaders(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: runs archivers")
	}
	for _, tt := range []struct {
		name string
		at   func(size int) []int
	}{
		{"a.tar", func(int) []int { return []int{3, 110, 512 + 130} }},
		{"a.7z", func(size int) []int { return []int{13, 25, size - 3} }},
		{"a.vhd", func(size int) []int { return []int{size - 500, 512 + 20} }},
		{"fixed.vhd", func(size int) []int { return []int{size - 500} }},
		{"texto.lzo", func(size int) []int { return []int{20, size - 2} }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for _, m := range tools() {
				if m.name != tt.name {
					continue
				}
				b := m.make(t)
				for _, at := range tt.at(len(b)) {
					bad := bytes.Clone(b)
					bad[at] ^= 1
					if got := verify(t, m.name, bad); got.Damage == "" {
						t.Errorf("flipped byte %d: got %+v, want damage", at, got)
					}
				}
			}
		})
	}
}
