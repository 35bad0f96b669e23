package systems

import (
	"errors"
	"maps"
	"slices"
	"testing"

	"vigia/checks/message"
	"vigia/checks/policy"
	"vigia/collector/registers"
)

// row are values that the book takes, changed as told; an empty value takes a field away.
func row(pairs ...string) registers.Values {
	v := registers.Values{"name": "Padrón", "department": "Tesorería", "data": "name\nphone", "format": "electronic", "machines": "srv-padron"}
	for i := 0; i+1 < len(pairs); i += 2 {
		v[pairs[i]] = pairs[i+1]
	}
	maps.DeleteFunc(v, func(_, value string) bool { return value == "" })
	return v
}

// problems are the codes of what is wrong with values.
func problems(t *testing.T, v registers.Values) []string {
	t.Helper()
	b := Book()
	var invalid *registers.InvalidError
	if !errors.As(b.Review(v), &invalid) {
		return nil
	}
	var out []string
	for _, p := range invalid.Problems {
		if said := b.Say(message.Spanish, p); said == p.Code {
			t.Errorf("%s has no words", p.Code)
		}
		out = append(out, p.Field+" "+p.Code)
	}
	slices.Sort(out)
	return out
}

func TestRules(t *testing.T) {
	if bad := Book().Words.Problems(); len(bad) > 0 {
		t.Error(bad)
	}
	for _, tc := range []struct {
		name string
		v    registers.Values
		want []string
	}{
		{"a system", row(), nil},
		{"an electronic one that is nowhere", row("machines", ""), []string{"machines systems.where"}},
		{"on paper", row("machines", "", "format", "physical"), nil},
		{"at a processor", row("machines", "", "processor", "Nube SA"), nil},
		{"lowered by nobody", row("level", "basic", "lowered_why", "son pocos"), []string{"lowered_why systems.lowered"}},
		{"lowered to nothing", row("lowered_by", "Alcaldesa", "lowered_why", "son pocos"), []string{"level systems.which"}},
		{"lowered", row("level", "basic", "lowered_by", "Alcaldesa", "lowered_why", "son pocos"), nil},
		{"without data", row("data", ""), []string{"data register.missing"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := problems(t, tc.v); !slices.Equal(got, tc.want) {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}

func TestAssess(t *testing.T) {
	rules := []policy.LevelRule{
		{Level: policy.LevelMedium, Data: []string{"tax"}},
		{Level: policy.LevelHigh, Data: []string{"name", "health"}},
	}
	for _, tc := range []struct {
		name     string
		v        registers.Values
		rules    []policy.LevelRule
		measured []string
		want     policy.Level
		lowered  bool
		below    bool
	}{
		{"worked out", row(), rules, nil, policy.LevelHigh, false, false},
		{"no rule asks for more", row("data", "phone"), rules, nil, policy.LevelBasic, false, false},
		{"without rules", row(), nil, nil, policy.LevelBasic, false, false},
		{"the middle step", row("data", "phone\ntax"), rules, nil, policy.LevelMedium, false, false},
		{"a higher one than asked", row("data", "phone", "level", "high"), rules, nil, policy.LevelHigh, false, false},
		{"raised by what was measured", row("data", "phone"), rules, []string{"health"}, policy.LevelHigh, false, false},
		{"raised above what the row says", row("data", "phone", "level", "basic"), rules, []string{"health"}, policy.LevelHigh, false, true},
		{"a lower one that nobody approved", row("level", "basic"), rules, nil, policy.LevelHigh, false, true},
		{"lowered", row("level", "medium", "lowered_by", "Alcaldesa", "lowered_why", "x"), rules, nil, policy.LevelMedium, true, false},
		{"lowered, then more was found", row("level", "medium", "lowered_by", "Alcaldesa", "lowered_why", "x"), rules, []string{"health"}, policy.LevelHigh, false, true},
		{"lowered, and what was found asks for no more", row("level", "medium", "lowered_by", "Alcaldesa", "lowered_why", "x"), rules, []string{"tax"}, policy.LevelMedium, true, false},
	} {
		s, err := Of(registers.Row{Values: tc.v})
		if err != nil {
			t.Fatal(err)
		}
		if a := s.Assess(tc.rules, tc.measured); a.Level != tc.want || a.Lowered != tc.lowered || a.Below != tc.below {
			t.Errorf("%s: got %+v", tc.name, a)
		}
	}
}

func TestPacksNameDataThatTheBookHas(t *testing.T) {
	packs, err := policy.Packs()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range packs {
		for _, r := range p.Levels {
			for _, code := range r.Data {
				if !slices.ContainsFunc(Data(), func(o registers.Option) bool { return o.Code == code }) {
					t.Errorf("pack %s: no data are called %q", p.Name, code)
				}
			}
		}
	}
	if l, _ := policy.LevelOf(policy.LevelRules(packs, []string{"mx-zac"}), []string{"name"}); l != policy.LevelHigh {
		t.Errorf("a name in Zacatecas asks for %s", l)
	}
	if l, _ := policy.LevelOf(policy.LevelRules(packs, []string{"mx-general", "es-rgpd"}), []string{"name"}); l != policy.LevelBasic {
		t.Errorf("a name elsewhere asks for %s", l)
	}
}
