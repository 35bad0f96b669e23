package detect

// prefix takes the first groups of g that make want digits, and tells where they end
// and what separates them (as in digitGroups.sep). Unless the search is loose they must
// stand apart: what follows a card in a sentence may be a date, but not a fifth group.
func (g *digitGroups) prefix(b []byte, want int, loose bool) (parts, end int, sep byte, ok bool) {
	end = g.start
	sum := 0
	for parts < g.parts && sum < want {
		if parts > 0 {
			s, w := separatorAt(b, end)
			end += w
			switch {
			case sep == 0:
				sep = s
			case sep != s:
				sep = mixed
			}
		}
		sum += int(g.sizes[parts])
		end += int(g.sizes[parts])
		parts++
	}
	if sum != want {
		return 0, 0, 0, false
	}
	if loose {
		return parts, end, sep, true
	}
	if wordBefore(b, g.start) || joinedBefore(b, g.start) || standsInCode(b, g.start, end) {
		return 0, 0, 0, false
	}
	if parts > 1 && (groupGoesOn(b, end, int(g.sizes[parts-1])) || groupCameBefore(b, g.start, int(g.sizes[0]))) {
		return 0, 0, 0, false
	}
	return parts, end, sep, true
}

// standsInCode tells whether a letter, or a separator and more of a code, follows the
// number b[start:end], or a letter and a separator come before it as in "a-123".
func standsInCode(b []byte, start, end int) bool {
	if wordAt(b, end) || joinedAfter(b, end) {
		return true
	}
	if end+1 < len(b) && (b[end] == '-' || b[end] == '_') && isAlnum(b[end+1]) {
		return true
	}
	return start >= 2 && (b[start-1] == '-' || b[start-1] == '_') && isDigit(b[start-2])
}

// groupGoesOn tells whether a space and as many digits as size follow at i.
func groupGoesOn(b []byte, i, size int) bool {
	s, w := separatorAt(b, i)
	return s == ' ' && digitsEnd(b[:min(len(b), i+w+size+1)], i+w) == i+w+size
}

// groupCameBefore tells whether as many digits as size and a space end at i.
func groupCameBefore(b []byte, i, size int) bool {
	s, w := separatorBefore(b, i)
	if s != ' ' || i-w-size < 0 {
		return false
	}
	i -= w
	for _, c := range b[i-size : i] {
		if !isDigit(c) {
			return false
		}
	}
	return i-size == 0 || !isDigit(b[i-size-1])
}

// addAll appends characters to the normalised value.
func (h *hit) addAll(v []byte) {
	n := copy(h.value[h.n:], v)
	h.n += n
	for _, c := range v[n:] {
		h.add(c)
	}
}

// letterBefore finds the letter that leads the digits at p, glued to them or with a
// hyphen or space between; at is its index, or -1.
func letterBefore(b []byte, p int, loose bool) (at int, sep byte) {
	i := p
	s, w := separatorBefore(b, i)
	if s == '-' || s == ' ' {
		i, sep = i-w, s
	}
	if i == 0 || !isLetter(b[i-1]) || sep == ' ' && isLower(b[i-1]) || !loose && wordBefore(b, i-1) {
		return -1, 0
	}
	return i - 1, sep
}
