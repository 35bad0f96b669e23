package agent

import (
	"cmp"
	"errors"
	"strings"

	"vigia/checks/message"
	apiv1 "vigia/collector/api/v1"
)

// collectorPrefix begins the codes of the words for the collector's refusals.
const collectorPrefix = "problem.collector."

// refusedBy finds our words for a refusal of the collector, which names its reason.
func refusedBy(err error) (code string, args map[string]string, ok bool) {
	r, ok := errors.AsType[*apiv1.Refusal](err)
	if !ok || r.Reason == "" {
		return "", nil, false
	}
	code = collectorPrefix + strings.ToLower(r.Reason)
	_, ok = collectorMessages()[code]
	_, why, _ := strings.Cut(r.Text, ": ") // what a person added
	return code, map[string]string{"detail": r.Text, "why": cmp.Or(why, "—")}, ok
}

// collectorMessages are the collector's refusals in words. What it wrote itself stands in
// its own log.
func collectorMessages() message.Catalogue {
	all := message.Catalogue{}
	for _, row := range []struct{ reason, sayES, sayEN, doES, doEN string }{
		{apiv1.RefusedTokenUnknown, "el colector no conoce este token", "the collector does not know this token",
			"Compruebe que se copió entero y que es de este colector; si dura, cree otro allí: vigia token create",
			"Check that it was copied whole and is of this collector; if so, create another there: vigia token create"},
		{apiv1.RefusedTokenUsed, "el token ya se usó: cada uno sirve para un solo equipo", "the token was used already: each admits one machine",
			"Cree otro en el colector: vigia token create. Si no sabe quién lo usó, mire vigia agents list",
			"Create another at the collector: vigia token create. If you do not know who used it, look at vigia agents list"},
		{apiv1.RefusedTokenSpent, "el token de grupo ya admitió todos los equipos para los que se hizo", "the group token has admitted all machines that it was made for",
			"Cree otro en el colector: vigia token create", "Create another at the collector: vigia token create"},
		{apiv1.RefusedTokenExpired, "el token ha caducado", "the token has expired",
			"Cree otro en el colector: vigia token create", "Create another at the collector: vigia token create"},
		{apiv1.RefusedTokenWithdrawn, "alguien retiró este token en el colector", "somebody withdrew this token at the collector",
			"Pregunte por qué a quien lo administra, o cree otro: vigia token create", "Ask who administers it why, or create another: vigia token create"},
		{apiv1.RefusedTokenHost, "el token es para un equipo con otro nombre", "the token is for a machine of another name",
			"Use el de este equipo, o créelo en el colector: vigia token create --host NOMBRE", "Use this machine's, or create it at the collector: vigia token create --host NAME"},
		{apiv1.RefusedTokenNetwork, "el token no sirve desde esta red", "the token is not good from this network",
			"Inscriba el equipo desde la red para la que se hizo, o cree otro token en el colector", "Enrol the machine from the network that it was made for, or create another token at the collector"},
		{apiv1.RefusedTokenFull, "todas las plazas del token las ocupan equipos que esperan aprobación", "all places of the token are held by machines that wait for approval",
			"Apruebe o rechace en el colector los que esperan (vigia agents requests) y repítalo", "Approve or reject those that wait at the collector (vigia agents requests), then try again"},
		{apiv1.RefusedRejected, "una persona rechazó este equipo en el colector: {why}", "a person rejected this machine at the collector: {why}",
			"Si es un error, pida otro token a quien administra el colector", "If that is wrong, ask who administers the collector for another token"},
		{apiv1.RefusedApprovalLapsed, "la aprobación de este equipo no se usó a tiempo", "the approval of this machine was not used in time",
			"Inscríbalo de nuevo con otro token", "Enrol it again with another token"},
		{apiv1.RefusedTooManyWait, "demasiados equipos esperan aprobación en el colector", "too many machines wait for approval at the collector",
			"Que alguien apruebe o rechace los que esperan (vigia agents requests); después, repítalo", "Have those that wait approved or rejected (vigia agents requests), then try again"},
		{apiv1.RefusedKeyOfDeparted, "las claves de este equipo son las de uno que se revocó o retiró", "this machine's keys are those of one that was revoked or retired",
			"Borre la carpeta de datos del agente e inscríbalo de nuevo con otro token", "Delete the agent's data folder and enrol it again with another token"},
		{apiv1.RefusedCodeTaken, "otro equipo tiene el mismo código de comprobación", "another machine has the same check code",
			"Borre la carpeta de datos del agente e inscríbalo de nuevo: tendrá otro código", "Delete the agent's data folder and enrol it again: it will have another code"},
		{apiv1.RefusedDeparted, "este equipo se revocó o retiró en el colector", "this machine was revoked or retired at the collector",
			"Si es un error, inscríbalo de nuevo con otro token; lo medido se conserva", "If that is wrong, enrol it again with another token; what was measured is kept"},
		{apiv1.RefusedUnknownMachine, "el colector no conoce este equipo", "the collector does not know this machine",
			"Compruebe que es su colector. Si se restauró de una copia anterior al alta, inscriba el equipo de nuevo; lo medido se conserva",
			"Check that it is its collector. If that was restored from a backup older than the enrolment, enrol the machine again; what was measured is kept"},
		{apiv1.RefusedProof, "las claves de este equipo no son las que el colector conoce", "this machine's keys are not those that the collector knows",
			"Recupere la carpeta de datos del agente de una copia, o bórrela e inscriba el equipo de nuevo", "Restore the agent's data folder from a copy, or delete it and enrol the machine again"},
		{apiv1.RefusedCloned, "el colector tiene otro informe distinto con el mismo número: hay una copia de este equipo, o se volvió a una imagen", "the collector has another report with the same number: there is a copy of this machine, or it was put back to an image",
			"En el colector, revóquelo (vigia agents revoke); aquí, borre la carpeta de datos del agente e inscríbalo de nuevo. Haga lo mismo en la copia",
			"At the collector, revoke it (vigia agents revoke); here, delete the agent's data folder and enrol it again. Do the same on the copy"},
		{apiv1.RefusedDiskFull, "el disco del colector está lleno y no acepta nada", "the collector's disk is full and takes nothing",
			"Libere espacio en el colector; este equipo conserva lo medido y lo envía después", "Free space at the collector; this machine keeps what was measured and sends it later"},
		{apiv1.RefusedTooOften, "este equipo, o su red, llama demasiado seguido", "this machine, or its network, calls too often",
			"Espere un minuto; si muchos equipos salen por la misma dirección, inscríbalos por tandas", "Wait a minute; if many machines share one address, enrol them in batches"},
		{apiv1.RefusedFault, "el colector tuvo un fallo y no aceptó nada", "the collector had a fault and took nothing",
			"Se intenta de nuevo solo; si dura, mire el registro del colector (journalctl -u vigia)", "It is tried again by itself; if it lasts, look at the collector's log (journalctl -u vigia)"},
		{apiv1.RefusedNoCertificate, "el colector no recibió el certificado de este equipo", "the collector did not get this machine's certificate",
			"Si entre los dos hay un programa que abre el cifrado (inspección TLS), pida que deje pasar este puerto sin abrirlo", "If something between the two opens the encryption (TLS inspection), have it let this port pass unopened"},
		{apiv1.RefusedExpired, "el certificado de este equipo ha caducado", "this machine's certificate has expired",
			"Se renueva solo: compruebe la hora de este equipo y la del colector y espere unos minutos", "It is renewed by itself: check the time of this machine and of the collector, and wait some minutes"},
		{apiv1.RefusedForeign, "el certificado de este equipo no es de este colector", "this machine's certificate is not of this collector",
			"Compruebe la dirección del colector en vigia-agent.yaml; si es otro colector, inscriba el equipo en él", "Check the collector's address in vigia-agent.yaml; if it is another collector, enrol the machine there"},
	} {
		all[collectorPrefix+strings.ToLower(row.reason)] = message.Entry{
			Say: message.Text{ES: row.sayES, EN: row.sayEN}, Do: message.Text{ES: row.doES, EN: row.doEN},
		}
	}
	return all
}
