package report

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"vigia/checks"
	"vigia/checks/message"
)

// tables renders the four tables from the document, by file name. They are
// meant for a spreadsheet in Spanish: UTF-8 with a byte order mark, separated
// by semicolons, times in the organisation's zone.
func (d Document) tables(lang message.Lang) (map[string][]byte, error) {
	out := map[string][]byte{}
	d.location = d.zone()
	for name, rows := range map[string][][]string{
		"datos/controles.csv": d.controlRows(lang),
		"datos/estados.csv":   d.stateRows(lang),
		"datos/hallazgos.csv": d.findingRows(lang),
		"datos/cobertura.csv": d.coverageRows(lang),
	} {
		var b bytes.Buffer
		b.WriteString("\ufeff")
		w := csv.NewWriter(&b)
		w.Comma, w.UseCRLF = ';', true
		for _, row := range rows {
			for i := range row {
				row[i] = inert(row[i])
			}
			if err := w.Write(row); err != nil {
				return nil, fmt.Errorf("write %s: %w", name, err)
			}
		}
		w.Flush()
		if err := w.Error(); err != nil {
			return nil, fmt.Errorf("write %s: %w", name, err)
		}
		out[name] = b.Bytes()
	}
	return out, nil
}

// inert keeps a spreadsheet from taking a cell for a formula: host names and
// paths come from machines that nobody vouches for (CWE-1236).
func inert(cell string) string {
	first, _ := utf8.DecodeRuneInString(strings.TrimLeft(cell, " \n\u00a0"))
	if strings.ContainsRune("=+-@\t\r＝＋－＠", first) {
		return "'" + cell
	}
	return cell
}

// moment writes a time for a reader in the organisation's zone.
func (d Document) moment(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.In(d.zone()).Format("2006-01-02 15:04")
}

func (d Document) controlRows(lang message.Lang) [][]string {
	rows := [][]string{{"control", "título", "gravedad", "modo", "esencial", "fuentes", "paquetes", "estado",
		"cumple", "mejorable", "no cumple", "sin dato", "no aplica", "cumplía antes", "no cumplía antes"}}
	for _, c := range d.Controls {
		state := "sin medición automática"
		if c.Measured {
			state = Label(lang, string(c.Worst()))
		}
		row := []string{c.ID, c.Title, Label(lang, string(c.Severity)), Label(lang, string(c.Mode)), yesNo(c.Core), c.cites(),
			strings.Join(c.Packs, " "), state}
		for _, s := range []checks.Status{checks.Pass, checks.Warn, checks.Fail, checks.Unknown, checks.NotApplicable} {
			row = append(row, strconv.Itoa(c.Counts[s]))
		}
		rows = append(rows, append(row, strconv.Itoa(c.Before[checks.Pass]), strconv.Itoa(c.Before[checks.Fail])))
	}
	return rows
}

func (d Document) stateRows(lang message.Lang) [][]string {
	rows := [][]string{{"equipo", "control", "regla", "estado", "motivo", "qué hacer", "desde", "última medida", "en silencio",
		"juicio del agente", "código", "hoja", "hoja de los hechos", "hoja de la política", "identificador"}}
	for _, s := range d.States {
		agent := ""
		if s.Agent != "" {
			agent = Label(lang, string(s.Agent))
		}
		rows = append(rows, []string{s.Hostname, s.Control, s.Entry, Label(lang, string(s.Status)), s.Text, s.Do, d.moment(s.Since),
			d.moment(s.Last), yesNo(s.Silent), agent, s.Reason.Code, number(s.Leaf), number(s.Facts), number(s.Policy), s.Machine})
	}
	return rows
}

func (d Document) findingRows(lang message.Lang) [][]string {
	rows := [][]string{{"equipo", "control", "parte", "estado", "gravedad", "fase", "motivo", "qué hacer", "visto por primera vez",
		"abierto desde", "resuelto", "veces", "código", "hoja", "identificador"}}
	for _, f := range d.Findings {
		severity := ""
		if f.Severity != "" {
			severity = Label(lang, string(f.Severity))
		}
		rows = append(rows, []string{f.Hostname, f.Control, f.Key, Label(lang, string(f.Status)), severity, Label(lang, string(f.Phase)),
			f.Text, f.Do, d.moment(f.First), d.moment(f.Opened), d.moment(f.Resolved), strconv.Itoa(f.Times), f.Reason.Code, number(f.Leaf), f.Machine})
	}
	return rows
}

func (d Document) coverageRows(lang message.Lang) [][]string {
	rows := [][]string{{"equipo", "departamento", "sistema", "cobertura", "último contacto", "alta", "motivo", "identificador"}}
	for _, m := range d.Coverage.Machines {
		rows = append(rows, []string{m.Hostname, m.Department, m.OS, Label(lang, m.State), d.moment(m.LastSeen), d.moment(m.Enrolled), m.Why, m.ID})
	}
	return rows
}

func yesNo(b bool) string {
	if b {
		return "sí"
	}
	return "no"
}

// number writes an entry's index, empty for none.
func number(n int64) string {
	if n < 0 {
		return ""
	}
	return strconv.FormatInt(n, 10)
}
