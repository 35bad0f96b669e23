package inventory

import "vigia/checks/message"

// unauthorisedMessages says the reasons of inventory.unauthorised.
func unauthorisedMessages() message.Catalogue {
	decide := say(
		"decida en una semana: desinstálelo (Configuración > Aplicaciones; en Linux, el gestor de paquetes) o añádalo a «software» en el archivo de la política y vuelva a importarla con vigia policy import",
		"decide within a week: uninstall it (Settings > Apps; on Linux, the package manager) or add it to \"software\" in the policy file and import that again with vigia policy import")
	remove := say(
		"pregunte a quien usa el equipo para qué lo quiere y bórrelo, o apruébelo por su nombre en «software» de la política",
		"ask whoever uses the machine what it is for and delete it, or approve it by its name under \"software\" of the policy")
	return message.Catalogue{
		"unauthorised.all_listed": {Say: say("los {programs} programas elegidos por alguien y los {loose} sueltos están en la lista autorizada", "all {programs} programs that somebody chose and the {loose} loose ones are on the approved list")},
		"unauthorised.some":       {Say: say("{bad} programas no autorizados (de {programs} instalados, {users} por usuarios, y {loose} sueltos)", "{bad} programs without authorisation (of {programs} installed, {users} by users, and {loose} loose)"), Do: decide},
		"unauthorised.no_list": {Say: say("hay {programs} programas elegidos por alguien ({users} instalados por usuarios) y {loose} sueltos, y no hay lista autorizada con que compararlos", "there are {programs} programs that somebody chose ({users} installed by users) and {loose} loose ones, and no approved list to compare them with"),
			Do: say("haga la lista: en un equipo de confianza ejecute vigia-agent check inventory.unauthorised --format json, copie los nombres que el responsable apruebe en «software» del archivo de la política (* vale por cualquier texto; también por fabricante) e impórtelo con vigia policy import",
				"make the list: on a machine you trust run vigia-agent check inventory.unauthorised --format json, copy the names that the person in charge approves to \"software\" in the policy file (* stands for any text; or by publisher) and import it with vigia policy import")},
		"unauthorised.unread": {Say: say("no se pudo leer todo ({sources}); {programs} programas leídos", "not everything could be read ({sources}); {programs} programs were"),
			Do: say("ejecute el agente como servicio del sistema; si persiste, compruebe a mano lo indicado", "run the agent as a system service; if it persists, look by hand at what is named")},
		"unauthorised.only_downloads": {Say: say("todo lo instalado está autorizado; hay instaladores acumulados en carpetas de descargas", "all that is installed is approved; installers gather in folders of downloads"),
			Do: say("borre los instaladores que ya no hagan falta", "delete the installers that are no longer needed")},
		"unauthorised.unlisted":     {Say: say("versión {version}, de {publisher}: no está en la lista autorizada ({where})", "version {version}, by {publisher}: not on the approved list ({where})"), Do: decide},
		"unauthorised.denied":       {Say: say("versión {version}, de {publisher}: se decidió que no puede estar ({where})", "version {version}, by {publisher}: it was decided that it may not be there ({where})"), Do: say("desinstálelo", "uninstall it")},
		"unauthorised.loose":        {Say: say("«{name}» ({loose_in}, perfil: {profile}) no está en la lista autorizada", "\"{name}\" ({loose_in}, profile: {profile}) is not on the approved list"), Do: remove},
		"unauthorised.loose_denied": {Say: say("«{name}» ({loose_in}, perfil: {profile}): se decidió que no puede estar", "\"{name}\" ({loose_in}, profile: {profile}): it was decided that it may not be there"), Do: say("bórrelo", "delete it")},
		"unauthorised.downloads": {Say: say("{programs} instaladores en las descargas de «{profile}» (máximo {max})", "{programs} installers in the downloads of \"{profile}\" (limit {max})"),
			Do: say("borre los que no hagan falta; los programas los instala quien administra los equipos", "delete those not needed; programs are installed by whoever administers the machines")},

		// Where a loose program lies, as the argument {loose_in}.
		"loose_in.local_bin": {Say: say("carpeta .local/bin de una persona", "a person's folder .local/bin")},
		"loose_in.home_bin":  {Say: say("carpeta bin de una persona", "a person's folder bin")},
		"loose_in.appimage":  {Say: say("AppImage en la carpeta de una persona", "AppImage in a person's folder")},
		"loose_in.desktop":   {Say: say("programa en el escritorio", "program on the desktop")},
		"loose_in.programs":  {Say: say("AppData\\Local\\Programs, sin constar como instalado", "AppData\\Local\\Programs, not listed as installed")},
		"loose_in.opt":       {Say: say("carpeta de /opt sin paquete", "folder of /opt without package")},
		"loose_in.usr_local": {Say: say("/usr/local, sin paquete", "/usr/local, without package")},
	}
}

// specialMessages says the reasons of inventory.special_utilities.
func specialMessages() message.Catalogue {
	remove := say(
		"desinstálela o bórrela; si este equipo la necesita por su función, que el responsable lo autorice y ponga «{id}» en «allowed» del control INV-SPECIAL-UTIL para este equipo",
		"uninstall or delete it; if this machine needs it for its work, have the person in charge approve it and put \"{id}\" into \"allowed\" of control INV-SPECIAL-UTIL for this machine")
	return message.Catalogue{
		"utility.none":    {Say: say("no hay utilidades de acceso en bruto (lista del {list})", "there are no raw-access utilities (list of {list})")},
		"utility.allowed": {Say: say("solo están las {tools} utilidades autorizadas y las ejecutan los administradores (lista del {list})", "only the {tools} approved utilities are there and administrators run them (list of {list})")},
		"utility.some": {Say: say("{bad} motivos: utilidades de acceso en bruto o discos al alcance de cualquiera ({tools} utilidades, lista del {list})", "{bad} reasons: raw-access utilities or disks within anyone's reach ({tools} utilities, list of {list})"),
			Do: say("trate cada hallazgo: desinstalar, autorizar para este equipo o cerrar el permiso", "deal with each finding: uninstall, approve for this machine or close the permission")},
		"utility.some_unknown": {Say: say("de las {tools} utilidades autorizadas no se sabe quién puede ejecutar alguna", "of the {tools} approved utilities it is not known who may run some")},
		"utility.unread": {Say: say("no se pudo mirar todo ({sources}); {tools} utilidades encontradas (lista del {list})", "not everything could be looked at ({sources}); {tools} utilities were found (list of {list})"),
			Do: say("ejecute el agente como servicio del sistema; si una carpeta es demasiado grande, revísela a mano", "run the agent as a system service; if a folder is too large, look through it by hand")},
		"utility.present":   {Say: say("{name} ({tool_kind}): {where} ({known_by}; {places} sitios; perfil: {profile})", "{name} ({tool_kind}): {where} ({known_by}; {places} places; profile: {profile})"), Do: remove},
		"utility.disguised": {Say: say("{where} es {name} ({tool_kind}) según su propia información de versión, se llame como se llame ({places} sitios; perfil: {profile})", "{where} is {name} ({tool_kind}) by its own version information, whatever it is called ({places} places; profile: {profile})"), Do: remove},
		"utility.hash":      {Say: say("{where} es {name} ({tool_kind}) por su huella SHA-256, se llame como se llame ({places} sitios; perfil: {profile})", "{where} is {name} ({tool_kind}) by its SHA-256, whatever it is called ({places} places; profile: {profile})"), Do: remove},
		"utility.signer":    {Say: say("{where} dice estar firmado por «{signer}», como {name} ({tool_kind}) ({places} sitios; perfil: {profile})", "{where} says to be signed by \"{signer}\", as {name} ({tool_kind}) is ({places} places; profile: {profile})"), Do: remove},
		"utility.everyone": {Say: say("{name} ({tool_kind}) está autorizada y la puede ejecutar cualquiera: {where}", "{name} ({tool_kind}) is approved and anyone may run it: {where}"),
			Do: say("deje el permiso de ejecutar solo a los administradores (Propiedades > Seguridad; en Debian, dpkg-statoverride --update --add root adm 0750 RUTA)",
				"leave the permission to run it to administrators alone (Properties > Security; on Debian, dpkg-statoverride --update --add root adm 0750 PATH)")},
		"utility.who_unknown": {Say: say("{name} ({tool_kind}) está autorizada y no se sabe quién puede ejecutarla: {where}", "{name} ({tool_kind}) is approved and it is not known who may run it: {where}"),
			Do: say("compruebe a mano los permisos de su carpeta", "look at the permissions of its folder by hand")},
		"utility.disk_group": {Say: say("la cuenta «{account}» está en el grupo disk: lee y escribe los discos sin pasar por los permisos de los archivos", "the account \"{account}\" is in the group disk: it reads and writes disks past the permissions of files"),
			Do: say("quítela del grupo: gpasswd -d CUENTA disk", "take it out of the group: gpasswd -d ACCOUNT disk")},
		"utility.open_device": {Say: say("cualquiera puede leer o escribir el disco {device}", "anyone may read or write the disk {device}"),
			Do: say("quite el permiso a otros (chmod o-rw) y busque la regla de udev que lo pone, en /etc/udev/rules.d", "take the permission from others (chmod o-rw) and look for the rule of udev that sets it, in /etc/udev/rules.d")},

		"utility.setuid": {Say: say("{program} tiene el bit setuid: lo ejecuta cualquiera con los permisos de su dueño", "{program} has the set-user-id bit: anyone runs it with the rights of its owner"),
			Do: say("quítelo (chmod u-s ARCHIVO), averigüe quién lo puso y trátelo como un posible incidente", "remove it (chmod u-s FILE), find out who set it and treat it as a possible incident")},

		// What a tool is for, and how it was recognised: the arguments {tool_kind} and {known_by}.
		"tool_kind.credentials":      {Say: say("extrae o adivina contraseñas", "extracts or guesses passwords")},
		"tool_kind.remote_execution": {Say: say("ejecuta en otros equipos", "runs on other machines")},
		"tool_kind.disk_editor":      {Say: say("editor de disco o hexadecimal", "disk or hex editor")},
		"tool_kind.recovery":         {Say: say("recupera archivos borrados", "recovers deleted files")},
		"tool_kind.forensics":        {Say: say("análisis de discos, memoria o buzones", "analysis of disks, memory or mailboxes")},
		"tool_kind.database_browser": {Say: say("abre bases de datos sin la aplicación", "opens databases without the application")},
		"tool_kind.sniffer":          {Say: say("capta tráfico o teclas", "captures traffic or keys")},
		"tool_kind.scanner":          {Say: say("explora la red o ataca webs", "scans networks or attacks sites")},
		"tool_kind.privilege":        {Say: say("eleva privilegios o controla procesos", "raises privileges or controls processes")},
		"tool_kind.other":            {Say: say("añadida por la organización", "added by the organisation")},
		"known_by.package":           {Say: say("paquete instalado", "installed package")},
		"known_by.product":           {Say: say("programa instalado", "installed program")},
		"known_by.file_name":         {Say: say("archivo con ese nombre", "file of that name")},
		"known_by.version_resource":  {Say: say("por su información de versión", "by its version information")},
		"known_by.hash":              {Say: say("por su huella SHA-256", "by its SHA-256")},
		"known_by.signer":            {Say: say("por quien dice firmarlo", "by whom it says to be signed by")},
	}
}
