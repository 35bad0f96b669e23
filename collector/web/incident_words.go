package web

import "vigia/collector/incidents"

// clockWord says how a term stands.
func (v *visit) clockWord(s incidents.State) string {
	switch s {
	case incidents.Running:
		return v.T("clock.running")
	case incidents.Overdue:
		return v.T("clock.overdue")
	case incidents.Met:
		return v.T("clock.met")
	case incidents.Late:
		return v.T("clock.late")
	case incidents.Exempt:
		return v.T("clock.exempt")
	case incidents.Waiting:
		return v.T("clock.waiting")
	}
	return string(s)
}

// phaseWord says how far an incident has come.
func (v *visit) phaseWord(in incidents.Incident) string {
	switch {
	case !in.Closed.IsZero():
		return v.T("phase.closed")
	case in.Breach() == "":
		return v.T("phase.new")
	case len(in.Actions) == 0:
		return v.T("phase.assessed")
	}
	return v.T("phase.acting")
}

// stepWord names an entry as something to do.
func (v *visit) stepWord(step string) string {
	switch step {
	case "novedad":
		return v.T("step.update")
	case "valorar":
		return v.T("step.assess")
	case "accion":
		return v.T("step.action")
	case "notificar":
		return v.T("step.notify")
	case "recuperacion":
		return v.T("step.recovery")
	case "cerrar":
		return v.T("step.close")
	}
	return v.T("step.reopen")
}

func incidentWords() [][3]string {
	return [][3]string{
		{"incidents.menu", "Incidencias", "Incidents"},
		{"incidents.menu.waiting", "Incidencias: {n} abiertas o por leer", "Incidents: {n} open or unread"},
		{"incidents.title", "Libro de incidencias", "Incident book"},
		{"incidents.new", "Anotar una incidencia", "Enter an incident"},
		{"incidents.open", "Abiertas", "Open"},
		{"incidents.closed", "Cerradas", "Closed"},
		{"incidents.more.one", "Y {n} más antigua.", "And {n} older one."},
		{"incidents.more.many", "Y {n} más antiguas.", "And {n} older ones."},
		{"incidents.log", "Bitácora de vulneraciones", "Breach log"},
		{"incidents.sheet", "Hoja en blanco para imprimir", "Blank sheet to print"},
		{"incidents.none", "No hay incidencias abiertas", "There are no open incidents"},
		{"incidents.none.do", "Cuando pase algo, anótelo aquí aunque parezca pequeño: el libro se revisa cada trimestre. Cualquier persona puede avisar, sin cuenta, en esta dirección:", "When something happens, enter it here even if it looks small: the book is reviewed every quarter. Anybody may report, without an account, at this address:"},
		{"incidents.col", "Incidencia", "Incident"},
		{"incidents.type", "Tipo", "Type"},
		{"incidents.phase", "Fase", "Phase"},
		{"incidents.clock", "Plazo", "Term"},
		{"incidents.entered", "Anotada", "Entered"},
		{"incidents.ended", "Cerrada", "Closed"},
		{"incident.breach", "vulneración de datos personales", "breach of personal data"},
		{"incident.undecided", "por valorar", "not assessed yet"},
		{"incident.left", "quedan {time}", "{time} left"},
		{"incident.over", "venció hace {time}", "over for {time}"},
		{"incident.new", "Anotar una incidencia", "Enter an incident"},
		{"incident.opened", "Anotada como {folio}. Lo siguiente: valorar si alcanza a datos personales.", "Entered as {folio}. Next: assess whether it reaches personal data."},
		{"incident.written", "Anotado. Queda en el libro con su fecha y su autor.", "Entered. It is in the book with its date and author."},
		{"incident.problem.closed", "Alguien cerró o reabrió la incidencia mientras tanto: vuelva a mirarla.", "Somebody closed or reopened the incident in the meantime: look at it again."},
		{"incident.grave", "Hablan de riesgo alto: {what}. Decide una persona.", "These speak for a high risk: {what}. A person decides."},
		{"incident.next", "Lo siguiente", "Next"},
		{"incident.next.assess", "Nadie ha valorado todavía si alcanza a datos personales. Mientras tanto los plazos corren como si fuera así.", "Nobody has assessed yet whether it reaches personal data. Meanwhile the terms run as if it did."},
		{"incident.next.notify", "Hay que avisar antes del {due}. Descargue el borrador, complételo, envíelo y anótelo aquí.", "Notice is due by {due}. Download the draft, complete it, send it and enter it here."},
		{"incident.next.confirm", "Anote cuándo se confirmó: de ahí corre el plazo para avisar a las personas.", "Enter when it was confirmed: the term to tell the persons runs from there."},
		{"incident.next.action", "Anote qué se hizo para detener el daño y qué hará falta para que no se repita.", "Enter what was done to stop the harm and what it takes so that it does not happen again."},
		{"incident.next.close", "Si ya no queda nada por hacer, analice las causas y ciérrela.", "If nothing remains to be done, analyse the causes and close it."},
		{"incident.facts", "Qué pasó", "What happened"},
		{"incident.instants", "Cuándo", "When"},
		{"incident.clocks", "Plazos", "Terms"},
		{"incident.clocks.none", "No corre ningún plazo.", "No term runs."},
		{"incident.assessed", "Valoración", "Assessment"},
		{"incident.actions", "Acciones correctivas", "Corrective actions"},
		{"incident.notices", "Avisos enviados", "Notices sent"},
		{"incident.recovered", "Recuperación de datos", "Recovery of data"},
		{"incident.controls", "Controles que deben quedar cumplidos", "Controls that must be met"},
		{"incident.history", "Asientos", "Entries"},
		{"incident.history.lead", "Ninguno se cambia ni se borra: lo que se corrige es otro asiento.", "None is changed or deleted: what is corrected is another entry."},
		{"incident.drafts", "Borradores de aviso", "Drafts of notices"},
		{"incident.drafts.lead", "Llevan lo que ya se sabe; lo que falta va entre corchetes, para que lo complete una persona.", "They hold what is known; what is missing stands in brackets, for a person to complete."},
		{"incident.told", "Lo que contó quien avisó", "What was reported"},
		{"incident.due", "vence", "due"},
		{"clock.running", "corre", "running"},
		{"clock.overdue", "vencido", "overdue"},
		{"clock.met", "cumplido", "met"},
		{"clock.late", "fuera de plazo", "late"},
		{"clock.exempt", "exento", "exempt"},
		{"clock.waiting", "aún no corre", "not running yet"},
		{"phase.new", "por valorar", "to be assessed"},
		{"phase.assessed", "valorada", "assessed"},
		{"phase.acting", "con acciones", "being acted on"},
		{"phase.closed", "cerrada", "closed"},
		{"step.update", "Añadir o corregir", "Add or correct"},
		{"step.assess", "Valorar el riesgo", "Assess the risk"},
		{"step.action", "Anotar una acción", "Enter an action"},
		{"step.notify", "Anotar un aviso enviado", "Enter a notice sent"},
		{"step.recovery", "Anotar una recuperación de datos", "Enter a recovery of data"},
		{"step.close", "Cerrar", "Close"},
		{"step.reopen", "Abrir otra vez", "Open again"},
		{"span.days.one", "{n} día", "{n} day"},
		{"span.days.many", "{n} días", "{n} days"},
		{"span.hours.one", "{n} hora", "{n} hour"},
		{"span.hours.many", "{n} horas", "{n} hours"},
		{"span.minutes", "{n} min", "{n} min"},
		{"notes.title", "Avisos por leer", "Reports to be read"},
		{"notes.lead", "Los mandó alguien sin cuenta. Léalos y decida: anotar, unir a una incidencia, o decir por qué no lo es.", "Somebody without an account sent them. Read and decide: enter, join to an incident, or say why it is none."},
		{"note.enter", "Anotar como incidencia", "Enter as an incident"},
		{"note.attach", "Unir a", "Join to"},
		{"note.folio", "Folio de la incidencia", "Folio of the incident"},
		{"note.none", "No es una incidencia", "It is no incident"},
		{"note.why", "Por qué no lo es", "Why it is none"},
		{"note.anonymous", "Aviso sin nombre", "Anonymous report"},
		{"note.attached", "Unido a la incidencia.", "Joined to the incident."},
		{"note.dismissed", "Anotado: no es una incidencia.", "Noted: it is no incident."},
		{"note.problem.decided", "Alguien decidió sobre ese aviso mientras tanto.", "Somebody decided on that report in the meantime."},
		{"note.problem.folio", "Escriba el folio de una incidencia, como INC-0003.", "Write the folio of an incident, such as INC-0003."},
		{"note.problem.why", "Diga por qué no es una incidencia.", "Say why it is no incident."},
		{"report.title", "Avisar de una incidencia", "Report an incident"},
		{"report.lead", "¿Un correo raro, un programa que pide dinero, un equipo o una memoria que no aparece, papeles donde no deben? Avise, aunque no esté seguro. No hace falta cuenta, y avisar nunca es una falta: callar sí puede serlo.", "A strange mail, a program that asks for money, a computer or stick that is missing, papers where they should not be? Report it even if you are not sure. You need no account, and reporting is never a fault; silence may be."},
		{"report.now", "Qué hacer ahora mismo", "What to do right now"},
		{"report.now.1", "Si la pantalla pide dinero o los archivos no se abren: desconecte el cable de red o el wifi. No apague el equipo.", "If the screen asks for money or files do not open: unplug the network cable or wifi. Do not switch the computer off."},
		{"report.now.2", "Si escribió su contraseña donde no debía: cámbiela desde otro equipo.", "If you typed your password where you should not have: change it from another computer."},
		{"report.now.3", "Si perdió un equipo, una memoria o unos papeles: diga dónde los vio por última vez.", "If you lost a computer, a stick or papers: say where you saw them last."},
		{"report.now.4", "No borre nada y no intente arreglarlo por su cuenta.", "Delete nothing and do not try to mend it yourself."},
		{"report.code", "Código, si ya avisó y quiere añadir algo", "Code, if you reported before and want to add something"},
		{"report.send", "Enviar el aviso", "Send the report"},
		{"report.when", "Cuándo", "When"},
		{"report.trap", "No escriba aquí", "Write nothing here"},
		{"report.full", "Ahora no caben más avisos por aquí", "No more reports are taken here now"},
		{"report.full.do", "Llame por teléfono o vaya a ver a quien responde de la seguridad. Lo que ya se había enviado está guardado.", "Call or go and see who answers for security. What was sent before is kept."},
		{"report.problem.large", "El texto es demasiado largo: resúmalo.", "The text is too long: shorten it."},
		{"report.problem.code", "No hay ningún aviso con ese código. Déjelo vacío para enviar uno nuevo.", "There is no report with that code. Leave it empty to send a new one."},
		{"report.thanks", "Gracias por avisar", "Thank you for reporting"},
		{"report.thanks.do", "Quien responde de la seguridad ya lo tiene.", "Who answers for security has it now."},
		{"report.thanks.code", "Apunte este código: con él puede añadir algo más adelante.", "Write this code down: with it you can add something later."},
		{"report.more", "Enviar otro aviso", "Send another report"},
		{"paper.draft", "Borrador", "Draft"},
		{"breaches.title", "Bitácora de vulneraciones", "Breach log"},
		{"breaches.lead", "Cada vulneración de datos personales: qué fue, cuándo, por qué y qué se hizo, de inmediato y en definitiva.", "Each breach of personal data: what it was, when, why and what was done, at once and for good."},
		{"breaches.none", "No se ha anotado ninguna vulneración", "No breach was entered"},
		{"breaches.none.do", "Aparecen aquí las incidencias que, al valorarlas, alcanzan a datos personales.", "Incidents appear here that were found to reach personal data."},
		{"breaches.what", "Descripción", "Description"},
		{"breaches.date", "Fecha", "Date"},
		{"breaches.cause", "Motivo", "Reason"},
		{"breaches.immediate", "Acciones inmediatas", "Immediate actions"},
		{"breaches.definitive", "Acciones definitivas", "Definitive actions"},
	}
}
