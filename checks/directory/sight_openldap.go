package directory

import (
	"context"
	"slices"
	"strings"

	"vigia/checks/host"
)

// ldapSight tells whether the rules of access of OpenLDAP, which stand in cn=config, let
// the reading account see all entries that each database holds.
func (r *reader) ldapSight(ctx context.Context) bool {
	databases, err := r.Host.Directory.Search(ctx, host.DirectoryQuery{
		Base: "cn=config", Scope: "subtree", Filter: "(objectClass=olcDatabaseConfig)", Max: maxPolicies,
		Attributes: []string{"olcDatabase", "olcSuffix", "olcAccess", "olcRootDN"},
	})
	if err != nil {
		return false
	}
	for _, suffix := range slices.DeleteFunc(slices.Clone(r.contexts), changeLog) {
		i := slices.IndexFunc(databases, func(e host.DirectoryEntry) bool {
			return slices.ContainsFunc(e.Attributes["olcSuffix"], func(s string) bool { return sameDN(s, suffix) })
		})
		if i < 0 || !r.readsAll(databases[i], suffix, accountAttributes()) {
			return false
		}
	}
	return true
}

// accountAttributes are those of an account without which it is not found, or is taken
// for what it is not. entry is the pseudo-attribute of all (slapd.access(5)).
func accountAttributes() []string {
	return []string{
		"entry", "objectClass", "uid", "pwdChangedTime", "pwdReset", "pwdAccountLockedTime", "pwdEndTime", "shadowLastChange",
		"shadowExpire", "authTimestamp", "pwdLastSuccess", "createTimestamp", "modifyTimestamp",
	}
}

// readsAll tells whether the reading account may read the attributes of every entry of a
// database. A rule that is not understood, or that is for a part of the entries and does
// not let it read, is no.
func (r *reader) readsAll(database host.DirectoryEntry, suffix string, attributes []string) bool {
	if root, ok := first(database, "olcRootDN"); ok && sameDN(root, r.account) {
		return true
	}
	rules := slices.Clone(database.Attributes["olcAccess"])
	slices.SortStableFunc(rules, func(a, b string) int { return ordinal(a) - ordinal(b) })
	open := slices.Clone(attributes) // those of which no rule for all entries has spoken
	for _, rule := range rules {
		what, by := splitRule(rule)
		concerned, everywhere := what.concerns(open, suffix)
		if len(concerned) == 0 {
			continue
		}
		switch by.decide(r.account) {
		case readsOn:
		case reads:
			if everywhere {
				open = slices.DeleteFunc(open, func(a string) bool { return slices.Contains(concerned, a) })
			}
		default:
			return false
		}
	}
	return len(open) == 0 && len(rules) > 0
}

// ordinal is the number in braces before a value of cn=config; the server keeps values in
// its order, and need not send them in it.
func ordinal(value string) int {
	n := 0
	if rest, ok := strings.CutPrefix(value, "{"); ok {
		for _, c := range rest {
			if c < '0' || c > '9' || n > 1<<20 {
				break
			}
			n = n*10 + int(c-'0')
		}
	}
	return n
}

// accessTarget is what a rule of access is for: "to *", "to dn.subtree=... attrs=...".
type accessTarget struct {
	words []string
}

// accessBy is the clauses of a rule, each the words that follow a "by".
type accessBy [][]string

// splitRule takes a rule of access apart (slapd.access(5)).
func splitRule(rule string) (accessTarget, accessBy) {
	if _, rest, ok := strings.Cut(rule, "}"); ok && strings.HasPrefix(rule, "{") {
		rule = rest
	}
	var to accessTarget
	var by accessBy
	for i, w := range accessWords(rule) {
		switch {
		case i == 0 && strings.EqualFold(w, "to"):
		case strings.EqualFold(w, "by"):
			by = append(by, nil)
		case by == nil:
			to.words = append(to.words, w)
		default:
			by[len(by)-1] = append(by[len(by)-1], w)
		}
	}
	return to, by
}

// accessWords splits at spaces that are not between quotes, and drops the quotes.
func accessWords(rule string) []string {
	var out []string
	var word strings.Builder
	quoted, begun := false, false
	end := func() {
		if begun {
			out = append(out, word.String())
		}
		word.Reset()
		begun = false
	}
	for _, c := range rule {
		switch {
		case c == '"':
			quoted, begun = !quoted, true
		case !quoted && (c == ' ' || c == '\t' || c == '\n'):
			end()
		default:
			word.WriteRune(c)
			begun = true
		}
	}
	end()
	return out
}

// concerns tells which of the attributes a rule is for, and whether of all entries.
func (t accessTarget) concerns(attributes []string, suffix string) (concerned []string, everywhere bool) {
	concerned, everywhere = attributes, true
	for _, w := range t.words {
		key, value, _ := strings.Cut(w, "=")
		switch key = strings.ToLower(key); key {
		case "*":
		case "dn.subtree", "dn.sub":
			everywhere = everywhere && sameDN(value, suffix)
		case "attrs", "attr":
			concerned = named(attributes, value)
		default: // other entries, a filter, values of an attribute
			everywhere = false
		}
	}
	return slices.Clone(concerned), everywhere
}

// named are the attributes that a list names. All may be meant by the name of a class.
func named(attributes []string, list string) []string {
	if strings.ContainsAny(list, "@!*") {
		return attributes
	}
	names := strings.Split(strings.ToLower(list), ",")
	return slices.DeleteFunc(slices.Clone(attributes), func(a string) bool {
		return !slices.ContainsFunc(names, func(n string) bool { return strings.TrimSpace(n) == strings.ToLower(a) })
	})
}

// What a rule says of an account.
const (
	undecided = iota // it hides, or is not understood
	reads
	readsOn // the next rules decide
)

// decide finds the clause for the account. A rule without one for it hides.
func (by accessBy) decide(account string) int {
	for _, words := range by {
		if len(words) == 0 {
			return undecided
		}
		who, rest := strings.ToLower(words[0]), words[1:]
		kind, dn, _ := strings.Cut(words[0], "=")
		switch kind = strings.ToLower(kind); {
		case who == "*", who == "users":
		case (kind == "dn" || kind == "dn.exact" || kind == "dn.base") && !strings.Contains(dn, "*"):
			if !sameDN(dn, account) {
				continue
			}
		case who == "anonymous", who == "self", strings.HasPrefix(kind, "dn.self"):
			continue // the account that reads is neither, for all entries but its own
		default:
			return undecided
		}
		return granted(rest)
	}
	return undecided
}

// granted reads the right and the control of a clause; the right to read is in all above
// it, and no control is "stop".
func granted(words []string) int {
	level := "none"
	for _, w := range words {
		switch w = strings.ToLower(w); {
		case w == "break":
			if level == "none" {
				return readsOn
			}
			return undecided // what follows may take it away again
		case w == "stop":
		case w == "none", w == "read", w == "write", w == "manage":
			level = w
		case strings.HasPrefix(w, "=") && strings.Contains(w, "r") && strings.Contains(w, "s"):
			level = "read"
		default: // another right, a condition, "continue"
			return undecided
		}
	}
	if level == "none" {
		return undecided
	}
	return reads
}

// sameDN compares two DNs as people write them, without regard to case and to spaces
// between their parts.
func sameDN(a, b string) bool { return a != "" && plainDN(a) == plainDN(b) }

func plainDN(dn string) string {
	parts := strings.Split(strings.ToLower(dn), ",")
	for i, p := range parts {
		name, value, _ := strings.Cut(p, "=")
		parts[i] = strings.TrimSpace(name) + "=" + strings.TrimSpace(value)
	}
	return strings.Join(parts, ",")
}
