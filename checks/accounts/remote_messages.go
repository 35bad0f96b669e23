package accounts

import (
	"vigia/checks"
	"vigia/checks/host"
	"vigia/checks/message"
)

func remoteMessages() message.Catalogue {
	return common(message.Catalogue{
		"remote.none":       {Say: say("no se puede trabajar en el equipo a distancia", "nobody can work at the machine from afar")},
		"remote.identified": {Say: say("quien entra a distancia se identifica con su propia cuenta", "whoever comes in from afar is known by an account of their own")},
		"remote.authorised": {Say: say("las herramientas de control remoto están autorizadas ({tools})", "the remote-control tools are authorised ({tools})")},
		"remote.tool": {Say: say("hay una herramienta de control remoto sin autorizar: {tool} ({how})", "there is a remote-control tool that is not authorised: {tool} ({how})"),
			Do: say("desinstálela (Configuración > Aplicaciones; en Linux, el gestor de paquetes) o, si se usa para soporte, anótela en la política con quién la usa y quítele el acceso desatendido", "uninstall it (Settings > Apps; on Linux, the package manager) or, if it is used for support, list it in the policy with who uses it and take unattended access from it")},
		"how.service":   {Say: say("como servicio", "as a service")},
		"how.installed": {Say: say("instalada", "installed")},
		"how.running":   {Say: say("en marcha", "running")},
		"remote.rdp_no_nla": {Say: say("Escritorio remoto está activo sin autenticación previa (NLA)", "Remote Desktop is on without authentication beforehand (NLA)"),
			Do: say("en Propiedades del sistema > Acceso remoto, marque «Permitir solo las conexiones… con Autenticación a nivel de red», o desactive Escritorio remoto si no se usa", "in System Properties > Remote, tick \"Allow connections only … with Network Level Authentication\", or turn Remote Desktop off if nobody uses it")},
		"remote.rdp_old_layer": {Say: say("Escritorio remoto usa su cifrado antiguo en lugar de TLS (SecurityLayer = 0)", "Remote Desktop uses its old encryption instead of TLS (SecurityLayer = 0)"),
			Do: say("en la directiva Plantillas administrativas > Componentes de Windows > Servicios de Escritorio remoto > Host > Seguridad, exija el nivel de seguridad SSL", "in the policy Administrative Templates > Windows Components > Remote Desktop Services > Session Host > Security, require the security layer SSL")},
		"remote.rdp_negotiated": {Say: say("Escritorio remoto exige NLA, pero aún negocia el nivel de seguridad en lugar de exigir TLS", "Remote Desktop demands NLA, but still negotiates the security layer instead of demanding TLS"),
			Do: say("en la directiva Plantillas administrativas > Componentes de Windows > Servicios de Escritorio remoto > Host > Seguridad, exija el nivel de seguridad SSL", "in the policy Administrative Templates > Windows Components > Remote Desktop Services > Session Host > Security, require the security layer SSL")},
		"remote.root_password": {Say: say("root puede entrar a distancia con contraseña ({source})", "root can come in from afar with a password ({source})"),
			Do: say("en {source} ponga «PermitRootLogin no» (AllowRootLogin=false en xrdp) y que cada persona entre con su cuenta y use sudo", "in {source} set \"PermitRootLogin no\" (AllowRootLogin=false in xrdp) and have each person come in with their account and use sudo")},
		"remote.root_keys": {Say: say("se entra como root con claves SSH, sin una cuenta propia ({source})", "one comes in as root with SSH keys, without an account of one's own ({source})"),
			Do: say("ponga «PermitRootLogin no» en {source} y quite las claves de /root/.ssh/authorized_keys, o deje solo las de tareas automáticas con «PermitRootLogin forced-commands-only»", "set \"PermitRootLogin no\" in {source} and remove the keys from /root/.ssh/authorized_keys, or leave only those of automatic tasks with \"PermitRootLogin forced-commands-only\"")},
		"remote.empty_password": {Say: say("se puede entrar por SSH en cuentas sin contraseña ({source})", "accounts without a password can be entered by SSH ({source})"),
			Do: say("ponga «PermitEmptyPasswords no» en {source} y reinicie sshd", "set \"PermitEmptyPasswords no\" in {source} and restart sshd")},
		"remote.conditional": {Say: say("un bloque Match permite «{setting}» ({source})", "a Match block allows \"{setting}\" ({source})"),
			Do: say("quite esa línea del bloque Match y reinicie sshd", "remove that line from the Match block and restart sshd")},
		"remote.keys_unowned": {Say: say("hay claves SSH de «{account}» que no dicen de quién son ({keys})", "there are SSH keys of \"{account}\" that do not say whose they are ({keys})"),
			Do: say("averigüe de quién es cada clave de authorized_keys y escriba su nombre al final de la línea, o borre la clave", "find out whose each key of authorized_keys is and write the name at the end of the line, or delete the key")},
		"source.processes":             {Say: say("la lista de procesos", "the list of processes")},
		"account." + sidAdministrators: {Say: say("Administradores", "Administrators")},
		"source.policy":                {Say: say("directiva de grupo", "group policy")},
		"source.local":                 {Say: say("configuración del equipo", "settings of the machine")},
	})
}

func remoteCovers() map[host.OS]checks.Coverage {
	return map[host.OS]checks.Coverage{
		host.Windows: {
			Sources: []string{keyTerminalPolicy, keyTerminal, keyTerminalTCP, keyServices, keyUninstall, keyUninstall32, `HKU\<SID>` + belowUninstall, sshFolder, "processes"},
			Missing: say(
				"claves SSH de cada persona en su perfil; herramientas que no están en la lista ("+toolsAsOf+") o descargadas y cerradas; la lista de usuarios de la VPN, que se revisa a mano",
				"SSH keys of each person in the profile; tools that are not in the list ("+toolsAsOf+") or downloaded and closed; the list of VPN users, which is reviewed by hand"),
			ByHand: say(
				"Propiedades del sistema > Acceso remoto; Configuración > Aplicaciones instaladas; services.msc: busque AnyDesk, TeamViewer, VNC y similares",
				"System Properties > Remote; Settings > Installed apps; services.msc: look for AnyDesk, TeamViewer, VNC and the like"),
		},
		host.Linux: {
			Sources: []string{sshdFile, "/etc/ssh/sshd_config.d", "/etc/default/ssh", "/etc/sysconfig/sshd", "authorized_keys", xrdpFile, "processes"},
			Missing: say(
				"claves que da un programa (AuthorizedKeysCommand) o un certificado; qué cuentas cumplen un bloque Match; herramientas que no están en la lista ("+toolsAsOf+")",
				"keys that a program gives (AuthorizedKeysCommand) or a certificate; which accounts meet a Match block; tools that are not in the list ("+toolsAsOf+")"),
			ByHand: say(
				"sshd -T | grep -i -e permitroot -e password; cat ~CUENTA/.ssh/authorized_keys; ps -e | grep -i -e vnc -e anydesk -e teamviewer",
				"sshd -T | grep -i -e permitroot -e password; cat ~ACCOUNT/.ssh/authorized_keys; ps -e | grep -i -e vnc -e anydesk -e teamviewer"),
		},
	}
}
