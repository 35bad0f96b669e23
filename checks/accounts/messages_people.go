package accounts

import "vigia/checks/message"

func firstMessages() message.Catalogue {
	flag := say("marque «El usuario debe cambiar la contraseña en el siguiente inicio de sesión» en las propiedades de la cuenta; en Linux, «chage -d 0 {account}»",
		"tick \"User must change password at next logon\" in the account's properties; on Linux, \"chage -d 0 {account}\"")
	return common(message.Catalogue{
		"first.none":        {Say: say("ninguna cuenta nueva conserva la contraseña que le dieron", "no new account keeps the password that it was given")},
		"first.must_change": {Say: say("la cuenta «{account}» debe cambiar la contraseña al entrar", "the account \"{account}\" must change its password at log-on")},
		"first.no_flag":     {Say: say("la cuenta «{account}» no se ha usado nunca y no obliga a cambiar la contraseña que le dieron", "the account \"{account}\" was never used and need not change the password that it was given"), Do: flag},
		"first.waits": {Say: say("la cuenta nueva «{account}» espera su primer uso desde hace más de {limit} días", "the new account \"{account}\" has been waiting for its first use for more than {limit} days"),
			Do: say("desactive la cuenta hasta que la persona la necesite, y dele entonces otra contraseña inicial", "disable the account until the person needs it, and give it another first password then")},
		"first.given_password": {Say: say("la cuenta nueva «{account}» se usa con la contraseña que le dieron", "the new account \"{account}\" is used with the password that it was given"), Do: flag},
		"first.not_known":      {Say: say("no se sabe si la cuenta «{account}» se ha usado ya", "it is not known whether the account \"{account}\" was used yet"), Do: look()},
	})
}

func uniqueMessages() message.Catalogue {
	own := say("dé a cada persona una cuenta propia y desactive esta; si es de un aparato o servicio, anótelo en la política con su responsable",
		"give each person an own account and disable this one; if it is of a device or service, list it in the policy with who answers for it")
	return common(message.Catalogue{
		"unique.each":   {Say: say("las {accounts} cuentas tienen número y nombre propios; de quién es cada una lo dice el registro de usuarios", "the {accounts} accounts have numbers and names of their own; whose each is, the register of users tells")},
		"unique.nobody": {Say: say("no hay cuentas de personas en este equipo", "there are no accounts of people on this machine")},
		"unique.number": {Say: say("varias cuentas tienen el mismo número {number}: {accounts}", "several accounts have the same number {number}: {accounts}"),
			Do: say("dé a cada cuenta un número propio («usermod -u NÚMERO CUENTA») y corrija el dueño de sus archivos", "give each account a number of its own (\"usermod -u NUMBER ACCOUNT\") and correct the owner of its files")},
		"unique.places": {Say: say("la cuenta «{account}» se usó a la vez desde dos equipos distintos (semana del {week}): puede ser de varias personas", "the account \"{account}\" was in use from two other machines at once (week of {week}): it may be several people's"),
			Do: say("pregunte quién la usa; si son varias personas, dé a cada una su cuenta y cambie la contraseña; si es una sola, anótela en exempt en la política", "ask who uses it; if it is several people, give each an account and change the password; if it is one, list it in exempt in the policy")},
		"unique.name": {Say: say("la cuenta «{account}» está dos veces en /etc/passwd", "the account \"{account}\" is in /etc/passwd twice"),
			Do: say("quite con «vipw» la línea que sobra", "remove the superfluous line with \"vipw\"")},
		"unique.group": {Say: say("varios grupos tienen el mismo número {number}: {groups}", "several groups have the same number {number}: {groups}"),
			Do: say("dé a cada grupo un número propio («groupmod -g NÚMERO GRUPO»)", "give each group a number of its own (\"groupmod -g NUMBER GROUP\")")},
		"unique.guest": {Say: say("la cuenta de invitado «{account}» está activa: no es de nadie", "the guest account \"{account}\" is enabled: it is nobody's"),
			Do: say("desactívela en lusrmgr.msc, Usuarios", "disable it in lusrmgr.msc, Users")},
		"unique.built_in": {Say: say("la cuenta de administrador de fábrica «{account}» está activa: no dice quién la usa", "the built-in administrator \"{account}\" is enabled: it does not tell who uses it"),
			Do: say("dé a cada técnico su propia cuenta de administración y desactive esta (lusrmgr.msc, Usuarios)", "give each technician an own administrator account and disable this one (lusrmgr.msc, Users)")},
		"unique.generic": {Say: say("el nombre de la cuenta «{account}» es de un puesto, no de una persona", "the name of the account \"{account}\" is that of a desk, not of a person"), Do: own},
	})
}

func snapshotMessages() message.Catalogue {
	return common(message.Catalogue{
		"snapshot.equal": {Say: say("las {accounts} cuentas son las autorizadas y se usan", "the {accounts} accounts are the authorised ones and are in use")},
		"snapshot.no_register": {Say: say("no hay registro de usuarios autorizados con el que comparar las {accounts} cuentas", "there is no register of authorised users to compare the {accounts} accounts with"),
			Do: say("importe en la política la lista de usuarios autorizados (users: account, machine, admin, until)", "import the list of authorised users into the policy (users: account, machine, admin, until)")},
		"snapshot.unlisted": {Say: say("la cuenta «{account}» no está en el registro de usuarios autorizados", "the account \"{account}\" is not in the register of authorised users"),
			Do: say("desactívela, o autorícela y anótela en el registro", "disable it, or authorise it and enter it in the register")},
		"snapshot.over": {Say: say("la autorización de la cuenta «{account}» terminó el {date} y sigue activa", "the authorisation of the account \"{account}\" ended on {date} and it is still enabled"),
			Do: say("desactive la cuenta, o renueve la autorización en el registro", "disable the account, or renew the authorisation in the register")},
		"snapshot.privileged": {Say: say("la cuenta «{account}» tiene más derechos de los autorizados ({groups})", "the account \"{account}\" has more rights than authorised ({groups})"),
			Do: say("quítela de esos grupos, o anote en el registro que administra", "take it out of those groups, or enter in the register that it administers")},
		"snapshot.missing": {Say: say("el registro autoriza en este equipo la cuenta «{account}», que no existe o está desactivada", "the register authorises on this machine the account \"{account}\", which does not exist or is disabled"),
			Do: say("quite la línea del registro si la persona ya no la necesita", "remove the line from the register if the person no longer needs it")},
		"snapshot.idle": {Say: say("la cuenta «{account}» lleva más de {days} días sin uso (desde {since})", "the account \"{account}\" has not been used for more than {days} days (since {since})"),
			Do: say("pregunte a su responsable y desactívela si no hace falta", "ask who answers for it, and disable it if it is not needed")},
		"snapshot.never_used": {Say: say("la cuenta «{account}» no se ha usado nunca y existe al menos desde {since}", "the account \"{account}\" was never used and has been there since {since} at least"),
			Do: say("pregunte a su responsable y desactívela si no hace falta", "ask who answers for it, and disable it if it is not needed")},
		"snapshot.more": {Say: say("hay {more} cuentas más de las que caben en la comprobación", "there are {more} accounts more than the check holds"),
			Do: say("compare las cuentas en el directorio", "compare the accounts in the directory")},
	})
}

func temporaryMessages() message.Catalogue {
	return common(message.Catalogue{
		"temporary.none":    {Say: say("no hay cuentas temporales ni de sustitución en este equipo", "there are no temporary or substitution accounts on this machine")},
		"temporary.all_end": {Say: say("las {accounts} cuentas temporales tienen fecha de fin", "the {accounts} temporary accounts have a last day")},
		"temporary.ends":    {Say: say("la cuenta temporal «{account}» termina el {date}", "the temporary account \"{account}\" ends on {date}")},
		"temporary.no_end": {Say: say("la cuenta temporal «{account}» no tiene fecha de fin", "the temporary account \"{account}\" has no last day"),
			Do: say("ponga la fecha en que acaba la sustitución: en Windows, «net user {account} /expires:FECHA»; en Linux, «chage -E AAAA-MM-DD {account}»",
				"set the day on which the substitution ends: on Windows, \"net user {account} /expires:DATE\"; on Linux, \"chage -E YYYY-MM-DD {account}\"")},
		"temporary.left": {Say: say("la cuenta temporal «{account}» terminó el {date} y no se ha retirado", "the temporary account \"{account}\" ended on {date} and was not removed"),
			Do: say("elimine la cuenta y sus permisos, o ponga otra fecha si la sustitución sigue", "delete the account and its rights, or set another day if the substitution goes on")},
		"temporary.disabled": {Say: say("la cuenta temporal «{account}» está desactivada y no se ha retirado", "the temporary account \"{account}\" is disabled and was not removed"),
			Do: say("elimine la cuenta cuando ya no haga falta guardar lo suyo", "delete the account when nothing of it needs to be kept")},
	})
}
