package gvdb

// A Source is one database of a profile, in the order of the profile.
type Source struct {
	// Name is how the profile calls it, such as "system-db:local"; it is only
	// handed back to the caller.
	Name string
	// Writable is Ref.Writable of the profile's first line.
	Writable bool
	// DB is nil if the file does not exist, which dconf takes as empty. A file
	// that exists and cannot be read must not be passed as nil: the effective
	// value is then unknown, and Resolve cannot know that.
	DB *Database
}

// An Effective is what a session sees for one key.
type Effective struct {
	// Value and Found are the value, if any database that counts has one; else
	// the default of the key's schema applies.
	Value Value
	Found bool
	// From is the index of the source that decides the value, -1 if none does.
	From int
	// LockedBy is the index of the source whose lock the value obeys, -1 if the
	// key is not locked.
	LockedBy int
	// Changeable says whether the user can set another value: the first source is
	// writable and no lock stands in the way.
	Changeable bool
}

// Locked reports whether a lock keeps the user's own value from counting.
func (e Effective) Locked() bool { return e.LockedBy >= 0 }

// Resolve finds the effective value of a key as dconf_engine_read does: a lock,
// of which the one of the last source counts and those of the first source are
// ignored, leaves only its own source and those after it to be asked; then the
// first source that has the key decides. Without sources (a profile that names
// none) nothing is found and nothing can be changed.
func Resolve(sources []Source, key string) Effective {
	e := Effective{From: -1, LockedBy: -1}
	for i := len(sources) - 1; i > 0; i-- {
		if db := sources[i].DB; db != nil && db.Locked(key) {
			e.LockedBy = i
			break
		}
	}
	for i := max(e.LockedBy, 0); i < len(sources); i++ {
		if db := sources[i].DB; db != nil {
			if v, ok := db.Lookup(key); ok {
				e.Value, e.Found, e.From = v, true, i
				break
			}
		}
	}
	e.Changeable = len(sources) > 0 && sources[0].Writable && !e.Locked()
	return e
}
