package auditing

import "vigia/checks/message"

func say(es, en string) message.Text { return message.Text{ES: es, EN: en} }

// shared says the reasons that both checks give.
func shared() message.Catalogue {
	kept := say(
		"En Linux instale rsyslog (o ponga Storage=persistent en /etc/systemd/journald.conf y reinicie systemd-journald), para que el registro no se pierda al apagar.",
		"On Linux install rsyslog (or set Storage=persistent in /etc/systemd/journald.conf and restart systemd-journald), so that the log outlives a shutdown.")
	who := say(
		"Averigüe quién lo hizo y por qué, y anótelo en el libro de incidencias si nadie lo había autorizado.",
		"Find out who did it and why, and note it in the incident book if nobody had authorised it.")
	size := say(
		"Abra el Visor de eventos, Registros de Windows, botón derecho en Seguridad, Propiedades: suba el tamaño máximo y elija «Sobrescribir eventos si es necesario» o «Archivar el registro cuando esté lleno».",
		"Open the Event Viewer, Windows Logs, right click on Security, Properties: raise the maximum size and choose to overwrite events as needed or to archive the log when full.")
	return message.Catalogue{
		"log.disabled": {Say: say("el servicio de registro de eventos no está en marcha", "the event log service does not run"),
			Do: say("En services.msc ponga «Registro de eventos de Windows» en inicio Automático y reinicie el equipo.", "In services.msc set \"Windows Event Log\" to start automatically and restart the machine.")},
		"log.none":     {Say: say("ningún programa guarda el registro del sistema", "no program keeps the log of the system"), Do: kept},
		"log.volatile": {Say: say("el registro solo está en memoria y se pierde al apagar", "the log is in memory only and lost at shutdown"), Do: kept},
		"log.stopped": {Say: say("no se escribe nada en el registro desde el {day}", "nothing has been written to the log since {day}"),
			Do: say("Mire con «systemctl status systemd-journald» y «df -h /var» si el servicio está parado o el disco lleno.", "Look with \"systemctl status systemd-journald\" and \"df -h /var\" whether the service has stopped or the disk is full.")},
		"log.syslog_stopped": {Say: say("no se escribe nada en {path} desde el {day}, aunque el equipo se ha usado después", "nothing has been written to {path} since {day}, although the machine has been used since"),
			Do: say("Mire con «systemctl status rsyslog» y «df -h /var» si el servicio está parado o el disco lleno, y arránquelo.", "Look with \"systemctl status rsyslog\" and \"df -h /var\" whether the service has stopped or the disk is full, and start it.")},
		"log.syslog_silent": {Say: say("no se escribe nada en {path} desde el {day}, y no se sabe si alguien entró en el equipo desde entonces", "nothing has been written to {path} since {day}, and whether somebody has logged on since is not known"),
			Do: say("Entre en el equipo y mire con «tail /var/log/auth.log» (o /var/log/secure) si queda anotado; si no, «systemctl status rsyslog».", "Log on to the machine and look with \"tail /var/log/auth.log\" (or /var/log/secure) whether it is noted; if not, \"systemctl status rsyslog\".")},
		"log.drops": {Say: say("el registro tira los mensajes de acceso y de cuentas (nivel máximo {level}; hace falta info)", "the log drops the messages about log-ons and accounts (highest level {level}; info is needed)"),
			Do: say("Quite MaxLevelStore, MaxLevelSyslog y Storage=none de /etc/systemd/journald.conf y de sus .conf.d, y ejecute «systemctl restart systemd-journald».", "Remove MaxLevelStore, MaxLevelSyslog and Storage=none from /etc/systemd/journald.conf and its .conf.d, and run \"systemctl restart systemd-journald\".")},
		"log.cleared": {Say: say("{by} vació el registro {channel} el {day}", "{by} emptied the log {channel} on {day}"), Do: who},
		"log.gap": {Say: say("el {day} el registro de eventos estuvo parado {minutes} min con el equipo encendido", "on {day} the event log was stopped for {minutes} min while the machine ran"),
			Do: who},
		"log.lost":            {Say: say("el {day} el registro de seguridad se llenó y se perdieron eventos", "on {day} the security log was full and events were lost"), Do: size},
		"log.stops_when_full": {Say: say("cuando el registro de seguridad se llene dejará de anotar", "the security log will stop recording once it is full"), Do: size},
		"log.small":           {Say: say("el registro de seguridad solo admite {kb} KB (mínimo {limit})", "the security log holds only {kb} KB (at least {limit})"), Do: size},
		"log.short": {Say: say("el registro solo llega hasta el {since}, aunque el equipo es anterior (se piden {limit} días)", "the log reaches back only to {since}, although the machine is older ({limit} days are asked for)"),
			Do: say("Aumente el tamaño del registro (Windows: Visor de eventos, Seguridad, Propiedades; Linux: SystemMaxUse en /etc/systemd/journald.conf o «rotate» en /etc/logrotate.d/rsyslog) y compruebe que nadie lo borró.",
				"Raise the size of the log (Windows: Event Viewer, Security, Properties; Linux: SystemMaxUse in /etc/systemd/journald.conf or \"rotate\" in /etc/logrotate.d/rsyslog) and make sure that nobody deleted it.")},
		"auditing.unread": {Say: say("no se pudo leer {source} ({why})", "{source} could not be read ({why})"),
			Do: say("Ejecute el agente como servicio del sistema; si persiste, revise los permisos de lo indicado.", "Run the agent as a system service; if it persists, look at the permissions of what is named.")},
		"auditing.several": {Say: say("{bad} avisos sobre los registros", "{bad} findings about the logs"),
			Do: say("Revise cada uno de los indicados.", "Look at each of those named.")},
		"source.AuditQuerySystemPolicy": {Say: say("la directiva de auditoría de Windows", "the audit policy of Windows")},
		"source.journal":                {Say: say("el diario de systemd (journal)", "the systemd journal")},
		"source.NetGetJoinInformation":  {Say: say("a qué dominio pertenece el equipo", "the domain to which the machine belongs")},
		"source.EvtQuery:Security":      {Say: say("el registro de eventos Seguridad", "the event log Security")},
		"source.EvtQuery:System":        {Say: say("el registro de eventos Sistema", "the event log System")},
		"audit.logon":                   {Say: say("Inicio de sesión (errores)", "Logon (failure)")},
		"audit.credentials":             {Say: say("Validación de credenciales (errores)", "Credential Validation (failure)")},
		"audit.kerberos":                {Say: say("Servicio de autenticación Kerberos (errores)", "Kerberos Authentication Service (failure)")},
		"audit.accounts":                {Say: say("Administración de cuentas de usuario (aciertos)", "User Account Management (success)")},
		"audit.groups":                  {Say: say("Administración de grupos de seguridad (aciertos)", "Security Group Management (success)")},
	}
}

// failuresMessages says the reasons of auditing.failures.
func failuresMessages() message.Catalogue {
	attack := say(
		"Pregunte a la persona si fue ella. Si no, trátelo como incidencia: cambie la contraseña, limite de dónde se puede entrar (cortafuegos, VPN) y bloquee la dirección de origen.",
		"Ask the person whether it was they. If not, treat it as an incident: change the password, limit from where one can log on (firewall, VPN) and block the source address.")
	m := shared()
	m.Merge(message.Catalogue{
		"failures.logged": {Say: say("los accesos fallidos quedan registrados; {count} en los últimos {days} días", "failed log-ons are logged; {count} in the last {days} days")},
		"failures.not_audited": {Say: say("Windows no registra: {audit}", "Windows does not log: {audit}"),
			Do: say("Abra secpol.msc (o la directiva de grupo), Configuración de directiva de auditoría avanzada, y active la subcategoría indicada.", "Open secpol.msc (or the group policy), Advanced Audit Policy Configuration, and enable the subcategory named.")},
		"failures.sshd_quiet": {Say: say("el servidor SSH no anota los accesos fallidos (LogLevel {level})", "the SSH server does not log failed log-ons (LogLevel {level})"),
			Do: say("Quite la línea LogLevel de /etc/ssh/sshd_config (o ponga INFO) y ejecute «systemctl reload ssh».", "Remove the line LogLevel from /etc/ssh/sshd_config (or set INFO) and run \"systemctl reload ssh\".")},
		"failures.account": {Say: say("{day}: {count} accesos fallidos a la cuenta «{account}», {peak} en diez minutos (límite {limit})", "{day}: {count} failed log-ons at the account \"{account}\", {peak} within ten minutes (limit {limit})"), Do: attack},
		"failures.account_slow": {Say: say("{day}: {count} accesos fallidos a la cuenta «{account}», poco a poco (aviso desde {limit} al día)", "{day}: {count} failed log-ons at the account \"{account}\", slowly (a warning from {limit} a day)"),
			Do: say("Mire si un programa, un teléfono o una carpeta de red usa una contraseña antigua. Si no, alguien prueba despacio para que la cuenta no se bloquee: trátelo como incidencia.", "Look whether a program, a phone or a network folder uses an old password. If not, somebody tries slowly so that the account does not lock: treat it as an incident.")},
		"failures.source": {Say: say("{day}: desde {source} se probaron {accounts} cuentas en {count} intentos (límite {limit} cuentas)", "{day}: {accounts} accounts were tried from {source} in {count} attempts (limit {limit} accounts)"), Do: attack},
		"failures.unknown_here": {Say: say("{day}: {count} intentos en el propio equipo, o sin origen anotado, con nombres que no son cuentas del equipo", "{day}: {count} attempts at the machine itself, or without a noted source, with names that are no accounts of the machine"),
			Do: say("Pregunte a quien usa el equipo si tecleaba mal su usuario. Si no, trátelo como incidencia: alguien prueba nombres delante del equipo o desde un programa.", "Ask whoever uses the machine whether the name was mistyped. If not, treat it as an incident: somebody tries names in front of the machine or from a program.")},
		"failures.source_unknown": {Say: say("{day}: desde {source} se hicieron {count} intentos con nombres que no son cuentas del equipo", "{day}: {count} attempts were made from {source} with names that are no accounts of the machine"),
			Do: say("Cierre al exterior el servicio por el que llegan (SSH, escritorio remoto) o deje pasar solo las direcciones que lo necesitan.", "Close the service by which they come (SSH, remote desktop) to the outside, or let only those addresses in that need it.")},
	})
	return m
}

// changesMessages says the reasons of auditing.account_changes.
func changesMessages() message.Catalogue {
	confirm := say(
		"Confirme con quien lo pidió que el cambio está autorizado y anotado en la relación de usuarios; si nadie lo pidió, desactive la cuenta y trátelo como incidencia. El aviso desaparece solo a los pocos días.",
		"Confirm with whoever asked that the change is authorised and noted in the list of users; if nobody did, disable the account and treat it as an incident. The notice goes away by itself after some days.")
	m := shared()
	m.Merge(message.Catalogue{
		"changes.none":      {Say: say("ninguna cuenta ni grupo cambió en los últimos {days} días", "no account or group changed in the last {days} days")},
		"changes.none_here": {Say: say("ninguna cuenta ni grupo de este equipo cambió en los últimos {days} días; las del dominio o la nube hay que mirarlas aparte, una vez", "no account or group of this machine changed in the last {days} days; those of the domain or the cloud must be looked at apart, once")},
		"changes.elsewhere": {Say: say("las cuentas del dominio no se ven en el registro de este equipo: las mira, si lo hay, el equipo elegido para leer el directorio", "the accounts of the domain are not seen in the log of this machine: the one chosen to read the directory, if there is one, looks at them"),
			Do: say("Elija un equipo que lea el directorio (guía «El directorio»), o instale el agente en los controladores del dominio. Basta con uno para todos.", "Choose a machine that reads the directory (guide \"El directorio\"), or install the agent on the controllers of the domain. One is enough for all.")},
		"changes.elsewhere_cloud": {Say: say("las cuentas de Entra ID no se ven en el registro de este equipo", "the accounts of Entra ID are not seen in the log of this machine"),
			Do: say("Revise en entra.microsoft.com, Supervisión y estado, Registros de auditoría, los cambios de usuarios y grupos, y guarde la revisión. Basta una vez para todos los equipos.", "Look at the changes of users and groups in entra.microsoft.com, Monitoring & health, Audit logs, and keep the review. Once is enough for all machines.")},
		"changes.account":           {Say: say("{day}: cuenta «{account}»: {done}", "{day}: account \"{account}\": {done}"), Do: confirm},
		"changes.account_by":        {Say: say("{day}: cuenta «{account}»: {done} (por {by})", "{day}: account \"{account}\": {done} (by {by})"), Do: confirm},
		"changes.account_groups":    {Say: say("{day}: cuenta «{account}»: {done} (grupos: {groups})", "{day}: account \"{account}\": {done} (groups: {groups})"), Do: confirm},
		"changes.account_groups_by": {Say: say("{day}: cuenta «{account}»: {done} (grupos: {groups}; por {by})", "{day}: account \"{account}\": {done} (groups: {groups}; by {by})"), Do: confirm},
		"changes.group":             {Say: say("{day}: grupo «{account}»: {done}", "{day}: group \"{account}\": {done}"), Do: confirm},
		"changes.group_by":          {Say: say("{day}: grupo «{account}»: {done} (por {by})", "{day}: group \"{account}\": {done} (by {by})"), Do: confirm},
		"changes.file":              {Say: say("{path} se modificó el {day} y el registro no dice qué cambió", "{path} was written on {day} and the log does not say what changed"), Do: confirm},
		"changes.more":              {Say: say("hay {count} cambios más", "there are {count} more changes"), Do: confirm},
		"changes.not_audited": {Say: say("Windows no registra: {audit}", "Windows does not log: {audit}"),
			Do: say("Abra secpol.msc (o la directiva de grupo), Configuración de directiva de auditoría avanzada, Administración de cuentas, y active la subcategoría indicada.", "Open secpol.msc (or the group policy), Advanced Audit Policy Configuration, Account Management, and enable the subcategory named.")},
		"done.created":       {Say: say("creada", "created")},
		"done.deleted":       {Say: say("borrada", "deleted")},
		"done.enabled":       {Say: say("activada", "enabled")},
		"done.disabled":      {Say: say("desactivada", "disabled")},
		"done.changed":       {Say: say("modificada", "changed")},
		"done.renamed":       {Say: say("cambió de nombre", "renamed")},
		"done.password_set":  {Say: say("otra persona le puso contraseña", "given a password by somebody else")},
		"done.locked_out":    {Say: say("bloqueada por intentos fallidos", "locked out by failed attempts")},
		"done.unlocked":      {Say: say("desbloqueada", "unlocked")},
		"done.joined":        {Say: say("añadida a un grupo", "added to a group")},
		"done.left":          {Say: say("quitada de un grupo", "removed from a group")},
		"done.group_created": {Say: say("grupo creado", "group created")},
		"done.group_deleted": {Say: say("grupo borrado", "group deleted")},
		"done.group_changed": {Say: say("grupo modificado", "group changed")},
	})
	return m
}
