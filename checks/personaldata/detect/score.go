package detect

// Points of evidence, added up. The base of each type is with its rule.
const (
	pointsWordBefore = 40
	pointsWordAfter  = 20
	pointsColumn     = 45 // the name of its column announces it
	pointsNeighbour  = 20 // a strong identifier of another value within nearBytes
	pointsSamePerson = 20 // a CURP and an RFC within nearBytes that share their first ten characters
	pointsOther      = -30
	pointsOtherCURP  = -20 // a folio is not eighteen characters with a date, a state and a digit
	pointsDigitWrong = -35
	strongFrom       = Report
	maxScore         = 100
	nearBytes        = 200
	maxNear          = 64
)

// A candidate is a hit with its evidence, waiting for its neighbours.
type candidate struct {
	match   Match
	points  int
	strong  bool // by itself, without context
	person  bool // its person can be compared with that of another type
	settled bool // has been weighed with its neighbours, and emitted or not
}

// weigh adds up what can be known from the bytes around a hit; column is what the
// header says of its column.
func weigh(b []byte, h *hit, column words) int {
	points := h.base
	if h.outcome == DigitWrong {
		points += pointsDigitWrong
	}
	_, before := readWords(b, max(0, h.start-wordsBefore), h.start)
	switch {
	case column.announces(h.kind):
		points += pointsColumn
	case before.announces(h.kind):
		points += pointsWordBefore
	case (before|column)&saysOther != 0:
		if h.kind == kindCURP {
			points += pointsOtherCURP
		} else {
			points += pointsOther
		}
	}
	if after, _ := readWords(b, h.end, min(len(b), h.end+wordsAfter)); after.announces(h.kind) {
		points += pointsWordAfter
	}
	return points
}

// near keeps the last candidates, and emits each once the scan has passed the distance
// in which another one may speak for it.
type near struct {
	list [maxNear]candidate
	n    int
}

// add takes a candidate that begins after all before it.
func (q *near) add(c candidate, emit func(Match)) {
	q.settle(c.match.Start-nearBytes, emit)
	if q.n == maxNear { // denser than any text: the oldest goes with what it has
		if !q.list[0].settled {
			q.emit(0, emit)
		}
		q.drop(1)
	}
	q.list[q.n] = c
	q.n++
}

// settle emits the candidates that end before offset, and forgets those that are too
// far back to speak for any that are left.
func (q *near) settle(offset int64, emit func(Match)) {
	first := int64(-1) // start of the first one that is not settled
	for i := range q.list[:q.n] {
		c := &q.list[i]
		if c.settled {
			continue
		}
		if c.match.End >= offset {
			first = c.match.Start
			break
		}
		c.settled = true
		q.emit(i, emit)
	}
	if first < 0 {
		first = offset
	}
	gone := 0
	for gone < q.n && q.list[gone].settled && q.list[gone].match.End+nearBytes < first {
		gone++
	}
	q.drop(gone)
}

// flush emits all that is left.
func (q *near) flush(emit func(Match)) {
	for i := range q.list[:q.n] {
		if !q.list[i].settled {
			q.emit(i, emit)
		}
	}
	q.drop(q.n)
}

func (q *near) drop(k int) {
	if k > 0 {
		copy(q.list[:], q.list[k:q.n])
		q.n -= k
	}
}

// emit weighs candidate i with its neighbours and reports it.
func (q *near) emit(i int, emit func(Match)) {
	c := &q.list[i]
	neighbour, same := false, false
	for j := range q.list[:q.n] {
		o := &q.list[j]
		if j == i || o.match.tag == c.match.tag ||
			o.match.End+nearBytes < c.match.Start || o.match.Start > c.match.End+nearBytes {
			continue
		}
		neighbour = neighbour || o.strong
		same = same || c.person && o.person && o.match.kind != c.match.kind && o.match.person == c.match.person
	}
	points := c.points
	if neighbour {
		points += pointsNeighbour
	}
	if same {
		points += pointsSamePerson
	}
	if points = min(points, maxScore); points >= Review {
		m := c.match
		m.Score = points
		emit(m)
	}
}
