package tempfiles

import (
	"vigia/checks"
	"vigia/checks/host"
	"vigia/checks/message"
)

func say(es, en string) message.Text { return message.Text{ES: es, EN: en} }

func messages() message.Catalogue {
	look := say(
		"ejecute el agente como servicio del sistema; si persiste, revise los permisos de lo indicado",
		"run the agent as a system service; if it persists, look at the permissions of what is named")
	each := say("corrija cada uno de los indicados", "correct each of those named")
	closeFolder := say(
		"quite el permiso a los demás: en Linux, chmod o-rwx {path}; en Windows, Propiedades > Seguridad de {path}, deje solo Administradores, SYSTEM y la cuenta de la aplicación",
		"take the permission from others: on Linux, chmod o-rwx {path}; on Windows, Properties > Security of {path}, leave only Administrators, SYSTEM and the application's account")
	sticky := say(
		"en Linux, ejecute chmod 1777 {path}; en Windows, en Propiedades > Seguridad de {path}, quite a Usuarios los permisos de leer, modificar y eliminar",
		"on Linux, run chmod 1777 {path}; on Windows, in Properties > Security of {path}, take from Users the permissions to read, modify and delete")
	logs := say(
		"en Linux, chmod o-rwx {path} y ponga «create 0640 root adm» en su archivo de /etc/logrotate.d; en Windows, quite Usuarios en Propiedades > Seguridad",
		"on Linux, chmod o-rwx {path} and set \"create 0640 root adm\" in its file of /etc/logrotate.d; on Windows, remove Users in Properties > Security")
	dump := say(
		"borre los volcados que ya no hagan falta y quite el permiso a los demás en {path}",
		"delete the dumps that are no longer needed and take the permission from others on {path}")
	return message.Catalogue{
		"tempfiles.closed": {Say: say("temporales, registros y volcados están fuera del alcance de terceros ({places} lugares)", "temporary files, logs and dumps are out of reach of others ({places} places)")},

		"tempfiles.temp_delete": {Say: say("en {path} cualquiera puede borrar o cambiar los temporales de otros", "in {path} anybody can delete or change the temporary files of others"), Do: sticky},
		"tempfiles.temp_write":  {Say: say("en {path} cualquiera puede cambiar los temporales de otros", "in {path} anybody can change the temporary files of others"), Do: sticky},
		"tempfiles.temp_read":   {Say: say("en {path} cualquiera puede leer los temporales de otros", "in {path} anybody can read the temporary files of others"), Do: sticky},
		"tempfiles.log_write":   {Say: say("cualquiera puede escribir en el registro {path}", "anybody can write to the log {path}"), Do: logs},
		"tempfiles.log_read":    {Say: say("cualquiera puede leer el registro {path}", "anybody can read the log {path}"), Do: logs},
		"tempfiles.rotate_read": {Say: say("logrotate volverá a crear {path} de modo que cualquiera lo lea", "logrotate will make {path} anew so that anybody reads it"), Do: say(
			"en el archivo de /etc/logrotate.d que nombra {path}, ponga «create 0640 root adm»",
			"in the file of /etc/logrotate.d that names {path}, set \"create 0640 root adm\"")},
		"tempfiles.dump_read":   {Say: say("cualquiera puede leer los volcados de memoria de {path}", "anybody can read the memory dumps of {path}"), Do: dump},
		"tempfiles.dump_write":  {Say: say("cualquiera puede cambiar los volcados de memoria de {path}", "anybody can change the memory dumps of {path}"), Do: dump},
		"tempfiles.dump_delete": {Say: say("cualquiera puede borrar o cambiar los volcados de memoria de {path}", "anybody can delete or change the memory dumps of {path}"), Do: dump},
		"tempfiles.app_read":    {Say: say("cualquiera puede leer la carpeta de trabajo {path}", "anybody can read the working folder {path}"), Do: closeFolder},
		"tempfiles.app_write":   {Say: say("cualquiera puede escribir en la carpeta de trabajo {path}", "anybody can write to the working folder {path}"), Do: closeFolder},

		"tempfiles.more": {Say: say("hay {count} lugares más abiertos a terceros", "{count} more places are open to others"), Do: each},
		"tempfiles.privileged_dumps": {Say: say("se vuelca la memoria de programas con privilegios al alcance de sus usuarios (fs.suid_dumpable = 1)", "the memory of privileged programs is dumped within reach of their users (fs.suid_dumpable = 1)"),
			Do: say("ponga fs.suid_dumpable = 0 en /etc/sysctl.d y ejecute sysctl --system", "set fs.suid_dumpable = 0 in /etc/sysctl.d and run sysctl --system")},
		"tempfiles.page_file": {Say: say("el archivo de paginación conserva datos al apagar", "the page file keeps data when the machine shuts down"),
			Do: say("en secpol.msc > Directivas locales > Opciones de seguridad, active «Apagado: borrar el archivo de paginación de la memoria virtual», o cifre el disco", "in secpol.msc > Local Policies > Security Options, enable \"Shutdown: Clear virtual memory pagefile\", or encrypt the disk")},
		"tempfiles.not_looked":      {Say: say("todavía no se ha mirado la carpeta {path}", "the folder {path} has not been looked at yet"), Do: say("espere a la próxima medición", "wait for the next measurement")},
		"tempfiles.unread":          {Say: say("no se pudo leer {source} ({why})", "{source} could not be read ({why})"), Do: look},
		"tempfiles.several_fail":    {Say: say("{count} lugares o ajustes dejan temporales, registros o volcados al alcance de terceros", "{count} places or settings leave temporary files, logs or dumps within reach of others"), Do: each},
		"tempfiles.several_warn":    {Say: say("{count} lugares o ajustes por mejorar", "{count} places or settings to improve"), Do: each},
		"tempfiles.several_unknown": {Say: say("{count} lugares no se pudieron leer", "{count} places could not be read"), Do: look},
	}
}

func covers() map[host.OS]checks.Coverage {
	return map[host.OS]checks.Coverage{
		host.Linux: {
			Sources: append([]string{"/tmp", "/var/tmp", "/dev/shm", logFolder, rotateFile, rotateFolder, corePattern, suidDumpable}, dumpFolders()...),
			Missing: say(
				"temporales propios de cada servicio (PrivateTmp) y carpetas de aplicaciones que la política no declara; listas POSIX de un archivo a nombre de una persona",
				"temporary folders of each service (PrivateTmp) and folders of applications that the policy does not declare; POSIX lists of a file in a person's name"),
			ByHand: say(
				"ls -ld /tmp /var/tmp; find /var/log -perm /o+rw -type f; ls -l /var/lib/systemd/coredump /var/crash; sysctl kernel.core_pattern fs.suid_dumpable",
				"ls -ld /tmp /var/tmp; find /var/log -perm /o+rw -type f; ls -l /var/lib/systemd/coredump /var/crash; sysctl kernel.core_pattern fs.suid_dumpable"),
		},
		host.Windows: {
			Sources: []string{"GetSecurityInfo", keyEnvironment + `\TEMP`, keyCrash, keyLocalDumps, keyMemory + `\ClearPageFileAtShutdown`},
			Missing: say(
				"permisos de cada archivo dentro de las carpetas; carpetas de aplicaciones que la política no declara; los temporales de cada persona, que están en su perfil",
				"permissions of each file within the folders; folders of applications that the policy does not declare; the temporary files of each person, which are in the profile"),
			ByHand: say(
				"icacls C:\\Windows\\Temp C:\\Windows\\MEMORY.DMP C:\\inetpub\\logs\\LogFiles; secpol.msc > Opciones de seguridad > Apagado: borrar el archivo de paginación",
				"icacls C:\\Windows\\Temp C:\\Windows\\MEMORY.DMP C:\\inetpub\\logs\\LogFiles; secpol.msc > Security Options > Shutdown: Clear virtual memory pagefile"),
		},
	}
}
