package extract

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// A pdfAccent is a mark that stands on letters.
type pdfAccent struct {
	name      string // as in names of glyphs: eacute
	combining rune
	spacing   rune   // the same mark as a character of its own
	pairs     string // letters, each with what it becomes
}

// pdfAccents are the marks of European languages (Unicode, canonical composition).
var pdfAccents = [...]pdfAccent{
	{"grave", 0x300, 0x60, "AÀEÈIÌNǸOÒUÙWẀYỲaàeèiìnǹoòuùwẁyỳ"},
	{"acute", 0x301, 0xB4, "AÁCĆEÉGǴIÍKḰLĹMḾNŃOÓPṔRŔSŚUÚWẂYÝZŹaácćeégǵiíkḱlĺmḿnńoópṕrŕsśuúwẃyýzź"},
	{"circumflex", 0x302, 0x2C6, "AÂCĈEÊGĜHĤIÎJĴOÔSŜUÛWŴYŶZẐaâcĉeêgĝhĥiîjĵoôsŝuûwŵyŷzẑ"},
	{"tilde", 0x303, 0x2DC, "AÃEẼIĨNÑOÕUŨVṼYỸaãeẽiĩnñoõuũvṽyỹ"},
	{"macron", 0x304, 0xAF, "AĀEĒGḠIĪOŌUŪYȲaāeēgḡiīoōuūyȳ"},
	{"breve", 0x306, 0x2D8, "AĂEĔGĞIĬOŎUŬaăeĕgğiĭoŏuŭ"},
	{"dotaccent", 0x307, 0x2D9, "AȦBḂCĊDḊEĖFḞGĠHḢIİMṀNṄOȮPṖRṘSṠTṪWẆXẊYẎZŻaȧbḃcċdḋeėfḟgġhḣmṁnṅoȯpṗrṙsṡtṫwẇxẋyẏzż"},
	{"dieresis", 0x308, 0xA8, "AÄEËHḦIÏOÖUÜWẄXẌYŸaäeëhḧiïoötẗuüwẅxẍyÿ"},
	{"ring", 0x30A, 0x2DA, "AÅUŮaåuůwẘyẙ"},
	{"hungarumlaut", 0x30B, 0x2DD, "OŐUŰoőuű"},
	{"caron", 0x30C, 0x2C7, "AǍCČDĎEĚGǦHȞIǏKǨLĽNŇOǑRŘSŠTŤUǓZŽaǎcčdďeěgǧhȟiǐjǰkǩlľnňoǒrřsštťuǔzž"},
	{"commaaccent", 0x326, 0x0, "SȘTȚsștț"},
	{"cedilla", 0x327, 0xB8, "CÇDḐEȨGĢHḨKĶLĻNŅRŖSŞTŢcçdḑeȩgģhḩkķlļnņrŗsştţ"},
	{"ogonek", 0x328, 0x2DB, "AĄEĘIĮOǪUŲaąeęiįoǫuų"},
}

// composed returns letter with an accent on it, or 0.
func (a *pdfAccent) composed(letter rune) rune {
	switch letter {
	case 'ı':
		letter = 'i'
	case 'ȷ':
		letter = 'j'
	}
	i := strings.IndexRune(a.pairs, letter)
	if letter >= utf8.RuneSelf || i < 0 {
		return 0
	}
	r, _ := utf8.DecodeRuneInString(a.pairs[i+1:])
	return r
}

// pdfAccentOf returns the accent that a combining or spacing character is, or nil.
func pdfAccentOf(r rune) *pdfAccent {
	switch r { // as typed in ASCII, and as Windows has them
	case '`':
		r = 0x300
	case '^':
		r = 0x302
	case '~':
		r = 0x303
	}
	for i := range pdfAccents {
		if a := &pdfAccents[i]; a.combining == r || a.spacing == r {
			return a
		}
	}
	return nil
}

// pdfBase returns the letter of an accented one, or r.
func pdfBase(r rune) rune {
	for i := range pdfAccents {
		pairs := pdfAccents[i].pairs
		if k := strings.IndexRune(pairs, r); r >= utf8.RuneSelf && k > 0 {
			return rune(pairs[k-1])
		}
	}
	return r
}

// Characters of the codes from 128 on (ISO 32000-1, annex D). U+FFFD has none.
const (
	pdfWinAnsi  = "€•‚ƒ„…†‡ˆ‰Š‹Œ•Ž••‘’“”•–—˜™š›œ•žŸ ¡¢£¤¥¦§¨©ª«¬-®¯°±²³´µ¶·¸¹º»¼½¾¿ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÐÑÒÓÔÕÖ×ØÙÚÛÜÝÞßàáâãäåæçèéêëìíîïðñòóôõö÷øùúûüýþÿ"
	pdfMacRoman = "ÄÅÇÉÑÖÜáàâäãåçéèêëíìîïñóòôöõúùûü†°¢£§•¶ß®©™´¨≠ÆØ∞±≤≥¥µ∂∑∏π∫ªºΩæø¿¡¬√ƒ≈∆«»… ÀÃÕŒœ–—“”‘’÷◊ÿŸ⁄€‹›ﬁﬂ‡·‚„‰ÂÊÁËÈÍÎÏÌÓÔ\uFFFDÒÚÛÙıˆ˜¯˘˙˚¸˝˛ˇ"
	pdfStandard = "\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD¡¢£⁄¥ƒ§¤'“«‹›ﬁﬂ\uFFFD–†‡·\uFFFD¶•‚„”»…‰\uFFFD¿\uFFFD`´ˆ˜¯˘˙¨\uFFFD˚¸\uFFFD˝˛ˇ—\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFDÆ\uFFFDª\uFFFD\uFFFD\uFFFD\uFFFDŁØŒº\uFFFD\uFFFD\uFFFD\uFFFD\uFFFDæ\uFFFD\uFFFD\uFFFDı\uFFFD\uFFFDłøœß\uFFFD\uFFFD\uFFFD\uFFFD"
	pdfDocUpper = "•†‡…—–ƒ⁄‹›−‰„“”‘’‚™ﬁﬂŁŒŠŸŽıłœšž\uFFFD€¡¢£¤¥¦§¨©ª«¬\uFFFD®¯°±²³´µ¶·¸¹º»¼½¾¿ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÐÑÒÓÔÕÖ×ØÙÚÛÜÝÞßàáâãäåæçèéêëìíîïðñòóôõö÷øùúûüýþÿ"
)

// pdfEncoding returns the characters of an encoding's codes; 0 is none.
func pdfEncoding(name string) (chars [256]rune) {
	upper := pdfWinAnsi
	for c := rune(' '); c < 0x7F; c++ {
		chars[c] = c
	}
	switch name {
	case "MacRomanEncoding":
		upper = pdfMacRoman
	case "StandardEncoding":
		upper = pdfStandard
		chars['\''], chars['`'] = '’', '‘'
	case "PDFDocEncoding":
		upper = pdfDocUpper
		copy(chars[0x18:], []rune("˘ˇˆ˙˝˛˚˜"))
	}
	i := 0x80
	for _, r := range upper {
		if r != utf8.RuneError && i < len(chars) {
			chars[i] = r
		}
		i++
	}
	return chars
}

// pdfGlyphRune returns the character of a glyph's name (Adobe Glyph List, as far as
// European languages need it), or 0.
func pdfGlyphRune(name string) rune {
	if i := strings.IndexByte(name, '.'); i > 0 {
		name = name[:i] // one.oldstyle
	}
	if len(name) == 1 {
		return rune(name[0])
	}
	if r := pdfNamedRune(name); r != 0 {
		return r
	}
	switch {
	case strings.HasPrefix(name, "uni") && len(name) >= 7:
		if n, err := strconv.ParseUint(name[3:7], 16, 32); err == nil {
			return rune(n)
		}
	case name[:min(1, len(name))] == "u" && len(name) >= 5 && len(name) <= 7:
		if n, err := strconv.ParseUint(name[1:], 16, 32); err == nil && n <= utf8.MaxRune {
			return rune(n)
		}
	case len(name) > 2:
		for i := range pdfAccents {
			if a := &pdfAccents[i]; name[1:] == a.name {
				return a.composed(rune(name[0]))
			}
		}
		if strings.HasPrefix(name, "dotlessi") {
			return 'ı'
		}
	}
	return 0
}

func pdfNamedRune(name string) rune {
	switch name {
	case "space", "nbspace", "nonbreakingspace", "visiblespace":
		return ' '
	case "exclam":
		return '!'
	case "quotedbl":
		return '"'
	case "numbersign":
		return '#'
	case "dollar":
		return '$'
	case "percent":
		return '%'
	case "ampersand":
		return '&'
	case "quotesingle":
		return '\''
	case "parenleft":
		return '('
	case "parenright":
		return ')'
	case "asterisk":
		return '*'
	case "plus":
		return '+'
	case "comma":
		return ','
	case "hyphen", "hyphentwo", "hyphen.alt":
		return '-'
	case "period":
		return '.'
	case "slash":
		return '/'
	case "zero":
		return '0'
	case "one", "onefitted":
		return '1'
	case "two":
		return '2'
	case "three":
		return '3'
	case "four":
		return '4'
	case "five":
		return '5'
	case "six":
		return '6'
	case "seven":
		return '7'
	case "eight":
		return '8'
	case "nine":
		return '9'
	case "colon":
		return ':'
	case "semicolon":
		return ';'
	case "less":
		return '<'
	case "equal":
		return '='
	case "greater":
		return '>'
	case "question":
		return '?'
	case "at":
		return '@'
	case "bracketleft":
		return '['
	case "backslash":
		return '\\'
	case "bracketright":
		return ']'
	case "asciicircum":
		return '^'
	case "underscore":
		return '_'
	case "grave":
		return '`'
	case "braceleft":
		return '{'
	case "bar":
		return '|'
	case "braceright":
		return '}'
	case "asciitilde":
		return '~'
	case "exclamdown":
		return '¡'
	case "cent":
		return '¢'
	case "sterling":
		return '£'
	case "currency":
		return '¤'
	case "yen":
		return '¥'
	case "brokenbar":
		return '¦'
	case "section":
		return '§'
	case "copyright":
		return '©'
	case "ordfeminine":
		return 'ª'
	case "guillemotleft":
		return '«'
	case "logicalnot":
		return '¬'
	case "registered":
		return '®'
	case "degree":
		return '°'
	case "plusminus":
		return '±'
	case "mu", "mu1":
		return 'µ'
	case "paragraph":
		return '¶'
	case "periodcentered", "middot":
		return '·'
	case "ordmasculine":
		return 'º'
	case "guillemotright":
		return '»'
	case "onequarter":
		return '¼'
	case "onehalf":
		return '½'
	case "threequarters":
		return '¾'
	case "questiondown":
		return '¿'
	case "AE":
		return 'Æ'
	case "Eth":
		return 'Ð'
	case "multiply":
		return '×'
	case "Oslash":
		return 'Ø'
	case "Thorn":
		return 'Þ'
	case "germandbls":
		return 'ß'
	case "ae":
		return 'æ'
	case "eth":
		return 'ð'
	case "divide":
		return '÷'
	case "oslash":
		return 'ø'
	case "thorn":
		return 'þ'
	case "Dcroat":
		return 'Đ'
	case "dcroat":
		return 'đ'
	case "dotlessi":
		return 'ı'
	case "Lslash":
		return 'Ł'
	case "lslash":
		return 'ł'
	case "OE":
		return 'Œ'
	case "oe":
		return 'œ'
	case "florin":
		return 'ƒ'
	case "endash":
		return '–'
	case "emdash":
		return '—'
	case "quoteleft":
		return '‘'
	case "quoteright":
		return '’'
	case "quotesinglbase":
		return '‚'
	case "quotedblleft":
		return '“'
	case "quotedblright":
		return '”'
	case "quotedblbase":
		return '„'
	case "dagger":
		return '†'
	case "daggerdbl":
		return '‡'
	case "bullet":
		return '•'
	case "ellipsis":
		return '…'
	case "perthousand", "perthousandzero":
		return '‰'
	case "guilsinglleft":
		return '‹'
	case "guilsinglright":
		return '›'
	case "fraction":
		return '⁄'
	case "Euro", "euro":
		return '€'
	case "trademark":
		return '™'
	case "minus":
		return '−'
	case "ff", "f_f":
		return 'ﬀ'
	case "fi", "f_i":
		return 'ﬁ'
	case "fl", "f_l":
		return 'ﬂ'
	case "ffi", "f_f_i":
		return 'ﬃ'
	case "ffl", "f_f_l":
		return 'ﬄ'
	case "onesuperior":
		return '¹'
	case "twosuperior":
		return '²'
	case "threesuperior":
		return '³'
	case "dotlessj":
		return 'ȷ'
	case "Ldot":
		return 'Ŀ'
	case "ldot":
		return 'ŀ'
	case "acute":
		return '´'
	case "circumflex":
		return 'ˆ'
	case "tilde":
		return '˜'
	case "breve":
		return '˘'
	case "dotaccent":
		return '˙'
	case "dieresis":
		return '¨'
	case "ring":
		return '˚'
	case "hungarumlaut":
		return '˝'
	case "caron":
		return 'ˇ'
	case "cedilla":
		return '¸'
	case "ogonek":
		return '˛'
	case "sfthyphen", "softhyphen":
		return '\u00AD'
	case "numero", "afii61352":
		return '№'
	case "overscore", "macron":
		return '¯'
	case "Idot":
		return 'İ'
	case "Omega":
		return 'Ω'
	case "pi":
		return 'π'
	case "compwordmark":
		return '\u200B'
	case "rupiah":
		return '₨'
	}
	return 0
}
