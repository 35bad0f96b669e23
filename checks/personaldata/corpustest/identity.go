package corpustest

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// An Identity is a person who does not exist, with every number that such a person
// could have in Mexico and in Spain.
type Identity struct {
	First, Paternal, Maternal string // as written: Sofía, Muñoz, Peña
	Born                      time.Time
	Man                       bool

	CURP, RFC, NSS, CLABE, Elector, CIC, OCR, Passport, Phone, Card, Plate, ISSEMYM string
	DNI, NIE, NIF, CIF, NUSS, IBAN, CCC, PassportES, PhoneES, PlateES               string
	Email, Address, AddressES                                                       string
	INEZone, PassportZone, PassportZoneES                                           string // machine-readable zones, lines parted by \n
	Company                                                                         string // RFC of a company
}

// Name is the full name, as it is written.
func (id Identity) Name() string { return id.First + " " + id.Paternal + " " + id.Maternal }

// Values lists every value by which the person could be known.
func (id Identity) Values() []string {
	return []string{
		id.CURP, id.RFC, id.NSS, id.CLABE, id.Elector, id.CIC, id.OCR, id.Passport, id.Phone, id.Card, id.ISSEMYM,
		id.DNI, id.NIE, id.NIF, id.CIF, id.NUSS, id.IBAN, id.CCC, id.PassportES, id.PhoneES, id.Email,
	}
}

// A state of Mexico, with its codes in a CURP and in a voter's key.
type state struct {
	curp    string
	elector int
}

func states() []state {
	var all []state
	for i, code := range strings.Fields("AS BC BS CC CL CM CS CH DF DG GT GR HG JC MC MN MS NT NL OC PL QT QR SP SL SR TC TS TL VZ YN ZS") {
		all = append(all, state{code, i + 1})
	}
	return all
}

// People invents identities from a seed.
type People struct{ r *random }

// NewPeople returns a source of identities: the same seed gives the same ones.
func NewPeople(seed uint64) *People { return &People{newRandom(seed, 'P')} }

// Next invents a person.
func (p *People) Next() Identity {
	r := p.r
	id := Identity{Man: r.below(2) == 0, Paternal: pick(r, surnames()), Maternal: pick(r, surnames())}
	if id.Man {
		id.First = pick(r, menNames())
	} else {
		id.First = pick(r, womenNames())
	}
	id.Born = time.Date(r.between(1940, 2004), time.Month(r.between(1, 12)), r.between(1, 28), 0, 0, 0, 0, time.UTC)
	at := pick(r, states())

	id.mexican(r, at)
	id.spanish(r)
	id.zones(r)
	plain := strings.ToLower(strings.NewReplacer("Ñ", "n", " ", "").Replace(fold(id.First) + "." + fold(id.Paternal)))
	id.Email = plain + strconv.Itoa(r.between(1, 9999)) + "@" + pick(r, []string{"ayto-valdehiguera.es", "lagunillas-centro.gob.mx", "correovecinal.mx", "despacho-ribera.com"})
	return id
}

// mexican fills in what Mexico gives.
func (id *Identity) mexican(r *random, at state) {
	paternal, maternal, first := fold(id.Paternal), fold(id.Maternal), fold(id.First)
	root := ascii(paternal[:1] + innerVowel(paternal) + firstOf(maternal) + firstOf(first))
	date := id.Born.Format("060102")
	sex := "M"
	if id.Man {
		sex = "H"
	}

	word := root
	if inconvenient(word) {
		word = word[:1] + "X" + word[2:]
	}
	century := r.digits(1)
	if id.Born.Year() >= 2000 {
		century = r.from("ABCDEFGHIJ", 1)
	}
	curp := word + date + sex + at.curp + innerConsonant(paternal) + innerConsonant(maternal) + innerConsonant(first) + century
	id.CURP = curp + curpDigit(curp)

	rfc := word + date + homoclave(paternal+" "+maternal+" "+first)
	id.RFC = rfc + rfcDigit(rfc)
	company := r.from(consonant, 3) + fmt.Sprintf("%02d%02d%02d", r.between(0, 24), r.between(1, 12), r.between(1, 28)) + r.from("123456789ABCDEFGHIJKLMNPQRSTUVWXYZ", 2)
	id.Company = company + rfcDigit(" "+company)

	nss := fmt.Sprintf("%02d%02d%02d", r.between(1, 97), (id.Born.Year()+r.between(16, 30))%100, id.Born.Year()%100) + r.digits(4)
	id.NSS = nss + luhn(nss)

	clabe := pick(r, banks()) + pick(r, []string{"180", "320", "580", "930", "078", "225", "680", "650", "420", "910"}) + r.digits(11)
	id.CLABE = clabe + clabeDigit(clabe)

	id.Elector = ascii(pairOf(paternal)+pairOf(maternal)+pairOf(first)) + date + fmt.Sprintf("%02d", at.elector) + sex + r.digits(1) + "0" + r.digits(1)
	id.CIC = r.from("123", 1) + r.digits(8)
	id.OCR = fmt.Sprintf("%04d", r.between(1, 3999)) + r.digits(9) // no section is number 0
	id.Passport = r.from("GN", 1) + r.digits(8)
	lada := pick(r, []string{"55", "33", "81", "56", "222", "442", "492", "844", "871", "614", "664", "998", "722", "999"})
	id.Phone = lada + r.from("2345678", 1) + r.digits(9-len(lada))
	id.Card = card(r)
	id.Plate = r.from("ABCDEFGHJKLMNPRSTUVWXYZ", 3) + "-" + r.digits(3) + "-" + r.from("ABCDEFGHJKLMNPRSTUVWXYZ", 1)
	id.ISSEMYM = r.from("123456789", 1) + r.digits(6)
	id.Address = fmt.Sprintf("%s %s núm. %d, Col. %s, C.P. %d", pick(r, []string{"Calle", "Av.", "Calzada", "Blvd."}), pick(r, streets()),
		r.between(1, 2400), pick(r, colonies()), r.between(10_000, 98_999))
}

// spanish fills in what Spain gives.
func (id *Identity) spanish(r *random) {
	number := r.between(1_000_000, 99_999_999)
	id.DNI = fmt.Sprintf("%08d%s", number, dniLetter(number))
	first, seven := r.below(3), r.between(0, 9_999_999)
	id.NIE = fmt.Sprintf("%c%07d%s", "XYZ"[first], seven, dniLetter(first*10_000_000+seven))
	seven = r.between(1, 9_999_999)
	id.NIF = fmt.Sprintf("%s%07d%s", r.from("KLM", 1), seven, dniLetter(seven))
	kind, body := r.from("ABCDEFGHJNPQRSUVW", 1), r.digits(7)
	control := cifControl(body)
	if strings.ContainsAny(kind, "NPQRSW") {
		id.CIF = kind + body + string("JABCDEFGHI"[control])
	} else {
		id.CIF = kind + body + strconv.Itoa(control)
	}
	province, affiliate := r.between(1, 52), r.between(1_000_000, 99_999_999)
	id.NUSS = fmt.Sprintf("%02d%08d%s", province, affiliate, nussControl(province, affiliate))
	bank := pick(r, []string{"0049", "0075", "0081", "0128", "0182", "2100", "2038", "2080", "2095", "0073"}) + r.digits(4)
	account := r.digits(10)
	id.CCC = bank + accountDigit("00"+bank) + accountDigit(account) + account
	id.IBAN = "ES" + ibanDigits(id.CCC) + id.CCC
	id.PassportES = r.from("ABCDEFGHJKLMNPQRSTUVWXYZ", 3) + r.digits(6)
	id.PhoneES = pick(r, []string{"6" + r.digits(8), "7" + r.from("1234", 1) + r.digits(7), "91" + r.from("1234567", 1) + r.digits(6), "93" + r.from("1234567", 1) + r.digits(6), "96" + r.from("1234567", 1) + r.digits(6)})
	id.PlateES = r.digits(4) + r.from("BCDFGHJKLMNPRSTVWXYZ", 3)
	id.AddressES = fmt.Sprintf("C/ %s, %d, %dº %s, %05d %s", pick(r, streets()), r.between(1, 180), r.between(1, 9), r.from("ABCD", 1),
		r.between(1_001, 52_006), pick(r, []string{"Madrid", "Sevilla", "Valencia", "Zaragoza", "Murcia"}))
}

// zones writes the machine-readable zones, after ICAO document 9303.
func (id *Identity) zones(r *random) {
	names := strings.ReplaceAll(ascii(fold(id.Paternal))+"<"+ascii(fold(id.Maternal))+"<<"+ascii(fold(id.First)), " ", "<")
	padded := func(s string, n int) string { return (s + strings.Repeat("<", n))[:n] }
	born := id.Born.Format("060102")
	until := fmt.Sprintf("%02d1231", r.between(27, 36))
	born, until = born+icao(born), until+icao(until)

	sex, sexICAO := "M", "F"
	if id.Man {
		sex, sexICAO = "H", "M"
	}
	upperLine := "IDMEX" + id.CIC + icao(id.CIC) + "<<" + id.OCR
	lower := born + sex + until + "MEX<" + r.digits(2) + "<<" + r.digits(5) + "<"
	lower += icao(upperLine[5:30] + lower[0:7] + lower[8:15] + lower[18:29])
	id.INEZone = upperLine + "\n" + lower + "\n" + padded(names, 30)

	book := func(number, country string) string {
		number += icao(number)
		personal := strings.Repeat("<", 14) + "0"
		line := number + country + born + sexICAO + until + personal
		return padded("P<"+country+names, 44) + "\n" + line + icao(number+born+until+personal)
	}
	id.PassportZone, id.PassportZoneES = book(id.Passport, "MEX"), book(id.PassportES, "ESP")
}

// card draws the number of a payment card that is nobody's and no published test number.
func card(r *random) string {
	first := pick(r, []string{"4152", "4931", "5204", "5579", "2223", "2480", "5256", "4915", "4000"}) + r.digits(11)
	if r.below(10) == 0 {
		first = pick(r, []string{"34", "37"}) + r.digits(12)
	}
	return first + luhn(first)
}

// banks are some banks that take part in Mexico's interbank payments.
func banks() []string {
	return []string{"002", "012", "014", "021", "030", "036", "044", "058", "062", "072", "127", "137", "145", "646"}
}

// fold takes accents off and makes capitals; the Ñ stays.
func fold(s string) string {
	return strings.NewReplacer("Á", "A", "É", "E", "Í", "I", "Ó", "O", "Ú", "U", "Ü", "U").Replace(strings.ToUpper(s))
}

// ascii writes X for Ñ.
func ascii(s string) string { return strings.ReplaceAll(s, "Ñ", "X") }

func firstOf(s string) string { return string([]rune(s)[:1]) }

// innerVowel is the first vowel after the first letter.
func innerVowel(s string) string {
	for _, c := range s[1:] {
		if strings.ContainsRune("AEIOU", c) {
			return string(c)
		}
	}
	return "X"
}

// innerConsonant is the first consonant after the first letter, Ñ as X.
func innerConsonant(s string) string {
	for _, c := range []rune(s)[1:] {
		if c == 'Ñ' {
			return "X"
		}
		if strings.ContainsRune(consonant, c) {
			return string(c)
		}
	}
	return "X"
}

// pairOf is what a voter's key takes of a name: its initial and its first inner consonant.
func pairOf(s string) string { return firstOf(s) + innerConsonant(s) }

// inconvenient tells whether four letters are a word that a CURP must not begin with.
func inconvenient(s string) bool {
	const words = "BACA BAKA BUEI BUEY CACA CACO CAGA CAGO CAKA CAKO COGE COGI COJA COJE COJI COJO COLA CULO FALO FETO GETA GUEI " +
		"GUEY JETA JOTO KACA KACO KAGA KAGO KAKA KAKO KOGE KOGI KOJA KOJE KOJI KOJO KOLA KULO LILO LOCA LOCO LOKA LOKO MAME MAMO MEAR MEAS " +
		"MEON MIAR MION MOCO MOKO MULA MULO NACA NACO PEDA PEDO PENE PIPI PITO POPO PUTA PUTO QULO RATA ROBA ROBE ROBO RUIN SENO TETA VACA " +
		"VAGA VAGO VAKA VUEI VUEY WUEI WUEY"
	return strings.Contains(words, s)
}
