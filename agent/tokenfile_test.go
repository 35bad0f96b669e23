package agent

import (
	"encoding/binary"
	"errors"
	"strings"
	"testing"
	"unicode/utf16"

	apiv1 "vigia/collector/api/v1"
)

// tokenOf is a token that tells apart whose it is.
func tokenOf(n byte) apiv1.Token { return apiv1.Token{Secret: [16]byte{n}, CAPin: [32]byte{n}} }

func utf16File(order binary.AppendByteOrder, text string) string {
	var b []byte
	for _, u := range utf16.Encode([]rune("\ufeff" + text)) {
		b = order.AppendUint16(b, u)
	}
	return string(b)
}

func TestTokenIn(t *testing.T) {
	one, two := tokenOf(1).String(), tokenOf(2).String()
	table := "host,department,token\npc-01,Padrón," + one + "\npc-02,Catastro," + two + "\n"
	for _, row := range []struct {
		name, file, host string
		want             byte   // whose token
		problem          string // or why none
	}{
		{"one token", one + "\n", "pc-09", 1, ""},
		{"one token as Windows writes it", "\ufeff" + one + "\r\n", "pc-09", 1, ""},
		{"one token of PowerShell", utf16File(binary.LittleEndian, one+"\r\n"), "pc-09", 1, ""},
		{"its row", table, "pc-02", 2, ""},
		{"its row, for Windows names it so", table, "PC-02", 2, ""},
		{"its row, of a machine that knows its domain", table, "pc-02.ayto.example", 2, ""},
		{"its row with a domain", strings.ReplaceAll(table, "pc-02", "pc-02.ayto.example."), "PC-02", 2, ""},
		{"with semicolons, from Excel", "\ufeff" + strings.ReplaceAll(table, ",", ";"), "pc-01", 1, ""},
		{"with tabs, from Excel too", utf16File(binary.BigEndian, strings.ReplaceAll(table, ",", "\t")), "pc-01", 1, ""},
		{"quoted, other order, other case", "\"Token\"; \"HOST\"\r\n\"" + two + "\"; \" pc-02 \"\r\n", "pc-02", 2, ""},
		{"its whole name before another domain's", "host,token\npc-01," + one + "\npc-01.ayto.example," + two + "\n", "pc-01.ayto.example", 2, ""},
		{"the same token twice", table + "pc-02,x," + two + "\n", "pc-02", 2, ""},
		{"rows of other lengths", "host,token\n\npc-01\n\"\",\npc-02," + two + ",x\n", "pc-02", 2, ""},
		{"no row", table, "pc-03", 0, "problem.token_host"},
		{"a row of another domain", "host,token\npc-01.otro.example," + one + "\n", "pc-01.ayto.example", 0, "problem.token_host"},
		{"a machine without a name", "host,token\n," + one + "\n", "", 0, "problem.token_host"},
		{"two tokens", table + "pc-02,x," + one + "\n", "pc-02", 0, "problem.token_hosts"},
		{"two domains", "host,token\npc-01.a.example," + one + "\npc-01.b.example," + two + "\n", "pc-01", 0, "problem.token_hosts"},
		{"no column of hosts", "name,token\npc-01," + one + "\n", "pc-01", 0, "problem.token_columns"},
		{"no head", "pc-01," + one + "\n", "pc-01", 0, "problem.token_columns"},
		{"a token cut short", strings.ReplaceAll(table, two, two[:20]), "pc-02", 0, "problem.token"},
		{"no token", "host,token\npc-01,\n", "pc-01", 0, "problem.token"},
		{"nothing", "", "pc-01", 0, "problem.token"},
		{"too many rows", "host,token\n" + strings.Repeat("x,y\n", maxTokenRows+1), "pc-01", 0, "problem.token_rows"},
	} {
		t.Run(row.name, func(t *testing.T) {
			got, err := tokenIn([]byte(row.file), row.host)
			if row.problem == "" {
				if err != nil || got != tokenOf(row.want) {
					t.Errorf("got the token of %d, %v; want %d", got.Secret[0], err, row.want)
				}
				return
			}
			if err == nil {
				t.Fatal("got no error")
			}
			if code, _ := classify(err); code != row.problem {
				t.Errorf("got %s: %v, want %s", code, err, row.problem)
			}
		})
	}
}

// Whoever writes the file, no error repeats what may be a token.
func FuzzTokenIn(f *testing.F) {
	f.Add([]byte("host,token\npc-01,vigia1-secret\n"), "pc-01")
	f.Add([]byte("\ufeffhost;token\r\npc-01;\"vigia1-secret"), "pc-01")
	f.Add([]byte("\xff\xfeh\x00"), "")
	f.Add([]byte(tokenOf(1).String()), "pc-01.ayto.example")
	f.Fuzz(func(t *testing.T, file []byte, host string) {
		if _, err := tokenIn(file, host); err != nil && strings.Contains(err.Error(), "vigia1-s") && !strings.Contains(host, "vigia1-s") {
			t.Errorf("the error says %q", err)
		} else if err != nil && !errors.Is(err, apiv1.ErrToken) {
			if code, _ := classify(err); !strings.HasPrefix(code, "problem.token") {
				t.Errorf("%v is %s", err, code)
			}
		}
	})
}
