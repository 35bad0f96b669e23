package handover

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"vigia/checks/message"
	"vigia/collector/paper"
	"vigia/collector/registers"
)

// The files of a package that are not of its contents.
const (
	ManifestFile = "MANIFIESTO.sha256"
	ActFile      = "acta-de-entrega.pdf"
	ActDraftFile = "acta-de-entrega.docx"
)

// Receipt tells of a package that was written.
type Receipt struct {
	Files    int
	Manifest string // SHA-256 of the manifest, in hexadecimal
	Act      string // SHA-256 of the act
}

// Record is the payload of the leaf about a handover, as JSON.
type Record struct {
	Act
	Manifest  string `json:"manifest_sha256"`
	ActSHA256 string `json:"act_sha256"`
	Files     int    `json:"files"`
	Encrypted bool   `json:"encrypted"`
}

// file is one of the package.
type file struct {
	name string
	data []byte
}

// Write writes the package.
func Write(w io.Writer, state State, act Act) (Receipt, error) {
	files, err := contents(state, act)
	if err != nil {
		return Receipt{}, err
	}
	var manifest strings.Builder
	for _, f := range files {
		sum := sha256.Sum256(f.data)
		fmt.Fprintf(&manifest, "%s  %s\n", hex.EncodeToString(sum[:]), f.name)
	}
	receipt := Receipt{Files: len(files), Manifest: hash([]byte(manifest.String()))}
	text := actText(state, act, receipt)
	opts := paper.Options{At: act.At, Sign: []paper.Signature{{Role: "Entrega", Name: act.From.Name}, {Role: "Recibe", Name: act.To.Name}, {Role: "Testigo", Name: act.Witness.Name}},
		QR: "sha256:" + receipt.Manifest, Caption: "Huella de la lista del paquete"}
	if state.Simulated {
		opts.Mark = "SIMULACRO"
	}
	doc, err := paper.PDF(text, state.Organisation, opts)
	if err != nil {
		return Receipt{}, fmt.Errorf("make the act: %w", err)
	}
	draft, err := paper.DOCX(text+signatures(act), state.Organisation)
	if err != nil {
		return Receipt{}, fmt.Errorf("make the act: %w", err)
	}
	receipt.Act = hash(doc)
	out := zip.NewWriter(w)
	for _, f := range slices.Concat([]file{{ActFile, doc}, {ActDraftFile, draft}, {ManifestFile, []byte(manifest.String())}}, files) {
		entry, err := out.CreateHeader(&zip.FileHeader{Name: f.name, Method: zip.Deflate, Modified: act.At.UTC().Truncate(time.Second)})
		if err == nil {
			_, err = entry.Write(f.data)
		}
		if err != nil {
			return Receipt{}, fmt.Errorf("write %s of the package: %w", f.name, err)
		}
	}
	if err := out.Close(); err != nil {
		return Receipt{}, fmt.Errorf("write the package: %w", err)
	}
	return receipt, nil
}

func hash(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// contents are the files that the manifest lists, by name.
func contents(state State, act Act) ([]file, error) {
	files := []file{
		{"LEEME.txt", []byte(readMe(state, act))},
		{"punto-de-control.txt", state.Checkpoint},
		{"clave-del-registro.txt", []byte(state.Verifier + "\n")},
	}
	for _, t := range append([]Table{accountsTable(state), keysTable(state)}, state.Tables...) {
		data, err := t.csv()
		if err != nil {
			return nil, err
		}
		files = append(files, file{t.Name + ".csv", data})
	}
	for _, b := range state.Books {
		for format, ending := range map[registers.Format]string{registers.CSV: ".csv", registers.XLSX: ".xlsx"} {
			var data bytes.Buffer
			if err := b.Book.Export(&data, format, b.Rows, message.Spanish, state.Zone); err != nil {
				return nil, err
			}
			files = append(files, file{"libros/" + b.Book.Name + ending, data.Bytes()})
		}
	}
	slices.SortFunc(files, func(a, b file) int { return strings.Compare(a.name, b.name) })
	return files, nil
}

func (s State) when(at time.Time) string {
	if at.IsZero() {
		return "nunca"
	}
	return at.In(s.Zone).Format("02/01/2006 15:04")
}

func accountsTable(s State) Table {
	t := Table{Name: "cuentas", Title: "Cuentas del portal", Head: []string{"Cuenta", "Papel", "Creada", "Última entrada", "Estado"}}
	for _, a := range s.Accounts {
		state := "en uso"
		if a.Disabled {
			state = "cerrada"
		}
		t.Rows = append(t.Rows, []string{a.Name, a.Role, s.when(a.Created), s.when(a.LastLogin), state})
	}
	return t
}

func keysTable(s State) Table {
	t := Table{Name: "claves", Title: "Claves del colector", Head: []string{"Clave", "Archivo", "Huella (SHA-256)"}}
	for _, k := range s.Keys {
		t.Rows = append(t.Rows, []string{k.Name, k.File, k.Fingerprint})
	}
	return t
}

// csv is the table as a spreadsheet in Spanish opens it.
func (t Table) csv() ([]byte, error) {
	var out bytes.Buffer
	out.WriteString("\ufeff")
	w := csv.NewWriter(&out)
	w.Comma, w.UseCRLF = ';', true
	for _, row := range append([][]string{t.Head}, t.Rows...) {
		cells := make([]string, len(row))
		for i, cell := range row {
			if cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
				cell = "'" + cell // no spreadsheet takes it for a formula
			}
			cells[i] = cell
		}
		if err := w.Write(cells); err != nil {
			return nil, fmt.Errorf("write the table %s: %w", t.Name, err)
		}
	}
	w.Flush()
	if err := w.Error(); err != nil {
		return nil, fmt.Errorf("write the table %s: %w", t.Name, err)
	}
	return out.Bytes(), nil
}

func readMe(s State, act Act) string {
	var b strings.Builder
	if s.Simulated {
		b.WriteString("SIMULACRO: nada de lo que contiene es real.\r\n\r\n")
	}
	fmt.Fprintf(&b, `Entrega de los libros y registros de seguridad%s
Hecho el %s por la cuenta %s.

Qué hay aquí
  %s   el acta, para imprimir y firmar
  libros/                     cada libro, en CSV y en XLSX, como estaba en ese momento
  cuentas.csv, claves.csv     quién entra en el portal; huellas de las claves (ninguna clave)
  punto-de-control.txt        estado firmado del registro de pruebas: guárdelo aparte
  %s        la huella SHA-256 de cada archivo

Cómo comprobar que nada cambió
  1. El acta firmada dice la huella del manifiesto. Calcúlela y compare:
       sha256sum %s
       (en Windows: certutil -hashfile %s SHA256)
  2. Compruebe los archivos, en la carpeta donde los extrajo:
       sha256sum -c %s
  O todo a la vez, con el programa: vigia handover verify ARCHIVO.zip

La misma huella está en el registro de pruebas del colector, en la hoja «handover».
`, dashed(s.Organisation), s.when(act.At), act.By, ActFile, ManifestFile, ManifestFile, ManifestFile, ManifestFile)
	return strings.ReplaceAll(b.String(), "\n", "\r\n")
}

func dashed(text string) string {
	if text == "" {
		return ""
	}
	return " — " + text
}

// plain makes a text of a person one that means nothing in Markdown.
func plain(text string) string { return paper.Escape(strings.Join(strings.Fields(text), " ")) }

// actText is the act.
func actText(s State, act Act, r Receipt) string {
	var b strings.Builder
	if s.Simulated {
		b.WriteString("**SIMULACRO: nada de lo que dice es real.**\n\n")
	}
	fmt.Fprintf(&b, "# Acta de entrega-recepción\n\n## Medidas de seguridad de los datos personales\n\n")
	fmt.Fprintf(&b, "Organización: **%s**. Lugar: **%s**. Fecha y hora: **%s**.\n\n", orBlank(s.Organisation), orBlank(act.Place), s.when(act.At))
	b.WriteString("| | Nombre | Cargo |\n|---|---|---|\n")
	fmt.Fprintf(&b, "| Entrega | %s | %s |\n| Recibe | %s | %s |\n", orBlank(act.From.Name), orBlank(act.From.Post), orBlank(act.To.Name), orBlank(act.To.Post))
	if act.Witness.Name != "" {
		fmt.Fprintf(&b, "| Testigo | %s | %s |\n", orBlank(act.Witness.Name), orBlank(act.Witness.Post))
	}
	b.WriteString("\n## Qué se comprobó\n\n| Punto | Hecho | Observaciones |\n|---|---|---|\n")
	for _, item := range Checklist() {
		done, note := "**PENDIENTE**", ""
		for _, a := range act.Answers {
			if a.Code == item.Code {
				note = plain(a.Note)
				if a.Done {
					done = "sí"
				}
			}
		}
		fmt.Fprintf(&b, "| %s | %s | %s |\n", item.Ask.ES, done, note)
	}
	backup := "no consta ninguna"
	if !s.Backup.At.IsZero() {
		backup = s.when(s.Backup.At) + ", archivo " + plain(s.Backup.File)
	}
	fmt.Fprintf(&b, "\nÚltima copia de seguridad del colector: **%s**. Bajas anotadas en los últimos noventa días: **%d**. Equipos dados de alta: **%d**.\n", backup, s.Left, s.Machines)
	b.WriteString("\n## Libros que se entregan\n\n| Libro | Filas vigentes |\n|---|---|\n")
	for _, book := range s.Books {
		fmt.Fprintf(&b, "| %s | %d |\n", book.Book.Title.ES, book.Count)
	}
	for _, t := range append([]Table{accountsTable(s), keysTable(s)}, s.Tables...) {
		if len(t.Rows) == 0 || len(t.Rows) > maxActRows {
			continue
		}
		fmt.Fprintf(&b, "\n## %s\n\n| %s |\n|%s\n", t.Title, strings.Join(t.Head, " | "), strings.Repeat("---|", len(t.Head)))
		for _, row := range t.Rows {
			cells := make([]string, len(row))
			for i, cell := range row {
				cells[i] = plain(cell)
			}
			fmt.Fprintf(&b, "| %s |\n", strings.Join(cells, " | "))
		}
	}
	if act.Notes != "" {
		fmt.Fprintf(&b, "\n## Observaciones\n\n%s\n", plain(act.Notes))
	}
	fmt.Fprintf(&b, "\n## Sello del paquete\n\nEsta acta acompaña a un paquete de %d archivos. La huella SHA-256 de su lista (%s) es:\n\n**%s**\n\n", r.Files, ManifestFile, r.Manifest)
	b.WriteString("Quien recibe puede comprobarla como dice LEEME.txt. Está además en el registro de pruebas del colector.\n")
	return b.String()
}

// signatures are the places to sign, where the form has no boxes.
func signatures(act Act) string {
	var b strings.Builder
	b.WriteString("\n## Firmas\n")
	for _, who := range []struct {
		as    string
		party Party
	}{{"Entrega", act.From}, {"Recibe", act.To}, {"Testigo", act.Witness}} {
		fmt.Fprintf(&b, "\n**%s:** %s, %s\n\nFirma y sello:\n\n[%s]\n", who.as, orBlank(who.party.Name), orBlank(who.party.Post), strings.Repeat(" ", signature))
	}
	return b.String()
}

// signature is how wide the place for one is, in spaces.
const signature = 60

// maxActRows bounds a table in the act; a longer one is in the package alone.
const maxActRows = 60

func orBlank(text string) string {
	if text = plain(text); text == "" {
		return "[          ]"
	}
	return text
}
