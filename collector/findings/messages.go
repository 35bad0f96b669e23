package findings

import "vigia/checks/message"

// Codes of the reasons that the collector itself gives.
const (
	codeSilent = "machine.silent"
	// CodeAway: the machine does not report, and somebody said that it would not.
	CodeAway            = "machine.away"
	codeStale           = "result.stale"
	codeMissing         = "result.missing"
	codeNoFacts         = "result.no_facts"
	codeFactsMissing    = "result.facts_missing"
	codeFactsUnreadable = "result.facts_unreadable"
	codeEntryUnknown    = "policy.entry_not_known"
	codeCheckUnknown    = "check.not_known"
	codeCheckMismatch   = "check.not_the_one_asked"
	codeGone            = "part.gone"
	codeEquivocation    = "agent.equivocation"
	codeGap             = "agent.gap"
	codeGapEnded        = "agent.gap_ended"
	codeClock           = "agent.clock_wrong"
	codeClockRight      = "agent.clock_right"
	// codePolicyRefused is followed by the agent's word for why.
	codePolicyRefused = "agent.policy_refused."
	codePolicyTaken   = "agent.policy_taken"
)

// Messages says each reason code of the collector, and the names of its own
// entries, in both languages.
func Messages() message.Catalogue {
	text := func(es, en string) message.Text { return message.Text{ES: es, EN: en} }
	return message.Catalogue{
		ControlAgent: {Say: text("Confianza en lo que informa el equipo", "Trust in what the machine reports")},
		EntrySilence: {Say: text("El equipo no informa", "The machine does not report")},
		EntryEquivocation: {
			Say: text("Dos informes distintos con el mismo número", "Two different reports with the same number"),
		},
		EntryGap:    {Say: text("Faltan informes", "Reports are missing")},
		EntryClock:  {Say: text("Reloj del equipo", "The machine's clock")},
		EntryPolicy: {Say: text("Política rechazada por el equipo", "Policy refused by the machine")},
		codePolicyRefused + "signature": {
			Say: text("el equipo rechazó la política {offered}: no la firma la clave que conoce de este servidor; sigue con la {in_force}",
				"the machine refused policy {offered}: it is not signed by the key that it knows of this collector; it goes on with {in_force}"),
			Do: text("si restauró la carpeta keys o la hizo nueva, recupere la de antes de una copia; si no, alguien intentó dar órdenes al equipo: avise a la persona responsable de seguridad",
				"if the folder keys was restored or made anew, bring the former one back from a backup; if not, somebody tried to give orders to the machine: tell the security officer"),
		},
		codePolicyRefused + "other_machine": {
			Say: text("el equipo rechazó la política {offered}: es la de otro; sigue con la {in_force}", "the machine refused policy {offered}: it is another machine's; it goes on with {in_force}"),
			Do:  text("compruebe si el equipo es copia de otro; si lo es, revóquelo y vuelva a inscribirlo", "check whether the machine is a copy of another; if so, revoke it and enrol it again"),
		},
		codePolicyRefused + "older": {
			Say: text("el equipo rechazó la política {offered}: es más antigua que la suya, {in_force}, con la que sigue", "the machine refused policy {offered}: it is older than its own, {in_force}, with which it goes on"),
			Do: text("alguien volvió a poner datos antiguos de este servidor sin decirlo; hágalo siempre con «vigia restore», que lo anota y pone al día a los equipos",
				"somebody put old data of this collector back without a word; always do it by \"vigia restore\", which notes it and brings machines up to date"),
		},
		codePolicyRefused + "pack_older": {
			Say: text("el equipo rechazó la política {offered}: trae un paquete de reglas más antiguo que el suyo; sigue con la {in_force}", "the machine refused policy {offered}: it has an older pack of rules than its own; it goes on with {in_force}"),
			Do: text("vea «vigia pack list»: instale la versión de vigia que traía el paquete nuevo o impórtelo; para deshacer un cambio, publique el paquete con una versión mayor",
				"see \"vigia pack list\": install the version of vigia that had the newer pack, or import it; to undo a change, publish the pack under a higher version"),
		},
		codePolicyRefused + "invalid": {
			Say: text("el equipo rechazó la política {offered} porque no puede cumplirla entera; sigue con la {in_force} ({detail})", "the machine refused policy {offered} since it cannot obey all of it; it goes on with {in_force} ({detail})"),
			Do:  text("actualice el agente de ese equipo a la versión de este servidor", "update that machine's agent to the version of this collector"),
		},
		codePolicyRefused + "safe_mode": {
			Say: text("el equipo está en modo seguro y aún no toma la política {offered}; sigue con la {in_force}", "the machine is in safe mode and does not take policy {offered} yet; it goes on with {in_force}"),
			Do:  text("la tomará al salir de él, en unas horas; el registro del agente dice por qué entró", "it takes it when that ends, within hours; the agent's log says why it began"),
		},
		codePolicyRefused + "not_kept": {
			Say: text("el equipo no pudo guardar la política {offered} en su disco; sigue con la {in_force} ({detail})", "the machine could not keep policy {offered} on its disk; it goes on with {in_force} ({detail})"),
			Do:  text("libere espacio en el disco de ese equipo o revíselo", "free some space on that machine's disk, or look at it"),
		},
		codePolicyTaken: {Say: text("el equipo tiene una política más nueva que la que rechazó", "the machine has a newer policy than when it refused one")},
		codeSilent: {
			Say: text("el equipo no informa desde {since}", "the machine has not reported since {since}"),
			Do: text("compruebe que el equipo está encendido y en la red y que el servicio vigia-agent funciona; si ya no existe, delo de baja",
				"check that the machine is on and connected and that the vigia-agent service runs; if it is no more, retire it"),
		},
		CodeAway: {Say: text("el equipo no informa, como estaba previsto hasta el {until} ({why})", "the machine does not report, as expected until {until} ({why})")},
		codeStale: {
			Say: text("no se mide desde {since}", "has not been measured since {since}"),
			Do:  text("revise en el equipo el estado del servicio vigia-agent", "look at the state of the vigia-agent service on the machine"),
		},
		codeMissing: {
			Say: text("el informe completo no trae este resultado", "the full report does not hold this result"),
			Do:  text("actualice el agente y compruebe que recibe la política", "update the agent and check that it gets the policy"),
		},
		codeNoFacts: {
			Say: text("el resultado llegó sin los hechos en que se basa", "the result came without the facts it rests on"),
			Do:  text("actualice el agente", "update the agent"),
		},
		codeFactsMissing: {
			Say: text("remite al informe {sequence}, que no está", "refers to report {sequence}, which is not here"),
			Do:  text("espere a los próximos informes completos (una semana como mucho); si sigue igual, reinicie el agente", "wait for the next full reports (a week at most); if it stays so, restart the agent"),
		},
		codeFactsUnreadable: {
			Say: text("los hechos no tienen la forma que pide la comprobación {check}", "the facts do not have the form that check {check} asks for"),
			Do:  text("ponga agente y servidor en la misma versión", "bring agent and collector to the same version"),
		},
		codeEntryUnknown: {
			Say: text("la política no pide «{entry}»", "the policy does not ask for “{entry}”"),
			Do:  text("espere a que el agente reciba la política nueva", "wait until the agent has the new policy"),
		},
		codeCheckUnknown: {
			Say: text("este servidor no conoce la comprobación «{check}»", "this collector does not know the check “{check}”"),
			Do:  text("actualice el servidor a la versión del agente", "update the collector to the agent's version"),
		},
		codeCheckMismatch: {
			Say: text("se pidió la comprobación «{asked}» y llegó «{sent}»", "the check “{asked}” was asked for and “{sent}” came"),
			Do:  text("espere a que el agente reciba la política nueva", "wait until the agent has the new policy"),
		},
		codeGone: {Say: text("ya no existe", "is not there any more")},
		codeEquivocation: {
			Say: text("llegaron dos informes distintos con el número {sequence}: el equipo fue clonado o restaurado, o alguien usa sus claves",
				"two different reports with number {sequence} came: the machine was cloned or restored, or someone uses its keys"),
			Do: text("averigüe la causa, revoque el equipo y vuelva a inscribirlo", "find out why, revoke the machine and enrol it again"),
		},
		codeGap: {
			Say: text("se perdieron los informes {first} a {last} ({why})", "reports {first} to {last} were lost ({why})"),
			Do:  text("revise el disco del equipo y el tiempo que estuvo sin conexión", "check the machine's disk and how long it was offline"),
		},
		codeGapEnded: {Say: text("los informes llegan seguidos", "reports arrive without holes")},
		codeClock: {
			Say: text("el reloj del equipo está mal: dijo {said} al recibirse a las {received}", "the machine's clock is wrong: it said {said} when its report arrived at {received}"),
			Do:  text("active la sincronización horaria y revise la pila de la placa", "turn time synchronisation on and check the board's battery"),
		},
		codeClockRight: {Say: text("el reloj del equipo va bien", "the machine's clock is right")},
		"why.dropped":  {Say: text("la cola del agente se llenó", "the agent's queue was full")},
		"why.damaged":  {Say: text("la cola del agente se dañó", "the agent's queue was damaged")},
	}
}
