package detect

// MaxDistinct is how many different values of a type, and persons, a Tally tells
// apart. What comes after is counted as a match and no longer as a new value: a file
// with ten thousand persons is no better than one with more.
const MaxDistinct = 10_000

// A Tally counts matches: how many of each type, how many different values, how many
// persons. It knows values only by the tags of this process, and keeps those in memory
// alone. All its matches must come from scanners with one seed. The zero Tally is
// empty and ready.
type Tally struct {
	counts [kinds]int
	values [kinds]tagSet
	// roots holds the first ten characters that a person's CURP and RFC share.
	roots      tagSet
	root       uint64 // the last one
	categories Category

	held    [64]tagOf // not in their sets yet
	n       int
	fetched uint64
}

// tagOf is a tag and whose it is.
type tagOf struct {
	kind kind
	tag  uint64
}

// Add counts a match if its score reaches Report.
func (t *Tally) Add(m Match) { t.add(&m) }

func (t *Tally) add(m *Match) {
	if m.Score < Report || m.kind >= kinds {
		return
	}
	if m.count > 0 { // words, which have no value to tell apart
		t.categories |= m.categories
		t.counts[m.kind] += int(m.count)
		return
	}
	t.one(m.kind, m.tag, m.person, m.categories)
}

// one counts a value of kind k.
func (t *Tally) one(k kind, tag, person uint64, c Category) {
	t.categories |= c
	t.counts[k]++
	t.hold(tagOf{k, tag})
	if person != 0 && person != t.root && (k == kindCURP || k == kindRFC) {
		t.root = person
		t.hold(tagOf{kinds, person})
	}
}

// hold keeps a tag for its set.
func (t *Tally) hold(x tagOf) {
	t.held[t.n] = x
	if t.n++; t.n == len(t.held) {
		t.settle()
	}
}

// settle puts what is held into the sets. In a table every tag falls on memory that no
// cache has, so the places of all are looked at first: the processor fetches them side
// by side, and then they are there.
func (t *Tally) settle() {
	for _, x := range t.held[:t.n] {
		t.fetched ^= t.set(x.kind).peek(x.tag)
	}
	for _, x := range t.held[:t.n] {
		t.set(x.kind).add(x.tag)
	}
	clear(t.held[:t.n])
	t.n, t.fetched = 0, 0
}

// set is the set of the tags of a kind; that of persons is behind the last one.
func (t *Tally) set(k kind) *tagSet {
	if k == kinds {
		return &t.roots
	}
	return &t.values[k]
}

// Merge counts everything that o has counted.
func (t *Tally) Merge(o *Tally) {
	t.settle()
	o.settle()
	t.categories |= o.categories
	for k := range kinds {
		t.counts[k] += o.counts[k]
		if o.values[k].n == 0 || t.values[k].n >= MaxDistinct {
			continue
		}
		for _, slot := range o.values[k].slots {
			if slot != 0 {
				t.values[k].add(slot)
			}
		}
	}
	if o.roots.n == 0 {
		return
	}
	for _, slot := range o.roots.slots {
		if slot != 0 {
			t.roots.add(slot)
		}
	}
}

// Reset empties the tally and wipes its tags. It keeps memory for a text of the same
// size.
func (t *Tally) Reset() {
	for k := range kinds {
		if t.counts[k] > 0 {
			t.values[k].reset()
		}
		t.counts[k] = 0
	}
	t.roots.reset()
	t.root = 0
	clear(t.held[:t.n])
	t.n = 0
	t.categories = 0
}

// Empty tells whether nothing has been counted.
func (t *Tally) Empty() bool { return t.counts == [kinds]int{} }

// Counts is how many matches there were of each type that had any. Names, addresses and
// dates of birth are counted near other matches only.
func (t *Tally) Counts() map[Type]int {
	m := make(map[Type]int)
	for k, n := range t.counts {
		if n > 0 {
			m[typeOf[k]] = n
		}
	}
	return m
}

// Distinct is how many different values there were of each type that had any, up to
// MaxDistinct. Names, addresses and dates of birth outside columns are not told apart.
func (t *Tally) Distinct() map[Type]int {
	t.settle()
	m := make(map[Type]int)
	for k := range t.values {
		if n := t.values[k].n; n > 0 {
			m[typeOf[k]] = n
		}
	}
	return m
}

// Categories are the special categories of data that words beside a match spoke of.
func (t *Tally) Categories() Category { return t.categories }

// Persons is at least how many different persons the matches speak of. A CURP and an
// RFC that share their first ten characters are one person. All other numbers may be of
// persons already counted, so the largest count of each country stands. A person may
// have two accounts, passports or voter's numbers and three cards or telephones, but one
// date of birth; other things tell that there is one. Companies are no persons.
func (t *Tally) Persons() int {
	t.settle()
	n := func(k kind) int { return t.values[k].n }
	mexico := max(n(kindCURP), t.roots.n, n(kindNSS), n(kindINE)/2, n(kindPassportMexico)/2, n(kindCLABE)/2, n(kindISSEMYM)/2, n(kindPhoneMexico)/3)
	spain := max(n(kindDNI)+n(kindNIE), n(kindNUSS), n(kindPassportSpain)/2, (n(kindIBAN)+n(kindCCC))/2, n(kindPhoneSpain)/3)
	persons := max(mexico+spain, n(kindMRZ)/2, n(kindCard)/3, n(kindBirthDate))
	if persons > 0 {
		return persons
	}
	for k, s := range t.values {
		company := kind(k) == kindRFC || kind(k) == kindCIF // persons' RFCs are counted by their roots
		if s.n > 0 && !company {
			return 1
		}
	}
	return 0
}

// A tagSet is a set of tags with open addressing. Tags are random already, so their
// own bits place them; the zero set is empty.
type tagSet struct {
	slots []uint64 // a power of two of them; 0 is free
	n     int
}

const (
	firstSlots = 64
	keepSlots  = 1024 // what reset keeps for the next text
)

// add puts a tag into the set, unless that is full.
func (s *tagSet) add(tag uint64) {
	if s.n >= MaxDistinct {
		return
	}
	if tag == 0 {
		tag = 1
	}
	if s.n*4 >= len(s.slots)*3 {
		s.grow()
	}
	mask := uint64(len(s.slots) - 1)
	for i := tag >> 32 & mask; ; i = (i + 1) & mask {
		switch s.slots[i] {
		case tag:
			return
		case 0:
			s.slots[i] = tag
			s.n++
			return
		}
	}
}

// peek reads the place of a tag.
func (s *tagSet) peek(tag uint64) uint64 {
	if len(s.slots) == 0 {
		return 0
	}
	return s.slots[tag>>32&uint64(len(s.slots)-1)]
}

func (s *tagSet) grow() {
	old := s.slots
	s.slots = make([]uint64, max(firstSlots, 4*len(old))) // four times: a set that grows is soon large
	mask := uint64(len(s.slots) - 1)
	for _, slot := range old {
		if slot == 0 {
			continue
		}
		i := slot >> 32 & mask
		for s.slots[i] != 0 {
			i = (i + 1) & mask
		}
		s.slots[i] = slot
	}
	clear(old)
}

// reset empties the set. A large one is kept as long as each text fills it: folders hold
// many tables of a sort.
func (s *tagSet) reset() {
	if s.n > 0 {
		clear(s.slots)
	}
	if len(s.slots) > keepSlots && s.n < len(s.slots)/8 {
		s.slots = nil
	}
	s.n = 0
}
