package detect

import "math/bits"

// Where one number stands besides the other, in hexadecimal keys, logs and tables, most are
// short and stand bare. There it pays to dismiss those of a block at once, by masks, before
// standsBare looks at what is left.

// crowded is how many runs of digits in a stretch make it worthwhile.
const crowded = stretchBytes / 32

// besides has the masks of one block that say what may stand beside a number.
type besides struct {
	capitals uint64
	joins    uint64 // hyphens and spaces, which may stand before a letter of a plate
	points   uint64 // points and slashes, which may stand between groups of digits
	loud     uint64 // parentheses that close, and bytes beyond ASCII
	lines    uint64 // line ends, at which a number may be broken
}

// A crowd has the masks of a stretch.
type crowd struct {
	masks [stretchBytes/blockBytes + 2]besides
	n     int // blocks with masks
	runs  int // of two digits and more, in the stretch before this one
	found int // of them in the last stretch with masks, which bare has found
	rest  int // stretches for which there are no masks, since they find little
	// nameless tells that the institute's name stands nowhere near the stretch, so that
	// no number of it is announced by it.
	nameless bool
}

// reset makes c ready for another text.
func (c *crowd) reset() { c.n, c.runs, c.found, c.rest, c.nameless = 0, 0, 0, 0, false }

// look makes the masks of b[from:to] and of the block after it, if that is worthwhile, and
// tells whether it knows that the institute's name stands nowhere near.
func (c *crowd) look(how simd, b []byte, from, to int, institute *instituteName) (nameless bool) {
	looked := c.n > 0
	c.n, c.nameless = 0, false
	if c.runs < crowded {
		return false
	}
	c.nameless = !institute.within(b, from, to)
	if looked && c.found < c.runs/4 {
		c.rest = 15
	}
	if c.rest--; !how.avx2 || from < 2 || c.rest >= 0 {
		return c.nameless
	}
	c.rest, c.found = 0, 0
	c.n = min((to-from+blockBytes-1)/blockBytes+1, (len(b)-from)/blockBytes)
	if c.n > 0 {
		besideAVX2(&b[from], c.n, &c.masks[0])
	}
	return c.nameless
}

// bare is which of the runs of two to five digits that begin at starts, in block i, stand as
// standsBare says. It may leave some out.
func (c *crowd) bare(b []byte, from, i int, starts uint64, digits []uint64) uint64 {
	if i+1 >= c.n {
		return 0
	}
	m, next := &c.masks[i], &c.masks[i+1]
	d, dn := digits[i], digits[i+1]
	// What may stand after the run: nothing that joins it to more digits or a letter.
	bad := d | m.capitals | m.loud | m.lines
	badNext := dn | next.capitals | next.loud | next.lines
	soft, softNext := m.joins|m.points, next.joins|next.points
	ends := ^(d | m.capitals | m.loud | soft) | soft&^(bad>>1|badNext<<63)
	endsNext := ^(dn | next.capitals | next.loud | softNext) | softNext&^(badNext>>1|1<<63)
	// What may stand before it.
	var capital, join, before uint64 // of the two bytes before the block
	if i > 0 {
		p := &c.masks[i-1]
		capital, join, before = p.capitals>>63, p.joins>>63, p.capitals>>62
	} else {
		if isUpper(b[from-1]) {
			capital, before = 1, 2
		}
		if b[from-1] == ' ' || b[from-1] == '-' {
			join = 1
		}
		if isUpper(b[from-2]) {
			before |= 1
		}
	}
	starts &^= m.capitals<<1 | capital | (m.joins<<1|join)&(m.capitals<<2|before)
	// A run of k digits whose next byte is no digit has just k.
	two := starts & (d>>1 | dn<<63)
	three := two & (d>>2 | dn<<62)
	four := three & (d>>3 | dn<<61)
	found := two&(ends>>2|endsNext<<62) | three&(ends>>3|endsNext<<61) | four&(ends>>4|endsNext<<60)
	if c.nameless {
		five := four & (d>>4 | dn<<60)
		found |= five & (ends>>5 | endsNext<<59)
	}
	c.found += bits.OnesCount64(found)
	return found
}
