package accounts

import "vigia/checks/message"

func privilegeMessages() message.Catalogue {
	own := message.Catalogue{
		"privileges.only_root": {Say: say("nadie administra el equipo más que root", "nobody but root administers the machine")},
		"privileges.least":     {Say: say("todas las cuentas que administran el equipo están autorizadas ({admins})", "all accounts that administer the machine are authorised ({admins})")},
		"privileges.not_authorised": {Say: say("«{account}» administra el equipo y no está autorizada ({via})", "\"{account}\" administers the machine and is not authorised ({via})"),
			Do: say("quite la cuenta del grupo de administradores, o anótela como administradora autorizada en la política", "remove the account from the administrators, or list it as an authorised administrator in the policy")},
		"privileges.group_not_authorised": {Say: say("los miembros del grupo «{account}» administran el equipo y el grupo no está autorizado ({via})", "the members of the group \"{account}\" administer the machine and the group is not authorised ({via})"),
			Do: say("quite el grupo de los administradores (Administración de equipos > Usuarios y grupos locales > Grupos), o anótelo como autorizado en la política y revise sus miembros en el dominio", "remove the group from the administrators (Computer Management > Local Users and Groups > Groups), or list it as authorised in the policy and review its members in the domain")},
		"privileges.cloud_role": {Say: say("un rol o grupo de Entra ID administra el equipo ({account}); al unirse a Entra ID se añaden el de administradores globales y el de administradores de dispositivos", "a role or group of Entra ID administers the machine ({account}); joining Entra ID adds that of global administrators and that of administrators of devices"),
			Do: say("en entra.microsoft.com > Roles y administradores, compruebe quién tiene «Administrador global» y «Administrador local de dispositivo unido a Microsoft Entra», y anote este SID como administrador autorizado en la política", "in entra.microsoft.com > Roles and admins, see who has \"Global Administrator\" and \"Microsoft Entra Joined Device Local Administrator\", and list this SID as an authorised administrator in the policy")},
		"privileges.everybody": {Say: say("cualquier persona que entre tiene los derechos de «{via}», por «{account}»", "anybody who logs on has the rights of \"{via}\", by \"{account}\""),
			Do: say("quite ese grupo de inmediato (Administración de equipos > Usuarios y grupos locales > Grupos) y deje solo a quien administra", "remove that group at once (Computer Management > Local Users and Groups > Groups) and leave only those who administer")},
		"privileges.powerful_group": {Say: say("«{account}» está en el grupo {via}, con el que se puede tomar el control del equipo, y no está autorizada", "\"{account}\" is in the group {via}, by which one can take control of the machine, and is not authorised"),
			Do: say("saque la cuenta del grupo (en Linux, gpasswd -d CUENTA GRUPO; en Windows, Administración de equipos > Usuarios y grupos locales), o anótela como administradora autorizada en la política", "take the account out of the group (on Linux, gpasswd -d ACCOUNT GROUP; on Windows, Computer Management > Local Users and Groups), or list it as an authorised administrator in the policy")},
		"privileges.root_command": {Say: say("«{account}» puede tomar el control del equipo con {command}, que ejecuta como root, y no está autorizada ({source})", "\"{account}\" can take control of the machine by {command}, which it runs as root, and is not authorised ({source})"),
			Do: say("con visudo, limite la regla a la orden y los argumentos exactos que hagan falta, sin comodines, de un programa que no abra otros y que solo root pueda cambiar; o anote la cuenta como administradora autorizada en la política", "with visudo, limit the rule to the very command and arguments that are needed, without wildcards, of a program that opens no other and that root alone can change; or list the account as an authorised administrator in the policy")},
		"privileges.second_root": {Say: say("la cuenta «{account}» tiene el número 0, igual que root", "the account \"{account}\" has number 0, as root has"),
			Do: say("dé a la cuenta un número propio o elimínela", "give the account a number of its own or delete it")},
		"privileges.no_password": {Say: say("«{account}» obtiene derechos de administrador sin contraseña ({source})", "\"{account}\" gets an administrator's rights without a password ({source})"),
			Do: say("quite NOPASSWD de sudoers (nopass en doas.conf; en un archivo de /etc/pam.d, la línea que deja pasar, como la de pam_wheel con trust)", "remove NOPASSWD from sudoers (nopass in doas.conf; in a file of /etc/pam.d, the line that lets pass, such as that of pam_wheel with trust)")},
		"privileges.rule_open": {Say: say("{source} permite a usuarios cualquier acción de administración sin contraseña", "{source} allows users any action of administration without a password"),
			Do: say("borre la regla de polkit o limítela a la acción que haga falta (action.id)", "delete the polkit rule or limit it to the action that is needed (action.id)")},
		"privileges.socket_open": {Say: say("cualquier cuenta puede tomar el control del equipo por {source}", "any account can take control of the machine by {source}"),
			Do: say("ejecute como root «chmod 660 {source}» y quite de los servicios lo que lo abra de nuevo al arrancar", "as root, run \"chmod 660 {source}\" and remove from the services what opens it again at start")},
		"privileges.uac_off": {Say: say("el control de cuentas de usuario (UAC) está desactivado", "user account control (UAC) is off"),
			Do: say("active el UAC (EnableLUA = 1) y reinicie", "enable UAC (EnableLUA = 1) and restart")},
		"privileges.uac_silent": {Say: say("el UAC eleva los derechos de los administradores sin preguntar", "UAC raises administrators' rights without asking"),
			Do: say("suba el control en Panel de control > Cuentas de usuario > Cambiar configuración de Control de cuentas de usuario (ConsentPromptBehaviorAdmin = 5)", "raise the slider in Control Panel > User Accounts > Change User Account Control settings (ConsentPromptBehaviorAdmin = 5)")},
		"privileges.open_share": {Say: say("cualquiera puede escribir en la carpeta compartida «{share}» ({source})", "anybody can write to the shared folder \"{share}\" ({source})"),
			Do: say("quite a Todos y a Usuarios autenticados el permiso de cambio en la carpeta compartida y déselo solo al grupo que la usa", "take the change permission on the shared folder from Everyone and Authenticated Users and give it only to the group that uses it")},
		"privileges.several":        {Say: say("{bad} privilegios no autorizados", "{bad} unauthorised privileges"), Do: say("corrija cada uno de los indicados", "correct each of those named")},
		"privileges.several_warned": {Say: say("{bad} privilegios mejorables", "{bad} privileges could be less"), Do: say("corrija cada uno de los indicados", "correct each of those named")},
		"privileges.several_unread": {Say: say("{bad} orígenes no se pudieron leer", "{bad} sources could not be read"), Do: look()},
	}
	for sid, name := range map[string]message.Text{
		sidPowerUsers:       say("Usuarios avanzados", "Power Users"),
		sidAccountOperators: say("Operadores de cuentas", "Account Operators"),
		sidServerOperators:  say("Operadores de servidores", "Server Operators"),
		sidPrintOperators:   say("Operadores de impresión", "Print Operators"),
		sidBackupOperators:  say("Operadores de copia de seguridad", "Backup Operators"),
		sidRemoteDesktop:    say("Usuarios de escritorio remoto", "Remote Desktop Users"),
		sidHyperV:           say("Administradores de Hyper-V", "Hyper-V Administrators"),
		sidRemoteManagement: say("Usuarios de administración remota", "Remote Management Users"),
	} {
		own["via."+sid] = message.Entry{Say: name}
		own["source."+sid] = message.Entry{Say: say("la lista de miembros de "+name.ES, "the list of members of "+name.EN)}
	}
	return common(own)
}
