package backup

import "vigia/checks/message"

func dailyMessages() message.Catalogue {
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
	damaged := say(
		"haga hoy una copia nueva, no borre la última buena, y revise el disco de las copias (SMART, visor de eventos)",
		"make a new copy today, do not delete the last good one, and check the disk of the copies (SMART, event log)")
	small := say(
		"abra la última copia y vea si está todo; si es correcto que pese menos, apruébelo en la política: «sizes_from: AAAA-MM-DD» en ese conjunto, con el día de la primera copia pequeña",
		"open the last copy and see whether all is in it; if it is right that it weighs less, approve it in the policy: \"sizes_from: YYYY-MM-DD\" in that dataset, the day of the first small copy")
	wait := say("espere a que termine y mire otra vez", "wait until it has ended and look again")
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
		"backup.some_doubtful": {
			Say: say("los {datasets} conjuntos de datos tienen copia; en {doubtful} hay algo que mirar", "all {datasets} datasets are copied; {doubtful} have something to look at"),
			Do:  say("vea el motivo de cada conjunto de datos", "see the reason of each dataset"),
		},
		"backup.recent_whole":      {Say: say("copia de hace {age}, {size} (máximo {limit}); leída entera y sin daños", "copy of {age} ago, {size} (limit {limit}); read whole and sound")},
		"backup.recent_walked":     {Say: say("copia de hace {age}, {size} (máximo {limit}); recorrida entera, su formato no lleva sumas de comprobación", "copy of {age} ago, {size} (limit {limit}); walked whole, its format carries no checksums")},
		"backup.recent_edges":      {Say: say("copia de hace {age}, {size} (máximo {limit}); comprobados su principio y su final, el interior no se puede comprobar o aún no le toca", "copy of {age} ago, {size} (limit {limit}); its beginning and end were verified, the inside cannot be or its turn has not come")},
		"backup.recent_turn":       {Say: say("copia de hace {age}, {size} (máximo {limit}); comprobados su principio y su final, se leerá entera el {turn}", "copy of {age} ago, {size} (limit {limit}); its beginning and end were verified, it will be read whole on {turn}")},
		"backup.recent_unverified": {Say: say("copia de hace {age}, {size} (máximo {limit}); no se puede comprobar por dentro", "copy of {age} ago, {size} (limit {limit}); its inside cannot be verified")},
		"backup.recent_then_failed": {
			Say: say("hay copia de hace {age} (máximo {limit}), pero un intento posterior falló", "there is a copy of {age} ago (limit {limit}), but a later attempt failed"),
			Do:  say("abra Copias de seguridad de Windows Server, mire el error de la última copia y repítala", "open Windows Server Backup, read the error of the last run and repeat it"),
		},
		"backup.recent_then_damaged": {
			Say: say("hay copia válida de hace {age} (máximo {limit}), pero la más reciente está dañada ({damaged} dañadas)", "there is a good copy of {age} ago (limit {limit}), but the newest one is damaged ({damaged} damaged)"),
			Do:  damaged,
		},
		"backup.recent_then_shrunk": {
			Say: say("hay copia válida de hace {age} (máximo {limit}), pero la última pesa {last} y lo normal son {usual}", "there is a good copy of {age} ago (limit {limit}), but the last one weighs {last} where {usual} is usual"),
			Do:  small,
		},
		"backup.shrunk": {
			Say: say("la última copia válida es de hace {age} (máximo {limit}): las {copies} más recientes han encogido (la última pesa {size} y lo normal son {usual})", "the newest good copy is {age} old (limit {limit}): the {copies} newer ones have shrunk (the last weighs {size} where {usual} is usual)"),
			Do:  small,
		},
		"backup.all_shrunk": {
			Say: say("ninguna de las {seen} copias vale: han encogido (la última pesa {size} y lo normal eran {usual})", "none of the {seen} copies is good: they have shrunk (the last weighs {size} where {usual} was usual)"),
			Do:  small,
		},
		"backup.recent_some_damaged": {
			Say: say("la última copia vale (hace {age}, máximo {limit}), pero {damaged} de las anteriores están dañadas", "the last copy is good ({age} ago, limit {limit}), but {damaged} of those before are damaged"),
			Do:  damaged,
		},
		"backup.none_whole": {
			Say: say("ninguna de las {seen} copias vale: {damaged} están dañadas (la más reciente: {damage})", "none of the {seen} copies is good: {damaged} are damaged (the newest: {damage})"),
			Do:  damaged,
		},
		"backup.copies_are_links": {
			Say: say("en la carpeta solo hay enlaces a otro sitio ({links}), que no se siguen", "the folder holds only links to elsewhere ({links}), which are not followed"),
			Do:  say("ponga en «copies» la carpeta donde están de verdad las copias", "name in \"copies\" the folder where the copies really are"),
		},
		"backup.copies_on_share": {
			Say: say("la carpeta {folder} es de otro equipo y no se deja ver desde este", "the folder {folder} is on another machine and cannot be seen from this one"),
			Do:  say("deje que la mire el equipo que guarda el disco, o dé permiso de lectura en el recurso a la cuenta de este equipo", "let the machine that has the disk look at it, or give this machine's account permission to read the share"),
		},
		"backup.several_guests": {
			Say: say("en {folder} hay copias de {guests} máquinas: no se sabe cuál corresponde a este conjunto", "{folder} holds copies of {guests} machines: which one this dataset means is not known"),
			Do:  say("declare un conjunto por máquina, con «pattern» como vzdump-qemu-101-*", "declare one dataset for each machine, with a \"pattern\" such as vzdump-qemu-101-*"),
		},
		"backup.copy_unproved": {
			Say: say("el repositorio cambió hace {age} (máximo {limit}), pero cifrado como está no se sabe si fue una copia: pudo ser una etiqueta, una limpieza o una copia sin nada nuevo", "the repository changed {age} ago (limit {limit}), but encrypted as it is nobody can tell whether that was a copy: it may have been a tag, a cleaning or a copy of nothing new"),
			Do:  say("declare «source» para que se pueda demostrar que los datos no cambiaron, o mire la fecha de la última copia con «restic snapshots» o «borg list»", "declare \"source\" so that it can be proved that the data did not change, or see the date of the last copy with restic snapshots or borg list"),
		},
		"backup.lock_left": {
			Say: say("una copia se quedó a medias: hay un bloqueo de hace {lock} y la última copia completa es de hace {age}", "a run did not end: there is a lock of {lock} ago and the last complete copy is {age} old"),
			Do:  say("compruebe que ninguna copia está corriendo, quite el bloqueo (restic unlock, borg break-lock) y lance la copia", "see that no copy is running, remove the lock (restic unlock, borg break-lock) and run the copy"),
		},
		"backup.frozen": {
			Say: say("desde hace {days} días todas las copias miden exactamente {size}, y en ese tiempo cambiaron {files} ficheros del origen", "for {days} days all copies have exactly the same size ({size}), while {files} files of the source changed"),
			Do:  say("abra la última copia y vea si contiene lo de ayer: seguramente se copia siempre lo mismo", "open the last copy and see whether it holds yesterday's work: it probably copies the same thing again and again"),
		},
		"backup.frozen_unproved": {
			Say: say("desde hace {days} días todas las copias miden exactamente {size} y no se pudo demostrar que el origen no cambie", "for {days} days all copies have exactly the same size ({size}) and it could not be proved that the source does not change"),
			Do:  say("abra la última copia y vea si contiene lo de ayer; si los datos no cambian nunca, declare «kind: archive»", "open the last copy and see whether it holds yesterday's work; if the data never change, declare \"kind: archive\""),
		},
		"backup.mirror_equal": {Say: say("el espejo tiene los {files} ficheros del origen, {size}; {missing} cambios recientes aún por copiar", "the mirror holds the {files} files of the source, {size}; {missing} recent changes still to be copied")},
		"backup.copies_are_source": {
			Say: say("la carpeta de copias {folder} es la misma que la de los datos: no hay copia", "the folder of copies {folder} is that of the data: there is no copy"),
			Do:  say("copie a otro disco y ponga su carpeta en «copies»; un enlace o una unidad montada dos veces no es una copia", "copy to another disk and name its folder in \"copies\"; a link or a drive that is mounted twice is no copy"),
		},
		"backup.mirror_linked": {
			Say: say("{same} de {files} ficheros del espejo son los mismos del origen con otro nombre (enlaces), no copias", "{same} of {files} files of the mirror are those of the source under another name (links), no copies"),
			Do:  say("quite --link-dest, cp -l o los enlaces simbólicos hacia el origen y copie de verdad, a otro disco", "do without --link-dest, cp -l or symbolic links to the source, and copy for real, to another disk"),
		},
		"backup.mirror_damaged": {
			Say: say("{damaged} de {files} ficheros del espejo no son iguales que el origen aunque llevan su fecha", "{damaged} of {files} files of the mirror differ from the source though they bear its time"),
			Do:  say("compruebe el disco del espejo y repita la copia comparando contenidos (rsync --checksum, robocopy /is)", "check the disk of the mirror and repeat the copy comparing contents (rsync --checksum, robocopy /is)"),
		},
		"backup.mirror_behind":        {Say: say("el espejo va atrasado: faltan {missing} ficheros y {behind} son viejos, desde hace {age} (máximo {limit})", "the mirror is behind: {missing} files are missing and {behind} are old, for {age} (limit {limit})"), Do: run},
		"backup.mirror_unfinished":    {Say: say("la última transferencia al espejo no terminó: dejó {files} ficheros a medias hace {age}", "the last transfer to the mirror did not end: it left {files} files half done {age} ago"), Do: run},
		"backup.mirror_being_written": {Say: say("el espejo se está escribiendo ({files} ficheros a medias)", "the mirror is being written ({files} files half done)"), Do: wait},
		"backup.mirror_not_written":   {Say: say("faltan {missing} cambios en el espejo, que no se escribe desde hace {age} (máximo {limit}): no se sabe desde cuándo faltan", "{missing} changes are missing in the mirror, which was not written for {age} (limit {limit}): since when is not known"), Do: run},
		"backup.mirror_unread":        {Say: say("no se pudo comparar el espejo con el origen en {entries} sitios ({why})", "the mirror could not be compared with the source in {entries} places ({why})"), Do: rights},
		"backup.mirror_source_empty":  {Say: say("el origen {source} está vacío: puede que la unidad no esté conectada", "the source {source} is empty: its drive may not be connected"), Do: rights},
		"backup.server_still":         {Say: say("la copia es de hace {age} (máximo {limit}) y la base de datos no escribió nada desde entonces: su registro sigue en {place} desde hace {changed}", "the copy is {age} old (limit {limit}) and the database wrote nothing since: its log has been at {place} for {changed}")},
		"backup.server_wrote":         {Say: say("la última copia válida es de hace {age} (máximo {limit}) y la base de datos escribió hace {written}", "the newest good copy is {age} old (limit {limit}) and the database wrote {written} ago"), Do: run},
		"backup.server_crashed":       {Say: say("la copia es de hace {age} (máximo {limit}) y la base de datos de {source} está parada sin haberse cerrado bien", "the copy is {age} old (limit {limit}) and the database in {source} is down without having been closed"), Do: byHand},
		"backup.server_too_soon":      {Say: say("la copia es de hace {age} (máximo {limit}) y aún no se sabe si la base de datos escribió después", "the copy is {age} old (limit {limit}) and it is too soon to know whether the database wrote since"), Do: byHand},
		"backup.server_unread":        {Say: say("la copia es de hace {age} (máximo {limit}) y no se pudo leer el estado de la base de datos de {source} ({why})", "the copy is {age} old (limit {limit}) and the state of the database in {source} could not be read ({why})"), Do: byHand},
		"backup.recent":               {Say: say("copia de hace {age}, {size} (máximo {limit})", "copy of {age} ago, {size} (limit {limit})")},
		"backup.unchanged_since": {Say: say(
			"la copia es de hace {age} y nada cambió desde entonces: {files} ficheros, último cambio hace {changed} (huella {fingerprint})",
			"the copy is {age} old and nothing changed since: {files} files, last change {changed} ago (fingerprint {fingerprint})")},
		"backup.late_newer_bad": {
			Say: say("la última copia válida es de hace {age} (máximo {limit}): las {bad} más recientes están dañadas o son demasiado pequeñas", "the newest good copy is {age} old (limit {limit}): the {bad} newer ones are damaged or too small"),
			Do:  damaged,
		},
		"backup.late": {Say: say("la última copia válida es de hace {age} (máximo {limit})", "the newest good copy is {age} old (limit {limit})"), Do: run},
		"backup.changed_since": {Say: say(
			"la última copia válida es de hace {age} (máximo {limit}) y los datos se escribieron hace {written}",
			"the newest good copy is {age} old (limit {limit}) and the data were written {written} ago"), Do: run},
		"backup.no_copy": {Say: say("no hay ninguna copia", "there is no copy at all"), Do: run},
		"backup.none_good": {
			Say: say("ninguna de las {seen} copias vale: {future} con fecha futura, {writing} aún escribiéndose, el resto por debajo de {floor} o más de un {drop} % menores que las anteriores", "none of the {seen} copies is good: {future} dated in the future, {writing} still being written, the rest under {floor} or more than {drop} % smaller than those before"),
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

		// Codes that are arguments of others.
		"why.link":            {Say: say("hay un enlace que lleva a otro sitio", "a link leads elsewhere")},
		"why.unproved":        {Say: say("no se puede saber cuándo se hizo", "it cannot be told when it was made")},
		"why.version":         {Say: say("es de una versión que no se conoce", "it is of an unknown version")},
		"why.control":         {Say: say("su fichero de control está dañado", "its control file is damaged")},
		"why.log_too_short":   {Say: say("el registro de eventos ya no llega tan atrás", "the event log no longer reaches so far back")},
		"damage.empty":        {Say: say("vacía, o sin nada copiado dentro", "empty, or with nothing copied in it")},
		"damage.truncated":    {Say: say("cortada", "cut short")},
		"damage.checksum":     {Say: say("el contenido no coincide con su suma de comprobación", "its contents do not agree with their checksum")},
		"damage.structure":    {Say: say("sus partes no encajan", "its parts do not fit together")},
		"damage.not_its_name": {Say: say("no es lo que dice su nombre; puede estar cifrada por un atacante", "it is not what its name says; an attacker may have encrypted it")},
		"damage.blank":        {Say: say("llena de ceros o de un mismo byte", "full of zeros or of one byte")},
		"damage.complaint":    {Say: say("contiene el mensaje de error de un programa o una página web, no una copia", "it holds the error of a program or a web page, not a copy")},
		"damage.linked":       {Say: say("son los ficheros del origen con otro nombre (enlaces)", "its files are those of the source under another name (links)")},
		"damage.unfinished":   {Say: say("sin terminar", "unfinished")},
	}
}
