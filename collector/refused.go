package collector

import (
	"cmp"
	"strings"
	"unicode"

	apiv1 "vigia/collector/api/v1"
	"vigia/collector/courier"
	"vigia/collector/enroll"
)

// whyNot says in the words of the person at the collector why a file is not taken, and
// what to do.
func whyNot(r courier.Result) string {
	if r.Reason == apiv1.RefusedRejected {
		return "alguien rechazó este equipo: " + strings.TrimPrefix(onScreen(r.Why), enroll.ErrRejected.Error()+": ")
	}
	for _, word := range refusedWords() {
		if word[0] == r.Reason {
			return word[1]
		}
	}
	return cmp.Or(onScreen(r.Why), onScreen(r.Reason))
}

// refusedWords are the reasons of refusals, as an agent's refusalMessages are at the
// machine, and what is wrong with files.
func refusedWords() [][2]string {
	return [][2]string{
		{apiv1.RefusedTokenUnknown, "este colector no hizo ese código de alta: compruebe que el kit es suyo, o escriba otro (vigia kit)"},
		{apiv1.RefusedTokenUsed, "otro equipo usó ya el código de alta: escriba otro kit (vigia kit); si no sabe quién, mire vigia agents list"},
		{apiv1.RefusedTokenSpent, "el código de grupo admitió ya todos sus equipos: escriba otro kit (vigia kit)"},
		{apiv1.RefusedTokenExpired, "el código de alta caducó: escriba otro kit (vigia kit) y repita en el equipo «vigia-agent export»"},
		{apiv1.RefusedTokenWithdrawn, "alguien retiró el código de alta: escriba otro kit (vigia kit)"},
		{apiv1.RefusedTokenHost, "el código de alta es para un equipo con otro nombre: escriba un kit con --host para este"},
		{apiv1.RefusedTokenNetwork, "el código de alta solo vale desde ciertas redes, no por archivo: escriba otro kit (vigia kit)"},
		{apiv1.RefusedTokenFull, "las plazas de su código las ocupan otros que esperan: apruébelos o rechácelos (vigia agents requests) y repita «vigia import»"},
		{apiv1.RefusedTooManyWait, "ya esperan demasiados equipos: apruébelos o rechácelos (vigia agents requests) y repita «vigia import»"},
		{apiv1.RefusedApprovalLapsed, "la aprobación no se usó a tiempo: escriba otro kit (vigia kit)"},
		{apiv1.RefusedKeyOfDeparted, "sus claves son las de un equipo revocado o retirado: borre en él la carpeta de datos del agente y pida el alta otra vez"},
		{apiv1.RefusedCodeTaken, "otro equipo tiene el mismo código de comprobación: borre en este la carpeta de datos del agente y pida el alta otra vez"},
		{apiv1.RefusedDeparted, "el equipo se revocó o retiró: si es un error, dele de alta otra vez"},
		{apiv1.RefusedUnknownMachine, "este colector no conoce el equipo: si se restauró de una copia anterior a su alta, dele de alta otra vez"},
		{apiv1.RefusedProof, "sus claves no son las que el colector conoce: dele de alta otra vez"},
		{apiv1.RefusedCloned, "hay otro informe distinto con el mismo número: el equipo se copió o volvió a una imagen; revóquelo (vigia agents revoke) y dele de alta otra vez"},
		{apiv1.RefusedDiskFull, "el disco del colector está lleno: libere espacio y repita la orden"},
		{apiv1.RefusedTooOften, "demasiadas llamadas seguidas: espere un minuto y repita la orden"},
		{apiv1.RefusedFault, "el colector tuvo un fallo: mire su registro (journalctl -u vigia) y repita la orden"},
		{apiv1.RefusedNoCertificate, "falta el certificado del equipo"},
		{apiv1.RefusedExpired, "el certificado del equipo caducó"},
		{apiv1.RefusedForeign, "el certificado del equipo es de otro colector"},
		{courier.NoFile, "no es un archivo de Vigía que esta versión conozca"},
		{courier.BadFile, "está cortado o cambiado: repita en el equipo «vigia-agent export»"},
		{courier.TooBig, "es más grande que cualquier archivo de Vigía"},
		{courier.NotSigned, "no lo firmó el equipo que dice ser"},
		{courier.BadRequest, "lo que pide o trae no es válido: actualice el agente del equipo y repita en él «vigia-agent export»"},
	}
}

// onScreen is a text of a stick or of a machine as it may be shown.
func onScreen(text string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return '?'
		}
		return r
	}, text)
}
