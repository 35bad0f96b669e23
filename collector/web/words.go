package web

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"vigia/checks/message"
	"vigia/collector/report"
)

// tongue says the portal's words in one language, with days in one zone.
type tongue struct {
	Lang  message.Lang
	words message.Catalogue
	zone  *time.Location
	now   time.Time
}

// T says a key of the catalogue, with pairs of argument name and value.
func (t tongue) T(key string, pairs ...any) string {
	args := map[string]string{}
	for i := 0; i+1 < len(pairs); i += 2 {
		args[fmt.Sprint(pairs[i])] = fmt.Sprint(pairs[i+1])
	}
	return t.words.Say(t.Lang, key, args)
}

// Count says how many, with key.one or key.many.
func (t tongue) Count(n int, key string) string {
	if n == 1 {
		return t.T(key+".one", "n", n)
	}
	return t.T(key+".many", "n", n)
}

// Label is the word for a status or another code.
func (t tongue) Label(code any) string { return report.Label(t.Lang, fmt.Sprint(code)) }

// Number writes a count with its thousands apart.
func (t tongue) Number(n int64) string {
	digits := strconv.FormatInt(n, 10)
	for i := len(digits) - 3; i > 0 && digits[i-1] != '-'; i -= 3 {
		digits = digits[:i] + "\u202f" + digits[i:] // a narrow space, in any language
	}
	return digits
}

// words are all that the portal itself says.
func words() message.Catalogue {
	out := message.Catalogue{}
	for _, w := range [][3]string{
		{"frame.skip", "Saltar al contenido", "Skip to the content"},
		{"frame.simulated", "SIMULACRO: nada de lo que se ve aquí es de verdad.", "SIMULATION: nothing shown here is real."},
		{"frame.menu", "Secciones", "Sections"},
		{"frame.crumbs", "Dónde está", "Where you are"},
		{"frame.other_lang", "English", "Español"},
		{"frame.log_out", "Salir", "Log out"},
		{"frame.foot", "lo que no se pudo medir nunca cuenta como cumplido", "what could not be measured never counts as met"},

		{"login.title", "Entrar", "Log in"},
		{"login.name", "Usuario", "User name"},
		{"login.password", "Contraseña", "Password"},
		{"login.enter", "Entrar", "Log in"},
		{"login.hint", "¿Olvidó la contraseña? Quien administra el servidor la cambia con «vigia user password».", "Forgotten the password? Whoever runs the server changes it with “vigia user password”."},
		{"login.denied", "El usuario o la contraseña no son correctos.", "The user name or the password is wrong."},
		{"login.denied.do", "Revise las mayúsculas y vuelva a intentarlo; tras tres errores seguidos, la cuenta descansa una hora.", "Check for capital letters and try again; after three mistakes in a row the account rests for an hour."},
		{"login.throttled", "Demasiados intentos.", "Too many attempts."},
		{"login.throttled.do", "Por seguridad hay que esperar: hasta una hora si fue la cuenta, unos minutos si fue este equipo. Si es urgente, pida a quien administra el servidor que cambie la contraseña.", "For safety you have to wait: up to an hour if it was the account, some minutes if it was this computer. If it is urgent, ask whoever runs the server to change the password."},

		{"error.missing", "Esta página no existe", "There is no such page"},
		{"error.missing.do", "Puede que el equipo o el control ya no esté, o que la dirección se copiara incompleta.", "The machine or control may be gone, or the address was not copied whole."},
		{"error.forbidden", "Su papel no permite ver esto", "Your role does not allow this"},
		{"error.forbidden.do", "Si lo necesita para su trabajo, pídalo a quien administra el servidor. Si venía de otra página web, vuelva a empezar desde el portal.", "If your work needs it, ask whoever runs the server. If you came from another web page, start again from the portal."},
		{"error.internal", "No se pudo preparar la página", "The page could not be made"},
		{"error.internal.do", "Nada se ha perdido. Vuelva a intentarlo; si sigue igual, avise a quien administra el servidor, que verá la causa en el registro.", "Nothing is lost. Try again; if it stays so, tell whoever runs the server, who will see the cause in the log."},
		{"error.home", "Ir al resumen", "Go to the overview"},

		{"quarter", "Trimestre {n} de {year}", "Quarter {n} of {year}"},
		{"ago.now", "ahora mismo", "just now"},
		{"ago.minutes", "hace {n} min", "{n} min ago"},
		{"ago.hours", "hace {n} h", "{n} h ago"},
		{"ago.days", "hace {n} días", "{n} days ago"},

		{"overview.menu", "Resumen", "Overview"},
		{"overview.title", "Cómo está la organización", "How the organisation stands"},
		{"overview.as_of", "a", "as of"},
		{"overview.coverage", "Equipos", "Machines"},
		{"coverage.reporting", "informan", "report"},
		{"coverage.silent", "en silencio", "silent"},
		{"coverage.never", "sin ningún informe", "never reported"},
		{"coverage.agentless", "conocidos sin agente", "known, without agent"},
		{"coverage.no_list", "equipos sin agente: falta la lista de equipos", "machines without agent: there is no list of machines"},
		{"share.title", "Cumple la ley", "Meets the law"},
		{"share.says", "{percent} %: {met} de {asked} obligaciones de equipos cumplen la ley", "{percent}%: {met} of {asked} duties of machines meet the law"},
		{"share.of", "{met} de {asked}", "{met} of {asked}"},
		{"share.note", "Cada control cuenta una vez por equipo. Lo mejorable cumple la ley; lo que no se pudo medir, no.", "Each control counts once a machine. What could be better meets the law; what could not be measured does not."},
		{"bars.title", "Equipos por control", "Machines by control"},
		{"bars.unmeasured.one", "Además, {n} obligación básica que nada mide todavía", "Besides, {n} core duty that nothing measures yet"},
		{"bars.unmeasured.many", "Además, {n} obligaciones básicas que nada mide todavía", "Besides, {n} core duties that nothing measures yet"},
		{"picture.nothing", "nada medido", "nothing measured"},
		{"trend.title", "El trimestre, día a día", "The quarter, day by day"},
		{"trend.says", "Columnas por día con el número de obligaciones en cada estado; la tabla de abajo da los números", "Columns by day with the number of duties in each state; the table below has the numbers"},
		{"trend.max", "de 0 a {n} obligaciones de equipos", "from 0 to {n} duties of machines"},
		{"trend.numbers", "Ver los números por semana", "See the numbers by week"},
		{"trend.empty", "Todavía no hay ningún día medido en este trimestre.", "No day of this quarter has been measured yet."},
		{"attention.title", "Equipos que mirar primero", "Machines to look at first"},
		{"attention.none", "Ningún equipo incumple ni calla.", "No machine fails or is silent."},
		{"attention.more.one", "Y {n} equipo más", "And {n} machine more"},
		{"attention.more.many", "Y {n} equipos más", "And {n} machines more"},
		{"table.title", "Los controles en números", "The controls in numbers"},
		{"met_of", "{met} de {asked}", "{met} of {asked}"},

		{"empty.machines", "Todavía no hay ningún equipo", "There is no machine yet"},
		{"empty.machines.do", "Para dar de alta el primero:", "To enrol the first one:"},
		{"empty.step.token", "En el servidor, cree un código de un solo uso:", "On the server, create a one-use code:"},
		{"empty.step.enroll", "En el equipo, con el agente instalado, úselo:", "On the machine, with the agent installed, use it:"},
		{"empty.step.place", "SERVIDOR:8443", "SERVER:8443"},
		{"empty.step.code", "CÓDIGO", "CODE"},
		{"empty.step.wait", "Su primer informe llega en minutos; vuelva a cargar esta página.", "Its first report arrives within minutes; load this page again."},
		{"empty.reports", "Los equipos están dados de alta y aún no han informado", "The machines are enrolled and have not reported yet"},
		{"empty.reports.do", "El primer informe llega pocos minutos después del alta. Si tarda, compruebe en el equipo que el servicio vigia-agent funciona («vigia-agent status»).", "The first report arrives some minutes after the enrolment. If it takes longer, check on the machine that the vigia-agent service runs (“vigia-agent status”)."},

		{"machines.menu", "Equipos", "Machines"},
		{"machines.title", "Equipos", "Machines"},
		{"machines.intro", "Primero, los que callan; después, por su peor estado y por nombre.", "First those that are silent, then by their worst state and by name."},
		{"agentless.title", "Conocidos sin agente", "Known, without agent"},
		{"agentless.no_list", "Nadie ha importado la lista de equipos de la organización, así que no se sabe cuáles faltan:", "Nobody has imported the organisation's list of machines, so it is not known which are missing:"},
		{"agentless.do", "De estos equipos no se sabe nada. Instale el agente, o exclúyalos de la lista con su motivo.", "Nothing is known of these machines. Install the agent, or exclude them from the list with the reason."},
		{"agentless.none", "Todos los equipos de la lista tienen agente.", "Every machine of the list has an agent."},
		{"excluded.title", "Excluidos a propósito", "Excluded on purpose"},
		{"departed.title", "Dados de baja", "Departed"},

		{"machine.silent", "Este equipo no informa.", "This machine does not report."},
		{"machine.away", "Este equipo no informa, como estaba previsto.", "This machine does not report, as expected."},
		{"machine.away.do", "La política dice que estará ausente. Lo que cumplía queda «sin dato» hasta que vuelva.", "The policy says that it is away. What it met is unknown until it is back."},
		{"machine.silent.do", "Lo que cumplía ha pasado a «sin dato». Compruebe que está encendido y en la red y que el servicio vigia-agent funciona; si ya no existe, delo de baja.", "What it met has become unknown. Check that it is on and connected and that the vigia-agent service runs; if it is no more, retire it."},
		{"machine.never", "Este equipo se dio de alta y nunca ha informado.", "This machine enrolled and never reported."},
		{"machine.never.do", "Compruebe en él el servicio vigia-agent con «vigia-agent status».", "Check its vigia-agent service with “vigia-agent status”."},
		{"machine.departed", "Dado de baja el", "Departed on"},
		{"machine.identity", "El equipo", "The machine"},
		{"machine.contact", "Último contacto", "Last contact"},
		{"machine.enrolled", "Alta", "Enrolled"},
		{"machine.certificate", "Certificado hasta", "Certificate until"},
		{"machine.agent", "Agente", "Agent"},
		{"machine.id", "Identificador", "Id"},
		{"machine.trust", "Confianza en lo que informa", "Trust in what it reports"},
		{"machine.states", "Sus controles", "Its controls"},
		{"machine.no_states", "No hay mediciones de este equipo.", "There are no measurements of this machine."},
		{"machine.findings", "Hallazgos al detalle", "Findings in detail"},
		{"machine.no_findings", "No hay nada más que detallar.", "There is nothing more to detail."},
		{"machine.resolved.one", "{n} hallazgo resuelto en este trimestre", "{n} finding resolved this quarter"},
		{"machine.resolved.many", "{n} hallazgos resueltos en este trimestre", "{n} findings resolved this quarter"},
		{"finding.first", "visto por primera vez", "first seen"},
		{"state.silent", "último dato conocido", "last known"},
		{"state.differs", "el agente dijo:", "the agent said:"},

		{"data.title", "Datos personales en este equipo", "Personal data on this machine"},
		{"data.searched", "Última búsqueda:", "Last search:"},
		{"data.where", "en", "in"},
		{"data.looked", "{n} ficheros mirados.", "{n} files looked at."},
		{"data.unchanged", "{n} no han cambiado desde la búsqueda anterior, que no halló nada en ellos.", "{n} of them have not changed since the search before, which found nothing in them."},
		{"data.masked", "Aquí solo hay recuentos y carpetas: ningún dato sale del equipo, y los identificadores de las rutas van tapados.", "There are only counts and folders here: no value leaves the machine, and identifiers in paths are masked."},
		{"data.not_kept", "La lista de esta búsqueda ya no se conserva.", "The list of this search is not kept any more."},
		{"data.not_kept.do", "El informe se borró por su plazo, o esa búsqueda no pudo hacerse. El próximo informe la traerá; lo que se juzgó sigue en la tabla de controles.", "The report was erased by its retention term, or that search could not be made. The next report will bring it; what was judged is still in the table of controls."},
		{"data.stopped", "La búsqueda no llegó al final", "The search did not reach its end"},
		{"data.stopped.do", "Puede haber más datos personales de los que se ven aquí.", "There may be more personal data than is seen here."},
		{"data.none", "En lo que se pudo leer no hay ficheros con datos personales.", "What could be read holds no files with personal data."},
		{"data.level", "Nivel", "Level"},
		{"data.files", "Ficheros", "Files"},
		{"data.persons", "Personas", "Persons"},
		{"data.folder", "Carpeta", "Folder"},
		{"data.holds", "Qué contiene", "What it holds"},
		{"data.permit", "Permiso", "Permit"},
		{"data.levels", "Cuánto hay de cada nivel", "How much there is of each level"},
		{"data.folders", "En qué carpetas", "In which folders"},
		{"data.bare", "sin permiso vigente", "without a valid permit"},
		{"data.allowed", "con permiso vigente", "with a valid permit"},
		{"data.sums", "Las personas se suman fichero a fichero: quien está en dos, cuenta dos veces.", "Persons are added up file by file: who is in two counts twice."},
		{"data.special", "Categorías especiales:", "Special categories:"},
		{"data.changed", "último cambio", "last changed"},
		{"data.partly", "leídos solo en parte: {n}", "read only in part: {n}"},
		{"data.permit.none", "sin permiso; no llega al límite", "no permit; below the limit"},
		{"data.permit.needed", "sin permiso", "no permit"},
		{"data.permit.holds", "de {by}, hasta el {until}", "of {by}, until {until}"},
		{"data.permit.over", "el de {by} terminó el {until}", "that of {by} ended on {until}"},
		{"data.permit.unknown", "según el último informe, con permiso", "with a permit by the last report"},
		{"data.more_types", "y {n} más", "and {n} more"},
		{"data.more_folders", "Y {n} carpetas más, con {files} ficheros.", "And {n} more folders, with {files} files."},
		{"data.unlisted", "El informe nombra los ficheros con más personas; hay {n} más.", "The report names the files with the most persons; there are {n} more."},
		{"data.unread", "Lo que no se pudo leer", "What could not be read"},
		{"data.unread.lead", "Ningún programa puede decir que aquí no hay datos personales.", "No program can say that there is no personal data in these."},
		{"data.unread.more", "y {n} carpetas más", "and {n} more folders"},
		{"data.unread.others", "Y {n} ficheros más, en carpetas que el informe no nombra.", "And {n} more files, in folders that the report does not name."},
		{"data.in_folders.one", "en {n} carpeta", "in {n} folder"},
		{"data.in_folders.many", "en {n} carpetas", "in {n} folders"},

		{"controls.menu", "Controles", "Controls"},
		{"controls.title", "Controles", "Controls"},
		{"controls.measured.one", "{n} control medido por los equipos.", "{n} control measured by the machines."},
		{"controls.measured.many", "{n} controles medidos por los equipos.", "{n} controls measured by the machines."},
		{"controls.elsewhere.one", "{n} más obliga y no se mide de forma automática: que falte aquí no significa que se cumpla.", "{n} more is a duty and not measured automatically: its absence here does not mean that it is met."},
		{"controls.elsewhere.many", "{n} más obligan y no se miden de forma automática: que falten aquí no significa que se cumplan.", "{n} more are duties and not measured automatically: their absence here does not mean that they are met."},
		{"controls.unmeasured", "sin medición automática", "not measured automatically"},
		{"packs.title", "Paquetes de reglas en vigor", "Packs of rules in force"},
		{"packs.note", "Cada equipo recibe estas reglas en su política firmada. Si un equipo la rechaza, sigue con la última buena y aquí aparece como un aviso en su página.", "Each machine gets these rules in its signed policy. A machine that refuses it goes on with the last good one, and its page here tells so."},
		{"packs.version", "Versión", "Version"},
		{"packs.date", "Fecha", "Date"},
		{"packs.origin", "Procedencia", "Origin"},
		{"packs.program", "viene con este programa", "comes with this program"},
		{"packs.signed", "firmado por {signer}, importado el {day}", "signed by {signer}, imported on {day}"},
		{"packs.pack", "Paquete", "Pack"},
		{"control.asks", "Qué pide la ley", "What the law asks"},
		{"control.id", "Código", "Code"},
		{"control.family", "Familia", "Family"},
		{"control.mode", "Comprobación", "Verification"},
		{"control.packs", "Lo miden", "Measured by"},
		{"control.cites", "Artículos", "Articles"},
		{"control.secondary", "según tablas de equivalencia", "from tables of equivalence"},
		{"control.states", "Equipo por equipo", "Machine by machine"},
		{"control.waiting", "Ningún equipo ha informado todavía de este control.", "No machine has reported on this control yet."},
		{"control.unmeasured", "Nada mide este control de forma automática: se demuestra con documentos o con la firma de una persona.", "Nothing measures this control automatically: it is shown by documents or by a person's signature."},

		{"col.machine", "Equipo", "Machine"},
		{"col.department", "Área", "Department"},
		{"col.condition", "Situación", "Condition"},
		{"col.system", "Sistema", "System"},
		{"col.worst", "Peor estado", "Worst state"},
		{"col.met", "Cumple", "Meets"},
		{"col.measured", "Última medición", "Last measured"},
		{"col.note", "Nota", "Note"},
		{"col.why", "Motivo", "Why"},
		{"col.since", "Desde", "Since"},
		{"col.control", "Control", "Control"},
		{"col.severity", "Gravedad", "Severity"},
		{"col.state", "Estado", "State"},
		{"col.reason", "Por qué", "Why"},
		{"col.do", "Qué hacer", "What to do"},
		{"col.day", "Día", "Day"},
	} {
		out[w[0]] = message.Entry{Say: message.Text{ES: w[1], EN: w[2]}}
	}
	for _, w := range slices.Concat(
		reviewWords(),
		calendarWords(),
		admissionWords(),
		inboxWords(), handoverWords(),
		helpWords(),
		bookWords(),
		proposalWords(),
		documentWords(),
		incidentWords(),
		queueWords(),
		planWords(),
		arcoWords(),
		receiptWords(),
		declaredWords(),
		accessWords(),
		thereWords(),
		accountWords(),
		activityWords(),
	) {
		out[w[0]] = message.Entry{Say: message.Text{ES: w[1], EN: w[2]}}
	}
	return out
}
