package accounts

import "vigia/checks/message"

func say(es, en string) message.Text { return message.Text{ES: es, EN: en} }

// look is what to do where something could not be read.
func look() message.Text {
	return say(
		"ejecute el agente como servicio del sistema; si persiste, revise los permisos de lo indicado",
		"run the agent as a system service; if it persists, look at the permissions of what is named")
}

// common says the reasons that all checks of this domain share.
func common(own message.Catalogue) message.Catalogue {
	own["accounts.unread"] = message.Entry{Say: say("no se pudo leer {source} ({why})", "{source} could not be read ({why})"), Do: look()}
	own["source.account_policy"] = message.Entry{Say: say("directiva de cuentas de Windows", "account policy of Windows")}
	own["by.windows"] = own["source.account_policy"]
	own["by."+noModule] = message.Entry{Say: say("ningún módulo de PAM lo comprueba", "no PAM module checks it")}
	own["via."+sidAdministrators] = message.Entry{Say: say("grupo Administradores", "group Administrators")}
	own["accounts.nothing_read"] = message.Entry{Say: say("no se pudo leer la política de cuentas", "the account policy could not be read"), Do: look()}
	return own
}

func ageMessages() message.Catalogue {
	rule := say(
		"fije la vigencia máxima en {limit} días o menos (directiva de contraseñas; en Linux, PASS_MAX_DAYS de /etc/login.defs)",
		"set the maximum age to {limit} days or less (password policy; on Linux, PASS_MAX_DAYS in /etc/login.defs)")
	account := say(
		"que la persona cambie su contraseña y su cuenta quede con vigencia máxima de {limit} días, o registre una exención firmada",
		"have the person change the password and give the account a maximum age of {limit} days, or register a signed exemption")
	return common(message.Catalogue{
		"age.rule_off":         {Say: say("las contraseñas nunca caducan ({source})", "passwords never expire ({source})"), Do: rule},
		"age.rule_long":        {Say: say("las contraseñas caducan a los {days} días y el máximo es {limit} ({source})", "passwords expire after {days} days and the limit is {limit} ({source})"), Do: rule},
		"age.rule_set":         {Say: say("las contraseñas caducan a los {days} días ({source})", "passwords expire after {days} days ({source})")},
		"age.exempt":           {Say: say("la cuenta «{account}» tiene una exención", "the account \"{account}\" is exempt")},
		"age.must_change":      {Say: say("la cuenta «{account}» debe cambiar la contraseña al entrar", "the account \"{account}\" must change its password at log-on")},
		"age.old":              {Say: say("la contraseña de «{account}» tiene {days} días (máximo {limit})", "the password of \"{account}\" is {days} days old (limit {limit})"), Do: account},
		"age.never_expires":    {Say: say("la contraseña de «{account}» no caduca nunca", "the password of \"{account}\" never expires"), Do: account},
		"age.own_limit_long":   {Say: say("la cuenta «{account}» tiene un plazo propio mayor que {limit} días", "the account \"{account}\" has a limit of its own over {limit} days"), Do: account},
		"age.not_known":        {Say: say("no se sabe cuándo cambió la contraseña de «{account}»", "it is not known when the password of \"{account}\" changed"), Do: look()},
		"age.young":            {Say: say("la contraseña de «{account}» tiene {days} días", "the password of \"{account}\" is {days} days old")},
		"age.accounts_bad":     {Say: say("{bad} de {accounts} cuentas con contraseña antigua o que no caduca", "{bad} of {accounts} accounts have an old password or one that never expires"), Do: say("cambie esas contraseñas y fije su vigencia máxima", "change those passwords and set their maximum age")},
		"age.accounts_unknown": {Say: say("de {bad} cuentas no se sabe la edad de la contraseña", "the age of the password of {bad} accounts is not known"), Do: look()},
		"age.all_young":        {Say: say("la regla se cumple en las {accounts} cuentas", "the rule holds for all {accounts} accounts")},
	})
}

func lengthMessages() message.Catalogue {
	do := say("fije una longitud mínima de {bar} caracteres (directiva de contraseñas; en Linux, pam_pwquality minlen)",
		"set a minimum length of {bar} characters (password policy; on Linux, pam_pwquality minlen)")
	return common(message.Catalogue{
		"length.off": {Say: say("no se exige longitud mínima ({by})", "no minimum length is enforced ({by})"),
			Do: say("active la longitud mínima de contraseña (directiva de contraseñas; en Linux, pam_pwquality)", "enforce a minimum length (password policy; on Linux, pam_pwquality)")},
		"length.short":      {Say: say("longitud mínima de {value} caracteres, por debajo del mínimo legal de {bar} ({source})", "minimum length of {value} characters, under the legal {bar} ({source})"), Do: do},
		"length.legal_only": {Say: say("longitud mínima de {value} caracteres: cumple, pero se recomiendan {bar} ({source})", "minimum length of {value} characters: legal, but {bar} are recommended ({source})"), Do: do},
		"length.enough":     {Say: say("longitud mínima de {value} caracteres ({source})", "minimum length of {value} characters ({source})")},
	})
}

func compositionMessages() message.Catalogue {
	do := say("exija varias clases de caracteres (directiva de complejidad; en Linux, pam_pwquality minclass)",
		"demand several classes of characters (complexity policy; on Linux, pam_pwquality minclass)")
	return common(message.Catalogue{
		"composition.off":    {Say: say("no se exige ninguna composición de la contraseña ({by})", "no composition of passwords is enforced ({by})"), Do: do},
		"composition.few":    {Say: say("se exigen {value} clases de caracteres y el mínimo es {bar} ({source})", "{value} classes of characters are demanded and the minimum is {bar} ({source})"), Do: do},
		"composition.enough": {Say: say("se exigen {value} clases de caracteres ({source})", "{value} classes of characters are demanded ({source})")},
	})
}

func lockoutMessages() message.Catalogue {
	do := say("bloquee la cuenta tras {bar} intentos (directiva de bloqueo; en Linux, pam_faillock deny)",
		"lock the account after {bar} attempts (lockout policy; on Linux, pam_faillock deny)")
	return common(message.Catalogue{
		"lockout.off": {Say: say("las cuentas nunca se bloquean por intentos fallidos ({source})", "accounts never lock after failed attempts ({source})"),
			Do: say("active el bloqueo de cuentas (directiva de bloqueo; en Linux, pam_faillock)", "switch the lockout of accounts on (lockout policy; on Linux, pam_faillock)")},
		"lockout.many":       {Say: say("la cuenta se bloquea a los {value} intentos y el máximo es {bar} ({source})", "the account locks after {value} attempts and the limit is {bar} ({source})"), Do: do},
		"lockout.legal_only": {Say: say("la cuenta se bloquea a los {value} intentos: cumple, pero se recomiendan {bar} ({source})", "the account locks after {value} attempts: legal, but {bar} are recommended ({source})"), Do: do},
		"lockout.enough":     {Say: say("la cuenta se bloquea a los {value} intentos ({source})", "the account locks after {value} attempts ({source})")},
	})
}

func privilegeMessages() message.Catalogue {
	return common(message.Catalogue{
		"privileges.only_root": {Say: say("nadie administra el equipo más que root", "nobody but root administers the machine")},
		"privileges.least":     {Say: say("todas las cuentas que administran el equipo están autorizadas ({admins})", "all accounts that administer the machine are authorised ({admins})")},
		"privileges.not_authorised": {Say: say("«{account}» administra el equipo y no está autorizada ({via})", "\"{account}\" administers the machine and is not authorised ({via})"),
			Do: say("quite la cuenta del grupo de administradores, o anótela como administradora autorizada en la política", "remove the account from the administrators, or list it as an authorised administrator in the policy")},
		"privileges.second_root": {Say: say("la cuenta «{account}» tiene el número 0, igual que root", "the account \"{account}\" has number 0, as root has"),
			Do: say("dé a la cuenta un número propio o elimínela", "give the account a number of its own or delete it")},
		"privileges.no_password": {Say: say("«{account}» obtiene derechos de administrador sin contraseña ({source})", "\"{account}\" gets an administrator's rights without a password ({source})"),
			Do: say("quite NOPASSWD de sudoers", "remove NOPASSWD from sudoers")},
		"privileges.uac_off": {Say: say("el control de cuentas de usuario (UAC) está desactivado", "user account control (UAC) is off"),
			Do: say("active el UAC (EnableLUA = 1) y reinicie", "enable UAC (EnableLUA = 1) and restart")},
		"privileges.several":        {Say: say("{bad} privilegios no autorizados", "{bad} unauthorised privileges"), Do: say("corrija cada uno de los indicados", "correct each of those named")},
		"privileges.several_unread": {Say: say("{bad} orígenes no se pudieron leer", "{bad} sources could not be read"), Do: look()},
	})
}
