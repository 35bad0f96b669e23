package agent

import (
	"strings"

	"vigia/checks/message"
)

// refusedPrefix begins the codes of the words for why a policy is refused.
const refusedPrefix = "policy.refused."

// whyNotKept is the code of a policy that could not be put on disk.
const whyNotKept = "not_kept"

// refused says why a policy was not taken, and what to do.
func (s sayer) refused(r *StatusRefused) string {
	code := refusedPrefix + r.Why
	if !s.has(code) { // of another version of this program
		return r.Detail
	}
	args := map[string]string{"detail": r.Detail}
	return strings.TrimRight(s.text(code, args), ".") + ". " + s.all.Do(s.lang, code, args)
}

func refusalMessages() message.Catalogue {
	entry := func(sayES, sayEN, doES, doEN string) message.Entry {
		return message.Entry{Say: message.Text{ES: sayES, EN: sayEN}, Do: message.Text{ES: doES, EN: doEN}}
	}
	return message.Catalogue{
		refusedPrefix + errPolicySignature.Error(): entry(
			"no la firma el colector de este equipo; sigue la última buena", "it is not signed by this machine's collector; the last good one stays",
			"Avise a quien administra el colector: si no ha cambiado sus claves, alguien pudo intentar dar órdenes a este equipo",
			"Tell who administers the collector: unless its keys were changed, somebody may have tried to give orders to this machine"),
		refusedPrefix + errPolicyAgent.Error(): entry(
			"es la de otro equipo; sigue la última buena", "it is another machine's; the last good one stays",
			"Avise a quien administra el colector: este equipo puede ser copia de otro", "Tell who administers the collector: this machine may be a copy of another"),
		refusedPrefix + errPolicyOlder.Error(): entry(
			"es más antigua que la que rige; sigue la que rige", "it is older than the one in force, which stays",
			"En el colector: si se ha vuelto a una copia anterior, hágalo con «vigia restore», que lo deja dicho; copiar la carpeta no basta",
			"At the collector: go back to a copy by \"vigia restore\", which says so; copying the folder is not enough"),
		refusedPrefix + errPolicyPackOlder.Error(): entry(
			"uno de sus paquetes de reglas es más antiguo que el que rige; sigue el que rige", "one of its packs of rules is older than the one in force, which stays",
			"En el colector: vuelva a la versión de vigia que traía el paquete nuevo, o impórtelo (vigia pack list); para deshacer un cambio, publíquelo con una versión mayor",
			"At the collector: go back to the version of vigia that had the newer pack, or import it (vigia pack list); to undo a change, publish it under a higher version"),
		refusedPrefix + errPolicyInvalid.Error(): entry(
			"este agente no puede cumplirla entera ({detail}); sigue la última buena", "this agent cannot obey all of it ({detail}); the last good one stays",
			"Actualice el agente a la versión del colector", "Update the agent to the collector's version"),
		refusedPrefix + errPolicySafeMode.Error(): entry(
			"el agente está en modo seguro; la aceptará al salir de él", "the agent is in safe mode; it takes it when that ends",
			"No hay que hacer nada; el registro del agente dice por qué entró en ese modo", "There is nothing to do; the agent's log says why it went into that mode"),
		refusedPrefix + whyNotKept: entry(
			"no se pudo guardar en el disco ({detail}); sigue la última buena", "it could not be kept on disk ({detail}); the last good one stays",
			"Libere espacio o revise el disco: se intenta de nuevo en cada envío", "Free some space or look at the disk: it is tried again with each delivery"),
	}
}
