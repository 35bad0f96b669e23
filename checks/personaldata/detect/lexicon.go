package detect

import (
	_ "embed" // names.txt
	"strings"
	"sync"
)

// namesText lists given names and surnames that are common in Spain and Mexico, without
// accents, in blocks under a line that says what they are.
//
//go:embed names.txt
var namesText string

// A role is a set of things that a word may be in the neighbourhood of an identity.
type role uint64

// The eight bits from roleSays on are the special categories that a word alone speaks
// of, in the order of Category.
const (
	roleGiven   role = 1 << iota // a given name
	roleSurname                  // a surname
	roleWeak                     // a name that is an ordinary word as well, or a town
	roleLink                     // stands between names: de, la, del
	roleLabel                    // "nombre", "apellidos"
	rolePlace                    // what streets and schools that bear a name are called by
	roleBirth                    // announces a date of birth
	roleIllness                  // announces a code of an illness
	roleNotice                   // of laws, notices and calls: what categories it names are nobody's
	markWay                      // calle, avenida
	markNumber                   // núm., exterior
	markArea                     // colonia, barrio
	markPostal                   // C. P.
	markInside                   // piso, interior, lote
	markHome                     // domicilio
	markTown                     // municipio, provincia
	roleSaint                    // San, Santa: a place that bears the name of one
	roleSays                     // first of eight
)

const (
	roleName   = roleGiven | roleSurname
	roleMarks  = markWay | markNumber | markArea | markPostal | markInside | markHome | markTown
	saysShift  = 17
	halfShift  = 25
	allSays    = role(0xFF) << saysShift
	allHalves  = role(1<<64 - 1<<halfShift)
	stemLength = 5 // letters that every stem has at least
)

// entry is a slot of the lexicon's hash table.
type entry struct {
	hash  uint64 // 0 when the slot is free
	roles role
}

// stem is a word's beginning.
type stem struct {
	text  string
	roles role
}

// A lexicon tells the roles of words. It does not change once built.
type lexicon struct {
	seen  [1 << 10]uint64 // bit set: some entry's hash has these upper 16 bits
	table [1 << 13]entry
	heads [1 << 6]uint64 // likewise of the first letters of stems
	stems [1 << 8][]stem // by the hash of their first letters
}

// hashLetters goes on with the hash of a word by its next eight letters, or fewer.
func hashLetters(hash, letters uint64) uint64 {
	return (hash>>29 ^ hash ^ letters) * 0x9E3779B97F4A7C15
}

// hashOf hashes a word as a walker does.
func hashOf(word string) uint64 {
	var hash, key uint64
	for i := range len(word) {
		if i&7 == 0 && i > 0 {
			hash, key = hashLetters(hash, key), 0
		}
		key = key<<8 | uint64(word[i])
	}
	return hashLetters(hash, key)
}

// mayBeStem tells whether some stem may begin with the letters whose hash is head.
func (l *lexicon) mayBeStem(head uint64) bool {
	return l.heads[head>>58]>>(head>>52&63)&1 == 1
}

// slot returns where a hash is in the table, or the free slot where it would be.
func (l *lexicon) slot(hash uint64) *entry {
	for i := hash >> 40; ; i++ {
		e := &l.table[i%uint64(len(l.table))]
		if e.hash == hash || e.hash == 0 {
			return e
		}
	}
}

// has tells whether some word may have a hash.
func (l *lexicon) has(hash uint64) bool { return l.seen[hash>>54]>>(hash>>48&63)&1 == 1 }

// lookup returns the roles of the word, or the beginning of one, with a hash.
func (l *lexicon) lookup(hash uint64) role {
	if !l.has(hash) {
		return 0
	}
	return l.slot(hash).roles
}

func (l *lexicon) add(word string, roles role) {
	if text, ok := strings.CutSuffix(word, "*"); ok {
		head := hashOf(text[:stemLength])
		l.heads[head>>58] |= 1 << (head >> 52 & 63)
		l.stems[head>>56] = append(l.stems[head>>56], stem{text, roles})
		return
	}
	hash := hashOf(word)
	l.seen[hash>>54] |= 1 << (hash >> 48 & 63)
	e := l.slot(hash)
	e.hash = hash
	e.roles |= roles
}

func (l *lexicon) addAll(words string, roles role) {
	for word := range strings.FieldsSeq(words) {
		l.add(word, roles)
	}
}

// stemRoles returns the roles of the stems with which a folded word begins, the hash of
// whose first letters is head.
func (l *lexicon) stemRoles(head uint64, word []byte) role {
	var roles role
	for i := range l.stems[head>>56] {
		s := &l.stems[head>>56][i]
		if len(word) >= len(s.text) && string(word[:len(s.text)]) == s.text {
			roles |= s.roles
		}
	}
	return roles
}

// theLexicon builds the lexicon when it is first needed: a process that finds nobody
// does without it.
var theLexicon = sync.OnceValue(func() *lexicon {
	l := new(lexicon)
	var roles role
	for line := range strings.Lines(namesText) {
		title, ok := strings.CutPrefix(line, "# ")
		if !ok {
			l.addAll(line, roles)
			continue
		}
		roles = 0
		for word := range strings.FieldsSeq(title) {
			roles |= map[string]role{"given": roleGiven, "surname": roleSurname, "weak": roleWeak}[word]
		}
	}
	for _, w := range nameWords {
		l.addAll(w.words, w.roles)
	}
	for _, w := range addressWords {
		l.addAll(w.words, w.roles)
	}
	for _, w := range categoryWords {
		l.addAll(w.words, w.roles)
	}
	return l
})

// roleWords are words with the same roles; one that ends in "*" is a stem.
type roleWords struct {
	roles role
	words string
}
