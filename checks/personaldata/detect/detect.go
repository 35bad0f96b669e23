// Package detect finds the identity numbers of Mexican and Spanish citizens in a
// stream of bytes, and says how sure it is of each.
//
// One pass looks for runs of digits, the one thing that every identifier has. Only
// there it reads the neighbouring letters, checks the shape, the date and the check
// digit, and then weighs the words around it, the name of its column and other
// identifiers nearby. A check digit alone proves little (one random number in ten
// has a right one), so the weak types need a word beside them.
//
// What always holds:
//
//   - A result never depends on how the stream was cut into blocks.
//   - Any bytes are legal input; memory does not grow with it, and nothing is
//     allocated per candidate.
//   - A value never leaves the package: a Match says where and what, and carries
//     only tags under a key that is random for each process, so that a Tally can
//     count distinct values. Tags are never printed, stored or sent.
//
// The package does not read files, know file formats, or decide what is allowed.
// It imports nothing of ours.
package detect

import (
	"fmt"
	"slices"
)

// A Type names a kind of identifier: country, dot, name; without a country where it has none.
type Type string

// What this version finds.
const (
	CURP           Type = "mx.curp"     // Clave Única de Registro de Población, 18 characters
	RFC            Type = "mx.rfc"      // Registro Federal de Contribuyentes: 13 characters a person, 12 a company
	NSS            Type = "mx.nss"      // social security number of the IMSS, 11 digits
	CLABE          Type = "mx.clabe"    // bank account, 18 digits
	INE            Type = "mx.ine"      // voter's card: clave de elector, CIC or OCR
	PassportMexico Type = "mx.passport" // a letter and 8 digits
	PhoneMexico    Type = "mx.phone"    // 10 digits
	ISSEMYM        Type = "mx.issemym"  // key of the social security of the State of Mexico's employees
	PlateMexico    Type = "mx.plate"    // of a vehicle
	DNI            Type = "es.dni"      // Spanish identity number, 8 digits and a letter; NIF of natural persons that begin with K, L, M
	NIE            Type = "es.nie"      // Spanish number of a foreigner, X, Y or Z, 7 digits and a letter
	CIF            Type = "es.cif"      // tax number of a legal person: personal data of nobody, reported for its company
	NUSS           Type = "es.ss"       // Spanish social security number, 12 digits
	IBAN           Type = "es.iban"     // Spanish bank account, ES and 22 digits
	CCC            Type = "es.ccc"      // the same account in its older form of 20 digits
	PassportSpain  Type = "es.passport" // 3 letters and 6 digits
	PhoneSpain     Type = "es.phone"    // 9 digits
	PlateSpain     Type = "es.plate"    // of a vehicle
	MRZ            Type = "mrz"         // machine readable zone of a passport or an identity card
	Card           Type = "card"        // payment card, 13 to 19 digits
	Email          Type = "email"       // address of electronic mail
	Name           Type = "name"        // two or more given names and surnames in a row
	Address        Type = "address"     // postal address
	BirthDate      Type = "birthdate"   // a date beside a word that says that it is one of birth
	Credential     Type = "credential"  // a password or key beside the word for it
)

// RulesVersion grows whenever the same bytes may give other matches than before,
// so that what was scanned under older rules can be told apart.
const RulesVersion = 4

// kind is a Type as a small number, for tables and sets.
type kind uint8

const (
	kindCURP kind = iota
	kindRFC
	kindNSS
	kindCLABE
	kindINE
	kindPassportMexico
	kindPhoneMexico
	kindISSEMYM
	kindPlateMexico
	kindDNI
	kindNIE
	kindCIF
	kindNUSS
	kindIBAN
	kindCCC
	kindPassportSpain
	kindPhoneSpain
	kindPlateSpain
	kindMRZ
	kindCard
	kindEmail
	kindName
	kindAddress
	kindBirthDate
	kindCredential
	kinds // how many there are
)

// typeOf is indexed by kind.
var typeOf = [kinds]Type{
	CURP, RFC, NSS, CLABE, INE, PassportMexico, PhoneMexico, ISSEMYM, PlateMexico,
	DNI, NIE, CIF, NUSS, IBAN, CCC, PassportSpain, PhoneSpain, PlateSpain,
	MRZ, Card, Email, Name, Address, BirthDate, Credential,
}

// Types lists every Type that a Scanner can report, in a fixed order.
func Types() []Type { return slices.Clone(typeOf[:]) }

// A Category is a set of special categories of personal data (GDPR art. 9 and 10; in
// Mexico, sensitive data) that words beside an identity speak of.
type Category uint8

// The special categories.
const (
	Health Category = 1 << iota
	Religion
	Union
	Ethnicity
	Orientation
	Politics
	Biometrics
	Criminal
)

// Names lists the categories of the set in a fixed order, as they stand in reports.
func (c Category) Names() []string {
	var names []string
	for i, name := range [...]string{"health", "religion", "union", "ethnicity", "orientation", "politics", "biometrics", "criminal"} {
		if c>>i&1 == 1 {
			names = append(names, name)
		}
	}
	return names
}

// An Outcome is what the validator of an identifier says of a text that has its
// shape. A wrong digit is no hard gate where reality breaks the rule: an RFC with one is
// reported when something beside it says that it is an RFC. For the other types a text
// with a wrong digit is another number, and no Match.
type Outcome uint8

const (
	// ShapeOnly means that the type has no check digit, or it cannot be computed here.
	ShapeOnly Outcome = iota + 1
	// DigitWrong means that the shape holds and the check digit does not.
	DigitWrong
	// Valid means that shape and check digit hold.
	Valid
)

// String names the outcome as it may appear in diagnostics.
func (o Outcome) String() string {
	switch o {
	case ShapeOnly:
		return "shape_only"
	case DigitWrong:
		return "digit_wrong"
	case Valid:
		return "valid"
	}
	return fmt.Sprintf("Outcome(%d)", uint8(o))
}

// Scores run from 0 to 100. From Report on, a match counts as found; from Review
// to Report it is worth a look by a person and counts nowhere.
const (
	Report = 60
	Review = 40
)

// A Match says that a text that reads as an identifier lies between two offsets.
type Match struct {
	Type    Type
	Start   int64 // offset of its first byte in the stream that was scanned
	End     int64 // offset after its last byte
	Outcome Outcome
	Score   int // confidence, Review..100; evidence that could not change whether it counts is left out

	kind       kind
	categories Category // that words around it speak of
	count      uint32   // for words: how many lie between the offsets; 0 for a single value
	tag        uint64   // keyed hash of the normalised value
	person     uint64   // keyed hash of what tells persons apart, 0 when it is no person's
}

// String describes the match without its tags, so that no way of printing a Match
// shows them.
func (m Match) String() string {
	return fmt.Sprintf("%s at %d..%d %s score %d", m.Type, m.Start, m.End, m.Outcome, m.Score)
}

// GoString is String: %#v shows no tag either.
func (m Match) GoString() string { return m.String() }
