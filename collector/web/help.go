package web

// help says what the states mean, what to do next, and where the guide is. It knows nothing
// of the organisation.
func (s *site) help(v *visit) error {
	return v.render(view{name: "ayuda", title: v.T("help.title"), menu: "/ayuda"})
}

func helpWords() [][3]string {
	return [][3]string{
		{"help.title", "Ayuda", "Help"},
		{"help.states", "Qué significa cada estado", "What each state means"},
		{"help.state.pass", "cumple lo legal y lo recomendado", "meets the law and what is recommended"},
		{"help.state.warn", "cumple la ley; lo recomendado está un paso más allá", "meets the law; what is recommended is a step further"},
		{"help.state.fail", "no cumple la ley: la página del equipo dice por qué y qué hacer", "does not meet the law: the machine's page says why and what to do"},
		{"help.state.unknown", "no se pudo medir: falta un permiso, o el equipo calla. Nunca cuenta como que cumple", "could not be measured: a permission is missing, or the machine is silent. It never counts as met"},
		{"help.state.not_applicable", "en ese equipo no existe lo que habría que medir", "on that machine there is nothing to measure"},
		{"help.fix", "¿Cómo se arregla lo que no cumple?", "How is a failure put right?"},
		{"help.fix.answer", "Abra el equipo y siga la columna «Qué hacer». El agente lo mide otra vez por sí mismo y el hallazgo se cierra solo. Aquí no hay que marcar nada.", "Open the machine and follow the column \"What to do\". The agent measures again by itself, and the finding closes. There is nothing to tick here."},
		{"help.silent", "¿Qué hago con un equipo en silencio?", "What about a silent machine?"},
		{"help.silent.answer", "Enciéndalo y mire en él «vigia-agent status»: dice si llega al servidor. Si ya no se usa, quien administra el servidor lo da de baja con «vigia agents retire».", "Turn it on and look there at \"vigia-agent status\": it says whether it reaches the server. If it is no longer used, who administers the server retires it with \"vigia agents retire\"."},
		{"help.agentless", "¿Y uno conocido sin agente?", "And a known one without an agent?"},
		{"help.agentless.answer", "Instálele el agente, o diga en la relación de equipos por qué queda fuera y vuelva a importarla con «vigia machines import». La revisión lo nombra mientras tanto.", "Install the agent, or say in the list of machines why it is left out and import it again with \"vigia machines import\". The review names it until then."},
		{"help.review", "¿Cómo saco la revisión del trimestre?", "How do I get the quarter's review?"},
		{"help.review.answer", "En el servidor, «vigia review export». Quien la reciba la comprueba con «vigia verify», sin este servidor y sin fiarse de nadie.", "On the server, \"vigia review export\". Who receives it checks it with \"vigia verify\", without this server and without trusting anybody."},
		{"help.guide", "¿Dónde está la guía?", "Where is the guide?"},
		{"help.guide.answer", "En el servidor, en /usr/share/doc/vigia/guia: instalar, usar, problemas por su mensaje, qué se mide y qué no, y contra qué protege.", "On the server, in /usr/share/doc/vigia/guia, in Spanish: installing, using, problems by their message, what is measured and what not, and what it protects against."},
	}
}
