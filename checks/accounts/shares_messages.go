package accounts

import (
	"vigia/checks"
	"vigia/checks/host"
	"vigia/checks/message"
)

func shareMessages() message.Catalogue {
	limit := say(
		"en Windows, abra Administración de equipos > Carpetas compartidas > Recursos compartidos, y en Permisos de «{share}» quite Todos e Invitados y deje el grupo que la usa; en Linux, quite «guest ok» o el «*» en {source}",
		"on Windows, open Computer Management > Shared Folders > Shares, and in the permissions of \"{share}\" remove Everyone and Guests and leave the group that uses it; on Linux, remove \"guest ok\" or the \"*\" in {source}")
	group := say(
		"dé el permiso solo al grupo que usa «{share}» (permisos del recurso y de la carpeta; en Samba, «valid users»), o anótela como pública en la política si debe verla toda la plantilla",
		"give the permission only to the group that uses \"{share}\" (permissions of the share and of the folder; in Samba, \"valid users\"), or list it as public in the policy if all staff must see it")
	return common(message.Catalogue{
		"shares.none":             {Say: say("el equipo no comparte carpetas", "the machine shares no folders")},
		"shares.closed":           {Say: say("las carpetas compartidas ({shares}) son solo para quien está autorizado", "the shared folders ({shares}) are only for those who are authorised")},
		"shares.strangers_write":  {Say: say("cualquiera, sin identificarse, puede escribir en «{share}» ({source})", "anybody can write to \"{share}\" without giving a name ({source})"), Do: limit},
		"shares.strangers_read":   {Say: say("cualquiera, sin identificarse, puede leer «{share}» ({source})", "anybody can read \"{share}\" without giving a name ({source})"), Do: limit},
		"shares.everybody_writes": {Say: say("todas las cuentas pueden escribir en «{share}» ({source})", "all accounts can write to \"{share}\" ({source})"), Do: group},
		"shares.everybody_reads":  {Say: say("todas las cuentas pueden leer «{share}» ({source})", "all accounts can read \"{share}\" ({source})"), Do: group},
		"shares.remote_root": {Say: say("quien administra otra máquina administra también «{share}» (no_root_squash, {source})", "whoever administers another machine administers \"{share}\" too (no_root_squash, {source})"),
			Do: say("quite no_root_squash de {source} y ejecute exportfs -ra", "remove no_root_squash from {source} and run exportfs -ra")},
		"shares.smb1": {Say: say("está activa la versión 1 de SMB, que es insegura ({side})", "version 1 of SMB is on, which is not safe ({side})"),
			Do: say("en Windows, quite «Compatibilidad con SMB 1.0» en Activar o desactivar las características de Windows; en Samba, ponga «server min protocol = SMB2»", "on Windows, remove \"SMB 1.0 support\" in Turn Windows features on or off; in Samba, set \"server min protocol = SMB2\"")},
		"side.server": {Say: say("servidor", "server")},
		"side.client": {Say: say("cliente", "client")},
		"shares.anonymous": {Say: say("el equipo da acceso a quien no se identifica ({setting})", "the machine lets in who gives no name ({setting})"),
			Do: say("en secpol.msc > Directivas locales > Opciones de seguridad, revise las opciones «Acceso a redes» y vuelva {setting} a su valor seguro", "in secpol.msc > Local Policies > Security Options, review the \"Network access\" options and set {setting} back to its safe value")},
		"shares.enumerate": {Say: say("quien no se identifica puede ver la lista de recursos compartidos (RestrictAnonymous = 0)", "who gives no name can see the list of shares (RestrictAnonymous = 0)"),
			Do: say("en secpol.msc > Directivas locales > Opciones de seguridad, active «Acceso a redes: no permitir enumeraciones anónimas de cuentas y recursos compartidos SAM»", "in secpol.msc > Local Policies > Security Options, enable \"Network access: Do not allow anonymous enumeration of SAM accounts and shares\"")},
		"shares.database": {Say: say("{database} acepta conexiones de toda la red (puerto {port})", "{database} accepts connections from the whole network (port {port})"),
			Do: say("haga que escuche solo en 127.0.0.1 (bind-address, listen_addresses) o limite el puerto en el cortafuegos a los equipos que lo usan", "have it listen on 127.0.0.1 only (bind-address, listen_addresses) or limit the port in the firewall to the machines that use it")},
		"shares.other_server": {Say: say("hay un servidor {server} (puerto {port}) y no se sabe a quién deja entrar", "there is a {server} server (port {port}) and it is not known whom it lets in"),
			Do: say("compruebe que pide cuenta y contraseña y que no admite anónimos (en vsftpd, anonymous_enable=NO; en rsyncd.conf, «auth users»); después añada «{server}» a reviewed en la política, o desinstálelo si no se usa", "see that it asks for account and password and takes nobody without a name (in vsftpd, anonymous_enable=NO; in rsyncd.conf, \"auth users\"); then add \"{server}\" to reviewed in the policy, or uninstall it if nobody uses it")},
		"source.listeners": {Say: say("la lista de puertos abiertos", "the list of open ports")},
	})
}

func shareCovers() map[host.OS]checks.Coverage {
	return map[host.OS]checks.Coverage{
		host.Windows: {
			Sources: []string{keyShares, keyShares + `\Security`, "GetSecurityInfo", keyServerPars, keyServices + `\srv`, keyServices + `\mrxsmb10`, keyLSA, "listeners"},
			Missing: say(
				"los recursos administrativos (C$, ADMIN$), que solo abre un administrador; permisos de archivos por debajo de la carpeta compartida; miembros de los grupos con nombre",
				"administrative shares (C$, ADMIN$), which only an administrator opens; permissions of files below the shared folder; members of named groups"),
			ByHand: say(
				"Administración de equipos > Carpetas compartidas > Recursos compartidos: Propiedades > Permisos del recurso compartido y Seguridad; PowerShell: Get-SmbShare | Get-SmbShareAccess y Get-SmbServerConfiguration",
				"Computer Management > Shared Folders > Shares: Properties > Share Permissions and Security; PowerShell: Get-SmbShare | Get-SmbShareAccess and Get-SmbServerConfiguration"),
		},
		host.Linux: {
			Sources: []string{smbFile, "/var/lib/samba/usershares", exportsFile, exportsDir, "listeners"},
			Missing: say(
				"la configuración de Samba guardada en su registro y los archivos con variables en el nombre quedan como desconocidos; hosts allow; a quién dejan entrar otros servidores: si hay uno de FTP, AFP o rsync queda como desconocido, y uno web (WebDAV) no se mira",
				"Samba's configuration in its registry and files with variables in their name stay unknown; hosts allow; whom other servers let in: one of FTP, AFP or rsync stays unknown, and one of the web (WebDAV) is not looked at"),
			ByHand: say(
				"testparm -s y, en otro equipo, smbclient -N -L //EQUIPO; exportfs -v; ss -ltn",
				"testparm -s and, on another machine, smbclient -N -L //MACHINE; exportfs -v; ss -ltn"),
		},
	}
}

func privilegeCovers() map[host.OS]checks.Coverage {
	return map[host.OS]checks.Coverage{
		host.Windows: {
			Sources: append([]string{"NetLocalGroupGetMembers", sidAdministrators}, append(powerfulGroups(), fromUsers, keyCloudJoin, keyPoliciesSystem, keyShares)...),
			Missing: say(
				"los miembros de los grupos de un dominio y de los roles de Entra ID, que dice el directorio; privilegios dados a mano en «Asignación de derechos de usuario»; permisos de servicios y carpetas del sistema",
				"members of the groups of a domain and of roles of Entra ID, which the directory tells; privileges given by hand in \"User Rights Assignment\"; permissions of services and system folders"),
			ByHand: say(
				"Administración de equipos > Usuarios y grupos locales > Grupos > Administradores; Panel de control > Cuentas de usuario > Control de cuentas de usuario",
				"Computer Management > Local Users and Groups > Groups > Administrators; Control Panel > User Accounts > User Account Control"),
		},
		host.Linux: {
			Sources: append([]string{"/etc/passwd", "/etc/group", sudoersFile, "/etc/sudoers.d", doasFile, "/etc/hostname", "/etc/pam.d/su, sudo, polkit-1", "/run/docker.sock"}, polkitDirs()...),
			Missing: say(
				"las reglas de sudo y los grupos que guarda un directorio; órdenes de sudo por las que se llega a root y que no figuran entre las conocidas (intérpretes, editores, gestores de paquetes y demás); lo que una regla de polkit decide al ejecutarse; programas con setuid o capacidades que no son del sistema",
				"rules of sudo and groups that a directory keeps; commands of sudo that lead to root and are not among those known (shells, editors, package managers and so on); what a rule of polkit decides as it runs; programs with setuid or capabilities that are not the system's"),
			ByHand: say(
				"sudo -l -U CUENTA para cada persona; getent group sudo wheel docker lxd disk shadow; awk -F: '$3==0' /etc/passwd; grep -E 'trust|pam_succeed_if|pam_permit' /etc/pam.d/su*; ls /etc/polkit-1/rules.d",
				"sudo -l -U ACCOUNT for each person; getent group sudo wheel docker lxd disk shadow; awk -F: '$3==0' /etc/passwd; grep -E 'trust|pam_succeed_if|pam_permit' /etc/pam.d/su*; ls /etc/polkit-1/rules.d"),
		},
	}
}
