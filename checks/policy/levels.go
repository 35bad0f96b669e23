package policy

import (
	"fmt"
	"slices"
)

// Level is how much security a system of treatment needs.
type Level string

// The levels, the lowest first. Any personal data ask for LevelBasic.
const (
	LevelBasic  Level = "basic"
	LevelMedium Level = "medium"
	LevelHigh   Level = "high"
)

func (l Level) rank() int {
	return slices.Index([]Level{LevelBasic, LevelMedium, LevelHigh}, l)
}

// Below tells whether a level is lower than another.
func (l Level) Below(o Level) bool { return l.rank() < o.rank() }

// LevelRule says that some kinds of data ask for a level.
type LevelRule struct {
	Level Level `json:"level" yaml:"level"`
	// Data are codes of kinds of data: health, tax, curp.
	Data []string `json:"data" yaml:"data"`
}

// LevelOf is the level that rules ask for kinds of data, and those of the kinds that ask
// for it. Rules of several packs hold together, and the highest level counts.
func LevelOf(rules []LevelRule, data []string) (level Level, because []string) {
	level = LevelBasic
	for _, r := range rules {
		if level.Below(r.Level) && slices.ContainsFunc(data, func(code string) bool { return slices.Contains(r.Data, code) }) {
			level = r.Level
		}
	}
	for _, r := range rules {
		for _, code := range data {
			if r.Level == level && slices.Contains(r.Data, code) && !slices.Contains(because, code) {
				because = append(because, code)
			}
		}
	}
	return level, because
}

// LevelRules are the rules of the named packs.
func LevelRules(packs []Pack, names []string) []LevelRule {
	var out []LevelRule
	for _, name := range names {
		if p, ok := findPack(packs, name); ok {
			out = append(out, p.Levels...)
		}
	}
	return out
}

// checkLevels tells what is wrong with a pack's rules of levels.
func (p Pack) checkLevels(doc *document) error {
	for i, r := range p.Levels {
		path := fmt.Sprintf("levels[%d]", i)
		if r.Level.rank() < 0 {
			return doc.errorf(path+".level", "want basic, medium or high, got %q", r.Level)
		}
		if len(r.Data) == 0 || slices.Contains(r.Data, "") {
			return doc.errorf(path+".data", "name the kinds of data")
		}
	}
	return nil
}
