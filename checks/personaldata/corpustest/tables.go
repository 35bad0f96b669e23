package corpustest

import (
	"fmt"
	"slices"
	"strings"
)

// A column of a table: its name and what stands in it. One without a type holds words.
type column struct {
	name  string
	typ   Type
	value func(Identity) string
}

func staffColumns(spain bool) []column {
	named := []column{
		{"nombre", "", func(id Identity) string { return id.First }},
		{"apellido_paterno", "", func(id Identity) string { return id.Paternal }},
		{"apellido_materno", "", func(id Identity) string { return id.Maternal }},
	}
	if spain {
		return append(named,
			column{"DNI", DNI, func(id Identity) string { return id.DNI }},
			column{"NUSS", NUSS, func(id Identity) string { return id.NUSS }},
			column{"IBAN", IBAN, func(id Identity) string { return id.IBAN }},
			column{"telefono_movil", PhoneES, func(id Identity) string { return id.PhoneES }},
			column{"correo", Email, func(id Identity) string { return id.Email }})
	}
	return append(named,
		column{"CURP", CURP, func(id Identity) string { return id.CURP }},
		column{"RFC", RFC, func(id Identity) string { return id.RFC }},
		column{"NSS", NSS, func(id Identity) string { return id.NSS }},
		column{"CLABE", CLABE, func(id Identity) string { return id.CLABE }},
		column{"celular", PhoneMX, func(id Identity) string { return id.Phone }},
		column{"correo", Email, func(id Identity) string { return id.Email }})
}

// Staff makes a list of people as delimited text, its fields in quotes if quoted.
func (m *Maker) Staff(name string, rows int, delimiter string, quoted, spain bool) File {
	return m.table(name, staffColumns(spain), rows, delimiter, quoted, true)
}

// Padron makes a list of insured people in the ten fields of the agreement with the
// ISSEMYM, between pipes. Without a head, its layout alone says what the fields are.
func (m *Maker) Padron(name string, rows int, head bool) File {
	r := m.r
	columns := []column{
		{"clave_adscripcion", "", func(Identity) string { return "AM" + r.digits(3) }},
		{"clave_issemym", ISSEMYM, func(id Identity) string { return id.ISSEMYM }},
		{"tipo_beneficiario", "", func(Identity) string { return r.from("TCHP", 1) }},
		{"nombres", "", func(id Identity) string { return strings.ToUpper(id.First) }},
		{"primer_apellido", "", func(id Identity) string { return strings.ToUpper(id.Paternal) }},
		{"segundo_apellido", "", func(id Identity) string { return strings.ToUpper(id.Maternal) }},
		{"sexo", "", func(id Identity) string {
			if id.Man {
				return "H"
			}
			return "M"
		}},
		{"fecha_nacimiento", "", func(id Identity) string { return id.Born.Format("02/01/2006") }},
		{"rfc", RFC, func(id Identity) string { return id.RFC }},
		{"fin_vigencia", "", func(Identity) string { return fmt.Sprintf("31/12/%d", r.between(2026, 2031)) }},
	}
	f := m.table(name, columns, rows, "|", false, head)
	f.Soft = append(f.Soft, Birth)
	return f
}

// table makes a table of people.
func (m *Maker) table(name string, columns []column, rows int, delimiter string, quoted, head bool) File {
	t := &Table{}
	for _, c := range columns {
		t.Columns = append(t.Columns, c.name)
	}
	quote := ""
	if quoted {
		quote = `"`
	}
	between := quote + delimiter + quote
	if head {
		m.print(quote, strings.Join(t.Columns, between), quote, "\n")
	}
	for range rows {
		id := m.people.Next()
		var row []string
		m.print(quote)
		for i, c := range columns {
			if i > 0 {
				m.print(between)
			}
			v := c.value(id)
			row = append(row, v)
			if c.typ == "" {
				m.print(v)
				continue
			}
			m.put(c.typ, m.classOf(c.typ), v)
		}
		m.print(quote, "\n")
		t.Rows = append(t.Rows, row)
	}
	m.soft = []Type{Name}
	f := m.done(name)
	f.Table = t
	return f
}

// classOf is how a value stands in a column of its own.
func (m *Maker) classOf(t Type) Class {
	if slices.ContainsFunc(m.kinds, func(k kind) bool { return k.typ == t && k.context }) {
		return Ctx
	}
	return OK
}

// Page makes a page of HTML with a table of people.
func (m *Maker) Page(name string, rows int) File {
	m.print("<!DOCTYPE html>\n<html lang=\"es\"><head><meta charset=\"utf-8\"><title>Directorio interno</title></head>\n<body><h1>Directorio</h1>\n<p>")
	m.filler(400)
	m.print("</p>\n<table class=\"lista\">\n<tr>")
	columns := staffColumns(m.r.below(2) == 0)
	for _, c := range columns {
		m.print("<th>", c.name, "</th>")
	}
	m.print("</tr>\n")
	for range rows {
		id := m.people.Next()
		m.print("<tr>")
		for _, c := range columns {
			m.print("<td>")
			if c.typ == "" {
				m.print(c.value(id))
			} else {
				m.put(c.typ, m.classOf(c.typ), c.value(id))
			}
			m.print("</td>")
		}
		m.print("</tr>\n")
	}
	m.print("</table>\n<p>")
	m.filler(300)
	m.print("</p></body></html>\n")
	m.soft = []Type{Name}
	return m.done(name)
}

// Tables makes a page of HTML of at least size bytes with tables about no person.
func (m *Maker) Tables(name string, size int) File {
	r := m.r
	m.print("<!DOCTYPE html>\n<html lang=\"es\"><head><title>Estadística</title></head><body>\n")
	for m.b.Len() < size {
		m.print("<h2>", pick(r, objects()), "</h2>\n<table>\n<tr><th>Concepto</th><th>Unidad</th><th>Cantidad</th><th>Avance</th></tr>\n")
		for range r.between(4, 30) {
			fmt.Fprintf(&m.b, "<tr><td>%s</td><td>%s</td><td>%d</td><td>%d.%d %%</td></tr>\n", pick(r, objects()),
				pick(r, []string{"pieza", "metro", "lote", "hora", "servicio"}), r.between(1, 4000), r.below(100), r.below(10))
		}
		m.print("</table>\n<p>")
		m.filler(300)
		m.print("</p>\n")
	}
	m.print("</body></html>\n")
	return m.done(name)
}

// Code makes source code of at least size bytes that is about no person.
func (m *Maker) Code(name string, size int) File {
	r := m.r
	names := strings.Fields("total index buffer offset length count value result entry node cursor header payload worker channel message record limit")
	for m.b.Len() < size {
		a, b, c := pick(r, names), pick(r, names), pick(r, names)
		fmt.Fprintf(&m.b, "/* %s_%s computes the %s of each %s. */\nstatic int %s_%s(struct %s *%s, size_t %s)\n{\n", a, b, a, c, a, b, c, c, b)
		for range r.between(3, 12) {
			switch r.below(5) {
			case 0:
				fmt.Fprintf(&m.b, "\tif (%s->%s > %d)\n\t\treturn -EINVAL;\n", c, pick(r, names), r.below(4096))
			case 1:
				fmt.Fprintf(&m.b, "\t%s->%s = %s + 0x%04x;\n", c, pick(r, names), b, r.below(65536))
			case 2:
				fmt.Fprintf(&m.b, "\tfor (i = 0; i < %s; i++)\n\t\t%s->%s[i] = 0;\n", b, c, pick(r, names))
			case 3:
				fmt.Fprintf(&m.b, "\tpr_debug(\"%%s: %s %%d of %%zu\\n\", __func__, i, %s);\n", pick(r, names), b)
			default:
				fmt.Fprintf(&m.b, "\tmutex_lock(&%s->%s_lock);\n", c, pick(r, names))
			}
		}
		m.print("\treturn 0;\n}\n\n")
	}
	return m.done(name)
}

// Noise makes numbers of at least size bytes that are no person's: logs, JSON, UUIDs,
// hashes, SQL, folios, coordinates.
func (m *Maker) Noise(name string, size int) File {
	r := m.r
	kind := r.below(7)
	for m.b.Len() < size {
		switch kind {
		case 0:
			fmt.Fprintf(&m.b, "2026-%02d-%02dT%02d:%02d:%02d.%s INFO [worker-%d] request id=%s took=%dus bytes=%s peer=10.%d.%d.%d:%d\n", r.between(1, 12), r.between(1, 28),
				r.below(24), r.below(60), r.below(60), r.digits(6), r.below(32), r.digits(pick(r, []int{11, 12, 16, 18, 20})), r.below(900_000), r.digits(r.between(3, 9)),
				r.below(256), r.below(256), r.below(256), r.between(1024, 65_000))
		case 1:
			fmt.Fprintf(&m.b, `{"seq":%s,"key":"%s","ratio":0.%s,"stamp":%s,"items":[%s,%s,%s],"ok":true}`+"\n", r.digits(18), r.from(hexDigits, 16), r.digits(15),
				"17"+r.digits(11), r.digits(11), r.digits(12), r.digits(16))
		case 2:
			fmt.Fprintf(&m.b, "%s-%s-4%s-a%s-%s\n", r.from(hexDigits, 8), r.from(hexDigits, 4), r.from(hexDigits, 3), r.from(hexDigits, 3), r.from(hexDigits, 12))
		case 3:
			fmt.Fprintf(&m.b, "%s  objects/%s/%s.pack\n", r.from(hexDigits, 64), r.from(hexDigits, 2), r.from(hexDigits, 38))
		case 4:
			fmt.Fprintf(&m.b, "INSERT INTO movimientos (id, lote, referencia, monto) VALUES (%s, %s, '%s', %s.%s);\n", "1"+r.digits(10), r.digits(12), r.digits(20), r.digits(5), r.digits(2))
		case 5:
			fmt.Fprintf(&m.b, "folio %s guía %s rastreo %s\n", r.digits(pick(r, []int{11, 12, 16, 18, 20})), r.digits(pick(r, []int{11, 12, 16, 18, 20})), r.digits(pick(r, []int{16, 18, 20})))
		default:
			fmt.Fprintf(&m.b, "%d.%s,-%d.%s,%s.%s\n", r.between(14, 32), r.digits(12), r.between(86, 117), r.digits(13), r.digits(4), r.digits(3))
		}
	}
	return m.done(name)
}
