package agent

import (
	"bytes"
	"encoding/binary"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf16"

	"vigia/collector/api/carry"
	apiv1 "vigia/collector/api/v1"
)

// Bounds of a file of tokens: one for each machine of a large town hall.
const (
	maxTokenFile = 8 << 20 // bytes
	maxTokenRows = 100_000
)

// tokenIn finds the token of the machine named host in a file: the only one that it holds
// or, in a table with the columns host and token, that of its row. No error repeats one.
func tokenIn(file []byte, host string) (apiv1.Token, error) {
	text := plainText(file)
	first, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
	separator := separatorOf(first)
	if separator == 0 {
		return apiv1.ParseToken(text)
	}
	r := csv.NewReader(strings.NewReader(text))
	r.Comma, r.FieldsPerRecord, r.LazyQuotes, r.TrimLeadingSpace, r.ReuseRecord = separator, -1, true, true, true
	head, err := r.Read()
	if err != nil {
		return apiv1.Token{}, errTokenTable
	}
	column := func(name string) int {
		return slices.IndexFunc(head, func(h string) bool { return strings.EqualFold(strings.TrimSpace(h), name) })
	}
	hosts, tokens := column("host"), column("token")
	if hosts < 0 || tokens < 0 {
		return apiv1.Token{}, &problem{code: "problem.token_columns"}
	}
	own, err := rowOf(r, host, hosts, tokens)
	if err != nil {
		return apiv1.Token{}, err
	}
	token, err := apiv1.ParseToken(own.token)
	if err != nil {
		return apiv1.Token{}, fmt.Errorf("line %d: %w", own.line, err)
	}
	return token, nil
}

// tokenRow is a row of the table that is this machine's.
type tokenRow struct {
	token string
	line  int
	whole bool // the row has the machine's name as it is
}

var errTokenTable = errors.New("the table of tokens cannot be read")

// rowOf finds the one row of a machine: that with its name or, without one, that which
// differs in the domain alone, of which either may know nothing.
func rowOf(r *csv.Reader, host string, hosts, tokens int) (tokenRow, error) {
	var own []tokenRow
	for range maxTokenRows {
		record, err := r.Read()
		if errors.Is(err, io.EOF) {
			return oneOf(own, host)
		}
		if err != nil {
			return tokenRow{}, errTokenTable // its own words could hold a piece of a token
		}
		if hosts >= len(record) || tokens >= len(record) {
			continue
		}
		name := strings.TrimSpace(record[hosts])
		if whole, same := carry.SameHost(name, host); same {
			line, _ := r.FieldPos(hosts)
			own = append(own, tokenRow{token: strings.Clone(strings.TrimSpace(record[tokens])), line: line, whole: whole})
		}
	}
	return tokenRow{}, &problem{code: "problem.token_rows", args: map[string]string{"most": fmt.Sprint(maxTokenRows)}}
}

func oneOf(own []tokenRow, host string) (tokenRow, error) {
	if slices.ContainsFunc(own, func(r tokenRow) bool { return r.whole }) {
		own = slices.DeleteFunc(own, func(r tokenRow) bool { return !r.whole })
	}
	own = slices.CompactFunc(own, func(a, b tokenRow) bool { return a.token == b.token })
	switch len(own) {
	case 0:
		return tokenRow{}, &problem{code: "problem.token_host", args: map[string]string{"host": host}}
	case 1:
		return own[0], nil
	}
	return tokenRow{}, &problem{code: "problem.token_hosts", args: map[string]string{
		"host": host, "lines": fmt.Sprintf("%d, %d", own[0].line, own[1].line),
	}}
}

// separatorOf is what separates the columns of a table whose head is line; 0: it is none.
func separatorOf(line string) rune {
	separator, most := rune(0), 0
	for _, r := range ",;\t" {
		if n := strings.Count(line, string(r)); n > most {
			separator, most = r, n
		}
	}
	return separator
}

// plainText is a file as UTF-8, whichever way Windows wrote it.
func plainText(b []byte) string {
	if rest, ok := bytes.CutPrefix(b, []byte("\xef\xbb\xbf")); ok {
		return string(rest)
	}
	var order binary.ByteOrder
	switch {
	case bytes.HasPrefix(b, []byte("\xff\xfe")):
		order = binary.LittleEndian
	case bytes.HasPrefix(b, []byte("\xfe\xff")):
		order = binary.BigEndian
	default:
		return string(b)
	}
	units := make([]uint16, 0, len(b)/2)
	for b = b[2:]; len(b) >= 2; b = b[2:] {
		units = append(units, order.Uint16(b))
	}
	return string(utf16.Decode(units))
}
