package detect

// digitGroups is a number written in groups of digits with one of " -./" between each two.
type digitGroups struct {
	digits     [24]byte
	n          int       // digits in all
	sizes      [12]uint8 // of the groups
	parts      int       // how many groups
	start, end int       // bounds in the buffer
	sep        byte      // between all of them; 0 when there is one group, 1 when they differ
}

// mixed stands in digitGroups.sep for separators that differ.
const mixed = 1

// read assembles the number whose first group is the run of digits b[p:e]. It takes the
// groups as far as they go, or as many as fit.
func (g *digitGroups) read(b []byte, p, e int) {
	g.n, g.parts, g.sep, g.start, g.end = 0, 0, 0, p, p
	for {
		if e-p > len(g.digits)-g.n || g.parts == len(g.sizes) {
			return
		}
		g.n += copy(g.digits[g.n:], b[p:e])
		g.sizes[g.parts] = uint8(e - p)
		g.parts++
		g.end = e
		sep, w := separatorAt(b, e)
		if w == 0 || e+w >= len(b) || !isDigit(b[e+w]) {
			return
		}
		switch {
		case g.sep == 0:
			g.sep = sep
		case g.sep != sep:
			g.sep = mixed
		}
		p = e + w
		e = digitsEnd(b, p)
	}
}
