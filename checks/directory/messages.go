package directory

import "vigia/checks/message"

func say(es, en string) message.Text { return message.Text{ES: es, EN: en} }

// whereRules is where a technician changes the rules of a domain.
func whereRules(es, en string) message.Text {
	return say(
		es+" (controlador de dominio: Administración de directivas de grupo > Default Domain Policy > Directivas de cuenta, o Centro de administración de Active Directory > System > Password Settings Container; en OpenLDAP, la entrada pwdPolicy)",
		en+" (domain controller: Group Policy Management > Default Domain Policy > Account Policies, or Active Directory Administrative Center > System > Password Settings Container; in OpenLDAP, the pwdPolicy entry)")
}

// common says the reasons that all checks of this domain share.
func common(own message.Catalogue) message.Catalogue {
	add := func(code string, text, do message.Text) { own[code] = message.Entry{Say: text, Do: do} }
	look := say(
		"revise la cuenta de lectura y sus permisos como dice la guía «El directorio»; si falla la conexión, compruebe que el servidor está encendido y su certificado es válido",
		"check the reading account and its rights as the guide \"El directorio\" says; if the connection fails, check that the server is on and its certificate is valid")
	add("directory.not_chosen", say("este equipo no es el elegido para leer el directorio", "this machine is not the one chosen to read the directory"), message.Text{})
	add("directory.other_kind", say("el servidor no es Active Directory ni OpenLDAP", "the server is neither Active Directory nor OpenLDAP"),
		say("revise este punto a mano y anótelo en la revisión", "check this point by hand and note it in the review"))
	add("directory.unread", say("no se pudo leer {source} ({why})", "{source} could not be read ({why})"), look)
	add("directory.several_fail", say("{count} incumplimientos en el directorio", "{count} violations in the directory"),
		say("corrija cada uno de los indicados", "correct each of those named"))
	add("directory.several_warn", say("{count} puntos mejorables en el directorio", "{count} points of the directory could be better"),
		say("corrija cada uno de los indicados", "correct each of those named"))
	add("directory.several_unknown", say("{count} puntos del directorio no se pudieron leer", "{count} points of the directory could not be read"), look)
	add("directory.accounts_more", say("y {more} cuentas más", "and {more} accounts more"),
		say("corrija primero las indicadas: las demás aparecerán después", "correct those named first: the others show after that"))
	add("directory.rule_unread", say("la política «{policy}» no deja leer este valor", "the policy \"{policy}\" does not let this value be read"), look)

	sight := say("dé a la cuenta de lectura permiso de lectura sobre ese sitio, como dice el apartado «Lo que no se ve» de la guía «El directorio»",
		"give the reading account the right to read that place, as the section \"Lo que no se ve\" of the guide \"El directorio\" says")
	add("directory.hidden", say("la cuenta de lectura no ve lo que hay en «{place}»: puede haber cuentas ahí", "the reading account does not see what is in \"{place}\": there may be accounts"), sight)
	add("directory.hidden_more", say("y {more} sitios más que la cuenta de lectura no ve", "and {more} places more that the reading account does not see"), sight)
	add("directory.sight_unproven", say("no se puede comprobar que la cuenta de lectura vea todas las cuentas", "it cannot be proven that the reading account sees all accounts"),
		say("en OpenLDAP ponga la regla de la cuenta de lectura la primera y déjele leer olcAccess y olcRootDN, como dice la guía «El directorio»; en Active Directory, compruebe que la cuenta es un usuario del dominio",
			"in OpenLDAP put the rule of the reading account first and let it read olcAccess and olcRootDN, as the guide \"El directorio\" says; in Active Directory, make sure that the account is a user of the domain"))

	off := whereRules("configure una política de contraseñas por defecto", "set a password policy that holds by default")
	add("directory.rule_none_module", say("el servidor OpenLDAP no tiene políticas de contraseñas (falta el módulo ppolicy)", "the OpenLDAP server has no password policies (the module ppolicy is missing)"), off)
	add("directory.rule_none_overlay", say("la base de datos de OpenLDAP no aplica políticas de contraseñas (falta el overlay ppolicy)", "the OpenLDAP database applies no password policies (the overlay ppolicy is missing)"), off)
	add("directory.rule_none_default", say("no hay política por defecto para quien no tiene una propia (olcPPolicyDefault)", "there is no default policy for those without one of their own (olcPPolicyDefault)"), off)

	for code, text := range map[string]message.Text{
		"why.unreachable":          say("el servidor del directorio no responde", "the directory's server does not answer"),
		"why.untrusted":            say("el certificado del servidor no es de confianza o es de otro nombre", "the server's certificate is not trusted or is for another name"),
		"why.refused":              say("el servidor rechaza la cuenta de lectura o su contraseña", "the server refuses the reading account or its password"),
		"policy.domain_policy":     say("la del dominio", "that of the domain"),
		"source." + sourceRoot:     say("el directorio", "the directory"),
		"source." + sourceDomain:   say("la política del dominio", "the policy of the domain"),
		"source." + sourceSettings: say("las políticas específicas (Password Settings Container)", "the fine-grained policies (Password Settings Container)"),
		"source." + sourcePolicies: say("las políticas de contraseñas (pwdPolicy)", "the password policies (pwdPolicy)"),
		"source." + sourceDefault:  say("cuál es la política por defecto (olcPPolicyDefault)", "which policy is the default (olcPPolicyDefault)"),
		"source." + sourceConfig:   say("la configuración de OpenLDAP (cn=config)", "the configuration of OpenLDAP (cn=config)"),
		"source." + sourceAccounts: say("las cuentas del directorio", "the accounts of the directory"),
		"source." + sourceLogons:   say("la fecha del último inicio de sesión", "the date of the last log-on"),
		"source." + sourceChanges:  say("los cambios de las cuentas (replPropertyMetaData, createTimestamp)", "the changes of the accounts (replPropertyMetaData, createTimestamp)"),
		"source." + sourceGroups:   say("los miembros de los grupos que administran el dominio", "the members of the groups that administer the domain"),
	} {
		own[code] = message.Entry{Say: text}
	}
	return own
}

func ageMessages() message.Catalogue {
	rule := whereRules("fije la vigencia máxima de la contraseña en {limit} días o menos", "set the maximum password age to {limit} days or less")
	account := say(
		"que la persona cambie su contraseña y quite «La contraseña nunca expira» de la cuenta, o registre una exención firmada",
		"have the person change the password and remove \"Password never expires\" from the account, or register a signed exemption")
	return common(message.Catalogue{
		"directory.age_rule_off":      {Say: say("con la política «{policy}» las contraseñas nunca caducan", "under the policy \"{policy}\" passwords never expire"), Do: rule},
		"directory.age_rule_long":     {Say: say("con la política «{policy}» las contraseñas caducan a los {days} días y el máximo es {limit}", "under the policy \"{policy}\" passwords expire after {days} days and the limit is {limit}"), Do: rule},
		"directory.age_rule_set":      {Say: say("con la política «{policy}» las contraseñas caducan a los {days} días", "under the policy \"{policy}\" passwords expire after {days} days")},
		"directory.age_exempt":        {Say: say("la cuenta «{account}» tiene una exención", "the account \"{account}\" is exempt")},
		"directory.age_old":           {Say: say("la contraseña de «{account}» es del {since} (máximo {limit} días)", "the password of \"{account}\" is of {since} (limit {limit} days)"), Do: account},
		"directory.age_never_expires": {Say: say("la contraseña de «{account}» no caduca nunca", "the password of \"{account}\" never expires"), Do: account},
		"directory.age_not_known": {Say: say("no se sabe cuándo cambió la contraseña de «{account}»", "it is not known when the password of \"{account}\" changed"),
			Do: say("dé a la cuenta de lectura permiso para leer la fecha (pwdLastSet; en OpenLDAP, pwdChangedTime, que nace cuando la persona cambia su contraseña)", "let the reading account read the date (pwdLastSet; in OpenLDAP, pwdChangedTime, which begins when the person changes the password)")},
		"directory.age_young":        {Say: say("la contraseña de «{account}» no es antigua", "the password of \"{account}\" is not old")},
		"directory.age_more":         {Say: say("y {more} cuentas más con contraseña antigua o que no caduca", "and {more} accounts more with an old password or one that never expires"), Do: account},
		"directory.age_more_unknown": {Say: say("de {more} cuentas más no se sabe la edad de la contraseña", "the age of the password of {more} accounts more is not known")},
		"directory.age_other_limit":  {Say: say("se midió con {measured} días y ahora se piden {limit}: se sabrá en la próxima medición", "measured against {measured} days and now {limit} are asked: the next measurement will tell")},
		"directory.age_good":         {Say: say("en las {accounts} cuentas del directorio la contraseña tiene menos de {limit} días y caduca", "in the {accounts} accounts of the directory the password is younger than {limit} days and expires")},
	})
}

func lengthMessages() message.Catalogue {
	do := whereRules("fije una longitud mínima de {bar} caracteres", "set a minimum length of {bar} characters")
	return common(message.Catalogue{
		"directory.length_off":        {Say: say("la política «{policy}» no exige longitud mínima", "the policy \"{policy}\" demands no minimum length"), Do: do},
		"directory.length_short":      {Say: say("la política «{policy}» exige {value} caracteres, por debajo del mínimo legal de {bar}", "the policy \"{policy}\" demands {value} characters, under the legal {bar}"), Do: do},
		"directory.length_legal_only": {Say: say("la política «{policy}» exige {value} caracteres: cumple, pero se recomiendan {bar}", "the policy \"{policy}\" demands {value} characters: legal, but {bar} are recommended"), Do: do},
		"directory.length_lenient": {Say: say("la política «{policy}» exige {value} caracteres, pero acepta sin mirar las contraseñas que llegan cifradas", "the policy \"{policy}\" demands {value} characters, but accepts hashed passwords unseen"),
			Do: say("ponga pwdCheckQuality a 2 en la política", "set pwdCheckQuality to 2 in the policy")},
		"directory.length_enough": {Say: say("la política «{policy}» exige {value} caracteres", "the policy \"{policy}\" demands {value} characters")},
		"directory.length_good":   {Say: say("el directorio exige la longitud recomendada en sus {policies} políticas", "the directory demands the recommended length in its {policies} policies")},
	})
}

func compositionMessages() message.Catalogue {
	return common(message.Catalogue{
		"directory.composition_off": {Say: say("la política «{policy}» exige {value} clases de caracteres y el mínimo es {bar}", "the policy \"{policy}\" demands {value} classes of characters and the minimum is {bar}"),
			Do: whereRules("active «La contraseña debe cumplir los requisitos de complejidad»", "enable \"Password must meet complexity requirements\"")},
		"directory.composition_module": {Say: say("en la política «{policy}» decide un módulo propio ({module}), cuyas reglas no se pueden leer", "in the policy \"{policy}\" a module decides ({module}), whose rules cannot be read"),
			Do: say("revise a mano la configuración de ese módulo en el servidor", "check the configuration of that module on the server by hand")},
		"directory.composition_enough": {Say: say("la política «{policy}» exige {value} clases de caracteres", "the policy \"{policy}\" demands {value} classes of characters")},
		"directory.composition_good":   {Say: say("el directorio exige varias clases de caracteres en sus {policies} políticas", "the directory demands several classes of characters in its {policies} policies")},
	})
}

func historyMessages() message.Catalogue {
	do := whereRules("guarde al menos {bar} contraseñas anteriores", "remember at least {bar} old passwords")
	return common(message.Catalogue{
		"directory.history_short":      {Say: say("la política «{policy}» recuerda {value} contraseñas anteriores y el mínimo es {bar}", "the policy \"{policy}\" remembers {value} old passwords and the minimum is {bar}"), Do: do},
		"directory.history_legal_only": {Say: say("la política «{policy}» recuerda {value} contraseñas: cumple, pero se recomiendan {bar}", "the policy \"{policy}\" remembers {value} passwords: legal, but {bar} are recommended"), Do: do},
		"directory.history_cycled": {Say: say("con la política «{policy}» se puede volver a la contraseña anterior cambiándola varias veces el mismo día", "under the policy \"{policy}\" one can go back to the old password by changing it several times on one day"),
			Do: whereRules("fije la vigencia mínima de la contraseña en {bar} día o más", "set the minimum password age to {bar} day or more")},
		"directory.history_enough": {Say: say("la política «{policy}» recuerda {value} contraseñas", "the policy \"{policy}\" remembers {value} passwords")},
		"directory.history_good":   {Say: say("el directorio no deja repetir contraseñas en sus {policies} políticas", "the directory lets no password be used again in its {policies} policies")},
	})
}

func lockoutMessages() message.Catalogue {
	do := whereRules("fije el umbral de bloqueo de cuenta en {bar} intentos", "set the account lockout threshold to {bar} attempts")
	return common(message.Catalogue{
		"directory.lockout_off":        {Say: say("con la política «{policy}» las cuentas nunca se bloquean", "under the policy \"{policy}\" accounts never lock"), Do: do},
		"directory.lockout_many":       {Say: say("con la política «{policy}» la cuenta se bloquea a los {value} intentos y el máximo es {bar}", "under the policy \"{policy}\" the account locks after {value} attempts and the limit is {bar}"), Do: do},
		"directory.lockout_legal_only": {Say: say("con la política «{policy}» la cuenta se bloquea a los {value} intentos: cumple, pero se recomiendan {bar}", "under the policy \"{policy}\" the account locks after {value} attempts: legal, but {bar} are recommended"), Do: do},
		"directory.lockout_enough":     {Say: say("con la política «{policy}» la cuenta se bloquea a los {value} intentos", "under the policy \"{policy}\" the account locks after {value} attempts")},
		"directory.lockout_forgets": {Say: say("con la política «{policy}» los intentos fallidos se olvidan a los {seconds} segundos: quien espera eso sigue probando", "under the policy \"{policy}\" failed attempts are forgotten after {seconds} seconds: whoever waits that long goes on trying"),
			Do: whereRules("ponga «Restablecer el bloqueo de cuenta después de» (en OpenLDAP, pwdFailureCountInterval) en {bar} minutos o más", "set \"Reset account lockout counter after\" (in OpenLDAP, pwdFailureCountInterval) to {bar} minutes or more")},
		"directory.lockout_locked": {Say: say("la cuenta «{account}» está bloqueada por intentos fallidos", "the account \"{account}\" is locked after failed attempts")},
		"directory.lockout_locked_many": {Say: say("hay {count} cuentas bloqueadas a la vez por intentos fallidos (aviso desde {bar})", "{count} accounts are locked at once after failed attempts (a warning from {bar})"),
			Do: say("pregunte a esas personas; si no fueron ellas, alguien prueba contraseñas: busque el equipo de origen (evento 4740 del controlador de dominio) y abra una incidencia", "ask those people; if it was not they, somebody tries passwords: look for the machine it comes from (event 4740 of the domain controller) and open an incident")},
		"directory.lockout_good": {Say: say("el directorio bloquea las cuentas tras pocos intentos en sus {policies} políticas", "the directory locks accounts after few attempts in its {policies} policies")},
	})
}

func releaseMessages() message.Catalogue {
	do := whereRules("alargue la duración del bloqueo de cuenta (0 es hasta que un administrador la desbloquee)", "make the account lockout longer (0 is until an administrator unlocks it)")
	return common(message.Catalogue{
		"directory.release_never_locks": {Say: say("con la política «{policy}» las cuentas nunca se bloquean", "under the policy \"{policy}\" accounts never lock"), Do: whereRules("active el bloqueo de cuentas", "switch account lockout on")},
		"directory.release_many":        {Say: say("con la política «{policy}» la cuenta se bloquea a los {value} intentos y el máximo es {bar}", "under the policy \"{policy}\" the account locks after {value} attempts and the limit is {bar}"), Do: whereRules("fije el umbral de bloqueo en {bar} intentos", "set the lockout threshold to {bar} attempts")},
		"directory.release_by_itself":   {Say: say("con la política «{policy}» la cuenta se desbloquea sola a los {minutes} minutos; debe hacerlo un administrador", "under the policy \"{policy}\" the account unlocks by itself after {minutes} minutes; an administrator must do it"), Do: do},
		"directory.release_soon":        {Say: say("con la política «{policy}» el bloqueo dura {minutes} minutos y el mínimo es {bar}", "under the policy \"{policy}\" the lockout lasts {minutes} minutes and the minimum is {bar}"), Do: do},
		"directory.release_late":        {Say: say("con la política «{policy}» el bloqueo dura {minutes} minutos", "under the policy \"{policy}\" the lockout lasts {minutes} minutes")},
		"directory.release_by_hand":     {Say: say("con la política «{policy}» solo un administrador desbloquea la cuenta", "under the policy \"{policy}\" only an administrator unlocks the account")},
		"directory.release_good":        {Say: say("el bloqueo de cuentas dura lo debido en las {policies} políticas del directorio", "account lockout lasts as long as it must in the {policies} policies of the directory")},
	})
}
