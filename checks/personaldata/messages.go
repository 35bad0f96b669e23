package personaldata

import "vigia/checks/message"

func localMessages() message.Catalogue {
	say := func(es, en string) message.Text { return message.Text{ES: es, EN: en} }
	move := say(
		"lleve el documento al servidor y borre la copia local, o pida un permiso por escrito para esa carpeta",
		"take the document to the server and remove the local copy, or ask for a written permit for that folder")
	again := say(
		"deje el equipo encendido hasta que termine la búsqueda o reduzca las carpetas de la política",
		"leave the machine on until the search ends, or narrow the folders of the policy")
	out := wordMessages()
	out.Merge(message.Catalogue{
		"personaldata.none": {Say: say(
			"{files} ficheros mirados: ninguno sin permiso llega a {limit} personas ({permitted} con permiso)",
			"{files} files looked at: none without permit reaches {limit} persons ({permitted} with permit)")},
		"personaldata.found": {
			Say: say("datos de {persons} personas en {places} sitios sin permiso ({files} ficheros mirados)", "data of {persons} persons in {places} places without permit ({files} files looked at)"),
			Do:  move,
		},
		"personaldata.file": {Say: say("{persons} personas distintas ({types}), nivel {level}", "{persons} distinct persons ({types}), level {level}"), Do: move},
		"personaldata.special": {
			Say: say("categorías especiales ({categories}) de {persons} personas ({types}), nivel {level}", "special categories ({categories}) of {persons} persons ({types}), level {level}"),
			Do:  move,
		},
		"personaldata.folder": {Say: say("los ficheros de la carpeta suman {persons} personas", "the files of the folder add up to {persons} persons"), Do: move},
		"personaldata.permit_over": {
			Say: say("el permiso de {by} terminó el {until}: {persons} personas ({types}), nivel {level}", "the permit of {by} ended on {until}: {persons} persons ({types}), level {level}"),
			Do:  say("renueve el permiso o retire los documentos", "renew the permit or remove the documents"),
		},
		"personaldata.permitted": {Say: say("{files} ficheros de {persons} personas, con permiso de {by} hasta el {until}", "{files} files of {persons} persons, with a permit of {by} until {until}")},
		"personaldata.nowhere": {
			Say: say("no se encontró ninguna carpeta ni fichero donde buscar", "no folder and no file was found to search"),
			Do:  say("indique las carpetas en «scan» de la política", "name the folders under \"scan\" in the policy"),
		},
		"personaldata.other_folders": {
			Say: say("aún no se ha buscado en todas las carpetas que pide la política", "not all folders that the policy asks for have been searched yet"),
			Do:  say("espere a la próxima búsqueda", "wait for the next search"),
		},
		"personaldata.stopped": {Say: say("la búsqueda no llegó al final ({stopped}); {files} ficheros mirados, nada hallado sin permiso", "the search did not reach its end ({stopped}); {files} files looked at, nothing found without permit"), Do: again},
		"personaldata.unread": {
			Say: say("{unread} ficheros no se pudieron leer enteros ({reasons}); en el resto de {files} no hay nada sin permiso", "{unread} files could not be read whole ({reasons}); in the rest of {files} there is nothing without permit"),
			Do:  say("revise a mano esos ficheros o su formato y anótelo en la revisión", "look at those files or their format by hand and note it in the review"),
		},
		"personaldata.pictures": {
			Say: say("{files} imágenes o documentos escaneados sin texto: pueden ser credenciales o escrituras", "{files} pictures or scanned documents without text: they may be identity cards or deeds"),
			Do:  say("mírelos a mano y lleve al servidor los que tengan datos personales", "look at them by hand and take those with personal data to the server"),
		},
		"personaldata.encrypted": {
			Say: say("{files} ficheros cifrados que no se pueden leer", "{files} encrypted files that cannot be read"),
			Do:  say("pregunte a quien los guarda qué contienen y anótelo en la revisión", "ask their keeper what they hold and note it in the review"),
		},
		"personaldata.mailbox": {
			Say: say("{files} ficheros sin lector, como buzones de correo PST", "{files} files without a reader, such as PST mailboxes"),
			Do:  say("lleve los buzones al servidor o revíselos a mano", "take the mailboxes to the server or look at them by hand"),
		},
		"level.basic":           {Say: say("básico", "basic")},
		"level.medium":          {Say: say("medio", "medium")},
		"level.high":            {Say: say("alto", "high")},
		"stopped.limit.files":   {Say: say("límite de ficheros", "limit of files")},
		"stopped.limit.bytes":   {Say: say("límite de volumen", "limit of volume")},
		"stopped.limit.time":    {Say: say("límite de tiempo", "limit of time")},
		"stopped.power.battery": {Say: say("el equipo trabajaba con batería", "the machine ran on its battery")},
		"stopped.canceled":      {Say: say("interrumpida", "interrupted")},
		"stopped.unreadable":    {Say: say("carpetas que no se pudieron leer", "folders that could not be read")},
		"personaldata.more": {
			Say: say("hay {more} ficheros más con datos personales de los que caben en el informe", "there are {more} more files with personal data than the report holds"),
			Do:  say("busque por carpetas más pequeñas", "search smaller folders"),
		},
	})
	return out
}
