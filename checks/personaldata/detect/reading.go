package detect

// A reading goes through the identifiers that a run of digits may be part of.
type reading struct {
	b     []byte
	off   int // of b in the buffer
	p, e  int // the run, in the buffer
	loose bool
	rules rule // left to try
	read  bool // g has been read
	g     digitGroups

	issemym   bool // some column is named so
	nameless  bool // the institute's name is known to stand nowhere near
	institute instituteName
	born      bool // some column is of dates of birth
	commas    bool // between the fields of the table, so that no number goes on after one
	checks    bool // what has a wrong digit is no identifier, nor one that a spreadsheet damaged
}

// begin prepares to read the text around the run of digits b[p:e], and tells whether
// that can be anything. A loose search also finds identifiers glued to other letters
// and digits: right for hiding, too eager for reporting.
func (r *reading) begin(b []byte, p, e int, loose bool) bool {
	n := e - p
	if n > maxRun {
		return false
	}
	rules := alone[n]
	named := rule(0)
	if n >= 5 && n <= 10 && (r.issemym || !r.nameless && r.institute.before(b, p)) {
		named = ruleISSEMYM
	}
	if r.born && (n <= 2 || n == 4 || n == 8) {
		named |= ruleBirthDate
	}
	if n <= 5 {
		rules = shortRules(b, p, e)
		if rules|named == 0 {
			return false
		}
		if rules == ruleNIE && n == 3 { // its first digit stood alone before the dot
			p, e = p-2, p-1
		}
	} else if !loose {
		near := neighbours(b, p, e)
		if near == 0 && !r.checks {
			near = afterNoLetter // the digits of a number with an exponent, see numericCell
		}
		rules &= near
		if near == 0 {
			// nothing, whatever follows
		} else if groupAt(b, e) {
			rules |= groupRules(b, e, n) & near
		} else if n >= 9 && r.checks && rules&checkedRules != 0 {
			rules &= checked(b, p, e)
		}
	} else if groupAt(b, e) {
		rules |= groupRules(b, e, n)
	}
	rules |= named
	r.b, r.off, r.p, r.e, r.loose, r.rules, r.read = b, 0, p, e, loose, rules, false
	if r.commas {
		if e < len(b) && b[e] == ',' {
			r.b = b[:e]
		}
		if p > 0 && b[p-1] == ',' {
			r.b, r.off = r.b[p:], p
		}
	}
	return rules != 0
}

// next describes in h the next identifier that the text reads as.
func (r *reading) next(h *hit) bool {
	for r.rules != 0 {
		rule := r.rules & -r.rules
		r.rules &^= rule
		if r.try(rule, h) {
			h.start += r.off
			h.end += r.off
			return true
		}
	}
	return false
}

// groups are the groups of digits that begin with the run.
func (r *reading) groups() *digitGroups {
	if !r.read {
		r.read = true
		r.g.read(r.b, r.p-r.off, r.e-r.off)
	}
	return &r.g
}

func (r *reading) try(rule rule, h *hit) bool {
	b, p, e, loose := r.b, r.p-r.off, r.e-r.off, r.loose
	switch rule {
	case ruleMRZ:
		return h.matchMRZ(b, p, e, loose)
	case ruleIBAN:
		return (wordBefore(b, p) || loose || p > 0 && b[p-1] == ' ') && h.matchIBAN(b, r.groups(), loose)
	case ruleCURP:
		return e-p == 6 && h.matchCURP(b, p, loose)
	case ruleRFC:
		return h.matchRFC(b, p, e, loose)
	case ruleClave:
		return h.matchClave(b, p, e, loose)
	case ruleDNI:
		return h.matchDNI(b, p, e, loose)
	case ruleNIE:
		return h.matchNIE(b, p, e, loose)
	case ruleNIF:
		return h.matchNIF(b, p, e, loose)
	case ruleNSS:
		return h.matchNSS(b, p, e, loose)
	case ruleCCC:
		return h.matchCCC(b, r.groups(), loose)
	case ruleCLABE:
		return h.matchCLABE(b, r.groups(), loose)
	case ruleCard:
		return h.matchCard(b, r.groups(), loose)
	case ruleNUSS:
		return h.matchNUSS(b, r.groups(), loose)
	case ruleCIF:
		return h.matchCIF(b, p, e, loose)
	case rulePassport:
		return h.matchPassport(b, p, e, loose)
	case rulePhone:
		return h.matchPhone(b, r.groups(), loose)
	case ruleINENumber:
		return h.matchINENumber(b, r.groups(), loose)
	case rulePlate:
		return h.matchPlate(b, p, e, loose)
	case ruleISSEMYM:
		return h.matchISSEMYM(b, p, e, loose)
	case ruleBirthDate:
		return h.matchBirthDate(b, p, e)
	case checkedRules, summedRules, allRules, namedRules, afterLetter, afterNoLetter, beforeLetter, beforeOther: // sets of rules
	}
	return false
}
