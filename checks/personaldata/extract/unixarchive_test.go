package extract

import (
	"encoding/binary"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// arOf is an archive of ar of names and texts.
func arOf(names ...string) string {
	out := "!<arch>\n"
	for i := 0; i < len(names); i += 2 {
		text := names[i+1]
		out += fmt.Sprintf("%-16s%-12d%-6d%-6d%-8o%-10d`\n%s", names[i], 0, 0, 0, 0o100644, len(text), text) + strings.Repeat("\n", len(text)%2)
	}
	return out
}

// cpioOf is an archive of cpio in the newer format, or the older one.
func cpioOf(newer bool, names ...string) string {
	out := ""
	member := func(mode int, name, text string) {
		name += "\x00"
		if !newer {
			out += fmt.Sprintf("070707%06o%06o%06o%06o%06o%06o%06o%011o%06o%011o%s%s", 0, 0, mode, 0, 0, 1, 0, 0, len(name), len(text), name, text)
			return
		}
		out += fmt.Sprintf("070701%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x", 0, mode, 0, 0, 1, 0, len(text), 0, 0, 0, 0, len(name), 0)
		for _, part := range []string{name, text} {
			out += part
			out += strings.Repeat("\x00", (4-len(out)%4)%4)
		}
	}
	for i := 0; i < len(names); i += 2 {
		member(0o100644, names[i], names[i+1])
	}
	member(0o040755, "folder", "")
	member(0o120777, "link", "a")
	member(0, "TRAILER!!!", "")
	return out + "\x00\x00\x00\x00"
}

func TestUnixArchives(t *testing.T) {
	disc := make([]byte, 80_000)
	copy(disc[16*2048+1:], "CD001\x01")
	both := []string{somebody, line}
	for _, row := range []struct {
		name, file, format string
		want               []string
		why                Reason
	}{
		{"ar", arOf("/", "\x00\x00\x00\x01a", "uno/", somebody, "dos/", line), "ar", both, ""},
		{"a package of Debian", arOf("debian-binary", "2.0\n", "data.tar.gz", string(gzipped(tarred("a", somebody)))), "ar", []string{"2.0\n", somebody}, ""},
		{"ar that is cut", arOf("uno/", somebody)[:90], "ar", []string{somebody[:22]}, Damaged},
		{"ar, then something else", arOf("uno/", somebody) + strings.Repeat("x", 60), "ar", []string{somebody}, Damaged},
		{"cpio", cpioOf(true, "uno", somebody, "dos", line), "cpio", both, ""},
		{"cpio of old", cpioOf(false, "uno", somebody, "dos", line), "cpio", both, ""},
		{"cpio that is cut", cpioOf(true, "uno", somebody)[:150], "cpio", []string{somebody[:34]}, Damaged},
		{"a disc", string(disc), "iso", nil, Unsupported},
		{"a disc in a zip", string(zipped("a", string(disc))), "zip", nil, Unknown},
	} {
		t.Run(row.name, func(t *testing.T) {
			got, o := extracted(t, Limits{}, []byte(row.file))
			if diff := cmp.Diff(row.want, got); diff != "" || o.Format != row.format || o.Reason != row.why {
				t.Errorf("got format %q and reason %q, want %q and %q; texts (-want +got):\n%s", o.Format, o.Reason, row.format, row.why, diff)
			}
		})
	}
}

// TestWideMarkup holds that HTML and XML in UTF-16 are read as such.
func TestWideMarkup(t *testing.T) {
	const page = "<html><body><p>NSS&nbsp;12345678901</p><table><tr><td>Inés</td><td>1234</td></tr></table>"
	const data = "<?xml version='1.0' encoding='utf-16'?><a><curp>PEXI800101MDFXXN09</curp></a>"
	fill := strings.Repeat("<p>ñ 1234</p>\n", 20_000)
	for _, row := range []struct {
		name   string
		file   []byte
		format string
		want   []string
	}{
		{"HTML", append([]byte("\xff\xfe"), wide(binary.LittleEndian, page)...), "html", []string{"NSS 12345678901\n", "Inés\t1234\n"}},
		{"HTML, most first, without mark", wide(binary.BigEndian, page), "html", []string{"NSS 12345678901\n", "Inés\t1234\n"}},
		{"XML", append([]byte("\xfe\xff"), wide(binary.BigEndian, data)...), "xml", []string{"a: \ncurp: PEXI800101MDFXXN09\n"}},
		{"a long page", append([]byte("\xff\xfe"), wide(binary.LittleEndian, "<html>"+fill)...), "html", []string{strings.Repeat("ñ 1234\n", 20_000)}},
	} {
		t.Run(row.name, func(t *testing.T) {
			got, o := extracted(t, Limits{}, row.file)
			for i := range got {
				got[i] = strings.ReplaceAll(strings.TrimLeft(got[i], "\n"), "\n\n", "\n")
			}
			if diff := cmp.Diff(row.want, got); diff != "" || o.Format != row.format || o.Reason != "" {
				t.Errorf("got format %q and reason %q, want %q and none; texts (-want +got):\n%.2000s", o.Format, o.Reason, row.format, diff)
			}
		})
	}
}

// TestSevenZipSums holds that what is not as its checksum says is told.
func TestSevenZipSums(t *testing.T) {
	texts := map[string]string{"a": somebody, "b": line}
	for _, row := range []struct {
		name    string
		options []string
	}{
		{"each on its own", []string{"-m0=Copy", "-ms=off"}},
		{"together", []string{"-m0=Copy", "-ms=on"}},
		{"header as it is", []string{"-m0=Copy", "-mhc=off"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			b := tool(t, texts, "a.7z", append([]string{"7z", "a", "-bd", "a.7z", "a", "b"}, row.options...)...)
			if _, o := extracted(t, Limits{}, b); o.Reason != "" {
				t.Errorf("got reason %q, want none", o.Reason)
			}
			b[sevenStart+5] ^= 1
			if got, o := extracted(t, Limits{}, b); o.Reason != Damaged || o.Reasons[Damaged] != 1 || len(got) != 2 {
				t.Errorf("got reasons %v and %d texts of an archive with a wrong bit, want it told once, and 2", o.Reasons, len(got))
			}
		})
	}
}
