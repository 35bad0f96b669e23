package web

import (
	"cmp"
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"vigia/checks"
	"vigia/collector/findings"
	"vigia/collector/storage"
)

// Bounds of what the page of a machine shows of its personal data.
const (
	maxFolders    = 40 // with personal data
	maxUnread     = 15 // with files that nothing could read, for each reason
	maxTypes      = 6  // of identifiers, for each folder
	maxPathLetter = 300
)

// checkPersonalData is the check whose facts say where personal data lies.
const checkPersonalData = "personaldata.local"

// dataFacts are the facts of that check, as far as the page shows them. Nothing in them
// is a value: they hold counts and masked paths.
type dataFacts struct {
	System    string           `json:"system"`
	Roots     []string         `json:"roots"`
	Files     map[string]int64 `json:"files"`
	Found     []foundFile      `json:"found"`
	FoundMore int64            `json:"found_more"`
	Unread    []struct {
		Folder, Reason string
		Files          int64
	} `json:"unread"`
	UnreadMore int64  `json:"unread_more"`
	Unchanged  int64  `json:"unchanged"`
	Complete   bool   `json:"complete"`
	Stopped    string `json:"stopped"`
}

type foundFile struct {
	Path       string           `json:"path"`
	Folder     string           `json:"folder"`
	Level      string           `json:"level"`
	Persons    int64            `json:"persons"`
	Counts     map[string]int64 `json:"counts"`
	Categories []string         `json:"categories"`
	Whole      bool             `json:"whole"`
	Modified   string           `json:"modified"`
}

// dataView is where personal data lies on a machine.
type dataView struct {
	At   time.Time // of the search
	Kept bool      // the facts are there
	Looked, Unchanged,
	Persons int64 // added up by file
	Roots    []string
	Complete bool
	Stopped  string // why not, in words
	Levels   []levelRow
	Permits  bool // some of it is covered
	Folders  []dataFolder
	// MoreFolders are left out, with MoreFiles in them; Unlisted counts files
	// that the report itself leaves out.
	MoreFolders, MoreFiles int
	Unlisted               int64
	Unread                 []unreadReason
	UnreadMore             int64
}

// levelRow is one row of the picture: how much there is of a level.
type levelRow struct {
	Level, Word    string
	Files, Persons share
}

// Shares are the cells of the row.
func (r levelRow) Shares() []share { return []share{r.Files, r.Persons} }

// share is a number and its bar. Bare is the part without permit, Allowed the
// rest, as percentages of the longest bar.
type share struct {
	N, Permitted  int64
	Bare, Allowed string
}

// dataFolder is a folder that holds personal data.
type dataFolder struct {
	Folder         string
	Level, Word    string
	Files, Persons int64
	Partly         int // files of which only a part could be read
	Holds          string
	Special        string // special categories
	Modified       string // day of the newest file
	Permit         string // in words
	Status         checks.Status
}

// unreadReason are the folders with files that were not read, for one reason.
type unreadReason struct {
	Say, Do string
	Files   int64
	Folders []unreadFolder
	More    int
}

// Places is how many folders there are.
func (u unreadReason) Places() int { return len(u.Folders) + u.More }

type unreadFolder struct {
	Folder string
	Files  int64
}

// levels are those of the data, the highest first.
func levels() []string { return []string{"high", "medium", "basic"} }

// readPersonalData reads the facts of the newest search of a machine. state is nil when
// it never searched.
func (s *site) readPersonalData(ctx context.Context, tx *storage.Tx, states []findings.State) (state *findings.State, facts *dataFacts, err error) {
	for i, st := range states {
		if st.Check == checkPersonalData && st.Key == "" && (state == nil || st.Last.After(state.Last)) {
			state = &states[i]
		}
	}
	if state == nil {
		return nil, nil, nil
	}
	observed, ok, err := s.Findings.Observed(ctx, tx, *state)
	if err != nil || !ok {
		return state, nil, err
	}
	return state, decodeData(observed), nil
}

// decodeData reads the facts, and nil out of what has another form: the judgement has
// said so, and the page shows them as not kept.
func decodeData(observed []byte) *dataFacts {
	facts := new(dataFacts)
	if err := json.Unmarshal(observed, facts); err != nil {
		return nil
	}
	return facts
}

// dataView puts facts into words and pictures. states are all of the machine: the parts
// of the same entry say which folders a permit covers.
func (v *visit) dataView(whole *findings.State, facts *dataFacts, states []findings.State) *dataView {
	if whole == nil {
		return nil
	}
	view := &dataView{At: whole.Last}
	if facts == nil {
		return view
	}
	view.Kept, view.Complete, view.Unchanged = true, facts.Complete, facts.Unchanged
	view.Unlisted, view.UnreadMore = facts.FoundMore, facts.UnreadMore
	view.Looked = facts.Files["found"] + facts.Files["clean"] + facts.Files["incomplete"] + facts.Files["unreadable"]
	for _, root := range facts.Roots {
		view.Roots = append(view.Roots, shortPath(root))
	}
	if !facts.Complete {
		view.Stopped = v.code("stopped.", cmp.Or(facts.Stopped, "unreadable"))
	}
	permits := v.permitsOf(whole, states)
	folders := map[string]*dataFolder{}
	types := map[string]map[string]int64{}
	special := map[string]map[string]int64{}
	for _, f := range facts.Found {
		folder := folders[f.Folder]
		if folder == nil {
			folder = &dataFolder{Folder: shortPath(f.Folder), Level: "basic", Status: checks.NotApplicable}
			folders[f.Folder], types[f.Folder], special[f.Folder] = folder, map[string]int64{}, map[string]int64{}
			folder.Permit = v.T("data.permit.none")
		}
		folder.Files++
		folder.Persons += f.Persons
		view.Persons += f.Persons
		folder.Modified = max(folder.Modified, f.Modified)
		if !f.Whole {
			folder.Partly++
		}
		if levelRank(f.Level) < levelRank(folder.Level) {
			folder.Level = f.Level
		}
		for name, n := range f.Counts {
			types[f.Folder][name] += n
		}
		for _, name := range f.Categories {
			special[f.Folder][name]++
		}
		if p, ok := permits.of(f); ok && rank(p.status) < rank(folder.Status) {
			folder.Status, folder.Permit = p.status, p.say
		}
	}
	for at, folder := range folders {
		folder.Word = v.code("level.", folder.Level)
		folder.Holds = v.list("types.", types[at], true)
		folder.Special = v.list("categories.", special[at], false)
		view.Permits = view.Permits || folder.Status == checks.Pass
		view.Folders = append(view.Folders, *folder)
	}
	slices.SortFunc(view.Folders, func(a, b dataFolder) int {
		return cmp.Or(levelRank(a.Level)-levelRank(b.Level), rank(a.Status)-rank(b.Status), cmp.Compare(b.Persons, a.Persons), cmp.Compare(a.Folder, b.Folder))
	})
	view.Levels = v.levelRows(facts, folders)
	for _, left := range view.Folders[min(len(view.Folders), maxFolders):] {
		view.MoreFolders++
		view.MoreFiles += int(left.Files)
	}
	view.Folders = view.Folders[:min(len(view.Folders), maxFolders)]
	view.Unread = v.unreadReasons(facts)
	return view
}

// levelRows adds up what there is of each level, the files by their own.
func (v *visit) levelRows(facts *dataFacts, folders map[string]*dataFolder) (out []levelRow) {
	var most share
	for _, level := range levels() {
		row := levelRow{Level: level, Word: v.code("level.", level)}
		for _, f := range facts.Found {
			if levels()[levelRank(f.Level)] != level {
				continue
			}
			row.Files.N++
			row.Persons.N += f.Persons
			if folders[f.Folder].Status == checks.Pass {
				row.Files.Permitted++
				row.Persons.Permitted += f.Persons
			}
		}
		most.N, most.Permitted = max(most.N, row.Files.N), max(most.Permitted, row.Persons.N)
		out = append(out, row)
	}
	for i := range out {
		out[i].Files.draw(most.N)
		out[i].Persons.draw(most.Permitted)
	}
	return out
}

// draw makes the bar of a share beside the longest one.
func (s *share) draw(longest int64) {
	if longest == 0 {
		longest = 1
	}
	s.Bare = percent(100 * float64(s.N-s.Permitted) / float64(longest))
	s.Allowed = percent(100 * float64(s.Permitted) / float64(longest))
}

// unreadReasons groups the folders with files that nothing could read.
func (v *visit) unreadReasons(facts *dataFacts) (out []unreadReason) {
	byReason := map[string]*unreadReason{}
	for _, u := range facts.Unread {
		r := byReason[u.Reason]
		if r == nil {
			r = &unreadReason{Say: v.code("reasons.", u.Reason), Do: v.voice().Do(checks.Because("reasons." + u.Reason))}
			byReason[u.Reason] = r
		}
		r.Files += u.Files
		if len(r.Folders) == maxUnread {
			r.More++
			continue
		}
		r.Folders = append(r.Folders, unreadFolder{Folder: shortPath(u.Folder), Files: u.Files})
	}
	for _, reason := range slices.Sorted(maps.Keys(byReason)) {
		out = append(out, *byReason[reason])
	}
	slices.SortStableFunc(out, func(a, b unreadReason) int { return cmp.Compare(b.Files, a.Files) })
	return out
}

// permitted tells what the judgement says of a folder's permit.
type permitted struct {
	status checks.Status // pass: covered; fail: not, or no more
	say    string
}

// permits are by the keys of the judgement's parts.
type permits map[string]permitted

func (p permits) of(f foundFile) (permitted, bool) {
	if got, ok := p[f.Path]; ok {
		return got, true
	}
	separator := "/"
	if strings.Contains(f.Folder, `\`) {
		separator = `\`
	}
	got, ok := p[strings.TrimRight(f.Folder, separator)+separator+"*"]
	return got, ok
}

// permitsOf reads the parts of a judgement.
func (v *visit) permitsOf(whole *findings.State, states []findings.State) permits {
	out := permits{}
	today := v.now.UTC().Format(time.DateOnly)
	for _, st := range states {
		if st.Entry != whole.Entry || st.Key == "" {
			continue
		}
		by, until := st.Reason.Args["by"], st.Reason.Args["until"]
		switch {
		case st.Reason.Code == "personaldata.permit_over", st.Reason.Code == "personaldata.permitted" && until < today:
			out[st.Key] = permitted{checks.Fail, v.T("data.permit.over", "by", by, "until", v.DayOf(until))}
		case st.Reason.Code == "personaldata.permitted":
			out[st.Key] = permitted{checks.Pass, v.T("data.permit.holds", "by", by, "until", v.DayOf(until))}
		case st.Status == checks.Fail:
			out[st.Key] = permitted{checks.Fail, v.T("data.permit.needed")}
		case st.Silent: // what it was is not said any more
			out[st.Key] = permitted{checks.Unknown, v.T("data.permit.unknown")}
		}
	}
	return out
}

// code says a code of the facts, and one that this version does not know as it is.
func (v *visit) code(prefix, code string) string {
	if said := v.voice().Say(checks.Because(prefix + code)); said != prefix+code {
		return said
	}
	return shortPath(code)
}

// list says counted codes, the most frequent first.
func (v *visit) list(prefix string, counts map[string]int64, withCounts bool) string {
	names := slices.SortedFunc(maps.Keys(counts), func(a, b string) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b))
	})
	var out []string
	for i, name := range names {
		if i == maxTypes {
			out = append(out, v.T("data.more_types", "n", len(names)-maxTypes))
			break
		}
		said := v.code(prefix, name)
		if withCounts {
			said += "\u00a0" + v.Number(counts[name])
		}
		out = append(out, said)
	}
	return strings.Join(out, ", ")
}

// levelRank orders levels, the highest first; one that is not known counts as basic.
func levelRank(level string) int {
	if i := slices.Index(levels(), level); i >= 0 {
		return i
	}
	return len(levels()) - 1
}

// shortPath bounds what a machine's facts can make a page show.
func shortPath(path string) string {
	if utf8.RuneCountInString(path) <= maxPathLetter {
		return path
	}
	return string([]rune(path)[:maxPathLetter-1]) + "…"
}
