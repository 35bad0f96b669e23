package receipts

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"vigia/checks/message"
)

// Fault is a kind of error of a line.
type Fault string

// The kinds.
const (
	FaultEncoding Fault = "encoding" // the line is not UTF-8
	FaultLong     Fault = "long"     // the line is too long to be one
	FaultEmpty    Fault = "empty"    // the line has nothing
	FaultFields   Fault = "fields"   // it has not 10 fields
	FaultControl  Fault = "control"  // it holds characters that nobody can see
	FaultSpaces   Fault = "spaces"   // a field begins or ends with a space
	FaultKey      Fault = "key"      // the assignment key or that of the institute is missing
	FaultKind     Fault = "kind"     // the kind of beneficiary is missing
	FaultName     Fault = "name"     // given names or the first surname are missing, or hold digits
	FaultSex      Fault = "sex"      // not H, M or F
	FaultBirth    Fault = "birth"    // no date dd/mm/aaaa, or of the future
	FaultRFC      Fault = "rfc"      // not of the form of an RFC
	FaultUntil    Fault = "until"    // the end of validity is no date dd/mm/aaaa
)

// Faults are all kinds with their words, in the order in which they are told.
func Faults() []struct {
	Fault
	Says message.Text
} {
	return []struct {
		Fault
		Says message.Text
	}{
		{FaultFields, say("no tiene 10 campos separados por «|»", "has not 10 fields parted by “|”")},
		{FaultEncoding, say("no está en UTF-8", "is not UTF-8")},
		{FaultLong, say("es demasiado larga", "is too long")},
		{FaultEmpty, say("está vacía", "is empty")},
		{FaultControl, say("tiene caracteres que no se ven", "holds characters that cannot be seen")},
		{FaultSpaces, say("un campo empieza o termina con espacio", "a field begins or ends with a space")},
		{FaultKey, say("falta la clave de adscripción o la del instituto", "the assignment key or that of the institute is missing")},
		{FaultKind, say("falta el tipo de beneficiario", "the kind of beneficiary is missing")},
		{FaultName, say("faltan el nombre o el primer apellido, o tienen cifras", "the given name or the first surname is missing, or holds digits")},
		{FaultSex, say("el sexo no es H, M o F", "the sex is not H, M or F")},
		{FaultBirth, say("la fecha de nacimiento no es dd/mm/aaaa o es futura", "the birth date is not dd/mm/yyyy, or is to come")},
		{FaultRFC, say("el RFC no tiene su forma", "the RFC has not its form")},
		{FaultUntil, say("el fin de vigencia no es dd/mm/aaaa", "the end of validity is not dd/mm/yyyy")},
	}
}

const (
	layoutFields = 10
	maxLine      = 4096 // bytes
	maxNamed     = 20   // lines that are named of each fault
)

// Check is what came of looking at a file: numbers alone.
type Check struct {
	Lines, Records int64 // Records are the lines without a fault
	Faults         map[Fault]Lines
	// Mark tells that the file begins with the mark of UTF-8, which counts as no fault.
	Mark bool
}

// Lines are those with a fault.
type Lines struct {
	Count int64
	First []int64 // numbers of some of them, from 1
}

// Good tells whether the file may be delivered.
func (c Check) Good() bool { return c.Lines > 0 && len(c.Faults) == 0 }

// Validate looks at the lines of a text file. today bounds dates of birth. A line ends
// with a line feed, with or without a carriage return.
func Validate(r io.Reader, today time.Time) (Check, error) {
	out := Check{Faults: map[Fault]Lines{}}
	in := bufio.NewReaderSize(r, maxLine)
	if mark, err := in.Peek(3); err == nil && string(mark) == "\ufeff" {
		out.Mark = true
		_, _ = in.Discard(len(mark)) // it was there
	}
	for {
		line, err := in.ReadSlice('\n')
		if len(line) == 0 && errors.Is(err, io.EOF) {
			return out, nil
		}
		out.Lines++
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			out.add(FaultLong)
			for errors.Is(err, bufio.ErrBufferFull) {
				_, err = in.ReadSlice('\n')
			}
			if err != nil && !errors.Is(err, io.EOF) {
				return Check{}, fmt.Errorf("read the file: %w", err)
			}
		case err != nil && !errors.Is(err, io.EOF):
			return Check{}, fmt.Errorf("read the file: %w", err)
		default:
			faults := faultsOf(bytes.TrimSuffix(bytes.TrimSuffix(line, []byte("\n")), []byte("\r")), today)
			for _, f := range faults {
				out.add(f)
			}
			if len(faults) == 0 {
				out.Records++
			}
		}
		if errors.Is(err, io.EOF) {
			return out, nil
		}
	}
}

// add counts a fault of the line that was read last.
func (c *Check) add(f Fault) {
	lines := c.Faults[f]
	lines.Count++
	if len(lines.First) < maxNamed {
		lines.First = append(lines.First, c.Lines)
	}
	c.Faults[f] = lines
}

// faultsOf finds what is wrong with a line, each kind once.
func faultsOf(line []byte, today time.Time) []Fault {
	text := string(line)
	switch {
	case strings.TrimSpace(text) == "":
		return []Fault{FaultEmpty}
	case !utf8.ValidString(text):
		return []Fault{FaultEncoding}
	}
	fields := strings.Split(text, "|")
	if len(fields) != layoutFields {
		return []Fault{FaultFields}
	}
	var out []Fault
	wrong := func(is bool, f Fault) {
		if is {
			out = append(out, f)
		}
	}
	spaces := false
	for i, f := range fields {
		trimmed := strings.TrimSpace(f)
		spaces, fields[i] = spaces || trimmed != f, trimmed
	}
	wrong(strings.ContainsFunc(text, unicode.IsControl), FaultControl)
	wrong(spaces, FaultSpaces)
	wrong(fields[0] == "" || fields[1] == "", FaultKey)
	wrong(fields[2] == "", FaultKind)
	wrong(fields[3] == "" || fields[4] == "" || strings.ContainsFunc(fields[3]+fields[4]+fields[5], unicode.IsDigit), FaultName)
	wrong(fields[6] != "H" && fields[6] != "M" && fields[6] != "F", FaultSex)
	birth, err := time.Parse("02/01/2006", fields[7])
	wrong(err != nil || birth.Year() < 1880 || birth.After(today), FaultBirth)
	wrong(!rfcForm(fields[8]), FaultRFC)
	until, err := time.Parse("02/01/2006", fields[9])
	wrong(fields[9] != "" && (err != nil || until.Year() < 1980 || until.Year() > 2200), FaultUntil)
	return out
}

// rfcForm tells whether a text is of the form of a person's RFC: four letters, a date, and
// three characters that may not have been given yet.
func rfcForm(text string) bool {
	letters := []rune(text)
	if len(letters) != 13 && len(letters) != 10 {
		return false
	}
	for i, r := range letters {
		upper, digit := r >= 'A' && r <= 'Z', r >= '0' && r <= '9'
		switch {
		case i < 4 && !upper && r != 'Ñ' && r != '&', i >= 4 && i < 10 && !digit, i >= 10 && !upper && !digit:
			return false
		}
	}
	_, err := time.Parse("060102", string(letters[4:10]))
	return err == nil
}
