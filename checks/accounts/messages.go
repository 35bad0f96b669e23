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
	each := say("corrija cada uno de los indicados", "correct each of those named")
	own["accounts.several_fail"] = message.Entry{Say: say("{count} incumplimientos", "{count} violations"), Do: each}
	own["accounts.several_warn"] = message.Entry{Say: say("{count} puntos por mejorar", "{count} points to improve"), Do: each}
	own["accounts.several_unknown"] = message.Entry{Say: say("{count} datos no se pudieron saber", "{count} facts could not be known"), Do: look()}
	own["accounts.elsewhere"] = message.Entry{
		Say: say("aquí entran también cuentas de {directory}, que este equipo no conoce", "accounts of {directory} log on here too, which this machine does not know"),
		Do:  say("mida esas cuentas una vez en el directorio, con el agente elegido para ello", "measure those accounts once, in the directory, with the agent chosen for it")}
	own["directory.domain"] = message.Entry{Say: say("el dominio de Windows", "the Windows domain")}
	own["directory.cloud"] = message.Entry{Say: say("Microsoft Entra ID (Azure AD)", "Microsoft Entra ID (Azure AD)")}
	own["directory.sss"] = message.Entry{Say: say("un directorio, a través de SSSD", "a directory, through SSSD")}
	own["directory.winbind"] = message.Entry{Say: say("un dominio, a través de winbind", "a domain, through winbind")}
	own["directory.ldap"] = message.Entry{Say: say("un directorio LDAP", "an LDAP directory")}
	for _, service := range []string{"authd", "himmelblau", "aad"} {
		own["directory."+service] = own["directory.cloud"]
	}
	for _, service := range []string{"lsass", "centrifydc"} {
		own["directory."+service] = own["directory.domain"]
	}
	own["directory.extrausers"] = message.Entry{Say: say("/var/lib/extrausers", "/var/lib/extrausers")}
	own["directory.db"] = message.Entry{Say: say("/var/lib/misc", "/var/lib/misc")}
	own["directory.nis"] = message.Entry{Say: say("un servidor NIS", "a NIS server")}
	own["source.identity"] = message.Entry{Say: say("el nombre y el dominio del equipo", "the name and domain of the machine")}
	own["source.Security"] = message.Entry{Say: say("el registro de eventos Seguridad", "the Security event log")}
	own["source.pam_passwdqc"] = message.Entry{Say: say("las reglas de pam_passwdqc", "the rules of pam_passwdqc")}
	own["source.pam_cracklib"] = message.Entry{Say: say("las reglas de pam_cracklib", "the rules of pam_cracklib")}
	own["accounts.nothing_read"] = message.Entry{Say: say("no se pudo leer la política de cuentas", "the account policy could not be read"), Do: look()}
	return own
}

func ageMessages() message.Catalogue {
	rule := say(
		"en Windows, secpol.msc, Directiva de contraseñas, «Vigencia máxima de la contraseña» a {limit} días o menos (en la edición Home, «net accounts /maxpwage:{limit}»); en Linux, PASS_MAX_DAYS {limit} en /etc/login.defs",
		"on Windows, secpol.msc, Password Policy, \"Maximum password age\" {limit} days or less (on the Home edition, \"net accounts /maxpwage:{limit}\"); on Linux, PASS_MAX_DAYS {limit} in /etc/login.defs")
	account := say(
		"que la persona cambie su contraseña; en Windows, quite «La contraseña nunca expira» en lusrmgr.msc; en Linux, «chage -M {limit} {account}». O registre una exención firmada",
		"have the person change the password; on Windows, clear \"Password never expires\" in lusrmgr.msc; on Linux, \"chage -M {limit} {account}\". Or register a signed exemption")
	return common(message.Catalogue{
		"age.rule_off":         {Say: say("las contraseñas nunca caducan ({source})", "passwords never expire ({source})"), Do: rule},
		"age.rule_long":        {Say: say("las contraseñas caducan a los {days} días y el máximo es {limit} ({source})", "passwords expire after {days} days and the limit is {limit} ({source})"), Do: rule},
		"age.rule_set":         {Say: say("las contraseñas caducan a los {days} días ({source})", "passwords expire after {days} days ({source})")},
		"age.exempt":           {Say: say("la cuenta «{account}» tiene una exención", "the account \"{account}\" is exempt")},
		"age.must_change":      {Say: say("la cuenta «{account}» debe cambiar la contraseña al entrar", "the account \"{account}\" must change its password at log-on")},
		"age.old":              {Say: say("la contraseña de «{account}» tiene {days} días (máximo {limit})", "the password of \"{account}\" is {days} days old (limit {limit})"), Do: account},
		"age.never_expires":    {Say: say("la contraseña de «{account}» no caduca nunca", "the password of \"{account}\" never expires"), Do: account},
		"age.never_set":        {Say: say("a la cuenta «{account}» nadie le ha puesto contraseña", "nobody has set a password for the account \"{account}\""), Do: say("ponga una contraseña a la cuenta y obligue a cambiarla al entrar, o desactívela", "give the account a password that must be changed at log-on, or disable it")},
		"age.own_limit_long":   {Say: say("la cuenta «{account}» tiene un plazo propio mayor que {limit} días", "the account \"{account}\" has a limit of its own over {limit} days"), Do: account},
		"age.not_known":        {Say: say("no se sabe cuándo cambió la contraseña de «{account}»", "it is not known when the password of \"{account}\" changed"), Do: look()},
		"age.young":            {Say: say("la contraseña de «{account}» tiene {days} días", "the password of \"{account}\" is {days} days old")},
		"age.accounts_bad":     {Say: say("{bad} de {accounts} cuentas con contraseña antigua o que no caduca", "{bad} of {accounts} accounts have an old password or one that never expires"), Do: say("cambie esas contraseñas y fije su vigencia máxima", "change those passwords and set their maximum age")},
		"age.accounts_unknown": {Say: say("de {bad} cuentas no se sabe la edad de la contraseña", "the age of the password of {bad} accounts is not known"), Do: look()},
		"age.all_young":        {Say: say("la regla se cumple en las {accounts} cuentas", "the rule holds for all {accounts} accounts")},
	})
}

func lengthMessages() message.Catalogue {
	do := say("en Windows, secpol.msc, Directiva de contraseñas, «Longitud mínima» a {bar} (en la edición Home, «net accounts /minpwlen:{bar}»); en Linux, instale libpam-pwquality y ponga minlen = {bar} en /etc/security/pwquality.conf",
		"on Windows, secpol.msc, Password Policy, \"Minimum password length\" {bar} (on the Home edition, \"net accounts /minpwlen:{bar}\"); on Linux, install libpam-pwquality and set minlen = {bar} in /etc/security/pwquality.conf")
	return common(message.Catalogue{
		"length.off": {Say: say("no se exige longitud mínima ({by})", "no minimum length is enforced ({by})"),
			Do: say("en Windows, secpol.msc, Directiva de contraseñas, «Longitud mínima» a 12 (en la edición Home, «net accounts /minpwlen:12»); en Linux, instale libpam-pwquality y ponga minlen = 12 en /etc/security/pwquality.conf",
				"on Windows, secpol.msc, Password Policy, \"Minimum password length\" 12 (on the Home edition, \"net accounts /minpwlen:12\"); on Linux, install libpam-pwquality and set minlen = 12 in /etc/security/pwquality.conf")},
		"length.short":      {Say: say("longitud mínima de {value} caracteres, por debajo del mínimo legal de {bar} ({source})", "minimum length of {value} characters, under the legal {bar} ({source})"), Do: do},
		"length.legal_only": {Say: say("longitud mínima de {value} caracteres: cumple, pero se recomiendan {bar} ({source})", "minimum length of {value} characters: legal, but {bar} are recommended ({source})"), Do: do},
		"length.enough":     {Say: say("longitud mínima de {value} caracteres ({source})", "minimum length of {value} characters ({source})")},
	})
}

func compositionMessages() message.Catalogue {
	do := say("en Windows, secpol.msc, Directiva de contraseñas, active «La contraseña debe cumplir los requisitos de complejidad»; en Linux, instale libpam-pwquality y ponga minclass = 3 en /etc/security/pwquality.conf",
		"on Windows, secpol.msc, Password Policy, enable \"Password must meet complexity requirements\"; on Linux, install libpam-pwquality and set minclass = 3 in /etc/security/pwquality.conf")
	return common(message.Catalogue{
		"composition.off":    {Say: say("no se exige ninguna composición de la contraseña ({by})", "no composition of passwords is enforced ({by})"), Do: do},
		"composition.few":    {Say: say("se exigen {value} clases de caracteres y el mínimo es {bar} ({source})", "{value} classes of characters are demanded and the minimum is {bar} ({source})"), Do: do},
		"composition.enough": {Say: say("se exigen {value} clases de caracteres ({source})", "{value} classes of characters are demanded ({source})")},
	})
}
