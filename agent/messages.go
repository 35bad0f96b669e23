package agent

import "vigia/checks/message"

// sayer speaks one language.
type sayer struct {
	lang message.Lang
	all  message.Catalogue
}

func newSayer(lang message.Lang) sayer { return sayer{lang: lang, all: messages()} }

func (s sayer) text(code string, args map[string]string) string { return s.all.Say(s.lang, code, args) }

func (s sayer) has(code string) bool {
	_, ok := s.all[code]
	return ok
}

// messages is everything that the agent says to people, its checks apart.
func messages() message.Catalogue {
	all := message.Catalogue{}
	for _, part := range []message.Catalogue{words(), pageMessages(), outputMessages(), helpMessages(), attestMessages(), purgeMessages(), problemMessages(), refusalMessages(), collectorMessages(), exportMessages()} {
		all.Merge(part)
	}
	return all
}

func says(es, en string) message.Entry {
	return message.Entry{Say: message.Text{ES: es, EN: en}}
}

func words() message.Catalogue {
	return message.Catalogue{
		"status.pass":           says("cumple", "met"),
		"status.warn":           says("mejorable", "could be better"),
		"status.fail":           says("no cumple", "not met"),
		"status.unknown":        says("no se sabe", "not known"),
		"status.not_applicable": says("no aplica", "not applicable"),
		"column.control":        says("Control", "Control"),
		"column.state":          says("Estado", "State"),
		"column.reason":         says("Motivo", "Reason"),
		"column.do":             says("Qué hacer", "What to do"),
	}
}

func pageMessages() message.Catalogue {
	return message.Catalogue{
		"page.title": says("Vigía en este equipo", "Vigía on this machine"),
		"page.lead": says(
			"Este equipo de {organisation} comprueba por sí mismo si su configuración cumple lo que la ley de protección de datos pide. Aquí ve usted el resultado de cada comprobación.",
			"This machine of {organisation} checks by itself whether its settings meet what data protection law asks for. Here you see the result of each check."),
		"page.lead_unnamed": says(
			"Este equipo comprueba por sí mismo si su configuración cumple lo que la ley de protección de datos pide. Aquí ve usted el resultado de cada comprobación.",
			"This machine checks by itself whether its settings meet what data protection law asks for. Here you see the result of each check."),
		"page.written":   says("Página escrita el {time}.", "Page written on {time}."),
		"page.delivered": says("Último envío: {time}.", "Last delivery: {time}."),
		"page.policy":    says("Se mide con la política {version}: {packs}.", "Measured by policy {version}: {packs}."),
		"page.refused": says("El {time} llegó otra política y no se aceptó: {why}",
			"On {time} another policy came and was not accepted: {why}"),
		"page.never_delivered": says("Todavía no se ha enviado nada.", "Nothing was delivered yet."),

		"page.measured.title": says("Qué se mide", "What is measured"),
		"page.measured.1": says(
			"Ajustes de seguridad: bloqueo de pantalla, reglas de las contraseñas (nunca las contraseñas), cuentas y sus permisos.",
			"Security settings: screen lock, password rules (never the passwords), accounts and their rights."),
		"page.measured.2": says(
			"Si existen copias de seguridad recientes, por su fecha y tamaño.",
			"Whether recent backups exist, by their date and size."),
		"page.measured.3": says(
			"En qué carpetas hay documentos con datos personales: cuántos y de qué tipo. El programa los cuenta aquí mismo; su contenido no sale del equipo.",
			"Which folders hold documents with personal data: how many and of which type. The program counts them right here; their content does not leave the machine."),
		"page.measured.4": says(
			"Qué equipo es y qué programas tiene instalados.",
			"Which machine this is and which programs it has installed."),
		"page.measured.5": says(
			"Qué memorias y discos externos se conectaron, cuántos accesos fallidos hubo en cada cuenta, y si hay un programa de nube, mensajería o correo preparado: cuál, nunca qué dice.",
			"Which external drives were plugged in, how many log-ons failed at each account, and whether a program for cloud storage, messages or mail is set up: which one, never what it says."),
		"page.measured.6": says(
			"Con cada resultado se envían los detalles que lo explican, como los nombres de las cuentas de este equipo, de sus carpetas y de sus programas.",
			"With each result go the details that explain it, such as the names of this machine's accounts, folders and programs."),

		"page.never.title": says("Qué no se mide nunca", "What is never measured"),
		"page.never.1": says(
			"Lo que usted escribe, las páginas que visita, lo que dicen su correo y sus mensajes ni el tiempo que trabaja.",
			"What you type, the pages you visit, what your mail and messages say or how long you work."),
		"page.never.2": says(
			"La pantalla, la cámara, el micrófono ni dónde está el equipo.",
			"The screen, the camera, the microphone or where the machine is."),
		"page.never.3": says(
			"El programa no borra ni cambia nada y no obedece órdenes a distancia.",
			"The program deletes and changes nothing and takes no orders from afar."),

		"page.report.title": says("Si nota algo raro", "If something seems wrong"),
		"page.report.1": says(
			"Avise enseguida a la persona responsable de seguridad, aunque no esté seguro: un virus, un correo que le pidió su clave, un equipo o una memoria perdidos, datos enviados a quien no era.",
			"Tell the security officer at once, even if you are not sure: a virus, a mail that asked for your password, a lost machine or stick, data sent to the wrong person."),
		"page.report.2": says(
			"Si la pantalla pide dinero o los archivos cambian solos, desconecte el cable de red o la wifi. No apague el equipo ni borre nada: así se puede saber qué pasó.",
			"If the screen asks for money or files change by themselves, unplug the network cable or leave the wifi. Do not switch the machine off and delete nothing, so that one can find out what happened."),
		"page.report.where": says("Desde la red de la oficina puede avisar aquí, sin cuenta y sin dar su nombre si no quiere:",
			"From the office network you can report it here, without an account, and without your name if you prefer:"),

		"page.seen_by.title": says("Quién lo ve", "Who sees it"),
		"page.seen_by.1": says(
			"Las personas responsables de seguridad y de sistemas de la organización, que responden de que se cumpla la ley. No se hacen clasificaciones de empleados.",
			"The organisation's security officer and system administrators, who answer for the law being met. Employees are not ranked."),
		"page.seen_by.2": says(
			"Si algo de esta página no es correcto, dígaselo a la persona responsable de seguridad.",
			"If something on this page is wrong, tell the security officer."),
	}
}

// outputMessages is what the commands print.
func outputMessages() message.Catalogue {
	return message.Catalogue{
		"check.policy.packs": says("Reglas: {packs}", "Rules: {packs}"),
		"check.policy.file":  says("Reglas: las del fichero {file}", "Rules: those of the file {file}"),
		"check.policy.own":   says("Reglas: la política {version} de este equipo, firmada por {organisation}", "Rules: policy {version} of this machine, signed by {organisation}"),
		"check.summary":      says("{count} comprobaciones en {seconds} s. {parts}.", "{count} checks in {seconds} s. {parts}."),
		"check.part":         says("{status}: {count}", "{status}: {count}"),
		"check.more":         says("y {count} más", "and {count} more"),

		"enroll.done": says(
			"Equipo inscrito en «{organisation}» con el identificador {agent}.",
			"Machine enrolled with \"{organisation}\" as {agent}."),
		"enroll.next.running": says(
			"No hay que hacer nada más: el servicio sigue por sí mismo en unos segundos. Para verlo: vigia-agent status",
			"There is nothing more to do: the service goes on by itself within seconds. To see it: vigia-agent status"),
		"enroll.next.stopped": says(
			"El servicio está instalado pero parado.", "The service is installed but stopped."),
		"enroll.next.none": says(
			"En este equipo no hay ningún servicio que trabaje en {data}. Siguiente paso: vigia-agent run --data {data}",
			"No service of this machine works in {data}. Next: vigia-agent run --data {data}"),
		"enroll.start.linux": says(
			"Arránquelo: systemctl start vigia-agent. Si no arranca, systemctl status vigia-agent dice por qué.",
			"Start it: systemctl start vigia-agent. If it does not start, systemctl status vigia-agent says why."),
		"enroll.start.windows": says(
			"Arránquelo: vigia-agent service start", "Start it: vigia-agent service start"),
		"enroll.pending": says(
			"Falta que una persona apruebe este equipo en el colector {collector}. Código de comprobación: {code}\nQuien lo apruebe debe ver ese mismo código junto al nombre de este equipo (portal, «Altas», o vigia agents requests).",
			"A person has to approve this machine at the collector {collector}. Check code: {code}\nWho approves it must see the same code beside this machine's name (portal, \"Altas\", or vigia agents requests)."),
		"enroll.pending.next.running": says(
			"Aquí no hay que hacer nada más: el servicio vuelve a preguntar por sí mismo y empieza en cuanto lo aprueben. Para verlo: vigia-agent status",
			"There is nothing more to do here: the service asks again by itself and begins as soon as it is approved. To see it: vigia-agent status"),
		"enroll.pending.next.stopped": says(
			"El servicio, que pregunta de nuevo hasta que lo aprueben, está instalado pero parado.",
			"The service, which asks again until it is approved, is installed but stopped."),
		"enroll.pending.next.none": says(
			"En este equipo no hay ningún servicio que trabaje en {data}. Siguiente paso: vigia-agent run --data {data}, que pregunta de nuevo hasta que lo aprueben y empieza.",
			"No service of this machine works in {data}. Next: vigia-agent run --data {data}, which asks again until it is approved and begins."),

		"run.measuring": says(
			"Midiendo este equipo. La búsqueda de datos personales puede tardar unos minutos…",
			"Measuring this machine. The search for personal data may take some minutes…",
		),
		"run.once": says(
			"Medido y entregado: {count} comprobaciones, informe {sequence} confirmado por {collector}.",
			"Measured and delivered: {count} checks, report {sequence} acknowledged by {collector}."),

		"record.done": says(
			"Grabación escrita en {dir}. Los nombres de personas y equipos se han sustituido; revísela antes de entregarla.",
			"Recording written to {dir}. Names of people and machines were replaced; look through it before handing it on."),

		"status.agent":         says("Equipo", "Machine"),
		"status.organisation":  says("Organización", "Organisation"),
		"status.collector":     says("Colector", "Collector"),
		"status.certificate":   says("Certificado hasta", "Certificate until"),
		"status.policy":        says("Política", "Policy"),
		"status.refused":       says("Política rechazada", "Policy refused"),
		"status.no_policy":     says("todavía ninguna", "none yet"),
		"status.reports":       says("Informes", "Reports"),
		"status.reports.value": says("{last} escritos, {acked} confirmados, {waiting} en espera ({bytes} en disco)", "{last} written, {acked} acknowledged, {waiting} waiting ({bytes} on disk)"),
		"status.safe":          says("Modo seguro", "Safe mode"),
		"status.safe.value": says("el servicio acabó mal varias veces: durante unas horas no comprueba {left} ni vigila carpetas ni dispositivos; lo demás sigue. Su registro dice por qué: {log}",
			"the service ended badly several times: for some hours it does not check {left} and watches no folders and no devices; all else goes on. Its log says why: {log}"),
		"enroll.already": says("este equipo ya está inscrito: no hay nada que hacer", "this machine is already enrolled: there is nothing to do"),
		"enroll.later": says("anotado: el servicio hará el alta en cuanto alcance al colector (vigia-agent status lo dirá)",
			"noted: the service enrols as soon as it reaches the collector (vigia-agent status will tell)"),
		"status.proxy": says("Proxy", "Proxy"),
		"status.asked": says("este equipo espera su alta en {collector}: el servicio la intenta hasta que alcance al colector. Su registro dice por qué no: {log}",
			"this machine waits to be enrolled with {collector}: the service tries until it reaches the collector. Its log says why not: {log}"),
		"status.pending": says("este equipo espera a que una persona lo apruebe en el colector {collector}. Código de comprobación: {code}\nQuien lo apruebe debe ver ese mismo código; el servicio pregunta de nuevo por sí mismo y empieza en cuanto lo aprueben.",
			"this machine waits until a person approves it at the collector {collector}. Check code: {code}\nWho approves it must see the same code; the service asks again by itself and begins as soon as it is approved."),
		"service.description":   says("Mide si este equipo cumple las medidas de seguridad y lo informa al colector.", "Measures whether this machine meets the security measures and reports it to the collector."),
		"service.install":       says("servicio instalado; arranca con el equipo. Para arrancarlo ya: vigia-agent service start", "service installed; it starts with the machine. To start it now: vigia-agent service start"),
		"service.uninstall":     says("servicio quitado; los datos siguen en su carpeta", "service removed; the data stays in its folder"),
		"service.start":         says("servicio en marcha", "service running"),
		"service.stop":          says("servicio parado", "service stopped"),
		"service.running":       says("en marcha", "running"),
		"service.stopped":       says("parado", "stopped"),
		"service.changing":      says("arrancando o parando", "starting or stopping"),
		"service.none":          says("no instalado", "not installed"),
		"status.lost":           says("Informes perdidos", "Reports lost"),
		"status.lost.value":     says("{damaged} dañados, {dropped} descartados por falta de espacio", "{damaged} damaged, {dropped} dropped for lack of space"),
		"status.delivered":      says("Último envío", "Last delivery"),
		"status.never":          says("nunca", "never"),
		"status.delivery_error": says("El último intento falló", "The last attempt failed"),
		"status.spool_error":    says("No se puede escribir", "Cannot write"),

		"scan.person.one":  says("persona", "person"),
		"scan.person.many": says("personas", "persons"),
		"scan.special":     says("categorías especiales: {categories}", "special categories: {categories}"),
		"scan.partly":      says("leído en parte: {reason}", "read in part: {reason}"),
		"scan.looked": says(
			"Mirados {files} ficheros en {seconds} s: {bytes} leídos; {unchanged} sin cambios desde la última vez, no leídos de nuevo.",
			"Looked at {files} files in {seconds} s: {bytes} read; {unchanged} unchanged since the last time, not read again."),
		"scan.found": says(
			"Con datos personales: {files} (nivel {levels}). Personas distintas: {persons} o más.",
			"With personal data: {files} (level {levels}). Distinct persons: {persons} or more."),
		"scan.found_partly": says(
			"De ellos, {files} se leyeron solo en parte: pueden tener más.",
			"Of these, {files} were read only in part: they may hold more."),
		"scan.none": says("Con datos personales: ninguno.", "With personal data: none."),
		"scan.unread": says(
			"No se pudieron leer enteros {files}, así que nadie puede decir que estén limpios (--format json nombra cada uno):",
			"{files} could not be read whole, so nobody can say that they are clean (--format json names each):"),
		"scan.aside":       says("Dejados aparte: {parts}.", "Left aside: {parts}."),
		"scan.interrupted": says("Interrumpida: esto es lo que dio tiempo a mirar.", "Interrupted: this is what there was time to look at."),
		"scan.stopped": says("La búsqueda terminó antes de tiempo ({reason}): no todo se ha mirado.",
			"The search ended early ({reason}): not everything was looked at."),
		"scan.exit.0": says("Código de salida 0: todo se leyó y no hay datos personales.", "Exit code 0: all was read and there is no personal data."),
		"scan.exit.1": says("Código de salida 1: hay datos personales.", "Exit code 1: there is personal data."),
		"scan.exit.3": says("Código de salida 3: no se halló nada, pero no todo se pudo leer.", "Exit code 3: nothing was found, but not all could be read."),
		"scan.cache": says("No se pudo guardar qué ficheros no han cambiado ({error}): la próxima búsqueda los leerá todos otra vez.",
			"What files have not changed could not be kept ({error}): the next scan will read them all again."),
		"scan.progress": says("{files} ficheros", "{files} files"),
		"level.basic":   says("básico", "basic"),
		"level.medium":  says("medio", "medium"),
		"level.high":    says("alto", "high"),
	}
}
