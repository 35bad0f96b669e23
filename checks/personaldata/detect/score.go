package detect

// Points of evidence, added up. The base of each type is with its rule.
const (
	pointsWordBefore = 40
	pointsWordAfter  = 20
	pointsColumn     = 45 // the name of its column announces it
	pointsCertain    = 30 // most of its column is valid
	pointsNames      = 25 // two names or more beside it
	pointsNeighbour  = 20 // a strong identifier of another value within nearBytes
	pointsSamePerson = 20 // a CURP and an RFC within nearBytes that share their first ten characters
	pointsOther      = -30
	pointsOtherCURP  = -20 // a folio is not eighteen characters with a date, a state and a digit
	pointsDigitWrong = -35
	strongFrom       = 70
	maxScore         = 100
	nearBytes        = 200
	maxNear          = 64
)

// A candidate is a hit with its evidence, waiting for more.
type candidate struct {
	match  Match
	points int
	field  int  // the column that it fills a cell of, or -1
	person bool // its person can be compared with that of another type
	near   bool // a strong identifier has spoken for it
	same   bool // one of the same person has
}

// waiting keeps the candidates that are not certain yet, in their order.
type waiting struct {
	list [maxNear]candidate // a ring
	head int
	n    int
	used bool // list holds tags
}

func (q *waiting) at(i int) *candidate { return &q.list[(q.head+i)%maxNear] }

// pop removes the oldest.
func (q *waiting) pop() *candidate {
	c := q.at(0)
	q.head = (q.head + 1) % maxNear
	q.n--
	return c
}

// reset wipes all that have waited.
func (q *waiting) reset() {
	if q.used {
		*q = waiting{}
	}
}

// push adds a candidate. There must be room.
func (q *waiting) push(c *candidate) {
	q.used = true
	*q.at(q.n) = *c
	q.n++
}

// A sighting is a strong identifier, or one whose person can be compared, that the scan
// has passed.
type sighting struct {
	end    int64
	tag    uint64
	person uint64
	kind   kind
	strong bool
}

// sightings are the last few: more lie rarely within nearBytes, and then one speaks as
// well as another.
type sightings struct {
	last [4]sighting
	n    int
}

func (l *sightings) add(x sighting) {
	l.last[l.n%len(l.last)] = x
	l.n++
}

// strongNear tells whether a strong identifier of another kind than k ends within
// nearBytes before start.
func (l *sightings) strongNear(k kind, start int64) bool {
	for i := range min(l.n, len(l.last)) {
		if x := &l.last[i]; x.strong && x.kind != k && x.end+nearBytes >= start {
			return true
		}
	}
	return false
}

// weigh adds to the candidate what others before it say.
func (l *sightings) weigh(c *candidate) {
	for i := range min(l.n, len(l.last)) {
		c.hear(&l.last[i])
	}
}

// hear adds what another identifier says, which lies within nearBytes or before.
func (c *candidate) hear(x *sighting) {
	if x.tag == c.match.tag || x.end+nearBytes < c.match.Start {
		return
	}
	if x.strong && !c.near {
		c.near = true
		c.points += pointsNeighbour
	}
	if c.person && x.person != 0 && x.kind != c.match.kind && x.person == c.match.person && !c.same {
		c.same = true
		c.points += pointsSamePerson
	}
}

// evidence is what has been weighed for a hit.
type evidence struct {
	points  int
	field   int  // the column that it fills a cell of, or -1
	certain bool // most of that column is valid
	near    bool // a strong identifier stands before it
	plain   bool // it was read at once, and the name of its column says that it is right
}

// weigh adds up what speaks for a hit, the cheapest first, as far as that may matter.
func (s *Scanner) weigh(b []byte, base int64, h *hit) evidence {
	e := evidence{points: h.base, field: -1}
	if h.outcome == DigitWrong {
		e.points += pointsDigitWrong
	}
	other := pointsOther
	if h.kind == kindCURP {
		other = pointsOtherCURP
	}
	if e.points+other >= Report || h.kind == kindEmail {
		return e // whatever stands beside it
	}
	start, end := base+int64(h.start), base+int64(h.end)
	s.columns.advance(b, base, start)
	field, column := s.columns.at(b, h.start, h.end)
	e.field = field
	if h.announced(column) {
		if e.points += pointsColumn; e.points >= Report {
			return e
		}
	}
	if field >= 0 && h.outcome == Valid && s.columns.certain(h.kind, field) {
		e.points += pointsCertain
		e.certain = true
		if column&saysOther != 0 {
			e.points += other
			return e
		}
	}
	if h.outcome == Valid && s.sightings.strongNear(h.kind, start) {
		e.points += pointsNeighbour
		e.near = true
	}
	if e.certain && e.points >= Report || e.points+other >= Report {
		return e // the words of a row speak of other cells
	}
	if h.kind == kindPlateMexico || h.kind == kindPlateSpain {
		if !h.announced(column) && !s.simd.mayAnnounce(b, h.start) {
			return e
		}
	}
	if e.points+pointsWordBefore >= Report && h.announced(lastWord(b, h.start)) {
		e.points += pointsWordBefore
		return e
	}
	s.mentions.read(b, base, start-wordsBefore, start)
	_, before := s.mentions.between(start-wordsBefore, start)
	switch {
	case h.announced(column):
	case h.announced(before):
		e.points += pointsWordBefore
	case (before|column)&saysOther != 0, column&saysKind != 0: // the column is of something else
		e.points += other
	}
	if e.points < Report && h.outcome == Valid {
		s.mentions.read(b, base, end, end+wordsAfter)
		if after, _ := s.mentions.between(end, end+wordsAfter); h.announced(after) {
			e.points += pointsWordAfter
		}
	}
	return e
}

// announced tells whether words announce the hit.
func (h *hit) announced(w words) bool {
	if h.company && h.kind == kindNUSS {
		return w&(saysEmployer|saysCCC) != 0 && (w.announces(kindNUSS) || !w.announces(kindNSS))
	}
	return w.announces(h.kind)
}

// take handles a hit that has been weighed: it is emitted, or waits for evidence.
func (s *Scanner) take(b []byte, base int64, h *hit, e evidence) {
	field := e.field
	tag := s.tags.tag(h.kind, &h.value)
	person := tag
	switch {
	case h.company:
		person = 0
	case h.root:
		person = s.tags.root(&h.value)
	}
	compared := h.root && !h.company // with persons of another type
	strong := h.outcome == Valid && !h.company && h.base >= strongFrom
	start := base + int64(h.start)
	if s.waiting.n > 0 {
		s.expire(start - nearBytes)
	}
	if e.points >= Report && (e.plain || field < 0 || !s.columns.count || h.outcome != Valid) {
		categories := s.columns.speaks | s.around(b, base, h.start, h.end, h.kind == kindEmail)
		if s.tally != nil {
			s.tally.one(h.kind, tag, person, categories)
		} else {
			s.found(Match{
				Type: typeOf[h.kind], Start: start * s.unit, End: (base + int64(h.end)) * s.unit, Outcome: h.outcome,
				Score: min(e.points, maxScore), kind: h.kind, tag: tag, person: person, categories: categories,
			})
		}
	} else {
		s.doubt(b, base, h, e, tag, person, compared)
	}
	if strong || compared {
		x := sighting{end: base + int64(h.end), tag: tag, person: person, kind: h.kind, strong: strong}
		if !compared {
			x.person = 0
		}
		s.sightings.add(x)
		if s.waiting.n > 0 {
			s.tell(&x)
		}
	}
}

// doubt is take for a hit that may need more evidence, or that is evidence of its column.
func (s *Scanner) doubt(b []byte, base int64, h *hit, e evidence, tag, person uint64, compared bool) {
	field := e.field
	c := candidate{
		match: Match{
			Type:    typeOf[h.kind],
			Start:   base + int64(h.start),
			End:     base + int64(h.end),
			Outcome: h.outcome,
			kind:    h.kind,
			tag:     tag,
			person:  person,
		},
		points: e.points,
		field:  field,
		person: compared,
		near:   e.near,
	}
	if e.certain {
		c.field = -1 // it has spoken
	}
	if c.points < Report {
		s.sightings.weigh(&c)
	}
	if field >= 0 && h.outcome == Valid && (c.points < Report || s.columns.count) {
		s.columns.note(h.kind, field, c.match.Start)
		if !e.certain && s.columns.certain(h.kind, field) {
			c.points += pointsCertain
			c.field = -1
			s.release(field)
		}
	}
	if c.points < Report && c.match.Outcome == Valid && c.points+pointsNames+pointsNeighbour >= Report && namesBeside(s.simd, b, h.start, h.end) {
		c.points += pointsNames
	}
	switch {
	case c.points >= Report:
		c.match.categories = s.around(b, base, h.start, h.end, h.kind == kindEmail)
		s.emit(&c)
	case c.points+c.hope() < Report:
		s.emit(&c)
	default:
		if s.waiting.n == maxNear { // denser than any text: the oldest goes with what it has
			s.settle(s.waiting.pop())
		}
		s.waiting.push(&c)
	}
}

// hope is what a candidate may still gain by what comes after it.
func (c *candidate) hope() int {
	points := 0
	if !c.near {
		points += pointsNeighbour
	}
	if c.person && !c.same {
		points += pointsSamePerson
	}
	if c.field >= 0 && c.match.Outcome == Valid {
		points += pointsCertain
	}
	return points
}

// tell lets all that wait hear of another identifier.
func (s *Scanner) tell(x *sighting) {
	for i := range s.waiting.n {
		c := s.waiting.at(i)
		if c.points >= Report || c.match.End+nearBytes < x.end {
			continue
		}
		if c.hear(x); c.points >= Report {
			s.emit(c)
		}
	}
}

// expire settles what ends before offset: nothing that comes can lie near it.
func (s *Scanner) expire(offset int64) {
	for s.waiting.n > 0 && s.waiting.at(0).match.End < offset {
		s.settle(s.waiting.pop())
	}
}

// settle decides on a candidate that no neighbour spoke for: its column may.
func (s *Scanner) settle(c *candidate) {
	switch {
	case c.points >= Report: // emitted when it was told
	case c.field >= 0 && c.match.Outcome == Valid && c.points+pointsCertain >= Report:
		if s.columns.certain(c.match.kind, c.field) {
			c.points += pointsCertain
			s.emit(c)
			return
		}
		if s.held.n == maxNear { // a column that is certain is so long before
			s.emit(s.held.pop())
		}
		s.held.push(c)
	default:
		s.emit(c)
	}
}

// release emits what was held for a column that has become certain.
func (s *Scanner) release(field int) {
	for range s.held.n {
		c := *s.held.pop()
		if c.field != field || !s.columns.certain(c.match.kind, field) {
			s.held.push(&c)
			continue
		}
		c.points += pointsCertain
		s.emit(&c)
	}
}

// flush decides on all that is left.
func (s *Scanner) flush() {
	for s.waiting.n > 0 {
		s.settle(s.waiting.pop())
	}
	for s.held.n > 0 {
		c := s.held.pop()
		if s.columns.certain(c.match.kind, c.field) {
			c.points += pointsCertain
		}
		s.emit(c)
	}
}

// emit reports a candidate if it is worth anything.
func (s *Scanner) emit(c *candidate) {
	if c.points < Review {
		return
	}
	m := c.match
	m.categories |= s.columns.speaks
	m.Score = min(c.points, maxScore)
	m.Start *= s.unit
	m.End *= s.unit
	s.give(&m)
}
