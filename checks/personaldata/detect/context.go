package detect

// How far the words count that stand beside an identifier, in bytes.
const (
	wordsBefore = 48
	wordsAfter  = 24
)

// words is a set of things that words beside an identifier say: for each kind that
// they announce it, and whether they announce a number of another nature.
type words uint64

const (
	saysCURP words = 1 << iota // bit k is kind k
	saysRFC
	saysNSS
	saysCLABE
	saysINE
	saysPassportMexico
	saysPhoneMexico
	saysISSEMYM
	saysPlateMexico
	saysDNI
	saysNIE
	saysCIF
	saysNUSS
	saysIBAN
	saysCCC
	saysPassportSpain
	saysPhoneSpain
	saysPlateSpain
	saysMRZ
	saysCard
	saysEmail
	saysName
	saysAddress
	saysBirthDate
	saysCredential
	saysOther // a folio, a lot, a part: not a person

	// Halves of a phrase, which count once both are there.
	halfRegistro
	halfPoblacion
	halfFederal
	halfContribuyentes
	halfSeguro
	halfSocial
	halfDocumento
	halfNacional
	halfIdentificacion
	halfFiscal
	halfNumero
	halfParte
)

// saysKind is everything that announces an identifier.
const saysKind = saysOther - 1

// announces tells whether the words announce kind k.
func (w words) announces(k kind) bool { return w>>k&1 == 1 }

// phrases maps both halves of a phrase to what it says.
var phrases = [...]struct{ halves, says words }{
	{halfRegistro | halfPoblacion, saysCURP},
	{halfFederal | halfContribuyentes, saysRFC},
	{halfSeguro | halfSocial, saysNSS},
	{halfDocumento | halfNacional, saysDNI},
	{halfIdentificacion | halfFiscal, saysDNI | saysNIE},
	{halfNumero | halfParte, saysOther}, // "número de parte", while "de una parte" opens every contract
}

// meaning returns what one folded word says. Words are whole words, lower case,
// without accents; one that ends in a plural is listed as such.
func meaning(word string) words {
	switch word {
	case "curp", "curps":
		return saysCURP
	case "rfc", "rfcs":
		return saysRFC
	case "nss", "imss", "afiliacion", "nssimss":
		return saysNSS
	case "dni", "dnis":
		return saysDNI | saysNIE // "DNI: X1234567L" is how people write a NIE
	case "nif", "nifs", "identidad":
		return saysDNI | saysNIE
	case "nie", "nies", "tie":
		return saysNIE | saysDNI
	case "folio", "folios", "rastreo", "guia", "sku", "lote", "lotes", "isbn", "uuid", "sha", "serie", "ejemplo", "ejemplos", "prueba":
		return saysOther
	case "registro":
		return halfRegistro
	case "poblacion":
		return halfPoblacion
	case "federal":
		return halfFederal
	case "contribuyentes", "contribuyente":
		return halfContribuyentes
	case "seguro", "seguridad":
		return halfSeguro
	case "social":
		return halfSocial
	case "documento":
		return halfDocumento
	case "nacional":
		return halfNacional
	case "identificacion":
		return halfIdentificacion
	case "fiscal":
		return halfFiscal
	case "numero", "num", "no", "nro":
		return halfNumero
	case "parte", "pieza":
		return halfParte
	}
	return 0
}

// readWords reads the whole words of b[lo:hi] and returns all that they say. Of what
// announces an identifier and what announces another number, nearest keeps only the
// later: "DNI, folio 1" speaks of a folio and "por parte de DNI 1" of a DNI.
func readWords(b []byte, lo, hi int) (all, nearest words) {
	var r wordReader
	i := lo
	for ; i < hi && wordBefore(b, i) && wordAt(b, i); i++ { // a word cut by the window is none
		if b[i] >= 0x80 && i+1 < hi && b[i+1]&0xC0 == 0x80 {
			i++
		}
	}
	for i < hi {
		letter, width := foldLetter(b, i)
		switch {
		case letter != 0:
			if isUpper(b[i]) && i > lo && isLower(b[i-1]) {
				r.flush() // numDni
			}
			r.letter(letter)
		case b[i] == 0xCC && width == 2: // a combining accent
		case b[i] == '\n':
			r.flush()
			r.nearest &^= saysOther // a folio speaks of its own line
		case b[i] == '.' && r.acronym() && i+1 < hi && isLetter(b[i+1]):
			r.dots++ // D.N.I
		default:
			r.flush()
		}
		i += width
	}
	if !wordAt(b, hi) || !wordBefore(b, hi) {
		r.flush()
	}
	return r.all, r.nearest
}

// A wordReader folds one word at a time and gathers what they say.
type wordReader struct {
	word    [16]byte
	n       int // letters seen; only the first ones are kept
	dots    int // dots between them, each after a single letter
	all     words
	nearest words
}

// acronym tells whether the word so far is single letters with dots between.
func (r *wordReader) acronym() bool { return r.n > 0 && r.n == r.dots+1 }

func (r *wordReader) letter(c byte) {
	if r.dots > 0 && r.n > r.dots { // two letters in a row: "p.nss" is no acronym
		r.word[0], r.n, r.dots = r.word[(r.n-1)%len(r.word)], 1, 0
	}
	if r.n < len(r.word) {
		r.word[r.n] = c
	}
	r.n++
}

func (r *wordReader) flush() {
	if r.n >= 2 && r.n <= len(r.word) {
		says := meaning(string(r.word[:r.n]))
		r.all |= says
		for _, p := range phrases {
			if says&p.halves != 0 && r.all&p.halves == p.halves {
				says |= p.says
				r.all |= p.says
			}
		}
		switch {
		case says&saysOther != 0:
			r.nearest = r.nearest&^saysKind | saysOther
		case says&saysKind != 0:
			r.nearest = r.nearest&^saysOther | says&saysKind
		}
	}
	r.n, r.dots = 0, 0
}
