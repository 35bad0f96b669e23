package pam

// Requires reports whether the module is called for the type and the stack fails
// when it refuses while every other module (pam_deny apart) agrees. A module that
// is optional, that comes after a sufficient one, or that a jump skips, is present
// and not required.
//
// It is the answer for one course of events, in which the others succeed. A stack
// that branches on who the user is (pam_succeed_if, pam_localuser) has more; ask
// Dispatch for those.
func (s *Stack) Requires(t Type, module string) bool {
	called := false
	status := s.Dispatch(t, func(r Rule) Return {
		switch {
		case r.Is(module):
			called = true
			return refusal(t)
		case r.Is("pam_deny"):
			return refusal(t)
		}
		return Success
	})
	return called && status != Success
}

// refusal is how a module usually says no.
func refusal(t Type) Return {
	switch t {
	case Password:
		return AuthTokErr
	case Auth, Account, Session:
		return AuthErr
	}
	return AuthErr
}

// Dispatch works out what the stack answers to the application if each module
// answers as answer says. It follows libpam: an empty stack refuses, a jump past
// the end refuses, a broken rule counts as one whose module answered perm_denied.
// answer is not called for broken, substack and skipped rules.
func (s *Stack) Dispatch(t Type, answer func(Rule) Return) Return {
	rules := s.Rules(t)
	now := impression{status: PermDenied}
	saved := map[int]impression{0: now} // by level, as it was on entry
	level := 0
	for i := 0; i < len(rules); i++ {
		r := rules[i]
		if level < r.Level {
			saved[r.Level] = now
		}
		level = r.Level
		if r.Substack != "" {
			continue
		}
		got := PermDenied
		if r.Broken == "" {
			got = answer(r)
		}
		switch action := r.Control.On(got); action {
		case DoIgnore:
		case DoReset:
			now = saved[r.Level]
		case DoOK, DoDone:
			if now.mood == undecided || now.mood == positive && now.status == Success {
				now = impression{positive, got}
			}
			if action == DoDone && now.mood == positive {
				i = endOfLevel(rules, i)
			}
		case DoBad, DoDie:
			if now.mood != negative {
				now = impression{negative, got}
				if got == Ignore {
					now.status = PermDenied
				}
			}
			if action == DoDie {
				i = endOfLevel(rules, i)
			}
		default: // a jump
			var ok bool
			if i, ok = jump(rules, i, int(action)); !ok {
				now = impression{negative, PermDenied}
			}
		}
	}
	if now.status == Success && now.mood != positive {
		return PermDenied
	}
	return now.status
}

// mood is which way a stack leans.
type mood int

const (
	undecided mood = iota
	positive
	negative
)

type impression struct {
	mood   mood
	status Return
}

// endOfLevel returns the index of the last rule of the substack that i is in, or
// of the stack.
func endOfLevel(rules []Rule, i int) int {
	level := rules[i].Level
	for i+1 < len(rules) && rules[i+1].Level >= level {
		i++
	}
	return i
}

// jump skips n rules of the level of i, each with the substack that may follow it,
// and returns the index of the last one skipped. It is false if there are not as many.
func jump(rules []Rule, i, n int) (int, bool) {
	level := rules[i].Level
	for ; n > 0 && i+1 < len(rules) && rules[i+1].Level >= level; n-- {
		i++
		for i+1 < len(rules) && rules[i+1].Level > level {
			i++
		}
	}
	return i, n == 0
}
