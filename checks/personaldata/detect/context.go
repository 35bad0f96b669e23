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
	halfIdentificador
	halfCiudadano
	halfCuenta
	halfBanco
	halfIFE // the INE before 2014, and the image front end of many a driver
	halfCredencial

	saysEmployer // a company's account with the social security
	englishPhone // of any country in a text, and of ours as the name of a column

	lineEnd // no word: a line ends here
)

const (
	// saysKind is everything that announces an identifier.
	saysKind = saysOther - 1
	halves   = lineEnd - halfRegistro
)

// announces tells whether the words announce kind k.
func (w words) announces(k kind) bool { return w>>k&1 == 1 }

// phrases maps both halves of a phrase to what it says.
var phrases = [...]struct{ halves, says words }{
	{halfRegistro | halfPoblacion, saysCURP},
	{halfFederal | halfContribuyentes, saysRFC},
	{halfSeguro | halfSocial, saysNSS | saysNUSS},
	{halfDocumento | halfNacional, saysDNI},
	{halfIdentificacion | halfFiscal, saysDNI | saysNIE | saysCIF},
	{halfIdentificador | halfCiudadano, saysINE},
	{halfIFE | halfCredencial, saysINE},
	{halfCuenta | halfBanco, saysCLABE | saysCCC | saysIBAN},
	{halfNumero | halfParte, saysOther}, // "número de parte", while "de una parte" opens every contract
}

// A mention is a word that says something, and where it stands in the text.
type mention struct {
	start, end int64
	says       words
}

// mentions are the last words that said something. A cursor moves over the text from
// one candidate to the next, so that each byte is read once at most however many
// candidates stand close together.
type mentions struct {
	pos  int64       // up to which the text has been read
	last [32]mention // a ring: more words than fit into what is looked at
	n    int         // mentions so far; the latest is last[(n-1)%len(last)]
	r    wordReader
}

// reset forgets all words.
func (m *mentions) reset() {
	clear(m.last[:min(m.n, len(m.last))])
	m.pos, m.n, m.r = 0, 0, wordReader{}
}

// read moves the cursor to offset, from at most reach before it; b begins at offset base.
func (m *mentions) read(b []byte, base, from, to int64) {
	if m.pos < from {
		m.pos = from
	}
	if m.pos >= to {
		return
	}
	i, hi := int(m.pos-base), min(int(to-base), len(b))
	for i < hi && wordBefore(b, i) && wordAt(b, i) { // a word cut by the window is none
		_, width := foldLetter(b, i)
		i += width
	}
	m.r = wordReader{}
	begin := 0 // of the word that is being read
	for i < hi {
		class := classOf[b[i]]
		if class == classOther {
			if m.r.n > 0 {
				m.flush(base, begin, i)
			}
			for i++; i < hi && classOf[b[i]] == classOther; i++ {
			}
			continue
		}
		if class < 26 {
			if m.r.n == 0 {
				begin = i
			} else if isUpper(b[i]) && isLower(b[i-1]) { // numDni
				m.flush(base, begin, i)
				begin = i
			}
			if m.r.dots > 0 {
				m.r.letter(class + 'a')
				i++
				continue
			}
			h, from := m.r.hash, i
			for ; i < hi; i++ { // the rest of the word, as a rule
				if class = classOf[b[i]]; class >= 26 || i > from && isUpper(b[i]) && isLower(b[i-1]) {
					break
				}
				h = hashWord(h, class+'a')
			}
			m.r.hash, m.r.n, m.r.last = h, m.r.n+i-from, b[i-1]|0x20
			continue
		}
		switch {
		case class == classHigh:
			letter, width := foldLetter(b, i)
			switch {
			case letter != 0:
				if m.r.n == 0 {
					begin = i
				}
				m.r.letter(letter)
			case b[i] == 0xCC && width == 2: // a combining accent
			default:
				m.flush(base, begin, i)
			}
			i += width
			continue
		case class == classLine:
			m.flush(base, begin, i)
			m.add(mention{base + int64(i), base + int64(i) + 1, lineEnd})
		case class == classDot && m.r.acronym() && i+1 < len(b) && isLetter(b[i+1]):
			m.r.dots++ // D.N.I
		case m.r.n > 0:
			m.flush(base, begin, i)
		}
		i++
	}
	if i > hi { // the last character began before the window's end
		hi = i
	}
	m.pos = base + int64(hi)
	if m.r.n == 0 {
		return
	}
	if wordAt(b, hi) { // it goes on: the next read begins with it
		m.pos = base + int64(begin)
		return
	}
	m.flush(base, begin, hi)
}

// flush ends the word that began at b[begin].
func (m *mentions) flush(base int64, begin, end int) {
	if m.r.n >= 2 {
		if says := meaningOf(m.r.hash); says != 0 {
			m.add(mention{base + int64(begin), base + int64(end), says})
		}
	}
	m.r = wordReader{}
}

func (m *mentions) add(x mention) {
	if x.says == lineEnd && m.n > 0 {
		if l := &m.last[(m.n-1)%len(m.last)]; l.says == lineEnd {
			*l = x
			return
		}
	}
	m.last[m.n%len(m.last)] = x
	m.n++
}

// between returns what the whole words between two offsets say. Of what announces an
// identifier and what announces another number, nearest keeps only the later: "DNI,
// folio 1" speaks of a folio and "por parte de DNI 1" of a DNI.
func (m *mentions) between(from, to int64) (all, nearest words) {
	first := m.n
	for first > 0 && m.n-first < len(m.last) && m.last[(first-1)%len(m.last)].start >= from {
		first--
	}
	var s sense
	for i := first; i < m.n; i++ {
		x := &m.last[i%len(m.last)]
		if x.end > to {
			break
		}
		s.add(x.says)
	}
	return s.all, s.nearest
}

// lastWord is what the last word before b[i] says, if it stands within wordsBefore and is
// one of plain letters: what it announces holds whatever stands before it. Most values are
// announced so. It returns 0 for any other.
func lastWord(b []byte, i int) words {
	from := max(0, i-wordsBefore)
	for i > from && classOf[b[i-1]] == classOther {
		i--
	}
	end := i
	for i > from && isLetter(b[i-1]) {
		i--
	}
	if i == from || end-i < 2 || b[i-1] == '.' || b[i-1] >= 0x80 {
		return 0 // cut, or more than it seems
	}
	h := uint64(0)
	for k := i; k < end; k++ {
		if k > i && isUpper(b[k]) && isLower(b[k-1]) {
			return 0 // numDni
		}
		h = hashWord(h, b[k]|0x20)
	}
	if says := meaningOf(h); says&saysOther == 0 {
		return says & saysKind
	}
	return 0
}

// A sense gathers what words say, in their order.
type sense struct{ all, nearest words }

func (s *sense) add(says words) {
	if says == lineEnd {
		s.nearest &^= saysOther // a folio speaks of its own line
		return
	}
	s.all |= says
	if says&halves != 0 {
		for _, p := range phrases {
			if says&p.halves != 0 && s.all&p.halves == p.halves {
				says |= p.says
				s.all |= p.says
			}
		}
	}
	switch {
	case says&saysOther != 0:
		s.nearest = s.nearest&^saysKind | saysOther
	case says&saysKind != 0:
		s.nearest = s.nearest&^saysOther | says&saysKind
	}
}

// readWords reads the whole words of b and returns all that they say, and of what
// stands against each other the nearest to the end.
func readWords(b []byte) (all, nearest words) {
	var m mentions
	m.read(b, 0, 0, int64(len(b)))
	return m.between(0, int64(len(b)))
}

// A wordReader folds one word at a time into a hash.
type wordReader struct {
	hash uint64
	n    int // letters
	dots int // dots between them, each after a single letter
	last byte
}

// acronym tells whether the word so far is single letters with dots between.
func (r *wordReader) acronym() bool { return r.n > 0 && r.n == r.dots+1 }

func (r *wordReader) letter(c byte) {
	if r.dots > 0 && r.n > r.dots { // two letters in a row: "p.nss" is no acronym
		r.hash, r.n, r.dots = hashWord(0, r.last), 1, 0
	}
	r.hash = hashWord(r.hash, c)
	r.last = c
	r.n++
}

// Classes of bytes to the reader of words: letters are their place in the alphabet.
const (
	classHigh = 26 + iota // of a letter with an accent, perhaps
	classLine
	classDot
	classOther
)

// classOf is indexed by byte.
var classOf = func() (t [256]uint8) {
	for c := range t {
		switch {
		case isLetter(byte(c)):
			t[c] = byte(c) | 0x20 - 'a'
		case c >= 0x80:
			t[c] = classHigh
		case c == '\n':
			t[c] = classLine
		case c == '.':
			t[c] = classDot
		default:
			t[c] = classOther
		}
	}
	return t
}()
