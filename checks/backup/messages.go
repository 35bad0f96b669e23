package backup

import "vigia/checks/message"

func messages() message.Catalogue {
	say := func(es, en string) message.Text { return message.Text{ES: es, EN: en} }
	run := say(
		"compruebe por qué no corrió la copia (tarea programada, disco lleno, unidad desconectada) y láncela hoy",
		"find out why the copy did not run (scheduled task, full disk, disconnected drive) and run it today")
	rights := say(
		"dé permiso de lectura al servicio del agente sobre esa carpeta, o compruebe que la unidad responde",
		"give the agent's service permission to read that folder, or see that the drive answers")
	byHand := say(
		"haga una copia nueva: así no hace falta demostrar que nada cambió",
		"make a new copy: then nothing has to be proved about changes")
	return message.Catalogue{
		"backup.no_datasets": {
			Say: say("la política no asigna a este equipo ningún conjunto de datos que copiar", "the policy gives this machine no dataset to copy"),
			Do:  say("si aquí hay datos que proteger, añádalos a «datasets» en la política", "if there are data to protect here, add them to \"datasets\" in the policy"),
		},
		"backup.all_copied": {Say: say("los {datasets} conjuntos de datos están copiados", "all {datasets} datasets are copied")},
		"backup.some_not_copied": {
			Say: say("{bad} de {datasets} conjuntos de datos no tienen copia válida ({unknown} sin medir)", "{bad} of {datasets} datasets have no good copy ({unknown} not measured)"),
			Do:  run,
		},
		"backup.some_unknown": {
			Say: say("no se pudo comprobar la copia de {unknown} de {datasets} conjuntos de datos", "the copy of {unknown} of {datasets} datasets could not be verified"),
			Do:  say("vea el motivo de cada conjunto de datos", "see the reason of each dataset"),
		},
		"backup.recent": {Say: say("copia de hace {age}, {size} (máximo {limit})", "copy of {age} ago, {size} (limit {limit})")},
		"backup.unchanged_since": {Say: say(
			"la copia es de hace {age} y nada cambió desde entonces: {files} ficheros, último cambio hace {changed} (huella {fingerprint})",
			"the copy is {age} old and nothing changed since: {files} files, last change {changed} ago (fingerprint {fingerprint})")},
		"backup.late": {Say: say("la última copia válida es de hace {age} (máximo {limit})", "the newest good copy is {age} old (limit {limit})"), Do: run},
		"backup.changed_since": {Say: say(
			"la última copia válida es de hace {age} (máximo {limit}) y los datos se escribieron hace {written}",
			"the newest good copy is {age} old (limit {limit}) and the data were written {written} ago"), Do: run},
		"backup.no_copy": {Say: say("no hay ninguna copia", "there is no copy at all"), Do: run},
		"backup.none_good": {
			Say: say("ninguna de las {seen} copias vale: {future} con fecha futura, {writing} aún escribiéndose, el resto por debajo de {floor}", "none of the {seen} copies is good: {future} dated in the future, {writing} still being written, the rest under {floor}"),
			Do:  say("compruebe el reloj y que la copia termina sin errores", "see that the clock is right and that the copy ends without errors"),
		},
		"backup.none_good_unread":     {Say: say("ninguna copia legible vale y {unread} de {seen} no se pudieron leer", "no readable copy is good and {unread} of {seen} could not be read"), Do: rights},
		"backup.copies_absent":        {Say: say("no existe la carpeta de copias {folder}", "the folder of copies {folder} does not exist"), Do: run},
		"backup.copies_unread":        {Say: say("no se pudo leer la carpeta de copias {folder} ({why})", "the folder of copies {folder} could not be read ({why})"), Do: rights},
		"backup.copies_partly_unread": {Say: say("la última copia legible es de hace {age} (máximo {limit}) y hay copias que no se pudieron leer", "the newest readable copy is {age} old (limit {limit}) and some copies could not be read"), Do: rights},
		"backup.not_looked_at": {
			Say: say("este conjunto de datos aún no se ha mirado donde dice la política", "this dataset has not been looked at yet where the policy says"),
			Do:  say("espere a la próxima medición", "wait for the next measurement"),
		},
		"backup.source_not_walked":    {Say: say("la última copia válida es de hace {age} (máximo {limit}) y no se miró si {source} cambió", "the newest good copy is {age} old (limit {limit}) and nobody looked whether {source} changed"), Do: byHand},
		"backup.source_absent":        {Say: say("la copia es de hace {age} (máximo {limit}) y no se encuentra el origen {source}", "the copy is {age} old (limit {limit}) and its source {source} is not there"), Do: rights},
		"backup.source_unread":        {Say: say("la copia es de hace {age} (máximo {limit}) y no se pudo leer el origen {source} ({why})", "the copy is {age} old (limit {limit}) and its source {source} could not be read ({why})"), Do: rights},
		"backup.source_stopped":       {Say: say("la copia es de hace {age} (máximo {limit}) y el recorrido de {source} no terminó ({why})", "the copy is {age} old (limit {limit}) and the walk of {source} did not end ({why})"), Do: byHand},
		"backup.source_partly_unread": {Say: say("la copia es de hace {age} (máximo {limit}) y {entries} elementos de {source} no se pudieron leer", "the copy is {age} old (limit {limit}) and {entries} entries of {source} could not be read"), Do: rights},
		"backup.source_empty":         {Say: say("la copia es de hace {age} (máximo {limit}) y {source} está vacío: puede que la unidad no esté conectada", "the copy is {age} old (limit {limit}) and {source} is empty: its drive may not be connected"), Do: rights},
		"backup.source_links":         {Say: say("la copia es de hace {age} (máximo {limit}) y {entries} enlaces de {source} llevan a sitios que no se miran", "the copy is {age} old (limit {limit}) and {entries} links in {source} lead to places that are not looked at"), Do: byHand},
		"backup.source_mounts":        {Say: say("la copia es de hace {age} (máximo {limit}) y dentro de {source} hay {entries} unidades montadas que no se recorren", "the copy is {age} old (limit {limit}) and {entries} file systems mounted inside {source} are not walked"), Do: byHand},
		"backup.source_future":        {Say: say("la copia es de hace {age} (máximo {limit}) y {entries} elementos de {source} tienen fecha futura: no prueban nada", "the copy is {age} old (limit {limit}) and {entries} entries of {source} are dated in the future: they prove nothing"), Do: byHand},
		"backup.source_untimed":       {Say: say("la copia es de hace {age} (máximo {limit}) y la unidad de {source} no guarda la hora de cambio de {entries} elementos", "the copy is {age} old (limit {limit}) and the drive of {source} keeps no change time of {entries} entries"), Do: byHand},
		"backup.source_databases":     {Say: say("la copia es de hace {age} (máximo {limit}) y {entries} bases de datos de {source} pueden haber cambiado sin que su fecha lo diga", "the copy is {age} old (limit {limit}) and {entries} databases in {source} may have changed without their time telling"), Do: byHand},
		"backup.attributes_changed":   {Say: say("la copia es de hace {age} (máximo {limit}) y hace {changed} cambió algo en {source}, sin fecha de escritura que diga qué", "the copy is {age} old (limit {limit}) and {changed} ago something changed in {source}, with no write time that tells what"), Do: byHand},
		"backup.changed_near_copy":    {Say: say("la copia es de hace {age} (máximo {limit}) y {source} cambió en los {quiet} antes de ella: puede no contenerlo", "the copy is {age} old (limit {limit}) and {source} changed within {quiet} before it: the copy may not hold it"), Do: byHand},
	}
}
