package directory

import "vigia/checks/message"

func blankMessages() message.Catalogue {
	return common(message.Catalogue{
		"directory.blank_allowed": {Say: say("la cuenta «{account}» puede tener la contraseña en blanco (PASSWD_NOTREQD)", "the account \"{account}\" may have a blank password (PASSWD_NOTREQD)"),
			Do: say("en el controlador de dominio: Set-ADUser «{account}» -PasswordNotRequired $false, y que la persona cambie su contraseña", "on the domain controller: Set-ADUser \"{account}\" -PasswordNotRequired $false, and have the person change the password")},
		"directory.blank_none":       {Say: say("ninguna de las {accounts} cuentas del directorio puede estar sin contraseña", "none of the {accounts} accounts of the directory may be without a password")},
		"directory.blank_unheard_of": {Say: say("OpenLDAP no admite entrar sin contraseña", "OpenLDAP takes no log-in without a password")},
	})
}

func storeMessages() message.Catalogue {
	return common(message.Catalogue{
		"directory.store_reversible": {Say: say("con la política «{policy}» las contraseñas se guardan de forma que se pueden volver a leer", "under the policy \"{policy}\" passwords are kept so that they can be read again"),
			Do: whereRules("desactive «Almacenar contraseñas con cifrado reversible» y que todos cambien su contraseña", "disable \"Store passwords using reversible encryption\" and have everybody change the password")},
		"directory.store_reversible_account": {Say: say("la contraseña de «{account}» se guarda con cifrado reversible", "the password of \"{account}\" is kept with reversible encryption"),
			Do: say("en la cuenta, pestaña Cuenta, quite «Almacenar contraseña utilizando cifrado reversible» y que la persona la cambie", "in the account, tab Account, clear \"Store password using reversible encryption\" and have the person change it")},
		"directory.store_weak_account": {Say: say("la cuenta «{account}» solo usa cifrado DES, roto hace años", "the account \"{account}\" uses DES only, broken for years"),
			Do: say("en la cuenta, pestaña Cuenta, quite «Usar solo tipos de cifrado Kerberos DES» y que la persona cambie la contraseña", "in the account, tab Account, clear \"Use only Kerberos DES encryption types\" and have the person change the password")},
		"directory.store_visible": {Say: say("la cuenta de lectura puede ver o buscar las contraseñas guardadas (userPassword)", "the reading account can see or search the kept passwords (userPassword)"),
			Do: say("ponga la primera en olcAccess: to attrs=userPassword by self write by anonymous auth by * none", "put first in olcAccess: to attrs=userPassword by self write by anonymous auth by * none")},
		"directory.store_cleartext": {Say: say("una contraseña puede quedar guardada tal como llega (olcPPolicyHashCleartext)", "a password may be kept as it arrives (olcPPolicyHashCleartext)"),
			Do: say("ponga olcPPolicyHashCleartext: TRUE en el overlay ppolicy", "set olcPPolicyHashCleartext: TRUE in the overlay ppolicy")},
		"directory.store_weak": {Say: say("las contraseñas nuevas se guardan con {scheme}, que se rompe en horas", "new passwords are kept with {scheme}, which is broken in hours"),
			Do: say("cargue el módulo argon2 y ponga olcPasswordHash: {ARGON2}", "load the module argon2 and set olcPasswordHash: {ARGON2}")},
		"directory.store_quick": {Say: say("las contraseñas nuevas se guardan con {scheme}, demasiado rápido de probar", "new passwords are kept with {scheme}, too quick to try"),
			Do: say("cargue el módulo argon2 y ponga olcPasswordHash: {ARGON2}", "load the module argon2 and set olcPasswordHash: {ARGON2}")},
		"directory.store_slow": {Say: say("las contraseñas nuevas se guardan con {scheme}, lento de probar", "new passwords are kept with {scheme}, slow to try")},
		"directory.store_other": {Say: say("las contraseñas nuevas se guardan con {scheme}, que no se sabe juzgar", "new passwords are kept with {scheme}, which cannot be judged"),
			Do: say("revise a mano qué hace ese esquema, o cargue el módulo argon2 y ponga olcPasswordHash: {ARGON2}", "check by hand what that scheme does, or load the module argon2 and set olcPasswordHash: {ARGON2}")},
		"directory.store_crypt_weak": {Say: say("las contraseñas nuevas se guardan con {scheme} y un cifrado roto (DES o MD5): falta olcPasswordCryptSaltFormat", "new passwords are kept with {scheme} and a broken hash (DES or MD5): olcPasswordCryptSaltFormat is missing"),
			Do: say("en cn=config ponga olcPasswordCryptSaltFormat: $6$%.16s (o cargue el módulo argon2 y ponga olcPasswordHash: {ARGON2}), y que todos cambien su contraseña", "in cn=config set olcPasswordCryptSaltFormat: $6$%.16s (or load the module argon2 and set olcPasswordHash: {ARGON2}), and have everybody change the password")},
		"directory.store_crypt_unknown": {Say: say("las contraseñas nuevas se guardan con {scheme}, y no se puede leer con qué cifrado (olcPasswordCryptSaltFormat)", "new passwords are kept with {scheme}, and with which hash cannot be read (olcPasswordCryptSaltFormat)"),
			Do: say("deje leer olcPasswordCryptSaltFormat y olcAccess a la cuenta de lectura, como dice la guía «El directorio»", "let the reading account read olcPasswordCryptSaltFormat and olcAccess, as the guide \"El directorio\" says")},
		"directory.store_good": {Say: say("el directorio guarda las contraseñas de forma que no se pueden volver a leer", "the directory keeps passwords so that they cannot be read again")},
	})
}

func accountsMessages() message.Catalogue {
	idle := say("confirme con su departamento si la cuenta hace falta; si no, deshabilítela",
		"ask the department whether the account is needed; if not, disable it")
	line := say("deshabilite la cuenta, o anótela en la relación de usuarios de la política (users)", "disable the account, or list it in the policy's register of users (users)")
	return common(message.Catalogue{
		"directory.register_none": {Say: say("no hay relación de usuarios con la que comparar las {enabled} cuentas activas del directorio ({disabled} deshabilitadas)", "there is no register of users to compare the {enabled} enabled accounts of the directory with ({disabled} disabled)"),
			Do: say("escriba en la política quién puede tener cuenta (users) e impórtela", "write into the policy who may have an account (users) and import it")},
		"directory.register_other":    {Say: say("la relación de usuarios ha cambiado: se sabrá en la próxima medición", "the register of users has changed: the next measurement will tell")},
		"directory.register_unlisted": {Say: say("la cuenta «{account}» del directorio no está en la relación de usuarios", "the account \"{account}\" of the directory is not in the register of users"), Do: line},
		"directory.register_more":     {Say: say("y {more} cuentas más que no están en la relación de usuarios", "and {more} accounts more that are not in the register of users"), Do: line},
		"directory.register_over":     {Say: say("la cuenta «{account}» debía cerrarse el {date}", "the account \"{account}\" was to be closed on {date}"), Do: line},
		"directory.register_equal":    {Say: say("las {enabled} cuentas activas del directorio son las de la relación de usuarios ({disabled} deshabilitadas)", "the {enabled} enabled accounts of the directory are those of the register of users ({disabled} disabled)")},
		"directory.idle":              {Say: say("nadie usa la cuenta «{account}» desde el {since} (más de {days} días)", "nobody has used the account \"{account}\" since {since} (over {days} days)"), Do: idle},
		"directory.idle_never_used":   {Say: say("nadie ha usado nunca la cuenta «{account}», creada el {since} (más de {days} días)", "nobody has ever used the account \"{account}\", made on {since} (over {days} days)"), Do: idle},
		"directory.idle_more":         {Say: say("y {more} cuentas más que nadie usa", "and {more} accounts more that nobody uses"), Do: idle},
		"directory.idle_other_limit":  {Say: say("se midió con {measured} días y ahora se piden {days}: se sabrá en la próxima medición", "measured against {measured} days and now {days} are asked: the next measurement will tell")},
	})
}

func leaverMessages() message.Catalogue {
	do := say("en Usuarios y equipos de Active Directory, botón derecho sobre la cuenta > Deshabilitar cuenta (en OpenLDAP, pwdAccountLockedTime: 000001010000Z)",
		"in Active Directory Users and Computers, right-click the account > Disable Account (in OpenLDAP, pwdAccountLockedTime: 000001010000Z)")
	when := say("busque en el controlador de dominio, Visor de eventos > Seguridad, el evento 4725 de esa cuenta y guarde la fecha con la baja firmada; para que se vea aquí, dé a la cuenta de lectura replPropertyMetaData (guía «El directorio»)",
		"on the domain controller, Event Viewer > Security, look for event 4725 of that account and keep its date with the signed notice of leaving; for it to show here, let the reading account read replPropertyMetaData (guide \"El directorio\")")
	return common(message.Catalogue{
		"directory.leavers_nobody":     {Say: say("no hay nadie en la relación de bajas", "nobody is in the register of those who left")},
		"directory.leavers_not_looked": {Say: say("«{account}» no estaba en la relación de bajas al medir: se sabrá en la próxima medición", "\"{account}\" was not in the register of those who left when it was measured: the next measurement will tell")},
		"directory.leavers_open":       {Say: say("la cuenta «{account}» del directorio sigue activa más de {hours} horas después de la baja ({left})", "the account \"{account}\" of the directory is still enabled more than {hours} hours after leaving ({left})"), Do: do},
		"directory.leavers_due":        {Say: say("la cuenta «{account}» del directorio debe cerrarse antes de {hours} horas desde la baja ({left})", "the account \"{account}\" of the directory must be closed within {hours} hours of leaving ({left})"), Do: do},
		"directory.leavers_used": {Say: say("alguien entró con la cuenta «{account}» el {used}, después de la baja ({left})", "somebody logged on with the account \"{account}\" on {used}, after leaving ({left})"),
			Do: say("deshabilite la cuenta, averigüe quién la usó y desde dónde, y abra una incidencia", "disable the account, find out who used it and from where, and open an incident")},
		"directory.leavers_absent": {Say: say("en el directorio no hay ninguna cuenta «{account}» (compruebe que se escribía así)", "the directory has no account \"{account}\" (make sure that it was written so)")},
		"directory.leavers_late": {Say: say("la cuenta «{account}» aún servía más de {hours} horas después de la baja ({left})", "the account \"{account}\" still worked more than {hours} hours after leaving ({left})"),
			Do: say("anote el retraso en el libro de incidencias y quién debía avisar", "note the delay in the incident book, and who should have told")},
		"directory.leavers_when": {Say: say("la cuenta «{account}» está cerrada, pero no se sabe si lo estuvo en las {hours} horas siguientes a la baja ({left})", "the account \"{account}\" is closed, but whether it was within {hours} hours of leaving ({left}) is not known"), Do: when},
		"directory.leavers_perhaps_late": {Say: say("la cuenta «{account}» se cerró, o se cambió por última vez, el {closed} (UTC): no se sabe si estaba cerrada a las {hours} horas de la baja ({left})", "the account \"{account}\" was closed, or last changed, on {closed} (UTC): whether it was closed {hours} hours after leaving ({left}) is not known"),
			Do: when},
		"directory.leavers_gone": {Say: say("las {count} cuentas de quienes se fueron están cerradas en el directorio o no existen en él", "the {count} accounts of those who left are closed in the directory or not in it")},
	})
}

func privilegeMessages() message.Catalogue {
	do := say("en Usuarios y equipos de Active Directory, quite la cuenta de esos grupos, o anótela como administradora autorizada en la política",
		"in Active Directory Users and Computers, remove the account from those groups, or list it as an authorised administrator in the policy")
	own := message.Catalogue{
		"directory.privileges_not_authorised": {Say: say("«{account}» administra el dominio y no está autorizada ({groups})", "\"{account}\" administers the domain and is not authorised ({groups})"), Do: do},
		"directory.privileges_foreign":        {Say: say("«{account}», de fuera del dominio, lo administra y no está autorizada ({groups})", "\"{account}\", from outside the domain, administers it and is not authorised ({groups})"), Do: do},
		"directory.privileges_least":          {Say: say("todas las cuentas que administran el dominio están autorizadas ({admins})", "all accounts that administer the domain are authorised ({admins})")},
		"directory.privileges_not_told": {Say: say("OpenLDAP no tiene grupos de administración: no se puede leer quién lo administra", "OpenLDAP has no groups of administrators: who administers it cannot be read"),
			Do: say("revise a mano quién conoce la contraseña de olcRootDN y quién tiene «write» o «manage» en olcAccess", "check by hand who knows the password of olcRootDN and who has \"write\" or \"manage\" in olcAccess")},
	}
	for code, name := range map[string]message.Text{
		"domain_admins":     say("Administradores del dominio", "Domain Admins"),
		"schema_admins":     say("Administradores de esquema", "Schema Admins"),
		"enterprise_admins": say("Administradores de empresas", "Enterprise Admins"),
		"administrators":    say("Administradores", "Administrators"),
	} {
		own["groups."+code] = message.Entry{Say: name}
	}
	return common(own)
}

func changeMessages() message.Catalogue {
	own := message.Catalogue{
		"directory.changed": {Say: say("{day}: cuenta «{account}» del directorio: {done}", "{day}: account \"{account}\" of the directory: {done}"),
			Do: say("confirme con quien lo pidió que el cambio está autorizado y anotado en la relación de usuarios; si nadie lo pidió, deshabilite la cuenta y trátelo como incidencia. El aviso desaparece solo a los pocos días",
				"confirm with whoever asked that the change is authorised and noted in the register of users; if nobody did, disable the account and treat it as an incident. The notice goes away by itself after some days")},
		"directory.changed_none":        {Say: say("ninguna cuenta del directorio se creó, se cerró ni cambió en los últimos {days} días", "no account of the directory was made, closed or changed in the last {days} days")},
		"directory.changed_other_limit": {Say: say("se midió desde el {day} y ahora se piden más días: se sabrá en la próxima medición", "measured since {day}, and now more days are asked: the next measurement will tell")},
	}
	for kind, what := range map[string]message.Text{
		"created": say("creada", "created"), "closed": say("deshabilitada, o cambió estándolo", "disabled, or changed while it was"),
		"opened": say("habilitada, o cambiaron sus opciones", "enabled, or its options changed"), "ends": say("cambió la fecha en que caduca", "the date on which it ends changed"),
		"renamed": say("cambió de nombre", "renamed"), "changed": say("modificada", "changed"),
	} {
		own["done."+kind] = message.Entry{Say: what}
	}
	return common(own)
}
