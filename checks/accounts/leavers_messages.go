package accounts

import (
	"vigia/checks"
	"vigia/checks/host"
	"vigia/checks/message"
)

func leaverMessages() message.Catalogue {
	lock := say("bloquee y cierre la cuenta: usermod -L -e 1 {account}", "lock and close the account: usermod -L -e 1 {account}")
	own := message.Catalogue{
		"leavers.nobody":     {Say: say("nadie figura como baja", "nobody is registered as having left")},
		"leavers.gone":       {Say: say("no queda acceso de ninguna de las {count} bajas", "no access is left of any of the {count} who left")},
		"leavers.not_looked": {Say: say("todavía no se ha buscado a «{account}» en este equipo", "\"{account}\" has not been looked for on this machine yet"), Do: say("espere a la próxima medición", "wait for the next measurement")},
		"leavers.due": {Say: say("queda acceso de «{account}», que causó baja, y el plazo de {hours} h corre ({kind})", "access is left of \"{account}\", who left, and the term of {hours} h runs ({kind})"),
			Do: say("deshabilite hoy la cuenta y retire lo indicado", "disable the account today and remove what is named")},
		"leavers.account": {Say: say("la cuenta de «{account}», que causó baja, sigue activa", "the account of \"{account}\", who left, is still open"),
			Do: say("deshabilítela: Administración de equipos > Usuarios y grupos locales > La cuenta está deshabilitada; en Linux, usermod -L -e 1 CUENTA", "disable it: Computer Management > Local Users and Groups > Account is disabled; on Linux, usermod -L -e 1 ACCOUNT")},
		"leavers.sftp":     {Say: say("la contraseña de «{account}», que causó baja, sigue abriendo archivos por SFTP, aunque la cuenta no tenga shell", "the password of \"{account}\", who left, still opens files by SFTP, though the account has no shell"), Do: lock},
		"leavers.forward":  {Say: say("la contraseña de «{account}», que causó baja, sigue sirviendo para conectar por SSH con la red (ssh -N), aunque la cuenta no tenga shell", "the password of \"{account}\", who left, still connects to the network through SSH (ssh -N), though the account has no shell"), Do: lock},
		"leavers.password": {Say: say("la cuenta de «{account}», que causó baja, no tiene shell pero conserva su contraseña: el correo, un FTP u otro servicio pueden aceptarla", "the account of \"{account}\", who left, has no shell but keeps its password: mail, an FTP server or another service may take it"), Do: lock},
		"leavers.samba": {Say: say("Samba sigue dejando entrar a «{account}», que causó baja ({where})", "Samba still lets in \"{account}\", who left ({where})"),
			Do: say("ejecute como root «smbpasswd -x {account}», o «smbpasswd -d {account}» para solo deshabilitarla", "as root, run \"smbpasswd -x {account}\", or \"smbpasswd -d {account}\" to only disable it")},
		"leavers.key": {Say: say("una clave SSH de «{account}», que causó baja, abre la cuenta «{where}»", "an SSH key of \"{account}\", who left, opens the account \"{where}\""),
			Do: say("borre su línea de ~{where}/.ssh/authorized_keys (en Windows, C:\\Users\\{where}\\.ssh\\authorized_keys; la de los administradores está en C:\\ProgramData\\ssh\\administrators_authorized_keys)", "delete its line from ~{where}/.ssh/authorized_keys (on Windows, C:\\Users\\{where}\\.ssh\\authorized_keys; that of administrators is in C:\\ProgramData\\ssh\\administrators_authorized_keys)")},
		"leavers.session": {Say: say("«{account}», que causó baja, tiene una sesión abierta", "\"{account}\", who left, is logged on"),
			Do: say("cierre la sesión, deshabilite la cuenta y averigüe quién la usa", "end the session, disable the account and find out who uses it")},
		"leavers.process": {Say: say("el programa {where} funciona con la cuenta de «{account}», que causó baja", "the program {where} runs with the account of \"{account}\", who left"),
			Do: say("detenga el programa y páselo a una cuenta de servicio", "stop the program and move it to a service account")},
		"leavers.schedule": {Say: say("una tarea programada se ejecuta como «{account}», que causó baja ({where})", "a scheduled task runs as \"{account}\", who left ({where})"),
			Do: say("borre la tarea o cámbiela a una cuenta de servicio (Programador de tareas; en Linux, crontab -r -u CUENTA o {where})", "delete the task or move it to a service account (Task Scheduler; on Linux, crontab -r -u ACCOUNT or {where})")},
		"leavers.service": {Say: say("el servicio {where} funciona con la cuenta de «{account}», que causó baja", "the service {where} runs with the account of \"{account}\", who left"),
			Do: say("cambie la cuenta del servicio (services.msc > Iniciar sesión; en Linux, User= de la unidad)", "change the account of the service (services.msc > Log On; on Linux, User= of the unit)")},
		"leavers.used": {Say: say("alguien entró con la cuenta de «{account}» después de su baja (el {day})", "somebody logged on with the account of \"{account}\" after the leave (on {day})"),
			Do: say("deshabilite la cuenta, cambie las contraseñas que conocía y abra una incidencia para averiguar quién entró", "disable the account, change the passwords that were known and open an incident to find out who came in")},
		"leavers.rights": {Say: say("{where} da derechos de administrador a «{account}», que causó baja", "{where} gives an administrator's rights to \"{account}\", who left"),
			Do: say("borre su regla de {where} (visudo)", "delete the rule from {where} (visudo)")},
		"leavers.group": {Say: say("«{account}», que causó baja, sigue en el grupo {where}", "\"{account}\", who left, is still in the group {where}"),
			Do: say("quítela del grupo", "remove it from the group")},
		"leavers.profile": {Say: say("queda la carpeta personal de «{account}», que causó baja ({where})", "the personal folder of \"{account}\", who left, is still there ({where})"),
			Do: say("entregue a su jefatura los documentos del puesto, borre la carpeta y anótelo en el acta de baja", "hand the documents of the post to the head of the unit, delete the folder and note it in the record of the leave")},
		"source.processes":           {Say: say("la lista de procesos", "the list of processes")},
		"source.sessions":            {Say: say("la lista de sesiones", "the list of sessions")},
		"kind.account":               {Say: say("cuenta activa", "open account")},
		"kind.sftp":                  {Say: say("acceso por SFTP", "access by SFTP")},
		"kind.forward":               {Say: say("conexiones por SSH", "connections through SSH")},
		"kind.samba":                 {Say: say("cuenta de Samba", "Samba account")},
		"kind.key":                   {Say: say("clave SSH", "SSH key")},
		"kind.session":               {Say: say("sesión abierta", "session")},
		"kind.process":               {Say: say("programa en marcha", "running program")},
		"kind.schedule":              {Say: say("tarea programada", "scheduled task")},
		"kind.service":               {Say: say("servicio", "service")},
		"kind.rights":                {Say: say("regla de administración", "rule of administration")},
		"where." + sidAdministrators: {Say: say("Administradores", "Administrators")},
	}
	for code, e := range privilegeMessages() {
		if sid, ok := cutPrefix(code, "via."); ok && sid != sidAdministrators {
			own["where."+sid] = e
		}
		if _, ok := cutPrefix(code, "source.S-1-5-32-"); ok {
			own[code] = e
		}
	}
	return common(own)
}

func leaverCovers() map[host.OS]checks.Coverage {
	return map[host.OS]checks.Coverage{
		host.Windows: {
			Sources: []string{"NetUserEnum", keyProfileList, "NetLocalGroupGetMembers", keyServices + `\*\ObjectName`, sshFolder + `\administrators_authorized_keys`, taskFolder, "processes", "sessions"},
			Missing: say(
				"la cuenta del dominio, que mide el directorio; contraseñas guardadas y aplicaciones con cuentas propias, que se revisan a mano; la hora exacta en que se deshabilitó la cuenta",
				"the account of the domain, which the directory measures; stored passwords and applications with accounts of their own, which are reviewed by hand; the very time at which the account was disabled"),
			ByHand: say(
				"Administración de equipos > Usuarios y grupos locales; Programador de tareas, columna «Ejecutar como»; services.msc, columna «Iniciar sesión como»; carpetas de C:\\Users",
				"Computer Management > Local Users and Groups; Task Scheduler, \"run as\"; services.msc, column \"Log On As\"; folders of C:\\Users"),
		},
		host.Linux: {
			Sources: []string{"/etc/passwd", "/etc/shadow", "/etc/group", sshdFile, "authorized_keys", smbFile, privateDir + "/passdb.tdb", "/var/spool/cron", "/etc/crontab", "/etc/cron.d", "/var/spool/at", "/etc/systemd/system", "/var/lib/systemd/linger", lastlogFile, wtmpFile, sudoersFile, doasFile, "processes", "sessions"},
			Missing: say(
				"la cuenta del directorio, que mide el directorio; claves cuyo comentario no dice de quién son; archivos suyos fuera de su carpeta; aplicaciones con cuentas propias (correo, web, bases de datos, VPN)",
				"the account of the directory, which the directory measures; keys whose comment does not say whose they are; files of theirs outside of their folder; applications with accounts of their own (mail, web, databases, VPN)"),
			ByHand: say(
				"passwd -S CUENTA; chage -l CUENTA; pdbedit -L -v CUENTA; crontab -l -u CUENTA; atq; grep -r CUENTA /etc/sudoers* /etc/cron* /etc/systemd/system; grep CUENTA ~*/.ssh/authorized_keys; ps -u CUENTA",
				"passwd -S ACCOUNT; chage -l ACCOUNT; pdbedit -L -v ACCOUNT; crontab -l -u ACCOUNT; atq; grep -r ACCOUNT /etc/sudoers* /etc/cron* /etc/systemd/system; grep ACCOUNT ~*/.ssh/authorized_keys; ps -u ACCOUNT"),
		},
	}
}
