// Package receipts is the book of deliveries of data to another body, each with its receipt
// (REC), and what looks at the file before it is delivered: that the container is encrypted
// as it must be, and that each line has the fields that were agreed on.
//
// Always true: no value of a file is kept, printed or logged, nor is a part of one: what is
// wrong is told by the number of the line and the kind of error. The file itself stays
// where it is; the book keeps its name, size, number of records and SHA-256.
package receipts

import (
	"strings"
	"time"

	"vigia/checks/message"
	"vigia/checks/policy"
	"vigia/collector/registers"
	"vigia/collector/worktime"
)

// Name is the book's.
const Name = "receipts"

func say(es, en string) message.Text { return message.Text{ES: es, EN: en} }

// Book says what the rows hold.
func Book() *registers.Book {
	return &registers.Book{
		Name: Name, Prefix: "REC", Theme: registers.ThemeRights,
		Title: say("Recibos de entrega de datos", "Delivery receipts"),
		Lead: say("Cada entrega de datos personales a otra institución: archivo, tamaño, registros, huella, quién entrega y quién recibe.",
			"Each delivery of personal data to another body: file, size, records, hash, who hands over and who receives."),
		Fields: []registers.Field{
			{Name: "delivered", Kind: registers.Moment, Required: true, Label: say("Fecha y hora de la entrega", "Delivered on")},
			{Name: "place", Kind: registers.Line, Required: true, Label: say("Lugar", "Place")},
			{Name: "recipient", Kind: registers.Line, Required: true, Label: say("Institución que recibe", "Receiving body")},
			{Name: "file", Kind: registers.Line, Required: true, Label: say("Archivo", "File")},
			{Name: "bytes", Kind: registers.Number, Required: true, Label: say("Tamaño en bytes", "Size in bytes")},
			{Name: "records", Kind: registers.Number, Required: true, Label: say("Registros", "Records")},
			{Name: "hash", Kind: registers.Line, Required: true, Label: say("Huella del archivo (SHA-256)", "Hash of the file (SHA-256)")},
			{Name: "container", Kind: registers.Choice, Required: true, Label: say("Contenedor cifrado", "Encrypted container"), Options: []registers.Option{
				{Code: string(ZipAES256), Label: say("ZIP con AES de 256 bits", "ZIP with AES of 256 bits")},
				{Code: string(SevenZipAES256), Label: say("7z con AES de 256 bits", "7z with AES of 256 bits")},
			}},
			{Name: "checked", Kind: registers.Choice, Required: true, Label: say("Revisión de las líneas", "Lines looked at"), Options: []registers.Option{
				{Code: "good", Label: say("Todas bien", "All good")},
				{Code: "not_read", Label: say("No se revisaron: el archivo ya estaba cifrado", "Not looked at: the file was encrypted already")},
			}},
			{Name: "period", Kind: registers.Line, Label: say("Mes al que corresponde", "Month it is of"), Hint: say("2026-11; vacío en la carga inicial.", "2026-11; empty for the initial load.")},
			{Name: "giver", Kind: registers.Line, Required: true, Personal: true, Label: say("Quién entrega", "Who hands over")},
			{Name: "giver_post", Kind: registers.Line, Required: true, Label: say("Cargo de quien entrega", "Post of who hands over")},
			{Name: "receiver", Kind: registers.Line, Required: true, Personal: true, Label: say("Quién recibe", "Who receives")},
			{Name: "receiver_post", Kind: registers.Line, Required: true, Label: say("Cargo de quien recibe", "Post of who receives")},
			{Name: "signed", Kind: registers.Paper, Label: say("Recibo firmado", "Signed receipt"), Hint: say("El escaneado con las dos firmas.", "The scan with both signatures.")},
			{Name: "note", Kind: registers.Prose, Label: say("Observaciones", "Notes")},
		},
		Writers: []string{"officer", "administrator", "transparency"}, Check: check, Words: words(),
	}
}

func words() message.Catalogue {
	return message.Catalogue{
		"receipts.hash":            {Say: say("no es una huella SHA-256: son 64 cifras y letras de la a a la f", "is no SHA-256: it has 64 digits and letters a to f")},
		"receipts.period":          {Say: say("escriba el mes como 2026-11", "write the month as 2026-11")},
		"receipts.plain":           {Say: say("el archivo no está en un contenedor cifrado: métalo en un ZIP o 7z con contraseña y cifrado AES-256", "the file is in no encrypted container: put it into a ZIP or 7z with a password and AES-256")},
		"receipts.zipcrypto":       {Say: say("el ZIP usa el cifrado antiguo (ZipCrypto), que se rompe en minutos: vuelva a crearlo eligiendo AES-256", "the ZIP uses the old encryption (ZipCrypto), which is broken in minutes: make it again choosing AES-256")},
		"receipts.weak":            {Say: say("el cifrado es AES de menos de 256 bits: vuelva a crearlo con AES-256", "the encryption is AES of less than 256 bits: make it again with AES-256")},
		"receipts.partly":          {Say: say("dentro hay archivos sin cifrar: vuelva a crear el contenedor con contraseña para todos", "some files inside are not encrypted: make the container again with a password for all")},
		"receipts.empty_container": {Say: say("el contenedor está vacío", "the container is empty")},
		"receipts.container":       {Say: say("el contenedor está dañado o no se entiende: vuelva a crearlo con 7-Zip", "the container is damaged or not understood: make it again with 7-Zip")},
		"receipts.rar":             {Say: say("es un RAR, cuyo cifrado no se comprueba: use ZIP o 7z con AES-256", "is a RAR, whose encryption is not looked at: use ZIP or 7z with AES-256")},
		"receipts.empty":           {Say: say("un archivo sin registros no se entrega", "a file without records is not delivered")},
		"receipts.same":            {Say: say("nadie se entrega a sí mismo", "nobody delivers to himself")},
	}
}

func check(v registers.Values) []registers.Problem {
	var out []registers.Problem
	wrong := func(field, code string) { out = append(out, registers.Problem{Field: field, Code: code}) }
	if h := v["hash"]; len(h) != 64 || strings.Trim(h, "0123456789abcdef") != "" {
		wrong("hash", "receipts.hash")
	}
	if v["period"] != "" {
		if _, err := time.Parse("2006-01", v["period"]); err != nil {
			wrong("period", "receipts.period")
		}
	}
	if v["bytes"] == "0" || v["records"] == "0" {
		wrong("records", "receipts.empty")
	}
	if registers.Fold(v["giver"]) == registers.Fold(v["receiver"]) {
		wrong("receiver", "receipts.same")
	}
	return out
}

// Receipt is a row.
type Receipt struct {
	Folio                  int64
	Delivered              time.Time
	Place, Recipient       string
	File, Hash             string
	Bytes, Records         int64
	Container              Container
	Checked                string
	Period                 string // 2026-11; empty: the initial load
	Giver, GiverPost       string
	Receiver, ReceiverPost string
	Signed                 string // hash of the scan
}

// Of reads a row.
func Of(row registers.Row) (Receipt, error) {
	r, v := registers.Reader{Values: row.Values}, row.Values
	return Receipt{Folio: row.Folio, Delivered: r.Moment("delivered"), Place: v["place"], Recipient: v["recipient"], File: v["file"], Hash: v["hash"],
		Bytes: r.Number("bytes"), Records: r.Number("records"), Container: Container(v["container"]), Checked: v["checked"], Period: v["period"],
		Giver: v["giver"], GiverPost: v["giver_post"], Receiver: v["receiver"], ReceiverPost: v["receiver_post"], Signed: v["signed"]}, r.Err
}

// Month is how the delivery of one month stands.
type Month struct {
	Period string // 2026-11
	Due    time.Time
	// Receipt is the first delivery of that month, zero when there is none.
	Receipt Receipt
	Late    bool // delivered after Due, or not delivered and Due is over
}

// Months are the deliveries that were due from the month of one instant to that of
// another, when packs ask for them; none when no pack does.
func Months(all []Receipt, packs []policy.Pack, cal worktime.Calendar, from, now time.Time) ([]Month, error) {
	terms := policy.TermsOf(packs, policy.DeliveryMonthly)
	if len(terms) == 0 {
		return nil, nil
	}
	days := terms[0].Count
	for _, t := range terms {
		days = min(days, t.Count)
	}
	zone := cal.Zone
	if zone == nil {
		zone = time.UTC
	}
	var out []Month
	last := now.In(zone)
	for at := from.In(zone); ; at = time.Date(at.Year(), at.Month()+1, 1, 0, 0, 0, 0, zone) {
		if at.Year() > last.Year() || at.Year() == last.Year() && at.Month() > last.Month() {
			return out, nil
		}
		due, err := cal.Workday(at.Year(), at.Month(), days)
		if err != nil {
			return nil, err
		}
		m := Month{Period: at.Format("2006-01"), Due: due, Late: now.After(due)}
		for _, r := range all {
			if r.Period == m.Period && (m.Receipt.Folio == 0 || r.Delivered.Before(m.Receipt.Delivered)) {
				m.Receipt, m.Late = r, r.Delivered.After(due)
			}
		}
		out = append(out, m)
	}
}
