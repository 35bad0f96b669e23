package detect

import (
	"bytes"
	"strings"
)

// Passwords that somebody wrote down in a readable text. The rules would rather miss
// one than take the words of a manual for one: a value needs characters of two sorts,
// and is no placeholder, variable or call.
//
// Source: MS14-025 for cpassword in group policies; Microsoft's description of
// unattend.xml; the manuals of netrc and of PostgreSQL's password file.

func credentialExamples() examples {
	return examples{
		found: []string{
			`<Properties cpassword="j1Uyj3Vx8TY9LtLZil2uAuZkFQA/4latT76ZwgdHdhw"/>`,
			"<Password><Value>Invierno2026!</Value><PlainText>true</PlainText></Password>",
			"machine correo.ejemplo.es login ana password Otono-26",
			"machine correo.ejemplo.es\n  login ana\n  password Otono-26\n",
			"bd.ejemplo.es:5432:padron:ana:S3creta.x",
			"*:*:*:ana:S3creta.x\n",
			"contraseña: Toluca2026",
			"Contrase\xf1a del correo: Toluca#26",
			"PASSWORD=Toluca#26",
			"usuario: ana  clave de acceso: Toluca#26",
			"\"password\": \"Toluca#26\"",
			"pwd = 'Toluca#26';",
			"usuario;contraseña\nana;Toluca26\n",
			"Servicio,Usuario,Password\nCorreo,ana,Toluca26\n",
			"equipo\tusuario\tclave de acceso\nPC1\tana\tToluca26\n",
		},
		missed: []string{
			"contraseña: ********",
			"password=xxxxxxxx1",
			"password: <su contraseña>",
			"password=${DB_PASSWORD1}",
			"password=%s1",
			"password:",
			"La contraseña: debe tener 8 caracteres",
			"contraseña: debe",
			"password = getPassword1()",
			"password=os.environ[\"X1\"]",
			"if password == \"\" {",
			"password: string1 // ",
			"Cambie su contraseña cada 90 días.",
			"contraseña nueva: 8 caracteres",
			"root:x:0:0:root:/root:/bin/bash",
			"a:b:c:d:e",
			"12:30:45:10:20",
			"https://ejemplo.es/?password=1",
			"<Password><Value>*SENSITIVE*DATA*DELETED*</Value></Password>",
			"cpassword=\"\"",
			"usuario;contraseña\nana;\n",
			"usuario;contraseña\nana;********\n",
			"login name and password file",
			"password_hash=$2y$10$abcdefgh",
			"contraseña: ejemplo1",
			"password: changeme1",
			"nombre;clave\nAna;1234\n",
		},
	}
}

// wordedPasswords counts the words for a password in b[lo:hi] that a password follows.
func wordedPasswords(b []byte, lo, hi int, login *int) int {
	count := 0
	for i := lo; i < hi; {
		if foldOf[b[i]] == notLetter {
			i++
			continue
		}
		var word [16]byte
		n, start := 0, i
		for i < hi && foldOf[b[i]] != notLetter {
			letter, width := foldLetter(b, i)
			if letter == 0 {
				i += width
				break
			}
			if n < len(word) {
				word[n] = letter
			}
			n++
			i += width
		}
		i = min(i, hi)
		switch string(word[:min(n, len(word))]) {
		case "cpassword":
			if value, ok := quotedAfter(b[i:hi]); ok && len(value) >= 16 {
				count++
				i = hi
			}
		case "login":
			*login = start
		case "password", "passwords", "passwd", "contrasena", "contrasenas", "contrasenya", "pwd", "passphrase", "pasahitza", "pass":
			switch {
			case start-*login <= 200 && netrcFollows(b[i:hi]), unattendFollows(b[i:]), valueAfterLabel(b[i:hi]):
				count++
				i = hi
			}
		case "clave":
			if rest := b[i:hi]; len(rest) > 10 && (hasFold(rest, " de acceso") || hasFold(rest, " acceso")) && valueAfterLabel(rest) {
				count++
				i = hi
			}
		}
	}
	return count
}

// hasFold tells whether b begins with text, in any case; text is lower case.
func hasFold(b []byte, text string) bool {
	if len(b) < len(text) {
		return false
	}
	for i := range len(text) {
		if c := b[i]; c != text[i] && (!isUpper(c) || c|0x20 != text[i]) {
			return false
		}
	}
	return true
}

// quotedAfter reads ="value".
func quotedAfter(b []byte) (value []byte, ok bool) {
	if len(b) < 3 || b[0] != '=' || b[1] != '"' {
		return nil, false
	}
	k := bytes.IndexByte(b[2:], '"')
	if k < 0 {
		return nil, false
	}
	return b[2 : 2+k], true
}

// netrcFollows tells whether a space and a password stand at the beginning of b.
func netrcFollows(b []byte) bool {
	if len(b) == 0 || b[0] != ' ' && b[0] != '\t' {
		return false
	}
	b = bytes.TrimSpace(b)
	return !bytes.ContainsAny(b, " \t") && looksSecret(b)
}

// unattendFollows tells whether "><Value>secret</Value>" stands at the beginning of b.
func unattendFollows(b []byte) bool {
	if len(b) == 0 || b[0] != '>' {
		return false
	}
	b = bytes.TrimLeft(b[1:min(len(b), 300)], " \r\n\t")
	if !hasFold(b, "<value>") {
		return false
	}
	b = b[len("<value>"):]
	k := bytes.IndexByte(b, '<')
	return k >= 4 && looksSecret(b[:k])
}

// maxLabel is how far the colon may stand after the word: "contraseña del correo: ...".
const maxLabel = 24

// valueAfterLabel tells whether a colon or equals sign and a password follow at the
// beginning of b.
func valueAfterLabel(b []byte) bool {
	k := 0
	for k < len(b) && k < maxLabel && b[k] != ':' && b[k] != '=' {
		if c := b[k]; c != ' ' && c != '"' && c != '\'' && foldOf[c] == notLetter && c < 0x80 {
			return false
		}
		k++
	}
	if k >= len(b) || b[k] != ':' && b[k] != '=' {
		return false
	}
	b = b[k+1:]
	if len(b) > 0 && (b[0] == '=' || b[0] == '/' || b[0] == ':') {
		return false
	}
	b = bytes.TrimLeft(b, " \t")
	quote := byte(0)
	if len(b) > 0 && (b[0] == '"' || b[0] == '\'') {
		quote, b = b[0], b[1:]
	}
	end := 0
	for end < len(b) {
		c := b[end]
		if quote != 0 && c == quote || quote == 0 && (c == ' ' || c == '\t' || c == '\r' || c == '<' && end > 0) {
			break
		}
		end++
	}
	if quote != 0 && end == len(b) {
		return false
	}
	value := b[:end]
	if quote == 0 {
		value = bytes.TrimRight(value, ".,;)\"'")
		if rest := bytes.TrimLeft(b[end:], " "); len(rest) > 1 && rest[0] == '/' && rest[1] == '/' {
			return false // code
		}
	}
	return looksSecret(value)
}

// looksSecret tells whether a value is a password that somebody chose: six characters
// or more of at least two sorts, no placeholder and no piece of code.
func looksSecret(v []byte) bool {
	if len(v) < 6 || len(v) > 64 {
		return false
	}
	letters, digits, signs := 0, 0, 0
	for i, c := range v {
		switch {
		case c == '(', c == '[', c == '{', c == '<', c == '>', c == '|', c == '\\', c <= ' ', i == 0 && (c == '%' || c == '$' || c == '&'):
			return false
		case isDigit(c):
			digits++
		case isLetter(c) || c >= 0x80:
			letters++
		case c == '!', c == '#', c == '@', c == '$', c == '%', c == '*', c == '?', c == '+':
			signs++ // what stands between words and in paths is none
		}
	}
	if letters == 0 || digits == 0 && signs == 0 {
		return false
	}
	return !isPlaceholder(v)
}

// isPlaceholder tells whether a value stands for one.
func isPlaceholder(v []byte) bool {
	if c := v[0]; c == '*' || bytes.Count(v, v[:1]) >= len(v)-1 {
		return true
	}
	for _, word := range [...]string{
		"xxx", "ejemplo", "example", "changeme", "change-me", "password", "contrase", "secret", "your", "placeholder",
		"string", "null", "none", "true", "false", "http", "sensitive", "abc123", "test", "prueba", "demo", "foo", "bar", "passw0rd",
		"/dev/", "/etc/", "self.", "this.", "os.", "process.", "env.", "args.", "config.", "request.",
	} {
		if hasFold(v, word) {
			return true
		}
	}
	return false
}

// isPasswordFileLine tells whether a line is host:port:database:user:password.
func isPasswordFileLine(line []byte) bool {
	line = bytes.TrimRight(line, "\r")
	if len(line) < 12 || len(line) > 200 || bytes.Count(line, []byte{':'}) != 4 || bytes.ContainsAny(line, " \t\"'<;,{}()") {
		return false
	}
	var fields [5][]byte
	for i := range fields {
		fields[i], line, _ = bytes.Cut(line, []byte{':'})
		if len(fields[i]) == 0 {
			return false
		}
	}
	port := string(fields[1]) == "*"
	if n := len(fields[1]); !port && (n < 4 || n > 5 || digitsEnd(fields[1], 0) != n) {
		return false
	}
	if !isLetter(fields[3][0]) || fields[0][0] != '*' && bytes.IndexByte(fields[0], '.') < 0 && string(fields[0]) != "localhost" {
		return false
	}
	return looksSecret(fields[4])
}

// passwordTable knows which column of a table holds passwords.
type passwordTable struct {
	delim  byte // 0 without a table
	column int
	fields int
}

// header looks for the names of columns in a line: one for the user and one for the
// password.
func (t *passwordTable) header(line []byte) {
	if len(line) > 500 {
		return
	}
	delim, most := byte(0), 0
	for _, d := range []byte("|;\t,") {
		if n := bytes.Count(line, []byte{d}); n > most {
			delim, most = d, n
		}
	}
	if most == 0 {
		return
	}
	user, column := false, -1
	for i, rest := 0, line; rest != nil; i++ {
		var cell []byte
		cell, rest, _ = bytes.Cut(rest, []byte{delim})
		if len(rest) == 0 && i >= most {
			rest = nil
		}
		switch foldCell(cell) {
		case "usuario", "usuarios", "user", "username", "login", "correo", "email", "cuenta":
			user = true
		case "contrasena", "contrasenas", "password", "passwords", "clavedeacceso", "pwd", "pass", "contrasenya", "passwd":
			column = i
		}
	}
	if user && column >= 0 {
		*t = passwordTable{delim: delim, column: column, fields: most + 1}
	}
}

// foldCell is the letters of a cell, folded; "" when they are too many.
func foldCell(cell []byte) string {
	var word [16]byte
	n := 0
	for i := 0; i < len(cell); {
		letter, width := foldLetter(cell, i)
		if letter != 0 {
			if n == len(word) {
				return ""
			}
			word[n] = letter
			n++
		}
		i += width
	}
	return string(word[:n])
}

// row tells whether a line is a row of the table with its password filled in.
func (t *passwordTable) row(line []byte) bool {
	if t.delim == 0 {
		return false
	}
	if bytes.Count(line, []byte{t.delim}) != t.fields-1 {
		t.delim = 0 // the table has ended
		return false
	}
	for range t.column {
		_, line, _ = bytes.Cut(line, []byte{t.delim})
	}
	cell, _, _ := bytes.Cut(line, []byte{t.delim})
	return looksSecret(bytes.Trim(cell, " \"'\r"))
}

// CredentialFileName tells whether a file's name says that it holds passwords:
// "contraseñas.xlsx", "Claves correo.txt", "passwords-2026.docx", "accesos.csv". A name
// that programs give (passwd, password.go) does not.
func CredentialFileName(name string) bool {
	base, extension := name, ""
	if i := strings.LastIndexByte(name, '.'); i > 0 {
		base, extension = name[:i], strings.ToLower(name[i+1:])
	}
	switch extension {
	case "txt", "doc", "docx", "odt", "rtf", "xls", "xlsx", "xlsm", "ods", "csv", "pdf", "md", "one", "html", "htm", "tsv", "":
	default:
		return false
	}
	b := []byte(base)
	for i := 0; i < len(b); {
		letter, width := foldLetter(b, i)
		if letter == 0 {
			i += width
			continue
		}
		start := i
		for i < len(b) {
			if letter, width = foldLetter(b, i); letter == 0 && (b[i] != 0xCC || width != 2) {
				break
			}
			i += width
		}
		switch foldCell(b[start:i]) {
		case "contrasena", "contrasenas", "contrasenya", "contrasenyes", "claves", "passwords", "accesos", "credenciales", "pasahitzak":
			return true
		case "password":
			return extension != "" && extension != "md" && extension != "html" && extension != "htm"
		}
	}
	return false
}
