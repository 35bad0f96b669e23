package personaldata

import (
	"strconv"
	"strings"
	"time"

	"vigia/checks"
	"vigia/checks/host"
	"vigia/checks/message"
)

// categories is DLP-SPECIAL: data on health, religion, union and the like beside an
// identity are only where somebody declared and justified them.
func categories() checks.Check {
	return checks.NewWithParams(
		checks.Info{ID: "personaldata.special", Deadline: deadline, Heavy: true, Messages: specialMessages(), Covers: specialCovers()},
		localParams{MinPersons: 1, MinSpecial: 1},
		checks.OnWith[localFacts, localParams]{host.Linux: observe, host.Windows: observe},
		judgeSpecial)
}

func judgeSpecial(seen localFacts, p localParams, at time.Time) checks.Verdict {
	today := at.UTC().Format(time.DateOnly)
	var v checks.Verdict
	permitted := 0
	unread := unreadFiles(seen.ScanSummary)
	for _, f := range seen.Found {
		m, ok := p.permitted(seen.System, f.Folder)
		allowed := ok && m.Until >= today
		if !special(f) || f.Persons < p.MinSpecial {
			if !f.Whole && !allowed {
				unread++ // the rest of it may hold some
			}
			continue
		}
		if allowed {
			permitted++
			continue
		}
		v.Findings = append(v.Findings, checks.Finding{
			Key: f.Path, Status: checks.Fail,
			Reason: checks.Because("special.file", "persons", number(f.Persons), "categories", strings.Join(f.Categories, ", ")),
		})
	}
	sortByKey(v.Findings)
	args := []string{"places", strconv.Itoa(len(v.Findings)), "permitted", strconv.Itoa(permitted), "files", number(lookedAt(seen.ScanSummary))}
	switch {
	case len(v.Findings) > 0:
		v.Status, v.Reason = checks.Fail, checks.Because("special.found", args...)
	case p.unasked(seen) || len(seen.Roots) == 0 || !seen.Complete || seen.FoundMore > 0:
		v.Status, v.Reason = checks.Unknown, checks.Because("special.stopped", args...)
	case unread > 0:
		v.Status, v.Reason = checks.Unknown, checks.Because("special.unread", append(args, "unread", number(unread), "reasons", most(seen.Reasons))...)
	default:
		v.Status, v.Reason = checks.Pass, checks.Because("special.none", args...)
	}
	return v
}

func specialMessages() message.Catalogue {
	say := func(es, en string) message.Text { return message.Text{ES: es, EN: en} }
	move := say("llévelos a un sistema declarado de nivel alto o pida que se declare esa carpeta, con su justificación",
		"take them to a system that is declared as high level, or have that folder declared, with its justification")
	return message.Catalogue{
		"special.none": {Say: say("{files} ficheros mirados: ninguno junta una identidad y una categoría especial fuera de lo declarado ({permitted} declarados)",
			"{files} files looked at: none has an identity beside a special category outside of what was declared ({permitted} declared)")},
		"special.found": {Say: say("{places} ficheros con categorías especiales de datos fuera de lo declarado", "{places} files with special categories of data outside of what was declared"), Do: move},
		"special.file":  {Say: say("{categories}, de {persons} personas", "{categories}, of {persons} persons"), Do: move},
		"special.stopped": {Say: say("aún no se ha mirado todo ({files} ficheros mirados)", "not everything has been looked at yet ({files} files were)"),
			Do: say("deje el equipo encendido hasta que termine la búsqueda", "leave the machine on until the search ends")},
		"special.unread": {Say: say("{unread} ficheros no se pudieron leer enteros ({reasons}); en el resto no hay ninguno", "{unread} files could not be read whole ({reasons}); there is none in the others"),
			Do: say("revise a mano esos ficheros y anótelo en la revisión", "look at those files by hand and note it in the review")},
	}
}
