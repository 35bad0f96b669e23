package detect

import (
	"encoding/binary"
	"math/bits"
)

// Addresses of electronic mail. One of an office (info@, registro@) is nobody's, and
// weighs less; those of programs and of the domains reserved for examples are none.
//
// Source: RFC 5321, as far as mail systems take it; RFC 2606 for the reserved domains.

func emailExamples() examples {
	return examples{
		found: []string{
			"eduardo.mendez01@ejemplo.com.mx",
			"Escriba a <maria_juarez+citas@correo.ejemplo.org>.",
			"mailto:tomas.lopez46@ejemplo.es?subject=x",
			"correo: NORMA.SOLIS@EJEMPLO.GOB.MX",
			"nombre;correo\nAna;ana@ejemplo.cat",
			"o'brian@ejemplo.es",
		},
		missed: []string{
			"user@host",             // no domain
			"root@localhost",        //
			"@decorador",            // nobody
			"icono@2x.png",          // a file
			"paquete@1.2.3",         // a version
			"git@github.com:a/b",    // a program
			"no-reply@ejemplo.es",   //
			"alguien@example.com",   // reserved
			"a@b.invalid",           //
			"info@ejemplo.es",       // an office, nothing beside it
			"..@ejemplo.es",         //
			"ana@-ejemplo.es",       //
			"ana@ejemplo..es",       //
			"x@y.z",                 //
			"foo@bar.service",       // a unit of systemd
			"ssh user@10.0.0.1",     //
			"https://a.es/@usuario", //
		},
	}
}

const (
	maxLocal  = 64
	maxDomain = 100 // names of mail domains are short; a Scanner looks no farther
)

// matchEmail reads an address around the '@' at b[at].
func (h *hit) matchEmail(b []byte, at int) bool {
	start := at
	for start > 0 && at-start <= maxLocal && mailClass[b[start-1]]&mailLocal != 0 {
		start--
	}
	for start < at && !isAlnum(b[start]) { // quotes, dots and dashes that lead are not part of it
		start++
	}
	if start == at || at-start > maxLocal || b[at-1] == '.' || start > 0 && (b[start-1] >= 0x80 || b[start-1] == '@') {
		return false
	}
	end, label, labels := at+1, at+1, 0
	digits := uint8(0) // classes of a label's characters
	for i := at + 1; i <= len(b) && i-at <= maxDomain; i++ {
		if i < len(b) {
			if class := mailClass[b[i]]; class&mailDomain != 0 {
				digits |= class
				continue
			}
		}
		alpha := digits&mailNoLetter == 0
		if i == label || b[label] == '-' || b[i-1] == '-' {
			break
		}
		labels++
		if alpha && labels > 1 {
			end = i
		}
		if i >= len(b) || b[i] != '.' || i+1 >= len(b) || !isAlnum(b[i+1]) {
			if !alpha {
				return false
			}
			break
		}
		label, digits = i+1, 0
	}
	if end == at+1 || end < len(b) && (b[end] >= 0x80 || b[end] == '@' || b[end] == '_') {
		return false
	}
	last := end
	for b[last-1] != '.' {
		last--
	}
	if !isMailDomain(b[at+1:last-1], b[last:end]) {
		return false
	}
	*h = hit{kind: kindEmail, start: start, end: end, base: 60, outcome: ShapeOnly}
	h.addMail(b[start:end])
	switch mailboxOf(b[start:at]) {
	case program:
		return false
	case office:
		h.base, h.company = 40, true
	case person:
	}
	return true
}

// Classes of characters in addresses.
const (
	mailLocal    = 1 << iota // before the '@'
	mailDomain               // in a name after it
	mailNoLetter             // in such a name, but no letter
)

// mailClass is indexed by byte.
var mailClass = func() (t [256]uint8) {
	for i := range t {
		c := byte(i)
		switch {
		case isLetter(c):
			t[i] = mailLocal | mailDomain
		case isDigit(c), c == '-':
			t[i] = mailLocal | mailDomain | mailNoLetter
		case c == '.', c == '_', c == '+', c == '%', c == '\'', c == '&':
			t[i] = mailLocal
		}
	}
	return t
}()

func isLocalPart(c byte) bool { return mailClass[c]&mailLocal != 0 }

// addMail makes an address the value, in upper case. Of what is longer than value its
// end holds a hash: only its tag is needed.
func (h *hit) addMail(v []byte) {
	var last [8]byte
	at, mixed := 0, uint64(0)
	for len(v) > 0 {
		var w uint64
		if len(v) >= 8 {
			w, v = binary.LittleEndian.Uint64(v), v[8:]
		} else {
			copy(last[:], v)
			w, v = binary.LittleEndian.Uint64(last[:]), nil
		}
		w = upperBytes(w)
		if at < len(h.value)-8 {
			binary.LittleEndian.PutUint64(h.value[at:], w)
			at += 8
			continue
		}
		mixed = bits.RotateLeft64(mixed, 29)*0x9E3779B97F4A7C15 ^ w
	}
	binary.LittleEndian.PutUint64(h.value[len(h.value)-8:], mixed)
	h.n = len(h.value)
}

// upperBytes folds the ASCII letters of eight bytes to upper case.
func upperBytes(w uint64) uint64 {
	low := w & lowBits
	lower := (low + (0x80-'a')*lowOnes) & ^(low + (0x7f-'z')*lowOnes) & ^w & highBits
	return w ^ lower>>2
}

// isMailDomain tells whether mail could go to a name under a top-level domain.
func isMailDomain(name, top []byte) bool {
	if len(top) < 2 || len(top) > 12 {
		return false
	}
	var lower [12]byte
	for i, c := range top {
		lower[i] = c | 0x20
	}
	switch string(lower[:len(top)]) {
	case "invalid", "test", "example", "localhost", "local", "internal", "lan", "localdomain": // RFC 2606, RFC 6762
		return false
	case "png", "jpg", "jpeg", "gif", "svg", "webp", "ico", "js", "css", "ts", "json", "xml", "html", "htm", "txt", "md",
		"log", "so", "dll", "service", "timer", "target", "socket", "mount", "scope", "slice", "conf", "plist", "sh": // files
		return false
	case "com", "org", "net":
		var n [8]byte
		if len(name) < 7 || len(name) > 7 && name[len(name)-8] != '.' {
			return true
		}
		for i, c := range name[len(name)-7:] {
			n[i] = c | 0x20
		}
		return string(n[:7]) != "example"
	}
	return true
}

// mailbox says whose a local part is.
type mailbox uint8

const (
	person  mailbox = iota
	office          // a role that several persons or none read
	program         // nobody reads it
)

func mailboxOf(local []byte) mailbox {
	if len(local) > 16 {
		return person
	}
	var lower [16]byte
	for i, c := range local {
		if lower[i] = c; isUpper(c) {
			lower[i] = c | 0x20
		}
	}
	switch string(lower[:len(local)]) {
	case "git", "noreply", "no-reply", "no_reply", "noresponder", "no-responder", "donotreply", "mailer-daemon", "daemon",
		"root", "nobody", "bounce", "bounces", "notifications", "user", "usuario", "username", "www-data":
		return program
	case "info", "contacto", "contact", "registro", "admin", "administracion", "webmaster", "postmaster", "hostmaster",
		"abuse", "soporte", "support", "ventas", "sales", "ayuda", "help", "hola", "correo", "mail", "oficina", "atencion",
		"secretaria", "alcaldia", "ayuntamiento", "presidencia", "tesoreria", "contabilidad", "facturacion", "facturas",
		"rrhh", "rh", "prensa", "comunicacion", "dpd", "dpo", "privacidad", "transparencia", "sac", "oac", "security",
		"buzon", "quejas", "citas", "recepcion", "biblioteca", "policia", "turismo", "cultura", "deportes", "urbanismo",
		"informatica", "sistemas", "compras", "intervencion", "catastro", "padron", "juridico", "obras":
		return office
	}
	return person
}
