package personaldata

import (
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"vigia/checks"
	"vigia/checks/host"
	"vigia/checks/message"
)

// leftovers is TMP-CLEAN-Q: what programs and people leave in temporary folders,
// downloads and the recycle bin is no place for personal data, and no permit makes it one.
func leftovers() checks.Check {
	return checks.NewWithParams(
		checks.Info{ID: "personaldata.leftovers", Deadline: deadline, Heavy: true, Messages: leftoverMessages(), Covers: leftoverCovers()},
		leftoverParams{Days: 7},
		checks.OnWith[leftoverFacts, leftoverParams]{host.Linux: observeLeftovers, host.Windows: observeLeftovers},
		judgeLeftovers)
}

type leftoverParams struct {
	// Days is how old a file with personal data may be there.
	Days int `json:"days"`
	// Folders are looked at besides the system's own and the users'.
	Folders []string `json:"folders,omitempty"`
	// Only are the folders looked at, instead of all those.
	Only []string `json:"only,omitempty"`
	// MaxFiles ends the search early; 0 leaves it to the scanner.
	MaxFiles int64 `json:"max_files,omitempty"`
}

// Validate implements checks.Validator.
func (p leftoverParams) Validate() error {
	if p.Days < 0 || p.MaxFiles < 0 {
		return errors.New("days and max_files must not be negative")
	}
	return nil
}

// leftoverFacts is the evidence of personaldata.leftovers.
type leftoverFacts struct {
	System host.OS `json:"system"`
	// Unlisted are folders whose users' folders could not be listed.
	Unlisted []string `json:"unlisted,omitempty"`
	host.ScanSummary
}

// places are where a system and its users leave things.
type places struct {
	system []string // absolute
	homes  []string // folders of profiles
	user   []string // below a profile
}

func placesOf(os host.OS) places {
	if os == host.Windows {
		return places{
			system: []string{`C:\Windows\Temp`, `C:\$Recycle.Bin`},
			homes:  []string{`C:\Users`},
			user:   []string{`AppData\Local\Temp`, `Downloads`, `AppData\Local\Microsoft\Windows\INetCache`},
		}
	}
	return places{
		system: []string{"/tmp", "/var/tmp", "/root/.cache", "/root/.local/share/Trash"},
		homes:  []string{"/home"},
		user:   []string{".cache", ".local/share/Trash", "Descargas", "Downloads", "Baixades", "Deskargak"},
	}
}

func observeLeftovers(ctx context.Context, h *host.Host, p leftoverParams) (leftoverFacts, error) {
	f := leftoverFacts{System: h.OS}
	at := placesOf(h.OS)
	candidates := append(at.system, native(h.OS, p.Folders)...)
	if len(p.Only) > 0 {
		candidates, at.homes = native(h.OS, p.Only), nil
	}
	for _, homes := range at.homes {
		users, err := h.Files.ReadDir(ctx, homes)
		if err != nil {
			if !absent(err) {
				f.Unlisted = append(f.Unlisted, homes)
			}
			continue
		}
		for _, u := range users {
			for _, below := range at.user {
				candidates = append(candidates, inside(h.OS, homes, u.Name, below))
			}
		}
	}
	var roots []string
	for _, c := range candidates {
		switch _, err := h.Files.Stat(ctx, c); {
		case err == nil:
			roots = append(roots, c)
		case !absent(err):
			f.Unlisted = append(f.Unlisted, c)
		}
	}
	if len(roots) == 0 {
		return f, nil
	}
	var err error
	f.ScanSummary, err = h.PersonalData.Scan(ctx, host.ScanRequest{Roots: roots, MaxFiles: p.MaxFiles})
	return f, err
}

// inside joins the parts of a path as the system writes them.
func inside(os host.OS, parts ...string) string {
	if os == host.Windows {
		return strings.Join(parts, `\`)
	}
	return path.Join(parts...)
}

func judgeLeftovers(seen leftoverFacts, p leftoverParams, at time.Time) checks.Verdict {
	var v checks.Verdict
	kept := at.UTC().AddDate(0, 0, -p.Days).Format(time.DateOnly)
	recent := 0
	for _, f := range seen.Found {
		if f.Modified > kept {
			recent++
			continue
		}
		v.Findings = append(v.Findings, checks.Finding{
			Key: f.Path, Status: checks.Fail,
			Reason: checks.Because("leftovers.file", "persons", number(f.Persons), "types", most(f.Counts), "day", f.Modified),
		})
	}
	sortByKey(v.Findings)
	args := []string{
		"places", strconv.Itoa(len(v.Findings)), "recent", strconv.Itoa(recent), "days", strconv.Itoa(p.Days),
		"files", number(lookedAt(seen.ScanSummary)),
	}
	unread := unreadFiles(seen.ScanSummary)
	switch {
	case len(v.Findings) > 0:
		v.Status, v.Reason = checks.Fail, checks.Because("leftovers.found", args...)
	case len(seen.Roots) == 0 && len(seen.Unlisted) == 0 && len(p.Only) == 0: // what was asked for must be there
		v.Status, v.Reason = checks.Pass, checks.Because("leftovers.nowhere")
	case len(seen.Unlisted) > 0 || len(seen.Roots) == 0 || !seen.Complete || seen.FoundMore > 0:
		v.Status, v.Reason = checks.Unknown, checks.Because("leftovers.stopped", args...)
	case unread > 0:
		v.Status, v.Reason = checks.Unknown,
			checks.Because("leftovers.unread", append(args, "unread", number(unread), "reasons", most(seen.Reasons))...)
	default:
		v.Status, v.Reason = checks.Pass, checks.Because("leftovers.none", args...)
	}
	return v
}

func leftoverMessages() message.Catalogue {
	say := func(es, en string) message.Text { return message.Text{ES: es, EN: en} }
	clean := say("vacíe la papelera, las descargas y los temporales, y lleve al servidor lo que haya que conservar",
		"empty the recycle bin, downloads and temporary folders, and take what must be kept to the server")
	return message.Catalogue{
		"leftovers.none": {Say: say("{files} ficheros temporales mirados: ninguno con datos personales tiene más de {days} días ({recent} recientes)",
			"{files} temporary files looked at: none with personal data is older than {days} days ({recent} recent)")},
		"leftovers.nowhere": {Say: say("no hay carpetas temporales ni de descargas", "there are no temporary folders and no downloads")},
		"leftovers.found": {Say: say("{places} ficheros con datos personales llevan más de {days} días en temporales, descargas o papelera",
			"{places} files with personal data have been in temporary folders, downloads or the recycle bin for more than {days} days"), Do: clean},
		"leftovers.file":    {Say: say("{persons} personas ({types}), sin cambios desde el {day}", "{persons} persons ({types}), unchanged since {day}"), Do: clean},
		"leftovers.stopped": {Say: say("no se pudo mirar todo ({files} ficheros mirados)", "not everything could be looked at ({files} files were)"), Do: say("deje el equipo encendido hasta que termine la búsqueda", "leave the machine on until the search ends")},
		"leftovers.unread": {Say: say("{unread} ficheros temporales no se pudieron leer enteros ({reasons})", "{unread} temporary files could not be read whole ({reasons})"),
			Do: say("bórrelos si no hacen falta", "remove them if they are not needed")},
	}
}

// sortByKey brings findings into the order in which they are compared and shown.
func sortByKey(list []checks.Finding) {
	slices.SortStableFunc(list, func(a, b checks.Finding) int { return strings.Compare(a.Key, b.Key) })
}

func number(n int64) string { return fmt.Sprint(n) }

// lookedAt counts the files that were opened.
func lookedAt(s host.ScanSummary) int64 {
	return s.Files["found"] + s.Files["clean"] + s.Files["incomplete"] + s.Files["unreadable"]
}
