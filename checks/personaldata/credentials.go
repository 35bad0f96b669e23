package personaldata

import (
	"context"
	"strconv"
	"time"

	"vigia/checks"
	"vigia/checks/host"
	"vigia/checks/message"
)

// credentials is AC-PWD-PLAIN: no password is written down in a document that others
// can read. A policy asks for it; by default nobody looks.
func credentials() checks.Check {
	return checks.NewWithParams(
		checks.Info{ID: "personaldata.credentials", Deadline: deadline, Heavy: true, Messages: credentialMessages(), Covers: credentialCovers()},
		credentialParams{},
		checks.OnWith[localFacts, credentialParams]{host.Linux: observeCredentials, host.Windows: observeCredentials},
		judgeCredentials)
}

type credentialParams struct {
	// Roots are the folders searched; see localParams.
	Roots []string `json:"roots,omitempty"`
}

func observeCredentials(ctx context.Context, h *host.Host, p credentialParams) (localFacts, error) {
	return look(ctx, h, p.Roots, host.ScanRequest{Credentials: true})
}

func judgeCredentials(seen localFacts, p credentialParams, _ time.Time) checks.Verdict {
	var v checks.Verdict
	for _, f := range seen.Found {
		if n := f.Counts["credential"]; n > 0 {
			v.Findings = append(v.Findings, checks.Finding{
				Key: f.Path, Status: checks.Fail, Reason: checks.Because("credentials.file", "count", number(n)),
			})
		}
	}
	sortByKey(v.Findings)
	args := []string{"places", strconv.Itoa(len(v.Findings)), "files", number(lookedAt(seen.ScanSummary))}
	unread := unreadFiles(seen.ScanSummary)
	switch {
	case len(v.Findings) > 0:
		v.Status, v.Reason = checks.Fail, checks.Because("credentials.found", args...)
	case (localParams{Roots: p.Roots}).unasked(seen) || len(seen.Roots) == 0 || !seen.Complete || seen.FoundMore > 0:
		v.Status, v.Reason = checks.Unknown, checks.Because("credentials.stopped", args...)
	case unread > 0:
		v.Status, v.Reason = checks.Unknown, checks.Because("credentials.unread", append(args, "unread", number(unread), "reasons", most(seen.Reasons))...)
	default:
		v.Status, v.Reason = checks.Pass, checks.Because("credentials.none", args...)
	}
	return v
}

func credentialMessages() message.Catalogue {
	say := func(es, en string) message.Text { return message.Text{ES: es, EN: en} }
	change := say("cambie esas contraseñas, guárdelas en un gestor y borre el documento",
		"change those passwords, keep them in a password manager and remove the document")
	return message.Catalogue{
		"credentials.none":  {Say: say("{files} ficheros mirados: ninguno con contraseñas escritas", "{files} files looked at: none with written passwords")},
		"credentials.found": {Say: say("{places} documentos con contraseñas escritas", "{places} documents with written passwords"), Do: change},
		"credentials.file":  {Say: say("{count} contraseñas escritas", "{count} written passwords"), Do: change},
		"credentials.stopped": {Say: say("aún no se ha mirado todo ({files} ficheros mirados)", "not everything has been looked at yet ({files} files were)"),
			Do: say("deje el equipo encendido hasta que termine la búsqueda", "leave the machine on until the search ends")},
		"credentials.unread": {Say: say("{unread} ficheros no se pudieron leer enteros ({reasons}); en el resto no hay ninguna", "{unread} files could not be read whole ({reasons}); there is none in the others"),
			Do: say("revise a mano esos ficheros y anótelo en la revisión", "look at those files by hand and note it in the review")},
	}
}
