package incidents

import (
	"slices"

	"vigia/checks/message"
	"vigia/collector/registers"
)

// Form is what an entry of a kind may say, as a book so that forms, checks and exports are
// those of the registers: ES-POL 7.5.4, 8.8.1, 8.8.2, 8.9; ZAC 33; COAH 100. Of an Update
// nothing is required: it says what is new.
func Form(kind Kind) *registers.Book {
	b := &registers.Book{Name: "incidents-" + string(kind), Prefix: Prefix, AppendOnly: true, Title: titles()[kind], Words: words()}
	switch kind {
	case Open:
		b.Fields, b.Check = facts(), checkFacts
	case Update:
		b.Fields, b.Check = facts(), checkFacts
		for i := range b.Fields {
			b.Fields[i].Required = false
		}
	case Assessment:
		b.Fields, b.Check = assessment(), checkAssessment
	case Action:
		b.Fields, b.Check = action(), checkAction
	case Notice:
		b.Fields = notice()
	case Recovery:
		b.Fields, b.Check = recovery(), checkRecovery
	case Close:
		b.Fields = []registers.Field{
			{Name: "cause", Kind: registers.Prose, Required: true, Label: say("Análisis de las causas", "Analysis of the causes"),
				Hint: say("Por qué pudo pasar, no quién tuvo la culpa.", "Why it could happen, not whose fault it was.")},
			{Name: "lessons", Kind: registers.Prose, Label: say("Qué cambia para que no se repita", "What changes so that it does not happen again")},
		}
	case Reopen:
		b.Fields = []registers.Field{{Name: "reason", Kind: registers.Prose, Required: true, Label: say("Por qué se abre otra vez", "Why it is opened again")}}
	}
	return b
}

func titles() map[Kind]message.Text {
	return map[Kind]message.Text{
		Open:       say("Incidencia", "Incident"),
		Update:     say("Lo que se sabe ahora", "What is known now"),
		Assessment: say("Valoración del riesgo", "Assessment of the risk"),
		Action:     say("Acción correctiva", "Corrective action"),
		Notice:     say("Aviso enviado", "Notice sent"),
		Recovery:   say("Recuperación de datos", "Recovery of data"),
		Close:      say("Cierre", "Closing"),
		Reopen:     say("Reapertura", "Opened again"),
	}
}

func o(code, es, en string) registers.Option {
	return registers.Option{Code: code, Label: say(es, en)}
}

// Types are the twelve of ES-POL 8.8.2.
func Types() []registers.Option {
	return []registers.Option{
		o("loss", "Pérdida de información", "Loss of information"),
		o("unauthorised", "Modificación o acceso no autorizados", "Unauthorised change or access"),
		o("malware", "Virus, programa malicioso o suplantación (phishing)", "Virus, malware or phishing"),
		o("policy", "Incumplimiento de las políticas de seguridad", "Breach of the security policies"),
		o("ignorance", "Desconocimiento de las medidas por el personal", "Staff did not know the measures"),
		o("unreported", "Incidencia que no se notificó o no se anotó", "An incident was not notified or registered"),
		o("deletion", "Acceso, cambio o borrado no autorizados de datos", "Unauthorised access, change or deletion of data"),
		o("disposal", "Soporte desechado sin seguir las reglas", "Medium disposed of against the rules"),
		o("recovery", "Datos recuperables en un soporte reutilizado", "Data could be recovered from a medium"),
		o("distribution", "Información legible o alterable enviada por red o en soporte", "Legible or alterable information sent out"),
		o("entry", "Entrada de personal no autorizado a un área restringida", "Unauthorised persons in a restricted area"),
		o("equipment", "Avería de equipos en un área restringida", "Failure of equipment in a restricted area"),
	}
}

func facts() []registers.Field {
	return []registers.Field{
		{Name: "title", Kind: registers.Line, Required: true, Label: say("Qué pasó", "What happened"), Hint: say("En una línea, sin nombres de personas afectadas.", "In a line, without names of those affected.")},
		{Name: "type", Kind: registers.Choice, Required: true, Label: say("Tipo", "Type"), Options: Types()},
		{Name: "happened", Kind: registers.Moment, Label: say("Cuándo ocurrió", "When it happened"), Hint: say("Vacío si no se sabe. 22/11/2026 13:05", "Empty if unknown. 22/11/2026 13:05")},
		{Name: "detected", Kind: registers.Moment, Required: true, Label: say("Cuándo se detectó", "When it was detected"), Hint: say("La primera vez que alguien notó algo.", "The first time that somebody noticed something.")},
		{Name: "known", Kind: registers.Moment, Required: true, Label: say("Cuándo lo supo la organización", "When the organisation knew"), Hint: say("Cuándo llegó a quien responde de la seguridad. De aquí corre el plazo en España.", "When it reached who answers for security. In Spain the term runs from here.")},
		{Name: "confirmed", Kind: registers.Moment, Label: say("Cuándo se confirmó", "When it was confirmed"), Hint: say("Cuándo se supo con certeza que hubo vulneración. De aquí corre el aviso en México.", "When it was certain. In Mexico the notice runs from here.")},
		{Name: "notifier", Kind: registers.Line, Required: true, Personal: true, Label: say("Quién la notifica", "Who notifies it")},
		{Name: "notified", Kind: registers.Line, Personal: true, Label: say("A quién se notificó", "Whom it was notified to")},
		{Name: "description", Kind: registers.Prose, Required: true, Label: say("Descripción detallada", "Detailed description")},
		{Name: "effects", Kind: registers.Prose, Label: say("Efectos que ha tenido o puede tener", "Effects it has had or may have")},
		{Name: "attention", Kind: registers.Prose, Label: say("Atención que recibió", "Attention it received")},
		{Name: "measures", Kind: registers.Prose, Label: say("Medidas tomadas", "Measures taken")},
		{Name: "department", Kind: registers.Line, Label: say("Área", "Department")},
		{Name: "machines", Kind: registers.Lines, Label: say("Equipos", "Machines"), Hint: say("Uno por renglón, con su nombre en la red.", "One a line, by its host name.")},
		{Name: "systems", Kind: registers.Lines, Label: say("Sistemas de tratamiento", "Systems"), Hint: say("Los del inventario, uno por renglón.", "Those of the inventory, one a line.")},
		{Name: "controls", Kind: registers.Lines, Label: say("Controles que deben quedar cumplidos", "Controls that must be met"), Hint: say("Sus códigos, uno por renglón: AC-DISK-ENC.", "Their codes, one a line: AC-DISK-ENC.")},
		{Name: "findings", Kind: registers.Lines, Label: say("Hallazgos de los que viene", "Findings it came from")},
		{Name: "paper_at", Kind: registers.Moment, Label: say("Fecha de la hoja de papel", "Date on the paper sheet"), Hint: say("Si se apuntó antes en papel.", "If it was written on paper first.")},
		{Name: "paper", Kind: registers.Paper, Label: say("Hoja escaneada", "Scanned sheet")},
	}
}

func checkFacts(v registers.Values) []registers.Problem {
	var out []registers.Problem
	wrong := func(field, code string) { out = append(out, registers.Problem{Field: field, Code: code}) }
	if v["happened"] != "" && v["detected"] != "" && v["detected"] < v["happened"] {
		wrong("detected", "incidents.order_detected")
	}
	if v["known"] != "" && v["detected"] != "" && v["known"] < v["detected"] {
		wrong("known", "incidents.order_known")
	}
	if v["confirmed"] != "" && v["known"] != "" && v["confirmed"] < v["known"] {
		wrong("confirmed", "incidents.order_confirmed")
	}
	if (v["paper"] == "") != (v["paper_at"] == "") {
		wrong("paper", "incidents.paper")
	}
	return out
}

// Harms are the questions of ES-POL 8.9 about harm to persons.
func Harms() []registers.Option {
	return []registers.Option{
		o("discrimination", "Discriminación", "Discrimination"), o("identity", "Usurpación de identidad o fraude", "Identity theft or fraud"),
		o("money", "Pérdidas económicas", "Financial loss"), o("reputation", "Daño a la reputación", "Damage to reputation"),
		o("secrecy", "Pérdida del secreto profesional", "Loss of professional secrecy"), o("pseudonym", "Reversión de la seudonimización", "Reversal of pseudonymisation"),
		o("other", "Otro perjuicio económico o social", "Other economic or social harm"), o("rights", "Privación de derechos o del control de sus datos", "Loss of rights or of control"),
	}
}

func assessment() []registers.Field {
	return []registers.Field{
		{Name: "breach", Kind: registers.Choice, Required: true, Label: say("¿Alcanza a datos personales?", "Does it reach personal data?"), Options: []registers.Option{
			o(Yes, "Sí, es una vulneración", "Yes, it is a breach"), o(No, "No", "No")}},
		{Name: "kind", Kind: registers.Choice, Label: say("Clase de vulneración", "Kind of breach"), Options: []registers.Option{
			o("loss", "Pérdida o destrucción no autorizada", "Unauthorised loss or destruction"),
			o("theft", "Robo, extravío o copia no autorizada", "Theft, misplacement or unauthorised copy"),
			o("access", "Uso, acceso o tratamiento no autorizado", "Unauthorised use, access or treatment"),
			o("damage", "Daño, alteración o modificación no autorizada", "Unauthorised damage, alteration or modification")}},
		{Name: "categories", Kind: registers.Choices, Label: say("Datos alcanzados", "Data reached"), Options: []registers.Option{
			o("identity", "Identificación y contacto", "Identification and contact"), o("official", "Documentos oficiales (CURP, RFC, DNI…)", "Official numbers"),
			o("economic", "Económicos o bancarios", "Economic or bank data"), o("credentials", "Contraseñas o claves", "Passwords or keys"),
			o("special", "Sensibles (salud, ideología, biometría…)", "Special categories"), o("criminal", "Penales o policiales", "Criminal or police data")}},
		{Name: "persons", Kind: registers.Number, Label: say("Personas afectadas, aproximado", "Persons affected, about")},
		{Name: "records", Kind: registers.Number, Label: say("Registros afectados, aproximado", "Records affected, about")},
		{Name: "harm", Kind: registers.Choices, Label: say("Daños posibles", "Possible harm"), Options: Harms()},
		{Name: "profile", Kind: registers.Choices, Label: say("Aspectos personales que revela", "Personal aspects revealed"), Options: []registers.Option{
			o("work", "Rendimiento en el trabajo", "Work performance"), o("economy", "Situación económica", "Economic situation"), o("health", "Salud", "Health"),
			o("preferences", "Preferencias", "Preferences"), o("behaviour", "Fiabilidad o comportamiento", "Reliability or behaviour"), o("location", "Ubicación o movimientos", "Location or movements")}},
		{Name: "vulnerable", Kind: registers.Flag, Label: say("Hay menores o personas vulnerables", "Children or vulnerable persons")},
		{Name: "large", Kind: registers.Flag, Label: say("Gran cantidad de datos o de personas", "Many data or persons")},
		{Name: "consequences", Kind: registers.Prose, Label: say("Consecuencias probables", "Likely consequences")},
		{Name: "high", Kind: registers.Choice, Label: say("¿Riesgo alto para las personas?", "High risk to persons?"), Options: []registers.Option{
			o(Yes, "Sí: hay que avisarlas", "Yes: they must be told"), o(No, "No", "No")}},
		{Name: "high_why", Kind: registers.Prose, Label: say("Por qué", "Why")},
		{Name: "exempt", Kind: registers.Choice, Label: say("Motivo para no avisar a las personas", "Reason not to tell the persons"), Options: []registers.Option{
			o("encryption", "Los datos estaban cifrados", "The data were encrypted"), o("later", "Medidas posteriores quitaron el riesgo", "Later measures removed the risk"),
			o("effort", "Esfuerzo desproporcionado: aviso público", "Disproportionate effort: public notice")}},
		{Name: "exempt_machine", Kind: registers.Host, Label: say("Equipo cifrado", "Encrypted machine"), Hint: say("Vigía comprueba que constaba cifrado cuando ocurrió.", "Vigía checks that it was known to be encrypted then.")},
		{Name: "exempt_why", Kind: registers.Prose, Label: say("Explicación de la exención", "Explanation of the exemption")},
		{Name: "exempt_leaf", Kind: registers.Number, Label: say("Evidencia del cifrado", "Evidence of the encryption")},
	}
}

func checkAssessment(v registers.Values) []registers.Problem {
	var out []registers.Problem
	need := func(field string) {
		if v[field] == "" {
			out = append(out, registers.Problem{Field: field, Code: "register.missing"})
		}
	}
	if v["breach"] == Yes {
		need("kind")
		need("high")
	}
	if v["high"] == Yes || v["high"] == No && len(Grave(v)) > 0 {
		need("high_why")
	}
	switch v["exempt"] {
	case "encryption":
		need("exempt_machine")
	case "later", "effort":
		need("exempt_why")
	}
	if v["exempt_leaf"] != "" && v["exempt"] != "encryption" {
		out = append(out, registers.Problem{Field: "exempt_leaf", Code: "incidents.exempt_leaf"})
	}
	return out
}

// Grave lists the fields of an assessment that speak for a high risk to persons, as
// ES-POL 8.9 asks; none: nothing does. A person decides all the same.
func Grave(v registers.Values) []string {
	var out []string
	if slices.ContainsFunc(v.List("categories"), func(c string) bool { return c == "special" || c == "criminal" || c == "credentials" }) {
		out = append(out, "categories")
	}
	for _, field := range []string{"harm", "profile", "vulnerable", "large"} {
		if v[field] != "" {
			out = append(out, field)
		}
	}
	return out
}

func action() []registers.Field {
	return []registers.Field{
		{Name: "text", Kind: registers.Line, Required: true, Label: say("Qué se hace", "What is done")},
		{Name: "kind", Kind: registers.Choice, Required: true, Label: say("Acción", "Action"), Options: []registers.Option{
			o("immediate", "Inmediata: detener el daño", "Immediate: stop the harm"), o("definitive", "Definitiva: que no se repita", "Definitive: so that it does not happen again")}},
		{Name: "done", Kind: registers.Moment, Label: say("Hecha el", "Done on"), Hint: say("Si ya está hecha.", "If it is done already.")},
		{Name: "owner", Kind: registers.Line, Personal: true, Label: say("Responsable", "Owner"), Hint: say("Si queda por hacer, pasa al plan de trabajo.", "What remains to be done goes to the work plan.")},
		{Name: "due", Kind: registers.Day, Label: say("Fecha límite", "Due")},
		{Name: "control", Kind: registers.Line, Label: say("Control", "Control")},
		{Name: "plan", Kind: registers.Line, Label: say("Línea del plan de trabajo", "Line of the work plan")},
	}
}

func checkAction(v registers.Values) []registers.Problem {
	if v["done"] == "" && (v["owner"] == "" || v["due"] == "") {
		return []registers.Problem{{Field: "owner", Code: "incidents.owner"}}
	}
	return nil
}

func notice() []registers.Field {
	return []registers.Field{
		{Name: "to", Kind: registers.Choice, Required: true, Label: say("A quién", "To whom"), Options: []registers.Option{
			o(string(Authority), "La autoridad", "The authority"), o(string(Persons), "Las personas afectadas", "The persons affected"),
			o("processor", "El encargado u otra administración", "A processor or another body"), o("public", "Aviso público", "Public notice")}},
		{Name: "sent", Kind: registers.Moment, Required: true, Label: say("Enviado el", "Sent on")},
		{Name: "means", Kind: registers.Line, Required: true, Label: say("Por qué medio", "By what means"), Hint: say("Sede electrónica, oficio, correo, en mano.", "Electronic office, letter, mail, by hand.")},
		{Name: "receipt", Kind: registers.Paper, Label: say("Acuse", "Receipt")},
		{Name: "partial", Kind: registers.Flag, Label: say("Es parcial: se completará", "Partial: to be completed")},
		{Name: "late_why", Kind: registers.Prose, Label: say("Motivos del retraso", "Reasons for the delay"), Hint: say("Si se envía fuera de plazo, la ley los pide.", "If it is late the law asks for them.")},
	}
}

func recovery() []registers.Field {
	return []registers.Field{
		{Name: "authorised_by", Kind: registers.Line, Required: true, Personal: true, Label: say("Autorizada por escrito por", "Authorised in writing by"), Hint: say("El responsable del tratamiento.", "The head of the organisation.")},
		{Name: "authorised", Kind: registers.Moment, Required: true, Label: say("Fecha de la autorización", "Authorised on")},
		{Name: "letter", Kind: registers.Paper, Label: say("Autorización escaneada", "Scanned authorisation")},
		{Name: "ran", Kind: registers.Line, Required: true, Personal: true, Label: say("Quién la hizo", "Who ran it")},
		{Name: "at", Kind: registers.Moment, Required: true, Label: say("Cuándo", "When")},
		{Name: "restored", Kind: registers.Prose, Required: true, Label: say("Qué datos se restauraron", "Which data were restored")},
		{Name: "keyed", Kind: registers.Prose, Required: true, Label: say("Qué se volvió a capturar a mano", "What was keyed again by hand"), Hint: say("«Nada» si no hizo falta.", "“Nothing” if it was not needed.")},
		{Name: "special", Kind: registers.Flag, Label: say("Hay datos sensibles", "Special categories")},
		{Name: "officer", Kind: registers.Line, Personal: true, Label: say("Visto bueno del responsable de seguridad", "Security officer's approval"), Hint: say("Con datos sensibles hace falta.", "Needed with special categories.")},
	}
}

func checkRecovery(v registers.Values) []registers.Problem {
	var out []registers.Problem
	if v["at"] != "" && v["authorised"] > v["at"] {
		out = append(out, registers.Problem{Field: "authorised", Code: "incidents.authorised_first"})
	}
	if v.Yes("special") && v["officer"] == "" {
		out = append(out, registers.Problem{Field: "officer", Code: "incidents.officer"})
	}
	return out
}

// words are what the rules of the forms say.
func words() message.Catalogue {
	entry := func(es, en string) message.Entry { return message.Entry{Say: message.Text{ES: es, EN: en}} }
	return message.Catalogue{
		"incidents.order_detected":   entry("no puede ser anterior a cuando ocurrió", "cannot be before it happened"),
		"incidents.order_known":      entry("no puede ser anterior a cuando se detectó", "cannot be before it was detected"),
		"incidents.order_confirmed":  entry("no puede ser anterior a cuando se supo", "cannot be before it was known"),
		"incidents.paper":            entry("la hoja escaneada y su fecha van juntas", "the scanned sheet and its date belong together"),
		"incidents.exempt_leaf":      entry("solo la pone Vigía, con la exención por cifrado", "only Vigía gives it, with the exemption by encryption"),
		"incidents.owner":            entry("diga cuándo se hizo, o quién responde y hasta cuándo", "say when it was done, or who answers for it and until when"),
		"incidents.authorised_first": entry("la autorización va antes que la recuperación", "the authorisation comes before the recovery"),
		"incidents.officer":          entry("con datos sensibles hace falta su visto bueno", "with special categories the officer's approval is needed"),
		"incidents.not_encrypted":    entry("no consta que «{machine}» estuviera cifrado entonces: {why}", "“{machine}” was not known to be encrypted then: {why}"),
		"incidents.late":             entry("el plazo venció el {due}: la ley pide los motivos del retraso", "the term ended on {due}: the law asks for the reasons"),
		"incidents.undecided":        entry("antes de cerrar hay que valorar si alcanza a datos personales", "before closing it must be assessed whether it reaches personal data"),
		"incidents.future":           entry("no puede ser posterior a ahora", "cannot be later than now"),
	}
}
