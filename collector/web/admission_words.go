package web

import "vigia/collector/enroll"

// suggestionWords say what a suggestion is and what to do about it.
func (v *visit) suggestionWords(s enroll.Suggestion) (title, do string) {
	switch s.Kind {
	case enroll.Reinstalled:
		if s.Has(enroll.SignBoth) {
			return v.T("suggestion.two_systems"), v.T("suggestion.two_systems.do")
		}
		return v.T("suggestion.reinstalled"), v.T("suggestion.reinstalled.do")
	case enroll.SameName:
		return v.T("suggestion.same_name"), v.T("suggestion.same_name.do")
	case enroll.CopiedImage:
		return v.T("suggestion.copied_image"), v.T("suggestion.copied_image.do")
	case enroll.CopiedFolder:
		return v.T("suggestion.copied_folder"), v.T("suggestion.copied_folder.do")
	case enroll.Moved:
		if s.Has(enroll.SignAlternates) {
			return v.T("suggestion.alternates"), v.T("suggestion.alternates.do")
		}
		return v.T("suggestion.moved"), v.T("suggestion.moved.do")
	}
	return string(s.Kind), ""
}

// signWord says what speaks for a suggestion.
func (v *visit) signWord(sign enroll.Sign) string {
	switch sign {
	case enroll.SignHardware:
		return v.T("sign.hardware")
	case enroll.SignName:
		return v.T("sign.name")
	case enroll.SignInstallation:
		return v.T("sign.installation")
	case enroll.SignSilent:
		return v.T("sign.silent")
	case enroll.SignBoth:
		return v.T("sign.both")
	case enroll.SignAlarm:
		return v.T("sign.alarm")
	case enroll.SignOnce:
		return v.T("sign.once")
	case enroll.SignAlternates:
		return v.T("sign.alternates")
	}
	return string(sign)
}

// tokenWord says what became of a token.
func (v *visit) tokenWord(state enroll.TokenState) string {
	switch state {
	case enroll.TokenOpen:
		return v.T("token.open")
	case enroll.TokenUsed:
		return v.T("token.used")
	case enroll.TokenExpired:
		return v.T("token.expired")
	case enroll.TokenRevoked:
		return v.T("token.revoked")
	case enroll.TokenFull:
		return v.T("token.full")
	}
	return string(state)
}

// admissionWords are what the page of admissions says.
func admissionWords() [][3]string {
	return [][3]string{
		{"admissions.menu", "Altas", "Admissions"},
		{"admissions.menu.waiting", "Altas: {n} por decidir", "Admissions: {n} to decide"},
		{"admissions.title", "Altas de equipos", "Admissions of machines"},
		{"admissions.look_only", "Su papel permite mirar. Decide quien administra el sistema.", "Your role may look. Whoever administers the system decides."},
		{"admissions.problem", "No se hizo nada.", "Nothing was done."},
		{"admissions.problem.form", "El formulario llegó incompleto. Vuelva a intentarlo desde esta página.", "The form came incomplete. Try again from this page."},
		{"admissions.problem.none", "Marque al menos un equipo de la lista.", "Tick at least one machine of the list."},
		{"admissions.problem.why", "Escriba el motivo: queda en el registro.", "Write the reason: it is kept in the record."},
		{"admissions.problem.text", "Los textos son de una línea y de 200 letras como mucho.", "Texts are one line of at most 200 letters."},
		{"admissions.problem.stale", "Alguien lo decidió entretanto o ya no está. La lista de abajo está al día.", "Somebody decided it meanwhile, or it is gone. The list below is up to date."},
		{"admissions.problem.days", "La vigencia es de 1 a 30 días.", "The lifetime is 1 to 30 days."},
		{"admissions.problem.host", "Ese no es un nombre de equipo: letras, cifras, puntos y guiones.", "That is no host name: letters, digits, dots and hyphens."},
		{"admissions.problem.machines", "Un código de grupo sirve para entre 1 y {n} equipos.", "A group code serves between 1 and {n} machines."},
		{"admissions.problem.network", "Escriba las redes como 10.1.0.0/16 o 2001:db8::/32, separadas por espacios.", "Write networks as 10.1.0.0/16 or 2001:db8::/32, apart by spaces."},
		{"admissions.problem.networks", "Un código admite {n} redes como mucho.", "A code has at most {n} networks."},
		{"admissions.approved.one", "Aprobado {n} equipo. Recibe su certificado cuando vuelva a preguntar, en unos minutos.", "{n} machine approved. It gets its certificate when it asks again, within minutes."},
		{"admissions.approved.many", "Aprobados {n} equipos. Cada uno recibe su certificado cuando vuelva a preguntar, en unos minutos.", "{n} machines approved. Each gets its certificate when it asks again, within minutes."},
		{"admissions.rejected.one", "Rechazado {n} equipo. Su plaza vuelve al código.", "{n} machine rejected. Its place goes back to the code."},
		{"admissions.rejected.many", "Rechazados {n} equipos. Sus plazas vuelven al código.", "{n} machines rejected. Their places go back to the code."},
		{"admissions.withdrawn", "Código retirado: nadie más entra con él.", "Code withdrawn: nobody else enters with it."},
		{"admissions.merged", "Unidos: el antiguo queda de baja, sustituido por el nuevo.", "Merged: the old one is retired, replaced by the new one."},
		{"admissions.distinct", "Anotado. No se volverá a avisar de esto.", "Noted. You will not be told of this again."},
		{"admissions.machines.one", "para {n} equipo", "for {n} machine"},
		{"admissions.machines.many", "para {n} equipos", "for {n} machines"},
		{"admissions.made", "Código {machines}, válido hasta el {until}", "Code {machines}, valid until {until}"},
		{"admissions.made.once", "Cópielo ahora: no se vuelve a mostrar. Trátelo como una contraseña.", "Copy it now: it is not shown again. Treat it as a password."},
		{"admissions.made.use", "En el equipo, con el agente instalado:", "On the machine, with the agent installed:"},

		{"requests.title", "Equipos que esperan aprobación", "Machines that wait for approval"},
		{"requests.lead", "Compruebe que el código es el mismo que muestra el equipo (en la pantalla del instalador o con «vigia-agent status»). Así sabe que quien pide es ese equipo y no otro con su nombre.", "Check that the code is the one that the machine shows (on the installer's screen or with “vigia-agent status”). So you know that it is that machine which asks, and not another with its name."},
		{"requests.none", "Ningún equipo espera.", "No machine waits."},
		{"requests.none.do", "Cuando un equipo pida el alta con un código que exige aprobación, aparecerá aquí. Para muchos equipos, cree un código de grupo más abajo.", "When a machine asks with a code that demands approval, it appears here. For many machines, create a group code below."},
		{"requests.more", "Y {n} más, que aparecen cuando decida estos.", "And {n} more, which appear when you have decided these."},
		{"requests.expected", "Aprobados que aún no han venido: {n}", "Approved and not come yet: {n}"},
		{"requests.expected.lead", "Cada uno recoge su certificado cuando vuelve a preguntar. Hasta entonces, una aprobación por error se puede deshacer.", "Each gets its certificate when it asks again. Until then a mistaken approval can be taken back."},
		{"requests.expected.by", "Aprobado por {who}", "Approved by {who}"},
		{"requests.expected.more", "Y {n} más: «vigia agents requests».", "And {n} more: “vigia agents requests”."},
		{"requests.take_back", "Rechazar los marcados aquí", "Reject those ticked here"},
		{"requests.pick", "Elegir", "Pick"},
		{"requests.code", "Comprobación", "Check code"},
		{"requests.from", "Desde", "From"},
		{"requests.by_file", "por archivo", "by file"},
		{"requests.notice", "Atención", "Attention"},
		{"requests.same_hardware", "el mismo hardware que", "the same hardware as"},
		{"requests.same_name", "el mismo nombre que", "the same name as"},
		{"requests.another", "otro que espera", "another that waits"},
		{"requests.decided", "Con los equipos marcados:", "With the machines ticked:"},
		{"requests.department", "Departamento (si se deja vacío: el del código, el de la lista de equipos o el que dijo quien instaló)", "Department (if left empty: that of the code, of the list of machines, or what the installer said)"},
		{"requests.approve", "Aprobar los marcados", "Approve those ticked"},
		{"requests.reject", "Rechazar los marcados", "Reject those ticked"},
		{"requests.why", "Motivo, si los rechaza (el equipo lo muestra y queda en el registro)", "Reason, if you reject them (the machine shows it, and it is kept in the record)"},

		{"suggestions.title", "Equipos que parecen repetidos, copiados o cambiados", "Machines that look repeated, copied or changed"},
		{"suggestions.none", "Ningún equipo parece repetido, copiado ni cambiado.", "No machine looks repeated, copied or changed."},
		{"suggestions.signs", "Lo indica:", "What speaks for it:"},
		{"suggestions.why", "Motivo (queda en el registro)", "Reason (kept in the record)"},
		{"suggestions.merge", "Unir: {old} pasó a ser {new}", "Merge: {old} became {new}"},
		{"suggestions.merge.one", "Unir: el antiguo pasó a ser el nuevo", "Merge: the old one became the new one"},
		{"suggestions.distinct", "Son equipos distintos", "They are distinct machines"},
		{"suggestions.seen", "Visto: es correcto", "Looked at: it is right"},
		{"suggestions.enrolled", "alta", "enrolled"},
		{"suggestions.heard", "último contacto", "last contact"},
		{"suggestion.reinstalled", "Equipo reinstalado", "Machine installed anew"},
		{"suggestion.reinstalled.do", "Si el antiguo es este mismo equipo antes de reinstalarlo, únalos: el antiguo queda de baja y el nuevo hereda su departamento.", "If the old one is this very machine before it was installed anew, merge them: the old one is retired and the new one takes its department."},
		{"suggestion.two_systems", "Un mismo equipo con dos altas que siguen informando", "One machine with two enrolments that both report"},
		{"suggestion.two_systems.do", "Si arranca con dos sistemas, son distintos. Si se reinstaló, únalos.", "If it starts with two systems, they are distinct. If it was installed anew, merge them."},
		{"suggestion.same_name", "Varios equipos con el mismo nombre", "Several machines with one name"},
		{"suggestion.same_name.do", "Si uno sustituye al otro, únalos. Si son dos, cambie el nombre de uno y diga que son distintos.", "If one took the place of the other, merge them. If they are two, rename one and say that they are distinct."},
		{"suggestion.copied_image", "Imagen de disco copiada sin regenerar", "Disk image copied and not made anew"},
		{"suggestion.copied_image.do", "En cada copia regenere la identidad del sistema (Windows: sysprep /generalize; Linux: vacíe /etc/machine-id y use systemd-machine-id-setup), o diga que son distintos si ya lo sabe.", "On each copy make the identity of the system anew (Windows: sysprep /generalize; Linux: empty /etc/machine-id and use systemd-machine-id-setup), or say that they are distinct if you know."},
		{"suggestion.copied_folder", "Dos informes distintos con el mismo número", "Two different reports with one number"},
		{"suggestion.copied_folder.do", "La carpeta de datos del agente se copió, o el equipo volvió a una imagen antigua. Delo de baja («vigia agents retire») y dé un alta nueva a cada máquina que la usa.", "The agent's data folder was copied, or the machine went back to an old image. Retire it (“vigia agents retire”) and enrol each machine that uses it anew."},
		{"suggestion.moved", "Informa desde otro hardware que antes", "It reports from other hardware than before"},
		{"suggestion.moved.do", "Si se cambió la placa o se pasó el disco a otra máquina, dígalo. Si es una copia, delo de baja y dé un alta nueva a cada máquina.", "If the main board was changed or the disk was moved to another machine, say so. If it is a copy, retire it and enrol each machine anew."},
		{"suggestion.alternates", "Un alta usada desde dos máquinas", "One enrolment used from two machines"},
		{"suggestion.alternates.do", "La carpeta de datos del agente está copiada en otra máquina: delo de baja («vigia agents retire») y dé un alta nueva a cada una.", "The agent's data folder is copied to another machine: retire it (“vigia agents retire”) and enrol each anew."},
		{"sign.hardware", "mismo hardware", "same hardware"},
		{"sign.name", "mismo nombre", "same name"},
		{"sign.installation", "misma instalación del sistema", "same installation of the system"},
		{"sign.silent", "el antiguo calla desde el alta del nuevo", "the old one is silent since the new one enrolled"},
		{"sign.both", "el antiguo ha informado después del alta del nuevo", "the old one reported after the new one enrolled"},
		{"sign.alarm", "alarma de dos informes con un número", "alarm of two reports with one number"},
		{"sign.once", "el hardware cambió una vez", "the hardware changed once"},
		{"sign.alternates", "el hardware cambia y vuelve", "the hardware changes back and forth"},

		{"tokens.title", "Códigos de alta", "Enrolment codes"},
		{"tokens.none", "No hay ningún código abierto.", "No code is open."},
		{"tokens.none.do", "Cree uno para el equipo que vaya a instalar, o uno de grupo para un aula o una sede entera.", "Create one for the machine you are going to install, or a group code for a classroom or a whole site."},
		{"tokens.one", "Código para un equipo", "Code for one machine"},
		{"tokens.group", "Código de grupo", "Group code"},
		{"tokens.many", "¿Un código por equipo, para una lista entera? En el servidor: «vigia token create --from equipos.csv --out codigos.csv».", "A code for each machine of a whole list? On the server: “vigia token create --from machines.csv --out codes.csv”."},
		{"tokens.host", "Solo para el equipo llamado (vacío: cualquiera)", "Only for the machine called (empty: any)"},
		{"tokens.department", "Departamento", "Department"},
		{"tokens.days", "Días de vigencia", "Days of validity"},
		{"tokens.machines", "Número de equipos", "Number of machines"},
		{"tokens.networks", "Solo desde estas redes (vacío: cualquiera)", "Only from these networks (empty: any)"},
		{"tokens.approval", "Una persona aprueba cada equipo", "A person approves each machine"},
		{"tokens.create", "Crear código", "Create code"},
		{"tokens.id", "Código", "Code"},
		{"tokens.for", "Para", "For"},
		{"tokens.any", "cualquier equipo", "any machine"},
		{"tokens.use", "Uso", "Use"},
		{"tokens.used", "{used} de {all}", "{used} of {all}"},
		{"tokens.waiting", "{n} en espera", "{n} waiting"},
		{"tokens.expected", "{n} por llegar", "{n} to come"},
		{"tokens.manual", "con aprobación", "with approval"},
		{"tokens.expires", "Caduca", "Expires"},
		{"tokens.by", "Creado por", "Created by"},
		{"tokens.do", "Hacer", "Do"},
		{"tokens.approve", "Aprobar los de la lista ({n})", "Approve those on the list ({n})"},
		{"tokens.withdraw", "Retirar", "Withdraw"},
		{"tokens.past", "Códigos usados, caducados o retirados", "Codes used, expired or withdrawn"},
		{"token.open", "abierto", "open"},
		{"token.used", "usado", "used"},
		{"token.expired", "caducado", "expired"},
		{"token.revoked", "retirado", "withdrawn"},
		{"token.full", "completo", "full"},

		{"machine.before", "Antes", "Before"},
		{"machine.replaced_by", "Sustituido por", "Replaced by"},
	}
}
