package compare

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"

	"vigia/checks/policy"
	"vigia/collector/storage"
)

// account, program, medium and place are what the facts of checks say, as far as books are
// compared with it. Their JSON is that of the checks.
type account struct {
	Name       string    `json:"name"`
	ID         string    `json:"id"`
	Privileges []string  `json:"privileges"`
	BuiltIn    bool      `json:"built_in"`
	Used       time.Time `json:"used"`
	Set        time.Time `json:"set"`
}

// machines's own administrator or root: whoever runs the machine has it, by its papers.
func (a account) root() bool { return a.BuiltIn && a.ID == "0" }

type program struct {
	Name      string `json:"name"`
	Version   string `json:"version"`
	Publisher string `json:"publisher"`
	From      string `json:"from"`
}

type medium struct {
	Kind   string `json:"kind"`
	Vendor string `json:"vendor"`
	Model  string `json:"model"`
	Serial string `json:"serial"`
	First  string `json:"first"`
	Last   string `json:"last"`
}

type place struct {
	Folder  string
	Data    []string // codes of package systems
	Persons int64
	Files   int
}

// of is what one machine reported last.
type of[T any] map[string]T // by agent id

// facts are what all machines reported last. Maps are replaced, never changed, once they
// were handed out.
type facts struct {
	seen     map[string]map[string]uint64 // by entry and machine: the number of the report
	accounts of[[]account]
	programs of[[]program]
	media    of[[]medium]
	places   of[[]place]
	portable of[int] // the chassis, as SMBIOS has it
}

func newFacts() facts {
	return facts{seen: map[string]map[string]uint64{}, accounts: of[[]account]{}, programs: of[[]program]{}, media: of[[]medium]{}, places: of[[]place]{}, portable: of[int]{}}
}

// freshFacts reads what machines reported since it was asked last.
func (s *Store) freshFacts(ctx context.Context, tx *storage.Tx, packs []policy.Pack) (facts, error) {
	s.mu.Lock()
	known := s.facts
	s.mu.Unlock()
	next := facts{seen: maps.Clone(known.seen), accounts: maps.Clone(known.accounts), programs: maps.Clone(known.programs),
		media: maps.Clone(known.media), places: maps.Clone(known.places), portable: maps.Clone(known.portable)}
	for check, take := range next.takers() {
		for _, entry := range entriesOf(packs, check) {
			have := maps.Clone(next.seen[entry])
			if have == nil {
				have = map[string]uint64{}
			}
			err := s.opts.Findings.FactsOf(ctx, tx, entry, have, func(machine string, sequence uint64, observed []byte) error {
				have[machine] = sequence
				take(machine, observed)
				return nil
			})
			if err != nil {
				return facts{}, err
			}
			next.seen[entry] = have
		}
	}
	s.mu.Lock()
	s.facts = next
	s.mu.Unlock()
	return next, nil
}

// entriesOf are the entries of policies by which packs run a check, where two packs ask
// the same of it or not.
func entriesOf(packs []policy.Pack, check string) []string {
	var out []string
	for _, p := range packs {
		for _, r := range p.Rules {
			for _, entry := range []string{r.Control, r.Control + "@" + p.Name} {
				if r.Check == check && !slices.Contains(out, entry) {
					out = append(out, entry)
				}
			}
		}
	}
	return out
}

// takers read the facts of a check. What cannot be read is as if nothing had been seen:
// the check itself tells of that.
func (f facts) takers() map[string]func(machine string, observed []byte) {
	return map[string]func(string, []byte){
		"accounts.snapshot": func(machine string, observed []byte) {
			var seen struct {
				Accounts []account `json:"accounts"`
			}
			if json.Unmarshal(observed, &seen) == nil {
				f.accounts[machine] = seen.Accounts
			}
		},
		"inventory.unauthorised": func(machine string, observed []byte) {
			var seen struct {
				Programs []program `json:"programs"`
			}
			if json.Unmarshal(observed, &seen) == nil {
				f.programs[machine] = seen.Programs
			}
		},
		"media.portable": func(machine string, observed []byte) {
			var seen struct {
				Media []medium `json:"media"`
			}
			if json.Unmarshal(observed, &seen) == nil {
				f.media[machine] = seen.Media
			}
		},
		"personaldata.local": func(machine string, observed []byte) { f.places[machine] = placesOf(observed) },
		"session.boot_password": func(machine string, observed []byte) {
			var seen struct {
				Portable struct {
					Chassis int `json:"chassis"`
				} `json:"portable"`
			}
			if json.Unmarshal(observed, &seen) == nil {
				f.portable[machine] = seen.Portable.Chassis
			}
		},
	}
}

// placesOf joins the files of a search by their folders.
func placesOf(observed []byte) []place {
	var seen struct {
		Found []struct {
			Folder     string           `json:"folder"`
			Persons    int64            `json:"persons"`
			Counts     map[string]int64 `json:"counts"`
			Categories []string         `json:"categories"`
		} `json:"found"`
	}
	if json.Unmarshal(observed, &seen) != nil {
		return nil
	}
	byFolder := map[string]*place{}
	for _, f := range seen.Found {
		p := byFolder[f.Folder]
		if p == nil {
			p = &place{Folder: f.Folder}
			byFolder[f.Folder] = p
		}
		p.Persons, p.Files = p.Persons+f.Persons, p.Files+1
		p.Data = append(p.Data, f.Categories...)
		for typ := range f.Counts {
			if code := dataOf(typ); code != "" {
				p.Data = append(p.Data, code)
			}
		}
	}
	var out []place
	for _, folder := range slices.Sorted(maps.Keys(byFolder)) {
		p := byFolder[folder]
		slices.Sort(p.Data)
		p.Data = slices.Compact(p.Data)
		out = append(out, *p)
	}
	return out
}

// dataOf is the kind of data that an identifier is, as systems call it.
func dataOf(typ string) string {
	switch typ {
	case "mx.curp":
		return "curp"
	case "mx.rfc":
		return "rfc"
	case "mx.nss", "es.ss":
		return "social_security"
	case "mx.ine", "mx.passport", "es.dni", "es.nie", "es.passport":
		return "national_id"
	case "mx.clabe", "es.iban", "card":
		return "bank"
	case "mx.phone", "es.phone":
		return "phone"
	case "email", "name", "address":
		return typ
	case "birthdate":
		return "birth"
	default:
		return ""
	}
}

// within tells whether a folder is another or lies in it, in the way of either system.
func within(folder, other string) bool {
	plain := func(p string) string {
		if strings.Contains(p, `\`) || len(p) > 1 && p[1] == ':' {
			p = strings.ToLower(strings.ReplaceAll(p, `\`, "/"))
		}
		return strings.TrimRight(p, "/")
	}
	folder, other = plain(folder), plain(other)
	return other != "" && (folder == other || strings.HasPrefix(folder, other+"/"))
}
